//! Every attempt of one replication, in the columns of a recording, so that a run can be laid over one.

use crate::des::{SimDuration, SimTime};
use crate::sim::{Attempt, Cause, Connected, Observer};
use crate::workload::Behaviour;
use std::fmt;

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// When, from the opening of the window.
    pub at: SimDuration,
    /// The client's how-manieth request.
    pub request: u64,
    /// 0 for its first attempt.
    pub retry: u32,
    /// Which of the host's addresses, from 0.
    pub source: u32,
    /// Whose: index into [`crate::sim::Topology::flows`].
    pub flow: u32,
    /// The port and when its connection closes, from the opening of the window; else why there was none.
    pub got: Result<(u16, SimDuration), Cause>,
    /// Ports looked at.
    pub probes: u32,
}

impl AttemptRow {
    /// The columns of a recorded attempt; traces with them are accepted too.
    pub const COLUMNS: [&'static str; 10] =
        ["time_s", "request", "retry", "client", "source", "destination", "outcome", "port", "close_s", "probes"];

    /// How the outcome reads in a recording: `OK`, or the error that the program saw, which it also sees where it got a
    /// port but the other side, being so, did not answer or refused (`reference/linux.md` 3.7).
    pub const fn outcome(&self, other_side: Behaviour) -> &'static str {
        match (self.got, other_side) {
            (Err(cause), _) => cause.name(),
            (Ok(_), Behaviour::Silent) => "ETIMEDOUT",
            (Ok(_), Behaviour::Refuses) => "ECONNREFUSED",
            (Ok(_), Behaviour::Accepts | Behaviour::NeverCloses) => "OK",
        }
    }
}

/// Hands every attempt of the measured window on.
pub struct AttemptLog<'a> {
    opens: Option<SimTime>,
    sink: &'a mut dyn FnMut(&AttemptRow),
}

impl fmt::Debug for AttemptLog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptLog").field("opens", &self.opens).finish_non_exhaustive()
    }
}

impl<'a> AttemptLog<'a> {
    /// A log that hands each attempt to `sink`.
    pub fn new(sink: &'a mut dyn FnMut(&AttemptRow)) -> Self {
        Self { opens: None, sink }
    }

    fn log(&mut self, attempt: &Attempt, got: Result<&Connected, Cause>) {
        let Some(opens) = self.opens else { return };
        (self.sink)(&AttemptRow {
            at: attempt.at - opens,
            request: attempt.request,
            retry: attempt.retry,
            source: attempt.source,
            flow: attempt.flow,
            got: got.map(|got| (got.port, got.close_at - opens)),
            probes: attempt.probes,
        });
    }
}

impl Observer for AttemptLog<'_> {
    fn window_opens(&mut self, at: SimTime, _free: &[u32]) {
        self.opens = Some(at);
    }

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.log(attempt, Ok(got));
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.log(attempt, Err(cause));
    }
}
