//! A comparison as one JSON document, for scripts.

use super::super::document::Keys;
use super::super::json::{SCHEMA_VERSION, estimate_json, gate, number};
use super::super::summary::Refusals;
use super::Comparison;
use serde_json::{Map, Value, json};

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("metric: string", "by which metric the arms are put in order"),
    ("scope: string", "of which scope"),
    ("seed: integer", "what every random draw of every arm is keyed by"),
    ("confidence: number", "level of every interval"),
    ("folder: string | null", "where the files are; null: none were written"),
    ("arms", "the arms, the best first"),
    ("arms[].variant: string", "its name in the tables"),
    ("arms[].label: string", "its name on the screen"),
    ("arms[].replications: integer", "how many runs are whole"),
    ("arms[].replications_refused: integer", "how many had at least one refused connect()"),
    ("arms[].gates: object[]", "what came of the [[assert]] about it, each as in the document of run"),
    ("arms[].figures.METRIC", "the figure that is compared, and others"),
    ("arms[].figures.METRIC.estimate: number | null", "the figure; null when it cannot be had, or never happened"),
    ("arms[].figures.METRIC.ci_low: number | null", "lower end of its interval; null when it has none"),
    ("arms[].figures.METRIC.ci_high: number | null", "upper end; null when it has none, or that is never"),
    ("differences", "each arm of that order against the one before it"),
    ("differences[].variant: string", "the worse of the two"),
    ("differences[].against: string", "the better one"),
    ("differences[].difference: number", "so much higher is the metric, over pairs of runs"),
    ("differences[].ci_low: number | null", "lower end of its interval"),
    ("differences[].ci_high: number | null", "upper end"),
    ("differences[].wrong_ratio: number", "chance that the true difference has the other sign"),
    (
        "differences[].gain: number | null",
        "so many times as many runs would independent random numbers need; null when unknown",
    ),
];

/// What is told of each arm beside the metric.
const FIGURES: [&str; 5] =
    ["capacity_ports", "exhaustion_probability", "first_refusal_s", "refused_ratio", "safe_rate_per_s"];

/// The document; `folder` is where the files are, as the user wrote it.
pub fn comparison_json(comparison: &Comparison, folder: Option<&str>) -> Value {
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
