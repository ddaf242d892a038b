//! From replications to estimates with intervals: one metric of one scope at a time.

use super::compare::shares_of_runs;
use super::replicate::Experiment;
use crate::forecast::indirect_load;
use crate::metrics::{Measures, Method, Metric};
use crate::scenario::Scenario;
use crate::scenario::load::Means;
use crate::stats::interval::{mean_interval, median_interval, proportion, share_interval, zero_of};
use crate::stats::{Interval, batch_means};
use crate::workload::Arrivals;

/// The estimate of `metric` for scope number `scope`; `None` when it can't be had. That of one long run is of its whole
/// window; where it is a mean or a ratio, the interval is by the batches of that ([`batch_means`]).
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
    let found = by_runs(experiment, offered, scope, metric, confidence)?;
    let by_batches = match metric.method {
        Method::Ratio(part, whole) if offered.behind(scope, metric).is_none() => {
            experiment.batches(scope).and_then(|batches| share(&mut batches.iter(), part, whole, confidence))
        }
        _ => batch_values(experiment, offered, scope, metric)
            .and_then(|values| batch_means::interval(found.estimate, &values, confidence)),
    };
    let found = by_batches.map_or(found, |ends| Interval { estimate: found.estimate, ..ends });
    if let Some(most) = most_unseen(experiment, offered, scope, metric, confidence) {
        return Some(Interval { estimate: 0.0, low: Some(0.0), high: Some(most) });
    }
    Some(match metric.method {
        Method::Mean(_) => within(found, f64::INFINITY),
        Method::Ratio(..) => within(found, 1.0),
        _ => found,
    })
}

