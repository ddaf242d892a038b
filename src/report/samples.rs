//! Tables to develop and test against, made by a toy model: Poisson arrivals in small steps, TIME-WAITs freed on a
//! grid. Realistic in shape, right in no digit that matters; never shown to a user.

use super::manifest::{HostMeta, Manifest, SCHEMA_VERSION, ScenarioMeta};
use super::query::{PER_RUN, PerRun, Places};
use super::whole::Fill;
use super::{Cell, RunTables, Table, csv, schema};
use crate::metrics::Metric;
use crate::numeric;
use std::collections::BTreeMap;

struct Spec {
    name: &'static str,
    title: &'static str,
    load: &'static str,
    capacity: u32,
    /// Arrivals per second at a time.
    rate: fn(f64) -> f64,
    lifetime_s: f64,
    offered: Option<f64>,
    duration_s: f64,
    /// One model step; sixteen make one grid cell of the TIME-WAIT wheel.
    step_s: f64,
    /// Model steps in one row of the time series.
    row_steps: usize,
    replications: u64,
}

/// What the figures are about; all the same here.
const SCOPES: [&str; 4] = ["all", "host:gateway", "client:checkout", "destination:orders-db"];

/// All six, by name.
pub(crate) fn all() -> Vec<(&'static str, RunTables)> {
    vec![
        ("quickstart", quickstart()),
        ("tiny", tiny()),
        ("huge", huge()),
        ("calm", calm()),
        ("sudden", sudden()),
        ("idle", idle()),
    ]
}

/// The quickstart: refused in most runs.
pub(crate) fn quickstart() -> RunTables {
    make(&BASE)
}

const BASE: Spec = Spec {
    name: "quickstart",
    title: "Checkout gateway to one database",
    load: "450/s Poisson, 50 ms exponential",
    capacity: 28_232,
    rate: |_| 452.0,
    lifetime_s: 0.05,
    offered: Some(27_483.0),
    duration_s: 600.0,
    step_s: 0.125,
    row_steps: 8,
    replications: 20,
};

/// Twenty ports.
pub(crate) fn tiny() -> RunTables {
    make(&Spec {
        name: "tiny",
        title: "Twenty ports, to see each of them",
        load: "0.25/s Poisson, 10 s constant",
        capacity: 20,
        rate: |_| 0.25,
        lifetime_s: 10.0,
        offered: Some(17.5),
        duration_s: 300.0,
        row_steps: 4,
        replications: 8,
        ..BASE
    })
}

/// Ten days with a daily rise and fall.
pub(crate) fn huge() -> RunTables {
    make(&Spec {
        name: "huge",
        title: "Ten days of mail delivery",
        load: "250 to 452/s over the day, Poisson, 50 ms exponential",
        rate: |time_s| {
            let day = time_s / 86_400.0 - (time_s / 86_400.0).floor();
            let rise = 1.0 - (2.0 * day - 1.0).abs();
            250.0 + 202.0 * rise * rise * (3.0 - 2.0 * rise)
        },
        offered: None,
        duration_s: 864_000.0,
        step_s: 0.5,
        row_steps: 2_000,
        replications: 3,
        ..BASE
    })
}

/// No refusal.
pub(crate) fn calm() -> RunTables {
    make(&Spec { rate: |_| 430.0, load: "430/s Poisson, 50 ms exponential", offered: Some(26_261.0), ..BASE })
}

/// All runs refused at nearly the same time.
pub(crate) fn sudden() -> RunTables {
    make(&Spec { rate: |_| 500.0, load: "500/s Poisson, 50 ms exponential", offered: Some(30_537.0), ..BASE })
}

/// No connection at all.
pub(crate) fn idle() -> RunTables {
    make(&Spec { rate: |_| 0.0, load: "an empty trace", offered: None, ..BASE })
}

