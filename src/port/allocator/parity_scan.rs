//! The scan of Linux `connect()` since 4.6: all ports of the range's first parity, then all of the other
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect`; `reference/linux.md` 1.3 and 1.5). What has changed since is
//! where it starts, and how far a success moves the next start on.

use super::Choice;
use crate::port::lane::{Lane, Layout, narrow};

/// The automatic search steps over every second port.
pub(super) const STEP: u32 = 2;

/// Scans from the start that `start` (before `mod rem`) gives.
#[inline(never)]
pub(super) fn scan(start: u32, lane: &Lane, layout: &Layout) -> Choice {
    let len = layout.range().len();
    if len == 1 {
        // rem = 1: one probe and no second pass.
        let free = lane.free() == 1;
        return Choice::new(free.then_some(0), layout.usable(), 0);
    }
    // An odd range loses one position, not one port.
    let rem = len & !1;
    let start = (start % rem) / 2;
    let first = Pass { parity: 0, span: first_parity(0, len, start), start };
    two_passes(first, Pass { parity: 1, span: Span { low: 0, high: rem / 2 }, start }, lane, layout)
}

/// How far a scan walked, in the pass that found the port at `offset`; `choice.start` began it.
#[inline]
pub(super) fn walked(start: u16, offset: u16, layout: &Layout) -> u32 {
    // Both passes begin at one index, and each goes through as many ports as the other.
    let (from, to) = (u32::from(start / 2), u32::from(offset / 2));
    let wraps = if to < from { layout.range().len() / 2 } else { 0 };
    (to + wraps - from) * STEP
}

/// Indices of one parity, `low` included, `high` not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) low: u32,
    pub(super) high: u32,
}

/// The first port and every second one after it, of `size` ports from index `low` on.
///
/// In a range of odd size the scan wraps by one position too few: it never looks at the first port unless it starts
/// there, and then it never looks at the last one.
#[inline]
pub(super) fn first_parity(low: u32, size: u32, start: u32) -> Span {
    let passed_over = u32::from(size % 2 == 1 && start != low);
    Span { low: low + passed_over, high: low + size / 2 + passed_over }
}

/// A walk over one parity: from `start` to the end of the span, then from its beginning to `start`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub(super) parity: u32,
    pub(super) span: Span,
    pub(super) start: u32,
}

/// The first free port of a pass, or else of another.
#[expect(clippy::inline_always, reason = "once per connect(); a call with all its arguments costs a few per cent")]
#[inline(always)]
pub(super) fn two_passes(first: Pass, second: Pass, lane: &Lane, layout: &Layout) -> Choice {
    let begun = first.offset(first.start);
    if let Some(index) = first.find(lane) {
        return Choice::new(Some(first.offset(index)), first.probes(index, layout), begun);
    }
    let in_vain = first.probes_in_vain(layout);
    let Some(index) = second.find(lane) else {
        return Choice::new(None, in_vain + second.probes_in_vain(layout), begun);
    };
    Choice::new(Some(second.offset(index)), in_vain + second.probes(index, layout), begun)
}

impl Pass {
    #[inline]
    fn offset(self, index: u32) -> u16 {
        narrow(2 * index + self.parity)
    }

    #[expect(clippy::inline_always, reason = "once per connect(); a call with all its arguments costs a few per cent")]
    #[inline(always)]
    fn find(self, lane: &Lane) -> Option<u32> {
        let Self { parity, span, start } = self;
        if !lane.has_free(parity) {
            return None;
        }
        if let Some(index) = lane.next_free(parity, start).filter(|index| *index < span.high) {
            return Some(index);
        }
        lane.next_free(parity, span.low).filter(|index| *index < start)
    }

    /// Ports looked at until one is found at `index`.
    #[expect(clippy::inline_always, reason = "once per connect(); a call with all its arguments costs a few per cent")]
    #[inline(always)]
    fn probes(self, index: u32, layout: &Layout) -> u32 {
        let before = |index| layout.usable_before(self.parity, index);
        let wraps = if index < self.start { self.probes_in_vain(layout) } else { 0 };
        before(index + 1) + wraps - before(self.start)
    }

    /// Ports looked at when none is free.
    #[inline]
    fn probes_in_vain(self, layout: &Layout) -> u32 {
        layout.usable_before(self.parity, self.span.high) - layout.usable_before(self.parity, self.span.low)
    }
}
