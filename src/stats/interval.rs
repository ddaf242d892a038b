//! Estimates with confidence intervals.
//!
//! `confidence` is a share, strictly between 0 and 1 (0.95); intervals are two-sided unless said otherwise. Sources:
//! A. Law, Simulation Modeling and Analysis, chapters 4 and 9; Brown and others, Statistical Science 16 (2001).

use crate::numeric::{self, BetaShape};

/// An estimate and the ends of its interval; an end that can't be had is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure itself.
    pub estimate: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Interval {
    /// A figure without an interval.
    pub const fn point(estimate: f64) -> Self {
        Self { estimate, low: None, high: None }
    }

    /// `estimate` with `half_width` to either side.
    pub(super) fn around(estimate: f64, half_width: f64) -> Self {
        Self { estimate, low: Some(estimate - half_width), high: Some(estimate + half_width) }
    }
}

/// The probability left in each tail.
fn tail(confidence: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "a confidence lies strictly between 0 and 1");
    0.5 * (1.0 - confidence)
}

/// Student's t quantile for an interval from `count` values.
fn student(count: usize, confidence: f64) -> f64 {
    numeric::student_quantile(count as f64 - 1.0, 1.0 - tail(confidence))
}

/// The mean of independent values, with Student's t interval: mean +- t s / sqrt n. One value has no interval, none
/// has no mean.
///
/// # Panics
///
/// When `confidence` is not strictly between 0 and 1.
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let half_tail = tail(confidence);
    debug_assert!(half_tail > 0.0);
    if values.is_empty() {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / count;
    if values.len() == 1 {
        return Some(Interval::point(mean));
    }
    let squares = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    let error = (squares / (count - 1.0) / count).sqrt();
    Some(Interval::around(mean, student(values.len(), confidence) * error))
}

/// The ratio of sums, sum X / sum Y, over independent pairs (X, Y), as refusals and attempts of each run. The variance
/// is linearised: s^2 of X - q Y, over n times the square of the mean Y; Student's t with n - 1 degrees of freedom.
///
/// `None` when the denominators sum to zero. One pair has no interval.
///
/// # Panics
///
/// When the lengths differ or `confidence` is not strictly between 0 and 1.
pub fn ratio_interval(numerators: &[f64], denominators: &[f64], confidence: f64) -> Option<Interval> {
    assert_eq!(numerators.len(), denominators.len(), "pairs");
    assert!(tail(confidence) > 0.0);
    let above = numerators.iter().fold(0.0, |sum, value| sum + value);
    let below = denominators.iter().fold(0.0, |sum, value| sum + value);
    if below.abs() <= 0.0 {
        return None;
    }
    let ratio = above / below;
    if numerators.len() == 1 {
        return Some(Interval::point(ratio));
    }
    let squares = numerators.iter().zip(denominators).fold(0.0, |sum, (numerator, denominator)| {
        let residual = numerator - ratio * denominator;
        sum + residual * residual
    });
    let count = numerators.len() as f64;
    let error = (squares / (count - 1.0) * count).sqrt() / below.abs();
    Some(Interval::around(ratio, student(numerators.len(), confidence) * error))
}

/// [`ratio_interval`] of a share, at least 0 and at most 1, that may be rare: few runs with any of it make the linear
/// interval too short on the far side, and none of length zero.
///
/// Each end is the further one of the linear interval's and of the one on the scale of log odds. A share of which there
/// was nothing in any pair is at most the share of pairs that have any, [`zero_of`]; likewise where there was nothing
/// else. How often either covers, the test `a_rare_share_is_covered` shows.
///
/// # Panics
///
/// As [`ratio_interval`].
pub fn share_interval(parts: &[f64], wholes: &[f64], confidence: f64) -> Option<Interval> {
    let linear = ratio_interval(parts, wholes, confidence)?;
    let share = linear.estimate;
    if share <= 0.0 || share >= 1.0 {
        let missed = zero_of(parts.len() as u64, confidence);
        let (low, high) = if share <= 0.0 { (0.0, missed) } else { (1.0 - missed, 1.0) };
        return Some(Interval { estimate: share, low: Some(low), high: Some(high) });
    }
    let Some(high) = linear.high else { return Some(linear) };
    // d log odds = dq / (q (1 - q)); far beyond what a double's exponent holds nothing changes.
    let width = ((high - share) / (share * (1.0 - share))).min(600.0);
    let with_odds = |factor: f64| share * factor / (1.0 - share + share * factor);
    let (low, high) = (with_odds(numeric::exp(-width)), with_odds(numeric::exp(width)));
    let further = |linear: Option<f64>, other: f64, of: fn(f64, f64) -> f64| linear.map(|linear| of(linear, other));
    let ends = (further(linear.low, low, f64::min), further(linear.high, high, f64::max));
    Some(Interval { estimate: share, low: ends.0.map(|low| low.max(0.0)), high: ends.1.map(|high| high.min(1.0)) })
}

