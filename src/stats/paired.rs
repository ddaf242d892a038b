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
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| second - first).collect();
    let difference = mean_interval(&differences, confidence)?;
    let count = |wanted: fn(f64) -> bool| differences.iter().filter(|value| wanted(**value)).count() as u64;
    let (higher, lower) = (count(|value| value > 0.0), count(|value| value < 0.0));
    let spread = variance(&differences);
    let error = (spread / differences.len() as f64).sqrt();
    // Where nothing differs there is no sign; where every pair differs alike there is no doubt.
    let ratio = difference.estimate.abs() / error;
    let wrong = if ratio.is_nan() { 0.5 } else { student_above(differences.len() as f64 - 1.0, ratio) };
    let gain = (spread > 0.0).then(|| (variance(first) + variance(second)) / spread);
    let equal = differences.len() as u64 - higher - lower;
    Some(Paired { difference, higher, equal, lower, wrong, gain })
}

/// The variance of at least two values, as an unbiased estimate.
fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / count;
    values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean)) / (count - 1.0)
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
}
