//! `When`: the first refusal, and the longest time without a free port.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;

pub(super) fn when(tables: &RunTables) -> Vec<String> {
    let count = Refusals::of(tables, "all");
    let (Some(first), Some(last)) = (count.times.first(), count.times.last()) else { return Vec::new() };
    let span = |seconds: f64| solid(&words::seconds(seconds));
    let half = match tables.estimate("all", "first_refusal_s").value {
        _ if count.runs < 2 => String::new(),
        Some(median) => format!(", in half of the runs by {}", span(median)),
        None => ", in less than half of the runs at all".into(),
    };
    let mut lines = vec![if count.runs < 2 {
        format!("first refusal after {}", span(*first))
    } else if count.refused == count.runs {
        format!("first refusal between {} and {}{half}", span(*first), span(*last))
    } else {
        format!("first refusal after {} at the earliest{half}", span(*first))
    }];
    if let Some(longest) = tables.estimate("all", "outage_longest_s").value.filter(|longest| *longest > 0.0) {
        lines.push(format!("longest time without a free port {}", span(longest)));
    }
    lines
}
