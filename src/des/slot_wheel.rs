//! A priority queue for random delays: time is cut into slots, and only the slot being served is kept sorted.
//!
//! A calendar queue (Brown 1988) with power-of-two slots, and a heap for what lies beyond the wheel's horizon. Slots are
//! as wide as about four events are long, and re-cut when the rate moves.
//! Events that are due at one instant leave in the order in which they came.

use super::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The slot width aimed at, in mean gaps between events.
const EVENTS_PER_SLOT: u64 = 4;
/// How many events are served between two looks at the slot width.
const RETUNE_EVERY: u64 = 4096;
/// The most slots a wheel grows to: 4 MiB of slot heads.
const SLOTS_MAX: usize = 1 << 20;
const SLOTS_MIN: usize = 1 << 10;
/// No node.
const NONE: u32 = u32::MAX;

/// An event in a slot's list.
#[derive(Clone, Copy, Debug)]
struct Node<T> {
    at: u64,
    event: T,
    next: u32,
}

/// An event beyond the horizon; `order` keeps first in, first out among equals.
#[derive(Clone, Copy, Debug)]
struct Far<T> {
    at: u64,
    order: u64,
    event: T,
}

impl<T> PartialEq for Far<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl<T> Eq for Far<T> {}

impl<T> PartialOrd for Far<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Far<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Events by the time they are due; equal times first in, first out.
#[derive(Clone, Debug)]
pub struct SlotWheel<T> {
    /// log2 of the slot width in nanoseconds.
    shift: u32,
    /// The slot being served, counted from time zero: its events and all earlier ones are in `current`.
    cursor: u64,
    /// The slot being served, latest event first, so that the next one is at the end. Never empty while any event
    /// waits.
    current: Vec<(u64, T)>,
    /// The newest event of each slot after the cursor, by slot number modulo the number of slots; empty before the first
    /// event of all.
    heads: Vec<u32>,
    /// How many events are in lists.
    listed: usize,
    /// Storage for the lists, and the list of nodes not in use.
    nodes: Vec<Node<T>>,
    spare: u32,
    far: BinaryHeap<Reverse<Far<T>>>,
    /// Events pushed to `far`, ever, and when last looked at.
    far_total: u64,
    far_before: u64,
    /// Events loaded since the slot width was last looked at, and when that was.
    loaded: u64,
    retuned_at: u64,
}

impl<T: Copy> Default for SlotWheel<T> {
    fn default() -> Self {
        Self {
            shift: 20,
            cursor: 0,
            current: Vec::new(),
            heads: Vec::new(),
            listed: 0,
            nodes: Vec::new(),
            spare: NONE,
            far: BinaryHeap::new(),
            far_total: 0,
            far_before: 0,
            loaded: 0,
            retuned_at: 0,
        }
    }
}

