//! The end state of a run as OpenMetrics text 1.0, so that a dashboard can lay the forecast over the measurement.
//!
//! What `node_exporter` measures too has its name and type here (`NODE`), and labels that tell the two apart; what it
//! has no word for begins with `dryport_` (`FIGURES`). Made from the tables alone, and without a time: a run knows no
//! clock. The format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. To add a figure, add a line.

use super::csv::shortest;
use super::query::Estimate;
use super::{Cell, RunTables};
use crate::metrics::Metric;
use crate::scenario::words;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How such a file begins.
pub const BEGINS: &[&[u8]] = &[b"# TYPE dryport_run info\n"];

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// May rise and fall.
    Gauge,
    /// Only rises.
    Counter,
    /// The labels are what is to be told.
    Info,
    /// What `node_exporter` calls untyped.
    Unknown,
}

impl Kind {
    /// Its word, and how the name of its samples ends.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Gauge => ("gauge", ""),
            Self::Counter => ("counter", "_total"),
            Self::Info => ("info", "_info"),
            Self::Unknown => ("unknown", ""),
        }
    }
}

/// Where a host's figure comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// The sum of columns of the time series, in the last row of each run: the mean over the runs that have one.
    LastRow(&'static [&'static str]),
    /// A metric of the summary, which counts from the start of the window.
    Summary(&'static str),
}

/// The names of `node_exporter` 1.6 (collectors sockstat and netstat) with their types, what they say there, and what the
/// forecast is of. Linux counts an active open when it sends the first SYN (`tcp_connect`, `net/ipv4/tcp_output.c`): the
/// connection has its port then, so refused ones are not in it.
const NODE: &[(&str, Kind, &str, Source)] = &[
    (
        "node_sockstat_TCP_inuse",
        Kind::Gauge,
        "Number of TCP sockets in state inuse: open connections, in the last row of timeseries.csv, mean over runs",
        Source::LastRow(&["established_ports"]),
    ),
    (
        "node_sockstat_TCP_tw",
        Kind::Gauge,
        "Number of TCP sockets in state tw: TIME-WAIT, in the last row of timeseries.csv, mean over runs",
        Source::LastRow(&["time_wait_ports", "reusable_ports"]),
    ),
    (
        "node_netstat_Tcp_CurrEstab",
        Kind::Unknown,
        "Statistic TcpCurrEstab: open connections, in the last row of timeseries.csv, mean over runs",
        Source::LastRow(&["established_ports"]),
    ),
    (
        "node_netstat_Tcp_ActiveOpens",
        Kind::Unknown,
        "Statistic TcpActiveOpens: connect() calls that got a port since the window began, mean over runs",
        Source::Summary("connects_total"),
    ),
];

/// The other figures: the metric, its name here, its type and unit. A gauge with an interval has its ends beside it.
const FIGURES: &[(&str, &str, Kind, &str)] = &[
    ("capacity_ports", "capacity", Kind::Gauge, "ports"),
    ("busy_ports_peak", "busy_peak", Kind::Gauge, "ports"),
    ("headroom_ports", "headroom", Kind::Gauge, "ports"),
    ("offered_load", "offered_load", Kind::Gauge, "erlangs"),
    ("refused_ratio", "refused", Kind::Gauge, "ratio"),
    ("exhaustion_probability", "exhaustion_probability", Kind::Gauge, "ratio"),
    ("first_refusal_s", "first_refusal", Kind::Gauge, "seconds"),
    ("attempts_total", "attempts", Kind::Counter, ""),
    ("refused_total", "refused", Kind::Counter, ""),
    ("requests_lost_total", "requests_lost", Kind::Counter, ""),
];

/// Labels, in order.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// Metrics of one name.
struct Family<'a> {
    name: String,
    kind: Kind,
    unit: &'static str,
    help: String,
    /// Those that have a value; none never happened.
    samples: Vec<(Labels<'a>, f64)>,
}

/// Writes the end state of a run.
///
/// # Errors
///
/// When `out` fails.
pub fn write(tables: &RunTables, out: &mut dyn Write) -> io::Result<()> {
    let meta = &tables.meta;
    let [seed, runs, confidence] = [meta.seed.to_string(), meta.replications.to_string(), meta.confidence.to_string()];
    let labels = vec![
        ("scenario", meta.scenario.name.as_str()),
        ("version", &meta.dryport),
        ("seed", &seed),
        ("replications", &runs),
        ("confidence", &confidence),
    ];
    let help = "The forecast that all figures of this file are from".to_owned();
    let run = Family { name: "dryport_run".into(), kind: Kind::Info, unit: "", help, samples: vec![(labels, 1.0)] };
    let families = std::iter::once(run).chain(of_hosts(tables)).chain(of_scopes(tables));
    for family in families.filter(|family| !family.samples.is_empty()) {
        family.write(out)?;
    }
    writeln!(out, "# EOF")
}

/// What `node_exporter` measures, of each host.
fn of_hosts(tables: &RunTables) -> impl Iterator<Item = Family<'_>> {
    NODE.iter().map(|(name, kind, help, from)| {
        let last = match from {
            Source::LastRow(columns) => last_rows(tables, columns),
            Source::Summary(_) => BTreeMap::new(),
        };
        let value = |scope: &str| match from {
            Source::LastRow(_) => last.get(scope).copied(),
            Source::Summary(metric) => tables.estimate(scope, metric).value,
        };
        let sample = |scope| {
            let host = str::trim_start_matches(scope, HOST);
            let labels = vec![("source", "dryport"), ("scenario", &*tables.meta.scenario.name), ("host", host)];
            Some((labels, value(scope)?))
        };
        let samples = tables.scopes(HOST).into_iter().filter_map(sample).collect();
        Family { name: (*name).into(), kind: *kind, unit: "", help: (*help).into(), samples }
    })
}

