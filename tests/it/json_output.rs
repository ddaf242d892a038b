//! `--json` of every command against the schema that `dryport list --schema` publishes: each document fits, and each key
//! of the schema is in some document.

use crate::command::{Ended, FORTY_PORTS, dryport, scenario_of_a_sweep};
use crate::machine;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// Holds documents to a schema, in as much of JSON Schema 2020-12 as ours uses; any other word in it is a fault.
struct Validator {
    schema: Value,
    /// Where the properties stand in the schema that some document had.
    seen: BTreeSet<String>,
    faults: Vec<String>,
}

impl Validator {
    fn new(schema: Value) -> Self {
        Self { schema, seen: BTreeSet::new(), faults: Vec::new() }
    }

    /// What is wrong with a document, judged by the part of the schema at `pointer`.
    fn faults_of(&mut self, document: &Value, pointer: &str) -> Vec<String> {
        self.judge(document, pointer, "$");
        std::mem::take(&mut self.faults)
    }

    fn judge(&mut self, value: &Value, pointer: &str, at: &str) {
        let schema = self.schema.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")).clone();
        for (word, rule) in schema.as_object().expect("a schema") {
            match word.as_str() {
                "type" => {
                    let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                    if !types.iter().any(|name| is_of_type(value, name.as_str().expect("a name"))) {
                        self.faults.push(format!("{at}: {value} is not of type {rule}"));
                    }
                }
                "enum" => {
                    if !rule.as_array().expect("a list").contains(value) {
                        self.faults.push(format!("{at}: {value} is none of {rule}"));
                    }
                }
                "required" => {
                    let missing = |key: &&Value| value.is_object() && value.get(key.as_str().expect("a key")).is_none();
                    let missing = rule.as_array().expect("a list").iter().filter(missing);
                    self.faults.extend(missing.map(|key| format!("{at}: {key} is missing")));
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.judge(item, &format!("{pointer}/items"), &format!("{at}[{index}]"));
                    }
                }
                "properties" => {
                    for (key, below) in
                        value.as_object().into_iter().flatten().filter(|(key, _)| rule.get(key).is_some())
                    {
                        let pointer = format!("{pointer}/properties/{key}");
                        self.judge(below, &pointer, &format!("{at}.{key}"));
                        self.seen.insert(pointer);
                    }
                }
                "additionalProperties" => {
                    let is_known = |key: &str| schema["properties"].get(key).is_some();
                    for (key, below) in value.as_object().into_iter().flatten().filter(|(key, _)| !is_known(key)) {
                        if rule == &json!(false) {
                            self.faults.push(format!("{at}: {key} is not a key of it"));
                        } else {
                            self.judge(below, &format!("{pointer}/additionalProperties"), &format!("{at}.{key}"));
                        }
                    }
                }
                "$ref" => {
                    let to = rule.as_str().and_then(|to| to.strip_prefix('#')).expect("a place in this schema");
                    self.judge(value, to, at);
                }
                "anyOf" => {
                    let before = self.faults.len();
                    let one = |index: usize| format!("{pointer}/anyOf/{index}");
                    let fits = (0..rule.as_array().expect("a list").len()).any(|index| {
                        self.judge(value, &one(index), at);
                        self.faults.drain(before..).count() == 0
                    });
                    if !fits {
                        self.faults.push(format!("{at}: none of anyOf"));
                    }
                }
                "description" | "title" | "$schema" | "$defs" => {}
                other => panic!("the validator does not know {other}, at {pointer}"),
            }
        }
    }

    /// Every property of the schema that no document had.
    fn unseen(&self) -> Vec<String> {
        let mut all = Vec::new();
        properties(&self.schema, "", &mut all);
        all.retain(|pointer| !self.seen.contains(pointer));
        all
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no type is called {other}"),
    }
}

fn properties(schema: &Value, pointer: &str, all: &mut Vec<String>) {
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/properties/{key}");
        properties(below, &pointer, all);
        all.push(pointer);
    }
    for word in ["items", "additionalProperties"] {
        if let Some(below) = schema.get(word) {
            properties(below, &format!("{pointer}/{word}"), all);
        }
    }
    for (name, below) in schema["$defs"].as_object().into_iter().flatten() {
        properties(below, &format!("{pointer}/$defs/{name}"), all);
    }
}

