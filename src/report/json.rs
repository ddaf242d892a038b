//! What runs say as one JSON document: verdict and headline figures, for scripts.
//!
//! Its shape does not depend on how many scenarios ran; a changed meaning raises [`SCHEMA_VERSION`].

use super::gate::{Judged, Sense};
use super::query::Estimate;
use super::summary::Verdict;
use super::{Cell, RunTables};
use serde_json::{Map, Value, json};

/// The version of the document's layout.
pub const SCHEMA_VERSION: u32 = 1;

/// The metrics that are told, of scope `all`; every other figure is in `summary.csv`.
const HEADLINES: [&str; 10] = [
    "exhaustion_probability",
    "first_refusal_s",
    "attempts_total",
    "refused_ratio",
    "full_time_ratio",
    "requests_lost_total",
    "busy_ports_peak",
    "headroom_ports",
    "offered_load",
    "capacity_ports",
];

/// The document for some runs, each with its folder as the user wrote it; `verdict` at the top is the worst.
pub fn runs_json(runs: &[Value]) -> Value {
    let verdicts = || runs.iter().filter_map(|run| run["verdict"].as_str());
    let worst = Verdict::ALL.into_iter().find(|verdict| verdicts().any(|word| word == verdict.word()));
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "verdict": worst.map(Verdict::word),
        "runs": runs,
    })
}

/// One run of that document, with what came of its gates.
pub fn run_json(tables: &RunTables, gates: &[Judged], folder: &str) -> Value {
    let meta = &tables.meta;
    let figure = |metric: &&str| ((*metric).to_owned(), Value::Object(figure(tables.estimate("all", metric))));
    json!({
        "scenario": meta.scenario.name,
        "title": meta.scenario.title,
        "verdict": Verdict::of(tables).word(),
        "seed": meta.seed,
        "replications": meta.replications,
        "duration_s": meta.duration_s,
        "confidence": meta.confidence,
        "folder": folder,
        "gates": gates.iter().map(gate).collect::<Vec<_>>(),
        "figures": HEADLINES.iter().map(figure).collect::<Map<_, _>>(),
    })
}

/// A number, whole ones without a point; null where there is none, and where it is infinite.
pub(super) fn number(value: Option<f64>) -> Value {
    match Cell::figure(value.filter(|value| value.is_finite())) {
        Cell::Whole(whole) => json!(whole),
        Cell::Number(number) => json!(number),
        Cell::Empty | Cell::Text(_) => Value::Null,
    }
}

/// A figure with its interval; null where there is none, and where it is "never".
fn figure(found: Estimate) -> Map<String, Value> {
    let (low, high) = found.interval.unzip();
    [("estimate", found.value), ("ci_low", low), ("ci_high", high)]
        .map(|(key, value)| (key.to_owned(), number(value)))
        .into_iter()
        .collect()
}

fn gate(judged: &Judged) -> Value {
    let key = match judged.gate.sense {
        Sense::Assert => "assert",
        Sense::FailIf => "fail_if",
    };
    let mut told = Map::from_iter([
        (key.to_owned(), json!(judged.gate.claim.to_string())),
        ("scope".to_owned(), json!(&*judged.gate.scope)),
        ("result".to_owned(), json!(judged.ruling.name())),
    ]);
    told.extend(figure(judged.figure));
    Value::Object(told)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::metrics::Metric;

    #[test]
    fn the_verdict_is_the_worst_and_every_headline_is_a_metric() {
        let calm = run_json(&samples::calm(), &[], "output/calm");
        let sudden = run_json(&samples::sudden(), &[], "output/sudden");
        assert_eq!(runs_json(std::slice::from_ref(&calm))["verdict"], "NOT SEEN");
        let document = runs_json(&[calm, sudden]);
        assert_eq!((&document["verdict"], &document["schema_version"]), (&json!("RUNS OUT"), &json!(1)));
        assert_eq!(document["runs"][0]["figures"]["first_refusal_s"]["estimate"], Value::Null);
        assert_eq!(document["runs"][1]["figures"]["capacity_ports"]["estimate"], 28_232);
        assert!(HEADLINES.iter().all(|name| Metric::named(name).is_some()));
    }
}
