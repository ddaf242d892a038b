//! What checks came to, as a JSON document.

use crate::report::document::Keys;
use crate::report::json::{SCHEMA_VERSION, number};
use crate::verify::{Check, Difference, Finding, Judged};
use serde_json::{Value, json};

/// Every key of the document; of a list that is not run, only what is known before.
pub(super) const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("verdict?: 'AGREES' | 'DISAGREES' | 'NOT JUDGED'", "of all checks"),
    ("checks", "each check, in the order of the table"),
    ("checks[].case: string", "its name"),
    ("checks[].about: string", "what is checked"),
    ("checks[].against: 'theory' | 'kernel' | 'incident'", "what it is held against"),
    ("checks[].source: string", "where the expected figures come from"),
    ("checks[].agrees?: boolean", "do all figures agree? Not when one could not be judged"),
    ("checks[].figures?", "each figure"),
    ("checks[].figures[].figure: string", "its name"),
    ("checks[].figures[].expected: number | null", "what it should be"),
    ("checks[].figures[].found: number | null", "what was simulated"),
    ("checks[].figures[].spread: number | null", "standard error of what was sampled; null when nothing was"),
    ("checks[].figures[].difference", "how far the two are apart"),
    (
        "checks[].figures[].difference.as: 'exact' | 'z' | 'digits' | 'ratio' | 'unknown'",
        "not at all, in units of spread, digits that agree, as a share of what is expected, nothing to tell by",
    ),
    ("checks[].figures[].difference.value: number | null", "so far"),
    ("checks[].figures[].agrees: boolean", "is that near enough? Not when it could not be judged"),
];

/// Every check with its figures.
pub(super) fn document(all: &[Judged<'_>]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "verdict": super::screen::verdict(all).word(),
        "checks": all.iter().map(judged).collect::<Vec<_>>(),
    })
}

/// Every check, not run.
pub(super) fn list(checks: &[&Check]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "checks": checks.iter().map(|check| about(check)).collect::<Vec<_>>(),
    })
}

fn about(check: &Check) -> Value {
    json!({ "case": check.name, "about": check.title, "against": check.against.name(), "source": check.source() })
}

fn judged(judged: &Judged<'_>) -> Value {
    let mut told = about(judged.check);
    told["agrees"] = json!(judged.agrees());
    told["figures"] = judged.findings.iter().map(figure).collect();
    told
}

fn figure(finding: &Finding) -> Value {
    let (kind, value) = match finding.difference {
        Difference::Exact => ("exact", None),
        Difference::Deviations(z) => ("z", Some(z)),
        Difference::Digits(digits) => ("digits", Some(digits.into())),
        Difference::Share(share) => ("ratio", Some(share)),
        Difference::Unknown => ("unknown", None),
    };
    json!({
        "figure": finding.figure,
        "expected": number(Some(finding.expected)),
        "found": number(finding.found),
        "spread": number(finding.spread),
        "difference": { "as": kind, "value": number(value) },
        "agrees": finding.agrees,
    })
}
