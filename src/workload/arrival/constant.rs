//! Evenly spaced arrivals: the k-th at `round(k / rate)`, so that no error adds up.

use super::{ArrivalLaw, Process};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::{Rate, SimDuration, SimTime, Words};

/// Arrivals at `round(k / rate)`, k = 0, 1, ...
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    rate: Rate,
}

impl Constant {
    /// Evenly spaced at this rate.
    pub const fn new(rate: Rate) -> Self {
        Self { rate }
    }
}

impl ArrivalLaw for Constant {
    fn rate(&self) -> Option<Rate> {
        Some(self.rate)
    }

    fn start(&self, _words: Words, _window: SimTime) -> Box<dyn Process> {
        // Events are counted in units of 1e-9, so a gap is per * 1e9 / nano_events.
        let count = u128::from(self.rate.nano_events());
        let span = u128::from(self.rate.per().as_nanos()) * 1_000_000_000;
        Box::new(Even { next: 0, gap: span / count, rest: span % count, error: count / 2, count })
    }
}

/// Bresenham's division: the error is carried on in whole numbers and never grows.
#[derive(Clone, Debug)]
struct Even {
    next: u128,
    gap: u128,
    rest: u128,
    error: u128,
    count: u128,
}

impl Process for Even {
    fn fill(&mut self, instants: &mut [SimTime]) -> usize {
        let len = instants.len();
        for (written, instant) in instants.iter_mut().enumerate() {
            match u64::try_from(self.next) {
                Ok(nanos) if nanos < SimDuration::MAX.as_nanos() => *instant = SimTime::from_nanos(nanos),
                _ => return written,
            }
            self.next += self.gap;
            self.error += self.rest;
            if self.error >= self.count {
                self.error -= self.count;
                self.next += 1;
            }
        }
        len
    }

    fn copy(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Choice for Constant {
    const NAME: &'static str = "constant";
    const SUMMARY: &'static str = "evenly spaced, the first at once";
    const EXAMPLE: &'static str = "rate = \"450/s\"";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "rate", kind: Kind::Rate, required: true, help: "requests per time" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.rate("rate").expect("a required parameter is present")))
    }
}
