//! Made-up sweeps for tests of the charts: tiny, typical and huge.

use super::points::{Point, SweepTables};
use super::{AxisMeta, SCHEMA_VERSION, SweepMeta, scale};
use crate::numeric;
use crate::stats::interval::proportion;
use serde_json::{Value as Json, json};

/// A grid over `axes`, with the risk that `risk` says at the numbers of its values.
fn sweep(axes: &[(&str, Vec<String>)], now: &Json, runs: u64, risk: impl Fn(&[f64]) -> f64) -> SweepTables {
    let axes: Vec<AxisMeta> =
        axes.iter().map(|(key, values)| AxisMeta { key: (*key).into(), values: values.clone() }).collect();
    let cells = axes.iter().map(|axis| axis.values.len() as u64).product();
    let meta = SweepMeta {
        schema_version: SCHEMA_VERSION,
        dryport: "0.1.0".into(),
        name: "made-up".into(),
        title: "Checkout gateway to one database".into(),
        seed: 60_327,
        confidence: 0.95,
        axes,
        cells,
        resolved: json!({ "run": { "duration": "600s" }, "client": { "checkout": now }, "host": { "gateway": {
            "port_range": "32768-60999", "addresses": 1 } } }),
    };
    let grid = meta.grid();
    let point = |index: u64| {
        let numbers: Vec<f64> = (grid.values(index).iter().zip(grid.places(index)))
            .map(|(value, place)| scale::number(value).map_or(place as f64 + 1.0, |(_, number)| number))
            .collect();
        let expected = risk(&numbers);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million at most")]
        let refused = (expected * runs as f64).round() as u64;
        let share = refused as f64 / runs as f64;
        Some(Point { runs, risk: Some(share), interval: interval(refused, runs), ..Point::default() })
    };
    let points = (0..cells).map(point).collect();
    SweepTables { meta, points }
}

fn interval(refused: u64, runs: u64) -> Option<(f64, f64)> {
    let found = proportion(refused, runs, 0.95);
    found.low.zip(found.high)
}

fn texts<T>(values: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> Vec<String> {
    values.into_iter().map(text).collect()
}

fn logistic(value: f64) -> f64 {
    1.0 / (1.0 + numeric::exp(-value.clamp(-50.0, 50.0)))
}

const RATE: &str = "client.checkout.arrivals.poisson.rate";
const MEAN: &str = "client.checkout.lifetime.exponential.mean";
const RANGE: &str = "host.gateway.port_range";
const ADDRESSES: &str = "host.gateway.addresses";

fn now() -> Json {
    json!({ "arrivals": { "poisson": { "rate": "450/s" } }, "lifetime": { "exponential": { "mean": "0.05s" } } })
}

fn rates(values: impl IntoIterator<Item = u32>) -> (&'static str, Vec<String>) {
    (RATE, texts(values, |rate| format!("{rate}/s")))
}

/// What formulas say of a pool that carries `ceiling` connects per second.
fn with_forms(mut tables: SweepTables, ceiling: impl Fn(&[f64]) -> f64) -> SweepTables {
    let grid = tables.meta.grid();
    for (index, point) in (0..).zip(&mut tables.points) {
        let values: Vec<f64> =
            grid.values(index).iter().map(|value| scale::number(value).map_or(1.0, |(_, number)| number)).collect();
        let ceiling = ceiling(&values);
        if let Some(point) = point {
            point.bound = Some(numeric::exp((values[0] - 0.968 * ceiling) * 1.2 - 4.0).min(1.0));
            point.target = Some(0.01);
            point.safe_rate_per_s = Some(0.966 * ceiling);
            point.sustained_per_s = Some(ceiling);
        }
    }
    tables
}

/// One rate, one cell.
fn one() -> SweepTables {
    sweep(&[rates([450])], &now(), 20, |_| 0.9)
}

fn cliff(at: f64) -> impl Fn(&[f64]) -> f64 {
    move |values| {
        let risk = logistic((values[0] - at) * 1.3);
        if risk < 0.002 { 0.0 } else { risk }
    }
}

/// The cliff of the quickstart.
pub(in crate::report) fn quickstart() -> SweepTables {
    with_forms(sweep(&[rates((436..=456).step_by(2))], &now(), 200, cliff(448.0)), |_| 459.5)
}

fn ranges() -> (&'static str, Vec<String>) {
    (RANGE, texts(["49152-65535", "32768-60999", "1024-65535"], |range| format!("\"{range}\"")))
}

/// Three ranges over a wide span of rates.
fn three_ranges() -> SweepTables {
    let axes = [rates((200..=1_200).step_by(50)), ranges()];
    let tables = sweep(&axes, &now(), 20, |values| logistic((values[0] - values[1] / 62.5) / 8.0).max(0.01) - 0.01);
    with_forms(tables, |values| values[1] / 61.44)
}

/// Two axes of numbers and a third one.
pub(in crate::report) fn three_axes() -> SweepTables {
    let means = (MEAN, texts(["10ms", "50ms", "200ms", "1s", "5s", "20s"], str::to_owned));
    let axes = [rates((400..=480).step_by(10)), means, (ADDRESSES, texts([1, 2], |count: u32| count.to_string()))];
    let tables = sweep(&axes, &now(), 20, |values| {
        logistic((values[0] - values[2] * 28_232.0 / (62.5 + values[1])) / 3.0).max(0.01) - 0.01
    });
    with_forms(tables, |values| values[2] * 28_232.0 / (61.4 + values[1]))
}

/// A day's grid of 260 x 210, of which one shard was run.
fn huge() -> SweepTables {
    let ranges = (RANGE, texts(1..=210, |index: u32| format!("1024-{}", 2_000 + 300 * index)));
    let axes = [rates((1..=260).map(|step| 4 * step)), ranges];
    let tables = sweep(&axes, &now(), 5, |values| logistic((values[0] - values[1] / 62.5) / 6.0));
    with_forms(tables, |values| values[1] / 61.44)
}

fn shard() -> SweepTables {
    let mut tables = three_axes();
    let mut index = 0;
    tables.points.retain_mut(|point| {
        *point = point.filter(|_| index % 3 != 1);
        index += 1;
        true
    });
    tables
}

/// Pictures that once said too much, or had a line through their words.
fn hard() -> Vec<(&'static str, SweepTables)> {
    let means = || (MEAN, texts(["50ms", "500ms"], str::to_owned));
    let five = || rates((440..=460).step_by(5));
    let ports = |values: &[f64]| values.get(1).map_or(459.5, |mean| 28_232.0 / (61.4 + mean));
    let counts = || (ADDRESSES, texts(1..=6, |count: u32| count.to_string()));
    let mut clients = sweep(
        &[five(), ("client.other.arrivals.poisson.rate", texts([10, 20, 30], |rate: u32| format!("{rate}/min")))],
        &now(),
        20,
        |values| logistic(values[0] + 60.0 * values[1] - 470.0),
    );
    clients.meta.resolved["client"]["other"] = now();
    let logs = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0];
    vec![
        // The ceiling and the present rate end beside the labels at the right.
        ("edge", with_forms(sweep(&[five()], &now(), 5, cliff(449.0)), ports)),
        ("now-at-the-end", with_forms(sweep(&[rates((440..=450).step_by(2))], &now(), 5, cliff(448.0)), |_| 450.5)),
        // Each closed form lies at one side of the picture, or is of no cell.
        ("one-rate", with_forms(sweep(&[rates([470]), means()], &now(), 10, |_| 0.3), ports)),
        ("all-right", with_forms(sweep(&[rates(100..=105), means()], &now(), 10, |_| 0.0), ports)),
        ("all-left", with_forms(sweep(&[rates((900..=980).step_by(20)), means()], &now(), 10, |_| 1.0), ports)),
        (
            "one-row-out",
            with_forms(sweep(&[five(), (MEAN, texts(["50ms", "5s"], str::to_owned))], &now(), 5, cliff(449.0)), ports),
        ),
        // Many lines that all end at one place, the present one among them.
        (
            "six-lines",
            with_forms(
                sweep(&[rates((400..=4_000).step_by(200)), counts()], &now(), 10, |values| {
                    logistic((values[0] - 452.0 * values[1]) / 20.0)
                }),
                |values| 459.5 * values[1],
            ),
        ),
        ("never-of-many", sweep(&[rates((100..=200).step_by(20))], &now(), 2_000, |_| 0.0)),
        ("two-clients", clients),
        (
            "thirty",
            with_forms(
                sweep(
                    &[
                        rates((1..=30).map(|step| 430 + step)),
                        (MEAN, texts(1..=30, |step: u32| format!("{}ms", 47 * step))),
                    ],
                    &now(),
                    5,
                    |values| logistic(values[0] - 27_700.0 / (61.4 + values[1])),
                ),
                ports,
            ),
        ),
        (
            "log-log",
            sweep(
                &[
                    (RATE, texts(logs, |rate| format!("{rate}/s"))),
                    (MEAN, texts(["1ms", "10ms", "100ms", "1s", "10s"], str::to_owned)),
                ],
                &now(),
                30,
                |values| logistic(values[0] * (1.0 + values[1]) - 200.0),
            ),
        ),
    ]
}

