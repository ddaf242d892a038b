//! `dryport advise`: screens, files, and that the advice is right.

use crate::command::{Ended, FORTY_PORTS, assert_screen, dryport, tree};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    // The wheel of Linux, so that reuse and myths are there to be told.
    let text = FORTY_PORTS.replace("time_wait = \"2s\"\n", "").replace("18/s", "0.6/s").replace("\"60s\"", "\"5m\"");
    fs::write(folder.path().join("s.toml"), text).expect("the folder is ours");
    folder
}

fn advise(folder: &Path, more: &[&str]) -> Ended {
    dryport(folder, &[&["advise", "s.toml"], more].concat())
}

#[test]
fn every_knob_is_told_in_order_and_threads_change_no_byte() {
    let (one, two) = (home(), home());
    let ended = advise(one.path(), &["--jobs", "1"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_screen("advise", &ended.out);
    assert_eq!(advise(two.path(), &["--jobs", "2"]).out, ended.out);
    let folder = |home: &tempfile::TempDir| tree(&home.path().join("output/s-advise"));
    assert_eq!(folder(&one), folder(&two));
    // The picture is drawn from the table alone.
    fs::remove_file(two.path().join("output/s-advise/tornado.png")).expect("it is there");
    let drawn = dryport(two.path(), &["chart", "output/s-advise"]);
    assert_eq!((drawn.code, folder(&one) == folder(&two)), (0, true), "{}", drawn.err);
}

/// No formula knows a host where one client calls `bind()` first and the other does not.
#[test]
fn where_no_formula_knows_the_rate_is_searched_for() {
    let home = home();
    let second = "[[client]]\nname = \"batch\"\nhost = \"gateway\"\nto = \"db\"\nbind = \"bind-zero\"\n\
        arrivals = { constant = { rate = \"0.1/s\" } }\nlifetime = { constant = { value = \"1s\" } }\n";
    let path = home.path().join("s.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + second).unwrap();
    let ended = advise(home.path(), &[]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_screen("advise-searched", &ended.out);
}

/// Hosts take no ports from each other: the one whose ports are wanted most is advised, and it alone.
#[test]
fn of_several_hosts_the_tightest_is_advised() {
    let home = home();
    let second = "[[host]]\nname = \"roomy\"\nport_range = \"1024-65535\"\n[[client]]\nname = \"calm\"\n\
        host = \"roomy\"\nto = \"db\"\narrivals = { poisson = { rate = \"5/s\" } }\n\
        lifetime = { constant = { value = \"50ms\" } }\n";
    let alone = advise(home.path(), &["--json"]);
    let path = home.path().join("s.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + second).unwrap();
    let both = advise(home.path(), &["--json", "--force"]);
    let [alone, both] = [alone, both].map(|ended| serde_json::from_str::<Value>(&ended.out).expect(&ended.err));
    assert_eq!((&both["client"], &both["host"]), (&alone["client"], &alone["host"]));
    let rates = |document: &Value| -> Vec<f64> {
        let all = document["remedies"].as_array().expect("remedies");
        all.iter().map(|remedy| remedy["safe_rate_per_s"].as_f64().unwrap_or(f64::INFINITY)).collect()
    };
    assert_eq!(rates(&both), rates(&alone));
    let screen = advise(home.path(), &["--force"]);
    assert!(screen.out.starts_with("FOR HOST gateway, of whose ports most are wanted. "), "{}", screen.out);
}

#[test]
fn a_remedy_that_is_enough_is_enough_when_it_is_run() {
    let home = home();
    let ended = advise(home.path(), &["--json"]);
    let document: Value = serde_json::from_str(&ended.out).expect("a document");
    let remedies = document["remedies"].as_array().unwrap();
    assert!(remedies.iter().any(|remedy| remedy["effect"] == "myth"));
    for remedy in remedies {
        let sets = remedy["sets"].as_array().unwrap().iter().flat_map(|set| ["--set", set.as_str().unwrap()]);
        let run = ["run", "s.toml", "--json", "--force", "--set", "run.replications=200"];
        let run: Vec<&str> = run.into_iter().chain(sets).collect();
        let found: Value = serde_json::from_str(&dryport(home.path(), &run).out).expect("a document");
        let risk = &found["runs"][0]["figures"]["exhaustion_probability"];
        if remedy["enough"] == true {
            assert!(risk["ci_low"].as_f64().unwrap() <= 0.01, "{remedy}");
        } else {
            assert!(risk["estimate"].as_f64().unwrap() > 0.0, "{remedy}");
        }
    }
}

#[test]
fn a_calm_host_needs_nothing() {
    let home = home();
    let ended = advise(home.path(), &["--set", "client.web.arrivals.poisson.rate=0.1/s"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.out.starts_with("NOTHING NEEDED at 6/min") || ended.out.starts_with("NOTHING NEEDED at 0.1/s"),
        "{}",
        ended.out
    );
    let other = dryport(home.path(), &["advise", "s.toml", "--out", "s.toml"]);
    assert_eq!(other.code, 1, "an input is no place for results: {}", other.err);
}
