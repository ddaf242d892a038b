//! `dryport new [FILE]`: a scenario to start from, with every key explained.

use super::arguments::{profile_name, rate, some_time};
use super::guide::{Group, Guide};
use super::places::refusal_of_file;
use super::{Exit, Failure, output::Output};
use crate::des::{Rate, SimDuration};
use crate::profile::{self, DEFAULT};
use crate::report::whole::{Disk, Replace, write_file};
use crate::scenario::template::{BEGINS, Filled, template};
use crate::scenario::words::shown;
use std::path::{Path, PathBuf};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Files,
    short: "a scenario to start from",
    examples: &[
        ("dryport new", "look at it"),
        ("dryport new checkout.toml", "start from it"),
        ("dryport new --profile macos --rate 450/s | dryport run -", "run it at once"),
    ],
    json: &[],
};

/// Write a commented scenario that can be run as it is
#[derive(Debug, clap::Args)]
pub struct New {
    /// Where to write it; stdout unless given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The operating system of its host
    #[arg(long, value_name = "NAME", default_value = DEFAULT, value_parser = profile_name)]
    profile: String,
    /// How often its client connects, such as 450/s or 27k/min
    #[arg(long, value_name = "RATE", value_parser = rate, allow_hyphen_values = true)]
    rate: Option<Rate>,
    /// How long a connection is open on average, such as 50ms
    #[arg(long, value_name = "SPAN", value_parser = some_time, allow_hyphen_values = true)]
    lifetime: Option<SimDuration>,
    /// Replace what is there already
    #[arg(long, requires = "file")]
    force: bool,
}

impl New {
    /// Prints the template, or writes it to the file.
    ///
    /// # Errors
    ///
    /// When it cannot be printed.
    ///
    /// # Panics
    ///
    /// Never: only names of profiles are taken.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let profile = profile::find(&self.profile).expect("clap takes no other");
        let text = template(&Filled { profile, rate: self.rate, lifetime: self.lifetime });
        let Some(file) = &self.file else {
            output.data(text.trim_end())?;
            return Ok(Exit::Fine);
        };
        if file == Path::new("-") {
            output.prose("error: - is no file\nhelp: leave it out, and the scenario goes to stdout: dryport new")?;
            return Ok(Exit::Usage);
        }
        let replace = Replace::Ours { begins: BEGINS, force: self.force };
        let name = shown(file);
        match write_file(&Disk, file, replace, Box::new(|out| out.write_all(text.as_bytes()))) {
            Ok(()) => {
                output.prose(&format!("wrote {name}; now try: dryport run {name}"))?;
                Ok(Exit::Fine)
            }
            Err(error) => {
                output.message(&refusal_of_file(&error))?;
                Ok(Exit::Failed)
            }
        }
    }
}
