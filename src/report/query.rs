//! Figures looked up in the tables of one run.
//!
//! Charts and the summary ask here and nowhere else, so that none of them can show a number that the CSV lacks.

use super::manifest::Manifest;
use super::schema::file;
use super::{Cell, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// Everything a plain run leaves in figures: the tables hold one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct RunTables {
    /// One row per scope and metric, with its interval.
    pub summary: Table,
    /// What charts and the summary ask of single runs.
    pub per_run: PerRun,
    /// One row per run, scope and instant.
    pub timeseries: Table,
    /// What each port of one lane was doing, in one run; empty when it was not watched.
    pub ports: Table,
    /// How many ports attempts looked at, by occupancy.
    pub probes: Table,
    /// How long ports rested between their release and their next use.
    pub reuse: Table,
    /// What the run was.
    pub meta: Manifest,
    /// Where to find what is asked of the summary.
    pub places: Places,
}

/// The metrics of `replications.csv` that charts and the summary ask for, of every scope.
pub const PER_RUN: [&str; 3] = ["first_refusal_s", "busy_ports_peak", "headroom_ports"];

/// Figures of each run: those of [`PER_RUN`]. `replications.csv` has them all, and would fill the memory when there are
/// a million runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PerRun {
    runs: Vec<u64>,
    figures: BTreeMap<Arc<str>, Arc<Figures>>,
}

/// For each of [`PER_RUN`], one value for each run.
pub(super) type Figures = [Vec<Option<f64>>; PER_RUN.len()];

impl PerRun {
    /// Adds the figure of a run; a metric that nobody asks for is left out. The runs of every figure come in the same
    /// order.
    pub fn push(&mut self, run: u64, scope: &Arc<str>, metric: &str, value: Option<f64>) {
        let Some(metric) = PER_RUN.into_iter().position(|known| known == metric) else { return };
        if self.runs.last() != Some(&run) {
            self.runs.push(run);
        }
        let figures = match self.figures.get_mut(scope) {
            Some(figures) => figures,
            None => self.figures.entry(scope.clone()).or_default(),
        };
        Arc::make_mut(figures)[metric].push(value);
    }

    /// Adds a row of `replications.csv`.
    pub(super) fn push_row(&mut self, columns: [usize; 4], row: &[Cell]) {
        let [run, scope, metric, value] = columns.map(|column| &row[column]);
        if let Cell::Text(scope) = scope {
            self.push(run_number(run), scope, metric.text(), value.number());
        }
    }

    /// Those of several scopes that have the same ones.
    pub(super) fn of_views(runs: Vec<u64>, figures: impl IntoIterator<Item = (Arc<str>, Arc<Figures>)>) -> Self {
        Self { runs, figures: figures.into_iter().collect() }
    }

    fn of(&self, scope: &str, metric: &str) -> impl Iterator<Item = (u64, Option<f64>)> {
        let metric = PER_RUN.into_iter().position(|known| known == metric);
        let found = metric.and_then(|metric| Some(&self.figures.get(scope)?[metric]));
        self.runs.iter().copied().zip(found.into_iter().flatten().copied())
    }
}

/// Where the figures of each scope stand in the summary; made when first asked, as a thousand clients have a hundred
/// thousand rows. A copy, which may be changed, makes its own.
#[derive(Debug, Default)]
pub struct Places(OnceLock<BTreeMap<Arc<str>, Vec<usize>>>);

impl Clone for Places {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    fn of(&self, summary: &Table, scope: &str) -> &[usize] {
        let all = self.0.get_or_init(|| {
            let column = summary.column("scope");
            let mut all: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
            for (place, row) in summary.rows().enumerate() {
                if let Cell::Text(scope) = &row[column] {
                    all.entry(scope.clone()).or_default().push(place);
                }
            }
            all
        });
        all.get(scope).map_or(&[], Vec::as_slice)
    }
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The figure; `None` when it cannot be had.
    pub value: Option<f64>,
    /// The interval; `None` when it has none. Its upper end is infinite when that is "never".
    pub interval: Option<(f64, f64)>,
}

/// One row of the time series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The instant.
    pub time_s: f64,
    /// Held by open connections.
    pub established: f64,
    /// Kept from the scope's connections by other sockets of the host.
    pub blocked: f64,
    /// Busy at the instant: open, in TIME-WAIT or blocked.
    pub busy: f64,
    /// Held after the close yet free for early reuse.
    pub reusable: f64,
    /// Most busy since the last row.
    pub busy_max: f64,
    /// Attempts since the last row.
    pub attempts: f64,
    /// Refusals since the last row.
    pub refused: f64,
}

impl Cell {
    /// The number in a number cell.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Number(number) => Some(*number),
            Self::Empty | Self::Text(_) => None,
        }
    }

    /// The text of a text cell; empty for an empty one.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl Table {
    /// The place of a column.
    ///
    /// # Panics
    ///
    /// When there is none of that name: asking for it is our bug, the reader has checked the header.
    pub fn column(&self, name: &str) -> usize {
        self.columns().iter().position(|column| *column == name).expect("the table has the column")
    }

    /// The figure in a row of a table that has the columns of estimates.
    ///
    /// # Panics
    ///
    /// When the table has none.
    pub fn estimate(&self, row: &[Cell]) -> Estimate {
        let [estimate, low, high] = ["estimate", "ci_low", "ci_high"].map(|name| &row[self.column(name)]);
        let interval = low.number().map(|low| (low, high.number().unwrap_or(f64::INFINITY)));
        Estimate { value: estimate.number(), interval }
    }
}

