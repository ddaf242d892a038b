//! What is to be run and where it goes: everything that can be refused is refused here, before anything runs.

use super::super::Exit;
use super::super::files::{inputs, name_of, read, taken};
use super::super::places::{self, Target, is_within, refusal_of_file, would_lose};
use super::Run;
use crate::report::gate::{Gate, Sense};
use crate::report::run_dir::Place;
use crate::report::whole::{self, Replace, What};
use crate::report::{attempts, openmetrics};
use crate::scenario::words::{fitted, plural, shown};
use crate::scenario::{Condition, Reading, Scenario, SourceFile};
use crate::sim::Topology;
use std::path::{Path, PathBuf};

/// A scenario that was read, and where its run goes.
pub(super) struct Plan {
    pub(super) file: String,
    pub(super) notes: Vec<String>,
    pub(super) gates: Vec<Gate>,
    pub(super) reading: Reading,
    pub(super) target: Target,
}

const ATTEMPTS: &str = "--attempts";

/// Why nothing can be run: with which exit, and what to say.
pub(super) type Refusal = (Exit, Vec<String>);

fn usage(message: &str) -> Refusal {
    (Exit::Usage, vec![fitted(&format!("error: {message}"))])
}

impl Run {
    /// Reads every scenario and asks whether what comes of it may be written.
    pub(super) fn plan(&self) -> Result<Vec<Plan>, Refusal> {
        let fail_if = self.conditions()?;
        let plans = self.read(&fail_if)?;
        if let (Some(_), [plan]) = (&self.attempts, &plans[..]) {
            let runs = plan.reading.scenario.run.replications;
            if self.replication > runs {
                let there_are = plural(runs.into(), "run");
                return Err(usage(&format!("--replication {}: there are {there_are}", self.replication)));
            }
        }
        self.placed(plans)
    }

    /// What every `--fail-if` says.
    fn conditions(&self) -> Result<Vec<Condition>, Refusal> {
        let (conditions, faults): (Vec<_>, Vec<_>) =
            self.fail_if.iter().map(|text| Condition::of_option("--fail-if", text)).partition(Result::is_ok);
        if faults.is_empty() {
            return Ok(conditions.into_iter().flatten().collect());
        }
        Err((Exit::Usage, faults.into_iter().filter_map(Result::err).map(|fault| fault.to_string()).collect()))
    }

    fn read(&self, fail_if: &[Condition]) -> Result<Vec<Plan>, Refusal> {
        let names: Vec<String> = self.scenarios.iter().map(|file| SourceFile::new(file, "").stem()).collect();
        if let Some(index) = (1..names.len()).find(|index| names[..*index].contains(&names[*index])) {
            let name = shown(&names[index]);
            return Err(usage(&format!("two scenarios are called {name}: their results would go to one folder")));
        }
        for (option, file) in self.files() {
            if names.len() > 1 {
                return Err(usage(&format!("{option} takes one scenario")));
            }
            if file == Path::new("-") {
                return Err(usage(&format!("{option} - is no file; {option} /dev/stdout writes into a pipe")));
            }
        }
        if self.attempts.is_some() && self.attempts == self.openmetrics {
            return Err(usage("--attempts and --openmetrics name one file: each needs its own"));
        }
        let sets = self.running.sets();
        let (mut plans, mut faults, mut exit) = (Vec::new(), Vec::new(), Exit::Fine);
        for (file, name) in self.scenarios.iter().zip(names) {
            let folder = match &self.out {
                Some(out) if self.scenarios.len() == 1 => out.clone(),
                out => out.as_deref().unwrap_or_else(|| Path::new("output")).join(&name),
            };
            match read(file, &sets) {
                Ok(reading) => {
                    if let Some(fault) = fault_of_scopes(file, &reading.scenario, fail_if) {
                        exit = exit.worse(Exit::Usage);
                        faults.push(fault);
                    }
                    let gates = gates(&reading.scenario, fail_if);
                    let notes = reading.scenario.notes().chain(not_judged(&reading.scenario));
                    let notes = notes.map(|note| format!("note: {}: {note}", name_of(file)));
                    let notes = taken(file, &reading).into_iter().chain(notes).collect();
                    let target = Target { folder: Some(folder), unwritable: None };
                    plans.push(Plan { file: file.clone(), notes, gates, reading, target });
                }
                Err((unread, errors)) => {
                    exit = exit.worse(unread);
                    faults.push(errors);
                }
            }
        }
        if faults.is_empty() { Ok(plans) } else { Err((exit, faults)) }
    }

