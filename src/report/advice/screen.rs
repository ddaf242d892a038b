//! The screen of `dryport advise`: the smallest fix, the biggest, every knob in order, and how to turn it.

use super::super::page::{Page, solid};
use super::super::words::{self, percent};
use super::{Advice, By, Effect, Worth};
use crate::advice::Remedy;

/// The columns of the table: a number, the setting, the safe rate, how full it gets, what to watch out for.
const SETTING: usize = 33;
const RATE: usize = 15;
const FULL: usize = 14;

/// The whole text; `folder` is where the files are, as the user wrote it, `files` what they are called.
pub fn advice_screen(advice: &Advice, folder: &str, files: &[String]) -> String {
    let mut page = Page::default();
    page.hanging("", &headline(advice));
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
    page.gap();
    let folder = solid(&format!("{}/  ", folder.trim_end_matches('/')));
    page.label("Files", &[format!("{folder}{}", files.join(" "))]);
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
    let least = better.iter().rev().find(|(_, worth)| advice.is_enough(worth));
    let first = match (advice.is_enough(&advice.now), least, advice.rate_per_s) {
        (_, _, None) => {
            "ALREADY AS GOOD AS IT GETS: a recording says when connects come, so there is no rate to vary.".into()
        }
        (true, ..) => format!(
            "NOTHING NEEDED{rate}: the risk is {} or less as it is.",
            solid(&format!("{} %", percent(advice.target)))
        ),
        (false, Some((remedy, _)), _) => format!("SMALLEST FIX: {}.", solid(&remedy.setting)),
        (false, None, _) => format!("NO KNOB ALONE IS ENOUGH{rate}."),
    };
    let pair =
        advice.pair.as_ref().filter(|_| least.is_none() && !advice.is_enough(&advice.now)).map(|(places, worth)| {
            let [one, other] = places.map(|place| solid(&advice.remedies[place].0.setting));
            let enough = if advice.is_enough(worth) { "are" } else { "come nearest, and are not" };
            format!("{one} and {other} together {enough}.")
        });
    let risk = solid(&format!("{} % risk", percent(advice.target)));
    let order = format!("Ranked by the rate that stays below {risk} per {}:", solid(&words::seconds(advice.window_s)));
    [whom, Some(first), pair, biggest, Some(order)].into_iter().flatten().collect::<Vec<_>>().join(" ")
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
    let row = |number: &str, setting: &str, worth: &Worth, watch: &str| {
        let [rate, full] = [safe_rate(advice, worth), full(worth)];
        format!("{number:<3}{setting:<SETTING$}{rate:>RATE$}{full:>FULL$}   {watch}").trim_end().to_owned()
    };
    let present =
        advice.rate_per_s.map_or_else(|| "full now".to_owned(), |rate| format!("full at {}", words::short_rate(rate)));
    let head = format!("<= {} % up to  ", percent(advice.target));
    let mut lines = vec![format!("{:<3}{:<SETTING$}{head:>RATE$}{present:>FULL$}   watch out", "", "")];
    lines.push(row("", "now", &advice.now, ""));
    let mut number = 0;
    for (place, (remedy, worth)) in advice.remedies.iter().enumerate() {
        let letter = caveats.iter().find(|(_, caveat)| *caveat == remedy.caveat).map(|(letter, _)| letter.to_string());
        let watch = match advice.effect(place) {
            Effect::Myth => "myth".to_owned(),
            Effect::None => "no help".to_owned(),
            Effect::Worse => "worse".to_owned(),
            Effect::Better | Effect::Now => letter.unwrap_or_default(),
        };
        let head = if advice.effect(place) == Effect::Better {
            number += 1;
            number.to_string()
        } else {
            "-".to_owned()
        };
        let setting = if remedy.setting.len() > SETTING {
            format!("{}..", &remedy.setting[..SETTING - 2])
        } else {
            remedy.setting.clone()
        };
        lines.push(row(&head, &setting, worth, &watch));
    }
    if let Some(([one, other], worth)) = &advice.pair {
        let number = |place: usize| (0..=place).filter(|before| advice.effect(*before) == Effect::Better).count();
        lines.push(row("+", &format!("{} and {} together: the best pair", number(*one), number(*other)), worth, ""));
    }
    lines
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
    let runs = solid(&words::plural(advice.runs, "run"));
    let full = format!("full: the fullest moment of {runs} at the present rate, the same connects for every setting");
    [Some(full), far, searched, gone].into_iter().flatten().collect()
}
