//! `Headroom`: how near the fullest moment came, when nobody was refused.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use super::refusals::Refusals;

pub(super) fn headroom(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let (Some(ports), Some(peak)) = (figure("capacity_ports"), figure("busy_ports_peak")) else { return Vec::new() };
    if Refusals::of(tables, "all").refused > 0 || ports <= 0.0 {
        return Vec::new();
    }
    let left = ports - peak;
    let fullest = format!(
        "fullest moment of all runs {} of {}: {} left {}",
        words::count(peak),
        words::counted(ports, "port"),
        words::count(left),
        solid(&format!("({} %)", words::percent(left / ports)))
    );
    std::iter::once(fullest).chain(limits(tables)).collect()
}

/// Where the risk gets too high by formula: at which rate, and with how slow a destination.
fn limits(tables: &RunTables) -> Option<String> {
    let closed = ClosedForm::of(tables).filter(|closed| closed.risk_max <= closed.target)?;
    let rate = closed.figure("safe_rate_per_s")?;
    let near = format!("{} risk comes near {}", closed.target_in_words(), words::short_floor_rate(rate));
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
