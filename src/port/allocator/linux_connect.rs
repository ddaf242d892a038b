//! Linux `connect()`: a hashed start, the parity of the range's first port before the other, a random increment
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` since 5.18; `reference/linux.md` 1.2 to 1.5).
//!
//! The start offset of a destination is `(perturb[index] + hash) mod rem & ~1`, where hash and index come from a keyed
//! hash of (addresses, destination port, epoch) and the epoch changes every 10 s. A success moves `perturb[index]` on by
//! the distance scanned, at least a random 0 to 7 steps, and one step more.
//!
//! `perturb` is a table of 65,536 words for the whole machine. After a re-salt every lane has a fresh index and a fresh
//! random hash, so what a slot held before is as good as nothing: slots are kept per epoch, only those in use, starting
//! from zero. A test below compares with the literal table.

use super::{Allocate, Choice, Setup};
use crate::des::{Lookup, SimDuration, SimTime, Words};
use crate::port::clock::Clock;
use crate::port::lane::{Lane, Layout, Split, narrow};
use std::collections::BTreeMap;

/// "tcp: resalt the secret every 10 seconds", Linux 5.18: `EPHEMERAL_PORT_SHUFFLE_PERIOD` in `net/core/secure_seq.c`.
const RESALT_PERIOD: SimDuration = SimDuration::from_secs(10);
/// The automatic search steps over every second port.
const STEP: u32 = 2;

#[derive(Debug)]
pub(super) struct LinuxConnect {
    clock: Clock,
    epoch: u64,
    epoch_end: SimTime,
    lanes: Vec<LaneState>,
    table: Perturb,
    hash: Lookup,
    increments: Words,
    /// Random bits not yet used, three for each increment.
    bits: u64,
    bits_left: u32,
}

/// Where a lane starts in the present epoch.
#[derive(Clone, Copy, Debug)]
struct LaneState {
    /// The epoch that `hash` and `slot` are for.
    epoch: u64,
    hash: u32,
    slot: u32,
}

/// The slots of the perturb table that are in use in this epoch.
#[derive(Debug, Default)]
struct Perturb {
    values: Vec<u32>,
    by_index: BTreeMap<u16, u32>,
}

impl Perturb {
    fn clear(&mut self) {
        self.values.clear();
        self.by_index.clear();
    }

    /// The slot of table index `index`, which lanes with the same index share.
    fn slot(&mut self, index: u16) -> u32 {
        let next = u32::try_from(self.values.len()).expect("at most 65,536 slots");
        *self.by_index.entry(index).or_insert_with(|| {
            self.values.push(0);
            next
        })
    }
}

impl Allocate for LinuxConnect {
    const NAME: &'static str = "linux-connect";
    const SUMMARY: &'static str = "Linux connect(): hashed start, one parity first";
    const SPLIT: Split = Split::ByParity;

    fn new(setup: &Setup<'_>) -> Self {
        Self {
            clock: setup.clock,
            epoch: 0,
            epoch_end: SimTime::ZERO,
            lanes: vec![LaneState { epoch: u64::MAX, hash: 0, slot: 0 }; setup.lanes],
            table: Perturb::default(),
            hash: setup.randomness.lookup(setup.owner, "port hash"),
            increments: setup.randomness.words(setup.owner, "port increment"),
            bits: 0,
            bits_left: 0,
        }
    }

    #[inline]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, now: SimTime) -> Choice {
        if now >= self.epoch_end {
            self.resalt(now);
        }
        if self.lanes[id].epoch != self.epoch {
            self.enter_epoch(id);
        }
        let LaneState { hash, slot, .. } = self.lanes[id];
        let perturb = self.table.values[slot as usize];
        let (choice, distance) = scan(perturb.wrapping_add(hash), lane, layout);
        if choice.offset.is_some() {
            let advance = distance.max(self.increment() * STEP) + STEP;
            self.table.values[slot as usize] = perturb.wrapping_add(advance);
        }
        choice
    }
}

impl LinuxConnect {
    #[cold]
    fn resalt(&mut self, now: SimTime) {
        self.epoch = self.clock.epoch(now, RESALT_PERIOD);
        self.epoch_end = self.clock.epoch_end(self.epoch, RESALT_PERIOD);
        self.table.clear();
    }

    #[cold]
    fn enter_epoch(&mut self, id: usize) {
        let word = self.hash.word(id as u64, self.epoch);
        #[expect(clippy::cast_possible_truncation, reason = "the low half is the index, the high half the offset")]
        let (index, hash) = (word as u16, (word >> 32) as u32);
        self.lanes[id] = LaneState { epoch: self.epoch, hash, slot: self.table.slot(index) };
    }

    /// `rand(0..7)`.
    #[inline]
    fn increment(&mut self) -> u32 {
        if self.bits_left == 0 {
            self.bits = self.increments.word();
            self.bits_left = 21;
        }
        let increment = (self.bits & 7) as u32;
        self.bits >>= 3;
        self.bits_left -= 1;
        increment
    }
}

/// Scans from the start that `start` (before `mod rem`) gives; also returns the distance walked in the last pass.
#[inline]
fn scan(start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    let len = layout.range().len();
    if len == 1 {
        // rem = 1: one probe and no second pass.
        let free = lane.free() == 1;
        return (Choice { offset: free.then_some(0), probes: layout.usable() }, 0);
    }
    // An odd range loses one position, not one port.
    let rem = len & !1;
    let start = (start % rem) / 2;
    let first = scan_first_parity(start, lane, layout);
    if first.0.offset.is_some() {
        return first;
    }
    let (second, distance) = scan_second_parity(start, lane, layout);
    (Choice { probes: first.0.probes + second.probes, ..second }, distance)
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
struct Span {
    low: u32,
    high: u32,
}

/// One pass: `start` to the end of the span, then its beginning to `start`.
#[inline]
fn circular(parity: u32, span: Span, start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
    let before = |index| layout.usable_before(parity, index);
    let to_end = before(span.high) - before(start);
    if lane.has_free(parity) {
        if let Some(index) = lane.next_free(parity, start).filter(|index| *index < span.high) {
            let probes = before(index + 1) - before(start);
            return (Choice { offset: Some(narrow(2 * index + parity)), probes }, (index - start) * STEP);
        }
        if let Some(index) = lane.next_free(parity, span.low).filter(|index| *index < start) {
            let probes = to_end + before(index + 1) - before(span.low);
            let steps = span.high - start + index - span.low;
            return (Choice { offset: Some(narrow(2 * index + parity)), probes }, steps * STEP);
        }
    }
    (Choice { offset: None, probes: to_end + before(start) - before(span.low) }, 0)
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "halves of words, and words as indices")]
mod tests {
    use super::*;
    use crate::des::Randomness;
    use crate::port::range::{PortRange, PortSet};

    const RANDOMNESS: Randomness = Randomness { seed: 60327, replication: 0 };

    /// The kernel's own way, port by port, with its whole table (`reference/linux.md` 1.2 to 1.4).
    struct Literal {
        perturb: Vec<u32>,
        /// The table when the epoch began: what a fresh hash makes irrelevant, taken off to compare value by value.
        at_epoch_start: Vec<u32>,
        epoch: u64,
        clock: Clock,
        hash: Lookup,
        increments: Words,
        bits: Vec<u32>,
    }

    impl Literal {
        fn new(clock: Clock) -> Self {
            let mut boot = RANDOMNESS.words("literal", "perturb");
            let perturb: Vec<u32> = (0..65_536).map(|_| (boot.word() >> 32) as u32).collect();
            Self {
                at_epoch_start: perturb.clone(),
                perturb,
                epoch: u64::MAX,
                clock,
                hash: RANDOMNESS.lookup("host:test", "port hash"),
                increments: RANDOMNESS.words("host:test", "port increment"),
                bits: Vec::new(),
            }
        }

        fn increment(&mut self) -> u32 {
            if self.bits.is_empty() {
                let word = self.increments.word();
                self.bits = (0..21).rev().map(|k| (word >> (3 * k)) as u32 & 7).collect();
            }
            self.bits.pop().unwrap()
        }

        fn connect(
            &mut self,
            id: usize,
            range: PortRange,
            now: SimTime,
            usable: impl Fn(u16) -> Option<bool>,
        ) -> Choice {
            let epoch = self.clock.epoch(now, SimDuration::from_secs(10));
            if epoch != self.epoch {
                self.epoch = epoch;
                self.at_epoch_start.clone_from(&self.perturb);
            }
            let h64 = self.hash.word(id as u64, epoch);
            let index = (h64 & 0xffff) as usize;
            let hash = ((h64 >> 32) as u32).wrapping_sub(self.at_epoch_start[index]);
            let (lo, hi) = (u32::from(range.first()), u32::from(range.last()));
            let n = hi - lo + 1;
            let rem = if n > 1 { n & !1 } else { n };
            let offset = (self.perturb[index].wrapping_add(hash) % rem) & !1;
            let mut probes = 0;
            for pass in 0..if rem > 1 { 2 } else { 1 } {
                let mut port = lo + offset + pass;
                let mut i = 0;
                while i < rem {
                    if port > hi {
                        port -= rem;
                    }
                    let found = usable(u16::try_from(port).unwrap());
                    probes += u32::from(found.is_some());
                    if found == Some(true) {
                        let advance = i.max(self.increment() * 2) + 2;
                        self.perturb[index] = self.perturb[index].wrapping_add(advance);
                        return Choice { offset: Some(u16::try_from(port - lo).unwrap()), probes };
                    }
                    i += 2;
                    port += 2;
                }
            }
            Choice { offset: None, probes }
        }
    }

    /// Fills lanes and gives ports back at random, and compares every answer with the literal model's.
    fn compare(first: u16, last: u16, reserved: &[(u16, u16)], lanes: usize, steps: u64) -> u32 {
        let reserved = PortSet::new(reserved.iter().map(|(a, b)| PortRange::new(*a, *b).unwrap()).collect());
        let range = PortRange::new(first, last).unwrap();
        let layout = Layout::new(range, &reserved, Split::ByParity);
        let clock = Clock::draw(RANDOMNESS, "host:test", SimDuration::ZERO, None);
        let setup = Setup { owner: "host:test", layout: &layout, lanes, clock, randomness: RANDOMNESS };
        let mut allocator = LinuxConnect::new(&setup);
        let mut literal = Literal::new(clock);
        let mut pool = vec![Lane::new(&layout); lanes];
        for lane in &mut pool {
            lane.open(&layout);
        }
        let mut busy: Vec<Vec<u16>> = vec![Vec::new(); lanes];
        let mut words = RANDOMNESS.words("test", "steps");
        let mut refused = 0;
        for step in 0..steps {
            let id = words.word() as usize % lanes;
            // 25 s in all, so that epochs change; fill, then empty, then fill again.
            let now = SimTime::from_nanos(step * (25_000_000_000 / steps));
            if words.word() % 8 < [1, 5, 1][(3 * step / steps) as usize] && !busy[id].is_empty() {
                let at = words.word() as usize % busy[id].len();
                pool[id].give_back(busy[id].swap_remove(at));
                continue;
            }
            let found = allocator.choose(id, &pool[id], &layout, now);
            let expected = literal
                .connect(id, range, now, |port| (!reserved.contains(port)).then(|| pool[id].is_free(port - first)));
            assert_eq!(found, expected, "step {step}, lane {id}");
            refused += u32::from(found.offset.is_none());
            if let Some(offset) = found.offset {
                pool[id].take(offset);
                busy[id].push(offset);
            }
        }
        refused
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        assert!(compare(40000, 40099, &[], 1, 900) > 0);
        assert!(compare(40001, 40100, &[], 2, 1_200) > 0);
        assert!(compare(40000, 40999, &[(40300, 40599)], 1, 4_000) > 0);
        assert!(compare(40000, 40100, &[(40000, 40003), (40077, 40077)], 1, 900) > 0);
    }

    #[test]
    fn ranges_of_odd_and_of_tiny_size_are_the_literal_scan_too() {
        assert!(compare(40000, 40100, &[], 1, 900) > 0);
        for last in 10..16 {
            assert!(compare(10, last, &[], 1, 600) > 0, "10-{last}");
        }
        assert!(compare(10, 14, &[(10, 10)], 1, 600) > 0);
        assert!(compare(10, 14, &[(14, 14)], 1, 600) > 0);
    }

    #[test]
    fn lanes_that_share_a_slot_of_the_table_push_each_other_on() {
        // 2,000 lanes in 65,536 slots: about 30 pairs share one in each epoch.
        compare(40000, 40063, &[], 2_000, 60_000);
    }

    #[test]
    fn on_an_empty_table_a_destination_steps_by_two_to_sixteen() {
        let layout = Layout::new(PortRange::new(32768, 60999).unwrap(), &PortSet::default(), Split::ByParity);
        let clock = Clock::draw(RANDOMNESS, "host:test", SimDuration::ZERO, None);
        let setup = Setup { owner: "host:test", layout: &layout, lanes: 1, clock, randomness: RANDOMNESS };
        let mut allocator = LinuxConnect::new(&setup);
        let mut lane = Lane::new(&layout);
        lane.open(&layout);
        let mut counts = [0_u32; 8];
        let mut previous = None;
        for _ in 0..8_000 {
            let choice = allocator.choose(0, &lane, &layout, SimTime::ZERO);
            let offset = u32::from(choice.offset.unwrap());
            assert_eq!(choice.probes, 1);
            if let Some(previous) = previous {
                let step = (offset + 28_232 - previous) % 28_232;
                assert!(step % 2 == 0 && (2..=16).contains(&step));
                counts[step as usize / 2 - 1] += 1;
            }
            previous = Some(offset);
        }
        // Each 1/8 (`reference/linux.md` 1.4); chi-square with 7 degrees of freedom: 24.3 is its 99.9 % point.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 1e3) * (f64::from(n) - 1e3) / 1e3).sum();
        assert!(chi < 24.3, "{counts:?}");
    }
}