fn check(successes: u64, trials: u64) {
    assert!(trials > 0 && successes <= trials, "at least one trial, and no more successes than trials");
}

/// A probability from `successes` in `trials`, with Wilson's score interval (E. B. Wilson, JASA 22, 1927).
///
/// # Panics
///
/// When there is no trial, more successes than trials, or `confidence` is not strictly between 0 and 1.
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Interval {
    check(successes, trials);
    let z = numeric::normal_quantile(1.0 - tail(confidence));
    let (hits, count) = (successes as f64, trials as f64);
    let misses = (trials - successes) as f64;
    let square = z * z;
    let centre = (hits + 0.5 * square) / (count + square);
    let half_width = z * (hits * misses / count + 0.25 * square).sqrt() / (count + square);
    // The ends are exact where theory says 0 and 1, not off by a rounding.
    let low = if successes == 0 { 0.0 } else { centre - half_width };
    let high = if successes == trials { 1.0 } else { centre + half_width };
    Interval { estimate: hits / count, low: Some(low), high: Some(high) }
}

/// The one-sided upper bound of a probability that was hit in none of `trials`: 1 - (1 - confidence)^(1/trials), about
/// 3/trials at 0.95 (Hanley and Lippman-Hand, JAMA 249, 1983).
///
/// # Panics
///
/// When there is no trial or `confidence` is not strictly between 0 and 1.
pub fn zero_of(trials: u64, confidence: f64) -> f64 {
    check(0, trials);
    -numeric::exp_m1(numeric::ln(2.0 * tail(confidence)) / trials as f64)
}

/// The interval the summary prints for a probability: Wilson's, but for no success [0, [`zero_of`]], and for nothing
/// but successes its mirror image, so that all of 20 is as far from 1 as none of 20 is from 0.
///
/// # Panics
///
/// As [`wilson`].
pub fn proportion(successes: u64, trials: u64, confidence: f64) -> Interval {
    check(successes, trials);
    if successes == 0 {
        Interval { estimate: 0.0, low: Some(0.0), high: Some(zero_of(trials, confidence)) }
    } else if successes == trials {
        Interval { estimate: 1.0, low: Some(1.0 - zero_of(trials, confidence)), high: Some(1.0) }
    } else {
        wilson(successes, trials, confidence)
    }
}

/// A probability from `successes` in `trials`, with the conservative interval of Clopper and Pearson (Biometrika 26,
/// 1934): beta quantiles.
///
/// # Panics
///
/// When there is no trial, more successes than trials, or `confidence` is not strictly between 0 and 1.
pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> Interval {
    check(successes, trials);
    let (hits, misses) = (successes as f64, (trials - successes) as f64);
    let each = tail(confidence);
    let low = if successes == 0 { 0.0 } else { numeric::beta_quantile(BetaShape { a: hits, b: misses + 1.0 }, each) };
    let high = if successes == trials {
        1.0
    } else {
        numeric::beta_quantile(BetaShape { a: hits + 1.0, b: misses }, 1.0 - each)
    };
    Interval { estimate: hits / trials as f64, low: Some(low), high: Some(high) }
}

