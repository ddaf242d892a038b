//! Splitting against Erlang's formula, where that is exact, at loads where counting would see nothing.

use super::*;
use crate::scenario::SourceFile;
use crate::theory::erlang_b;
use std::collections::BTreeMap;

/// Connects that hold one of `ports` ports for `life` and a TIME-WAIT of exactly `wait`; `host` are further lines of it.
fn scenario_of(arrivals: &str, ports: u32, life: &str, wait: &str, host: &str) -> Scenario {
    let text = format!(
        "schema = 1\n[run]\nduration = \"20s\"\nwarm_up = \"auto\"\n[[host]]\nname = \"h\"\n\
         port_range = \"10000-{}\"\nallocator = \"sequential\"\ntime_wait = \"{wait}\"\n{host}\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\n\
         host = \"h\"\nto = \"d\"\narrivals = {arrivals}\nlifetime = {life}\n",
        9_999 + ports
    );
    let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    Scenario::read(&SourceFile::new("rare.toml", text), &[], &sources).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(ports: u32, life: &str, wait: &str, host: &str) -> Scenario {
    scenario_of("{ poisson = { rate = \"10/s\" } }", ports, life, wait, host)
}

const EFFORT: Effort = Effort { relative_error: 0.15, work_max: 15_000_000, confidence: 0.95 };

fn of(scenario: &Scenario, jobs: usize) -> Split {
    split(scenario, &EFFORT, jobs, &AtomicBool::new(false)).expect("nobody stops it")
}

fn estimate(scenario: &Scenario) -> Estimate {
    match of(scenario, 2) {
        Split::Estimated(estimate) => estimate,
        Split::NotEstimable(reached) => panic!("{reached:?}"),
    }
}

#[test]
fn rare_refusals_are_as_rare_as_erlang_says() {
    let cases = [
        (5, "{ exponential = { mean = \"30ms\" } }", "30ms", "", 0.6),
        (10, "{ exponential = { mean = \"200ms\" } }", "0s", "", 2.0),
        (10, "{ constant = { value = \"50ms\" } }", "150ms", "", 2.0),
        // Two sets of ports, each with half of the connects.
        (10, "{ exponential = { mean = \"400ms\" } }", "0s", "addresses = 2", 2.0),
    ];
    for (ports, life, wait, host, load) in cases {
        let expected = erlang_b(ports, load);
        let found = estimate(&scenario(ports, life, wait, host));
        let ratio = found.refused_ratio.estimate;
        let z = (ratio - expected) / (found.relative_error * ratio);
        assert!(
            expected < 1e-3 && z.abs() < 4.0,
            "{ports} ports, {load} erlangs: {expected:.3e}, {found:?}, z = {z:.2}"
        );
        assert!(found.relative_error < 0.25 && found.levels > 1, "{found:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_figure() {
    let scenario = scenario(8, "{ exponential = { mean = \"150ms\" } }", "0s", "");
    assert_eq!(of(&scenario, 1), of(&scenario, 3));
}

#[test]
fn what_is_never_refused_is_no_zero() {
    // Connects that come evenly and last equally long take five ports and no more, whatever is drawn.
    let even = "{ constant = { rate = \"10/s\" } }";
    let scenario = scenario_of(even, 8, "{ constant = { value = \"450ms\" } }", "0s", "");
    match of(&scenario, 2) {
        Split::NotEstimable(reached) => assert_eq!(reached.fewest_free, Some(3), "{reached:?}"),
        Split::Estimated(found) => panic!("{found:?}"),
    }
}

#[test]
fn where_the_work_ends_it_says_so_and_is_right_all_the_same() {
    let scenario = scenario(10, "{ exponential = { mean = \"200ms\" } }", "0s", "");
    let effort = Effort { work_max: 3_000_000, relative_error: 0.001, ..EFFORT };
    let Ok(Split::Estimated(found)) = split(&scenario, &effort, 2, &AtomicBool::new(false)) else {
        panic!("some are refused")
    };
    let z = (found.refused_ratio.estimate - erlang_b(10, 2.0)) / (found.relative_error * found.refused_ratio.estimate);
    assert!(found.bounded && z.abs() < 4.0, "{found:?}, z = {z:.2}");
}

#[test]
fn it_stops_when_told() {
    let scenario = scenario(10, "{ exponential = { mean = \"200ms\" } }", "0s", "");
    assert_eq!(split(&scenario, &EFFORT, 1, &AtomicBool::new(true)), Err(Interrupted));
}
