//! `Check`: closed forms beside the simulation, and why they part where they do.

use super::super::RunTables;
use super::super::page::solid;
use super::super::words::{self, percent};
use super::closed_form::ClosedForm;

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
        let parts = found.interval.is_some_and(|(low, high)| formula < low || formula > high);
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
    let simulated = match tables.meta.replications {
        1 => "simulated (1 run)".to_owned(),
        _ => format!("simulated ({} % CI)", percent(tables.meta.confidence)),
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
    std::iter::once(head).chain(rows).chain(reasons).collect()
}

fn why_refused_parts(tables: &RunTables, closed: &ClosedForm<'_>) -> String {
    let figure = |metric| tables.estimate("all", metric).value;
    let retries = figure("attempts_total") > figure("requests_total");
    if closed.grid_s > 0.0 {
        let grid = solid(&format!("{:.3} s", closed.grid_s));
        let more = if retries { ", and refused ones come back as retries" } else { "" };
        return format!(
            "Erlang B returns ports one by one; Linux frees TIME-WAITs in batches every {grid}{more}. Trust the \
             simulation here."
        );
    }
    if retries {
        return "Erlang B knows no retries, which come back as more load. Trust the simulation here.".into();
    }
    if tables.meta.warm_up_s <= 0.0 {
        return "Erlang B is about the long run; these runs start with an empty range. Trust the simulation here, or \
                write warm_up = \"auto\"."
            .into();
    }
    by_chance(tables)
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
fn small(value: f64) -> String {
    if value > 0.0 && value < 0.009_95 { format!("{value:.1e}") } else { words::figure(value) }
}
