//! Exponential draws by inversion, a block at a time.
//!
//! The hot path of a simulation: one logarithm per arrival and one per lifetime. `libm::log` branches and cannot be
//! vectorised, so the same algorithm (FreeBSD `e_log.c`: Remez polynomial in s = f/(2+f)) stands here once more for
//! arguments between 0 and 1, without a branch and with integer steps that plain SSE2 has. Rust never fuses a
//! multiplication with an addition, so every target computes the same bits.

const LN_2: f64 = std::f64::consts::LN_2;
// (ln(1+f) - 2s) / s as a polynomial in s^2 without constant term, for |s| <= 3 - 2 sqrt 2 (FreeBSD e_log.c).
const LG1: f64 = 6.666_666_666_666_735e-1;
const LG2: f64 = 3.999_999_999_940_942e-1;
const LG3: f64 = 2.857_142_874_366_239e-1;
const LG4: f64 = 2.222_219_843_214_978_4e-1;
const LG5: f64 = 1.818_357_216_161_805e-1;
const LG6: f64 = 1.531_383_769_920_937_3e-1;
const LG7: f64 = 1.479_819_860_511_658_6e-1;

const ONE: u64 = 0x3FF0_0000_0000_0000;
const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
const MANTISSA: u64 = 0x000F_FFFF_FFFF_FFFF;
/// 2^52: added to an integer below it, the integer stands in the lowest bits of the sum.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// 1.5 * 2^52: the same for integers of either sign below 2^51.
const SIGNED_52: f64 = 6_755_399_441_055_744.0;
const TWO_32: f64 = 4_294_967_296.0;
/// 2^62 ns, 146 years: no draw is longer.
const CAP: f64 = (1_u64 << 62) as f64;

/// The 52 upper bits of `word` as u = (bits + 1/2) / 2^52, strictly between 0 and 1; exact.
#[inline]
fn unit_open(word: u64) -> f64 {
    // The bits as a mantissa are 1 + bits/2^52: no conversion from integers, which SSE2 lacks for 64 bits.
    f64::from_bits((word >> 12) | ONE) - 1.0 + (0.5 / TWO_52)
}

/// -ln(u) for a normal u with 0 < u < 1; within 2 ulp, also close to 1, where it is 1 - u to first order.
#[inline]
fn minus_ln(u: f64) -> f64 {
    // u = 2^exponent * mantissa with the mantissa between sqrt(1/2) and sqrt(2). The exponent is at most 0 here.
    let shifted = u.to_bits().wrapping_add(ONE - SQRT_HALF);
    let exponent = f64::from_bits((shifted >> 52) | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let mantissa = f64::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF));
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let fourth = square * square;
    let odd = square * (LG1 + fourth * (LG3 + fourth * (LG5 + fourth * LG7)));
    let even = fourth * (LG2 + fourth * (LG4 + fourth * LG6));
    // ln(1+f) = f - s (f - R). One product with ln 2 will do: it is zero or at least twice the rest.
    (s * (f - (odd + even)) - f) - exponent * LN_2
}

/// `x`, 0 <= x < 2^51, to the nearest integer (half to even).
#[inline]
fn round_below_2_51(x: f64) -> u64 {
    (x + TWO_52).to_bits() & MANTISSA
}

/// `x` (at least 0) to the nearest integer (half to even), at most 2^62.
#[inline]
fn round_to_nanos(x: f64) -> u64 {
    let x = if x < CAP { x } else { CAP };
    // In two halves of 32 bits, since the magic sum holds 52: every step but the last rounding is exact.
    let high_sum = x * (1.0 / TWO_32) + TWO_52;
    let low = x - (high_sum - TWO_52) * TWO_32;
    let low_bits = (low + SIGNED_52).to_bits().wrapping_sub(SIGNED_52.to_bits());
    (high_sum.to_bits() << 32).wrapping_add(low_bits)
}

