//! How long a port rests between its release and its next use, where a formula says it (`reference/theory.md` 7).
//!
//! Said only of what has settled: a window in whose connects every port has been used before, and nobody is refused.

use super::{Forecast, Spacing, TimeWait};
use crate::numeric;
use crate::port::AllocatorKind;
use crate::scenario::Scenario;
use crate::theory::{poisson_cdf, poisson_upper_tail};
use crate::workload::lifetime::LifetimeLaw;

/// What a formula may be off by, as a share of all reuses: no more than a chart can show.
const NEGLIGIBLE: f64 = 1e-3;

/// The law of the time that a port rests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReuseLaw {
    /// Uniform over the free ports: each connect takes a given one with the same chance, so that there is no shortest
    /// time.
    Exponential {
        /// Free ports over connects per second.
        mean_s: f64,
    },
    /// A pointer that goes round all ports at the pace of Poisson connects: Erlang, less the time the port is held.
    Round {
        /// Connects from one use of a port to the next.
        ports: u32,
        /// Connects per second.
        rate_per_s: f64,
        /// How long each connection holds its port.
        hold_s: f64,
    },
    /// The same at the pace of evenly spaced connects: always the same time.
    Always {
        /// How long.
        rest_s: f64,
    },
}

impl ReuseLaw {
    /// The law in `scenario`, whose closed forms are `forecast`; `None` where none is exact, to a thousandth.
    pub fn of(scenario: &Scenario, forecast: &Forecast) -> Option<Self> {
        let [client] = &scenario.clients[..] else { return None };
        let allocator = scenario.ways().all.swap_remove(0).allocator;
        let lanes = &forecast.lanes;
        let (ports, warm_up_s) = (f64::from(lanes.ports), scenario.warm_up().as_secs_f64());
        // The one wait that each connection has, if they all have the same.
        let hold_s = match (client.lifetime.constant(), lanes.time_wait) {
            (Some(life), TimeWait::Exact(wait_s)) => Some(life.as_secs_f64() + wait_s),
            _ => None,
        };
        match (allocator, lanes.spacing) {
            (AllocatorKind::Random, Spacing::Poisson) => {
                let (free, rate_per_s) = (ports - lanes.lane_load(), lanes.lane_rate());
                // Busy ports come and go; the chance is 1 / free, and how that varies is what the law leaves out: the
                // truth lies between exp(-s E h) and E exp(-s h), for h = rate / free, whatever the hold's law.
                let batch = rate_per_s * lanes.time_wait.grid_s();
                let scatter = (lanes.lane_load() + batch * batch / 12.0) / (free * free);
                let mean_s = free / rate_per_s;
                let settled_s = warm_up_s - lanes.longest_hold_s();
                let is_settled = numeric::exp(-settled_s / mean_s) <= NEGLIGIBLE && forecast.is_filled(NEGLIGIBLE);
                (free > 0.0 && scatter <= NEGLIGIBLE && is_settled).then_some(Self::Exponential { mean_s })
            }
            (AllocatorKind::Sequential, Spacing::Poisson) if lanes.count == 1 => {
                let (hold_s, rate_per_s) = (hold_s?, lanes.rate_per_s);
                let skips = poisson_upper_tail(lanes.ports - 1, rate_per_s * hold_s);
                let fresh = poisson_cdf(lanes.ports - 1, rate_per_s * warm_up_s);
                let is_plain = skips <= 1e-6 && fresh <= NEGLIGIBLE;
                is_plain.then_some(Self::Round { ports: lanes.ports, rate_per_s, hold_s })
            }
            (AllocatorKind::Sequential, Spacing::Even) => {
                let rest_s = ports / lanes.rate_per_s - hold_s?;
                (rest_s > 0.0).then_some(Self::Always { rest_s })
            }
            _ => None,
        }
    }

    /// The share of reuses of ports that rested less than `rest_s` (at least 0).
    pub fn share_below(self, rest_s: f64) -> f64 {
        match self {
            Self::Exponential { mean_s } => 1.0 - numeric::exp(-rest_s / mean_s),
            Self::Round { ports, rate_per_s, hold_s } => poisson_upper_tail(ports - 1, rate_per_s * (rest_s + hold_s)),
            Self::Always { rest_s: always_s } => f64::from(u8::from(always_s < rest_s)),
        }
    }
}

impl Forecast {
    /// Has an empty start been forgotten when the window opens, but for such a share of the busy ports?
    fn is_filled(&self, but: f64) -> bool {
        let all = self.lanes.lane_load() * f64::from(self.lanes.count);
        self.busy_mean.is_some_and(|busy_mean| busy_mean >= (1.0 - but) * all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::TARGET_RISK;
    use crate::verify::draft::{Draft, constant, every_ms, exponential, poisson};

    fn law(draft: &Draft) -> Option<ReuseLaw> {
        let scenario = draft.scenario();
        ReuseLaw::of(&scenario, &Forecast::of(&scenario, TARGET_RISK).unwrap())
    }

    #[test]
    fn draws_rest_exponentially_where_hardly_any_port_is_busy_and_all_have_been_used() {
        let plain = Draft {
            duration: "100s".to_owned(),
            warm_up: "1000s".to_owned(),
            ports: 1_000,
            allocator: "random".to_owned(),
            arrivals: poisson(10.0),
            ..Draft::default()
        };
        let found = law(&plain).unwrap();
        assert_eq!(found, ReuseLaw::Exponential { mean_s: 99.0 });
        assert!((found.share_below(99.0) - 0.632_120_558_828_557_7).abs() < 1e-12 && found.share_below(0.0) == 0.0);
        for other in [
            Draft { warm_up: "500s".to_owned(), ..plain.clone() },
            Draft { arrivals: poisson(900.0), ..plain.clone() },
            Draft { allocator: "random-start".to_owned(), ..plain.clone() },
            Draft { lifetime: exponential(300.0), ..plain },
        ] {
            assert_eq!(law(&other), None, "{other:?}");
        }
    }

    #[test]
    fn a_pointer_comes_round_when_all_other_ports_were_used() {
        let plain = Draft {
            warm_up: "100s".to_owned(),
            ports: 100,
            arrivals: poisson(2.0),
            lifetime: constant(3.0),
            time_wait: "7s".to_owned(),
            ..Draft::default()
        };
        let found = law(&plain).unwrap();
        assert_eq!(found, ReuseLaw::Round { ports: 100, rate_per_s: 2.0, hold_s: 10.0 });
        assert!((found.share_below(40.0) - 0.513).abs() < 1e-3);
        let even = Draft { arrivals: every_ms(500), warm_up: "0s".to_owned(), ..plain.clone() };
        let found = law(&even).unwrap();
        assert_eq!(found, ReuseLaw::Always { rest_s: 40.0 });
        assert_eq!([40.0, 40.1].map(|rest_s| found.share_below(rest_s) > 0.5), [false, true]);
        for other in [
            Draft { warm_up: "50s".to_owned(), ..plain.clone() },
            Draft { lifetime: exponential(3.0), ..plain.clone() },
            Draft { lifetime: constant(30.0), ..plain.clone() },
            Draft { allocator: "linux-connect".to_owned(), ..plain },
        ] {
            assert_eq!(law(&other), None, "{other:?}");
        }
    }
}
