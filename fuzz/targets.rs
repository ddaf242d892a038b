//! What is fuzzed: everything that reads what others wrote. Each target takes any bytes, must not panic, and checks what
//! can be checked: what is read and written again is read as the same, and no message upsets a terminal.
//!
//! Plain functions, so that cargo-fuzz (`fuzz_targets/`) and the loop of ours (`hunt.rs`) call the same ones.

use dryport::inspect::{Socket, socket, sysctl};
use dryport::lint::{Sysctls, lint_scenario, lint_sysctls};
use dryport::report::csv;
use dryport::report::manifest::Manifest;
use dryport::report::schema::{REPLICATIONS, SUMMARY, TIMESERIES};
use dryport::report::sweep::{Cell, CellKey};
use dryport::scenario::{Claim, Condition, ParsedFile, Reading, SourceFile};
use dryport::workload::trace::Trace;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// Its name, that of its corpus too.
    pub(crate) name: &'static str,
    /// What is done with the bytes.
    pub(crate) run: fn(&[u8]),
    /// Words that mean something there, for a mutation to put in.
    pub(crate) words: &'static [&'static str],
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "scenario", run: scenario, words: SCENARIO },
    Target { name: "trace", run: trace, words: TRACE },
    Target { name: "sysctl", run: sysctls, words: SYSCTL },
    Target { name: "claims", run: claims, words: CLAIMS },
    Target { name: "cell", run: cell, words: TABLES },
    Target { name: "manifest", run: manifest, words: MANIFEST },
    Target { name: "proc", run: proc_tables, words: PROC },
];

const SCENARIO: &[&str] = &[
    "schema = 1\n",
    "[run]\n",
    "[[host]]\n",
    "[[client]]\n",
    "[[destination]]\n",
    "[sweep]\n",
    "[[assert]]\n",
    "\"450/s\"",
    "450rps",
    "\"1-65535\"",
    "\"40000 40039\"",
    "warm_up = \"auto\"\n",
    "nan",
    "inf",
    "-1",
    "9e99",
    "18446744073709551616",
    "{ poisson = { rate = \"1/1ns\" } }",
    "{ trace = { file = \"x\" } }",
    "\"3653d\"",
    "\u{202e}",
    "\u{0}",
    "\"\"\"",
    "[",
    "{",
    "keep = \"summary\"\n",
    "run:\n  a: b\n",
    "{\"schema\": 1}",
    "1979-05-27",
];
const TRACE: &[&str] = &[
    "time_s",
    ",client",
    ",destination",
    ",lifetime_s",
    "\n",
    ",",
    "\"",
    "nan",
    "inf",
    "-0",
    "1e308",
    "1e-320",
    "0.0000000001",
    "315360000",
    "\r\n",
    "\u{feff}",
    "99999999999999999999",
];
const SYSCTL: &[&str] = &[
    "net.ipv4.tcp_tw_reuse=1\n",
    "net.ipv4.ip_local_port_range = 1024 65535\n",
    "net/ipv4/",
    "-",
    "#",
    ";",
    "=",
    "\n",
    "65536",
    "0",
    "\u{202e}",
    "netsh int ipv4 ",
    "=dword:",
    "net.ipv4.ip_local_reserved_ports = 1-65535,8080\n",
    "18446744073709551616",
];
const CLAIMS: &[&str] = &[
    "refused_ratio",
    "exhaustion_probability",
    "first_refusal_s",
    " <= ",
    " > ",
    " == ",
    " and ",
    " or ",
    "(",
    ")",
    "never",
    "1%",
    "1e-9",
    "host:a ",
    "client:\"b c\" ",
    "nan",
    "inf",
    "10ms",
    "-0",
    "\u{202e}",
];
const TABLES: &[&str] = &[
    "all",
    "host:h",
    "refused_ratio",
    "ratio",
    ",",
    "\n",
    "\"",
    "-inf",
    "inf",
    "nan",
    "1e308",
    "5e-324",
    "0.95",
    "none seen",
    "# end of cell ",
    "9007199254740993",
    "-0",
    "\r",
];
const MANIFEST: &[&str] = &[
    "\"schema_version\": 1",
    "\"schema_version\": 2",
    "\"confidence\": 2",
    "\"duration_s\": 1e99",
    "null",
    "[]",
    "{}",
    ",",
    ":",
    "\"files\": [\"../x\"]",
    "1e400",
    "-1",
    "18446744073709551616",
    "\"\\ud800\"",
];
const PROC: &[&str] = &[
    "  sl  local_address rem_address   st\n",
    "   0: 0100007F:EBA7 0100007F:1538 06 00000000:00000000 03:00000F9B 00000000     0",
    "00000000000000000000000001000000:0035",
    " 0 0 3 0000000000000000\n",
    "FFFFFFFF",
    ":",
    "\n",
    "0A",
    "32768\t60999",
    "8080,9000-9010",
    "18446744073709551616",
    "-1",
];

