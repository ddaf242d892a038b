//! A scenario file as values that know where they were written, before anything is known about their meaning.

use super::diagnostics::{Fault, Faults};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Where a value was written, and so also where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// Bytes of the scenario file.
    File(Range<usize>),
    /// Bytes of the n-th `--set`, counted from 0.
    Set(usize, Range<usize>),
    /// A path in a JSON document, which keeps no places: `client.0.lifetime`.
    Json(String),
    /// A number of a profile.
    Profile(&'static str),
    /// The file as a whole.
    Whole,
}

impl At {
    /// Who says so, for the manifest: `file`, `--set`, `profile linux-6.18`, `default`.
    pub fn origin(&self) -> String {
        match self {
            Self::File(_) | Self::Json(_) => "file".to_owned(),
            Self::Set(..) => "--set".to_owned(),
            Self::Profile(name) => format!("profile {name}"),
            Self::Whole => "default".to_owned(),
        }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is written.
    pub value: Value,
    /// Where.
    pub at: At,
}

/// What can be written.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number; `None` when it needs more than 128 bits.
    Whole(Option<i128>),
    /// A number with a decimal point or an exponent; may be infinite or NaN.
    Float(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A date, JSON's null: nothing in a scenario is one of these. What it is called.
    Other(&'static str),
    /// A list.
    Array(Vec<Node>),
    /// Keys and values.
    Table(Table),
}

impl Node {
    /// What it is, as messages say it.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            Value::String(_) => "a string",
            Value::Whole(_) => "a whole number",
            Value::Float(number) if number.is_finite() => "a decimal number",
            Value::Float(_) => "infinite or not a number",
            Value::Flag(_) => "true or false",
            Value::Other(name) => name,
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The place of some bytes of its text; that of all of it where the text is not written letter by letter.
    pub fn at_within(&self, bytes: Range<usize>) -> At {
        let Value::String(text) = &self.value else { return self.at.clone() };
        let inside = |span: &Range<usize>| {
            // Bare as in a `--set`, or in one pair of quotes; escapes and long strings take more.
            let start = match span.len().checked_sub(text.len())? {
                0 => span.start,
                2 => span.start + 1,
                _ => return None,
            };
            Some(start + bytes.start..start + bytes.end)
        };
        match &self.at {
            At::File(span) => inside(span).map(At::File),
            At::Set(index, span) => inside(span).map(|span| At::Set(*index, span)),
            _ => None,
        }
        .unwrap_or_else(|| self.at.clone())
    }

    /// The table, if it is one.
    pub const fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<Entry>);

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub key_at: At,
    /// Its value.
    pub node: Node,
}

impl Table {
    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// The entry of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.key == key)
    }

    /// Sets `key`, whether it was there or not.
    pub fn set(&mut self, entry: Entry) {
        match self.get_mut(&entry.key) {
            Some(old) => *old = entry,
            None => self.0.push(entry),
        }
    }
}

/// Reads TOML as far as it can be read; every fault of syntax goes to `faults`.
pub fn from_toml(text: &str, faults: &mut Faults) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    // A few tries: each walks the tree.
    let is_unclosed = |error: &&toml::de::Error| error.message().starts_with("unclosed");
    let mut candidates = errors.iter().filter(is_unclosed).take(10);
    let unclosed = candidates.find_map(|error| opening_of(error, table.get_ref(), text));
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        // An unclosed bracket makes every line after its own look wrong.
        let judged_to = unclosed.as_ref().map_or(usize::MAX, |(opening, _)| line_end(text, *opening));
        if start <= judged_to {
            faults.push(syntax_fault(text, error));
        }
    }
    if let Some((opening, message)) = unclosed {
        let fault = Fault::new(At::File(opening..opening + 1), message).label("opened here").swallows_the_rest();
        faults.push(fault.help("arrays end with ], inline tables with }"));
    }
    from_de_table(table.get_ref(), &At::File)
}

