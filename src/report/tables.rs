//! From an experiment to the tables of its run folder.
//!
//! Rows come scope by scope in the order of [`Topology::scopes`](crate::sim::Topology), metrics in the order of
//! [`METRICS`]. `replications.csv` goes straight to its writer: a million runs do not fit into memory as a table.

use super::csv::Rows;
use super::manifest::ScenarioMeta;
use super::query::{PER_RUN, Places};
use super::schema::{self, names};
use super::{Cell, Manifest, PerRun, RunTables, Table};
use crate::des::SimDuration;
use crate::experiment::{Experiment, NONE_SEEN, OfferedLoad, Outcome, WatchedPorts, estimate, is_unseen};
use crate::forecast::{FIGURES, Forecast, NoClosedForm, RISK_BOUND, ReuseLaw, TARGET_RISK};
use crate::metrics::connect_cost::Price;
use crate::metrics::{METRICS, Method, Metric, ProbeGrid, ReuseIntervals, SampleRow};
use crate::scenario::{KeptRuns, Scenario};
use crate::sim::Topology;
use crate::stats::Interval;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

/// The tables of a run of `scenario`; intervals are at the confidence that `meta` says.
pub fn run_tables(experiment: &Experiment, scenario: &Scenario, meta: Manifest) -> RunTables {
    let tags = tags(&meta.scenario);
    let mut tables = RunTables {
        timeseries: timeseries(experiment, &tags, |_, _| true),
        probes: probes(experiment, &tags),
        reuse: reuse(experiment, scenario, &tags),
        ..figure_tables(experiment, scenario, meta)
    };
    let keeps = scenario.run.keep == KeptRuns::All;
    tables.count_rows(keeps.then(|| rows_of_runs(experiment.topology.scopes.len(), experiment.outcomes.len() as u64)));
    tables
}

/// As [`run_tables`], without what charts of one run show: no time series, no costs of attempts.
pub(super) fn figure_tables(experiment: &Experiment, scenario: &Scenario, meta: Manifest) -> RunTables {
    RunTables {
        summary: summary(experiment, scenario, &meta),
        per_run: per_run(experiment),
        timeseries: Table::new(&names(schema::TIMESERIES)),
        ports: Table::new(&names(schema::PORTS)),
        probes: Table::new(&names(schema::PROBES)),
        reuse: Table::new(&names(schema::REUSE)),
        meta,
        places: Places::default(),
    }
}

/// The runs, from 1, whose time series was kept.
pub(super) fn runs_with_series(experiment: &Experiment) -> Vec<u64> {
    let kept = experiment.outcomes.iter().filter(|outcome| !outcome.series.is_empty());
    kept.map(|outcome| number(outcome).into()).collect()
}

/// The time series of one run and scope.
pub(super) fn series_of(experiment: &Experiment, scenario: &ScenarioMeta, run: u64, scope: &str) -> Table {
    timeseries(experiment, &tags(scenario), |outcome, name| u64::from(number(outcome)) == run && name == scope)
}

/// What every row begins with: scenario and variant.
fn tags(scenario: &ScenarioMeta) -> [Cell; 2] {
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) };
    [text(&scenario.name), text(&scenario.variant)]
}

/// How many bytes so many runs of a scenario take in `replications.csv`, about; 0 where they are not kept.
pub fn size_of_runs(scenario: &Scenario, runs: u64) -> u64 {
    /// Commas, the number of the run, a figure of a few digits.
    const BESIDE_NAMES: usize = 17;
    if scenario.run.keep == KeptRuns::Summary {
        return 0;
    }
    let names = |scope: usize, metric: &Metric| scope + metric.name.len() + metric.unit.len() + BESIDE_NAMES;
    let of_scope = |scope: usize| METRICS.iter().filter(|of| is_of_a_run(of)).map(|of| names(scope, of)).sum::<usize>();
    let scopes = Topology::new(scenario).scopes;
    let of_a_run: usize = scopes.iter().map(|scope| of_scope(scope.to_string().len())).sum();
    runs * of_a_run as u64
}

