//! As many replications as a figure needs: more of them until its interval is narrow enough, or until a cap.
//!
//! Sequential stopping on relative precision (A. Law, Simulation Modeling and Analysis, 9.4.1): half the interval over the
//! estimate is to be at most g / (1 + g), so that the error is at most the share g of the true value. Stopping on the
//! data that is judged covers a little less than it says.

use super::estimate::{OfferedLoad, estimate};
use super::replicate::{Experiment, Settings, replicate_more};
use crate::metrics::Metric;
use crate::scenario::Scenario;
use crate::stats::Interval;
use std::sync::atomic::Ordering;

/// The fewest replications that a stop is judged by (Law: at least ten).
pub const RUNS_MIN: u32 = 10;

/// When there are enough replications.
#[derive(Clone, Copy)]
pub struct Goal<'g> {
    /// The figure, of everything.
    pub metric: &'static Metric,
    /// The share of the true value that the error may be: strictly between 0 and 1.
    pub share: f64,
    /// The level of its interval.
    pub confidence: f64,
    /// No more replications than this.
    pub most: u32,
    /// Told how many there are to be next, before they are run.
    pub grows: &'g (dyn Fn(u32) + Sync),
}

impl std::fmt::Debug for Goal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Goal").field("metric", &self.metric.name).field("share", &self.share).finish_non_exhaustive()
    }
}

/// Half an interval as a share of its estimate; infinite where there is none.
pub fn relative_half_width(found: Option<Interval>) -> f64 {
    let width = found.and_then(|found| Some(0.5 * (found.high? - found.low?) / found.estimate.abs()));
    width.filter(|width| !width.is_nan()).unwrap_or(f64::INFINITY)
}

/// Is an interval with such a half width narrow enough for the error to be at most `share`?
pub fn is_precise(relative_half_width: f64, share: f64) -> bool {
    relative_half_width <= share / (1.0 + share)
}

/// Runs replications of `scenario`, at least as many as it asks for and [`RUNS_MIN`], until the goal is reached; after a
/// stop those that were whole by then.
///
/// # Panics
///
/// As [`replicate`](super::replicate()), and when the goal is out of its domain.
pub fn replicate_until(scenario: &Scenario, settings: &Settings<'_>, goal: &Goal<'_>) -> Experiment {
    assert!(goal.share > 0.0 && goal.share < 1.0, "a share lies strictly between 0 and 1");
    let mut wanted = scenario.run.replications.max(RUNS_MIN).min(goal.most);
    (goal.grows)(wanted);
    let mut experiment = replicate_more(scenario, settings, None, wanted);
    let offered = OfferedLoad::of(scenario, &experiment);
    loop {
        let width = relative_half_width(estimate(&experiment, &offered, 0, goal.metric, goal.confidence));
        if is_precise(width, goal.share) || wanted >= goal.most || settings.stop.load(Ordering::Relaxed) {
            return experiment;
        }
        wanted = next(wanted, width * (1.0 + goal.share) / goal.share).min(goal.most);
        (goal.grows)(wanted);
        experiment = replicate_more(scenario, settings, Some(experiment), wanted);
    }
}

/// How many replications there are to be next when the interval is so many times too wide: as the square of that, yet
/// never more than twice as many, since the width is a guess itself.
fn next(now: u32, too_wide: f64) -> u32 {
    let needed = f64::from(now) * (too_wide * too_wide).clamp(1.05, 2.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most twice a 32-bit number; saturates"
    )]
    let needed = needed.ceil() as u32;
    needed.max(now.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_the_share_of_the_true_value() {
        // 5 % of the true value is 4.76 % of the estimate (Law, (9.5)).
        assert!(is_precise(0.0476, 0.05) && !is_precise(0.0477, 0.05));
        let found = |estimate, low, high| Some(Interval { estimate, low: Some(low), high: Some(high) });
        assert!((relative_half_width(found(2.0, 1.5, 2.5)) - 0.25).abs() < 1e-12);
        let unknown = [found(0.0, 0.0, 0.0), None, Some(Interval::point(1.0))];
        assert!(unknown.into_iter().all(|found| relative_half_width(found).is_infinite()));
    }

    #[test]
    fn the_number_of_runs_grows_as_the_square_and_at_most_doubles() {
        assert_eq!([next(20, 1.2), next(20, 9.0), next(20, f64::INFINITY), next(20, 1.0)], [29, 40, 40, 21]);
        assert_eq!(next(1, 1.0), 2);
    }
}