impl<T: Copy> SlotWheel<T> {
    /// When the next event is due; [`SimTime::NEVER`] when there is none.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.current.last().map_or(SimTime::NEVER, |(at, _)| SimTime::from_nanos(*at))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.current.len() + self.listed + self.far.len()
    }

    /// True when no event waits.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// Adds an event that is due at `at`. Says whether [`SlotWheel::next_at`] may have changed.
    #[inline]
    pub fn push(&mut self, at: SimTime, event: T) -> bool {
        let at = at.as_nanos();
        let slot = at >> self.shift;
        let ahead = slot.wrapping_sub(self.cursor);
        // Slots before the cursor wrap around to large numbers; so does nothing else, and the cursor's own is 0.
        if !self.current.is_empty() && ahead.wrapping_sub(1) < self.heads.len() as u64 - 1 {
            self.link(slot, at, event);
            false
        } else {
            self.place_aside(at, event);
            true
        }
    }

    /// Places what does not go into a list: the first event of all, one for the cursor's slot or before, one beyond the
    /// horizon.
    #[cold]
    fn place_aside(&mut self, at: u64, event: T) {
        let slot = at >> self.shift;
        if self.current.is_empty() {
            if self.heads.is_empty() {
                self.heads = vec![NONE; SLOTS_MIN];
            }
            self.cursor = slot;
            self.current.push((at, event));
        } else if slot <= self.cursor {
            // Before the equal ones in this reversed order, so after them in time order.
            let index = self.current.partition_point(|(other, _)| *other > at);
            self.current.insert(index, (at, event));
        } else {
            self.far.push(Reverse(Far { at, order: self.far_total, event }));
            self.far_total += 1;
        }
    }

    /// Adds an event to the list of a slot within the horizon.
    #[inline]
    fn link(&mut self, slot: u64, at: u64, event: T) {
        if self.spare == NONE {
            self.make_room(at, event);
        }
        let index = self.index(slot);
        let place = self.spare;
        let node = &mut self.nodes[place as usize];
        let head = &mut self.heads[index];
        self.spare = node.next;
        *node = Node { at, event, next: *head };
        *head = place;
        self.listed += 1;
    }

    /// Adds as many spare nodes as there are nodes; `at` and `event` stand in them until they are used.
    #[cold]
    fn make_room(&mut self, at: u64, event: T) {
        let old = u32::try_from(self.nodes.len()).expect("fewer than 2^32 events wait");
        let new = (2 * old).max(64);
        self.nodes.extend((old..new).map(|place| Node { at, event, next: place + 1 }));
        self.nodes.last_mut().expect("just added").next = NONE;
        self.spare = old;
    }

    #[inline]
    fn index(&self, slot: u64) -> usize {
        // Below the number of slots, which is a power of two.
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let index = slot as usize & (self.heads.len() - 1);
        index
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let (at, event) = self.current.pop()?;
        if self.current.is_empty() {
            self.advance(at);
        }
        Some((SimTime::from_nanos(at), event))
    }

    /// Takes the next event if it is due by `until`, that instant included.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, T)> {
        if self.next_at() <= until { self.pop() } else { None }
    }

    /// Moves the cursor to the next slot that holds anything, if any does, and sorts it.
    #[inline(never)]
    fn advance(&mut self, now: u64) {
        if self.loaded >= RETUNE_EVERY {
            self.retune(now);
        }
        if self.listed > 0 {
            // With a few events to each slot the next one is hardly ever empty.
            self.cursor += 1;
            while self.heads[self.index(self.cursor)] == NONE {
                self.cursor += 1;
            }
        } else if let Some(Reverse(first)) = self.far.peek() {
            self.cursor = first.at >> self.shift;
        } else {
            return;
        }
        if !self.far.is_empty() {
            self.pull_far();
        }
        self.load();
    }

    /// Brings in what has come within the horizon, in order, before anything newer can be put beside it.
    fn pull_far(&mut self) {
        let slots = self.heads.len() as u64;
        while let Some(Reverse(first)) = self.far.peek() {
            if (first.at >> self.shift) - self.cursor >= slots {
                break;
            }
            let Reverse(first) = self.far.pop().expect("just seen");
            self.link(first.at >> self.shift, first.at, first.event);
        }
    }

    /// Makes the cursor's slot current: unlinks its list and sorts it.
    #[inline]
    fn load(&mut self) {
        let index = self.index(self.cursor);
        let mut place = std::mem::replace(&mut self.heads[index], NONE);
        // The list is newest first, and so is the reversed order; insertion keeps that among equals.
        while place != NONE {
            let node = &mut self.nodes[place as usize];
            self.current.push((node.at, node.event));
            let next = std::mem::replace(&mut node.next, self.spare);
            self.spare = place;
            place = next;
        }
        let count = self.current.len();
        if count > FEW {
            self.current.sort_by_key(|(at, _)| Reverse(*at));
        } else if count > 1 {
            sort_few(&mut self.current);
        }
        self.listed -= count;
        self.loaded += count as u64;
    }

    /// Looks whether slots of another width, or more of them, would serve better, and re-cuts the wheel if so.
    #[cold]
    fn retune(&mut self, now: u64) {
        let gap = (now - self.retuned_at) / self.loaded;
        let shift = (gap * EVENTS_PER_SLOT).max(1).ilog2().max(4);
        let far = self.far_total - self.far_before;
        let wrong_width = shift.abs_diff(self.shift) > 1;
        let grow = far > self.loaded / 16 && self.heads.len() < SLOTS_MAX;
        self.retuned_at = now;
        self.far_before = self.far_total;
        self.loaded = 0;
        // The slot before the first one must exist.
        if (wrong_width || grow) && now >> shift > 0 {
            let slots = if grow { self.heads.len() * 4 } else { self.heads.len() };
            self.recut(if wrong_width { shift } else { self.shift }, slots);
        }
    }

    /// Puts everything that waits beyond the cursor into `slots` slots of width 2^shift. `current` is empty, and so the
    /// cursor may go back to just before the first of them.
    fn recut(&mut self, shift: u32, slots: usize) {
        let mut events = Vec::with_capacity(self.listed + self.far.len());
        while self.listed > 0 {
            self.cursor += 1;
            self.load();
            while let Some(event) = self.current.pop() {
                events.push(event);
            }
        }
        // What is far comes later than all that is listed.
        while let Some(Reverse(Far { at, event, .. })) = self.far.pop() {
            events.push((at, event));
        }
        self.shift = shift;
        self.heads = vec![NONE; slots];
        self.loaded = 0;
        let Some((first, _)) = events.first() else { return };
        self.cursor = (first >> shift) - 1;
        for (at, event) in events {
            let slot = at >> shift;
            if slot - self.cursor < slots as u64 {
                self.link(slot, at, event);
            } else {
                self.far.push(Reverse(Far { at, order: self.far_total, event }));
                self.far_total += 1;
            }
        }
        self.far_before = self.far_total;
    }
}