/// What only charts care about: one run, many runs, early reuse, long words.
pub(crate) fn odd() -> Vec<(&'static str, RunTables)> {
    let tiny = |replications| Spec {
        name: "tiny",
        capacity: 20,
        rate: |_| 0.28,
        duration_s: 300.0,
        row_steps: 4,
        replications,
        ..BASE
    };
    let mut reuse = calm();
    let mut timeseries = Table::new(reuse.timeseries.columns());
    let [wait, reusable] = ["time_wait_ports", "reusable_ports"].map(|name| timeseries.column(name));
    for row in reuse.timeseries.rows() {
        let mut row = row.to_vec();
        let share = (row[wait].number().unwrap() * 0.6).round();
        row[reusable] = Cell::Number(share);
        for busy in [wait, reusable + 1, reusable + 2] {
            row[busy] = Cell::Number((row[busy].number().unwrap() - share).max(0.0));
        }
        timeseries.push(row);
    }
    reuse.timeseries = timeseries;
    let mut wordy = tiny_after_an_hour();
    wordy.meta.scenario.title = "A scenario whose title says at length what others would leave to the file".into();
    wordy.meta.scenario.load = "checkout 450/s Poisson, 50 ms exponential; batch 3/s constant, 2 s lognormal".into();
    let mut unseen = calm();
    unseen.timeseries = Table::new(unseen.timeseries.columns());
    let (one, many) = (make(&tiny(1)), make(&tiny(250)));
    vec![("one", one), ("many", many), ("reuse", reuse), ("wordy", wordy), ("unseen", unseen)]
}

/// Refused at once, and seldom later.
fn tiny_after_an_hour() -> RunTables {
    make(&Spec { capacity: 4, rate: |time_s| if time_s < 20.0 { 2.0 } else { 0.05 }, duration_s: 7_200.0, ..BASE })
}

/// One run of the toy model.
struct Run {
    attempts: f64,
    refused: f64,
    full_s: f64,
    busy_sum: f64,
    busy_peak: f64,
    first_refusal_s: Option<f64>,
}

fn make(spec: &Spec) -> RunTables {
    let names = |columns| schema::names(columns);
    let mut timeseries = Table::new(&names(schema::TIMESERIES));
    let mut per_run = PerRun::default();
    let runs: Vec<_> = (1..=spec.replications).map(|number| simulate(spec, number, &mut timeseries)).collect();
    for (number, run) in (1..).zip(&runs) {
        for scope in SCOPES {
            for (metric, value) in figures(spec, run) {
                per_run.push(number, &scope.into(), metric, value);
            }
        }
    }
    let [ports, probes, reuse] =
        [schema::PORTS, schema::PROBES, schema::REUSE].map(|columns| Table::new(&names(columns)));
    let summary = summarise(spec, &runs);
    RunTables { summary, per_run, timeseries, ports, probes, reuse, meta: meta(spec), places: Places::default() }
}

/// What writes the `replications.csv` of these tables, as far as they know it.
pub(crate) fn replications(tables: &RunTables) -> Fill<'_> {
    Box::new(|out| {
        let mut rows = csv::Rows::new(&schema::names(schema::REPLICATIONS), out)?;
        let runs = tables.per_run("all", PER_RUN[0]).count();
        for run in 0..runs {
            for scope in tables.scopes("") {
                for metric in PER_RUN {
                    let (number, value) = tables.per_run(scope, metric).nth(run).expect("as many as runs");
                    let text = |text: &str| Cell::Text(text.into());
                    let (name, number) =
                        (text(&tables.meta.scenario.name), Cell::Whole(i64::try_from(number).unwrap()));
                    let value = optional(value);
                    rows.push(&[name, Cell::Empty, number, text(scope), text(metric), text(unit(metric)), value])?;
                }
            }
        }
        rows.finish()
    })
}

