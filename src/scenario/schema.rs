//! The published JSON schema of scenarios (draft 7), made from [`keys`](super::keys) and the registries.
//!
//! For editors, which complete and check while one types, and for validators. It sees one value at a time: what needs
//! the whole file (names that resolve, weights that sum to 1, limits) is for `dryport check`.

use super::claim::Comparison;
use super::keys::{FILE, Form, Key, Need};
use super::metric_name::METRIC_NAMES;
use super::quantity::UNITS;
use super::read_assert::KINDS;
use crate::choice::{Kind, Outline, Parameter};
use crate::port::Binding;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A port, 1 to 65535; zeros may lead.
const PORT: &str = "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
/// A number as people write it, without a sign.
const NUMBER: &str = "[0-9]+(\\.[0-9]+)?";
/// The form of a name.
const NAME: &str = "[A-Za-z0-9_-]{1,64}";

/// The schema of a scenario file.
pub fn schema() -> Value {
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dryport scenario",
        "description": "Made by `dryport check --schema`; what a schema cannot see, `dryport check FILE` does.",
    });
    let Value::Object(top) = &mut root else { unreachable!("made just above") };
    top.extend(table(FILE));
    root
}

fn table(keys: &[Key]) -> Map<String, Value> {
    let required: Vec<&str> =
        keys.iter().filter(|key| matches!(key.need, Need::Required(_))).map(|key| key.name).collect();
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    object(&properties, &required)
}

fn object(properties: &Map<String, Value>, required: &[&str]) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object.insert("properties".to_owned(), json!(properties));
    object
}

fn property(key: &Key) -> Value {
    let mut property = json!({ "description": key.help });
    if let Need::Default(text) = key.need {
        property["default"] = toml_value(text);
    }
    let Value::Object(fields) = &mut property else { unreachable!("made just above") };
    fields.extend(form(key));
    property
}

/// The value that a default is, which is written as in the file.
fn toml_value(text: &str) -> Value {
    let value = toml::de::ValueDeserializer::parse(text).ok().and_then(|value| toml::Value::deserialize(value).ok());
    value.map_or(Value::Null, |value| json!(value))
}

fn form(key: &Key) -> Map<String, Value> {
    let form = match key.form {
        Form::Version => json!({ "enum": [1] }),
        Form::Title => json!({ "type": "string", "maxLength": 200 }),
        Form::Name | Form::NameOf(_) => named(),
        Form::Weights => json!({ "anyOf": [named(), weights()] }),
        Form::Plain(kind) => plain(kind),
        Form::SpanOrAuto => json!({ "type": "string", "pattern": format!("^(auto|{})$", span()) }),
        Form::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Form::Seed => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]{1,20}$" },
        ] }),
        Form::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::PortRange => ports_text(),
        Form::Binding => {
            let mut named = object(&Map::from_iter([("ports".to_owned(), json!(ports_text()))]), &["ports"]);
            named.insert("description".to_owned(), json!("the program names the ports itself"));
            json!({ "anyOf": [{ "enum": Binding::WORDS.map(Binding::name) }, named] })
        }
        Form::Ports => {
            let pattern = format!("^({}| *{PORT} *)$", port_range());
            let one = json!([
                { "type": "string", "pattern": pattern }, { "type": "integer", "minimum": 1, "maximum": 65_535 },
            ]);
            json!({ "anyOf": [{ "type": "array", "items": { "anyOf": one } }, one[0], one[1]] })
        }
        Form::Claim => {
            let names: Vec<&str> = METRIC_NAMES.iter().map(|metric| metric.name).collect();
            let scope = scope();
            let signs = Comparison::ALL.map(Comparison::sign).join("|");
            json!({ "type": "string", "pattern": format!("^[ (]*({scope} +)?({}) *({signs}) *[^<>= ]", names.join("|")) })
        }
        Form::Scope => {
            json!({ "type": "string", "pattern": format!("^{}$", scope()) })
        }
        Form::Word(words) => json!({ "enum": words() }),
        Form::Law(laws) => json!(law(&laws(), Whose::File)),
        // What a table leaves out comes from the profile.
        Form::SpanOrLaw(laws) => json!({ "anyOf": [plain(Kind::DurationOrZero), law(&laws(), Whose::Profile)] }),
        Form::Axes => json!({ "type": "object", "additionalProperties": { "type": "array", "minItems": 1 } }),
        Form::Table(keys) => json!(table(keys)),
        Form::Tables(keys) => {
            let least = u8::from(matches!(key.need, Need::Required(_)));
            json!({ "type": "array", "minItems": least, "maxItems": super::read::TABLES_MAX, "items": table(keys) })
        }
    };
    let Value::Object(form) = form else { unreachable!("every form is an object") };
    form
}

/// Everything, or something with a name.
fn scope() -> String {
    format!("(all|({}):{NAME})", KINDS.join("|"))
}

/// First and last port.
fn ports_text() -> Value {
    json!({ "type": "string", "pattern": format!("^{}$", port_range()) })
}

/// Who must give the parameters that a law cannot do without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    File,
    Profile,
}

/// Exactly one law, with its parameters.
fn law(laws: &[Outline], whose: Whose) -> Map<String, Value> {
    let of_law = |law: &Outline| {
        let needed = law.parameters.iter().filter(|parameter| parameter.required && whose == Whose::File);
        let required: Vec<&str> = needed.map(|parameter| parameter.name).collect();
        let properties: Map<String, Value> = law.parameters.iter().map(parameter).collect();
        let mut table = object(&properties, &required);
        table.insert("description".to_owned(), json!(law.summary));
        (law.name.to_owned(), Value::Object(table))
    };
    let mut table = object(&laws.iter().map(of_law).collect(), &[]);
    table.insert("minProperties".to_owned(), json!(1));
    table.insert("maxProperties".to_owned(), json!(1));
    table
}

fn parameter(parameter: &Parameter) -> (String, Value) {
    let mut property = plain(parameter.kind);
    property["description"] = json!(parameter.help);
    (parameter.name.to_owned(), property)
}

fn plain(kind: Kind) -> Value {
    match kind {
        // Digits that are all 0 make no time.
        Kind::Duration => json!({
            "type": "string", "pattern": format!("^{}$", span()), "not": { "pattern": "^[^1-9]*$" },
        }),
        Kind::DurationOrZero => json!({ "type": "string", "pattern": format!("^{}$", span()) }),
        Kind::Rate => json!({
            "type": "string",
            "pattern": format!("^{NUMBER}[kM]?/({}|{})$", units(), span()),
            "not": { "pattern": "^[^1-9]*/" },
        }),
        Kind::Number { above, max } => json!({ "type": "number", "exclusiveMinimum": above, "maximum": max }),
        Kind::OneOf(allowed) => json!({ "enum": allowed }),
        Kind::File => json!({ "type": "string", "minLength": 1 }),
    }
}

fn named() -> Value {
    json!({ "type": "string", "pattern": format!("^{NAME}$") })
}

/// Destinations with their shares.
fn weights() -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": { "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
            { "type": "string", "pattern": format!("^{NUMBER} *%$") },
        ] },
    })
}

fn units() -> String {
    let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
    format!("({})", names.join("|"))
}

/// The form of a span: numbers with units.
fn span() -> String {
    format!("({NUMBER}{})+", units())
}

fn port_range() -> String {
    format!(" *{PORT} *- *{PORT} *")
}
