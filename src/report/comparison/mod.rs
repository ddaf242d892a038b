//! Arms of a comparison side by side: tables, the order of the arms by one metric, and what the screen and the chart
//! say of it. Screen and chart read these tables alone.

mod folder;
mod json;
mod screen;

use super::chart::{COMPARISON_CHARTS, Chart};
use super::gate::{self, Judged};
use super::manifest::{ComparisonMeta, VariantMeta};
use super::middle_run::middle_of;
use super::run_dir::{Pictures, drawn, extensions};
use super::schema::{self, Column, file, names};
use super::tables::{figure_tables, push_replications, runs_with_series, series_of};
use super::tightest::{badness, worse};
use super::whole::Fill;
use super::{Cell, Manifest, RunTables, Table, csv, manifest};
use crate::experiment::{ArmScope, Experiment, difference};
use crate::metrics::{METRICS, Method, Metric};
use crate::scenario::{KeptRuns, Scenario, Variant};
use crate::stats::Paired;
use std::io::{self, Write};

pub use json::{KEYS, comparison_json};
pub use screen::comparison_screen;

/// The metric that arms are compared by unless someone says.
pub const DEFAULT_METRIC: &str = "refused_ratio";

/// One arm as it was run.
#[derive(Debug)]
pub struct ArmRun<'r> {
    /// What it is called on screens and charts: `1024-65535`.
    pub label: String,
    /// What it is; its variant is the arm's name in tables, which no other arm has.
    pub meta: Manifest,
    /// What it sets, as `KEY=VALUE`: asserts may be about that.
    pub sets: Vec<String>,
    /// What was simulated.
    pub scenario: &'r Scenario,
    /// What came of it.
    pub experiment: &'r Experiment,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Yardstick<'y> {
    /// By which metric.
    pub metric: &'static Metric,
    /// Of which scope.
    pub scope: &'y str,
}

/// An arm in tables.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it is called on screens and charts.
    pub label: String,
    /// Its figures, and the time series of one run and the scope that is compared.
    pub tables: RunTables,
    /// What came of the asserts of its scenario that are about it.
    pub gates: Vec<Judged>,
}

/// Arms side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was compared; its scenario is that of the first arm.
    pub meta: Manifest,
    /// What the labels are: `port_range`, `scenario`.
    pub header: String,
    /// By which metric the arms are put in order.
    pub metric: &'static Metric,
    /// Of which scope.
    pub scope: String,
    /// The arms as they were given.
    pub arms: Vec<Arm>,
    /// Every arm against every earlier one by the metric, and against the first by all others.
    pub differences: Table,
}

/// One row of the differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) estimate: f64,
    pub(super) interval: (f64, f64),
    pub(super) higher: u64,
    pub(super) equal: u64,
    pub(super) lower: u64,
    pub(super) wrong: f64,
    pub(super) gain: Option<f64>,
}

impl Comparison {
    /// Puts arms side by side; `meta` says what was asked, and its files are listed here.
    ///
    /// # Panics
    ///
    /// When an arm lacks the scope.
    pub fn new(meta: Manifest, header: &str, runs: Vec<ArmRun<'_>>, by: Yardstick<'_>, pictures: Pictures) -> Self {
        let differences = differences(&runs, by, meta.confidence);
        let experiments: Vec<&Experiment> = runs.iter().map(|run| run.experiment).collect();
        let keeps_runs = runs.iter().all(|run| run.scenario.run.keep == KeptRuns::All);
        let mut arms: Vec<Arm> = runs
            .into_iter()
            .map(|run| {
                let variant = Variant { name: run.meta.scenario.variant.clone(), sets: run.sets };
                let tables = figure_tables(run.experiment, run.scenario, run.meta);
                let gates = gate::of_arm(&run.scenario.asserts, &variant);
                let gates = gates.into_iter().map(|gate| gate.judge(&tables)).collect();
                Arm { label: run.label, tables, gates }
            })
            .collect();
        show_one_run(&mut arms, &experiments, by.scope);
        let variant = |arm: &Arm| {
            let Manifest { scenario, replications, warm_up_s, .. } = arm.tables.meta.clone();
            VariantMeta { scenario, replications, warm_up_s }
        };
        let variants = arms.iter().map(variant).collect();
        let comparison = Some(ComparisonMeta {
            header: header.into(),
            labels: arms.iter().map(|arm| arm.label.clone()).collect(),
            metric: by.metric.name.into(),
            scope: by.scope.into(),
        });
        let meta = Manifest { variants, comparison, ..meta };
        let mut all =
            Self { meta, header: header.into(), metric: by.metric, scope: by.scope.into(), arms, differences };
        all.meta.files = all.file_names(pictures);
        if !keeps_runs {
            all.drop_runs();
        }
        all
    }

