//! The discrete-event core. It has never heard of ports.
//!
//! [`time`] is an integer newtype, [`rate`] an exact one.

pub mod rate;
pub mod time;

pub use rate::Rate;
pub use time::{SimDuration, SimTime};
