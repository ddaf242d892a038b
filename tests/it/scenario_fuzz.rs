//! Whatever is done to a scenario, it ends in a scenario or in errors: exit codes 0, 3 and 99, within bounded time and
//! memory, never a panic.
//!
//! Each shipped scenario is edited 10,000 times and read in this process, faults and all. A few of its edits go through
//! the program as well, under a limit of memory and time: as files to check, and, cut short, as runs.

use crate::command::root;
use crate::format_screens::shipped;
use crate::scenario_errors::BASE;
use crate::support::Dice;
use assert_cmd::Command;
use dryport::des::Rate;
use dryport::scenario::{Reading, Scenario, SourceFile};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Edits of each shipped scenario.
const EDITS: usize = 10_000;
/// Of these, how many the program checks.
const CHECKED: usize = 50;
/// Of those that are valid, how many the program runs, cut short.
const RUN: usize = 1;
/// The longest that reading one edit may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows of a recording that are kept: what is edited is the scenario.
const TRACE_ROWS: usize = 20;

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

/// The text in pieces: words, numbers and strings whole, all else letter by letter.
fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let end = match first {
            '"' => rest[1..].find(['"', '\n']).map(|at| at + 2),
            _ if word(first) => rest.find(|c| !word(c)),
            _ => Some(first.len_utf8()),
        };
        let (token, tail) = rest.split_at(end.unwrap_or(rest.len()));
        tokens.push(token);
        rest = tail;
    }
    tokens
}

fn is_value(token: &str) -> bool {
    token.starts_with(|c: char| c == '"' || c.is_ascii_digit())
}

/// One to four edits: of bytes, of tokens, of values.
fn edited(text: &str, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let kind = dice.below(8);
        // Where the text is text no more, only bytes are left to edit.
        let text = std::str::from_utf8(&bytes).ok().filter(|text| kind > 2 && !text.is_empty());
        let index =
            |dice: &mut Dice, len: usize| usize::try_from(dice.below(len.max(1) as u64)).expect("a small number");
        let at = index(dice, bytes.len());
        let end = (at + index(dice, 12)).min(bytes.len());
        let scrap = *dice.pick(SCRAPS);
        match (kind, text.map(tokens)) {
            (0, _) => drop(bytes.drain(at..end)),
            (1, _) => drop(bytes.splice(at..end, scrap.bytes())),
            (2, _) | (_, None) => {
                drop(bytes.splice(at..(at + 1).min(bytes.len()), dice.word().to_le_bytes()[..1].to_vec()));
            }
            (kind, Some(mut tokens)) => {
                let one = index(dice, tokens.len());
                let other = index(dice, tokens.len());
                let values: Vec<usize> = (0..tokens.len()).filter(|at| is_value(tokens[*at])).collect();
                let value = if values.is_empty() { one } else { *dice.pick(&values) };
                let changed = digit_changed(tokens[value], dice);
                match kind {
                    3 => drop(tokens.remove(one)),
                    4 => tokens.swap(one, other),
                    5 => tokens.insert(one, tokens[other]),
                    6 => tokens[value] = scrap,
                    _ => tokens[value] = &changed,
                }
                bytes = tokens.concat().into_bytes();
            }
        }
    }
    bytes
}

/// The same with one of its letters another one that numbers and units have.
fn digit_changed(token: &str, dice: &mut Dice) -> String {
    let at = usize::try_from(dice.below(token.chars().count().max(1) as u64)).expect("a small number");
    let other = *dice.pick(&['0', '1', '9', '.', '-', 'm', 's', 'k', 'h', '/', '%', 'e', '"']);
    token.chars().enumerate().map(|(index, c)| if index == at { other } else { c }).collect()
}

/// The files beside a scenario, cut short.
fn traces(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::from([("x".to_owned(), b"time_s\n1\n".to_vec())]);
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "csv") {
            let text = fs::read_to_string(&path).unwrap();
            let short: Vec<&str> = text.lines().take(1 + TRACE_ROWS).collect();
            found.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), short.join("\n").into_bytes());
        }
    }
    found
}

/// Is it worth simulating for a test? The sizes are those of the scenario cut short.
fn is_small(text: &[u8], sets: &[String], sources: &BTreeMap<String, Vec<u8>>) -> bool {
    let Ok(scenario) = Scenario::read(&SourceFile::new("s.toml", text), sets, sources) else { return false };
    let ports: u64 = (0..scenario.hosts.len()).map(|host| scenario.capacity(host)).sum();
    let rates = scenario.clients.iter().filter_map(|client| client.arrivals.rate());
    let requests: f64 = rates.map(Rate::events_per_second).sum();
    ports < 1 << 21 && requests < 20_000.0 && scenario.warm_up().as_secs_f64() < 2.0
}

