//! `Precision`: how well the figure is known that decided how many runs there were.

use super::super::page::solid;
use super::super::{RunTables, words};
use crate::experiment::precision::{is_precise, relative_half_width};
use crate::stats::Interval;

pub(super) fn precision(tables: &RunTables) -> Vec<String> {
    let Some(asked) = &tables.meta.precision else { return Vec::new() };
    let found = tables.estimate("all", &asked.metric);
    let ends = found.interval.unzip();
    let interval = found.value.map(|estimate| Interval { estimate, low: ends.0, high: ends.1 });
    let width = relative_half_width(interval);
    let runs = solid(&words::plural(tables.meta.replications, "run"));
    let (metric, share) = (&asked.metric, solid(&format!("{} %", words::percent(asked.share))));
    // The error as a share of the true value, which is what was asked for.
    let reached = solid(&format!("{} %", words::percent(width / (1.0 - width.min(0.999)))));
    // Whatever ended it before the cap was no rule of ours: somebody stopped it.
    let stopped = tables.meta.replications < u64::from(asked.most);
    let line = if is_precise(width, asked.share) {
        format!("{metric} is known to {reached} after {runs} ({share} was asked for)")
    } else if width.is_finite() && width < 0.999 {
        let end = if stopped { format!("stopped after {runs}") } else { format!("{runs} were the most allowed") };
        format!("{metric} is known to {reached} only: {end}, {share} was asked for")
    } else {
        let found = if found.value.is_some_and(|value| value > 0.0) { "too rare to be known" } else { "never seen" };
        let end = if stopped { "when it was stopped" } else { "the most allowed" };
        format!("{metric} is {found} in {runs}, {end}; {share} was asked for")
    };
    vec![line]
}
