//! What describes the scenario format: `list`, `new`, and the published schema.

use crate::command::{Ended, assert_screen, dryport, dryport_reading, root};
use dryport::profile;
use dryport::scenario::{Reading, SourceFile};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn here(arguments: &[&str]) -> Ended {
    dryport(Path::new("."), arguments)
}

/// Every scenario that is shipped.
pub(crate) fn shipped() -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![root().join("scenarios")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|extension| extension == "toml") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    assert!(found.len() >= 5, "looked in the wrong place");
    found
}

#[test]
fn list_shows_every_kind() {
    let kinds = here(&["list"]);
    assert_eq!(kinds.code, 0);
    assert_screen("list", &kinds.out);
    for kind in kinds.out.lines().filter_map(|line| line.split(' ').next()) {
        for long in [&["list", kind][..], &["list", kind, "--long"]] {
            let Ended { code, out, err } = here(long);
            assert_eq!((code, err.as_str()), (0, ""), "{long:?}");
            assert_screen(&long.join("-").replace("---", "-"), &out);
        }
    }
    let json: serde_json::Value = serde_json::from_str(&here(&["list", "--json"]).out).unwrap();
    assert_eq!(json["lifetimes"][1]["name"], "exponential");
    // Beside the kinds: schema_version and dryport.
    assert_eq!(json.as_object().unwrap().len(), kinds.out.lines().count() + 2);
}

#[test]
fn the_template_is_fine_for_every_profile() {
    assert_screen("new", &here(&["new"]).out);
    for profile in profile::all() {
        let made = here(&["new", "--profile", profile.name, "--rate", "27k/min", "--lifetime", "1m30s"]);
        let Ended { code, out, err } = dryport_reading(Path::new("."), &["check", "-"], &made.out);
        // The load is the user's: it may be too much for a range, which is no fault of the template.
        let is_fine = err.is_empty() || err.starts_with("note: stdin: it runs out of ports");
        assert!(code == 0 && is_fine, "{}: {err}", profile.name);
        assert!(out.starts_with("ok: stdin: checkout on gateway -> orders-db, "), "{out}");
        assert!(made.out.contains("{ poisson = { rate = \"27000/60s\" } }"), "{}", made.out);
        assert!(made.out.contains("{ exponential = { mean = \"90s\" } }"), "{}", made.out);
    }
}

/// Each line that is commented out may be taken, one at a time, and a first one says what holds anyway.
#[test]
fn every_line_of_the_template_that_is_commented_out_may_be_taken() {
    let template = here(&["new"]).out;
    let sources = BTreeMap::from([("trace.csv".to_owned(), b"time_s\n1\n".to_vec())]);
    let read = |text: &str| Reading::of(&SourceFile::new("x.toml", text), &[], &sources);
    let plain = read(&template).unwrap_or_else(|faults| panic!("{faults}")).scenario;
    let lines: Vec<&str> = template.lines().collect();
    let key = |line: &str| line.trim_start_matches('#').split(" = ").next().unwrap().to_owned();
    let mut taken = 0;
    for (index, line) in lines.iter().enumerate() {
        let Some(bare) = line.strip_prefix('#').filter(|bare| bare.starts_with(|c: char| c.is_ascii_lowercase()))
        else {
            continue;
        };
        let start = lines[..index].iter().rposition(|line| line.starts_with('[')).unwrap_or(0);
        if lines[..index].contains(&"#[[assert]]") {
            continue;
        }
        let mut changed: Vec<&str> = lines.clone();
        changed[index] = bare;
        // In the place of what is written for this key.
        if let Some(other) = (start..index).find(|at| !lines[*at].starts_with('#') && key(lines[*at]) == key(bare)) {
            changed[other] = "";
        }
        let scenario = read(&changed.join("\n")).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        // What is not said to be another choice is the default.
        let is_other = lines[index - 1].starts_with("# or ")
            || ["sweep", "sample", "retry", "local_port_range"].contains(&key(bare).as_str());
        assert_eq!(scenario == plain, !is_other, "{bare}");
        taken += 1;
    }
    assert!(taken > 15, "{taken}");
    let asserting = template.replace("#[[assert]]", "[[assert]]").replace("#that", "that").replace("#scope", "scope");
    assert_eq!(read(&asserting).unwrap().scenario.asserts.len(), 1);
}

#[test]
fn a_template_never_replaces_a_file_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let new = |arguments: &[&str]| dryport(folder.path(), &[&["new", "s.toml"], arguments].concat());
    let first = new(&[]);
    assert_eq!((first.code, first.err.as_str()), (0, "wrote s.toml; now try: dryport run s.toml\n"));
    let text = || fs::read_to_string(folder.path().join("s.toml")).unwrap();
    assert_eq!(text(), here(&["new"]).out);
    let second = new(&["--profile", "macos"]);
    assert_eq!(second.code, 1);
    assert_eq!(second.err, "error: s.toml exists already\nhelp: --force replaces it\n");
    assert!(!text().contains("profile = \"macos\"\n"));
    assert_eq!(new(&["--profile", "macos", "--force"]).code, 0);
    assert!(text().contains("\nprofile = \"macos\""), "{}", text());
}

#[test]
fn what_is_filled_in_must_be_a_quantity() {
    let mut screen = String::new();
    for arguments in
        [["--rate", "450"], ["--rate", "0/s"], ["--lifetime", "50"], ["--lifetime", "0s"], ["--profile", "linx"]]
    {
        let Ended { code, out, err } = here(&[&["new"], &arguments[..]].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        screen = format!("{screen}$ dryport new {}\n{err}\n", arguments.join(" "));
    }
    assert_screen("new-usage", &screen);
}

/// `DRYPORT_BLESS=1` publishes it anew.
#[test]
fn the_published_schema_is_todays() {
    let path = root().join("scenarios/scenario.schema.json");
    let today = here(&["check", "--schema"]).out;
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        fs::write(&path, &today).unwrap();
    }
    assert!(today == fs::read_to_string(&path).unwrap(), "DRYPORT_BLESS=1 publishes the new schema");
}

#[test]
fn every_shipped_scenario_names_the_schema_and_is_fine() {
    for path in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let named = named.unwrap_or_else(|| panic!("{} does not begin with its schema", path.display()));
        let found = path.parent().unwrap().join(named).canonicalize().unwrap();
        assert_eq!(found, root().join("scenarios/scenario.schema.json").canonicalize().unwrap(), "{}", path.display());
        let ended = here(&["check", path.to_str().unwrap()]);
        // What is doubtful in them is listed by the tests of the lint.
        assert_eq!(ended.code, 0, "{}: {}", path.display(), ended.err);
    }
}
