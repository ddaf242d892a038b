//! What every allocator and every rule of uniqueness promises, whatever its name: a new one is tested by being
//! registered.

use crate::support::{Dice, Draft, observe, poisson};
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::port::allocator::{Choice, Search};
use dryport::port::pool::PoolSettings;
use dryport::port::{AllocatorKind, Clock, Pool, PortRange, PortSet, Uniqueness};
use dryport::sim::{Attempt, Cause, Connected, Held, Observer, Topology};
use std::collections::{BTreeMap, BTreeSet};

const FIRST: u16 = 10_000;

fn set(ranges: &[(u16, u16)]) -> PortSet {
    PortSet::new(ranges.iter().map(|(first, last)| PortRange::new(*first, *last).expect("a range")).collect())
}

/// Ranges of even, odd and tiny size, with and without reserved ports; across the words of a bitmap.
fn layouts() -> Vec<(PortRange, PortSet)> {
    let sizes = [1, 2, 3, 4, 5, 16, 63, 64, 65, 128, 129, 300];
    let mut layouts: Vec<_> =
        sizes.into_iter().map(|size| (PortRange::new(FIRST, FIRST + size - 1).expect("a range"), set(&[]))).collect();
    for reserved in [
        &[(FIRST, FIRST)][..],
        &[(FIRST + 1, FIRST + 1)],
        &[(FIRST + 10, FIRST + 19), (FIRST + 21, FIRST + 21)],
        // Whole words of the bitmaps, and a parity with one port left.
        &[(FIRST + 2, FIRST + 197)],
    ] {
        layouts.push((PortRange::new(FIRST, FIRST + 199).expect("a range"), set(reserved)));
    }
    layouts.push((
        PortRange::new(FIRST, FIRST + 22).expect("a range"),
        set(&[(FIRST + 22, FIRST + 22), (FIRST + 5, FIRST + 8)]),
    ));
    layouts
}

/// A pool of two lanes whose books are kept here.
struct Books {
    kind: AllocatorKind,
    range: PortRange,
    reserved: PortSet,
    pool: Pool,
    taken: [BTreeSet<u16>; 2],
    usable: u32,
}

impl Books {
    fn new(kind: AllocatorKind, range: PortRange, reserved: PortSet, replication: u64) -> Self {
        let randomness = Randomness { seed: 60_327, replication };
        let clock = Clock::draw(randomness, "host:h", SimDuration::ZERO, None);
        let settings = PoolSettings { owner: "host:h", allocator: kind, lanes: 2, clock, step_width: 0 };
        let pool = Pool::new(range, &reserved, &settings, randomness);
        let usable = range.len() - reserved.count_in(range);
        Self { kind, range, reserved, pool, taken: [BTreeSet::new(), BTreeSet::new()], usable }
    }

    /// What a search passed over, as it is told afterwards, is as much as it said, and none of it was free.
    fn check_path(&self, lane: usize, choice: Choice, context: &str) {
        let search = Search { len: self.range.len(), start: choice.start, found: choice.offset() };
        let offsets = 0..u16::try_from(self.range.len()).expect("a small number");
        let looked = offsets.filter(|offset| !self.reserved.contains(FIRST + offset));
        let passed: Option<Vec<(u16, bool)>> =
            looked.map(|offset| Some((offset, self.kind.order().passed(search, offset)?))).collect();
        let Some(passed) = passed else {
            assert!(self.kind == AllocatorKind::Random, "{context}: its order is known");
            return;
        };
        let passed: Vec<u16> = passed.into_iter().filter_map(|(offset, passed)| passed.then_some(offset)).collect();
        let in_vain = choice.probes - u32::from(choice.offset().is_some());
        assert_eq!(passed.len(), in_vain as usize, "{context}: {choice:?} passed {passed:?}");
        assert!(passed.iter().all(|offset| self.taken[lane].contains(offset)), "{context}: {choice:?}: {passed:?}");
    }

    /// Takes a port and checks the answer against the books.
    fn take(&mut self, lane: usize, now: SimTime) -> Choice {
        let free_before = self.usable - u32::try_from(self.taken[lane].len()).expect("a small number");
        let (choice, free) = self.pool.take(lane, now);
        let context = format!("{} on {}", self.kind.name(), self.range);
        assert_eq!(free, self.pool.lane(lane).free(), "{context}");
        // Draws with replacement have no bound; a scan looks at each port once at most.
        if self.kind != AllocatorKind::Random || choice.offset().is_none() {
            assert!(choice.probes <= self.usable, "{context}: {} probes", choice.probes);
        }
        self.check_path(lane, choice, &context);
        if let Some(offset) = choice.offset() {
            let port = FIRST + offset;
            assert!(self.range.contains(port) && !self.reserved.contains(port), "{context}: {port} is no usable port");
            assert!(self.taken[lane].insert(offset), "{context}: {port} is taken");
            assert!(choice.probes >= 1, "{context}: a port nobody looked at");
            assert_eq!(self.pool.lane(lane).free(), free_before - 1, "{context}");
        } else {
            assert_eq!(self.pool.lane(lane).free(), free_before, "{context}: a refusal takes nothing");
            assert!(free_before == 0 || self.is_blind_spot(lane), "{context}: refused with {free_before} free");
            if free_before == 0 && !self.is_odd_linux() {
                assert_eq!(choice.probes, self.usable, "{context}: a refusal looks at every port");
            }
        }
        choice
    }

