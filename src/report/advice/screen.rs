//! The screen of `dryport advise`: the smallest fix, the biggest, every knob in order, and how to turn it.

use super::super::page::{Page, solid};
use super::super::words::{self, percent};
use super::{Advice, By, Effect, Enough, Worth};
use crate::advice::Remedy;
use crate::scenario::words::WIDTH;

/// The columns of the table: number and letter, the setting, the safe rate, how full it gets; then whether that is enough.
const HEAD: usize = 4;
const SETTING: usize = 30;
const RATE: usize = 14;
const FULL: usize = 8;

/// What is added where `connect()` searches for long.
const SLOW: &str = ", but slow";

/// The whole text; `folder` is where the files are, as the user wrote it, `files` what they are called.
pub fn advice_screen(advice: &Advice, folder: Option<&str>, files: &[String]) -> String {
    let mut page = Page::default();
    page.hanging("", &headline(advice));
    if advice.cut_off {
        page.hanging("CUT OFF  ", "it was stopped: only what is below was tried, and nothing was written");
    }
    if let Some(text) = &advice.looks_like {
        page.hanging("NOT MODELLED  ", text);
    }
    page.gap();
    page.lines(table(advice));
    page.gap();
    let caveats = caveats(advice);
    for (letter, caveat) in &caveats {
        page.hanging(&format!("{letter} "), caveat);
    }
    for (remedy, _) in advice.remedies.iter().filter(|(remedy, _)| remedy.is_myth) {
        page.hanging("myth: ", &format!("{}: {}", remedy.setting, remedy.caveat));
    }
    for note in notes(advice) {
        page.hanging("", &note);
    }
    page.gap();
    let ranks = advice.remedies.iter().enumerate().filter(|(place, _)| advice.effect(*place) == Effect::Better);
    for (number, (_, (remedy, _))) in ranks.enumerate() {
        page.hanging(&format!("do {:<2} ", number + 1), &remedy.change);
    }
    if advice.cut_off {
        return page.text();
    }
    page.gap();
    page.files(folder, files);
    page.tail(&format!("seed {}, dryport {}", advice.seed, env!("CARGO_PKG_VERSION")));
    page.text()
}

