//! Poisson arrivals: independent requests of many users.

use super::{ArrivalLaw, Process};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::random::BLOCK;
use crate::des::{Rate, SimDuration, SimTime, Words};
use crate::numeric;

/// Gaps are exponential with mean `1 / rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poisson {
    rate: Rate,
}

impl Poisson {
    /// Independent requests at this mean rate.
    pub const fn new(rate: Rate) -> Self {
        Self { rate }
    }
}

impl ArrivalLaw for Poisson {
    fn rate(&self) -> Option<Rate> {
        Some(self.rate)
    }

    fn start(&self, words: Words, _window: SimTime) -> Box<dyn Process> {
        let mean_ns = 1e9 / self.rate.events_per_second();
        // A gap is at most 37 means, since no word is nearer to 0 than 2^-53; it must stay below 2^62 units.
        let shift = if mean_ns < 1e12 { FRACTION_BITS } else { 0 };
        let mean = mean_ns * (1_u64 << shift) as f64;
        Box::new(Independent { words, mean, shift, last: 0, fraction: 0 })
    }
}

/// Gaps are drawn in units of 2^-12 ns where that leaves room, so that rounding does not pile up even at 10^8/s.
const FRACTION_BITS: u32 = 12;

/// Adds up exponential gaps.
#[derive(Clone, Debug)]
struct Independent {
    words: Words,
    /// The mean gap, in units of 2^-shift ns.
    mean: f64,
    shift: u32,
    last: u64,
    /// What is left over, in units.
    fraction: u64,
}

impl Process for Independent {
    fn fill(&mut self, instants: &mut [SimTime]) -> usize {
        let count = instants.len();
        let mut gaps = [0; BLOCK];
        let gaps = &mut gaps[..count];
        numeric::exponential_block(self.mean, self.words.take(count), gaps);
        let (shift, mask) = (self.shift, (1 << self.shift) - 1);
        for (written, (instant, gap)) in instants.iter_mut().zip(&*gaps).enumerate() {
            let units = self.fraction + gap;
            self.fraction = units & mask;
            self.last += units >> shift;
            if self.last >= SimDuration::MAX.as_nanos() {
                self.last = SimDuration::MAX.as_nanos();
                return written;
            }
            *instant = SimTime::from_nanos(self.last);
        }
        count
    }

    /// The wait for the next request has no memory: from `now` on it is as long as from the last request.
    fn rekey(&mut self, branch: u64, now: SimTime) -> bool {
        self.words.rekey(branch);
        (self.last, self.fraction) = (now.as_nanos(), 0);
        true
    }

    fn copy(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Choice for Poisson {
    const NAME: &'static str = "poisson";
    const SUMMARY: &'static str = "independent requests of many users";
    const EXAMPLE: &'static str = "rate = \"450/s\"";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "rate", kind: Kind::Rate, required: true, help: "mean requests per time" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.rate("rate").expect("a required parameter is present")))
    }
}
