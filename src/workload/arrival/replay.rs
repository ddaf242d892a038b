//! Arrivals as they were recorded: one request per row of a trace.

use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::Rate;
use crate::workload::trace::Trace;
use std::sync::Arc;

/// The rows of a trace, shared between replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    trace: Arc<Trace>,
}

impl Replay {
    /// Replays `trace`.
    pub const fn new(trace: Arc<Trace>) -> Self {
        Self { trace }
    }

    /// What is replayed.
    pub const fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    #[expect(clippy::unused_self, reason = "every process of arrivals answers this")]
    pub(super) const fn rate(&self) -> Option<Rate> {
        None
    }
}

impl Choice for Replay {
    const NAME: &'static str = "trace";
    const SUMMARY: &'static str = "as recorded in a CSV file, one request per row";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "file", kind: Kind::File, required: true, help: "CSV with the column time_s" }];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let (path, bytes) = values.file("file").expect("a required parameter is present");
        match Trace::parse(path, bytes) {
            Ok(trace) => Ok(Self::new(Arc::new(trace))),
            Err(faults) => Err(faults.into_iter().map(|message| Fault::new("file", message)).collect()),
        }
    }
}
