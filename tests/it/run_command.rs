//! `dryport run` from the outside: exit codes, what is written and what is not, the same bytes whatever the threads.

use crate::command::{Ended, dryport, dryport_reading, root};
use dryport::port::AllocatorKind;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Forty ports, and more connects than they can carry.
const TINY: &str = r#"
schema = 1
[run]
duration     = "60s"
replications = 4
[[host]]
name       = "gateway"
port_range = "40000-40039"
time_wait  = "2s"
[[destination]]
name = "orders-db"
[[destination]]
name = "cache"
[[client]]
name     = "checkout"
host     = "gateway"
to       = { orders-db = 0.8, cache = 0.2 }
arrivals = { poisson = { rate = "25/s" } }
lifetime = { exponential = { mean = "50ms" } }
"#;

const FILES: [&str; 13] = [
    "fan.png",
    "manifest.json",
    "occupancy.png",
    "ports.csv",
    "probes.csv",
    "probes.png",
    "raster.png",
    "replications.csv",
    "reuse.csv",
    "reuse.png",
    "risk.png",
    "summary.csv",
    "timeseries.csv",
];

/// A folder with `tiny.toml` in it.
pub(crate) fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("tiny.toml"), TINY).expect("the folder is ours");
    folder
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry.expect("a folder stays while it is read").file_name().into_string().expect("a name in UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// The files of a run folder, by name.
pub(crate) fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    // Several destinations or clients leave one picture more.
    let found = names(folder);
    assert_eq!(found.iter().filter(|name| *name != "small-multiples.png").collect::<Vec<_>>(), FILES);
    let content = |name: String| (name.clone(), fs::read(folder.join(name)).expect("the file is there"));
    found.into_iter().map(content).collect()
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ended {
    dryport(folder, &[&["run"], arguments].concat())
}

#[test]
fn the_quickstart_runs_twice_with_the_same_words() {
    let home = tempfile::tempdir().unwrap();
    let scenario = root().join("scenarios/quickstart.toml");
    let arguments = [scenario.to_str().unwrap()];
    let first = run(home.path(), &arguments);
    let again = run(home.path(), &arguments);
    assert_eq!((first.code, &first.out), (0, &again.out));
    assert_eq!(again.code, 0);
    assert!(first.out.starts_with("MAY RUN OUT  checkout -> orders-db: connects refused in "), "{}", first.out);
    assert!(first.out.is_ascii() && first.out.lines().all(|line| line.len() <= 80), "{}", first.out);
    assert!(
        first.err.starts_with("done: 20 runs, 5,4") && first.err.ends_with(" s; report on stdout\n"),
        "{}",
        first.err
    );
    assert_eq!(first.err.lines().count(), 1, "no bar where there is no terminal");
    contents(&home.path().join("output/quickstart"));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let home = home();
    let scenario = root().join("scenarios/quickstart.toml");
    let few = ["--set", "run.replications=9", "--set", "run.duration=150s", "--quiet"];
    let of = |jobs: &str| {
        let ended =
            run(home.path(), &[&[scenario.to_str().unwrap(), "--jobs", jobs, "--out", jobs], &few[..]].concat());
        assert_eq!(ended, Ended { code: 0, out: String::new(), err: String::new() });
        contents(&home.path().join(jobs))
    };
    let one = of("1");
    for jobs in ["2", "7"] {
        assert!(one == of(jobs), "--jobs {jobs} leaves other bytes than --jobs 1");
    }
}

#[test]
fn what_cannot_be_read_or_understood_exits_with_3_and_writes_nothing() {
    let home = home();
    fs::write(home.path().join("bad.toml"), TINY.replace("\"60s\"", "60")).unwrap();
    // Sparse: takes no room, and must not be read.
    fs::File::create(home.path().join("large.toml")).unwrap().set_len(100_000_000).unwrap();
    for (arguments, said) in [
        (&["none.toml"][..], "error: cannot read none.toml: no such file\n"),
        (&["tiny.toml", "bad.toml"], "error: bad.toml has 1 error; nothing was run\n"),
        (&["bad.toml", "--quiet"], "error: bad.toml has 1 error; nothing was run\n"),
        (&["bad.toml", "--set", "run.seed=x"], "error: bad.toml has 1 error, --set has 1 error; nothing was run\n"),
        (&["large.toml"], "error: cannot read large.toml: it has 100000000 bytes; at most 16777216 are read\n"),
    ] {
        let ended = run(home.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{arguments:?}");
        assert!(ended.err.ends_with(said), "{}", ended.err);
        assert_eq!(names(home.path()), ["bad.toml", "large.toml", "tiny.toml"]);
    }
}

#[test]
fn usage_that_makes_no_sense_exits_with_2() {
    let home = home();
    fs::create_dir(home.path().join("other")).unwrap();
    fs::write(home.path().join("other/tiny.toml"), TINY).unwrap();
    fs::write(home.path().join("b.toml"), TINY).unwrap();
    for (arguments, said) in [
        (&["tiny.toml", "other/tiny.toml"][..], "two scenarios are called tiny: their results would go to one folder"),
        (&["-", "-"], "two scenarios are called stdin: their results would go to one folder"),
        (&["tiny.toml", "b.toml", "--attempts", "a.csv"], "--attempts takes one scenario"),
        (&["tiny.toml", "--attempts", "a.csv", "--replication", "5"], "--replication 5: there are 4 runs"),
        (&["tiny.toml", "--confidence", "1"], "a level lies between 0.5 and 0.9999, such as 0.95"),
        (&["tiny.toml", "--attempts", "-"], "--attempts - is no file; --attempts /dev/stdout writes into a pipe"),
        (&["tiny.toml", "b.toml", "--openmetrics", "m"], "--openmetrics takes one scenario"),
        (&["tiny.toml", "--openmetrics", "-"], "--openmetrics - is no file; --openmetrics /dev/stdout writes into a"),
        (&["tiny.toml", "--openmetrics", "a", "--attempts", "a"], "--attempts and --openmetrics name one file: each"),
        (&["tiny.toml", "--set", "run.duration=1"], "error: --set has 1 error; nothing was run"),
        (&["tiny.toml", "--seed", "-1"], "a seed is a whole number from 0 to 18446744073709551615"),
        (&["tiny.toml", "--jobs", "-1"], "-1 is not in 1..=1024"),
        (&["tiny.toml", "--jobs", "0"], "--jobs"),
        (&["tiny.toml", "--replication", "2"], "--attempts"),
        (&[], "<SCENARIO>..."),
    ] {
        let ended = run(home.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        // Help is wrapped at 80 columns.
        let words: Vec<_> = ended.err.split_whitespace().collect();
        assert!(words.join(" ").contains(said), "{arguments:?} {}", ended.err);
        assert_eq!(names(home.path()), ["b.toml", "other", "tiny.toml"]);
    }
}

#[test]
fn what_may_not_be_written_exits_with_1_before_anything_runs() {
    let home = home();
    fs::create_dir(home.path().join("mine")).unwrap();
    fs::write(home.path().join("mine/thesis.txt"), "years").unwrap();
    fs::create_dir(home.path().join("empty")).unwrap();
    let foreign = "error: mine exists already and holds no run of dryport: name another folder\n";
    let not_ours = "error: mine/thesis.txt exists already and is no file of dryport's: name another\none\n";
    // A run that would take hours.
    let long = ["tiny.toml", "--set", "run.duration=300d", "--set", "run.replications=100"];
    let too_long = "x".repeat(300);
    for (arguments, said) in [
        (&["--out", "mine"][..], foreign),
        (&["--out", "mine", "--force"], foreign),
        (&["--out", "mine/.", "--force"], "error: mine/. exists already and holds no run of dryport: name another"),
        (&["--out", "empty"], "error: empty exists already\nhelp: --force replaces it\n"),
        (
            &["--out", "tiny.toml/below"],
            "error: cannot write tiny.toml/below: no folder can be made in tiny.toml: Not a",
        ),
        (&["--attempts", "mine/thesis.txt", "--force"], not_ours),
        (
            &["--attempts", "tiny.toml/a.csv"],
            "error: cannot write tiny.toml/a.csv: no folder can be made in tiny.toml: Not a",
        ),
        (&["--attempts", "mine", "--force"], "error: cannot write mine: is a directory\n"),
        (&["--openmetrics", "mine/thesis.txt"], not_ours),
        (&["--openmetrics", "tiny.toml", "--force"], "error: cannot write tiny.toml: tiny.toml is read for this run"),
        (&["--attempts", &too_long], "error: cannot make\n"),
        (&["--out", &too_long], "error: cannot make\n"),
        (&["--attempts", "tiny.toml", "--force"], "error: cannot write tiny.toml: tiny.toml is read for this run and"),
        (&["--out", ".", "--force"], "error: cannot write .: tiny.toml is read for this run and would be lost\n"),
        (&["--out", "mine/..", "--force"], "error: cannot write mine/..: tiny.toml is read for this run and would be"),
        (&["--out", "/proc/x"], "error: cannot write /proc/x: no folder can be made in /proc: No such file or\n"),
    ] {
        let ended = run(home.path(), &[&long, arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{arguments:?}");
        assert!(ended.err.starts_with(said), "{}", ended.err);
        assert_eq!(names(home.path()), ["empty", "mine", "tiny.toml"]);
        assert_eq!(names(&home.path().join("mine")), ["thesis.txt"]);
    }
    let ended = run(home.path(), &["tiny.toml", "--out", "empty", "--force", "--quiet"]);
    assert_eq!(ended, Ended { code: 0, out: String::new(), err: String::new() });
    contents(&home.path().join("empty"));
}

/// Not even by force: neither the folder that the shell works in, nor one above it.
#[test]
fn the_ground_under_the_shell_stays() {
    let home = home();
    assert_eq!(run(home.path(), &["tiny.toml", "--quiet", "--out", "o"]).code, 0);
    let below = home.path().join("o/below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("s.toml"), TINY).unwrap();
    let (inside, text) = (home.path().join("o"), fs::read_to_string(home.path().join("tiny.toml")).unwrap());
    for (folder, out) in [(&inside, "."), (&inside, inside.to_str().unwrap()), (&below, "..")] {
        let arguments = ["run", "-", "--quiet", "--force", "--out", out];
        let ended = dryport_reading(folder, &arguments, &text);
        let said = format!("error: cannot write {out}: the shell works in it: name another folder");
        let words: Vec<_> = ended.err.split_whitespace().collect();
        assert_eq!((ended.code, words.join(" ")), (1, said));
    }
    assert!(below.join("s.toml").exists());
}

#[test]
fn what_a_user_put_beside_a_run_stays() {
    let home = home();
    for arguments in [&["tiny.toml", "--quiet"][..], &["tiny.toml", "--quiet", "--force", "--svg"]] {
        let notes = home.path().join("output/tiny/notes.txt");
        if arguments.len() == 2 {
            assert_eq!(run(home.path(), arguments).code, 0);
            fs::write(&notes, "mine").unwrap();
        }
        assert_eq!(run(home.path(), arguments), Ended { code: 0, out: String::new(), err: String::new() });
        assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    }
    assert_eq!(names(&home.path().join("output")), ["tiny"]);
}

#[test]
fn another_file_of_the_same_name_keeps_its_results() {
    let home = home();
    fs::create_dir(home.path().join("sub")).unwrap();
    fs::write(home.path().join("sub/tiny.toml"), TINY).unwrap();
    assert_eq!(run(home.path(), &["tiny.toml", "--quiet"]).code, 0);
    let ended = run(home.path(), &["sub/tiny.toml", "--quiet"]);
    let said = "error: output/tiny exists already and holds a run of tiny.toml\nhelp: --force replaces it\n";
    assert_eq!(ended, Ended { code: 1, out: String::new(), err: said.into() });
    assert_eq!(run(home.path(), &["./sub/../tiny.toml", "--quiet"]).code, 0);
    assert_eq!(run(home.path(), &["sub/tiny.toml", "--quiet", "--force"]).code, 0);
    fs::write(home.path().join("stdin.toml"), TINY).unwrap();
    assert_eq!(dryport_reading(home.path(), &["run", "-", "--quiet"], TINY).code, 0);
    let ended = run(home.path(), &["stdin.toml", "--quiet"]);
    assert_eq!(ended.err, "error: output/stdin exists already and holds a run of stdin\nhelp: --force replaces it\n");
    assert_eq!(dryport_reading(home.path(), &["run", "-", "--quiet"], TINY).code, 0);
}

#[test]
fn names_cannot_upset_a_terminal() {
    let home = home();
    let weird = "weird\nname\u{1b}[31m";
    fs::copy(home.path().join("tiny.toml"), home.path().join(format!("{weird}.toml"))).unwrap();
    for arguments in
        [&["tiny.toml", "--out", weird][..], &[&format!("{weird}.toml")], &[weird], &[&format!("--{weird}")]]
    {
        let ended = run(home.path(), arguments);
        for screen in [&ended.out, &ended.err] {
            assert!(!screen.chars().any(|letter| letter.is_control() && letter != '\n'), "{screen:?}");
            assert!(!screen.contains("weird\n") || arguments[0].starts_with("--"), "{screen:?}");
        }
    }
    assert!(run(home.path(), &["tiny.toml", "--out", weird]).err.contains("weird\\nname\\x1b[31m exists already"));
}

#[test]
fn another_scenarios_run_in_the_default_folder_is_kept() {
    let home = home();
    assert_eq!(run(home.path(), &["tiny.toml", "--quiet"]).code, 0);
    fs::create_dir(home.path().join("output/b")).unwrap();
    fs::copy(home.path().join("output/tiny/manifest.json"), home.path().join("output/b/manifest.json")).unwrap();
    fs::write(home.path().join("b.toml"), TINY).unwrap();
    let ended = run(home.path(), &["b.toml"]);
    assert_eq!(ended.code, 1);
    assert_eq!(ended.err, "error: output/b exists already and holds a run of tiny.toml\nhelp: --force replaces it\n");
    assert_eq!(names(&home.path().join("output/b")), ["manifest.json"]);
}

#[test]
fn several_scenarios_go_side_by_side() {
    let home = home();
    fs::write(home.path().join("calm.toml"), TINY.replace("25/s", "1/s")).unwrap();
    let ended = run(home.path(), &["tiny.toml", "calm.toml", "--out", "both"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let verdicts: Vec<_> = ended.out.lines().filter(|line| line.contains("checkout -> ")).collect();
    assert!(verdicts[0].starts_with("RUNS OUT ") && verdicts[1].starts_with("NOT SEEN "), "{}", ended.out);
    assert_eq!(names(&home.path().join("both")), ["calm", "tiny"]);
    contents(&home.path().join("both/calm"));
}

#[test]
fn standard_input_is_a_scenario_too() {
    let home = home();
    let ended = dryport_reading(home.path(), &["run", "-"], TINY);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("\nFiles        output/stdin/  "), "{}", ended.out);
    contents(&home.path().join("output/stdin"));
}

#[test]
fn json_is_one_document_with_the_verdict() {
    let home = home();
    for (arguments, said) in [(&[][..], "done: 4 runs, "), (&["--quiet", "--force"], "")] {
        let ended = run(home.path(), &[&["tiny.toml", "--json", "--confidence", "90%"], arguments].concat());
        assert_eq!(ended.code, 0);
        assert!(ended.err.starts_with(said), "{}", ended.err);
        let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&document["schema_version"], &document["verdict"]), (&1.into(), &"RUNS OUT".into()));
        let run = &document["runs"][0];
        assert_eq!((&run["confidence"], &run["figures"]["capacity_ports"]["estimate"]), (&0.9.into(), &80.into()));
    }
}

/// What attempt came of each row: time, destination, outcome, close.
fn outcomes(csv: &Path) -> Vec<String> {
    let text = fs::read_to_string(csv).expect("the file is there");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("time_s,request,retry,client,source,destination,outcome,port,close_s,probes"));
    lines
        .map(|line| {
            let fields: Vec<_> = line.split(',').collect();
            [fields[0], fields[5], fields[6], fields[8]].join(",")
        })
        .collect()
}

#[test]
fn attempts_replay_to_the_same_outcomes() {
    let home = home();
    let ended = run(home.path(), &["tiny.toml", "--attempts", "a/first.csv", "--replication", "3", "--quiet"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let first = outcomes(&home.path().join("a/first.csv"));
    let row = format!("tiny,,3,all,attempts_total,attempts,{}\n", first.len());
    let replications = fs::read_to_string(home.path().join("output/tiny/replications.csv")).unwrap();
    assert!(replications.contains(&row), "{row}");
    let replay = TINY.replace("poisson = { rate = \"25/s\" }", "trace = { file = \"a/first.csv\" }");
    fs::write(home.path().join("replay.toml"), replay).unwrap();
    let ended = run(home.path(), &["replay.toml", "--attempts", "a/second.csv", "--quiet"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let second = outcomes(&home.path().join("a/second.csv"));
    assert!(first.iter().filter(|row| row.contains("EADDRNOTAVAIL")).count() > 100);
    assert!(first == second, "attempt {:?} differs", first.iter().zip(&second).position(|(a, b)| a != b));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_exits_with_1() {
    let home = home();
    let ended = run(home.path(), &["tiny.toml", "--attempts", "/dev/full"]);
    assert_eq!(ended.code, 1);
    let message = "error: cannot write /dev/full: No space left on device";
    assert!(ended.err.starts_with(message), "{}", ended.err);
    contents(&home.path().join("output/tiny"));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = start(home.path(), &["tiny.toml"], full.into(), Stdio::null());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

pub(crate) fn start(folder: &Path, arguments: &[&str], out: Stdio, err: Stdio) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dryport"));
    command.current_dir(folder).arg("run").args(arguments).stdin(Stdio::null()).stdout(out).stderr(err);
    command.spawn().expect("it can be started")
}

#[test]
fn a_closed_pipe_is_quiet_and_the_files_are_written() {
    let home = home();
    fs::write(home.path().join("b.toml"), TINY).unwrap();
    let mut child = start(home.path(), &["tiny.toml", "b.toml"], Stdio::piped(), Stdio::piped());
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(!String::from_utf8(ended.stderr).unwrap().contains("error"));
    contents(&home.path().join("output/tiny"));
    contents(&home.path().join("output/b"));
}

/// Every uniqueness with every allocator, each on a host of its own, and all else that a scenario can say.
fn everything() -> String {
    let mut text = String::from("schema = 1\n[run]\nduration = \"40s\"\nwarm_up = \"5s\"\nreplications = 2\n");
    text.push_str("[[destination]]\nname = \"a\"\nendpoints = 2\n[[destination]]\nname = \"b\"\nendpoints = 3\n");
    let spreads = ["random", "round-robin", "first-free"];
    let mut index = 0;
    for uniqueness in ["4-tuple", "port-destination", "address-port", "port"] {
        for allocator in AllocatorKind::ALL.iter().map(|kind| kind.name()) {
            let hold = ["\"2s\"", "{ timer_wheel = { wait = \"3s\", hz = 250 } }"][index % 2];
            let closer = ["client", "server", "reset"][index % 3];
            let jitter = ["none", "full", "equal"][index % 3];
            let (source, balance) = (spreads[index % 3], spreads[(index / 3) % 3]);
            let arrivals = ["poisson", "constant"][index % 2];
            let lifetime =
                ["exponential = { mean = \"900ms\" }", "lognormal = { median = \"500ms\", p99 = \"5s\" }"][index % 2];
            write!(
                text,
                "[[host]]\nname = \"h{index}\"\nport_range = \"40000-40005\"\nreserved_ports = [\"40001\", \"40003-40003\"]\n\
                 addresses = 2\nuniqueness = \"{uniqueness}\"\nallocator = \"{allocator}\"\ntime_wait = {hold}\n\
                 [[client]]\nname = \"c{index}\"\nhost = \"h{index}\"\nto = {{ a = 0.3, b = 0.7 }}\n\
                 arrivals = {{ {arrivals} = {{ rate = \"60/s\" }} }}\nlifetime = {{ {lifetime} }}\n\
                 closes_first = \"{closer}\"\nsource = \"{source}\"\nbalance = \"{balance}\"\n\
                 retry = {{ attempts = 3, delay = \"300ms\", factor = 2.0, jitter = \"{jitter}\" }}\n"
            )
            .expect("a text grows");
            index += 1;
        }
    }
    text
}

#[test]
fn the_invariants_hold_with_every_feature() {
    let home = home();
    fs::write(home.path().join("everything.toml"), everything()).unwrap();
    let quickstart = root().join("scenarios/quickstart.toml");
    for arguments in [
        &["everything.toml"][..],
        &[quickstart.to_str().unwrap(), "--set", "run.replications=2", "--set", "run.duration=70s"],
    ] {
        let ended = run(home.path(), &[arguments, &["--check-invariants", "--quiet"]].concat());
        assert_eq!(ended, Ended { code: 0, out: String::new(), err: String::new() });
    }
    let replications = fs::read_to_string(home.path().join("output/everything/replications.csv")).unwrap();
    for client in 0..16 {
        let refused = format!(",client:c{client},refused_total,attempts,0\n");
        assert!(!replications.contains(&refused), "client c{client} was never refused: nothing was tried");
    }
}

/// The manifest names nothing of this machine: neither folders nor threads.
#[test]
fn the_manifest_says_how_to_get_the_same_figures() {
    let home = home();
    let elsewhere: PathBuf = home.path().join("elsewhere");
    let arguments = ["tiny.toml", "--seed", "18446744073709551615", "--jobs", "1", "--quiet", "--out"];
    assert_eq!(run(home.path(), &[&arguments[..], &[elsewhere.to_str().unwrap()]].concat()).code, 0);
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(elsewhere.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["arguments"], serde_json::json!(["run", "tiny.toml", "--seed", "18446744073709551615"]));
    assert_eq!(manifest["seed"], u64::MAX);
    assert_eq!(manifest["scenario"]["load"], "25/s Poisson, exponential 50 ms");
    assert_eq!(manifest["scenario"]["resolved"]["run"]["duration"]["origin"], "file");
    assert_eq!(manifest["metrics"]["refused_ratio"]["method"], "ratio");
}
