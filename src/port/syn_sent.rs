//! How long `connect()` waits for a destination that never answers (`reference/linux.md` 3.7).

use super::clock::Clock;
use super::hold::{Hold, Timer};
use crate::des::{SimDuration, SimTime};

/// The first wait for an answer to a SYN: `TCP_TIMEOUT_INIT`, 1 s since Linux 3.1 (include/net/tcp.h; RFC 6298
/// section 2.1).
const FIRST_WAIT: SimDuration = SimDuration::from_secs(1);
/// No wait is longer: `TCP_RTO_MAX` (include/net/tcp.h).
const LONGEST_WAIT: SimDuration = SimDuration::from_secs(120);

/// 2^(retries + 1) - 1 first waits: without linear ones the sum of them all.
fn enough(retries: u32) -> SimDuration {
    FIRST_WAIT.saturating_mul(1_u64.checked_shl(retries + 1).map_or(u64::MAX, |doubled| doubled - 1))
}

/// The waits between SYNs, and when they have lasted long enough.
#[derive(Clone, Debug)]
pub struct SynSent {
    /// Each wait as a timer of the host.
    waits: Vec<Timer>,
    enough: SimDuration,
}

impl SynSent {
    /// `retries` SYNs are sent again, `linear` of them a second after the one before (`net.ipv4.tcp_syn_retries`,
    /// `tcp_syn_linear_timeouts`); timers are as `time_wait`'s kernel has them.
    pub fn new(retries: u32, linear: u32, time_wait: &Hold, clock: Clock) -> Self {
        let waits = Self::waits(retries, linear, time_wait).iter().map(|timer| timer.on(clock)).collect();
        Self { waits, enough: enough(retries) }
    }

    /// The timers that run out one after another, none of them before its time.
    pub fn waits(retries: u32, linear: u32, time_wait: &Hold) -> Vec<Hold> {
        let enough = enough(retries);
        let mut waits = Vec::new();
        let (mut waited, mut wait) = (SimDuration::ZERO, FIRST_WAIT);
        // One wait more than is needed if each lasts as long as it says: none is shorter.
        while waited < enough && waits.len() < (retries + linear + 1) as usize {
            waits.push(time_wait.timer(wait));
            waited = waited.saturating_add(wait);
            if waits.len() > linear as usize {
                wait = wait.saturating_mul(2).min(LONGEST_WAIT);
            }
        }
        waits
    }

    /// When `connect()` gives up that began at `at`: at the first timeout at or after 2^(retries + 1) - 1 seconds, or
    /// the last one. Monotone.
    pub fn gives_up_at(&self, at: SimTime) -> SimTime {
        let mut now = at;
        for timer in &self.waits {
            now = timer.free_at(now);
            if now - at >= self.enough {
                break;
            }
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Randomness;
    use crate::port::hold::{Exact, TimerWheel};

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    /// How long `retries` take from each of many starts: the least and the most.
    fn spans(retries: u32, linear: u32, time_wait: &Hold) -> (f64, f64) {
        let clock = Clock::draw(Randomness { seed: 1, replication: 0 }, "host:h", time_wait.grid(), None);
        let syn_sent = SynSent::new(retries, linear, time_wait, clock);
        let starts = (0..5_000).map(|number| SimTime::from_nanos(number * 7_919_000));
        let spans = starts.map(|at| (syn_sent.gives_up_at(at) - at).as_secs_f64());
        spans.fold((f64::MAX, 0.0), |(least, most), span| (span.min(least), span.max(most)))
    }

    /// As measured on 6.18 with HZ=250 (`reference/linux.md` 3.7).
    #[test]
    fn on_the_wheel_it_takes_what_was_measured() {
        let wheel = Hold::TimerWheel(TimerWheel::new(MINUTE, 250, None));
        for (retries, least, measured, most) in
            [(1, 3.0, 3.05, 3.1), (2, 7.0, 7.14, 7.2), (3, 19.0, 19.56, 19.75), (6, 131.0, 134.65, 136.4)]
        {
            let (from, to) = spans(retries, 4, &wheel);
            assert!(least <= from && from <= measured, "{retries}: {from} to {to}");
            assert!(measured <= to && to <= most, "{retries}: {from} to {to}");
        }
    }

    #[test]
    fn without_a_grid_it_takes_the_sum_of_its_waits() {
        let exact = Hold::Exact(Exact::new(MINUTE));
        for (retries, linear, span) in
            [(1, 4, 3.0), (2, 4, 7.0), (3, 4, 19.0), (6, 4, 131.0), (1, 0, 3.0), (6, 0, 127.0)]
        {
            let (from, to) = spans(retries, linear, &exact);
            assert!((from - span).abs() < 1e-9 && (to - span).abs() < 1e-9, "{retries} {linear}: {from} to {to}");
        }
    }

    #[test]
    fn no_wait_is_longer_than_two_minutes() {
        let exact = Hold::Exact(Exact::new(MINUTE));
        // Eleven of them: 1 + 2 + ... + 64 s, then four times 120 s.
        assert_eq!(spans(10, 0, &exact), (607.0, 607.0));
        assert!(SynSent::waits(127, 0, &exact).len() <= 128);
    }
}
