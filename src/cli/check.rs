//! `dryport check FILE...`: what is wrong with scenarios, or what was understood of them.

use super::files::{Unread, name_of, read};
use super::guide::{Group, Guide};
use super::{Exit, Failure, output::Output};
use crate::scenario::schema::schema;
use crate::scenario::words::{SOLID_SPACE, WIDTH, solid, wrapped};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Files,
    short: "mistakes in a scenario",
    examples: &[
        ("dryport check scenarios/quickstart.toml", ""),
        ("dryport check scenarios/*.toml --set run.duration=1h", "one key changed"),
        ("dryport check - < s.toml", "in a pipeline"),
        ("dryport check --schema > scenario.schema.json", "for your editor"),
    ],
};

/// Find the mistakes in scenario files; say what was understood
#[derive(Debug, clap::Args)]
pub struct Check {
    /// TOML files, or - for stdin
    #[arg(required_unless_present = "schema", value_name = "FILE")]
    files: Vec<String>,
    /// Change one key, as in host.gateway.port_range=1024-65535
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Print the JSON schema of scenario files instead, for editors
    #[arg(long, conflicts_with_all = ["files", "sets"])]
    schema: bool,
}

impl Check {
    /// Checks every file; the worst decides the exit code.
    ///
    /// # Errors
    ///
    /// When the outcome cannot be written.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        if self.schema {
            output.data(&format!("{:#}", schema()))?;
        }
        let mut exit = Exit::Fine;
        for file in &self.files {
            match check(file, &self.sets) {
                Ok((line, notes)) => {
                    output.data(&broken(&line))?;
                    notes.iter().try_for_each(|note| output.prose(note))?;
                }
                Err((unread, errors)) => {
                    output.message(&errors)?;
                    exit = exit.worse(unread);
                }
            }
        }
        Ok(exit)
    }
}

/// The line for a file that is fine and notes on it, or what is wrong with it.
fn check(file: &str, sets: &[String]) -> Result<(String, Vec<String>), Unread> {
    let (scenario, name) = (read(file, sets)?.scenario, name_of(file));
    let notes = scenario.notes().map(|note| format!("note: {name}: {note}")).collect();
    Ok((format!("ok: {name}: {}", scenario.understood()), notes))
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
