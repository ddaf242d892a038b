//! `Assumed`: what the verdict takes for granted and what decides most, with how to find out.

use super::super::assumed::{Safe, System, who_closes};
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use crate::workload::ClosesFirst;
use serde_json::Value;

pub(super) fn assumed(tables: &RunTables) -> Vec<String> {
    closers(tables).into_iter().chain(early_reuse(tables)).chain(many_time_waits(tables)).collect()
}

/// Who closes first, where every client does alike and every destination closes too.
fn closers(tables: &RunTables) -> Vec<String> {
    let scenario = &tables.meta.scenario;
    let names = |kind: &'static str| -> Vec<&str> {
        tables.scopes(kind).into_iter().filter_map(|scope| Some(scope.split_once(':')?.1)).collect()
    };
    let words = |kind: &'static str, key: &'static str| -> Vec<Option<&str>> {
        let of = |name: &str| scenario.setting(&[kind.trim_end_matches(':'), name, key]).and_then(Value::as_str);
        names(kind).into_iter().map(of).collect()
    };
    let all = words("client:", "closes_first");
    let Some(Some(first)) = all.first() else { return Vec::new() };
    let all_close =
        words("destination:", "behaviour").iter().all(|behaviour| behaviour.is_none_or(|it| it == "accepts"));
    let closer = ClosesFirst::ALL.into_iter().find(|closer| closer.name() == *first);
    let Some(closer) = closer.filter(|_| all_close && all.iter().all(|other| *other == Some(*first))) else {
        return Vec::new();
    };
    let is_linux = words("host:", "profile").iter().all(|name| name.is_none_or(|name| name.starts_with("linux")));
    let safe = ClosedForm::of(tables).and_then(|form| {
        Some(Safe { here: form.figure("safe_rate_per_s")?, there: form.figure("other_closer_rate_per_s")? })
    });
    who_closes(closer, safe, if is_linux { System::Linux } else { System::Other })
}

/// `connect()` takes TIME-WAITs over.
fn early_reuse(tables: &RunTables) -> Option<String> {
    let ports = tables.estimate("all", "reusable_ports_mean").value.filter(|ports| *ports > 0.0)?;
    Some(format!(
        "connect() may take TIME-WAITs over early (net.ipv4.tcp_tw_reuse), {} of them on average: that needs TCP timestamps \
         on both ends",
        words::figure(ports)
    ))
}

/// TIME-WAITs come within half of what the kernel keeps, which is sized by the machine's memory.
fn many_time_waits(tables: &RunTables) -> Option<String> {
    let many = |scope: &str| {
        let name = scope.strip_prefix("host:")?;
        let most = tables.meta.scenario.setting(&["host", name, "max_tw_buckets"])?.as_f64()?;
        let mean = |metric| tables.estimate(scope, metric).value.unwrap_or(0.0);
        let held = mean("time_wait_ports_mean") + mean("reusable_ports_mean");
        (held >= 0.5 * most && held > 0.0).then_some((held, most))
    };
    let (held, most) = tables.scopes("host:").into_iter().find_map(many)?;
    let is_here = |scope: &str| {
        let name = scope.strip_prefix("destination:")?;
        tables.meta.scenario.setting(&["destination", name, "loopback"])?.as_bool()
    };
    // Those of servers hold no port and are in no figure.
    let servers = tables.scopes("destination:").into_iter().any(|scope| is_here(scope) == Some(true));
    Some(format!(
        "{} TIME-WAITs are held on average{}, of the {} that net.ipv4.tcp_max_tw_buckets keeps here; it is sized by memory: \
         see what yours is",
        words::count(held),
        if servers { ", without those of servers on this host" } else { "" },
        words::count(most)
    ))
}
