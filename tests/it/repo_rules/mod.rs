//! The house rules that no compiler checks. Each is a function from text to faults, tried on bad samples first.

mod source;

use source::{Source, paths};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every layer, and what it may import besides itself (src/lib.rs draws the picture). `cli` may import everything.
const LAYERS: &[(&str, &[&[&str]])] = &[
    ("numeric", &[]),
    ("des", &[&["numeric"]]),
    ("stats", &[&["numeric"]]),
    ("theory", &[&["numeric"]]),
    ("choice", &[&["numeric", "des"]]),
    ("port", &[BELOW_PORT]),
    ("workload", &[BELOW_PORT]),
    ("profile", &[BELOW_PORT, &["port", "workload"]]),
    ("scenario", &[BELOW_PORT, &["port", "workload", "profile"]]),
    ("forecast", &[UP_TO_SCENARIO]),
    ("advice", &[UP_TO_SCENARIO, &["forecast"]]),
    ("sim", &[UP_TO_SCENARIO]),
    ("metrics", &[UP_TO_SCENARIO, &["sim"]]),
    ("experiment", &[UP_TO_SCENARIO, &["forecast", "sim", "metrics"]]),
    ("report", &[UP_TO_SCENARIO, UP_TO_EXPERIMENT]),
    ("inspect", &[UP_TO_SCENARIO, UP_TO_EXPERIMENT]),
    // Scenarios, and how this machine writes its settings; no report.
    ("lint", &[UP_TO_SCENARIO, UP_TO_EXPERIMENT, &["inspect"]]),
    // What judges the figures of a run: everything up to its tables, and nothing of this machine.
    ("verify", &[UP_TO_SCENARIO, UP_TO_EXPERIMENT, &["report"]]),
];

const BELOW_PORT: &[&str] = &["numeric", "des", "stats", "theory", "choice"];

const UP_TO_SCENARIO: &[&str] =
    &["numeric", "des", "stats", "theory", "choice", "port", "workload", "profile", "scenario"];

/// From there on.
const UP_TO_EXPERIMENT: &[&str] = &["forecast", "advice", "sim", "metrics", "experiment"];

/// The outside world, which nothing from `numeric` to `experiment` may touch.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::*",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
];

/// The same by other spellings: `use std::{self, ...}` or a prelude macro.
const OUTSIDE_WORDS: &[&str] = &["File::open", "println!", "print!", "eprintln!", "eprint!"];

const LINES_MAX: usize = 600;
const LONG_FILE_REASON: &str = "longer than 600 lines because";

/// design.md section 9, and what git and cargo put there.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".git",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "clippy.toml",
    "deny.toml",
    // Where cargo-fuzz looks for it.
    "fuzz",
    "output",
    "rustfmt.toml",
    "scenarios",
    "src",
    "target",
    "tests",
];

fn allowed(layer: &str) -> Option<Vec<&'static str>> {
    LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, may)| may.concat())
}

/// Imports of `source` that its layer may not have. `macros`: the layer of each macro, as exported ones live at the root.
fn import_faults(source: &Source, macros: &BTreeMap<String, String>) -> Vec<String> {
    let Some(layer) = source.layer() else { return Vec::new() };
    if layer == "cli" {
        return Vec::new();
    }
    let Some(may) = allowed(layer) else {
        return vec![format!("{}: the layer `{layer}` is not in the list of layers", source.name)];
    };
    let mut faults = Vec::new();
    for (line, import) in source.root_imports() {
        let from = macros.get(&import).unwrap_or(&import);
        if from != layer && !may.contains(&from.as_str()) {
            faults.push(format!("{}:{line}: {layer} may not import {from}", source.name));
        }
    }
    faults.dedup();
    faults
}

