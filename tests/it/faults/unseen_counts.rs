//! B13: a count of which nothing was seen has an upper bound, unless nothing that is drawn could have shown another.

use super::take;
use crate::command::dryport;

/// The cells of a metric's row of `summary.csv`.
fn row(summary: &str, scope: &str, metric: &str) -> Vec<String> {
    let cells = summary.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    cells.into_iter().find(|cells| cells[2] == scope && cells[3] == metric).expect("the row")
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a number")
}

/// B13: none of 20 runs had any; 13.9 % of them may, and each of those all of its attempts. A gate is left open, and says
/// what can be claimed.
#[test]
fn none_seen_is_not_none() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "zero-interval.toml");
    let gates =
        ["--fail-if", "refused_total > 0", "--fail-if", "requests_lost_total >= 1", "--fail-if", "outages_total > 0"];
    let run = ["run", "zero-interval.toml", "--seed", "5", "--out", "x"];
    let ended = dryport(home.path(), &[&run[..], &gates].concat());
    assert_eq!(ended.code, 99, "{}", ended.out);
    let said = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(said.matches("UNDECIDED --fail-if").count(), 3, "{said}");
    assert!(said.contains("try exhaustion_probability <= 0.14"), "{said}");
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    for scope in ["all", "client:c", "destination:d"] {
        for (metric, among) in [
            ("refused_total", "attempts_total"),
            ("requests_lost_total", "requests_total"),
            ("outages_total", "attempts_total"),
        ] {
            let (found, all) = (row(&summary, scope, metric), row(&summary, scope, among));
            // 1 - 0.05^(1/20)
            let most = 0.139_108_340_668 * number(&all[5]);
            assert_eq!((found[5].as_str(), found[6].as_str(), found[10].as_str()), ("0", "0", "none seen"), "{metric}");
            assert!((number(&found[7]) / most - 1.0).abs() < 1e-9, "{metric}: {} {most}", found[7]);
        }
    }
    // What it offers does hold.
    let offered = ["--fail-if", "exhaustion_probability > 0.14", "--force"];
    assert_eq!(dryport(home.path(), &[&run[..], &offered].concat()).code, 0);
}

/// B13: evenly spaced connects that last equally long: 0 is 0, in one run as in several.
#[test]
fn none_is_none_where_nothing_is_drawn() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "zero-interval.toml");
    for runs in ["run.replications=1", "run.replications=3"] {
        let even = [
            "client.c.arrivals={ constant = { rate = \"6/s\" } }",
            "client.c.lifetime={ constant = { value = \"1s\" } }",
        ];
        let sets = ["--set", runs, "--set", even[0], "--set", even[1], "--set", "host.h.time_wait=5s"];
        let run = ["run", "zero-interval.toml", "--out", "x", "--force", "--fail-if", "refused_total > 0"];
        let ended = dryport(home.path(), &[&run[..], &sets].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
        let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
        let found = row(&summary, "all", "refused_total");
        assert_eq!((found[5].as_str(), found[10].as_str()), ("0", "mean"));
        assert!(["", "0"].contains(&found[7].as_str()), "{found:?}");
    }
}
