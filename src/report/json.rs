//! What runs say as one JSON document: verdict and headline figures, for scripts.
//!
//! Its shape does not depend on how many scenarios ran; a new key may come, a changed meaning raises [`SCHEMA_VERSION`].
//! Every key is explained in [`KEYS`].

use super::document::Keys;
use super::gate::{Finding, Judged, Sense};
use super::manifest::LongRunMeta;
use super::query::Estimate;
use super::rare::RARE;
use super::summary::{Refusals, Verdict};
use super::{Cell, RunTables};
use serde_json::{Map, Value, json};

/// The version of the document's layout.
pub const SCHEMA_VERSION: u32 = 1;

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("verdict: 'RUNS OUT' | 'MAY RUN OUT' | 'NOT SEEN'", "the worst of all runs: RUNS OUT, MAY RUN OUT or NOT SEEN"),
    ("runs", "one for each scenario, in the order of the command line"),
    ("runs[].scenario: string", "name: the file's stem"),
    ("runs[].title: string", "title of the scenario"),
    (
        "runs[].verdict: 'RUNS OUT' | 'MAY RUN OUT' | 'NOT SEEN'",
        "RUNS OUT: refused in every replication; MAY RUN OUT: in some; NOT SEEN: in none",
    ),
    ("runs[].seed: integer", "what every random draw is keyed by"),
    ("runs[].replications: integer", "how many are whole"),
    ("runs[].replications_refused: integer", "how many had at least one refused connect()"),
    ("runs[].duration_s: number", "measured window of each"),
    ("runs[].warm_up_s: number", "time before it, in no figure"),
    ("runs[].confidence: number", "level of every interval"),
    ("runs[].batches?: integer", "of one long run: batches that its intervals are from; 0: it is too short for any"),
    ("runs[].batches_correlated?: boolean", "are they too much alike, so that the intervals are too narrow?"),
    ("runs[].folder: string | null", "where the files are; null: none were written"),
    ("runs[].gates", "what came of [[assert]] and --fail-if, in that order"),
    ("runs[].gates[].assert?: string", "the condition that must hold"),
    ("runs[].gates[].fail_if?: string", "or the condition that must not"),
    (
        "runs[].gates[].scope: string",
        "what claims are about that name nothing: all, host:NAME, client:NAME, destination:NAME",
    ),
    ("runs[].gates[].result: 'passed' | 'failed' | 'undecided'", "passed, failed or undecided; only passed passes"),
    (
        "runs[].gates[].estimate?: number | null",
        "the figure it was judged by, if it is one claim; null when there is none",
    ),
    ("runs[].gates[].ci_low?: number | null", "lower end of its interval; null when it has none"),
    ("runs[].gates[].ci_high?: number | null", "upper end; null when it has none, or that is never"),
    ("runs[].gates[].claims?", "instead, where it is several claims: each, from left to right"),
    ("runs[].gates[].claims[].claim: string", "what is claimed"),
    ("runs[].gates[].claims[].scope: string", "of which scope"),
    ("runs[].gates[].claims[].holds: boolean | null", "is it true? null when the runs are too few to say"),
    ("runs[].gates[].claims[].estimate: number | null", "the figure it was judged by; null when there is none"),
    ("runs[].gates[].claims[].ci_low: number | null", "lower end of its interval; null when it has none"),
    ("runs[].gates[].claims[].ci_high: number | null", "upper end; null when it has none, or that is never"),
    ("runs[].rare_method?: string", "with --rare: how figures.refused_ratio_rare was made; it is there then"),
    ("runs[].figures.METRIC", "headline figures of scope all; summary.csv has every other"),
    ("runs[].figures.METRIC.estimate: number | null", "the figure; null when it cannot be had, or never happened"),
    ("runs[].figures.METRIC.ci_low: number | null", "lower end of its interval; null when it has none"),
    ("runs[].figures.METRIC.ci_high: number | null", "upper end; null when it has none, or that is never"),
];

/// The metrics that are told, of scope `all`; every other figure is in `summary.csv`.
const HEADLINES: [&str; 11] = [
    "exhaustion_probability",
    "first_refusal_s",
    "attempts_total",
    "refused_ratio",
    "full_time_ratio",
    "requests_lost_total",
    "requests_lost_ratio",
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
pub fn run_json(tables: &RunTables, gates: &[Judged], folder: Option<&str>) -> Value {
    let meta = &tables.meta;
    let figure = |metric: &&str| ((*metric).to_owned(), estimate_json(tables.estimate("all", metric)));
    let mut told = json!({
        "scenario": meta.scenario.name,
        "title": meta.scenario.title,
        "verdict": Verdict::of(tables).word(),
        "seed": meta.seed,
        "replications": meta.replications,
        "replications_refused": Refusals::of(tables, "all").refused,
        "duration_s": meta.duration_s,
        "warm_up_s": meta.warm_up_s,
        "confidence": meta.confidence,
        "folder": folder,
        "gates": gates.iter().map(gate).collect::<Vec<_>>(),
        "figures": HEADLINES.iter().map(figure).collect::<Map<_, _>>(),
    });
    let rare = tables.method("all", RARE);
    if !rare.is_empty() {
        told["rare_method"] = json!(rare);
        told["figures"][RARE] = estimate_json(tables.estimate("all", RARE));
    }
    if let Some(LongRunMeta { batches, correlated, .. }) = &meta.long_run {
        told["batches"] = json!(batches);
        told["batches_correlated"] = json!(correlated);
    }
    told
}

/// A number, whole ones without a point; null where there is none, and where it is infinite.
pub(crate) fn number(value: Option<f64>) -> Value {
    cell(&Cell::figure(value.filter(|value| value.is_finite())))
}

/// A cell of a table; null for an empty one.
pub(super) fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(&**text),
        Cell::Whole(whole) => json!(whole),
        Cell::Number(number) => json!(number),
    }
}

