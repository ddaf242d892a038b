//! `Steady`: what is still of the start in a window that was meant to be without it. Without a warm-up the start is what
//! is asked about. Of one long run, also what its intervals are worth.

use super::super::manifest::LongRunMeta;
use super::super::page::solid;
use super::super::{RunTables, words};
use super::closed_form::ClosedForm;
use crate::experiment::INDIRECT;
use crate::stats::interval::mean_interval;
use crate::stats::{batch_means, mser};

/// What a window may be off a whole number of cycles, as a share of it.
const UNEVEN: f64 = 0.01;
/// After so many cycles the mean over whole ones is that of the long run, but for a thousandth: the first ones have the
/// filling of an empty range in them.
const FILLED: f64 = 10.0;
/// Fewer runs than this tell no drift from chance.
const RUNS_MIN: usize = 5;
/// How sure a drift must be: the place where it is looked for is chosen by the same figures.
const SURE: f64 = 0.999;
/// So many refusals in each batch make an interval of their share that covers what it says: 95 % ones were right in 93 of
/// 100 with 15.7 a batch, in 89 with 2.4 (20 ports, 12 erlangs; `benches/slow_tier/coverage.rs` with other windows).
const REFUSALS: f64 = 15.0;
/// A window whose batches are correlated should be so many times longer.
const LONGER: f64 = 4.0;
/// A warm-up of more windows than this is not offered.
const WARM_UP_MAX: f64 = 10.0;
/// What it must change the mean of the window by, as a share of that.
const MATTERS: f64 = 0.005;

pub(super) fn steady(tables: &RunTables) -> Vec<String> {
    if tables.meta.warm_up_s <= 0.0 {
        return Vec::new();
    }
    // Above the ceiling busy ports come and go with the echo, for as long as there is one.
    let closed = ClosedForm::of(tables).filter(|closed| closed.ceiling().is_some());
    let start = closed.map_or_else(|| drift(tables), |closed| echo(tables, &closed));
    start.into_iter().chain(batches(tables)).chain(few_refusals(tables)).collect()
}

/// Does the start of an overload come back in a window that was meant to be without it?
pub(super) fn has_echo(tables: &RunTables, closed: &ClosedForm<'_>) -> bool {
    tables.meta.warm_up_s > 0.0 && closed.ceiling().is_some() && echo(tables, closed).is_some()
}

/// Where the intervals of one long run are from; or why it has none, or none that can be trusted.
fn batches(tables: &RunTables) -> Option<String> {
    let LongRunMeta { batches, cycle_s, correlated } = tables.meta.long_run.as_ref()?;
    let duration = |seconds: f64| solid(&format!("duration = {}", setting(seconds.ceil())));
    let runs = solid("replications = 20");
    let length = |cycles: f64| solid(&words::seconds(cycles));
    let each = length(tables.meta.duration_s / f64::from((*batches).max(1)));
    Some(match (batches, cycle_s) {
        (0, None) => format!("1 run with an infinite mean port hold has no intervals: write {runs}"),
        (0, Some(cycle_s)) => {
            let (least, holds) = (duration(cycle_s * batch_means::CYCLES_MIN), batch_means::CYCLES_MIN);
            let hold = length(*cycle_s);
            format!("1 run shorter than {holds} mean port holds ({hold}) has no intervals: write {least}, or {runs}")
        }
        // As much again in each batch, and again.
        _ if *correlated => {
            let longer = duration(LONGER * tables.meta.duration_s);
            format!("batches of {each} are correlated, intervals too narrow: write {longer}, or {runs}")
        }
        _ => format!(
            "intervals are batch means: {} of {each}, no correlation seen",
            words::plural((*batches).into(), "batch")
        ),
    })
}

/// Does some client replay a recording, which has no steady state?
fn is_replayed(tables: &RunTables) -> bool {
    let file = |client: &str| {
        let path = ["client", client.trim_start_matches("client:"), "arrivals", "trace", "file"];
        tables.meta.scenario.setting(&path).is_some()
    };
    tables.scopes("client:").into_iter().any(file)
}

