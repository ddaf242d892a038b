//! Reading one value of a table: its type, its unit, its bounds, and the fault when one of them is wrong.

use super::diagnostics::{Fault, Faults, quoted};
use super::keys::{self, Form, Key, Need};
use super::limits::PAIRS_MAX;
use super::quantity::{self, Misfit};
use super::resolved::Resolved;
use super::sources::{Sources, TRACE_BYTES_MAX};
use super::suggest::nearest;
use super::tree::{At, Entry, Node, Table, Value};
use super::words::thousands;
use crate::choice::Parameter;
use crate::des::{Rate, SimDuration};
use std::ops::RangeInclusive;

/// What reading needs and collects.
pub(super) struct Reader<'a> {
    pub(super) faults: Faults,
    pub(super) resolved: Resolved,
    pub(super) sources: &'a dyn Sources,
    /// What was written in another way than here, and how it was taken.
    pub(super) taken: Vec<String>,
    /// Bytes that further traces may have.
    pub(super) trace_bytes_left: u64,
    /// Pairs of client and destination that may still come.
    pub(super) pairs_left: usize,
}

/// Whether a span may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    Allowed,
    Forbidden,
}

/// A table while it is read: knows which keys exist, so that the others can be called unknown.
pub(super) struct Section<'n> {
    /// As in `--set`: `client.checkout`.
    pub(super) path: String,
    pub(super) at: At,
    table: &'n Table,
    /// What it may hold.
    names: Vec<&'static str>,
    /// The same as data; empty for the parameters of a law.
    keys: &'static [Key],
    taken: Vec<&'static str>,
    /// Required keys that are not there: faults, unless one of them turns out to be misspelt.
    missing: Vec<(&'static str, Fault)>,
}

impl<'n> Section<'n> {
    /// A table with `keys`, each of which must be taken before it is finished.
    pub(super) fn new(path: impl Into<String>, at: At, table: &'n Table, keys: &'static [Key]) -> Self {
        let names = keys.iter().map(|key| key.name).collect();
        Self { path: path.into(), at, table, names, keys, taken: Vec::new(), missing: Vec::new() }
    }

    /// The parameters of a law.
    pub(super) fn of_law(path: String, at: At, table: &'n Table, parameters: &[Parameter]) -> Self {
        let names: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
        Self::of_names(path, at, table, &names)
    }

