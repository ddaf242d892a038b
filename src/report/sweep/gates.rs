//! What came of asserts over the cells of a sweep.

use super::super::gate::{Figures, Gate, Judged, Ruling};
use super::super::words::{self, plural};
use super::Cell;
use crate::scenario::{Assert, Variant};
use serde_json::{Value, json};

/// One assert, judged in every cell that it is about.
#[derive(Clone, Debug)]
pub struct Tally {
    gate: Gate,
    passed: u64,
    failed: u64,
    undecided: u64,
    /// The first cell that did not pass: its name, and what was said there.
    first: Option<(String, Judged)>,
}

impl Tally {
    /// Nothing judged yet, of each assert.
    pub(super) fn all(asserts: &[Assert]) -> Vec<Self> {
        let none = |assert| Self { gate: Gate::from(assert), passed: 0, failed: 0, undecided: 0, first: None };
        asserts.iter().map(none).collect()
    }

    /// Judges one more cell.
    pub(super) fn add(&mut self, cell: &Cell, variant: &Variant, confidence: f64) {
        if !self.gate.is_of(variant) {
            return;
        }
        let of = |scope: &str, metric: &str| cell.estimate(scope, metric);
        let judged = self.gate.clone().judge_by(&Figures { of: &of, runs: cell.runs(), confidence });
        match judged.ruling {
            Ruling::Passed => self.passed += 1,
            Ruling::Failed => self.failed += 1,
            Ruling::Undecided => self.undecided += 1,
        }
        if judged.ruling != Ruling::Passed {
            self.first.get_or_insert_with(|| (variant.name.clone(), judged));
        }
    }

    /// What came of it in all: no better than in the worst cell.
    pub fn ruling(&self) -> Ruling {
        match (self.failed, self.undecided) {
            (0, 0) => Ruling::Passed,
            (0, _) => Ruling::Undecided,
            _ => Ruling::Failed,
        }
    }

    /// As an element of the JSON document.
    pub(super) fn json(&self) -> Value {
        json!({
            "assert": self.gate.that.to_string(),
            "scope": &*self.gate.scope,
            "result": self.ruling().name(),
            "cells_passed": self.passed,
            "cells_failed": self.failed,
            "cells_undecided": self.undecided,
        })
    }
}

/// `FAIL  refused_ratio < 1%: failed in 3 of 12 cells; addresses=1: 0.02 (0.01 to 0.03)`
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<4}  {}: ", self.ruling().word(), self.gate)?;
        let cells = self.passed + self.failed + self.undecided;
        let Some((name, judged)) = &self.first else {
            return write!(
                f,
                "in {}",
                if cells == 1 { "1 cell".into() } else { format!("all {}", plural(cells, "cell")) }
            );
        };
        let parts = [("failed", self.failed), ("undecided", self.undecided)];
        let parts = parts.into_iter().filter(|(_, count)| *count > 0);
        let parts: Vec<String> = parts.map(|(word, count)| format!("{word} in {}", words::thousands(count))).collect();
        write!(f, "{} of {}; {name}: {}", parts.join(", "), plural(cells, "cell"), judged.said())
    }
}
