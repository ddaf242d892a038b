//! `dryport calc` from the outside: every kind of screen, the JSON, the scenario behind it, mistakes.

use crate::command::{Ended, assert_screen, dryport, dryport_reading};
use std::path::Path;

fn calc(arguments: &str) -> Ended {
    let arguments: Vec<&str> = std::iter::once("calc").chain(arguments.split_whitespace()).collect();
    dryport(Path::new("."), &arguments)
}

const LOAD: &str = "--lifetime 50ms --rate";

#[test]
fn every_kind_of_answer_has_its_screen() {
    for (name, arguments) in [
        ("tight", "450/s"),
        ("fits", "430/s"),
        ("does-not-fit", "500/s"),
        ("macos", "450/s --profile macos"),
        ("server-closes", "2k/s --closes-first server"),
        ("keep-alive", "4k/s --requests 10"),
        ("lanes", "2k/s --addresses 2 --destinations 3 --window 1h"),
        ("tw-reuse", "20k/s --tw-reuse"),
        ("even", "456/s --arrivals constant"),
        ("no-closed-form", "450/s --arrivals constant --endpoints 2"),
    ] {
        let ended = calc(&format!("{LOAD} {arguments}"));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{name}");
        assert_screen(&format!("calc-{name}"), &ended.out);
    }
}

/// The digits of screens.md, whatever stands around them.
#[test]
fn the_closed_forms_are_those_of_the_design() {
    let screen = calc(&format!("{LOAD} 450/s")).out;
    for figure in [
        "TIGHT",
        "97.3 %",
        "444/s",
        "28,232",
        "61.07 s",
        "61.02 s",
        "60.00 to 62.05 s",
        "2.048 s",
        "27,483",
        "27,944",
        "62.10 s",
        "288 left",
        "444.0/s",
        "442.8/s: per h",
        "450.0/s",
        "454.6/s",
        "459.5/s",
        "61.44 s",
        "470.5/s",
    ] {
        assert!(screen.contains(figure), "{figure}\n{screen}");
    }
}

#[test]
fn the_json_has_the_same_figures() {
    let ended = calc(&format!("{LOAD} 450/s --json"));
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["schema_version"], &document["verdict"]), (&1.into(), &"TIGHT".into()));
    let figure = |name: &str| document["figures"][name].as_f64().unwrap();
    assert_eq!((figure("safe_ports"), figure("safe_range_last")), (28_608.0, 61_375.0));
    assert_eq!(format!("{:.1}", figure("safe_rate_per_s")), "444.0");
    assert_eq!(document["ladder"].as_array().unwrap().len(), 5);
    let none = calc(&format!("{LOAD} 450/s --arrivals constant --endpoints 2 --json")).out;
    let none: serde_json::Value = serde_json::from_str(&none).unwrap();
    assert_eq!(none["verdict"], "NO CLOSED FORM");
    assert!(none["why"].as_str().unwrap().contains("evenly spaced"));
}

/// What is printed when no formula will do works when it is typed, and simulates what was asked for.
#[test]
fn the_scenario_behind_an_answer_can_be_simulated() {
    let load = "--rate 40/min --lifetime 2s --arrivals constant --requests 2 --range 40000-40004 --time-wait 5s \
                --addresses 2 --closes-first client --window 90s";
    let screen = calc(load).out;
    let command = screen.split_once("  dryport").expect("a command").1.replace("\\\n", " ");
    let (made, run) = command.trim().split_once(" | ").unwrap();
    let scenario = calc(made.trim().strip_prefix("calc ").unwrap());
    assert_eq!((scenario.code, run), (0, "dryport run -"));
    let checked = dryport_reading(Path::new("."), &["check", "-", "--allow", "odd-range"], &scenario.out);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""));
    // Twenty connects a minute of 4 s, each held for 9 s.
    let line = "client on host -> destination, 10 ports, 3 erlangs; 20 runs of 90 s, 600 connects";
    assert!(checked.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(line), "{}", checked.out);
}

