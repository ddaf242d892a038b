//! Linux's timer wheel: TIME-WAITs end in batches, on a grid (kernel/time/timer.c since 4.8; `reference/linux.md` 3.2).
//!
//! A timer that expires in `delta` jiffies is queued at level L (0 below 63 jiffies, 1 below 504, 2 below 4032, 3 below
//! 32256, 4 below 258048, ...), whose buckets are `8^L` jiffies wide, and fires at `(floor(expires / g) + 1) * g`:
//! the first grid instant strictly after its time. At HZ=250 a wait of 60 s is 15,000 jiffies, level 3: a grid of
//! 512 jiffies, 2.048 s.

use super::{Hold, HoldRule};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;
use crate::des::time::NANOS_PER_SECOND;

/// Free at the first grid instant strictly after close + wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimerWheel {
    wait: SimDuration,
    hz: u64,
    phase: Option<SimDuration>,
    grid: SimDuration,
}

impl TimerWheel {
    /// The values of HZ a kernel can be built with (kernel/Kconfig.hz).
    pub const HZ: &'static [u64] = &[100, 250, 300, 1000];

    /// A wheel of `hz` jiffies a second (one of [`TimerWheel::HZ`]); the grid lies at `phase` + k x grid of simulated
    /// time, or wherever each replication draws it.
    pub const fn new(wait: SimDuration, hz: u64, phase: Option<SimDuration>) -> Self {
        Self { wait, hz, phase, grid: grid(wait, hz) }
    }

    /// Jiffies a second.
    pub const fn hz(&self) -> u64 {
        self.hz
    }
}

impl HoldRule for TimerWheel {
    fn least(&self) -> SimDuration {
        self.wait
    }

    fn of_wait(&self, wait: SimDuration) -> Hold {
        // Another level of the wheel has another grid; where it lies follows from the host's clock.
        Hold::TimerWheel(Self::new(wait, self.hz, None))
    }

    fn timer(&self, wait: SimDuration) -> Hold {
        self.of_wait(wait)
    }

    fn mean_s(&self) -> f64 {
        self.wait.as_secs_f64() + self.grid.as_secs_f64() / 2.0
    }

    fn grid(&self) -> SimDuration {
        self.grid
    }

    fn phase(&self) -> Option<SimDuration> {
        self.phase
    }
}

/// The spacing of the wheel's buckets for a wait this long. Always a whole number of nanoseconds for the
/// levels in use, but for HZ=300, where it is rounded to the nearest (512/300 s = 1,706,666,667 ns).
const fn grid(wait: SimDuration, hz: u64) -> SimDuration {
    // Spans are at most 2^62 ns and HZ at most 1000, so the product needs 128 bits.
    let jiffies = wait.as_nanos() as u128 * hz as u128 / NANOS_PER_SECOND as u128;
    let mut width: u128 = 1;
    let mut limit: u128 = 63;
    // Nine levels at most (LVL_DEPTH is 9 where HZ > 100, else 8): kernel/time/timer.c.
    let mut level = 0;
    while jiffies >= limit && level < 8 {
        width *= 8;
        limit *= 8;
        level += 1;
    }
    let nanos = (width * NANOS_PER_SECOND as u128 + hz as u128 / 2) / hz as u128;
    #[expect(clippy::cast_possible_truncation, reason = "8^8 jiffies are at most 168,000 s")]
    SimDuration::from_nanos(nanos as u64)
}

impl Choice for TimerWheel {
    const NAME: &'static str = "timer_wheel";
    const SUMMARY: &'static str = "freed in batches on a grid, as Linux does since 4.8";
    const EXAMPLE: &'static str = "wait = \"60s\"";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { name: "wait", kind: Kind::Duration, required: true, help: "the wait before rounding up" },
        Parameter {
            name: "hz",
            kind: Kind::OneOf(Self::HZ),
            required: false,
            help: "jiffies a second (CONFIG_HZ); those of the host if absent",
        },
        Parameter {
            name: "phase",
            kind: Kind::DurationOrZero,
            required: false,
            help: "where the grid lies; drawn by each replication if absent",
        },
    ];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let wait = values.duration("wait").expect("a required parameter is present");
        let hz =
            values.whole("hz").ok_or_else(|| vec![Fault::new("hz", "timer_wheel needs hz where no host has one")])?;
        let wheel = Self::new(wait, hz, None);
        let phase =
            values.duration("phase").map(|phase| SimDuration::from_nanos(phase.as_nanos() % wheel.grid.as_nanos()));
        Ok(Self { phase, ..wheel })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::SimTime;

    #[test]
    fn the_grid_is_that_of_the_kernel() {
        // reference/linux.md 3.2.
        for (hz, nanos) in [(100, 5_120_000_000), (250, 2_048_000_000), (300, 1_706_666_667), (1000, 4_096_000_000)] {
            let wheel = TimerWheel::new(SimDuration::from_secs(60), hz, None);
            assert_eq!(wheel.grid().as_nanos(), nanos, "HZ={hz}");
        }
    }

    #[test]
    fn a_port_is_freed_at_the_first_tick_strictly_after_its_wait() {
        let wheel = TimerWheel::new(SimDuration::from_secs(60), 250, None);
        let phase = SimDuration::from_millis(1246);
        let tick = |k: u64| SimTime::from_nanos(1_246_000_000 + k * 2_048_000_000);
        // A close exactly one wait before a tick waits for the next one.
        let close = SimTime::from_nanos(tick(40).as_nanos() - 60_000_000_000);
        assert_eq!(Hold::TimerWheel(wheel).at_phase(phase).free_at(close), tick(41));
        assert_eq!(
            Hold::TimerWheel(wheel).at_phase(phase).free_at(SimTime::from_nanos(close.as_nanos() - 1)),
            tick(40)
        );
        for start in [0, 1, 77_777_777, 5_000_000_000] {
            let close = SimTime::from_nanos(start);
            let life = Hold::TimerWheel(wheel).at_phase(phase).free_at(close) - close;
            assert!(life.as_nanos() > 60_000_000_000 && life.as_nanos() <= 62_048_000_000);
        }
    }
}
