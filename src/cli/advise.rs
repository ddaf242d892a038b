//! `dryport advise`: which knob helps most, each alone and the best two together, and how to turn it.

use super::arguments::{Running, risk};
use super::files::{Files, inputs, read_from, source, taken};
use super::guide::{Group, Guide};
use super::interrupt::{self, UntilCtrlC};
use super::places::{self, Target};
use super::progress::{Progress, Work};
use super::{Exit, Failure, output::Output};
use crate::advice::{Remedy, Subject, looks_like_nat, remedies};
use crate::experiment::solve::{self, solve};
use crate::experiment::{
    Checks, Experiment, OfferedLoad, Question, Settings, align, estimate, figures_more, on_threads,
};
use crate::forecast::{Forecast, Lanes, TARGET_RISK};
use crate::metrics::Metric;
use crate::report::Manifest;
use crate::report::advice::{
    self, AT_PRESENT, Advice, By, Effect, Enough, KEYS, SafeRate, Worth, advice_json, advice_screen,
};
use crate::report::chart::AdviceTables;
use crate::report::manifest::ScenarioMeta;
use crate::report::query::Estimate;
use crate::report::run_dir::{self, Pictures};
use crate::report::schema::file;
use crate::scenario::load::Means;
use crate::scenario::words::{about, fitted, plural};
use crate::scenario::{Knob, Quantity, Reading, Scenario, SourceFile};
use crate::stats::Interval;
use crate::stats::interval::clopper_pearson;
use rayon::prelude::*;
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

/// At the present rate as many requests are simulated at most, in all: each setting gets as many runs, at least one, which
/// is enough to see how full it gets. Of a few seconds (release build), as are the next two.
const RUNS_REQUESTS: f64 = 2e7;
/// A setting of which no formula says whether it is enough gets every run of the scenario that this many requests allow.
const UNDECIDED_REQUESTS: f64 = 1e7;
/// All searches for safe rates together simulate no more.
const SEARCH_REQUESTS: f64 = 2e7;
/// From so many requests on it is said beforehand what the advice costs.
const LONG_REQUESTS: f64 = 6e7;
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
    /// Write no folder: what is found is on the screen alone
    #[arg(long, conflicts_with_all = ["out", "svg"])]
    no_files: bool,
    /// Draw the chart as SVG too
    #[arg(long)]
    svg: bool,
}

