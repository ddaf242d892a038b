//! `Check`: closed forms beside the simulation, and why they part where they do.

use super::super::RunTables;
use super::super::manifest::LongRunMeta;
use super::super::page::solid;
use super::super::words::{self, percent};
use super::closed_form::ClosedForm;
use super::steady;
use crate::experiment::INDIRECT;

/// One figure, both ways.
struct Row {
    name: &'static str,
    formula: f64,
    simulated: f64,
    interval: Option<(f64, f64)>,
    /// Does the formula lie outside of the interval?
    parts: bool,
}

impl Row {
    fn new(name: &'static str, tables: &RunTables, formula: Option<f64>, metric: &str) -> Option<Self> {
        let found = tables.estimate("all", metric);
        let (formula, simulated) = (formula?, found.value?);
        // What cannot be told apart in print does not part.
        let is_shown = |other: f64| small(formula) == small(other);
        let parts = found.interval.is_some_and(|(low, high)| {
            (formula < low || formula > high) && ![low, high, simulated].into_iter().any(is_shown)
        });
        Some(Self { name, formula, simulated, interval: found.interval, parts })
    }

    fn line(&self) -> String {
        // Of what never happened, the interval over runs is no interval.
        let interval = self
            .interval
            .filter(|(_, high)| *high > 0.0)
            .map_or_else(String::new, |(low, high)| format!(" ({} to {})", small(low.max(0.0)), small(high)));
        let flag = if self.parts { "  !" } else { "" };
        let formula = if self.formula < 1e-99 { "< 1e-99".into() } else { small(self.formula) };
        let simulated = small(self.simulated);
        solid(&format!("  {:<18}{formula:>10}   {simulated}{interval}{flag}", self.name))
    }
}

pub(super) fn check(tables: &RunTables) -> Vec<String> {
    let Some(closed) = ClosedForm::of(tables) else {
        let why = ClosedForm::why_not(tables);
        return why.map(|why| format!("no closed form to compare with: {why}")).into_iter().collect();
    };
    let busy = Row::new("mean busy ports", tables, closed.figure("formula_busy_ports_mean"), "busy_ports_mean");
    let mut refused = Row::new("refused ratio", tables, closed.figure("formula_refused_ratio"), "refused_ratio");
    // Where hardly a refusal is to be expected, none is no contradiction.
    let attempts = tables.estimate("all", "attempts_total").value.unwrap_or(0.0) * tables.meta.replications as f64;
    if let Some(row) = &mut refused {
        row.parts &= row.simulated > 0.0 || row.formula * attempts > 3.0;
    }
    let [busy_parts, refused_parts] = [&busy, &refused].map(|row| row.as_ref().is_some_and(|row| row.parts));
    let rows: Vec<String> = [busy, refused].into_iter().flatten().map(|row| row.line()).collect();
    if rows.is_empty() {
        return rows;
    }
    let confidence = percent(tables.meta.confidence);
    let simulated = match (tables.meta.replications, &tables.meta.long_run) {
        (1, Some(LongRunMeta { batches: batches @ 1.., .. })) => {
            format!("simulated ({confidence} % CI, {batches} batches)")
        }
        (1, _) => "simulated (1 run)".to_owned(),
        _ => format!("simulated ({confidence} % CI)"),
    };
    let head = solid(&format!("{:>30}   {simulated}", "closed form"));
    let mut reasons = Vec::new();
    if refused_parts {
        reasons.push(why_refused_parts(tables, &closed));
    }
    if busy_parts {
        reasons.push(why_busy_parts(tables));
    }
    let reasons = reasons.iter().map(|reason| format!("! {reason}"));
    // First: who reads down from a figure that differs takes it for a fault.
    reasons.chain(std::iter::once(head)).chain(rows).chain(indirect(tables)).collect()
}

/// How the refused ratio was told, where that is not by counting.
fn indirect(tables: &RunTables) -> Option<String> {
    tables.method("all", "refused_ratio").starts_with(INDIRECT).then(|| {
        let formula = solid("1 - busy ports / offered load");
        format!("refused ratio told by {formula}: this far above the ceiling a count scatters more")
    })
}

/// What the long run of Erlang B leaves out, as far as this scenario has it.
fn why_refused_parts(tables: &RunTables, closed: &ClosedForm<'_>) -> String {
    let figure = |metric| tables.estimate("all", metric).value;
    let mut reasons = Vec::new();
    if closed.grid_s > 0.0 {
        let grid = solid(&format!("{:.3} s", closed.grid_s));
        reasons.push(format!("TIME-WAITs end in batches every {grid}"));
    }
    if figure("attempts_total") > figure("requests_total") {
        reasons.push("refused connects come back as retries".into());
    }
    // The first holds refuse nobody, or too few.
    let is_empty_start = closed.begins_within(3.0) && closed.ends_within(50.0);
    if is_empty_start {
        reasons.push("the runs start with an empty range".into());
    }
    if steady::has_echo(tables, closed) {
        reasons.push("an empty start still echoes".into());
    }
    if has_heavy_tail(tables) {
        reasons.push("the longest lifetimes are too rare for runs of this length".into());
    }
    if reasons.is_empty() {
        return by_chance(tables);
    }
    // A warm-up mends nothing else.
    let cure = if is_empty_start && reasons.len() == 1 { ", or write warm_up = \"auto\"" } else { "" };
    let all = listed(&reasons);
    // A window that is no whole number of cycles is off the long run too.
    if steady::has_echo(tables, closed) {
        return format!(
            "Erlang B does not hold here: it leaves out that {all}, so that this window is not the long run: see Steady."
        );
    }
    format!("Erlang B does not hold here: it leaves out that {all}. Trust the simulation here{cure}.")
}

/// Is the variance of lifetimes infinite?
fn has_heavy_tail(tables: &RunTables) -> bool {
    let shape = |client: &&str| {
        let path = ["client", client.trim_start_matches("client:"), "lifetime", "pareto", "shape"];
        tables.meta.scenario.setting(&path)?.as_f64()
    };
    tables.scopes("client:").iter().filter_map(shape).any(|shape| shape <= 2.0)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(reasons: &[String]) -> String {
    match reasons {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => reasons.concat(),
    }
}

fn why_busy_parts(tables: &RunTables) -> String {
    if tables.estimate("all", "refused_total").value > Some(0.0) {
        return "The formula is for a range that refuses nobody. Trust the simulation here.".into();
    }
    by_chance(tables)
}

/// No other reason is known.
fn by_chance(tables: &RunTables) -> String {
    let misses = solid(&format!("{} %", percent(1.0 - tables.meta.confidence)));
    format!("{misses} of such intervals miss by chance: more replications tell.")
}

/// A figure, or powers of ten for a small share.
pub(super) fn small(value: f64) -> String {
    if value > 0.0 && value < 0.009_95 { format!("{value:.1e}") } else { words::figure(value) }
}
