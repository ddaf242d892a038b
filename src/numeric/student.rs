//! Student's t distribution.

use super::beta::{BetaShape, Split, beta_cdf};

/// P(T > t) of Student's t with `freedom` degrees of freedom (above 0): half of I(x; nu/2, 1/2), x = nu / (nu + t^2), on
/// the far side of zero. Abramowitz and Stegun 26.7.1.
///
/// # Panics
///
/// Outside of the domain, or when `t` is NaN.
pub fn student_above(freedom: f64, t: f64) -> f64 {
    assert!(freedom > 0.0 && !t.is_nan(), "the domain is freedom > 0, t a number");
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let outer = 0.5 * beta_cdf(BetaShape { a: 0.5 * freedom, b: 0.5 }, freedom / (freedom + t * t));
    if t < 0.0 { 1.0 - outer } else { outer }
}

/// The `p`-quantile (0 < p < 1) of Student's t with `freedom` degrees of freedom (above 0), by the inverse incomplete
/// beta function: nu / (nu + t^2) is beta(nu/2, 1/2). Abramowitz and Stegun 26.7.1.
///
/// # Panics
///
/// Outside of the domain.
pub fn student_quantile(freedom: f64, p: f64) -> f64 {
    assert!(freedom > 0.0 && p > 0.0 && p < 1.0, "the domain is freedom > 0, 0 < p < 1");
    let tail = p.min(1.0 - p);
    let centre = 2.0 * (0.5 - tail);
    if centre <= 0.0 {
        return 0.0;
    }
    let outer = BetaShape { a: 0.5 * freedom, b: 0.5 }.split_at(Split { part: 2.0 * tail, rest: centre });
    let t = (freedom * outer.rest / outer.part).sqrt();
    if p < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, expected: f64, relative: f64) {
        assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
    }

    #[test]
    fn the_quantile_agrees() {
        // By mpmath: the density integrated at 25 digits.
        for (freedom, p, expected) in [
            (1.0, 0.975, 12.706_204_736_174_692),
            (2.0, 0.975, 4.302_652_729_749_462),
            (4.0, 0.025, -2.776_445_105_197_794_3),
            (9.0, 0.975, 2.262_157_162_798_205),
            (19.0, 0.975, 2.093_024_054_408_309),
            (19.0, 0.995, 2.860_934_606_464_979),
            (19.0, 0.500_000_1, 2.539_812_787_733_637_7e-7),
            (99.0, 0.9, 1.290_161_442_034_485_4),
            (999.0, 0.975, 1.962_341_461_133_449_5),
            (1_000_000.0, 0.975, 1.959_966_356_814_106_8),
            (3.0, 1e-12, -10_331.108_244_292_476),
        ] {
            close(student_quantile(freedom, p), expected, 1e-12);
        }
    }

    #[test]
    fn the_tail_is_the_inverse_of_the_quantile() {
        for freedom in [1.0, 4.0, 19.0, 399.0] {
            for p in [1e-9, 0.001, 0.2, 0.5, 0.975] {
                close(student_above(freedom, -student_quantile(freedom, p)), p, 1e-10);
            }
        }
        close(student_above(2.0, 1e9), 5e-19, 1e-9);
        assert_eq!((student_above(3.0, f64::INFINITY), student_above(3.0, f64::NEG_INFINITY)), (0.0, 1.0));
    }

    #[test]
    fn the_median_is_zero() {
        assert!(student_quantile(5.0, 0.5).abs() < 1e-300);
    }
}
