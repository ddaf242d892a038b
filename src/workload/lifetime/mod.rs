//! How long a connection lasts, from the moment its port is chosen to its close.
//!
//! One law per file. A law turns one 64-bit random word into one lifetime by inversion, so request i of a client owns
//! word i of the client's lifetime stream whatever the law is, and a change of law moves no other draw.

use crate::des::random::{BLOCK, FEW};
use crate::des::{SimDuration, Words};

/// What a law of lifetimes must answer.
pub trait LifetimeLaw {
    /// The mean in seconds; `None` when it is infinite.
    fn mean_s(&self) -> Option<f64>;

    /// The value below which a share `p` (0 < p < 1) of lifetimes lies, in seconds: the inverse distribution function.
    fn quantile_s(&self, p: f64) -> f64;

    /// Turns each word into a lifetime in nanoseconds, rounded, at most [`SimDuration::MAX`]. Lengths are equal.
    ///
    /// The default inverts word by word; laws on the hot path do whole blocks.
    fn fill(&self, words: &[u64], nanos: &mut [u64]) {
        for (word, nano) in words.iter().zip(nanos) {
            *nano = nanos_from_secs(self.quantile_s(unit_open(*word)));
        }
    }

    /// The one value it always has, if it is constant.
    fn constant(&self) -> Option<SimDuration> {
        None
    }
}

crate::registry! {
    /// A law of lifetimes.
    enum Lifetime, dispatch each_lifetime ($) {
        constant::Constant,
        exponential::Exponential,
        lognormal::Lognormal,
        pareto::Pareto,
        uniform::Uniform,
    }
}

impl LifetimeLaw for Lifetime {
    fn mean_s(&self) -> Option<f64> {
        each_lifetime!(self, law => law.mean_s())
    }

    fn quantile_s(&self, p: f64) -> f64 {
        each_lifetime!(self, law => law.quantile_s(p))
    }

    fn fill(&self, words: &[u64], nanos: &mut [u64]) {
        each_lifetime!(self, law => law.fill(words, nanos));
    }

    fn constant(&self) -> Option<SimDuration> {
        each_lifetime!(self, law => law.constant())
    }
}

/// The lifetimes of one client's requests, in order.
#[derive(Clone, Debug)]
pub struct LifetimeStream {
    law: Lifetime,
    constant: Option<SimDuration>,
    words: Words,
    nanos: Box<[u64; BLOCK]>,
    next: usize,
}

impl LifetimeStream {
    /// Lifetimes of `law`, word i of `words` making the i-th.
    pub fn new(law: Lifetime, words: Words) -> Self {
        Self { constant: law.constant(), law, words, nanos: Box::new([0; BLOCK]), next: BLOCK }
    }

    /// The next lifetime.
    #[inline]
    pub fn draw(&mut self) -> SimDuration {
        if let Some(constant) = self.constant {
            return constant;
        }
        if self.next == BLOCK {
            self.refill(0);
        }
        let nanos = self.nanos[self.next];
        self.next += 1;
        SimDuration::from_nanos(nanos)
    }

    /// Draws all that follow anew, from branch number `branch`.
    pub fn rekey(&mut self, branch: u64) {
        self.words.rekey(branch);
        if self.constant.is_none() {
            self.refill(BLOCK - FEW);
        }
    }

    /// Fills the block from place `first` on.
    #[cold]
    fn refill(&mut self, first: usize) {
        let nanos = &mut self.nanos[first..];
        self.law.fill(self.words.take(nanos.len()), nanos);
        self.next = first;
    }
}

/// The 52 upper bits of `word` as a number strictly between 0 and 1: (bits + 1/2) / 2^52, so `1 - u` is as exact as `u`.
#[inline]
pub fn unit_open(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// Seconds to whole nanoseconds, rounded to nearest, between zero and [`SimDuration::MAX`].
#[inline]
pub fn nanos_from_secs(seconds: f64) -> u64 {
    let nanos = seconds * 1e9 + 0.5;
    if nanos >= SimDuration::MAX.as_nanos() as f64 {
        SimDuration::MAX.as_nanos()
    } else if nanos > 0.0 {
        // In range by the two comparisons above; a NaN fails both and becomes zero below.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        let whole = nanos as u64;
        whole
    } else {
        0
    }
}

#[cfg(test)]
mod contract;
