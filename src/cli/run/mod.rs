//! `dryport run SCENARIO...`: simulate, write the run folder, say what was found.

mod plan;
mod rare;

use super::arguments::{Precision, Running, precision, some_time};
use super::cost;
use super::files::name_of;
use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::places::Target;
use super::progress::{self, Progress};
use super::{Exit, Failure, output::Output};
use crate::des::SimDuration;
use crate::experiment::{Checks, Experiment, Goal, Settings, replicate, replicate_one, replicate_until, watch_ports};
use crate::lint;
use crate::metrics::{AttemptLog, Measures};
use crate::report::attempts::{self, AttemptCsv};
use crate::report::gate::{Judged, Ruling};
use crate::report::json::{KEYS, run_json, runs_json};
use crate::report::manifest::{PrecisionMeta, ScenarioMeta};
use crate::report::openmetrics;
use crate::report::rare::add_rare;
use crate::report::run_dir::{self, Pictures};
use crate::report::tables::{add_ports, run_tables, write_replications};
use crate::report::whole;
use crate::report::{Beside, Manifest, RunTables, run_summary, shown_run};
use crate::scenario::{Scenario, words};
use plan::Plan;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Ask,
    short: "risk, simulated",
    examples: &[
        ("dryport run scenarios/quickstart.toml", ""),
        ("dryport run s.toml --set host.gateway.port_range=1024-65535", "one key changed"),
        ("dryport run - --json < s.toml | jq .verdict", "in a pipeline"),
    ],
    json: KEYS,
};

/// Simulate a scenario; report the risk of running out of ports, with its interval
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Run {
    /// TOML files, or - for stdin
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    #[command(flatten)]
    running: Running,
    /// Run until a figure is known to so many per cent: 5% (of refusals) or METRIC=5%
    #[arg(long, value_name = "SHARE", value_parser = precision)]
    precision: Option<Precision>,
    /// No more runs than this for --precision; those of the scenario are run in any case
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "precision")]
    #[arg(value_parser = clap::value_parser!(u32).range(10..=1_000_000), allow_negative_numbers = true)]
    max_replications: u32,
    /// The run folder (of several scenarios: the folder of theirs), instead of output/NAME
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace what is there already
    #[arg(long)]
    force: bool,
    /// Write no folder: what is found is on the screen alone
    #[arg(long, conflicts_with_all = ["out", "svg"])]
    no_files: bool,
    /// Draw every chart as SVG too
    #[arg(long)]
    svg: bool,
    /// Exit with 99 when this holds, or the runs leave it open: `[SCOPE] METRIC OP NUMBER`, with and, or, ( )
    #[arg(long, value_name = "EXPR")]
    fail_if: Vec<String>,
    /// Write every attempt of one replication to a CSV file
    #[arg(long, value_name = "FILE")]
    attempts: Option<PathBuf>,
    /// Which replication --attempts is about
    #[arg(long, value_name = "N", default_value_t = 1, requires = "attempts")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    replication: u32,
    /// Write the end state as OpenMetrics text, under the names of Prometheus's node exporter
    #[arg(long, value_name = "FILE")]
    openmetrics: Option<PathBuf>,
    /// How long before it is too late an alert is to come
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = some_time, allow_hyphen_values = true)]
    warn: SimDuration,
    /// Where fewer than 20 refusals are counted: estimate how rare they are, by formula or by splitting
    #[arg(long)]
    rare: bool,
    /// Check at every event that the model agrees with itself (slow)
    #[arg(long)]
    check_invariants: bool,
}

/// What a run left to say.
struct Told {
    summary: String,
    json: serde_json::Value,
    exit: Exit,
}

