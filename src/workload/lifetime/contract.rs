//! What every law of lifetimes must keep, run over the whole registry.

use super::{Lifetime, LifetimeLaw, unit_open};
use crate::choice::{Entry, Value, Values};
use crate::des::SimDuration;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A law to test: values for its parameters, and the lifetimes it makes of [`WORDS`].
struct Sample {
    name: &'static str,
    values: &'static [(&'static str, Given)],
    nanos: [u64; 4],
}

#[derive(Clone, Copy)]
enum Given {
    Millis(u64),
    Number(f64),
}

use Given::{Millis, Number};

const WORDS: [u64; 4] = [0x0123_4567_89AB_CDEF, 0x5555_5555_5555_5555, 0x8000_0000_0000_0000, 0xFEDC_BA98_7654_3210];

const SAMPLES: &[Sample] = &[
    Sample {
        name: "constant",
        values: &[("value", Millis(50))],
        nanos: [50_000_000, 50_000_000, 50_000_000, 50_000_000],
    },
    Sample {
        name: "exponential",
        values: &[("mean", Millis(50))],
        nanos: [222_718, 20_273_255, 34_657_359, 270_805_020],
    },
    Sample {
        name: "uniform",
        values: &[("low", Millis(20)), ("high", Millis(90))],
        nanos: [20_311_111, 43_333_333, 55_000_000, 89_688_889],
    },
    Sample {
        name: "lognormal",
        values: &[("mean", Millis(50)), ("p99", Millis(300))],
        nanos: [2_432_179, 20_448_568, 31_109_585, 397_917_384],
    },
    Sample {
        name: "lognormal",
        values: &[("median", Millis(50)), ("sigma", Number(0.5))],
        nanos: [13_515_996, 40_312_410, 50_000_000, 184_966_015],
    },
    Sample {
        name: "pareto",
        values: &[("min", Millis(10)), ("shape", Number(2.5))],
        nanos: [10_017_833, 11_760_790, 13_195_079, 87_271_614],
    },
    Sample {
        name: "pareto",
        values: &[("min", Millis(10)), ("shape", Number(0.9))],
        nanos: [10_049_615, 15_691_229, 21_601_195, 4_107_108_076],
    },
];

impl Sample {
    fn entry(&self) -> &'static Entry<Lifetime> {
        Lifetime::ENTRIES.iter().find(|entry| entry.name == self.name).expect("a registered law")
    }

    fn law(&self) -> Lifetime {
        let mut values = Values::default();
        for (name, given) in self.values {
            values.set(
                name,
                match *given {
                    Millis(millis) => Value::Duration(SimDuration::from_millis(millis)),
                    Number(number) => Value::Number(number),
                },
            );
        }
        (self.entry().build)(&values).expect("good values")
    }
}

fn draws(law: &Lifetime, count: usize) -> Vec<u64> {
    let mut rng = ChaCha8Rng::seed_from_u64(213);
    let words: Vec<u64> = (0..count).map(|_| rng.next_u64()).collect();
    let mut nanos = vec![0; count];
    law.fill(&words, &mut nanos);
    nanos
}

/// The share of lifetimes below `seconds`, by inverting the quantile.
fn cdf(law: &Lifetime, seconds: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if law.quantile_s(middle) < seconds { low = middle } else { high = middle }
    }
    low
}

#[test]
fn every_registered_law_is_sampled_with_its_own_parameters() {
    for entry in Lifetime::ENTRIES {
        assert!(SAMPLES.iter().any(|sample| sample.name == entry.name), "{} has no sample here", entry.name);
        assert!(entry.summary.len() <= 60, "{}", entry.name);
    }
    for sample in SAMPLES {
        let known = |name| sample.entry().parameters.iter().any(|parameter| parameter.name == name);
        assert!(sample.values.iter().all(|(name, _)| known(*name)), "{}", sample.name);
        assert_eq!(sample.law().name(), sample.name);
    }
}

#[test]
fn values_are_stable() {
    for sample in SAMPLES {
        let mut nanos = [0; 4];
        sample.law().fill(&WORDS, &mut nanos);
        assert_eq!(nanos, sample.nanos, "{}", sample.name);
    }
}

#[test]
fn request_i_owns_word_i() {
    for sample in SAMPLES {
        let law = sample.law();
        let mut together = [0; 4];
        law.fill(&WORDS, &mut together);
        for (word, expected) in WORDS.iter().zip(together) {
            let mut alone = [0];
            law.fill(&[*word], &mut alone);
            assert_eq!(alone[0], expected, "{}", sample.name);
        }
    }
}

#[test]
fn the_quantile_rises() {
    for sample in SAMPLES {
        let law = sample.law();
        let values: Vec<f64> = (1..1000).map(|i| law.quantile_s(f64::from(i) / 1000.0)).collect();
        assert!(values.is_sorted() && values[0] >= 0.0, "{}", sample.name);
        let strict = values.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(strict || law.constant().is_some(), "{}", sample.name);
    }
}

#[test]
fn draws_are_the_quantiles_of_their_words() {
    for sample in SAMPLES {
        let law = sample.law();
        let mut nanos = [0; 4];
        law.fill(&WORDS, &mut nanos);
        for (word, nano) in WORDS.iter().zip(nanos) {
            let seconds = nano as f64 / 1e9;
            let u = unit_open(*word);
            // Every law rises with the word, so that one law put in another's place keeps common random numbers.
            assert!((law.quantile_s(u) - seconds).abs() <= 1.001e-9 + 1e-12 * seconds, "{}", sample.name);
        }
    }
}

#[test]
fn draws_follow_the_law() {
    // Kolmogorov's statistic passes 2.23 once in 10,000 seeds; the seed is fixed.
    for sample in SAMPLES.iter().filter(|sample| sample.name != "constant") {
        let law = sample.law();
        let mut nanos = draws(&law, 100_000);
        nanos.sort_unstable();
        let count = nanos.len() as f64;
        let distance = nanos.iter().enumerate().fold(0.0_f64, |most, (rank, nano)| {
            let p = cdf(&law, *nano as f64 / 1e9);
            most.max(p - rank as f64 / count).max((rank + 1) as f64 / count - p)
        });
        assert!(distance * count.sqrt() < 2.23, "{}: {distance}", sample.name);
    }
}

#[test]
fn the_mean_of_draws_is_the_mean() {
    for sample in SAMPLES {
        let law = sample.law();
        let Some(mean) = law.mean_s() else { continue };
        let seconds: Vec<f64> = draws(&law, 100_000).iter().map(|nano| *nano as f64 / 1e9).collect();
        let count = seconds.len() as f64;
        let average = seconds.iter().sum::<f64>() / count;
        let variance = seconds.iter().map(|x| (x - average) * (x - average)).sum::<f64>() / (count - 1.0);
        let error = (variance / count).sqrt();
        assert!((average - mean).abs() <= 4.0 * error + 1e-12, "{}: {average} {mean}", sample.name);
    }
}
