//! Poisson arrivals: independent requests of many users.

use super::Process;
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

    pub(super) const fn rate(&self) -> Option<Rate> {
        Some(self.rate)
    }

    pub(super) fn start(&self, words: Words, _window: SimTime) -> Box<dyn Process> {
        Box::new(Independent { words, mean_ns: 1e9 / self.rate.events_per_second(), last: 0, fraction: 0.0 })
    }
}

/// Adds exponential gaps; the fraction of a nanosecond is carried on, so that rounding does not pile up.
#[derive(Debug)]
struct Independent {
    words: Words,
    mean_ns: f64,
    last: u64,
    fraction: f64,
}

impl Process for Independent {
    fn fill(&mut self, instants: &mut [SimTime; BLOCK]) -> usize {
        let mut gaps = [0.0; BLOCK];
        numeric::exponential_gaps(self.mean_ns, self.words.block(), &mut gaps);
        for (written, (instant, gap)) in instants.iter_mut().zip(gaps).enumerate() {
            let gap = gap + self.fraction;
            if gap >= (SimDuration::MAX.as_nanos() - self.last) as f64 {
                self.last = SimDuration::MAX.as_nanos();
                return written;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^62")]
            let whole = gap as u64;
            self.fraction = gap - whole as f64;
            self.last += whole;
            *instant = SimTime::from_nanos(self.last);
        }
        BLOCK
    }
}

impl Choice for Poisson {
    const NAME: &'static str = "poisson";
    const SUMMARY: &'static str = "independent requests of many users";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "rate", kind: Kind::Rate, required: true, help: "mean requests per time" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.rate("rate").expect("a required parameter is present")))
    }
}
