//! Simulated time: integer nanoseconds, with instants and spans as distinct types.
//!
//! Assumes nothing about clocks: no value here ever comes from the machine. Instant zero is where a simulation
//! starts (the start of the warm-up); what users read and write counts from the start of the measured window.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// An instant of simulated time, in nanoseconds since the simulation started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A span of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The instant at which every simulation starts.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens: the key of an empty queue.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, rounded to a double.
    pub fn as_secs_f64(self) -> f64 {
        SimDuration(self.0).as_secs_f64()
    }

    /// The span from `earlier` to `self`; zero when `earlier` is later.
    #[inline]
    pub const fn saturating_since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span anything is held, about 146 years: longer than any run (10 years), and two of them still
    /// fit into an instant, so adding one to an instant of a run never wraps.
    pub const MAX: Self = Self(1 << 62);

    /// A span of `nanos` nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A span of whole seconds.
    ///
    /// # Panics
    ///
    /// When the span does not fit 64-bit nanoseconds (584 years).
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.checked_mul(NANOS_PER_SECOND).expect("a span under 584 years"))
    }

    /// A span of whole milliseconds.
    ///
    /// # Panics
    ///
    /// When the span does not fit 64-bit nanoseconds (584 years).
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.checked_mul(1_000_000).expect("a span under 584 years"))
    }

    /// The length in nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The length in seconds, rounded to a double.
    pub fn as_secs_f64(self) -> f64 {
        let whole = self.0 / NANOS_PER_SECOND;
        let rest = self.0 % NANOS_PER_SECOND;
        whole as f64 + rest as f64 / 1e9
    }

    /// True for a span of no length.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, no longer than [`SimDuration::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        let sum = self.0.saturating_add(other.0);
        if sum > Self::MAX.0 { Self::MAX } else { Self(sum) }
    }

    /// `self` without `other`, no shorter than nothing.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self` taken `factor` times, no longer than [`SimDuration::MAX`].
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        let product = self.0.saturating_mul(factor);
        if product > Self::MAX.0 { Self::MAX } else { Self(product) }
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    #[inline]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, span: SimDuration) {
        self.0 += span.0;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0 - earlier.0)
    }
}

impl Add for SimDuration {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// Writes `nanos` as seconds in plain decimals, exactly and without trailing zeros: `60`, `0.05`, `1.246`.
fn write_seconds(nanos: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (whole, rest) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let digits = format!("{rest:09}");
    write!(f, "{whole}.{}", digits.trim_end_matches('0'))
}

/// Seconds in plain decimals, exactly: `60`, `0.05`.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

/// Seconds in plain decimals, exactly: `60`, `0.05`.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_print_exactly() {
        assert_eq!(SimDuration::from_secs(60).to_string(), "60");
        assert_eq!(SimDuration::from_millis(50).to_string(), "0.05");
        assert_eq!(SimTime::from_nanos(1_246_000_001).to_string(), "1.246000001");
        assert_eq!(SimTime::ZERO.to_string(), "0");
    }

    #[test]
    fn the_longest_span_never_wraps_an_instant_of_a_run() {
        let ten_years = SimDuration::from_secs(10 * 366 * 86_400);
        let end = SimTime::ZERO + ten_years + SimDuration::MAX + SimDuration::MAX;
        assert!(end < SimTime::NEVER);
        assert_eq!(SimDuration::MAX.saturating_add(SimDuration::MAX), SimDuration::MAX);
        assert_eq!(SimDuration::MAX.saturating_mul(3), SimDuration::MAX);
    }

    #[test]
    fn a_span_is_the_difference_of_instants() {
        let start = SimTime::from_nanos(5);
        assert_eq!((start + SimDuration::from_nanos(7)) - start, SimDuration::from_nanos(7));
        assert_eq!(SimTime::ZERO.saturating_since(start), SimDuration::ZERO);
    }
}
