//! The gamma function, its regularised incomplete forms and the gamma quantile.
//!
//! Prefactors go by Loader's saddle point (C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000):
//! Stirling's error and the deviance `bd0` instead of differences of large logarithms, so relative accuracy survives
//! both large shapes and tails of 1e-300.

use super::normal::normal_quantile;
use super::root::{At, Bracket, increasing_root};
use super::{exp, ln, ln_1p};

const TWO_PI: f64 = std::f64::consts::TAU;
/// Stirling's series: Bernoulli number 2k over 2k (2k - 1).
const STIRLING: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];
/// Continued fractions end here at the latest: they stand still long before, unless rounding makes them flicker.
pub(super) const MOST_STEPS: u32 = 1_000_000;
/// A continued fraction's stand-in for zero (Lentz).
const TINY: f64 = 1e-290;

/// ln of the gamma function for `x` > 0 (FreeBSD `e_lgamma_r.c`).
///
/// # Panics
///
/// When `x` is not above zero.
pub fn ln_gamma(x: f64) -> f64 {
    assert!(x > 0.0, "the domain is x > 0");
    libm::lgamma(x)
}

/// ln x! less Stirling's formula for it, x > 0: about 1/(12 x), with an absolute error below 5e-15.
pub(super) fn stirling_error(x: f64) -> f64 {
    // Below 8 the series is too short: step up by x! = (x+1)! / (x+1).
    let (mut x, mut steps) = (x, 0.0);
    while x < 8.0 {
        steps += (x + 0.5) * ln_1p(1.0 / x) - 1.0;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    steps + STIRLING.iter().rev().fold(0.0, |sum, term| sum * square + term) * inverse
}

/// The deviance x ln(x/m) + m - x for x, m > 0, without cancellation near x = m.
pub(super) fn deviance(x: f64, mean: f64) -> f64 {
    let v = (x - mean) / (x + mean);
    if v.abs() >= 0.5 {
        return x * ln(x / mean) + mean - x;
    }
    // (x-m) v + 2 x (v^3/3 + v^5/5 + ...), all terms of one sign but the small rest.
    let mut sum = (x - mean) * v;
    let square = v * v;
    let mut power = 2.0 * x * v;
    let mut odd = 1.0;
    loop {
        power *= square;
        odd += 2.0;
        let next = sum + power / odd;
        if next.to_bits() == sum.to_bits() {
            return sum;
        }
        sum = next;
    }
}

/// x^a e^-x / Gamma(a + 1), the Poisson probability of `shape` at mean `x`, for real `shape` >= 0 and `x` >= 0.
///
/// # Panics
///
/// Outside of the domain.
pub fn poisson_term(shape: f64, x: f64) -> f64 {
    assert!(shape >= 0.0 && x >= 0.0, "the domain is shape >= 0, x >= 0");
    if shape <= 0.0 {
        return exp(-x);
    }
    if x <= 0.0 || x.is_infinite() {
        return 0.0;
    }
    if shape < 1e-3 {
        return exp(shape * ln(x) - x - ln_gamma(shape + 1.0));
    }
    exp(-stirling_error(shape) - deviance(shape, x)) / (TWO_PI * shape).sqrt()
}

/// Both tails of the gamma distribution of this shape and scale 1.
struct Tails {
    lower: f64,
    upper: f64,
}

fn tails(shape: f64, x: f64) -> Tails {
    assert!(shape > 0.0 && shape.is_finite() && x >= 0.0, "the domain is shape > 0, x >= 0");
    if x <= 0.0 {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if x.is_infinite() {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    if x < shape + 1.0 {
        // P = x^a e^-x / Gamma(a+1) * sum of x^n / ((a+1)...(a+n)): all terms positive. DLMF 8.11.4.
        let (mut term, mut sum, mut denominator) = (1.0, 1.0, shape);
        while term > 1e-17 * sum {
            denominator += 1.0;
            term *= x / denominator;
            sum += term;
        }
        let lower = poisson_term(shape, x) * sum;
        Tails { lower, upper: 1.0 - lower }
    } else {
        let upper = poisson_term(shape, x) * shape * upper_fraction(shape, x);
        Tails { lower: 1.0 - upper, upper }
    }
}

/// Gamma(a, x) / (x^a e^-x) for x >= a + 1 by the continued fraction DLMF 8.9.2, modified Lentz.
#[expect(clippy::many_single_char_names, reason = "Lentz's names")]
fn upper_fraction(shape: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    let mut i = 0.0;
    for _ in 0..MOST_STEPS {
        i += 1.0;
        let numerator = -i * (i - shape);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() < 2.3e-16 {
            break;
        }
    }
    fraction
}

pub(super) fn nonzero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// P(a, x), the regularised lower incomplete gamma function: the probability that a gamma variable of this shape
/// (and scale 1) is at most `x`. Shape above 0 (its cost grows with the square root), x >= 0. DLMF 8.2.4.
///
/// # Panics
///
/// Outside of the domain.
pub fn gamma_p(shape: f64, x: f64) -> f64 {
    tails(shape, x).lower
}

/// Q(a, x) = 1 - [`gamma_p`], the upper tail, accurate where it is small; shape >= 1 for full relative accuracy.
///
/// # Panics
///
/// Outside of the domain: shape > 0, x >= 0.
pub fn gamma_q(shape: f64, x: f64) -> f64 {
    tails(shape, x).upper
}

/// The `p`-quantile (0 < p < 1) of the gamma distribution of this shape and scale 1: the inverse of [`gamma_p`],
/// by Newton's method from Wilson and Hilferty's approximation (1931).
///
/// # Panics
///
/// Outside of the domain: shape > 0, 0 < p < 1.
pub fn gamma_quantile(shape: f64, p: f64) -> f64 {
    assert!(shape > 0.0 && p > 0.0 && p < 1.0, "the domain is shape > 0, 0 < p < 1");
    let third = 1.0 / (9.0 * shape);
    let root = 1.0 - third + normal_quantile(p) * third.sqrt();
    let start = if shape > 0.5 && root > 0.1 {
        shape * root * root * root
    } else {
        // The first term of the series: P ~ x^a / Gamma(a+1).
        exp((ln(p) + ln_gamma(shape + 1.0)) / shape).clamp(f64::MIN_POSITIVE, 10.0 * (shape + 1.0))
    };
    let bracket = Bracket { low: 0.0, high: f64::MAX, start };
    increasing_root(&bracket, |x| {
        let both = tails(shape, x);
        let value = if p < 0.5 { both.lower - p } else { (1.0 - p) - both.upper };
        At { value, slope: poisson_term(shape, x) * shape / x }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, expected: f64, relative: f64) {
        assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
    }

    #[test]
    fn the_lower_tail_is_accurate_down_to_1e_minus_258() {
        // By mpmath, 40 digits.
        for (shape, x, expected) in [
            (0.5, 1e-8, 0.000_112_837_916_333_424_87),
            (0.5, 0.3, 0.561_421_973_919_000_2),
            (1.0, 2.0, 0.864_664_716_763_387_3),
            (3.7, 2.5, 0.298_545_130_700_919_8),
            (12.0, 3.0, 7.138_662_897_420_66e-5),
            (100.0, 100.0, 0.513_298_798_279_148_7),
            (28_233.0, 27_571.5, 3.653_541_228_569_677e-5),
            (28_233.0, 26_600.0, 1.870_833_413_368_584_2e-23),
            (28_233.0, 22_850.0, 1.297_629_967_881_498_6e-258),
            (70_000.0, 70_100.0, 0.647_672_542_977_137_8),
        ] {
            close(gamma_p(shape, x), expected, 4e-13);
        }
    }

    #[test]
    fn the_upper_tail_is_accurate_down_to_1e_minus_300() {
        // By mpmath, 40 digits.
        for (shape, x, expected) in [
            (1.0, 2.0, 0.135_335_283_236_612_7),
            (1.0, 690.0, 2.171_738_281_389_827e-300),
            (2.5, 7.0, 0.015_609_416_100_266_916),
            (20.0, 31.0, 0.014_412_100_313_447_957),
            (100.0, 101.0, 0.447_103_706_565_488_76),
            (28_233.0, 28_300.0, 0.344_425_664_677_541_2),
            (28_233.0, 29_500.0, 5.327_882_687_717_024_6e-14),
            (28_233.0, 34_800.0, 1.514_700_509_187_096e-290),
        ] {
            close(gamma_q(shape, x), expected, 4e-13);
        }
    }

    #[test]
    fn the_quantile_inverts() {
        // By mpmath, 40 digits.
        for (shape, p, expected) in [
            (0.5, 1e-6, 7.853_981_633_978_594e-13),
            (0.1, 0.5, 0.000_593_391_104_460_226_1),
            (1.0, 0.99, 4.605_170_185_988_091),
            (10.0, 0.5, 9.668_714_614_714_132),
            (10.0, 0.001, 2.960_520_372_743_759_7),
            (28_232.0, 0.01, 27_842.589_409_287_055),
            (28_232.0, 0.999, 28_754.083_732_782_01),
        ] {
            close(gamma_quantile(shape, p), expected, 2e-14);
        }
    }

    #[test]
    fn ln_gamma_agrees() {
        // By mpmath, 40 digits.
        for (x, expected) in [
            (1e-10, 23.025_850_929_882_736),
            (0.5, 0.572_364_942_924_700_1),
            (1.5, -0.120_782_237_635_245_22),
            (10.0, 12.801_827_480_081_47),
            (28_233.0, 261_101.546_313_872_97),
        ] {
            close(ln_gamma(x), expected, 1e-15);
        }
    }

    #[test]
    fn both_tails_make_one() {
        for shape in [0.01, 0.5, 1.0, 7.5, 1e3, 1e6] {
            for times in [0.1, 0.9, 0.999, 1.0, 1.001, 1.2, 3.0] {
                let x = shape * times;
                assert!((gamma_p(shape, x) + gamma_q(shape, x) - 1.0).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn quantiles_come_back() {
        for shape in [0.05, 0.3, 1.0, 2.5, 40.0, 5e3, 1e6] {
            for p in [1e-12, 1e-3, 0.2, 0.5, 0.8, 0.999] {
                close(gamma_p(shape, gamma_quantile(shape, p)), p, 2e-12);
            }
        }
    }
}
