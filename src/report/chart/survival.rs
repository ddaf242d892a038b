//! The share of runs without a refusal so far, with its pointwise interval.
//!
//! All runs have the same length, so the Kaplan-Meier estimate is a plain share at every instant and Wilson's
//! interval holds for it; it stays sensible at one run and at a share of 1, where Greenwood's does not.

use crate::stats::interval::wilson;

/// When each run was first refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Survival {
    runs: usize,
    /// Sorted; as many as runs were refused.
    pub(super) times: Vec<f64>,
    confidence: f64,
}

/// From `time_s` on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) time_s: f64,
    pub(super) share: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Survival {
    /// From the first refusal of every run, `None` for never.
    pub(super) fn new(first_refusals: &[Option<f64>], confidence: f64) -> Self {
        let mut times: Vec<_> = first_refusals.iter().flatten().copied().collect();
        times.sort_by(f64::total_cmp);
        Self { runs: first_refusals.len(), times, confidence }
    }

    pub(super) fn runs(&self) -> usize {
        self.runs
    }

    /// The steps, the first at `start`; none without runs.
    pub(super) fn steps(&self, start: f64) -> Vec<Step> {
        if self.runs == 0 {
            return Vec::new();
        }
        let mut steps = vec![self.step(start, 0)];
        for (index, time) in self.times.iter().enumerate() {
            steps.push(self.step(*time, index + 1));
        }
        steps
    }

    fn step(&self, time_s: f64, refused: usize) -> Step {
        let found = wilson((self.runs - refused) as u64, self.runs as u64, self.confidence);
        let (low, high) = (found.low.unwrap_or(0.0), found.high.unwrap_or(1.0));
        Step { time_s, share: found.estimate, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_falls_by_one_run_at_a_time() {
        let survival = Survival::new(&[Some(3.0), None, Some(1.0), None], 0.95);
        let shares: Vec<_> = survival.steps(0.0).iter().map(|step| (step.time_s, step.share)).collect();
        assert_eq!(shares, [(0.0, 1.0), (1.0, 0.75), (3.0, 0.5)]);
        assert!(survival.steps(0.0).iter().all(|step| step.low <= step.share && step.share <= step.high + 1e-12));
    }
}
