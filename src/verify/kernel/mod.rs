//! What a Linux 6.18 kernel did, done again: the recordings of `tests/data/kernel` that are small enough to ship.
//!
//! The kernel's own attempts are asked of the model, with the kernel's settings and its timer grid where it lay.

mod loads;
pub mod recording;

use super::{Against, Bench, Check, Finding};
use crate::sim::Interrupted;
use recording::{AT_ONCE, FIVE_SECONDS, HELD, Recording, first_refusal, granted, port};

/// Makes the checks and their recordings from one line each: the name, what it is about, how it is judged.
macro_rules! recordings {
    ($($name:literal: $title:literal, $judge:ident;)+) => {
        /// The checks of this family.
        pub const CHECKS: &[Check] =
            &[$(Check { name: $name, title: $title, against: Against::Kernel, judge: $judge },)+];

        /// Name, `case.json` and `attempts.csv`.
        const RECORDINGS: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../tests/data/kernel/", $name, "/case.json")),
            include_str!(concat!("../../../tests/data/kernel/", $name, "/attempts.csv")),
        ),)+];
    };
}

recordings! {
    "constant-50": "50 connects a second on 1,000 ports", totals;
    "two-destinations": "60 a second, alternating over two destinations", totals;
    "bind-zero": "the same with bind() before connect(): one pool", totals;
    "poisson-15": "Poisson arrivals, a little too many", refusals;
    "poisson-18": "Poisson arrivals, far too many", refusals;
    "tw-reuse-5000ms": "tcp_tw_reuse = 1 after 5 s, 100 ports", totals;
    "tw-reuse-loopback-only": "tcp_tw_reuse = 2 towards another machine", exactly;
    "fin-wait-2-10s": "a peer that never closes, tcp_fin_timeout = 10", totals;
    "socket-range-200": "IP_LOCAL_PORT_RANGE of 200 ports", totals;
    "buckets-two-loads": "tcp_max_tw_buckets = 90, both ends on one host", ports_redrawn;
    "order-connect": "connect() takes one parity, then the other", order;
    "order-bind-zero": "bind() takes one parity, then the other", order;
}

/// The recording called `name`.
///
/// # Panics
///
/// When it is not shipped.
pub fn shipped(name: &str) -> Recording {
    let recording = RECORDINGS.iter().find(|(other, ..)| *other == name);
    let (_, case, attempts) = recording.unwrap_or_else(|| panic!("no recording {name}"));
    Recording::new(case, attempts)
}

/// Which attempt is the first to be refused, counted from 1; 0: none is.
fn first<T>(rows: &[T], port: impl Fn(&T) -> Option<u16>) -> f64 {
    first_refusal(rows, port).map_or(0.0, |index| (index + 1) as f64)
}

/// Which attempt is the first to get a port of another parity than the first of all, counted from 1; 0: none is.
fn first_of_the_other_parity<T>(rows: &[T], port: impl Fn(&T) -> Option<u16>) -> f64 {
    let parity = |row: &T| port(row).map(|port| port % 2);
    let begins = rows.first().and_then(parity);
    let other = rows.iter().position(|row| parity(row).is_some_and(|parity| begins != Some(parity)));
    other.map_or(0.0, |index| (index + 1) as f64)
}

/// How many attempts got a port, and which was the first that did not: nothing is drawn but the order of the ports.
fn totals(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let recording = shipped(name);
    judge_totals(&recording, &recording.time_wait(), bench)
}

fn judge_totals(recording: &Recording, time_wait: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let rows = recording.replay(&recording.scenario(AT_ONCE, time_wait), 0, bench)?;
    let recorded = first(&recording.rows, |row| row.port);
    Ok(vec![
        Finding::total("granted", granted(&recording.rows, |row| row.port), granted(&rows, port)),
        Finding::exact("refused from", recorded, Some(first(&rows, port))),
    ])
}

