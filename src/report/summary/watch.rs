//! `Watch`: the command that shows the same figure on a real machine today, and from which count on it is an
//! alarm.

use super::super::alert::{Telling, by_rate, warning};
use super::super::page::solid;
use super::super::query::Sample;
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use super::scopes::ranked;
use crate::forecast::SteadyLoad;
use serde_json::Value;

/// Nobody watches a handful of ports, which only a toy has.
const PORTS_MIN: f64 = 100.0;

/// Of one host; several are several machines to ask.
pub(super) fn watch(tables: &RunTables, ahead_s: f64) -> Vec<String> {
    let hosts = tables.scopes("host:");
    let [host] = hosts[..] else { return Vec::new() };
    let host = host.trim_start_matches("host:");
    let Some(scope) = ranked(tables, "destination:").into_iter().next() else { return Vec::new() };
    let destination = scope.trim_start_matches("destination:");
    let setting = |kind, name, key| tables.meta.scenario.setting(&[kind, name, key]);
    let is_linux =
        setting("host", host, "profile").and_then(Value::as_str).is_none_or(|name| name.starts_with("linux"));
    // Where destinations share the ports, those of one are not the whole.
    let ports = |scope| tables.estimate(scope, "capacity_ports").value;
    let shared = tables.scopes("destination:").len() > 1 && ports(scope) == ports("all");
    let (query, what, scope) = match (shared, is_linux) {
        (false, true) => ("ss -Htan dst IP:PORT | wc -l", format!("to {destination}"), scope),
        (false, false) => ("netstat -an | grep -c IP.PORT", format!("to {destination}"), scope),
        (true, true) => ("ss -Htan | grep -vc LISTEN", format!("of {host}"), "all"),
        (true, false) => ("netstat -an | grep -c ^tcp4", format!("of {host}"), "all"),
    };
    // Of TIME-WAITs that connect() may take over a count of sockets says nothing.
    if tables.estimate(scope, "reusable_ports_mean").value.is_some_and(|ports| ports > 0.0) {
        return vec![by_rate(ClosedForm::of(tables).and_then(|closed| closed.figure("safe_rate_per_s")))];
    }
    let mut lines = vec![format!("{}    {}", solid(query), solid(&format!("busy ports {what} now")))];
    let many = |kind, name, key| setting(kind, name, key).and_then(Value::as_u64).is_some_and(|number| number > 1);
    // One count says little of several pools of ports.
    if !many("host", host, "addresses") && !many("destination", destination, "endpoints") {
        lines.extend(alert(tables, scope, ahead_s));
    }
    lines
}

/// From which count on it is an alarm.
fn alert(tables: &RunTables, scope: &str, ahead_s: f64) -> Option<String> {
    let figure = |metric| tables.estimate(scope, metric).value;
    let (ports, peak) = (figure("capacity_ports").filter(|ports| *ports >= PORTS_MIN)?, figure("busy_ports_peak")?);
    let Some(closed) = ClosedForm::of(tables) else { return Some(as_seen(tables, scope, [ports, peak])) };
    let load = SteadyLoad {
        rate_per_s: closed.rate,
        safe_per_s: closed.figure("safe_rate_per_s").unwrap_or(f64::INFINITY),
        ports_per_rate: closed.figure("formula_busy_ports_fullest")? / closed.rate,
        ports: closed.ports,
        sets: closed.lanes,
        seen: peak,
    };
    Some(warning(load, Telling { ahead_s, requests: 1.0 }))
}

/// Where no formula knows a safe rate: what the runs saw, and how soon their busiest stretch would take all ports.
fn as_seen(tables: &RunTables, scope: &str, [ports, peak]: [f64; 2]) -> String {
    let fullest = format!("{} of {} busy at the fullest moment", words::count(peak), words::counted(ports, "port"));
    let runs = tables.every_series(scope);
    let spans = runs.values().filter_map(|series| soonest(series, ports));
    match spans.reduce(f64::min) {
        Some(soonest_s) => format!(
            "{fullest}; the busiest stretch of the runs takes them all in {}, were none given back: an alert leaves less",
            solid(&words::seconds(soonest_s))
        ),
        None => format!("{fullest}; no run opens enough connections to take them all"),
    }
}

/// The shortest time in which a run makes so many attempts, in seconds; `None` where it never makes as many.
fn soonest(series: &[Sample], ports: f64) -> Option<f64> {
    // Attempts up to each row; between rows they are taken to come evenly.
    let start = series.first().filter(|first| first.time_s > 0.0).map(|_| (0.0, 0.0));
    let mut made = 0.0;
    let rows = series.iter().map(|row| {
        made += row.attempts;
        (row.time_s, made)
    });
    let points: Vec<(f64, f64)> = start.into_iter().chain(rows).collect();
    let mut shortest: Option<f64> = None;
    let mut end = 0;
    for (from_s, from) in &points {
        while end < points.len() && points[end].1 < from + ports {
            end += 1;
        }
        let Some((to_s, to)) = points.get(end) else { break };
        let (before_s, before) = points[end.saturating_sub(1)];
        let part = if to > &before { (from + ports - before) / (to - before) } else { 1.0 };
        let span = before_s + part * (to_s - before_s) - from_s;
        shortest = Some(shortest.map_or(span, |shortest| shortest.min(span)));
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A6: 30,000 connects within 20 s of 10 minutes take 28,232 ports in 18.8 s, not in 9 min 21 s.
    #[test]
    fn a_burst_is_told_by_its_busiest_stretch() {
        let row = |second: u32| {
            let attempts = if (100..120).contains(&second) { 1_500.0 } else { 0.0 };
            let none = Sample {
                time_s: f64::from(second + 1),
                established: 0.0,
                blocked: 0.0,
                busy: 0.0,
                reusable: 0.0,
                busy_max: 0.0,
                attempts: 0.0,
                refused: 0.0,
            };
            Sample { attempts, ..none }
        };
        let series: Vec<Sample> = (0..600).map(row).collect();
        let span = soonest(&series, 28_232.0).unwrap();
        assert!((span - 28_232.0 / 1_500.0).abs() < 1e-9, "{span}");
        assert_eq!(soonest(&series, 30_001.0), None);
    }
}