/// The median of independent values of which some are `None`, "never", later than all others; with the interval
/// between two order statistics whose binomial coverage is at least `confidence` (David and Nagaraja, Order
/// Statistics, 7.1).
///
/// The estimate is the least value that at least half of all values do not exceed; `None` when fewer than half are
/// present. An end that is "never", or that so few values do not give, is `None`.
///
/// # Panics
///
/// When `confidence` is not strictly between 0 and 1, or a value is NaN.
pub fn median_interval(values: &[Option<f64>], confidence: f64) -> Option<Interval> {
    let each = tail(confidence);
    let mut present: Vec<f64> = values.iter().flatten().copied().collect();
    assert!(present.iter().all(|value| !value.is_nan()), "a NaN has no rank");
    present.sort_unstable_by(f64::total_cmp);
    let count = values.len();
    let estimate = *present.get(count.checked_sub(1)? / 2)?;
    // x_(rank) and x_(count + 1 - rank) for the largest rank with P(Binomial(count, 1/2) < rank) <= each.
    let half_binomial_cdf = |k: usize| numeric::beta_cdf(BetaShape { a: (count - k) as f64, b: k as f64 + 1.0 }, 0.5);
    let rank = (0..count.div_ceil(2)).take_while(|k| half_binomial_cdf(*k) <= each).count();
    if rank == 0 {
        return Some(Interval::point(estimate));
    }
    Some(Interval { estimate, low: present.get(rank - 1).copied(), high: present.get(count - rank).copied() })
}

#[cfg(test)]
mod tests {
    use super::*;

    // By mpmath, 30 digits.
    const WILSON_3_OF_20: [f64; 3] = [0.15, 0.052_368_745_896_216_6, 0.360_418_864_740_756_96];
    const CLOPPER_PEARSON_3_OF_20: [f64; 3] = [0.15, 0.032_070_937_185_463_71, 0.378_926_826_545_313_96];

    fn close(interval: Interval, expected: [f64; 3]) {
        let ours = [interval.estimate, interval.low.unwrap(), interval.high.unwrap()];
        for (ours, expected) in ours.into_iter().zip(expected) {
            assert!((ours - expected).abs() <= 1e-12, "{interval:?} {expected}");
        }
    }

    #[test]
    fn a_mean_has_students_interval() {
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        close(interval, [3.0, 1.036_756_838_522_442_4, 4.963_243_161_477_558]);
        assert_eq!(mean_interval(&[2.5], 0.95), Some(Interval::point(2.5)));
        assert_eq!(mean_interval(&[], 0.95), None);
    }

    /// Experiments of 20 pairs, of which about `any` in 100 have some of the part, and then one to five in a hundred.
    fn covered(any: u64, of: fn(&[f64], &[f64], f64) -> Option<Interval>) -> f64 {
        let mut state = 60_327_u64;
        // Knuth's linear congruential generator: its upper bits are good enough here.
        let mut below = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        let truth = any as f64 / 100.0 * 0.03;
        let hits = (0..1_000).filter(|_| {
            let mut part = |_| if below(100) < any { below(5) as f64 + 1.0 } else { 0.0 };
            let parts: Vec<f64> = (0..20).map(&mut part).collect();
            let found = of(&parts, &[100.0; 20], 0.95).unwrap();
            found.low.unwrap() <= truth && truth <= found.high.unwrap()
        });
        hits.count() as f64 / 1_000.0
    }

    #[test]
    fn a_rare_share_is_covered() {
        for any in [2, 5, 10, 20, 50, 100] {
            let (rare, linear) = (covered(any, share_interval), covered(any, ratio_interval));
            assert!(rare >= 0.93 && rare >= linear, "{any}: {rare}, linear {linear}");
        }
        assert!(covered(5, ratio_interval) < 0.7, "which is why there is another one");
        let nothing = share_interval(&[0.0; 20], &[7.0; 20], 0.95).unwrap();
        assert_eq!((nothing.low, nothing.high), (Some(0.0), Some(zero_of(20, 0.95))));
        let all = share_interval(&[7.0; 20], &[7.0; 20], 0.95).unwrap();
        assert_eq!((all.low, all.high), (Some(1.0 - zero_of(20, 0.95)), Some(1.0)));
        let even = share_interval(&[2.0, 4.0], &[4.0, 8.0], 0.95).unwrap();
        close(even, [0.5; 3]);
        assert_eq!(share_interval(&[1.0], &[4.0], 0.95), Some(Interval::point(0.25)), "one pair scatters in no way");
        assert_eq!(share_interval(&[0.0], &[0.0], 0.95), None);
    }