/// The same where it matters which ports the kernel drew: by them server's TIME-WAITs end sooner or later.
fn ports_redrawn(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let recording = shipped(name);
    let refused = recording.rows.len() - granted(&recording.rows, |row| row.port);
    let mut scenario = recording.scenario(AT_ONCE, &recording.time_wait());
    scenario.run.replications = RUNS;
    let experiment = bench.run(&scenario)?;
    let of_runs: Vec<f64> = experiment.of_scope(0).map(|measures| measures.refused as f64).collect();
    Ok(vec![Finding::one_of_many("ports redrawn", refused, &of_runs)])
}

/// The same where no TIME-WAIT ends meanwhile.
fn exactly(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let recording = shipped(name);
    let rows = recording.replay(&recording.scenario(AT_ONCE, &recording.time_wait()), 0, bench)?;
    let recorded = granted(&recording.rows, |row| row.port) as f64;
    Ok(vec![Finding::exact("granted", recorded, Some(granted(&rows, port) as f64))])
}

/// In which order ports are taken that nobody gives back: where the first parity ends, and where the range does.
fn order(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let recording = shipped(name);
    let rows = recording.replay(&recording.scenario(HELD, &recording.time_wait()), 0, bench)?;
    let turns = first_of_the_other_parity(&recording.rows, |row| row.port);
    let recorded = first(&recording.rows, |row| row.port);
    Ok(vec![
        Finding::exact("parity 2 from", turns, Some(first_of_the_other_parity(&rows, port))),
        Finding::exact("refused from", recorded, Some(first(&rows, port))),
    ])
}

/// How many runs a recorded one is held against.
const RUNS: u32 = 40;

/// How many attempts of a random load are refused: with the lifetimes that the kernel saw, and with others of their law.
fn refusals(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let recording = shipped(name);
    let refused = recording.rows.len() - granted(&recording.rows, |row| row.port);
    let rows = recording.replay(&recording.scenario(FIVE_SECONDS, &recording.time_wait()), 0, bench)?;
    let redrawn = recording.without_closes();
    let mut scenario = redrawn.scenario(FIVE_SECONDS, &redrawn.time_wait());
    scenario.run.replications = RUNS;
    let experiment = bench.run(&scenario)?;
    let of_runs: Vec<f64> = experiment.of_scope(0).map(|measures| measures.refused as f64).collect();
    Ok(vec![
        Finding::total("refused", refused, rows.len() - granted(&rows, port)),
        Finding::one_of_many("holds redrawn", refused, &of_runs),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::{Difference, Judged};
    use super::*;
    use std::sync::atomic::AtomicBool;

    /// What the folklore would have: TIME-WAIT lasts a minute to the nanosecond.
    #[test]
    fn a_flat_minute_of_time_wait_disagrees() {
        let recording = shipped("constant-50");
        let stop = AtomicBool::new(false);
        let bench = Bench { jobs: 1, stop: &stop };
        let judge = |time_wait: &str| judge_totals(&recording, time_wait, &bench).unwrap();
        let flat = judge("\"60s\"");
        assert_eq!((flat[0].expected, flat[0].found, flat[0].agrees), (4_591.0, Some(4_996.0), false));
        assert!(matches!(flat[0].difference, Difference::Share(share) if (share - 405.0 / 4_591.0).abs() < 1e-12));
        assert!(judge(&recording.time_wait()).iter().all(|finding| finding.agrees));
        let check = &CHECKS[0];
        assert!(!Judged { check, findings: flat }.agrees());
    }

    #[test]
    fn orders_are_told_by_where_they_turn() {
        let ports = [Some(4), Some(6), Some(3), None, Some(8)];
        assert_eq!((first_of_the_other_parity(&ports, |port| *port), first(&ports, |port| *port)), (3.0, 4.0));
        assert_eq!(
            (first_of_the_other_parity(&ports[..2], |port| *port), first(&ports[..2], |port| *port)),
            (0.0, 0.0)
        );
    }
}
