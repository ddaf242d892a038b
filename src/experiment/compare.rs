//! Arms of a comparison: the same replications, with the same random numbers, under different settings.

use super::replicate::{Experiment, Outcome, Settings, on_threads, replicate_arm, replicate_figures};
use crate::des::SimDuration;
use crate::metrics::{Measures, Method, Metric};
use crate::scenario::{Scenario, WarmUp};
use crate::stats::paired::signs;
use crate::stats::{Paired, paired};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Makes scenarios comparable: one seed, that of the first, and one warm-up, the longest of all.
///
/// Arrivals and lifetimes are keyed by the names of clients, so arms share them as far as they have them in common.
///
/// # Panics
///
/// Never: there is nothing to do without a scenario.
pub fn align(arms: &mut [Scenario]) {
    let Some(seed) = arms.first().map(|first| first.run.seed) else { return };
    let longest = arms.iter().map(Scenario::warm_up).max().unwrap_or(SimDuration::ZERO);
    for arm in arms {
        arm.run.seed = seed;
        arm.run.warm_up = WarmUp::Fixed(longest);
    }
}

/// Runs every replication of every arm; after a stop, those that were whole by then.
///
/// # Panics
///
/// As [`replicate`](super::replicate()).
pub fn run_arms(arms: &[Scenario], settings: &Settings<'_>) -> Vec<Experiment> {
    on_threads(settings.jobs, || arms.par_iter().map(|arm| replicate_figures(arm, settings)).collect())
}

/// Leaves of each arm the replications that all of them have: after a stop some may have run more than others.
pub fn cut_to_common(arms: &mut [Experiment]) {
    let numbers = |arm: &Experiment| arm.outcomes.iter().map(|outcome| outcome.replication).collect::<BTreeSet<_>>();
    let Some(common) = arms.iter().map(numbers).reduce(|one, other| &one & &other) else { return };
    for arm in arms {
        arm.outcomes.retain(|outcome| common.contains(&outcome.replication));
    }
}

/// As [`run_arms`], with the time series of the scope called `scope`: of as many of the first replications as all arms
/// together have room for.
///
/// # Panics
///
/// As [`replicate`](super::replicate()).
pub fn run_arms_in_time(arms: &[Scenario], scope: &str, settings: &Settings<'_>) -> Vec<Experiment> {
    let one = |arm: &Scenario| replicate_arm(arm, settings, scope, arms.len());
    on_threads(settings.jobs, || arms.par_iter().map(one).collect())
}

/// One arm's figures of one scope.
#[derive(Clone, Copy, Debug)]
pub struct ArmScope<'e> {
    /// The arm.
    pub arm: &'e Experiment,
    /// The place of the scope among those of its topology.
    pub scope: usize,
}

/// How much `metric` is higher in `second` than in `first`, over the replications that both have.
///
/// A ratio of sums enters by what each run adds to it, as its own interval does
/// ([`crate::stats::interval::ratio_interval`]); pairs are counted by the ratios of the runs themselves.
/// `None` for what follows from the scenario alone, for a median, and where a run has no such figure.
///
/// # Panics
///
/// When there is no such scope, or `confidence` is not strictly between 0 and 1.
pub fn difference(first: ArmScope<'_>, second: ArmScope<'_>, metric: &Metric, confidence: f64) -> Option<Paired> {
    let shared = |one: ArmScope<'_>, other: ArmScope<'_>| -> Vec<Measures> {
        let number = |outcome: &Outcome| outcome.replication;
        let has = |replication| other.arm.outcomes.binary_search_by_key(&replication, number).is_ok();
        let view = one.arm.views.of_scope[one.scope];
        let shared = one.arm.outcomes.iter().filter(|outcome| has(outcome.replication));
        shared.map(|outcome| outcome.measures[view]).collect()
    };
    let (first_runs, second_runs) = (shared(first, second), shared(second, first));
    let (first_shares, second_shares) = (shares_of_runs(&first_runs, metric)?, shares_of_runs(&second_runs, metric)?);
    let found = paired(&first_shares, &second_shares, confidence)?;
    // A pair is judged by the figures of its runs; one that has none, as of no attempt, has no difference either.
    let figures = first_runs.iter().zip(&second_runs).map(|(first, second)| {
        let (first, second) = (metric.value(first), metric.value(second));
        first.zip(second).unwrap_or((0.0, 0.0))
    });
    let (higher, equal, lower) = signs(figures);
    Some(Paired { higher, equal, lower, ..found })
}

/// What each run adds to the estimate: values whose mean is the estimate, and whose variance is its own.
pub(super) fn shares_of_runs(runs: &[Measures], metric: &Metric) -> Option<Vec<f64>> {
    match metric.method {
        Method::OfferedLoad | Method::Capacity | Method::MedianTime(_) => None,
        Method::Ratio(part, whole) => {
            let sum = |of: fn(&Measures) -> f64| runs.iter().fold(0.0, |sum, run| sum + of(run));
            let (parts, wholes) = (sum(part), sum(whole));
            if wholes <= 0.0 {
                return None;
            }
            let (ratio, mean) = (parts / wholes, wholes / runs.len() as f64);
            Some(runs.iter().map(|run| ratio + (part(run) - ratio * whole(run)) / mean).collect())
        }
        _ => runs.iter().map(|run| metric.value(run)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Checks;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn arms_that_were_cut_off_keep_the_runs_that_all_have() {
        let text = "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"h\"\n[[destination]]\nname = \"d\"\n\
            [[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\narrivals = { poisson = { rate = \"1/s\" } }\n\
            lifetime = { constant = { value = \"1s\" } }\n";
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let stop = AtomicBool::new(false);
        let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
        let arm = |runs: u32| {
            let sets = [format!("run.replications={runs}")];
            let scenario = Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources).unwrap();
            replicate_figures(&scenario, &settings)
        };
        let mut arms = [arm(4), arm(3)];
        // The second run of the first arm was the one that was stopped.
        arms[0].outcomes.remove(1);
        cut_to_common(&mut arms);
        let numbers = arms.map(|arm| arm.outcomes.iter().map(|outcome| outcome.replication).collect::<Vec<_>>());
        assert_eq!(numbers, [[0, 2], [0, 2]]);
    }
}
