//! Two settings under the same random numbers: the difference of their figures, run by run.
//!
//! What both runs of a pair share cancels, so a difference needs fewer runs than two separate figures. Source: A. Law,
//! Simulation Modeling and Analysis, 10.2.1 (paired t) and 11.2 (common random numbers).

use super::Interval;
use super::interval::mean_interval;
use crate::numeric::student_above;

/// How two settings differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// The second less the first, with Student's t interval over the pairs.
    pub difference: Interval,
    /// Pairs in which the second is higher, equal, lower.
    pub higher: u64,
    /// The same in both.
    pub equal: u64,
    /// The second is lower.
    pub lower: u64,
    /// How likely it is that the true difference has the other sign, judged by t: 0.5 when nothing differs.
    pub wrong: f64,
    /// So many times as many runs do independent streams need for an interval as narrow: the sum of both variances over
    /// the variance of the difference. `None` when there is no variance to compare.
    pub gain: Option<f64>,
}

/// Compares pairs of values.
///
/// `None` when there are fewer than two pairs.
///
/// # Panics
///
/// When the lengths differ or `confidence` is not strictly between 0 and 1.
pub fn paired(first: &[f64], second: &[f64], confidence: f64) -> Option<Paired> {
    assert_eq!(first.len(), second.len(), "pairs");
    if first.len() < 2 {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| less(*second, *first)).collect();
    let mut difference = mean_interval(&differences, confidence)?;
    // Sums of many small errors: no more than those of both means.
    let scale = mean(first).abs().max(mean(second).abs());
    if difference.estimate.abs() <= NOISE * scale {
        difference.estimate = 0.0;
    }
    let (higher, equal, lower) = signs(first.iter().zip(second).map(|(first, second)| (*first, *second)));
    let spread = variance(&differences);
    let error = (spread / differences.len() as f64).sqrt();
    // Where nothing differs there is no sign; where every pair differs alike there is no doubt.
    let ratio = difference.estimate.abs() / error;
    let wrong = if ratio.is_nan() { 0.5 } else { student_above(differences.len() as f64 - 1.0, ratio) };
    let gain = (spread > 0.0).then(|| (variance(first) + variance(second)) / spread);
    Some(Paired { difference, higher, equal, lower, wrong, gain })
}

/// Pairs of which the second value is higher, equal, lower.
pub fn signs(pairs: impl Iterator<Item = (f64, f64)>) -> (u64, u64, u64) {
    pairs.fold((0, 0, 0), |(higher, equal, lower), (first, second)| match less(second, first) {
        more if more > 0.0 => (higher + 1, equal, lower),
        fewer if fewer < 0.0 => (higher, equal, lower + 1),
        _ => (higher, equal + 1, lower),
    })
}

/// Differences of so small a share of a figure come from rounding alone.
const NOISE: f64 = 1e-12;

/// `value` less `other`: zero where that is the noise of floating-point numbers.
fn less(value: f64, other: f64) -> f64 {
    let difference = value - other;
    if difference.abs() <= NOISE * value.abs().max(other.abs()) { 0.0 } else { difference }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// The variance of at least two values, as an unbiased estimate.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean)) / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_that_of_the_pairs() {
        // Differences 1, 2, 3: mean 2, s = 1, error 1 / sqrt 3, t(2, 0.975) = 4.302 652 729 749 462.
        let found = paired(&[10.0, 20.0, 30.0], &[11.0, 22.0, 33.0], 0.95).unwrap();
        let half = 4.302_652_729_749_462 / 3.0_f64.sqrt();
        assert!((found.difference.estimate - 2.0).abs() < 1e-12);
        assert!((found.difference.low.unwrap() - (2.0 - half)).abs() < 1e-9, "{found:?}");
        assert_eq!((found.higher, found.equal, found.lower), (3, 0, 0));
        // t = 2 sqrt 3 with 2 degrees of freedom: 1/2 - t / (2 sqrt(2 + t^2)).
        let t = 2.0 * 3.0_f64.sqrt();
        assert!((found.wrong - (0.5 - t / (2.0 * (2.0 + t * t).sqrt()))).abs() < 1e-12, "{found:?}");
        // (100 + 121) / 1.
        assert!((found.gain.unwrap() - 221.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_difference_nothing_is_known_and_with_a_constant_one_all_is() {
        let none = paired(&[1.0, 2.0], &[1.0, 2.0], 0.95).unwrap();
        assert_eq!((none.wrong, none.equal, none.gain), (0.5, 2, None));
        let sure = paired(&[1.0, 2.0], &[0.0, 1.0], 0.95).unwrap();
        assert_eq!((sure.wrong, sure.lower), (0.0, 2));
        assert_eq!(paired(&[1.0], &[1.0], 0.95), None);
    }

    #[test]
    fn the_noise_of_floating_point_numbers_is_no_difference() {
        let one = 1.0 + 1e-14;
        assert_eq!(signs([(1.0, one), (0.0, 0.0), (one, 1.0), (0.0, 1e-14), (1.0, 2.0)].into_iter()), (2, 3, 0));
        let none = paired(&[1.0, 3.0], &[one, 3.0], 0.95).unwrap();
        assert_eq!((none.difference.estimate, none.equal, none.wrong), (0.0, 2, 0.5));
        // Pairs that differ, whose sum is but noise.
        let even = paired(&[1.0, 3.0], &[3.0, 1.0 + 1e-14], 0.95).unwrap();
        assert_eq!((even.difference.estimate, even.higher, even.lower, even.wrong), (0.0, 1, 1, 0.5));
    }
}
