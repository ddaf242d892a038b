//! The screen of `dryport compare`: which arm is best and whether that is certain, a table, the differences.

use super::super::page::{Page, solid};
use super::super::summary::Refusals;
use super::super::words::{self, percent, plural};
use super::{Comparison, DEFAULT_METRIC, Difference};

/// More arms than this are not told one by one.
const ROWS: usize = 20;
/// The widest a label is before it is cut, beside all columns but the probes, which make room for it.
const LABEL: usize = 22;
/// The widest beside all columns.
const SHORT: usize = 15;
/// So many differences are told, of neighbours in the order.
const DIFFERENCES: usize = 6;

/// The whole text; `folder` is where the files are, as the user wrote it.
pub fn comparison_screen(comparison: &Comparison, folder: &str) -> String {
    let ranking = comparison.ranking();
    let mut page = Page::default();
    page.hanging("", &headline(comparison, &ranking));
    page.gap();
    page.lines(table(comparison, &ranking));
    page.label("How sure", &how_sure(comparison, &ranking));
    let folder = solid(&format!("{}/  ", folder.trim_end_matches('/')));
    page.label("Files", &[format!("{folder}{}", comparison.meta.files.join(" "))]);
    page.tail(&format!("seed {}, dryport {}", comparison.meta.seed, comparison.meta.dryport));
    page.text()
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
    // All that are as good as the best.
    let as_good = |arm: &&usize| order(comparison.difference(*best, **arm)) == Order::Equal;
    let tied: Vec<usize> = rest.iter().take_while(as_good).copied().collect();
    let word = if comparison.metric.name == DEFAULT_METRIC { "SAFEST" } else { "BEST" };
    let Some(next) = rest.get(tied.len()) else {
        let all = listed(&ranking.iter().map(|arm| label(*arm)).collect::<Vec<_>>());
        return format!("NO DIFFERENCE between {all}: {}", result(comparison, *best, true));
    };
    let runners = &rest[tied.len()..];
    let against: Vec<String> =
        runners.iter().take(2).map(|arm| format!("{} with {}", result(comparison, *arm, false), label(*arm))).collect();
    let others = runners.len() - against.len();
    let others = if others > 0 { format!(" ({} more below)", words::thousands(others as u64)) } else { String::new() };
    let found = format!("{}, against {}{others}", result(comparison, *best, true), against.join(" and "));
    let gain = carries(comparison, *best).unwrap_or_default();
    match order(comparison.difference(*best, *next)) {
        _ if !tied.is_empty() => {
            let all = listed(&[*best].iter().chain(&tied).map(|arm| label(*arm)).collect::<Vec<_>>());
            format!("{all} ARE EQUALLY {}: {found}", if word == "BEST" { "GOOD" } else { "SAFE" })
        }
        Order::Clear | Order::Unknown => format!("{} IS {word}: {found}{gain}", label(*best)),
        Order::Equal | Order::Open => {
            format!("TOO CLOSE TO CALL: {} before {}: {found}; more runs would tell", label(*best), label(*next))
        }
    }
}

