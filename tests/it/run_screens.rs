//! What `dryport run` says, screen by screen: the three verdicts of ../shared/screens.md, and every shape a summary takes.

use crate::command::{FORTY_PORTS, assert_screen, dryport, dryport_reading, root};
use std::fs;
use std::path::Path;

/// A folder with `s.toml` in it, which is `text`.
fn home(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("s.toml"), text).expect("the folder is ours");
    folder
}

/// The screen of a run, which is golden file `run-NAME.txt`.
fn screen(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let ended = dryport(folder, &[&["run"], arguments].concat());
    assert!([0, 99].contains(&ended.code), "{name}: {}", ended.err);
    assert_screen(&format!("run-{name}"), &ended.out);
    ended.out
}

fn quickstart(name: &str, rate: &str, verdict: &str) {
    let home = tempfile::tempdir().expect("a folder can be made");
    let scenario = root().join("scenarios/quickstart.toml");
    let set = format!("client.checkout.arrivals.poisson.rate={rate}");
    let text = screen(name, home.path(), &[scenario.to_str().expect("a name in UTF-8"), "--set", &set]);
    assert!(text.starts_with(verdict), "{text}");
}

#[test]
fn the_quickstart_may_run_out() {
    quickstart("may-run-out", "450/s", "MAY RUN OUT  checkout -> orders-db: connects refused in 18 of 20 runs of ");
}

#[test]
fn at_500_a_second_it_runs_out() {
    quickstart("runs-out", "500/s", "RUNS OUT     checkout -> orders-db: connects refused in 20 of 20 runs of ");
}

#[test]
fn at_430_a_second_it_was_not_seen() {
    quickstart("not-seen", "430/s", "NOT SEEN     checkout -> orders-db: no connect refused in 20 runs of 10 min\n");
}

#[test]
fn at_10_a_second_there_is_time_for_an_alert() {
    quickstart("calm", "10/s", "NOT SEEN ");
}

/// Two destinations and three clients on one host, one of them refused in every run.
const SEVERAL: &str = r#"
schema = 1
[run]
duration     = "60s"
replications = 8
[[host]]
name       = "gateway"
port_range = "40000-40099"
time_wait  = "20s"
[[destination]]
name = "orders-db"
[[destination]]
name = "a-cache-whose-name-is-longer-than-most"
[[client]]
name     = "checkout"
host     = "gateway"
to       = "orders-db"
arrivals = { poisson = { rate = "6/s" } }
lifetime = { exponential = { mean = "50ms" } }
retry    = { attempts = 2, delay = "500ms" }
[[client]]
name     = "search"
host     = "gateway"
to       = "a-cache-whose-name-is-longer-than-most"
arrivals = { poisson = { rate = "4/s" } }
lifetime = { exponential = { mean = "50ms" } }
[[client]]
name     = "audit"
host     = "gateway"
to       = { orders-db = 0.1, a-cache-whose-name-is-longer-than-most = 0.9 }
arrivals = { constant = { rate = "1/5s" } }
lifetime = { constant = { value = "1s" } }
"#;

#[test]
fn of_several_the_worst_comes_first_and_a_table_shows_all() {
    let text = screen("several", home(SEVERAL).path(), &["s.toml"]);
    assert!(text.starts_with("RUNS OUT     checkout (+1 of 2 more) -> orders-db (1 of 2 destinations):"), "{text}");
    let calm = ["s.toml", "--set", "host.gateway.port_range=40000-49999"];
    assert!(screen("several-calm", home(SEVERAL).path(), &calm).starts_with("NOT SEEN "));
}

#[test]
fn two_scenarios_are_told_one_after_the_other() {
    let home = home(&SEVERAL.replace("6/s", "3/s"));
    fs::write(home.path().join("t.toml"), ONE).expect("the folder is ours");
    screen("two-scenarios", home.path(), &["s.toml", "t.toml"]);
}

/// One port, one run, and a system that shares ports between destinations.
const ONE: &str = r#"
schema = 1
[run]
duration     = "60s"
warm_up      = "5s"
replications = 1
[[host]]
name       = "laptop"
profile    = "macos"
port_range = "50000-50000"
[[destination]]
name = "api"
[[client]]
name     = "app"
host     = "laptop"
to       = "api"
arrivals = { constant = { rate = "1/10s" } }
lifetime = { constant = { value = "1s" } }
"#;

#[test]
fn one_run_of_one_port_claims_little() {
    let home = home(ONE);
    screen("one", home.path(), &["s.toml"]);
    screen("one-90", home.path(), &["s.toml", "--set", "run.replications=2", "--confidence", "90%"]);
}

