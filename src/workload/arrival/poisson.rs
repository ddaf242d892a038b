//! Poisson arrivals: independent requests of many users.

use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::Rate;

/// Gaps are exponential with mean `1 / rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poisson {
    rate: Rate,
}

impl Poisson {
    /// Independent requests at this mean rate.
    pub const fn new(rate: Rate) -> Self {
        Self { rate }
    }

    pub(super) const fn rate(&self) -> Option<Rate> {
        Some(self.rate)
    }
}

impl Choice for Poisson {
    const NAME: &'static str = "poisson";
    const SUMMARY: &'static str = "independent requests of many users";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "rate", kind: Kind::Rate, required: true, help: "mean requests per time" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.rate("rate").expect("a required parameter is present")))
    }
}