    fn is_odd_linux(&self) -> bool {
        self.kind.is_parity_first() && self.range.len() % 2 == 1
    }

    /// The one exception: in a range of odd size Linux's scan wraps one position early, so it overlooks the first port,
    /// or the last when it starts at the first (`reference/linux.md` 1.5).
    fn is_blind_spot(&self, lane: usize) -> bool {
        let free: Vec<u16> = (0..u16::try_from(self.range.len()).expect("a small number"))
            .filter(|offset| !self.reserved.contains(FIRST + offset) && !self.taken[lane].contains(offset))
            .collect();
        // With SO_REUSEADDR it is the upper half of the range that has the odd size.
        let halved = self.kind == AllocatorKind::LinuxBindZeroReuse && self.range.len() > 3;
        let first = if halved { self.range.len() / 4 * 2 } else { 0 };
        let ends = [first, self.range.len() - 1].map(|end| u16::try_from(end).expect("a small number"));
        self.is_odd_linux() && free.len() == 1 && ends.contains(&free[0])
    }

    /// Gives a random port of the lane back.
    fn give_back(&mut self, lane: usize, dice: &mut Dice) {
        let held: Vec<u16> = self.taken[lane].iter().copied().collect();
        let offset = *dice.pick(&held);
        self.taken[lane].remove(&offset);
        self.pool.give_back(lane, offset);
    }
}

#[test]
fn names_are_unique_and_summaries_fit_a_line() {
    let names: BTreeSet<_> = AllocatorKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), AllocatorKind::ALL.len());
    for kind in AllocatorKind::ALL {
        assert!(!kind.summary().is_empty() && kind.summary().len() <= 60, "{}", kind.name());
        let may = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        assert!(kind.name().bytes().all(may), "{}", kind.name());
    }
}

/// Fills and empties at random, at low and at high occupancy, over several of Linux's epochs.
#[test]
fn a_port_that_is_handed_out_is_free_and_usable_and_none_is_refused_while_there_is_one() {
    let mut dice = Dice(1);
    for &kind in AllocatorKind::ALL {
        for (range, reserved) in layouts() {
            let mut books = Books::new(kind, range, reserved, 0);
            let steps = 8 * u64::from(range.len()).max(60);
            for step in 0..steps {
                let lane = usize::from(dice.below(4) == 0);
                // Mostly taking in the middle third, mostly giving back in the last.
                let gives = [4, 1, 7][usize::try_from(3 * step / steps).expect("a small number")];
                if dice.below(9) < gives && !books.taken[lane].is_empty() {
                    books.give_back(lane, &mut dice);
                } else {
                    books.take(lane, SimTime::from_nanos(step * (45_000_000_000 / steps)));
                }
            }
        }
    }
}

#[test]
fn a_range_is_handed_out_to_its_last_port() {
    for &kind in AllocatorKind::ALL {
        for (range, reserved) in layouts() {
            // Of three ports Linux always starts at the first, and so never looks at the last; nor does bind(0) with
            // SO_REUSEADDR, whose upper half of five ports has three.
            let blind = kind.is_parity_first() && range.len() == 3;
            if blind || (kind == AllocatorKind::LinuxBindZeroReuse && range.len() == 5) {
                continue;
            }
            let mut books = Books::new(kind, range, reserved, 3);
            // A range of odd size may hide its last port from one try, not from those of a few epochs.
            let mut tries: u64 = 0;
            while books.taken[0].len() < books.usable as usize {
                books.take(0, SimTime::from_nanos(tries * 1_000_000_000));
                tries += 1;
                let excess = if books.is_odd_linux() { 5_000 } else { 0 };
                assert!(tries <= u64::from(books.usable) + excess, "{} never hands out all of {range}", kind.name());
            }
            assert_eq!(books.pool.lane(0).count_free(), 0);
            assert!(books.take(1, SimTime::ZERO).offset().is_some() || books.is_odd_linux(), "lanes are independent");
        }
    }
}

