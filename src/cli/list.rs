//! `dryport list [KIND]`: what can be chosen and what is measured, from the registries.
//!
//! Each kind is one line of `KINDS` and a function that walks its registry.

use super::GUIDES;
use super::guide::{Group, Guide};
use super::{Exit, Failure, output::Output};
use crate::choice::Outline;
use crate::forecast::FIGURES;
use crate::lint::rules::RULES;
use crate::metrics::{METRICS, Method};
use crate::port::{AllocatorKind, Hold, Uniqueness};
use crate::profile;
use crate::report::chart;
use crate::report::document::{self, Keys};
use crate::report::json::SCHEMA_VERSION;
use crate::report::rare::{RARE, RARE_MEANING, RARE_UNIT};
use crate::scenario::keys::{FILE, Form, Key, Need};
use crate::scenario::words::{WIDTH, wrapped};
use crate::workload::{Arrivals, Lifetime};
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value, json};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Files,
    short: "choices, metrics",
    examples: &[
        ("dryport list", "the kinds of things"),
        ("dryport list profiles --long", "with every number's source"),
        ("dryport list metrics --json | jq .metrics", "in a pipeline"),
        ("dryport list --schema > dryport.schema.json", "of every --json"),
    ],
    json: KEYS,
};

/// List what can be chosen and what is measured
#[derive(Debug, clap::Args)]
pub struct List {
    /// What to list; the kinds themselves unless given
    #[arg(value_name = "KIND", value_parser = kinds(), hide_possible_values = true)]
    kind: Option<String>,
    /// With parameters, defaults and sources
    #[arg(long, short)]
    long: bool,
    /// Print everything as JSON instead
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of what every command prints with --json
    #[arg(long, conflicts_with_all = ["kind", "long", "json"])]
    schema: bool,
}

/// Every key of the document.
const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("KIND", "what there is of this kind, as dryport list names them"),
    ("KIND[].name: string", "its name"),
    ("KIND[].about: string", "what it is, in one line"),
    ("KIND[].facts", "what more there is to say"),
    ("KIND[].facts[].name: string", "of what"),
    ("KIND[].facts[].value: string", "its value; empty when the name says all"),
    ("KIND[].facts[].remark: string", "more about it, such as its source; may be empty"),
];

/// A kind of things.
struct Kind {
    name: &'static str,
    about: &'static str,
    items: fn() -> Vec<Item>,
}

/// One thing that can be chosen or is measured.
struct Item {
    name: String,
    about: String,
    facts: Vec<Fact>,
}

/// More about it: what, its value, and a remark.
struct Fact {
    name: String,
    value: String,
    remark: String,
}

const KINDS: &[Kind] = &[
    Kind { name: "keys", about: "what a scenario file may say", items: keys },
    Kind { name: "profiles", about: "operating systems, every number with its source", items: profiles },
    Kind { name: "allocators", about: "in which order a stack looks for a port", items: allocators },
    Kind { name: "uniqueness", about: "what a stack keeps unique", items: uniqueness },
    Kind { name: "holds", about: "how long a port is held after the close (time_wait)", items: holds },
    Kind { name: "arrivals", about: "when requests come", items: arrivals },
    Kind { name: "lifetimes", about: "how long a connection is open", items: lifetimes },
    Kind { name: "metrics", about: "what is measured, in summary.csv and replications.csv", items: metrics },
    Kind { name: "rules", about: "myths and traps that dryport check looks for", items: rules },
    Kind { name: "charts", about: "the pictures that run, compare and sweep leave", items: charts },
    Kind { name: "json", about: "what each command prints with --json", items: json_keys },
];

fn kinds() -> PossibleValuesParser {
    KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().into()
}

fn fact(name: impl Into<String>, value: impl Into<String>, remark: impl Into<String>) -> Fact {
    Fact { name: name.into(), value: value.into(), remark: remark.into() }
}

fn item(name: impl Into<String>, about: impl Into<String>, facts: Vec<Fact>) -> Item {
    Item { name: name.into(), about: about.into(), facts }
}

fn rules() -> Vec<Item> {
    RULES.iter().map(|rule| item(rule.name, rule.summary, vec![fact("source", rule.source, "")])).collect()
}

fn keys() -> Vec<Item> {
    fn below(keys: &[Key], path: &str, items: &mut Vec<Item>) {
        for key in keys {
            let name = format!("{path}{}", key.name);
            let need = match key.need {
                Need::Required("") => fact("required", "", ""),
                Need::Required(example) => fact("required", "", format!("such as {example}")),
                Need::Default(default) => fact("default", default, ""),
                Need::Profile => fact("default", "as the profile has it", ""),
                Need::Optional(example) => fact("optional", "", format!("such as {example}")),
            };
            items.push(item(&name, key.help, vec![fact("takes", key.form.in_words(), ""), need]));
            if let Form::Table(keys) | Form::Tables(keys) = key.form {
                below(keys, &format!("{name}."), items);
            }
        }
    }
    let mut items = Vec::new();
    below(FILE, "", &mut items);
    items
}

fn profiles() -> Vec<Item> {
    let facts = |settings: &[profile::Setting]| {
        settings.iter().map(|setting| fact(&setting.key, setting.written(), &setting.source)).collect()
    };
    profile::all().iter().map(|profile| item(profile.name, &profile.summary, facts(&profile.settings))).collect()
}

fn allocators() -> Vec<Item> {
    AllocatorKind::ALL.iter().map(|kind| item(kind.name(), kind.summary(), Vec::new())).collect()
}

fn uniqueness() -> Vec<Item> {
    Uniqueness::ALL.map(|rule| item(rule.name(), rule.summary(), Vec::new())).into()
}

