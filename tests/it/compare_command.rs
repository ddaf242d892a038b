//! `dryport compare`: screens, files, determinism, and what common random numbers save.

use crate::command::{FORTY_PORTS, assert_screen, dryport, root, tree};
use std::fs;
use std::path::Path;

/// Load that is refused now and then.
const RARER: &str = "client.web.arrivals.poisson.rate=15/s";

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("s.toml"), FORTY_PORTS).expect("the folder is ours");
    folder
}

/// The screen of a comparison, which is golden file `compare-NAME.txt`.
fn screen(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let ended = dryport(folder, &[&["compare"], arguments].concat());
    assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    assert!(ended.out.lines().all(|line| line.len() <= 80), "{}", ended.out);
    assert_screen(&format!("compare-{name}"), &ended.out);
    ended.out
}

#[test]
fn ranges_are_compared_as_in_the_picture() {
    let folder = home();
    let scenario = root().join("scenarios/quickstart.toml");
    let over = "host.gateway.port_range=49152-65535,32768-60999,1024-65535";
    let text = screen("ranges", folder.path(), &[scenario.to_str().expect("a name in UTF-8"), "--over", over]);
    assert!(text.starts_with("1024-65535 IS SAFEST: refused in 0 of 20 runs, against 18 of 20 with 32768-60999"));
    let tables = ["summary.csv", "differences.csv", "replications.csv", "timeseries.csv"];
    for file in tables.into_iter().chain(["comparison.png", "arms.png", "manifest.json"]) {
        assert!(folder.path().join("output/quickstart-compare").join(file).is_file(), "{file}");
    }
}

#[test]
fn each_set_is_an_arm_beside_the_file() {
    let sets =
        ["--set", "host.gateway.time_wait=1s", "--set", "host.gateway.addresses=2", "--set", "run.replications=8"];
    let text = screen("sets", home().path(), &[&["s.toml"], &sets[..]].concat());
    assert!(text.contains("now") && text.contains("time_wait=1s") && text.contains("0/8"), "{text}");
}

#[test]
fn what_does_not_differ_is_said_to_be_equal() {
    let over = "host.gateway.port_range=40000-40499,41000-41499";
    let text = screen("equal", home().path(), &["s.toml", "--over", over]);
    assert!(text.starts_with("NOT TOLD APART: 40000-40499 AND 41000-41499"), "{text}");
}

#[test]
fn what_is_too_close_is_said_to_be() {
    let over = "client.web.lifetime.exponential.mean=50ms,60ms";
    let text =
        screen("close", home().path(), &["s.toml", "--over", over, "--set", "run.replications=4", "--set", RARER]);
    assert!(text.starts_with("TOO CLOSE TO CALL: 50ms before 60ms: "), "{text}");
}

#[test]
fn pairs_are_counted_by_the_figures_of_their_runs() {
    let folder = home();
    let over = "host.gateway.port_range=40000-40035,40000-40037";
    let seldom = "client.web.arrivals.poisson.rate=12/s";
    let ended = dryport(folder.path(), &["compare", "s.toml", "--over", over, "--set", seldom]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let read = |file: &str| {
        let text = fs::read_to_string(folder.path().join("output/s-compare").join(file)).expect("it was written");
        let rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        rows.collect::<Vec<_>>()
    };
    let place = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|cell| cell == name).expect("a column");
    let runs = read("replications.csv");
    let [variant, scope, metric, value] = ["variant", "scope", "metric", "value"].map(|name| place(&runs, name));
    let ratios = |arm: &str| -> Vec<f64> {
        let is_it =
            |row: &&Vec<String>| row[variant].ends_with(arm) && row[scope] == "all" && row[metric] == "refused_ratio";
        runs[1..].iter().filter(is_it).map(|row| row[value].parse().expect("a number")).collect()
    };
    let (narrow, wide) = (ratios("40035"), ratios("40037"));
    let count = |holds: fn(&f64, &f64) -> bool| {
        wide.iter().zip(&narrow).filter(|(wide, narrow)| holds(wide, narrow)).count().to_string()
    };
    let wanted = [count(|wide, narrow| wide > narrow), count(|wide, narrow| wide < narrow)];
    assert!(wanted[0] == "0" && wanted[1] != "0" && wanted[1] != "12", "some pairs differ: {wanted:?}");
    let found = read("differences.csv");
    let metric = place(&found, "metric");
    let row = found.iter().find(|row| row[metric] == "refused_ratio").expect("it is compared by that");
    assert_eq!(["higher", "lower"].map(|name| row[place(&found, name)].clone()), wanted);
}

