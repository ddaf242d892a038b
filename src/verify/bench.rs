//! How a check gets its figures: scenarios that are part of the program, and their runs.

use crate::experiment::{Checks, Experiment, Settings, replicate, replicate_one};
use crate::metrics::AttemptLog;
use crate::metrics::attempts::AttemptRow;
use crate::scenario::{Scenario, SourceFile};
use crate::sim::{Interrupted, Topology};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where checks are run; none of it changes a figure.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// Threads; 0: one for each core.
    pub jobs: usize,
    /// Set to true from another thread to stop early.
    pub stop: &'a AtomicBool,
}

impl Bench<'_> {
    /// All replications.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] when some of them are missing.
    pub fn run(&self, scenario: &Scenario) -> Result<Experiment, Interrupted> {
        let settings = Settings { jobs: self.jobs, checks: Checks::Off, stop: self.stop, progress: &|_| {} };
        let experiment = replicate(scenario, &settings);
        if self.stop.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(experiment) }
    }

    /// Every attempt of one replication.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] when it is not whole.
    pub fn attempts(&self, scenario: &Scenario, replication: u32) -> Result<Vec<AttemptRow>, Interrupted> {
        let mut rows = Vec::new();
        let mut sink = |row: &AttemptRow| rows.push(*row);
        let mut log = AttemptLog::new(&mut sink);
        replicate_one(scenario, &Topology::new(scenario), replication, &mut log, self.stop)?;
        Ok(rows)
    }
}

/// A scenario from text and from files in memory.
///
/// # Panics
///
/// When it is no scenario: it is part of the program.
pub fn read(text: &str, files: &BTreeMap<String, Vec<u8>>) -> Scenario {
    Scenario::read(&SourceFile::new("built-in.toml", text), &[], files)
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}
