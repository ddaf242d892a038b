//! `dryport advise`: which knob helps most, each alone and the best two together, and how to turn it.

use super::arguments::{Running, risk};
use super::files::{Files, inputs, read_from, source};
use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::places;
use super::progress::{Progress, Work};
use super::{Exit, Failure, output::Output};
use crate::advice::{Remedy, Subject, remedies};
use crate::experiment::{Checks, Experiment, OfferedLoad, Question, Settings, align, estimate, run_arms, solve};
use crate::forecast::{Forecast, TARGET_RISK};
use crate::metrics::Metric;
use crate::report::Manifest;
use crate::report::advice::{self, AT_PRESENT, Advice, By, Effect, KEYS, SafeRate, Worth, advice_json, advice_screen};
use crate::report::chart::AdviceTables;
use crate::report::manifest::ScenarioMeta;
use crate::report::query::Estimate;
use crate::report::run_dir::{self, Pictures};
use crate::report::schema::file;
use crate::scenario::words::{fitted, shown};
use crate::scenario::{Knob, Reading, Scenario, SourceFile};
use crate::stats::Interval;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Decide,
    short: "which knob helps most",
    examples: &[
        ("dryport advise s.toml", ""),
        ("dryport advise s.toml --max-risk 0.1%", "more careful"),
        ("dryport advise s.toml --json | jq '.remedies[0].change'", "for scripts"),
    ],
    json: KEYS,
};

/// What is counted on the way.
const WORK: Work = Work { command: "advise", unit: "run", found: "refused" };

/// No value is run whose fewest runs have more requests: a dozen remedies and their pairs are to take minutes at most.
const SEARCH_REQUESTS: f64 = 1e7;
/// Where no formula knows the safe rate, the risk that a search by simulation can tell in a few runs, its runs, and its
/// resolution.
const SEARCH_RISK: f64 = 0.1;
const SEARCH_RUNS: (u32, u32) = (20, 80);
const SEARCH_PARTS: f64 = 40.0;
/// A search goes no further than so many times the present rate: beyond, runs take minutes.
const SEARCH_TIMES: f64 = 10.0;
/// Pairs are made of so many of the best remedies.
const PAIRED: usize = 4;

/// Say which knob helps most, what to set, and what to beware of
#[derive(Debug, clap::Args)]
pub struct Advise {
    /// A TOML file, or - for stdin
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// The risk of a refusal per window that is taken, as in 1% or 0.01
    #[arg(long, value_name = "RISK", default_value_t = TARGET_RISK, value_parser = risk, allow_hyphen_values = true)]
    max_risk: f64,
    #[command(flatten)]
    running: Running,
    /// The folder of the results, instead of output/NAME-advise
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace what is there already
    #[arg(long)]
    force: bool,
    /// Draw the chart as SVG too
    #[arg(long)]
    svg: bool,
}

type Refusal = (Exit, String);

/// A scenario and what can be done about it.
struct Plan {
    source: SourceFile,
    sets: Vec<String>,
    base: Reading,
    /// Whose knobs are turned. What other hosts do is left out: no host takes another one's ports.
    host: usize,
    remedies: Vec<Remedy>,
}

/// Leaves the clients of one host.
fn leave(reading: &mut Reading, host: usize) {
    reading.scenario.clients.retain(|client| client.host == host);
}

