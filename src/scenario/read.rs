//! Reading a scenario: from bytes to a [`Scenario`], or to all that is wrong with it.

use super::diagnostics::{Diagnostics, Fault, Faults, quoted};
use super::json::from_json;
use super::keys;
use super::model::{Destination, Scenario};
use super::overrides;
use super::read_value::{Reader, Section};
use super::sources::{SCENARIO_BYTES_MAX, SourceFile, Sources};
use super::suggest::nearest;
use super::tree::{At, Table, Value, from_toml};
use super::vary::{Axis, Grid};
use super::words::thousands;
use crate::des::SimDuration;
use crate::workload::Behaviour;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most tables of one kind.
pub(super) const TABLES_MAX: usize = 1000;

/// A scenario that was read, and where each of its values comes from.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What can be simulated.
    pub scenario: Scenario,
    /// Each value with its origin (`file`, `default`, `profile NAME`, `--set`), for the manifest.
    pub resolved: serde_json::Value,
    /// What was written in another way than here, and how it was taken: a line each.
    pub taken: Vec<String>,
    name: String,
    text: Arc<str>,
    sets: Vec<String>,
    tree: Table,
}

/// A scenario file whose syntax was read, so that variants of it can be read without looking at its text again.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    name: String,
    stem: String,
    text: Arc<str>,
    /// None where it is no text.
    tree: Option<Table>,
    taken: Vec<String>,
    faults: Faults,
}

impl ParsedFile {
    /// Reads the syntax of a file. What is wrong with it, each reading tells.
    pub fn of(source: &SourceFile) -> Self {
        let name = if source.name == "-" { "stdin" } else { source.name.as_str() };
        let mut faults = Faults::default();
        let (text, mut taken) = (text_of(source), Vec::new());
        let tree = match &text {
            Ok(text) => Some(tree_of(source, text, &mut faults, &mut taken)),
            Err(_) => None,
        };
        let text = text.unwrap_or_else(|fault| {
            faults.push(fault);
            ""
        });
        Self { name: name.to_owned(), stem: source.stem(), text: text.into(), tree, taken, faults }
    }

    /// The same without its `[sweep]`, which no variant needs: to copy ten thousand values for each of them takes minutes.
    #[must_use]
    pub fn without_sweep(mut self) -> Self {
        if let Some(tree) = &mut self.tree {
            tree.0.retain(|entry| entry.key != "sweep");
        }
        self
    }

    /// The scenario as the overrides `sets` (each `KEY=VALUE`) change it; traces come from `sources`.
    ///
    /// # Errors
    ///
    /// Every fault of the file, in file order.
    pub fn read(&self, sets: &[String], sources: &dyn Sources) -> Result<Reading, Diagnostics> {
        let Self { name, text, .. } = self;
        let Some(mut tree) = self.tree.clone() else {
            return Err(self.faults.clone().into_diagnostics(name, text, sets));
        };
        let mut reader = Reader::new(sources);
        reader.faults = self.faults.clone();
        reader.taken.clone_from(&self.taken);
        overrides::apply(&mut tree, sets, &mut reader.faults, &mut reader.taken);
        let scenario = reader.scenario(&tree, &self.stem);
        match scenario {
            Some(scenario) if reader.faults.is_empty() => {
                let (resolved, name, text) = (reader.resolved.to_json(), name.clone(), text.clone());
                let taken = reader.taken;
                Ok(Reading { scenario, resolved, taken, name, text, sets: sets.to_vec(), tree })
            }
            _ => Err(reader.faults.into_diagnostics(name, text, sets)),
        }
    }
}

/// Where values that have limits together are written.
pub(super) struct Places {
    pub(super) run: At,
    pub(super) duration: At,
    pub(super) hosts: Vec<At>,
    pub(super) retries: Vec<At>,
    pub(super) warm_up: At,
}

/// A table with a name: a host, a destination or a client, before its keys are read.
pub(super) struct Named<'n> {
    pub(super) name: Arc<str>,
    pub(super) name_at: At,
    pub(super) section: Section<'n>,
}

impl Scenario {
    /// Reads a scenario file as the overrides `sets` (each `KEY=VALUE`) change it; traces come from `sources`.
    ///
    /// # Errors
    ///
    /// Every fault of the file, in file order.
    pub fn read(source: &SourceFile, sets: &[String], sources: &dyn Sources) -> Result<Self, Diagnostics> {
        Reading::of(source, sets, sources).map(|reading| reading.scenario)
    }
}

impl Reading {
    /// The overrides that it was read with.
    pub fn sets(&self) -> &[String] {
        &self.sets
    }

    /// As [`Scenario::read`], with the origin of each value.
    ///
    /// # Errors
    ///
    /// Every fault of the file, in file order.
    pub fn of(source: &SourceFile, sets: &[String], sources: &dyn Sources) -> Result<Self, Diagnostics> {
        ParsedFile::of(source).read(sets, sources)
    }
}