/// How many rows `replications.csv` has.
fn rows_of_runs(scopes: usize, runs: u64) -> u64 {
    runs * (METRICS.iter().filter(|metric| is_of_a_run(metric)).count() * scopes) as u64
}

/// Does the metric differ from run to run?
fn is_of_a_run(metric: &Metric) -> bool {
    !matches!(metric.method, Method::OfferedLoad | Method::Capacity)
}

/// How the method of [`RISK_BOUND`] begins when there is no closed form; the reason follows.
pub(super) const NO_CLOSED_FORM: &str = "no closed form: ";

/// The names of the scopes, as in every table.
fn scopes(experiment: &Experiment) -> Vec<Arc<str>> {
    experiment.topology.scopes.iter().map(|scope| scope.to_string().into()).collect()
}

/// Runs are counted from 1 wherever a user sees them.
fn number(outcome: &Outcome) -> u32 {
    outcome.replication + 1
}

/// The rows of `summary.csv` alone.
pub(super) fn summary(experiment: &Experiment, scenario: &Scenario, meta: &Manifest) -> Table {
    let offered = OfferedLoad::of(scenario, experiment);
    let forecast = Forecast::of(scenario, TARGET_RISK);
    let mut table = Table::new(&names(schema::SUMMARY));
    let (confidence, [name, variant]) = (meta.confidence, tags(&meta.scenario));
    let runs = Cell::Whole(i64::try_from(experiment.outcomes.len()).expect("at most a million"));
    let figures = figures_of_views(experiment, &offered, confidence);
    for (index, scope) in scopes(experiment).into_iter().enumerate() {
        for (metric, (found, unseen)) in METRICS.iter().zip(&figures[&experiment.views.of_scope[index]]) {
            let (low, high) = found.map_or((None, None), |found| (found.low, found.high));
            let method = if *unseen { NONE_SEEN } else { offered.method(index, metric) };
            table.push([
                name.clone(),
                variant.clone(),
                Cell::Text(scope.clone()),
                Cell::Text(metric.name.into()),
                Cell::Text(metric.unit.into()),
                Cell::figure(found.map(|found| found.estimate)),
                Cell::figure(low),
                Cell::figure(high),
                Cell::figure(low.or(high).map(|_| confidence)),
                if is_of_a_run(metric) { runs.clone() } else { Cell::Empty },
                Cell::Text(method.into()),
            ]);
        }
        if index == 0 {
            push_forecast(&mut table, &tags(&meta.scenario), &forecast);
        }
    }
    table
}

/// The estimate of each metric for each view, and whether nothing was seen of it. Scopes with one view have the same: to
/// go through a million runs for each of them takes seconds.
fn figures_of_views(
    experiment: &Experiment,
    offered: &OfferedLoad,
    confidence: f64,
) -> BTreeMap<usize, Vec<(Option<Interval>, bool)>> {
    let views = &experiment.views.of_scope;
    let firsts: BTreeMap<usize, usize> = views.iter().enumerate().rev().map(|(scope, view)| (*view, scope)).collect();
    let of_scope = |scope: usize| {
        let figure = |metric| {
            let found = estimate(experiment, offered, scope, metric, confidence);
            (found, is_unseen(experiment, offered, scope, metric))
        };
        METRICS.par_iter().map(figure).collect()
    };
    firsts.into_par_iter().map(|(view, scope)| (view, of_scope(scope))).collect()
}

/// Adds what formulas say of everything; or one row that says why there is no formula.
pub(super) fn push_forecast(table: &mut Table, tags: &[Cell; 2], forecast: &Result<Forecast, NoClosedForm>) {
    for figure in FIGURES {
        let (value, method) = match forecast {
            Ok(forecast) => (figure.value(forecast), figure.method(forecast)),
            Err(why) if figure.name == RISK_BOUND => (None, format!("{NO_CLOSED_FORM}{why}")),
            Err(_) => continue,
        };
        let [scenario, variant] = tags.clone();
        let [scope, name, unit] = ["all", figure.name, figure.unit].map(|text| Cell::Text(text.into()));
        let [low, high, confidence, runs] = [const { Cell::Empty }; 4];
        let method = Cell::Text(method.as_str().into());
        let value = Cell::figure(value);
        table.push([scenario, variant, scope, name, unit, value, low, high, confidence, runs, method]);
    }
}

