//! Linux `bind(address, 0)` with `SO_REUSEADDR` since 4.6: the lower half of the range first, then the upper, each as
//! `linux-bind-zero` goes through all of it.

use super::linux_bind_zero::search;
use super::order::Order;
use super::{Allocate, Choice, Setup};
use crate::des::{SimTime, Words};
use crate::port::lane::{Lane, Layout, Split};

#[derive(Clone, Debug)]
pub(super) struct LinuxBindZeroReuse {
    starts: Words,
}

impl Allocate for LinuxBindZeroReuse {
    const NAME: &'static str = "linux-bind-zero-reuse";
    const SUMMARY: &'static str = "the same with SO_REUSEADDR: the lower half first";
    const SPLIT: Split = Split::ByParity;
    const ORDER: Order = Order::HalvesOddFirst;

    fn new(setup: &Setup<'_>) -> Self {
        Self { starts: setup.randomness.words(setup.owner, "port start") }
    }

    #[inline(never)]
    fn choose(&mut self, _id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let size = layout.range().len();
        // A range of fewer than four ports is not halved.
        let half = if size < 4 { 0 } else { size / 4 * 2 };
        let (mut probes, mut start) = (0, 0);
        for (first, size) in [(0, half), (half, size - half)] {
            if size == 0 {
                continue;
            }
            let choice = search(&mut self.starts, first, size, lane, layout);
            probes += choice.probes;
            start = choice.start;
            if choice.offset().is_some() {
                return Choice { probes, ..choice };
            }
        }
        Choice::new(None, probes, start)
    }

    fn rekey(&mut self, branch: u64) {
        self.starts.rekey(branch);
    }
}