/// What is least, and what helps most.
fn headline(advice: &Advice) -> String {
    let better: Vec<&(Remedy, Worth)> = (advice.remedies.iter().enumerate())
        .filter(|(place, _)| advice.effect(*place) == Effect::Better)
        .map(|(_, remedy)| remedy)
        .collect();
    let rate = advice.rate_per_s.map_or_else(String::new, |rate| format!(" at {}", solid(&words::short_rate(rate))));
    // Of several hosts only one is advised.
    let whom = advice
        .leaves_hosts_out
        .then(|| format!("FOR HOST {}, of whose ports most are wanted.", solid(&advice.subject.1)));
    let biggest = better.first().map(|(remedy, _)| format!("BIGGEST: {}.", solid(&remedy.setting)));
    let target = solid(&format!("{} %", percent(advice.target)));
    let least = |is_so: fn(Enough) -> bool| least(&better, is_so).map(|(remedy, _)| solid(&remedy.setting));
    let proven = least(|enough| enough == Enough::Yes).or_else(|| least(|enough| enough == Enough::InWindow));
    let unseen = least(|enough| matches!(enough, Enough::NotRefused(_)));
    let no_proof = |words: &str| format!("{words}, which proves no risk of {target} or less");
    let first = match (advice.now.enough, &proven, &unseen) {
        _ if advice.rate_per_s.is_none() && better.is_empty() => {
            "ALREADY AS GOOD AS IT GETS: a recording says when connects come, so there is no rate to vary.".into()
        }
        (Enough::Yes, ..) => format!("NOTHING NEEDED{rate}: the risk is {target} or less as it is."),
        (Enough::InWindow, ..) => {
            let window = solid(&words::seconds(advice.window_s));
            format!("NOTHING NEEDED{rate} for {window}: the risk is {target} or less as it is; for long see below.")
        }
        (now @ Enough::NotRefused(_), None, _) => {
            format!("NOT SEEN{rate}: as it is {}.", no_proof(&now.words()))
        }
        (_, Some(setting), _) => format!("SMALLEST FIX: {setting}."),
        (_, None, Some(setting)) => {
            let runs = better.iter().find(|(_, worth)| matches!(worth.enough, Enough::NotRefused(_)));
            let words = runs.map_or_else(String::new, |(_, worth)| worth.enough.words());
            format!("SMALLEST FIX SEEN: {setting}: {}.", no_proof(&words))
        }
        (_, None, None) => format!("NO KNOB ALONE IS ENOUGH{rate}."),
    };
    let pair = advice.pair.as_ref().filter(|_| proven.is_none() && unseen.is_none() && advice.now.enough == Enough::No);
    let pair = pair.map(|(places, worth)| {
        let [one, other] = places.map(|place| solid(&advice.remedies[place].0.setting));
        let enough = match worth.enough {
            Enough::Yes | Enough::InWindow => "are".to_owned(),
            Enough::No => "come nearest, and are not".to_owned(),
            open => format!("may be: {}", open.words()),
        };
        format!("{one} and {other} together {enough}.")
    });
    let risk = solid(&format!("{} % risk", percent(advice.target)));
    let order = if advice.rate_per_s.is_some() {
        format!("Ranked by the rate that stays below {risk} per {}:", solid(&words::seconds(advice.window_s)))
    } else {
        "Ranked by what the runs show:".into()
    };
    [whom, Some(first), pair, biggest, Some(order)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Of those that are so the one that changes least: with the lowest safe rate, or, where none is known, the fullest.
fn least<'a>(better: &[&'a (Remedy, Worth)], is_so: fn(Enough) -> bool) -> Option<&'a (Remedy, Worth)> {
    let all = better.iter().filter(|(_, worth)| is_so(worth.enough));
    let known = all.clone().rfind(|(_, worth)| worth.safe_rate.is_some());
    known.or_else(|| all.clone().next_back()).copied()
}

/// Remedies with something to watch out for, and the letter of each.
fn caveats(advice: &Advice) -> Vec<(char, &'static str)> {
    // A letter stands only beside what helps.
    let helps = (0..advice.remedies.len()).filter(|place| advice.effect(*place) == Effect::Better);
    let caveats = helps.map(|place| advice.remedies[place].0.caveat).filter(|caveat| !caveat.is_empty());
    ('a'..='z').zip(caveats).collect()
}

fn table(advice: &Advice) -> Vec<String> {
    let caveats = caveats(advice);
    let row = |head: &str, setting: &str, worth: &Worth, enough: &str| {
        let [rate, full] = [safe_rate(advice, worth), full(worth)];
        format!("{head:<HEAD$}{setting:<SETTING$}{rate:>RATE$}{full:>FULL$}  {enough}").trim_end().to_owned()
    };
    let present = advice.rate_per_s.map_or_else(|| "now".to_owned(), |rate| format!("at {}", words::short_rate(rate)));
    let head = format!("<= {} % up to  ", percent(advice.target));
    let mut lines = vec![format!("{:<HEAD$}{:<SETTING$}{head:>RATE$}{:>FULL$}  enough {present}", "", "", "full")];
    lines.push(row("", "now", &advice.now, &enough(advice, &advice.now)));
    let mut number = 0;
    for (place, (remedy, worth)) in advice.remedies.iter().enumerate() {
        let letter = caveats.iter().find(|(_, caveat)| *caveat == remedy.caveat).map(|(letter, _)| letter.to_string());
        let effect = advice.effect(place);
        let text = match effect {
            Effect::Myth => "myth".to_owned(),
            Effect::None => "no help".to_owned(),
            Effect::Worse => "worse".to_owned(),
            Effect::Better | Effect::Now => enough(advice, worth),
        };
        let head = if effect == Effect::Better {
            number += 1;
            format!("{number}{}", letter.unwrap_or_default())
        } else {
            "-".to_owned()
        };
        let setting = if remedy.setting.len() > SETTING {
            format!("{}..", &remedy.setting[..SETTING - 2])
        } else {
            remedy.setting.clone()
        };
        lines.push(row(&head, &setting, worth, &text));
    }
    if let Some(([one, other], worth)) = &advice.pair {
        let number = |place: usize| (0..=place).filter(|before| advice.effect(*before) == Effect::Better).count();
        let setting = format!("{} and {}: the best pair", number(*one), number(*other));
        lines.push(row("+", &setting, worth, &enough(advice, worth)));
    }
    lines
}

