//! What checks came to, as a JSON document.

use crate::report::json::{SCHEMA_VERSION, number};
use crate::verify::{Check, Difference, Finding, Judged};
use serde_json::{Value, json};

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