fn per_run(experiment: &Experiment) -> PerRun {
    let asked = PER_RUN.map(|name| Metric::named(name).expect("one of the metrics"));
    let of_view = |view: usize| {
        let values =
            |metric: &Metric| experiment.outcomes.iter().map(|run| metric.value(&run.measures[view])).collect();
        (view, Arc::new(asked.map(values)))
    };
    let views: BTreeSet<usize> = experiment.views.of_scope.iter().copied().collect();
    let views: BTreeMap<_, _> = views.into_par_iter().map(of_view).collect();
    let of_scope = scopes(experiment).into_iter().zip(&experiment.views.of_scope);
    let runs = experiment.outcomes.iter().map(|outcome| number(outcome).into()).collect();
    PerRun::of_views(runs, of_scope.map(|(scope, view)| (scope, views[view].clone())))
}

/// Writes `replications.csv`.
///
/// # Errors
///
/// When `out` fails.
pub fn write_replications(experiment: &Experiment, scenario: &ScenarioMeta, out: impl Write) -> io::Result<()> {
    let mut rows = Rows::new(&names(schema::REPLICATIONS), out)?;
    push_replications(experiment, scenario, &mut rows)?;
    rows.finish()
}

/// Adds the rows of one scenario to `replications.csv`.
///
/// # Errors
///
/// When the writer fails.
pub(super) fn push_replications(
    experiment: &Experiment,
    scenario: &ScenarioMeta,
    rows: &mut Rows<impl Write>,
) -> io::Result<()> {
    let text = |text: &str| Cell::Text(text.into());
    let scopes: Vec<Cell> = scopes(experiment).into_iter().map(Cell::Text).collect();
    let metrics: Vec<[Cell; 2]> = METRICS.iter().map(|metric| [text(metric.name), text(metric.unit)]).collect();
    let [scenario, variant] = tags(scenario);
    let of_a_run: Vec<_> = METRICS.iter().zip(metrics).filter(|(metric, _)| is_of_a_run(metric)).collect();
    for outcome in &experiment.outcomes {
        for (scope, view) in scopes.iter().zip(&experiment.views.of_scope) {
            for (metric, [name, unit]) in &of_a_run {
                let run = Cell::Whole(number(outcome).into());
                let value = Cell::figure(metric.value(&outcome.measures[*view]));
                rows.push(&[scenario.clone(), variant.clone(), run, scope.clone(), name.clone(), unit.clone(), value])?;
            }
        }
    }
    Ok(())
}

/// The time series of the runs and scopes that are `wanted`.
fn timeseries(
    experiment: &Experiment,
    [scenario, variant]: &[Cell; 2],
    wanted: impl Fn(&Outcome, &str) -> bool,
) -> Table {
    let mut table = Table::new(&names(schema::TIMESERIES));
    let scopes = scopes(experiment);
    for outcome in &experiment.outcomes {
        // The last row is at the end of the window.
        let length = outcome.measures.first().map_or(SimDuration::MAX, |all| all.duration);
        for (scope, view) in scopes.iter().zip(&experiment.views.of_scope) {
            let rows = outcome.series.get(*view).filter(|_| wanted(outcome, scope)).map_or(&[][..], Vec::as_slice);
            for (index, row) in (0..).zip(rows) {
                let at = experiment.step.saturating_mul(index).min(length);
                let head = [scenario.clone(), variant.clone(), Cell::Whole(number(outcome).into())];
                table.push(head.into_iter().chain([Cell::Text(scope.clone())]).chain(sample(at, row)));
            }
        }
    }
    table
}

/// One division of two exact numbers, so the double is the one nearest to the decimal and prints as that.
fn time(at: SimDuration) -> Cell {
    Cell::figure(Some(at.as_nanos() as f64 / 1e9))
}

fn count(count: u64) -> Cell {
    Cell::Whole(i64::try_from(count).expect("fewer than 2^63 of anything"))
}