/// A figure with its interval; null where there is none, and where it is "never".
pub(super) fn estimate_json(found: Estimate) -> Value {
    Value::Object(figure(found))
}

fn figure(found: Estimate) -> Map<String, Value> {
    let (low, high) = found.interval.unzip();
    [("estimate", found.value), ("ci_low", low), ("ci_high", high)]
        .map(|(key, value)| (key.to_owned(), number(value)))
        .into_iter()
        .collect()
}

/// What came of a gate.
pub(super) fn gate(judged: &Judged) -> Value {
    let key = match judged.gate.sense {
        Sense::Assert => "assert",
        Sense::FailIf => "fail_if",
    };
    let mut told = Map::from_iter([
        (key.to_owned(), json!(judged.gate.that.to_string())),
        ("scope".to_owned(), json!(&*judged.gate.scope)),
        ("result".to_owned(), json!(judged.ruling.name())),
    ]);
    // Of several claims each has a figure.
    match &judged.findings[..] {
        [only] => told.extend(figure(only.figure)),
        all => drop(told.insert("claims".to_owned(), all.iter().map(finding).collect())),
    }
    Value::Object(told)
}

fn finding(finding: &Finding) -> Value {
    let mut told = Map::from_iter([
        ("claim".to_owned(), json!(finding.claim.to_string())),
        ("scope".to_owned(), json!(&*finding.scope)),
        ("holds".to_owned(), json!(finding.truth)),
    ]);
    told.extend(figure(finding.figure));
    Value::Object(told)
}

/// Holds a document to the list of its keys: each is there and explained.
#[cfg(test)]
pub(crate) fn explains(explained: &Keys, document: &Value) {
    use super::document::path;
    use std::collections::BTreeSet;

    fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        if let Value::Array(items) = value {
            return items.iter().for_each(|item| keys(item, &format!("{path}[]"), found));
        }
        let is_figures = path.ends_with("figures");
        for (key, below) in value.as_object().into_iter().flatten() {
            let key = if is_figures { "METRIC" } else { key };
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            if key != "figures" {
                found.insert(path.clone());
            }
            keys(below, &path, found);
        }
    }

    let mut found = BTreeSet::new();
    keys(document, "", &mut found);
    assert_eq!(found, explained.iter().map(|(key, _)| path(key).to_owned()).collect());
}

#[cfg(test)]
mod tests {
    use super::super::gate::Gate;
    use super::super::rare::{Rare, add_rare};
    use super::super::samples;
    use super::*;
    use crate::metrics::Metric;
    use crate::scenario::Condition;

    #[test]
    fn every_key_is_explained_and_there() {
        let mut tables = samples::quickstart();
        tables.meta.long_run = Some(LongRunMeta { batches: 20, cycle_s: Some(60.0), correlated: false });
        add_rare(&mut tables, &Rare::Bound { refused_ratio_max: 1e-12 });
        let several = "refused_total > 0 or refused_ratio < 1";
        let gates = [(Sense::Assert, "first_refusal_s == never"), (Sense::FailIf, several)].map(|(sense, that)| {
            let that = Condition::read(that).unwrap();
            Gate { that, scope: "all".into(), variant: None, sense }.judge(&tables)
        });
        let document = runs_json(&[run_json(&tables, &gates, Some("output/quickstart"))]);
        assert_eq!(document["runs"][0]["figures"][RARE]["ci_high"], json!(1e-12));
        explains(KEYS, &document);
    }

    #[test]
    fn the_verdict_is_the_worst_and_every_headline_is_a_metric() {
        let calm = run_json(&samples::calm(), &[], Some("output/calm"));
        let sudden = run_json(&samples::sudden(), &[], Some("output/sudden"));
        assert_eq!(runs_json(std::slice::from_ref(&calm))["verdict"], "NOT SEEN");
        let document = runs_json(&[calm, sudden]);
        assert_eq!((&document["verdict"], &document["schema_version"]), (&json!("RUNS OUT"), &json!(1)));
        assert_eq!(document["runs"][0]["figures"]["first_refusal_s"]["estimate"], Value::Null);
        assert_eq!(document["runs"][1]["figures"]["capacity_ports"]["estimate"], 28_232);
        assert!(HEADLINES.iter().all(|name| Metric::named(name).is_some()));
    }
}
