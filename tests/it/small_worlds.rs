//! Every world there is, up to a size: all traces on a lattice of instants, against a slow model that is obvious.
//!
//! The model knows nothing of queues, bitmaps or integrals: it keeps the instant until which each port is held and
//! counts second by second. Which port is chosen is the allocator's to say; that it is free is the model's.

use crate::support::{Draft, constant};
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::metrics::attempts::AttemptRow;
use dryport::metrics::recorder::{Keep, Views};
use dryport::metrics::{AttemptLog, LaneMoment, Measures, Recorder};
use dryport::port::AllocatorKind;
use dryport::scenario::Scenario;
use dryport::sim::run::Window;
use dryport::sim::{Topology, World, run};
use dryport::workload::arrival::Replay;
use dryport::workload::trace::Row;
use dryport::workload::{Arrivals, ClosesFirst, Trace};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const SECOND: u64 = 1_000_000_000;
/// The window ends while things are still held in the longer worlds.
const END: u64 = 5;

/// One request: when it comes, how long its connection lasts, and who closes it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wish {
    at: u64,
    life: u64,
    closes_first: ClosesFirst,
}

/// A world but for its trace.
#[derive(Clone, Copy, Debug)]
struct Setting {
    ports: u32,
    wait: u64,
    allocator: AllocatorKind,
}

/// A port's time with one connection, in seconds.
#[derive(Clone, Copy, Debug)]
struct Hold {
    port: usize,
    taken: u64,
    closed: u64,
    free: u64,
}

/// Runs the worlds of one setting.
struct Runner {
    scenario: Scenario,
    topology: Topology,
    views: Views,
}

impl Runner {
    fn new(setting: Setting) -> Self {
        let draft = Draft {
            duration: format!("{END}s"),
            ports: setting.ports,
            allocator: setting.allocator.name().to_owned(),
            time_wait: format!("{}s", setting.wait),
            // Those of the trace hold: nothing is to be drawn.
            lifetime: constant(1.0),
            ..Draft::default()
        };
        let scenario = draft.scenario();
        let topology = Topology::new(&scenario);
        let views = Views::new(&topology);
        Self { scenario, topology, views }
    }

    /// The log and the figures of one world.
    fn run(&mut self, wishes: &[Wish]) -> (Vec<AttemptRow>, Measures) {
        let rows = wishes.iter().map(|wish| Row {
            at: SimTime::from_nanos(wish.at * SECOND),
            lifetime: Some(SimDuration::from_secs(wish.life)),
            destination: None,
            closes_first: Some(wish.closes_first),
        });
        let trace = Trace { path: "t.csv".into(), rows: rows.collect(), destinations: Vec::new() };
        self.scenario.clients[0].arrivals = Arrivals::Replay(Replay::new(Arc::new(trace)));
        let window = Window { opens: SimTime::ZERO, length: SimDuration::from_secs(END), sample: None, batches: 1 };
        let mut log = Vec::new();
        let mut sink = |row: &AttemptRow| log.push(*row);
        let mut both = (Recorder::new(&self.topology, &self.views, Keep::Summary), AttemptLog::new(&mut sink));
        let randomness = Randomness { seed: 1, replication: 0 };
        let mut world = World::new(&self.scenario, &self.topology, randomness, SimTime::ZERO);
        run(&mut world, window, &mut both, &AtomicBool::new(false)).expect("nobody stops it");
        let record = both.0.finish(SimTime::from_nanos(END * SECOND));
        (log, record.measures[0])
    }
}

/// Asserts that the outcomes are the only ones there can be, and that the figures follow from them.
fn check(setting: Setting, wishes: &[Wish], log: &[AttemptRow], found: &Measures) {
    let context = || format!("{setting:?} {wishes:?}");
    assert_eq!(log.len(), wishes.len(), "{}", context());
    let mut held_until = vec![0; setting.ports as usize];
    let mut holds: Vec<Hold> = Vec::new();
    let mut expected = Measures { requests: wishes.len() as u64, ..Measures::default() };
    for (wish, row) in wishes.iter().zip(log) {
        assert_eq!(row.at.as_nanos(), wish.at * SECOND, "{}", context());
        let free = held_until.iter().any(|until| *until <= wish.at);
        assert_eq!(row.got.is_ok(), free, "{row:?} in {}", context());
        let Ok((port, close)) = row.got else {
            expected.refused += 1;
            expected.lost += 1;
            expected.first_refusal.get_or_insert(row.at);
            continue;
        };
        let port = usize::from(port - 10_000);
        assert!(held_until[port] <= wish.at, "a taken port in {}", context());
        let closed = wish.at + wish.life;
        assert_eq!(close.as_nanos(), closed * SECOND);
        let free = closed + if wish.closes_first == ClosesFirst::Client { setting.wait } else { 0 };
        held_until[port] = free;
        expected.connects += 1;
        expected.second_parity += (port % 2) as u64;
        let busy = held_until.iter().filter(|until| **until > wish.at).count() as u64;
        // A hold of no length is over at once, but it was one.
        expected.busy_peak = expected.busy_peak.max(busy + u64::from(free == wish.at));
        if let Some(before) = holds.iter().rfind(|hold| hold.port == port) {
            let idle = SimDuration::from_secs(wish.at - before.free);
            expected.reuses += 1;
            expected.idle += u128::from(idle.as_nanos());
            expected.idle_min = Some(expected.idle_min.map_or(idle, |least| least.min(idle)));
        }
        holds.push(Hold { port, taken: wish.at, closed, free });
    }
    count_seconds(setting, &holds, &mut expected);
    assert_eq!(*found, complete(setting, &expected, found), "{}", context());
}

