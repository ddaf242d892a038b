//! A checker that rides along: keeps its own books from the events alone and compares them with the world's.
//!
//! Checked at every event: a port is taken only when free, closed only when open, released only after its close, and
//! time never goes back. Checked about every `EVERY` events: in each lane free + busy = usable, bitmap and count agree, and
//! opened = closed + open, closed = released + held.

use crate::des::SimTime;
use crate::port::Pool;
use crate::sim::{Attempt, Cause, Connected, Held, Observer, Topology, World};

/// Events between two checks of the whole world.
const EVERY: u64 = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Open,
    Closed,
    Reusable,
}

/// The checker. A fault is a panic: it would be ours, not the user's.
#[derive(Debug)]
pub struct Invariants<'a> {
    topology: &'a Topology,
    now: SimTime,
    lanes: Vec<Vec<State>>,
    busy: Vec<u32>,
    events: u64,
    /// The world is checked when `events` reaches this.
    next_check: u64,
    opened: u64,
    closed: u64,
    released: u64,
    /// Per flow: first attempts, retries, refusals, losses.
    requests: Vec<[u64; 4]>,
}

impl<'a> Invariants<'a> {
    /// A checker for one replication.
    pub fn new(topology: &'a Topology) -> Self {
        Self {
            topology,
            now: SimTime::ZERO,
            lanes: vec![Vec::new(); topology.lanes],
            busy: vec![0; topology.lanes],
            events: 0,
            next_check: 0,
            opened: 0,
            closed: 0,
            released: 0,
            requests: vec![[0; 4]; topology.flows.len()],
        }
    }

    /// How many events have been checked.
    pub fn events(&self) -> u64 {
        self.events
    }

    fn tick(&mut self, at: SimTime) {
        assert!(at >= self.now, "an event at {at} s after one at {} s", self.now);
        self.now = at;
        self.events += 1;
    }

    fn change(&mut self, lane: u32, offset: u16, from: State, to: State) {
        let states = &mut self.lanes[lane as usize];
        if states.is_empty() {
            let range = self.topology.pool_of_lane(lane).way.ports;
            *states = vec![State::Free; range.len() as usize];
        }
        let state = &mut states[usize::from(offset)];
        assert_eq!(*state, from, "port at offset {offset} of lane {lane} becomes {to:?}");
        *state = to;
    }

    fn check_free(&self, lane: u32, free: u32) {
        let usable = self.topology.pool_of_lane(lane).ports;
        assert_eq!(free + self.busy[lane as usize], usable, "free + busy = usable in lane {lane}");
    }

    fn count_attempt(&mut self, attempt: &Attempt) {
        let [first, retries, refused, lost] = &mut self.requests[attempt.flow as usize];
        if attempt.retry == 0 {
            *first += 1;
        } else {
            *retries += 1;
        }
        assert!(*retries + *lost <= *refused, "a retry or a loss without a refusal before it");
    }

    fn check_world(&self, world: &World<'_>) {
        let held = world.held_ports();
        assert_eq!(self.opened - self.closed, world.open_connections() as u64, "opened = closed + open");
        assert_eq!(self.closed - self.released, held as u64, "closed = released + held");
        let lanes = world.pools().flat_map(Pool::lanes);
        for (lane, busy) in lanes.zip(&self.busy) {
            assert!(lane.is_untouched() || lane.count_free() == lane.free(), "a bitmap and its count agree");
            assert!(!lane.is_untouched() || *busy == 0, "a lane in use is open");
        }
    }
}

impl Observer for Invariants<'_> {
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.tick(attempt.at);
        assert!(got.close_at >= attempt.at, "a connection closes after it opens");
        self.change(attempt.lane, got.offset, State::Free, State::Open);
        self.busy[attempt.lane as usize] += 1;
        self.opened += 1;
        self.count_attempt(attempt);
        self.check_free(attempt.lane, attempt.free);
    }

    fn refused(&mut self, attempt: &Attempt, _cause: Cause) {
        self.tick(attempt.at);
        self.requests[attempt.flow as usize][2] += 1;
        self.count_attempt(attempt);
        self.check_free(attempt.lane, attempt.free);
    }

    fn lost(&mut self, at: SimTime, flow: u32) {
        self.tick(at);
        self.requests[flow as usize][3] += 1;
    }

    fn closed(&mut self, at: SimTime, held: &Held) {
        self.tick(at);
        self.change(held.lane, held.offset, State::Open, State::Closed);
        self.closed += 1;
    }

    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        self.tick(at);
        self.change(held.lane, held.offset, State::Closed, State::Free);
        self.busy[held.lane as usize] -= 1;
        self.released += 1;
        self.check_free(held.lane, free);
    }

    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        self.released(at, held, free);
        self.change(held.lane, held.offset, State::Free, State::Reusable);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.tick(at);
        self.change(held.lane, held.offset, State::Reusable, State::Free);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.tick(at);
        self.busy[lane as usize] += 1;
        self.check_free(lane, free);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.tick(at);
        self.busy[lane as usize] -= 1;
        self.check_free(lane, free);
    }

    fn settled(&mut self, _at: SimTime, world: &World<'_>) {
        if self.events >= self.next_check {
            self.next_check = self.events + EVERY;
            self.check_world(world);
        }
    }
}
