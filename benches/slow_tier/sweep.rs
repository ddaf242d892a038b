//! Does a killed sweep end as one that is left alone?

use dryport::des::Randomness;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

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
pub(crate) fn tree(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
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
pub(crate) fn holds(kills: u64) -> io::Result<bool> {
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
    let files = one.len();
    let same = in_peace && at_last && one == other && cells(&whole) == CELLS;
    println!(
        "killed with so many cells done: {seen:?}; {files} files, {}",
        if same { "the same" } else { "NOT the same" }
    );
    Ok(same)
}