    /// Leaves `replications.csv` out, as one does when the scenario of any arm keeps no runs.
    pub fn drop_runs(&mut self) {
        self.meta.files.retain(|file| file != file::REPLICATIONS);
    }

    /// Has any arm a time series?
    fn has_series(&self) -> bool {
        self.arms.iter().any(|arm| !arm.tables.timeseries.is_empty())
    }

    /// The names of the files that it leaves, in the order they are listed.
    fn file_names(&self, pictures: Pictures) -> Vec<String> {
        let charts = COMPARISON_CHARTS.iter().filter(|chart| (chart.applies)(self));
        named(self.has_series(), charts, pictures)
    }

    /// The places of the arms, the best first; equal ones as they were given, those without the figure last.
    ///
    /// What counts is how each differs from the first over the runs: an extreme over all of them says less. Where nothing
    /// tells how sure an order is, there is none: the arms as they were given.
    pub(super) fn ranking(&self) -> Vec<usize> {
        if !self.is_ranked() {
            return (0..self.arms.len()).collect();
        }
        let sign = if self.metric.is_better_high() { -1.0 } else { 1.0 };
        // A time that never came is the best of all, any other figure that is missing the worst.
        let never = matches!(self.metric.method, Method::MedianTime(_));
        let without = if never { f64::NEG_INFINITY } else { f64::INFINITY };
        let has_pairs = self.difference(0, self.arms.len() - 1).is_some();
        let value = |place: &usize| {
            let figure = self.figure(*place, self.metric.name);
            let paired = if *place == 0 { Some(0.0) } else { self.difference(0, *place).map(|found| found.estimate) };
            figure.and(if has_pairs { paired } else { figure }).map_or(without, |value| sign * value)
        };
        let mut places: Vec<usize> = (0..self.arms.len()).collect();
        places.sort_by(|one, other| value(one).total_cmp(&value(other)));
        places
    }

    /// Can the runs tell how sure an order is? One run of an arm cannot, unless the scenario alone decides.
    pub(super) fn is_ranked(&self) -> bool {
        let is_exact = matches!(self.metric.method, Method::OfferedLoad | Method::Capacity);
        is_exact || self.arms.iter().all(|arm| arm.tables.meta.replications >= 2)
    }

    /// A bound of the chance that the order of the arms is wrong, where pairs tell: the sum over neighbours.
    pub(super) fn order_is_wrong(&self) -> Option<f64> {
        let ranking = self.ranking();
        let pairs = ranking.windows(2).filter_map(|pair| self.difference(pair[0], pair[1]));
        let doubted = pairs.filter(|found| found.higher + found.lower > 0);
        let wrong = doubted.map(|found| found.wrong).sum::<f64>().min(1.0);
        (wrong > 0.0).then_some(wrong)
    }

    /// The label of an arm where no head of a table says what it is: `1024-65535`, `addresses=2`, `450/s, addresses=2`.
    pub(super) fn label_alone(&self, arm: usize) -> String {
        // Columns stand two spaces apart.
        let parts = |text: &str| text.split("  ").map(str::to_owned).collect::<Vec<_>>();
        let (keys, values) = (parts(&self.header), parts(&self.arms[arm].label));
        let is_bare = |value: &str| value.chars().all(|letter| letter.is_ascii_digit());
        let named = values.iter().enumerate().map(|(place, value)| match keys.get(place) {
            Some(key) if keys.len() == values.len() && is_bare(value) => format!("{key}={value}"),
            _ => value.clone(),
        });
        named.collect::<Vec<_>>().join(", ")
    }

