//! Arrivals as they were recorded: one request per row of a trace.

use super::{ArrivalLaw, Process};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::{Rate, SimTime, Words};
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
}

impl ArrivalLaw for Replay {
    fn rate(&self) -> Option<Rate> {
        None
    }

    fn start(&self, _words: Words, window: SimTime) -> Box<dyn Process> {
        Box::new(Rows { trace: self.trace.clone(), next: 0, window })
    }
}

/// The instants of the rows, which count from the start of the measured window.
#[derive(Clone, Debug)]
struct Rows {
    trace: Arc<Trace>,
    next: usize,
    window: SimTime,
}

impl Process for Rows {
    fn fill(&mut self, instants: &mut [SimTime]) -> usize {
        let rows = &self.trace.rows[self.next..];
        let written = rows.len().min(instants.len());
        for (instant, row) in instants.iter_mut().zip(rows) {
            *instant = self.window + (row.at - SimTime::ZERO);
        }
        self.next += written;
        written
    }

    fn copy(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Choice for Replay {
    const NAME: &'static str = "trace";
    const SUMMARY: &'static str = "as recorded in a CSV file, one request per row";
    const EXAMPLE: &'static str = "file = \"trace.csv\"";
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
