//! One long run in place of many: one replication after a warm-up, so a steady state is meant. Its window is cut into
//! batches, whose figures stand for those of independent runs ([`batch_means`]).

use super::estimate::{OfferedLoad, batch_values};
use super::replicate::Experiment;
use crate::metrics::Metric;
use crate::scenario::Scenario;
use crate::stats::batch_means;
use crate::workload::Arrivals;

/// The share of runs whose independent batches are taken for correlated ones.
const FALSE_ALARMS: f64 = 0.05;
/// The figures whose batches are looked at, of everything: how full it is, and what comes of that.
const LOOKED_AT: [&str; 2] = ["busy_ports_mean", "refused_ratio"];

/// How one long run is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongRun {
    /// Into how many batches; `None`: the window is too short for any.
    pub batches: Option<u32>,
    /// The time after which a port's past is over, in seconds: the longest mean port hold; infinite where one is.
    pub cycle_s: f64,
}

impl LongRun {
    /// How `scenario` is cut; `None` where it is not: there are several runs, an empty start is what is asked about, or a
    /// recording is replayed, which has no steady state.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let is_replayed = scenario.clients.iter().any(|client| matches!(client.arrivals, Arrivals::Replay(_)));
        if scenario.run.replications > 1 || scenario.warm_up().is_zero() || is_replayed {
            return None;
        }
        // A hold of no time ties nothing together; nothing is shorter than a nanosecond.
        let cycle_s = scenario.longest_hold_s().max(1e-9);
        Some(Self { batches: batch_means::count(scenario.run.duration.as_secs_f64() / cycle_s), cycle_s })
    }
}

/// Are the batches of a long run too much like the ones before them? Its intervals are too narrow then.
///
/// # Panics
///
/// Never: every run has these figures.
pub fn are_batches_correlated(experiment: &Experiment, offered: &OfferedLoad) -> bool {
    LOOKED_AT.into_iter().any(|name| {
        let metric = Metric::named(name).expect("one of the metrics");
        let values = batch_values(experiment, offered, 0, metric);
        // Each look may be wrong, all together no more often than that (Bonferroni).
        values.is_some_and(|values| batch_means::are_correlated(&values, FALSE_ALARMS / LOOKED_AT.len() as f64))
    })
}
