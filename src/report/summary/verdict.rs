//! The first two lines: the verdict, readable alone.

use super::super::page::{first_that_fits, solid};
use super::super::risk::{Bound, Risk};
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use super::refusals::Refusals;
use super::scopes::{has_one_set, who};
use crate::forecast::RISK_MIN;

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
    // The verdict is two lines wherever that can be.
    let refused = |comma| {
        let runs = solid(&count.of_runs());
        first_that_fits([
            format!("{who}: connects refused in {runs} of {each}{comma}"),
            format!("{who}: refused in {runs} of {each}{comma}"),
            format!("{who}: refused in {runs}{comma}"),
        ])
    };
    let risk = format!("risk {} per {each} {}", risk(tables, &count), start(tables));
    match Verdict::of(tables) {
        Verdict::RunsOut => vec![refused(","), first(tables, &count)],
        Verdict::MayRunOut => vec![refused(""), risk],
        Verdict::NotSeen => {
            // Where a formula says more, it stands in place of what goes without saying.
            let by_formula = ClosedForm::of(tables).filter(|closed| closed.risk_max < 0.9995).map(|closed| {
                let bound = solid(&format!("<= {}", words::bound(closed.risk_max)));
                format!("risk {}; closed form: {bound}", self::risk(tables, &count))
            });
            let later = ClosedForm::of(tables).and_then(|closed| {
                let (wanted, most) = (words::short_rate(closed.rate), words::short_rate(closed.ceiling()?));
                Some(format!("but certain later: {wanted} wanted, {most} get through for long"))
            });
            let later = later.or_else(|| too_short(tables));
            vec![
                format!("{who}: no connect refused in {} of {each}", solid(&runs)),
                later.or(by_formula).unwrap_or(risk),
            ]
        }
    }
}

/// A window that is shorter than a port is held does not show what comes then.
fn too_short(tables: &RunTables) -> Option<String> {
    let closed = ClosedForm::of(tables)?;
    let safe = closed.lasting_limit().filter(|safe| closed.rate > *safe)?;
    let window = solid(&words::seconds(tables.meta.duration_s));
    Some(format!("but for long only {} fit: {window} are less than a port hold", words::short_floor_rate(safe)))
}

/// `How sure`, where the verdict has no room for it: every run was refused.
pub(super) fn how_sure(tables: &RunTables) -> Vec<String> {
    if Verdict::of(tables) != Verdict::RunsOut {
        return Vec::new();
    }
    let count = Refusals::of(tables, "all");
    if let Some(counted) = counted(tables) {
        return vec![counted];
    }
    let start = if tables.meta.warm_up_s > 0.0 { format!(", {}", start(tables)) } else { String::new() };
    let overflows = || {
        let least = ClosedForm::of(tables)?.figure(RISK_MIN)?;
        (least > 1.0 - 1e-6).then(|| TOO_MANY.to_owned())
    };
    let certain = certain(tables).or_else(overflows).map(|when| format!("closed form: certain, {when}"));
    // One run is no sample of runs, whatever it saw.
    if count.runs == 1 {
        return std::iter::once(one_run(tables)).chain(certain).collect();
    }
    let certain = certain.map_or_else(String::new, |certain| format!("; {certain}"));
    vec![format!("{}{start}{certain}", risk(tables, &count))]
}

/// Where nothing that is drawn can matter, it is a count and no chance.
fn counted(tables: &RunTables) -> Option<String> {
    let closed = ClosedForm::of(tables)?;
    let is_certain = !closed.is_poisson() && closed.figure(RISK_MIN)? >= 1.0;
    let when = certain(tables).unwrap_or_else(|| TOO_MANY.to_owned());
    is_certain.then(|| format!("certain (risk 1), as it is a count: evenly spaced connects of equal length, {when}"))
}

/// Why a refusal is certain after a warm-up.
const TOO_MANY: &str = "more come than ports can come back";

