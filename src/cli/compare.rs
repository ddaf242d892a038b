//! `dryport compare`: settings side by side, under the same random numbers.

use super::arguments::{Running, metric};
use super::cost;
use super::files::{Files, gist, inputs, name_of, shown_faults, source, taken};
use super::guide::{Group, Guide};
use super::interrupt;
use super::places::{self, Target};
use super::progress::{self, Progress};
use super::{Exit, Failure, output::Output};
use crate::experiment::{Checks, Experiment, Settings, align, cut_to_common, run_arms_in_time};
use crate::metrics::Metric;
use crate::report::Manifest;
use crate::report::comparison::{
    ArmRun, Comparison, DEFAULT_METRIC, KEYS, Yardstick, comparison_json, comparison_screen,
};
use crate::report::gate::{Ruling, about_nobody};
use crate::report::manifest::ScenarioMeta;
use crate::report::run_dir::{self, Pictures};
use crate::scenario::words::{self, shown};
use crate::scenario::{Axis, Grid, Reading, Scenario, SourceFile, Variant};
use crate::sim::Topology;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Decide,
    short: "settings side by side",
    examples: &[
        ("dryport compare s.toml --over host.gateway.port_range=32768-60999,1024-65535", ""),
        ("dryport compare scenarios/range-sizes/*.toml", "one picture"),
        ("dryport compare s.toml --set host.gateway.addresses=2", "as it is, or so"),
    ],
    json: KEYS,
};

/// The most arms: beyond, `sweep` is meant.
const ARMS_MAX: u64 = 100;

/// Compare settings: which is best, by how much, and how sure is that
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// TOML files, or - for stdin. One file alone, without --over: each --set is an arm beside it (of run.*: for all)
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Try these values of a key; twice: every combination
    #[arg(long, value_name = "KEY=A,B,C", value_parser = Axis::of_option)]
    over: Vec<Axis>,
    /// What decides (dryport list metrics)
    #[arg(long, value_name = "METRIC", default_value = DEFAULT_METRIC, value_parser = metric)]
    metric: &'static Metric,
    /// About whom: all, host:NAME, client:NAME or destination:NAME
    #[arg(long, value_name = "SCOPE", default_value = "all")]
    scope: String,
    #[command(flatten)]
    running: Running,
    /// The folder of the results, instead of output/NAME-compare
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace what is there already
    #[arg(long)]
    force: bool,
    /// Write no folder: what is found is on the screen alone
    #[arg(long, conflicts_with_all = ["out", "svg"])]
    no_files: bool,
    /// Draw the chart as SVG too
    #[arg(long)]
    svg: bool,
}

/// Is every assert about some arm?
fn are_judged(plans: &[Plan]) -> Result<(), Refusal> {
    let arms: Vec<Variant> =
        plans.iter().map(|plan| Variant { name: plan.variant.clone(), sets: plan.sets.clone() }).collect();
    let is_arm = |wanted: &str| arms.iter().any(|arm| arm.is(wanted));
    let lost = |plan: &Plan| {
        about_nobody(&plan.reading.scenario.asserts, is_arm).map(|lost| (name_of(&plan.file), lost.to_owned()))
    };
    let Some((file, lost)) = plans.iter().find_map(lost) else { return Ok(()) };
    let known: Vec<String> = arms.iter().take(6).map(|arm| shown(&arm.name)).collect();
    let known = known.join(", ");
    Err(usage(&format!("an assert of {file} is about {}, and no arm is: they are {known}", shown(&lost))))
}

/// An arm before it runs.
struct Plan {
    label: String,
    variant: String,
    sets: Vec<String>,
    file: String,
    reading: Reading,
}

type Refusal = (Exit, String);

fn usage(message: &str) -> Refusal {
    (Exit::Usage, words::fitted(&format!("error: {message}")))
}