/// The most events that [`sort_few`] sorts.
const FEW: usize = 8;

/// Sorts at most [`FEW`] events latest first; equal times stay as they are.
#[inline]
fn sort_few<T: Copy>(events: &mut [(u64, T)]) {
    match events.len() {
        0 | 1 => {}
        2 => sort_by_rank::<2, T>(events),
        3 => sort_by_rank::<3, T>(events),
        4 => sort_by_rank::<4, T>(events),
        5 => sort_by_rank::<5, T>(events),
        6 => sort_by_rank::<6, T>(events),
        7 => sort_by_rank::<7, T>(events),
        _ => sort_by_rank::<FEW, T>(events),
    }
}

/// Sorts `N` events. Each one's place is the number of those that go before it: more comparisons than a sort needs, but
/// none that a processor has to guess.
#[inline]
fn sort_by_rank<const N: usize, T: Copy>(events: &mut [(u64, T)]) {
    let events: &mut [(u64, T); N] = events.try_into().expect("as many as the caller counted");
    let before = *events;
    let mut rank = [0; N];
    for one in 0..N {
        for other in one + 1..N {
            let swap = usize::from(before[other].0 > before[one].0);
            rank[one] += swap;
            rank[other] += 1 - swap;
        }
    }
    for (event, place) in before.into_iter().zip(rank) {
        events[place] = event;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::random::{Randomness, Words};

    /// Runs a wheel beside a sorted list: `delay` makes each new event's delay.
    fn compare(mut delay: impl FnMut(&mut Words) -> u64, waiting: usize, steps: usize) {
        let mut words = Randomness { seed: 7, replication: 0 }.words("test", "wheel");
        let mut wheel = SlotWheel::default();
        let mut plain = BinaryHeap::new();
        let mut now = 0;
        for id in 0..steps {
            let at = now + delay(&mut words);
            wheel.push(SimTime::from_nanos(at), id);
            plain.push(Reverse((at, id)));
            let pops = if plain.len() > waiting { 1 + words.word() % 2 } else { words.word() % 2 };
            for _ in 0..pops {
                let expected = plain.pop().map(|Reverse(event)| event);
                let found = wheel.pop().map(|(at, id)| (at.as_nanos(), id));
                assert_eq!(found, expected);
                now = expected.map_or(now, |(at, _)| at);
            }
            assert_eq!(wheel.len(), plain.len());
            let expected = plain.peek().map_or(SimTime::NEVER, |Reverse((at, _))| SimTime::from_nanos(*at));
            assert_eq!(wheel.next_at(), expected);
        }
        while let Some(Reverse(expected)) = plain.pop() {
            assert_eq!(wheel.pop().map(|(at, id)| (at.as_nanos(), id)), Some(expected));
        }
        assert!(wheel.is_empty() && wheel.pop().is_none());
    }

    #[test]
    fn it_serves_in_order_at_any_rate() {
        compare(|words| words.word() % 1_000_000_000, 900, 60_000);
        compare(|words| words.word() % 1_000, 50, 60_000);
        compare(|words| words.word() % 1_000_000_000_000_000, 300, 30_000);
    }

    #[test]
    fn equal_times_leave_as_they_came() {
        compare(|words| (words.word() % 4) * 1_000_000, 200, 30_000);
        compare(|words| (words.word() % 3) * 10_000_000_000, 200, 30_000);
        compare(|_| 0, 10, 20_000);
    }

    #[test]
    fn heavy_tails_and_sudden_changes_of_rate_stay_in_order() {
        // Pareto-like: from nanoseconds to hours.
        compare(|words| 1_u64 << (words.word() % 43), 1_000, 60_000);
        let mut count = 0_u64;
        compare(
            |words| {
                count += 1;
                let scale = if (count / 9_000).is_multiple_of(2) { 100 } else { 100_000_000_000 };
                words.word() % scale
            },
            500,
            60_000,
        );
    }
}