/// What one run is good for: shares of its time and of its attempts.
fn one_run(tables: &RunTables) -> String {
    let figure = |metric| tables.estimate("all", metric).value.unwrap_or(0.0);
    let full = if has_one_set(tables) { "the range" } else { "some set of ports" };
    format!(
        "one run is no sample of runs; in it {} of {} connect() calls were refused, {} % of them, and {full} was full \
         {} % of the time",
        words::count(figure("refused_total")),
        words::count(figure("attempts_total")),
        words::percent(figure("refused_ratio")),
        words::percent(figure("full_time_ratio"))
    )
}

/// When the first refusal comes by formula, if it comes for certain.
fn certain(tables: &RunTables) -> Option<String> {
    let closed = ClosedForm::of(tables)?;
    let (mean_s, sd_s) = closed.figure("formula_first_refusal_s").zip(closed.figure("formula_first_refusal_sd_s"))?;
    let when = if sd_s > 0.0 {
        // In the unit of the time it belongs to, while that shows a digit.
        let spread = if (0.05..100.0).contains(&sd_s) { format!("{sd_s:.1} s") } else { words::seconds(sd_s) };
        solid(&format!("{} +- {} (1 sd)", words::seconds(mean_s), spread))
    } else {
        solid(&words::seconds(mean_s))
    };
    Some(format!("the {} connect comes at {when}", words::ordinal(closed.ports + 1.0)))
}

/// When every run was refused: when first, and whether it stays so.
fn first(tables: &RunTables, count: &Refusals) -> String {
    let found = tables.estimate("all", "first_refusal_s");
    let first = match (found.value, found.interval, count.times.first().zip(count.times.last())) {
        (Some(median), Some((low, high)), _) if high.is_finite() => {
            let (median, interval) = (words::seconds(median), words::between(low, high));
            if median == interval { median } else { format!("{median} {}", solid(&format!("({interval})"))) }
        }
        (_, _, Some((earliest, latest))) if earliest < latest => words::between(*earliest, *latest),
        (median, _, _) => words::seconds(median.unwrap_or_default()),
    };
    let lasts = tables.scopes("").into_iter().any(|scope| {
        let figure = |metric| tables.estimate(scope, metric).value;
        figure("offered_load").zip(figure("capacity_ports")).is_some_and(|(load, ports)| load > ports)
    });
    let first = format!("first after {}", solid(&first));
    if !lasts {
        return first;
    }
    first_that_fits([format!("{first}, and so on until the load falls"), format!("{first}, until the load falls")])
}

/// What the runs started from.
fn start(tables: &RunTables) -> String {
    match tables.meta.warm_up_s {
        0.0 => "from an empty range".into(),
        warm_up => format!("after {} of warm-up", solid(&words::seconds(warm_up))),
    }
}

/// The risk with its interval, or the bound that none or all of the runs give instead.
fn risk(tables: &RunTables, count: &Refusals) -> String {
    let found = tables.estimate("all", "exhaustion_probability");
    let confidence = words::percent(tables.meta.confidence);
    let (runs, only) = (words::count(count.runs as f64), words::plural(count.runs, "run"));
    solid(&match Risk::of(count.refused, count.runs, found.interval, tables.meta.confidence) {
        Risk::Below(Bound { value, by_rule_of_three: true }) => {
            format!("< {} % (rule of three: 3/{runs})", words::risk(value))
        }
        Risk::Above(Bound { value, by_rule_of_three: true }) => {
            format!("> {} % by simulation alone (rule of three: 1 - 3/{runs})", words::risk(value))
        }
        Risk::Below(Bound { value, .. }) => format!("< {} % ({confidence} % CI, {only} only)", words::risk(value)),
        Risk::Above(Bound { value, .. }) => format!("> {} % ({confidence} % CI, {only} only)", words::risk(value)),
        Risk::Between(low, high) => {
            let share = found.value.unwrap_or(count.refused as f64 / count.runs as f64);
            format!("{} % ({confidence} % CI {} to {} %)", words::risk(share), words::risk(low), words::risk(high))
        }
    })
}
