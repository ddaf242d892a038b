//! One long run cut into batches: are they as good as independent runs?
//!
//! A. Law, Simulation Modeling and Analysis, 9.5.3: batches that are much longer than what correlates neighbours have means
//! that are nearly independent. A lag-1 correlation that chance does not explain says that they are not long enough.

use crate::numeric;

/// The share of independent series that are taken for correlated ones.
const FALSE_ALARMS: f64 = 0.05;

/// Is each value like the one before it, more than chance explains? Of independent values the lag-1 correlation is about
/// normal with mean -1/n and variance 1/n.
pub fn are_correlated(values: &[f64]) -> bool {
    let count = values.len() as f64;
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / count;
    let squares = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    if squares <= 0.0 {
        return false;
    }
    let products = values.windows(2).fold(0.0, |sum, pair| sum + (pair[0] - mean) * (pair[1] - mean));
    products / squares > numeric::normal_quantile(1.0 - FALSE_ALARMS) / count.sqrt() - 1.0 / count
}

#[cfg(test)]
mod tests {
    use super::*;

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
            are_correlated(&values)
        });
        hits.count() as f64 / 400.0
    }

    #[test]
    fn independent_batches_pass_and_correlated_ones_do_not() {
        assert!((0.02..0.08).contains(&found(0.0)), "{}", found(0.0));
        assert!(found(0.8) > 0.9, "{}", found(0.8));
        assert!(!are_correlated(&[3.0; 25]));
    }
}