fn schema() -> Value {
    let ended = dryport(std::path::Path::new("."), &["list", "--schema"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    serde_json::from_str(&ended.out).expect("JSON")
}

/// A scenario with a myth in it, and one with mistakes.
const TRAP: &str = "fin_timeout = \"70s\"\n";

#[test]
fn every_document_fits_the_schema_and_every_key_is_in_one() {
    let home = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    let asserts = ["refused_ratio <= 1", "refused_ratio <= 1 and refused_total >= 0"];
    let asserts: String = asserts.map(|that| format!("[[assert]]\nthat = \"{that}\"\n")).concat();
    put("s.toml", &(FORTY_PORTS.to_owned() + &asserts));
    put("sweep.toml", &(scenario_of_a_sweep() + &asserts));
    let one = "replications = 1\nwarm_up = \"auto\"";
    put("long.toml", &FORTY_PORTS.replace("replications = 12", one).replace("\"60s\"", "\"15m\""));
    put("trap.toml", &FORTY_PORTS.replace("time_wait = \"2s\"\n", TRAP));
    put("wrong.toml", &FORTY_PORTS.replace("\"60s\"", "60"));
    put("sysctl.conf", "net.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_rmem = 4096\n");
    let machine = machine::machine();
    let here = |line: &str| dryport(home.path(), &line.split(' ').collect::<Vec<_>>());
    let there = |line: &str| machine::on(&machine, &line.split(' ').collect::<Vec<_>>());
    let schema = schema();
    let mut validator = Validator::new(schema.clone());
    let over = "--over host.gateway.port_range=40000-40039,40000-40059";
    for (ended, command, code) in [
        (here("calc --rate 450/s --lifetime 50ms --json"), "calc", 0),
        (here("calc --rate 450/s --lifetime 50ms --arrivals constant --addresses 2 --json"), "calc", 0),
        (here("run s.toml sweep.toml long.toml --json --quiet --fail-if refused_ratio>1"), "run", 0),
        (here("run s.toml --set client.web.arrivals.poisson.rate=1/s --rare --out rare --json --quiet"), "run", 0),
        (here(&format!("compare s.toml {over} --json --quiet")), "compare", 0),
        (here("sweep sweep.toml --json --quiet"), "sweep", 0),
        (here("sweep sweep.toml --shard 1/2 --out half --json --quiet"), "sweep", 0),
        (here("solve s.toml --for rate --max-risk 20% --json --quiet"), "solve", 0),
        (here("advise s.toml --json --quiet"), "advise", 0),
        (here("check s.toml trap.toml wrong.toml none.toml --sysctl-file sysctl.conf --json"), "check", 3),
        (here("check s.toml --set run.sed=1 --json"), "check", 2),
        (here("list --json"), "list", 0),
        (here("list metrics --json"), "list", 0),
        (here("chart output/s --only risk --svg --json"), "chart", 0),
        (there("inspect --json"), "inspect", 0),
        (there("port 60327 443 40000 1022 --json"), "port", 0),
        (here("explain s.toml --port 40001 --out life --json"), "explain", 0),
        (here("explain s.toml --connection 7 --json"), "explain", 0),
        (here("verify --case P11 --case constant-50 --quiet --json"), "verify", 0),
        (here("verify --list --json"), "verify", 0),
    ] {
        let Ended { code: found, out, err } = ended;
        assert_eq!((found, err.as_str()), (code, ""), "{command}: {out}");
        let document: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{command}: {error}: {out}"));
        let faults = validator.faults_of(&document, &format!("/$defs/{command}"));
        assert!(faults.is_empty(), "{command}: {faults:#?}");
        assert_eq!(document["schema_version"], 1, "{command}");
        assert_eq!(Validator::new(schema.clone()).faults_of(&document, ""), Vec::<String>::new(), "as any of them");
    }
    assert_eq!(validator.unseen(), Vec::<String>::new(), "keys that no document has");
}

#[test]
fn what_check_says_is_in_its_document() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("wrong.toml"), FORTY_PORTS.replace("\"60s\"", "60")).unwrap();
    let ended = dryport(home.path(), &["check", "wrong.toml", "none.toml", "--json"]);
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let [wrong, none] = [0, 1].map(|index| &document["checked"][index]["faults"][0]);
    assert_eq!(document["valid"], false);
    assert_eq!((&wrong["place"], &wrong["line"], &wrong["column"]), (&json!("wrong.toml"), &json!(3), &json!(12)));
    let shown = dryport(home.path(), &["check", "wrong.toml"]).err;
    for said in [&wrong["message"], &wrong["label"], &wrong["help"]] {
        let said = said.as_str().expect("words");
        assert!(!said.is_empty() && shown.contains(said), "{said} is not in {shown}");
    }
    assert!(shown.contains("--> wrong.toml:3:12"), "{shown}");
    assert_eq!(none["message"], "cannot read none.toml: no such file");
}

#[test]
fn the_validator_is_strict() {
    let schema = json!({
        "anyOf": [{ "$ref": "#/$defs/a" }],
        "$defs": { "a": {
            "type": "object",
            "properties": {
                "word": { "enum": ["A", null] },
                "many": { "type": ["array", "null"], "items": { "type": "integer" } },
                "any": { "type": "object", "properties": {}, "required": [], "additionalProperties": { "type": "number" } },
            },
            "required": ["word"],
            "additionalProperties": false,
        } },
    });
    let good = json!({ "word": "A", "many": [1, 2], "any": { "x": 1.5 } });
    let mut validator = Validator::new(schema);
    assert_eq!(validator.faults_of(&json!({ "word": null }), ""), Vec::<String>::new());
    assert_eq!(validator.unseen().len(), 2);
    assert_eq!(validator.faults_of(&good, ""), Vec::<String>::new());
    assert_eq!(validator.unseen(), Vec::<String>::new());
    for (key, value) in [
        ("word", json!("B")),
        ("many", json!([1.5])),
        ("many", json!({})),
        ("any", json!({ "x": "y" })),
        ("other", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert_eq!(validator.faults_of(&bad, "/$defs/a").len(), 1, "{bad}");
        assert_eq!(validator.faults_of(&bad, "").len(), 1, "{bad}");
    }
    assert_eq!(validator.faults_of(&json!({}), "/$defs/a").len(), 1);
    assert_eq!(validator.faults_of(&json!([]), "/$defs/a").len(), 1);
}
