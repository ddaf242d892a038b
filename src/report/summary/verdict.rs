//! The first two lines: the verdict, readable alone.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;
use super::scopes::who;

/// What the runs showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every run was refused.
    RunsOut,
    /// Some runs were refused.
    MayRunOut,
    /// No run was refused, which does not mean that none ever is.
    NotSeen,
}

impl Verdict {
    /// Every verdict, the worst first.
    pub const ALL: [Self; 3] = [Self::RunsOut, Self::MayRunOut, Self::NotSeen];

    /// The verdict on a whole scenario.
    pub fn of(tables: &RunTables) -> Self {
        let count = Refusals::of(tables, "all");
        match count.refused {
            0 => Self::NotSeen,
            refused if refused == count.runs => Self::RunsOut,
            _ => Self::MayRunOut,
        }
    }

    /// The word in capitals.
    pub fn word(self) -> &'static str {
        match self {
            Self::RunsOut => "RUNS OUT",
            Self::MayRunOut => "MAY RUN OUT",
            Self::NotSeen => "NOT SEEN",
        }
    }
}

pub(super) fn verdict_lines(tables: &RunTables, idle: bool) -> Vec<String> {
    let count = Refusals::of(tables, "all");
    let (who, each) = (who(tables), solid(&words::seconds(tables.meta.duration_s)));
    let runs = words::plural(count.runs, "run");
    if idle {
        return vec![
            format!("{who}: no connection was opened in {runs} of {each}"),
            "nothing can be said about the risk; look at the arrivals".into(),
        ];
    }
    let first = if count.refused == 0 {
        format!("{who}: no connect refused in {} of {each}", solid(&runs))
    } else {
        format!("{who}: connects refused in {} of {each}", solid(&count.of_runs()))
    };
    let start = match tables.meta.warm_up_s {
        0.0 => "from an empty range".into(),
        warm_up => format!("after {} of warm-up", solid(&words::seconds(warm_up))),
    };
    vec![first, format!("risk {} per {each} {start}", risk(tables, &count))]
}

/// The risk with its interval; none or all of the runs give a bound instead.
fn risk(tables: &RunTables, count: &Refusals) -> String {
    let found = tables.estimate("all", "exhaustion_probability");
    let confidence = words::percent(tables.meta.confidence);
    let (low, high) = found.interval.unwrap_or((0.0, 1.0));
    let three = 3.0 / count.runs as f64;
    // The rule of three speaks of 95 % and of more than three runs.
    let rule = confidence == "95" && three < 1.0;
    match count.refused {
        0 if rule => format!("< {} % (3/{})", words::risk(three), count.runs),
        0 => format!("< {} % ({confidence} % CI, {} only)", words::risk(high), words::plural(count.runs, "run")),
        refused if refused == count.runs && rule => format!("> {} % (1 - 3/{})", words::risk(1.0 - three), count.runs),
        refused if refused == count.runs => {
            format!("> {} % ({confidence} % CI, {} only)", words::risk(low), words::plural(count.runs, "run"))
        }
        refused => {
            let share = found.value.unwrap_or(refused as f64 / count.runs as f64);
            let interval = format!("({confidence} % CI {} to {} %)", words::risk(low), words::risk(high));
            format!("{} % {}", words::risk(share), solid(&interval))
        }
    }
}
