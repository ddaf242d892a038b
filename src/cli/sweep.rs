//! `dryport sweep`: a grid of settings, cell by cell; what was done is not done again.

use super::arguments::Running;
use super::cost;
use super::files::{Files, gist, inputs, read_parsed, shown_faults, source, taken};
use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::places;
use super::progress::{Progress, Work};
use super::{Exit, Failure, output::Output};
use crate::experiment::{Checks, Settings, each, replicate_figures};
use crate::report::chart::SWEEP_CHARTS;
use crate::report::gate::{Ruling, about_nobody};
use crate::report::run_dir::{self, Pictures};
use crate::report::sweep::{
    self, AxisMeta, CELLS, Cell, CellKey, Digest, FNV_START, META_FILE, Point, SweepMeta, SweepTables, TABLE, fnv1a,
    sweep_screen,
};
use crate::report::whole::{self, Replace, What};
use crate::scenario::words::{self, fitted, plural, shown};
use crate::scenario::{Assert, Axis, Grid, ParsedFile, Reading, SourceError, SourceFile, Sources};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Decide,
    short: "grid of settings",
    examples: &[
        ("dryport sweep s.toml --vary host.gateway.addresses=1..4:4", ""),
        ("dryport sweep s.toml --vary run.seed=1,2 --vary run.warm_up=0s,auto", "2 x 2"),
        ("dryport sweep s.toml --vary run.seed=1..8:8 --shard 1/2", "half"),
    ],
    json: sweep::KEYS,
};

/// What a sweep counts.
const WORK: Work = Work { command: "sweep", unit: "cell", found: "refused" };
/// What it counts before.
const READING: Work = Work { command: "read", unit: "cell", found: "wrong" };

/// More cells than this are asked about again.
const CELLS_MAX: u64 = 1_000_000;
/// Of more cells than this a part reads its own only, and draws no picture.
const MANY_CELLS: u64 = 10_000;
/// More cells than this are never run: their keys alone would fill the memory.
const CELLS_MOST: u64 = 1_000_000_000;
/// Nanoseconds for a cell beside its `connect()` calls, about: it is read twice, summed up and written. Measured on two
/// cores: `sweep s.toml --vary run.seed=1..500:500 --set run.duration=1s --jobs 1`, 3.7 ms of CPU and as much again, or
/// more, of waiting for the disk.
const NANOS_PER_CELL: f64 = 1e7;

/// Run a grid of settings; started again after a stop, it goes on from there
#[derive(Debug, clap::Args)]
pub struct Sweep {
    /// A TOML file, or - for stdin
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// Values of a key: A,B,C or LOW..HIGH:STEPS or LOW..HIGH:STEPSlog; instead of the [sweep] of the file
    #[arg(long, value_name = "KEY=VALUES", value_parser = Axis::of_option)]
    vary: Vec<Axis>,
    /// Run part K of N only; to merge, copy the cells/ of all into the cells/ of one, and run that whole
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<Shard>,
    #[command(flatten)]
    running: Running,
    /// The folder of the sweep, instead of output/NAME-sweep
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Draw every chart as SVG too
    #[arg(long)]
    svg: bool,
    /// Run over a million cells; put this sweep in the place of another one
    #[arg(long)]
    force: bool,
}

/// A part of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    /// From 1 on.
    part: u64,
    of: u64,
}

impl Shard {
    /// Is the cell one of this part?
    fn has(self, cell: u64) -> bool {
        cell % self.of == self.part - 1
    }
}

fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    let wrong = || "write K/N, as in 2/3: part 2 of 3".to_owned();
    let (part, of): (u64, u64) = parsed.ok_or_else(wrong)?;
    if (1..=of).contains(&part) { Ok(Shard { part, of }) } else { Err(wrong()) }
}

type Refusal = (Exit, String);

fn refused(exit: Exit, message: &str) -> Refusal {
    (exit, fitted(&format!("error: {message}")))
}

/// The files beside a scenario, and a hash of all that was read of them.
struct Hashed {
    files: Files,
    hash: Mutex<u128>,
}

