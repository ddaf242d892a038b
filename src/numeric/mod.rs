//! Mathematics with one fixed order of operations, so that every machine computes the same bits.
//!
//! Uses `+ - * /` and `sqrt`, which IEEE 754 rounds exactly, and those functions of the `libm` crate that are made of
//! them alone (checked for 0.2.16: log, exp, log1p, expm1, pow, erfc and lgamma ask for no target feature); never the
//! platform's own library, whose last bit differs from one machine to the next.
//! Probabilities are accurate far into their tails, where capacity planning happens.
//!
//! One idea per file. Knows nothing of simulation, and panics rather than answer outside a domain.

mod beta;
mod exponential;
mod gamma;
mod normal;
mod root;
mod student;

pub use beta::{BetaShape, beta_cdf, beta_quantile};
pub use exponential::exponential_block;
pub use gamma::{gamma_p, gamma_q, gamma_quantile, ln_gamma, poisson_term};
pub use normal::{normal_cdf, normal_quantile};
pub use student::{student_above, student_quantile};

/// The natural logarithm; -infinity at 0, NaN below.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln(1 + x), accurate for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// e to the power of `x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// e to the power of `x`, less 1, accurate for small `x`.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `base` to the power of `exponent`, as C's `pow`.
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
