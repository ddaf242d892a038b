//! A8, A9: verdicts that say how sure they are, and reasons that are true.

use super::{said, take};
use std::path::Path;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(folder: &Path, file: &str, more: &[&str]) -> String {
    words(&said(folder, &[&["run", file, "--force", "--out", "x"][..], more].concat()))
}

/// A8: 50,000 even connects on 28,232 ports are a count, not a chance, in however many runs.
#[test]
fn a_count_is_certain() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    let screen = run(home.path(), "certain.toml", &[]);
    let certain = "How sure certain (risk 1), as it is a count: evenly spaced connects of equal length, the 28,233rd connect \
                   comes at 5.65 s";
    assert!(screen.contains(certain), "{screen}");
    assert!(std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap().contains(",formula_risk_min,ratio,1,"));
}

/// A8: what is a count from an empty range on is one after a warm-up, and beside another arm.
#[test]
fn a_count_is_certain_after_a_warm_up_and_in_a_comparison() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    for warm_up in ["run.warm_up=70s", "run.warm_up=71s", "run.warm_up=1h"] {
        let screen = run(home.path(), "certain.toml", &["--set", warm_up]);
        let certain = "How sure certain (risk 1), as it is a count: evenly spaced connects of equal length, more come than \
                       ports can come back";
        assert!(screen.contains(certain), "{warm_up}: {screen}");
    }
    let over = ["--over", "client.bench.arrivals.constant.rate=5000/s,100/s"];
    let screen = words(&said(home.path(), &[&["compare", "certain.toml", "--out", "c"][..], &over].concat()));
    assert!(screen.contains("0/3 none never") && screen.contains("3/3 certain 5.65 s"), "{screen}");
}

/// A8: a lower bound after a warm-up is one: at most one connect per port gets through within the shortest hold.
#[test]
fn more_than_can_come_back_are_refused_after_a_warm_up_too() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    let sets = [
        "client.bench.arrivals={ poisson = { rate = \"1.2/s\" } }",
        "host.h.port_range=40000-40009",
        "host.h.time_wait=10s",
        "run.warm_up=1min",
        "run.replications=400",
    ];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    run(home.path(), "certain.toml", &sets);
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    let row = |name: &str| summary.lines().find(|line| line.contains(&format!(",all,{name},"))).unwrap().to_owned();
    let field = |row: &str, column: usize| row.split(',').nth(column).unwrap().parse::<f64>().unwrap();
    let (least, seen) = (row("formula_risk_min"), row("exhaustion_probability"));
    // P(Poisson(12) > 10) = 0.6528.
    assert!((field(&least, 5) - 0.6528).abs() < 1e-4, "{least}");
    assert!(least.contains("count of connects before a port can come back") && field(&seen, 6) > 0.6528, "{seen}");
    // Nor are refusals of the warm-up ones of the window where they come back: in 1 s hardly any port is asked for.
    let retries = "client.bench.retry={ attempts = 3, delay = \"1s\" }";
    let short = [&sets[..], &["--set", retries, "--set", "run.duration=1s", "--set", "run.replications=2"]].concat();
    run(home.path(), "certain.toml", &short);
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    let least = summary.lines().find(|line| line.contains(",all,formula_risk_min,")).unwrap();
    // P(Poisson(1.2) > 10), where P(Poisson(12) > 10) stood.
    assert!(field(least, 5) < 1e-6, "{least}");
}

/// A8: one long run is no sample of runs: shares of its time and its attempts are told.
#[test]
fn one_run_is_told_by_shares() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "twice-overloaded.toml");
    let screen =
        run(home.path(), "twice-overloaded.toml", &["--set", "run.replications=1", "--set", "run.duration=1min"]);
    assert!(screen.contains("How sure one run is no sample of runs; in it"), "{screen}");
    assert!(screen.contains("connect() calls were refused") && !screen.contains("> 5 %"), "{screen}");
    assert!(screen.contains("and some set of ports was full"), "{screen}");
}

/// A8: no warm-up of 15 days is offered for a window of 5 minutes, and what misses the long run is not to be trusted for it.
#[test]
fn an_echo_that_lasts_for_days_asks_for_whole_cycles() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "twice-overloaded.toml");
    let screen = run(home.path(), "twice-overloaded.toml", &["--set", "run.replications=2"]);
    let advice = "for 15 d 12 h: write warm_up = \"614.4s\" and duration = \"307.2s\", whole cycles";
    assert!(screen.contains(advice), "{screen}");
    assert!(!screen.contains("warm_up = \"1338412s\"") && !screen.contains("Trust the simulation"), "{screen}");
    assert!(screen.contains("so that this window is not the long run: see Steady"), "{screen}");
    // Whole cycles alone have the filling of an empty range in them: 51.6 % are refused.
    let whole = ["--set", "run.duration=307.2s", "--set", "run.replications=2"];
    let screen = run(home.path(), "twice-overloaded.toml", &whole);
    assert!(screen.contains(advice) && !screen.contains("Trust the simulation"), "{screen}");
    // Who does as told sees the long run: 50.97 % in 5 runs of 100 cycles after 100 cycles.
    let told = [&whole[..], &["--set", "run.warm_up=614.4s"]].concat();
    let screen = run(home.path(), "twice-overloaded.toml", &told);
    assert!(!screen.contains("Steady"), "{screen}");
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    let row = summary.lines().find(|line| line.contains(",all,refused_ratio,")).unwrap();
    let refused: f64 = row.split(',').nth(5).unwrap().parse().unwrap();
    assert!((refused - 0.5097).abs() < 0.002, "{refused}");
}

