//! A queue of events that all wait equally long: first in, first out, so no heap is needed.
//!
//! TIME-WAITs, constant lifetimes and fixed back-offs go here. It also holds for any delay that is monotone, such as a
//! wait that is rounded up to a grid. A delay that changes needs a new line.

use super::time::SimTime;
use std::collections::VecDeque;

/// Events in the order in which they are due, which is the order in which they came.
#[derive(Clone, Debug)]
pub struct DelayLine<T> {
    queue: VecDeque<(SimTime, T)>,
}

impl<T> Default for DelayLine<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new() }
    }
}

impl<T> DelayLine<T> {
    /// Adds an event that is due at `at`.
    ///
    /// # Panics
    ///
    /// When `at` is earlier than the last event that is still queued: the delay was not monotone.
    #[inline]
    pub fn push(&mut self, at: SimTime, event: T) {
        if let Some((last, _)) = self.queue.back() {
            assert!(*last <= at, "a delay line is first in, first out");
        }
        self.queue.push_back((at, event));
    }

    /// When the next event is due; [`SimTime::NEVER`] when there is none.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.queue.front().map_or(SimTime::NEVER, |(at, _)| *at)
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        self.queue.pop_front()
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// True when no event waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
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
    #[should_panic(expected = "first in, first out")]
    fn a_delay_that_shrinks_is_caught() {
        let mut line = DelayLine::default();
        line.push(SimTime::from_nanos(5), ());
        line.push(SimTime::from_nanos(4), ());
    }
}
