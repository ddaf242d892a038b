//! The screen of `dryport solve`: the answer in two lines, the values that were tried, what would do instead.

use super::super::page::{Page, solid};
use super::super::risk::Risk;
use super::super::words::{self, percent};
use super::{Answer, Formula, Outcome};
use crate::experiment::Evidence;
use crate::metrics::{Method, Metric};
use crate::scenario::claim::Bound;
use crate::scenario::{Better, Quantity};

/// So many values are told, those around the answer.
const ROWS: usize = 8;
/// The metric that is called the risk.
const RISK: &str = "exhaustion_probability";

/// The whole text.
pub fn solution_screen(answer: &Answer) -> String {
    let mut page = Page::default();
    let outcome = answer.outcome();
    let lasts = answer.lesser().map(|lasting| {
        let window = solid(&words::seconds(answer.window_s));
        let short = "which is shorter than a port is held";
        format!("{} for long, by formula. Within {window} from an empty range, {short}: ", sure(answer, lasting))
    });
    let head = lasts.unwrap_or_default() + &headline(answer, outcome);
    page.hanging(&format!("{}  ", outcome.word()), &head);
    page.label("Cut off", &cut_off(answer).into_iter().collect::<Vec<_>>());
    page.gap();
    page.lines(table(answer));
    let unseen = rows(answer).into_iter().any(|found| found.is_unseen && found.proven.is_none());
    let unseen = unseen.then(|| "+ no connect() was refused there; that does not exclude that one ever is".to_owned());
    page.label("", &unseen.into_iter().chain(proof(answer)).collect::<Vec<_>>());
    page.label("Formula", &formula(answer).into_iter().collect::<Vec<_>>());
    page.label("Fast", &fast(answer).into_iter().collect::<Vec<_>>());
    let value = answer.solution.answer.map(|place| answer.solution.evidence[place].value);
    let lasting = answer.lesser().map(|lasting| answer.knob.safely(lasting));
    if let Some(sets) = lasting.or(value).and_then(|value| answer.knob.sets(value)) {
        let options: Vec<String> = sets.iter().map(|set| solid(&format!("--set {set}"))).collect();
        page.label("Set", &[options.join(" ")]);
    }
    page.label("But", &answer.caveat.into_iter().map(str::to_owned).collect::<Vec<_>>());
    page.label("Or instead", &instead(answer));
    page.tail(&format!("seed {}, dryport {}", answer.seed, env!("CARGO_PKG_VERSION")));
    page.text()
}

/// `a risk of 1 % or less per 10 min`, `refused_ratio <= 1e-4`
fn target(answer: &Answer) -> String {
    let window = solid(&words::seconds(answer.window_s));
    match answer.claim.bound {
        // A window that is solved for has no length yet.
        Bound::Number(bound) if answer.claim.metric.name == RISK && answer.scope == "all" => {
            let per = if answer.knob.quantity == Quantity::Window { String::new() } else { format!(" per {window}") };
            format!("a risk of {} or {}{per}", solid(&format!("{} %", percent(bound))), side(answer))
        }
        _ => {
            let scope = if answer.scope == "all" { String::new() } else { format!("{} ", answer.scope) };
            solid(&format!("{scope}{}", answer.claim))
        }
    }
}

fn side(answer: &Answer) -> &'static str {
    use crate::scenario::claim::Comparison::{Above, AtLeast, AtMost, Below, Equal};
    match answer.claim.comparison {
        Below | AtMost | Equal => "less",
        AtLeast | Above => "more",
    }
}

/// A limit by formula, rounded to the side on which it holds.
fn sure(answer: &Answer, value: f64) -> String {
    match answer.knob.quantity {
        Quantity::Rate => solid(&format!("at most {}", words::short_floor_rate(value))),
        _ => at(answer, value),
    }
}

/// `at most 444/s`, `at least 28,608 ports`
fn at(answer: &Answer, value: f64) -> String {
    let word = if answer.knob.quantity.better() == Better::Low { "at most" } else { "at least" };
    solid(&format!("{word} {}", answer.knob.quantity.shown(value)))
}

