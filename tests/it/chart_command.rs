//! `dryport chart` from the outside: the same pictures as the run's, and one clear message for every bad folder.

use crate::command::{Ended, FORTY_PORTS, dryport, root};
use std::fs;
use std::path::{Path, PathBuf};

/// A home with a copy of the sample run in `run`.
fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder can be made");
    let run = home.path().join("run");
    fs::create_dir(&run).expect("the folder is ours");
    for entry in fs::read_dir(root().join("output/sample")).expect("the sample is there") {
        let entry = entry.expect("a folder stays while it is read");
        fs::copy(entry.path(), run.join(entry.file_name())).expect("the folder is ours");
    }
    (home, run)
}

/// Everything in a folder, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("a folder stays while it is read");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    all.sort();
    all
}

fn names(folder: &Path, ending: &str) -> Vec<String> {
    contents(folder).into_iter().map(|(name, _)| name).filter(|name| name.ends_with(ending)).collect()
}

#[test]
fn every_picture_is_drawn_again_to_the_byte_from_the_tables_alone() {
    let (home, run) = home();
    let was = contents(&run);
    let pictures = names(&run, ".png");
    for picture in &pictures {
        fs::remove_file(run.join(picture)).unwrap();
    }
    let ended = dryport(home.path(), &["chart", "run"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(ended.out.lines().count(), pictures.len());
    assert!(pictures.iter().all(|name| ended.out.contains(&format!("run/{name}\n"))), "{}", ended.out);
    assert!(contents(&run) == was, "the folder is not what the run left");
}

#[test]
fn svg_and_a_choice_of_charts_go_where_the_user_says() {
    let (home, run) = home();
    let was = contents(&run);
    let ended = dryport(home.path(), &["chart", "run", "--out", "new/pictures", "--only", "risk", "--svg"]);
    assert_eq!(ended.out, "new/pictures/risk.png\nnew/pictures/risk.svg\n");
    assert_eq!(names(&home.path().join("new/pictures"), ""), ["risk.png", "risk.svg"]);
    assert!(contents(&run) == was);
    let again = dryport(home.path(), &["chart", "run", "--out", "new/pictures", "--only", "risk"]);
    let said = "error: new/pictures/risk.png exists already\nhelp: --force replaces it\n";
    assert_eq!(again, Ended { code: 1, out: String::new(), err: said.into() });
    assert_eq!(dryport(home.path(), &["chart", "run", "--out", "new/pictures", "--only", "risk", "--force"]).code, 0);
    // What force cannot cure does not advise it.
    for out in ["/proc/x", "run/risk.png"] {
        let ended = dryport(home.path(), &["chart", "run", "--out", out]);
        assert_eq!((ended.code, ended.err.contains("help:")), (1, false), "{}", ended.err);
    }
    let unknown = dryport(home.path(), &["chart", "run", "--only", "pie"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("occupancy") && unknown.err.contains("risk"), "{}", unknown.err);
}

/// The manifest of a run folder names what is in it, whichever command drew it.
#[test]
fn svg_in_place_leaves_what_run_with_svg_leaves() {
    let (home, _) = home();
    let few = ["--set", "run.replications=2", "--set", "run.duration=20s", "--quiet"];
    let scenario = root().join("scenarios/quickstart.toml");
    let scenario = scenario.to_str().unwrap();
    for (out, svg) in [("with", &["--svg"][..]), ("without", &[])] {
        assert_eq!(dryport(home.path(), &[&["run", scenario, "--out", out], &few[..], svg].concat()).code, 0);
    }
    assert_eq!(dryport(home.path(), &["chart", "without", "--svg"]).code, 0);
    assert!(contents(&home.path().join("with")) == contents(&home.path().join("without")));
    assert!(!names(&home.path().join("with"), ".svg").is_empty());
}

/// The text of a file with one edit.
fn edit(run: &Path, file: &str, change: impl FnOnce(String) -> String) {
    let path = run.join(file);
    let text = fs::read_to_string(&path).expect("a text");
    fs::write(&path, change(text)).expect("the folder is ours");
}

/// Replaces what stands in a cell of the last line.
fn last_line(text: &str, column: usize, cell: &str) -> String {
    let (head, last) = text.trim_end().rsplit_once('\n').expect("several lines");
    let mut cells: Vec<&str> = last.split(',').collect();
    cells[column] = cell;
    format!("{head}\n{}\n", cells.join(","))
}

#[test]
fn a_bad_folder_is_refused_in_one_message_and_nothing_is_written() {
    type Damage = fn(&Path);
    let cases: [(Damage, &str); 9] = [
        (|run| fs::remove_file(run.join("manifest.json")).unwrap(), "run is no run folder: there is no manifest.json"),
        (
            |run| edit(run, "manifest.json", |text| text.replace("\"schema_version\": 1", "\"schema_version\": 7")),
            "run/manifest.json: manifest of schema version 7; this dryport reads version 1",
        ),
        (
            |run| edit(run, "manifest.json", |text| text[..text.len() / 2].into()),
            "run/manifest.json: not a dryport manifest: it is cut off in line ",
        ),
        (|run| fs::remove_file(run.join("timeseries.csv")).unwrap(), "cannot read run/timeseries.csv: no such file"),
        (
            |run| edit(run, "timeseries.csv", |text| last_line(&text, 8, "-5")),
            "run/timeseries.csv: line 48081, column busy_ports: `-5` is not a whole number from 0 on",
        ),
        (
            |run| edit(run, "replications.csv", |text| text[..text.len() - 3].into()),
            "run/replications.csv: line 2561: cut off",
        ),
        (
            |run| {
                edit(run, "summary.csv", |text| text.split_inclusive('\n').take(9).collect());
            },
            "run/summary.csv: 8 rows, where the manifest says 163",
        ),
        (
            |run| edit(run, "probes.csv", |text| text.replacen(",busy_percent", "", 1)),
            "run/probes.csv: line 1: the column busy_percent is missing; the header has scenario, variant,",
        ),
        (|run| fs::write(run.join("ports.csv"), [0xff; 99]).unwrap(), "run/ports.csv: line 1: not text in UTF-8"),
    ];
    for (damage, said) in cases {
        let (home, run) = home();
        damage(&run);
        let was = contents(&run);
        let ended = dryport(home.path(), &["chart", "run", "--svg"]);
        assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{said}");
        let (error, help) = ended.err.split_once("\nhelp: ").expect("a way out");
        assert!(error.replace('\n', " ").starts_with(&format!("error: {said}")), "{error}\nnot\n{said}");
        assert!(!help.is_empty() && ended.err.lines().all(|line| line.len() <= 80), "{}", ended.err);
        assert!(contents(&run) == was, "{said}");
    }
    let (home, _) = home();
    assert_eq!(dryport(home.path(), &["chart", "nowhere"]).code, 3);
}

/// What a command leaves is drawn again, to the byte.
#[test]
fn sweeps_and_comparisons_are_drawn_again() {
    let home = tempfile::tempdir().expect("a folder can be made");
    fs::write(home.path().join("s.toml"), FORTY_PORTS).expect("the folder is ours");
    let (rates, ranges) =
        ("client.web.arrivals.poisson.rate=12/s..18/s:2", "host.gateway.port_range=40000-40039,40000-40059");
    let few = ["--set", "run.replications=3", "--quiet"];
    for (made, folder, pictures) in [
        (&["sweep", "s.toml", "--vary", rates, "--vary", ranges][..], "s-sweep", &["heat-map", "risk-curve"][..]),
        (&["compare", "s.toml", "--over", ranges], "s-compare", &["comparison", "arms"]),
    ] {
        let ended = dryport(home.path(), &[made, &few].concat());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        let folder = home.path().join("output").join(folder);
        let was = pictures.iter().map(|name| fs::read(folder.join(name).with_extension("png")).expect("drawn"));
        let was: Vec<Vec<u8>> = was.collect();
        for name in pictures {
            fs::remove_file(folder.join(name).with_extension("png")).expect("ours");
        }
        let ended = dryport(home.path(), &["chart", folder.to_str().expect("UTF-8"), "--svg"]);
        assert_eq!((ended.code, ended.out.lines().count()), (0, 2 * pictures.len()), "{}", ended.err);
        for (name, was) in pictures.iter().zip(was) {
            assert!(fs::read(folder.join(name).with_extension("png")).expect("drawn again") == was, "{name}");
        }
        let ended = dryport(home.path(), &["chart", folder.to_str().expect("UTF-8"), "--only", "fan"]);
        assert!(ended.code == 2 && ended.err.contains("error: fan is no chart of what is in"), "{}", ended.err);
    }
    // A table that lacks a cell is not drawn.
    let table = home.path().join("output/s-sweep/sweep.csv");
    let text = fs::read_to_string(&table).expect("written");
    let cut: String = text.split_inclusive('\n').filter(|line| !line.contains(",rate=18/s")).collect();
    fs::write(&table, cut).expect("ours");
    let ended = dryport(home.path(), &["chart", "output/s-sweep"]);
    let told = "error: output/s-sweep/sweep.csv: 2 cells, or others, where sweep.json says 4";
    assert!(ended.code == 3 && ended.err.starts_with(told), "{}", ended.err);
    fs::remove_file(&table).expect("ours");
    let ended = dryport(home.path(), &["chart", "output/s-sweep"]);
    assert!(ended.code == 3 && ended.err.contains("the same dryport sweep once more"), "{}", ended.err);
}
