//! The value of a knob at which a claim stops being true: a search by halving, every value under the same random numbers.
//!
//! Each value that is tried gets as many replications as its interval needs to leave the claim no doubt, up to a cap. What
//! comes out is not one value but two, each seen: the last one at which the claim surely holds, and the first at which
//! it surely does not. A formula may prove either where sampling leaves it open. The claim is taken to be true up to
//! some value and false from there on.

use super::estimate::{OfferedLoad, estimate};
use super::replicate::{Experiment, Settings, figures_more, on_threads};
use crate::metrics::{Measures, Method, Metric};
use crate::scenario::limits::expected_requests;
use crate::scenario::{Better, Scenario};
use crate::stats::Interval;
use crate::stats::interval::{clopper_pearson, proportion};
use std::sync::atomic::Ordering;

/// So many runs without a refusal are enough to go on with, where all that may be run would prove no more.
pub const UNSEEN_RUNS: u32 = 60;
/// The most requests of all runs of a value where a formula has an answer already: about a second. What is run then is
/// for the eye, or to come nearer to the true limit.
const SHOWN_MAX: f64 = 1e7;
/// Of so many values a wrong verdict would move the limit: those that a search tries near it.
const NEAR: u32 = 16;
/// With fewer runs that refused anyone than this, how many were refused in them says little.
const FEW_RUNS: u64 = 10;
/// After so many values that change nothing no other one is tried.
const ALIKE: u32 = 4;
/// No scale is longer than so many doublings.
const DOUBLINGS_MAX: u32 = 120;
/// The resolution that an answer needs: a value is told from one that is a part of it smaller or larger.
pub const PARTS: f64 = 400.0;

/// The most requests of the fewest replications of a value: a minute or so, or a few times what the present one takes.
///
/// More is not run, however far a search would have to go.
pub fn requests_max(now: &Scenario, runs: u32) -> f64 {
    const REQUESTS: f64 = 5e8;
    const TIMES: f64 = 4.0;
    REQUESTS.max(TIMES * requests(now) * f64::from(runs))
}

/// The requests of one replication, warm-up and all, on average.
pub fn requests(scenario: &Scenario) -> f64 {
    expected_requests(scenario, scenario.warm_up().as_secs_f64() + scenario.run.duration.as_secs_f64())
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The figure, and of which scope's place in the topology.
    pub metric: &'static Metric,
    /// The scope, by its place among those of the topology.
    pub scope: usize,
    /// Is the claim true of an interval? `None`: the interval leaves it open.
    pub judge: &'q dyn Fn(&Interval) -> Option<bool>,
    /// The scenario at a value; `None` when it cannot be there.
    pub at: &'q (dyn Fn(f64) -> Option<Scenario> + Sync),
    /// What a formula proves of a scenario.
    pub proves: &'q dyn Fn(&Scenario) -> Option<bool>,
    /// No value is run whose fewest replications have more requests than this, together.
    pub requests_max: f64,
    /// Which way the claim becomes true.
    pub better: Better,
    /// Are there whole numbers only?
    pub is_whole: bool,
    /// The least and the most that a value can be.
    pub limits: (f64, f64),
    /// Where the knob stands.
    pub now: f64,
    /// Where the answer is expected; `now` when nothing is.
    pub start: f64,
    /// The level of every interval.
    pub confidence: f64,
    /// The resolution: steps in a value, such as [`PARTS`]; infinite for every whole number.
    pub parts: f64,
    /// At least so many replications of each value, and no more than the cap.
    pub runs: (u32, u32),
    /// No more requests than this are simulated in all; the search then ends with what it knows.
    pub budget: f64,
    /// Told how many more replications are to be run, before they are.
    pub grows: &'q dyn Fn(u32),
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("metric", &self.metric.name).field("now", &self.now).finish_non_exhaustive()
    }
}

