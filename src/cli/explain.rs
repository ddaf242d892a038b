//! `dryport explain SCENARIO`: the life of one port or one connection, event by event.

use super::files::{name_of, read, taken};
use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::places::refusal_of_file;
use super::{Exit, Failure, output::Output};
use crate::experiment::{Life, explain};
use crate::metrics::Hero;
use crate::report::chart::{self, Caption};
use crate::report::csv;
use crate::report::life::{self, KEYS, Story, life_json, screen, table};
use crate::report::whole::{self, Fill, Replace, What};
use crate::scenario::words::{plural, shown, span, thousands};
use crate::scenario::{Scenario, SourceFile};
use crate::sim::Topology;
use std::path::{Path, PathBuf};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Understand,
    short: "the life of one port",
    examples: &[
        ("dryport explain scenarios/quickstart.toml --port 60327", ""),
        ("dryport explain scenarios/quickstart.toml --connection 17577", "one request"),
        ("dryport explain s.toml --port 40000 --replication 3 --out life", "as a chart"),
    ],
    json: KEYS,
};

/// The files it leaves.
const FILES: [&str; 3] = ["life.csv", "life.png", "life.svg"];

/// Tell the life of one port or of one connection in one run, event by event
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(group = clap::ArgGroup::new("hero").required(true).args(["connection", "port"]))]
pub struct Explain {
    /// A TOML file, or - for stdin
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// The life of request N of a client, counted from 0 as in `run --attempts`
    #[arg(long, value_name = "N")]
    connection: Option<u64>,
    /// The life of this local port
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u16).range(1..), allow_negative_numbers = true)]
    port: Option<u16>,
    /// Which run, counted from 1
    #[arg(long, value_name = "R", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    replication: u32,
    /// Whose port it is, when several hosts have it
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Whose connection it is, when there are several clients
    #[arg(long, value_name = "NAME", conflicts_with = "port")]
    client: Option<String>,
    /// Change one key, as in host.gateway.port_range=1024-65535
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Tell every event, not only the first 40
    #[arg(long)]
    all: bool,
    /// Write the life as life.csv and as a chart, life.png, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Draw the chart as SVG too
    #[arg(long, requires = "out")]
    svg: bool,
    /// Replace files that --out has already
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the life as JSON instead of prose, whole
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Runs the replication, and tells what happened.
    ///
    /// # Errors
    ///
    /// When that cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let reading = match read(&self.scenario, &self.sets) {
            Ok(reading) => reading,
            Err((exit, errors)) => {
                output.message(&errors)?;
                return Ok(exit);
            }
        };
        let notes = taken(&self.scenario, &reading);
        let scenario = reading.scenario;
        let topology = Topology::new(&scenario);
        let hero = match self.hero(&scenario, &topology).and_then(|hero| self.vacant().map(|()| hero)) {
            Ok(hero) => hero,
            Err((exit, message)) => {
                output.prose(&message)?;
                return Ok(exit);
            }
        };
        notes.iter().try_for_each(|note| output.message(note))?;
        for note in scenario.notes() {
            output.prose(&format!("note: {}: {note}", name_of(&self.scenario)))?;
        }
        let stop = interrupt::watch();
        let Ok(life) = explain(&scenario, &topology, hero, self.replication - 1, stop) else {
            output.prose("interrupted: nothing was told")?;
            return Ok(Exit::Interrupted);
        };
        if let (Hero::Request { client, request }, true) = (hero, life.attempts.is_empty()) {
            output.prose(&format!("error: {}", no_request(&scenario.clients[client].name, request, &life)))?;
            return Ok(Exit::Usage);
        }
        let story = Story { scenario: &scenario, topology: &topology, life: &life, all: self.all };
        // Files first: whoever reads the words may have seen enough of them.
        let written = match &self.out {
            Some(folder) => self.write(folder, &story),
            None => Ok(Vec::new()),
        };
        let paths = written.as_deref().unwrap_or_default();
        if self.json {
            let files: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            output.data(&format!("{:#}", life_json(&story, &self.stem(), &files)))?;
        } else {
            output.data(screen(&story).trim_end())?;
            let labels = std::iter::once("Files").chain(std::iter::repeat(""));
            let mut lines = labels.zip(paths).map(|(label, path)| format!("{label:<13}{}", shown(path)));
            lines.try_for_each(|line| output.data(&line))?;
        }
        let Err((exit, message)) = written else { return Ok(Exit::Fine) };
        output.prose(&message)?;
        Ok(exit)
    }

    /// The name of the scenario.
    fn stem(&self) -> String {
        SourceFile::new(&self.scenario, "").stem()
    }

    /// What it is about, or what is wrong with the question.
    fn hero(&self, scenario: &Scenario, topology: &Topology) -> Result<Hero, (Exit, String)> {
        let usage = |message: String| (Exit::Usage, format!("error: {message}"));
        let runs = scenario.run.replications;
        if self.replication > runs {
            let there_are = plural(runs.into(), "run");
            return Err(usage(format!("--replication {}: there are {there_are}", self.replication)));
        }
        let hosts: Vec<&str> = scenario.hosts.iter().map(|host| &*host.name).collect();
        let of_host = self.host.as_deref().map(|name| named("host", name, &hosts)).transpose().map_err(usage)?;
        let is_meant = |host: usize| of_host.is_none_or(|meant| meant == host);
        if let Some(port) = self.port {
            let ranges = |host: usize| topology.pools.iter().filter(move |pool| pool.way.host == host);
            let has = |host: &usize| ranges(*host).any(|pool| pool.way.ports.contains(port));
            let meant: Vec<usize> = (0..hosts.len()).filter(|host| is_meant(*host)).collect();
            let having: Vec<usize> = meant.iter().copied().filter(has).collect();
            return match having.as_slice() {
                [host] => Ok(Hero::Port { host: *host, port }),
                [] => {
                    let mut all: Vec<String> =
                        meant.into_iter().flat_map(ranges).map(|pool| pool.way.ports.to_string()).collect();
                    all.dedup();
                    Err(usage(format!("port {port} lies in no range that is searched: {}", all.join(", "))))
                }
                several => {
                    let several: Vec<&str> = several.iter().map(|host| hosts[*host]).collect();
                    Err(usage(format!("{} have port {port}: name one with --host", several.join(", "))))
                }
            };
        }
        let request = self.connection.expect("one of the two is required");
        let clients: Vec<&str> = scenario.clients.iter().map(|client| &*client.name).collect();
        let of_client =
            self.client.as_deref().map(|name| named("client", name, &clients)).transpose().map_err(usage)?;
        let fits =
            |index: &usize| is_meant(scenario.clients[*index].host) && of_client.is_none_or(|meant| meant == *index);
        let fitting: Vec<usize> = (0..clients.len()).filter(fits).collect();
        match fitting.as_slice() {
            [client] => Ok(Hero::Request { client: *client, request }),
            [] => Err(usage("that client is on another host, or the host has none".into())),
            several => {
                let several: Vec<&str> = several.iter().map(|client| clients[*client]).collect();
                Err(usage(format!("each of {} has requests: name one with --client", several.join(", "))))
            }
        }
    }

    fn replace(&self, file: &str) -> Replace {
        let is_table = Path::new(file).extension().is_some_and(|extension| extension == "csv");
        Replace::Ours { begins: if is_table { life::BEGINS } else { chart::BEGINS }, force: self.force }
    }

    fn files(&self) -> &[&'static str] {
        if self.svg { &FILES } else { &FILES[..2] }
    }

    /// Says before anything runs what stands in the way of the files.
    fn vacant(&self) -> Result<(), (Exit, String)> {
        let Some(folder) = &self.out else { return Ok(()) };
        for file in self.files() {
            whole::may_write(&folder.join(file), What::File, self.replace(file))
                .map_err(|error| (Exit::Failed, refusal_of_file(&error)))?;
        }
        Ok(())
    }

    /// Writes table and chart; which files they became, or why they did not.
    fn write(&self, folder: &Path, story: &Story<'_>) -> Result<Vec<PathBuf>, (Exit, String)> {
        let table = table(story, &self.stem());
        let canvas = chart::life(&table, &self.caption(story.scenario));
        let until = UntilCtrlC::new();
        let write = |file: &&str| {
            let path = folder.join(file);
            let fill: Fill<'_> = match Path::new(file).extension().and_then(std::ffi::OsStr::to_str) {
                Some("png") => Box::new(|out| out.write_all(&canvas.png())),
                Some("svg") => Box::new(|out| out.write_all(canvas.svg().as_bytes())),
                _ => Box::new(|out| csv::write(&table, out)),
            };
            let written = whole::write_file(&until, &path, self.replace(file), fill);
            let exit = if until.is_over() { Exit::Interrupted } else { Exit::Failed };
            written.map(|()| path).map_err(|error| (exit, refusal_of_file(&error)))
        };
        self.files().iter().map(write).collect()
    }

    fn caption(&self, scenario: &Scenario) -> Caption {
        let runs = thousands(scenario.run.replications.into());
        Caption {
            title: scenario.title.clone(),
            load: scenario.load_in_words(),
            runs: format!("run {} of {runs}, {}", self.replication, span(scenario.run.duration)),
            duration_s: scenario.run.duration.as_secs_f64(),
            seed: scenario.run.seed,
            dryport: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

/// The one of that name.
fn named(kind: &str, name: &str, all: &[&str]) -> Result<usize, String> {
    let found = all.iter().position(|other| *other == name);
    found.ok_or_else(|| format!("no {kind} is called {}: there is {}", shown(name), all.join(", ")))
}

/// `checkout made 1,000 requests in run 1: 0 to 999; there is no request 5000`
fn no_request(client: &str, request: u64, life: &Life) -> String {
    let run = life.replication + 1;
    match life.requests {
        None => format!("{client} made no request in the window of run {run}"),
        Some((first, last)) => {
            let made = plural(last - first + 1, "request");
            format!("there is no request {request}: {client} made {made} in the window of run {run}, {first} to {last}")
        }
    }
}
