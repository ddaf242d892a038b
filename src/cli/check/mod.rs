//! `dryport check FILE...`: what is wrong with scenarios, or what was understood of them, and which myths and traps they
//! hold; the same for sysctls.

mod json;

use super::files::{Files, Unread, name_of, read_scenario, shown_faults, source};
use super::guide::{Group, Guide};
use super::{Exit, Failure, output::Output};
use crate::forecast::{Forecast, TARGET_RISK};
use crate::lint::rules::RULES;
use crate::lint::{Sysctls, lint_scenario, lint_sysctls};
use crate::profile::stand_in;
use crate::scenario::diagnostics::{Faults, Severity};
use crate::scenario::load::Means;
use crate::scenario::schema::schema;
use crate::scenario::words::{
    SOLID_SPACE, WIDTH, fitted, names, plural, short_floor_rate, short_rate, shown, solid, wrapped,
};
use crate::scenario::{Client, Diagnostics, ParsedFile, Reading, RunSettings, Scenario, WarmUp};
use clap::builder::PossibleValuesParser;
use std::collections::BTreeSet;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Files,
    short: "mistakes, myths and traps",
    examples: &[
        ("dryport check scenarios/quickstart.toml", ""),
        ("dryport check scenarios/*.toml --set run.duration=1h", "one key changed"),
        ("dryport check - < s.toml", "in a pipeline"),
        ("dryport check s.toml --strict", "traps are errors"),
        ("dryport check --sysctl net.ipv4.tcp_fin_timeout=15", "is it a myth?"),
        ("sysctl -a 2> /dev/null | dryport check --sysctl-file -", "this machine"),
        ("dryport check --schema > scenario.schema.json", "for your editor"),
    ],
    json: json::KEYS,
};

/// Find mistakes, myths and traps in scenario files or sysctls
#[derive(Debug, clap::Args)]
pub struct Check {
    /// TOML files, or - for stdin
    #[arg(required_unless_present_any = ["schema", "sysctls", "sysctl_file"], value_name = "FILE")]
    files: Vec<String>,
    /// Change one key, as in host.gateway.port_range=1024-65535
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Look at a setting of a machine, as in `net.ipv4.tcp_tw_reuse=1`
    #[arg(long = "sysctl", value_name = "NAME=VALUE")]
    sysctls: Vec<String>,
    /// Look at those of a file such as /etc/sysctl.conf
    #[arg(long, value_name = "FILE")]
    sysctl_file: Option<String>,
    /// Take warnings as errors: exit 3
    #[arg(long)]
    strict: bool,
    /// Leave out what a rule says, named as in warning[RULE]
    #[arg(long, value_name = "RULE", value_parser = rules(), hide_possible_values = true)]
    allow: Vec<String>,
    /// Print the JSON schema of scenario files instead, for editors
    #[arg(long, conflicts_with_all = ["files", "sets", "sysctls", "sysctl_file", "strict", "allow", "json"])]
    schema: bool,
    /// Print what was found as JSON instead, all of it on stdout
    #[arg(long)]
    json: bool,
}

fn rules() -> PossibleValuesParser {
    RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().into()
}

