//! Uniform over the free ports, by drawing until one is free: the yardstick of the theory, used by no stack.
//!
//! Each draw is uniform over the usable ports, with replacement, so the number of draws is geometric with success
//! probability free / usable (`reference/theory.md` 6.1). After a few draws in vain the rest of the geometric law and the
//! port are drawn directly: draws have no memory, so the law is the same, and the cost stays bounded.

use super::order::Order;
use super::{Allocate, Choice, Setup};
use crate::des::random::below;
use crate::des::{SimTime, Words};
use crate::numeric;
use crate::port::lane::{Lane, Layout, narrow};

/// Draws made one by one before the rest is drawn at once.
const PATIENCE: u32 = 16;

#[derive(Clone, Debug)]
pub(super) struct Random {
    draws: Words,
}

impl Allocate for Random {
    const NAME: &'static str = "random";
    const SUMMARY: &'static str = "uniform over the free ports, drawn until one is free";
    const ORDER: Order = Order::Drawn;

    fn new(setup: &Setup<'_>) -> Self {
        Self { draws: setup.randomness.words(setup.owner, "port draw") }
    }

    #[inline(never)]
    fn choose(&mut self, _id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        if lane.free() == 0 {
            return Choice::new(None, layout.usable(), 0);
        }
        let mut probes = 0;
        while probes < PATIENCE {
            // Reserved ports are no candidates: draw again without counting.
            let drawn = narrow(below(self.draws.word(), layout.range().len()));
            probes += layout.usable_probes(drawn);
            if lane.is_free(drawn) {
                return Choice::new(Some(drawn), probes, drawn);
            }
        }
        let offset = lane.nth_free(below(self.draws.word(), lane.free()));
        let probes = probes + self.geometric(lane.free(), layout.usable());
        Choice::new(Some(offset), probes, offset)
    }

    fn rekey(&mut self, branch: u64) {
        self.draws.rekey(branch);
    }
}

impl Random {
    /// How many more draws it takes, the successful one included: geometric with success probability free / usable.
    fn geometric(&mut self, free: u32, usable: u32) -> u32 {
        let miss = 1.0 - f64::from(free) / f64::from(usable);
        let u = ((self.draws.word() >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0;
        let draws = (numeric::ln(u) / numeric::ln(miss)).floor() + 1.0;
        // At most 37 / (1 / 65,535) draws: ln u is above -37, and -ln(1 - p) is above p.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2.5 million")]
        let draws = draws as u32;
        draws
    }
}
