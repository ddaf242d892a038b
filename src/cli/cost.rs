//! What a command is about to cost, said before it starts where that is much.

use crate::experiment::Experiment;
use crate::report::tables::size_of_runs;
use crate::scenario::limits::expected_requests;
use crate::scenario::words::{about_seconds, plural};
use crate::scenario::{KeptRuns, Scenario};

/// Nanoseconds of one core for a `connect()`, about: what `cargo bench --bench end_to_end` finds.
const NANOS_PER_CONNECT: f64 = 150.0;
/// From so many seconds on, and from so many bytes on, it is said.
const SECONDS_MUCH: f64 = 600.0;
const BYTES_MUCH: u64 = 100_000_000;
/// What can be written within a second or so, once Ctrl-C was pressed.
const BYTES_IN_HASTE: u64 = 50_000_000;

/// The `connect()` calls of all runs of a scenario, warm-up and all, on average.
pub(super) fn connects(scenario: &Scenario) -> f64 {
    let window = scenario.run.duration.as_secs_f64() + scenario.warm_up().as_secs_f64();
    expected_requests(scenario, window) * f64::from(scenario.run.replications)
}

/// How many seconds one core takes for so many `connect()` calls, about.
pub(super) fn seconds_for(connects: f64) -> f64 {
    connects * NANOS_PER_CONNECT / 1e9
}

/// Would the figures of so many runs of each scenario take longer to write than one waits who has pressed Ctrl-C?
pub(super) fn is_long_to_write<'s>(each: impl IntoIterator<Item = (&'s Scenario, &'s Experiment)>) -> bool {
    let size = |(scenario, experiment): (_, &Experiment)| size_of_runs(scenario, experiment.outcomes.len() as u64);
    each.into_iter().map(size).sum::<u64>() > BYTES_IN_HASTE
}

/// What is to be said of runs that take so many seconds of one core, on `jobs` threads (0: one for each core), and of the
/// figures of each run that they leave.
pub(super) fn of_runs(scenarios: &[&Scenario], jobs: usize) -> Option<String> {
    let seconds = seconds_for(scenarios.iter().map(|scenario| connects(scenario)).sum());
    let keep = scenarios.iter().all(|scenario| scenario.run.keep == KeptRuns::All);
    let runs = |scenario: &&Scenario| u64::from(scenario.run.replications);
    let size = |scenario: &&Scenario| size_of_runs(scenario, runs(scenario));
    let bytes = if keep { scenarios.iter().map(size).sum() } else { 0 };
    let runs = scenarios.iter().map(runs).sum();
    let size = (bytes >= BYTES_MUCH).then(|| {
        let (size, runs) = (about_bytes(bytes), plural(runs, "run"));
        format!("replications.csv of {runs} takes about {size}; run.keep = \"summary\" leaves it out")
    });
    let parts: Vec<String> = of_time(seconds, jobs).into_iter().chain(size).collect();
    (!parts.is_empty()).then(|| format!("note: {}", parts.join("; ")))
}

/// How long so many seconds of one core take on `jobs` threads.
pub(super) fn seconds_on(seconds: f64, jobs: usize) -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if jobs == 0 { cores } else { jobs.min(cores) };
    seconds / threads as f64
}

/// What is to be said of so many seconds of one core.
pub(super) fn of_time(seconds: f64, jobs: usize) -> Option<String> {
    // To the minute.
    let seconds = 60.0 * (seconds_on(seconds, jobs) / 60.0).round();
    (seconds >= SECONDS_MUCH)
        .then(|| format!("this takes about {}; Ctrl-C keeps what is whole", about_seconds(seconds)))
}

fn about_bytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 1e3 { format!("{megabytes:.0} MB") } else { format!("{:.1} GB", megabytes / 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    /// A scenario with this many runs of 10 s at 1/s.
    fn runs(replications: u32, keep: &str) -> Scenario {
        let text = format!(
            "schema = 1\n[run]\nduration = \"10s\"\nreplications = {replications}\nkeep = \"{keep}\"\n\
             [[host]]\nname = \"h\"\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
             arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\nlifetime = {{ constant = {{ value = \"1s\" }} }}\n"
        );
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Scenario::read(&SourceFile::new("tiny.toml", text), &[], &sources).unwrap()
    }

    /// Issue 16, C4: replications.csv of 80,000 runs was 515 MB, unannounced.
    #[test]
    fn what_is_much_is_said_before() {
        assert_eq!(of_runs(&[&runs(10_000, "all")], 1), None);
        let said = of_runs(&[&runs(80_000, "all")], 1).unwrap();
        assert!(said.starts_with("note: replications.csv of 80,000 runs takes about 4"), "{said}");
        assert_eq!(of_runs(&[&runs(80_000, "summary")], 1), None);
        assert_eq!(of_time(540.0, 1), None);
        assert_eq!(of_time(1_799.0, 1).unwrap(), "this takes about 30 min; Ctrl-C keeps what is whole");
    }
}