/// As [`estimate`], by one figure of each run.
fn by_runs(
    experiment: &Experiment,
    offered: &OfferedLoad,
    scope: usize,
    metric: &Metric,
    confidence: f64,
) -> Option<Interval> {
    let measures = || experiment.of_scope(scope);
    let values = |of: fn(&Measures) -> Option<f64>| measures().filter_map(of);
    if let Some(erlangs) = offered.behind(scope, metric) {
        let refused: Vec<f64> = measures().filter_map(|measures| share_refused(measures, erlangs)).collect();
        return mean_interval(&refused, confidence);
    }
    match metric.method {
        Method::Mean(of) => mean_interval(&values(of).collect::<Vec<_>>(), confidence),
        Method::Ratio(part, whole) => share(&mut measures(), part, whole, confidence),
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

/// How many there may be of what no run counted, where anything that is drawn can decide it: at most so large a share of
/// the runs has any ([`zero_of`]), and no run more than all that it counts them among. `None` where some were seen, or
/// where none is none, however many runs there are.
fn most_unseen(
    experiment: &Experiment,
    offered: &OfferedLoad,
    scope: usize,
    metric: &Metric,
    confidence: f64,
) -> Option<f64> {
    let among = metric.among().filter(|_| is_unseen(experiment, offered, scope, metric))?;
    let wholes: Vec<f64> = experiment.of_scope(scope).map(among).collect();
    let mean = wholes.iter().fold(0.0, |sum, whole| sum + whole) / wholes.len() as f64;
    let trials = experiment.batches(scope).map_or(wholes.len(), |batches| batches.len());
    Some(zero_of(trials as u64, confidence) * mean)
}

/// Is it a count of which nothing was seen, though draws might have shown some? Its interval is then made in another way
/// ([`NONE_SEEN`]).
///
/// # Panics
///
/// When there is no such scope.
pub fn is_unseen(experiment: &Experiment, offered: &OfferedLoad, scope: usize, metric: &Metric) -> bool {
    let none = |measures: &Measures| metric.value(measures).is_some_and(|count| count <= 0.0);
    let any_run = experiment.of_scope(scope).next().is_some();
    metric.among().is_some() && offered.by_chance[scope] && any_run && experiment.of_scope(scope).all(none)
}

/// The share that parts are of their wholes.
fn share(
    measures: &mut dyn Iterator<Item = &Measures>,
    part: fn(&Measures) -> f64,
    whole: fn(&Measures) -> f64,
    confidence: f64,
) -> Option<Interval> {
    let (parts, wholes): (Vec<f64>, Vec<f64>) = measures.map(|measures| (part(measures), whole(measures))).unzip();
    share_interval(&parts, &wholes, confidence)
}

/// What each batch of one long run says of `metric`, where that is a mean or a ratio: values whose mean is the estimate, or
/// the estimate's share of a total.
pub(super) fn batch_values(
    experiment: &Experiment,
    offered: &OfferedLoad,
    scope: usize,
    metric: &Metric,
) -> Option<Vec<f64>> {
    let batches = experiment.batches(scope)?;
    if let Some(erlangs) = offered.behind(scope, metric) {
        return Some(batches.iter().filter_map(|batch| share_refused(batch, erlangs)).collect());
    }
    match metric.method {
        Method::Mean(of) => Some(batches.iter().filter_map(of).collect()),
        Method::Ratio(..) => shares_of_runs(&batches, metric),
        _ => None,
    }
}

/// The share of attempts refused as busy ports tell it, where so many erlangs are offered.
fn share_refused(measures: &Measures, erlangs: f64) -> Option<f64> {
    let busy = Metric::named("busy_ports_mean").expect("one of the metrics");
    Some(1.0 - busy.value(measures)? / erlangs)
}

/// Counts, times and shares are at least 0, shares at most 1, and so is all of their intervals.
fn within(interval: Interval, most: f64) -> Interval {
    let clamp = |end: f64| end.clamp(0.0, most);
    Interval { estimate: clamp(interval.estimate), low: interval.low.map(clamp), high: interval.high.map(clamp) }
}

/// Erlangs wanted by each scope; `None` when infinite or not known.
#[derive(Clone, Debug)]
pub struct OfferedLoad {
    of_scope: Vec<Option<f64>>,
    /// Per scope, the erlangs by which busy ports tell the share of attempts refused; `None` where it is counted.
    indirect: Vec<Option<f64>>,
    /// Per scope, may anything that is drawn decide how often its ports run out?
    by_chance: Vec<bool>,
    /// Do batches of one long run make the intervals of means and ratios?
    by_batches: bool,
}

/// The word in the column `method` for a share that is told by busy ports and not counted.
pub const INDIRECT: &str = "indirect";
/// The words there for a mean or a ratio whose interval is by the batches of one long run.
pub const BATCH_MEANS: &str = "batch means";
/// The words there for a count of which nothing was seen: at most `1 - (1 - confidence)^(1/runs)` of the runs have any, and
/// each of those at most all of its attempts, or requests.
pub const NONE_SEEN: &str = "none seen";
/// The words there for both.
const INDIRECT_BATCH_MEANS: &str = "indirect batch means";

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
        // Of a part of the connects the load is known as well, but not which ports they hold.
        let is_whole = |flows: &[usize]| flows.len() == topology.flows.len();
        let load = indirect_load(scenario);
        let indirect = topology.scopes.iter().map(|scope| load.filter(|_| is_whole(&scope.flows)));
        let by_batches = experiment.batches(0).is_some();
        let hosts: Vec<bool> = (0..scenario.hosts.len()).map(|host| scenario.is_left_to_chance(host)).collect();
        let by_chance = topology
            .scopes
            .iter()
            .map(|scope| scope.flows.iter().any(|flow| hosts[topology.flows[*flow].host]))
            .collect();
        Self { of_scope: of_scope.collect(), indirect: indirect.collect(), by_chance, by_batches }
    }

    /// The erlangs by which `metric` of scope number `scope` is told from busy ports, if it is.
    fn behind(&self, scope: usize, metric: &Metric) -> Option<f64> {
        self.indirect[scope].filter(|_| metric.name == "refused_ratio")
    }

    /// How `metric` of scope number `scope` is estimated, as a word.
    ///
    /// # Panics
    ///
    /// When there is no such scope.
    pub fn method(&self, scope: usize, metric: &Metric) -> &'static str {
        match (self.behind(scope, metric).is_some(), metric.method) {
            (true, _) if self.by_batches => INDIRECT_BATCH_MEANS,
            (true, _) => INDIRECT,
            (false, Method::Mean(_) | Method::Ratio(..)) if self.by_batches => BATCH_MEANS,
            (false, method) => method.name(),
        }
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
