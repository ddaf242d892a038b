//! The screen of `dryport compare`: which arm is best and whether that is certain, a table, the differences.

use super::super::page::{Page, solid, solid_brackets};
use super::super::query::Estimate;
use super::super::summary::Refusals;
use super::super::tables::NO_CLOSED_FORM;
use super::super::variant_table::{Line, variant_table};
use super::super::words::{self, percent, plural};
use super::{Arm, Comparison, DEFAULT_METRIC, Difference};
use crate::forecast::RISK_BOUND;
use crate::metrics::Method;

/// More arms than this are not told one by one.
const ROWS: usize = 20;
/// So many differences are told, of neighbours in the order.
const DIFFERENCES: usize = 6;

/// The whole text; `folder` is where the files are, as the user wrote it; none where there are none.
pub fn comparison_screen(comparison: &Comparison, folder: Option<&str>) -> String {
    let ranking = comparison.ranking();
    let mut page = Page::default();
    // What was cut off is said of all arms: they were cut to the runs that all of them have.
    let cut_off = comparison.arms.iter().find_map(|arm| arm.tables.meta.cut_off());
    if let Some(runs) = cut_off {
        page.hanging("", &format!("CUT OFF: {} of each arm are whole: it was stopped", solid(&runs)));
    }
    page.hanging("", &headline(comparison, &ranking));
    page.gap();
    page.lines(table(comparison, &ranking));
    page.label("No rate", &no_rate(comparison, &ranking).into_iter().collect::<Vec<_>>());
    page.label("How sure", &how_sure(comparison, &ranking));
    page.label("Watch out", &watch_out(comparison, &ranking).into_iter().collect::<Vec<_>>());
    let gates = ranking.iter().map(|arm| &comparison.arms[*arm]);
    let gates = gates.flat_map(|arm| arm.gates.iter().map(|judged| format!("{}: {judged}", solid(&arm.label))));
    page.label("Gates", &gates.map(|line| solid_brackets(&line)).collect::<Vec<_>>());
    page.files(folder, &comparison.meta.files);
    page.tail(&format!("seed {}, dryport {}", comparison.meta.seed, comparison.meta.dryport));
    page.text()
}

/// Why the highest safe rate of some arms is not told.
fn no_rate(comparison: &Comparison, ranking: &[usize]) -> Option<String> {
    let tables = |arm: &usize| &comparison.arms[*arm].tables;
    let is_empty = |arm: &&usize| tables(arm).estimate("all", "safe_rate_per_s").value.is_none();
    let why = |arm: &usize| {
        let method = tables(arm).method("all", RISK_BOUND);
        let why = method.strip_prefix(NO_CLOSED_FORM).unwrap_or("no rate takes all ports");
        format!("{}: {why}", solid(&comparison.arms[*arm].label))
    };
    let all: Vec<String> = ranking.iter().filter(is_empty).map(why).collect();
    match &all[..] {
        [] => None,
        [first] => Some(first.clone()),
        [first, ..] => Some(format!("{first}, and {} other arms without a formula", all.len() - 1)),
    }
}

/// The catch of a wider range that is the best: services listen on low ports.
fn watch_out(comparison: &Comparison, ranking: &[usize]) -> Option<String> {
    /// The first port of Linux's default range (`net/ipv4/af_inet.c`).
    const DEFAULT_FIRST: u16 = 32_768;
    let reaches_down = |arm: &usize| {
        let hosts = &comparison.arms[*arm].tables.meta.scenario.hosts;
        hosts.iter().any(|host| host.first_port < DEFAULT_FIRST)
    };
    let (best, others) = ranking.split_first().filter(|_| comparison.is_ranked())?;
    (reaches_down(best) && !others.iter().all(reaches_down)).then(|| {
        let label = solid(&comparison.arms[*best].label);
        format!(
            "{label} includes ports that services may listen on: list those in net.ipv4.ip_local_reserved_ports before \
             widening the range"
        )
    })
}

/// What the order of two neighbours rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The runs leave no doubt at the level of the intervals.
    Clear,
    /// Nothing differs.
    Equal,
    /// The interval holds zero.
    Open,
    /// There is nothing to judge by.
    Unknown,
}

fn order(difference: Option<Difference>) -> Order {
    match difference {
        None => Order::Unknown,
        Some(found) if found.higher + found.lower == 0 => Order::Equal,
        Some(Difference { interval: (low, high), .. }) if low > 0.0 || high < 0.0 => Order::Clear,
        Some(_) => Order::Open,
    }
}

