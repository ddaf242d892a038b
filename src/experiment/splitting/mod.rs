//! The share of attempts refused where counting sees none: multilevel splitting on occupancy, as RESTART.
//!
//! J. Villen-Altamirano, "RESTART: a straightforward method for fast simulation of rare events", Winter Simulation
//! Conference 1994; `reference/theory.md` section 10. When fewer ports than a threshold are left free of some lane, the
//! run is copied: R runs go on from there with randomness of their own, each counting for 1/R. Those copies end when
//! more ports are free again, all but one, which goes on for 1. Levels are nested, so a run among those that nearly fill
//! a range counts for one in a million, and a refusal seen there for a millionth of one.
//!
//! Whatever the levels and factors are, weighted refusals and attempts have the means of those of a plain run. They are
//! chosen by a pilot, which only decides how much they scatter. The estimate is the ratio of sums over
//! independent replications with Student's t interval. Replications are none of those of a plain run: who asks for this
//! after those saw nothing must not be told the same.

mod levels;
mod trial;

use super::replicate::on_threads;
use crate::numeric;
use crate::scenario::Scenario;
use crate::sim::{Interrupted, Topology};
use crate::stats::Interval;
use crate::stats::interval::ratio_interval;
use levels::{Histogram, Levels};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;
use trial::{Plan, Tally, Trial};

/// How precise an estimate is wanted, and what it may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Replications are added until the standard error is at most this share of the estimate.
    pub relative_error: f64,
    /// The most work, in attempts simulated; a copy of the world counts for as many as take as long.
    pub work_max: u64,
    /// The level of the interval, strictly between 0 and 1.
    pub confidence: f64,
}

/// What splitting found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// The share of attempts refused.
    Estimated(Estimate),
    /// No refusal was seen even so.
    NotEstimable(Reached),
}

/// An estimate by splitting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Refused attempts per attempt.
    pub refused_ratio: Interval,
    /// Its standard error as a share of it.
    pub relative_error: f64,
    /// At how many levels runs were copied.
    pub levels: usize,
    /// How many replications it is from.
    pub replications: u32,
    /// Did the bound on work end it before it was as precise as wanted?
    pub bounded: bool,
}

/// How far runs came that met no refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The fewest ports that were left free of a lane; `None` when no attempt was made.
    pub fewest_free: Option<u32>,
    /// At how many levels runs were copied.
    pub levels: usize,
    /// Did the bound on work end it?
    pub bounded: bool,
}

/// Replications of the first round; each further round doubles their number.
const REPLICATIONS: u32 = 20;
/// The most replications.
const REPLICATIONS_MAX: u32 = 20 << 10;
/// A replication that takes so many times its share of the work is ended.
const WORK_SPREAD: u64 = 4;
/// So few runs are followed from the first level on, at least.
const FOLLOWED_MIN: f64 = 1e-4;
/// Replications of plain runs are numbered below 2^32: here from 2^32 on for the estimate, from 2^33 on for the pilot.
const ESTIMATE: u64 = 1 << 32;
const PILOT: u64 = 1 << 33;

/// Estimates the share of attempts refused in the measured window of `scenario`, on `jobs` threads (0: one for each
/// core), whose number changes no figure.
///
/// # Errors
///
/// [`Interrupted`] when `stop` became true.
///
/// # Panics
///
/// When the confidence or the relative error is out of its domain, or when no thread can be started.
pub fn split(scenario: &Scenario, effort: &Effort, jobs: usize, stop: &AtomicBool) -> Result<Split, Interrupted> {
    assert!(effort.relative_error > 0.0, "a relative error to reach is above zero");
    let topology = Topology::new(scenario);
    let trial = Trial::new(scenario, &topology, stop);
    on_threads(jobs, || {
        let (levels, piloted) = pilot(&trial, effort.work_max / 2)?;
        rounds(&trial, &levels, &Effort { work_max: effort.work_max.saturating_sub(piloted), ..*effort })
    })
}

/// Replications in rounds, each as many as all before, until they are precise enough or too much work.
fn rounds(trial: &Trial<'_>, levels: &Levels, effort: &Effort) -> Result<Split, Interrupted> {
    let each = effort.work_max / u64::from(REPLICATIONS);
    let (mut tallies, mut followed, mut first): (Vec<Tally>, f64, u64) = (Vec::new(), 1.0, ESTIMATE);
    loop {
        let plan = Plan { levels, followed, work_max: WORK_SPREAD * each };
        let more = count(&tallies).max(REPLICATIONS);
        let round = in_parallel(u64::from(more), |number| trial.run(first + number, &plan))?;
        first += u64::from(more);
        let cut: Vec<f64> = round.iter().filter_map(|tally| tally.cut).collect();
        if tallies.is_empty() && !cut.is_empty() && followed > FOLLOWED_MIN {
            // Fewer are followed, in replications that nobody has seen: those that were cut short are not like others.
            let share = cut.iter().fold(0.0, |sum, share| sum + share) / cut.len() as f64;
            followed *= (share / WORK_SPREAD as f64).clamp(0.01, 0.5);
            continue;
        }
        if cut.is_empty() {
            tallies.extend(round);
        }
        let work: u64 = tallies.iter().map(|tally| tally.work).sum();
        let found = conclude(&tallies, levels.len(), effort.confidence);
        let precise = found.is_as_precise_as(effort.relative_error);
        let affordable = cut.is_empty() && 2 * work <= effort.work_max && count(&tallies) < REPLICATIONS_MAX;
        if precise || work == 0 || !affordable {
            return Ok(found.bounded(!precise && work > 0));
        }
    }
}

