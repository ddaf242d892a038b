//! A scenario as JSON, as programs write it to standard input. JSON keeps no places, so messages name the path.

use super::diagnostics::{Fault, Faults};
use super::tree::{At, Entry, Node, Table, Value};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads JSON; faults of syntax and keys written twice go to `faults`.
pub fn from_json(text: &str, faults: &mut Faults) -> Table {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut repeated = Vec::new();
    let result = Seed { path: String::new(), repeated: &mut repeated }
        .deserialize(&mut reader)
        .and_then(|node| reader.end().map(|()| node));
    for path in repeated {
        faults.push(Fault::new(At::Json(path), "duplicate key").label("written a second time").keeps_the_rest());
    }
    match result {
        Ok(Node { value: Value::Table(table), .. }) => return table,
        Ok(node) => faults.push(
            Fault::new(At::Whole, format!("a scenario is a table of keys, not {}", node.type_name()))
                .help("write { \"schema\": 1, ... }"),
        ),
        Err(error) => {
            let start = offset(text, error.line(), error.column());
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
            faults.push(Fault::new(At::File(start..start), format!("this is not JSON: {message}")).of_syntax());
        }
    }
    Table::default()
}

/// The byte at which serde's line and column (both from 1, the column in bytes) lie.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

struct Seed<'r> {
    path: String,
    repeated: &'r mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn below(&mut self, step: &str) -> Seed<'_> {
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
        Seed { path, repeated: self.repeated }
    }

    fn node(self, value: Value) -> Node {
        Node { value, at: At::Json(self.path) }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(self.node(Value::Flag(flag)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Other("null")))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(self.node(Value::Whole(Some(number.into()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(self.node(Value::Whole(Some(number.into()))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(self.node(Value::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(self.node(Value::String(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element_seed(self.below(&nodes.len().to_string()))? {
            nodes.push(node);
        }
        Ok(self.node(Value::Array(nodes)))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some(Key(key)) = map.next_key()? {
            let node = map.next_value_seed(self.below(&key))?;
            if names.insert(key.clone()) {
                entries.push(Entry { key, key_at: node.at.clone(), node });
            } else if let At::Json(path) = node.at {
                self.repeated.push(path);
            }
        }
        Ok(self.node(Value::Table(Table(entries))))
    }
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_path_and_a_repeated_key_is_a_fault() {
        let mut faults = Faults::default();
        let tree = from_json(r#"{"client": [{"lifetime": 50, "lifetime": 51}]}"#, &mut faults);
        let Value::Array(clients) = &tree.get("client").unwrap().node.value else { panic!("an array") };
        let lifetime = clients[0].table().unwrap().get("lifetime").unwrap();
        assert_eq!(lifetime.node.at, At::Json("client.0.lifetime".to_owned()));
        assert_eq!(faults.count(), 1);
    }

    #[test]
    fn nothing_that_is_not_a_table_is_a_scenario() {
        for text in ["", "[1]", "{", "{} x", "nul", "\"a\"", &"[".repeat(100_000)] {
            let mut faults = Faults::default();
            assert!(from_json(text, &mut faults).0.is_empty());
            assert_eq!(faults.count(), 1, "{}", &text[..text.len().min(10)]);
        }
    }
}
