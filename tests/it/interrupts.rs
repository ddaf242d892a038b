//! Ctrl-C once and more often, pipes that nobody reads, two runs at once: what is whole is kept, and nothing is left over.
#![cfg(unix)]

use crate::command::{Ended, dryport};
use crate::run_command::{contents, home, names, run};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

/// No command takes so long to end: without a limit a fault here would be a test that hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Presses Ctrl-C after each of these pauses, and waits for the end: the exit code and what went to stderr.
fn interrupted(child: Child, pauses_ms: &[u64]) -> (i32, String) {
    signalled(child, pauses_ms, "-INT")
}

fn signalled(child: Child, pauses_ms: &[u64], signal: &str) -> (i32, String) {
    let (code, _, err) = ended(child, pauses_ms, signal);
    (code, err)
}

/// The exit code, stdout and stderr.
fn ended(child: Child, pauses_ms: &[u64], signal: &str) -> (i32, String, String) {
    let id = child.id().to_string();
    // It may have ended by the second.
    let send = |signal: &str| drop(Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status());
    for pause in pauses_ms {
        std::thread::sleep(Duration::from_millis(*pause));
        send(signal);
    }
    let (sender, receiver) = mpsc::channel();
    // Nobody hears of it when the wait was given up.
    std::thread::spawn(move || drop(sender.send(child.wait_with_output())));
    let Ok(ended) = receiver.recv_timeout(PATIENCE) else {
        send("-KILL");
        panic!("it goes on after {signal}");
    };
    let ended = ended.expect("it ends");
    let [out, err] = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).expect("it prints text"));
    (ended.status.code().expect("no signal ended it"), out, err)
}