/// What was found at one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The value.
    pub value: f64,
    /// Its replications; none where they would take too long.
    pub runs: u64,
    /// How many of them refused anyone.
    pub refused_runs: u64,
    /// The figure with its interval.
    pub found: Option<Interval>,
    /// What sampling says of the claim, however often it was looked at; `None`: it leaves it open.
    pub sampled: Option<bool>,
    /// What a formula says.
    pub proven: Option<bool>,
    /// What the search goes by where neither is sure: nobody was refused, so the goal is not much harder.
    pub is_unseen: bool,
}

impl Evidence {
    /// What is known of the claim; a proof goes before a sample.
    pub fn holds(&self) -> Option<bool> {
        self.proven.or(self.sampled)
    }

    /// Did the same runs find the same, and not just all or none of them refusals? Under common random numbers the value
    /// then makes no difference.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let tells = 0 < self.refused_runs && self.refused_runs < self.runs;
        tells && (self.runs, self.refused_runs, self.found) == (other.runs, other.refused_runs, other.found)
    }

    fn seems_to_hold(&self) -> bool {
        self.holds().unwrap_or(self.is_unseen)
    }
}

/// What the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Everything that was tried, the lowest value first.
    pub evidence: Vec<Evidence>,
    /// The place of the last value at which the claim surely holds; `None` when there is none.
    pub answer: Option<usize>,
    /// The place of the first value beyond it at which the claim surely fails; `None` when there is none.
    pub beyond: Option<usize>,
    /// Beyond the answer, if there is one, the place of the last value at which nobody was refused, which proves nothing.
    pub unseen: Option<usize>,
    /// Neighbours in the search differ by so much.
    pub step: f64,
    /// It was stopped before it was over.
    pub interrupted: bool,
    /// Requests that were simulated, about.
    pub spent: f64,
    /// It ended because no more may be.
    pub is_cut: bool,
}

/// Searches.
///
/// # Panics
///
/// As [`replicate`](super::replicate()).
pub fn solve(question: &Question<'_>, settings: &Settings<'_>) -> Solution {
    let mut search =
        Search { question, settings, evidence: Vec::new(), step: 0.0, over: false, spent: 0.0, is_cut: false };
    search.run();
    search.finish()
}

struct Search<'s> {
    question: &'s Question<'s>,
    settings: &'s Settings<'s>,
    /// In the order of the values.
    evidence: Vec<Evidence>,
    step: f64,
    /// Stopped, by the user or because no more values can be had.
    over: bool,
    /// Requests that were simulated.
    spent: f64,
    /// No more may be.
    is_cut: bool,
}

/// The largest of 1, 2, 5, 10, ..., and of their decimal parts, that is not above `value`, which is above zero.
fn round_down(value: f64) -> f64 {
    let mut decade = 1.0;
    while decade * 10.0 <= value {
        decade *= 10.0;
    }
    while decade > value {
        decade /= 10.0;
    }
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * decade).find(|step| *step <= value).unwrap_or(decade)
}

