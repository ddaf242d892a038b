//! The risk that a pool refuses anyone within a window: Poisson arrivals, lifetimes of any law, an empty start.
//!
//! Coupling: until its first refusal a pool equals the pool without limit, whose occupancy is never less afterwards. So
//! a refusal means that the pool without limit holds more than N ports at some time. Its occupancy is Poisson at any
//! instant (M/G/infinity), with mean rate x min(time, mean hold) at most, whatever the law. Two bounds follow, by how
//! ports come back; both are close where they are small.

use super::poisson::{poisson_pmf, poisson_upper_tail};

/// What arrives at a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Poisson arrivals per second.
    pub rate_per_s: f64,
    /// The mean, over lifetimes, of the longest time that one can keep its port, in seconds.
    pub hold_s: f64,
}

/// A span of time after the pool was empty, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Where it starts, 0 or later.
    pub from_s: f64,
    /// Where it ends, not before it starts.
    pub by_s: f64,
}

/// How ports come back to a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Release {
    /// Each when its own hold has passed.
    OneByOne,
    /// All at the next tick of a grid, as TIME-WAITs on Linux's timer wheel do (`reference/theory.md` 13).
    Batches {
        /// Between two ticks, in seconds, above 0.
        grid_s: f64,
        /// Where the ticks lie.
        phase: Phase,
    },
}

/// Where the ticks of a grid lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Anywhere, all places equally likely.
    Drawn,
    /// At a place that is given.
    Given,
}

/// An upper bound, at most 1, of the probability that `ports` (at least 1) refuse `stream` within `window`.
pub fn refusal_bound(ports: u32, stream: Stream, window: Window, release: Release) -> f64 {
    let Stream { rate_per_s, hold_s } = stream;
    let exceeds = |span_s: f64| poisson_upper_tail(ports, rate_per_s * span_s);
    // Before anything can have come back it is the exact value; later the pure count is an upper bound still.
    if window.by_s <= hold_s {
        return exceeds(window.by_s);
    }
    let bound = match release {
        // More than N when the window starts or after one hold, or an arrival later that finds N: the mean number of
        // such crossings (Markov's inequality). The term is largest where the mean is N.
        Release::OneByOne => {
            let start_s = window.from_s.max(hold_s);
            let level = poisson_pmf(ports, (rate_per_s * hold_s).min(f64::from(ports)));
            exceeds(hold_s) + rate_per_s * (window.by_s - start_s) * level
        }
        // Between ticks nothing comes back: more than N now is more than N just before the next tick. The sum over
        // ticks (Boole), averaged over the place of the grid, is an integral; for one given place it is at most one
        // term more, as terms grow with time.
        Release::Batches { grid_s, phase } => {
            let steady = exceeds(hold_s);
            let start_s = window.from_s.max(hold_s);
            let filling = if window.from_s < hold_s { filling_integral(ports, stream) } else { 0.0 };
            let given = if phase == Phase::Given { steady } else { 0.0 };
            given + (filling + steady * (window.by_s + grid_s - start_s)) / grid_s
        }
    };
    bound.min(1.0)
}

/// The integral of P(Poisson(rate u) > N) over u from 0 to the hold, in seconds: with M = rate x hold it is
/// (M P(X > N) - (N + 1) P(X > N + 1)) / rate.
fn filling_integral(ports: u32, stream: Stream) -> f64 {
    let mean = stream.rate_per_s * stream.hold_s;
    let (above, far_above) = (poisson_upper_tail(ports, mean), poisson_upper_tail(ports + 1, mean));
    ((mean * above - f64::from(ports + 1) * far_above) / stream.rate_per_s).max(0.0)
}

/// The cycle of a port that is taken again at the very tick that freed it, in nanoseconds: it is free at the first tick
/// strictly after lifetime + wait, a whole number of steps later. No port can be used more often than that.
///
/// # Panics
///
/// When the grid step is zero.
pub fn saturated_cycle_ns(hold_ns: u64, grid_ns: u64) -> u64 {
    (hold_ns / grid_ns + 1) * grid_ns
}

#[cfg(test)]
mod tests {
    use super::super::cases::close;
    use super::super::{Filling, erlang_b};
    use super::*;

