//! The advice as one JSON document, for scripts.

use super::super::document::Keys;
use super::super::json::{SCHEMA_VERSION, estimate_json, number};
use super::{AT_PRESENT, Advice, By, Effect, Worth};
use serde_json::{Map, Value, json};

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("scenario: string", "name: the file's stem"),
    ("client: string", "for whom: the client that wants the most ports"),
    ("host: string", "its host"),
    ("rate_per_s: number | null", "requests per second now; null when a recording says when they come"),
    ("target_risk: number", "the risk per window that safe rates keep"),
    ("window_s: number | null", "measured window of each run"),
    ("seed: integer", "what every random draw is keyed by"),
    ("confidence: number", "level of every interval"),
    ("replications: integer", "runs of each setting at the present rate"),
    ("folder: string | null", "where the files are; null: none were written"),
    ("now", "as things are"),
    (
        "now.safe_rate_per_s: number | null",
        "highest safe rate of requests; null when nothing limits it, or none is known",
    ),
    ("now.method: string", "where that is from"),
    ("now.enough: boolean | null", "is the present rate safe; null: nothing proves it either way"),
    ("now.enough_in_words: string", "the same in words, with what the runs show"),
    ("now.fast_rate_per_s: number | null", "highest rate at which connect() stays fast, by formula"),
    ("now.figures.METRIC", "figures of everything at the present rate"),
    ("now.figures.METRIC.estimate: number | null", "the figure; null when it cannot be had"),
    ("now.figures.METRIC.ci_low: number | null", "lower end of its interval; null when it has none"),
    ("now.figures.METRIC.ci_high: number | null", "upper end; null when it has none"),
    ("remedies", "what can be changed, each alone, the best first"),
    ("remedies[].knob: string", "what is turned"),
    ("remedies[].setting: string", "to what"),
    ("remedies[].change: string", "the exact change to make"),
    ("remedies[].caveat: string", "what to beware of; empty when there is nothing"),
    ("remedies[].sets: string[]", "the same as overrides of the scenario"),
    ("remedies[].requests: number | null", "requests on each connection then"),
    (
        "remedies[].effect: 'better' | 'worse' | 'none' | 'myth'",
        "better, worse, none, or myth: none, although it is said to help",
    ),
    ("remedies[].enough: boolean | null", "is the present rate safe; null: nothing proves it either way"),
    ("remedies[].enough_in_words: string", "the same in words, with what the runs show"),
    ("remedies[].fast_rate_per_s: number | null", "highest rate at which connect() stays fast then, by formula"),
    ("remedies[].safe_rate_per_s: number | null", "highest safe rate of requests then"),
    ("remedies[].method: string", "where that is from"),
    ("remedies[].figures.METRIC", "figures of everything at the present rate"),
    ("remedies[].figures.METRIC.estimate: number | null", "the figure; null when it cannot be had"),
    ("remedies[].figures.METRIC.ci_low: number | null", "lower end of its interval; null when it has none"),
    ("remedies[].figures.METRIC.ci_high: number | null", "upper end; null when it has none"),
    ("stays_fast: string[]", "with what connect() stays fast at the present rate, where it does not, by formula"),
    ("looks_like: string | null", "what looks like something that is not modelled, and must not be read from this"),
    ("requests_simulated: number | null", "about so many requests were simulated for it"),
    ("cut_off: boolean", "was it stopped before all was tried"),
    ("pair: null", "the best two together; null when no two help"),
    ("pair.settings: string[]", "which two"),
    ("pair.enough: boolean | null", "is the present rate safe; null: nothing proves it either way"),
    ("pair.enough_in_words: string", "the same in words, with what the runs show"),
    ("pair.fast_rate_per_s: number | null", "highest rate at which connect() stays fast then, by formula"),
    ("pair.safe_rate_per_s: number | null", "highest safe rate of requests then"),
    ("pair.method: string", "where that is from"),
    ("pair.figures.METRIC", "figures of everything at the present rate"),
    ("pair.figures.METRIC.estimate: number | null", "the figure; null when it cannot be had"),
    ("pair.figures.METRIC.ci_low: number | null", "lower end of its interval; null when it has none"),
    ("pair.figures.METRIC.ci_high: number | null", "upper end; null when it has none"),
];

/// What a setting is worth, to be joined by what the setting is.
fn worth_json(worth: &Worth) -> Map<String, Value> {
    let method = match worth.safe_rate.map(|safe| safe.by) {
        Some(By::Formula(name)) => format!("closed form: {name}"),
        Some(By::Search { risk, .. }) => format!("search: risk of {risk} or less"),
        None => "unknown, or no rate to vary".to_owned(),
    };
    let figures = AT_PRESENT.iter().zip(&worth.at_present);
    let figures: Map<String, Value> =
        figures.map(|(name, estimate)| ((*name).to_owned(), estimate_json(*estimate))).collect();
    let mut all = Map::new();
    all.insert("enough".into(), worth.enough.is_known().map_or(Value::Null, Value::Bool));
    all.insert("enough_in_words".into(), worth.enough.words().into());
    all.insert("fast_rate_per_s".into(), number(worth.fast_per_s));
    all.insert("safe_rate_per_s".into(), number(worth.safe_rate.map(|safe| safe.per_s)));
    all.insert("method".into(), method.into());
    all.insert("figures".into(), figures.into());
    all
}

/// An object with more keys.
fn joined(object: Value, more: Map<String, Value>) -> Value {
    match object {
        Value::Object(mut all) => {
            all.extend(more);
            Value::Object(all)
        }
        other => other,
    }
}

/// The document; `folder` is where the files are, as the user wrote it.
pub fn advice_json(advice: &Advice, folder: Option<&str>) -> Value {
    let remedies = advice.remedies.iter().enumerate().map(|(place, (remedy, worth))| {
        let effect: Effect = advice.effect(place);
        let all = json!({
            "knob": remedy.knob,
            "setting": remedy.setting,
            "change": remedy.change,
            "caveat": remedy.caveat,
            "sets": remedy.sets,
            "requests": number(Some(remedy.requests)),
            "effect": effect.name(),
        });
        joined(all, worth_json(worth))
    });
    let pair = advice.pair.as_ref().map(|(places, worth)| {
        let settings = places.map(|place| advice.remedies[place].0.setting.clone());
        joined(json!({ "settings": settings }), worth_json(worth))
    });
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "scenario": advice.scenario,
        "client": advice.subject.0,
        "host": advice.subject.1,
        "rate_per_s": number(advice.rate_per_s),
        "target_risk": advice.target,
        "window_s": number(Some(advice.window_s)),
        "seed": advice.seed,
        "confidence": advice.confidence,
        "replications": advice.runs,
        "folder": folder,
        "now": worth_json(&advice.now),
        "remedies": remedies.collect::<Vec<_>>(),
        "stays_fast": advice.stays_fast,
        "looks_like": advice.looks_like,
        "requests_simulated": number(Some(advice.requests_simulated)),
        "cut_off": advice.cut_off,
        "pair": pair,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::json::explains;
    use super::super::{SafeRate, samples};
    use super::*;

    #[test]
    fn every_key_is_explained_and_there() {
        let mut advice = samples::quickstart();
        explains(KEYS, &advice_json(&advice, Some("output/quickstart-advise")));
        // What nothing limits has no figure.
        advice.now.safe_rate = Some(SafeRate { per_s: f64::INFINITY, by: By::Formula("none") });
        assert_eq!(advice_json(&advice, Some("x"))["now"]["safe_rate_per_s"], Value::Null);
    }
}
