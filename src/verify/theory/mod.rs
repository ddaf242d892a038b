//! Exact theory: rows of `tests/data/theory.csv` as scenarios, a file for each kind of model.
//!
//! Each file says how a row becomes a scenario, which the tests use too (with more laws and allocators), and which of its
//! figures are judged: the formula by its digits, the simulation by z.

pub mod early_reuse;
pub mod erlang;
pub mod even;
pub mod filling;
pub mod lanes;
pub mod order;

use super::{Against, Check, Finding, Sampled};
use crate::experiment::Experiment;

/// How a figure of scope `all` came out.
fn of_all(figure: &'static str, experiment: &Experiment, metric: &str, expected: f64) -> Finding {
    Finding::sampled(figure, expected, Sampled::metric(experiment, "all", metric, expected))
}

/// A row of the table.
const fn row(name: &'static str, title: &'static str, judge: Judge) -> Check {
    Check { name, title, against: Against::Theory, judge }
}

type Judge = fn(&str, &super::Bench<'_>) -> Result<Vec<Finding>, crate::sim::Interrupted>;