impl Reading {
    /// Where a key of the table number `index` of a kind (`host`, `client`) is written; `None`: nowhere.
    pub fn place(&self, kind: &str, index: usize, key: &str) -> Option<At> {
        let Value::Array(tables) = &self.tree.get(kind)?.node.value else { return None };
        Some(tables.get(index)?.table()?.get(key)?.node.at.clone())
    }

    /// What else was found in it, shown at its places.
    pub fn diagnostics(&self, faults: Faults) -> Diagnostics {
        faults.into_diagnostics(&self.name, &self.text, &self.sets)
    }
}

/// The bytes as text, without a byte-order mark.
fn text_of(source: &SourceFile) -> Result<&str, Fault> {
    let size = source.bytes.len() as u64;
    if size > SCENARIO_BYTES_MAX {
        let message = format!("a scenario has at most 16 MiB; this one has {} bytes", thousands(size));
        return Err(Fault::new(At::Whole, message));
    }
    let text = std::str::from_utf8(&source.bytes).map_err(|error| {
        let valid = &source.bytes[..error.valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        let column = 1 + valid.iter().rev().take_while(|byte| **byte != b'\n').count();
        Fault::new(At::Whole, format!("not UTF-8: line {line}, byte {column} is no character"))
            .help("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

impl Reading {
    /// What is wrong with a variant of the file's `[sweep]`, placed where that stands: `places` says which value each axis
    /// takes, by their numbers, and the overrides of the variant follow `before` others.
    #[must_use]
    pub fn placed_in_sweep(&self, found: Diagnostics, before: usize, places: &[(usize, usize)]) -> Diagnostics {
        let sweep = self.tree.get("sweep").and_then(|entry| entry.node.table());
        found.moved(|index, span| {
            let (axis, value) = *places.get(index.checked_sub(before)?)?;
            let entry = sweep?.0.get(axis)?;
            match &entry.node.value {
                // The override is KEY=VALUE.
                Value::Array(values) if span.start > entry.key.len() => Some(values.get(value)?.at.clone()),
                _ => Some(entry.key_at.clone()),
            }
        })
    }
}

/// JSON where it comes from standard input or from a file of that extension, and looks like it; else TOML.
fn tree_of(source: &SourceFile, text: &str, faults: &mut Faults, taken: &mut Vec<String>) -> Table {
    let is_json_file = source.name.to_ascii_lowercase().ends_with(".json");
    if (source.name == "-" || is_json_file) && text.trim_start().starts_with('{') {
        if is_json_file {
            taken.push("the file is read as JSON; it has the keys of the TOML".to_owned());
        }
        return from_json(text, faults);
    }
    if let Some(fault) = yaml(text) {
        faults.push(fault);
        return Table::default();
    }
    from_toml(text, faults)
}

/// The fault of a text whose first key is written as YAML has it: what a reader of TOML says of each line helps nobody.
fn yaml(text: &str) -> Option<Fault> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        if !written.is_empty() && !written.starts_with('#') && written != "---" {
            let key = written.strip_prefix("- ").unwrap_or(written);
            let (word, rest) = key.split_once(':')?;
            let is_word =
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            let is_yaml = is_word && (rest.is_empty() || rest.starts_with(' '));
            let start = start + line.len() - line.trim_start().len();
            return is_yaml.then(|| {
                let fault = Fault::new(At::File(start..start + written.len()), "this is YAML; a scenario is TOML");
                let help = "write [run] above duration = \"10m\"; dryport new prints a scenario to start from; JSON is read, too";
                fault.label("a colon").help(help).of_syntax()
            });
        }
        start += line.len();
    }
    None
}

impl Reader<'_> {
    /// The whole; `None` when a part is missing so that nothing sensible can be built.
    fn scenario(&mut self, tree: &Table, stem: &str) -> Option<Scenario> {
        let mut root = Section::new("", At::Whole, tree, keys::FILE);
        self.schema(&mut root);
        let title = self.title(&mut root, stem);
        let sweep = self.sweep(&mut root);
        let run = self.run(&mut root);
        let mut hosts = self.named(&mut root, "host", "gateway");
        let mut destinations = self.named(&mut root, "destination", "orders-db");
        let mut clients = self.named(&mut root, "client", "checkout");
        let (_, mut asserts) = self.tables(&mut root, "assert");
        self.finish(&mut root);
        let read_hosts: Vec<_> = hosts.iter_mut().map(|named| self.host(named)).collect();
        let read_destinations: Vec<_> = destinations.iter_mut().map(|named| self.destination(named)).collect();
        let mut retries = Vec::new();
        let mut read_clients = Vec::new();
        for named in &mut clients {
            let client = self.client(named, &hosts, &destinations);
            retries.push(client.retry_at);
            read_clients.push(client.client);
        }
        let asserts = self.asserts(&mut asserts, [&hosts, &clients, &destinations]);
        if !self.faults.is_empty() {
            return None;
        }
        let (run, run_places) = run?;
        let scenario = Scenario {
            title,
            run,
            hosts: read_hosts.into_iter().collect::<Option<_>>()?,
            destinations: read_destinations.into_iter().collect::<Option<_>>()?,
            clients: read_clients.into_iter().collect::<Option<_>>()?,
            asserts,
            sweep,
        };
        self.contradictions(&scenario, [&hosts, &destinations, &clients]);
        let places = Places {
            run: run_places.run,
            duration: run_places.duration,
            warm_up: run_places.warm_up,
            hosts: hosts.into_iter().map(|named| named.name_at).collect(),
            retries,
        };
        if self.faults.is_empty() {
            self.limits(&scenario, &places);
        }
        Some(scenario)
    }

    fn schema(&mut self, root: &mut Section<'_>) {
        if let Some(entry) = root.required("schema")
            && !matches!(entry.node.value, Value::Whole(Some(1)))
        {
            let fault = Fault::new(entry.node.at.clone(), "schema must be 1").label("not known to this version");
            self.fault(fault.help("write schema = 1"));
        }
    }

    fn title(&mut self, root: &mut Section<'_>, stem: &str) -> String {
        let entry = root.take("title");
        let written = entry.and_then(|entry| self.text(&entry.node, "title", "\"Checkout gateway to one database\""));
        if let (Some(entry), Some(text)) = (entry, written)
            && (text.chars().count() > 200 || text.chars().any(char::is_control))
        {
            self.fault(Fault::new(entry.node.at.clone(), "title must be one line of at most 200 letters"));
        }
        let title = written.unwrap_or(stem).to_owned();
        self.resolved.note("title", title.as_str(), entry.map_or_else(|| "default".to_owned(), |e| e.node.at.origin()));
        title
    }

    /// What is to be varied. Whether keys and values make sense is seen when a variant is read.
    fn sweep(&mut self, root: &mut Section<'_>) -> Grid {
        let Some(entry) = root.take("sweep") else { return Grid::default() };
        let help = "write \"host.gateway.port_range\" = [\"32768-60999\", \"1024-65535\"]";
        let Some(table) = entry.node.table() else {
            let fault = Fault::new(entry.node.at.clone(), "sweep must be a table");
            self.fault(fault.label(format!("this is {}", entry.node.type_name())).help(help));
            return Grid::default();
        };
        let mut axes = Vec::new();
        for entry in &table.0 {
            match Axis::of_entry(&entry.key, &entry.node) {
                Some(Ok(varied)) => axes.push(varied),
                Some(Err(twin)) => self.fault(Fault::new(entry.node.at.clone(), twin)),
                None => {
                    let message = format!("{} needs an array of values", quoted(&entry.key));
                    let label = match &entry.node.value {
                        Value::Array(_) => "nothing that a key can be".to_owned(),
                        Value::Table(_) => "a table: is the path of the key in quotes?".to_owned(),
                        _ => format!("this is {}", entry.node.type_name()),
                    };
                    self.fault(Fault::new(entry.node.at.clone(), message).label(label).help(help));
                }
            }
        }
        Grid::new(axes).expect("no key is in a table twice")
    }

    /// The tables of one kind, and the place of all of them.
    fn tables<'n>(&mut self, root: &mut Section<'n>, kind: &'static str) -> (At, Vec<Section<'n>>) {
        let Some(entry) = root.take(kind) else { return (At::Whole, Vec::new()) };
        let at = entry.node.at.clone();
        let Value::Array(nodes) = &entry.node.value else {
            let fault = Fault::new(at.clone(), format!("{kind} must be an array of tables"));
            let fault = fault.label(format!("this is {}", entry.node.type_name())).unless_syntax();
            self.fault(fault.help(format!("write [[{kind}]] above its keys")));
            return (at, Vec::new());
        };
        if let Some(node) = nodes.get(TABLES_MAX) {
            let count = thousands(nodes.len() as u64);
            self.fault(Fault::new(node.at.clone(), format!("{count} {kind}s; at most 1,000 are taken")));
        }
        let mut all = Vec::new();
        for (index, node) in nodes.iter().take(TABLES_MAX).enumerate() {
            let Some(table) = node.table() else {
                let fault = Fault::new(node.at.clone(), format!("each {kind} must be a table")).unless_syntax();
                self.fault(fault.label(format!("this is {}", node.type_name())));
                continue;
            };
            all.push(Section::new(format!("{kind}.{index}"), node.at.clone(), table, root.keys_below(kind)));
        }
        (at, all)
    }

    /// The tables of one kind, at least one, each with a name of its own.
    fn named<'n>(&mut self, root: &mut Section<'n>, kind: &'static str, example: &str) -> Vec<Named<'n>> {
        let before = self.faults.count();
        let (at, sections) = self.tables(root, kind);
        if sections.is_empty() && self.faults.count() == before {
            let fault = Fault::new(at, format!("no {kind}: a scenario has at least one")).unless_syntax();
            self.fault(fault.help(format!("add [[{kind}]] with name = \"{example}\"")));
        }
        let mut first: BTreeMap<&str, &At> = BTreeMap::new();
        let mut all = Vec::new();
        for mut section in sections {
            let (name, name_at) = self.name(&mut section, kind, example, &mut first);
            section.path = format!("{kind}.{name}");
            all.push(Named { name: Arc::from(name), name_at, section });
        }
        all
    }

    fn name<'n>(
        &mut self,
        section: &mut Section<'n>,
        kind: &str,
        example: &str,
        first: &mut BTreeMap<&'n str, &'n At>,
    ) -> (&'n str, At) {
        let unnamed = ("", section.at.clone());
        let Some(entry) = section.required("name") else { return unnamed };
        let Some(name) = self.text(&entry.node, "name", &format!("\"{example}\"")) else { return unnamed };
        let at = &entry.node.at;
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !letters || !(1..=64).contains(&name.len()) {
            let fault = Fault::new(at.clone(), format!("{} is not a name", quoted(name)));
            self.fault(fault.help("a name has 1 to 64 of the letters A-Z, a-z, 0-9, _ and -"));
            return unnamed;
        }
        if let Some(earlier) = first.insert(name, at) {
            let fault = Fault::new(at.clone(), format!("two {kind}s are named {}", quoted(name)));
            self.fault(fault.label("again").second(earlier.clone(), "the first"));
            first.insert(name, earlier);
        }
        (name, at.clone())
    }

    fn destination(&mut self, named: &mut Named<'_>) -> Option<Destination> {
        let section = &mut named.section;
        let endpoints = self.whole_or(section, "endpoints", 1);
        let loopback = self.flag_or(section, "loopback", false);
        let behaviours = Behaviour::ALL.map(|behaviour| (behaviour.name(), behaviour));
        let behaviour = self.word_or(section, "behaviour", &behaviours, Behaviour::Accepts);
        let close_delay = self.span_or(section, "close_delay", SimDuration::ZERO);
        if let (false, Some(at)) = (close_delay.is_zero(), section.place_of("close_delay"))
            && behaviour != Behaviour::Accepts
        {
            let fault =
                Fault::new(at, format!("close_delay is for behaviour = \"accepts\", not {:?}", behaviour.name()));
            self.fault(
                fault.label("when does it close?").help("leave close_delay out, or write behaviour = \"accepts\""),
            );
        }
        self.finish(section);
        let endpoints = u32::try_from(endpoints).ok()?;
        Some(Destination { name: named.name.clone(), endpoints, loopback, behaviour, close_delay })
    }

    /// A whole number, or its default.
    pub(super) fn whole_or(&mut self, section: &mut Section<'_>, key: &'static str, default: u64) -> u64 {
        let path = section.path_of(key);
        if let Some(entry) = section.take(key) {
            return self.whole(&entry.node, &path, section.bounds(key)).unwrap_or(default);
        }
        self.resolved.note(path, default, "default");
        default
    }

    /// The index of the table called `name`, written at `at`.
    pub(super) fn resolve(&mut self, name: &str, at: &At, kind: &str, all: &[Named<'_>]) -> Option<usize> {
        if let Some(index) = all.iter().position(|named| &*named.name == name) {
            return Some(index);
        }
        // Without any, or with one whose name is wrong, that is the fault that was told.
        if all.is_empty() || all.iter().any(|named| named.name.is_empty()) {
            return None;
        }
        let mut names: Vec<&str> = Vec::new();
        let mut near = None;
        if self.faults.wants_suggestions() {
            names = all.iter().map(|named| &*named.name).collect();
            names.dedup();
            near = nearest(name, names.iter().copied());
        }
        let mut fault = Fault::new(at.clone(), format!("no {kind} is named {}", quoted(name))).unless_syntax();
        fault = match near {
            Some(near) => fault.label(format!("not defined; did you mean {}?", quoted(near))),
            None => fault.label("not defined"),
        };
        if let [only] = all {
            fault = fault.second(only.name_at.clone(), format!("the only {kind} in this file"));
        } else if let Some(meant) = all.iter().find(|named| Some(&*named.name) == near) {
            fault = fault.second(meant.name_at.clone(), "defined here");
        }
        if names.len() > 1 {
            let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
            fault = fault.help(format!("the {kind}s are {}{more}", names[..names.len().min(8)].join(", ")));
        }
        self.fault(fault);
        None
    }
}