#[test]
fn mistakes_say_what_to_write() {
    for (arguments, message) in [
        ("--rate 450 --lifetime 50ms", "write \"450/s\""),
        ("--rate 450/s --lifetime 50", "write \"50ms\" or \"50s\""),
        ("--rate 450/s", "--lifetime <TIME>"),
        ("--rate 450/s --lifetime 50ms --range 60999-32768", "swap them"),
        ("--rate 450/s --lifetime 50ms --max-risk 2", "a risk lies between"),
        ("--rate 450/s --lifetime 50ms --window 0s", "longer than zero"),
        ("--rate 450/s --lifetime 50ms --profile linux", "linux-6.18"),
        ("--rate 450/s --lifetime 50ms --profile macos --tw-reuse", "a setting of Linux"),
        ("--rate 450/s --lifetime 50ms --addresses 60000 --endpoints 60000", "65,536"),
        (
            "--rate 1/s --lifetime 3000d --requests 1000000",
            "--lifetime times --requests may be 3653d (10 years) at most",
        ),
        ("--rate 1/3000d --lifetime 1s --requests 1000000", "--rate times --requests may be 3653d"),
        ("--rate 0.001/s --lifetime 1s --requests 1000000", "--rate by --requests must be one connection in 3653d"),
        ("--rate 1/s --lifetime 1s --destinations 65536 --endpoints 65536", "--endpoints may be 65,536 at most"),
        ("--rate 1/s --lifetime 1s --addresses 65536", "lower --addresses, --destinations or --endpoints"),
        ("--rate 100M/s --lifetime 1s --window 3650d", "--rate times --window may be 1 trillion"),
    ] {
        let ended = calc(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments}");
        let told = ended.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(message) && !told.contains("-->"), "{arguments}\n{}", ended.err);
    }
}

/// What was once said wrongly: limits of long lifetimes, rates that round to nothing, ports that nobody holds.
#[test]
fn odd_loads_are_told_as_they_are() {
    for (arguments, said, never) in [
        ("500/s --lifetime 50ms", &["taken about 56.5 s"][..], &["no sooner"][..]),
        ("300/s --lifetime 2m --closes-first server", &["on average no sooner than 94.1 s"], &["about"]),
        ("300/s --lifetime 2m --closes-first server --arrivals constant", &["taken about 94.1 s"], &["no sooner"]),
        ("0.002/s --lifetime 50ms --range 1-1 --window 1d", &["up to 1.1e-5/s is the risk", "0.122"], &[" 0/s"]),
        (
            "450/s --lifetime 50ms --range 1-1",
            &["1.3e-4/s up to here", "(5.4e-5/s: per h)", "one port lets through", "it is taken about"],
            &["0.0001/s", "all are"],
        ),
        ("1/3000d --lifetime 50ms", &["FITS 3.9e-9/s keep", "<------ 3.9e-9/s"], &[" 0/s", "0.0000"]),
        ("450/s --lifetime 0s --time-wait 0s", &["FITS no port is ever held"], &["inf", "615", "up to here"]),
        ("40/s --lifetime 30d", &["DOES NOT FIT 40/s are more", "start, not within 10 min"], &["for ever"]),
        ("457/s --lifetime 50ms", &["DOES NOT FIT", "want 28,379 ports", "147 too many"], &["TIGHT"]),
        ("444/s --lifetime 50ms", &["FITS", "no more than now"], &["would fit"]),
        (
            "40/s --lifetime 30d --window 10min",
            &["FITS", "not for ever: 40/s are more than the 0.0109/s", "too many after this window"],
            &["usually quoted", "taken about"],
        ),
        (
            "40/s --lifetime 30d --arrivals constant --window 10min",
            &["FITS", "for long only 0.0108/s fit; that begins at 47.05/s", "not for ever"],
            &["usually quoted"],
        ),
        ("450/s --lifetime 0s", &["up to 444.3/s is", "444.3/s up to here"], &["444.4"]),
        ("450/s --lifetime 50ms --window 3650d", &["up to 437.4/s", "437.4/s up to here"], &["437.5"]),
        ("2k/s --lifetime 50ms --closes-first server", &["near 544,625/s", "544,625/s up to here"], &["544,600"]),
    ] {
        let ended = calc(&format!("--rate {arguments}"));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments}");
        let told = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = said.iter().all(|text| told.contains(text)) && !never.iter().any(|text| told.contains(text));
        assert!(is_said && ended.out.lines().all(|line| line.len() <= 80), "{arguments}\n{}", ended.out);
    }
}
