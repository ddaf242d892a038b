//! TIME-WAITs against the number of them that the kernel keeps (`net.ipv4.tcp_max_tw_buckets`).
//!
//! A connection that closes while so many are held leaves none, and its port is free at once (`reference/linux.md` 3.4):
//! more gets through than formulas say, unprotected from late packets. Formulas stand as long as that does not happen.

use super::safe::largest;
use super::{Lanes, Spacing, TimeWait};
use crate::theory::{Stream, Window, refusal_bound};

/// What is left of closed connections on one host, and how many of them are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buckets {
    /// No more are kept.
    pub most: u32,
    /// How many each connection leaves.
    pub of_each: u32,
    /// How long each is.
    pub wait: TimeWait,
}

/// So likely at most may it be that the kernel drops one within the window: never, to all that a run can show.
const NEGLIGIBLE: f64 = 1e-12;

impl Buckets {
    /// How many there are on average just before a release, where `rate_per_s` connections close a second.
    pub fn wanted(&self, rate_per_s: f64) -> f64 {
        rate_per_s * self.longest_s() * f64::from(self.of_each)
    }

    fn longest_s(&self) -> f64 {
        self.wait.wait_s() + self.wait.grid_s()
    }
}

impl Lanes {
    /// Do formulas stand: is a TIME-WAIT as good as never dropped within the window because too many are held?
    pub fn formula_stands(&self) -> bool {
        self.overflow_at_most() < NEGLIGIBLE
    }

    /// An upper bound of the probability that one is. The host has one table for all its lanes.
    fn overflow_at_most(&self) -> f64 {
        let Some(buckets) = self.buckets else { return 0.0 };
        let hold_s = buckets.longest_s();
        // Each holds a port.
        let most_closed = buckets.most / buckets.of_each;
        if u64::from(self.ports) * u64::from(self.count) <= most_closed.into() {
            return 0.0;
        }
        let Window { from_s: _, by_s } = self.window;
        if self.spacing == Spacing::Even {
            let most = self.rate_per_s * hold_s.min(by_s);
            return if most <= f64::from(most_closed) { 0.0 } else { 1.0 };
        }
        let stream = Stream { rate_per_s: self.rate_per_s, hold_s };
        // From the empty start on: one that was dropped in the warm-up is missing later.
        refusal_bound(most_closed, stream, Window { from_s: 0.0, by_s }, buckets.wait.release())
    }

    /// The most connects per second for which formulas stand, however long they last; `None` where that is any.
    pub fn formula_rate(&self) -> Option<f64> {
        self.buckets?;
        let stands =
            |lanes: &Self| lanes.formula_stands() && lanes.settled().is_none_or(|lanes| lanes.formula_stands());
        let rate = largest(self.rate_per_s, |rate_per_s| stands(&Self { rate_per_s, ..*self }));
        Some(rate).filter(|rate| rate.is_finite())
    }

    /// TIME-WAITs held on average just before a release, and the most that are kept, where they are at least half of
    /// that: the number is sized by the machine's memory (`reference/linux.md` 3.4), so a smaller machine keeps fewer.
    pub fn many_time_waits(&self) -> Option<(f64, u32)> {
        let buckets = self.buckets?;
        let all = f64::from(self.ports) * f64::from(self.count) * f64::from(buckets.of_each);
        let wanted = buckets.wanted(self.rate_per_s).min(all);
        (wanted >= 0.5 * f64::from(buckets.most)).then_some((wanted, buckets.most))
    }
}
