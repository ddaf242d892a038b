//! Tables, and what is made of them: CSV, charts, the run folder. Knows tables, never the world.

pub mod advice;
mod alert;
mod assumed;
pub mod attempts;
pub mod calc;
pub mod chart;
pub mod comparison;
pub mod csv;
pub mod document;
mod fonts;
mod fullest;
pub mod gate;
pub mod json;
pub mod life;
pub mod manifest;
mod middle_run;
pub mod openmetrics;
pub(crate) mod page;
pub mod query;
pub mod rare;
mod risk;
pub mod run_dir;
#[cfg(test)]
pub(crate) mod samples;
pub mod schema;
#[cfg(test)]
pub(crate) mod simulated;
pub mod solution;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod tables;
mod tightest;
mod variant_table;
pub mod whole;

use crate::scenario::words;

pub use manifest::Manifest;
pub use middle_run::shown_run;
pub use query::{PerRun, RunTables};
pub use summary::{Beside, Verdict, run_summary};
pub use table::{Cell, Table};
