//! `dryport verify` from the outside: a part of it that takes a moment, what it says of itself, and what it is made of.

use crate::command::{Ended, assert_screen, dryport, root};
use dryport::verify::{self, Against, incident::Head};
use std::path::Path;

/// Cases of theory, of the kernel's and of what was published that take a moment, in the order of the table.
const FEW: &[&str] = &[
    "P02",
    "P09",
    "P11",
    "P30",
    "P35",
    "constant-50",
    "bind-zero",
    "poisson-15",
    "fin-wait-2-10s",
    "order-connect",
    "emqtt-bench-half",
    "mzbench-28225",
];

fn verify(options: &[&str]) -> Ended {
    dryport(Path::new("."), &[&["verify"], options].concat())
}

fn few<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let cases = FEW.iter().flat_map(|name| ["--case", name]);
    cases.chain(more.iter().copied()).collect()
}

#[test]
fn a_few_cases_agree_on_any_number_of_threads() {
    let one = verify(&few(&["--jobs", "1"]));
    assert_eq!(one.code, 0, "{}{}", one.out, one.err);
    assert_screen("verify", &one.out);
    assert!(one.err.starts_with("done: 12 checks in ") && one.err.lines().count() == 1, "{}", one.err);
    assert_eq!(verify(&few(&["--jobs", "2"])).out, one.out);
    let quiet = verify(&["--case", "P11", "--quiet"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
}

#[test]
fn json_says_the_same() {
    let ended = verify(&["--case", "constant-50", "--case", "P11", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["schema_version"], &document["verdict"]), (&1.into(), &"AGREES".into()));
    let [row, replay] = &document["checks"].as_array().unwrap()[..] else { panic!("two checks: {document}") };
    // In the order of the table, whatever the order on the command line.
    assert_eq!((&row["case"], &replay["case"]), (&"P11".into(), &"constant-50".into()));
    assert_eq!(row["figures"][1]["difference"]["as"], "exact");
    assert_eq!((&replay["figures"][0]["expected"], &replay["figures"][0]["found"]), (&4_591.into(), &4_589.into()));
    assert!(replay["source"].as_str().unwrap().ends_with("kernel/constant-50"));
}

#[test]
fn the_list_says_what_dryport_is_held_against() {
    let ended = verify(&["--list"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_screen("verify-list", &ended.out);
    let unknown = verify(&["--case", "constant-5"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("constant-50"), "{}", unknown.err);
}

/// Whoever adds an incident adds it here: all but those of which a range was published.
#[test]
fn every_incident_with_one_figure_is_built_in() {
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("scenarios/incidents")).unwrap().map(Result::unwrap).collect();
    files.retain(|file| file.path().extension().is_some_and(|extension| extension == "toml"));
    let one_figure = |text: &str| Head::of(text).comparisons().iter().all(|one| one.low.total_cmp(&one.high).is_eq());
    files.retain(|file| one_figure(&std::fs::read_to_string(file.path()).unwrap()));
    let mut names: Vec<_> = files.iter().map(|file| file.path().file_stem().unwrap().to_owned()).collect();
    names.sort();
    let built_in = verify::all().into_iter().filter(|check| check.against == Against::Incident);
    assert!(names.iter().eq(built_in.map(|check| check.name).collect::<Vec<_>>().iter()));
}
