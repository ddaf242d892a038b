//! The normal distribution.

use super::ln;

/// The distribution function of the standard normal law, accurate in both tails down to 1e-300.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(x * -std::f64::consts::FRAC_1_SQRT_2)
}

fn polynomial<const N: usize>(coefficients: [f64; N], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The `p`-quantile of the standard normal law, 0 < p < 1, to about 1e-16: Wichura's PPND16 (Algorithm AS 241,
/// Applied Statistics 37, 1988).
///
/// # Panics
///
/// When `p` is not strictly between 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "the domain is 0 < p < 1");
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(A, r) / polynomial(B, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let z = if r <= 5.0 {
        polynomial(C, r - 1.6) / polynomial(D, r - 1.6)
    } else {
        polynomial(E, r - 5.0) / polynomial(F, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

const A: [f64; 8] = [
    3.387_132_872_796_366_6,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const F: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, expected: f64, relative: f64) {
        assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
    }

    #[test]
    fn the_quantile_is_accurate_far_into_both_tails() {
        // By mpmath, 40 digits.
        for (p, expected) in [
            (1e-300, -37.047_096_299_361_2),
            (1e-20, -9.262_340_089_798_407),
            (1e-6, -4.753_424_308_822_899),
            (0.025, -1.959_963_984_540_054_3),
            (0.07, -1.475_791_028_179_170_6),
            (0.3, -0.524_400_512_708_040_8),
            (0.5001, 0.000_250_662_830_088_007_47),
            (0.9, 1.281_551_565_544_600_6),
            (0.975, 1.959_963_984_540_053_8),
            (0.995, 2.575_829_303_548_900_4),
            (0.999_999_999_999_999_9, 8.209_536_151_601_387),
        ] {
            close(normal_quantile(p), expected, 3e-15);
        }
    }

    #[test]
    fn the_cdf_is_accurate_far_into_the_lower_tail() {
        // By mpmath, 40 digits.
        for (x, expected) in [
            (-37.5, 4.605_353_009_581_955e-308),
            (-10.0, 7.619_853_024_160_525e-24),
            (-3.0, 0.001_349_898_031_630_094_6),
            (-0.5, 0.308_537_538_725_986_9),
            (0.0, 0.5),
            (0.1, 0.539_827_837_277_029),
            (2.5, 0.993_790_334_674_223_8),
        ] {
            close(normal_cdf(x), expected, 2e-13);
        }
    }

    #[test]
    fn values_are_stable() {
        let bits = [0.01, 0.5, 0.7, 0.99].map(|p| normal_quantile(p).to_bits());
        assert_eq!(bits[..2], [13_835_792_925_364_125_454, 0]);
        assert_eq!(bits[2..], [4_602_898_599_452_526_074, 4_612_420_888_509_349_644]);
    }

    #[test]
    #[should_panic(expected = "0 < p < 1")]
    fn certainty_has_no_quantile() {
        normal_quantile(1.0);
    }
}