/// What the program says to `arguments`: its exit code, under 2 GiB of address space and for 60 s at most; none when it was killed.
fn bounded(folder: &Path, arguments: &[&str]) -> Option<i32> {
    let mut bash = Command::new("bash");
    bash.args(["-c", "ulimit -v 2097152; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_dryport")]).args(arguments);
    bash.current_dir(folder).timeout(Duration::from_mins(1)).output().expect("bash can be started").status.code()
}

/// Edits one scenario, reads every edit, and hands a few to the program; how many edits left it valid.
#[expect(clippy::disallowed_methods, reason = "that reading takes no time is what is tested")]
fn fuzz(path: &Path) -> usize {
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    // Edits of comments would find nothing.
    let text = fs::read_to_string(path).unwrap();
    let text = text.lines().filter(|line| !line.starts_with('#')).fold(String::new(), |text, line| text + line + "\n");
    let sources = traces(path.parent().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &sources {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    // By name, so that a new scenario changes no other one's edits.
    let mut dice = Dice(name.bytes().fold(60_327, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into())));
    let sets = ["run.duration=1s", "run.replications=2", "run.warm_up=0s"].map(str::to_owned);
    let (mut valid, mut runs, mut files) = (0, 0, vec!["check".to_owned()]);
    for case in 0..EDITS {
        let bytes = edited(&text, &mut dice);
        let started = Instant::now();
        let read = Reading::of(&SourceFile::new("s.toml", &*bytes), &[], &sources);
        let read = read.map(|reading| reading.scenario.understood()).map_err(|diagnostics| diagnostics.to_string());
        assert!(started.elapsed() < PATIENCE, "{name} {case} is slow");
        match read {
            Ok(understood) => {
                valid += 1;
                assert!(!understood.is_empty());
                if runs < RUN && bytes != text.as_bytes() && is_small(&bytes, &sets, &sources) {
                    runs += 1;
                    fs::write(folder.path().join("run.toml"), &bytes).unwrap();
                    let mut arguments = vec!["run", "run.toml", "--force", "--quiet", "--jobs", "1", "--out", "out"];
                    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
                    let code = bounded(folder.path(), &arguments);
                    assert!(
                        matches!(code, Some(0 | 99)),
                        "{name} {case}: {code:?}\n{}",
                        String::from_utf8_lossy(&bytes)
                    );
                }
            }
            Err(told) => assert!(told.ends_with("nothing was run"), "{name} {case}"),
        }
        if case % (EDITS / CHECKED) == 0 {
            files.push(format!("{case}.toml"));
            fs::write(folder.path().join(&files[files.len() - 1]), &bytes).unwrap();
        }
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let code = bounded(folder.path(), &arguments);
    assert!(matches!(code, Some(0 | 3)), "{name}: {code:?}");
    valid
}

#[test]
fn no_edit_of_a_shipped_scenario_breaks_anything() {
    let (scenarios, next) = (shipped(), AtomicUsize::new(0));
    let work = || {
        while let Some(path) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let valid = fuzz(path);
            assert!((EDITS / 100..EDITS).contains(&valid), "{}: {valid} edits left it valid", path.display());
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread.join().expect("a fault was told above");
        }
    });
}

/// Edits of `--set`, which come on top.
#[test]
fn no_override_makes_the_reader_panic() {
    let mut dice = Dice(60_327);
    let sources: BTreeMap<String, Vec<u8>> = [("x".to_owned(), b"time_s\n1\n".to_vec())].into();
    let paths = ["run.duration", "client.checkout.to", "host.gateway.time_wait.exact.wait", "assert", "x"];
    for _ in 0..2000 {
        let sets: Vec<String> =
            (0..=dice.below(2)).map(|_| format!("{}={}", dice.pick(&paths), dice.pick(SCRAPS))).collect();
        if let Err(diagnostics) = Scenario::read(&SourceFile::new("s.toml", BASE), &sets, &sources) {
            assert!(diagnostics.to_string().ends_with("nothing was run"));
        }
    }
}

/// Edits of a JSON scenario.
#[test]
fn no_edit_of_json_makes_the_reader_panic() {
    let base = r#"{"schema": 1, "run": {"duration": "600s"}, "host": [{"name": "g"}], "destination": [{"name": "d"}],
        "client": [{"name": "c", "host": "g", "to": {"d": 1}, "arrivals": {"poisson": {"rate": "1/s"}},
        "lifetime": {"constant": {"value": "1s"}}}]}"#;
    let mut dice = Dice(7);
    let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for _ in 0..2000 {
        let mut bytes = base.as_bytes().to_vec();
        for _ in 0..=dice.below(3) {
            let at = usize::try_from(dice.below(bytes.len() as u64)).expect("a small number");
            let end = (at + usize::from(dice.word().to_le_bytes()[0] % 8)).min(bytes.len());
            drop(bytes.splice(at..end, dice.pick(SCRAPS).bytes()));
        }
        if let Err(diagnostics) = Scenario::read(&SourceFile::new("-", bytes), &[], &sources) {
            assert!(diagnostics.to_string().contains("error"));
        }
    }
}
