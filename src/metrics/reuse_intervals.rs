//! How long ports rested between their release and their next use: counts in buckets, so that runs add up.
//!
//! The [`Recorder`](super::Recorder) knows when each port was released and tells whoever wants to count; where nobody
//! does, that costs nothing.

use crate::des::SimDuration;
use crate::stats::Octaves;

/// Thirty-two to an octave of nanoseconds: a bucket is at most 3 % wide.
type Buckets = Octaves<5>;
const BUCKETS: usize = Buckets::bucket(u64::MAX) + 1;

/// Is told of every port that is used again.
pub trait Reuses {
    /// The measured window opens: what came before counts in nothing, but how long a port has rested by then does.
    fn window_opens(&mut self);

    /// A port is used again, so long after its release.
    fn reused(&mut self, rested: SimDuration);
}

/// Nobody counts.
impl Reuses for () {
    #[inline]
    fn window_opens(&mut self) {}

    #[inline]
    fn reused(&mut self, _rested: SimDuration) {}
}

/// Counts of reuses by how long the port rested. 15 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReuseIntervals {
    counts: Box<[u64]>,
}

impl Default for ReuseIntervals {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into() }
    }
}

/// Reuses of ports that rested about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReuseCell {
    /// At least so long.
    pub from: SimDuration,
    /// And less than so long.
    pub to: SimDuration,
    /// How many there were.
    pub reuses: u64,
}

impl ReuseIntervals {
    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.counts.iter_mut().zip(&other.counts) {
            *own += other;
        }
    }

    /// The buckets in which there is anything, from the shortest rest to the longest.
    pub fn cells(&self) -> impl Iterator<Item = ReuseCell> {
        let counts = self.counts.iter().copied().enumerate().filter(|(_, reuses)| *reuses > 0);
        counts.map(|(bucket, reuses)| ReuseCell {
            from: SimDuration::from_nanos(Buckets::first(bucket)),
            to: SimDuration::from_nanos(Buckets::last(bucket).saturating_add(1)),
            reuses,
        })
    }
}

impl Reuses for ReuseIntervals {
    fn window_opens(&mut self) {
        self.counts.fill(0);
    }

    #[inline]
    fn reused(&mut self, rested: SimDuration) {
        self.counts[Buckets::bucket(rested.as_nanos())] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_begin_anew_with_the_window() {
        let nanos = SimDuration::from_nanos;
        let (mut one, mut other) = (ReuseIntervals::default(), ReuseIntervals::default());
        one.reused(nanos(5));
        one.window_opens();
        one.reused(nanos(0));
        one.reused(SimDuration::from_secs(1));
        other.reused(nanos(1_006_632_959));
        other.reused(nanos(u64::MAX));
        one.merge(&other);
        let cells: Vec<_> = one.cells().map(|cell| (cell.from.as_nanos(), cell.to.as_nanos(), cell.reuses)).collect();
        assert_eq!(cells, [(0, 1, 1), (989_855_744, 1_006_632_960, 2), (63 << 58, u64::MAX, 1)]);
    }
}