    #[test]
    fn a_ratio_is_that_of_the_sums() {
        let interval = ratio_interval(&[1.0, 2.0, 6.0], &[10.0, 20.0, 30.0], 0.95).unwrap();
        // q = 0.15; residuals -0.5, -1, 1.5; s^2 = 1.75; error = sqrt(1.75/3)/20.
        close(interval, [0.15, -0.014_310_265_193_210_683, 0.314_310_265_193_210_7]);
        assert_eq!(ratio_interval(&[0.0, 0.0], &[0.0, 0.0], 0.95), None);
        assert_eq!(ratio_interval(&[1.0], &[4.0], 0.95), Some(Interval::point(0.25)));
        let constant = ratio_interval(&[1.0, 2.0], &[4.0, 8.0], 0.95).unwrap();
        close(constant, [0.25, 0.25, 0.25]);
    }

    #[test]
    fn probabilities_have_known_intervals() {
        close(wilson(3, 20, 0.95), WILSON_3_OF_20);
        close(wilson(0, 20, 0.95), [0.0, 0.0, 0.161_125_158_052_819_6]);
        close(wilson(20, 20, 0.95), [1.0, 0.838_874_841_947_180_4, 1.0]);
        close(clopper_pearson(3, 20, 0.95), CLOPPER_PEARSON_3_OF_20);
        close(clopper_pearson(0, 20, 0.95), [0.0, 0.0, 0.168_433_470_983_085_67]);
        close(clopper_pearson(20, 20, 0.95), [1.0, 0.831_566_529_016_914_3, 1.0]);
    }

    #[test]
    fn none_of_twenty_is_less_than_three_in_twenty() {
        assert!((zero_of(20, 0.95) - 0.139_108_340_668_265_22).abs() < 1e-15);
        close(proportion(0, 20, 0.95), [0.0, 0.0, zero_of(20, 0.95)]);
        close(proportion(20, 20, 0.95), [1.0, 1.0 - zero_of(20, 0.95), 1.0]);
        assert_eq!(proportion(3, 20, 0.95), wilson(3, 20, 0.95));
    }

    /// The probability that the interval holds `p`, summed over all outcomes of `trials`.
    fn coverage(interval: impl Fn(u64, u64, f64) -> Interval, trials: u64, p: f64) -> f64 {
        let mut chance = numeric::pow(1.0 - p, trials as f64);
        let mut covered = 0.0;
        for successes in 0..=trials {
            let found = interval(successes, trials, 0.95);
            if found.low.unwrap() <= p && p <= found.high.unwrap() {
                covered += chance;
            }
            chance *= (trials - successes) as f64 / (successes + 1) as f64 * p / (1.0 - p);
        }
        covered
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        for percent in 1..100 {
            let p = f64::from(percent) / 100.0;
            assert!(coverage(clopper_pearson, 40, p) >= 0.95, "{p}");
            assert!(coverage(wilson, 40, p) > 0.83, "{p}");
        }
        let average = (1..100).map(|percent| coverage(wilson, 40, f64::from(percent) / 100.0)).sum::<f64>() / 99.0;
        assert!((average - 0.95).abs() < 0.01, "{average}");
    }

    #[test]
    fn a_median_lies_between_order_statistics() {
        let ten: Vec<Option<f64>> = (1..=10).rev().map(|value| Some(f64::from(value))).collect();
        // Ranks 2 and 9 of 10 cover 97.9 %.
        close(median_interval(&ten, 0.95).unwrap(), [5.0, 2.0, 9.0]);
        let twenty: Vec<Option<f64>> = (1..=20).map(|value| Some(f64::from(value))).collect();
        close(median_interval(&twenty, 0.95).unwrap(), [10.0, 6.0, 15.0]);
        let five = &ten[..5];
        assert_eq!(median_interval(five, 0.95), Some(Interval::point(8.0)));
    }

    #[test]
    fn never_sorts_last() {
        let mut ten: Vec<Option<f64>> = (1..=10).map(|value| Some(f64::from(value))).collect();
        ten[7..].fill(None);
        let interval = median_interval(&ten, 0.95).unwrap();
        assert_eq!((interval.estimate, interval.low, interval.high), (5.0, Some(2.0), None));
        ten[4..].fill(None);
        assert_eq!(median_interval(&ten, 0.95), None);
        assert_eq!(median_interval(&[], 0.95), None);
    }

    #[test]
    #[should_panic(expected = "no more successes than trials")]
    fn successes_are_trials() {
        wilson(3, 2, 0.95);
    }
}
