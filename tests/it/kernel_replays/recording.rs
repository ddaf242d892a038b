//! The recordings as the tests read them, all of them: `dryport::verify` holds some.

use crate::support::bench;
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::metrics::attempts::AttemptRow;
use dryport::port::Clock;
use dryport::scenario::Scenario;
use std::fs::read_to_string;

pub(super) use crate::support::attempts;
pub(super) use dryport::verify::bench::read;
pub(super) use dryport::verify::kernel::recording::{
    AT_ONCE, FIVE_SECONDS, GRID, HELD, Recording, decided_alike, differing, distinct, first_refusal, granted, port,
};

fn file(recording: &str, name: &str) -> String {
    let path = format!("{}/tests/data/kernel/{recording}/{name}", env!("CARGO_MANIFEST_DIR"));
    read_to_string(path).expect("it can be read")
}

/// A folder of tests/data/kernel.
pub(crate) fn read_recording(name: &str) -> Recording {
    Recording::new(&file(name, "case.json"), &file(name, "attempts.csv"))
}

/// What is done with a recording.
pub(super) trait Replay {
    /// The model's answers, one for each recorded attempt.
    fn answers(&self, scenario: &Scenario, replication: u32) -> Vec<AttemptRow>;
}

impl Replay for Recording {
    fn answers(&self, scenario: &Scenario, replication: u32) -> Vec<AttemptRow> {
        self.replay(scenario, replication, &bench()).expect("nobody stops it")
    }
}

/// How many sockets were in TIME-WAIT, sample by sample.
pub(super) fn time_waits(name: &str) -> Vec<(SimDuration, usize)> {
    let sample = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let millis: String = fields[0].chars().filter(char::is_ascii_digit).collect();
        (SimDuration::from_millis(millis.parse().expect("digits")), fields[8].parse().expect("a count"))
    };
    file(name, "persecond.csv").lines().skip(1).map(sample).collect()
}

/// How long the kernel, and the model, keep the hash of a destination (`reference/linux.md` 1.2).
pub(super) const EPOCH: SimDuration = SimDuration::from_secs(10);

/// The ten-second epochs of the model's only host, named `host`.
pub(super) fn epochs(scenario: &Scenario, replication: u32) -> impl Fn(SimDuration) -> u64 {
    let host = &scenario.hosts[0];
    let randomness = Randomness { seed: scenario.run.seed, replication: replication.into() };
    let clock = Clock::draw(randomness, &format!("host:{}", host.name), host.time_wait.grid(), host.time_wait.phase());
    move |at| clock.epoch(SimTime::ZERO + at, EPOCH)
}
