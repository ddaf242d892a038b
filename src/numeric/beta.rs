//! The regularised incomplete beta function and its inverse.

use super::gamma::{MOST_STEPS, deviance, nonzero, stirling_error};
use super::root::{At, Bracket, increasing_root};
use super::{exp, ln, ln_gamma};

const TWO_PI: f64 = std::f64::consts::TAU;

/// The two shapes of a beta distribution, both above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaShape {
    /// The exponent of x, plus one.
    pub a: f64,
    /// The exponent of 1 - x, plus one.
    pub b: f64,
}

/// A number between 0 and 1 and what is missing to 1, so that neither loses digits near its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) part: f64,
    pub(super) rest: f64,
}

impl Split {
    pub(super) fn of(part: f64) -> Self {
        Self { part, rest: 1.0 - part }
    }

    fn swapped(self) -> Self {
        Self { part: self.rest, rest: self.part }
    }
}

impl BetaShape {
    fn swapped(self) -> Self {
        Self { a: self.b, b: self.a }
    }

    fn check(self) {
        assert!(self.a > 0.0 && self.b > 0.0, "the domain is a > 0, b > 0");
    }

    /// x^a (1-x)^b Gamma(a+b) / (Gamma(a) Gamma(b)), by Loader's saddle point.
    fn kernel(self, x: Split) -> f64 {
        let (a, b) = (self.a, self.b);
        let n = a + b;
        if a.min(b) < 1e-3 {
            return exp(a * ln(x.part) + b * ln(x.rest) + ln_gamma(n) - ln_gamma(a) - ln_gamma(b));
        }
        let errors = stirling_error(n) - stirling_error(a) - stirling_error(b);
        let deviances = deviance(a, n * x.part) + deviance(b, n * x.rest);
        exp(errors - deviances) * (a * b / (TWO_PI * n)).sqrt()
    }

    /// Both tails at `x`: the smaller one is computed, the other is its complement.
    fn tails(self, x: Split) -> Split {
        if x.part <= 0.0 {
            return Split { part: 0.0, rest: 1.0 };
        }
        if x.rest <= 0.0 {
            return Split { part: 1.0, rest: 0.0 };
        }
        if x.part < (self.a + 1.0) / (self.a + self.b + 2.0) {
            let lower = self.kernel(x) * self.fraction(x.part) / self.a;
            Split { part: lower, rest: 1.0 - lower }
        } else {
            let upper = self.kernel(x) * self.swapped().fraction(x.rest) / self.b;
            Split { part: 1.0 - upper, rest: upper }
        }
    }

    /// The continued fraction DLMF 8.17.22, modified Lentz.
    #[expect(clippy::many_single_char_names, reason = "the names of DLMF and Lentz")]
    fn fraction(self, x: f64) -> f64 {
        let (a, b) = (self.a, self.b);
        let mut c = 1.0;
        let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
        let mut fraction = d;
        let mut m = 0.0;
        for _ in 0..MOST_STEPS {
            m += 1.0;
            let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
            d = 1.0 / nonzero(1.0 + even * d);
            c = nonzero(1.0 + even / c);
            fraction *= d * c;
            let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
            d = 1.0 / nonzero(1.0 + odd * d);
            c = nonzero(1.0 + odd / c);
            let factor = d * c;
            fraction *= factor;
            if (factor - 1.0).abs() < 2.3e-16 {
                break;
            }
        }
        fraction
    }

    /// Where the lower tail is `tails.part` and the upper `tails.rest`.
    pub(super) fn split_at(self, tails: Split) -> Split {
        self.check();
        // Solve for whichever of x and 1 - x is below 1/2.
        if self.tails(Split::of(0.5)).part < tails.part {
            return self.swapped().solve(tails.swapped()).swapped();
        }
        self.solve(tails)
    }

