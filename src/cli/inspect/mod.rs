//! `dryport inspect`: how near this machine is to running out of ports now, and a scenario that starts from it.

mod json;
mod screen;

use super::guide::{Group, Guide};
use super::places::refusal_of_file;
use super::unseen::{Gap, Look};
use super::{Exit, Failure, output::Output};
use crate::inspect::files::TcpError;
use crate::inspect::usage::Counting;
use crate::inspect::{Holders, Lane, Machine, Root, Usage, draft, elsewhere};
use crate::report::whole::{self, Disk, Replace};
use crate::scenario::template::BEGINS;
use crate::scenario::words::shown;
use crate::scenario::{Reading, SourceFile};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::ThisMachine,
    short: "ranges, sockets, headroom",
    examples: &[
        ("dryport inspect", ""),
        ("dryport inspect --scenario now.toml", "to simulate from here"),
        ("dryport inspect --scenario | dryport check -", "is it understood?"),
        ("dryport inspect --json | jq .lanes[0]", "the fullest destination"),
    ],
    json: json::KEYS,
};

/// How near is this machine to running out of ports now, and towards whom?
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// Print everything as JSON
    #[arg(long, conflicts_with = "scenario")]
    json: bool,
    /// Write a scenario that starts from this machine: to stdout, or to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    scenario: Option<PathBuf>,
    /// Replace FILE if it is there already
    #[arg(long, requires = "scenario")]
    force: bool,
    /// Where /proc and /boot are: for tests, and for the files of another machine
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

/// What was found, whole.
struct Found {
    machine: Machine,
    usage: Usage,
    holders: Holders,
    gaps: Vec<Gap>,
}

/// From this share of busy ports on, little is left.
const TIGHT: f64 = 0.8;

impl Found {
    /// The verdict and the lane that it is about.
    fn verdict(&self) -> (&'static str, Option<&Lane>) {
        let Some(lane) = self.usage.lanes.first() else { return ("IDLE", None) };
        let word = match self.usage.fullness(lane) {
            _ if self.usage.free(lane) == 0 => "FULL",
            share if share >= TIGHT => "TIGHT",
            _ => "ROOM",
        };
        (word, Some(lane))
    }
}

impl Inspect {
    /// Looks once, and tells.
    ///
    /// # Errors
    ///
    /// When it cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let found = match self.look() {
            Ok(found) => found,
            Err(error) => {
                output.prose(&format!("error: {error}: dryport inspect reads it on Linux only"))?;
                for way in elsewhere::instead(std::env::consts::OS, |way| way.machine) {
                    output.message(&format!("help: {way}"))?;
                }
                return Ok(Exit::Failed);
            }
        };
        if let Some(file) = &self.scenario {
            return self.write_scenario(file, &found, output);
        }
        if self.json {
            output.data(&format!("{:#}", json::document(&found)))?;
        } else {
            output.data(screen::page(&found).trim_end())?;
        }
        Ok(Exit::Fine)
    }

    fn look(&self) -> Result<Found, TcpError> {
        let root = Root::new(&self.root);
        let machine = Machine::read(&root);
        let mut counting = Counting::new(&machine);
        let notes = root.sockets(|socket| counting.push(socket))?;
        let usage = counting.finish();
        let holders = root.holders(&usage.listeners.iter().map(|socket| socket.inode).collect());
        let mut gaps: Vec<Gap> = machine.unseen.iter().map(Gap::new).collect();
        gaps.extend(Look::new(&root, notes, &holders).gaps("dryport inspect"));
        Ok(Found { machine, usage, holders, gaps })
    }

    fn write_scenario(&self, file: &Path, found: &Found, output: &mut Output<'_>) -> Result<Exit, Failure> {
        if found.usage.usable == 0 {
            let range = found.machine.port_range;
            output
                .message(&format!("error: every port of {range} is reserved or has a listener: nothing to simulate"))?;
            return Ok(Exit::Failed);
        }
        let text = draft::scenario_of(&found.machine, &found.usage);
        let traces: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let read = Reading::of(&SourceFile::new("the scenario of this machine", text.as_str()), &[], &traces);
        if let Err(faults) = read {
            output.message(&format!("{faults}\nhelp: this is a fault of dryport, not yours"))?;
            return Ok(Exit::Failed);
        }
        if file == Path::new("-") {
            output.data(text.trim_end())?;
            return Ok(Exit::Fine);
        }
        let replace = Replace::Ours { begins: BEGINS, force: self.force };
        let content = Box::new(|out: &mut dyn Write| out.write_all(text.as_bytes()));
        if let Err(error) = whole::write_file(&Disk, file, replace, content) {
            output.message(&refusal_of_file(&error))?;
            return Ok(Exit::Failed);
        }
        let name = shown(file);
        output.prose(&format!("wrote {name}: read its estimates, then: dryport run {name}"))?;
        Ok(Exit::Fine)
    }
}