impl RunTables {
    /// Notes in the manifest how many rows each table has; `replications.csv` is not held, and need not be kept.
    pub(super) fn count_rows(&mut self, replications: Option<u64>) {
        let tables = self.tables().map(|(file, table)| (file, table.len() as u64));
        let all = tables.into_iter().chain(replications.map(|rows| (file::REPLICATIONS, rows)));
        self.meta.rows = all.map(|(file, rows)| (file.into(), rows)).collect();
    }

    /// Does `replications.csv` belong to it?
    pub fn keeps_runs(&self) -> bool {
        self.meta.has_table(file::REPLICATIONS)
    }

    /// Leaves `replications.csv` out.
    pub fn drop_runs(&mut self) {
        self.meta.rows.remove(file::REPLICATIONS);
        self.meta.files.retain(|file| file != file::REPLICATIONS);
    }

    /// The tables that are held, by file.
    pub(super) fn tables(&self) -> [(&'static str, &Table); 5] {
        [
            (file::SUMMARY, &self.summary),
            (file::TIMESERIES, &self.timeseries),
            (file::PORTS, &self.ports),
            (file::PROBES, &self.probes),
            (file::REUSE, &self.reuse),
        ]
    }

    /// A figure of a scope; nothing in it when the tables do not hold it.
    pub fn estimate(&self, scope: &str, metric: &str) -> Estimate {
        self.row(scope, metric).map(|row| self.summary.estimate(row)).unwrap_or_default()
    }

    /// How a figure of a scope was made; empty when the tables do not hold it.
    pub fn method(&self, scope: &str, metric: &str) -> &str {
        self.row(scope, metric).map_or("", |row| row[self.summary.column("method")].text())
    }

    fn row(&self, scope: &str, metric: &str) -> Option<&[Cell]> {
        let metrics = self.summary.column("metric");
        let rows = self.places.of(&self.summary, scope).iter().map(|place| self.summary.row(*place));
        rows.into_iter().find(|row| row[metrics].text() == metric)
    }

    /// The value of a metric in every run, in order of the runs: (number of the run, value).
    pub fn per_run(&self, scope: &str, metric: &str) -> impl Iterator<Item = (u64, Option<f64>)> {
        self.per_run.of(scope, metric)
    }

    /// The scopes of the summary that begin with `prefix`, in order of appearance.
    pub fn scopes(&self, prefix: &str) -> Vec<&str> {
        let column = self.summary.column("scope");
        let mut seen = BTreeSet::new();
        let scopes = self.summary.rows().map(|row| row[column].text()).filter(|scope| scope.starts_with(prefix));
        scopes.filter(|scope| seen.insert(*scope)).collect()
    }

    /// The runs whose time series was written.
    pub fn runs_with_series(&self) -> Vec<u64> {
        let column = self.timeseries.column("replication");
        let mut found: Vec<_> = self.timeseries.rows().map(|row| run_number(&row[column])).collect();
        found.dedup();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The time series of one run and scope.
    pub fn series(&self, run: u64, scope: &str) -> Vec<Sample> {
        self.samples(scope).filter(|(number, _)| *number == run).map(|(_, sample)| sample).collect()
    }

    /// The time series of every run that has one, in order of their numbers.
    pub fn every_series(&self, scope: &str) -> BTreeMap<u64, Vec<Sample>> {
        let mut all: BTreeMap<u64, Vec<Sample>> = BTreeMap::new();
        for (run, sample) in self.samples(scope) {
            all.entry(run).or_default().push(sample);
        }
        all
    }

    /// The samples of a scope, each with the number of its run.
    fn samples<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = (u64, Sample)> + 'a {
        let table = &self.timeseries;
        let [r, s] = ["replication", "scope"].map(|name| table.column(name));
        let columns = ["time_s", "established_ports", "busy_ports", "reusable_ports", "busy_ports_max", "attempts"];
        let [time_s, established, busy, reusable, busy_max, attempts] = columns.map(|name| table.column(name));
        let [refused, time_wait] = ["refused", "time_wait_ports"].map(|name| table.column(name));
        let rows = table.rows().filter(move |row| row[s].text() == scope);
        let number = |cell: &Cell| cell.number().unwrap_or(0.0);
        let sample = move |row: &[Cell]| Sample {
            time_s: number(&row[time_s]),
            established: number(&row[established]),
            blocked: (number(&row[busy]) - number(&row[established]) - number(&row[time_wait])).max(0.0),
            busy: number(&row[busy]),
            reusable: number(&row[reusable]),
            busy_max: number(&row[busy_max]).max(number(&row[busy])),
            attempts: number(&row[attempts]),
            refused: number(&row[refused]),
        };
        rows.map(move |row| (run_number(&row[r]), sample(row)))
    }
}

fn run_number(cell: &Cell) -> u64 {
    match cell {
        Cell::Whole(whole) => u64::try_from(*whole).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;

    #[test]
    fn figures_are_found() {
        let run = samples::quickstart();
        assert_eq!(run.estimate("all", "capacity_ports").value, Some(28_232.0));
        assert_eq!(run.estimate("all", "no such metric").value, None);
        assert_eq!(run.per_run("all", "first_refusal_s").count(), 20);
        assert_eq!(run.scopes("client:"), ["client:checkout"]);
        let runs = run.runs_with_series();
        assert_eq!((runs[0], runs.len()), (1, 20));
        let series = run.series(3, "all");
        assert_eq!((series[0].time_s, series.len()), (0.0, 601));
    }
}
