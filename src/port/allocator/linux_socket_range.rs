//! Linux `connect()` of a socket with a range of its own (`IP_LOCAL_PORT_RANGE`), since 6.8: every port in one pass
//! (commit 207184853dbd; `reference/linux.md` 1.8). It starts where `linux-connect` would.

use super::perturbed_start::PerturbedStart;
use super::{Allocate, Choice, Setup, distance, linear};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout};

/// The search looks at every port.
const STEP: u32 = 1;

#[derive(Clone, Debug)]
pub(super) struct LinuxSocketRange {
    start: PerturbedStart,
}

impl Allocate for LinuxSocketRange {
    const NAME: &'static str = "linux-socket-range";
    const SUMMARY: &'static str = "connect() with IP_LOCAL_PORT_RANGE: every port, one pass";

    fn new(setup: &Setup<'_>) -> Self {
        Self { start: PerturbedStart::new(setup) }
    }

    #[inline(never)]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, now: SimTime) -> Choice {
        let start = self.start.of(id, now);
        let offset = start.offset % layout.range().len();
        let choice = linear(lane, layout, offset);
        if let Some(found) = choice.offset() {
            self.start.succeed(start, distance(offset, found, layout), STEP);
        }
        choice
    }

    fn rekey(&mut self, branch: u64) {
        self.start.rekey(branch);
    }
}
