//! Counting runs: what most labels start from.

use super::super::{RunTables, words};

/// In how many runs a scope was refused, and when.
pub(in super::super) struct Refusals {
    pub(in super::super) runs: u64,
    pub(in super::super) refused: u64,
    /// Sorted.
    pub(super) times: Vec<f64>,
}

impl Refusals {
    pub(in super::super) fn of(tables: &RunTables, scope: &str) -> Self {
        let mut runs = 0;
        let times = tables.per_run(scope, "first_refusal_s").inspect(|_| runs += 1).filter_map(|(_, time)| time);
        let mut times: Vec<_> = times.collect();
        times.sort_by(f64::total_cmp);
        Self { runs, refused: times.len() as u64, times }
    }

    pub(in super::super) fn of_runs(&self) -> String {
        format!("{} of {}", words::count(self.refused as f64), words::plural(self.runs, "run"))
    }
}
