//! The one integration-test binary: what crosses folders, one module per concern.

mod baseline;
mod repo_rules;
