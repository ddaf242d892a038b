//! What a JSON document holds: a list of its keys, from which its JSON Schema is made.
//!
//! The list stands beside the code that makes the document, and the command that prints it names it in its guide. A key
//! is its path, its type as TypeScript writes it, and what it is: `("runs[].seed: integer", "what ...")`. `[]` stands
//! for each element of an array, a part in capitals (`METRIC`) for each name there may be, `?` for what may be absent.

use serde_json::{Map, Value, json};

/// Each key with its type, and what it holds.
pub type Keys = [(&'static str, &'static str)];

/// The JSON Schema of what several commands print, by their names.
pub fn schema<'k>(commands: impl Iterator<Item = (&'k str, &'k Keys)>) -> Value {
    let documents: Map<String, Value> = commands.map(|(name, keys)| (name.to_owned(), document(keys))).collect();
    let any: Vec<Value> = documents.keys().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dryport JSON output",
        "description": "What each command prints with --json. Made by `dryport list --schema`.",
        "anyOf": any,
        "$defs": documents,
    })
}

/// The schema of one document.
fn document(keys: &Keys) -> Value {
    let mut root = Node::default();
    for (key, about) in keys {
        root.add(key, about);
    }
    Value::Object(root.schema())
}

/// The path of a key, its type (empty when it may be anything), and whether it may be absent.
fn parts(key: &str) -> (&str, &str, bool) {
    let (path, kind) = key.split_once(": ").unwrap_or((key, ""));
    (path.trim_end_matches('?'), kind, path.ends_with('?'))
}

/// The path of a key.
pub fn path(key: &str) -> &str {
    parts(key).0
}

/// A value of a document, and what is below it.
#[derive(Default)]
struct Node<'k> {
    kind: &'k str,
    about: &'k str,
    is_optional: bool,
    keys: Vec<(&'k str, Self)>,
    items: Option<Box<Self>>,
}

impl<'k> Node<'k> {
    fn add(&mut self, key: &'k str, about: &'k str) {
        let (path, kind, is_optional) = parts(key);
        let mut node = self;
        for part in path.split('.') {
            let name = part.trim_end_matches("[]");
            let place = node.keys.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                node.keys.push((name, Node::default()));
                node.keys.len() - 1
            });
            node = &mut node.keys[place].1;
            if part.ends_with("[]") {
                node = node.items.get_or_insert_default();
            }
        }
        (node.kind, node.about, node.is_optional) = (kind, about, is_optional);
    }

    fn schema(&self) -> Map<String, Value> {
        let mut schema = Map::new();
        if !self.about.is_empty() {
            schema.insert("description".to_owned(), json!(self.about));
        }
        let mut types: Vec<&str> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        for kind in self.kind.split(" | ").filter(|kind| !kind.is_empty()) {
            if let Some(text) = kind.strip_prefix('\'') {
                values.push(json!(text.trim_end_matches('\'')));
            } else if let Ok(number) = kind.parse::<u32>() {
                values.push(json!(number));
            } else if let Some(items) = kind.strip_suffix("[]") {
                types.push("array");
                schema.insert("items".to_owned(), json!({ "type": items }));
            } else {
                types.push(kind);
            }
        }
        if !values.is_empty() {
            // Beside values, only null is a type.
            values.extend(types.contains(&"null").then_some(Value::Null));
            schema.insert("enum".to_owned(), json!(values));
            return schema;
        }
        if let Some(items) = &self.items {
            types.push("array");
            schema.insert("items".to_owned(), Value::Object(items.schema()));
        }
        if !self.keys.is_empty() {
            types.push("object");
            self.object(&mut schema);
        }
        match types.as_slice() {
            [] => None,
            [one] => schema.insert("type".to_owned(), json!(one)),
            several => schema.insert("type".to_owned(), json!(several)),
        };
        schema
    }

    fn object(&self, schema: &mut Map<String, Value>) {
        let is_any = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase());
        let (any, named): (Vec<_>, Vec<_>) = self.keys.iter().partition(|(name, _)| is_any(name));
        let required: Vec<&str> = named.iter().filter(|(_, node)| !node.is_optional).map(|(name, _)| *name).collect();
        let properties = named.iter().map(|(name, node)| ((*name).to_owned(), Value::Object(node.schema())));
        schema.insert("properties".to_owned(), Value::Object(properties.collect()));
        schema.insert("required".to_owned(), json!(required));
        let others = any.first().map_or(json!(false), |(_, node)| Value::Object(node.schema()));
        schema.insert("additionalProperties".to_owned(), others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_keys_is_a_schema() {
        let keys: &Keys = &[
            ("version: 1", "layout"),
            ("runs", "each"),
            ("runs[].word?: 'A' | 'B C' | null", "one of them"),
            ("runs[].figures.METRIC.low: number | null", ""),
            ("names: string[]", ""),
            ("holder: string | null", "or who"),
            ("holder[].pid: integer", ""),
            ("anything", ""),
        ];
        let figure = json!({
            "type": "object",
            "properties": { "low": { "type": ["number", "null"] } },
            "required": ["low"],
            "additionalProperties": false,
        });
        let run = json!({
            "type": "object",
            "properties": {
                "word": { "description": "one of them", "enum": ["A", "B C", null] },
                "figures": { "type": "object", "properties": {}, "required": [], "additionalProperties": figure },
            },
            "required": ["figures"],
            "additionalProperties": false,
        });
        let process = json!({
            "type": "object",
            "properties": { "pid": { "type": "integer" } },
            "required": ["pid"],
            "additionalProperties": false,
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "version": { "description": "layout", "enum": [1] },
                "runs": { "description": "each", "type": "array", "items": run },
                "names": { "type": "array", "items": { "type": "string" } },
                "holder": { "description": "or who", "type": ["string", "null", "array"], "items": process },
                "anything": {},
            },
            "required": ["version", "runs", "names", "holder", "anything"],
            "additionalProperties": false,
        });
        assert_eq!(document(keys), expected);
        assert_eq!(schema([("run", keys)].into_iter())["$defs"]["run"], expected);
        assert_eq!((path("a[].b?: string"), path("a.b")), ("a[].b", "a.b"));
    }
}