    /// A table of which no more is known than the names of its keys.
    pub(super) fn of_names(path: String, at: At, table: &'n Table, names: &[&'static str]) -> Self {
        Self { path, at, table, names: names.to_vec(), keys: &[], taken: Vec::new(), missing: Vec::new() }
    }

    /// What may be written for a key of this table.
    pub(super) fn form(&self, key: &str) -> Form {
        keys::find(self.keys, key).map_or_else(|| panic!("{key} is not in scenario/keys.rs"), |key| key.form)
    }

    /// The bounds of a whole number.
    pub(super) fn bounds(&self, key: &str) -> RangeInclusive<u64> {
        match self.form(key) {
            Form::Whole(low, high) => low..=high,
            _ => 0..=u64::MAX,
        }
    }

    /// The keys of the tables below a key.
    pub(super) fn keys_below(&self, key: &str) -> &'static [Key] {
        match self.form(key) {
            Form::Table(keys) | Form::Tables(keys) => keys,
            _ => &[],
        }
    }

    /// The entry of a key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Entry> {
        debug_assert!(self.names.contains(&key), "{}: {key} is not in scenario/keys.rs", self.path);
        self.taken.push(key);
        self.table.get(key)
    }

    /// A key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<&'n Entry> {
        let Some(Need::Required(example)) = keys::find(self.keys, key).map(|key| key.need) else {
            unreachable!("scenario/keys.rs says that {key} must be there");
        };
        self.required_as(key, example)
    }

    /// A key that must be there, for which `example` would do.
    pub(super) fn required_as(&mut self, key: &'static str, example: &str) -> Option<&'n Entry> {
        let entry = self.take(key);
        if entry.is_none() {
            let fault = Fault::new(self.at.clone(), format!("missing key {}", quoted(key))).unless_syntax();
            let fault = if self.path.is_empty() { fault } else { fault.label(format!("has no {key}")) };
            self.missing.push((key, fault.help(format!("add a line such as: {key} = {example}"))));
        }
        entry
    }

    /// Where the value of a key is written, if it is.
    pub(super) fn place_of(&self, key: &str) -> Option<At> {
        self.table.get(key).map(|entry| entry.node.at.clone())
    }

    /// Notes the fault of a required key that is not there.
    pub(super) fn miss(&mut self, key: &'static str, fault: Fault) {
        self.missing.push((key, fault));
    }

    /// The path of a key, as in `--set`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a dyn Sources) -> Self {
        let (faults, resolved) = (Faults::default(), Resolved::default());
        Self { faults, resolved, sources, taken: Vec::new(), trace_bytes_left: TRACE_BYTES_MAX, pairs_left: PAIRS_MAX }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn misfit(&mut self, at: &At, misfit: Misfit) {
        self.fault(Fault::of_misfit(at.clone(), misfit));
    }

    fn wrong_type(&mut self, node: &Node, path: &str, expected: &str, example: &str) {
        let key = path.rsplit('.').next().unwrap_or(path);
        let message = format!("{key} must be {expected}");
        let fault = Fault::new(node.at.clone(), message).label(format!("this is {}", node.type_name()));
        self.fault(fault.help(format!("write, for example, {key} = {example}")));
    }

    /// Calls every key of the table that nobody asked for unknown.
    pub(super) fn finish(&mut self, section: &mut Section<'_>) {
        let left = section.names.iter().find(|name| !section.taken.contains(name));
        debug_assert!(left.is_none(), "{}: nobody reads {left:?}", section.path);
        for entry in &section.table.0 {
            if section.names.contains(&entry.key.as_str()) || self.faults.is_full() {
                continue;
            }
            let fault = Fault::new(entry.key_at.clone(), format!("unknown key {}", quoted(&entry.key))).unless_syntax();
            let near = nearest(&entry.key, section.names.iter().copied());
            section.missing.retain(|(key, _)| Some(*key) != near);
            self.fault(match near {
                Some(near) => fault.label(format!("did you mean {near}?")),
                None => fault.label("not a key of this table").help(format!("it has {}", section.names.join(", "))),
            });
        }
        for (_, fault) in std::mem::take(&mut section.missing) {
            self.fault(fault);
        }
    }

    /// Any text.
    pub(super) fn text<'n>(&mut self, node: &'n Node, path: &str, example: &str) -> Option<&'n str> {
        if let Value::String(text) = &node.value {
            return Some(text);
        }
        self.wrong_type(node, path, "a string", example);
        None
    }

    /// A table.
    pub(super) fn table<'n>(&mut self, node: &'n Node, path: &str, example: &str) -> Option<&'n Table> {
        if node.table().is_none() {
            self.wrong_type(node, path, "a table", example);
        }
        node.table()
    }

    /// A span.
    pub(super) fn duration(&mut self, node: &Node, path: &str, zero: Zero) -> Option<SimDuration> {
        let read = match &node.value {
            Value::String(text) => quantity::duration(text),
            Value::Whole(Some(number)) => Err(quantity::bare_duration(&number.to_string())),
            Value::Float(number) if number.is_finite() => Err(quantity::bare_duration(&number.to_string())),
            _ => {
                self.wrong_type(node, path, "a string with a unit", "\"60s\"");
                return None;
            }
        };
        match read {
            Ok(span) if span.is_zero() && zero == Zero::Forbidden => {
                let key = path.rsplit('.').next().unwrap_or(path);
                self.fault(Fault::new(node.at.clone(), format!("{key} must be longer than zero")).label("no time"));
                None
            }
            Ok(span) => {
                self.resolved.note(path, quantity::write_duration(span), node.at.origin());
                Some(span)
            }
            Err(misfit) => {
                self.misfit(&node.at, misfit);
                None
            }
        }
    }

    /// A span, or its default, which is zero only where that is allowed.
    pub(super) fn span_or(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        default: SimDuration,
    ) -> SimDuration {
        let path = section.path_of(key);
        if let Some(entry) = section.take(key) {
            let zero = if default.is_zero() { Zero::Allowed } else { Zero::Forbidden };
            return self.duration(&entry.node, &path, zero).unwrap_or(default);
        }
        self.resolved.note(path, quantity::write_duration(default), "default");
        default
    }

    /// A rate.
    pub(super) fn rate(&mut self, node: &Node, path: &str) -> Option<Rate> {
        let read = match &node.value {
            Value::String(text) => {
                self.note_spelling(text);
                quantity::rate(text)
            }
            Value::Whole(Some(number)) => Err(quantity::bare_rate(&number.to_string())),
            Value::Float(number) if number.is_finite() => Err(quantity::bare_rate(&number.to_string())),
            _ => {
                self.wrong_type(node, path, "a string with a rate", "\"450/s\"");
                return None;
            }
        };
        match read {
            Ok(rate) => {
                self.resolved.note(path, quantity::write_rate(rate), node.at.origin());
                Some(rate)
            }
            Err(misfit) => {
                self.misfit(&node.at, misfit);
                None
            }
        }
    }

    /// Notes that a text is written in another way than here, where it is.
    pub(super) fn note_spelling(&mut self, text: &str) {
        if let Some(plain) = quantity::respelled(text) {
            self.taken.push(format!("{} is taken as {plain}", quoted(text)));
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, node: &Node, path: &str, allowed: RangeInclusive<u64>) -> Option<u64> {
        let Value::Whole(number) = &node.value else {
            self.wrong_type(node, path, "a whole number", &allowed.start().max(&1).to_string());
            return None;
        };
        let number = number.and_then(|number| u64::try_from(number).ok()).filter(|number| allowed.contains(number));
        let Some(number) = number else {
            let key = path.rsplit('.').next().unwrap_or(path);
            let (low, high) = (*allowed.start(), *allowed.end());
            let message = format!("{key} must be {} to {}", thousands(low), thousands(high));
            let too_low = matches!(node.value, Value::Whole(Some(number)) if number < i128::from(low));
            let (label, nearest) = if too_low { ("too low", low) } else { ("too high", high) };
            self.fault(Fault::new(node.at.clone(), message).label(label).help(format!("the nearest is {nearest}")));
            return None;
        };
        self.resolved.note(path, number, node.at.origin());
        Some(number)
    }

    /// A finite number above one bound and up to another, which the message calls `allowed`.
    pub(super) fn number(&mut self, node: &Node, path: &str, bounds: (f64, f64)) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a number written in full may be rounded to a double")]
        let number = match &node.value {
            Value::Whole(Some(number)) => *number as f64,
            Value::Float(number) => *number,
            _ => {
                self.wrong_type(node, path, "a number", "1.5");
                return None;
            }
        };
        let (above, max) = bounds;
        if !(number > above && number <= max) {
            let key = path.rsplit('.').next().unwrap_or(path);
            let message = format!("{key} must be above {above} and at most {max}");
            self.fault(Fault::new(node.at.clone(), message).label("out of bounds"));
            return None;
        }
        self.resolved.note(path, number, node.at.origin());
        Some(number)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, path: &str, all: &[(&'static str, T)]) -> Option<T> {
        let key = path.rsplit('.').next().unwrap_or(path);
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let Value::String(text) = &node.value else {
            self.wrong_type(node, path, "a string", &format!("\"{}\"", names[0]));
            return None;
        };
        if let Some((name, value)) = all.iter().find(|(name, _)| name == text) {
            self.resolved.note(path, *name, node.at.origin());
            return Some(*value);
        }
        let fault = Fault::new(node.at.clone(), format!("{key} cannot be {}", quoted(text)));
        let fault = match nearest(text, names.iter().copied()) {
            Some(near) => fault.label(format!("did you mean \"{near}\"?")),
            None => fault.label("unknown"),
        };
        self.fault(match names.as_slice() {
            [only] => fault.help(format!("this version knows only \"{only}\"")),
            _ => fault.help(format!("it is one of {}", names.join(", "))),
        });
        None
    }
}
