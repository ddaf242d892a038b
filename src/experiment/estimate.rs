//! From replications to estimates with intervals.
