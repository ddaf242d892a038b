//! Which of several queues is next: a winner tree over their next times.

use super::time::SimTime;

/// The earliest of a fixed number of times, each of which can be changed. Ties go to the lowest index.
#[derive(Clone, Debug)]
pub struct Tournament {
    /// A complete binary tree: node 1 is the root, the leaves are the last half. Each holds (time, index).
    nodes: Vec<(SimTime, u32)>,
    leaves: usize,
    /// The root once more: most tournaments have a single entry, and this is all they need.
    first: (SimTime, u32),
}

impl Tournament {
    /// Room for `entries` times, all [`SimTime::NEVER`].
    ///
    /// # Panics
    ///
    /// For 2^32 entries or more.
    pub fn new(entries: usize) -> Self {
        let leaves = entries.max(1).next_power_of_two();
        let mut nodes = vec![(SimTime::NEVER, 0); 2 * leaves];
        for node in (1..2 * leaves).rev() {
            nodes[node].1 =
                if node >= leaves { u32::try_from(node - leaves).expect("entries fit u32") } else { nodes[2 * node].1 };
        }
        Self { first: nodes[1], nodes, leaves }
    }

    /// The earliest time.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.first.0
    }

    /// The entry with the earliest time, the lowest of them on a tie.
    #[inline]
    pub fn first(&self) -> usize {
        self.first.1 as usize
    }

    /// The entry with the earliest time, and how long it stays that: up to `until` when there is no other, else for
    /// this instant.
    #[inline]
    pub fn run(&self, until: SimTime) -> (usize, SimTime) {
        (self.first(), if self.leaves == 1 { until } else { self.next_at() })
    }

    /// Changes the time of `entry`.
    #[inline]
    pub fn set(&mut self, entry: usize, at: SimTime) {
        if self.leaves == 1 {
            self.first.0 = at;
        } else {
            self.play(entry, at);
        }
    }

    fn play(&mut self, entry: usize, at: SimTime) {
        let mut node = self.leaves + entry;
        self.nodes[node].0 = at;
        while node > 1 {
            node /= 2;
            let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
            self.nodes[node] = if left.0 <= right.0 { left } else { right };
        }
        self.first = self.nodes[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::random::{Randomness, below};

    #[test]
    fn it_agrees_with_a_plain_search() {
        let mut words = Randomness { seed: 1, replication: 0 }.words("test", "tournament");
        for entries in [1, 2, 3, 5, 8, 13] {
            let mut plain = vec![SimTime::NEVER; entries];
            let mut tree = Tournament::new(entries);
            assert_eq!((tree.next_at(), tree.first()), (SimTime::NEVER, 0));
            for _ in 0..2_000 {
                let entry = below(words.word(), u32::try_from(entries).unwrap()) as usize;
                // Few distinct times, so that ties are common.
                let at = SimTime::from_nanos(u64::from(below(words.word(), 4)));
                plain[entry] = at;
                tree.set(entry, at);
                let earliest = *plain.iter().min().unwrap();
                let first = plain.iter().position(|at| *at == earliest).unwrap();
                assert_eq!((tree.next_at(), tree.first()), (earliest, first));
            }
        }
    }
}
