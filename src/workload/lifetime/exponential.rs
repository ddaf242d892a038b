//! Exponential lifetimes: memoryless, the textbook's first choice.

use super::LifetimeLaw;
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;
use crate::numeric;

/// Distribution function `1 - exp(-t / mean)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    mean: SimDuration,
}

impl Exponential {
    /// The law with this mean, which is longer than zero.
    pub const fn new(mean: SimDuration) -> Self {
        Self { mean }
    }
}

impl Choice for Exponential {
    const NAME: &'static str = "exponential";
    const SUMMARY: &'static str = "memoryless, given by its mean";
    const EXAMPLE: &'static str = "mean = \"50ms\"";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "mean", kind: Kind::Duration, required: true, help: "the mean lifetime" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.duration("mean").expect("a required parameter is present")))
    }
}

impl LifetimeLaw for Exponential {
    fn mean_s(&self) -> Option<f64> {
        Some(self.mean.as_secs_f64())
    }

    fn quantile_s(&self, p: f64) -> f64 {
        -self.mean.as_secs_f64() * numeric::ln(1.0 - p)
    }

    fn fill(&self, words: &[u64], nanos: &mut [u64]) {
        numeric::exponential_block(self.mean.as_nanos() as f64, words, nanos);
    }
}
