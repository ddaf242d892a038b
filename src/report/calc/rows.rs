//! The figures behind the verdict, a row each.

use super::super::page::solid;
use super::super::words::{self, count, plural};
use super::{Answer, Fit, Reuse};
use crate::forecast::TimeWait;
use crate::port::Hold;
use crate::workload::ClosesFirst;

impl Answer<'_> {
    /// Label, value and explanation of each figure.
    pub(super) fn figures(&self) -> Vec<(&'static str, String, String)> {
        let lanes = self.lanes;
        let now = words::short_rate(self.requests(lanes.rate_per_s));
        let each = match (self.asked.requests, lanes.count) {
            (1, 1) => now,
            (1, lanes) => format!("{now} / {lanes}"),
            (requests, 1) => format!("{now} / {requests}"),
            (requests, lanes) => format!("{now} / {requests} / {lanes}"),
        };
        let left = |wanted: f64| match f64::from(lanes.ports) - wanted.round() {
            left if left < 0.0 && self.fit() == Fit::Fits => {
                solid(&format!("{} too many", count(-left))) + " after this window"
            }
            left if left < 0.0 => solid(&format!("{} too many", count(-left))),
            left => solid(&format!("{} left", count(left))),
        };
        let of_each = if lanes.count > 1 { " of each set" } else { "" };
        let batches = lanes.time_wait.grid_s() > 0.0;
        let (load, fullest) = (lanes.lane_load(), lanes.lane_fullest());
        let spare = if batches { String::new() } else { format!(": {}{of_each}", left(load)) };
        let mut rows = vec![
            ("ports", words::thousands(self.all_ports()), self.ports()),
            ("port hold", format!("{} s", hundredths(lanes.hold_s())), self.hold()),
            ("offered load", wanted(load), format!("erlangs = {each} x {} s{spare}", hundredths(lanes.hold_s()))),
        ];
        if batches {
            let text = format!("= {each} x {} s, just before a batch: ", hundredths(lanes.longest_hold_s()));
            rows.push(("fullest moment", wanted(fullest), text + &left(fullest) + of_each));
        } else if let Some(ratio) = self.forecast.refused_ratio() {
            let value = if ratio < 1e-99 { "< 1e-99".into() } else { words::figure(ratio) };
            rows.push(("refused ratio", value, "Erlang B: share of connects refused in the long run".into()));
        }
        rows.extend(self.time_waits());
        rows
    }

    /// TIME-WAIT as the kernel names it, in seconds; before 4.1 one timer for all makes more of it.
    pub(super) fn quoted_wait_s(&self) -> f64 {
        let wait_s = self.lanes.time_wait.wait_s();
        match &self.forecast.host.time_wait {
            Hold::CentralReaper(reaper) if wait_s > 0.0 => reaper.wait().as_secs_f64(),
            _ => wait_s,
        }
    }

    /// TIME-WAITs, where they come near the most that the kernel keeps.
    fn time_waits(&self) -> Option<(&'static str, String, String)> {
        let (wanted, most) = self.lanes.many_time_waits()?;
        let most = words::thousands(most.into());
        let text = format!(
            "before a batch ends, of the {most} that net.ipv4.tcp_max_tw_buckets allows here; it is sized by memory: see \
             what yours is"
        );
        Some(("TIME-WAITs", count(wanted), text))
    }

    fn ports(&self) -> String {
        let host = &self.forecast.host;
        let (range, lanes) = (host.port_range, self.lanes.count);
        let (sources, endpoints) = (host.addresses, self.forecast.endpoints);
        let parties = format!(
            "{}, {}",
            several(sources, "source"),
            several(endpoints, if endpoints > 1 { "endpoint" } else { "destination" })
        );
        let shared = match (lanes, sources, endpoints) {
            (1, 1, 1) => parties,
            (1, ..) => format!("one set for {parties}"),
            _ => format!("{} sets of {}: {parties}", count(lanes.into()), count(self.lanes.ports.into())),
        };
        format!("{range}, {shared} ({})", host.profile)
    }

    fn hold(&self) -> String {
        let (lanes, wait_s) = (self.lanes, self.lanes.time_wait.wait_s());
        let requests = match self.asked.requests {
            1 => String::new(),
            requests => format!(", {requests} requests"),
        };
        let open = format!("{} s open{requests}", hundredths(lanes.lifetime_s));
        match (lanes.time_wait, self.asked.reuse) {
            _ if self.forecast.closes_first == ClosesFirst::Server => {
                format!("{open}; no TIME-WAIT here: the server keeps it")
            }
            _ if self.forecast.closes_first == ClosesFirst::Reset => {
                format!("{open}; no TIME-WAIT: a reset leaves none")
            }
            (TimeWait::Exact(wait_s), Reuse::On) => {
                format!("{open} + {} s of TIME-WAIT, then reused (net.ipv4.tcp_tw_reuse = 1)", hundredths(wait_s))
            }
            (TimeWait::Exact(wait_s), Reuse::Off) => format!("{open} + {} s TIME-WAIT", hundredths(wait_s)),
            (TimeWait::Batches { grid_s, .. }, _) => {
                let hz = match &self.forecast.host.time_wait {
                    Hold::TimerWheel(wheel) => format!(", HZ={}", wheel.hz()),
                    // `reference/linux.md` 3.2.
                    Hold::CentralReaper(reaper) => format!(
                        "; {} s become this because one timer for all empties a slot of 100 at a time, as kernels before \
                         4.1 did",
                        hundredths(reaper.wait().as_secs_f64())
                    ),
                    Hold::Exact(_) => String::new(),
                };
                format!(
                    "{open} + {} s TIME-WAIT ({} to {} s: freed in batches every {} s{hz})",
                    hundredths(wait_s + grid_s / 2.0),
                    hundredths(wait_s),
                    hundredths(wait_s + grid_s),
                    thousandths(grid_s)
                )
            }
        }
    }
}

/// Ports, whole unless they are few.
fn wanted(ports: f64) -> String {
    if ports < 9.95 { words::figure(ports) } else { count(ports) }
}

/// Seconds to the hundredth, or to what is left of them.
pub(super) fn hundredths(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 0.00995 { words::figure(seconds) } else { format!("{seconds:.2}") }
}

/// Seconds to the millisecond.
fn thousandths(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// `one source`, `3 sources`.
fn several(count: u32, noun: &str) -> String {
    if count == 1 { format!("one {noun}") } else { plural(count.into(), noun) }
}