    /// As [`BetaShape::split_at`], for a root below 1/2.
    fn solve(self, tails: Split) -> Split {
        // The first term of the series: I_x ~ x^a / (a B(a, b)).
        let ln_beta = ln_gamma(self.a) + ln_gamma(self.b) - ln_gamma(self.a + self.b);
        let series = exp((ln(tails.part) + ln(self.a) + ln_beta) / self.a);
        let start = series.clamp(f64::MIN_POSITIVE, (self.a / (self.a + self.b)).min(0.4));
        let bracket = Bracket { low: 0.0, high: 0.5 + 1e-9, start };
        let root = increasing_root(&bracket, |x| {
            let at = Split::of(x);
            let reached = self.tails(at);
            let value = if tails.part < 0.5 { reached.part - tails.part } else { tails.rest - reached.rest };
            At { value, slope: self.kernel(at) / (at.part * at.rest) }
        });
        Split::of(root)
    }
}

/// The regularised incomplete beta function: the probability that a beta variable is at most `x`.
/// 0 <= x <= 1; its cost grows with the square root of the shapes. DLMF 8.17.2.
///
/// # Panics
///
/// Outside of the domain.
pub fn beta_cdf(shape: BetaShape, x: f64) -> f64 {
    shape.check();
    assert!((0.0..=1.0).contains(&x), "the domain is 0 <= x <= 1");
    shape.tails(Split::of(x)).part
}

/// The `p`-quantile (0 < p < 1) of a beta distribution: the inverse of [`beta_cdf`] in x.
///
/// # Panics
///
/// Outside of the domain.
pub fn beta_quantile(shape: BetaShape, p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "the domain is 0 < p < 1");
    shape.split_at(Split::of(p)).part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, expected: f64, relative: f64) {
        assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
    }

    #[test]
    fn the_distribution_function_agrees() {
        // By mpmath, 40 digits.
        for (a, b, x, expected) in [
            (0.5, 0.5, 0.25, 0.333_333_333_333_333_3),
            (2.0, 3.0, 0.4, 0.5248),
            (10.0, 0.5, 0.99, 0.657_928_175_156_784_4),
            (0.5, 10.0, 1e-12, 3.523_941_040_028_490_4e-6),
            (1.0, 20.0, 0.13, 0.938_285_807_281_470_4),
            (45.5, 60.0, 0.42, 0.411_036_257_861_009_34),
            (500.0, 500.0, 0.51, 0.736_424_391_643_414_7),
            (500.0, 1000.0, 0.25, 2.760_850_366_960_080_6e-13),
        ] {
            close(beta_cdf(BetaShape { a, b }, x), expected, 2e-13);
        }
    }

    #[test]
    fn the_quantile_agrees() {
        // By mpmath, 40 digits.
        for (a, b, p, expected) in [
            (0.5, 0.5, 0.01, 0.000_246_719_817_134_221_5),
            (2.0, 3.0, 0.5, 0.385_727_568_132_389_56),
            (1.0, 20.0, 0.95, 0.139_108_340_668_265_16),
            (20.0, 1.0, 0.025, 0.831_566_529_016_914_6),
            (3.0, 98.0, 0.025, 0.006_229_971_538_306_394),
            (4.0, 97.0, 0.975, 0.085_176_052_974_280_02),
            (0.5, 10.0, 1e-20, 8.052_722_492_439_184e-42),
            (0.3, 0.2, 0.999, 0.999_999_999_999_991),
        ] {
            close(beta_quantile(BetaShape { a, b }, p), expected, 1e-13);
        }
    }

    #[test]
    fn quantiles_come_back() {
        for (a, b) in [(0.5, 0.5), (1.0, 1.0), (1.0, 1e4), (3.0, 0.2), (400.0, 7.0), (2e4, 3e4)] {
            for p in [1e-9, 0.025, 0.5, 0.975] {
                let shape = BetaShape { a, b };
                close(beta_cdf(shape, beta_quantile(shape, p)), p, 1e-10);
            }
        }
    }
}
