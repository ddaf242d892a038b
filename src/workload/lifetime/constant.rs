//! Every connection lasts equally long.

use super::LifetimeLaw;
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;

/// One value, always.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    value: SimDuration,
}

impl Constant {
    /// Every connection lasts `value`.
    pub const fn new(value: SimDuration) -> Self {
        Self { value }
    }
}

impl Choice for Constant {
    const NAME: &'static str = "constant";
    const SUMMARY: &'static str = "every connection lasts equally long";
    const EXAMPLE: &'static str = "value = \"50ms\"";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "value", kind: Kind::DurationOrZero, required: true, help: "how long each one lasts" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.duration("value").expect("a required parameter is present")))
    }
}

impl LifetimeLaw for Constant {
    fn mean_s(&self) -> Option<f64> {
        Some(self.value.as_secs_f64())
    }

    fn quantile_s(&self, _p: f64) -> f64 {
        self.value.as_secs_f64()
    }

    fn fill(&self, words: &[u64], nanos: &mut [u64]) {
        nanos[..words.len()].fill(self.value.as_nanos());
    }

    fn constant(&self) -> Option<SimDuration> {
        Some(self.value)
    }
}
