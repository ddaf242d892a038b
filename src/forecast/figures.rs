//! The figures of a forecast, as data: the rows that `summary.csv` has for scope `all` beside the simulated ones.

use super::{Forecast, TimeWait};
use crate::scenario::Quantity;

/// One figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name, in the column `metric`.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is, in one line.
    pub meaning: &'static str,
    of: fn(&Forecast) -> Option<f64>,
    formula: Formula,
}

/// Where a figure is from.
#[derive(Clone, Copy, Debug)]
enum Formula {
    /// The scenario, or what the user asks for.
    Given,
    /// The bound of the risk, or its inverse.
    Risk,
    /// A formula of this name.
    Named(&'static str),
}

impl Figure {
    /// Its value; `None` when it can't be had, or when nothing limits it.
    pub fn value(&self, forecast: &Forecast) -> Option<f64> {
        (self.of)(forecast).filter(|value| value.is_finite())
    }

    /// The formula, for the column `method`.
    pub fn method(&self, forecast: &Forecast) -> String {
        match self.formula {
            Formula::Given => "scenario".into(),
            Formula::Risk => format!("closed form: {}", forecast.risk_formula()),
            Formula::Named(name) => format!("closed form: {name}"),
        }
    }
}

impl Forecast {
    /// The name of the formula behind the risk and every safe setting.
    pub fn risk_formula(&self) -> &'static str {
        match (self.lanes.spacing, self.lanes.time_wait) {
            (super::Spacing::Even, _) => "arrivals in one hold (D/D/c/c)",
            (_, TimeWait::Exact(_)) => "mean crossings of the ceiling (upper bound)",
            (_, TimeWait::Batches { .. }) => "sum over TIME-WAIT releases (upper bound)",
        }
    }
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    formula: Formula,
    of: fn(&Forecast) -> Option<f64>,
) -> Figure {
    Figure { name, unit, meaning, of, formula }
}

/// An echo that lasts longer is one for good: no run is longer than ten years.
const ECHO_MAX_S: f64 = 3_653.0 * 86_400.0;

const FILLING: Formula = Formula::Named("count of connects before a port can come back");
const SATURATED: Formula = Formula::Named("every port taken again at once");

/// The figure that is there, empty, even when there is no closed form: its method says why.
pub const RISK_BOUND: &str = "formula_risk_max";

/// The other end.
pub const RISK_MIN: &str = "formula_risk_min";

/// An upper bound of the share of connects refused.
pub const REFUSED_BOUND: &str = "formula_refused_ratio_max";