fn headline(comparison: &Comparison, ranking: &[usize]) -> String {
    let [best, rest @ ..] = ranking else { return String::new() };
    let label = |arm: usize| solid(&comparison.arms[arm].label);
    let count = |arm: usize| Refusals::of(&comparison.arms[arm].tables, &comparison.scope).refused;
    // All that are as good as the best.
    let as_good = |arm: &&usize| order(comparison.difference(*best, **arm)) == Order::Equal;
    let tied: Vec<usize> = rest.iter().take_while(as_good).copied().collect();
    let word = if comparison.metric.name == DEFAULT_METRIC { "SAFEST" } else { "BEST" };
    let as_good = listed(&[*best].iter().chain(&tied).map(|arm| label(*arm)).collect::<Vec<_>>());
    if !comparison.is_ranked() {
        return unranked(comparison, ranking);
    }
    let Some(next) = rest.get(tied.len()) else {
        return format!("NOT TOLD APART: {as_good}: {}", result(comparison, *best, By::Runs, true));
    };
    let runners = &rest[tied.len()..];
    // Where both were refused as often, the share of calls tells them apart.
    let by = if count(*best) == count(*next) { By::Share } else { By::Runs };
    let against: Vec<String> = runners
        .iter()
        .take(2)
        .map(|arm| format!("{} with {}", result(comparison, *arm, by, false), label(*arm)))
        .collect();
    let others = runners.len() - against.len();
    let others = if others > 0 { format!(" ({} more below)", words::thousands(others as u64)) } else { String::new() };
    let found = format!("{}, against {}{others}", result(comparison, *best, by, true), against.join(" and "));
    let gain = carries(comparison, *best).unwrap_or_default();
    match order(comparison.difference(*best, *next)) {
        Order::Clear | Order::Unknown if !tied.is_empty() => {
            format!("{as_good} ARE {word}, not told apart: {found}")
        }
        Order::Clear | Order::Unknown => format!("{as_good} IS {word}: {found}{gain}"),
        Order::Equal | Order::Open => {
            let is_even = comparison.difference(*best, *next).is_some_and(|found| found.estimate == 0.0);
            let before = if is_even { "AND" } else { "before" };
            format!("TOO CLOSE TO CALL: {as_good} {before} {}: {found}; more runs would tell", label(*next))
        }
    }
}

/// What came of each arm, where that says nothing of which is better.
fn unranked(comparison: &Comparison, arms: &[usize]) -> String {
    let told = |(place, arm): (usize, &usize)| {
        let label = solid(&comparison.arms[*arm].label);
        format!("{} with {label}", result(comparison, *arm, By::Runs, place == 0))
    };
    let found = arms.iter().enumerate().take(3).map(told).collect::<Vec<_>>().join(", ");
    let others = arms.len().saturating_sub(3);
    let others = if others > 0 { format!(" ({} more below)", words::thousands(others as u64)) } else { String::new() };
    format!("NOT RANKED: {found}{others}: one run cannot tell how sure an order is")
}

/// What is told of an arm when refusals decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// In how many runs.
    Runs,
    /// How many calls.
    Share,
}

/// What came of an arm, in the words of the metric.
fn result(comparison: &Comparison, arm: usize, by: By, is_first: bool) -> String {
    let value = comparison.figure(arm, comparison.metric.name);
    if comparison.metric.name != DEFAULT_METRIC {
        let name = if is_first { format!("{} ", comparison.metric.name) } else { String::new() };
        return solid(&format!("{name}{}", value.map_or_else(|| "never".into(), words::figure)));
    }
    let count = Refusals::of(&comparison.arms[arm].tables, &comparison.scope);
    solid(&match (by, is_first) {
        (By::Runs, true) => format!("refused in {}", count.of_runs()),
        (By::Runs, false) => format!("{} of {}", words::thousands(count.refused), words::thousands(count.runs)),
        (By::Share, true) => format!("{} % of connects refused", percent(value.unwrap_or(0.0))),
        (By::Share, false) => format!("{} %", percent(value.unwrap_or(0.0))),
    })
}

/// How many times the load of the first arm the best one bears, by the closed forms.
fn carries(comparison: &Comparison, best: usize) -> Option<String> {
    let safe = |arm: usize| comparison.arms[arm].tables.estimate("all", "safe_rate_per_s").value;
    let times = safe(best)? / safe(0).filter(|rate| *rate > 0.0)?;
    let first = solid(&comparison.arms[0].label);
    (best != 0 && times > 1.05).then(|| format!("; it carries {} times the rate of {first}", words::figure(times)))
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if first.len() < 4 => format!("{} AND {last}", first.join(", ")),
        [first, ..] => format!("{first} AND {} OTHERS", words::thousands(names.len() as u64 - 1)),
    }
}