#[test]
fn a_recording_may_have_no_row_in_the_window() {
    let home = home(&ONE.replace("constant = { rate = \"1/10s\" }", "trace = { file = \"t.csv\" }"));
    fs::write(home.path().join("t.csv"), "time_s,lifetime_s\n90,2\n").expect("the folder is ours");
    screen("idle", home.path(), &["s.toml"]);
    fs::write(home.path().join("t.csv"), "time_s,lifetime_s\n1,2\n2,2\n59,2\n").expect("the folder is ours");
    screen("trace", home.path(), &["s.toml", "--set", "run.replications=40"]);
}

#[test]
fn gates_stand_before_the_files() {
    let asserts = "[[assert]]\nthat = \"exhaustion_probability <= 0.01\"\n\
        [[assert]]\nthat = \"requests_lost_ratio <= 30%\"\nscope = \"client:checkout\"\n\
        [[assert]]\nthat = \"first_refusal_s == never\"\nscope = \"client:audit\"\n\
        [[assert]]\nthat = \"busy_ports_mean >= 126\"\n";
    let home = home(&format!("{SEVERAL}{asserts}"));
    let fail_if = ["--fail-if", "first_refusal_s < 10s", "--fail-if", "exhaustion_probability > 99%"];
    screen("gates", home.path(), &[&["s.toml"], &fail_if[..]].concat());
}

/// One document, whatever the number of scenarios; from standard input too.
#[test]
fn json_says_the_same() {
    let home = home(&SEVERAL.replace("[[host]]", "[[assert]]\nthat = \"refused_ratio <= 30%\"\n[[host]]"));
    fs::write(home.path().join("t.toml"), ONE).expect("the folder is ours");
    let text = screen("json", home.path(), &["s.toml", "t.toml", "--json"]);
    let both: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let piped = dryport_reading(home.path(), &["run", "-", "--json"], ONE);
    let alone: serde_json::Value = serde_json::from_str(&piped.out).expect("it is JSON");
    assert_eq!((&alone["verdict"], &alone["runs"][0]["scenario"]), (&"RUNS OUT".into(), &"stdin".into()));
    assert_eq!(alone["runs"][0]["figures"], both["runs"][1]["figures"]);
}

/// Twenty ports, of which some five are wanted.
const RARE: &str = r#"
schema = 1
[run]
duration     = "200s"
warm_up      = "auto"
replications = 4
[[host]]
name       = "gateway"
port_range = "40000-40019"
time_wait  = "600ms"
[[destination]]
name = "orders-db"
[[client]]
name     = "checkout"
host     = "gateway"
to       = "orders-db"
arrivals = { poisson = { rate = "8/s" } }
lifetime = { exponential = { mean = "50ms" } }
"#;

#[test]
fn what_counting_cannot_see_is_estimated_or_said_not_to_be() {
    let home = home(RARE);
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let of = |name: &str, more: &[&str]| {
        fold(&screen(name, home.path(), &[&["s.toml", "--rare", "--force"], more].concat()))
    };
    let text = of("rare-formula", &[]);
    assert!(text.contains("Rare 4.7e-7 of connect() calls refused; closed form: Erlang B"), "{text}");
    // Retries are in no formula, and here hardly ever made: the figure is much the same.
    // What is estimated decides a gate that the runs leave open.
    let gate = ["--fail-if", "refused_ratio > 0.00001"];
    let text = of("rare-splitting", &[&["--set", "client.checkout.retry.attempts=3"], &gate[..]].concat());
    assert!(text.contains("ok --fail-if refused_ratio > 0.00001") && text.contains("--rare finds "), "{text}");
    assert!(text.contains("of connect() calls refused (95 % CI ") && text.contains("; splitting, "), "{text}");
    let figures = fs::read_to_string(home.path().join("output/s/summary.csv")).expect("it was written");
    let row = figures.lines().last().expect("a row");
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!(cells[..5], ["s", "", "all", "refused_ratio_rare", "ratio"], "{row}");
    let [ratio, low, high] = [5, 6, 7].map(|place: usize| cells[place].parse::<f64>().expect("a number"));
    assert!(low < ratio && ratio < high && low < 4.7e-7 && 4.7e-7 < high, "{row}");
    // So rare that a bound says enough: nothing is split.
    let bound = ["--set", "client.checkout.arrivals.poisson.rate=1/s", "--set", "run.warm_up=0s"];
    let text = of("rare-bound", &bound);
    assert!(text.contains("Rare at most ") && text.contains("closed form, a bound"), "{text}");
    // Nothing is drawn: no copy goes another way.
    fs::write(home.path().join("t.csv"), "time_s,lifetime_s\n1,2\n2,2\n59,2\n").expect("the folder is ours");
    let text = of("rare-none", &["--set", "client.checkout.arrivals={ trace = { file = \"t.csv\" } }"]);
    assert!(text.contains("not estimable: no refusal seen"), "{text}");
    // Enough were counted.
    let text = of("rare-counted", &["--set", "client.checkout.arrivals.poisson.rate=40/s"]);
    assert!(!text.contains("Rare"), "{text}");
}

