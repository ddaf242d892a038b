//! When requests come. One process per file.
//!
//! A process makes instants a block at a time, so that what runs per event is a read from an array whatever the process.

use crate::des::random::{BLOCK, FEW};
use crate::des::{Rate, SimTime, Words};
use std::fmt;

/// What a law of arrivals must answer.
trait ArrivalLaw {
    /// See [`Arrivals::rate`].
    fn rate(&self) -> Option<Rate>;

    /// See [`Arrivals::start`].
    fn start(&self, words: Words, window: SimTime) -> Box<dyn Process>;
}

crate::registry! {
    /// A process of arrivals.
    enum Arrivals, dispatch each_arrivals ($) {
        constant::Constant,
        poisson::Poisson,
        replay::Replay,
    }
}

impl Arrivals {
    /// The mean rate, where the law has one; a trace has none.
    pub fn rate(&self) -> Option<Rate> {
        each_arrivals!(self, law => law.rate())
    }

    /// The process at work from instant zero on, drawing from `words`; the measured window starts at `window`.
    pub fn start(&self, words: Words, window: SimTime) -> ArrivalStream {
        ArrivalStream::new(each_arrivals!(self, law => law.start(words, window)))
    }
}

/// A process at work.
pub(crate) trait Process: fmt::Debug + Send {
    /// Writes the next instants, in order, and says how many; fewer than fit means that no more will come.
    fn fill(&mut self, instants: &mut [SimTime]) -> usize;

    /// Draws what comes after `now` anew, from branch number `branch` of its stream. Says whether it draws at all: if
    /// not, what was written stands.
    fn rekey(&mut self, branch: u64, now: SimTime) -> bool {
        let _ = (branch, now);
        false
    }

    /// Another of the same, at the same place.
    fn copy(&self) -> Box<dyn Process>;
}

impl Clone for Box<dyn Process> {
    fn clone(&self) -> Self {
        (**self).copy()
    }
}

/// The instants of one client's requests.
#[derive(Clone, Debug)]
pub struct ArrivalStream {
    process: Box<dyn Process>,
    /// What is still to come of a block; [`SimTime::NEVER`] stands after the last request of all.
    block: Box<[SimTime; BLOCK]>,
    next: usize,
}

impl ArrivalStream {
    fn new(process: Box<dyn Process>) -> Self {
        let mut stream = Self { process, block: Box::new([SimTime::NEVER; BLOCK]), next: 0 };
        stream.refill(0);
        stream
    }

    /// When the next request comes; [`SimTime::NEVER`] when no more will.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.block[self.next]
    }

    /// Moves on to the request after the next. There must be a next one.
    #[inline]
    pub fn advance(&mut self) {
        self.next += 1;
        if self.next == BLOCK {
            self.refill(0);
        }
    }

    /// Draws what comes after `now` anew, from branch number `branch`.
    pub fn rekey(&mut self, branch: u64, now: SimTime) {
        if self.process.rekey(branch, now) {
            self.refill(BLOCK - FEW);
        }
    }

    /// Fills the block from place `first` on.
    #[cold]
    fn refill(&mut self, first: usize) {
        let len = self.process.fill(&mut self.block[first..]);
        self.block[first + len..].fill(SimTime::NEVER);
        self.next = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::random::Randomness;
    use crate::des::{Rate, SimDuration};

    const WORDS: Randomness = Randomness { seed: 60327, replication: 0 };

    fn first(arrivals: &Arrivals, n: usize) -> Vec<u64> {
        let mut stream = arrivals.start(WORDS.words("client:test", "arrival"), SimTime::ZERO);
        let mut instants = Vec::new();
        while instants.len() < n && stream.next_at() < SimTime::NEVER {
            instants.push(stream.next_at().as_nanos());
            stream.advance();
        }
        instants
    }

    #[test]
    fn evenly_spaced_instants_do_not_drift() {
        for (nano_events, per) in
            [(450_000_000_000, 1_000_000_000), (1_000_000_000, 700_000_000), (7, 1), (1_234_567_891, 3_600_000_000_000)]
        {
            let rate = Rate::new(nano_events, SimDuration::from_nanos(per)).unwrap();
            let instants = first(&Arrivals::Constant(Constant::new(rate)), 1_000);
            for (k, instant) in (0_u128..).zip(instants) {
                let (scaled, count) = (k * u128::from(per) * 1_000_000_000, u128::from(nano_events));
                assert_eq!(u128::from(instant), (2 * scaled + count) / (2 * count), "{k} at {rate:?}");
            }
        }
    }

    #[test]
    fn poisson_gaps_are_exponential_and_keep_their_mean() {
        let rate = Rate::per_second(1_000).unwrap();
        let n = 200_000;
        let instants = first(&Arrivals::Poisson(Poisson::new(rate)), n);
        let mean = instants[n - 1] as f64 / n as f64;
        // The mean of n exponential gaps has a standard error of 1 / sqrt(n) of itself.
        assert!((mean / 1e6 - 1.0).abs() < 4.0 / (n as f64).sqrt(), "{mean}");
        let long = instants.windows(2).filter(|pair| pair[1] - pair[0] > 2_000_000).count() as f64 / n as f64;
        let p = 0.135_335_283_236_612_7; // exp(-2)
        assert!((long - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt(), "{long}");
        // At 1e8/s a gap is 10 ns, and rounding must not pile up.
        let dense = first(&Arrivals::Poisson(Poisson::new(Rate::per_second(100_000_000).unwrap())), n);
        assert!((dense[n - 1] as f64 / (n as f64 * 10.0) - 1.0).abs() < 4.0 / (n as f64).sqrt());
    }

    #[test]
    fn rates_so_low_that_nothing_comes_are_no_trouble() {
        let rate = Rate::new(1, SimDuration::MAX).unwrap();
        assert_eq!(first(&Arrivals::Constant(Constant::new(rate)), 5), [0]);
        assert!(first(&Arrivals::Poisson(Poisson::new(rate)), 5).is_empty());
    }
}