/// Under load each usable port has its turn, not only until the range was full once.
#[test]
fn every_port_is_handed_out_again_and_again() {
    let mut dice = Dice(2);
    for &kind in AllocatorKind::ALL {
        let range = PortRange::new(FIRST, FIRST + 39).expect("a range");
        let mut books = Books::new(kind, range, set(&[(FIRST + 7, FIRST + 7)]), 0);
        let mut counts = BTreeMap::new();
        for step in 0..8_000 {
            if books.taken[0].len() > 30 {
                books.give_back(0, &mut dice);
            }
            let offset = books.take(0, SimTime::from_nanos(step * 1_000_000)).offset().expect("eight are free");
            *counts.entry(offset).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 39, "{}", kind.name());
        assert!(counts.values().all(|count| *count > 20), "{}: {counts:?}", kind.name());
    }
}

#[test]
fn an_allocator_is_fixed_by_its_seed() {
    let sequence = |kind: AllocatorKind, replication: u64| {
        let mut books = Books::new(kind, PortRange::new(FIRST, FIRST + 999).expect("a range"), set(&[]), replication);
        (0..500).map(|_| books.take(0, SimTime::ZERO)).collect::<Vec<_>>()
    };
    for &kind in AllocatorKind::ALL {
        assert_eq!(sequence(kind, 0), sequence(kind, 0), "{}", kind.name());
        let differs = sequence(kind, 0) != sequence(kind, 1);
        assert_eq!(differs, kind != AllocatorKind::Sequential, "{}", kind.name());
    }
}

/// Who a connection is told apart by: source address, endpoint, port.
type Tuple = (u32, (usize, u32), u16);

/// The part of a tuple that a rule keeps unique.
fn key(rule: Uniqueness, (source, endpoint, port): Tuple) -> (Option<u32>, Option<(usize, u32)>, u16) {
    match rule {
        Uniqueness::FourTuple => (Some(source), Some(endpoint), port),
        Uniqueness::PortDestination => (None, Some(endpoint), port),
        Uniqueness::AddressPort => (Some(source), None, port),
        Uniqueness::Port => (None, None, port),
    }
}

/// Checks each attempt against the tuples that are held, without knowing of lanes.
struct Tuples<'a> {
    rule: Uniqueness,
    topology: &'a Topology,
    ports: u16,
    held: Vec<(Held, Tuple)>,
    refused: u32,
    shared: u32,
}

impl Tuples<'_> {
    fn tuple(&self, attempt: &Attempt, port: u16) -> Tuple {
        let destination = self.topology.flows[attempt.flow as usize].destination;
        (attempt.source, (destination, attempt.endpoint), port)
    }

    fn is_held(&self, tuple: Tuple) -> bool {
        self.held.iter().any(|(_, other)| key(self.rule, *other) == key(self.rule, tuple))
    }
}

impl Observer for Tuples<'_> {
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        let tuple = self.tuple(attempt, got.port);
        assert!(!self.is_held(tuple), "{tuple:?} is not unique by {}", self.rule.name());
        self.shared += u32::from(self.held.iter().any(|(_, other)| other.2 == got.port));
        self.held.push((Held { flow: attempt.flow, lane: attempt.lane, offset: got.offset }, tuple));
    }

    fn refused(&mut self, attempt: &Attempt, _cause: Cause) {
        self.refused += 1;
        for port in FIRST..FIRST + self.ports {
            let tuple = self.tuple(attempt, port);
            assert!(self.is_held(tuple), "{tuple:?} is free by {}, but refused", self.rule.name());
        }
    }

    fn released(&mut self, _at: SimTime, held: &Held, _free: u32) {
        let same = |other: &Held| (other.lane, other.offset) == (held.lane, held.offset);
        let at = self.held.iter().position(|(other, _)| same(other)).expect("only what is held is released");
        self.held.swap_remove(at);
    }
}

/// Two clients on one host towards overlapping destinations, several addresses, several endpoints.
#[test]
fn a_port_is_shared_as_far_as_the_rule_allows_and_no_further() {
    for rule in Uniqueness::ALL {
        for &allocator in AllocatorKind::ALL {
            for spread in ["random", "round-robin", "first-free"] {
                let draft = Draft {
                    ports: 6,
                    allocator: allocator.name().to_owned(),
                    uniqueness: rule.name().to_owned(),
                    host: "addresses = 3".to_owned(),
                    destinations: vec![(0.6, 2), (0.4, 1)],
                    time_wait: "2s".to_owned(),
                    arrivals: poisson(40.0),
                    client: format!("source = \"{spread}\"\nbalance = \"{spread}\""),
                    ..Draft::default()
                };
                let text = draft.text() + &draft.client_text("more", "h", "\"d1\"");
                let scenario = crate::support::read(&text, "");
                let topology = Topology::new(&scenario);
                let mut tuples =
                    Tuples { rule, topology: &topology, ports: 6, held: Vec::new(), refused: 0, shared: 0 };
                observe(&scenario, 0, &mut tuples);
                assert!(tuples.refused > 100, "{} {spread}: the load is high enough", rule.name());
                assert_eq!(tuples.shared > 0, rule != Uniqueness::Port, "{}", rule.name());
            }
        }
    }
}