impl Check {
    /// Checks every file and the sysctls; the worst decides the exit code.
    ///
    /// # Errors
    ///
    /// When the outcome cannot be written.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        if self.schema {
            output.data(&format!("{:#}", schema()))?;
        }
        let (mut exit, mut documents) = (Exit::Fine, Vec::new());
        let all = self.files.iter().map(|file| (name_of(file), self.scenario(file)));
        for (name, checked) in all.chain(self.asks_for_sysctls().then(|| (self.names_of_sysctls(), self.sysctls()))) {
            exit = exit.worse(checked.as_ref().map_or_else(|wrong| wrong.exit, Checked::exit));
            if self.json {
                documents.push(json::checked(&name, &checked));
            } else {
                match checked {
                    Ok(checked) => checked.tell(&name, output)?,
                    Err(wrong) => output.message(&wrong.text)?,
                }
            }
        }
        if self.json {
            output.data(&format!("{:#}", json::document(&documents)))?;
        }
        Ok(exit)
    }

    const fn asks_for_sysctls(&self) -> bool {
        !self.sysctls.is_empty() || self.sysctl_file.is_some()
    }

    /// What was understood of a scenario and what is doubtful, or what is wrong with it.
    fn scenario(&self, file: &str) -> Result<Checked, Wrong> {
        let source = source(file)?;
        let parsed = ParsedFile::of(&source);
        let (reading, name) = (parsed.read(&self.sets, &Files::beside(file))?, name_of(file));
        self.sweep(file, &parsed.without_sweep(), &reading)?;
        let runs_out = runs_out(&reading.scenario);
        let notes = reading.taken.iter().cloned().chain(reading.scenario.notes()).chain(runs_out);
        let notes = notes.map(|note| format!("{name}: {note}")).collect();
        let understood = reading.scenario.understood();
        Ok(Checked { understood, notes, doubts: reading.diagnostics(self.meant(lint_scenario(&reading))) })
    }

    /// Reads every value that is to be swept, each alone; the first three faults, each once: a wrong key is one fault,
    /// however many values it has.
    fn sweep(&self, file: &str, parsed: &ParsedFile, reading: &Reading) -> Result<(), Wrong> {
        let values = reading.scenario.sweep.axes().iter().enumerate().flat_map(|(place, axis)| {
            let set = move |(value, text): (usize, &String)| ((place, value), format!("{}={text}", axis.key));
            axis.values.iter().enumerate().map(set)
        });
        let read = |(place, set): ((usize, usize), String)| {
            let found = parsed.read(&[self.sets.as_slice(), &[set]].concat(), &Files::beside(file)).err()?;
            Some(reading.placed_in_sweep(found, self.sets.len(), &[place]))
        };
        let mut seen = BTreeSet::new();
        let is_new = |found: &Diagnostics| seen.insert(found.to_string());
        let faults: Vec<Diagnostics> = values.filter_map(read).filter(is_new).take(3).collect();
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(()) } else { Err(Wrong { exit: Exit::Invalid, text: texts.join("\n"), faults }) }
    }

    /// Where the sysctls are from.
    fn names_of_sysctls(&self) -> String {
        let file = self.sysctl_file.as_deref().map(name_of);
        let option = (!self.sysctls.is_empty()).then(|| "--sysctl".to_owned());
        file.into_iter().chain(option).collect::<Vec<_>>().join(", ")
    }

    /// The same of the sysctls.
    fn sysctls(&self) -> Result<Checked, Wrong> {
        let unread = |error| {
            let name = name_of(self.sysctl_file.as_deref().unwrap_or_default());
            (Exit::Invalid, fitted(&format!("error: cannot read {name}: {error}")))
        };
        let file = self.sysctl_file.as_ref().map(|file| read_scenario(file)).transpose().map_err(unread)?;
        let (sysctls, mut faults) = Sysctls::read(file.as_ref(), &self.sysctls);
        let doubts = self.meant(lint_sysctls(&sysctls));
        if !faults.is_empty() {
            // What could be read is judged all the same.
            faults.extend(doubts);
            return Err(sysctls.diagnostics(faults).into());
        }
        let understood = format!("{} read", plural(sysctls.count() as u64, "setting"));
        let others: Vec<String> = sysctls.others().map(|(name, _)| shown(name)).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let unknown = (!others.is_empty()).then(|| format!("no rule is about {}", names(&others, "setting")));
        let slips = sysctls.others().filter_map(|(name, near)| Some((name, near?)));
        let slips = slips.map(|(name, near)| format!("{}: did you mean {near}?", shown(name)));
        let windows = (sysctls.of_windows() > 0).then(|| {
            let lines = plural(sysctls.of_windows() as u64, "line");
            let stand_in =
                stand_in("windows").map_or_else(String::new, |one| format!("{} {}", one.what, one.options()));
            format!("{lines} of Windows left out: {stand_in}")
        });
        let notes = unknown.into_iter().chain(slips).chain(windows).collect();
        Ok(Checked { understood, notes, doubts: sysctls.diagnostics(doubts) })
    }

    /// What the rules say, as far as it is asked for and as bad as that.
    fn meant(&self, faults: Faults) -> Faults {
        let faults = faults.without(&self.allow);
        if self.strict { faults.strictly() } else { faults }
    }
}

