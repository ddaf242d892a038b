//! A sweep as one JSON document, for scripts: the cells themselves are in the table.

use super::super::document::Keys;
use super::{Digest, SweepMeta, Tally};
use serde_json::{Value, json};

/// Every key of the document.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("scenario: string", "name: the file's stem"),
    ("folder: string", "where sweep.csv and the cells are"),
    ("cells: integer", "how many points the grid has"),
    ("cells_whole: integer", "how many of them are there; a part of a sweep leaves others"),
    ("shard?: string", "which part was run: K/N, every N-th cell from the K-th on; the rest is of whole sweeps alone"),
    ("cells_refused?: integer", "how many of them had a refused connect() in some run"),
    ("cells_run_out?: integer", "how many of them had one in every run"),
    ("gates?", "what came of each [[assert]]"),
    ("gates[].assert: string", "the condition that must hold"),
    ("gates[].scope: string", "what claims are about that name nothing: all, host:NAME, client:NAME, destination:NAME"),
    (
        "gates[].result: 'passed' | 'failed' | 'undecided'",
        "passed in every cell that it is about; failed in some; or undecided in some",
    ),
    ("gates[].cells_passed: integer", "in how many it did"),
    ("gates[].cells_failed: integer", "in how many it did not"),
    ("gates[].cells_undecided: integer", "in how many the runs are too few to say"),
    ("axes", "what is varied"),
    ("axes[].key: string", "the path of the key"),
    ("axes[].values: string[]", "its values, as --set has them"),
];

/// The document; `folder` is where the files are, as the user wrote it.
pub fn sweep_json(meta: &SweepMeta, digest: &Digest, folder: &str) -> Value {
    let mut document = cells_json(meta, meta.cells, folder);
    document["cells_refused"] = json!(digest.refused);
    document["cells_run_out"] = json!(digest.run_out);
    document["gates"] = digest.gates().iter().map(Tally::json).collect();
    document
}

/// The document of the part `shard`, `K/N`, of a sweep of which so many cells are there now.
pub fn part_json(meta: &SweepMeta, shard: &str, whole: u64, folder: &str) -> Value {
    let mut document = cells_json(meta, whole, folder);
    document["shard"] = json!(shard);
    document
}

/// What both say.
fn cells_json(meta: &SweepMeta, whole: u64, folder: &str) -> Value {
    json!({
        "schema_version": super::super::json::SCHEMA_VERSION,
        "dryport": meta.dryport,
        "scenario": meta.name,
        "folder": folder,
        "cells": meta.cells,
        "cells_whole": whole,
        "axes": meta.axes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{AxisMeta, SCHEMA_VERSION};
    use super::*;
    use crate::report::json::explains;
    use crate::scenario::{Assert, Condition};

    #[test]
    fn every_key_is_explained_and_there() {
        let meta = SweepMeta {
            schema_version: SCHEMA_VERSION,
            dryport: "0".into(),
            name: "checkout".into(),
            title: "Checkout".into(),
            seed: 1,
            confidence: 0.95,
            axes: vec![AxisMeta { key: "run.seed".into(), values: vec!["1".into()] }],
            cells: 1,
            resolved: Value::Null,
        };
        let that = Condition::read("refused_total == 0").unwrap();
        let gates = Tally::all(&[Assert { that, scope: "all".into(), variant: None }]);
        let mut all = sweep_json(&meta, &Digest { gates, ..Digest::default() }, "output/checkout-sweep");
        let part = part_json(&meta, "1/2", 0, "output/checkout-sweep");
        // What a part tells is told of the whole, but which part it is.
        assert!(part.as_object().unwrap().keys().all(|key| key == "shard" || all.get(key).is_some()));
        all["shard"] = part["shard"].clone();
        explains(KEYS, &all);
    }
}
