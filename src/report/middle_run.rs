//! Which run is shown where only one can be: the one in the middle of all.

use super::RunTables;
use super::tightest::Tightest;

/// The number of the run that charts show: the one in the middle where ports are tightest.
pub fn shown_run(tables: &RunTables) -> u64 {
    middle_run(tables, &Tightest::of(tables).scope).0
}

/// The number of the run in the middle of those with a time series, and the footer's words for why it is shown.
pub(super) fn middle_run(tables: &RunTables, scope: &str) -> (u64, String) {
    middle_of(tables, &tables.runs_with_series(), scope)
}

/// As [`middle_run`], of the runs `drawn`, in order.
pub(super) fn middle_of(tables: &RunTables, drawn: &[u64], scope: &str) -> (u64, String) {
    let of_drawn = |metric| {
        let values = tables.per_run(scope, metric).filter(|(run, _)| drawn.binary_search(run).is_ok());
        values.filter_map(|(run, value)| value.map(|value| (value, run))).collect::<Vec<_>>()
    };
    let sorted = |mut values: Vec<(f64, u64)>| {
        values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        values
    };
    let refusals = sorted(of_drawn("first_refusal_s"));
    let (values, what, rank) = if refusals.is_empty() {
        // The fewer ports a run left in its fullest lane, the fuller it was.
        let peaks = sorted(of_drawn("headroom_ports").into_iter().map(|(left, run)| (-left, run)).collect());
        let rank = peaks.len().saturating_sub(1) / 2;
        (peaks, "the fullest moment of which is the median one", rank)
    } else {
        let rank = drawn.len().saturating_sub(1) / 2;
        if rank < refusals.len() {
            (refusals, "refused first at the median time", rank)
        } else {
            let rank = (refusals.len() - 1) / 2;
            (refusals, "the median one of those that were refused", rank)
        }
    };
    let run = values.get(rank).map_or_else(|| drawn.first().copied().unwrap_or(1), |(_, run)| *run);
    // Of very many runs only the first leave a time series.
    let of = if (drawn.len() as u64) < tables.meta.replications {
        format!(" of the first {}", drawn.len())
    } else {
        String::new()
    };
    let note = if drawn.len() > 1 { format!(" \u{b7} shown is run {run}, {what}{of}") } else { String::new() };
    (run, note)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_run_in_the_middle_is_shown() {
        let tables = samples::quickstart();
        let (run, note) = middle_run(&tables, "all");
        let mut times: Vec<_> = tables.per_run("all", "first_refusal_s").map(|(_, time)| time).collect();
        times.sort_by(|a, b| a.unwrap_or(f64::MAX).total_cmp(&b.unwrap_or(f64::MAX)));
        assert!(tables.per_run("all", "first_refusal_s").any(|found| found == (run, times[9])));
        assert!(note.contains(&format!("run {run}, refused first at the median time")));
        let (_, note) = middle_run(&samples::calm(), "all");
        assert!(note.contains("the fullest moment of which is the median one"));
    }
}
