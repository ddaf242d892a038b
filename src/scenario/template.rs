//! The template of a scenario: every key with what it means, what it is unless it is written, and what else it may be.
//!
//! Made from [`keys`](super::keys), the registries and a profile, so a new key or law appears in it by itself.

use super::keys::{FILE, Form, Key, Need};
use super::quantity::{write_duration, write_rate};
use super::words::{WIDTH, wrapped};
use crate::des::{Rate, SimDuration};
use crate::profile::Profile;
use std::fmt::Write;

/// How a scenario begins that dryport wrote: the template, or what it found of a machine.
pub const BEGINS: &[&[u8]] = &[b"# A scenario for dryport:", b"# Starts from "];

/// What the template is filled with; the rest are examples.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// The profile of its host.
    pub profile: &'static Profile,
    /// The rate of its client's arrivals.
    pub rate: Option<Rate>,
    /// The mean lifetime.
    pub lifetime: Option<SimDuration>,
}

/// A scenario file that can be checked and run as it is. What is optional is commented out with a bare `#`.
pub fn template(filled: &Filled) -> String {
    let mut text = "# A scenario for dryport: who opens connections to whom, from which ports.\n\
        # A line that begins with # and a key is what holds when the line is left out,\n\
        # or another choice: take the # away to change it. See what is wrong and run:\n\
        #   dryport check FILE\n\
        #   dryport run FILE\n"
        .to_owned();
    filled.table(&mut text, FILE, "", "");
    text
}

impl Filled {
    /// The keys of a table, its own values first, then the tables below it. `off` comments all of it out.
    fn table(&self, text: &mut String, keys: &[Key], path: &str, off: &str) {
        for key in keys {
            text.push_str(if path.is_empty() { "\n" } else { "" });
            match key.form {
                Form::Table(below) if path.is_empty() => self.header(text, key, below, ("[", "]")),
                Form::Tables(below) => self.header(text, key, below, ("[[", "]]")),
                _ => self.key(text, key, path, off),
            }
        }
    }

    fn header(&self, text: &mut String, key: &Key, below: &[Key], (open, close): (&str, &str)) {
        let off = if matches!(key.need, Need::Required(_)) { "" } else { "#" };
        comment(text, key.help);
        writeln!(text, "{off}{open}{}{close}", key.name).expect("a string takes all");
        self.table(text, below, key.name, off);
    }

    fn key(&self, text: &mut String, key: &Key, path: &str, off: &str) {
        let (mut value, mut off) = match key.need {
            Need::Required(example) => (example.to_owned(), off),
            Need::Default(value) => (value.to_owned(), "#"),
            Need::Optional(example) => (example.to_owned(), "#"),
            Need::Profile => (self.of_profile(key.name), "#"),
        };
        match (path, key.name) {
            ("", "title") => off = "",
            ("host", "profile") => (value, off) = (format!("\"{}\"", self.profile.name), ""),
            ("client", "arrivals") => fill(&mut value, "450/s", self.rate.map(write_rate)),
            ("client", "lifetime") => fill(&mut value, "50ms", self.lifetime.map(write_duration)),
            _ => {}
        }
        comment(text, key.help);
        let mut line = format!("{off}{} = {value}", key.name);
        // A law differs from another one in its name, which stands before its parameters.
        let choice = |value: &str| value.split('=').next().unwrap_or("").to_owned();
        match key.form {
            Form::Word(words) => {
                let others = words().into_iter().map(|word| format!("\"{word}\"")).filter(|word| *word != value);
                alternatives(text, &mut line, &others.collect::<Vec<_>>());
            }
            Form::SpanOrAuto => alternatives(text, &mut line, &["\"auto\"".to_owned()]),
            Form::Law(laws) | Form::SpanOrLaw(laws) => {
                for law in laws().iter().filter(|law| choice(&law.written()) != choice(&value)) {
                    write!(line, "\n# or {}:\n#{} = {}", law.summary, key.name, law.written())
                        .expect("a string takes all");
                }
            }
            Form::Table(below) => {
                for key in below {
                    comment(text, &format!("  {}: {} ({})", key.name, key.help, key.form.in_words()));
                }
            }
            _ => {}
        }
        writeln!(text, "{line}").expect("a string takes all");
    }

    /// What the profile says of a key of its host, as the file would have it.
    fn of_profile(&self, key: &str) -> String {
        let below = format!("{key}.");
        let (mut law, mut table) = (None, Vec::new());
        for setting in &self.profile.settings {
            if setting.key == key {
                return setting.written();
            }
            let Some(rest) = setting.key.strip_prefix(&below) else { continue };
            let parameter = rest.split_once('.').map_or(rest, |(name, parameter)| {
                law = Some(name);
                parameter
            });
            table.push(format!("{parameter} = {}", setting.written()));
        }
        let table = format!("{{ {} }}", table.join(", "));
        law.map_or(table.clone(), |name| format!("{{ {name} = {table} }}"))
    }
}

/// Other words: beside the line if they fit, else above it.
fn alternatives(text: &mut String, line: &mut String, others: &[String]) {
    let others = format!("or {}", others.join(", "));
    if others.len() > 3 && line.len() + 4 + others.len() <= WIDTH {
        write!(line, "  # {others}").expect("a string takes all");
    } else if others.len() > 3 {
        comment(text, &others);
    }
}

/// Puts what was given in the place of an example.
fn fill(value: &mut String, example: &str, given: Option<String>) {
    if let Some(given) = given {
        *value = value.replace(example, &given);
    }
}

/// Comment lines of at most 80 columns; none for an empty text.
fn comment(text: &mut String, comment: &str) {
    for line in wrapped(comment, WIDTH - 2).iter().filter(|line| !line.is_empty()) {
        writeln!(text, "# {line}").expect("a string takes all");
    }
}