/// Every sample, by name.
pub(in crate::report) fn all() -> Vec<(&'static str, SweepTables)> {
    let many = (RANGE, texts(1..=40, |index: u32| format!("1024-{}", 20_000 + 1_000 * index)));
    let times = |key| (key, texts(0..=16, |step: u32| format!("{}ms", 1_u64 << step)));
    let long = "with a title that goes on and on, as titles of scenarios do when several people had a say in them";
    let mut none = three_ranges();
    none.points.iter_mut().flatten().for_each(|point| {
        (point.risk, point.interval, point.bound) = (Some(0.0), interval(0, 20), Some(1e-30));
    });
    none.meta.title = format!("A scenario {long}");
    vec![
        ("one", one()),
        ("two", sweep(&[rates([440, 460])], &now(), 1, |values| values[0] / 450.0 - 0.98)),
        ("quickstart", quickstart()),
        ("three-ranges", three_ranges()),
        ("three-axes", three_axes()),
        ("shard", shard()),
        ("none", none),
        ("rare", with_forms(sweep(&[rates((430..=446).step_by(2))], &now(), 100_000, cliff(449.0)), |_| 459.5)),
        (
            "forty-lines",
            sweep(&[rates((100..=900).step_by(100)), many], &now(), 20, |values| {
                logistic((values[0] - values[1] / 62.5) / 20.0)
            }),
        ),
        ("times", sweep(&[times(MEAN)], &now(), 20, |values| logistic(values[0] - 3.0))),
        (
            "no-rate",
            sweep(
                &[times(MEAN), (ADDRESSES, texts([1, 2, 3, 4, 8, 16], |count: u32| count.to_string()))],
                &now(),
                20,
                |values| logistic(values[0] / values[1] - 3.0).max(0.05) - 0.05,
            ),
        ),
        (
            "words",
            sweep(
                &[
                    (ADDRESSES, texts([1, 2, 3], |count: u32| count.to_string())),
                    ("client.checkout.closes_first", texts(["client", "server"], |side| format!("\"{side}\""))),
                ],
                &now(),
                20,
                |values| 0.9 / values[0] / values[1],
            ),
        ),
        ("huge", huge()),
    ]
    .into_iter()
    .chain(hard())
    .collect()
}
