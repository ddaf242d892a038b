//! The page without arguments and the `--help` of every command: what they look like, and that every example works.

use crate::command::{Ended, assert_screen, copy_folder, dryport, root};
use dryport::cli::GUIDES;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn without_arguments_the_commands_are_shown() {
    let ended = dryport(Path::new("."), &[]);
    assert_screen("front", &ended.out);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    for same in [&["--help"], &["-h"], &["help"]] {
        assert_eq!(dryport(Path::new("."), same), ended, "{same:?}");
    }
}

#[test]
fn the_help_of_every_command_begins_with_what_it_does_and_examples() {
    for (name, guide) in GUIDES {
        let Ended { code, out, err } = dryport(Path::new("."), &[name, "--help"]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        assert_screen(&format!("help-{name}"), &out);
        let mut lines = out.lines().skip(1);
        assert!(!guide.examples.is_empty(), "{name} has no example");
        for (example, remark) in guide.examples {
            let line = lines.next().unwrap();
            assert!(line.starts_with(&format!("  {example}")) && line.ends_with(remark), "{name}: {line}");
        }
        assert!(lines.next().unwrap().starts_with(&format!("Usage: dryport {name}")), "{name}");
        assert_eq!(dryport(Path::new("."), &[name, "-h"]).out, out);
    }
}

/// In a folder of its own each, with what [`dryport::cli::guide`] promises. 99 is an answer too.
#[test]
fn every_example_of_every_help_works() {
    let home = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_dryport")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    for (name, guide) in GUIDES {
        for (index, (example, _)) in guide.examples.iter().enumerate() {
            let folder = home.path().join(format!("{name}-{index}"));
            copy_folder(&root().join("scenarios"), &folder.join("scenarios"));
            copy_folder(&root().join("output/sample"), &folder.join("output/sample"));
            let quickstart = fs::read_to_string(root().join("scenarios/quickstart.toml")).unwrap();
            let short = quickstart.replace("\"10m\"", "\"1m\"");
            assert_ne!(short, quickstart);
            fs::write(folder.join("s.toml"), short).unwrap();
            // jq is not on every machine, and what it would do is not ours to test.
            let script = format!("jq() {{ cat; }}\n{example}");
            let mut bash = Command::new("bash");
            let ended = bash.args(["-euo", "pipefail", "-c", &script]).current_dir(&folder).env("PATH", &path).output();
            let ended = ended.expect("bash can be started");
            let err = String::from_utf8_lossy(&ended.stderr);
            assert!(matches!(ended.status.code(), Some(0 | 99)), "{example}: {}\n{err}", ended.status);
            assert!(!ended.stdout.is_empty() || !err.is_empty() || example.contains('>'), "{example} says nothing");
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}

#[test]
fn mistakes_of_usage_fit_the_screen() {
    let mut screen = String::new();
    for arguments in [
        &["chek", "s.toml"][..],
        &["run"],
        &["run", "s.toml", "--foo"],
        &["run", "s.toml", "--confidence", "3"],
        &["run", "s.toml", "--jobs", "0"],
        &["run", "s.toml", "--replication", "2"],
        &["run", "s.toml", "--seed", "-1"],
        &["calc", "--rate", "450/s", "--lifetime", "-1s"],
        &["calc", "--rate", "-450/s", "--lifetime", "1s"],
        &["port", "-1"],
        &["port", "22,443"],
        &["port", "22-"],
        &["new", "-"],
    ] {
        let Ended { code, out, err } = dryport(Path::new("."), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        write!(screen, "$ dryport {}\n{err}\n", arguments.join(" ")).unwrap();
    }
    assert_screen("usage", &screen);
}