impl Run {
    /// Validates every scenario, then runs one after another.
    ///
    /// # Errors
    ///
    /// When what was found cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let plans = match self.plan() {
            Ok(plans) => plans,
            Err((exit, messages)) => {
                // When even this cannot be written, the exit code has to say it.
                let _ = messages.iter().try_for_each(|message| output.message(message));
                return Ok(exit);
            }
        };
        let stop = interrupt::watch();
        let (mut exit, mut told, mut closed) = (Exit::Fine, Vec::new(), false);
        for (index, plan) in plans.iter().enumerate() {
            match self.simulate(plan, stop, output) {
                Ok(Told { summary, json, exit: ended }) => {
                    let gap = if index > 0 { "\n" } else { "" };
                    if !self.running.quiet && !self.running.json && !closed {
                        closed = output.data_while_read(&format!("{gap}{}", summary.trim_end()))?;
                    }
                    told.push(json);
                    exit = exit.worse(ended);
                }
                Err(message) => {
                    let _ = output.prose(&message);
                    exit = exit.worse(Exit::Failed);
                }
            }
            if stop.load(Ordering::Relaxed) {
                exit = Exit::Interrupted;
                break;
            }
        }
        if self.running.json && !told.is_empty() {
            output.data_while_read(&format!("{:#}", runs_json(&told)))?;
        }
        Ok(exit)
    }

    /// No more runs than this for `--precision`; those of the scenario are run in any case.
    fn most(&self, scenario: &Scenario) -> u32 {
        self.max_replications.max(scenario.run.replications)
    }

    fn pictures(&self) -> Pictures {
        if self.svg { Pictures::PngAndSvg } else { Pictures::Png }
    }

    /// Runs one scenario and writes what it leaves; or says why nothing was.
    fn simulate(&self, plan: &Plan, stop: &AtomicBool, output: &mut Output<'_>) -> Result<Told, String> {
        let scenario = &plan.reading.scenario;
        if !self.running.quiet {
            let cost = cost::of_runs(&[scenario], self.running.jobs());
            let _ = plan.notes.iter().chain(&cost).try_for_each(|note| output.prose(note));
        }
        let progress = Progress::start(progress::RUNS, scenario.run.replications.into(), self.running.quiet);
        let (experiment, wanted) = self.replicate(scenario, stop, &progress);
        let whole = experiment.outcomes.len() as u64;
        let mut say = |text: &str| progress.beside(|| drop(output.prose(text)));
        let tables = (whole > 0).then(|| self.tables(plan, &experiment, stop, &mut say));
        let took = progress.finish();
        let Some(mut tables) = tables else {
            return Err("interrupted: no run is whole; nothing was written".into());
        };
        let kept = tables.keeps_runs();
        if stop.load(Ordering::Relaxed) && cost::is_long_to_write([(scenario, &experiment)]) {
            tables.drop_runs();
        }
        let target = self.put(plan, &experiment, &mut tables)?;
        let mut exit = Exit::Fine;
        if let Some(why) = &target.unwritable {
            let _ = output.message(why);
            exit = Exit::Failed;
        }
        if stop.load(Ordering::Relaxed) {
            let without = if kept && !tables.keeps_runs() { ", without replications.csv" } else { "" };
            let wider = if whole < wanted { "; the interval is wider" } else { "" };
            let (whole, plural) = (words::thousands(whole), words::plural(wanted, "run"));
            let are = if target.folder.is_some() { "are whole and were written" } else { "are whole" };
            let message = format!("interrupted: {whole} of {plural} {are}{without}{wider}");
            let _ = output.prose(&message);
        } else {
            let attempts = self.attempts.as_deref().map(|file| self.write_attempts(file, plan, &experiment, stop));
            let state = self.openmetrics.as_deref().map(|file| self.write_end_state(file, &tables));
            for error in [attempts, state].into_iter().flatten().filter_map(Result::err) {
                let _ = output.prose(&format!("error: {error}"));
                exit = Exit::Failed;
            }
            if !self.running.quiet {
                let _ = output.prose(&done(&experiment, took, self.running.json));
            }
        }
        Ok(self.tell(plan, &tables, &target, exit, output))
    }

    /// Runs all replications, and says how many there were to be.
    fn replicate(&self, scenario: &Scenario, stop: &AtomicBool, progress: &Progress) -> (Experiment, u64) {
        let settings = Settings {
            jobs: self.running.jobs(),
            checks: if self.check_invariants { Checks::Invariants } else { Checks::Off },
            stop,
            progress: &|refused| progress.one(refused),
        };
        let wanted = AtomicU32::new(scenario.run.replications);
        let grows = |runs: u32| {
            wanted.store(runs, Ordering::Relaxed);
            progress.grow(runs.into());
        };
        let experiment = match self.precision {
            None => replicate(scenario, &settings),
            Some(Precision { metric, share }) => {
                let confidence = self.running.confidence;
                let goal = Goal { metric, share, confidence, most: self.most(scenario), grows: &grows };
                replicate_until(scenario, &settings, &goal)
            }
        };
        (experiment, wanted.load(Ordering::Relaxed).into())
    }

    /// Writes the run folder, as far as it can be; where it is then.
    fn put(&self, plan: &Plan, experiment: &Experiment, tables: &mut RunTables) -> Result<Target, String> {
        let (mut target, mut again) = (plan.target.clone(), false);
        loop {
            let scenario = &tables.meta.scenario;
            let runs = Box::new(|out: &mut dyn Write| write_replications(experiment, scenario, out));
            let (place, pictures) = (self.place(), self.pictures());
            match target.write(|until, folder| run_dir::write(until, folder, tables, runs, place, pictures)) {
                Ok(()) => return Ok(target),
                // Who presses Ctrl-C while it is written is given it all the same, but for what takes long.
                Err(_) if !again => {
                    again = true;
                    if cost::is_long_to_write([(&plan.reading.scenario, experiment)]) {
                        tables.drop_runs();
                    }
                }
                Err(interrupted) => return Err(interrupted.into()),
            }
        }
    }

    /// What there is to say; gates that did not pass are told even when nothing else is.
    fn tell(&self, plan: &Plan, tables: &RunTables, target: &Target, mut exit: Exit, output: &mut Output<'_>) -> Told {
        let gates: Vec<Judged> = plan.gates.iter().map(|gate| gate.clone().judge(tables)).collect();
        for judged in gates.iter().filter(|judged| judged.ruling != Ruling::Passed) {
            exit = exit.worse(Exit::Gate);
            if self.running.quiet {
                let _ = output.prose(&format!("{}: {judged}", name_of(&plan.file)));
            }
        }
        let (explanations, warnings) = (lint::explanations(&plan.reading), lint::warnings(&plan.reading));
        let shown = target.shown();
        let (ahead, explanations, warnings) = (self.warn, &explanations[..], &warnings[..]);
        let beside = Beside { gates: &gates, folder: shown.as_deref(), ahead, explanations, warnings };
        Told {
            summary: run_summary(tables, &beside),
            json: run_json(tables, &gates, target.written().as_deref()),
            exit,
        }
    }

    /// What was found; the run that charts show is run once more for its ports.
    fn tables(&self, plan: &Plan, experiment: &Experiment, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> RunTables {
        let scenario = &plan.reading.scenario;
        let mut tables = run_tables(experiment, scenario, self.manifest(plan, experiment));
        let shown = u32::try_from(shown_run(&tables) - 1).expect("the number of a run");
        if experiment.outcomes.iter().any(|outcome| outcome.replication == shown)
            && let Ok(watched) = watch_ports(scenario, experiment, shown, stop)
        {
            add_ports(&mut tables, &watched);
        }
        if let Some(rare) = self.rare(scenario, experiment, stop, say) {
            add_rare(&mut tables, &rare);
        }
        tables.meta.files = run_dir::file_names(&tables, self.pictures());
        tables
    }

    /// Runs one replication once more for its attempts.
    fn write_attempts(
        &self,
        file: &Path,
        plan: &Plan,
        experiment: &Experiment,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let scenario = &plan.reading.scenario;
        let content = |out: &mut dyn Write| {
            // A failed write ends the replication; Ctrl-C too.
            let end = AtomicBool::new(false);
            let mut csv = AttemptCsv::new(scenario, &experiment.topology, out)?;
            let mut sink = |row: &_| {
                let failed = csv.push(row);
                end.store(failed || stop.load(Ordering::Relaxed), Ordering::Relaxed);
            };
            let mut log = AttemptLog::new(&mut sink);
            let ended = replicate_one(scenario, &experiment.topology, self.replication - 1, &mut log, &end);
            csv.finish()?;
            ended.map_err(|_| io::Error::other("interrupted"))
        };
        let written = whole::write_file(&UntilCtrlC::new(), file, self.replace(attempts::BEGINS), Box::new(content));
        written.map_err(|error| error.to_string())
    }

    /// What an exporter would read at the end.
    fn write_end_state(&self, file: &Path, tables: &RunTables) -> Result<(), String> {
        let content = Box::new(|out: &mut dyn Write| openmetrics::write(tables, out));
        whole::write_file(&UntilCtrlC::new(), file, self.replace(openmetrics::BEGINS), content)
            .map_err(|error| error.to_string())
    }

    /// What the run folder says of itself: nothing that differs between machines, nor with what changes no figure.
    fn manifest(&self, plan: &Plan, experiment: &Experiment) -> Manifest {
        let scenario = &plan.reading.scenario;
        let mut arguments = vec!["run".to_owned(), plan.file.clone()];
        arguments.extend(self.running.of_figures());
        if let Some(Precision { metric, share }) = self.precision {
            let most = self.max_replications.to_string();
            arguments.extend(["--precision".to_owned(), format!("{}={share}", metric.name)]);
            arguments.extend(["--max-replications".to_owned(), most]);
        }
        arguments.extend(self.rare.then(|| "--rare".to_owned()));
        let what = ScenarioMeta::of(&plan.file, "", &plan.reading);
        let precision = self.precision.map(|Precision { metric, share }| PrecisionMeta {
            metric: metric.name.to_owned(),
            share,
            most: self.most(scenario),
        });
        Manifest { precision, ..Manifest::of(arguments, what, scenario, experiment, self.running.confidence) }
    }
}

/// `done: 20 runs, 5,425,256 connect() calls in 0.4 s; report on stdout`
fn done(experiment: &Experiment, took: Duration, json: bool) -> String {
    let calls: u64 = experiment.of_scope(0).map(Measures::attempts).sum();
    let (runs, calls) = (words::plural(experiment.outcomes.len() as u64, "run"), words::thousands(calls));
    let took = match took.as_secs_f64() {
        short if short < 60.0 => format!("{short:.1} s"),
        long => words::seconds(long),
    };
    let report = if json { "figures" } else { "report" };
    format!("done: {runs}, {calls} connect() calls in {took}; {report} on stdout")
}