fn simulate(spec: &Spec, number: u64, table: &mut Table) -> Run {
    let mut random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut run =
        Run { attempts: 0.0, refused: 0.0, full_s: 0.0, busy_sum: 0.0, busy_peak: 0.0, first_refusal_s: None };
    let steps = whole(spec.duration_s / spec.step_s);
    let mut due = vec![0.0; steps + whole(80.0 / spec.step_s)];
    let mut closing = due.clone();
    let mut long_open = 0.0;
    let capacity = f64::from(spec.capacity);
    let (mut busy, mut top, mut attempts, mut refused) = (0.0_f64, 0.0_f64, 0.0, 0.0);
    row(spec, number, table, [0.0; 6]);
    for step in 0..steps {
        busy -= due[step];
        long_open -= closing[step];
        let time_s = step as f64 * spec.step_s;
        let wanted = poisson((spec.rate)(time_s) * spec.step_s, &mut random);
        let got = wanted.min(capacity - busy);
        // Freed at the first grid point after lifetime and 60 s.
        let close = step + whole((spec.lifetime_s + 60.0) / spec.step_s);
        due[close.next_multiple_of(16)] += got;
        busy += got;
        closing[step + whole(spec.lifetime_s / spec.step_s)] += got;
        long_open += got;
        top = top.max(busy);
        attempts += wanted;
        refused += wanted - got;
        if wanted > got {
            run.first_refusal_s.get_or_insert(time_s + 0.4 * spec.step_s);
            run.full_s += 0.7 * spec.step_s;
        }
        run.busy_sum += busy;
        if (step + 1).is_multiple_of(spec.row_steps) {
            run.attempts += attempts;
            run.refused += refused;
            run.busy_peak = run.busy_peak.max(top);
            let short_open = (got / spec.step_s * spec.lifetime_s).min(busy).round();
            let open = if spec.lifetime_s > spec.step_s { long_open } else { short_open };
            row(spec, number, table, [time_s + spec.step_s, open, busy, top, attempts, refused]);
            (top, attempts, refused) = (0.0, 0.0, 0.0);
        }
    }
    run.busy_sum /= steps as f64;
    run
}

fn row(spec: &Spec, number: u64, table: &mut Table, [time_s, open, busy, top, attempts, refused]: [f64; 6]) {
    let values = [time_s, open, busy - open, 0.0, busy, top, attempts, refused].map(Cell::Number);
    let run = Cell::Whole(i64::try_from(number).unwrap());
    let head = [Cell::Text(spec.name.into()), Cell::Empty, run, Cell::Text("all".into())];
    table.push(head.into_iter().chain(values));
}

fn figures(spec: &Spec, run: &Run) -> Vec<(&'static str, Option<f64>)> {
    let capacity = f64::from(spec.capacity);
    let lost = if run.refused > 20_000.0 { (run.refused * 0.3).round() } else { 0.0 };
    vec![
        ("attempts_total", Some(run.attempts)),
        ("refused_total", Some(run.refused)),
        ("requests_total", Some(run.attempts)),
        ("requests_lost_total", Some(lost)),
        ("requests_lost_ratio", (run.attempts > 0.0).then(|| lost / run.attempts)),
        ("connects_per_s", Some((run.attempts - run.refused) / spec.duration_s)),
        ("refused_ratio", (run.attempts > 0.0).then(|| run.refused / run.attempts)),
        ("full_time_ratio", Some(run.full_s / spec.duration_s)),
        ("first_refusal_s", run.first_refusal_s),
        ("busy_ports_mean", Some(run.busy_sum)),
        ("busy_ports_peak", Some(run.busy_peak)),
        ("busy_ratio_peak", Some(run.busy_peak / capacity)),
        ("headroom_ports", Some(capacity - run.busy_peak)),
        ("probes_mean", (run.attempts > 0.0).then_some(if spec.capacity > 99 { 6_856.0 } else { 4.0 })),
        ("probes_p99", (run.attempts > 0.0).then_some(if spec.capacity > 99 { 14_216.0 } else { 17.0 })),
        ("connect_cost_mean_s", (run.attempts > 0.0).then_some(if spec.capacity > 99 { 0.001_573 } else { 3.2e-5 })),
        ("connect_cost_p99_s", (run.attempts > 0.0).then_some(if spec.capacity > 99 { 0.003_229 } else { 3.5e-5 })),
        ("search_cpu_ratio", Some(if spec.capacity > 99 { 0.001_542 * run.attempts / spec.duration_s } else { 0.0 })),
    ]
}

