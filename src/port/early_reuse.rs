//! When `connect()` may end a TIME-WAIT of the same 4-tuple and take its port: Linux's `tcp_tw_reuse`
//! (`tcp_twsk_unique` in `net/ipv4/tcp_ipv4.c`; `reference/linux.md` 1.7).

use crate::des::{SimDuration, SimTime};

/// `net.ipv4.tcp_tw_reuse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TwReuse {
    /// 0: never.
    Off,
    /// 1: towards every destination.
    On,
    /// 2: towards loopback addresses only, the default since 4.19.
    Loopback,
}

impl TwReuse {
    /// Every setting.
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Loopback];

    /// The word in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Loopback => "loopback",
        }
    }

    /// May a TIME-WAIT end early towards a destination that is on loopback, or is not?
    pub const fn applies(self, loopback: bool) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Loopback => loopback,
        }
    }
}

/// How old a TIME-WAIT must be before it may be ended: its age, counted in whole ticks of the kernel's clock, is above
/// `delay`.
///
/// Since 6.14 a tick is a millisecond and the delay `net.ipv4.tcp_tw_reuse_delay`; before, the kernel compared whole
/// seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyReuse {
    /// What the age must be above.
    pub delay: SimDuration,
    /// The step in which the kernel counts: above zero.
    pub tick: SimDuration,
}

impl EarlyReuse {
    /// When a TIME-WAIT entered at `entered` may be ended, on a clock whose ticks lie at `phase` + k x tick. Monotone.
    #[inline]
    pub fn usable_at(self, entered: SimTime, phase: SimDuration) -> SimTime {
        let tick = self.tick.as_nanos();
        let ticks = self.delay.as_nanos() / tick + 1;
        // Counted from one tick before the phase, so that nothing is negative: phase < tick.
        let shift = tick - phase.as_nanos();
        SimTime::from_nanos(((entered.as_nanos() + shift) / tick + ticks) * tick - shift)
    }

    /// The least time from entering TIME-WAIT until it may be ended.
    pub const fn least(self) -> SimDuration {
        SimDuration::from_nanos(self.delay.as_nanos() / self.tick.as_nanos() * self.tick.as_nanos())
    }

    /// The mean time when closes are spread evenly over a tick, in seconds.
    pub fn mean_s(self) -> f64 {
        self.least().as_secs_f64() + self.tick.as_secs_f64() / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_strictly_above_the_delay_and_at_most_a_tick_more() {
        let reuse = EarlyReuse { delay: SimDuration::from_secs(1), tick: SimDuration::from_millis(1) };
        let phase = SimDuration::from_nanos(300_000);
        for nanos in [0, 1, 299_999, 300_000, 300_001, 999_999, 5_123_456_789] {
            let entered = SimTime::from_nanos(nanos);
            let gap = (reuse.usable_at(entered, phase) - entered).as_nanos();
            assert!(gap > 1_000_000_000 && gap <= 1_001_000_000, "{gap}");
            assert_eq!((nanos + gap) % 1_000_000, 300_000, "on a tick");
        }
        assert_eq!(reuse.least(), SimDuration::from_secs(1));
    }

    #[test]
    fn in_whole_seconds_it_is_between_one_and_two() {
        let reuse = EarlyReuse { delay: SimDuration::from_secs(1), tick: SimDuration::from_secs(1) };
        let at = |nanos| reuse.usable_at(SimTime::from_nanos(nanos), SimDuration::ZERO).as_nanos();
        assert_eq!(at(0), 2_000_000_000);
        assert_eq!(at(999_999_999), 2_000_000_000);
        assert_eq!(at(1_000_000_000), 3_000_000_000);
        let next = EarlyReuse { delay: SimDuration::ZERO, ..reuse };
        assert_eq!(next.usable_at(SimTime::from_nanos(999_999_999), SimDuration::ZERO).as_nanos(), 1_000_000_000);
    }
}
