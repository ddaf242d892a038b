//! A7, A9: headroom is that of the fullest lane, since a free port of another lane is none.

use super::{said, take};
use crate::command::dryport;
use serde_json::Value;

/// The row of a metric in a `summary.csv`: its estimate.
fn estimate(summary: &str, scope: &str, metric: &str) -> f64 {
    let cells = summary.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let row = cells.into_iter().find(|cells| cells[2] == scope && cells[3] == metric).expect("the row");
    row[5].parse().expect("a figure")
}

/// Is the estimate of a metric this figure, but for the last digits?
fn is(summary: &str, scope: &str, metric: &str, figure: f64) -> bool {
    (estimate(summary, scope, metric) - figure).abs() < 1e-9
}

/// A7, A9: 8.5 % is left at the hot destination, not 52.4 % of both; on the screen, in the CSV, in JSON, in a gate and in
/// the picture's title.
#[test]
fn headroom_is_that_of_the_hot_destination() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "skewed-destinations.toml");
    let gate = ["--fail-if", "busy_ratio_peak > 0.9"];
    let run = ["run", "skewed-destinations.toml", "--svg", "--out", "x"];
    let ended = dryport(home.path(), &[&run[..], &gate].concat());
    assert_eq!(ended.code, 99, "the hot destination is 91.5 % full: {}", ended.err);
    let screen = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(screen.contains("2,746 of 3,000 ports towards hot: 254 left (8.5 %)"), "{}", ended.out);
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    for scope in ["all", "host:h", "client:c", "destination:hot"] {
        assert!(is(&summary, scope, "headroom_ports", 254.0), "{scope}");
        assert!(is(&summary, scope, "busy_ratio_peak", 2_746.0 / 3_000.0), "{scope}");
    }
    assert!(is(&summary, "destination:cold", "headroom_ports", 2_812.0));
    assert!(is(&summary, "all", "capacity_ports", 6_000.0));
    let title = std::fs::read_to_string(home.path().join("x/occupancy.svg")).unwrap();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(title.contains("2,746 of 3,000 ports busy towards hot in any of 5 runs: 8.5 % left"), "{title}");
    let json = said(home.path(), &["run", "skewed-destinations.toml", "--json", "--out", "y"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][0]["figures"]["headroom_ports"]["estimate"], 254);
}

/// A7: a lane that is exhausted in every run is 100 % full, whatever other lanes have; an empty machine beside it has no
/// port for it either.
#[test]
fn a_lane_that_is_exhausted_is_full() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "two-destinations-one-full.toml");
    let second = "[[host]]\nname = \"idle\"\n[[destination]]\nname = \"f\"\n[[client]]\nname = \"y\"\nhost = \"idle\"\n\
                  to = \"f\"\narrivals = { constant = { rate = \"1/s\" } }\nlifetime = { constant = { value = \"1s\" } }\n";
    let path = home.path().join("two-destinations-one-full.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("replications = 10", "replications = 2");
    std::fs::write(&path, text + second).unwrap();
    let screen = said(home.path(), &["run", "two-destinations-one-full.toml", "--out", "x"]);
    let full =
        |scope: &str| screen.lines().find(|line| line.contains(scope)).is_some_and(|line| line.contains("100 %"));
    assert!(full("host:h ") && full("destination:d ") && !full("host:idle"), "{screen}");
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    for scope in ["all", "host:h", "destination:d"] {
        assert!(is(&summary, scope, "busy_ratio_peak", 1.0), "{scope}");
        assert!(is(&summary, scope, "headroom_ports", 0.0), "{scope}");
    }
    assert!(estimate(&summary, "host:idle", "busy_ratio_peak") < 0.01);
    assert!(estimate(&summary, "all", "busy_ports_peak") < estimate(&summary, "all", "capacity_ports"));
}

/// A7: what the figures mean is said where they are listed.
#[test]
fn the_list_of_metrics_says_what_is_a_sum() {
    let home = tempfile::tempdir().unwrap();
    let list = said(home.path(), &["list", "metrics"]);
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    for metric in ["busy_ports_mean", "busy_ports_peak", "capacity_ports"] {
        let meaning = list.split(metric).nth(1).expect("it is listed");
        let (meaning, _) = meaning.split_at(120.min(meaning.len()));
        assert!(meaning.contains("of all lanes together"), "{metric}{meaning}");
    }
    assert!(list.contains("the highest of any lane") && list.contains("the fewest of any lane"), "{list}");
}
