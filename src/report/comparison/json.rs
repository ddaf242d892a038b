//! A comparison as one JSON document, for scripts.

use super::super::json::{SCHEMA_VERSION, estimate_json, gate, number};
use super::super::summary::Refusals;
use super::Comparison;
use serde_json::{Map, Value, json};

/// Every key of the document and what it holds; `[]` stands for each element of an array, `METRIC` for each figure.
pub const KEYS: [(&str, &str); 20] = [
    ("schema_version", "layout of this document"),
    ("dryport", "version that made it"),
    ("metric", "by which metric the arms are put in order"),
    ("scope", "of which scope"),
    ("seed", "what every random draw of every arm is keyed by"),
    ("confidence", "level of every interval"),
    ("folder", "where the files are"),
    ("arms", "the arms, the best first"),
    ("arms[].variant", "its name in the tables"),
    ("arms[].label", "its name on the screen"),
    ("arms[].replications", "how many runs are whole"),
    ("arms[].replications_refused", "how many had at least one refused connect()"),
    ("arms[].gates", "what came of the [[assert]] about it, as in the document of run"),
    ("arms[].figures.METRIC", "the figure that is compared, and others; each with estimate, ci_low, ci_high"),
    ("differences", "each arm of that order against the one before it"),
    ("differences[].variant", "the worse of the two"),
    ("differences[].against", "the better one"),
    ("differences[].difference", "so much higher is the metric; with ci_low and ci_high, over pairs of runs"),
    ("differences[].wrong_ratio", "chance that the true difference has the other sign"),
    ("differences[].gain", "so many times as many runs would independent random numbers need; null when unknown"),
];

/// What is told of each arm beside the metric.
const FIGURES: [&str; 5] =
    ["capacity_ports", "exhaustion_probability", "first_refusal_s", "refused_ratio", "safe_rate_per_s"];

/// The document; `folder` is where the files are, as the user wrote it.
pub fn comparison_json(comparison: &Comparison, folder: &str) -> Value {
    let ranking = comparison.ranking();
    let arm = |place: &usize| {
        let arm = &comparison.arms[*place];
        let count = Refusals::of(&arm.tables, &comparison.scope);
        let metrics = std::iter::once(comparison.metric.name).chain(FIGURES);
        let figure = |metric: &str| {
            let scope = if metric == "safe_rate_per_s" { "all" } else { comparison.scope.as_str() };
            (metric.to_owned(), estimate_json(arm.tables.estimate(scope, metric)))
        };
        json!({
            "variant": arm.tables.meta.scenario.variant,
            "label": arm.label,
            "replications": arm.tables.meta.replications,
            "replications_refused": count.refused,
            "gates": arm.gates.iter().map(gate).collect::<Vec<_>>(),
            "figures": metrics.map(figure).collect::<Map<_, _>>(),
        })
    };
    let name = |place: usize| &comparison.arms[place].tables.meta.scenario.variant;
    let difference = |pair: &[usize]| {
        let found = comparison.difference(pair[0], pair[1])?;
        Some(json!({
            "variant": name(pair[1]),
            "against": name(pair[0]),
            "difference": number(Some(found.estimate)),
            "ci_low": number(Some(found.interval.0)),
            "ci_high": number(Some(found.interval.1)),
            "wrong_ratio": number(Some(found.wrong)),
            "gain": number(found.gain),
        }))
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": comparison.meta.dryport,
        "metric": comparison.metric.name,
        "scope": comparison.scope,
        "seed": comparison.meta.seed,
        "confidence": comparison.meta.confidence,
        "folder": folder,
        "arms": ranking.iter().map(arm).collect::<Vec<_>>(),
        "differences": ranking.windows(2).filter_map(difference).collect::<Vec<_>>(),
    })
}