    const GRID_S: f64 = 2.048;
    const LINUX: Release = Release::Batches { grid_s: GRID_S, phase: Phase::Drawn };
    const TEN_MINUTES: Window = Window { from_s: 0.0, by_s: 600.0 };

    fn linux(rate_per_s: f64, window: Window) -> f64 {
        refusal_bound(28_232, Stream { rate_per_s, hold_s: 60.0 + GRID_S + 0.05 }, window, LINUX)
    }

    #[test]
    fn batches_agree_with_theory_section_13() {
        let (high, low) = (linux(444.0, TEN_MINUTES), linux(430.0, TEN_MINUTES));
        assert!((high - 0.0096).abs() < 5e-5, "{high:e}");
        assert!((low - 2.3e-18).abs() < 5e-20, "{low:e}");
        close(linux(600.0, TEN_MINUTES), 1.0, 0.0);
        // A sum over the ticks of each of a thousand grids, written down literally.
        let tail = |at_s: f64| poisson_upper_tail(28_232, 444.0 * at_s.min(62.098));
        let grids = (0..1_000).map(|place| (f64::from(place) + 0.5) / 1_000.0 * GRID_S);
        let sum =
            |phase_s: f64| (0..294).map(move |k| phase_s + f64::from(k) * GRID_S).filter(|at| *at < 600.0 + GRID_S);
        let sums: Vec<f64> = grids.map(|phase_s| sum(phase_s).map(tail).sum()).collect();
        close(high, sums.iter().sum::<f64>() / 1_000.0, 1e-4);
        let stream = Stream { rate_per_s: 444.0, hold_s: 62.098 };
        let given = Release::Batches { grid_s: GRID_S, phase: Phase::Given };
        assert!(sums.iter().all(|sum| *sum <= refusal_bound(28_232, stream, TEN_MINUTES, given)));
    }

    #[test]
    fn the_bound_is_exact_until_a_port_can_come_back() {
        for (release, grid_s) in [(LINUX, GRID_S), (Release::OneByOne, 0.0)] {
            let filling = Filling { ports: 100, rate: 2.0 };
            let stream = Stream { rate_per_s: 2.0, hold_s: 61.0 + grid_s };
            let bound = |by_s| refusal_bound(100, stream, Window { from_s: 0.0, by_s }, release);
            close(bound(45.0), filling.refusal_by(45.0), 0.0);
            assert!(bound(61.0 + grid_s) <= bound(61.1 + grid_s), "it grows with the window");
        }
    }

    #[test]
    fn crossings_count_at_least_the_refusals_of_the_long_run() {
        // The mean number of refusals in an hour of the long run, rate x time x B, is near the mean number of
        // crossings while both are small: B is that term of the Poisson law over a sum that is almost 1.
        let window = Window { from_s: 600.0, by_s: 4_200.0 };
        let stream = Stream { rate_per_s: 455.0, hold_s: 60.05 };
        let refusals = 455.0 * 3_600.0 * erlang_b(28_232, 455.0 * 60.05);
        let bound = refusal_bound(28_232, stream, window, Release::OneByOne);
        assert!(refusals < 0.01 && bound < 1.001 * refusals && bound > 0.999 * refusals, "{bound:e} {refusals:e}");
    }

    #[test]
    fn a_later_window_of_the_same_length_is_no_worse_by_more_than_its_start() {
        for release in [LINUX, Release::OneByOne] {
            let stream = Stream { rate_per_s: 440.0, hold_s: 62.0 };
            let bound = |from_s, by_s| refusal_bound(28_232, stream, Window { from_s, by_s }, release);
            assert!(bound(600.0, 1_200.0) < 1.2 * bound(0.0, 600.0));
            assert!(bound(600.0, 1_200.0) < bound(0.0, 1_200.0));
        }
    }

    #[test]
    fn a_full_grid_step_ends_strictly_after_the_wait() {
        assert_eq!([60, 79, 80].map(|hold| saturated_cycle_ns(hold, 20)), [80, 80, 100]);
        assert_eq!(saturated_cycle_ns(60_050_000_000, 2_048_000_000), 61_440_000_000);
    }
}