impl Compare {
    /// Reads every arm, runs all of them, says what was found.
    ///
    /// # Errors
    ///
    /// When what was found cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let (header, mut plans) = match self.plans() {
            Ok(plans) => plans,
            Err((exit, message)) => {
                output.message(&message)?;
                return Ok(exit);
            }
        };
        let folder = (!self.no_files).then(|| self.folder());
        let read: Vec<PathBuf> = plans.iter().flat_map(|plan| inputs(&plan.file, &plan.reading.scenario)).collect();
        let place = places::place(self.out.as_ref(), self.force);
        let mut target = match Target::of(folder, &self.scenarios[0], place, &read) {
            Ok(target) => target,
            Err(fault) => {
                output.message(&fault)?;
                return Ok(Exit::Failed);
            }
        };
        let mut arms: Vec<Scenario> = plans.iter().map(|plan| plan.reading.scenario.clone()).collect();
        align(&mut arms);
        for (plan, arm) in plans.iter_mut().zip(&arms) {
            plan.reading.scenario = arm.clone();
        }
        let each: Vec<&Scenario> = arms.iter().collect();
        self.foretell(&plans, &each, output)?;
        let stop = interrupt::watch();
        let runs: u64 = arms.iter().map(|arm| u64::from(arm.run.replications)).sum();
        let progress = Progress::start(progress::RUNS, runs, self.running.quiet);
        let settings = Settings {
            jobs: self.running.jobs(),
            checks: Checks::Off,
            stop,
            progress: &|refused| progress.one(refused),
        };
        let mut experiments = run_arms_in_time(&arms, &self.scope, &settings);
        progress.finish();
        if stop.load(Ordering::Relaxed) {
            cut_to_common(&mut experiments);
        }
        if experiments.iter().any(|experiment| experiment.outcomes.is_empty()) {
            output.prose("interrupted: no run is whole in every arm; nothing was written")?;
            return Ok(Exit::Interrupted);
        }
        let experiments: Vec<&Experiment> = experiments.iter().collect();
        let mut comparison = self.comparison(&header, &plans, &arms, &experiments);
        if stop.load(Ordering::Relaxed) && cost::is_long_to_write(each.into_iter().zip(experiments.iter().copied())) {
            comparison.drop_runs();
        }
        let written = target.write(|until, folder| {
            let files = comparison.files(&experiments, self.pictures());
            run_dir::write_files(until, folder, &self.scenarios[0], place, files)
        });
        if let Err(interrupted) = written {
            output.prose(interrupted)?;
            return Ok(Exit::Interrupted);
        }
        let mut exit = Exit::Fine;
        if let Some(why) = &target.unwritable {
            output.message(why)?;
            exit = Exit::Failed;
        }
        if self.running.json {
            output.data_while_read(&format!("{:#}", comparison_json(&comparison, target.written().as_deref())))?;
        } else if !self.running.quiet {
            output.data_while_read(comparison_screen(&comparison, target.shown().as_deref()).trim_end())?;
        }
        exit = exit.worse(self.judge(&comparison, output));
        Ok(if stop.load(Ordering::Relaxed) { Exit::Interrupted } else { exit })
    }

    /// Says what is worth knowing before anything runs.
    fn foretell(&self, plans: &[Plan], arms: &[&Scenario], output: &mut Output<'_>) -> Result<(), Failure> {
        if self.running.quiet {
            return Ok(());
        }
        let taken: BTreeSet<String> = plans.iter().flat_map(|plan| taken(&plan.file, &plan.reading)).collect();
        taken.iter().try_for_each(|taken| output.message(taken))?;
        cost::of_runs(arms, self.running.jobs()).iter().try_for_each(|cost| output.prose(cost))
    }

    /// The exit that asserts ask for; those that did not pass are told even when nothing else is.
    fn judge(&self, comparison: &Comparison, output: &mut Output<'_>) -> Exit {
        let mut exit = Exit::Fine;
        for arm in &comparison.arms {
            for judged in arm.gates.iter().filter(|judged| judged.ruling != Ruling::Passed) {
                exit = Exit::Gate;
                if self.running.quiet {
                    let _ = output.prose(&format!("{}: {judged}", shown(&arm.label)));
                }
            }
        }
        exit
    }

    fn pictures(&self) -> Pictures {
        if self.svg { Pictures::PngAndSvg } else { Pictures::Png }
    }

    fn folder(&self) -> PathBuf {
        let stem = SourceFile::new(&self.scenarios[0], "").stem();
        self.out.clone().unwrap_or_else(|| Path::new("output").join(format!("{stem}-compare")))
    }

    /// What the labels are, and every arm, read and found comparable.
    fn plans(&self) -> Result<(String, Vec<Plan>), Refusal> {
        let (header, wanted) = self.wanted()?;
        if wanted.len() < 2 {
            return Err(usage(
                "there is one arm only: name another scenario, or values to try, as in --over \
                 host.gateway.port_range=32768-60999,1024-65535",
            ));
        }
        let (mut plans, mut faults, mut exit) = (Vec::new(), Vec::new(), Exit::Fine);
        for (label, variant, file, sets) in wanted {
            match self.read(&file, &sets) {
                Ok(reading) => plans.push(Plan { label, variant, sets, file, reading }),
                Err((unread, errors)) if faults.iter().all(|other: &String| gist(other) != gist(&errors)) => {
                    exit = exit.worse(unread);
                    faults.push(errors);
                }
                Err(_) => {}
            }
        }
        if !faults.is_empty() {
            return Err((exit, faults.join("\n")));
        }
        self.are_comparable(&plans)?;
        are_judged(&plans)?;
        Ok((header, plans))
    }

    /// An arm; what is wrong with values of `--over` is told of that.
    fn read(&self, file: &str, sets: &[String]) -> Result<Reading, Refusal> {
        let before = self.running.sets().len();
        Reading::of(&source(file)?, sets, &Files::beside(file)).map_err(|found| {
            shown_faults(&if self.over.is_empty() { found } else { found.varied_by(before, "--over") })
        })
    }

    /// Label, name in tables, file and overrides of each arm.
    #[expect(clippy::type_complexity, reason = "four words of an arm")]
    fn wanted(&self) -> Result<(String, Vec<(String, String, String, Vec<String>)>), Refusal> {
        let stem = |file: &str| SourceFile::new(file, "").stem();
        let sets = self.running.sets();
        if self.over.is_empty() && self.scenarios.len() == 1 {
            // Keys of the run hold for every arm: they are about how, not about what.
            let (all, each): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| set.trim_start().starts_with("run."));
            let file = &self.scenarios[0];
            let arm = |name: &str, own: Option<&String>| {
                let sets = all.iter().chain(own).cloned().collect();
                (name.to_owned(), name.to_owned(), file.clone(), sets)
            };
            let short = |set: &str| {
                set.split_once('=').map_or_else(
                    || set.to_owned(),
                    |(key, value)| format!("{}={value}", key.rsplit('.').next().unwrap_or(key)),
                )
            };
            let mut names: Vec<String> = each.iter().map(|set| short(set)).collect();
            if (1..names.len()).any(|index| names[..index].contains(&names[index])) {
                names.clone_from(&each);
            }
            let arms = names.iter().zip(&each).map(|(name, set)| arm(name, Some(set)));
            return Ok(("setting".into(), std::iter::once(arm("now", None)).chain(arms).collect()));
        }
        let grid = Grid::new(self.over.clone()).map_err(|twice| usage(&twice))?;
        let count = grid.len().saturating_mul(self.scenarios.len() as u64);
        if count > ARMS_MAX {
            let count = words::thousands(count);
            return Err(usage(&format!("{count} arms; at most {ARMS_MAX} are compared, dryport sweep takes more")));
        }
        let names: Vec<String> = self.scenarios.iter().map(|file| stem(file)).collect();
        if let Some(index) = (1..names.len()).find(|index| names[..*index].contains(&names[*index])) {
            return Err(usage(&format!("two scenarios are called {}", shown(&names[index]))));
        }
        let mut arms = Vec::new();
        for (file, name) in self.scenarios.iter().zip(names) {
            for index in 0..grid.len() {
                let variant = grid.variant(index);
                let value = grid.values(index).join("  ");
                let several = self.scenarios.len() > 1;
                let words = |value: &str| [if several { name.as_str() } else { "" }, value].join(" ").trim().to_owned();
                let sets = sets.iter().cloned().chain(variant.sets).collect();
                arms.push((words(&value), words(&variant.name), file.clone(), sets));
            }
        }
        let keys = grid.axes().iter().map(|axis| grid.short(axis));
        let file = (self.scenarios.len() > 1).then_some("scenario");
        let header = file.into_iter().chain(keys).collect::<Vec<_>>().join("  ");
        Ok((header, arms))
    }

    fn are_comparable(&self, plans: &[Plan]) -> Result<(), Refusal> {
        let first = &plans[0];
        for plan in plans {
            let (one, other) = (first.reading.scenario.run.duration, plan.reading.scenario.run.duration);
            if one != other {
                let (one, other) = (words::span(one), words::span(other));
                return Err(usage(&format!(
                    "{} is measured for {one}, {} for {other}: --set run.duration=... makes them equal",
                    shown(&first.label),
                    shown(&plan.label)
                )));
            }
            let topology = Topology::new(&plan.reading.scenario);
            let scopes: Vec<String> = topology.scopes.iter().map(ToString::to_string).collect();
            if !scopes.contains(&self.scope) {
                let known = scopes[..scopes.len().min(6)].join(", ");
                return Err(usage(&format!(
                    "{} has no scope {}; it has {known}",
                    name_of(&plan.file),
                    shown(&self.scope)
                )));
            }
        }
        Ok(())
    }

    fn comparison(&self, header: &str, plans: &[Plan], arms: &[Scenario], experiments: &[&Experiment]) -> Comparison {
        let meta = |index: usize, arguments| {
            let plan = &plans[index];
            let what = ScenarioMeta::of(&plan.file, &plan.variant, &plan.reading);
            Manifest::of(arguments, what, &arms[index], experiments[index], self.running.confidence)
        };
        let run = |index: usize| ArmRun {
            label: plans[index].label.clone(),
            meta: meta(index, Vec::new()),
            sets: plans[index].sets.clone(),
            scenario: &arms[index],
            experiment: experiments[index],
        };
        let yardstick = Yardstick { metric: self.metric, scope: &self.scope };
        let runs = (0..arms.len()).map(run).collect();
        Comparison::new(meta(0, self.arguments()), header, runs, yardstick, self.pictures())
    }

    /// The arguments that lead to the same figures.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["compare".to_owned()];
        arguments.extend(self.scenarios.iter().cloned());
        let over =
            self.over.iter().flat_map(|axis| ["--over".to_owned(), format!("{}={}", axis.key, axis.values.join(","))]);
        arguments.extend(over);
        arguments.extend([
            "--metric".to_owned(),
            self.metric.name.to_owned(),
            "--scope".to_owned(),
            self.scope.clone(),
        ]);
        arguments.extend(self.running.of_figures());
        arguments
    }
}
