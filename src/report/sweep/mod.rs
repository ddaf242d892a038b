//! What a sweep leaves: a file for each cell, named by the hash of what it depends on, and the tables put together from
//! them.
//!
//! A cell is written whole or not at all, so resuming is skipping and merging is copying. Cells say nothing of the
//! sweep that they belong to: two sweeps that share a setting share its cell.

mod cell;
mod gates;
mod json;
mod points;
#[cfg(test)]
pub(super) mod samples;
mod scale;
mod screen;

use super::schema::{self, names};
use super::{Cell as Value, csv};
use crate::scenario::{Assert, Axis, Grid};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::io::{self, Write};

pub use cell::{Cell, CellKey, FNV_START, fnv1a, of_experiment, values};
pub use gates::Tally;
pub use json::{KEYS, part_json, sweep_json};
pub use points::{Point, SweepTables};
pub use scale::Unit;
pub use screen::sweep_screen;

/// The file that says what a folder sweeps.
pub const META_FILE: &str = "sweep.json";
/// The folder of the cells.
pub const CELLS: &str = "cells";
/// All cells in one table.
pub const TABLE: &str = "sweep.csv";

/// The version of the layout of [`META_FILE`] and of the cells.
pub const SCHEMA_VERSION: u32 = 1;

/// What is swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepMeta {
    /// The layout of this file.
    pub schema_version: u32,
    /// The version of dryport that runs it.
    pub dryport: String,
    /// The scenario's name: its file's stem.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The seed of all random streams.
    pub seed: u64,
    /// The level of every interval.
    pub confidence: f64,
    /// What is varied, key by key; the last one changes fastest.
    pub axes: Vec<AxisMeta>,
    /// How many cells that makes.
    pub cells: u64,
    /// The scenario that is varied, as understood, value by value.
    pub resolved: Json,
}

/// A key and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisMeta {
    /// The path of the key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

impl SweepMeta {
    /// The grid.
    ///
    /// # Panics
    ///
    /// When two axes vary one key: [`SweepMeta::from_json`] lets none such in.
    pub fn grid(&self) -> Grid {
        let axis = |axis: &AxisMeta| Axis { key: axis.key.clone(), values: axis.values.clone() };
        Grid::new(self.axes.iter().map(axis).collect()).expect("no key twice")
    }

    /// The text of the file.
    ///
    /// # Panics
    ///
    /// Never: the fields are plain data.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has a JSON form") + "\n"
    }

    /// Reads the file back; `None` when it is none of ours.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        let meta: Self = serde_json::from_slice(bytes).ok()?;
        (meta.schema_version == SCHEMA_VERSION).then_some(meta)
    }

    /// What differs from an earlier sweep in the same folder: `path: theirs, now ours`, a line each.
    ///
    /// # Panics
    ///
    /// Never: the fields are plain data.
    pub fn differences(&self, earlier: &Self) -> Vec<String> {
        let json = |meta: &Self| {
            let mut all = serde_json::to_value(meta).expect("plain data has a JSON form");
            let axes = meta.axes.iter().map(|axis| (axis.key.clone(), axis.values.join(", ").replace('"', "").into()));
            all["axes"] = Json::Object(axes.collect());
            all
        };
        let mut found = Vec::new();
        differing("", &json(earlier), &json(self), &mut found);
        found
    }
}

/// The leaves in which two documents differ.
fn differing(path: &str, one: &Json, other: &Json, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (one, other) {
        (Json::Object(left), Json::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            for key in keys {
                let side = |side: &serde_json::Map<String, Json>| side.get(key).cloned().unwrap_or(Json::Null);
                differing(&below(key), &side(left), &side(right), found);
            }
        }
        _ if one == other => {}
        _ => {
            let path = path.strip_prefix("resolved.").unwrap_or(path);
            found.push(format!("{path}: {}, now {}", in_words(one), in_words(other)));
        }
    }
}

/// More cells than this are not told one by one.
const ROWS: usize = 40;

/// All cells of a sweep, as far as the screen tells of them.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// The first cells.
    first: Vec<Cell>,
    /// Cells with a refused run.
    refused: u64,
    /// Cells of which every run was refused.
    run_out: u64,
    /// What came of each assert.
    gates: Vec<Tally>,
    /// Every cell, as far as pictures show it.
    pub points: Vec<Option<Point>>,
}

impl Digest {
    /// What came of each assert, in file order.
    pub fn gates(&self) -> &[Tally] {
        &self.gates
    }
}

/// A value, cut when it is long.
fn in_words(value: &Json) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > LONGEST { text.chars().take(LONGEST).collect::<String>() + ".." } else { text }
}

/// Puts cells together, in the order of the grid, and judges `asserts` in each: `cells` hands out one after another.
///
/// # Errors
///
/// When the writer or a cell fails.
pub fn write_table(
    meta: &SweepMeta,
    asserts: &[Assert],
    cells: &mut dyn FnMut(u64) -> io::Result<Cell>,
    out: &mut dyn Write,
) -> io::Result<Digest> {
    let mut digest = Digest { gates: Tally::all(asserts), ..Digest::default() };
    let grid = meta.grid();
    let mut rows = csv::Rows::new(&names(schema::SUMMARY), out)?;
    let scenario = Value::Text(meta.name.as_str().into());
    for index in 0..meta.cells {
        let arm = grid.variant(index);
        let variant = Value::Text(arm.name.as_str().into());
        let cell = cells(index)?;
        for gate in &mut digest.gates {
            gate.add(&cell, &arm, meta.confidence);
        }
        for row in cell.table.rows() {
            let head = [scenario.clone(), variant.clone()];
            rows.push(&head.into_iter().chain(row.iter().cloned()).collect::<Vec<_>>())?;
        }
        let risk = cell.estimate("all", "exhaustion_probability").value;
        digest.refused += u64::from(risk.is_some_and(|risk| risk > 0.0));
        digest.run_out += u64::from(risk.is_some_and(|risk| risk >= 1.0));
        digest.points.push(Some(Point::of(&cell, meta.confidence)));
        if digest.first.len() < ROWS {
            digest.first.push(cell);
        }
    }
    rows.finish()?;
    Ok(digest)
}
