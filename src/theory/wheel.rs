//! A pool whose TIME-WAITs end on a grid (Linux's timer wheel), Poisson arrivals, one destination.
//!
//! A port closed at c is free again at the first tick strictly after c + wait, so ports come back in batches and the
//! pool is fullest just before a tick. Until the first refusal it equals the pool without limit, whose occupancy at
//! any instant is Poisson. Times are whole nanoseconds, since ticks and ties are; rates are per second.

use super::poisson::poisson_upper_tail;
use crate::numeric;

/// The laws of lifetimes with a closed form for E min(lifetime, x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lifetimes {
    /// All equally long, in seconds.
    Constant(f64),
    /// Exponential with this mean, in seconds.
    Exponential(f64),
}

impl Lifetimes {
    /// The mean, in seconds.
    pub fn mean_s(self) -> f64 {
        let (Self::Constant(mean_s) | Self::Exponential(mean_s)) = self;
        mean_s
    }

    /// E min(lifetime, `x_s`), in seconds, for `x_s` >= 0.
    fn mean_up_to(self, x_s: f64) -> f64 {
        match self {
            Self::Constant(value_s) => value_s.min(x_s),
            Self::Exponential(mean_s) => -mean_s * numeric::exp_m1(-x_s / mean_s),
        }
    }
}

/// A TIME-WAIT that ends on a grid: ticks lie at `phase_ns` + k `grid_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wheel {
    /// The wait before rounding.
    pub wait_ns: u64,
    /// Between two ticks, above 0.
    pub grid_ns: u64,
    /// The first tick after the start, at most one grid step later.
    pub phase_ns: u64,
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

impl Wheel {
    /// Longest hold of a port closed after `lifetime_s` seconds: lifetime + wait + grid step.
    fn longest_hold_s(&self, lifetime_s: f64) -> f64 {
        seconds(self.wait_ns + self.grid_ns) + lifetime_s
    }

    /// Mean busy ports of the unlimited pool at its fullest, just before a tick of the steady state:
    /// rate x (wait + grid + mean lifetime).
    pub fn fullest_mean(&self, rate_per_s: f64, lifetimes: Lifetimes) -> f64 {
        rate_per_s * self.longest_hold_s(lifetimes.mean_s())
    }

    /// Seconds of arrivals that still hold a port at `at_ns`, in a pool without limit that was empty at 0, when the
    /// latest tick before `at_ns` is `tick_ns`: times the rate, the mean number of busy ports.
    ///
    /// What closed before `tick_ns` - wait is free again, so this is at - x + E min(lifetime, x) with
    /// x = max(0, tick - wait).
    fn held_s(&self, tick_ns: u64, at_ns: u64, lifetimes: Lifetimes) -> f64 {
        let closing_ns = tick_ns.saturating_sub(self.wait_ns);
        seconds(at_ns - closing_ns) + lifetimes.mean_up_to(seconds(closing_ns))
    }

    /// An upper bound of the probability that `ports` refuse a Poisson stream of `rate_per_s` up to `by_ns`, from an
    /// empty pool: the sum over ticks k of `P(Poisson(m) > N)`, m the mean just before the tick (Boole), and the
    /// same at `by_ns`. At most 1. Close to the truth where it is small.
    ///
    /// # Panics
    ///
    /// When the grid step is zero.
    pub fn refusal_bound(&self, ports: u32, by_ns: u64, stream: Stream) -> f64 {
        assert!(self.grid_ns > 0, "ticks lie apart");
        let chance = |held_s| poisson_upper_tail(ports, stream.rate_per_s * held_s);
        let (mut last_ns, mut tick_ns, mut sum) = (0, self.phase_ns, 0.0);
        // In the steady state all ticks are alike but for a double's last bits: the tail is computed once.
        let (mut held_s, mut at_tick) = (0.0_f64, chance(0.0));
        while tick_ns <= by_ns {
            let next_s = self.held_s(last_ns, tick_ns, stream.lifetimes);
            if (next_s - held_s).abs() > 1e-15 * next_s {
                (held_s, at_tick) = (next_s, chance(next_s));
            }
            sum += at_tick;
            last_ns = tick_ns;
            tick_ns += self.grid_ns;
        }
        (sum + chance(self.held_s(last_ns, by_ns, stream.lifetimes))).min(1.0)
    }

    /// The rate per second at which evenly spaced arrivals with this constant lifetime begin to be refused:
    /// N / (wait + grid + lifetime).
    pub fn even_rate_limit(&self, ports: u32, lifetime_ns: u64) -> f64 {
        f64::from(ports) / self.longest_hold_s(seconds(lifetime_ns))
    }

    /// The cycle of a saturated pool in nanoseconds: every port is taken again at the tick that frees it, and is free
    /// at the first tick strictly after lifetime + wait, whole grid steps later.
    ///
    /// # Panics
    ///
    /// When the grid step is zero.
    pub fn saturated_cycle_ns(&self, lifetime_ns: u64) -> u64 {
        ((lifetime_ns + self.wait_ns) / self.grid_ns + 1) * self.grid_ns
    }

