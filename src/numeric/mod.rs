//! Mathematics with one fixed order of operations, so that every machine computes the same bits.
//!
//! Uses `+ - * /` and `sqrt`, which IEEE 754 rounds exactly, and the `libm` crate, which is made of them; never the
//! platform's own library, whose last bit differs from one machine to the next. Knows nothing of simulation.

/// The natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// e to the power of `x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Exponential draws with mean `mean` (in nanoseconds), one per word, rounded to whole nanoseconds; lengths are equal.
pub fn exponential_block(mean: f64, words: &[u64], nanos: &mut [u64]) {
    for (word, nano) in words.iter().zip(nanos) {
        let u = ((word >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0);
        let x = -ln(u) * mean + 0.5;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 37 means")]
        let whole = x as u64;
        *nano = whole;
    }
}

/// Exponential draws with mean `mean`, one per word; lengths are equal.
pub fn exponential_gaps(mean: f64, words: &[u64], gaps: &mut [f64]) {
    for (word, gap) in words.iter().zip(gaps) {
        let u = ((word >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0);
        *gap = -ln(u) * mean;
    }
}