    /// A figure of an arm, of the scope that is compared.
    pub(super) fn figure(&self, arm: usize, metric: &str) -> Option<f64> {
        self.arms[arm].tables.estimate(&self.scope, metric).value
    }

    /// How much higher the metric is in the arm `second` than in the arm `first`.
    pub(super) fn difference(&self, first: usize, second: usize) -> Option<Difference> {
        let (early, late) = (first.min(second), first.max(second));
        let table = &self.differences;
        let column = |name: &str| table.column(name);
        let name = |arm: usize| self.arms[arm].tables.meta.scenario.variant.as_str();
        let is_it = |row: &&[Cell]| {
            let text = |column: &str| row[table.column(column)].text();
            (text("variant"), text("against"), text("metric")) == (name(late), name(early), self.metric.name)
        };
        let row = table.rows().find(is_it)?;
        let number = |name: &str| row[column(name)].number();
        let count = |name: &str| match &row[column(name)] {
            Cell::Whole(count) => u64::try_from(*count).unwrap_or(0),
            _ => 0,
        };
        let found = Difference {
            estimate: number("difference")?,
            interval: (number("ci_low")?, number("ci_high")?),
            higher: count("higher"),
            equal: count("equal"),
            lower: count("lower"),
            wrong: number("wrong_ratio")?,
            gain: number("gain"),
        };
        let turned = Difference {
            estimate: 0.0 - found.estimate,
            interval: (0.0 - found.interval.1, 0.0 - found.interval.0),
            higher: found.lower,
            lower: found.higher,
            ..found
        };
        Some(if first <= second { found } else { turned })
    }

    /// Every file of the folder: name and content; `runs` as they were given to [`Comparison::new`].
    pub fn files<'a>(&'a self, experiments: &'a [&'a Experiment], pictures: Pictures) -> Vec<(String, Fill<'a>)> {
        let mut files: Vec<(String, Fill<'a>)> = vec![
            (file::SUMMARY.into(), Box::new(|out| self.write_each(schema::SUMMARY, |arm| &arm.summary, out))),
            (file::DIFFERENCES.into(), Box::new(move |out| csv::write(&self.differences, out))),
        ];
        if self.meta.files.iter().any(|file| file == file::REPLICATIONS) {
            let write = move |out: &mut dyn Write| self.write_replications(experiments, out);
            files.push((file::REPLICATIONS.into(), Box::new(write)));
        }
        if self.has_series() {
            let write = |out: &mut dyn Write| self.write_each(schema::TIMESERIES, |arm| &arm.timeseries, out);
            files.push((file::TIMESERIES.into(), Box::new(write)));
        }
        let charts = COMPARISON_CHARTS.iter().filter(|chart| (chart.applies)(self));
        files.extend(charts.flat_map(|chart| drawn(self, chart, pictures)));
        let manifest = move |out: &mut dyn Write| out.write_all(self.meta.to_json().as_bytes());
        files.push((manifest::FILE_NAME.into(), Box::new(manifest)));
        files
    }

    /// One table of all arms, under one header.
    fn write_each(&self, columns: &[Column], of: fn(&RunTables) -> &Table, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = csv::Rows::new(&names(columns), out)?;
        for row in self.arms.iter().flat_map(|arm| of(&arm.tables).rows()) {
            rows.push(row)?;
        }
        rows.finish()
    }

    fn write_replications(&self, experiments: &[&Experiment], out: &mut dyn Write) -> io::Result<()> {
        let mut rows = csv::Rows::new(&names(schema::REPLICATIONS), out)?;
        for (arm, experiment) in self.arms.iter().zip(experiments) {
            push_replications(experiment, &arm.tables.meta.scenario, &mut rows)?;
        }
        rows.finish()
    }
}