fn headline(answer: &Answer, outcome: Outcome) -> String {
    let (solution, quantity, now) = (&answer.solution, answer.knob.quantity, answer.knob.now);
    let shown = |place: usize| solid(&quantity.shown(solution.evidence[place].value));
    let target = target(answer);
    let key = &answer.knob.key;
    let best = best(answer).map_or_else(String::new, |found| {
        let figure = found.found.map_or_else(|| "no value".into(), |interval| figure(answer, interval.estimate));
        format!("the best is {figure} with {}", solid(&quantity.shown(found.value)))
    });
    match (outcome, solution.answer) {
        (Outcome::Answer | Outcome::NoLimit, Some(place)) => {
            let value = solution.evidence[place].value;
            let change = format!("(now {}{})", solid(&quantity.shown(now)), change(answer, value));
            match (answer.formula.filter(|formula| formula.is_exact), solution.beyond, outcome) {
                (Some(Formula { value, name, .. }), ..) if value.is_finite() => {
                    format!("{} {change} for {target}; exactly so by formula: {}", sure(answer, value), solid(name))
                }
                (_, Some(_), _) if is_extreme(answer) => {
                    let runs = solid(&words::plural(solution.evidence[place].runs, "run"));
                    format!("{} {change} for {target} in {runs}; more of them reach further", at(answer, value))
                }
                (_, Some(beyond), _) => format!(
                    "{} {change} for {target}; the true limit lies between {} and {}",
                    at(answer, value),
                    shown(place.min(beyond)),
                    shown(place.max(beyond))
                ),
                (_, None, Outcome::NoLimit) => format!(
                    "for {key}: even {} will do for {target}, and no value beyond it was found that will not (now {})",
                    solid(&quantity.shown(value)),
                    solid(&quantity.shown(now))
                ),
                (_, None, _) => {
                    format!("{} {change} for {target}; how far beyond, the runs leave open", at(answer, value))
                }
            }
        }
        (Outcome::Open, _) if solution.unseen.is_some() => {
            let place = solution.unseen.expect("looked at above");
            let runs = solid(&words::plural(solution.evidence[place].runs, "run"));
            let beyond = solution.beyond.map_or_else(String::new, |beyond| format!("; {} will not do", shown(beyond)));
            format!(
                "nobody was refused in {runs} with {}, which does not prove {target}{beyond}. Where no formula does, a bound \
                 can be shown that is not far below 3 / --max-replications",
                shown(place)
            )
        }
        (Outcome::Open, _) => format!(
            "the runs leave open whether any value of {key} will do for {target}; {best}. More runs of each value \
             (--max-replications) would tell"
        ),
        _ if changes_nothing(answer) => {
            format!("no value of {key} will do for {target}: it changes nothing here; {best}")
        }
        _ => format!("no value of {key} will do for {target}: {best}"),
    }
}

/// Were the runs the same whatever the value was?
fn changes_nothing(answer: &Answer) -> bool {
    let evidence = &answer.solution.evidence;
    let ran: Vec<_> = evidence.iter().filter(|found| found.runs > 0).collect();
    ran.len() > 2 && ran.windows(2).all(|pair| pair[0].is_same_as(pair[1]))
}

/// Is it the most or the least of all runs, which has no interval?
fn is_extreme(answer: &Answer) -> bool {
    let metric = Metric::named(answer.claim.metric.name);
    metric.is_some_and(|metric| matches!(metric.method, Method::Maximum(_) | Method::Minimum(_)))
}

/// The value with the best figure: not every metric follows a knob all the way. Of equals the easiest.
fn best(answer: &Answer) -> Option<&Evidence> {
    let figure = |found: &&Evidence| found.found.map_or(f64::INFINITY, |interval| interval.estimate);
    let (low, high) = (side(answer) == "less", answer.knob.quantity.better() == Better::High);
    let order = |one: &&Evidence, other: &&Evidence| {
        let order = figure(one).total_cmp(&figure(other));
        if low { order } else { order.reverse() }
    };
    let evidence = answer.solution.evidence.iter();
    if high { evidence.rev().min_by(order) } else { evidence.min_by(order) }
}

