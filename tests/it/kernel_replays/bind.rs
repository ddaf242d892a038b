//! Sockets that `bind()` before they connect, and sockets with a range of their own (`reference/linux.md` 1.8 and 2).

use super::recording::{
    AT_ONCE, HELD, Recording, Replay, decided_alike, distinct, first_refusal, granted, port, read_recording,
};
use dryport::workload::Behaviour;

/// The outcomes of all attempts, in words.
fn outcomes(recording: &Recording) -> Vec<&'static str> {
    recording.rows.iter().map(|row| row.outcome).collect()
}

#[test]
fn bind_before_connect_shares_one_pool_among_all_destinations() {
    // What the rules alone grant, with the grid at 1.246 s: ground-truth/README.md.
    for (name, first, error, model) in [
        ("bind-zero", 1000, "EADDRINUSE", 3000),
        ("bind-zero-reuseaddr", 1000, "EADDRINUSE", 3000),
        ("bind-zero-no-port", 2000, "EADDRNOTAVAIL", 5552),
    ] {
        let recording = read_recording(name);
        assert_eq!(first_refusal(&recording.rows, |row| row.port), Some(first));
        assert!(outcomes(&recording).iter().all(|outcome| ["OK", error].contains(outcome)), "{name}");
        let recorded = granted(&recording.rows, |row| row.port);
        let scenario = recording.scenario(AT_ONCE, &recording.time_wait());
        for replication in 0..3 {
            let rows = recording.answers(&scenario, replication);
            assert_eq!((granted(&rows, port), first_refusal(&rows, port)), (model, Some(first)), "{name}");
            assert!(model.abs_diff(recorded) <= 5, "{name}: recorded {recorded}");
            assert!(decided_alike(&recording, &rows) >= 0.995, "{name}");
            assert!(rows.iter().all(|row| ["OK", error].contains(&row.outcome(Behaviour::Accepts))), "{name}");
        }
    }
}

/// The offsets of the first ports in blocks of 250, as (least, most, odd ones).
fn blocks(ports: &[Option<u16>]) -> Vec<(u16, u16, usize)> {
    let of = |block: &[Option<u16>]| {
        let offsets: Vec<u16> = block.iter().map(|port| port.expect("granted") - 40_000).collect();
        let odd = offsets.iter().filter(|offset| **offset % 2 == 1).count();
        (offsets.iter().min().unwrap() / 500, offsets.iter().max().unwrap() / 500, odd)
    };
    ports[..1000].chunks(250).map(of).collect()
}

#[test]
fn bind_takes_odd_offsets_first_and_with_reuseaddr_the_lower_half() {
    let plain = [(0, 1, 250), (0, 1, 250), (0, 1, 0), (0, 1, 0)];
    let halves = [(0, 0, 250), (0, 0, 0), (1, 1, 250), (1, 1, 0)];
    for (name, expected) in [("order-bind-zero", plain), ("order-bind-zero-reuseaddr", halves)] {
        let recording = read_recording(name);
        let recorded: Vec<_> = recording.rows.iter().map(|row| row.port).collect();
        let scenario = recording.scenario(HELD, &recording.time_wait());
        let replays = (0..3).map(|replication| recording.answers(&scenario, replication).iter().map(port).collect());
        for ports in std::iter::once(recorded).chain(replays) {
            assert_eq!(blocks(&ports), expected, "{name}");
            assert_eq!(distinct(ports.iter().copied()).len(), 1000, "{name}");
            assert_eq!(ports.iter().position(Option::is_none), Some(1000), "{name}");
            assert!(ports[1000..].iter().all(Option::is_none), "{name}");
        }
    }
}

/// Each start is drawn anew: how far a port lies from the one before is anything.
#[test]
fn bind_starts_anywhere_each_time() {
    let recording = read_recording("order-bind-zero");
    let scenario = recording.scenario(HELD, &recording.time_wait());
    let recorded: Vec<u16> = recording.rows.iter().filter_map(|row| row.port).take(100).collect();
    let replayed: Vec<u16> = recording.answers(&scenario, 0).iter().filter_map(port).take(100).collect();
    for ports in [recorded, replayed] {
        // Of connect()'s steps all of these would be up to 16 (`order-connect`); at random 1.6 % are.
        let near = ports.windows(2).filter(|pair| (1..=16).contains(&(pair[1].wrapping_sub(pair[0])))).count();
        assert!(near < 15, "{near} of 99");
    }
}

#[test]
fn a_socket_s_own_range_is_used_to_the_last_port_and_no_further() {
    for (name, lifetime, first, last) in
        [("socket-range-200", AT_ONCE, 40_200, 40_399), ("order-socket-range", HELD, 40_200, 40_599)]
    {
        let recording = read_recording(name);
        let size = usize::from(last - first) + 1;
        let recorded: Vec<_> = recording.rows.iter().map(|row| row.port).collect();
        let scenario = recording.scenario(lifetime, &recording.time_wait());
        let replays = (0..3).map(|replication| recording.answers(&scenario, replication).iter().map(port).collect());
        for ports in std::iter::once(recorded).chain(replays) {
            assert_eq!(ports.iter().position(Option::is_none), Some(size), "{name}");
            assert!(distinct(ports.iter().copied()).into_iter().eq(first..=last), "{name}");
            assert_eq!(ports.iter().flatten().count(), size, "{name}");
        }
    }
}

#[test]
fn a_socket_s_own_range_is_searched_port_by_port() {
    let recording = read_recording("order-socket-range");
    let scenario = recording.scenario(HELD, &recording.time_wait());
    let recorded: Vec<u16> = recording.rows.iter().filter_map(|row| row.port).collect();
    let replayed: Vec<u16> = recording.answers(&scenario, 0).iter().filter_map(port).collect();
    for ports in [recorded, replayed] {
        // On an empty table 1 to 8, not 2 to 16 (`reference/linux.md` 1.4).
        let steps: Vec<u16> = ports.windows(2).take(60).map(|pair| (pair[1] + 400 - pair[0]) % 400).collect();
        assert!(steps.iter().all(|step| (1..=8).contains(step)), "{steps:?}");
        assert!((1..=8).all(|step| steps.contains(&step)) || steps.len() < 60, "{steps:?}");
    }
}