/// The names of all files that a comparison may leave, in the order they are listed.
pub fn file_names(pictures: Pictures) -> Vec<String> {
    named(true, COMPARISON_CHARTS.iter(), pictures)
}

fn named(
    has_series: bool,
    charts: impl Iterator<Item = &'static Chart<Comparison>>,
    pictures: Pictures,
) -> Vec<String> {
    let tables = [file::SUMMARY, file::DIFFERENCES, file::REPLICATIONS].into_iter();
    let tables = tables.chain(has_series.then_some(file::TIMESERIES)).map(String::from);
    let files = |chart: &'static Chart<Comparison>| extensions(pictures).iter().map(|extension| chart.file(extension));
    tables.chain(charts.flat_map(files)).chain([manifest::FILE_NAME.into()]).collect()
}

/// Puts in the time series of one run, the same of every arm, since that has the same random numbers there: the one in the
/// middle of the arm that is worst off.
fn show_one_run(arms: &mut [Arm], experiments: &[&Experiment], scope: &str) {
    let mut worst = 0;
    for place in 1..arms.len() {
        let [known, other] = [worst, place].map(|place| badness(&arms[place].tables, scope));
        worst = if worse(&other, &known).is_gt() { place } else { worst };
    }
    // After Ctrl-C arms need not have the same runs.
    let kept: Vec<Vec<u64>> = experiments.iter().map(|experiment| runs_with_series(experiment)).collect();
    let shared: Vec<u64> = kept[worst].iter().copied().filter(|run| kept.iter().all(|all| all.contains(run))).collect();
    if shared.is_empty() {
        return;
    }
    let (run, _) = middle_of(&arms[worst].tables, &shared, scope);
    for (arm, experiment) in arms.iter_mut().zip(experiments) {
        arm.tables.timeseries = series_of(experiment, &arm.tables.meta.scenario, run, scope);
    }
}

/// Every arm against every earlier one by the yardstick, and against the first by every other metric.
fn differences(runs: &[ArmRun<'_>], by: Yardstick<'_>, confidence: f64) -> Table {
    let mut table = Table::new(&names(schema::DIFFERENCES));
    let scope_of = |run: &ArmRun<'_>| {
        let mut scopes = run.experiment.topology.scopes.iter();
        scopes.position(|scope| scope.to_string() == by.scope).expect("every arm has the scope")
    };
    let places: Vec<usize> = runs.iter().map(scope_of).collect();
    let side = |place: usize| ArmScope { arm: runs[place].experiment, scope: places[place] };
    for late in 1..runs.len() {
        for early in 0..late {
            let metrics = METRICS.iter().filter(|metric| early == 0 || metric.name == by.metric.name);
            for metric in metrics {
                if let Some(found) = difference(side(early), side(late), metric, confidence) {
                    table.push(row(&runs[early].meta, &runs[late].meta, by.scope, (metric, &found), confidence));
                }
            }
        }
    }
    table
}

fn row(
    against: &Manifest,
    of: &Manifest,
    scope: &str,
    (metric, found): (&Metric, &Paired),
    confidence: f64,
) -> [Cell; 15] {
    let text = |text: &str| Cell::Text(text.into());
    let count = |count: u64| Cell::Whole(i64::try_from(count).expect("at most a million runs"));
    let Paired { difference, higher, equal, lower, wrong, gain } = *found;
    [
        text(&of.scenario.name),
        text(&of.scenario.variant),
        text(&against.scenario.variant),
        text(scope),
        text(metric.name),
        text(metric.unit),
        Cell::figure(Some(difference.estimate)),
        Cell::figure(difference.low),
        Cell::figure(difference.high),
        Cell::figure(Some(confidence)),
        count(higher),
        count(equal),
        count(lower),
        Cell::figure(Some(wrong)),
        Cell::figure(gain),
    ]
}
