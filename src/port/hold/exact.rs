//! A hold of exactly one length: the textbook's TIME-WAIT.

use super::{Hold, HoldRule};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;

/// Free exactly `wait` after the close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exact {
    wait: SimDuration,
}

impl Exact {
    /// Held for `wait`, which may be zero.
    pub const fn new(wait: SimDuration) -> Self {
        Self { wait }
    }
}

impl HoldRule for Exact {
    fn least(&self) -> SimDuration {
        self.wait
    }

    fn of_wait(&self, wait: SimDuration) -> Hold {
        Hold::Exact(Self::new(wait))
    }

    fn mean_s(&self) -> f64 {
        self.wait.as_secs_f64()
    }
}

impl Choice for Exact {
    const NAME: &'static str = "exact";
    const SUMMARY: &'static str = "exactly this long after the close";
    const EXAMPLE: &'static str = "wait = \"60s\"";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "wait", kind: Kind::DurationOrZero, required: true, help: "how long the port is held" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(values.duration("wait").expect("a required parameter is present")))
    }
}