fn sample(at: SimDuration, row: &SampleRow) -> [Cell; 8] {
    [
        time(at),
        count(row.established.into()),
        count(row.time_wait.into()),
        count(row.reusable.into()),
        count(row.busy.into()),
        count(row.busy_max.into()),
        count(row.attempts),
        count(row.refused),
    ]
}

fn probes(experiment: &Experiment, [scenario, variant]: &[Cell; 2]) -> Table {
    let mut table = Table::new(&names(schema::PROBES));
    let mut sum = ProbeGrid::default();
    for grid in experiment.outcomes.iter().filter_map(|outcome| outcome.probes.as_ref()) {
        sum.merge(grid);
    }
    // Hosts differ in their prices, and runs in the mix of ports.
    let kept = experiment.outcomes.iter().filter(|outcome| outcome.probes.is_some());
    let kept = kept.map(|outcome| &outcome.measures[experiment.views.of_scope[0]]);
    let price = Price::mean(&kept.collect::<Vec<_>>());
    for cell in sum.cells() {
        let (least, most) = cell.probes;
        // All of the ports in vain but the one that a connect got.
        let in_vain = |probes: u32| probes.saturating_sub(u32::from(cell.connects > 0));
        let cost = |probes| price.map(|price| price.attempt(in_vain(probes).into()) as f64 / 1e9);
        table.push([
            scenario.clone(),
            variant.clone(),
            Cell::Text("all".into()),
            count(cell.busy_percent.into()),
            count(least.into()),
            count(most.into()),
            count(cell.connects),
            count(cell.refused),
            Cell::figure(cost(least)),
            Cell::figure(cost(most)),
        ]);
    }
    table
}

fn reuse(experiment: &Experiment, scenario: &Scenario, [name, variant]: &[Cell; 2]) -> Table {
    let mut table = Table::new(&names(schema::REUSE));
    let mut sum = ReuseIntervals::default();
    for intervals in experiment.outcomes.iter().filter_map(|outcome| outcome.reuses.as_ref()) {
        sum.merge(intervals);
    }
    let forecast = Forecast::of(scenario, TARGET_RISK).ok();
    let law = forecast.and_then(|forecast| ReuseLaw::of(scenario, &forecast));
    for cell in sum.cells() {
        table.push([
            name.clone(),
            variant.clone(),
            Cell::Text("all".into()),
            time(cell.from),
            time(cell.to),
            count(cell.reuses),
            Cell::figure(law.map(|law| law.share_below(cell.to.as_secs_f64()))),
        ]);
    }
    table
}

/// Puts in what the ports of one lane were doing.
pub fn add_ports(tables: &mut RunTables, watched: &WatchedPorts) {
    let [scenario, variant] = tags(&tables.meta.scenario);
    let scope: Arc<str> = format!("host:{}", watched.host).into();
    let mut table = Table::new(&names(schema::PORTS));
    for span in &watched.spans {
        table.push([
            scenario.clone(),
            variant.clone(),
            count(u64::from(watched.replication) + 1),
            Cell::Text(scope.clone()),
            Cell::Text(watched.destination.clone()),
            count(span.ports.0.into()),
            count(span.ports.1.into()),
            time(span.from),
            time(span.to),
            Cell::Text(span.state.name().into()),
        ]);
    }
    tables.meta.rows.insert(schema::file::PORTS.into(), table.len() as u64);
    tables.ports = table;
}

#[cfg(test)]
mod tests {
    use super::super::run_dir::{self, Pictures, Place};
    use super::super::samples;
    use super::super::whole::Disk;
    use super::super::whole::tests::{FullAfter, tree};
    use super::*;
    use crate::experiment::{Checks, Settings, replicate};
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicBool;

