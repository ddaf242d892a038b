//! `dryport run --openmetrics`: text as the standard has it, and the figures of the tables.

use crate::command::{FORTY_PORTS, dryport};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A family as it was read: type, unit, and the value of each sample by its labels, name and value in turn.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    unit: String,
    samples: Vec<(BTreeMap<String, String>, f64)>,
}

/// Reads OpenMetrics text 1.0 and is strict about it; panics at what the standard forbids.
/// <https://prometheus.io/docs/specs/om/open_metrics_spec/#text-format>
fn parse(text: &str) -> BTreeMap<String, Family> {
    let body = text.strip_suffix("# EOF\n").expect("it ends so");
    assert!(body.is_ascii() && !body.contains('\r'), "plain lines");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    // The family whose lines these are, and the word of its last line of metadata.
    let (mut now, mut last) = (String::new(), "");
    for line in body.split_terminator('\n') {
        if let Some(metadata) = line.strip_prefix("# ") {
            let (word, rest) = metadata.split_once(' ').expect("a word");
            let (name, value) = rest.split_once(' ').expect("a name and a value");
            // TYPE opens a family, here as in every sample of the standard: no family is opened twice.
            match (word, last) {
                ("TYPE", "sample" | "") => {
                    assert!(is_name(name, ":"), "{line}");
                    assert!(["gauge", "counter", "info", "unknown"].contains(&value), "{line}");
                    now = name.into();
                    let family = Family { kind: value.to_owned(), ..Family::default() };
                    assert!(families.insert(now.clone(), family).is_none(), "{name} is there twice");
                }
                ("UNIT", "TYPE") => {
                    assert!(name.ends_with(&format!("_{value}")), "{line}");
                    families.get_mut(&now).expect("open").unit = value.into();
                }
                ("HELP", "TYPE" | "UNIT") => assert!(!unescaped(value).is_empty(), "{line}"),
                _ => panic!("{line}, after {last}"),
            }
            assert_eq!(name, now, "{line}");
            last = ["TYPE", "UNIT", "HELP"].into_iter().find(|known| *known == word).expect("one of them");
        } else {
            assert!(["HELP", "sample"].contains(&last), "{line}, after {last}");
            last = "sample";
            let family = families.get_mut(&now).expect("open");
            let suffix = match family.kind.as_str() {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            let labels = line.strip_prefix(&format!("{now}{suffix}{{")).unwrap_or_else(|| panic!("{line} in {now}"));
            let (labels, value) = labels.rsplit_once("} ").expect("labels, then the value");
            let (labels, value) = (read_labels(labels), value.parse::<f64>().expect("a number"));
            assert!(value.is_finite() && (family.kind != "counter" || value >= 0.0), "{line}");
            assert!(family.kind != "info" || value.to_bits() == 1_f64.to_bits(), "{line}");
            assert!(family.samples.iter().all(|(other, _)| *other != labels), "{line} is there twice");
            family.samples.push((labels, value));
        }
    }
    assert_eq!(last, "sample");
    families
}

fn is_name(name: &str, more: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || more.contains(c);
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        plain.push(match c {
            '"' => panic!("a bare quote in {text}"),
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some(c @ ('\\' | '"')) => c,
                other => panic!("\\{other:?} in {text}"),
            },
            c => c,
        });
    }
    plain
}

fn read_labels(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("a name and a quote");
        assert!(is_name(name, ""), "{text}");
        let is_end = |(at, _): &(usize, &str)| after[..*at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 0;
        let (end, _) = after.match_indices('"').find(is_end).expect("a closing quote");
        assert!(labels.insert(name.to_owned(), unescaped(&after[..end])).is_none(), "{name} twice in {text}");
        rest = &after[end + 1..];
        assert!(rest.is_empty() || (rest.starts_with(',') && rest.len() > 1), "{text}");
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    labels
}

/// The rows of a CSV without quotes, each by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines.map(|line| header.iter().cloned().zip(line).collect()).collect()
}

/// Each family of our own with its metric and column of `summary.csv`, its type and unit.
const OURS: [(&str, &str, &str, &str, &str); 16] = [
    ("dryport_capacity_ports", "capacity_ports", "estimate", "gauge", "ports"),
    ("dryport_busy_peak_ports", "busy_ports_peak", "estimate", "gauge", "ports"),
    ("dryport_headroom_ports", "headroom_ports", "estimate", "gauge", "ports"),
    ("dryport_offered_load_erlangs", "offered_load", "estimate", "gauge", "erlangs"),
    ("dryport_refused_ratio", "refused_ratio", "estimate", "gauge", "ratio"),
    ("dryport_refused_low_ratio", "refused_ratio", "ci_low", "gauge", "ratio"),
    ("dryport_refused_high_ratio", "refused_ratio", "ci_high", "gauge", "ratio"),
    ("dryport_exhaustion_probability_ratio", "exhaustion_probability", "estimate", "gauge", "ratio"),
    ("dryport_exhaustion_probability_low_ratio", "exhaustion_probability", "ci_low", "gauge", "ratio"),
    ("dryport_exhaustion_probability_high_ratio", "exhaustion_probability", "ci_high", "gauge", "ratio"),
    ("dryport_first_refusal_seconds", "first_refusal_s", "estimate", "gauge", "seconds"),
    ("dryport_first_refusal_low_seconds", "first_refusal_s", "ci_low", "gauge", "seconds"),
    ("dryport_first_refusal_high_seconds", "first_refusal_s", "ci_high", "gauge", "seconds"),
    ("dryport_attempts", "attempts_total", "estimate", "counter", ""),
    ("dryport_refused", "refused_total", "estimate", "counter", ""),
    ("dryport_requests_lost", "requests_lost_total", "estimate", "counter", ""),
];