/// What is no matter of the model: constants, and ports looked at, which the allocators' own tests are about. What these
/// cost follows from their number and from what the ports were doing.
fn complete(setting: Setting, expected: &Measures, found: &Measures) -> Measures {
    assert_eq!(found.probes_refused, found.refused * u64::from(setting.ports));
    assert!(found.probes >= found.connects);
    let busy = expected.busy.max(1);
    let in_vain = |ports: u64| {
        let sum = i128::from(ports) * (50 * expected.established + 225 * (expected.busy - expected.established));
        u128::try_from((2 * sum + busy) / (2 * busy)).expect("no less than nothing")
    };
    let near = |one: u128, other: u128| assert!(one.abs_diff(other) <= 1, "{one} {other} {found:?}");
    let (connected, refused) = (in_vain(found.probes - found.connects), in_vain(found.probes_refused));
    near(found.connect_cost, u128::from(found.connects) * 31_000 + connected);
    near(found.refused_cost, u128::from(found.refused) * 31_000 + refused);
    near(found.search_cost, connected + refused);
    let attempt = |ports: u64| if found.connects + found.refused == 0 { 0 } else { 31_000 + in_vain(ports) };
    let got = u64::from(found.refused == 0);
    near(found.connect_cost_max.into(), attempt(found.probes_max.saturating_sub(got)));
    let p99 = if found.connects == 0 { 0 } else { attempt(found.probes_p99 - 1) };
    near(found.connect_cost_p99.into(), p99.min(found.connect_cost_max.into()));
    let ports = u64::from(setting.ports);
    Measures {
        duration: SimDuration::from_secs(END),
        capacity: ports,
        headroom: ports - expected.busy_peak,
        fullest: LaneMoment { busy: expected.busy_peak, ports },
        probes: found.probes,
        probes_p99: found.probes_p99,
        probes_max: found.probes_max,
        probes_refused: found.probes_refused,
        connect_cost: found.connect_cost,
        connect_cost_p99: found.connect_cost_p99,
        connect_cost_max: found.connect_cost_max,
        refused_cost: found.refused_cost,
        search_cost: found.search_cost,
        ..*expected
    }
}

/// Integrals and spells, second by second: nothing changes within one.
fn count_seconds(setting: Setting, holds: &[Hold], expected: &mut Measures) {
    let mut spell = 0;
    for now in 0..END {
        let within = |from: u64, to: u64| from <= now && now < to;
        let busy = holds.iter().filter(|hold| within(hold.taken, hold.free)).count();
        let open = holds.iter().filter(|hold| within(hold.taken, hold.closed)).count();
        expected.busy += i128::from(SECOND * busy as u64);
        expected.established += i128::from(SECOND * open as u64);
        if busy < setting.ports as usize {
            spell = 0;
            continue;
        }
        spell += 1;
        expected.outages += u64::from(spell == 1);
        expected.full = SimDuration::from_nanos(expected.full.as_nanos() + SECOND);
        expected.outage_longest = expected.outage_longest.max(SimDuration::from_secs(spell));
    }
}

/// Every setting with up to three ports and a wait of up to two seconds. Linux needs an even range, or one port.
fn settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    for &allocator in AllocatorKind::ALL {
        let sizes = if allocator.is_parity_first() { [1, 2, 4] } else { [1, 2, 3] };
        for ports in sizes {
            settings.extend((0..=2).map(|wait| Setting { ports, wait, allocator }));
        }
    }
    settings
}

/// Calls `each` with all sequences of `count` wishes whose instants are in order.
fn all_traces(count: usize, kinds: &[Wish], wishes: &mut Vec<Wish>, each: &mut impl FnMut(&[Wish])) {
    if wishes.len() == count {
        each(wishes);
        return;
    }
    let now = wishes.last().map_or(0, |wish| wish.at);
    for &wish in kinds.iter().filter(|wish| wish.at >= now) {
        wishes.push(wish);
        all_traces(count, kinds, wishes, each);
        wishes.pop();
    }
}

/// Tries every trace of so many requests in every setting; returns how many worlds that were.
fn try_all(count: usize, kinds: &[Wish]) -> usize {
    let mut worlds = 0;
    for setting in settings() {
        let mut runner = Runner::new(setting);
        all_traces(count, kinds, &mut Vec::new(), &mut |wishes| {
            let (log, found) = runner.run(wishes);
            check(setting, wishes, &log, &found);
            worlds += 1;
        });
    }
    worlds
}

/// All wishes with these instants, lifetimes and closers.
fn kinds(instants: &[u64], lives: &[u64], closers: &[ClosesFirst]) -> Vec<Wish> {
    let mut kinds = Vec::new();
    for &at in instants {
        for &life in lives {
            kinds.extend(closers.iter().map(|&closes_first| Wish { at, life, closes_first }));
        }
    }
    kinds
}

// `C(n + instants - 1, n)` ways to order the instants of n requests, times everything else for each.

#[test]
fn every_trace_of_three_requests() {
    let kinds = kinds(&[0, 1, 2, 3], &[0, 1, 2, 3], &[ClosesFirst::Client, ClosesFirst::Server]);
    assert_eq!(try_all(3, &kinds), settings().len() * 20 * 512);
}

#[test]
fn every_trace_of_four_requests() {
    let kinds = kinds(&[0, 1, 2, 3], &[0, 1, 3], &[ClosesFirst::Client]);
    assert_eq!(try_all(4, &kinds), settings().len() * 35 * 81);
}

#[test]
fn every_trace_of_five_requests() {
    let kinds = kinds(&[0, 1, 2], &[0, 1, 2], &[ClosesFirst::Client]);
    assert_eq!(try_all(5, &kinds), settings().len() * 21 * 243);
}