fn summarise(spec: &Spec, runs: &[Run]) -> Table {
    let mut table = Table::new(&schema::names(schema::SUMMARY));
    let per_run: Vec<_> = runs.iter().map(|run| figures(spec, run)).collect();
    let n = runs.len() as f64;
    let refused = runs.iter().filter(|run| run.refused > 0.0).count();
    let mut rows = vec![
        ("capacity_ports", Some(f64::from(spec.capacity)), None),
        ("offered_load", spec.offered, None),
        ("exhaustion_probability", Some(refused as f64 / n), Some(wilson(refused as f64, n))),
    ];
    for (column, (metric, _)) in per_run[0].iter().enumerate() {
        let mut values: Vec<_> = per_run.iter().filter_map(|figures| figures[column].1).collect();
        values.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let deviation = (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n).sqrt();
        let half = 2.1 * deviation / n.sqrt();
        rows.push(match *metric {
            _ if values.is_empty() => (metric, None, None),
            "busy_ports_peak" | "busy_ratio_peak" => (metric, values.last().copied(), None),
            "headroom_ports" => (metric, Some(values[0]), None),
            "first_refusal_s" => (metric, (2 * values.len() >= runs.len()).then(|| values[(runs.len() - 1) / 2]), None),
            _ => (metric, Some(mean), Some((mean - half, mean + half))),
        });
    }
    for scope in SCOPES {
        for (metric, estimate, interval) in &rows {
            table.push([
                Cell::Text(spec.name.into()),
                Cell::Empty,
                Cell::Text(scope.into()),
                Cell::Text((*metric).into()),
                Cell::Text(unit(metric).into()),
                optional(*estimate),
                optional(interval.map(|(low, _)| low)),
                optional(interval.map(|(_, high)| high)),
                Cell::Number(0.95),
                Cell::Number(n),
                Cell::Text("toy".into()),
            ]);
        }
    }
    table
}

fn meta(spec: &Spec) -> Manifest {
    let files = ["summary.csv", "timeseries.csv", "replications.csv", "occupancy.png", "risk.png", "manifest.json"];
    Manifest {
        schema_version: SCHEMA_VERSION,
        dryport: "0.1.0".into(),
        arguments: vec!["run".into(), format!("scenarios/{}.toml", spec.name)],
        scenario: ScenarioMeta {
            variant: String::new(),
            name: spec.name.into(),
            title: spec.title.into(),
            file: format!("scenarios/{}.toml", spec.name),
            load: spec.load.into(),
            hosts: vec![HostMeta {
                name: "gateway".into(),
                first_port: 32_768,
                lane_ports: spec.capacity,
                allocator: "linux-connect".into(),
            }],
            resolved: serde_json::json!({ "schema": 1 }),
        },
        seed: 60_327,
        replications: spec.replications,
        duration_s: spec.duration_s,
        warm_up_s: 0.0,
        confidence: 0.95,
        files: files.map(String::from).to_vec(),
        rows: BTreeMap::new(),
        precision: None,
        long_run: None,
        variants: Vec::new(),
        comparison: None,
        cut_off: None,
    }
}

fn unit(metric: &str) -> &'static str {
    Metric::named(metric).unwrap().unit
}

fn optional(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::Number)
}

fn whole(value: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let whole = value.round() as usize;
    whole
}

/// Between 0 and 1: xorshift64*.
fn uniform(state: &mut u64) -> f64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / 9_007_199_254_740_992.0
}

fn poisson(mean: f64, state: &mut u64) -> f64 {
    if mean > 30.0 {
        let normal: f64 = (0..12).map(|_| uniform(state)).sum::<f64>() - 6.0;
        return (mean + normal * mean.sqrt()).round().max(0.0);
    }
    let (limit, mut product, mut count) = (numeric::exp(-mean), uniform(state), 0.0);
    while product > limit {
        product *= uniform(state);
        count += 1.0;
    }
    count
}

fn wilson(k: f64, n: f64) -> (f64, f64) {
    let z2 = 1.96 * 1.96;
    let centre = (k + z2 / 2.0) / (n + z2);
    let half = 1.96 / (n + z2) * (k * (n - k) / n + z2 / 4.0).sqrt();
    let none = 1.0 - numeric::exp(numeric::ln(0.05) / n);
    if k == 0.0 {
        (0.0, none)
    } else if k >= n {
        (1.0 - none, 1.0)
    } else {
        (centre - half, (centre + half).min(1.0))
    }
}
