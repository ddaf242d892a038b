//! A copy of a run goes the same way to the bit; re-keyed it goes its own, which its number alone decides.

use crate::golden::scenarios;
use crate::support::attempts;
use dryport::des::{Randomness, SimTime};
use dryport::metrics::attempts::AttemptRow;
use dryport::scenario::Scenario;
use dryport::sim::run::Window;
use dryport::sim::{Attempt, Cause, Connected, Observer, Topology, Walk, World};
use dryport::workload::Arrivals;
use dryport::workload::lifetime::LifetimeLaw;

/// What an attempt was and what it got, less what a log of the window leaves out.
type Row = (SimTime, u64, u32, u32, u32, Result<(u16, SimTime), Cause>);

#[derive(Clone, Debug, Default)]
struct Rows(Vec<Row>);

impl Observer for Rows {
    const IN_ORDER: bool = false;

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.push(attempt, Ok((got.port, got.close_at)));
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.push(attempt, Err(cause));
    }
}

impl Rows {
    fn push(&mut self, attempt: &Attempt, got: Result<(u16, SimTime), Cause>) {
        let Attempt { at, request, retry, source, flow, .. } = *attempt;
        self.0.push((at, request, retry, source, flow, got));
    }
}

fn start<'a>(scenario: &Scenario, topology: &'a Topology) -> Walk<'a> {
    let randomness = Randomness { seed: scenario.run.seed, replication: 0 };
    let opens = SimTime::ZERO + scenario.warm_up();
    let window = Window { opens, length: scenario.run.duration, sample: None, batches: 1 };
    Walk::new(World::new(scenario, topology, randomness, opens), window)
}

/// Everything that is still to come.
fn rest(mut walk: Walk<'_>) -> Vec<Row> {
    let mut rows = Rows::default();
    while walk.step(&mut rows) {}
    rows.0
}

#[test]
fn event_by_event_is_the_same_run() {
    for (name, scenario) in scenarios() {
        let topology = Topology::new(&scenario);
        let opens = SimTime::ZERO + scenario.warm_up();
        let expected: Vec<Row> = attempts(&scenario, 0)
            .iter()
            .map(|row: &AttemptRow| {
                let got = row.got.map(|(port, close)| (port, opens + close));
                (opens + row.at, row.request, row.retry, row.source, row.flow, got)
            })
            .collect();
        let mut walked = rest(start(&scenario, &topology));
        walked.retain(|(at, ..)| *at >= opens);
        assert!(walked == expected && !expected.is_empty(), "{name}");
    }
}

#[test]
fn a_copy_goes_the_same_way_until_it_is_re_keyed() {
    for (name, scenario) in scenarios() {
        let topology = Topology::new(&scenario);
        let mut walk = start(&scenario, &topology);
        let half = rest(walk.clone()).len() / 2;
        let mut before = Rows::default();
        while before.0.len() < half && walk.step(&mut before) {}
        let branch = |number| {
            let mut copy = walk.clone();
            copy.rekey(number);
            rest(copy)
        };
        let original = rest(walk.clone());
        assert!(original == rest(walk.clone()) && !original.is_empty(), "{name}");
        assert!(branch(1) == branch(1), "{name}: a branch is what its number makes it");
        let last = before.0.last().map(|row| row.0);
        assert!(branch(1).first().map(|row| row.0) >= last, "{name}: time goes back");
        let draws = scenario
            .clients
            .iter()
            .any(|client| matches!(client.arrivals, Arrivals::Poisson(_)) || client.lifetime.constant().is_none());
        if draws {
            assert!(branch(1) != original && branch(1) != branch(2), "{name}: a branch goes its own way");
        }
        // What is scheduled stays, so the original is not disturbed by its copies.
        assert!(original == rest(walk), "{name}");
    }
}

#[test]
fn no_draw_of_a_branch_is_one_of_the_original() {
    let (_, scenario) = scenarios().next().expect("there are scenarios");
    let topology = Topology::new(&scenario);
    let mut walk = start(&scenario, &topology);
    let mut before = Rows::default();
    while before.0.len() < 300 && walk.step(&mut before) {}
    let mut copy = walk.clone();
    copy.rekey(1);
    let lives = |rows: Vec<Row>| -> Vec<u64> {
        let new = rows.into_iter().filter(|row| row.2 == 0);
        new.filter_map(|row| row.5.ok().map(|(_, close)| (close - row.0).as_nanos())).collect()
    };
    let (original, branch) = (lives(rest(walk)), lives(rest(copy)));
    assert!(original.len() > 500 && branch.len() > 500);
    assert!(branch.iter().all(|life| !original.contains(life)), "a lifetime was drawn twice");
}
