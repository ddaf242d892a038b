//! `Headroom`: how near the fullest moment came, when nobody was refused.

use super::super::page::solid;
use super::super::{RunTables, words};
use super::refusals::Refusals;

pub(super) fn headroom(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let (Some(ports), Some(peak)) = (figure("capacity_ports"), figure("busy_ports_peak")) else { return Vec::new() };
    if Refusals::of(tables, "all").refused > 0 || ports <= 0.0 {
        return Vec::new();
    }
    let left = ports - peak;
    vec![format!(
        "fullest moment of all runs {} of {}: {} left {}",
        words::count(peak),
        words::counted(ports, "port"),
        words::count(left),
        solid(&format!("({} %)", words::percent(left / ports)))
    )]
}
