//! Linux `bind(address, 0)` since 4.6: a random start each time, odd offsets before even ones, and with `SO_REUSEADDR`
//! the lower half of the range before the upper (`inet_csk_find_open_port` in `net/ipv4/inet_connection_sock.c`;
//! `reference/linux.md` 2).

use super::order::Order;
use super::parity_scan::{Pass, Span, first_parity, two_passes};
use super::{Allocate, Choice, Setup};
use crate::des::random::below;
use crate::des::{SimTime, Words};
use crate::port::lane::{Lane, Layout, Split};

/// Without `SO_REUSEADDR`.
#[derive(Clone, Debug)]
pub(super) struct LinuxBindZero {
    starts: Words,
}

impl Allocate for LinuxBindZero {
    const NAME: &'static str = "linux-bind-zero";
    const SUMMARY: &'static str = "Linux bind(0): random start, odd offsets first";
    const SPLIT: Split = Split::ByParity;
    const ORDER: Order = Order::OddFirst;

    fn new(setup: &Setup<'_>) -> Self {
        Self { starts: setup.randomness.words(setup.owner, "port start") }
    }

    #[inline(never)]
    fn choose(&mut self, _id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        search(&mut self.starts, 0, layout.range().len(), lane, layout)
    }

    fn rekey(&mut self, branch: u64) {
        self.starts.rekey(branch);
    }
}

/// Looks through `size` offsets from the even one `first` on.
pub(super) fn search(starts: &mut Words, first: u32, size: u32, lane: &Lane, layout: &Layout) -> Choice {
    let remaining = if size > 1 { size & !1 } else { size };
    let start = below(starts.word(), remaining) | 1;
    if size == 1 {
        // Both passes look at the one port there is.
        let free = lane.next_free(0, first / 2).filter(|index| *index == first / 2);
        let probes = layout.usable_before(0, first / 2 + 1) - layout.usable_before(0, first / 2);
        return Choice::new(free.map(|_| super::narrow(first)), probes, super::narrow(first));
    }
    let (low, pairs) = (first / 2, remaining / 2);
    let start = low + start / 2;
    let odd = Pass { parity: 1, span: Span { low, high: low + pairs }, start };
    // As with connect(), one port of an odd number is passed over.
    let even = Pass { parity: 0, span: first_parity(low, size, start), start };
    two_passes(odd, even, lane, layout)
}
