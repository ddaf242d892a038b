//! A life as one JSON document, for scripts: the rows of its table.

use super::Story;
use super::table::table;
use crate::report::document::Keys;
use crate::report::json::{SCHEMA_VERSION, cell};
use serde_json::{Map, Value, json};

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("scenario: string", "name: the file's stem"),
    ("replication: integer", "number of the run, from 1"),
    ("host: string", "whose port it is"),
    ("port: integer | null", "the port; null when the request got none"),
    ("spans", "what it was doing: the rows of life.csv"),
    ("spans[].source: integer | null", "which of the host's addresses, from 0"),
    ("spans[].destination: string | null", "name of the destination"),
    ("spans[].endpoint: integer | null", "which of its endpoints, from 0"),
    ("spans[].client: string | null", "who held it; null for a state that no connection is in"),
    ("spans[].request: integer | null", "the client's how-manieth request, from 0"),
    ("spans[].from_s: number", "start of the span, from the start of the measured window"),
    ("spans[].to_s: number", "its end"),
    (
        "spans[].state: 'established' | 'time_wait' | 'fin_wait_2' | 'reusable' | 'blocked' | 'refused'",
        "reusable: could be taken over; blocked: by a socket elsewhere; refused: an attempt was",
    ),
    ("spans[].asked_for: integer", "1 for the connection that was asked for"),
    ("files: string[]", "what was written"),
];

/// The document; `scenario` is the stem of its file.
pub fn life_json(story: &Story<'_>, scenario: &str, files: &[String]) -> Value {
    let table = table(story, scenario);
    // The first columns are the same in every row.
    let first = table.column("source");
    let columns = &table.columns()[first..];
    let span = |row: &[_]| -> Map<String, Value> {
        columns.iter().zip(&row[first..]).map(|(column, value)| ((*column).to_owned(), cell(value))).collect()
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "scenario": scenario,
        "replication": story.life.replication + 1,
        "host": &*story.scenario.hosts[story.life.host].name,
        "port": story.life.port,
        "spans": table.rows().map(span).collect::<Vec<_>>(),
        "files": files,
    })
}
