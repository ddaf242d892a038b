//! `dryport chart DIR`: the pictures of a run, drawn again from its tables.

use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::{Exit, Failure, output::Output};
use crate::report::chart::{self, CHARTS};
use crate::report::document::Keys;
use crate::report::json::SCHEMA_VERSION;
use crate::report::run_dir::{self, Pictures, RunDirError};
use crate::report::whole::{Replace, WholeError};
use crate::scenario::words::shown;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Files,
    short: "draw a run again",
    examples: &[
        ("dryport chart output/sample", ""),
        ("dryport chart output/sample --svg", "for a document"),
        ("dryport chart output/sample --only risk --out pictures", "elsewhere"),
    ],
    json: KEYS,
};

/// Draw the charts of a run again, from the CSV files in its folder alone
#[derive(Debug, clap::Args)]
pub struct Chart {
    /// A run folder: what `dryport run` has left
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Draw only these charts
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(CHARTS.iter().map(|chart| chart.name)))]
    only: Vec<String>,
    /// Draw every chart as SVG too
    #[arg(long)]
    svg: bool,
    /// Put the charts here, instead of into the run folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files that --out has already
    #[arg(long, requires = "out")]
    force: bool,
    /// Print which files were drawn as JSON instead of one a line
    #[arg(long)]
    json: bool,
}

/// Every key of the document.
const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("folder: string", "the run whose charts were drawn"),
    ("files: string[]", "the charts"),
];

impl Chart {
    /// Reads the folder whole, draws, then writes; says which files it wrote.
    ///
    /// # Errors
    ///
    /// When that cannot be said.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let tables = match run_dir::read(&self.folder) {
            Ok(tables) => tables,
            Err(error) => {
                output.prose(&format!("error: {error}\nhelp: {}", way_out(&error)))?;
                return Ok(Exit::Invalid);
            }
        };
        // What `run --svg` left is drawn again in both formats.
        let has_svg = CHARTS.iter().any(|chart| tables.meta.files.contains(&chart.file("svg")));
        let both = self.svg || (self.out.is_none() && has_svg);
        let pictures = if both { Pictures::PngAndSvg } else { Pictures::Png };
        let wanted = |chart: &&chart::Chart| self.only.is_empty() || self.only.iter().any(|name| name == chart.name);
        let charts: Vec<_> = CHARTS.iter().filter(wanted).collect();
        let replace = if self.force || self.out.is_none() { Replace::Always } else { Replace::Never };
        let into = self.out.as_deref().unwrap_or(&self.folder);
        interrupt::watch();
        let until = UntilCtrlC::new();
        let written = run_dir::draw(&until, into, &tables, (&charts, pictures), replace).and_then(|paths| {
            if self.out.is_none() {
                run_dir::enlist(&until, &self.folder, tables.meta)?;
            }
            Ok(paths)
        });
        match written {
            Ok(paths) => {
                if self.json {
                    output.data(&format!("{:#}", self.document(&paths)))?;
                } else {
                    paths.iter().try_for_each(|path| output.data(&shown(path)))?;
                }
                Ok(Exit::Fine)
            }
            Err(error) => {
                let taken = matches!(error, RunDirError::Write(WholeError::Exists { .. }));
                let help = if taken { "\nhelp: --force replaces it" } else { "" };
                output.prose(&format!("error: {error}{help}"))?;
                Ok(if until.is_over() { Exit::Interrupted } else { Exit::Failed })
            }
        }
    }
}

impl Chart {
    fn document(&self, paths: &[PathBuf]) -> Value {
        json!({
            "schema_version": SCHEMA_VERSION,
            "dryport": env!("CARGO_PKG_VERSION"),
            "folder": self.folder.display().to_string(),
            "files": paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        })
    }
}

/// What to do about a folder that cannot be read.
fn way_out(error: &RunDirError) -> &'static str {
    match error {
        RunDirError::NoRun { .. } => "name a folder that dryport run has made, such as output/quickstart",
        RunDirError::Manifest { .. } => "remove the folder; dryport run then makes it anew",
        _ => "dryport run makes the folder anew; its manifest.json names the scenario",
    }
}