/// Runs numbers 0 to `count` - 1, each on some thread; results are in order.
fn in_parallel(
    count: u64,
    one: impl Fn(u64) -> Result<Tally, Interrupted> + Send + Sync,
) -> Result<Vec<Tally>, Interrupted> {
    let all: Vec<Result<Tally, Interrupted>> = (0..count).into_par_iter().map(one).collect();
    all.into_iter().collect()
}

impl Split {
    fn is_as_precise_as(&self, relative_error: f64) -> bool {
        matches!(self, Self::Estimated(found) if found.relative_error <= relative_error)
    }

    fn bounded(self, bounded: bool) -> Self {
        match self {
            Self::Estimated(found) => Self::Estimated(Estimate { bounded, ..found }),
            Self::NotEstimable(reached) => Self::NotEstimable(Reached { bounded, ..reached }),
        }
    }
}

fn count(tallies: &[Tally]) -> u32 {
    u32::try_from(tallies.len()).expect("at most the most replications")
}

/// What whole replications say together.
fn conclude(tallies: &[Tally], levels: usize, confidence: f64) -> Split {
    let [refused, attempts] = [|tally: &Tally| tally.refused, |tally: &Tally| tally.attempts]
        .map(|of| tallies.iter().map(of).collect::<Vec<f64>>());
    let found = ratio_interval(&refused, &attempts, confidence).filter(|found| found.estimate > 0.0);
    let Some(found) = found else {
        let fewest_free = tallies.iter().filter_map(|tally| tally.fewest_free).min();
        return Split::NotEstimable(Reached { fewest_free, levels, bounded: false });
    };
    let half_width = found.high.map_or(f64::INFINITY, |high| high - found.estimate);
    let quantile = numeric::student_quantile(tallies.len() as f64 - 1.0, 0.5 + 0.5 * confidence);
    let clamp = |end: Option<f64>| end.map(|end| end.clamp(0.0, 1.0));
    Split::Estimated(Estimate {
        refused_ratio: Interval { low: clamp(found.low), high: clamp(found.high), ..found },
        relative_error: half_width / quantile / found.estimate,
        levels,
        replications: count(tallies),
        bounded: false,
    })
}

/// Attempts of each round of the pilot: enough for the slow coming and going of so many ports.
fn pilot_attempts(ports: u32) -> u64 {
    4_000.max(40 * u64::from(ports))
}

/// The most rounds of the pilot: each sees about a hundred times rarer things than the one before.
const PILOT_ROUNDS: u64 = 40;
/// Work for each of its attempts, with copies.
const PILOT_COPIES: u64 = 16;
/// So many rounds one after another, each with twice as many runs, may find no level.
const PILOT_BARREN: u32 = 2;
/// The most runs of a round.
const PILOT_RUNS: u64 = 4_096;

/// Chooses levels: each round sees a little further than the one before. Also says what it cost.
fn pilot(trial: &Trial<'_>, work_max: u64) -> Result<(Levels, u64), Interrupted> {
    let mut levels = Levels::NONE;
    let wanted = pilot_attempts(trial.ports_most());
    let (mut runs, mut work, mut barren) = (4, 0, 0);
    for round in 0..PILOT_ROUNDS {
        let first = PILOT + round * PILOT_RUNS;
        // Every level sees about as many attempts as the run itself, and copies cost most.
        let each = (wanted * (levels.len() as u64 + 1)).div_ceil(4);
        let plan = Plan { levels: &levels, followed: 1.0, work_max: PILOT_COPIES * each };
        let seen = in_parallel(runs, |run| trial.pilot(first + run, &plan))?;
        let mut all = Histogram::new(trial.ports_most());
        let (mut attempts, mut spent) = (0, 0);
        for tally in seen {
            (attempts, spent) = (attempts + tally.made, spent + tally.work);
            tally.found.iter().for_each(|found| all.add(found));
        }
        work += spent;
        barren = if levels.extend(&all, trial.levels_max()) { 0 } else { barren + 1 };
        if levels.have_ended() || attempts == 0 || barren > PILOT_BARREN || work + 2 * spent > work_max {
            break;
        }
        if barren > 0 || attempts < wanted {
            runs = (runs * wanted.div_ceil(attempts).max(2)).min(PILOT_RUNS);
        }
    }
    Ok((levels, work))
}

#[cfg(test)]
mod tests;
