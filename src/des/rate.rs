//! A rate as people write it, kept exactly: `450/s`, `27k/min`, `1/700ms`.

use super::time::SimDuration;

/// Events per time, exactly: a decimal count (to 9 places) per span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Events in [`Rate::per`], in units of 1e-9 events.
    nano_events: u64,
    per: SimDuration,
}

impl Rate {
    /// `nano_events` * 1e-9 events every `per`; `None` when either is zero.
    pub const fn new(nano_events: u64, per: SimDuration) -> Option<Self> {
        if nano_events == 0 || per.is_zero() { None } else { Some(Self { nano_events, per }) }
    }

    /// A whole number of events a second; `None` for zero or more than 1.8e10.
    pub const fn per_second(events: u64) -> Option<Self> {
        match events.checked_mul(1_000_000_000) {
            Some(nano_events) => Self::new(nano_events, SimDuration::from_secs(1)),
            None => None,
        }
    }

    /// Events in [`Rate::per`], in units of 1e-9 events.
    pub const fn nano_events(self) -> u64 {
        self.nano_events
    }

    /// The span the count refers to.
    pub const fn per(self) -> SimDuration {
        self.per
    }

    /// Events per second, rounded to a double.
    pub fn events_per_second(self) -> f64 {
        self.nano_events as f64 / self.per.as_nanos() as f64
    }
}

/// Events per second: `450/s`, `1.4286/s`.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_its_count_over_its_span() {
        let rate = Rate::per_second(450).unwrap();
        assert!((rate.events_per_second() - 450.0).abs() < 1e-12);
        let slow = Rate::new(1_000_000_000, SimDuration::from_millis(700)).unwrap();
        assert!((slow.events_per_second() - 1.0 / 0.7).abs() < 1e-12);
    }

    #[test]
    fn nothing_per_time_and_events_per_nothing_are_no_rates() {
        assert_eq!(Rate::new(0, SimDuration::from_secs(1)), None);
        assert_eq!(Rate::new(1, SimDuration::ZERO), None);
    }
}
