//! `Headroom`: how near the fullest moment came, when nobody was refused.

use super::super::fullest::Fullest;
use super::super::page::solid;
use super::super::tightest::Tightest;
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use super::refusals::Refusals;

pub(super) fn headroom(tables: &RunTables) -> Vec<String> {
    let tightest = Tightest::of(tables);
    let Some(fullest) = Fullest::of(tables, &tightest.scope) else { return Vec::new() };
    if Refusals::of(tables, "all").refused > 0 {
        return Vec::new();
    }
    let of = match fullest.of_one {
        Some((peak, ports)) => {
            let ports = tightest.at_end_of(&words::counted(ports, "port"));
            format!("fullest moment of all runs {} of {ports}", words::count(peak))
        }
        None => format!("{} at its fullest moment of all runs", tightest.at_end_of("fullest set of ports")),
    };
    let share = solid(&format!("({} %)", words::percent(1.0 - fullest.busy)));
    let fullest = format!("{of}: {} left {share}", words::count(fullest.left));
    std::iter::once(fullest).chain(limits(tables)).collect()
}

/// Where the risk gets too high by formula: at which rate, and with how slow a destination.
fn limits(tables: &RunTables) -> Option<String> {
    let closed = ClosedForm::of(tables).filter(|closed| closed.risk_max <= closed.target)?;
    let rate = closed.figure("safe_rate_per_s")?;
    let (target, safe) = (closed.target_in_words(), words::short_floor_rate(rate));
    if let Some(lasting) = closed.lasting_limit().filter(|lasting| closed.rate > *lasting) {
        let window = closed.figure("window_rate_per_s")?;
        let (window, lasting) = (words::short_floor_rate(window), words::short_floor_rate(lasting));
        return Some(format!("{target} risk comes near {window} in so short a window; for long only {lasting} fit"));
    }
    let long = if closed.lasting_limit().is_some() { " for long" } else { "" };
    let near = format!("{target} risk comes near {safe}{long}");
    let near = format!("{near} {}", solid(&format!("({})", words::more(rate / closed.rate))));
    let slow = closed.figure("safe_lifetime_s").zip(closed.figure("lifetime_mean_s")).map(|(slow, now)| {
        let spans = [slow, now].map(|span| solid(&words::seconds(span)));
        let who = match tables.scopes("destination:")[..] {
            [one] => format!(" {}", solid(&format!("(a slow {})", one.trim_start_matches("destination:")))),
            _ => String::new(),
        };
        format!(", or when connections last {} instead of {}{who}", spans[0], spans[1])
    });
    Some(near + &slow.unwrap_or_default())
}
