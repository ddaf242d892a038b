//! From which count of busy ports on to raise an alarm, in words: for `calc` and the summary of `run`.

use super::assumed::CPU_PER_S;
use super::page::solid;
use super::words;
use crate::forecast::{Alert, SteadyLoad};

/// Of the safe rate, where an alarm would help: for whoever is above it already.
const WOULD_HELP: f64 = 0.85;

/// How an alarm is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// So long before it is too late it is to be raised, in seconds.
    pub(super) ahead_s: f64,
    /// Requests on each connection: rates are told in requests.
    pub(super) requests: f64,
}

/// The alarm for a load, or why none helps and where one would.
pub(super) fn warning(load: SteadyLoad, telling: Telling) -> String {
    let rate = |per_s: f64| solid(&format!("{}/s", words::figure(per_s * telling.requests)));
    let SteadyLoad { rate_per_s, safe_per_s, .. } = load;
    if safe_per_s * telling.requests >= CPU_PER_S {
        return "none is needed: something else, such as CPU, ends before the ports do".into();
    }
    let safe = solid(&words::short_floor_rate(safe_per_s * telling.requests));
    match Alert::of(load, telling.ahead_s) {
        Some(alert) => told(alert, load, telling),
        None if rate_per_s < safe_per_s => {
            format!("none helps: the fullest moment seen is too near to that of the safe {safe}")
        }
        None => {
            let calm = SteadyLoad { rate_per_s: two_digits(WOULD_HELP * safe_per_s), seen: 0.0, ..load };
            let would = Alert::of(calm, telling.ahead_s).map_or_else(String::new, |alert| {
                format!(" At {} it would be: {}", rate(calm.rate_per_s), told(alert, calm, telling))
            });
            let now = solid(&words::short_rate(rate_per_s * telling.requests));
            format!("none helps: {now} is above the safe {safe} already.{would}")
        }
    }
}

/// `alert at 25,580 busy ports (= 412/s): 10 min ahead while the rate grows by less than 3.2/s a minute; ...`
fn told(alert: Alert, load: SteadyLoad, telling: Telling) -> String {
    let rate = |per_s: f64| solid(&format!("{}/s", words::figure(per_s * telling.requests)));
    let of_each = if load.sets > 1.0 { " of a set" } else { "" };
    let ahead = solid(&words::seconds(telling.ahead_s));
    let twice = rate(2.0 * load.rate_per_s);
    let jump = alert.jump_s.map_or_else(
        || format!("twice the rate, {twice}, is safe too"),
        |jump_s| {
            let left = solid(&words::seconds(jump_s));
            format!("a jump to {twice} (twice {}) from there leaves {left}", rate(load.rate_per_s))
        },
    );
    format!(
        "alert at {} busy ports{of_each} (= {}): {ahead} ahead while the rate grows by less than {} a minute; {jump}",
        words::count(alert.threshold),
        rate(alert.rate_per_s),
        rate(alert.growth_per_min)
    )
}

/// Where TIME-WAITs are taken over early no count of sockets tells.
pub(super) fn by_rate(safe_per_s: Option<f64>) -> String {
    let safe = safe_per_s
        .filter(|rate| rate.is_finite())
        .map_or_else(String::new, |rate| format!(" against the safe {}", solid(&words::short_floor_rate(rate))));
    format!(
        "no count of sockets tells: connect() may take most TIME-WAITs over. Watch the connect rate, the growth of {}{safe}",
        solid("nstat -az TcpActiveOpens")
    )
}

/// A rate with two digits, cut: a round number to speak of.
fn two_digits(rate: f64) -> f64 {
    let mut unit = 1.0;
    while rate >= 100.0 * unit {
        unit *= 10.0;
    }
    while rate < 10.0 * unit && unit > 1e-12 {
        unit /= 10.0;
    }
    (rate / unit).round() * unit
}
