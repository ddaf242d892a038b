//! Whatever is done to a scenario, reading it ends in a scenario or in errors: never in a panic.

use crate::scenario_errors::BASE;
use dryport::scenario::{Scenario, SourceFile};
use std::collections::BTreeMap;

/// A small generator of its own, so that the cases never change with a library.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}

const SCRAPS: &[&str] = &[
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    ".",
    "#",
    "'",
    "\"\"\"",
    "[[host]]\n",
    "0",
    "-1",
    "9e99",
    "nan",
    "inf",
    "\"0s\"",
    "1979-05-27",
    "true",
    "\u{feff}",
    "\u{1f600}",
    "\u{0}",
    "\\",
    "\t",
    "a.b.c = 1\n",
    "name",
    "\"85%\"",
    "{ trace = { file = \"x\" } }",
    "18446744073709551616",
    "timer_wheel",
    "\"1/1ns\"",
    "65536",
    "\"1-65535\"",
];

fn edited(random: &mut Random) -> Vec<u8> {
    let mut bytes = BASE.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..end, SCRAPS[random.below(SCRAPS.len())].bytes())),
            2 => drop(bytes.splice(at..at, SCRAPS[random.below(SCRAPS.len())].bytes())),
            3 => bytes[at] = u8::try_from(random.below(256)).expect("below 256"),
            _ => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                drop(bytes.splice(to..to, copy));
            }
        }
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
    bytes
}

#[test]
fn no_edit_of_a_scenario_makes_the_reader_panic() {
    let mut random = Random(60_327);
    let sources: BTreeMap<String, Vec<u8>> = [("x".to_owned(), b"time_s\n1\n".to_vec())].into();
    let mut valid = 0;
    for case in 0..5000 {
        let bytes = edited(&mut random);
        let path = ["run.duration", "client.checkout.to", "host.gateway.time_wait.exact.wait", "x"][random.below(4)];
        let set = format!("{path}={}", SCRAPS[random.below(SCRAPS.len())]);
        let sets = if case % 4 == 0 { vec![set] } else { Vec::new() };
        match Scenario::read(&SourceFile::new("s.toml", bytes), &sets, &sources) {
            Ok(scenario) => {
                valid += 1;
                assert!(!scenario.understood().is_empty());
            }
            Err(diagnostics) => {
                assert!(diagnostics.count() > 0);
                assert!(diagnostics.to_string().ends_with("nothing was run"));
            }
        }
    }
    assert!(valid > 50, "only {valid} edits left it valid");
}

/// Edits of a JSON scenario.
#[test]
fn no_edit_of_json_makes_the_reader_panic() {
    let base = r#"{"schema": 1, "run": {"duration": "600s"}, "host": [{"name": "g"}], "destination": [{"name": "d"}],
        "client": [{"name": "c", "host": "g", "to": {"d": 1}, "arrivals": {"poisson": {"rate": "1/s"}},
        "lifetime": {"constant": {"value": "1s"}}}]}"#;
    let mut random = Random(7);
    let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for _ in 0..2000 {
        let mut bytes = base.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            let end = (at + random.below(8)).min(bytes.len());
            drop(bytes.splice(at..end, SCRAPS[random.below(SCRAPS.len())].bytes()));
        }
        if let Err(diagnostics) = Scenario::read(&SourceFile::new("-", bytes), &[], &sources) {
            assert!(diagnostics.to_string().contains("error"));
        }
    }
}
