//! Independent replications of one scenario.

use super::long_run::LongRun;
use crate::des::{Randomness, SimDuration, SimTime};
use crate::metrics::recorder::{Keep, Record, Views};
use crate::metrics::{
    AttemptLog, Batches, Invariants, Measures, ProbeGrid, ProbeWatch, Recorder, ReuseIntervals, SampleRow,
};
use crate::scenario::Scenario;
use crate::sim::run::Window;
use crate::sim::{Interrupted, Observer, Topology, World, run};
use rayon::prelude::*;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most replications whose time series is kept.
const SERIES_REPLICATIONS: usize = 100;
/// The most rows of all kept time series together: 75 MB as a table, 20 MB as a CSV.
const SERIES_ROWS: usize = 250_000;
/// So many replications are kept before scopes are: how one day differs from another is asked first.
const SERIES_BEFORE_SCOPES: usize = 10;
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
    /// Rows of the time series per view, of the first views only where there are many; empty when it was not kept.
    pub series: Vec<Vec<SampleRow>>,
    /// What attempts cost by occupancy; kept where the time series is.
    pub probes: Option<ProbeGrid>,
    /// How long ports rested between two uses; kept where the time series is.
    pub reuses: Option<ReuseIntervals>,
    /// Raw figures per view of each batch of the window; empty when it was not cut ([`LongRun`]).
    pub batches: Vec<Vec<Measures>>,
}

impl Experiment {
    /// The raw figures of a scope, one for each replication.
    pub fn of_scope(&self, scope: usize) -> impl Iterator<Item = &Measures> {
        let view = self.views.of_scope[scope];
        self.outcomes.iter().map(move |outcome| &outcome.measures[view])
    }

