//! What `dryport check` found, as a JSON document.

use super::super::Exit;
use super::{Checked, Wrong};
use crate::report::document::Keys;
use crate::report::json::SCHEMA_VERSION;
use crate::scenario::Diagnostics;
use crate::scenario::diagnostics::Told;
use serde_json::{Map, Value, json};

/// Every key of the document.
pub(super) const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("valid: boolean", "is everything that was checked?"),
    ("checked", "each scenario file in the order of the command line, then the sysctls"),
    ("checked[].name: string", "the file, --sysctl, or both"),
    ("checked[].valid: boolean", "does it make sense? Warnings do not matter, unless --strict is given"),
    ("checked[].understood: string | null", "what was understood; null when nothing was"),
    ("checked[].notes: string[]", "what else is worth knowing"),
    ("checked[].faults", "mistakes, myths and traps"),
    ("checked[].faults[].severity: 'error' | 'warning' | 'note'", "how bad it is"),
    ("checked[].faults[].rule: string | null", "the rule that says so, which --allow takes; null for a mistake"),
    ("checked[].faults[].message: string", "what is wrong"),
    ("checked[].faults[].label: string", "what more there is to say of that place; may be empty"),
    ("checked[].faults[].place: string | null", "the file, the option or the profile that it is in"),
    ("checked[].faults[].line: integer | null", "its line, from 1"),
    ("checked[].faults[].column: integer | null", "its column in characters, from 1"),
    ("checked[].faults[].help: string | null", "how to mend it"),
    ("checked[].faults[].more", "why it is so, and who says so"),
    ("checked[].faults[].more.NAME: string", "in words"),
    ("checked[].faults_total: integer", "how many there are; from 10,000 on the rest is only counted"),
];

/// The document for all that was checked.
pub(super) fn document(checked: &[Value]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "valid": checked.iter().all(|each| each["valid"] == true),
        "checked": checked,
    })
}

/// One file of it, or the sysctls.
pub(super) fn checked(name: &str, checked: &Result<Checked, Wrong>) -> Value {
    let all = |found: &[&Diagnostics]| -> (Vec<Value>, usize) {
        let told = found.iter().flat_map(|diagnostics| diagnostics.told().map(|told| fault(&told)));
        (told.collect(), found.iter().map(|diagnostics| diagnostics.count()).sum())
    };
    let (valid, understood, notes, (faults, total)) = match checked {
        Ok(checked) => {
            (checked.exit() == Exit::Fine, Some(&checked.understood), &checked.notes[..], all(&[&checked.doubts]))
        }
        Err(wrong) if wrong.faults.is_empty() => (false, None, &[][..], (vec![unread(&wrong.text)], 1)),
        Err(wrong) => (false, None, &[][..], all(&wrong.faults.iter().collect::<Vec<_>>())),
    };
    json!({
        "name": name,
        "valid": valid,
        "understood": understood,
        "notes": notes,
        "faults": faults,
        "faults_total": total,
    })
}

fn fault(told: &Told<'_>) -> Value {
    let (line, column) = told.at.unzip();
    let more: Map<_, _> = told.asides.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    json!({
        "severity": told.severity,
        "rule": told.rule,
        "message": told.message,
        "label": told.label,
        "place": told.place,
        "line": line,
        "column": column,
        "help": told.help,
        "more": more,
    })
}

/// A file that could not be read: the words of the screen, without their breaks.
fn unread(text: &str) -> Value {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let (message, help) = text.split_once("\nhelp: ").map_or((text, None), |(message, help)| (message, Some(help)));
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    json!({
        "severity": "error",
        "rule": null,
        "message": one_line(message),
        "label": "",
        "place": null,
        "line": null,
        "column": null,
        "help": help.map(one_line),
        "more": {},
    })
}
