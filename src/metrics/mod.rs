//! What is observed of a run: counters, exact integrals of ports over time, a time series, and the checks that ride along.
//!
//! [`Recorder`] watches one replication and ends as [`Measures`], raw figures per scope; [`definition`] says which metrics
//! are made of them and how replications are put together. An observer costs nothing when it is absent.

pub mod attempts;
pub mod batches;
mod books;
pub mod connect_cost;
pub mod definition;
pub mod invariants;
pub mod life_story;
pub mod measures;
pub mod port_history;
pub mod probe_grid;
pub mod recorder;
pub mod reuse_intervals;
pub mod series;

pub use attempts::{AttemptLog, AttemptRow};
pub use batches::Batches;
pub use definition::{METRICS, Method, Metric};
pub use invariants::Invariants;
pub use life_story::{AttemptStory, Hero, Keeps, Kept, LifeStory, PortUse, Told};
pub use measures::{LaneMoment, Measures};
pub use port_history::{PortHistory, PortSpan, PortState};
pub use probe_grid::{ProbeGrid, ProbeWatch};
pub use recorder::{Recorder, View};
pub use reuse_intervals::{ReuseIntervals, Reuses};
pub use series::SampleRow;
