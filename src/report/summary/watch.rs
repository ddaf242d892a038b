//! `Watch`: the command that shows the same figure on a real machine today, and from which count on it is an alarm.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::scopes::ranked;
use serde_json::Value;

/// Times ahead that an alert is worth, the longest first.
const AHEAD_S: [f64; 4] = [600.0, 300.0, 60.0, 30.0];

/// Nobody watches a handful of ports, which only a toy has.
const PORTS_MIN: f64 = 100.0;

/// Of one host; several are several machines to ask.
pub(super) fn watch(tables: &RunTables) -> Vec<String> {
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
    let mut lines = vec![format!("{}    {}", solid(query), solid(&format!("busy ports {what} now")))];
    let many = |kind, name, key| setting(kind, name, key).and_then(Value::as_u64).is_some_and(|number| number > 1);
    // One count says little of several pools of ports.
    if !many("host", host, "addresses") && !many("destination", destination, "endpoints") {
        lines.extend(alert(tables, scope));
    }
    lines
}

/// The count that leaves the most time, not below what the runs saw while all was well.
fn alert(tables: &RunTables, scope: &str) -> Option<String> {
    let figure = |metric| tables.estimate(scope, metric).value;
    let (ports, peak) = (figure("capacity_ports").filter(|ports| *ports >= PORTS_MIN)?, figure("busy_ports_peak")?);
    // What asks for a port: every request once, got through or not.
    let per_s = figure("requests_total").map(|all| all / tables.meta.duration_s).filter(|per_s| *per_s > 0.0)?;
    let rate = words::figure(per_s);
    let last = |left: f64| format!("{}, were none given back", solid(&words::seconds(left / per_s)));
    let counts = AHEAD_S.map(|ahead_s| (ports - per_s * ahead_s).floor().min(ports - 1.0));
    Some(match counts.into_iter().find(|count| *count >= peak) {
        Some(count) => {
            format!("alert above {}: at {rate}/s the rest lasts {}", words::count(count), last(ports - count))
        }
        None => {
            format!("an alert on it comes too late: at {rate}/s {} last {}", words::counted(ports, "port"), last(ports))
        }
    })
}
