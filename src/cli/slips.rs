//! What people type who know other tools, or an older page: told with the line that does it.

use crate::scenario::keys::{FILE, Form, find};
use crate::scenario::quantity::respelled;
use crate::scenario::words::{fitted, shown};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Commands that there are not, and what to do instead.
const COMMANDS: &[(&str, &str)] = &[
    ("completion", "completions are not there yet: dryport --help lists the commands"),
    ("completions", "completions are not there yet: dryport --help lists the commands"),
    ("import", "recordings are not imported yet; requests as a CSV are arrivals = { trace = { file = \"x.csv\" } }"),
    ("replay", "a recording is replayed by arrivals = { trace = { file = \"x.csv\" } }: dryport list arrivals"),
    ("simulate", "it is called run: dryport run scenarios/quickstart.toml"),
    ("help-all", "dryport --help lists the commands; each has --help"),
];

/// Options that calculators and other simulators have for keys of a scenario.
const KEYS: &[(&str, &str)] = &[("range", "port_range"), ("runs", "replications"), ("rate", "rate")];

/// What is to be said of a command line that clap does not take, where that is one of these.
pub(super) fn said_of(error: &clap::Error, root: &clap::Command, arguments: &[OsString]) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = context(ContextKind::InvalidSubcommand)?;
            let (_, help) = COMMANDS.iter().find(|(name, _)| *name == typed)?;
            Some(fitted(&format!("error: no command is called {typed}\nhelp: {help}")))
        }
        ErrorKind::UnknownArgument => {
            let typed = context(ContextKind::InvalidArg)?;
            let command = root.find_subcommand(arguments.get(1)?.to_str()?)?;
            let takes_sets = command.get_arguments().any(|argument| argument.get_long() == Some("set"));
            let key = key_of(typed.strip_prefix("--")?).filter(|_| takes_sets)?;
            let value = value_of(typed, arguments).unwrap_or("VALUE");
            let help = shown(format!("--set {key}={value}"));
            Some(fitted(&format!("error: {typed} is a key of the scenario, not an option\nhelp: write {help}")))
        }
        _ => None,
    }
}

/// The path of the key that an option stands for; its last word where the file says whose it is.
fn key_of(option: &str) -> Option<String> {
    let word = option.split('=').next()?.replace('-', "_");
    let word = KEYS.iter().find(|(name, _)| *name == word).map_or(word.as_str(), |(_, key)| key);
    let below = |kind: &str| match find(FILE, kind)?.form {
        Form::Table(keys) | Form::Tables(keys) => find(keys, word),
        _ => None,
    };
    if below("run").is_some() {
        return Some(format!("run.{word}"));
    }
    let is_key = word == "rate" || ["host", "client", "destination"].into_iter().any(|kind| below(kind).is_some());
    is_key.then(|| word.to_owned())
}

/// What was given to the option: behind a sign of equality, or as the next argument.
fn value_of<'a>(option: &str, arguments: &'a [OsString]) -> Option<&'a str> {
    let mut all = arguments.iter().filter_map(|argument| argument.to_str());
    let found = all.find(|argument| argument.split('=').next() == Some(option))?;
    found.split_once('=').map(|(_, value)| value).or_else(|| all.next().filter(|value| !value.starts_with("--")))
}

/// What options hold that is written in another way than here, and how it was taken; what is behind `--set` the reader of
/// the scenario tells.
pub(super) fn taken(arguments: &[OsString]) -> Vec<String> {
    let texts = arguments.iter().filter_map(|argument| argument.to_str());
    let values = texts
        .map(|text| text.strip_prefix("--").and_then(|text| text.split_once('=')).map_or(text, |(_, value)| value));
    values.filter_map(|value| Some(format!("note: {} is taken as {}", shown(value), respelled(value)?))).collect()
}
