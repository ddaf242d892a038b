//! The scan of Linux `connect()` since 4.6: all ports of the range's first parity, then all of the other
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect`; `reference/linux.md` 1.3 and 1.5). What has changed since is
//! where it starts, and how far a success moves the next start on.

use super::Choice;
use crate::port::lane::{Lane, Layout, narrow};

/// The automatic search steps over every second port.
pub(super) const STEP: u32 = 2;

/// Scans from the start that `start` (before `mod rem`) gives; also returns the distance walked in the last pass.
#[expect(clippy::inline_always, reason = "once per connect(); the call alone costs a few per cent")]
#[inline(always)]
pub(super) fn scan(start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    let len = layout.range().len();
    if len == 1 {
        // rem = 1: one probe and no second pass.
        let free = lane.free() == 1;
        return (Choice { offset: free.then_some(0), probes: layout.usable(), start: 0 }, 0);
    }
    // An odd range loses one position, not one port.
    let rem = len & !1;
    let start = (start % rem) / 2;
    let (first, distance) = scan_first_parity(start, lane, layout);
    if first.offset.is_some() {
        return (first, distance);
    }
    let (second, distance) = scan_second_parity(start, lane, layout);
    (Choice { probes: first.probes + second.probes, start: first.start, ..second }, distance)
}

/// Pass 0: the parity of the range's first port, from index `start`.
#[inline]
fn scan_first_parity(start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    let len = layout.part_len(0);
    let odd_size = layout.range().len() % 2 == 1;
    // In a range of odd size the scan wraps by one position too few: it never looks at the first port unless it
    // starts there, and then it never looks at the last one.
    let (low, high) = match (odd_size, start) {
        (false, _) => (0, len),
        (true, 0) => (0, len - 1),
        (true, _) => (1, len),
    };
    circular(0, Span { low, high }, start, lane, layout)
}

/// Pass 1: the other parity, one port on.
#[inline]
fn scan_second_parity(start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    circular(1, Span { low: 0, high: layout.part_len(1) }, start, lane, layout)
}

/// Indices of one parity, `low` included, `high` not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) low: u32,
    pub(super) high: u32,
}

/// One pass: `start` to the end of the span, then its beginning to `start`.
#[inline]
pub(super) fn circular(parity: u32, span: Span, start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    if layout.reserves_nothing() {
        pass(parity, span, start, lane, |index| index)
    } else {
        pass(parity, span, start, lane, |index| layout.usable_before(parity, index))
    }
}

/// The same, where `before` says how many ports that a scan looks at lie before an index.
#[inline]
fn pass(parity: u32, span: Span, start: u32, lane: &Lane, before: impl Fn(u32) -> u32) -> (Choice, u32) {
    let begun = narrow(2 * start + parity);
    let choice = |offset, probes| Choice { offset, probes, start: begun };
    if lane.has_free(parity) {
        if let Some(index) = lane.next_free(parity, start).filter(|index| *index < span.high) {
            let probes = before(index + 1) - before(start);
            return (choice(Some(narrow(2 * index + parity)), probes), (index - start) * STEP);
        }
        if let Some(index) = lane.next_free(parity, span.low).filter(|index| *index < start) {
            let probes = before(span.high) - before(start) + before(index + 1) - before(span.low);
            let steps = span.high - start + index - span.low;
            return (choice(Some(narrow(2 * index + parity)), probes), steps * STEP);
        }
    }
    (choice(None, before(span.high) - before(span.low)), 0)
}
