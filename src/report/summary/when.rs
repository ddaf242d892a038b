//! `When`: the first refusal, where some runs were refused; where all were, the verdict says it.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;

pub(super) fn when(tables: &RunTables) -> Vec<String> {
    let count = Refusals::of(tables, "all");
    let Some(first) = count.times.first().filter(|_| count.refused < count.runs) else { return Vec::new() };
    let span = |seconds: f64| solid(&words::seconds(seconds));
    let half = match tables.estimate("all", "first_refusal_s").value {
        Some(median) => format!("in half of the runs by {}", span(median)),
        None => "in less than half of the runs at all".into(),
    };
    vec![format!("first refusal after {} at the earliest, {half}", span(*first))]
}