/// A second host, whose TIME-WAITs may be taken over after a second: some are then reusable at the end.
const SECOND_HOST: &str = "[[host]]
name = \"batch\"
port_range = \"40000-40099\"
time_wait = \"5s\"
tw_reuse = \"on\"
[[client]]
name = \"nightly\"
host = \"batch\"
to = \"db\"
arrivals = { poisson = { rate = \"8/s\" } }
lifetime = { exponential = { mean = \"2s\" } }
";

#[test]
fn the_end_state_is_that_of_the_tables() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("s.toml"), FORTY_PORTS.to_owned() + SECOND_HOST).unwrap();
    let ended = dryport(home.path(), &["run", "s.toml", "--quiet", "--openmetrics", "metrics/s.txt"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let mut families = parse(&fs::read_to_string(home.path().join("metrics/s.txt")).unwrap());
    let run = families.remove("dryport_run").unwrap();
    let labels = &run.samples[0].0;
    let told = ["scenario", "seed", "replications", "confidence", "version"].map(|label| labels[label].as_str());
    assert_eq!(told, ["s", "60327", "12", "0.95", env!("CARGO_PKG_VERSION")]);

    let summary = rows(&home.path().join("output/s/summary.csv"));
    for (name, metric, column, kind, unit) in OURS {
        let family = families.remove(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((family.kind.as_str(), family.unit.as_str()), (kind, unit), "{name}");
        let there = summary.iter().filter(|row| row["metric"] == metric && !row[column].is_empty());
        let expected: Vec<_> = there.map(|row| (row["scope"].clone(), row[column].parse::<f64>().unwrap())).collect();
        let found: Vec<_> = family.samples.iter().map(|(labels, value)| (labels["scope"].clone(), *value)).collect();
        assert_eq!(found, expected, "{name}");
        assert!(!found.is_empty() && family.samples.iter().all(|(labels, _)| labels["scenario"] == "s"), "{name}");
    }

    // What the exporter would say: the last row of each run, and the connects of the window.
    let series = rows(&home.path().join("output/s/timeseries.csv"));
    let last = |host: &str, columns: &[&str]| {
        let of_host = series.iter().filter(|row| row["scope"] == format!("host:{host}"));
        let at_end = of_host.filter(|row| row["time_s"] == "60");
        let sums = at_end.map(|row| columns.iter().map(|column| row[*column].parse::<f64>().unwrap()).sum::<f64>());
        let sums: Vec<f64> = sums.collect();
        assert_eq!(sums.len(), 12);
        sums.iter().sum::<f64>() / 12.0
    };
    let connects = |host: &str| {
        let is_it = |row: &&BTreeMap<_, _>| row["scope"] == format!("host:{host}") && row["metric"] == "connects_total";
        summary.iter().find(is_it).unwrap()["estimate"].parse::<f64>().unwrap()
    };
    assert!(last("batch", &["reusable_ports"]) > 0.0);
    let open = ["gateway", "batch"].map(|host| last(host, &["established_ports"]));
    let waiting = ["gateway", "batch"].map(|host| last(host, &["time_wait_ports", "reusable_ports"]));
    for (name, kind, expected) in [
        ("node_sockstat_TCP_inuse", "gauge", open),
        ("node_sockstat_TCP_tw", "gauge", waiting),
        ("node_netstat_Tcp_CurrEstab", "unknown", open),
        ("node_netstat_Tcp_ActiveOpens", "unknown", ["gateway", "batch"].map(connects)),
    ] {
        let family = families.remove(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((family.kind.as_str(), family.unit.as_str(), family.samples.len()), (kind, "", 2), "{name}");
        for ((labels, value), (host, expected)) in family.samples.iter().zip(["gateway", "batch"].iter().zip(expected))
        {
            let told = ["source", "scenario", "host"].map(|label| labels[label].as_str());
            assert_eq!((told, labels.len()), (["dryport", "s", host], 3), "{name}");
            assert!((value - expected).abs() <= 1e-12 * expected && *value > 0.0, "{name}: {value}, {expected}");
        }
    }
    assert_eq!(families.keys().collect::<BTreeSet<_>>(), BTreeSet::new(), "every family was looked at");

    // What is there stays, unless it may go.
    let again = dryport(home.path(), &["run", "s.toml", "--quiet", "--openmetrics", "metrics/s.txt"]);
    assert_eq!((again.code, again.err.contains("exists already")), (1, true), "{}", again.err);
}

#[test]
fn the_reader_is_strict() {
    let good = "# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s is \\\"a\\\"\na_s{b=\"\\\\\",c=\"} \\\"\"} 1.5\n# EOF\n";
    assert_eq!(parse(good)["a_s"].samples[0].0["c"], "} \"");
    for (from, to) in [
        ("# EOF\n", "# EOF"),
        ("# UNIT a_s s", "# UNIT a_s ms"),
        ("gauge", "untyped"),
        ("gauge", "counter"),
        ("\\\"a\\\"", "\"a\""),
        ("a_s{b", "a_s {b"),
        ("c=", "b="),
        (",c", ",,c"),
        ("1.5", "NaN"),
        ("1.5", "1.5 "),
        ("1.5\n", "1.5\n\n"),
        ("1.5\n", "1.5\n# TYPE a_s gauge\n# HELP a_s twice\na_s{} 1\n"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(std::panic::catch_unwind(|| parse(&bad)).is_err(), "{bad}");
    }
}
