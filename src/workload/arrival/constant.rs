//! Evenly spaced arrivals: the k-th at `round(k / rate)`, so that no error adds up.

use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::Rate;

/// Arrivals at `round(k / rate)`, k = 0, 1, ...
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    rate: Rate,
}

impl Constant {
    /// Evenly spaced at this rate.
    pub const fn new(rate: Rate) -> Self {
        Self { rate }
    }

    pub(super) const fn rate(&self) -> Option<Rate> {
        Some(self.rate)
    }
}

impl Choice for Constant {
    const NAME: &'static str = "constant";
    const SUMMARY: &'static str = "evenly spaced, the first at once";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "rate", kind: Kind::Rate, required: true, help: "requests per time" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.rate("rate").expect("a required parameter is present")))
    }
}
