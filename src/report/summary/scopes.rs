//! Several clients, destinations or hosts: the worst one by name, the others counted, and a table.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;

/// Is there one set of ports for all, or are there several?
pub(super) fn has_one_set(tables: &RunTables) -> bool {
    let ports = tables.estimate("all", "capacity_ports").value;
    matches!(&tables.meta.scenario.hosts[..], [only] if ports.is_none_or(|ports| ports <= only.lane_ports.into()))
}

/// `checkout -> orders-db`; of several the worst, and how many others share its fate.
pub(super) fn who(tables: &RunTables) -> String {
    let parties = [party(tables, "client:"), party(tables, "destination:")];
    let known: Vec<_> = parties.into_iter().flatten().collect();
    if known.is_empty() { tables.meta.scenario.name.clone() } else { known.join(" -> ") }
}

fn party(tables: &RunTables, kind: &str) -> Option<String> {
    let ranked = ranked(tables, kind);
    let name = ranked.first()?.strip_prefix(kind)?;
    let others = ranked.len() - 1;
    let hit = ranked.iter().skip(1).filter(|scope| Refusals::of(tables, scope).refused > 0).count();
    let calm = Refusals::of(tables, ranked[0]).refused == 0;
    Some(match (others, hit) {
        (0, _) => name.into(),
        (_, 0) if calm => format!("{name} (+{others} more)"),
        (_, 0) => format!("{name} (1 of {} {kind}s)", others + 1, kind = kind.trim_end_matches(':')),
        (1, _) => format!("{name} (+1 more)"),
        _ => format!("{name} (+{hit} of {others} more)"),
    })
}

/// The scopes of a kind, the worst first: most runs refused, most calls refused, fullest; ties as in the tables.
pub(super) fn ranked<'a>(tables: &'a RunTables, kind: &str) -> Vec<&'a str> {
    let badness = |scope: &str| {
        let figure = |metric| tables.estimate(scope, metric).value.unwrap_or(0.0);
        [Refusals::of(tables, scope).refused as f64, figure("refused_ratio"), fullest(tables, scope).unwrap_or(0.0)]
    };
    let scopes = tables.scopes(kind).into_iter().filter(|scope| *scope != "all");
    let mut ranked: Vec<_> = scopes.map(|scope| (badness(scope), scope)).collect();
    ranked.sort_by(|(a, _), (b, _)| {
        let pairs = b.iter().zip(a);
        pairs.map(|(b, a)| b.total_cmp(a)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    ranked.into_iter().map(|(_, scope)| scope).collect()
}

/// The fullest moment of its fullest lane, as a share of that lane's ports.
fn fullest(tables: &RunTables, scope: &str) -> Option<f64> {
    tables.estimate(scope, "busy_ratio_peak").value
}

/// The scopes of a kind side by side, when there are several; the worst first.
pub(super) fn scopes(tables: &RunTables) -> Vec<String> {
    const ROWS: usize = 8;
    let several = ["client:", "destination:", "host:", "nat:"].map(|kind| ranked(tables, kind));
    let ranked: Vec<_> = several.into_iter().filter(|scopes| scopes.len() > 1).flatten().collect();
    if ranked.is_empty() {
        return Vec::new();
    }
    let row = |cells: [&str; 5]| {
        let [scope, refused, first, share, full] = cells;
        let scope = if scope.len() > 24 { format!("{}..", &scope[..22]) } else { scope.to_owned() };
        solid(&format!("{scope:<24} {refused:>10} {first:>13} {share:>8} {full:>8}"))
    };
    let mut lines = vec![row(["", "refused in", "earliest", "refused", "fullest"])];
    for scope in ranked.iter().take(ROWS) {
        let count = Refusals::of(tables, scope);
        let first = count.times.first().map_or_else(|| "never".into(), |time| words::seconds(*time));
        let percent =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{} %", words::percent(value)));
        let refused = format!("{}/{}", count.refused, count.runs);
        let share = percent(tables.estimate(scope, "refused_ratio").value);
        lines.push(row([scope, &refused, &first, &share, &percent(fullest(tables, scope))]));
    }
    if ranked.len() > ROWS {
        lines.push(format!("and {} more in summary.csv", ranked.len() - ROWS));
    }
    lines
}