/// How the scopes of hosts begin.
const HOST: &str = "host:";

/// The sum of some columns in the last row of each run, for each host: the mean over the runs that have a time series.
fn last_rows<'a>(tables: &'a RunTables, columns: &[&str]) -> BTreeMap<&'a str, f64> {
    let table = &tables.timeseries;
    let [run, scope] = ["replication", "scope"].map(|name| table.column(name));
    let columns: Vec<usize> = columns.iter().map(|name| table.column(name)).collect();
    // Rows are in order of time, and a later one takes the place of an earlier one.
    let mut last: BTreeMap<&str, BTreeMap<u64, f64>> = BTreeMap::new();
    for row in table.rows().filter(|row| row[scope].text().starts_with(HOST)) {
        let Cell::Whole(run) = row[run] else { continue };
        let sum = columns.iter().filter_map(|column| row[*column].number()).sum();
        last.entry(row[scope].text()).or_default().insert(run.unsigned_abs(), sum);
    }
    last.into_iter().map(|(scope, runs)| (scope, runs.values().sum::<f64>() / runs.len() as f64)).collect()
}

/// What `node_exporter` has no word for, of every scope.
fn of_scopes(tables: &RunTables) -> impl Iterator<Item = Family<'_>> {
    let family = |metric: &str, stem: &str, kind: Kind, unit: &'static str, end: &End| {
        let (bound, what, value) = end;
        let name = ["dryport", stem, bound, unit].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let meaning = Metric::named(metric).expect("a test looks for each").meaning;
        let confidence = words::percent(tables.meta.confidence);
        let what = if what.is_empty() { String::new() } else { format!("; {what} of its {confidence} % interval") };
        let sample = |scope| {
            let value = value(tables.estimate(scope, metric)).filter(|value| value.is_finite())?;
            Some((vec![("scenario", &*tables.meta.scenario.name), ("scope", scope)], value))
        };
        let samples = tables.scopes("").into_iter().filter_map(sample).collect();
        Family { name: name.join("_"), kind, unit, help: format!("{meaning}{what}"), samples }
    };
    FIGURES.iter().flat_map(move |(metric, stem, kind, unit)| {
        let ends = if *kind == Kind::Gauge { &ENDS[..] } else { &ENDS[..1] };
        ends.iter().map(move |end| family(metric, stem, *kind, unit, end))
    })
}

/// What of an estimate: how it is called in a name, what it is, and where it is.
type End = (&'static str, &'static str, fn(Estimate) -> Option<f64>);

const ENDS: [End; 3] = [
    ("", "", |estimate| estimate.value),
    ("low", "lower end", |estimate| estimate.interval.map(|(low, _)| low)),
    ("high", "upper end", |estimate| estimate.interval.map(|(_, high)| high)),
];

impl Family<'_> {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (name, (kind, suffix)) = (&self.name, self.kind.words());
        writeln!(out, "# TYPE {name} {kind}")?;
        if !self.unit.is_empty() {
            writeln!(out, "# UNIT {name} {}", self.unit)?;
        }
        writeln!(out, "# HELP {name} {}", escaped(&self.help))?;
        for (labels, value) in &self.samples {
            let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            writeln!(out, "{name}{suffix}{{{}}} {}", labels.join(","), number(*value))?;
        }
        Ok(())
    }
}

/// As the CSVs have it.
fn number(value: f64) -> String {
    match Cell::figure(Some(value)) {
        Cell::Whole(whole) => whole.to_string(),
        _ => shortest(value),
    }
}

/// A text as it stands in quotes and behind HELP.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn text(tables: &RunTables) -> String {
        let mut bytes = Vec::new();
        write(tables, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_figure_is_a_metric_and_every_unit_is_its_own() {
        for (metric, _, kind, unit) in FIGURES {
            let known = Metric::named(metric).unwrap();
            match (kind, *unit) {
                (Kind::Counter, unit) => assert!(unit.is_empty() && known.name.ends_with("_total"), "{metric}"),
                (_, "seconds") => assert_eq!(known.unit, "s", "{metric}"),
                (_, unit) => assert_eq!(known.unit, unit, "{metric}"),
            }
        }
        assert!(NODE.iter().all(|(.., from)| !matches!(from, Source::Summary(name) if Metric::named(name).is_none())));
    }

    #[test]
    fn what_never_happened_has_no_sample_and_what_is_strange_is_escaped() {
        let mut tables = samples::calm();
        tables.meta.scenario.name = "a \"b\"\\c\nd".into();
        let text = text(&tables);
        assert!(!text.contains("dryport_first_refusal"), "{text}");
        assert!(text.contains("\ndryport_run_info{scenario=\"a \\\"b\\\"\\\\c\\nd\",version="), "{text}");
        assert!(text.contains(",scope=\"all\"} 28232\n"), "{text}");
        assert!(text.ends_with("\n# EOF\n"), "{text}");
    }
}
