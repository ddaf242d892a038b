//! Comparing an allocator with the literal model of its kernel: one that looks at port after port, as the C code does.

use super::{Allocate, Choice, Setup};
use crate::des::{Randomness, SimDuration, SimTime};
use crate::port::clock::Clock;
use crate::port::lane::{Lane, Layout};
use crate::port::range::{PortRange, PortSet};

pub(super) const RANDOMNESS: Randomness = Randomness { seed: 60327, replication: 0 };
const OWNER: &str = "host:test";

/// A kernel's way to choose a port.
pub(super) trait Literal {
    fn connect(&mut self, id: usize, range: PortRange, now: SimTime, probe: &mut Probe<'_>) -> Option<u16>;
}

/// What a literal model may ask about ports.
pub(super) struct Probe<'a> {
    lane: &'a Lane,
    reserved: &'a PortSet,
    first: u16,
    probes: u32,
}

impl Probe<'_> {
    /// Looks at a port, unless it is reserved; may it be taken?
    pub(super) fn take(&mut self, port: u32) -> bool {
        let port = u16::try_from(port).expect("a port");
        if self.reserved.contains(port) {
            return false;
        }
        self.probes += 1;
        self.lane.is_free(port - self.first)
    }
}

/// The hash of (addresses, destination port) that kernels before 5.18 use.
pub(super) fn hash_of(id: usize) -> u32 {
    u32::try_from(RANDOMNESS.lookup(OWNER, "port hash").word(id as u64, 0) >> 32).expect("half a word")
}

/// The two passes of kernels since 4.6, from `start` (before `mod rem`), in steps of `width`: the port, and the
/// counter of the pass that found it.
pub(super) fn by_parity(start: u32, width: u32, range: PortRange, probe: &mut Probe<'_>) -> Option<(u16, u32)> {
    let (lo, hi) = (u32::from(range.first()), u32::from(range.last()));
    let n = hi - lo + 1;
    let rem = if n > 1 { n & !1 } else { n };
    let offset = (start % rem) & !1;
    for pass in 0..if rem > 1 { 2 } else { 1 } {
        let mut port = lo + offset + pass;
        let mut i = 0;
        while i < rem {
            if port > hi {
                port -= rem;
            }
            if probe.take(port) {
                return Some((u16::try_from(port).expect("a port"), i));
            }
            i += 2;
            port += width;
        }
    }
    None
}

/// A clock and the settings that go with it.
pub(super) fn setup(layout: &Layout, lanes: usize) -> Setup<'_> {
    let clock = Clock::draw(RANDOMNESS, OWNER, SimDuration::ZERO, None);
    Setup { owner: OWNER, layout, lanes, clock, randomness: RANDOMNESS, step_width: 0 }
}

/// Fills lanes and gives ports back at random, and compares every answer with the literal model's. Says how many
/// connects were refused.
pub(super) fn compare<A: Allocate>(
    literal: &mut impl Literal,
    ports: (u16, u16),
    reserved: &[(u16, u16)],
    lanes: usize,
    steps: u64,
) -> u32 {
    compare_with::<A>(literal, 0, (ports, reserved), lanes, steps)
}

/// [`compare`] under a step width.
fn compare_with<A: Allocate>(
    literal: &mut impl Literal,
    step_width: u32,
    ((first, last), reserved): ((u16, u16), &[(u16, u16)]),
    lanes: usize,
    steps: u64,
) -> u32 {
    let reserved = PortSet::new(reserved.iter().map(|(a, b)| PortRange::new(*a, *b).unwrap()).collect());
    let range = PortRange::new(first, last).unwrap();
    let layout = Layout::new(range, &reserved, A::SPLIT);
    let mut allocator = A::new(&Setup { step_width, ..setup(&layout, lanes) });
    let mut pool = vec![Lane::new(&layout); lanes];
    for lane in &mut pool {
        lane.open(&layout);
    }
    let mut busy: Vec<Vec<u16>> = vec![Vec::new(); lanes];
    let mut words = RANDOMNESS.words("test", "steps");
    let mut refused = 0;
    for step in 0..steps {
        let id = usize::try_from(words.word() % lanes as u64).unwrap();
        // 25 s in all, so that epochs change; fill, then empty, then fill again.
        let now = SimTime::from_nanos(step * (25_000_000_000 / steps));
        if words.word() % 8 < [1, 5, 1][usize::try_from(3 * step / steps).unwrap()] && !busy[id].is_empty() {
            let at = usize::try_from(words.word() % busy[id].len() as u64).unwrap();
            pool[id].give_back(busy[id].swap_remove(at));
            continue;
        }
        let found = allocator.choose(id, &pool[id], &layout, now);
        let mut probe = Probe { lane: &pool[id], reserved: &reserved, first, probes: 0 };
        let port = literal.connect(id, range, now, &mut probe);
        let expected = Choice::new(port.map(|port| port - first), probe.probes, found.start);
        assert_eq!(found, expected, "{range}, step {step}, lane {id}");
        refused += u32::from(found.offset().is_none());
        if let Some(offset) = found.offset() {
            pool[id].take(offset);
            busy[id].push(offset);
        }
    }
    refused
}

/// Compares on ranges of even, odd and tiny size, with and without reserved ports.
pub(super) fn compare_on_all_ranges<A: Allocate, L: Literal>(literal: impl Fn() -> L, step_width: u32) {
    let refused = |ports, reserved: &[(u16, u16)], lanes, steps| {
        compare_with::<A>(&mut literal(), step_width, (ports, reserved), lanes, steps)
    };
    assert!(refused((40000, 40099), &[], 1, 900) > 0);
    assert!(refused((40001, 40100), &[], 2, 1_200) > 0);
    assert!(refused((40000, 40999), &[(40300, 40599)], 1, 4_000) > 0);
    assert!(refused((40000, 40100), &[(40000, 40003), (40077, 40077)], 1, 900) > 0);
    assert!(refused((40000, 40100), &[], 1, 900) > 0);
    for last in 10..16 {
        assert!(refused((10, last), &[], 1, 600) > 0, "10-{last}");
    }
    assert!(refused((10, 14), &[(10, 10)], 1, 600) > 0);
    assert!(refused((10, 14), &[(14, 14)], 1, 600) > 0);
}