/// No message has what would upset a terminal.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|letter| letter == '\n' || !letter.is_control())
}

fn scenario(bytes: &[u8]) {
    let sources = BTreeMap::from([("x".to_owned(), b"time_s\n1\n2\n".to_vec())]);
    for name in ["s.toml", "s.json"] {
        let file = ParsedFile::of(&SourceFile::new(name, bytes));
        match file.read(&[], &sources) {
            Ok(reading) => {
                assert!(is_harmless(&reading.scenario.understood()));
                // Unseen work is bounded: what rules look at is not what would be simulated.
                let doubts = reading.diagnostics(lint_scenario(&reading)).to_string();
                assert!(is_harmless(&doubts), "{doubts}");
                let again = Reading::of(&SourceFile::new(name, bytes), &[], &sources).map(|again| again.scenario);
                assert!(again.is_ok_and(|again| again == reading.scenario), "read twice, it differs");
            }
            Err(faults) => assert!(faults.count() > 0 && is_harmless(&faults.to_string()), "{faults}"),
        }
        // A key that can be one only is taken for it, whatever the file is.
        let _ = file.read(&["rate=5rps".to_owned(), "run.duration=1s".to_owned()], &sources);
    }
}

fn trace(bytes: &[u8]) {
    let path: Arc<str> = "t.csv".into();
    match Trace::parse(&path, bytes) {
        Ok(trace) => assert!(trace.rows.is_sorted_by_key(|row| row.at), "time goes back"),
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| is_harmless(fault)), "{faults:?}"),
    }
}

fn sysctls(bytes: &[u8]) {
    let (sysctls, mut faults) = Sysctls::read(Some(&SourceFile::new("sysctl.conf", bytes)), &[]);
    faults.extend(lint_sysctls(&sysctls));
    let text = sysctls.diagnostics(faults).to_string();
    assert!(is_harmless(&text), "{text}");
    assert!(sysctls.others().count() <= sysctls.count());
}

fn claims(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Condition::of_option("--fail-if", text) {
        Ok(condition) => {
            let shown = condition.to_string();
            let again = Condition::of_option("--fail-if", &shown);
            assert!(again.is_ok_and(|again| again.to_string() == shown), "{text} is shown as {shown}");
        }
        Err(faults) => assert!(is_harmless(&faults.to_string()), "{faults}"),
    }
    if let Ok(claim) = Claim::of_option("--target", text) {
        let shown = claim.to_string();
        let again = Claim::of_option("--target", &shown).map(|again| again.to_string());
        assert!(again.as_ref().is_ok_and(|again| *again == shown), "{text} is shown as {shown}");
    }
}

/// A table that is read is written as one that reads as the same; a cell that was changed is none.
fn cell(bytes: &[u8]) {
    static KEY: LazyLock<CellKey> = LazyLock::new(|| {
        let text = include_str!("corpus/scenario/tiny.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        CellKey::of(&Reading::of(&SourceFile::new("x.toml", text), &[], &sources).expect("it is sound"), 0, 0.95)
    });
    if let Ok(found) = Cell::read(*KEY, bytes) {
        let mut written = Vec::new();
        found.write(*KEY, &mut written).expect("a buffer takes all");
        assert_eq!(written, bytes, "a checksum that holds for something else");
    }
    for columns in [&SUMMARY[2..], REPLICATIONS, TIMESERIES] {
        match csv::read(columns, bytes) {
            Ok(table) => {
                let mut written = Vec::new();
                csv::write(&table, &mut written).expect("a buffer takes all");
                // A number may have been written in another way, such as 266e1, and is then written as we do.
                let again = csv::read(columns, &written[..]).expect("what is written is read");
                let mut twice = Vec::new();
                csv::write(&again, &mut twice).expect("a buffer takes all");
                assert_eq!(String::from_utf8(twice), String::from_utf8(written), "written twice, it differs");
            }
            Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
        }
    }
}

fn manifest(bytes: &[u8]) {
    match Manifest::from_json(bytes) {
        Ok(manifest) => {
            let again = Manifest::from_json(manifest.to_json().as_bytes()).expect("what is written is read");
            assert_eq!(again, manifest);
        }
        Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
    }
}

fn proc_tables(bytes: &[u8]) {
    let mut sockets: Vec<Socket> = Vec::new();
    // What is longer than any line of the kernel's counts as several.
    let lines = (bytes.split(|byte| *byte == b'\n').count() + bytes.len() / 1024) as u64;
    let garbage = socket::read(bytes, |socket| sockets.push(socket)).expect("memory can be read");
    assert!(garbage + sockets.len() as u64 <= lines);
    let text = String::from_utf8_lossy(bytes);
    let _ = (sysctl::port_range(&text), sysctl::port_list(&text), sysctl::number(&text));
}