fn holds() -> Vec<Item> {
    Hold::ENTRIES.iter().map(|entry| law(&entry.outline())).collect()
}

fn arrivals() -> Vec<Item> {
    Arrivals::ENTRIES.iter().map(|entry| law(&entry.outline())).collect()
}

fn lifetimes() -> Vec<Item> {
    Lifetime::ENTRIES.iter().map(|entry| law(&entry.outline())).collect()
}

fn law(law: &Outline) -> Item {
    let mut facts = vec![fact("such as", law.written(), "")];
    facts.extend(law.parameters.iter().map(|parameter| {
        let need = if parameter.required { ", required" } else { "" };
        fact(parameter.name, format!("{}{need}", parameter.kind.in_words()), parameter.help)
    }));
    item(law.name, law.summary, facts)
}

fn metrics() -> Vec<Item> {
    let facts = |metric: &crate::metrics::Metric| {
        let long_run = match metric.method {
            Method::Mean(_) | Method::Ratio(..) => "one long run: batch means",
            _ => "",
        };
        vec![fact("unit", metric.unit, ""), fact("estimated as", metric.method.name(), long_run)]
    };
    let simulated = METRICS.iter().map(|metric| item(metric.name, metric.meaning, facts(metric)));
    let by_formula = FIGURES.iter().map(|figure| {
        item(figure.name, figure.meaning, vec![fact("unit", figure.unit, ""), fact("estimated as", "closed form", "")])
    });
    let rare = vec![fact("unit", RARE_UNIT, ""), fact("estimated as", "closed form or splitting", "")];
    simulated.chain(by_formula).chain([item(RARE, RARE_MEANING, rare)]).collect()
}

fn charts() -> Vec<Item> {
    chart::all().into_iter().map(|(name, summary)| item(name, summary, Vec::new())).collect()
}

fn json_keys() -> Vec<Item> {
    let key = |(key, about): &(&str, &str)| {
        let (name, kind) = key.split_once(": ").unwrap_or((key, ""));
        fact(name, kind, *about)
    };
    let facts = |keys: &Keys| keys.iter().map(key).collect();
    let with_json = GUIDES.iter().filter(|(_, guide)| !guide.json.is_empty());
    with_json.map(|(name, guide)| item(*name, guide.short, facts(guide.json))).collect()
}

impl List {
    /// Prints the kinds, or what there is of one kind.
    ///
    /// # Errors
    ///
    /// When it cannot be printed.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let chosen: Vec<&Kind> =
            KINDS.iter().filter(|kind| self.kind.as_deref().is_none_or(|name| name == kind.name)).collect();
        if self.schema {
            let commands = GUIDES.iter().map(|(name, guide)| (*name, guide.json)).filter(|(_, keys)| !keys.is_empty());
            output.data(&format!("{:#}", document::schema(commands)))?;
        } else if self.json {
            let all = chosen.iter().map(|kind| (kind.name.to_owned(), (kind.items)().iter().map(to_json).collect()));
            let head = [("schema_version", json!(SCHEMA_VERSION)), ("dryport", json!(env!("CARGO_PKG_VERSION")))];
            let head = head.map(|(key, value)| (key.to_owned(), value));
            output.data(&format!("{:#}", Value::Object(head.into_iter().chain(all).collect::<Map<_, _>>())))?;
        } else if self.kind.is_none() && !self.long {
            let kinds: Vec<Item> = chosen.iter().map(|kind| item(kind.name, kind.about, Vec::new())).collect();
            output.data(&self.screen(&kinds))?;
        } else {
            for (index, kind) in chosen.iter().enumerate() {
                if self.kind.is_none() {
                    let gap = if index > 0 { "\n" } else { "" };
                    output.data(&format!("{gap}{}: {}", kind.name, kind.about))?;
                }
                output.data(&self.screen(&(kind.items)()))?;
            }
        }
        Ok(Exit::Fine)
    }

    /// Names in a column, what they are beside them; below, when it is long, what more there is to say.
    fn screen(&self, items: &[Item]) -> String {
        let gutter = 2 + items.iter().map(|item| item.name.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for item in items {
            let mut label = item.name.as_str();
            for line in wrapped(&item.about, WIDTH - gutter) {
                lines.push(format!("{label:<gutter$}{line}"));
                label = "";
            }
            for fact in item.facts.iter().filter(|_| self.long) {
                let colon = if fact.value.is_empty() { "" } else { ": " };
                let remark = if fact.remark.is_empty() { String::new() } else { format!(" ({})", fact.remark) };
                let text = format!("{}{colon}{}{remark}", fact.name, fact.value);
                let mut lead = "  ";
                for line in wrapped(&text, WIDTH - gutter - 4) {
                    lines.push(format!("{:gutter$}{lead}{line}", ""));
                    lead = "    ";
                }
            }
        }
        lines.join("\n")
    }
}

fn to_json(item: &Item) -> Value {
    let of_fact = |fact: &Fact| json!({ "name": fact.name, "value": fact.value, "remark": fact.remark });
    json!({ "name": item.name, "about": item.about, "facts": item.facts.iter().map(of_fact).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_within_a_kind_and_everything_is_explained() {
        for kind in KINDS {
            let items = (kind.items)();
            assert!(!items.is_empty(), "{}", kind.name);
            for (index, item) in items.iter().enumerate() {
                assert!(!item.about.is_empty(), "{} {}", kind.name, item.name);
                assert!(items[..index].iter().all(|other| other.name != item.name), "{} {}", kind.name, item.name);
            }
        }
    }
}
