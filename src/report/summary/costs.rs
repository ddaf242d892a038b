//! `Costs`: what was refused and lost, and how long `connect()` searched.

use super::super::manifest::HostMeta;
use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;
use super::scopes::has_one_set;
use serde_json::Value;

pub(super) fn costs(tables: &RunTables) -> Vec<String> {
    let mut lines = Vec::new();
    if Refusals::of(tables, "all").refused > 0 {
        lines.extend(refused_and_lost(tables));
    }
    lines.extend(search(tables));
    lines
}

/// How long `connect()` looks for a port, where it looks at more than one.
fn search(tables: &RunTables) -> Option<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let (mean, cost) = (figure("probes_mean").filter(|mean| *mean >= 2.0)?, figure("connect_cost_mean_s")?);
    let p99 = |metric, in_words: fn(f64) -> String| {
        figure(metric).map_or_else(String::new, |p99| solid(&format!(" (p99 {})", in_words(p99))))
    };
    // A core opens no more than it has time for; a client slows down to that.
    let core = solid(&format!("{}/s a core", words::figure(1.0 / cost)));
    let cpu = match figure("search_cpu_ratio")? {
        ..0.01 => String::new(),
        share @ ..1.0 => format!(", {}", solid(&format!("{} % of one CPU", words::percent(share)))),
        cpus => format!(
            ", {} busy with it; a client that has fewer slows down to what they do, {core}",
            solid(&format!("{} CPUs", words::figure(cpus)))
        ),
    };
    // Linux tries the ports of one parity first, so half of the range is full before the search gets long.
    let linux = tables.meta.scenario.hosts.iter().all(HostMeta::is_parity_first);
    let slow = match mean {
        ..100.0 => "",
        _ if linux => ", slow from half full on, long before it is refused",
        _ => ", slow long before it is refused",
    };
    let (cost, cost_p99) = (words::about_seconds(cost), p99("connect_cost_p99_s", words::about_seconds));
    let (ports, ports_p99) = (words::counted(mean, "port"), p99("probes_p99", words::figure));
    Some(format!(
        "{} of CPU per connect(){cost_p99}{cpu}: {ports} probed{ports_p99}{slow}{}",
        solid(&format!("about {cost}")),
        measured(tables, mean)
    ))
}

/// Whose constants these are, and how far apart what was measured lies; nothing where the scenario has its own.
///
/// `../shared/ground-truth`: 47 to 162 ns for a port with a connection, 137 to 287 ns for one in TIME-WAIT.
fn measured(tables: &RunTables, mean: f64) -> &'static str {
    const FEW: f64 = 100.0;
    let scenario = &tables.meta.scenario;
    let is_measured = |name: &str, part| {
        scenario.origin(&["host", name, "connect_cost", part]).is_none_or(|origin| origin.starts_with("profile"))
    };
    let parts = ["base", "established", "time_wait"];
    let is_own = scenario.hosts.iter().any(|host| !parts.iter().all(|part| is_measured(&host.name, part)));
    if is_own || mean < FEW { "" } else { " (one machine's figures: 47 to 287 ns a port seen)" }
}

/// Requests lost are what callers see, so they come first when there are any.
fn refused_and_lost(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value.unwrap_or(0.0);
    let (refused, lost) = (figure("refused_total"), figure("requests_lost_total"));
    let per_run = if tables.meta.replications > 1 { " a run" } else { "" };
    let total = |total| format!(": {}{per_run}", words::figure(total));
    let calls = |after: &str| share(tables, "refused_ratio", "of connect() calls refused", after);
    let lines = if lost >= refused {
        // Without retries every refusal is a request lost.
        [calls(&format!("{}, each a request lost", total(refused))), full(tables), None]
    } else if lost > 0.0 {
        let after = attempts(tables).map_or_else(String::new, |attempts| format!(" after {attempts} attempts"));
        let requests = share(tables, "requests_lost_ratio", "of requests lost", &format!("{after}{}", total(lost)));
        [requests, calls(", with retries"), full(tables)]
    } else {
        let later = retry_delay(tables).map_or_else(String::new, |delay| format!(" {} later", solid(&delay)));
        let none = format!("no request lost in any run: a retry{later} got through");
        [calls(&total(refused)), full(tables), Some(none)]
    };
    lines.into_iter().flatten().collect()
}

/// How often each request is tried; `None` when clients differ.
fn attempts(tables: &RunTables) -> Option<u64> {
    of_each_client(tables, |retry| retry("attempts")?.as_u64())
}

/// How long each refused request waits; `None` when clients or retries differ.
fn retry_delay(tables: &RunTables) -> Option<String> {
    let delay = of_each_client(tables, |retry| {
        let steady = retry("factor")?.as_f64()?.total_cmp(&1.0).is_eq() && retry("jitter")?.as_str()? == "none";
        retry("delay")?.as_str()?.strip_suffix('s')?.parse::<f64>().ok().filter(|_| steady)
    });
    delay.map(words::seconds)
}

/// What the retries of every client have in common, from a look at the settings of one.
fn of_each_client<T: PartialEq>(
    tables: &RunTables,
    look: impl Fn(&dyn Fn(&str) -> Option<Value>) -> Option<T>,
) -> Option<T> {
    let scenario = &tables.meta.scenario;
    let clients = tables.scopes("client:").into_iter().map(|scope| scope.trim_start_matches("client:"));
    let mut each = clients.map(|name| look(&|key| scenario.setting(&["client", name, "retry", key]).cloned()));
    let first = each.next()??;
    each.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// How long the range was full; where there are several sets of ports, at least one of them.
fn full(tables: &RunTables) -> Option<String> {
    let figure = |metric| tables.estimate("all", metric).value.filter(|value| *value > 0.0);
    let ratio = figure("full_time_ratio")?;
    let span = |seconds| solid(&words::seconds(seconds));
    let duration = tables.meta.duration_s;
    let longest = figure("outage_longest_s").map(|longest| format!(", {} in one spell", span(longest)));
    let spans = format!(": {} of {}{}", span(ratio * duration), span(duration), longest.unwrap_or_default());
    let what = if has_one_set(tables) { "range full" } else { "some set of ports full" };
    Some(format!("{what} {}", share(tables, "full_time_ratio", "of the time", &spans)?))
}

/// `0.45 % of connect() calls refused (0.25 to 0.66 %): 1,230 a run`, from what it is a share of and what follows.
fn share(tables: &RunTables, metric: &str, of: &str, after: &str) -> Option<String> {
    let found = tables.estimate("all", metric);
    let interval = found.interval.and_then(|(low, high)| {
        let [low, high] = [low.max(0.0), high.min(1.0)].map(words::percent);
        (low != high).then(|| format!(" {}", solid(&format!("({low} to {high} %)"))))
    });
    Some(format!("{} % {of}{}{after}", words::percent(found.value?), interval.unwrap_or_default()))
}
