//! Is a finished run ever lost to a kill?

use super::sweep::tree;
use dryport::des::Randomness;
use dryport::report::run_dir::read_manifest;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

/// Simulated in no time: most of it is writing.
const SCENARIO: &str = r#"
schema = 1
run = { duration = "60s", replications = 12 }
destination = [{ name = "d" }]
[[host]]
name = "h"
port_range = "40000-40039"
time_wait = "2s"
[[client]]
name = "c"
host = "h"
to = "d"
arrivals = { poisson = { rate = "18/s" } }
lifetime = { exponential = { mean = "50ms" } }
"#;

/// What is killed, and where its results are.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["run", "s.toml"], "output/s"),
    (&["compare", "s.toml", "--over", "host.h.addresses=1,2"], "output/s-compare"),
    (&["advise", "s.toml"], "output/s-advise"),
];

/// What somebody keeps beside a run.
const NOTES: &str = "years of work";

fn start(home: &Path, arguments: &[&str], seed: u64) -> io::Result<Child> {
    let set = format!("run.seed={seed}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dryport"));
    command.args(arguments).args(["--quiet", "--force", "--set", &set]).current_dir(home);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Kills each command so many times at random moments, over a finished run with notes beside it.
pub(crate) fn holds(kills: u64) -> io::Result<bool> {
    let mut words = Randomness { seed: 1, replication: 0 }.words("slow tier", "kills of runs");
    let mut holds = true;
    for (arguments, folder) in COMMANDS {
        let home = tempfile::tempdir()?;
        fs::write(home.path().join("s.toml"), SCENARIO)?;
        let folder = home.path().join(folder);
        // How long it takes, in milliseconds, about.
        let (mut child, mut lasts) = (start(home.path(), arguments, 0)?, 0);
        while child.try_wait()?.is_none() {
            thread::sleep(Duration::from_millis(1));
            lasts += 1;
        }
        fs::create_dir(folder.join("mine"))?;
        fs::write(folder.join("mine/notes.txt"), NOTES)?;
        let (mut lost, mut broken, mut killed) = (0, 0, 0);
        for kill in 1..=kills {
            let mut child = start(home.path(), arguments, kill)?;
            thread::sleep(Duration::from_micros(words.word() % (1_100 * lasts + 1)));
            child.kill()?;
            killed += u64::from(!child.wait()?.success());
            lost += u64::from(fs::read_to_string(folder.join("mine/notes.txt")).ok().as_deref() != Some(NOTES));
            broken += u64::from(!is_whole(&folder, kill));
        }
        let mut in_peace = start(home.path(), arguments, 0)?;
        let ended = in_peace.wait()?.success();
        let left = fs::read_dir(home.path().join("output"))?.count();
        let name = arguments[0];
        println!(
            "{name:<8} killed {killed} of {kills} times: notes lost {lost}, results broken {broken}, left behind {}",
            left - 1
        );
        holds &= ended && lost == 0 && broken == 0 && left == 1;
    }
    Ok(holds)
}

/// Does one run stand there, the one before or this one, with all its files?
fn is_whole(folder: &Path, kill: u64) -> bool {
    let Ok(manifest) = read_manifest(folder) else { return false };
    let files = tree(folder).unwrap_or_default();
    let has = |name: &String| files.iter().any(|(path, bytes)| path == Path::new(name) && !bytes.is_empty());
    let drawn = Command::new(env!("CARGO_BIN_EXE_dryport"))
        .args(["chart", "--out", "drawn", "--force"])
        .arg(folder)
        .current_dir(folder.parent().and_then(Path::parent).unwrap_or(folder))
        .stdout(Stdio::null())
        .status();
    manifest.seed <= kill && manifest.files.iter().all(has) && drawn.is_ok_and(|status| status.success())
}
