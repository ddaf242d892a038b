//! `--rare`: how rare refusals are that the runs hardly met.

use super::super::cost;
use super::Run;
use crate::experiment::splitting::Effort;
use crate::experiment::{Experiment, split};
use crate::forecast::{Forecast, TARGET_RISK};
use crate::metrics::Measures;
use crate::report::rare::{COUNTED_ENOUGH, Rare};
use crate::scenario::Scenario;
use crate::scenario::words::{about, about_seconds};
use std::sync::atomic::AtomicBool;

/// How precise an estimate is to be: its standard error as a share of it.
const RELATIVE_ERROR: f64 = 0.1;
/// What it may cost, in attempts: ten seconds or so, or a few times what the runs themselves did.
const WORK_MAX: u64 = 100_000_000;
const TIMES: u64 = 4;

impl Run {
    /// An estimate by the best means there is, if one is asked for and too few refusals were counted; none after a stop.
    /// What it may cost is said before.
    pub(super) fn rare(
        &self,
        scenario: &Scenario,
        experiment: &Experiment,
        stop: &AtomicBool,
        say: &mut dyn FnMut(&str),
    ) -> Option<Rare> {
        let total = |of: fn(&Measures) -> u64| experiment.of_scope(0).map(of).sum::<u64>();
        if !self.rare || total(|measures| measures.refused) >= COUNTED_ENOUGH {
            return None;
        }
        let forecast = Forecast::of(scenario, TARGET_RISK).ok();
        if let Some(known) = forecast.as_ref().and_then(Rare::by_formula) {
            return Some(known);
        }
        let work_max = WORK_MAX.max(TIMES * total(Measures::attempts));
        if !self.running.quiet {
            let seconds = cost::seconds_on(cost::seconds_for(work_max as f64), self.running.jobs());
            let (connects, seconds) = (about(work_max as f64), about_seconds(seconds));
            say(&format!(
                "note: too few refusals to count; splitting looks for them: {connects} connects at most, about {seconds}; \
                 Ctrl-C ends it"
            ));
        }
        let effort = Effort { relative_error: RELATIVE_ERROR, work_max, confidence: self.running.confidence };
        let found = split(scenario, &effort, self.running.jobs(), stop).ok().map(Rare::Splitting)?;
        Some(match &forecast {
            Some(forecast) => found.or_by_formula(forecast),
            None => found,
        })
    }
}
