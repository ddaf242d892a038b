//! Rows of the time series.

/// One scope at one instant, and what happened in the step that ended there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleRow {
    /// Ports with an open connection, at the instant.
    pub established: u32,
    /// Ports in TIME-WAIT, at the instant.
    pub time_wait: u32,
    /// TIME-WAITs that `connect()` could take over, at the instant: they are not busy.
    pub reusable: u32,
    /// Ports that other sockets of the host keep from the scope's, at the instant.
    pub blocked: u32,
    /// Ports that no attempt could take, at the instant: open, in TIME-WAIT or blocked.
    pub busy: u32,
    /// The most of them at any moment of the step.
    pub busy_max: u32,
    /// Attempts of the step.
    pub attempts: u64,
    /// Refusals of the step.
    pub refused: u64,
}