/// Reads one TOML value, as `--set` has it; `None` when the text is not TOML. `at` makes the place of a span.
pub fn value_from_toml(text: &str, at: &dyn Fn(Range<usize>) -> At) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(from_de_value(value.get_ref(), value.span(), at))
}

/// Where the bracket was opened whose end is missing, if this is such an error, and the parser's words for it.
fn opening_of(error: &toml::de::Error, table: &DeTable<'_>, text: &str) -> Option<(usize, String)> {
    let (message, _) = error.message().split_once(',').unwrap_or((error.message(), ""));
    if message != "unclosed array" && message != "unclosed inline table" {
        return None;
    }
    let end = error.span()?.start;
    Some((outermost(table, end, text)?, message.to_owned()))
}

/// The end of the line that byte `at` lies in.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length)
}

/// The start of the outermost array or inline table that reaches `end`.
fn outermost(table: &DeTable<'_>, end: usize, text: &str) -> Option<usize> {
    let mut starts = table.iter().filter_map(|(_, value)| {
        let span = value.span();
        let bracketed = text.get(span.start..).is_some_and(|rest| rest.starts_with(['[', '{']))
            && span.end >= end
            && span.start < end;
        match value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) if bracketed => Some(span.start),
            DeValue::Table(below) => outermost(below, end, text),
            DeValue::Array(items) => items.iter().find_map(|item| outermost(item.get_ref().as_table()?, end, text)),
            _ => None,
        }
    });
    starts.next()
}

fn syntax_fault(text: &str, error: &toml::de::Error) -> Fault {
    let (message, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let span = error.span().unwrap_or(0..0);
    let written = text.get(span.clone()).unwrap_or("");
    let fault = Fault::new(At::File(span.clone()), message).of_syntax();
    match message {
        "string values must be quoted" if !written.is_empty() && written.len() <= 60 => {
            fault.label("not quoted").help(format!("write \"{written}\""))
        }
        "string values must be quoted" if written.is_empty() => {
            Fault::new(At::File(span), "a key needs a value").of_syntax().label("nothing is written")
        }
        "duplicate key" => fault.label("written a second time").keeps_the_rest(),
        _ if expected.is_empty() || expected == "nothing" => fault,
        _ => fault.label(format!("expected {expected}")),
    }
}

fn from_de_table(table: &DeTable<'_>, at: &dyn Fn(Range<usize>) -> At) -> Table {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let node = from_de_value(value.get_ref(), value.span(), at);
            let entry = Entry { key: key.get_ref().to_string(), key_at: at(key.span()), node };
            (key.span().start, entry)
        })
        .collect();
    // The parser sorts by name; weights and messages want the order of the file.
    entries.sort_by_key(|(start, _)| *start);
    Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn from_de_value(value: &DeValue<'_>, span: Range<usize>, at: &dyn Fn(Range<usize>) -> At) -> Node {
    let value = match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Whole(i128::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| from_de_value(item.get_ref(), item.span(), at)).collect())
        }
        DeValue::Table(table) => Value::Table(from_de_table(table, at)),
    };
    Node { value, at: at(span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_the_order_and_the_places_of_the_file() {
        let text = "to = { b = 0.2, a = 0.8 }\n[[host]]\nname = \"x\"\n";
        let mut faults = Faults::default();
        let tree = from_toml(text, &mut faults);
        assert!(faults.is_empty());
        let to = tree.get("to").unwrap().node.table().unwrap();
        assert_eq!(to.0.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        let Value::Array(hosts) = &tree.get("host").unwrap().node.value else { panic!("an array") };
        assert_eq!(hosts[0].at, At::File(26..34), "the place of a table is its header");
    }

    #[test]
    fn an_unclosed_bracket_is_one_error_not_one_per_line() {
        let mut faults = Faults::default();
        from_toml("a = [1, 2\nb = 3\nc = 4\nd = 5\n[run]\nx = 1\n", &mut faults);
        assert_eq!(faults.count(), 1);
    }
}