impl Search<'_> {
    fn run(&mut self) {
        let Some(start) = self.limited(self.question.start) else { return };
        self.set_step(start);
        let start = self.rounded(start);
        // Where a formula expects the answer it may prove it, and what is left then is worth little work.
        self.look_at(start);
        self.look_at(self.question.now);
        let Some(holding) = self.walk_easier(start) else { return };
        self.set_step(holding);
        let begun_well = holding.total_cmp(&start).is_eq();
        self.walk_harder(holding, begun_well);
        self.close_in(Evidence::seems_to_hold);
        self.look_for_proof();
        self.close_in(|evidence| evidence.holds() != Some(false));
        // One step back from the answer, for the sake of whoever wants to see the claim hold there.
        let back = self.hardest(Evidence::seems_to_hold).map(|value| self.harder(value, -self.step));
        if let Some(back) = back.and_then(|value| self.limited(value)) {
            self.look_at(back);
        }
    }

    fn limited(&self, value: f64) -> Option<f64> {
        let (least, most) = self.question.limits;
        let value = value.clamp(least, most);
        value.is_finite().then_some(if self.question.is_whole { value.round() } else { value })
    }

    /// A little easier, where that makes a round number; where the knob stands is round enough.
    fn rounded(&self, value: f64) -> f64 {
        let unit = self.step / 10.0;
        if self.question.is_whole || unit <= 0.0 || value.total_cmp(&self.question.now).is_eq() {
            return value;
        }
        match self.question.better {
            Better::Low => (value / unit).floor() * unit,
            Better::High => (value / unit).ceil() * unit,
        }
    }

    fn set_step(&mut self, value: f64) {
        // From nothing on, a part of one.
        let step = if value > 0.0 { value } else { 1.0 } / self.question.parts;
        self.step = if self.question.is_whole && step < 1.0 { 1.0 } else { round_down(step) };
    }

    /// Further in the direction that makes the claim false, by `distance`.
    fn harder(&self, value: f64, distance: f64) -> f64 {
        match self.question.better {
            Better::Low => value + distance,
            Better::High => value - distance,
        }
    }

    /// Halfway on a scale of ratios towards the claim's being true.
    fn easier_by_half(&self, value: f64) -> f64 {
        match self.question.better {
            Better::Low => 0.5 * value,
            Better::High => 2.0 * value,
        }
    }

    /// Goes on from `value` until the claim holds; where that is.
    fn walk_easier(&mut self, value: f64) -> Option<f64> {
        let (mut value, mut before, mut alike): (f64, Option<Evidence>, u32) = (value, None, 0);
        for _ in 0..DOUBLINGS_MAX {
            let seen = self.look_at(value)?;
            if seen.seems_to_hold() {
                return Some(value);
            }
            alike = if before.is_some_and(|before| before.is_same_as(&seen)) { alike + 1 } else { 0 };
            if alike >= ALIKE {
                return None;
            }
            before = Some(seen);
            let next = self.limited(self.easier_by_half(value))?;
            if next.total_cmp(&value).is_eq() {
                return None;
            }
            value = next;
        }
        None
    }

    /// Where nobody was refused nothing is sure: goes on to where a formula is, and back from there.
    fn look_for_proof(&mut self) {
        let holds = |evidence: &Evidence| evidence.holds() == Some(true);
        let Some(mut value) = self.hardest(Evidence::seems_to_hold) else { return };
        for _ in 0..DOUBLINGS_MAX {
            if self.hardest(holds).is_some() {
                return self.close_in(holds);
            }
            let Some(next) = self.limited(self.easier_by_half(value)) else { return };
            let Some(scenario) = (self.question.at)(next) else { return };
            if next.total_cmp(&value).is_eq() {
                return;
            }
            if (self.question.proves)(&scenario) == Some(true) {
                self.look_at(next);
            }
            value = next;
        }
    }

    /// Goes on from `value`, where the claim holds, until it surely does not. `closely`: the end is expected nearby.
    fn walk_harder(&mut self, value: f64, closely: bool) {
        let (mut value, mut distance) = (value, if closely { self.step } else { value });
        let fails = |evidence: &Evidence| evidence.holds() == Some(false);
        for _ in 0..DOUBLINGS_MAX {
            let next = match (self.question.better, closely) {
                (Better::High, false) => 0.5 * value,
                _ => self.harder(value, distance),
            };
            let Some(next) = self.limited(next) else { return };
            let failing = self.nearest_beyond(value, fails);
            let is_known = failing.is_some_and(|failing| (next - value).abs() >= (failing - value).abs());
            if is_known || next.total_cmp(&value).is_eq() {
                return;
            }
            match self.look_at(next) {
                Some(seen) if seen.holds() == Some(false) => return,
                Some(_) => (value, distance) = (next, 4.0 * distance),
                None => return,
            }
        }
    }

    /// The hardest value that is so.
    fn hardest(&self, is_so: impl Fn(&Evidence) -> bool) -> Option<f64> {
        let mut holding = self.evidence.iter().filter(|evidence| is_so(evidence));
        let found = match self.question.better {
            Better::Low => holding.next_back(),
            Better::High => holding.next(),
        };
        found.map(|evidence| evidence.value)
    }

    /// The nearest value harder than `value` that is so.
    fn nearest_beyond(&self, value: f64, is_so: impl Fn(&Evidence) -> bool) -> Option<f64> {
        let fits = |evidence: &&Evidence| is_so(evidence);
        let found = match self.question.better {
            Better::Low => self.evidence.iter().filter(|evidence| evidence.value > value).find(fits),
            Better::High => self.evidence.iter().rev().filter(|evidence| evidence.value < value).find(fits),
        };
        found.map(|evidence| evidence.value)
    }

    /// Halves the gap between the last value that is so and the next one that is not, down to one step.
    fn close_in(&mut self, is_so: impl Fn(&Evidence) -> bool) {
        for _ in 0..DOUBLINGS_MAX {
            let Some(last) = self.hardest(&is_so) else { return };
            let Some(next) = self.nearest_beyond(last, |evidence| !is_so(evidence)) else { return };
            // A hair more than a step, as steps are sums of decimals.
            if (next - last).abs() <= 1.001 * self.step {
                return;
            }
            let steps = (0.5 * (next - last).abs() / self.step).round().max(1.0);
            // On the lattice of whole steps, unless that is where the search stands.
            let middle = (self.harder(last, steps * self.step) / self.step).round() * self.step;
            let inside = middle > last.min(next) && middle < last.max(next);
            let middle = if inside { middle } else { f64::midpoint(last, next) };
            if self.limited(middle).and_then(|middle| self.look_at(middle)).is_none() {
                return;
            }
        }
    }

    /// What is found at a value; `None` when nothing can be, or after a stop.
    fn look_at(&mut self, value: f64) -> Option<Evidence> {
        if self.over {
            return None;
        }
        let place = match self.evidence.binary_search_by(|evidence| evidence.value.total_cmp(&value)) {
            Ok(known) => return Some(self.evidence[known].clone()),
            Err(place) => place,
        };
        let scenario = (self.question.at)(value)?;
        let proven = (self.question.proves)(&scenario);
        let has_proof = self.evidence.iter().any(|evidence| evidence.proven == Some(true));
        // What is proven is run for the eye alone.
        let most = if proven.is_some() || has_proof { SHOWN_MAX } else { self.question.requests_max };
        let most = most.min(self.question.requests_max);
        let cost = requests(&scenario) * f64::from(self.question.runs.0);
        if cost <= most && self.spent + cost > self.question.budget {
            self.is_cut = true;
        }
        let found = if cost <= most && !self.is_cut {
            self.replicate(&scenario, value, proven)
        } else {
            // Only a formula knows what it would take too long to run.
            Evidence {
                value,
                runs: 0,
                refused_runs: 0,
                found: None,
                sampled: None,
                proven: Some(proven?),
                is_unseen: false,
            }
        };
        self.over = self.settings.stop.load(Ordering::Relaxed);
        if self.over {
            return None;
        }
        self.evidence.insert(place, found.clone());
        Some(found)
    }

    /// Runs replications until the claim is decided, or there are as many as may be.
    fn replicate(&mut self, scenario: &Scenario, value: f64, proven: Option<bool>) -> Evidence {
        let question = self.question;
        let (least, most) = question.runs;
        let (mut wanted, mut experiment): (u32, Option<Experiment>) = (least, None);
        let level = self.level_of_looks();
        (question.grows)(least);
        let each = requests(scenario);
        self.spent += each * f64::from(least);
        loop {
            let more = on_threads(self.settings.jobs, || figures_more(scenario, self.settings, experiment, wanted));
            let evidence = self.evidence_of(scenario, value, &more, proven);
            // If ten times all that may be run saw as little, they would prove as little.
            let in_vain = evidence.is_unseen
                && evidence.runs >= u64::from(UNSEEN_RUNS)
                && (question.judge)(&proportion(0, 10 * u64::from(most), level)).is_none();
            let next = wanted.saturating_mul(2).min(most);
            let cost = each * f64::from(next - wanted);
            self.is_cut |= self.spent + cost > question.budget && evidence.sampled.is_none() && proven.is_none();
            let too_long = each * f64::from(next) > question.requests_max || self.is_cut;
            // A sample need not decide what is proven; it is evidence, not more.
            let is_over = wanted >= most || too_long || self.settings.stop.load(Ordering::Relaxed);
            if evidence.sampled.is_some() || in_vain || proven.is_some() || is_over {
                return evidence;
            }
            (question.grows)(next - wanted);
            self.spent += cost;
            (wanted, experiment) = (next, Some(more));
        }
    }

    /// The level at which each look is judged, so that all looks at the values near the limit together keep that of the
    /// question (Bonferroni): whoever looks often enough sees anything once.
    fn level_of_looks(&self) -> f64 {
        let (least, most) = self.question.runs;
        let looks = 1 + (most.div_ceil(least.max(1))).next_power_of_two().trailing_zeros();
        1.0 - (1.0 - self.question.confidence) / f64::from(NEAR * looks)
    }

    fn evidence_of(&self, scenario: &Scenario, value: f64, experiment: &Experiment, proven: Option<bool>) -> Evidence {
        let question = self.question;
        let offered = OfferedLoad::of(scenario, experiment);
        let at_level = |level| estimate(experiment, &offered, question.scope, question.metric, level);
        let found = at_level(question.confidence);
        let refused_runs = experiment.of_scope(question.scope).filter(|measures| measures.refused > 0).count() as u64;
        let level = self.level_of_looks();
        let runs = experiment.outcomes.len() as u64;
        let has_any = |measures: &&Measures| question.metric.value(measures).is_some_and(|value| value > 0.0);
        let hits = experiment.of_scope(question.scope).filter(has_any).count() as u64;
        let judged = match question.metric.method {
            // A level that holds however rare it is: Wilson's interval takes one of 20 for more than it is.
            Method::Share(_) => Some(clopper_pearson(hits, runs, level)),
            _ => at_level(level),
        };
        let judged = judged.map(|found| match question.metric.method {
            // A handful of runs that have any tell that there are such runs, and hardly how many.
            Method::Ratio(..) if hits < FEW_RUNS => {
                let each = found.estimate * runs as f64 / hits.max(1) as f64;
                let least = clopper_pearson(hits, runs, level).low.unwrap_or(0.0) * each;
                Interval { low: found.low.map(|low| low.min(least)), ..found }
            }
            _ => found,
        });
        let sampled = judged.as_ref().and_then(|found| (question.judge)(found));
        // Of other figures no refusal says nothing.
        let is_share = matches!(question.metric.method, Method::Share(_) | Method::Ratio(..));
        let is_unseen = is_share && refused_runs == 0 && sampled.is_none();
        Evidence { value, runs, refused_runs, found, sampled, proven, is_unseen }
    }

    fn finish(self) -> Solution {
        let answer = self.hardest(|evidence| evidence.holds() == Some(true));
        let unseen = self.hardest(Evidence::seems_to_hold).filter(|unseen| Some(*unseen) != answer);
        let beyond =
            answer.or(unseen).and_then(|value| self.nearest_beyond(value, |evidence| evidence.holds() == Some(false)));
        let place = |value: f64| self.evidence.iter().position(|evidence| evidence.value.total_cmp(&value).is_eq());
        Solution {
            answer: answer.and_then(place),
            beyond: beyond.and_then(place),
            unseen: unseen.and_then(place),
            step: self.step,
            interrupted: self.over,
            spent: self.spent,
            is_cut: self.is_cut,
            evidence: self.evidence,
        }
    }
}
