//! Is what takes minutes to check still true? Each subcommand is one question; it prints what it found and fails when
//! the answer is no. Too slow for `cargo test`, and of no use more often than before a release.
//!
//! ```text
//! cargo bench --bench slow_tier -- splitting                     some minutes
//! cargo bench --bench slow_tier -- splitting --experiments 10
//! cargo bench --bench slow_tier -- sweep                         a minute
//! ```
//!
//! `splitting`: of 100 experiments with seeds of their own, how many estimates of a refused ratio of 1e-7, and of 1e-9,
//! have the exact one (Erlang B) in their 95 % interval? At least 90 must.
//!
//! `sweep`: does a sweep of 200 cells with 20 replications each that is killed ten times, at moments drawn at random,
//! end with the same bytes as one that is left alone?

#![expect(clippy::print_stdout, reason = "its figures are what a bench is for")]

use clap::{Parser, Subcommand};
use dryport::cli::files::Files;
use dryport::des::Randomness;
use dryport::experiment::splitting::{Effort, Split, split};
use dryport::scenario::{Scenario, SourceFile};
use dryport::theory::offered_load_for;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{fs, io, thread};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    question: Question,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Do intervals by splitting hold what they should?
    Splitting {
        /// How many for each refused ratio
        #[arg(long, default_value_t = 100)]
        experiments: u64,
    },
    /// Does a killed sweep end as one that is left alone?
    Sweep {
        /// How often it is killed
        #[arg(long, default_value_t = 10)]
        kills: u64,
    },
}

/// Some ports, and how rare a refusal is to be.
#[derive(Clone, Copy, Debug)]
struct Rare {
    ports: u32,
    refused_ratio: f64,
}

/// The share of experiments whose interval has the exact figure.
const COVERED: f64 = 0.90;

/// Ten connects a second, each with a port for so long that the exact refused ratio is as wanted.
fn scenario(Rare { ports, refused_ratio }: Rare, seed: u64) -> Scenario {
    let hold_s = offered_load_for(ports, refused_ratio) / 10.0;
    let text = format!(
        r#"
        schema = 1
        run = {{ duration = "100s", warm_up = "auto", seed = {seed} }}
        destination = [{{ name = "d" }}]
        [[host]]
        name = "h"
        port_range = "10000-{}"
        allocator = "sequential"
        time_wait = "0s"
        [[client]]
        name = "c"
        host = "h"
        to = "d"
        arrivals = {{ poisson = {{ rate = "10/s" }} }}
        lifetime = {{ exponential = {{ mean = "{hold_s:.9}s" }} }}
        "#,
        9_999 + ports
    );
    Scenario::read(&SourceFile::new("rare.toml", text), &[], &Files::beside("rare.toml")).expect("a valid scenario")
}

/// Runs the experiments for one refused ratio, prints what came out, and says whether enough intervals have it.
fn covers(rare: Rare, experiments: u64) -> bool {
    let effort = Effort { relative_error: 0.2, work_max: 20_000_000, confidence: 0.95 };
    let (mut covered, mut errors, mut sum) = (0_u64, 0.0, 0.0);
    for seed in 0..experiments {
        let found = split(&scenario(rare, seed), &effort, 0, &AtomicBool::new(false)).expect("nobody stops it");
        let Split::Estimated(found) = found else {
            println!("seed {seed}: {found:?}");
            continue;
        };
        let (low, high) = (found.refused_ratio.low.unwrap_or(0.0), found.refused_ratio.high.unwrap_or(1.0));
        covered += u64::from((low..=high).contains(&rare.refused_ratio));
        errors += found.relative_error / experiments as f64;
        sum += found.refused_ratio.estimate / experiments as f64;
    }
    let Rare { ports, refused_ratio } = rare;
    println!(
        "{ports} ports: {refused_ratio:e} lies in {covered} of {experiments} intervals; mean estimate {sum:.3e}, mean \
         relative error {:.1} %",
        100.0 * errors
    );
    covered as f64 >= COVERED * experiments as f64
}