/// `: lower it by 1.3 %`, `: 376 more`; nothing where the knob may stay.
fn change(answer: &Answer, value: f64) -> String {
    let (now, quantity) = (answer.knob.now, answer.knob.quantity);
    let is_enough = match quantity.better() {
        Better::Low => now <= value,
        Better::High => now >= value,
    };
    if is_enough {
        let room = match quantity.better() {
            Better::Low => value / now,
            Better::High => now / value,
        };
        return if room > 1.0005 && room.is_finite() { format!(", {}", room_in_words(room)) } else { String::new() };
    }
    match quantity.better() {
        Better::Low => format!(": lower it by {}", solid(&format!("{} %", percent(1.0 - value / now)))),
        Better::High => format!(": {} more", words::count(value - now)),
    }
}

/// `room for 3.3 % more`, `2.4 times what is wanted`
fn room_in_words(room: f64) -> String {
    if room < 2.0 {
        solid(&format!("{} % to spare", percent(room - 1.0)))
    } else {
        solid(&format!("{} times what is wanted", words::figure(room)))
    }
}

/// A figure of the claim's metric: `0.5 %`, `0.0012`.
fn figure(answer: &Answer, value: f64) -> String {
    match answer.claim.metric.unit {
        "ratio" => solid(&format!("{} %", words::risk(value))),
        "s" => solid(&words::seconds(value)),
        _ => words::figure(value),
    }
}

/// Evidence around the answer: what was tried on both sides, and where the knob stands.
fn rows(answer: &Answer) -> Vec<&Evidence> {
    let solution = &answer.solution;
    let all = &solution.evidence;
    let easiest = if answer.knob.quantity.better() == Better::Low { 0 } else { all.len().saturating_sub(1) };
    let middle = solution.answer.unwrap_or(easiest);
    let now = all.iter().position(|found| found.value.total_cmp(&answer.knob.now).is_eq());
    let wanted = [Some(middle), solution.beyond, now].into_iter().flatten();
    let away = |place: &usize| (all[*place].value - all[middle].value).abs();
    let mut nearest: Vec<usize> = (0..all.len()).collect();
    nearest.sort_by(|one, other| away(one).total_cmp(&away(other)));
    let mut places: Vec<usize> = Vec::new();
    for place in wanted.chain(nearest).filter(|place| *place < all.len()) {
        if places.len() < ROWS && !places.contains(&place) {
            places.push(place);
        }
    }
    let mut near: Vec<&Evidence> = places.into_iter().map(|place| &all[place]).collect();
    near.sort_by(|one, other| one.value.total_cmp(&other.value));
    if answer.knob.quantity.better() == Better::High {
        near.reverse();
    }
    near
}

fn is_proven(found: &Evidence) -> bool {
    found.proven.is_some() && found.sampled.is_none()
}

fn table(answer: &Answer) -> Vec<String> {
    let rows = rows(answer);
    let quantity = answer.knob.quantity;
    let is_risk = answer.claim.metric.name == RISK;
    let name = quantity.name();
    let width = rows.iter().map(|found| quantity.shown(found.value).len()).chain([name.len()]).max().unwrap_or(0);
    let level = percent(answer.confidence);
    let head = match answer.claim.metric.name {
        _ if is_risk => format!("risk ({level} % CI)"),
        name if is_extreme(answer) => name.to_owned(),
        name => format!("{name} ({level} % CI)"),
    };
    let refused = |found: &Evidence| match found.runs {
        0 => "not run".to_owned(),
        runs => format!("{} of {}", words::thousands(found.refused_runs), words::thousands(runs)),
    };
    let counted = rows.iter().map(|found| refused(found).len()).chain(["refused in".len()]).max().unwrap_or(0);
    let text = |found: &Evidence| interval(answer, found);
    let wide = rows.iter().map(|found| text(found).len()).chain([head.len()]).max().unwrap_or(0);
    let mut lines = vec![format!("  {name:<width$}  {:>counted$}  {head:<wide$}  verdict", "refused in")];
    for found in rows {
        let mark = if is_proven(found) {
            " *"
        } else if found.is_unseen && found.proven.is_none() {
            " +"
        } else {
            ""
        };
        let here = if found.value.total_cmp(&answer.knob.now).is_eq() { "  (now)" } else { "" };
        lines.push(format!(
            "  {:<width$}  {:>counted$}  {:<wide$}  {}{mark}{here}",
            quantity.shown(found.value),
            refused(found),
            text(found),
            verdict(answer, found)
        ));
    }
    lines
}