impl Advise {
    /// Tries everything and tells.
    ///
    /// # Errors
    ///
    /// When what was found cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err((exit, message)) => {
                output.message(&message)?;
                return Ok(exit);
            }
        };
        let folder = self.folder();
        let place = places::place(self.out.as_ref(), self.force);
        let read = inputs(&self.scenario, &plan.base.scenario);
        if let Some(fault) = places::fault(&folder, &self.scenario, place, &read) {
            output.message(&fault)?;
            return Ok(Exit::Failed);
        }
        let stop = interrupt::watch();
        let Some((advice, experiment)) = self.advise(&plan, stop) else {
            output.prose("interrupted: nothing was written")?;
            return Ok(Exit::Interrupted);
        };
        let (table, meta) = (advice.table(), self.manifest(&plan, &experiment));
        let rows = [(file::ADVICE.to_owned(), table.len() as u64)].into();
        let tables = AdviceTables { advice: table, meta: Manifest { rows, ..meta } };
        let files = advice::files(&tables, self.pictures());
        if let Err(error) = run_dir::write_files(&UntilCtrlC::new(), &folder, &self.scenario, place, files) {
            output.prose(&format!("error: {error}"))?;
            return Ok(Exit::Failed);
        }
        let folder = folder.display().to_string();
        if self.running.json {
            output.data_while_read(&format!("{:#}", advice_json(&advice, &folder)))?;
        } else if !self.running.quiet {
            output.data_while_read(advice_screen(&advice, &shown(&folder), &tables.meta.files).trim_end())?;
        }
        Ok(Exit::Fine)
    }

    fn plan(&self) -> Result<Plan, Refusal> {
        let source = source(&self.scenario)?;
        let sets = self.running.sets();
        let mut base = read_from(&source, &sets, &Files::beside(&self.scenario))?;
        let host = Subject::of(&base).client.host;
        leave(&mut base, host);
        let remedies = remedies(&Subject::of(&base), self.max_risk);
        if remedies.is_empty() {
            let host = &Subject::of(&base).host.name;
            return Err((Exit::Failed, fitted(&format!("error: there is no knob to turn on {host}"))));
        }
        Ok(Plan { source, sets, base, host, remedies })
    }

    fn folder(&self) -> PathBuf {
        let stem = SourceFile::new(&self.scenario, "").stem().to_owned();
        self.out.clone().unwrap_or_else(|| Path::new("output").join(format!("{stem}-advise")))
    }

    fn pictures(&self) -> Pictures {
        if self.svg { Pictures::PngAndSvg } else { Pictures::Png }
    }

    /// The scenario with some remedies at work; `None` when it cannot be so.
    fn with(&self, plan: &Plan, remedies: &[&Remedy]) -> Option<Reading> {
        let more = remedies.iter().flat_map(|remedy| remedy.sets.clone());
        let sets: Vec<String> = plan.sets.iter().cloned().chain(more).collect();
        self.read(plan, &sets)
    }

    /// The scenario of that host with these overrides.
    fn read(&self, plan: &Plan, sets: &[String]) -> Option<Reading> {
        let mut reading = read_from(&plan.source, sets, &Files::beside(&self.scenario)).ok()?;
        leave(&mut reading, plan.host);
        Some(reading)
    }

    /// Tries each remedy alone, then the best ones in pairs; `None` after Ctrl-C.
    fn advise(&self, plan: &Plan, stop: &AtomicBool) -> Option<(Advice, Experiment)> {
        let mut tried: Vec<(Option<&Remedy>, Reading)> = Vec::new();
        for remedy in std::iter::once(None).chain(plan.remedies.iter().map(Some)) {
            let changed = self.with(plan, &remedy.into_iter().collect::<Vec<_>>());
            tried.extend(changed.map(|changed| (remedy, changed)));
        }
        let readings: Vec<&Reading> = tried.iter().map(|(_, reading)| reading).collect();
        let (mut worths, mut experiments) = self.worths(plan, &readings, stop)?;
        let now = worths.remove(0);
        let remedies = tried[1..].iter().filter_map(|(remedy, _)| remedy.cloned());
        let mut ranked: Vec<(Remedy, Worth)> = remedies.zip(worths).collect();
        ranked.sort_by(|(_, one), (_, other)| other.rate().total_cmp(&one.rate()));
        let scenario = &plan.base.scenario;
        let subject = Subject::of(&plan.base);
        let mut advice = Advice {
            scenario: plan.source.stem().to_owned(),
            subject: (subject.client.name.to_string(), subject.host.name.to_string()),
            leaves_hosts_out: plan.base.scenario.hosts.len() > 1,
            rate_per_s: Knob::whole_load(&plan.base).map(|knob| knob.now),
            target: self.max_risk,
            window_s: scenario.run.duration.as_secs_f64(),
            seed: scenario.run.seed,
            confidence: self.running.confidence,
            runs: experiments[0].outcomes.len() as u64,
            now,
            remedies: ranked,
            pair: None,
        };
        advice.pair = self.best_pair(plan, &advice, stop)?;
        Some((advice, experiments.swap_remove(0)))
    }

    /// The two remedies that are worth most together; `None` after Ctrl-C, `Some(None)` when no two help.
    #[expect(clippy::option_option, reason = "stopped, and nothing found")]
    fn best_pair(&self, plan: &Plan, advice: &Advice, stop: &AtomicBool) -> Option<Option<([usize; 2], Worth)>> {
        let helps = (0..advice.remedies.len()).filter(|place| advice.effect(*place) == Effect::Better);
        let best: Vec<usize> = helps.take(PAIRED).collect();
        let (mut pairs, mut readings) = (Vec::new(), Vec::new());
        for (index, one) in best.iter().enumerate() {
            for other in &best[index + 1..] {
                let pair = [*one, *other].map(|place| &advice.remedies[place].0);
                // Two values of one key are no pair, nor are two ways to have no TIME-WAIT.
                let key = |set: &String| set.split('=').next().map(str::to_owned);
                let keys = |remedy: &Remedy| remedy.sets.iter().filter_map(key).collect::<Vec<_>>();
                if keys(pair[0]).iter().any(|key| keys(pair[1]).contains(key)) {
                    continue;
                }
                if let Some(reading) = self.with(plan, &pair) {
                    pairs.push([*one, *other]);
                    readings.push(reading);
                }
            }
        }
        if pairs.is_empty() {
            return Some(None);
        }
        let (worths, _) = self.worths(plan, &readings.iter().collect::<Vec<_>>(), stop)?;
        let best =
            pairs.into_iter().zip(worths).reduce(|one, other| if other.1.rate() > one.1.rate() { other } else { one });
        Some(best)
    }

    /// What each of some settings is worth; `None` after Ctrl-C.
    fn worths(&self, plan: &Plan, readings: &[&Reading], stop: &AtomicBool) -> Option<(Vec<Worth>, Vec<Experiment>)> {
        let mut arms: Vec<Scenario> = readings.iter().map(|reading| reading.scenario.clone()).collect();
        align(&mut arms);
        let runs: u64 = arms.iter().map(|arm| u64::from(arm.run.replications)).sum();
        // A search for a safe rate counts as a run: it may take longer.
        let progress = Progress::start(WORK, runs + readings.len() as u64, self.running.quiet);
        let settings = Settings {
            jobs: self.running.jobs(),
            checks: Checks::Off,
            stop,
            progress: &|refused| progress.one(refused),
        };
        let experiments = run_arms(&arms, &settings);
        let mut worths = Vec::new();
        for (reading, (arm, experiment)) in readings.iter().zip(arms.iter().zip(&experiments)) {
            let safe_rate = self.safe_rate(plan, reading, &settings);
            progress.one(false);
            let at_present = AT_PRESENT.map(|name| figure(arm, experiment, name, self.running.confidence));
            worths.push(Worth { safe_rate, at_present });
        }
        progress.finish();
        let is_whole =
            |(arm, experiment): (&Scenario, &Experiment)| experiment.outcomes.len() == arm.run.replications as usize;
        let all = arms.iter().zip(&experiments).all(is_whole) && !stop.load(Ordering::Relaxed);
        all.then_some((worths, experiments))
    }

    /// The highest safe rate of requests, by formula where there is one, else by a search.
    fn safe_rate(&self, plan: &Plan, reading: &Reading, settings: &Settings<'_>) -> Option<SafeRate> {
        let knob = Knob::whole_load(reading)?;
        // A remedy may change how many connects the same requests make: what is safe is so many times the present ones.
        let requests = Knob::whole_load(&plan.base)?.now / knob.now;
        if let Ok(forecast) = Forecast::of(&reading.scenario, self.max_risk) {
            let per_s = requests * forecast.lanes.safe_rate(self.max_risk);
            return Some(SafeRate { per_s, by: By::Formula(forecast.risk_formula()) });
        }
        let at = |value: f64| -> Option<Scenario> {
            let sets = [reading.sets(), &knob.sets(value)?].concat();
            Some(self.read(plan, &sets)?.scenario)
        };
        let judge = |interval: &Interval| match (interval.low?, interval.high?) {
            (_, high) if high <= SEARCH_RISK => Some(true),
            (low, _) if low > SEARCH_RISK => Some(false),
            _ => None,
        };
        let question = Question {
            metric: Metric::named(AT_PRESENT[0]).expect("it is a metric"),
            scope: 0,
            judge: &judge,
            at: &at,
            proves: &|_| None,
            better: knob.quantity.better(),
            is_whole: false,
            limits: (knob.limits.0, SEARCH_TIMES * knob.now),
            now: knob.now,
            start: knob.now,
            confidence: self.running.confidence,
            parts: SEARCH_PARTS,
            requests_max: SEARCH_REQUESTS,
            runs: SEARCH_RUNS,
            grows: &|_| {},
        };
        let quiet = Settings { progress: &|_| {}, ..*settings };
        let found = solve(&question, &quiet);
        let answer = &found.evidence[found.answer?];
        let fails = found.beyond.map(|place| requests * found.evidence[place].value);
        let by = By::Search { risk: SEARCH_RISK, runs: answer.runs, fails };
        Some(SafeRate { per_s: requests * answer.value, by })
    }

    fn manifest(&self, plan: &Plan, experiment: &Experiment) -> Manifest {
        let mut arguments = vec!["advise".to_owned(), self.scenario.clone()];
        arguments.extend(["--max-risk".to_owned(), self.max_risk.to_string()]);
        arguments.extend(self.running.of_figures());
        let what = ScenarioMeta::of(&self.scenario, "", &plan.base);
        Manifest {
            files: AdviceTables::file_names(self.pictures()),
            ..Manifest::of(arguments, what, &plan.base.scenario, experiment, self.running.confidence)
        }
    }
}

/// A figure of everything.
fn figure(scenario: &Scenario, experiment: &Experiment, name: &str, confidence: f64) -> Estimate {
    let offered = OfferedLoad::of(scenario, experiment);
    let metric = Metric::named(name).expect("it is a metric");
    let found = estimate(experiment, &offered, 0, metric, confidence);
    Estimate {
        value: found.map(|found| found.estimate),
        interval: found.and_then(|found| Some((found.low?, found.high?))),
    }
}
