//! A queue of events that all wait equally long: first in, first out, so no heap is needed.
//!
//! TIME-WAITs, constant lifetimes and fixed back-offs go here. It also holds for any delay that is monotone, such as a
//! wait that is rounded up to a grid. A delay that changes needs a new line.

use super::time::SimTime;

/// Events in the order in which they are due, which is the order in which they came: a ring that doubles when full.
#[derive(Clone, Debug)]
pub struct DelayLine<T> {
    /// A power of two of places, or none.
    ring: Vec<(SimTime, T)>,
    first: usize,
    len: usize,
    /// When the first and the last queued event are due.
    next_at: SimTime,
    last_at: SimTime,
}

impl<T> Default for DelayLine<T> {
    fn default() -> Self {
        Self { ring: Vec::new(), first: 0, len: 0, next_at: SimTime::NEVER, last_at: SimTime::ZERO }
    }
}

impl<T: Copy> DelayLine<T> {
    /// Adds an event that is due at `at`. Says whether it is the only one, and so [`DelayLine::next_at`] has changed.
    ///
    /// # Panics
    ///
    /// When `at` is earlier than an event before it: the delay was not monotone.
    #[inline]
    pub fn push(&mut self, at: SimTime, event: T) -> bool {
        assert!(self.last_at <= at, "a delay line is first in, first out");
        self.last_at = at;
        let alone = self.len == 0;
        if alone {
            self.next_at = at;
        }
        if self.len == self.ring.len() {
            self.grow((at, event));
        }
        let place = (self.first + self.len) & (self.ring.len() - 1);
        self.ring[place] = (at, event);
        self.len += 1;
        alone
    }

    /// Doubles the ring; `filler` stands in places not in use.
    #[cold]
    fn grow(&mut self, filler: (SimTime, T)) {
        self.ring.rotate_left(self.first);
        self.first = 0;
        self.ring.resize((2 * self.len).max(64), filler);
    }

    /// When the next event is due; [`SimTime::NEVER`] when there is none.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.next_at
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        if self.len == 0 {
            return None;
        }
        let mask = self.ring.len() - 1;
        let due = self.ring[self.first];
        self.first = (self.first + 1) & mask;
        self.len -= 1;
        self.next_at = if self.len == 0 { SimTime::NEVER } else { self.ring[self.first].0 };
        Some(due)
    }

    /// Takes the next event if it is due by `until`, that instant included.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, T)> {
        if self.next_at <= until { self.pop() } else { None }
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when no event waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_leave_as_they_came() {
        let mut line = DelayLine::default();
        assert_eq!(line.next_at(), SimTime::NEVER);
        for (at, event) in [(5, 'a'), (5, 'b'), (9, 'c')] {
            line.push(SimTime::from_nanos(at), event);
        }
        assert_eq!(line.next_at(), SimTime::from_nanos(5));
        let order: Vec<char> = std::iter::from_fn(|| line.pop()).map(|(_, event)| event).collect();
        assert_eq!(order, ['a', 'b', 'c']);
        assert!(line.is_empty());
    }

    #[test]
    fn a_ring_grows_and_wraps_in_order() {
        let mut line = DelayLine::default();
        let mut due = 0..;
        for at in 0..10_000_u64 {
            line.push(SimTime::from_nanos(at), at);
            if at % 3 == 0 {
                assert_eq!(line.pop().map(|(at, event)| (at.as_nanos(), event)), due.next().map(|at| (at, at)));
            }
        }
        assert_eq!(line.len(), 10_000 - 3_334);
        while let Some((at, event)) = line.pop() {
            assert_eq!(Some((at.as_nanos(), event)), due.next().map(|at| (at, at)));
        }
        assert_eq!(due.next(), Some(10_000));
    }

    #[test]
    #[should_panic(expected = "first in, first out")]
    fn a_delay_that_shrinks_is_caught() {
        let mut line = DelayLine::default();
        line.push(SimTime::from_nanos(5), ());
        line.push(SimTime::from_nanos(4), ());
    }
}