type Refusal = (Exit, String);
/// Two remedies, by their places, and what they are worth together.
type Pair = ([usize; 2], Worth);

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
        let folder = (!self.no_files).then(|| self.folder());
        let place = places::place(self.out.as_ref(), self.force);
        let read = inputs(&self.scenario, &plan.base.scenario);
        let mut target = match Target::of(folder, &self.scenario, place, &read) {
            Ok(target) => target,
            Err(fault) => {
                output.message(&fault)?;
                return Ok(Exit::Failed);
            }
        };
        if !self.running.quiet {
            taken(&self.scenario, &plan.base).iter().try_for_each(|taken| output.message(taken))?;
        }
        let stop = interrupt::watch();
        let trials = self.trials(&plan);
        if let Some(cost) = cost(&trials).filter(|_| !self.running.quiet) {
            output.prose(&cost)?;
        }
        let Some((advice, experiment)) = self.advise(&plan, trials, stop) else {
            output.prose("interrupted: nothing was tried yet, and nothing was written")?;
            return Ok(Exit::Interrupted);
        };
        let mut exit = Exit::Fine;
        if advice.cut_off {
            exit = Exit::Interrupted;
        } else {
            let (table, meta) = (advice.table(), self.manifest(&plan, &experiment));
            let rows = [(file::ADVICE.to_owned(), table.len() as u64)].into();
            let tables = AdviceTables { advice: table, meta: Manifest { rows, ..meta } };
            let files = advice::files(&tables, self.pictures());
            let write =
                |until: &UntilCtrlC, folder: &Path| run_dir::write_files(until, folder, &self.scenario, place, files);
            if let Err(interrupted) = target.write(write) {
                output.prose(interrupted)?;
                return Ok(Exit::Interrupted);
            }
        }
        if let Some(why) = &target.unwritable {
            output.message(why)?;
            exit = exit.worse(Exit::Failed);
        }
        if self.running.json {
            output.data_while_read(&format!("{:#}", advice_json(&advice, target.written().as_deref())))?;
        } else if !self.running.quiet {
            let files = AdviceTables::file_names(self.pictures());
            output.data_while_read(advice_screen(&advice, target.shown().as_deref(), &files).trim_end())?;
        }
        Ok(exit)
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
        let stem = SourceFile::new(&self.scenario, "").stem();
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

    /// What is to be tried: the present settings, then each remedy alone.
    fn trials<'p>(&self, plan: &'p Plan) -> Vec<(Option<&'p Remedy>, Trial)> {
        let mut tried: Vec<(Option<&Remedy>, Reading)> = Vec::new();
        for remedy in std::iter::once(None).chain(plan.remedies.iter().map(Some)) {
            let changed = self.with(plan, &remedy.into_iter().collect::<Vec<_>>());
            tried.extend(changed.map(|changed| (remedy, changed)));
        }
        let mut arms: Vec<Scenario> = tried.iter().map(|(_, reading)| reading.scenario.clone()).collect();
        align(&mut arms);
        let all = tried.into_iter().zip(arms);
        all.map(|((remedy, reading), arm)| (remedy, Trial::new(reading, arm, self.max_risk))).collect()
    }

    /// Tries each remedy alone, then the best ones in pairs; `None` when Ctrl-C came before anything was tried.
    fn advise(
        &self,
        plan: &Plan,
        trials: Vec<(Option<&Remedy>, Trial)>,
        stop: &AtomicBool,
    ) -> Option<(Advice, Experiment)> {
        let (remedies, trials): (Vec<Option<&Remedy>>, Vec<Trial>) = trials.into_iter().unzip();
        let runs = runs_of_each(&trials);
        let (mut worths, mut spent) = self.worths(plan, &trials, (runs, SEARCH_REQUESTS), stop);
        let (now, experiment) = worths.remove(0)?;
        let is_whole = worths.iter().all(Option::is_some);
        let pairs = remedies[1..].iter().zip(worths);
        let mut ranked: Vec<(Remedy, Worth)> =
            pairs.filter_map(|(remedy, worth)| Some(((*remedy)?.clone(), worth?.0))).collect();
        ranked.sort_by(|(_, one), (_, other)| one.order(other));
        let scenario = &plan.base.scenario;
        let subject = Subject::of(&plan.base);
        let mut advice = Advice {
            scenario: plan.source.stem(),
            subject: (subject.client.name.to_string(), subject.host.name.to_string()),
            leaves_hosts_out: plan.base.scenario.hosts.len() > 1,
            rate_per_s: Knob::whole_load(&plan.base).map(|knob| knob.now),
            target: self.max_risk,
            window_s: scenario.run.duration.as_secs_f64(),
            seed: scenario.run.seed,
            confidence: self.running.confidence,
            runs: experiment.outcomes.len() as u64,
            now,
            remedies: ranked,
            pair: None,
            stays_fast: trials[0].forecast.as_ref().map_or_else(Vec::new, stays_fast),
            looks_like: looks_like_nat(subject.host),
            requests_simulated: 0.0,
            cut_off: !is_whole,
        };
        advice.better_first();
        if is_whole {
            let (pair, more) = self.best_pair(plan, &advice, runs, stop);
            advice.pair = pair;
            spent += more;
        }
        advice.requests_simulated = spent;
        advice.cut_off |= stop.load(Ordering::Relaxed);
        Some((advice, experiment))
    }

    /// The two remedies that are worth most together, `None` when no two help; and the requests that were simulated.
    fn best_pair(&self, plan: &Plan, advice: &Advice, runs: u32, stop: &AtomicBool) -> (Option<Pair>, f64) {
        let helps = (0..advice.remedies.len()).filter(|place| advice.effect(*place) == Effect::Better);
        let best: Vec<usize> = helps.take(PAIRED).collect();
        let mut pairs: Vec<([usize; 2], Reading)> = Vec::new();
        for (index, one) in best.iter().enumerate() {
            for other in &best[index + 1..] {
                let pair = [*one, *other].map(|place| &advice.remedies[place].0);
                // Two values of one key are no pair, nor are two ways to have no TIME-WAIT.
                let key = |set: &String| set.split('=').next().map(str::to_owned);
                let keys = |remedy: &Remedy| remedy.sets.iter().filter_map(key).collect::<Vec<_>>();
                if keys(pair[0]).iter().any(|key| keys(pair[1]).contains(key)) {
                    continue;
                }
                pairs.extend(self.with(plan, &pair).map(|reading| ([*one, *other], reading)));
            }
        }
        let mut arms = vec![plan.base.scenario.clone()];
        arms.extend(pairs.iter().map(|(_, reading)| reading.scenario.clone()));
        align(&mut arms);
        let (places, readings): (Vec<[usize; 2]>, Vec<Reading>) = pairs.into_iter().unzip();
        let trials = readings.into_iter().zip(arms.into_iter().skip(1));
        let trials: Vec<Trial> = trials.map(|(reading, arm)| Trial::new(reading, arm, self.max_risk)).collect();
        // Formulas tell at no cost which is best.
        let by_formula = trials.iter().map(|trial| Some(trial.by_formula(plan, self.max_risk)?.per_s));
        let (places, trials) = match by_formula.collect::<Option<Vec<f64>>>() {
            Some(rates) => {
                let best = (0..rates.len()).reduce(|one, other| if rates[other] > rates[one] { other } else { one });
                let is_best = |place: usize| best == Some(place);
                let all = places.into_iter().zip(trials).enumerate().filter(|(place, _)| is_best(*place));
                all.map(|(_, best)| best).unzip()
            }
            None => (places, trials),
        };
        // A pair of which no formula knows the rate is ranked by what the runs show: a search for each would cost most of all.
        let (worths, spent) = self.worths(plan, &trials, (runs, 0.0), stop);
        let found = places.into_iter().zip(worths).filter_map(|(pair, worth)| Some((pair, worth?.0)));
        (found.reduce(|one, other| if other.1.order(&one.1).is_lt() { other } else { one }), spent)
    }

    /// What each of some settings is worth, and the runs that all have, `None` of those that Ctrl-C left out; and the
    /// requests that were simulated, in so many runs of each and by searches that may have so many together.
    fn worths(
        &self,
        plan: &Plan,
        trials: &[Trial],
        (runs, search_requests): (u32, f64),
        stop: &AtomicBool,
    ) -> (Vec<Option<(Worth, Experiment)>>, f64) {
        let more: u64 = trials.iter().map(|trial| u64::from(trial.wanted(runs))).sum();
        // A search for a safe rate counts as a run: it may take longer.
        let progress = Progress::start(WORK, more + trials.len() as u64, self.running.quiet);
        let settings = Settings {
            jobs: self.running.jobs(),
            checks: Checks::Off,
            stop,
            progress: &|refused| progress.one(refused),
        };
        let run = |trial: &Trial| figures_more(&trial.arm, &settings, None, trial.wanted(runs));
        let experiments: Vec<Experiment> = on_threads(self.running.jobs(), || trials.par_iter().map(run).collect());
        let searched = trials.iter().filter(|trial| trial.forecast.is_none()).count();
        let budget = search_requests / searched.max(1) as f64;
        let (mut worths, mut spent) = (Vec::new(), 0.0);
        for (trial, experiment) in trials.iter().zip(experiments) {
            let is_whole = experiment.outcomes.len() == trial.wanted(runs) as usize;
            spent += trial.cost() * experiment.outcomes.len() as f64;
            let worth = is_whole.then(|| {
                let (worth, common, searched) =
                    self.worth(plan, trial, experiment, &settings, [f64::from(runs), budget]);
                spent += searched;
                (worth, common)
            });
            progress.one(false);
            worths.push(worth.filter(|_| trial.forecast.is_some() || !stop.load(Ordering::Relaxed)));
        }
        progress.finish();
        (worths, spent)
    }

    /// What one setting is worth by formulas and its runs, of which all settings have the first `runs` (with what a
    /// search for its rate may simulate).
    fn worth(
        &self,
        plan: &Plan,
        trial: &Trial,
        experiment: Experiment,
        settings: &Settings<'_>,
        [runs, budget]: [f64; 2],
    ) -> (Worth, Experiment, f64) {
        let (safe_rate, spent) = match trial.by_formula(plan, self.max_risk) {
            Some(by_formula) => (Some(by_formula), 0.0),
            None => self.search(plan, trial, settings, budget).unwrap_or_default(),
        };
        let enough = trial.enough(&experiment, self.max_risk, self.running.confidence);
        let lanes = trial.forecast.as_ref().map(|forecast| &forecast.lanes);
        let fast_per_s = lanes.and_then(|lanes| Some(trial.requests(plan)? * lanes.fast_rate()?));
        let mut common = experiment;
        common.outcomes.retain(|outcome| f64::from(outcome.replication) < runs);
        let at_present = AT_PRESENT.map(|name| figure(&trial.arm, &common, name, self.running.confidence));
        (Worth { safe_rate, enough, fast_per_s, at_present }, common, spent)
    }

    /// The highest safe rate of requests by a search, if it finds one, and the requests that it simulated; `None` where
    /// there is no rate to vary.
    fn search(
        &self,
        plan: &Plan,
        trial: &Trial,
        settings: &Settings<'_>,
        budget: f64,
    ) -> Option<(Option<SafeRate>, f64)> {
        let knob = Knob::whole_load(&trial.reading)?;
        let requests = trial.requests(plan)?;
        let at = |value: f64| -> Option<Scenario> {
            let sets = [trial.reading.sets(), &knob.sets(value)?].concat();
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
            requests_max: budget,
            runs: SEARCH_RUNS,
            budget,
            grows: &|_| {},
        };
        let quiet = Settings { progress: &|_| {}, ..*settings };
        let found = solve(&question, &quiet);
        let Some(answer) = found.answer.map(|place| &found.evidence[place]) else { return Some((None, found.spent)) };
        let fails = found.beyond.map(|place| requests * found.evidence[place].value);
        let by = By::Search { risk: SEARCH_RISK, runs: answer.runs, fails };
        // No more lasts than ports come back, whatever a short window lets through.
        let lasts = trial.lasts().map_or(f64::INFINITY, |share| share * knob.now);
        Some((Some(SafeRate { per_s: requests * answer.value.min(lasts), by }), found.spent))
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

/// One setting that is tried.
struct Trial {
    reading: Reading,
    /// The same with seed and warm-up of all others.
    arm: Scenario,
    forecast: Option<Forecast>,
    /// What the formula says of the present rate; `None`: it leaves it open, or there is none.
    decided: Option<Enough>,
}

impl Trial {
    fn new(reading: Reading, arm: Scenario, target: f64) -> Self {
        let forecast = Forecast::of(&reading.scenario, target).ok();
        let decided = forecast.as_ref().and_then(|forecast| {
            let fails = forecast.risk_at_least() > target || forecast.lanes.rate_per_s > forecast.sustained_per_s();
            match () {
                () if forecast.lanes.is_safe(target) => Some(Enough::Yes),
                () if forecast.lanes.is_within(target) => Some(Enough::InWindow),
                () => fails.then_some(Enough::No),
            }
        });
        Self { reading, arm, forecast, decided }
    }

    /// The requests of one run.
    fn cost(&self) -> f64 {
        solve::requests(&self.arm)
    }

    /// How many runs it gets, where all get `runs`.
    fn wanted(&self, runs: u32) -> u32 {
        if self.decided.is_some() {
            return runs;
        }
        let most = self.arm.run.replications;
        (runs..=most).rev().find(|number| f64::from(*number) * self.cost() <= UNDECIDED_REQUESTS).unwrap_or(runs)
    }

    /// A remedy may change how many connects the same requests make: so many of the present ones each of them makes.
    fn requests(&self, plan: &Plan) -> Option<f64> {
        Some(Knob::whole_load(&plan.base)?.now / Knob::whole_load(&self.reading)?.now)
    }

    /// How many times the present load all ports that there are could carry for long: by Little's law; `None` where no mean
    /// hold is known.
    fn lasts(&self) -> Option<f64> {
        let ports = self.arm.capacity(self.arm.clients[0].host) as f64;
        Some(ports / Means::of(&self.arm).erlangs_of_all()?)
    }

    fn by_formula(&self, plan: &Plan, target: f64) -> Option<SafeRate> {
        let forecast = self.forecast.as_ref()?;
        let per_s = self.requests(plan)? * forecast.lanes.safe_rate(target);
        Some(SafeRate { per_s, by: By::Formula(forecast.risk_formula()) })
    }

    /// Is it enough at the present rate?
    fn enough(&self, experiment: &Experiment, target: f64, confidence: f64) -> Enough {
        let runs = experiment.outcomes.len() as u64;
        let refused = experiment.of_scope(0).filter(|measures| measures.refused > 0).count() as u64;
        let seen = clopper_pearson(refused, runs.max(1), confidence);
        // A window that is shorter than a port is held does not show what comes then.
        let window_s = (self.arm.warm_up() + self.arm.run.duration).as_secs_f64();
        let shows_all = window_s >= self.arm.longest_hold_s();
        match (self.decided, seen.low.zip(seen.high)) {
            (Some(decided), _) => decided,
            (None, Some((_, high))) if high <= target => {
                if shows_all {
                    Enough::Yes
                } else {
                    Enough::InWindow
                }
            }
            (None, Some((low, _))) if low > target => Enough::No,
            _ if refused == 0 => Enough::NotRefused(runs),
            _ => Enough::Open { refused, runs },
        }
    }
}

/// How many runs each setting gets at least.
fn runs_of_each(trials: &[Trial]) -> u32 {
    let most = trials.iter().map(|trial| trial.arm.run.replications).min().unwrap_or(1);
    let all: f64 = trials.iter().map(Trial::cost).sum();
    (1..=most).rev().find(|runs| f64::from(*runs) * all <= RUNS_REQUESTS).unwrap_or(1)
}

/// What the advice costs, where that is much.
fn cost(trials: &[(Option<&Remedy>, Trial)]) -> Option<String> {
    let trials: Vec<&Trial> = trials.iter().map(|(_, trial)| trial).collect();
    let one: f64 = trials.iter().map(|trial| trial.cost()).sum();
    let runs = (1..=trials[0].arm.run.replications).rev().find(|runs| f64::from(*runs) * one <= RUNS_REQUESTS);
    let runs = runs.unwrap_or(1);
    let present: f64 = trials.iter().map(|trial| f64::from(trial.wanted(runs)) * trial.cost()).sum();
    let searches = if trials.iter().any(|trial| trial.forecast.is_none()) { SEARCH_REQUESTS } else { 0.0 };
    let total = present + searches;
    (total > LONG_REQUESTS).then(|| {
        format!(
            "{} are tried with up to {} simulated connects in all; Ctrl-C shows what is known by then",
            plural(trials.len() as u64, "setting"),
            about(total)
        )
    })
}

/// With what `connect()` stays fast and the risk small, where it does not as it is.
fn stays_fast(forecast: &Forecast) -> Vec<String> {
    if forecast.lanes.is_fast() {
        return Vec::new();
    }
    let fits = |lanes: &Lanes| lanes.is_safe(forecast.target) && lanes.is_fast();
    let requests = forecast.lanes.fewest_requests(fits);
    let number = |quantity| forecast.fewest(quantity, fits);
    let options = [
        (requests, Quantity::Requests),
        (number(Quantity::Addresses), Quantity::Addresses),
        (number(Quantity::Endpoints), Quantity::Endpoints),
    ];
    let shown = |(least, quantity): (Option<u32>, Quantity)| Some(quantity.shown(least?.into()));
    options.into_iter().filter_map(shown).collect()
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