impl Hashed {
    fn beside(name: &str) -> Self {
        Self { files: Files::beside(name), hash: Mutex::new(0) }
    }

    fn hash(&self) -> u128 {
        *self.hash.lock().expect("nobody panics with it")
    }
}

impl Sources for Hashed {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
        let bytes = self.files.read(path, limit)?;
        // A sum, so that it does not matter which file is read first.
        let mut hash = self.hash.lock().expect("nobody panics with it");
        *hash = hash.wrapping_add(fnv1a(fnv1a(FNV_START, path.as_bytes()), &bytes));
        Ok(bytes)
    }
}

/// A sweep that was read and found sound.
struct Plan {
    file: ParsedFile,
    sets: Vec<String>,
    base: Reading,
    /// The files that it is read from.
    inputs: Vec<PathBuf>,
    meta: SweepMeta,
    asserts: Vec<Assert>,
    grid: Grid,
    /// The cells whose keys are known: all, or those of a shard of very many.
    known: Vec<u64>,
    /// Their keys.
    keys: Vec<CellKey>,
    folder: PathBuf,
}

impl Sweep {
    /// Runs what is not there yet, and puts all cells together when none is missing.
    ///
    /// # Errors
    ///
    /// When what was found cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let plan = match self.plan(output).and_then(|plan| self.settle(&plan).map(|()| plan)) {
            Ok(plan) => plan,
            Err((exit, message)) => {
                output.message(&message)?;
                return Ok(exit);
            }
        };
        let cell = plan.read(0, &Files::beside(&self.scenario));
        if let Some(cell) = cell.ok().filter(|_| !self.running.quiet) {
            taken(&self.scenario, &cell).iter().try_for_each(|taken| output.message(taken))?;
        }
        let stop = interrupt::watch();
        let missing = plan.missing(self.shard);
        let changed: Vec<PathBuf> =
            missing.iter().map(|index| plan.path(*index)).filter(|path| path.exists()).collect();
        if let Some(first) = changed.first() {
            let (changed, first) = (plural(changed.len() as u64, "cell"), shown(first));
            output.prose(&format!(
                "note: {changed} changed or cut off since it was written, and made anew: first {first}"
            ))?;
        }
        let seconds = seconds_for(&plan.base, missing.len() as u64);
        if let Some(cost) = cost::of_time(seconds, self.running.jobs()).filter(|_| !self.running.quiet) {
            output.prose(&format!("note: {cost}"))?;
        }
        let failed = self.run_missing(&plan, &missing, stop);
        let all = plan.known.len() as u64;
        let whole = plan.known.iter().filter(|index| plan.is_whole(**index)).count() as u64;
        if let Some(error) = failed {
            output.prose(&format!("error: {error}"))?;
            return Ok(Exit::Failed);
        }
        if stop.load(Ordering::Relaxed) {
            let (whole, all) = (words::thousands(whole), plural(all, "cell"));
            output.prose(&format!("interrupted: {whole} of {all} are whole; the same command goes on from there"))?;
            return Ok(Exit::Interrupted);
        }
        if whole < all || self.shard.is_some() {
            // Not of a grid so large that each part of it would read for hours.
            let drawn = if plan.meta.cells <= MANY_CELLS { self.draw(&plan, plan.points()).err() } else { None };
            if let Some(error) = drawn {
                output.prose(&format!("error: {error}"))?;
                return Ok(Exit::Failed);
            }
            return self.tell_shard(&plan, (whole, all), output);
        }
        match Self::put_together(&plan) {
            Ok(mut digest) => match self.draw(&plan, std::mem::take(&mut digest.points)) {
                Ok(drawn) => self.tell(&plan, &digest, &drawn, output),
                Err(error) => {
                    output.prose(&format!("error: {error}"))?;
                    Ok(Exit::Failed)
                }
            },
            Err(error) => {
                output.prose(&format!("error: {error}"))?;
                Ok(Exit::Failed)
            }
        }
    }

    fn tell(&self, plan: &Plan, digest: &Digest, drawn: &[String], output: &mut Output<'_>) -> Result<Exit, Failure> {
        let folder = plan.folder.display().to_string();
        let files = [TABLE, META_FILE, CELLS].map(String::from);
        let files = [&files[..], drawn].concat();
        if self.running.json {
            output.data_while_read(&format!("{:#}", sweep::sweep_json(&plan.meta, digest, &folder)))?;
        } else if !self.running.quiet {
            output.data_while_read(sweep_screen(&plan.meta, digest, &shown(&folder), &files).trim_end())?;
        }
        let mut exit = Exit::Fine;
        for gate in digest.gates().iter().filter(|gate| gate.ruling() != Ruling::Passed) {
            exit = Exit::Gate;
            if self.running.quiet {
                output.prose(&gate.to_string())?;
            }
        }
        Ok(exit)
    }

    /// A part is done. Whoever runs the whole puts it together: other parts may be at work in the same folder.
    fn tell_shard(&self, plan: &Plan, (whole, all): (u64, u64), output: &mut Output<'_>) -> Result<Exit, Failure> {
        if self.running.json {
            let shard = self.shard.map_or_else(|| "1/1".to_owned(), |shard| format!("{}/{}", shard.part, shard.of));
            let folder = plan.folder.display().to_string();
            output.data_while_read(&format!("{:#}", sweep::part_json(&plan.meta, &shard, whole, &folder)))?;
        }
        if !self.running.quiet {
            let folder = shown(plan.folder.join(CELLS));
            let is_part = all < plan.meta.cells;
            let others = if is_part || whole < all { "copy those of the other parts beside them, then " } else { "" };
            let of_part = if is_part { " of this part" } else { "" };
            let (whole, all) = (words::thousands(whole), plural(all, "cell") + of_part);
            output.prose(&format!("done: {whole} of {all} are in {folder}; {others}run this without --shard"))?;
        }
        Ok(Exit::Fine)
    }

    /// Draws what there is to see of the cells, and takes away the pictures of a sweep that was here before; the files.
    fn draw(&self, plan: &Plan, points: Vec<Option<Point>>) -> Result<Vec<String>, String> {
        let tables = SweepTables { meta: plan.meta.clone(), points };
        let pictures = if self.svg { Pictures::PngAndSvg } else { Pictures::Png };
        let (charts, others): (Vec<_>, Vec<_>) = SWEEP_CHARTS.iter().partition(|chart| (chart.applies)(&tables));
        for file in others.iter().flat_map(|chart| ["png", "svg"].map(|extension| chart.file(extension))) {
            let _ = fs::remove_file(plan.folder.join(file));
        }
        let until = UntilCtrlC::new();
        let drawn = run_dir::draw(&until, &plan.folder, &tables, (&charts, pictures), Replace::Always);
        let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(drawn.map_err(|error| error.to_string())?.into_iter().filter_map(name).collect())
    }

    fn folder(&self) -> PathBuf {
        let stem = SourceFile::new(&self.scenario, "").stem();
        self.out.clone().unwrap_or_else(|| Path::new("output").join(format!("{stem}-sweep")))
    }

    /// Reads the scenario and every variant of it: nothing runs when one of them cannot.
    fn plan(&self, output: &mut Output<'_>) -> Result<Plan, Refusal> {
        let source = source(&self.scenario)?;
        let sets = self.running.sets();
        let file = ParsedFile::of(&source);
        let base = read_parsed(&file, &sets, &Files::beside(&self.scenario))?;
        let file = file.without_sweep();
        let grid = if self.vary.is_empty() {
            base.scenario.sweep.clone()
        } else {
            Grid::new(self.vary.clone()).map_err(|twice| refused(Exit::Usage, &twice))?
        };
        if grid.is_empty() {
            return Err(refused(
                Exit::Usage,
                "nothing is varied: write --vary host.gateway.port_range=32768-60999,1024-65535, or a [sweep] into the file",
            ));
        }
        self.may_be_run(&base, grid.len()).map_err(|message| refused(Exit::Usage, &message))?;
        let (known, keys) = self.keys(&base, &file, &grid, output)?;
        let asserts = base.scenario.asserts.clone();
        let is_arm = |wanted: &str| (0..grid.len()).any(|index| grid.variant(index).is(wanted));
        if let Some(lost) = about_nobody(&asserts, is_arm) {
            let (lost, first) = (shown(lost), shown(grid.variant(0).name));
            let message = format!("an assert is about {lost}, and no cell is; the first is {first}");
            return Err(refused(Exit::Usage, &message));
        }
        let meta = self.meta(&source, &base, &grid);
        let inputs = inputs(&self.scenario, &base.scenario);
        Ok(Plan { file, sets, base, inputs, meta, asserts, grid, known, keys, folder: self.folder() })
    }

    /// Reads every value of every axis, and then every cell, or those of a shard of very many: which those are, and the
    /// key of each.
    fn keys(
        &self,
        base: &Reading,
        file: &ParsedFile,
        grid: &Grid,
        output: &mut Output<'_>,
    ) -> Result<(Vec<u64>, Vec<CellKey>), Refusal> {
        let (sets, jobs) = (self.running.sets(), self.running.jobs());
        let before = sets.len();
        let read = |more: &[String], places: &[(usize, usize)]| {
            let files = Hashed::beside(&self.scenario);
            let reading = file.read(&[sets.as_slice(), more].concat(), &files).map_err(|found| {
                // What the file itself says is to be varied is wrong at its place there.
                let is_of_file = self.vary.is_empty();
                let found = found.varied_by(before, "--vary");
                shown_faults(&if is_of_file { base.placed_in_sweep(found, before, places) } else { found })
            })?;
            Ok(CellKey::of(&reading, files.hash(), self.running.confidence))
        };
        if grid.len() > MANY_CELLS && !self.running.quiet {
            // That it cannot be told is seen when more is.
            let _ =
                output.prose(&format!("note: {} cells: their settings are read first", words::thousands(grid.len())));
        }
        // A wrong value is found before a million cells are read.
        let values: Vec<(usize, usize)> = grid
            .axes()
            .iter()
            .enumerate()
            .flat_map(|(axis, of)| (0..of.values.len()).map(move |at| (axis, at)))
            .collect();
        let alone = |(axis, at): &(usize, usize)| {
            let Axis { key, values } = &grid.axes()[*axis];
            read(&[format!("{key}={}", values[*at])], &[(*axis, *at)])
        };
        sound(each(&values, jobs, alone))?;
        let is_ours = |index: &u64| self.shard.is_none_or(|shard| shard.has(*index));
        let known: Vec<u64> = (0..grid.len()).filter(|index| grid.len() <= MANY_CELLS || is_ours(index)).collect();
        let progress = Progress::start(READING, known.len() as u64, self.running.quiet);
        let stop = interrupt::watch();
        let key = |index: &u64| {
            if stop.load(Ordering::Relaxed) {
                return Err((Exit::Interrupted, "interrupted: no cell was run".to_owned()));
            }
            let places: Vec<_> = grid.places(*index).into_iter().enumerate().collect();
            let key = read(&grid.variant(*index).sets, &places);
            progress.one(key.is_err());
            key
        };
        let keys = each(&known, jobs, key);
        progress.finish();
        Ok((known, sound(keys)?))
    }

    /// Are they few enough, or asked for all the same?
    fn may_be_run(&self, base: &Reading, cells: u64) -> Result<(), String> {
        let most = words::thousands(CELLS_MOST);
        match cells {
            // The count ends at the largest number there is.
            u64::MAX => Err(format!("more than 10^19 cells; at most {most} are run: fewer values make fewer")),
            _ if cells > CELLS_MOST => {
                let cells = words::thousands(cells);
                Err(format!("{cells} cells; at most {most} are run: fewer values make fewer"))
            }
            _ if cells > CELLS_MAX && !self.force => {
                let time = words::about_seconds(seconds_for(base, cells));
                let cells = words::thousands(cells);
                Err(format!("{cells} cells, about {time} on one core: --force runs them, fewer values make fewer"))
            }
            _ => Ok(()),
        }
    }

    fn meta(&self, source: &SourceFile, base: &Reading, grid: &Grid) -> SweepMeta {
        let axis = |axis: &Axis| AxisMeta { key: axis.key.clone(), values: axis.values.clone() };
        SweepMeta {
            schema_version: sweep::SCHEMA_VERSION,
            dryport: env!("CARGO_PKG_VERSION").into(),
            name: source.stem(),
            title: base.scenario.title.clone(),
            seed: base.scenario.run.seed,
            confidence: self.running.confidence,
            axes: grid.axes().iter().map(axis).collect(),
            cells: grid.len(),
            resolved: sweep::values(&base.resolved),
        }
    }

    /// Makes the folder ours: a new one, that of the same sweep, or, by force, that of another one.
    fn settle(&self, plan: &Plan) -> Result<(), Refusal> {
        let folder = &plan.folder;
        if let Some(fault) = places::fault_of_any(folder, &plan.inputs) {
            return Err((Exit::Failed, fault));
        }
        let meta_file = folder.join(META_FILE);
        // In this order: another shard may be settling here just now, and what it writes first is that file.
        let is_empty = names(folder).iter().all(|name| whole::is_work(name));
        let earlier = fs::read(&meta_file).ok().and_then(|bytes| SweepMeta::from_json(&bytes));
        match &earlier {
            Some(earlier) if *earlier == plan.meta => return Ok(()),
            Some(earlier) if !self.force => {
                let lines: Vec<String> =
                    plan.meta.differences(earlier).iter().map(|line| format!("  {line}")).collect();
                let (folder, more) = (shown(folder), lines.len().saturating_sub(10));
                let head = fitted(&format!("error: {folder} holds another sweep; this one differs in"));
                let lines = lines.iter().take(10).map(|line| fitted(&shown(line)));
                let more = (more > 0).then(|| format!("  and {more} more"));
                let help = "help: name another folder with --out, or --force".to_owned();
                let all = std::iter::once(head).chain(lines).chain(more).chain([help]);
                return Err((Exit::Failed, all.collect::<Vec<_>>().join("\n")));
            }
            None if !is_empty || (folder.exists() && !folder.is_dir()) => {
                let folder = shown(folder);
                return Err(refused(
                    Exit::Failed,
                    &format!("{folder} exists already and holds no sweep of dryport: name another folder"),
                ));
            }
            _ => {}
        }
        whole::may_write(&meta_file, What::File, Replace::Always)
            .and_then(|()| {
                let text = plan.meta.to_json();
                let fill: whole::Fill<'_> = Box::new(move |out| out.write_all(text.as_bytes()));
                whole::write_file(&UntilCtrlC::new(), &meta_file, Replace::Always, fill)
            })
            .map_err(|error| refused(Exit::Failed, &error.to_string()))
    }

    /// Runs the cells that are not there, as far as they are in this shard; the first error of writing one.
    fn run_missing(&self, plan: &Plan, missing: &[u64], stop: &AtomicBool) -> Option<String> {
        let progress = Progress::start(WORK, missing.len() as u64, self.running.quiet);
        let settings = Settings { jobs: 0, checks: Checks::Off, stop, progress: &|_| {} };
        let failed = AtomicBool::new(false);
        let one = |index: &u64| {
            let over = || stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
            if over() {
                return None;
            }
            let reading = plan.read(*index, &Files::beside(&self.scenario)).ok()?;
            let experiment = replicate_figures(&reading.scenario, &settings);
            if over() {
                return None;
            }
            let cell = sweep::of_experiment(&reading, &reading.scenario, &experiment, self.running.confidence);
            let written = plan.write(*index, &cell);
            failed.fetch_or(written.is_err(), Ordering::Relaxed);
            progress.one(cell.estimate("all", "refused_total").value.is_some_and(|refused| refused > 0.0));
            written.err()
        };
        let errors = each(missing, self.running.jobs(), one);
        progress.finish();
        errors.into_iter().flatten().next()
    }

    /// Writes the table of all cells, and takes away what is no cell of this sweep.
    fn put_together(plan: &Plan) -> Result<Digest, String> {
        let cells = plan.folder.join(CELLS);
        let known: BTreeSet<String> = plan.keys.iter().map(|key| key.file()).collect();
        // What killed runs left behind, and cells of the sweep that was here before.
        for folder in [&plan.folder, &cells] {
            whole::recover(&whole::Disk, folder);
        }
        names(&cells).iter().filter(|name| is_cell(name) && !known.contains(*name)).for_each(|name| {
            let _ = fs::remove_file(cells.join(name));
        });
        let mut digest = Digest::default();
        let mut read = |index: u64| plan.read_cell(index);
        let fill: whole::Fill<'_> = Box::new(|out: &mut dyn Write| {
            digest = sweep::write_table(&plan.meta, &plan.asserts, &mut read, out)?;
            Ok(())
        });
        let table = plan.folder.join(TABLE);
        whole::write_file(&UntilCtrlC::new(), &table, Replace::Always, fill).map_err(|error| error.to_string())?;
        Ok(digest)
    }
}

