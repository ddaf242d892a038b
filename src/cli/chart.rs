//! `dryport chart DIR`: the pictures of a run, a comparison, a sweep or advice, drawn again from its tables.

use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::{Exit, Failure, output::Output};
use crate::report::chart::{self, ADVICE_CHARTS, AdviceTables, CHARTS, COMPARISON_CHARTS, SWEEP_CHARTS};
use crate::report::comparison::{self, Comparison};
use crate::report::document::Keys;
use crate::report::json::SCHEMA_VERSION;
use crate::report::run_dir::{self, Pictures, RunDirError};
use crate::report::schema::file;
use crate::report::sweep::{self, META_FILE, SweepTables};
use crate::report::whole::{Replace, WholeError};
use crate::report::{Manifest, RunTables};
use crate::scenario::words::{fitted, shown};
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

/// Draw the charts of a run, comparison or sweep again, from its CSV files alone
#[derive(Debug, clap::Args)]
pub struct Chart {
    /// What `dryport run`, `compare`, `sweep` or `advise` has left
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Draw only these charts
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(chart::all().into_iter().map(|(name, _)| name)))]
    only: Vec<String>,
    /// Draw every chart as SVG too
    #[arg(long)]
    svg: bool,
    /// Put the charts here, instead of into the folder
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
    ("folder: string", "the run, comparison or sweep whose charts were drawn"),
    ("files: string[]", "the charts"),
];

/// What a folder holds.
enum Found {
    Run(Box<RunTables>),
    Comparison(Box<Comparison>),
    Sweep(Box<SweepTables>),
    Advice(Box<AdviceTables>),
}

impl Chart {
    /// Reads the folder whole, draws, then writes; says which files it wrote.
    ///
    /// # Errors
    ///
    /// When that cannot be said.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        match self.read() {
            Ok(Found::Run(tables)) => {
                let enlist = Some((tables.meta.clone(), run_dir::known_names()));
                self.draw(&*tables, (CHARTS, tables.keeps_runs()), enlist, output)
            }
            Ok(Found::Comparison(arms)) => {
                let enlist = Some((arms.meta.clone(), comparison::file_names(Pictures::PngAndSvg)));
                self.draw(&*arms, (COMPARISON_CHARTS, true), enlist, output)
            }
            Ok(Found::Advice(tables)) => {
                let enlist = Some((tables.meta.clone(), AdviceTables::file_names(Pictures::PngAndSvg)));
                self.draw(&*tables, (ADVICE_CHARTS, true), enlist, output)
            }
            Ok(Found::Sweep(tables)) => self.draw(&*tables, (SWEEP_CHARTS, true), None, output),
            Err(error) => {
                output.prose(&format!("error: {error}\nhelp: {}", way_out(&error)))?;
                Ok(Exit::Invalid)
            }
        }
    }

    fn read(&self) -> Result<Found, RunDirError> {
        if self.folder.join(META_FILE).is_file() {
            return Ok(Found::Sweep(Box::new(SweepTables::read(&self.folder)?)));
        }
        let meta = run_dir::read_manifest(&self.folder)?;
        if self.folder.join(file::ADVICE).is_file() {
            return Ok(Found::Advice(Box::new(AdviceTables::read(&self.folder, meta)?)));
        }
        Ok(if meta.variants.is_empty() {
            Found::Run(Box::new(run_dir::read(&self.folder)?))
        } else {
            Found::Comparison(Box::new(Comparison::read(&self.folder, meta)?))
        })
    }

    /// Draws charts of one kind; `has_runs` when the figures of each run are there, `enlist` is a manifest that
    /// names them, and all files that it may name.
    fn draw<T>(
        &self,
        tables: &T,
        (charts, has_runs): (&'static [chart::Chart<T>], bool),
        enlist: Option<(Manifest, Vec<String>)>,
        output: &mut Output<'_>,
    ) -> Result<Exit, Failure> {
        let charts: Vec<_> = charts.iter().filter(|chart| (chart.applies)(tables)).collect();
        let (lacking, charts): (Vec<_>, Vec<_>) = charts.into_iter().partition(|chart| !has_runs && chart.needs_runs);
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.into_iter().map(|chart| chart.name).collect();
            let (names, table) = (names.join(", "), file::REPLICATIONS);
            let note = format!("note: not drawn, for lack of {table}: {names}; run.keep = \"all\" leaves it");
            output.prose(&fitted(&note))?;
        }
        let known: Vec<&str> = charts.iter().map(|chart| chart.name).collect();
        if let Some(stray) = self.only.iter().find(|name| !known.contains(&name.as_str())) {
            let (folder, all) = (shown(&self.folder), known.join(", "));
            output.message(&fitted(&format!("error: {stray} is no chart of what is in {folder}; there are {all}")))?;
            return Ok(Exit::Usage);
        }
        // What `--svg` left is drawn again in both formats.
        let has_svg = charts.iter().any(|chart| self.folder.join(chart.file("svg")).is_file());
        let both = self.svg || (self.out.is_none() && has_svg);
        let pictures = if both { Pictures::PngAndSvg } else { Pictures::Png };
        let wanted = |chart: &&chart::Chart<T>| self.only.is_empty() || self.only.iter().any(|name| name == chart.name);
        let charts: Vec<_> = charts.into_iter().filter(wanted).collect();
        // What else has the name of a picture is not ours, even in the folder of a run.
        let force = self.force || self.out.is_none();
        let replace = Replace::Ours { begins: chart::BEGINS, force };
        let into = self.out.as_deref().unwrap_or(&self.folder);
        interrupt::watch();
        let until = UntilCtrlC::new();
        let written = run_dir::draw(&until, into, tables, (&charts, pictures), replace).and_then(|paths| {
            if let Some((meta, known)) = enlist.filter(|_| self.out.is_none()) {
                run_dir::enlist(&until, &self.folder, meta, known)?;
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
        RunDirError::NoRun { .. } => "name a folder that dryport has made, such as output/quickstart",
        RunDirError::Manifest { .. } => "remove the folder; dryport run then makes it anew",
        RunDirError::Read { path, .. } | RunDirError::Table { path, .. } if is_of_sweep(path) => {
            "the same dryport sweep once more, without --shard, makes its tables"
        }
        _ => "dryport run makes the folder anew; its manifest.json names the scenario",
    }
}

fn is_of_sweep(path: &std::path::Path) -> bool {
    path.ends_with(META_FILE) || path.ends_with(sweep::TABLE)
}
