//! A scenario: TOML in, a validated [`Scenario`] out, or every fault of the file with its place.
//!
//! [`read`](Scenario::read) goes through these steps, a file each: [`tree`] and [`json`] (text to values with their
//! places), [`overrides`] (`--set`), `read*` (values to a [`Scenario`], with [`quantity`] for what has a unit),
//! [`limits`] (the whole before memory is taken); faults are collected in [`diagnostics`]. Laws, allocators and
//! profiles are read from their registries, so adding one changes nothing here. A new key is a line in
//! [`keys`] and its reading in the `read_*` file of its table. Opens no file: traces come through [`Sources`]. Must never know how a scenario is simulated.

mod chance;
pub mod claim;
pub mod condition;
mod contradictions;
pub mod diagnostics;
mod excerpt;
pub mod json;
pub mod keys;
pub mod knob;
pub mod limits;
pub mod load;
pub mod metric_name;
pub mod model;
pub mod overrides;
pub mod quantity;
mod read;
mod read_assert;
mod read_choice;
mod read_client;
mod read_host;
mod read_run;
mod read_sockets;
mod read_value;
pub mod resolved;
pub mod schema;
pub mod sources;
pub mod suggest;
pub mod template;
pub mod tree;
mod understood;
pub mod vary;
pub mod ways;
pub mod words;

pub use claim::Claim;
pub use condition::{Condition, Statement};
pub use diagnostics::Diagnostics;
pub use knob::{Better, Knob, Quantity};
pub use metric_name::MetricName;
pub use model::{Assert, Client, ConnectCost, Destination, Host, KeptRuns, RunSettings, Scenario, WarmUp};
pub use read::{ParsedFile, Reading};
pub use sources::{SourceError, SourceFile, Sources};
pub use vary::{Axis, Grid, Variant};
