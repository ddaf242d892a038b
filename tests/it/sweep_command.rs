//! `dryport sweep`: what it leaves is the same whatever happened on the way.

use crate::command::{FORTY_PORTS, assert_screen, dryport, scenario_of_a_sweep, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("s.toml"), scenario_of_a_sweep()).expect("the folder is ours");
    folder
}

fn swept(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    tree(&folder.join("output/s-sweep"))
}

fn sweep(folder: &Path, more: &[&str]) -> crate::command::Ended {
    dryport(folder, &[&["sweep", "s.toml"], more].concat())
}

#[test]
fn a_sweep_is_told_cell_by_cell_and_threads_change_no_byte() {
    let (one, two) = (home(), home());
    let ended = sweep(one.path(), &["--jobs", "1"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.lines().all(|line| line.len() <= 80), "{}", ended.out);
    assert_screen("sweep-two-axes", &ended.out);
    assert_eq!(sweep(two.path(), &["--jobs", "2"]).out, ended.out);
    assert_eq!(swept(one.path()), swept(two.path()));
    let files = swept(one.path());
    assert_eq!(files.iter().filter(|(path, _)| path.starts_with("cells")).count(), 6);
    let table = String::from_utf8(files.into_iter().find(|(path, _)| path == Path::new("sweep.csv")).expect("it").1);
    let table = table.expect("text");
    assert!(table.contains("\ns,port_range=40000-40059 rate=18/s,all,refused_ratio,ratio,"), "{}", &table[..400]);
    // A second time there is nothing to do, and the same is said.
    assert_eq!(sweep(one.path(), &[]).out, ended.out);
}

#[test]
fn parts_copied_together_are_the_whole() {
    let whole = home();
    assert_eq!(sweep(whole.path(), &[]).code, 0);
    let merged = home();
    for part in ["1/3", "2/3", "3/3"] {
        let other = home();
        let ended = sweep(other.path(), &["--shard", part]);
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
        assert!(ended.err.contains("2 of 6 cells are in output/s-sweep/cells"), "{}", ended.err);
        let json = sweep(other.path(), &["--shard", part, "--json", "--quiet"]);
        let json: serde_json::Value = serde_json::from_str(&json.out).expect("a document");
        assert_eq!((&json["shard"], &json["cells_whole"], &json["cells"]), (&part.into(), &2.into(), &6.into()));
        let cells = merged.path().join("output/s-sweep/cells");
        fs::create_dir_all(&cells).expect("ours");
        for (path, bytes) in swept(other.path()) {
            fs::write(merged.path().join("output/s-sweep").join(path), bytes).expect("ours");
        }
    }
    assert_eq!(sweep(merged.path(), &[]).code, 0);
    assert_eq!(swept(merged.path()), swept(whole.path()));
}

/// C2: a cell that was changed is not believed: it is made anew, which is said. One with a wait of ten years is read back.
#[test]
fn a_changed_cell_is_made_anew() {
    let folder = home();
    assert_eq!(sweep(folder.path(), &[]).code, 0);
    let before = swept(folder.path());
    let (path, bytes) = before.iter().find(|(path, _)| path.starts_with("cells/")).expect("there are cells");
    let path = folder.path().join("output/s-sweep").join(path);
    let text = String::from_utf8(bytes.clone()).expect("text");
    fs::write(&path, text.replacen(",attempts,", ",-inf,", 1)).expect("ours");
    let ended = sweep(folder.path(), &[]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.err.contains("note: 1 cell changed or cut off since it was written, and made anew: first"),
        "{}",
        ended.err
    );
    assert_eq!(swept(folder.path()), before);
    let long = ["--vary", "host.gateway.time_wait=3653d", "--out", "long"];
    for _ in 0..2 {
        let ended = sweep(folder.path(), &long);
        assert_eq!((ended.code, ended.err.contains("note:")), (0, false), "{}", ended.err);
    }
}

/// Killed as soon as a cell is there, and started again; the slow tier does it on two hundred cells.
#[test]
fn a_killed_sweep_ends_with_the_same_bytes() {
    let (whole, killed) = (home(), home());
    let longer = ["--set", "run.replications=60"];
    assert_eq!(sweep(whole.path(), &longer).code, 0);
    let mut child = Command::new(env!("CARGO_BIN_EXE_dryport"))
        .args(["sweep", "s.toml", "--jobs", "1"])
        .args(longer)
        .current_dir(killed.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let cells = killed.path().join("output/s-sweep/cells");
    let any = || fs::read_dir(&cells).is_ok_and(|mut entries| entries.next().is_some());
    for _ in 0..30_000 {
        if any() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it runs or has ended");
    child.wait().expect("ours");
    assert_eq!(sweep(killed.path(), &longer).code, 0);
    assert_eq!(swept(killed.path()), swept(whole.path()));
}

/// A killed run leaves the folders it was writing in, without a lock; in one that is shared another may be writing just now.
#[test]
fn what_is_half_written_is_in_nobodys_way() {
    let (whole, killed) = (home(), home());
    assert_eq!(sweep(whole.path(), &[]).code, 0);
    for left in ["output/s-sweep/.dryport-1", "output/s-sweep/cells/.dryport-2"] {
        let left = killed.path().join(left);
        fs::create_dir_all(&left).expect("ours");
        fs::write(left.join("file"), "half of").expect("ours");
        fs::write(left.join("lock"), "sweep.csv").expect("ours");
        let another = fs::File::open(left.join("lock")).expect("ours");
        another.lock().expect("nobody else has it");
        let parts = ["1/2", "2/2"].map(|part| sweep(killed.path(), &["--shard", part]));
        assert!(parts.iter().all(|part| part.code == 0 && part.out.is_empty()), "{parts:?}");
        assert!(
            parts[1].err.ends_with("6 of 6 cells are in output/s-sweep/cells; run this without --shard\n"),
            "{parts:?}"
        );
        assert_eq!(sweep(killed.path(), &[]).code, 0);
        assert!(left.exists(), "another writes there");
        drop(another);
        assert_eq!(sweep(killed.path(), &[]).code, 0);
        assert_eq!(swept(killed.path()), swept(whole.path()));
        assert!(!left.exists());
    }
}

#[test]
fn another_sweep_in_the_folder_is_told_apart() {
    let folder = home();
    assert_eq!(sweep(folder.path(), &[]).code, 0);
    let before = swept(folder.path());
    let other = ["--set", "run.replications=7", "--vary", "client.web.arrivals.poisson.rate=12/s,15/s"];
    let ended = sweep(folder.path(), &other);
    assert_eq!(ended.code, 1);
    assert_screen("sweep-differs", &ended.err);
    assert_eq!(swept(folder.path()), before);
    assert_eq!(sweep(folder.path(), &[&other[..], &["--force"]].concat()).code, 0);
    let fresh = home();
    assert_eq!(sweep(fresh.path(), &other).code, 0);
    assert_eq!(swept(folder.path()), swept(fresh.path()));
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_runs() {
    let axes = ["seed", "duration", "warm_up", "replications", "sample"];
    let axes = axes.map(|key| format!("run.{key}=1..10000:10000"));
    let huge: Vec<&str> = axes.iter().flat_map(|axis| ["--vary", axis.as_str()]).collect();
    for (arguments, code, told) in [
        (&["--vary", "host.gateway.port_rang=1-2"][..], 2, "did you mean"),
        (&["--vary", "host.gateway.port_range=40000-40009,9-3"], 2, "9-3"),
        (&["--vary", "run.seed=1,1"], 2, "1 is there twice"),
        (&["--vary", "run.seed=1", "--vary", "run.seed=2"], 2, "run.seed is varied twice"),
        (&["--vary", "run.seed"], 2, "it needs KEY=VALUES"),
        (&["--shard", "4/3"], 2, "write K/N"),
        // 10 ms a cell, and more for its events.
        (
            &["--vary", "run.seed=1..10000:10000", "--vary", "run.replications=1..200:200"],
            2,
            "2,000,000 cells, about 6",
        ),
        (&[&huge[..], &["--force"]].concat(), 2, "more than 10^19 cells"),
    ] {
        let folder = home();
        let ended = sweep(folder.path(), arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(told), "{arguments:?}: {}", ended.err);
        assert!(!folder.path().join("output").exists(), "{arguments:?}");
    }
    let folder = home();
    fs::write(folder.path().join("s.toml"), FORTY_PORTS).expect("ours");
    let ended = sweep(folder.path(), &[]);
    assert_eq!((ended.code, ended.err.contains("nothing is varied")), (2, true), "{}", ended.err);
    let folder = home();
    fs::write(folder.path().join("s.toml"), scenario_of_a_sweep().replacen("40000-40059\"]", "1-0\"]", 1))
        .expect("ours");
    let ended = sweep(folder.path(), &[]);
    assert_eq!((ended.code, folder.path().join("output").exists()), (3, false), "{}", ended.err);
    assert!(ended.err.contains(" s.toml:18:") && ended.err.contains("port_range"), "{}", ended.err);
}

#[test]
fn check_reads_every_value_that_is_to_be_swept() {
    let folder = home();
    let ended = dryport(folder.path(), &["check", "s.toml"]);
    assert!(ended.code == 0 && ended.out.contains("[sweep]: 6 cells"), "{ended:?}");
    fs::write(folder.path().join("s.toml"), scenario_of_a_sweep().replacen("15/s", "15", 1)).expect("ours");
    let ended = dryport(folder.path(), &["check", "s.toml"]);
    assert!(ended.code == 3 && ended.err.contains("a rate needs a time"), "{ended:?}");
    fs::write(folder.path().join("s.toml"), scenario_of_a_sweep().replacen("port_range\"", "port_rang\"", 1))
        .expect("ours");
    let ended = dryport(folder.path(), &["check", "s.toml"]);
    assert_eq!((ended.code, ended.err.matches("did you mean").count()), (3, 1), "{}", ended.err);
    assert!(ended.err.contains(" s.toml:18:1\n"), "{}", ended.err);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = home();
    fs::create_dir_all(folder.path().join("mine")).expect("ours");
    fs::write(folder.path().join("mine/letter"), "dear").expect("ours");
    let ended = sweep(folder.path(), &["--out", "mine", "--force"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("holds no sweep"), "{}", ended.err);
    assert_eq!(tree(&folder.path().join("mine")).len(), 1);
}

#[test]
fn a_cell_that_was_cut_or_is_anothers_is_made_anew() {
    let folder = home();
    assert_eq!(sweep(folder.path(), &[]).code, 0);
    let before = swept(folder.path());
    let cells = fs::read_dir(folder.path().join("output/s-sweep/cells")).expect("there");
    let paths: Vec<PathBuf> = cells.map(|cell| cell.expect("an entry").path()).collect();
    let bytes = fs::read(&paths[0]).expect("a file");
    // Within a line, at the end of one, and the content of another cell.
    let line = bytes.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
    for content in [&bytes[..bytes.len() / 2], &bytes[..line], &fs::read(&paths[1]).expect("a file")] {
        fs::write(&paths[0], content).expect("ours");
        assert_eq!(sweep(folder.path(), &[]).code, 0);
        assert_eq!(swept(folder.path()), before);
    }
}
