//! `Costs`: what was refused and lost, and how long `connect()` searched.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;

pub(super) fn costs(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let mut lines = Vec::new();
    let per_run = if tables.meta.replications > 1 { " a run" } else { "" };
    if Refusals::of(tables, "all").refused > 0 {
        let total = figure("refused_total").map(|total| format!(": {}{per_run}", words::figure(total)));
        let calls = format!("of connect() calls refused{{}}{}", total.unwrap_or_default());
        lines.extend(share(tables, "refused_ratio", &calls));
        let full = figure("full_time_ratio").filter(|full| *full > 0.0).map(|full| {
            let seconds = solid(&words::seconds(full * tables.meta.duration_s));
            format!(": {seconds} of {}", solid(&words::seconds(tables.meta.duration_s)))
        });
        if let Some(full) = full {
            let text = share(tables, "full_time_ratio", &format!("of the time{{}}{full}"));
            lines.extend(text.map(|text| format!("range full {text}")));
        }
        lines.extend(lost(tables, per_run));
    }
    if let Some(mean) = figure("probes_mean").filter(|mean| *mean >= 2.0) {
        let p99 = figure("probes_p99").map_or_else(String::new, |p99| format!(" (p99 {})", words::figure(p99)));
        let slow = if mean < 100.0 { "" } else { ": connect() is slow long before it is refused" };
        lines.push(format!("{} ports probed per connect(){p99}{slow}", words::figure(mean)));
    }
    lines
}

/// `0.45 % of … (0.25 to 0.66 %) …`; the interval stands where `what` says `{}`.
fn share(tables: &RunTables, metric: &str, what: &str) -> Option<String> {
    let found = tables.estimate("all", metric);
    let value = found.value?;
    let interval = found.interval.map(|(low, high)| {
        solid(&format!(" ({} to {} %)", words::percent(low.max(0.0)), words::percent(high.min(1.0))))
    });
    let interval = interval.map_or_else(String::new, |text| text.replacen('\u{a0}', " ", 1));
    Some(format!("{} % {}", words::percent(value), what.replace("{}", &interval)))
}

fn lost(tables: &RunTables, per_run: &str) -> Option<String> {
    let lost = tables.estimate("all", "requests_lost_total").value?;
    if lost == 0.0 {
        return Some("no request lost in any run: a retry got through".into());
    }
    let of = tables.estimate("all", "requests_total").value.filter(|total| *total > 0.0);
    let share = of.map_or_else(String::new, |total| format!(", {} % of all", words::percent(lost / total)));
    Some(format!("{} requests lost{per_run}{share}", words::figure(lost)))
}