/// Exponential draws with mean `mean_ns` (nanoseconds, finite, not negative), one per word, rounded to whole
/// nanoseconds and at most 2^62.
///
/// A draw is -ln(1 - u) * `mean_ns` with u = ((word >> 12) + 1/2) / 2^52, so it rises with the word, as all laws by
/// inversion do, and lies between 0 and 36.74 means. (1 - u is the u of the inverted bits, exactly.)
///
/// # Panics
///
/// When the lengths differ.
pub fn exponential_block(mean_ns: f64, words: &[u64], nanos: &mut [u64]) {
    assert_eq!(words.len(), nanos.len(), "one draw per word");
    // Means under 16 hours take the shorter way to the same integers.
    if mean_ns * 37.0 < 0.5 * TWO_52 {
        for (word, nano) in words.iter().zip(nanos) {
            *nano = round_below_2_51(minus_ln(unit_open(!*word)) * mean_ns);
        }
    } else {
        for (word, nano) in words.iter().zip(nanos) {
            *nano = round_to_nanos(minus_ln(unit_open(!*word)) * mean_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that spread over all exponents of u and of 1 - u, with a fixed pseudo-random mantissa.
    fn words() -> Vec<u64> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut words = vec![0, u64::MAX, 1 << 63, (1 << 63) - 1, 0xB504_F333_F9DE_6484, 0xB504_F333_F9DE_5000];
        for shift in 0..52 {
            for _ in 0..200 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                words.push(state >> shift);
                words.push(!(state >> shift));
            }
        }
        words
    }

    #[test]
    fn the_logarithm_agrees_with_libm_over_all_of_its_range() {
        for word in words() {
            let u = unit_open(word);
            assert!(u > 0.0 && u < 1.0);
            let (ours, reference) = (minus_ln(u), -libm::log(u));
            assert!(ours > 0.0 && (ours - reference).abs() <= 4.5e-16 * reference, "{word:#x}: {ours:e} {reference:e}");
        }
    }

    #[test]
    fn the_largest_u_keeps_its_relative_accuracy() {
        // -ln(1 - 2^-53) = 2^-53 + 2^-107 + ...
        let expected = 1.110_223_024_625_156_5e-16;
        assert!((minus_ln(unit_open(u64::MAX)) / expected - 1.0).abs() < 2e-16);
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against the range above")]
    fn rounding_is_to_the_nearest_integer_at_every_size() {
        for (word, exponent) in words().into_iter().zip((0..63).cycle()) {
            let x = unit_open(word) * (1_u64 << exponent) as f64;
            let rounded = round_to_nanos(x);
            assert_eq!(rounded, libm::rint(x) as u64, "{x:e}");
            assert!(exponent > 51 || round_below_2_51(x) == rounded, "{x:e}");
        }
        assert_eq!(round_to_nanos(0.0), 0);
        assert_eq!(round_to_nanos(2.5), 2);
        assert_eq!(round_to_nanos(3.5), 4);
        assert_eq!(round_to_nanos(f64::INFINITY), 1 << 62);
        assert_eq!(round_to_nanos(5e18), 1 << 62);
    }

    #[test]
    fn values_are_stable() {
        let words = [0, 0x0123_4567_89AB_CDEF, 0x8000_0000_0000_0000, 0xFEDC_BA98_7654_3210, u64::MAX];
        let mut nanos = [0; 5];
        exponential_block(50e6, &words.map(|word| !word), &mut nanos);
        assert_eq!(nanos, [1_836_840_028, 270_805_020, 34_657_359, 222_718, 0]);
        let bits = words.map(|word| (minus_ln(unit_open(word)) * (1e9 / 450.0)).to_bits());
        // By mpmath, but for the last bits of the third and the fourth: 0x..55, 0x..5B.
        assert_eq!(bits[..3], [0x4193_76BF_5A65_AA4C, 0x4166_F4D8_557D_76C3, 0x4137_80E7_1162_9D54]);
        assert_eq!(bits[3..], [0x40C3_5547_35E2_B25A, 0x3DF0_F447_1C71_C71C]);
    }

    #[test]
    #[should_panic(expected = "one draw per word")]
    fn lengths_must_agree() {
        exponential_block(1.0, &[1, 2], &mut [0]);
    }
}