/// `yes`, `yes, but slow`, `not refused in 20 runs`
fn enough(advice: &Advice, worth: &Worth) -> String {
    let slow = if advice.is_fast(worth) || worth.enough == Enough::No { "" } else { SLOW };
    let words = worth.enough.words();
    if words.len() + slow.len() > WIDTH - (HEAD + SETTING + RATE + FULL + 2) { words } else { words + slow }
}

fn safe_rate(advice: &Advice, worth: &Worth) -> String {
    match worth.safe_rate {
        None => "unknown  ".into(),
        Some(safe) if safe.per_s.is_infinite() => "any  ".into(),
        Some(safe) => {
            let rate = words::floor_rate(safe.per_s);
            let far = advice.rate_per_s.is_some_and(|now| safe.per_s > 100.0 * now);
            match safe.by {
                By::Search { fails: Some(_), .. } => format!("{rate} ~"),
                By::Search { fails: None, .. } => format!("> {rate} ~"),
                By::Formula(_) if far => format!("{rate} +"),
                By::Formula(_) => format!("{rate}  "),
            }
        }
    }
}

/// The fullest moment of all runs, of the ports that there are.
fn full(worth: &Worth) -> String {
    let [_, _, peak] = worth.at_present;
    peak.value.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share))
}

/// What marks in the table mean.
fn notes(advice: &Advice) -> Vec<String> {
    let all = || std::iter::once(&advice.now).chain(advice.remedies.iter().map(|(_, worth)| worth));
    let searched = all().find_map(|worth| match worth.safe_rate?.by {
        By::Search { risk, .. } => Some(risk),
        By::Formula(_) => None,
    });
    let far = all().any(|worth| safe_rate(advice, worth).ends_with('+'));
    let far = far.then(|| "+ something else, such as CPU or file descriptors, ends before the ports do".to_owned());
    let searched = searched.map(|risk| {
        let risk = solid(&format!("{} %", percent(risk)));
        format!("~ no formula knows it: found by simulation, for a risk of {risk}")
    });
    let linux = advice.remedies.iter().any(|(remedy, _)| remedy.setting.starts_with("net.ipv4."));
    let gone = linux.then(|| "Not offered: tcp_tw_recycle (removed in Linux 4.12).".to_owned());
    let slow = all().any(|worth| !advice.is_fast(worth));
    let slow = slow.then(|| {
        let now = advice
            .now
            .fast_per_s
            .map_or_else(String::new, |rate| format!(" (as it is up to {})", solid(&words::short_floor_rate(rate))));
        let with = if advice.stays_fast.is_empty() {
            String::new()
        } else {
            format!(
                "; it stays fast with {}",
                advice.stays_fast.iter().map(|it| solid(it)).collect::<Vec<_>>().join(", or ")
            )
        };
        format!("slow: the ports that connect() looks at first are taken at the fullest moment{now}{with}")
    });
    let runs = solid(&words::plural(advice.runs, "run"));
    let within = all().any(|worth| worth.enough == Enough::InWindow).then(|| {
        let window = solid(&words::seconds(advice.window_s));
        format!(
            "this window only: {window} from an empty range are over before a port comes back; rates are what lasts"
        )
    });
    let full = format!("full: the fullest moment of {runs} at the present rate, the same connects for every setting");
    [Some(full), within, slow, far, searched, gone].into_iter().flatten().collect()
}