/// Few runs, which `--precision` adds to.
fn narrow() -> tempfile::TempDir {
    home(&FORTY_PORTS.replace("replications = 12", "replications = 4"))
}

#[test]
fn runs_are_added_until_a_figure_is_known_well_enough() {
    let folder = narrow();
    let text = screen("precision", folder.path(), &["s.toml", "--precision", "5%"]);
    assert!(text.contains("\nPrecision    refused_ratio is known to "), "{text}");
    let manifest = fs::read_to_string(folder.path().join("output/s/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert!(manifest["replications"].as_u64().unwrap() > 20, "{}", manifest["replications"]);
    assert_eq!(manifest["precision"]["share"], 0.05);
}

#[test]
fn when_the_cap_stops_it_the_summary_says_so() {
    let folder = narrow();
    let arguments = ["s.toml", "--precision", "1%", "--max-replications", "30"];
    let text = screen("precision-capped", folder.path(), &arguments);
    assert!(text.contains("refused_ratio is known to 7.3 % only: 30 runs were the most\n"), "{text}");
    let calm =
        ["s.toml", "--set", "client.web.arrivals.poisson.rate=1/s", "--precision", "5%", "--max-replications", "12"];
    let text = screen("precision-never", folder.path(), &calm);
    assert!(text.contains("refused_ratio is never seen in 12 runs, the most allowed; 5 %"), "{text}");
}

#[test]
fn a_precision_that_cannot_be_is_refused() {
    let folder = narrow();
    for (precision, told) in [
        ("0%", "between 0.1 % and 50 %"),
        ("5", "between 0.1 % and 50 %"),
        ("refused_rati=5%", "did you mean refused_ratio?"),
        ("busy_ports_peak=5%", "has no interval that becomes narrower"),
    ] {
        let ended = dryport(folder.path(), &["run", "s.toml", "--precision", precision]);
        let words = ended.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ended.code, words.contains(told)), (2, true), "{precision}: {words}");
    }
}

#[test]
fn what_is_left_of_the_start_is_told_where_a_steady_state_was_meant() {
    let home = home(FORTY_PORTS);
    let run = |name: &str, sets: &[&str]| {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        screen(name, home.path(), &[&["s.toml", "--force"], &sets[..]].concat())
    };
    let roomy = ["host.gateway.port_range=40000-40999", "host.gateway.time_wait=20s"];
    let filling = run("still-filling", &[&roomy[..], &["run.warm_up=1s"]].concat());
    assert!(filling.contains("busy ports still rise in the first "), "{filling}");
    let over = ["client.web.arrivals.poisson.rate=30/s", "run.duration=9s"];
    let echo = run("echo", &[&over[..], &["run.warm_up=20s"]].concat());
    assert!(echo.contains("duration = \"8.2s\""), "{echo}");
    // The cures, and a start that was asked for, are told nothing; far above the ceiling busy ports tell the share.
    for (name, sets) in [
        ("steady", [&roomy[..], &["run.warm_up=auto"]].concat()),
        ("steady-overload", [&over[..], &["run.warm_up=auto"]].concat()),
        ("long-enough", [&over[..], &["run.warm_up=27s"]].concat()),
        ("whole-cycles", [&over[..1], &["run.duration=8.2s", "run.warm_up=20.5s"]].concat()),
        ("from-empty", [&roomy[..], &["run.warm_up=0s"]].concat()),
    ] {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let ended = dryport(home.path(), &[&["run", "s.toml", "--force"], &sets[..]].concat());
        assert!(ended.code == 0 && !ended.out.contains("Steady"), "{name}: {}{}", ended.out, ended.err);
        assert_eq!(
            ended.out.contains("1 - busy ports / offered load"),
            ["steady-overload", "long-enough"].contains(&name),
            "{}",
            ended.out
        );
    }
}