    const SCENARIO: &str = "
schema = 1
[run]
duration = \"100s\"
replications = 3
sample = \"700ms\"
[[host]]
name = \"gateway\"
port_range = \"40000-40039\"
time_wait = \"1s\"
[[destination]]
name = \"orders-db\"
[[destination]]
name = \"cache\"
[[client]]
name = \"checkout\"
host = \"gateway\"
to = { orders-db = 0.9, cache = 0.1 }
arrivals = { poisson = { rate = \"30/s\" } }
lifetime = { constant = { value = \"50ms\" } }
";

    fn run() -> (Experiment, RunTables) {
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let scenario = Scenario::read(&SourceFile::new("tiny.toml", SCENARIO), &[], &sources);
        let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
        let stop = AtomicBool::new(false);
        let settings = Settings { jobs: 1, checks: Checks::Invariants, stop: &stop, progress: &|_| {} };
        let experiment = replicate(&scenario, &settings);
        let mut meta = samples::quickstart().meta;
        meta.scenario.name = "tiny".into();
        meta.replications = 3;
        let tables = run_tables(&experiment, &scenario, meta);
        (experiment, tables)
    }

    #[test]
    fn every_scope_has_every_metric() {
        let (experiment, tables) = run();
        let scopes =
            ["all", "host:gateway", "client:checkout", "destination:orders-db", "destination:cache"].map(String::from);
        assert_eq!(tables.scopes(""), scopes);
        assert_eq!(tables.summary.len(), scopes.len() * METRICS.len() + 1);
        let why = "no closed form: destinations with ports of their own get unequal shares";
        assert_eq!(tables.method("all", RISK_BOUND), why);
        for scope in &scopes {
            assert_eq!(tables.per_run(scope, "busy_ports_peak").map(|(run, _)| run).collect::<Vec<_>>(), [1, 2, 3]);
        }
        let load = tables.estimate("destination:orders-db", "offered_load").value.unwrap();
        assert!((load - 30.0 * 0.9 * 1.05).abs() < 1e-9, "{load}");
        let mut replications = Vec::new();
        write_replications(&experiment, &tables.meta.scenario, &mut replications).unwrap();
        let lines = String::from_utf8(replications).unwrap().lines().count();
        assert_eq!(lines, 1 + 3 * scopes.len() * (METRICS.len() - 2));
    }

    #[test]
    fn the_time_series_starts_at_zero_and_its_times_are_exact() {
        let (_, tables) = run();
        let series = tables.series(2, "all");
        assert_eq!((series.len(), series[143].time_s), (144, 100.0));
        assert_eq!((series[0].time_s, series[0].attempts), (0.0, 0.0));
        let mut text = Vec::new();
        super::super::csv::write(&tables.timeseries, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for (index, line) in (0..).zip(text.lines().skip(1).take(143)) {
            let at = SimDuration::from_millis(700 * index).to_string();
            assert_eq!(line.split(',').nth(4), Some(at.as_str()));
        }
        let sum: f64 = series.iter().map(|sample| sample.attempts).sum();
        assert!(sum > 2_000.0 && sum <= tables.estimate("all", "attempts_total").value.unwrap() * 1.2);
    }

    /// All of a run's files in turn, so that each write of the disk fails once.
    #[test]
    fn a_disk_that_fills_leaves_nothing_of_a_run() {
        let (experiment, tables) = run();
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tiny");
        let write = |make: &dyn super::super::whole::FileSystem| {
            let fill = Box::new(|out: &mut dyn Write| write_replications(&experiment, &tables.meta.scenario, out));
            run_dir::write(make, &path, &tables, fill, Place::Default, Pictures::Png)
        };
        write(&Disk).unwrap();
        let sizes: Vec<usize> = tree(&path).into_iter().map(|(_, bytes)| bytes.len()).collect();
        let (total, was) = (sizes.iter().sum::<usize>(), tree(home.path()));
        assert_eq!(sizes.len(), run_dir::file_names(&tables, Pictures::Png).len());
        // The first and the last byte, and some between: each file is hit, at its start, its end and inside.
        let rooms = (0..total).step_by(total / 40).chain([total - 1]);
        for room in rooms {
            let error = write(&FullAfter::bytes(room)).unwrap_err().to_string();
            assert!(error.contains("cannot write ") && error.contains("/tiny/"), "{error}");
            assert_eq!(tree(home.path()), was);
        }
        write(&FullAfter::bytes(total)).unwrap();
        assert_eq!(tree(home.path()), was);
    }
}
