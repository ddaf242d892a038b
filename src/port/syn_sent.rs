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
