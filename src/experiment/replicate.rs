//! Independent replications of one scenario.

use crate::des::{Randomness, SimDuration, SimTime};
use crate::metrics::recorder::{Keep, Record, Views};
use crate::metrics::{AttemptLog, Invariants, Measures, Recorder, SampleRow};
use crate::scenario::Scenario;
use crate::sim::run::Window;
use crate::sim::{Interrupted, Topology, World, run};
use rayon::prelude::*;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most replications whose time series is kept.
const SERIES_REPLICATIONS: usize = 100;
/// The most rows of all kept time series together.
const SERIES_ROWS: usize = 1_000_000;
/// The most steps of a time series.
const SERIES_STEPS: u64 = 1_000;

/// How an experiment is run; none of it changes a result.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Threads; 0: one for each core.
    pub jobs: usize,
    /// Do the invariants ride along?
    pub checks: Checks,
    /// Set to true from another thread to stop early.
    pub stop: &'a AtomicBool,
    /// Called after each replication, from any thread: did it refuse anyone?
    pub progress: &'a (dyn Fn(bool) + Sync),
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("jobs", &self.jobs).field("checks", &self.checks).finish_non_exhaustive()
    }
}

/// Do the invariants ride along?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// No.
    Off,
    /// Yes; a fault is a panic.
    Invariants,
}

/// What all replications of a scenario left.
#[derive(Debug)]
pub struct Experiment {
    /// The scenario, laid out.
    pub topology: Topology,
    /// Which scopes see the same.
    pub views: Views,
    /// How long the warm-up was.
    pub warm_up: SimDuration,
    /// The step of the time series.
    pub step: SimDuration,
    /// The replications that are whole, by number.
    pub outcomes: Vec<Outcome>,
}

/// What one replication left.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its number, from 0.
    pub replication: u32,
    /// Raw figures per view.
    pub measures: Vec<Measures>,
    /// Rows of the time series per view; empty when it was not kept.
    pub series: Vec<Vec<SampleRow>>,
}

impl Experiment {
    /// The raw figures of a scope, one for each replication.
    pub fn of_scope(&self, scope: usize) -> impl Iterator<Item = &Measures> {
        let view = self.views.of_scope[scope];
        self.outcomes.iter().map(move |outcome| &outcome.measures[view])
    }
}

/// Runs every replication of `scenario`.
///
/// After a stop the replications that were whole by then are returned.
///
/// # Panics
///
/// When no thread can be started, or when an invariant does not hold.
pub fn replicate(scenario: &Scenario, settings: &Settings<'_>) -> Experiment {
    let topology = Topology::new(scenario);
    let views = Views::new(&topology);
    let warm_up = scenario.warm_up();
    let step = sample_step(scenario);
    let rows = scenario.run.duration.as_nanos() / step.as_nanos() + 1;
    let rows = usize::try_from(rows).expect("at most 1,001 rows") * topology.scopes.len();
    let kept = SERIES_REPLICATIONS.min(SERIES_ROWS / rows).max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.jobs).build().expect("threads can be started");
    let one = |replication: u32| {
        if settings.stop.load(Ordering::Relaxed) {
            return None;
        }
        let keep = if (replication as usize) < kept { Keep::Series } else { Keep::Summary };
        let sample = (keep == Keep::Series).then_some(step);
        let mut recorder = Recorder::new(&topology, &views, keep);
        let record = match settings.checks {
            Checks::Off => observe(scenario, &topology, replication, sample, &mut recorder, settings.stop),
            Checks::Invariants => {
                let mut both = (&mut recorder, Invariants::new(&topology));
                observe(scenario, &topology, replication, sample, &mut both, settings.stop)
            }
        };
        let end = record.ok()?;
        let Record { measures, series } = recorder.finish(end);
        (settings.progress)(measures.first().is_some_and(|all| all.refused > 0));
        Some(Outcome { replication, measures, series })
    };
    let outcomes: Vec<Option<Outcome>> =
        pool.install(|| (0..scenario.run.replications).into_par_iter().map(one).collect());
    let outcomes = outcomes.into_iter().flatten().collect();
    Experiment { topology, views, warm_up, step, outcomes }
}

/// Runs replication number `replication` once more for the sake of `log`.
///
/// # Errors
///
/// [`Interrupted`] when `stop` became true.
pub fn replicate_one(
    scenario: &Scenario,
    topology: &Topology,
    replication: u32,
    log: &mut AttemptLog<'_>,
    stop: &AtomicBool,
) -> Result<(), Interrupted> {
    observe(scenario, topology, replication, None, log, stop).map(drop)
}

/// Runs one replication before `observer`; returns when it ended.
fn observe(
    scenario: &Scenario,
    topology: &Topology,
    replication: u32,
    sample: Option<SimDuration>,
    observer: &mut impl crate::sim::Observer,
    stop: &AtomicBool,
) -> Result<SimTime, Interrupted> {
    let randomness = Randomness { seed: scenario.run.seed, replication: u64::from(replication) };
    let opens = SimTime::ZERO + scenario.warm_up();
    let window = Window { opens, length: scenario.run.duration, sample };
    let mut world = World::new(scenario, topology, randomness, opens);
    run(&mut world, window, observer, stop)?;
    Ok(opens + window.length)
}

/// The step of the time series: as the scenario says, or the shortest of 1, 2, 5, 10, ... that makes at most 1,000.
fn sample_step(scenario: &Scenario) -> SimDuration {
    scenario.run.sample.unwrap_or_else(|| {
        let shortest = scenario.run.duration.as_nanos().div_ceil(SERIES_STEPS).max(1);
        let mut decade = 1;
        loop {
            if let Some(factor) = [1, 2, 5].into_iter().find(|factor| factor * decade >= shortest) {
                return SimDuration::from_nanos(factor * decade);
            }
            decade *= 10;
        }
    })
}
