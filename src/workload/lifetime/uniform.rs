//! Lifetimes between two bounds, all equally likely.

use super::{LifetimeLaw, unit_open};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;

/// Distribution function `(t - low) / (high - low)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low: SimDuration,
    /// `high - low`.
    width: SimDuration,
}

impl Choice for Uniform {
    const NAME: &'static str = "uniform";
    const SUMMARY: &'static str = "anything between two bounds, equally likely";
    const EXAMPLE: &'static str = "low = \"20ms\", high = \"80ms\"";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { name: "low", kind: Kind::DurationOrZero, required: true, help: "the shortest lifetime" },
        Parameter { name: "high", kind: Kind::Duration, required: true, help: "the longest lifetime" },
    ];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let low = values.duration("low").expect("a required parameter is present");
        let high = values.duration("high").expect("a required parameter is present");
        if low > high {
            let swapped = format!("write low = \"{high}s\", high = \"{low}s\"");
            return Err(vec![Fault::new("low", "low is above high").with_help(swapped)]);
        }
        Ok(Self { low, width: SimDuration::from_nanos(high.as_nanos() - low.as_nanos()) })
    }
}

impl LifetimeLaw for Uniform {
    fn mean_s(&self) -> Option<f64> {
        Some(self.low.as_secs_f64() + 0.5 * self.width.as_secs_f64())
    }

    fn quantile_s(&self, p: f64) -> f64 {
        self.low.as_secs_f64() + p * self.width.as_secs_f64()
    }

    /// In nanoseconds throughout, so that a draw never leaves the bounds by a rounding.
    fn fill(&self, words: &[u64], nanos: &mut [u64]) {
        let (low, width) = (self.low.as_nanos(), self.width.as_nanos());
        for (word, nano) in words.iter().zip(nanos) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the width")]
            let above = (unit_open(*word) * width as f64 + 0.5) as u64;
            *nano = low + above.min(width);
        }
    }

    fn constant(&self) -> Option<SimDuration> {
        self.width.is_zero().then_some(self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Value;

    fn build(low: SimDuration, high: SimDuration) -> Result<Uniform, Vec<Fault>> {
        let mut values = Values::default();
        values.set("low", Value::Duration(low));
        values.set("high", Value::Duration(high));
        Uniform::build(&values)
    }

    #[test]
    fn draws_stay_within_the_bounds() {
        let (low, high) = (SimDuration::from_nanos(5), SimDuration::MAX);
        let mut nanos = [0; 2];
        build(low, high).unwrap().fill(&[0, u64::MAX], &mut nanos);
        assert!(nanos[0] >= 5 && nanos[1] <= high.as_nanos());
    }

    #[test]
    fn equal_bounds_are_a_constant() {
        let second = SimDuration::from_secs(1);
        assert_eq!(build(second, second).unwrap().constant(), Some(second));
    }

    #[test]
    fn bounds_in_the_wrong_order_are_a_fault_with_the_mend_in_it() {
        let faults = build(SimDuration::from_secs(2), SimDuration::from_millis(50)).unwrap_err();
        assert_eq!(faults[0].parameter, "low");
        assert_eq!(faults[0].help.as_deref(), Some("write low = \"0.05s\", high = \"2s\""));
    }
}