/// Ports taken one after another come back so: the range fills, refuses, and does so again with every cycle.
fn echo(tables: &RunTables, closed: &ClosedForm<'_>) -> Option<String> {
    let fades_s = closed.figure("start_echo_s");
    let cycles = tables.meta.duration_s / closed.cycle_s;
    let whole = cycles.round().max(1.0);
    let filled_s = FILLED * closed.cycle_s;
    let is_whole = (cycles - whole).abs() <= UNEVEN * cycles && tables.meta.warm_up_s >= (1.0 - UNEVEN) * filled_s;
    if fades_s.is_some_and(|fades_s| tables.meta.warm_up_s >= fades_s) || is_whole {
        return None;
    }
    let cycle = solid(&words::seconds(closed.cycle_s));
    let write = |key, seconds| solid(&format!("{key} = {}", setting(seconds)));
    let duration = format!(
        "{} and {}, whole cycles",
        write("warm_up", filled_s.max(tables.meta.warm_up_s)),
        write("duration", whole * closed.cycle_s)
    );
    Some(match fades_s {
        // Nobody simulates days to look at minutes.
        Some(fades_s) if fades_s > WARM_UP_MAX * tables.meta.duration_s => {
            let fades = solid(&words::seconds(fades_s));
            format!("an empty start echoes here, every {cycle}, for {fades}: write {duration}")
        }
        Some(fades_s) => {
            let warm_up = write("warm_up", fades_s.ceil());
            let or = if fades_s > filled_s { format!(", or {duration}") } else { String::new() };
            format!("an empty start echoes here, every {cycle}: write {warm_up}{or}")
        }
        None => format!("an empty start echoes here, every {cycle}, for good: write {duration}"),
    })
}

/// Refusals come in clusters: batches with few of them each make the interval of their share too narrow.
fn few_refusals(tables: &RunTables) -> Option<String> {
    let long_run = tables.meta.long_run.as_ref().filter(|long_run| long_run.batches > 0 && !long_run.correlated)?;
    let refused = tables.estimate("all", "refused_total").value.filter(|refused| *refused > 0.0)?;
    let each = refused / f64::from(long_run.batches);
    if each >= REFUSALS || tables.method("all", "refused_ratio").starts_with(INDIRECT) {
        return None;
    }
    let longer_s = (tables.meta.duration_s * REFUSALS * batch_means::COUNT_MAX / refused).ceil();
    let duration = solid(&format!("duration = {}", setting(longer_s)));
    let (each, runs) = (words::figure(each), solid("replications = 20"));
    Some(format!("{each} refusals a batch are few, their interval is too narrow: write {duration}, or {runs}"))
}

/// Do busy ports still rise or fall at the start of the window?
fn drift(tables: &RunTables) -> Option<String> {
    if is_replayed(tables) {
        return None;
    }
    let series = tables.every_series("all");
    let rows = series.values().map(Vec::len).min().filter(|_| series.len() >= RUNS_MIN)?;
    let runs: Vec<Vec<f64>> = series.values().map(|run| run[..rows].iter().map(|row| row.busy).collect()).collect();
    let mean = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64;
    let over_runs: Vec<f64> = (0..rows).map(|row| mean(&runs.iter().map(|run| run[row]).collect::<Vec<_>>())).collect();
    let cut = mser::truncation(&over_runs).filter(|cut| *cut > 0)?;
    // Runs are independent, rows of one run are not.
    let steps: Vec<f64> = runs.iter().map(|run| mean(&run[cut..]) - mean(&run[..cut])).collect();
    let step = mean_interval(&steps, SURE)?;
    let is_sure = step.low.is_some_and(|low| low > 0.0) || step.high.is_some_and(|high| high < 0.0);
    let matters = step.estimate.abs() * cut as f64 / rows as f64 > MATTERS * mean(&over_runs);
    if !is_sure || !matters {
        return None;
    }
    let verb = if step.estimate > 0.0 { "rise" } else { "fall" };
    // As far as MSER looks: nobody knows how long it goes on.
    if 2 * cut + 10 > rows {
        return Some(format!(
            "busy ports still {verb} half through the window (MSER-5): a longer warm_up and duration tell more"
        ));
    }
    let until_s = series.values().next()?[cut].time_s;
    let warm_up = solid(&format!("warm_up = {}", setting((tables.meta.warm_up_s + until_s).ceil())));
    let until = solid(&words::seconds(until_s));
    Some(format!("busy ports still {verb} in the first {until} of the window (MSER-5): write {warm_up}"))
}

/// Seconds as a file has them.
fn setting(seconds: f64) -> String {
    let text = format!("{seconds:.3}");
    format!("\"{}s\"", text.trim_end_matches('0').trim_end_matches('.'))
}
