//! Every attempt of one replication as a CSV, row by row as it happens.

use crate::metrics::AttemptRow;
use crate::scenario::Scenario;
use crate::sim::Topology;
use std::io::{self, Write};

/// Writes attempts as rows; remembers the first failure, since a simulation has no use for it.
pub struct AttemptCsv<'a> {
    out: &'a mut dyn Write,
    /// The name of the destination of each flow.
    destinations: Vec<&'a str>,
    failure: Option<io::Error>,
}

impl std::fmt::Debug for AttemptCsv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttemptCsv").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl<'a> AttemptCsv<'a> {
    /// Begins with the header.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn new(scenario: &'a Scenario, topology: &Topology, out: &'a mut dyn Write) -> io::Result<Self> {
        let name = |destination: usize| &*scenario.destinations[destination].name;
        let destinations = topology.flows.iter().map(|flow| name(flow.destination)).collect();
        writeln!(out, "{}", AttemptRow::COLUMNS.join(","))?;
        Ok(Self { out, destinations, failure: None })
    }

    /// Writes a row; true when that failed, now or before.
    pub fn push(&mut self, row: &AttemptRow) -> bool {
        if self.failure.is_none() {
            self.failure = self.write(row).err();
        }
        self.failure.is_some()
    }

    /// Names hold no comma and no quote, and times print exactly: nothing here needs the care of a CSV writer.
    fn write(&mut self, row: &AttemptRow) -> io::Result<()> {
        let AttemptRow { at, request, retry, source, probes, .. } = row;
        let (destination, outcome) = (self.destinations[row.flow as usize], row.outcome());
        write!(self.out, "{at},{request},{retry},{source},{destination},{outcome},")?;
        match row.got {
            Ok((port, close)) => writeln!(self.out, "{port},{close},{probes}"),
            Err(_) => writeln!(self.out, ",,{probes}"),
        }
    }

    /// How it went.
    ///
    /// # Errors
    ///
    /// The first failure.
    pub fn finish(self) -> io::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }
}
