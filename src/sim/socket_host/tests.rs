//! What observers are told of a few connections that meet on one port.

use super::*;
use crate::scenario::SourceFile;
use crate::sim::Held;
use crate::sim::run::{Window, run};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::AtomicBool;

/// Writes down what it is told, with the second in which it happened and the lane.
#[derive(Default)]
struct Story(Vec<(u64, &'static str, u32)>);

impl Story {
    fn note(&mut self, at: SimTime, what: &'static str, lane: u32) {
        self.0.push((at.as_nanos() / 1_000_000_000, what, lane));
    }
}

impl Observer for Story {
    fn connected(&mut self, attempt: &Attempt, _got: &Connected) {
        self.note(attempt.at, "connected", attempt.lane);
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.note(attempt.at, cause.name(), attempt.lane);
    }

    fn closed(&mut self, at: SimTime, held: &Held) {
        self.note(at, "closed", held.lane);
    }

    fn released(&mut self, at: SimTime, held: &Held, _free: u32) {
        self.note(at, "released", held.lane);
    }

    fn reusable(&mut self, at: SimTime, held: &Held, _free: u32) {
        self.note(at, "reusable", held.lane);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.note(at, "expired", held.lane);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, _offset: u16, _free: u32) {
        self.note(at, "shadowed", lane);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, _offset: u16, _free: u32) {
        self.note(at, "unshadowed", lane);
    }
}

/// What happens on a host with one port. Each client has its keys and the times of its calls, which last 1 s.
fn story(host: &str, destination: &str, clients: &[(&str, &str)]) -> Vec<(u64, &'static str, u32)> {
    let mut text = format!(
        "schema = 1\n[run]\nduration = \"100s\"\n[[host]]\nname = \"h\"\nport_range = \"40000-40000\"\n\
         time_wait = \"4s\"\n{host}\n[[destination]]\nname = \"d\"\n{destination}\n"
    );
    let mut sources = BTreeMap::new();
    for (index, (keys, times)) in clients.iter().enumerate() {
        write!(
            text,
            "[[client]]\nname = \"c{index}\"\nhost = \"h\"\nto = \"d\"\n{keys}\n\
             arrivals = {{ trace = {{ file = \"{index}.csv\" }} }}\nlifetime = {{ constant = {{ value = \"1s\" }} }}\n"
        )
        .expect("a string takes all");
        sources.insert(format!("{index}.csv"), format!("time_s\n{times}\n").into_bytes());
    }
    let scenario = Scenario::read(&SourceFile::new("x.toml", text), &[], &sources);
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let topology = Topology::new(&scenario);
    let randomness = Randomness { seed: 1, replication: 0 };
    let mut world = World::new(&scenario, &topology, randomness, SimTime::ZERO);
    let window = Window { opens: SimTime::ZERO, length: scenario.run.duration, sample: None, batches: 1 };
    let mut story = Story::default();
    run(&mut world, window, &mut story, &AtomicBool::new(false)).expect("nobody stops it");
    story.0
}

#[test]
fn a_time_wait_comes_of_age_and_is_taken_over() {
    let told = story("tw_reuse = \"on\"", "", &[("", "0\n2\n3")]);
    let after = [(3, "connected", 0), (4, "closed", 0), (5, "reusable", 0), (8, "expired", 0)];
    let before = [(0, "connected", 0), (1, "closed", 0), (2, "EADDRNOTAVAIL", 0), (2, "reusable", 0)];
    assert_eq!(told, [&before[..], &[(3, "expired", 0)], &after[..]].concat());
}

#[test]
fn a_port_that_bind_took_is_kept_from_connect_and_the_other_way_round() {
    let told = story("", "", &[("", "1\n7"), ("bind = \"bind-zero\"", "0\n8")]);
    assert_eq!(
        told,
        [
            (0, "shadowed", 0),
            (0, "connected", 1),
            (1, "closed", 1),
            (1, "EADDRNOTAVAIL", 0),
            (5, "unshadowed", 0),
            (5, "released", 1),
            (7, "shadowed", 1),
            (7, "connected", 0),
            (8, "closed", 0),
            (8, "EADDRINUSE", 1),
            (12, "unshadowed", 1),
            (12, "released", 0),
        ]
    );
}

/// An orphan of more than a minute is no mini-socket at first: it holds its port where there is room for none.
#[test]
fn an_orphan_waits_twice_unless_there_is_no_room_for_what_is_left_of_it() {
    let never = "behaviour = \"never-closes\"";
    let told = story("fin_timeout = \"65s\"", never, &[("", "0")]);
    assert_eq!(told, [(0, "connected", 0), (1, "closed", 0), (11, "released", 0)]);
    let told = story("fin_timeout = \"65s\"\nmax_tw_buckets = 0", never, &[("", "0")]);
    assert_eq!(told, [(0, "connected", 0), (1, "closed", 0), (6, "released", 0)]);
    let told = story("fin_timeout = \"5s\"\nmax_tw_buckets = 0", never, &[("", "0")]);
    assert_eq!(told, [(0, "connected", 0), (1, "closed", 0), (1, "released", 0)]);
}

/// A program that names its port has what is left of its last connection at once, but not of a full socket.
#[test]
fn a_named_port_is_taken_over_as_soon_as_there_is_a_mini_socket() {
    let named = "bind = { ports = \"40000-40000\" }\nreuse_address = true";
    let told = story("", "", &[(named, "0\n1")]);
    let again = [(1, "expired", 0), (1, "connected", 0), (2, "closed", 0), (2, "reusable", 0), (6, "expired", 0)];
    let once = [(0, "connected", 0), (1, "closed", 0), (1, "reusable", 0)];
    assert_eq!(told, [&once[..], &again[..]].concat());
    let never = "behaviour = \"never-closes\"";
    let told = story("fin_timeout = \"65s\"", never, &[(named, "0\n2\n6")]);
    let refused = [(0, "connected", 0), (1, "closed", 0), (2, "EADDRNOTAVAIL", 0), (6, "reusable", 0)];
    assert_eq!(told[..6], [&refused[..], &[(6, "expired", 0), (6, "connected", 0)]].concat());
}