    /// The raw figures of a scope in each batch, where there is one long run that was cut.
    pub(super) fn batches(&self, scope: usize) -> Option<Vec<Measures>> {
        let [only] = &self.outcomes[..] else { return None };
        let view = self.views.of_scope[scope];
        let batches: Vec<Measures> = only.batches.iter().map(|batch| batch[view]).collect();
        (!batches.is_empty()).then_some(batches)
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
    replicate_more(scenario, settings, None, scenario.run.replications)
}

/// Runs the replications that `before` lacks of the first `wanted` ones, whatever number the scenario asks for.
pub(super) fn replicate_more(
    scenario: &Scenario,
    settings: &Settings<'_>,
    before: Option<Experiment>,
    wanted: u32,
) -> Experiment {
    let step = sample_step(scenario);
    let rows = series_rows(scenario, step);
    let kept = |_: &Topology, views: &Views| KeptSeries::new(rows, scenario.run.replications as usize, views);
    let first = first_missing(before.as_ref());
    joined(before, on_threads(settings.jobs, || replications(scenario, settings, step, kept, first..wanted)))
}

/// As [`replicate`], for figures alone: without time series, on the threads of whoever calls ([`on_threads`]).
///
/// # Panics
///
/// When an invariant does not hold.
pub fn replicate_figures(scenario: &Scenario, settings: &Settings<'_>) -> Experiment {
    figures_more(scenario, settings, None, scenario.run.replications)
}

/// As [`replicate_figures`], for one of so many `arms`, with the time series of the scope called `scope`.
pub(super) fn replicate_arm(scenario: &Scenario, settings: &Settings<'_>, scope: &str, arms: usize) -> Experiment {
    let step = sample_step(scenario);
    let rows = series_rows(scenario, step).saturating_mul(arms);
    let kept = |topology: &Topology, views: &Views| {
        let scope = topology.scopes.iter().position(|known| known.to_string() == scope);
        let views = scope.map_or(0, |scope| views.of_scope[scope] + 1);
        KeptSeries::of_views(rows, scenario.run.replications as usize, views)
    };
    replications(scenario, settings, step, kept, 0..scenario.run.replications)
}

/// As [`replicate_figures`], of the first `wanted` replications those that `before` lacks, behind those that it has.
///
/// # Panics
///
/// As [`replicate`](super::replicate()).
pub fn figures_more(
    scenario: &Scenario,
    settings: &Settings<'_>,
    before: Option<Experiment>,
    wanted: u32,
) -> Experiment {
    let kept = |_: &Topology, _: &Views| KeptSeries { replications: 0, views: 0, probes: false };
    let first = first_missing(before.as_ref());
    joined(before, replications(scenario, settings, sample_step(scenario), kept, first..wanted))
}

/// The number of the first replication that is not there yet.
fn first_missing(before: Option<&Experiment>) -> u32 {
    u32::try_from(before.map_or(0, |before| before.outcomes.len())).expect("at most a million")
}

/// Later replications behind earlier ones.
fn joined(before: Option<Experiment>, more: Experiment) -> Experiment {
    match before {
        Some(mut before) => {
            before.outcomes.extend(more.outcomes);
            before
        }
        None => more,
    }
}

/// Runs `work` on so many threads; 0: one for each core.
///
/// # Panics
///
/// When no thread can be started.
pub fn on_threads<T: Send>(jobs: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(jobs).build().expect("threads can be started").install(work)
}

fn replications(
    scenario: &Scenario,
    settings: &Settings<'_>,
    step: SimDuration,
    kept: impl Fn(&Topology, &Views) -> KeptSeries,
    numbers: Range<u32>,
) -> Experiment {
    let topology = Topology::new(scenario);
    let views = Views::new(&topology);
    let warm_up = scenario.warm_up();
    let kept = kept(&topology, &views);
    // One run is all that there is to be; more of them make an interval by themselves.
    let long_run = if numbers == (0..1) { LongRun::of(scenario) } else { None };
    let batches = long_run.and_then(|long_run| long_run.batches);
    let one = |replication: u32| {
        if settings.stop.load(Ordering::Relaxed) {
            return None;
        }
        let series = (replication as usize) < kept.replications;
        let keep = if series { Keep::Series(kept.views) } else { Keep::Summary };
        let is_watched = series && kept.probes;
        let cuts = Window { batches: batches.unwrap_or(1), ..window(scenario, series.then_some(step)) };
        let outcome = if is_watched || batches.is_some() {
            // Batches are too rare for a loop of their own without what is watched.
            let mut recorder = Recorder::telling(&topology, &views, keep, ReuseIntervals::default());
            let mut probes = ProbeWatch::new(&topology);
            let mut parts = batches.map(|_| Batches::new(&topology, &views));
            let end = if let Some(parts) = &mut parts {
                let mut all = (&mut recorder, (&mut probes, parts));
                observe_checked(scenario, &topology, replication, cuts, &mut all, settings)
            } else {
                let mut both = (&mut recorder, &mut probes);
                observe_checked(scenario, &topology, replication, cuts, &mut both, settings)
            };
            let end = end.ok()?;
            let Record { measures, series, reuses } = recorder.finish(end);
            let (probes, reuses) = (is_watched.then(|| probes.finish()), is_watched.then_some(reuses));
            let batches = parts.map_or_else(Vec::new, |parts| parts.finish(end));
            Outcome { replication, measures, series, probes, reuses, batches }
        } else {
            let mut recorder = Recorder::new(&topology, &views, keep);
            let end = observe_checked(scenario, &topology, replication, cuts, &mut recorder, settings).ok()?;
            let Record { measures, series, .. } = recorder.finish(end);
            Outcome { replication, measures, series, probes: None, reuses: None, batches: Vec::new() }
        };
        (settings.progress)(outcome.measures.first().is_some_and(|all| all.refused > 0));
        Some(outcome)
    };
    let outcomes: Vec<Option<Outcome>> = numbers.into_par_iter().map(one).collect();
    let outcomes = outcomes.into_iter().flatten().collect();
    Experiment { topology, views, warm_up, step, outcomes }
}

/// Of how many replications and views the time series is kept, and do they keep what attempts cost, too?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeptSeries {
    replications: usize,
    views: usize,
    probes: bool,
}

impl KeptSeries {
    /// At most [`SERIES_ROWS`] of the first `views`: of 100 replications, else of fewer, else of none.
    fn of_views(rows: usize, replications: usize, views: usize) -> Self {
        let most = SERIES_ROWS / rows.saturating_mul(views).max(1);
        Self { replications: replications.min(SERIES_REPLICATIONS).min(most), views, probes: false }
    }

