//! Every attempt of one replication as a CSV, row by row as it happens.

use crate::metrics::AttemptRow;
use crate::scenario::Scenario;
use crate::sim::Topology;
use crate::sim::topology::Flow;
use crate::workload::Behaviour;
use std::io::{self, Write};

/// How such a file begins.
pub const BEGINS: &[&[u8]] = &[b"time_s,request,retry,client,source,"];

/// Writes attempts as rows; remembers the first failure, since a simulation has no use for it.
pub struct AttemptCsv<'a> {
    out: &'a mut dyn Write,
    /// Of each flow the names of its client and its destination, and how that answers.
    flows: Vec<(&'a str, &'a str, Behaviour)>,
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
        let flow = |flow: &Flow| {
            let (client, destination) = (&scenario.clients[flow.client], &scenario.destinations[flow.destination]);
            (&*client.name, &*destination.name, destination.behaviour)
        };
        let flows = topology.flows.iter().map(flow).collect();
        writeln!(out, "{}", AttemptRow::COLUMNS.join(","))?;
        Ok(Self { out, flows, failure: None })
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
        let (client, destination, behaviour) = self.flows[row.flow as usize];
        let outcome = row.outcome(behaviour);
        write!(self.out, "{at},{request},{retry},{client},{source},{destination},{outcome},")?;
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
