//! The Poisson distribution, accurate in both tails down to 1e-300.
//!
//! The number of busy ports of a pool without limit; by Loader's saddle point and the incomplete gamma function.

use crate::numeric;

/// P(X = `count`) for a Poisson variable X of this mean (>= 0).
///
/// # Panics
///
/// When `mean` is negative or NaN.
pub fn poisson_pmf(count: u32, mean: f64) -> f64 {
    numeric::poisson_term(f64::from(count), mean)
}

/// P(X <= `count`) = Q(count + 1, mean), for mean >= 0.
///
/// # Panics
///
/// When `mean` is negative or NaN.
pub fn poisson_cdf(count: u32, mean: f64) -> f64 {
    numeric::gamma_q(f64::from(count) + 1.0, mean)
}

/// P(X > `count`) = P(count + 1, mean), for mean >= 0.
///
/// # Panics
///
/// When `mean` is negative or NaN.
pub fn poisson_upper_tail(count: u32, mean: f64) -> f64 {
    numeric::gamma_p(f64::from(count) + 1.0, mean)
}

#[cfg(test)]
mod tests {
    use super::super::cases::close;
    use super::*;

    #[test]
    fn the_cdf_is_the_sum_of_the_pmf() {
        for mean in [0.3, 7.5, 900.0] {
            let mut sum = 0.0;
            for count in 0..1_000 {
                sum += poisson_pmf(count, mean);
                // Below 1e-300 a double has fewer digits.
                assert!(sum < 1e-300 || (poisson_cdf(count, mean) / sum - 1.0).abs() < 1e-11);
                assert!((poisson_upper_tail(count, mean) - (1.0 - sum)).abs() < 1e-11);
            }
        }
        close(poisson_pmf(0, 0.0), 1.0, 0.0);
        close(poisson_pmf(3, 0.0), 0.0, 0.0);
    }

    #[test]
    fn blocking_is_the_ratio_of_pmf_and_cdf() {
        close(
            poisson_pmf(28_232, 27_575.0) / poisson_cdf(28_232, 27_575.0),
            super::super::erlang_b(28_232, 27_575.0),
            1e-12,
        );
    }
}