fn verdict(answer: &Answer, found: &Evidence) -> &'static str {
    match (found.holds(), answer.knob.quantity) {
        (Some(true), _) => "ok",
        (None, _) => "undecided",
        (Some(false), Quantity::Rate) => "too much",
        (Some(false), quantity) if quantity.better() == Better::Low => "too long",
        (Some(false), _) => "too few",
    }
}

/// `0.5 % (0.2 to 1.2 %)`, `< 0.3 %`, `0.0012 (0.0010 to 0.0014)`
fn interval(answer: &Answer, found: &Evidence) -> String {
    let Some(interval) = found.found else { return if found.runs > 0 { "none" } else { "by formula" }.into() };
    let ends = interval.low.zip(interval.high);
    if answer.claim.metric.name == RISK {
        return match Risk::of(found.refused_runs, found.runs, ends, answer.confidence) {
            Risk::Below(bound) => format!("< {} %", words::risk(bound.value)),
            Risk::Above(bound) => format!("> {} %", words::risk(bound.value)),
            Risk::Between(low, high) => {
                format!("{} % ({} to {} %)", words::risk(interval.estimate), words::risk(low), words::risk(high))
            }
        };
    }
    let show =
        |value: f64| if answer.claim.metric.unit == "ratio" { words::ratio(value) } else { words::figure(value) };
    match ends {
        Some((low, high)) if found.refused_runs > 0 || low < high => {
            format!("{} ({} to {})", show(interval.estimate), show(low), show(high))
        }
        _ => show(interval.estimate),
    }
}

/// What the star says.
fn proof(answer: &Answer) -> Option<String> {
    let name = answer.formula.map_or("the closed form", |formula| formula.name);
    rows(answer).into_iter().any(is_proven).then(|| format!("* the sample leaves it open; a formula proves it: {name}"))
}

fn formula(answer: &Answer) -> Option<String> {
    let Formula { value, name, is_exact, is_out_of_reach } = answer.formula?;
    let shown = if value.is_infinite() { "without limit".into() } else { sure(answer, value) };
    let sure = if is_exact { "exactly" } else { "is sure to do, perhaps more" };
    let sure =
        if answer.knob.quantity.better() == Better::High && !is_exact { "is sure to do, perhaps less" } else { sure };
    let reach = if is_out_of_reach { "; that is more than there can be" } else { "" };
    Some(format!("{shown} {sure}{reach} ({name})"))
}

/// Why the search is not over, and what going on would take.
fn cut_off(answer: &Answer) -> Option<String> {
    let solution = &answer.solution;
    let spent = words::about(solution.spent);
    match (solution.interrupted, solution.is_cut) {
        (true, _) => Some("the search was stopped; this is what it knows".into()),
        (false, true) => {
            let more = solid(&format!("--max-requests {:e}", 10.0 * answer.budget));
            Some(format!("after {spent} simulated requests; ten times as many: {more}"))
        }
        (false, false) => None,
    }
}

/// How far `connect()` stays fast, where that is not as far as the answer.
fn fast(answer: &Answer) -> Option<String> {
    let (value, fast) = (answer.solution.evidence[answer.solution.answer?].value, answer.fast?);
    let is_less = match answer.knob.quantity.better() {
        Better::Low => fast < value * (1.0 - 1e-3),
        Better::High => fast > value,
    };
    is_less.then(|| {
        let limit = sure(answer, fast);
        format!("connect() stays fast with {limit}: no more than the ports that it looks at first are taken then")
    })
}

fn instead(answer: &Answer) -> Vec<String> {
    let shown = |(knob, value): &(crate::scenario::Knob, f64)| {
        let value = match knob.quantity {
            Quantity::Ports => {
                knob.written(*value).map_or_else(String::new, |range| format!("port_range = \"{range}\""))
            }
            Quantity::Requests => format!("{} per connection", knob.quantity.shown(*value)),
            Quantity::Lifetime => format!("connections of {} at most", knob.quantity.shown(*value)),
            Quantity::Rate => format!("at most {}", words::short_floor_rate(*value)),
            Quantity::TimeWait => format!("TIME-WAIT of {} at most", knob.quantity.shown(*value)),
            quantity => quantity.shown(*value),
        };
        solid(&value)
    };
    let all: Vec<String> = answer.instead.iter().map(shown).collect();
    if all.is_empty() { Vec::new() } else { vec![all.join(", or ")] }
}
