//! Pareto lifetimes: most are short, a few are very long (web sockets, uploads, stuck clients).

use super::LifetimeLaw;
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::numeric;

/// Distribution function `1 - (min / t)^shape` above `min` (Pareto type I).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    min_s: f64,
    shape: f64,
}

impl Choice for Pareto {
    const NAME: &'static str = "pareto";
    const SUMMARY: &'static str = "a power-law tail above a minimum";
    const EXAMPLE: &'static str = "min = \"10ms\", shape = 1.5";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { name: "min", kind: Kind::Duration, required: true, help: "the shortest lifetime" },
        Parameter {
            name: "shape",
            kind: Kind::Number { above: 0.0, max: 1000.0 },
            required: true,
            help: "the exponent of the tail; at 1 and below the mean is infinite",
        },
    ];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let min = values.duration("min").expect("a required parameter is present");
        let shape = values.number("shape").expect("a required parameter is present");
        Ok(Self { min_s: min.as_secs_f64(), shape })
    }
}

impl LifetimeLaw for Pareto {
    fn mean_s(&self) -> Option<f64> {
        (self.shape > 1.0).then(|| self.min_s * self.shape / (self.shape - 1.0))
    }

    fn quantile_s(&self, p: f64) -> f64 {
        self.min_s * numeric::exp(-numeric::ln_1p(-p) / self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::SimDuration;

    #[test]
    fn the_mean_is_infinite_up_to_shape_one() {
        assert_eq!(Pareto { min_s: 1.0, shape: 1.0 }.mean_s(), None);
        assert!((Pareto { min_s: 1.0, shape: 3.0 }.mean_s().unwrap() - 1.5).abs() < 1e-15);
    }

    #[test]
    fn a_draw_is_at_most_the_longest_span() {
        let mut nanos = [0; 2];
        Pareto { min_s: 1.0, shape: 1e-3 }.fill(&[0, u64::MAX], &mut nanos);
        assert_eq!(nanos, [1_000_000_000, SimDuration::MAX.as_nanos()]);
    }
}
