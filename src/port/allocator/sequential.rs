//! One pointer for the whole machine that moves up past each port it hands out and wraps: the BSD baseline (RFC 6056
//! section 2.2), which gives a port back its longest rest.

use super::{Allocate, Choice, Setup, linear};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout};

#[derive(Clone, Debug)]
pub(super) struct Sequential {
    next: u32,
}

impl Allocate for Sequential {
    const NAME: &'static str = "sequential";
    const SUMMARY: &'static str = "upwards from the last port, one pointer for all";

    fn new(_setup: &Setup<'_>) -> Self {
        Self { next: 0 }
    }

    #[inline]
    fn choose(&mut self, _id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let len = layout.range().len();
        let choice = linear(lane, layout, self.next);
        if let Some(offset) = choice.offset() {
            let after = u32::from(offset) + 1;
            self.next = if after == len { 0 } else { after };
        }
        choice
    }

    fn rekey(&mut self, _branch: u64) {}
}