/// A8: evenly spaced connects begin with one at once, half a connect more than their rate; what reads alike does not part.
#[test]
fn what_reads_alike_does_not_part() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "constant-even.toml");
    let screen = run(home.path(), "constant-even.toml", &["--set", "run.replications=2"]);
    assert!(screen.contains("mean busy ports 2,467 2,467 (2,467 to 2,467) Watch"), "{screen}");
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    let figure = |name: &str| -> f64 {
        let row = summary.lines().find(|line| line.contains(&format!(",all,{name},"))).unwrap();
        row.split(',').nth(5).unwrap().parse().unwrap()
    };
    let (formula, simulated) = (figure("formula_busy_ports_mean"), figure("busy_ports_mean"));
    // Without the half it was 0.10 ports less; where the grid lies is drawn.
    assert!((formula - simulated).abs() < 0.05, "{formula} {simulated}");
}

/// A9: what is usually quoted divides by the wait that the kernel names, and why that becomes more is said.
#[test]
fn the_figure_usually_quoted_is_of_the_wait_that_is_named() {
    let screen =
        words(&said(Path::new("."), &["calc", "--rate", "300/s", "--lifetime", "50ms", "--profile", "linux-3.10"]));
    assert!(screen.contains("470.6/s 28,233 / 60 s: the figure usually quoted"), "{screen}");
    assert!(
        !screen.contains("289.6/s") && screen.contains("60.00 s become this because one timer for all"),
        "{screen}"
    );
}

/// A9: the cure of bind(0) is offered by run, with what the lint knows of it; compare says why a rate is not told.
#[test]
fn the_cure_of_bind_zero_is_offered() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "bind-zero-many-endpoints.toml");
    let screen = run(home.path(), "bind-zero-many-endpoints.toml", &["--set", "run.replications=2"]);
    assert!(screen.contains("Lint bind-zero: bind() before connect(): 10 ports for all 254 endpoints"), "{screen}");
    let change = screen.split_once("Change").expect("it is there").1;
    assert!(
        change.contains(
            "worth a run of its own, as no formula proves that it lasts: bind = \"address-no-port\", with which connect() \
             chooses, from a range for each of 254"
        ),
        "{change}"
    );
    let over = ["--over", "client.curl.bind=bind-zero,address-no-port", "--set", "run.replications=2"];
    let compare = [&["compare", "bind-zero-many-endpoints.toml", "--out", "c"][..], &over].concat();
    let screen = words(&said(home.path(), &compare));
    assert!(screen.contains("No rate address-no-port: endpoints are not drawn at random"), "{screen}");
}

/// A9: what a window can want is no more than what comes in it.
#[test]
fn a_short_window_wants_what_comes_in_it() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    let sets = ["host.h.addresses=3", "client.bench.lifetime.constant.value=3660s", "run.replications=1"];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let screen = run(home.path(), "certain.toml", &sets);
    assert!(screen.contains("50,000 wanted within 10 s (18,605,120 if it went on for long)"), "{screen}");
}

/// A9: check says in one line that a load runs out, where a formula knows.
#[test]
fn check_says_that_a_load_runs_out() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    let ended = crate::command::dryport(home.path(), &["check", "certain.toml"]);
    assert_eq!(ended.code, 0);
    let told = words(&ended.err);
    assert!(told.contains("runs out of ports for certain within the window, by closed form: 5,000/s wanted"), "{told}");
    let calm = ["check", "certain.toml", "--set", "client.bench.arrivals.constant.rate=100/s"];
    assert_eq!(crate::command::dryport(home.path(), &calm).err, "");
    // Of several clients one is enough.
    take(home.path(), "two-destinations-one-full.toml");
    let ended = crate::command::dryport(home.path(), &["check", "two-destinations-one-full.toml"]);
    let told = words(&ended.err);
    assert!(told.contains("c alone runs out of ports for certain within the window"), "{told}");
    assert!(told.contains("5/s wanted, 4.589/s get through for long"), "{told}");
}
