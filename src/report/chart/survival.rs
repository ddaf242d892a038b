//! The share of runs without a refusal so far, with its pointwise interval.
//!
//! All runs have the same length, so the Kaplan-Meier estimate is a plain share at every instant and Wilson's
//! interval holds for it; it stays sensible at one run and at a share of 1, where Greenwood's does not.

/// When each run was first refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Survival {
    runs: usize,
    /// Sorted; as many as runs were refused.
    pub(super) times: Vec<f64>,
    z: f64,
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
        Self { runs: first_refusals.len(), times, z: two_sided_z(confidence) }
    }

    pub(super) fn runs(&self) -> usize {
        self.runs
    }

    /// The steps, the first at `start`.
    pub(super) fn steps(&self, start: f64) -> Vec<Step> {
        let mut steps = vec![self.step(start, 0)];
        for (index, time) in self.times.iter().enumerate() {
            steps.push(self.step(*time, index + 1));
        }
        steps
    }

    fn step(&self, time_s: f64, refused: usize) -> Step {
        let (n, k) = (self.runs as f64, (self.runs - refused) as f64);
        let (low, high) = wilson(k, n, self.z);
        Step { time_s, share: k / n, low, high }
    }
}

/// Wilson's interval for a share of `k` in `n`.
fn wilson(k: f64, n: f64, z: f64) -> (f64, f64) {
    let centre = (k + z * z / 2.0) / (n + z * z);
    let half = z / (n + z * z) * (k * (n - k) / n + z * z / 4.0).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// The normal quantile that leaves `1 - confidence` outside, half on each side; by bisection, exact to the last bit.
fn two_sided_z(confidence: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if libm::erfc(middle / std::f64::consts::SQRT_2) > 1.0 - confidence { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        assert!((two_sided_z(0.95) - 1.959_963_984_540_054).abs() < 1e-12);
        let (low, high) = wilson(18.0, 20.0, 1.96);
        assert!((low - 0.699).abs() < 1e-3 && (high - 0.972).abs() < 1e-3);
    }

    #[test]
    fn the_share_falls_by_one_run_at_a_time() {
        let survival = Survival::new(&[Some(3.0), None, Some(1.0), None], 0.95);
        let shares: Vec<_> = survival.steps(0.0).iter().map(|step| (step.time_s, step.share)).collect();
        assert_eq!(shares, [(0.0, 1.0), (1.0, 0.75), (3.0, 0.5)]);
        assert!(survival.steps(0.0).iter().all(|step| step.low <= step.share && step.share <= step.high + 1e-12));
    }
}
