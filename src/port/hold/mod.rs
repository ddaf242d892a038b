//! How long a port stays taken after its connection closed: TIME-WAIT, or a NAT's cool-down. One rule per file.
//!
//! Every rule is monotone: who closes later is freed no earlier. So the held ports of one rule are a queue, never a
//! heap.

use super::clock::Clock;
use crate::des::{SimDuration, SimTime};

/// What a rule must answer.
trait HoldRule {
    /// See [`Hold::least`].
    fn least(&self) -> SimDuration;

    /// See [`Hold::of_wait`].
    fn of_wait(&self, wait: SimDuration) -> Hold;

    /// See [`Hold::timer`].
    fn timer(&self, wait: SimDuration) -> Hold {
        Hold::Exact(Exact::new(wait))
    }

    /// See [`Hold::mean_s`].
    fn mean_s(&self) -> f64;

    /// See [`Hold::grid`].
    fn grid(&self) -> SimDuration {
        SimDuration::ZERO
    }

    /// See [`Hold::phase`].
    fn phase(&self) -> Option<SimDuration> {
        None
    }
}

/// A rule on one clock: what every rule comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    wait: SimDuration,
    /// Zero: there is none.
    grid: SimDuration,
    /// From one grid step before the phase to zero, so that nothing counted from there is negative.
    shift: SimDuration,
}

impl Timer {
    /// When a port is free again that was closed at `close`: after the wait or, where there is a grid, at its first
    /// instant strictly after.
    #[expect(clippy::inline_always, reason = "once per close; the call alone costs a few per cent")]
    #[inline(always)]
    pub fn free_at(self, close: SimTime) -> SimTime {
        let Self { wait, grid, shift } = self;
        if grid.is_zero() {
            return close + wait;
        }
        let due = (close + wait + shift).as_nanos();
        SimTime::from_nanos((due / grid.as_nanos() + 1) * grid.as_nanos() - shift.as_nanos())
    }
}

crate::registry! {
    /// A rule of holding a port after the close.
    enum Hold, dispatch each_hold ($) {
        central_reaper::CentralReaper,
        exact::Exact,
        timer_wheel::TimerWheel,
    }
}

impl Hold {
    /// The rule on a clock whose grid lies at `phase` + k x grid; `phase` is below the grid.
    pub fn at_phase(&self, phase: SimDuration) -> Timer {
        let (wait, grid) = (self.least(), self.grid());
        Timer { wait, grid, shift: grid.saturating_sub(phase) }
    }

    /// The rule on an owner's clock.
    pub fn on(&self, clock: Clock) -> Timer {
        self.at_phase(clock.phase(self.grid()))
    }

    /// The least time from close to free: no port is free again sooner.
    pub fn least(&self) -> SimDuration {
        each_hold!(self, rule => rule.least())
    }

    /// The same rule for another wait, such as that of a socket in FIN-WAIT-2.
    #[must_use]
    pub fn of_wait(&self, wait: SimDuration) -> Self {
        each_hold!(self, rule => rule.of_wait(wait))
    }

    /// Any other timer of the same kernel.
    #[must_use]
    pub fn timer(&self, wait: SimDuration) -> Self {
        each_hold!(self, rule => rule.timer(wait))
    }

    /// The mean time from close to free when closes are spread evenly over the grid, in seconds.
    pub fn mean_s(&self) -> f64 {
        each_hold!(self, rule => rule.mean_s())
    }

    /// The spacing of the instants at which ports are freed; zero when they are freed one by one.
    pub fn grid(&self) -> SimDuration {
        each_hold!(self, rule => rule.grid())
    }

    /// Where the grid lies, when the scenario says so.
    pub fn phase(&self) -> Option<SimDuration> {
        each_hold!(self, rule => rule.phase())
    }
}