    /// At most [`SERIES_ROWS`]: of 100 replications and every scope, else of fewer replications down to 10, else of the
    /// first scopes alone, else of fewer replications still.
    fn new(rows: usize, replications: usize, views: &Views) -> Self {
        let replications = replications.min(SERIES_REPLICATIONS);
        let scopes = views.of_scope.len();
        let scopes = (SERIES_ROWS / (rows * replications.min(SERIES_BEFORE_SCOPES))).clamp(1, scopes);
        let replications = (SERIES_ROWS / (rows * scopes)).clamp(1, replications);
        // Views are numbered in the order of the scopes that see them.
        let views = views.of_scope[..scopes].iter().max().map_or(0, |last| last + 1);
        Self { replications, views, probes: true }
    }
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
    observe(scenario, topology, replication, window(scenario, None), log, stop).map(drop)
}

/// As [`observe`], with the invariants riding along if they are asked for.
fn observe_checked(
    scenario: &Scenario,
    topology: &Topology,
    replication: u32,
    window: Window,
    observer: &mut impl Observer,
    settings: &Settings<'_>,
) -> Result<SimTime, Interrupted> {
    match settings.checks {
        Checks::Off => observe(scenario, topology, replication, window, observer, settings.stop),
        Checks::Invariants => {
            let mut both = (observer, Invariants::new(topology));
            observe(scenario, topology, replication, window, &mut both, settings.stop)
        }
    }
}

/// The measured window of `scenario`, whole, with a sample every `sample`.
pub(super) fn window(scenario: &Scenario, sample: Option<SimDuration>) -> Window {
    Window { opens: SimTime::ZERO + scenario.warm_up(), length: scenario.run.duration, sample, batches: 1 }
}

/// Runs one replication before `observer`; returns when it ended.
pub(super) fn observe(
    scenario: &Scenario,
    topology: &Topology,
    replication: u32,
    window: Window,
    observer: &mut impl Observer,
    stop: &AtomicBool,
) -> Result<SimTime, Interrupted> {
    let randomness = Randomness { seed: scenario.run.seed, replication: u64::from(replication) };
    let mut world = World::new(scenario, topology, randomness, window.opens);
    run(&mut world, window, observer, stop)?;
    Ok(window.opens + window.length)
}

/// How many rows the time series of one replication and view has.
fn series_rows(scenario: &Scenario, step: SimDuration) -> usize {
    usize::try_from(scenario.run.duration.as_nanos().div_ceil(step.as_nanos()) + 1).expect("at most 1,001 rows")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    fn kept(destinations: usize, rows: usize, replications: usize) -> (usize, usize) {
        let names: Vec<String> = (0..destinations).map(|index| format!("d{index}")).collect();
        let tables: Vec<String> = names.iter().map(|name| format!("[[destination]]\nname = \"{name}\"\n")).collect();
        let share = 1.0 / destinations as f64;
        let to: Vec<String> = names.iter().map(|name| format!("{name} = {share}")).collect();
        let text = format!(
            "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"h\"\n{}[[client]]\nname = \"c\"\n\
             host = \"h\"\nto = {{ {} }}\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
             lifetime = {{ constant = {{ value = \"1s\" }} }}\n",
            tables.concat(),
            to.join(", ")
        );
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let scenario = Scenario::read(&SourceFile::new("many.toml", text), &[], &sources).unwrap();
        let views = Views::new(&Topology::new(&scenario));
        let kept = KeptSeries::new(rows, replications, &views);
        let scopes = views.of_scope.iter().filter(|view| **view < kept.views).count();
        assert!(rows * kept.replications * scopes <= SERIES_ROWS.max(4 * rows), "{kept:?}");
        (kept.replications, scopes)
    }

    #[test]
    fn the_time_series_is_bounded() {
        assert_eq!(kept(1, 601, 1_000_000), (100, 4));
        assert_eq!(kept(1, 1_001, 100), (62, 4));
        assert_eq!(kept(20, 1_001, 100), (10, 23));
        assert_eq!(kept(40, 1_001, 100), (10, 24));
        assert_eq!(kept(40, 1_001, 2), (2, 43));
        assert_eq!(kept(1_000, 1_001, 1), (1, 249));
        let of_arms =
            |arms: usize, replications, views| KeptSeries::of_views(1_001 * arms, replications, views).replications;
        assert_eq!([of_arms(3, 20, 1), of_arms(100, 20, 1), of_arms(100, 20, 9)], [20, 2, 0]);
    }
}