/// Starts `dryport ARGUMENTS` so that it hears signals: whoever started the tests may have told them to ignore some, which
/// every process hands on.
fn listening(folder: &Path, arguments: &[&str]) -> Child {
    static RESET: LazyLock<bool> = LazyLock::new(|| {
        let resets = Command::new("env").args([RESET_SIGNALS, "true"]).stderr(Stdio::null()).status();
        resets.is_ok_and(|status| status.success())
    });
    let mut command = if *RESET { Command::new("env") } else { Command::new(env!("CARGO_BIN_EXE_dryport")) };
    if *RESET {
        command.args([RESET_SIGNALS, env!("CARGO_BIN_EXE_dryport")]);
    }
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// What env of GNU understands since 2019, and others need not.
const RESET_SIGNALS: &str = "--default-signal=INT,TERM,HUP";

fn start_quietly(folder: &Path, arguments: &[&str]) -> Child {
    listening(folder, &[&["run"], arguments].concat())
}

/// The run folder is whole, but for the figures of each run where stderr says so.
fn is_whole(folder: &Path, said: &str) {
    if said.contains("without replications.csv") {
        assert!(!folder.join("replications.csv").exists());
        fs::write(folder.join("replications.csv"), "").unwrap();
    }
    contents(folder);
}

/// More runs than can be made while the test looks.
const MANY: [&str; 3] = ["tiny.toml", "--set", "run.replications=1000000"];

#[test]
fn ctrl_c_keeps_what_is_whole() {
    let home = home();
    let (code, said) = interrupted(start_quietly(home.path(), &MANY), &[2_000]);
    assert_eq!(code, 130);
    let said = said.replace('\n', " ").replace(", without replications.csv", "");
    assert!(said.starts_with("note: replications.csv of 1,000,000 runs takes about "), "{said}");
    let said = said.split_once("interrupted: ").expect("it was").1;
    let end = " of 1,000,000 runs are whole and were written; the interval is wider";
    let whole = said.trim_end().strip_suffix(end);
    let whole = whole.expect("said as promised").replace(',', "");
    let manifest = fs::read_to_string(home.path().join("output/tiny/manifest.json")).unwrap();
    assert!(manifest.contains(&format!("\"replications\": {whole},")), "{said}");
    assert!(manifest.contains("\"cut_off\": 1000000,"), "{manifest}");
}

/// C3: after 100,000 of a million runs Ctrl-C took 27 s, for the figures of each run were written, 600 MB. They are left
/// out beyond what takes a second, and whoever presses while they are written gets the rest.
#[test]
fn ctrl_c_does_not_wait_for_the_figures_of_each_run() {
    let home = home();
    let short = ["--set", "run.duration=1s", "--set", "run.replications=1000000"];
    let (code, said) = interrupted(start_quietly(home.path(), &[&["tiny.toml"], &short[..]].concat()), &[4_000]);
    assert_eq!(code, 130, "{said}");
    assert!(said.replace('\n', " ").contains(" runs are whole and were written, without replications.csv"), "{said}");
    is_whole(&home.path().join("output/tiny"), "without replications.csv");
    let drawn = dryport(home.path(), &["chart", "output/tiny"]);
    let lack = "note: not drawn, for lack of replications.csv: occupancy, risk, fan,\n\
                small-multiples; run.keep = \"all\" leaves it\n";
    assert_eq!((drawn.code, drawn.err.as_str()), (0, lack));
}

/// A3: a search that is stopped shows what it knows by then.
#[test]
fn ctrl_c_in_a_search_shows_its_table() {
    let home = home();
    let search =
        ["--for", "rate", "--target", "refused_ratio <= 1e-9", "--scope", "host:gateway", "--max-requests", "1e15"];
    let long = ["--max-replications", "1000000", "--set", "run.duration=1h"];
    let solve = [&["solve", "tiny.toml"][..], &search, &long].concat();
    let (code, out, err) = ended(listening(home.path(), &solve), &[2_000], "-INT");
    assert_eq!(code, 130, "{out}{err}");
    assert!(err.contains("interrupted: the search was not over"), "{err}");
    assert!(out.contains("Cut off") && out.contains("refused in"), "{out}");
    let child = listening(home.path(), &["advise", "tiny.toml", "--set", "run.duration=300d"]);
    assert_eq!(interrupted(child, &[2_000]).0, 130);
    assert_eq!(names(home.path()), ["tiny.toml"], "what was not tried to the end leaves no folder");
}

/// Told to end by the system: the same.
#[test]
fn a_signal_to_end_is_a_ctrl_c() {
    for signal in ["-TERM", "-HUP"] {
        let home = home();
        let (code, said) = signalled(start_quietly(home.path(), &MANY), &[1_500, 30], signal);
        assert_eq!(code, 130, "{said}");
        all_or_nothing(home.path(), &said);
    }
    // `nohup`: what was told to outlive its terminal does.
    let home = home();
    let script =
        format!("trap '' HUP; exec {} run tiny.toml --set run.replications=1000000", env!("CARGO_BIN_EXE_dryport"));
    let mut child =
        Command::new("sh").args(["-c", &script]).current_dir(home.path()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it ended with its terminal");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn ctrl_c_before_any_run_is_whole_leaves_nothing() {
    let home = home();
    let endless = start_quietly(home.path(), &["tiny.toml", "--set", "run.duration=3000d", "--jobs", "2"]);
    let (code, said) = interrupted(endless, &[2_000]);
    let said =
        said.strip_prefix("note: this takes about ").and_then(|said| said.split_once(" min")).expect("it is long");
    assert_eq!(
        (code, said.1),
        (130, "; Ctrl-C keeps what is whole\ninterrupted: no run is whole; nothing was written\n")
    );
    assert_eq!(names(home.path()), ["tiny.toml"]);
}

/// A run that was stopped twice has left a whole folder, or none; what it was at work on is gone with the next run.
fn all_or_nothing(home: &Path, said: &str) {
    let output = home.join("output");
    let left: Vec<String> = names(&output).into_iter().filter(|name| !name.starts_with(".dryport-")).collect();
    if left.is_empty() {
        assert!(!said.contains("were written"), "{said}");
    } else {
        assert_eq!(left, ["tiny"], "{said}");
        let is_without = !output.join("tiny/replications.csv").exists();
        is_whole(&output.join("tiny"), if is_without { "without replications.csv" } else { "" });
    }
    assert_eq!(run(home, &["tiny.toml", "--quiet", "--set", "run.duration=1s"]).code, 0);
    assert_eq!(names(&output), ["tiny"]);
}

/// Whether the second comes before, while or after the folder is written: it is whole, or there is none.
#[test]
fn a_second_ctrl_c_leaves_all_or_nothing() {
    for pause in [1, 20, 60, 200] {
        let home = home();
        let (code, said) = interrupted(start_quietly(home.path(), &MANY), &[1_500, pause]);
        assert_eq!(code, 130, "{said}");
        all_or_nothing(home.path(), &said);
    }
}

#[test]
fn ctrl_c_ends_the_wait_for_the_reader_of_a_pipe() {
    let home = home();
    assert!(Command::new("mkfifo").arg(home.path().join("p")).status().expect("mkfifo can be started").success());
    let child = start_quietly(home.path(), &["tiny.toml", "--attempts", "p", "--quiet"]);
    // It waits once its folder is whole.
    for _ in 0..600 {
        if home.path().join("output/tiny").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let (code, said) = interrupted(child, &[500]);
    assert_eq!((code, said.as_str()), (130, "error: cannot open p: interrupted\n"));
    contents(&home.path().join("output/tiny"));
}

/// Nobody may ever write into it, or read from it.
#[test]
fn a_named_pipe_is_neither_read_nor_made_a_scenario() {
    let home = home();
    assert!(Command::new("mkfifo").arg(home.path().join("p")).status().expect("mkfifo can be started").success());
    for command in ["run", "check"] {
        let said = "error: cannot read p: it is not a regular file\n";
        assert_eq!(dryport(home.path(), &[command, "p"]), Ended { code: 3, out: String::new(), err: said.into() });
    }
    for force in [&[][..], &["--force"]] {
        let said = "error: cannot open p: it is not a regular file\n";
        let ended = dryport(home.path(), &[&["new", "p"], force].concat());
        assert_eq!(ended, Ended { code: 1, out: String::new(), err: said.into() });
    }
    let script = format!("{} check <(cat tiny.toml)", env!("CARGO_BIN_EXE_dryport"));
    assert!(Command::new("bash").args(["-c", &script]).current_dir(home.path()).status().unwrap().success());
}

#[test]
fn a_link_is_never_replaced() {
    let home = home();
    std::os::unix::fs::symlink("tiny.toml", home.path().join("l.toml")).unwrap();
    let said = "error: l.toml is a link, which is never replaced: name the file itself\n";
    for arguments in
        [&["new", "l.toml"][..], &["new", "l.toml", "--force"], &["run", "tiny.toml", "--attempts", "l.toml"]]
    {
        assert_eq!(dryport(home.path(), arguments).code, 1);
    }
    assert_eq!(dryport(home.path(), &["new", "l.toml", "--force"]).err, said);
    assert!(home.path().join("l.toml").is_symlink());
}

#[test]
fn a_pipe_is_written_to_and_may_be_closed_early() {
    let home = home();
    assert!(Command::new("mkfifo").arg(home.path().join("p")).status().expect("mkfifo can be started").success());
    let arguments = ["tiny.toml", "--attempts", "p", "--quiet", "--set", "client.checkout.arrivals.poisson.rate=900/s"];
    let child = start_quietly(home.path(), &arguments);
    let head = Command::new("head").args(["-1", "p"]).current_dir(home.path()).output().expect("head can be started");
    assert!(head.stdout.starts_with(b"time_s,request,retry,"));
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn runs_into_one_folder_at_once_leave_one_whole() {
    let home = home();
    for arguments in [&["tiny.toml", "--quiet"][..], &["tiny.toml", "--quiet", "--out", "o", "--force"]] {
        let children: Vec<Child> = (0..6).map(|_| start_quietly(home.path(), arguments)).collect();
        for child in children {
            let ended = child.wait_with_output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!((ended.status.code(), said.as_str()), (Some(0), ""));
        }
    }
    assert_eq!(names(&home.path().join("output")), ["tiny"]);
    assert_eq!(names(home.path()), ["o", "output", "tiny.toml"]);
    assert!(contents(&home.path().join("o")) == contents(&home.path().join("output/tiny")));
    // Where nothing may be replaced, one of them wins.
    let children: Vec<Child> =
        (0..4).map(|_| start_quietly(home.path(), &["tiny.toml", "--quiet", "--out", "n"])).collect();
    let codes: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
    contents(&home.path().join("n"));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let home = home();
    let script = format!("{} run tiny.toml 2>err | head -1", env!("CARGO_BIN_EXE_dryport"));
    let ended = Command::new("bash").args(["-o", "pipefail", "-c", &script]).current_dir(home.path()).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stdout.starts_with(b"RUNS OUT"));
    let err = fs::read_to_string(home.path().join("err")).unwrap();
    assert!(err.starts_with("done: 4 runs, ") && err.lines().count() == 1, "{err}");
    assert_eq!(run(home.path(), &["tiny.toml", "--quiet"]).code, 0);
}
