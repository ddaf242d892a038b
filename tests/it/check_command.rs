//! `dryport check` from the outside: exit codes, what goes where, files that cannot be read.

use crate::command::{Ended, dryport, dryport_reading};
use crate::scenario_errors::BASE;
use std::path::Path;

fn check(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Ended { code, out, err } = dryport(folder, &[&["check"], arguments].concat());
    (code, out, err)
}

#[test]
fn a_clean_file_is_one_line_on_stdout() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), BASE).unwrap();
    let (code, out, err) = check(folder.path(), &["a.toml", "--set", "run.replications=1"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "ok: a.toml: checkout on gateway -> orders-db and cache, 56,464 ports,\n    27,483 erlangs; 1 run of \
         10 min, about 270,000 connects\n"
    );
}

#[test]
fn what_cannot_be_read_exits_with_3_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("folder.toml")).unwrap();
    std::fs::write(at("latin1.toml"), b"title = \"caf\xe9\"\n").unwrap();
    std::fs::write(at("empty.toml"), "").unwrap();
    // Sparse: a hundred megabytes that take no room on the disk, and must not be read.
    std::fs::File::create(at("large.toml")).unwrap().set_len(100_000_000).unwrap();
    for (name, message) in [
        ("none.toml", "error: cannot read none.toml: no such file\n"),
        ("folder.toml", "error: cannot read folder.toml: it is a folder, not a file; name the files in it\n"),
        ("large.toml", "error: cannot read large.toml: it has 100000000 bytes; at most 16777216 are read\n"),
        ("/dev/null", "error: cannot read /dev/null: it is not a regular file\n"),
        (
            "latin1.toml",
            "error: not UTF-8: line 1, byte 13 is no character\n--> latin1.toml\n |\nhelp: save the file as UTF-8\n\n\
             error: latin1.toml has 1 error; nothing was run\n",
        ),
    ] {
        assert_eq!(check(folder.path(), &[name]), (3, String::new(), message.to_owned()), "{name}");
    }
    let help = "help: dryport new prints a scenario to start from\n";
    let empty = format!("error: empty.toml is empty\n{help}");
    assert_eq!(check(folder.path(), &["empty.toml"]), (3, String::new(), empty));
    for command in ["check", "run"] {
        let err = format!("error: stdin is empty\n{help}");
        assert_eq!(dryport_reading(folder.path(), &[command, "-"], "\n"), Ended { code: 3, out: String::new(), err });
    }
}

#[test]
fn every_file_is_checked_and_the_worst_decides() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.toml"), BASE).unwrap();
    std::fs::write(folder.path().join("bad.toml"), BASE.replace("\"10m\"", "10")).unwrap();
    let (code, out, err) = check(folder.path(), &["bad.toml", "good.toml"]);
    assert_eq!(code, 3);
    assert!(out.starts_with("ok: good.toml: "), "{out}");
    assert!(err.ends_with("error: bad.toml has 1 error; nothing was run\n"), "{err}");
}

/// 2 is for the command line, 3 for the file; both wrong is 3.
#[test]
fn a_wrong_option_is_no_fault_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.toml"), BASE).unwrap();
    std::fs::write(folder.path().join("bad.toml"), BASE.replace("\"10m\"", "10")).unwrap();
    for (files, expected, end) in [
        (&["good.toml"][..], 2, "error: --set has 1 error; nothing was run\n"),
        (&["bad.toml"], 3, "error: bad.toml has 1 error, --set has 1 error; nothing was run\n"),
        (&["bad.toml", "good.toml"], 3, "error: --set has 1 error; nothing was run\n"),
    ] {
        let (code, out, err) = check(folder.path(), &[files, &["--set", "run.seed=-1"]].concat());
        assert_eq!((code, out.as_str()), (expected, ""), "{files:?}");
        assert!(err.ends_with(end), "{err}");
    }
}

#[test]
fn the_warm_up_is_counted_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), BASE).unwrap();
    let (code, out, _) = check(folder.path(), &["a.toml", "--set", "run.warm_up=3300d"]);
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code, 3, "too many requests: {said}");
    let (_, out, _) = check(folder.path(), &["a.toml", "--set", "run.warm_up=33d"]);
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.ends_with("about 5.4 million connects measured, about 26 billion simulated"), "{said}");
}

#[test]
fn a_trace_after_the_window_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let text = BASE.replace("poisson = { rate = \"450/s\" }", "trace = { file = \"t.csv\" }");
    std::fs::write(folder.path().join("a.toml"), text).unwrap();
    std::fs::write(folder.path().join("t.csv"), "time_s,lifetime_s\n600,2\n601,2\n").unwrap();
    let note = "note: a.toml: checkout never connects: t.csv begins at 10 min, the window is 10\nmin\n";
    let (code, out, err) = check(folder.path(), &["a.toml"]);
    assert_eq!((code, err.as_str()), (0, note));
    assert!(out.ends_with(" 0 recorded requests each\n"), "{out}");
    let ended = dryport(folder.path(), &["run", "a.toml", "--set", "run.replications=1"]);
    assert_eq!(ended.code, 0);
    assert!(ended.err.starts_with(note), "{}", ended.err);
}

#[test]
fn a_trace_lies_beside_its_scenario() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    let text = BASE.replace("poisson = { rate = \"450/s\" }", "trace = { file = \"t.csv\" }");
    std::fs::write(folder.path().join("deep/a.toml"), text).unwrap();
    std::fs::write(folder.path().join("deep/t.csv"), "time_s,lifetime_s\n0.5,2\n1,2\n").unwrap();
    let (code, out, err) = check(folder.path(), &["deep/a.toml"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.ends_with("20 runs of 10 min, 2 recorded requests each\n"), "{out}");
}

#[test]
fn standard_input_is_a_file_too() {
    for text in [BASE.to_owned(), format!("\u{feff}{BASE}"), BASE.replace('\n', "\r\n")] {
        let ended = dryport_reading(Path::new("."), &["check", "-"], &text);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.starts_with("ok: stdin: checkout on gateway"));
    }
}
