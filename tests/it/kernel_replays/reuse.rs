//! Ports that are free again at once: nobody but the client's own close makes TIME-WAIT (`reference/linux.md` 3.1).

use super::recording::{AT_ONCE, Recording, Replay, distinct, port, read_recording};

/// The first parity of the range, each port of it.
fn first_parity(recording: &Recording) -> Vec<u16> {
    let (first, last) = recording.range();
    (first..=last).step_by(2).collect()
}

#[test]
fn whoever_leaves_the_time_wait_to_others_is_never_refused() {
    for (name, ports) in [("server-closes-first", 50), ("reset-close", 500)] {
        let recording = read_recording(name);
        let parity = first_parity(&recording);
        assert_eq!(parity.len(), ports);
        let all = |found: Vec<Option<u16>>| {
            assert!(found.iter().all(Option::is_some), "{name}: refused");
            // With a free port wherever a search begins, it walks round one parity and never tries the other.
            assert!(distinct(found.into_iter()).into_iter().eq(parity.iter().copied()), "{name}");
        };
        all(recording.rows.iter().map(|row| row.port).collect());
        let scenario = recording.scenario(AT_ONCE, &recording.time_wait());
        for replication in 0..3 {
            let rows = recording.answers(&scenario, replication);
            assert!(rows.iter().all(|row| row.probes == 1), "{name}");
            all(rows.iter().map(port).collect());
        }
    }
}
