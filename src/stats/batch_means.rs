//! Batch means: the interval of a figure of one long series, from batches of it in place of independent runs.
//!
//! A. Law, Simulation Modeling and Analysis, 9.5.3: batches that are much longer than what ties neighbours together have
//! means that are nearly independent. A lag-1 correlation that chance does not explain says that they are not long enough.

use super::interval::{Interval, mean_interval};
use crate::numeric;

/// How many batches are made: more would be shorter for hardly a narrower interval (Law: 10 to 40; Student's quantile is
/// 2.09 for 20, 2.05 for 30, 1.96 for any number).
const COUNT: std::ops::RangeInclusive<f64> = 20.0..=30.0;
/// How many cycles each batch has at least: what is tied together over a cycle then matters at its ends alone.
const CYCLES: f64 = 20.0;

/// The most batches there are.
pub const COUNT_MAX: f64 = *COUNT.end();
/// The fewest cycles that are enough for batches.
pub const CYCLES_MIN: f64 = *COUNT.start() * CYCLES;

/// Into how many batches a series of so many cycles is cut, a cycle being the time that ties neighbours together; `None`
/// when it is too short.
pub fn count(cycles: f64) -> Option<u32> {
    // What was made to be just long enough must not fail by a rounding.
    let most = (cycles / CYCLES * (1.0 + 1e-12)).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 to 30")]
    (most >= *COUNT.start()).then(|| most.min(*COUNT.end()) as u32)
}

/// The interval of `whole`, a figure of the whole series, by the figures of its batches: as wide for its size as Student's
/// interval is for that of their mean. A total is as many times that of a batch as there are batches; a mean is theirs.
///
/// `None` when there are fewer than two, or when they have a mean of zero and `whole` is another.
///
/// # Panics
///
/// When `confidence` is not strictly between 0 and 1.
pub fn interval(whole: f64, batches: &[f64], confidence: f64) -> Option<Interval> {
    let mean = mean_interval(batches, confidence)?;
    let half_width = mean.high? - mean.estimate;
    let times = if whole.total_cmp(&mean.estimate).is_eq() { 1.0 } else { (whole / mean.estimate).abs() };
    times.is_finite().then(|| Interval::around(whole, times * half_width))
}

/// Is each value like the one before it, more than chance explains? Of independent values the lag-1 correlation is about
/// normal with mean -1/n and variance 1/n; the share `false_alarms` of such series are taken for correlated ones.
pub fn are_correlated(values: &[f64], false_alarms: f64) -> bool {
    let count = values.len() as f64;
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / count;
    let squares = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    if squares <= 0.0 {
        return false;
    }
    let products = values.windows(2).fold(0.0, |sum, pair| sum + (pair[0] - mean) * (pair[1] - mean));
    products / squares > numeric::normal_quantile(1.0 - false_alarms) / count.sqrt() - 1.0 / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_20_to_30_batches_of_20_cycles_at_least() {
        let counts = [399.9, 400.0, 419.0, 420.0, 599.0, 600.0, 1e9, f64::INFINITY].map(count);
        assert_eq!(counts, [None, Some(20), Some(20), Some(21), Some(29), Some(30), Some(30), Some(30)]);
        assert_eq!([count(0.0), count(f64::NAN)], [None, None]);
    }

    #[test]
    fn totals_and_means_get_the_same_relative_width() {
        // Mean 2, s^2 = 2/3, t(0.975, 3) = 3.18245: half the interval is 3.18245 sqrt(1/6).
        let batches = [1.0, 2.0, 3.0, 2.0];
        let half_width = 3.182_446_305_284_263 * (1.0_f64 / 6.0).sqrt();
        for (whole, times) in [(2.0, 1.0), (8.0, 4.0)] {
            let found = interval(whole, &batches, 0.95).unwrap();
            assert!((found.estimate - whole).abs() < 1e-15);
            assert!((found.high.unwrap() - whole - times * half_width).abs() < 1e-9);
            assert!((whole - found.low.unwrap() - times * half_width).abs() < 1e-9);
        }
        let none = interval(0.0, &[0.0; 20], 0.95).unwrap();
        assert_eq!((none.low, none.high), (Some(0.0), Some(0.0)));
        assert_eq!([interval(1.0, &[], 0.95), interval(1.0, &[1.0], 0.95), interval(1.0, &[0.0; 20], 0.95)], [None; 3]);
    }

    /// The share of 400 series, in which `keep` of the last value is in the next, that are found correlated.
    fn found(keep: f64) -> f64 {
        // Knuth's linear congruential generator: its upper bits are good enough here.
        let mut state = 5_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as f64 / f64::from(u32::MAX) - 0.5
        };
        let hits = (0..400).filter(|_| {
            let mut last = 0.0;
            let values: Vec<f64> = (0..25)
                .map(|_| {
                    last = keep * last + uniform();
                    last
                })
                .collect();
            are_correlated(&values, 0.05)
        });
        hits.count() as f64 / 400.0
    }

    #[test]
    fn independent_batches_pass_and_correlated_ones_do_not() {
        assert!((0.02..0.08).contains(&found(0.0)), "{}", found(0.0));
        assert!(found(0.8) > 0.9, "{}", found(0.8));
        assert!(!are_correlated(&[3.0; 25], 0.05));
    }
}