    /// The same, each with the place where its results go, or what speaks against that.
    fn placed(&self, mut plans: Vec<Plan>) -> Result<Vec<Plan>, Refusal> {
        let inputs: Vec<PathBuf> = plans.iter().flat_map(|plan| inputs(&plan.file, &plan.reading.scenario)).collect();
        let mut faults = Vec::new();
        for plan in &mut plans {
            let folder = std::mem::replace(&mut plan.target, Target::NONE).folder.filter(|_| !self.no_files);
            match Target::of(folder, &plan.file, self.place(), &inputs) {
                Ok(target) => plan.target = target,
                Err(fault) => faults.push(fault),
            }
        }
        let files = self.files().filter_map(|(option, file)| {
            if let Some(input) = inputs.iter().find(|input| is_within(input, file)) {
                return Some(would_lose(file, input));
            }
            let begins = if option == ATTEMPTS { attempts::BEGINS } else { openmetrics::BEGINS };
            let error = whole::may_write(file, What::File, self.replace(begins)).err()?;
            Some(refusal_of_file(&error))
        });
        faults.extend(files);
        if faults.is_empty() { Ok(plans) } else { Err((Exit::Failed, faults)) }
    }

    /// What is written beside the run folder, by its option.
    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [(ATTEMPTS, &self.attempts), ("--openmetrics", &self.openmetrics)];
        all.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?)))
    }

    pub(super) fn place(&self) -> Place {
        places::place(self.out.as_ref(), self.force)
    }

    /// Files that begin so are ours to replace.
    pub(super) fn replace(&self, begins: &'static [&'static [u8]]) -> Replace {
        Replace::Ours { begins, force: self.force }
    }
}

/// What the scenario asserts, then what the command line adds.
fn gates(scenario: &Scenario, fail_if: &[Condition]) -> Vec<Gate> {
    let asserts = scenario.asserts.iter().filter(|assert| assert.variant.is_none()).map(Gate::from);
    let option =
        |that: &Condition| Gate { that: that.clone(), scope: "all".into(), variant: None, sense: Sense::FailIf };
    asserts.chain(fail_if.iter().map(option)).collect()
}

/// Asserts about one arm of a sweep or comparison are not judged here.
fn not_judged(scenario: &Scenario) -> Option<String> {
    let count = scenario.asserts.iter().filter(|assert| assert.variant.is_some()).count() as u64;
    let about = if count == 1 { "is about one arm" } else { "are about one arm each" };
    (count > 0).then(|| format!("{} {about} of a sweep or comparison: not judged here", plural(count, "assert")))
}

/// A scope of the command line that the scenario lacks.
fn fault_of_scopes(file: &str, scenario: &Scenario, fail_if: &[Condition]) -> Option<String> {
    let mut wanted =
        fail_if.iter().flat_map(Condition::statements).filter_map(|claim| claim.scope.as_deref()).peekable();
    wanted.peek()?;
    let scopes: Vec<String> = Topology::new(scenario).scopes.iter().map(ToString::to_string).collect();
    let missing = wanted.find(|wanted| !scopes.iter().any(|scope| scope == wanted))?;
    let known = scopes[..scopes.len().min(6)].join(", ");
    let message = format!("error: --fail-if: {} has no scope {}; it has {known}", name_of(file), shown(missing));
    Some(fitted(&message))
}