/// What is in a folder, if there is one.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Is it the name of a cell's file?
fn is_cell(name: &str) -> bool {
    name.strip_suffix(".csv").is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// How long so many cells take on one core, in seconds.
fn seconds_for(base: &Reading, cells: u64) -> f64 {
    (cost::seconds_for(cost::connects(&base.scenario)) + NANOS_PER_CELL / 1e9) * cells as f64
}

/// All of them, or what is wrong.
fn sound<T>(all: Vec<Result<T, Refusal>>) -> Result<Vec<T>, Refusal> {
    let (sound, faults): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    if faults.is_empty() {
        return Ok(sound.into_iter().flatten().collect());
    }
    Err(told_once(faults.into_iter().filter_map(Result::err).collect()))
}

/// Every kind of fault once, at most three of them, under the worst exit.
fn told_once(faults: Vec<Refusal>) -> Refusal {
    let (mut exit, mut messages) = (Exit::Fine, Vec::new());
    for (of, message) in faults {
        exit = exit.worse(of);
        let is_new = messages.iter().all(|other: &String| gist(other) != gist(&message));
        if is_new && messages.len() < 3 {
            messages.push(message);
        }
    }
    (exit, messages.join("\n"))
}

impl Plan {
    fn read(&self, index: u64, files: &Files) -> Result<Reading, Refusal> {
        read_parsed(&self.file, &[self.sets.as_slice(), &self.grid.variant(index).sets].concat(), files)
    }

    fn path(&self, index: u64) -> PathBuf {
        self.folder.join(CELLS).join(self.key(index).file())
    }

    /// The key of a known cell.
    fn key(&self, index: u64) -> CellKey {
        self.keys[self.known.binary_search(&index).expect("a cell whose key is known")]
    }

    /// The cells that are not there, each key once, of one shard or of all.
    fn missing(&self, shard: Option<Shard>) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let ours = self.known.iter().copied().filter(|index| shard.is_none_or(|shard| shard.has(*index)));
        ours.filter(|index| seen.insert(self.key(*index)) && !self.is_whole(*index)).collect()
    }

    /// Is the cell there, to its last line, as it was written, and is it this one?
    fn is_whole(&self, index: u64) -> bool {
        let path = self.path(index);
        // Nothing is waited for that is no file, such as a pipe.
        path.is_file() && fs::read(&path).is_ok_and(|bytes| self.key(index).rows_of(&bytes).is_ok())
    }

    fn write(&self, index: u64, cell: &Cell) -> Result<(), String> {
        let fill: whole::Fill<'_> = Box::new(|out| cell.write(self.key(index), out));
        whole::write_file(&whole::Disk, &self.path(index), Replace::Always, fill).map_err(|error| error.to_string())
    }

    /// Every point of the grid, as far as it was run.
    fn points(&self) -> Vec<Option<Point>> {
        (0..self.meta.cells)
            .map(|index| self.read_cell(index).ok().map(|cell| Point::of(&cell, self.meta.confidence)))
            .collect()
    }

    fn read_cell(&self, index: u64) -> io::Result<Cell> {
        let path = self.path(index);
        let file = fs::File::open(&path)?;
        Cell::read(self.key(index), file).map_err(|error| {
            io::Error::other(format!("{}: {error}; remove it, and the same command makes it anew", shown(path)))
        })
    }
}
