//! Reading a choice such as `{ poisson = { rate = "450/s" } }` from its registry; no law is known here by name.

use super::diagnostics::{Fault, quoted};
use super::read_value::{Reader, Section, Zero};
use super::sources::SourceError;
use super::suggest::nearest;
use super::tree::{At, Node, Table, Value as Written};
use crate::choice::{self, Entry, Kind, Parameter, Value, Values};
use std::sync::Arc;

impl Reader<'_> {
    /// One of `entries`. Parameters that it lacks are taken from `fallback`, a table of the same form, if that has
    /// the same choice.
    pub(super) fn choice<T>(
        &mut self,
        node: &Node,
        path: &str,
        entries: &'static [Entry<T>],
        fallback: Option<&Table>,
    ) -> Option<T> {
        let key = path.rsplit('.').next().unwrap_or(path);
        let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        let Some(table) = node.table() else {
            let chosen = match &node.value {
                Written::String(name) => entries.iter().find(|entry| entry.name == name),
                _ => None,
            };
            let example = chosen.unwrap_or(&entries[0]).outline().written();
            let fault = Fault::new(node.at.clone(), format!("{key} must be a table that names one choice"));
            let fault = fault.label(format!("this is {}", node.type_name()));
            self.fault(fault.help(format!("write, for example, {key} = {example}")));
            return None;
        };
        let [only] = table.0.as_slice() else {
            let fault = match table.0.as_slice() {
                [] => Fault::new(node.at.clone(), format!("{key} names no choice")).label("empty"),
                [first, second, ..] => Fault::new(second.key_at.clone(), format!("{key} names more than one choice"))
                    .label("a second choice")
                    .second(first.key_at.clone(), "the first"),
                [_] => unreachable!("taken by the pattern above"),
            };
            self.fault(fault.help(format!("write one of {}", names.join(", "))).unless_syntax());
            return None;
        };
        let Some(entry) = entries.iter().find(|entry| entry.name == only.key) else {
            let fault = Fault::new(only.key_at.clone(), format!("{key} has no choice {}", quoted(&only.key)));
            let fault = match nearest(&only.key, names.iter().copied()) {
                Some(near) => fault.label(format!("did you mean {near}?")),
                None => fault.label("unknown"),
            };
            self.fault(fault.help(format!("the choices are {}", names.join(", "))).unless_syntax());
            return None;
        };
        let Some(inner) = only.node.table() else {
            let fault = Fault::new(only.node.at.clone(), format!("{} takes a table", entry.name));
            let fault = fault.label(format!("this is {}", only.node.type_name()));
            self.fault(fault.help(format!("write, for example, {key} = {}", entry.outline().written())));
            return None;
        };
        let section = Section::of_law(format!("{path}.{}", entry.name), only.key_at.clone(), inner, entry.parameters);
        let fallback = fallback.and_then(|table| table.get(entry.name)).and_then(|entry| entry.node.table());
        self.build(entry, section, fallback)
    }

    fn build<T>(&mut self, entry: &Entry<T>, mut section: Section<'_>, fallback: Option<&Table>) -> Option<T> {
        let before = self.faults.count();
        let mut values = Values::default();
        let mut places: Vec<(&str, At)> = Vec::new();
        for parameter in entry.parameters {
            let written = section.take(parameter.name);
            match written.or_else(|| fallback.and_then(|table| table.get(parameter.name))) {
                Some(found) => {
                    places.push((parameter.name, found.node.at.clone()));
                    let path = section.path_of(parameter.name);
                    if let Some(value) = self.parameter(&found.node, &path, parameter) {
                        values.set(parameter.name, value);
                    }
                }
                None if parameter.required => {
                    let fault = Fault::new(section.at.clone(), format!("{} needs {}", entry.name, parameter.name));
                    let fault = fault.label(format!("{}: {}", parameter.name, parameter.help)).unless_syntax();
                    section.miss(parameter.name, fault.help(format!("write {}", entry.outline().written())));
                }
                None => {}
            }
        }
        self.finish(&mut section);
        if self.faults.count() > before {
            return None;
        }
        match (entry.build)(&values) {
            Ok(choice) => Some(choice),
            Err(faults) => {
                for fault in faults {
                    self.build_fault(fault, &section.at, &places);
                }
                None
            }
        }
    }

    fn build_fault(&mut self, fault: choice::Fault, choice: &At, places: &[(&str, At)]) {
        let place = places.iter().find(|(name, _)| *name == fault.parameter).map_or(choice, |(_, at)| at);
        let shown = Fault::new(place.clone(), fault.message);
        self.fault(match fault.help {
            Some(help) => shown.help(help),
            None => shown,
        });
    }

    /// A value of a law, or of a key that takes what laws take.
    pub(super) fn parameter(&mut self, node: &Node, path: &str, parameter: &Parameter) -> Option<Value> {
        match parameter.kind {
            Kind::Duration => self.duration(node, path, Zero::Forbidden).map(Value::Duration),
            Kind::DurationOrZero => self.duration(node, path, Zero::Allowed).map(Value::Duration),
            Kind::Rate => self.rate(node, path).map(Value::Rate),
            Kind::Number { above, max } => self.number(node, path, (above, max)).map(Value::Number),
            Kind::OneOf(allowed) => {
                let number = self.whole(node, path, 0..=u64::MAX)?;
                if allowed.contains(&number) {
                    return Some(Value::Whole(number));
                }
                let list: Vec<String> = allowed.iter().map(u64::to_string).collect();
                let fault = Fault::new(node.at.clone(), format!("{} cannot be {number}", parameter.name));
                self.fault(fault.help(format!("it is one of {}", list.join(", "))));
                None
            }
            Kind::File => self.file(node, path),
        }
    }

    fn file(&mut self, node: &Node, path: &str) -> Option<Value> {
        let name = self.text(node, path, "\"trace.csv\"")?;
        match self.sources.read(name, self.trace_bytes_left) {
            Ok(bytes) => {
                self.trace_bytes_left -= (bytes.len() as u64).min(self.trace_bytes_left);
                self.resolved.note(path, name, node.at.origin());
                Some(Value::File { path: Arc::from(name), bytes: Arc::from(bytes) })
            }
            Err(error) => {
                let fault = Fault::new(node.at.clone(), format!("cannot read {}: {error}", quoted(name)));
                self.fault(match error {
                    SourceError::NotFound => fault.help("a relative path starts at the folder of the scenario"),
                    SourceError::TooLarge { .. } => {
                        fault.help("the traces of a scenario have at most 256 MiB together")
                    }
                    _ => fault,
                });
                None
            }
        }
    }
}
