//! Settings at which the risk stays small, and that last: how far a load or the ports may be turned.
//!
//! A window from an empty range says nothing of what comes later where it is shorter than a port is held: no port has
//! come back by its end. A load that is there to stay is then judged by a window as long that begins once the range has
//! filled, and a setting is safe where both keep the risk.

use super::{Lanes, Spacing};
use crate::theory::Window;

impl Lanes {
    /// The same load once it has been there for as long as a port is held, in a window as long; `None` where the window
    /// reaches that far itself.
    pub fn settled(&self) -> Option<Self> {
        let hold_s = self.longest_hold_s();
        let Window { from_s, by_s } = self.window;
        let window = Window { from_s: hold_s, by_s: hold_s + by_s - from_s };
        (by_s < hold_s).then_some(Self { window, ..*self })
    }

    /// Is the risk within the window at most `target`, by a formula that can be trusted here?
    pub fn is_within(&self, target: f64) -> bool {
        self.risk_at_most() <= target && self.formula_stands()
    }

    /// Is it in any such window, however long the load has been there? Not above what gets through for long.
    pub fn is_safe(&self, target: f64) -> bool {
        let lasts = self.spacing == Spacing::Even || self.lane_fullest() <= f64::from(self.sure_ports());
        lasts && self.is_within(target) && self.settled().is_none_or(|settled| settled.is_within(target))
    }

    /// The most connects per second that are safe at `target` (above 0, below 1); infinite when they hold no port.
    pub fn safe_rate(&self, target: f64) -> f64 {
        largest(self.rate_per_s, |rate_per_s| Self { rate_per_s, ..*self }.is_safe(target))
    }

    /// The most connects per second whose risk within the window is at most `target`, whatever comes after it: more than
    /// the safe rate where the window is shorter than a port is held.
    pub fn window_rate(&self, target: f64) -> f64 {
        largest(self.rate_per_s, |rate_per_s| Self { rate_per_s, ..*self }.is_within(target))
    }

    /// The most connects per second at which a search hardly ever leaves the ports that it looks at first; `None` where
    /// it has no such ports.
    pub fn fast_rate(&self) -> Option<f64> {
        Some(self.fast_ports()? * f64::from(self.count) / self.longest_hold_s()).filter(|rate| rate.is_finite())
    }

    /// Are a lane's busy ports at its fullest moment, on average, no more than those that a search looks at first? From
    /// there on it looks at all of them in vain, which takes milliseconds. Always so where it has no such ports.
    pub fn is_fast(&self) -> bool {
        self.fast_ports().is_none_or(|ports| self.lane_fullest() <= ports)
    }

    /// The ports that a search looks at first, of the one set that it begins with.
    fn fast_ports(&self) -> Option<f64> {
        self.preferred.map(|share| share * f64::from(self.ports / self.joined))
    }

    /// The longest mean lifetime in seconds that is safe at `target`; `None` when not even zero is short enough,
    /// infinite when too few connects come within the window to take all ports.
    pub fn safe_lifetime_s(&self, target: f64) -> Option<f64> {
        let fits = |lifetime_s| Self { lifetime_s, ..*self }.is_safe(target);
        fits(0.0).then(|| largest(self.lifetime_s.max(1e-3), fits))
    }

    /// The fewest ports of each lane that are safe at `target`; `None` when that is more than there can be.
    pub fn safe_ports(&self, target: f64) -> Option<u32> {
        self.least_ports(|lanes| lanes.is_safe(target))
    }

    /// The ports that a search may pass over in a set of so many.
    pub(super) fn skips_of(&self, each: u32) -> u32 {
        u32::from(self.preferred.is_some() && each > 1 && !each.is_multiple_of(2))
    }

    /// The fewest ports of each lane with which they are as wanted.
    pub fn least_ports(&self, fits: impl Fn(&Self) -> bool) -> Option<u32> {
        let with = |each: u32| Self { ports: each * self.joined, skips: self.skips_of(each) * self.joined, ..*self };
        least(1, 65_535, |each| fits(&with(each))).map(|each| with(each).ports)
    }

    /// The fewest requests that connections have to carry one after another, each as long as a connection now, to be
    /// safe at `target`.
    pub fn safe_requests(&self, target: f64) -> Option<u32> {
        self.fewest_requests(|lanes| lanes.is_safe(target))
    }

    /// The fewest requests on each connection with which the lanes are as wanted.
    pub fn fewest_requests(&self, fits: impl Fn(&Self) -> bool) -> Option<u32> {
        least(1, 1_000_000, |requests| fits(&self.keeping(requests)))
    }

    /// The same requests, `requests` of them on each connection one after another.
    #[must_use]
    pub fn keeping(&self, requests: u32) -> Self {
        let requests = f64::from(requests);
        Self { rate_per_s: self.rate_per_s / requests, lifetime_s: self.lifetime_s * requests, ..*self }
    }
}

/// The largest number that `fits`, when all below it do; by halving.
pub(super) fn largest(start: f64, fits: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, start);
    while fits(high) {
        (low, high) = (high, 2.0 * high);
        if high > 1e18 {
            return f64::INFINITY;
        }
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

/// The least of `low` to `high` that `fits`, when all above it do.
pub(super) fn least(low: u32, high: u32, fits: impl Fn(u32) -> bool) -> Option<u32> {
    if !fits(high) {
        return None;
    }
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}