#[test]
fn one_run_ranks_nothing() {
    let folder = home();
    let ended = dryport(folder.path(), &["compare", "s.toml", "--over", "run.replications=1,2"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with("NOT RANKED: refused in ") && !ended.out.contains("SAFEST"), "{}", ended.out);
}

#[test]
fn another_metric_decides_when_it_is_asked_for() {
    let arguments =
        ["s.toml", "--over", "host.gateway.port_range=40000-40039,40000-40059", "--metric", "headroom_ports"];
    let text = screen("metric", home().path(), &arguments);
    assert!(text.starts_with("40000-40059 IS BEST: headroom_ports "), "{text}");
    let json = dryport(home().path(), &[&["compare", "--json"], &arguments[..]].concat());
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["arms"][0]["label"], "40000-40059");
    assert_eq!(json["differences"][0]["variant"], "port_range=40000-40039");
}

#[test]
fn threads_change_no_byte() {
    let (one, two) = (home(), home());
    for (folder, jobs) in [(&one, "1"), (&two, "2")] {
        let over = "client.web.arrivals.poisson.rate=15/s..21/s:3";
        let ended = dryport(folder.path(), &["compare", "s.toml", "--over", over, "--jobs", jobs]);
        assert_eq!(ended.code, 0, "{}", ended.err);
    }
    assert_eq!(tree(&one.path().join("output/s-compare")), tree(&two.path().join("output/s-compare")));
}

/// 28,232 ports against 30,000 at 550/s: issue 5 asks for a fifth.
#[test]
fn common_random_numbers_save_more_than_four_fifths_of_the_runs() {
    let folder = home();
    let scenario = root().join("scenarios/quickstart.toml");
    let arguments = [
        "compare",
        scenario.to_str().expect("a name in UTF-8"),
        "--set",
        "client.checkout.arrivals.poisson.rate=550/s",
        "--over",
        "host.gateway.port_range=32768-60999,31000-60999",
        "--json",
    ];
    let ended = dryport(folder.path(), &arguments);
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let gain = json["differences"][0]["gain"].as_f64().expect("both vary");
    assert!(gain >= 5.0, "{gain}");
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_runs() {
    for (arguments, code, told) in [
        (&["s.toml"][..], 2, "there is one arm only"),
        (&["s.toml", "--over", "host.gateway.port_rang=1-2,3-4"], 2, "did you mean"),
        (&["s.toml", "--over", "host.gateway.port_range=1-2,9-3"], 2, "9-3"),
        (&["s.toml", "--over", "run.duration=1s,2s"], 2, "is measured for 1 s"),
        (&["s.toml", "--over", "run.seed=1..200:200"], 2, "200 arms; at most 100 are compared"),
        (&["s.toml", "--over", "run.seed=1,2", "--scope", "host:x"], 2, "has no scope host:x"),
        (&["s.toml", "--over", "run.seed=1,2", "--metric", "refused_rato"], 2, "did you mean refused_ratio?"),
        (&["s.toml", "s.toml"], 2, "two scenarios are called s"),
        (&["s.toml", "none.toml"], 3, "none.toml"),
    ] {
        let folder = home();
        let ended = dryport(folder.path(), &[&["compare"], arguments].concat());
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(told), "{arguments:?}: {}", ended.err);
        assert!(!folder.path().join("output").exists(), "{arguments:?}");
    }
}

#[test]
fn an_earlier_comparison_of_the_same_file_makes_way() {
    let folder = home();
    let compare = |more: &[&str]| {
        let arguments = [&["compare", "s.toml", "--over", "host.gateway.addresses=1,2"], more].concat();
        dryport(folder.path(), &arguments).code
    };
    assert_eq!([compare(&[]), compare(&[]), compare(&["--out", "here"]), compare(&["--out", "here"])], [0, 0, 0, 1]);
}
