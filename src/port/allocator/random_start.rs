//! RFC 6056 algorithm 1, "simple port randomization": a random start, then upwards, once around (macOS and most BSDs:
//! `bsd/netinet/in_pcb.c`, `in_pcbbind`; `reference/stacks-and-nats.md` 2.5).

use super::{Allocate, Choice, Setup, linear};
use crate::des::random::below;
use crate::des::{SimTime, Words};
use crate::port::lane::{Lane, Layout};

#[derive(Clone, Debug)]
pub(super) struct RandomStart {
    starts: Words,
}

impl Allocate for RandomStart {
    const NAME: &'static str = "random-start";
    const SUMMARY: &'static str = "a random start, then upwards (RFC 6056 algorithm 1)";

    fn new(setup: &Setup<'_>) -> Self {
        Self { starts: setup.randomness.words(setup.owner, "port start") }
    }

    #[inline(never)]
    fn choose(&mut self, _id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        linear(lane, layout, below(self.starts.word(), layout.range().len()))
    }

    fn rekey(&mut self, branch: u64) {
        self.starts.rekey(branch);
    }
}