    /// The most connects per second that `ports` sustain when saturated: N / [`Wheel::saturated_cycle_ns`].
    ///
    /// # Panics
    ///
    /// When the grid step is zero.
    pub fn sustained_rate(&self, ports: u32, lifetime_ns: u64) -> f64 {
        f64::from(ports) / seconds(self.saturated_cycle_ns(lifetime_ns))
    }

    /// The rate per second at which [`Wheel::refusal_bound`] up to `by_ns` is `risk` (0 < risk < 1), by halving.
    ///
    /// # Panics
    ///
    /// When the grid step is zero or `risk` is not strictly between 0 and 1.
    pub fn rate_for_risk(&self, ports: u32, by_ns: u64, target: Risk) -> f64 {
        assert!(target.risk > 0.0 && target.risk < 1.0, "a risk lies strictly between 0 and 1");
        // At four times the ports per shortest hold the pool is full for certain.
        let (mut low, mut high) = (0.0, 4.0 * f64::from(ports.max(16)) / seconds(by_ns.min(self.wait_ns).max(1)));
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let stream = Stream { rate_per_s: middle, lifetimes: target.lifetimes };
            if self.refusal_bound(ports, by_ns, stream) <= target.risk { low = middle } else { high = middle }
        }
        low
    }
}

/// What arrives at a [`Wheel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Poisson arrivals per second.
    pub rate_per_s: f64,
    /// How long connections last.
    pub lifetimes: Lifetimes,
}

/// A risk to stay under.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// The probability of a refusal.
    pub risk: f64,
    /// How long connections last.
    pub lifetimes: Lifetimes,
}

#[cfg(test)]
mod tests {
    use super::super::cases::close;
    use super::*;

    const LINUX: Wheel = Wheel { wait_ns: 60_000_000_000, grid_ns: 2_048_000_000, phase_ns: 1_024_000_000 };
    const PORTS: u32 = 28_232;
    const FIFTY_MS: u64 = 50_000_000;
    const TEN_MINUTES: u64 = 600_000_000_000;
    const EXPONENTIAL: Lifetimes = Lifetimes::Exponential(0.05);

    fn bound(rate_per_s: f64, lifetimes: Lifetimes) -> f64 {
        LINUX.refusal_bound(PORTS, TEN_MINUTES, Stream { rate_per_s, lifetimes })
    }

    #[test]
    fn the_bound_agrees_with_theory_section_13() {
        let (high, low) = (bound(444.0, EXPONENTIAL), bound(430.0, EXPONENTIAL));
        assert!((high - 0.0096).abs() < 5e-5, "{high:e}");
        assert!((low - 2.3e-18).abs() < 5e-20, "{low:e}");
        close(bound(600.0, EXPONENTIAL), 1.0, 0.0);
    }

    #[test]
    fn the_ladder_of_rates_agrees() {
        close(LINUX.fullest_mean(444.0, EXPONENTIAL), 444.0 * 62.098, 1e-14);
        assert!((LINUX.even_rate_limit(PORTS, FIFTY_MS) - 454.6).abs() < 0.05);
        assert_eq!(LINUX.saturated_cycle_ns(FIFTY_MS), 61_440_000_000);
        assert!((LINUX.sustained_rate(PORTS, FIFTY_MS) - 459.5).abs() < 0.05);
        for (seconds, rate) in [(600_u64, 444.0), (3_600, 442.9)] {
            let target = Risk { risk: 0.01, lifetimes: Lifetimes::Constant(0.05) };
            let found = LINUX.rate_for_risk(PORTS, seconds * 1_000_000_000, target);
            assert!((found - rate).abs() < 0.1, "{found}");
        }
    }

    #[test]
    fn a_full_grid_step_ends_strictly_after_the_wait() {
        let wheel = Wheel { wait_ns: 60, grid_ns: 20, phase_ns: 20 };
        assert_eq!(
            (wheel.saturated_cycle_ns(0), wheel.saturated_cycle_ns(19), wheel.saturated_cycle_ns(20)),
            (80, 80, 100)
        );
    }

    #[test]
    fn before_the_first_release_the_bound_holds_the_exact_value() {
        // Nothing is free again before 62 s: the refusal by 60 s is a Poisson tail, and the bound adds earlier ticks.
        let filling = super::super::Filling { ports: 100, rate: 2.0 };
        let stream = Stream { rate_per_s: 2.0, lifetimes: Lifetimes::Constant(1.0) };
        let bound = LINUX.refusal_bound(100, 45_000_000_000, stream);
        let exact = filling.refusal_by(45.0);
        assert!(bound >= exact && bound < 3.0 * exact, "{bound} {exact}");
    }
}
