//! From replications to estimates with intervals: one metric of one scope at a time.

use super::replicate::Experiment;
use crate::metrics::{Measures, Method, Metric};
use crate::scenario::Scenario;
use crate::scenario::load::Means;
use crate::stats::Interval;
use crate::stats::interval::{mean_interval, median_interval, proportion, ratio_interval};
use crate::workload::Arrivals;

/// The estimate of `metric` for scope number `scope`; `None` when it can't be had.
///
/// `confidence` is strictly between 0 and 1.
///
/// # Panics
///
/// When there is no such scope.
pub fn estimate(
    experiment: &Experiment,
    offered: &OfferedLoad,
    scope: usize,
    metric: &Metric,
    confidence: f64,
) -> Option<Interval> {
    let measures = || experiment.of_scope(scope);
    let values = |of: fn(&Measures) -> Option<f64>| measures().filter_map(of);
    match metric.method {
        Method::Mean(of) => {
            mean_interval(&values(of).collect::<Vec<_>>(), confidence).map(|all| within(all, f64::INFINITY))
        }
        Method::Ratio(part, whole) => {
            let parts: Vec<f64> = measures().map(part).collect();
            let wholes: Vec<f64> = measures().map(whole).collect();
            ratio_interval(&parts, &wholes, confidence).map(|all| within(all, 1.0))
        }
        Method::Maximum(of) => values(of).reduce(f64::max).map(Interval::point),
        Method::Minimum(of) => values(of).reduce(f64::min).map(Interval::point),
        Method::MedianTime(of) => median_interval(&measures().map(of).collect::<Vec<_>>(), confidence),
        Method::Share(holds) => {
            let hits = measures().filter(|measures| holds(measures)).count() as u64;
            let trials = measures().count() as u64;
            (trials > 0).then(|| proportion(hits, trials, confidence))
        }
        Method::OfferedLoad => offered.of_scope[scope].map(Interval::point),
        Method::Capacity => {
            let scope = &experiment.topology.scopes[scope];
            Some(Interval::point(experiment.topology.capacity(scope) as f64))
        }
    }
}

/// Counts, times and shares are at least 0, shares at most 1, and so is all of their intervals.
fn within(interval: Interval, most: f64) -> Interval {
    let clamp = |end: Option<f64>| end.map(|end| end.clamp(0.0, most));
    Interval { low: clamp(interval.low), high: clamp(interval.high), ..interval }
}

/// Erlangs wanted by each scope; `None` when infinite or not known.
#[derive(Clone, Debug)]
pub struct OfferedLoad {
    of_scope: Vec<Option<f64>>,
}

impl OfferedLoad {
    /// Adds up what the clients of each scope want there.
    pub fn of(scenario: &Scenario, experiment: &Experiment) -> Self {
        let topology = &experiment.topology;
        let means = Means::of(scenario);
        let flow_load = |flow: usize| {
            let flow = &topology.flows[flow];
            let client = &scenario.clients[flow.client];
            let (_, weight) = client.to.iter().find(|(destination, _)| *destination == flow.destination)?;
            Some(means.erlangs(flow.client)? * weight)
        };
        let of_scope = topology.scopes.iter().map(|scope| {
            // A trace says itself where each request goes, whatever the weights are: its load is known only whole.
            let split = scope.flows.iter().any(|flow| {
                let client = topology.flows[*flow].client;
                let whole = topology.flows.iter().filter(|other| other.client == client).count();
                let here = scope.flows.iter().filter(|other| topology.flows[**other].client == client).count();
                matches!(scenario.clients[client].arrivals, Arrivals::Replay(_)) && here < whole
            });
            if split { None } else { scope.flows.iter().map(|flow| flow_load(*flow)).sum() }
        });
        Self { of_scope: of_scope.collect() }
    }

    /// The erlangs wanted by scope number `scope`.
    ///
    /// # Panics
    ///
    /// When there is no such scope.
    pub fn erlangs(&self, scope: usize) -> Option<f64> {
        self.of_scope[scope]
    }
}