/// A row for each arm, the best first.
fn table(comparison: &Comparison, ranking: &[usize]) -> Vec<String> {
    // Closed forms are about everything.
    let figure = |arm: usize| {
        move |metric: &str| {
            let tables = &comparison.arms[arm].tables;
            let of_scope = tables.estimate(&comparison.scope, metric);
            if of_scope.value.is_some() { of_scope } else { tables.estimate("all", metric) }
        }
    };
    let figures: Vec<_> = ranking.iter().map(|arm| figure(*arm)).collect();
    let line = |(arm, figure): (&usize, _)| {
        let Arm { label, tables, .. } = &comparison.arms[*arm];
        Line { label, runs: tables.meta.replications, figure }
    };
    let figures = figures.iter().map(|figure| -> &dyn Fn(&str) -> Estimate { figure });
    let lines: Vec<Line<'_>> = ranking.iter().zip(figures).map(line).collect();
    let mut text = variant_table(&comparison.header, &lines, ROWS, comparison.meta.confidence);
    if ranking.len() > ROWS {
        text.push(format!("and {} more in summary.csv", ranking.len() - ROWS));
    }
    text
}

fn how_sure(comparison: &Comparison, ranking: &[usize]) -> Vec<String> {
    if !comparison.is_ranked() {
        return vec!["same arrivals in every arm (common random numbers); an order needs two runs or more".into()];
    }
    let confidence = percent(comparison.meta.confidence);
    let mut lines = vec![format!(
        "same arrivals in every arm (common random numbers), paired, {}",
        solid(&format!("{confidence} % CI"))
    )];
    let pairs = ranking.windows(2).map(|pair| (pair[0], pair[1]));
    let known: Vec<_> =
        pairs.filter_map(|(better, worse)| Some((better, worse, comparison.difference(better, worse)?))).collect();
    lines.extend(known.iter().take(DIFFERENCES).map(|(better, worse, found)| told(comparison, *better, *worse, found)));
    if matches!(comparison.metric.method, Method::MedianTime(_)) {
        lines.push("a median has no paired difference: the interval of each arm is in summary.csv".into());
    }
    if known.len() > DIFFERENCES {
        lines.push(format!("and {} more in differences.csv", known.len() - DIFFERENCES));
    }
    if let Some(wrong) = comparison.order_is_wrong() {
        let what = if known.len() > 1 { "the order as a whole is" } else { "that order is" };
        lines.push(format!("{what} wrong with a chance of at most {} %", words::risk(wrong)));
    }
    let gain = known.iter().filter_map(|(_, _, found)| found.gain).fold(f64::INFINITY, f64::min);
    if gain.is_finite() && gain >= 1.05 {
        lines
            .push(format!("independent random numbers would need {} times as many runs, or more", words::figure(gain)));
    }
    lines
}

/// One difference in words, from the better arm to the worse.
fn told(comparison: &Comparison, better: usize, worse: usize, found: &Difference) -> String {
    let label = |arm: usize| solid(&comparison.arms[arm].label);
    let (better, worse) = (label(better), label(worse));
    let runs = found.higher + found.equal + found.lower;
    if found.higher + found.lower == 0 {
        return format!("{worse} and {better}: the same in {}", solid(&plural(runs, "run")));
    }
    let is_share = comparison.metric.unit == "ratio";
    let scale = if is_share { 100.0 } else { 1.0 };
    let sign = if found.estimate < 0.0 { -scale } else { scale };
    let (low, high) = if sign > 0.0 { found.interval } else { (found.interval.1, found.interval.0) };
    let shown = |value: f64| words::figure(value * sign);
    let range = solid(&format!("({} to {})", shown(low), shown(high)));
    let (more, unit) = match (comparison.metric.name == DEFAULT_METRIC, is_share) {
        (true, _) => ("refuses", " points more than"),
        (false, true) => ("has", " points more than"),
        (false, false) => ("has", " more than"),
    };
    let (higher, lower) = if found.estimate < 0.0 { (&better, &worse) } else { (&worse, &better) };
    let pairs = match (found.higher, found.equal, found.lower) {
        (all, 0, 0) if all == runs => String::new(),
        (0, 0, all) if all == runs => String::new(),
        (up, same, down) => {
            let (up, down) = if found.estimate < 0.0 { (down, up) } else { (up, down) };
            let count = |count: u64| if count == 0 { "none".to_owned() } else { words::thousands(count) };
            format!("; more in {} pairs, equal in {}, less in {}", count(up), count(same), count(down))
        }
    };
    if found.estimate == 0.0 {
        let unit = if is_share { " points" } else { "" };
        return format!("{worse} and {better}: no difference on average {range}{unit}{pairs}");
    }
    format!("{higher} {more} {}{unit} {lower} {range}{pairs}", shown(found.estimate))
}
