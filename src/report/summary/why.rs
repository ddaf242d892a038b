//! `Why`: ports there are against ports wanted.

use super::super::page::solid;
use super::super::tightest::Tightest;
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use super::refusals::Refusals;

pub(super) fn why(tables: &RunTables) -> Vec<String> {
    let formula = ClosedForm::of(tables).and_then(|closed| by_formula(&closed));
    formula.unwrap_or_else(|| as_seen(tables)).into_iter().chain(odd_range(tables)).collect()
}

/// What the runs showed where the worst is: unrelated ports do not help it.
fn as_seen(tables: &RunTables) -> Vec<String> {
    let scope = Tightest::of(tables).scope;
    let found = |metric| tables.estimate(&scope, metric);
    let Some(ports) = found("capacity_ports").value else { return Vec::new() };
    let wanted = match found("offered_load").value {
        Some(load) if never_wanted(tables, &scope, load).is_some() => {
            let all = never_wanted(tables, &scope, load).unwrap_or_default();
            let window = solid(&words::seconds(tables.meta.duration_s));
            format!("{} wanted within {window} ({} if it went on for long)", words::figure(all), words::figure(load))
        }
        Some(load) if load > ports => format!("{} wanted on average: more than there are", words::figure(load)),
        Some(load) => format!("{} wanted on average (offered load)", words::figure(load)),
        None => "offered load unknown (a trace, or no finite mean)".into(),
    };
    let name = scope.split_once(':').map_or_else(String::new, |(_, name)| format!("{name}: "));
    let mut lines = vec![format!("{name}{}; {wanted}", words::counted(ports, "port"))];
    if let (Some(mean), Some(peak)) = (found("busy_ports_mean").value, found("busy_ports_peak").value) {
        lines.push(format!("{} busy on average, {} at the fullest moment", words::figure(mean), words::figure(peak)));
    }
    lines
}

/// All connects of a window that is too short for so many ports to be wanted at once: `None` where it is not.
fn never_wanted(tables: &RunTables, scope: &str, load: f64) -> Option<f64> {
    let all = tables.estimate(scope, "requests_total").value?;
    (tables.meta.warm_up_s <= 0.0 && all < load).then_some(all)
}

/// Linux passes one port of an odd range by in each search, so it refuses with one free (`reference/linux.md` 1.5).
fn odd_range(tables: &RunTables) -> Option<String> {
    let scenario = &tables.meta.scenario;
    let mut odd = scenario.hosts.iter().filter(|host| host.is_parity_first()).filter_map(|host| {
        let range = scenario.setting(&["host", &host.name, "port_range"])?.as_str()?;
        let (first, last) = range.split_once('-')?;
        let size = (last.parse::<u32>().ok()? + 1).checked_sub(first.parse().ok()?)?;
        (size % 2 == 1 && size > 1).then_some(size)
    });
    let refused = Refusals::of(tables, "all").refused > 0;
    odd.next().filter(|_| refused).map(|size| {
        let size = words::count(size.into());
        format!("{size} is odd: each search of Linux's connect() skips one port and may fail with that one free")
    })
}

/// What is wanted at the fullest moment, and how far the rest goes; of one set of ports where there are several.
fn by_formula(closed: &ClosedForm<'_>) -> Option<Vec<String>> {
    /// Below it the law of Poisson arrivals is not nearly normal.
    const WANTED_MIN: f64 = 10.0;
    if let Some(ceiling) = closed.ceiling() {
        let all = words::count(closed.ports * closed.lanes);
        let cycle = solid(&format!("{all} / {:.2} s", closed.cycle_s));
        let (wanted, ceiling) = (words::short_rate(closed.rate), words::short_rate(ceiling));
        // Before ports come back, more does.
        let long = if closed.ends_within(5.0) { " in the long run" } else { "" };
        return Some(vec![format!("{wanted} wanted; {cycle} = {ceiling} is all that gets through{long}")]);
    }
    let for_long = closed.figure("formula_busy_ports_fullest")?;
    // No more connects come than the window has time for.
    let come = closed.rate / closed.lanes * closed.until_s();
    let (wanted, within) = if come < for_long { (come, Some(for_long)) } else { (for_long, None) };
    let sets = if closed.lanes > 1.0 { format!("{} sets of ", words::count(closed.lanes)) } else { String::new() };
    let each = if closed.lanes > 1.0 { " of each" } else { "" };
    let when = if closed.grid_s > 0.0 { " just before each release" } else { "" };
    let few = if wanted < 9.95 { words::figure(wanted) } else { words::count(wanted) };
    let ports = words::counted(closed.ports, "port");
    let first = match within {
        Some(within) => {
            format!("{sets}{ports}; {few} wanted{each} by the end ({} if it went on)", words::count(within))
        }
        None => format!("{sets}{ports}; {few} wanted{each} on average{when}"),
    };
    let spare = closed.ports - wanted.round();
    let second = if spare < 0.0 {
        format!("{} too few at such a moment", words::count(-spare))
    } else if closed.is_poisson() && wanted >= WANTED_MIN {
        let deviations = spare / wanted.sqrt();
        let deviations = if deviations < 9.95 { format!("{deviations:.1}") } else { words::count(deviations) };
        format!("{} spare = {deviations} standard deviations of Poisson arrivals", words::count(spare))
    } else {
        format!("{} spare", words::count(spare))
    };
    Some(vec![first, second])
}
