//! How long a start is unlike the rest: MSER-5.
//!
//! K. P. White, Simulation 69, 1997; K. P. White and S. Robinson, Journal of Simulation 4, 2010. Of all points to begin at,
//! the one that makes the standard error of the mean of what is left the least.

/// Values that are put together, as their mean.
const BATCH: usize = 5;
/// With fewer batches there is no telling.
const BATCHES_MIN: usize = 10;

/// How many of the first values to leave out, at most about half of them; `None` when they are too few to say.
pub fn truncation(values: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = values.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    let count = batches.len();
    if count < BATCHES_MIN {
        return None;
    }
    let total = batches.iter().sum::<f64>() / count as f64;
    // From the end on: how many, and the sums of their distances from a number near their mean, and of the squares.
    let (mut sum, mut squares, mut best) = (0.0, 0.0, (f64::INFINITY, 0));
    for (left, batch) in (1..).zip(batches.iter().rev()) {
        let off = batch - total;
        (sum, squares) = (sum + off, squares + off * off);
        let left = f64::from(left);
        let spread = (squares - sum * sum / left) / (left * left);
        // Beginning later needs a reason.
        if 2.0 * left >= count as f64 && spread <= best.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of batches")]
            let cut = count - left as usize;
            best = (spread, cut);
        }
    }
    Some(best.1 * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 values around 10, the first ones lower by `short`.
    fn values(low: usize, short: f64) -> Vec<f64> {
        let wiggle = |index: usize| f64::from(u32::try_from(index * 7 % 11).unwrap()) - 5.0;
        (0..100).map(|index| 10.0 + 0.1 * wiggle(index) - if index < low { short } else { 0.0 }).collect()
    }

    #[test]
    fn a_start_that_is_unlike_the_rest_is_left_out() {
        assert_eq!(truncation(&values(20, 5.0)), Some(20));
        let cut = truncation(&values(23, 5.0)).unwrap();
        assert!(cut == 25 || cut == 30, "whole batches of five: {cut}");
        let cut = truncation(&values(0, 0.0)).unwrap();
        assert!(cut <= 25, "nothing to leave out: {cut}");
        assert_eq!(truncation(&[7.0; 100]), Some(0));
    }

    #[test]
    fn what_never_settles_is_cut_in_the_middle_and_too_little_is_not_judged() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(truncation(&rising), Some(50));
        assert_eq!(truncation(&rising[..49]), None);
    }
}