/// What `source` says of the outside world, if it lies between `numeric` and `experiment`.
fn outside_faults(source: &Source) -> Vec<String> {
    let pure = source.layer().is_some_and(|layer| [UP_TO_SCENARIO, UP_TO_EXPERIMENT].concat().contains(&layer));
    if !pure {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (line, path) in paths(&source.code, "std") {
        let is_outside = |outside: &&&str| path == **outside || path.starts_with(&format!("{outside}::"));
        if let Some(outside) = OUTSIDE.iter().find(is_outside) {
            faults.push(format!("{}:{line}: {outside} is the outside world", source.name));
        }
    }
    faults.dedup();
    faults.extend(source.words(OUTSIDE_WORDS));
    if source.layer() != Some("experiment") {
        faults.extend(
            paths(&source.code, "rayon")
                .map(|(line, _)| format!("{}:{line}: threads live in experiment and nowhere else", source.name)),
        );
    }
    faults
}

fn length_faults(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let mut first_paragraph = source.text.lines().take_while(|line| line.starts_with("//!") && line.trim() != "//!");
    if lines <= LINES_MAX || first_paragraph.any(|line| line.contains(LONG_FILE_REASON)) {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines; split it, or say why not: `//! ... {LONG_FILE_REASON} ...`", source.name)]
}

/// What is not finished. Written in two halves here, so that this file passes.
fn unfinished_faults(source: &Source) -> Vec<String> {
    let mut faults = source.words(&[concat!("to", "do!"), concat!("unimple", "mented!"), concat!("#[ig", "nore")]);
    let mark = concat!("FIX", "ME");
    for (index, line) in source.text.lines().enumerate() {
        if line.contains(mark) {
            faults.push(format!("{}:{}: {mark}", source.name, index + 1));
        }
    }
    faults
}

fn top_level_faults(names: &[&str]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !TOP_LEVEL.contains(name))
        .map(|name| format!("`{name}` does not belong at the top level"))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the repository.
fn sources() -> Vec<Source> {
    let mut folders: Vec<PathBuf> = ["src", "tests", "benches"].iter().map(|name| root().join(name)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder that is there") {
            let path = entry.expect("a folder stays while it is read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(root()).expect("it was found below the root");
                let name = below.to_str().expect("a name in UTF-8").replace('\\', "/");
                let text = std::fs::read_to_string(&path).expect("a source file in UTF-8");
                files.push(Source::new(&name, &text));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.iter().any(|file| file.name == "src/lib.rs"), "looked in the wrong place: {}", root().display());
    files
}

fn macros(sources: &[Source]) -> BTreeMap<String, String> {
    let of = |source: &Source| {
        let layer = source.layer().unwrap_or_default().to_owned();
        source.macros().map(|name| (name, layer.clone())).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn imports_point_one_way() {
    let sources = sources();
    let macros = macros(&sources);
    assert_none(&sources.iter().flat_map(|source| import_faults(source, &macros)).collect::<Vec<_>>());
}

#[test]
fn the_inside_does_not_touch_the_outside_world() {
    assert_none(&sources().iter().flat_map(outside_faults).collect::<Vec<_>>());
}

#[test]
fn files_are_short_or_say_why_not() {
    assert_none(&sources().iter().flat_map(length_faults).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(&sources().iter().flat_map(unfinished_faults).collect::<Vec<_>>());
}

#[test]
fn the_top_level_stays_clean() {
    let names: Vec<_> =
        std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_none(&top_level_faults(&names.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn every_layer_of_the_library_has_its_rule() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let layers: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(layers.len() > 5, "the layers are no longer found in src/lib.rs");
    let unknown: Vec<_> = layers.into_iter().filter(|layer| *layer != "cli" && allowed(layer).is_none()).collect();
    assert!(unknown.is_empty(), "no rule for {unknown:?}");
}

#[test]
fn no_two_layers_may_import_each_other() {
    for (layer, may) in LAYERS {
        let may = may.concat();
        for below in &may {
            let its = allowed(below).unwrap();
            assert!(!its.contains(layer), "{layer} and {below}");
            let missing: Vec<_> = its.iter().filter(|name| !may.contains(name)).collect();
            assert!(missing.is_empty(), "{layer} may import {below}, so also {missing:?}");
        }
    }
}

#[test]
fn a_wrong_import_is_found_however_it_is_written() {
    let macros = BTreeMap::from([("registry".to_owned(), "choice".to_owned())]);
    let faults = |name: &str, text: &str| import_faults(&Source::new(name, text), &macros).len();
    for (name, text) in [
        ("src/numeric/mod.rs", "use crate::des::SimTime;"),
        ("src/des/mod.rs", "use crate::stats;"),
        ("src/port/range.rs", "use crate::workload::Retry;"),
        ("src/port/range.rs", "fn f(x: crate::sim::World) {}"),
        ("src/port/range.rs", "use crate::{\n    des::SimTime,\n    numeric,\n    sim::{World, Run},\n};"),
        ("src/port/range.rs", "use super::super::sim::World;"),
        ("src/port/hold/exact.rs", "use super::{super::super::{sim::World}};"),
        ("src/port/range.rs", "pub(in crate::sim) fn f() {}"),
        ("src/profile/mod.rs", "use crate::scenario::Scenario;"),
        ("src/sim/world.rs", "use crate::metrics::Tally;"),
        ("src/report/table.rs", "use crate::inspect::Sysctl;"),
        ("src/experiment/mod.rs", "use crate::cli::Arguments;"),
        ("src/des/mod.rs", "crate::registry! {}"),
        ("src/des/mod.rs", "use crate :: \n stats;"),
        ("src/des/mod.rs", "use crate::*;"),
        ("src/des/mod.rs", "use dryport::stats;"),
        ("src/des/mod.rs", "const A: char = '\"'; use crate::stats; const B: char = '\"';"),
        ("src/des/mod.rs", "const A: &str = \"//\"; use crate::stats;"),
        ("src/des/mod.rs", "const A: &str = r#\"\"//\"#; use crate::stats;"),
        ("src/des/mod.rs", "fn f<'a>(x: &'a str) {} use crate::stats; fn g<'b>() {}"),
        ("src/des/mod.rs", "/* /* */ */ use crate::stats;"),
        ("src/des/mod.rs", "#[cfg(test)]\nfn f() {}\nuse crate::stats;"),
        ("src/new/mod.rs", ""),
    ] {
        assert_eq!(faults(name, text), 1, "{name}: {text}");
    }
    for (name, text) in [
        ("src/port/range.rs", "use crate::des::SimTime; use crate::choice::{Choice, Kind}; crate::registry! {}"),
        ("src/port/hold/exact.rs", "use super::super::range::PortRange; use super::Hold;"),
        ("src/port/range.rs", "// crate::sim\n/* crate::sim */ /// [`crate::sim`]\nconst A: &str = \"crate::sim\";"),
        ("src/port/range.rs", "mod inner { use super::sim::Own; }"),
        ("src/port/range.rs", "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::sim::World;\n}\n"),
        ("src/port/range.rs", "pub(crate) fn f() {}"),
        ("src/metrics/mod.rs", "use crate::sim::Observer;"),
        ("src/scenario/mod.rs", "use crate::profile::Profile;"),
        ("src/cli/run.rs", "use crate::report::Table; use crate::inspect::Sysctl;"),
        ("src/lib.rs", "pub use crate::cli::main;"),
        ("tests/it/main.rs", "use crate::helpers;"),
    ] {
        assert_eq!(faults(name, text), 0, "{name}: {text}");
    }
}

#[test]
fn a_look_outside_is_found_however_it_is_written() {
    let faults = |name: &str, text: &str| outside_faults(&Source::new(name, text)).len();
    for text in [
        "use std::fs;",
        "use std::{fmt, env};",
        "use std::time::{Duration, Instant};",
        "let x = std::time::SystemTime::now();",
        "use std::time::*;",
        "std::process::exit(1);",
        "use std::{sync::Arc, thread::{self, JoinHandle}};",
        "use rayon::prelude::*;",
        "fn f() { println!(\"\") }",
        "let file = File::open(path);",
    ] {
        assert_eq!(faults("src/sim/mod.rs", text), 1, "{text}");
        assert_eq!(faults("src/cli/mod.rs", text), 0, "{text}");
    }
    assert_eq!(faults("src/experiment/mod.rs", "use rayon::prelude::*;"), 0);
    assert_eq!(faults("src/experiment/mod.rs", "use std::thread;"), 1);
    for text in ["use std::time::Duration;", "Kind::File", "// std::fs", "use std::{fmt, sync::Arc};", "env!(\"A\")"] {
        assert_eq!(faults("src/scenario/mod.rs", text), 0, "{text}");
    }
}

#[test]
fn a_long_file_is_found() {
    let faults = |text: &str| length_faults(&Source::new("src/a.rs", text)).len();
    let lines = |count: usize| "x\n".repeat(count);
    assert_eq!(faults(&lines(600)), 0);
    assert_eq!(faults(&lines(601)), 1);
    assert_eq!(faults(&format!("//! A table, {LONG_FILE_REASON} it is one.\n\n{}", lines(600))), 0);
    assert_eq!(faults(&format!("//! A table.\n//!\n//! {LONG_FILE_REASON} hidden.\n{}", lines(600))), 1);
}

#[test]
fn unfinished_work_is_found() {
    let faults = |text: &str| unfinished_faults(&Source::new("src/a.rs", text)).len();
    for text in [
        concat!("fn f() { to", "do!() }"),
        concat!("fn f() { std::unimple", "mented!(\"later\") }"),
        concat!("// FIX", "ME"),
        concat!("#[test]\n#[ig", "nore]\nfn f() {}"),
        concat!("#[ig", "nore = \"slow\"]"),
        concat!("#[cfg(test)]\nmod tests {\n    fn f() { to", "do!() }\n}"),
    ] {
        assert_eq!(faults(text), 1, "{text}");
    }
    assert_eq!(faults("// a list of things that are ignored\nfn todo() {}"), 0);
}

#[test]
fn a_stray_name_at_the_top_is_found() {
    assert_eq!(top_level_faults(&["src", "notes.txt", "Cargo.toml", "docs"]).len(), 2);
}