/// What came of an arm, in the words of the metric.
fn result(comparison: &Comparison, arm: usize, with_verb: bool) -> String {
    if comparison.metric.name == DEFAULT_METRIC {
        let count = Refusals::of(&comparison.arms[arm].tables, &comparison.scope);
        let (refused, runs) = (words::thousands(count.refused), words::thousands(count.runs));
        let verb = if with_verb { "refused in " } else { "" };
        return solid(&format!("{verb}{refused} of {runs}{}", if with_verb { " runs" } else { "" }));
    }
    let name = if with_verb { format!("{} ", comparison.metric.name) } else { String::new() };
    let value = comparison.figure(arm, comparison.metric.name);
    solid(&format!("{name}{}", value.map_or_else(|| "never".into(), words::figure)))
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

fn cut(label: &str) -> String {
    if label.len() > LABEL { format!("{}..", &label[..LABEL - 2]) } else { label.to_owned() }
}

/// A row for each arm, the best first.
fn table(comparison: &Comparison, ranking: &[usize]) -> Vec<String> {
    let labels = comparison.arms.iter().map(|arm| cut(&arm.label).len());
    let width = labels.chain([cut(&comparison.header).len()]).max().unwrap_or(0);
    let target = comparison.arms.iter().find_map(|arm| arm.tables.estimate("all", "target_risk").value);
    let safe = target.map_or_else(String::new, |target| format!("<= {} % to", percent(target)));
    let row = |cells: [&str; 8]| {
        let [label, ports, refused, risk, first, ratio, probes, safe] = cells;
        let left = format!("{label:<width$} {ports:>6} {refused:>9} {risk:>9} {first:>10} {ratio:>8}");
        let probes = if width > SHORT { String::new() } else { format!(" {probes:>6}") };
        format!("{left}{probes} {safe:>10}").trim_end().to_owned()
    };
    let head = cut(&comparison.header);
    let mut lines = vec![row([&head, "ports", "refused", "risk", "first", "refused", "probes", &safe])];
    for place in ranking.iter().take(ROWS) {
        let arm = &comparison.arms[*place];
        let count = Refusals::of(&arm.tables, &comparison.scope);
        let figure = |metric| arm.tables.estimate(&comparison.scope, metric);
        let value = |metric| figure(metric).value;
        let of_runs = format!("{}/{}", count.refused, count.runs);
        let risk = risk(count.refused, count.runs, figure("exhaustion_probability").interval);
        let first = value("first_refusal_s").map_or_else(|| "never".into(), words::seconds);
        let first = if count.refused > 0 && first == "never" { "in few".to_owned() } else { first };
        let ratio = value("refused_ratio").map_or_else(String::new, |ratio| format!("{} %", percent(ratio)));
        let safe = arm.tables.estimate("all", "safe_rate_per_s").value.map(words::short_floor_rate);
        lines.push(row([
            &cut(&arm.label),
            &value("capacity_ports").map_or_else(String::new, words::count),
            &of_runs,
            &risk,
            &first,
            &ratio,
            &value("probes_mean").map_or_else(String::new, words::figure),
            &safe.unwrap_or_default(),
        ]));
    }
    if ranking.len() > ROWS {
        lines.push(format!("and {} more in summary.csv", ranking.len() - ROWS));
    }
    lines
}

/// `70-97 %`, `< 15 %`, `> 85 %`.
fn risk(refused: u64, runs: u64, interval: Option<(f64, f64)>) -> String {
    let Some((low, high)) = interval else { return String::new() };
    match refused {
        0 => format!("< {} %", words::risk(high)),
        all if all == runs => format!("> {} %", words::risk(low)),
        _ => format!("{}-{} %", words::risk(low), words::risk(high)),
    }
}

fn how_sure(comparison: &Comparison, ranking: &[usize]) -> Vec<String> {
    let confidence = percent(comparison.meta.confidence);
    let mut lines = vec![format!(
        "same arrivals in every arm (common random numbers), paired, {}",
        solid(&format!("{confidence} % CI"))
    )];
    let pairs = ranking.windows(2).map(|pair| (pair[0], pair[1]));
    let known: Vec<_> =
        pairs.filter_map(|(better, worse)| Some((better, worse, comparison.difference(better, worse)?))).collect();
    lines.extend(known.iter().take(DIFFERENCES).map(|(better, worse, found)| told(comparison, *better, *worse, found)));
    if known.len() > DIFFERENCES {
        lines.push(format!("and {} more in differences.csv", known.len() - DIFFERENCES));
    }
    let doubted = known.iter().filter(|(_, _, found)| found.higher + found.lower > 0);
    let wrong = doubted.map(|(_, _, found)| found.wrong).sum::<f64>().min(1.0);
    if known.len() > 1 && wrong > 0.0 {
        lines.push(format!("the order as a whole is wrong with a chance of at most {} %", words::risk(wrong)));
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
    format!("{higher} {more} {}{unit} {lower} {range}{pairs}", shown(found.estimate))
}