/// What a formula says at once of a load that is too much: of all clients, or else of one of them alone, which others
/// can only make worse.
fn runs_out(scenario: &Scenario) -> Option<String> {
    let [_, _, ..] = &scenario.clients[..] else { return too_much(scenario, "it") };
    let run = RunSettings { warm_up: WarmUp::Fixed(scenario.warm_up()), ..scenario.run.clone() };
    let (means, all_s) = (Means::of(scenario), scenario.warm_up().saturating_add(run.duration).as_secs_f64());
    // Who never asks for more than the ports of a range need not be looked at closely.
    let asks_for_many = |(index, client): &(usize, &Client)| {
        let ports = f64::from(scenario.hosts[client.host].usable_ports());
        let comes = client.arrivals.rate().map_or(0.0, |rate| rate.events_per_second() * all_s);
        comes > ports || means.erlangs(*index) > Some(ports)
    };
    scenario.clients.iter().enumerate().filter(asks_for_many).find_map(|(_, client)| {
        let alone = Scenario { clients: vec![client.clone()], run: run.clone(), ..scenario.clone() };
        too_much(&alone, &format!("{} alone", client.name))
    })
}

fn too_much(scenario: &Scenario, who: &str) -> Option<String> {
    let forecast = Forecast::of(scenario, TARGET_RISK).ok()?;
    let (wanted, lasts) = (forecast.lanes.rate_per_s, forecast.sustained_per_s());
    let is_certain = forecast.risk_at_least() > 1.0 - TARGET_RISK;
    let when = if is_certain { "for certain within the window" } else { "in the long run" };
    (is_certain || wanted > lasts).then(|| {
        let [wanted, lasts] = [short_rate(wanted), short_floor_rate(lasts)];
        format!("{who} runs out of ports {when}, by closed form: {wanted} wanted, {lasts} get through for long")
    })
}

/// A scenario or a list of sysctls that makes sense.
struct Checked {
    understood: String,
    notes: Vec<String>,
    doubts: Diagnostics,
}

impl Checked {
    fn exit(&self) -> Exit {
        if self.doubts.count_of(Severity::Error) == 0 { Exit::Fine } else { Exit::Invalid }
    }

    fn tell(&self, name: &str, output: &mut Output<'_>) -> Result<(), Failure> {
        if self.exit() == Exit::Fine {
            output.data(&broken(&format!("ok: {name}: {}", self.understood)))?;
            self.notes.iter().try_for_each(|note| output.prose(&format!("note: {note}")))?;
        }
        if self.doubts.count() > 0 {
            output.message(&self.doubts.to_string())?;
        }
        Ok(())
    }
}

/// Why nothing was understood.
struct Wrong {
    exit: Exit,
    /// Ready to be shown.
    text: String,
    /// The same fault by fault; nothing when there was no text to look at.
    faults: Vec<Diagnostics>,
}

impl From<Unread> for Wrong {
    fn from((exit, text): Unread) -> Self {
        Self { exit, text, faults: Vec::new() }
    }
}

impl From<Diagnostics> for Wrong {
    fn from(diagnostics: Diagnostics) -> Self {
        let (exit, text) = shown_faults(&diagnostics);
        Self { exit, text, faults: vec![diagnostics] }
    }
}

/// The line in lines that fit the screen, broken after commas as far as that goes, else between words.
fn broken(line: &str) -> String {
    let width = WIDTH - INDENT.len();
    let mut facts: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match facts.last_mut() {
            Some(fact) if !fact.ends_with([',', ';', ':']) => {
                fact.push(' ');
                fact.push_str(word);
            }
            _ => facts.push(word.to_owned()),
        }
    }
    let kept = facts.iter().map(|fact| if fact.len() <= width { solid(fact) } else { fact.clone() });
    let lines = wrapped(&kept.collect::<Vec<_>>().join(" "), width);
    lines.join(&format!("\n{INDENT}")).replace(SOLID_SPACE, " ")
}

/// What stands before further lines of one statement.
const INDENT: &str = "    ";
