//! A scenario: TOML in, a validated [`Scenario`] out, or every fault of the file with its place.

pub mod model;

pub use model::{Client, Destination, Host, RunSettings, Scenario, WarmUp};
