//! A port owner's own clock: where its timer grid lies, and where its ten-second epochs begin.
//!
//! Linux counts jiffies since boot, and everything that happens on a grid (TIME-WAIT timers, the re-salting of the
//! port hash) lies on multiples of that count. One draw per owner and replication fixes it all.

use crate::des::{Randomness, SimDuration, SimTime};

/// The time an owner's clock shows when the simulation starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    at_zero: u64,
}

/// Clocks start somewhere below 2^44 ns (4.9 hours), a span far above every grid that follows from them.
const SPAN_BITS: u32 = 44;

impl Clock {
    /// The clock that shows zero when the simulation starts.
    pub const ZERO: Self = Self { at_zero: 0 };

    /// Draws the clock of `owner`. When a grid of spacing `grid` is known to lie at `phase` + k x `grid` of simulated
    /// time, the draw is moved there.
    pub fn draw(randomness: Randomness, owner: &str, grid: SimDuration, phase: Option<SimDuration>) -> Self {
        let drawn = randomness.words(owner, "clock").word() >> (64 - SPAN_BITS);
        let at_zero = match phase {
            Some(phase) if !grid.is_zero() => {
                let whole = drawn / grid.as_nanos() + 1;
                whole * grid.as_nanos() - phase.as_nanos() % grid.as_nanos()
            }
            _ => drawn,
        };
        Self { at_zero }
    }

    /// Where a grid of this spacing lies: its first instant at or after the start.
    pub fn phase(self, grid: SimDuration) -> SimDuration {
        if grid.is_zero() {
            return SimDuration::ZERO;
        }
        SimDuration::from_nanos((grid.as_nanos() - self.at_zero % grid.as_nanos()) % grid.as_nanos())
    }

    /// The number of whole spans `span` that the clock has counted at `now`.
    #[inline]
    pub fn epoch(self, now: SimTime, span: SimDuration) -> u64 {
        (self.at_zero + now.as_nanos()) / span.as_nanos()
    }

    /// When epoch number `epoch` of length `span` ends; at or before the start for one that is over by then.
    pub fn epoch_end(self, epoch: u64, span: SimDuration) -> SimTime {
        SimTime::from_nanos(((epoch + 1) * span.as_nanos()).saturating_sub(self.at_zero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: SimDuration = SimDuration::from_nanos(2_048_000_000);
    const TEN_SECONDS: SimDuration = SimDuration::from_secs(10);

    #[test]
    fn a_given_phase_pins_the_grid_and_leaves_the_epochs_free() {
        let mut epochs = std::collections::BTreeSet::new();
        for replication in 0..200 {
            let randomness = Randomness { seed: 1, replication };
            let clock = Clock::draw(randomness, "host:a", GRID, Some(SimDuration::from_millis(1246)));
            assert_eq!(clock.phase(GRID), SimDuration::from_millis(1246));
            epochs.insert(clock.phase(TEN_SECONDS).as_nanos());
        }
        // 10 s is 4.88 grids; the common step of 10 s and 2.048 s is 16 ms, so there are 625 places.
        assert!(epochs.len() > 150, "{}", epochs.len());
    }

    #[test]
    fn a_drawn_phase_is_uniform_over_the_grid() {
        let n = 4_000;
        let mut counts = [0_u32; 8];
        for replication in 0..n {
            let clock = Clock::draw(Randomness { seed: 1, replication }, "host:a", GRID, None);
            let eighth = clock.phase(GRID).as_nanos() * 8 / GRID.as_nanos();
            counts[usize::try_from(eighth).unwrap()] += 1;
        }
        // Chi-square with 7 degrees of freedom: 24.3 is its 99.9 % point.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 500.0) * (f64::from(n) - 500.0) / 500.0).sum();
        assert!(chi < 24.3, "{counts:?}");
    }

    #[test]
    fn epochs_end_where_the_next_begins() {
        let clock = Clock { at_zero: 25_000_000_000 };
        assert_eq!(clock.epoch(SimTime::ZERO, TEN_SECONDS), 2);
        let end = clock.epoch_end(2, TEN_SECONDS);
        assert_eq!(end, SimTime::from_nanos(5_000_000_000));
        assert_eq!(clock.epoch(SimTime::from_nanos(end.as_nanos() - 1), TEN_SECONDS), 2);
        assert_eq!(clock.epoch(end, TEN_SECONDS), 3);
        assert_eq!(Clock { at_zero: 0 }.phase(GRID), SimDuration::ZERO);
    }
}