/// Every figure, in the order of the CSV.
pub const FIGURES: &[Figure] = &[
    figure("rate_per_s", "1/s", "connects wanted", Formula::Given, |f| Some(f.lanes.rate_per_s)),
    figure("lifetime_mean_s", "s", "mean lifetime", Formula::Given, |f| Some(f.lanes.lifetime_s)),
    figure("time_wait_grid_s", "s", "between two releases of TIME-WAITs; 0 when one by one", Formula::Given, |f| {
        Some(f.lanes.time_wait.grid_s())
    }),
    figure("lanes_total", "lanes", "sets of ports that share the connects", Formula::Given, |f| {
        Some(f.lanes.count.into())
    }),
    figure("target_risk", "ratio", "the risk that the safe settings keep", Formula::Given, |f| Some(f.target)),
    figure(RISK_MIN, "ratio", "lower bound of exhaustion_probability", FILLING, |f| Some(f.risk_at_least())),
    figure(RISK_BOUND, "ratio", "upper bound of exhaustion_probability", Formula::Risk, |f| {
        Some(f.lanes.risk_at_most())
    }),
    figure("formula_first_refusal_s", "s", "mean time of the first refusal, where it is certain", FILLING, |f| {
        f.first_refusal_s().map(|(mean, _)| mean)
    }),
    figure("formula_first_refusal_sd_s", "s", "standard deviation of that time", FILLING, |f| {
        f.first_refusal_s().map(|(_, deviation)| deviation)
    }),
    figure(
        "formula_busy_ports_mean",
        "ports",
        "busy_ports_mean while nobody is refused",
        Formula::Named("M/G/infinity mean"),
        |f| f.busy_mean,
    ),
    figure(
        "formula_busy_ports_fullest",
        "ports",
        "mean busy ports of a lane at its fullest, just before a release",
        Formula::Named("M/G/infinity mean"),
        |f| Some(f.lanes.lane_fullest()),
    ),
    figure(
        "formula_refused_ratio",
        "ratio",
        "refused_ratio of the long run if ports came back one by one",
        Formula::Named("Erlang B"),
        Forecast::refused_ratio,
    ),
    figure(
        REFUSED_BOUND,
        "ratio",
        "upper bound of refused_ratio, of any window",
        Formula::Named("M/G/infinity tail"),
        Forecast::refused_at_most,
    ),
    figure("saturated_cycle_s", "s", "between two uses of a port that is never idle", SATURATED, |f| Some(f.cycle_s)),
    figure("sustained_per_s", "1/s", "connects that get through for long, whatever is asked for", SATURATED, |f| {
        Some(f.sustained_per_s())
    }),
    figure(
        "start_echo_s",
        "s",
        "so long an empty start is felt while more is wanted than gets through; empty: not at all, or for good",
        Formula::Named("a wave blurred by what scatters a cycle"),
        |f| f.echo_s.filter(|echo_s| *echo_s <= ECHO_MAX_S),
    ),
    figure("safe_rate_per_s", "1/s", "the most connects at the target risk, however long", Formula::Risk, |f| {
        Some(f.lanes.safe_rate(f.target))
    }),
    figure(
        "window_rate_per_s",
        "1/s",
        "safe_rate_per_s for this window alone: more where that is shorter than a port is held",
        Formula::Risk,
        |f| Some(f.lanes.window_rate(f.target)),
    ),
    figure("other_closer_rate_per_s", "1/s", "safe_rate_per_s if the other end closed first", Formula::Risk, |f| {
        f.other.as_ref().map(|(_, lanes)| lanes.safe_rate(f.target))
    }),
    figure(
        "fast_rate_per_s",
        "1/s",
        "the most connects at which connect() finds a port among those that it looks at first",
        Formula::Named("M/G/infinity mean"),
        |f| f.lanes.fast_rate(),
    ),
    figure("safe_lifetime_s", "s", "the longest mean lifetime at the target risk", Formula::Risk, |f| {
        f.lanes.safe_lifetime_s(f.target).filter(|_| f.turned(Quantity::Lifetime, 0.0).is_some())
    }),
    figure("safe_ports", "ports", "the fewest usable ports of a lane at the target risk", Formula::Risk, |f| {
        f.lanes.safe_ports(f.target).map(f64::from)
    }),
    figure("safe_range_first", "port", "first port of the smallest range at the target risk", Formula::Risk, |f| {
        f.safe_range().map(|range| range.first().into())
    }),
    figure("safe_range_last", "port", "last port of the smallest range at the target risk", Formula::Risk, |f| {
        f.safe_range().map(|range| range.last().into())
    }),
    figure("safe_requests", "requests", "the fewest on each connection at the target risk", Formula::Risk, |f| {
        f.lanes.safe_requests(f.target).filter(|_| f.turned(Quantity::Requests, 1.0).is_some()).map(f64::from)
    }),
    figure("safe_addresses", "addresses", "the fewest source addresses at the target risk", Formula::Risk, |f| {
        f.safe_addresses().map(f64::from)
    }),
    figure("safe_endpoints", "endpoints", "the fewest destination endpoints at the target risk", Formula::Risk, |f| {
        f.safe_endpoints().map(f64::from)
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_explained() {
        for (index, figure) in FIGURES.iter().enumerate() {
            assert!(FIGURES[..index].iter().all(|earlier| earlier.name != figure.name));
            assert!(!figure.meaning.is_empty(), "{}", figure.name);
        }
    }
}
