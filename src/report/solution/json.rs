//! The answer as one JSON document, for scripts.

use super::super::document::Keys;
use super::super::json::{SCHEMA_VERSION, number};
use super::Answer;
use crate::experiment::Evidence;
use serde_json::{Value, json};

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("scenario: string", "name: the file's stem"),
    (
        "verdict: 'ANSWER' | 'NO LIMIT' | 'NO VALUE' | 'OPEN'",
        "NO LIMIT: any value will do; NO VALUE: none will; OPEN: the runs leave it open",
    ),
    ("key: string", "what was turned"),
    ("now: number | null", "where it stands: connects per second, seconds, ports, pieces"),
    ("better: 'low' | 'high'", "low or high: which way the target becomes true"),
    ("target: string", "what has to hold, as it was written"),
    ("scope: string", "of which scope"),
    ("window_s: number | null", "measured window of each run"),
    ("seed: integer", "what every random draw is keyed by"),
    ("confidence: number", "level of every interval"),
    ("answer: null", "the last value at which the target surely holds; null without one"),
    ("answer.value: number", "the value"),
    ("answer.sets: string[]", "the overrides that turn the knob there, as --set has them"),
    ("limit: number | null", "the true limit lies between the answer and this; null when nothing beyond surely fails"),
    ("step: number | null", "values that were tried differ by so much near the answer"),
    ("formula: null", "what a closed form says; null without one"),
    ("formula.value: number | null", "how far it lets the knob be turned; null when nothing limits it"),
    ("formula.name: string", "its name"),
    ("formula.exact: boolean", "is it the limit itself; else it is sure up to there and may be further"),
    ("lasting: number | null", "by formula for a load that stays, where the window shows less; null where it does not"),
    ("fast: number | null", "how far connect() stays fast too, by formula; null without one"),
    ("requests_simulated: number | null", "about so many requests were simulated"),
    ("cut_off: boolean", "did the search end at --max-requests"),
    ("caveat: string | null", "what to know before the knob is turned"),
    ("instead", "other knobs that would do, each alone, by the same formula"),
    ("instead[].key: string", "which"),
    ("instead[].value: number | null", "turned to where"),
    ("evidence", "every value that was tried, the lowest first"),
    ("evidence[].value: number", "the value"),
    ("evidence[].replications: integer", "its runs"),
    ("evidence[].replications_refused: integer", "how many had at least one refused connect()"),
    ("evidence[].estimate: number | null", "the figure that the target is about; null when there is none"),
    ("evidence[].ci_low: number | null", "lower end of its interval"),
    ("evidence[].ci_high: number | null", "upper end of its interval"),
    ("evidence[].sampled: boolean | null", "does the target hold by the runs; null: they leave it open"),
    ("evidence[].proven: boolean | null", "does it by formula; null: no formula says"),
    ("interrupted: boolean", "was the search stopped before it was over"),
];

/// The document.
pub fn solution_json(answer: &Answer) -> Value {
    let solution = &answer.solution;
    let evidence = |found: &Evidence| {
        let interval = found.found;
        json!({
            "value": number(Some(found.value)),
            "replications": found.runs,
            "replications_refused": found.refused_runs,
            "estimate": number(interval.map(|interval| interval.estimate)),
            "ci_low": number(interval.and_then(|interval| interval.low)),
            "ci_high": number(interval.and_then(|interval| interval.high)),
            "sampled": found.sampled,
            "proven": found.proven,
        })
    };
    let value = |place: Option<usize>| place.map(|place| solution.evidence[place].value);
    let found =
        value(solution.answer).map(|value| json!({ "value": number(Some(value)), "sets": answer.knob.sets(value) }));
    let formula = answer.formula.map(
        |formula| json!({ "value": number(Some(formula.value)), "name": formula.name, "exact": formula.is_exact }),
    );
    let instead = answer.instead.iter().map(|(knob, value)| json!({ "key": knob.key, "value": number(Some(*value)) }));
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "scenario": answer.scenario,
        "verdict": answer.outcome().word(),
        "key": answer.knob.key,
        "now": number(Some(answer.knob.now)),
        "better": match answer.knob.quantity.better() {
            crate::scenario::Better::Low => "low",
            crate::scenario::Better::High => "high",
        },
        "target": answer.claim.to_string(),
        "scope": answer.scope,
        "window_s": number(Some(answer.window_s)),
        "seed": answer.seed,
        "confidence": answer.confidence,
        "answer": found,
        "limit": number(value(solution.beyond)),
        "step": number(Some(solution.step)),
        "formula": formula,
        "lasting": number(answer.lesser()),
        "fast": number(answer.fast),
        "requests_simulated": number(Some(solution.spent)),
        "cut_off": solution.is_cut,
        "caveat": answer.caveat,
        "instead": instead.collect::<Vec<_>>(),
        "evidence": solution.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "interrupted": solution.interrupted,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Formula;
    use super::*;
    use crate::experiment::Solution;
    use crate::report::json::explains;
    use crate::scenario::{Claim, Knob, Reading, SourceFile};
    use crate::stats::Interval;
    use std::collections::BTreeMap;

    #[test]
    fn every_key_is_explained_and_there() {
        let text = include_str!("../../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let reading = Reading::of(&SourceFile::new("x.toml", text), &[], &sources).unwrap();
        let all = Knob::all(&reading);
        let [knob, other] = ["rate", "addresses"].map(|name| Knob::named(&all, name).unwrap());
        let found = Some(Interval { estimate: 0.0, low: Some(0.0), high: Some(0.1) });
        let evidence = Evidence {
            value: 444.0,
            runs: 20,
            refused_runs: 0,
            found,
            sampled: None,
            proven: Some(true),
            is_unseen: true,
        };
        let formula = Formula { value: 444.04, name: "a sum", is_exact: false, is_out_of_reach: false };
        let answer = Answer {
            scenario: "quickstart".into(),
            knob,
            claim: Claim::read("exhaustion_probability <= 1%").unwrap(),
            scope: "all".into(),
            window_s: 600.0,
            seed: 1,
            confidence: 0.95,
            solution: Solution {
                evidence: vec![evidence],
                answer: Some(0),
                beyond: None,
                unseen: None,
                step: 1.0,
                interrupted: false,
                spent: 5e6,
                is_cut: false,
            },
            budget: 3e8,
            lasting: None,
            fast: Some(227.0),
            formula: Some(formula),
            caveat: None,
            instead: vec![(other, 2.0)],
        };
        explains(KEYS, &solution_json(&answer));
        assert_eq!(solution_json(&answer)["answer"]["sets"][0], "client.checkout.arrivals.poisson.rate=444/s");
    }
}