fn splitting(experiments: u64) -> bool {
    let cases = [Rare { ports: 6, refused_ratio: 1e-7 }, Rare { ports: 8, refused_ratio: 1e-9 }];
    // Every case is run, whatever came of the one before.
    cases.map(|rare| covers(rare, experiments)).into_iter().all(|holds| holds)
}

/// Two hundred cells, each of some ten milliseconds.
const SWEPT: &str = r#"
schema = 1
run = { duration = "10m", replications = 20 }
destination = [{ name = "d" }]
[sweep]
"host.h.port_range" = ["40000-40039", "40000-40049"]
"client.c.arrivals.poisson.rate" = [RATES]
[[host]]
name = "h"
port_range = "40000-40039"
[[client]]
name = "c"
host = "h"
to = "d"
arrivals = { poisson = { rate = "1/s" } }
lifetime = { exponential = { mean = "1s" } }
"#;

/// Starts the sweep in `folder`.
fn start_sweep(folder: &Path) -> io::Result<Child> {
    let quiet = ["sweep", "s.toml", "--quiet"];
    Command::new(env!("CARGO_BIN_EXE_dryport")).args(quiet).current_dir(folder).stdout(Stdio::null()).spawn()
}

/// A folder with the scenario in it.
fn home_of_sweep() -> io::Result<tempfile::TempDir> {
    let rates: Vec<String> = (1..=100).map(|hundredth| format!("\"{}/s\"", f64::from(hundredth) / 100.0)).collect();
    let home = tempfile::tempdir()?;
    fs::write(home.path().join("s.toml"), SWEPT.replace("RATES", &rates.join(", ")))?;
    Ok(home)
}

/// Every file below a folder with its bytes, by path.
fn tree(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let (mut all, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push((path.strip_prefix(folder).unwrap_or(&path).to_owned(), fs::read(&path)?));
            }
        }
    }
    all.sort();
    Ok(all)
}

/// Sweeps once in peace and once with kills between the cells, and compares the folders.
fn sweep(kills: u64) -> io::Result<bool> {
    const CELLS: u64 = 200;
    let (whole, killed) = (home_of_sweep()?, home_of_sweep()?);
    let folder = |home: &tempfile::TempDir| home.path().join("output/s-sweep");
    let in_peace = start_sweep(whole.path())?.wait()?.success();
    let cells =
        |home: &tempfile::TempDir| fs::read_dir(folder(home).join("cells")).map_or(0, |entries| entries.count() as u64);
    let mut words = Randomness { seed: 1, replication: 0 }.words("slow tier", "kills");
    let mut seen = Vec::new();
    for kill in 0..kills {
        let mut child = start_sweep(killed.path())?;
        // Somewhere in the share of the cells that is this kill's, and then at any moment of a cell.
        let share = CELLS / (kills + 1);
        let least = kill * share + words.word() % share.max(1);
        while cells(&killed) < least && child.try_wait()?.is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(words.word() % 20_000));
        child.kill()?;
        child.wait()?;
        seen.push(cells(&killed));
    }
    let at_last = start_sweep(killed.path())?.wait()?.success();
    let (one, other) = (tree(&folder(&whole))?, tree(&folder(&killed))?);
    let files = one.len() as u64;
    let same = in_peace && at_last && one == other && files == CELLS + 2;
    println!(
        "killed with so many cells done: {seen:?}; {files} files, {}",
        if same { "the same" } else { "NOT the same" }
    );
    Ok(same)
}

fn main() -> ExitCode {
    let Arguments { question, .. } = Arguments::parse();
    let holds = match question {
        Question::Splitting { experiments } => splitting(experiments),
        Question::Sweep { kills } => sweep(kills).unwrap_or_else(|error| {
            println!("{error}");
            false
        }),
    };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
