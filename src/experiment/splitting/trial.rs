//! One replication that is copied at levels, and what comes of all of its copies together.

use super::levels::{Histogram, Levels};
use crate::des::{Randomness, SimTime, Tournament};
use crate::port::Lane;
use crate::scenario::Scenario;
use crate::sim::run::Window;
use crate::sim::{Attempt, Cause, Connected, Held, Interrupted, Observer, Topology, Walk, World};
use crate::workload::lifetime::unit_open;
use std::sync::atomic::{AtomicBool, Ordering};

/// What replications are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial<'a> {
    scenario: &'a Scenario,
    topology: &'a Topology,
    stop: &'a AtomicBool,
}

/// What came of one replication, all of its copies together.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Attempts in the measured window, and those refused, each by what it counts for.
    pub(super) attempts: f64,
    pub(super) refused: f64,
    /// The fewest ports that were left free of a lane in the measured window.
    pub(super) fewest_free: Option<u32>,
    /// Attempts simulated.
    pub(super) made: u64,
    /// The same, and what copies cost.
    pub(super) work: u64,
    /// What attempts found, of a pilot.
    pub(super) found: Option<Histogram>,
    /// The share of the way after which too much work ended it.
    pub(super) cut: Option<f64>,
}

/// How a replication is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'l> {
    /// Where it is copied.
    pub(super) levels: &'l Levels,
    /// Of the runs that reach the first level, the share that is followed; 1: all.
    pub(super) followed: f64,
    /// The most work.
    pub(super) work_max: u64,
}

/// One of the runs that a replication consists of.
#[derive(Clone, Debug)]
struct Branch<'a> {
    walk: Walk<'a>,
    place: Place,
}

/// Where a run is, as far as levels go.
#[derive(Clone, Debug)]
struct Place {
    /// The free ports of each lane; a winner tree does not mind that they are no times.
    free: Tournament,
    /// How many levels are reached.
    level: usize,
    /// What an attempt counts for, at each of the levels at which this run was copied or let through, and before.
    weights: Vec<f64>,
    /// It ends when fewer levels are reached.
    floor: usize,
    is_over: bool,
    /// Is the measured window open?
    counts: bool,
}

/// Keeps place and tally.
struct Watch<'w> {
    place: &'w mut Place,
    tally: &'w mut Tally,
    levels: &'w Levels,
}

/// What a copy of the world costs, in attempts: its streams begin anew, and every port may be somewhere in it.
fn copy_work(ports: u64) -> u64 {
    32 + ports / 32
}

/// All levels hold at most so many ports, busy or not: 16 bytes or so for each.
const PORTS_MAX: u64 = 1 << 25;
const LEVELS_MAX: u64 = 200;

impl<'a> Trial<'a> {
    pub(super) fn new(scenario: &'a Scenario, topology: &'a Topology, stop: &'a AtomicBool) -> Self {
        Self { scenario, topology, stop }
    }

    /// The ports of the largest lane.
    pub(super) fn ports_most(&self) -> u32 {
        self.topology.pools.iter().map(|pool| pool.ports).max().unwrap_or(0)
    }

    /// The ports of all lanes.
    fn ports(&self) -> u64 {
        self.topology.pools.iter().map(|pool| u64::from(pool.count) * u64::from(pool.ports)).sum()
    }

    /// The most levels: at each of them one copy of the world waits.
    pub(super) fn levels_max(&self) -> usize {
        usize::try_from((PORTS_MAX / self.ports().max(1)).min(LEVELS_MAX)).expect("a small number")
    }

    /// Replication number `replication`, to the end of the window, unless it takes more work than `work_max`. Where the
    /// first level is reached, a share `followed` of such runs is followed, at random, and stands for the others: that
    /// moves no mean either.
    pub(super) fn run(&self, replication: u64, plan: &Plan<'_>) -> Result<Tally, Interrupted> {
        self.go(replication, plan, Tally::NEW)
    }

    /// The same for what attempts find.
    pub(super) fn pilot(&self, replication: u64, plan: &Plan<'_>) -> Result<Tally, Interrupted> {
        self.go(replication, plan, Tally { found: Some(Histogram::new(self.ports_most())), ..Tally::NEW })
    }

    fn go(&self, replication: u64, plan: &Plan<'_>, mut tally: Tally) -> Result<Tally, Interrupted> {
        let Plan { levels, followed, work_max } = *plan;
        let copy_work = copy_work(self.ports());
        let randomness = Randomness { seed: self.scenario.run.seed, replication };
        let mut draws = randomness.words("splitting", "followed");
        let mut branch = self.start(randomness, levels);
        // Runs that wait at a level, each with how many of its copies are still to come; and all copies so far.
        let mut waiting: Vec<(Branch<'_>, u64)> = Vec::new();
        let mut copies = 0;
        let mut copy = |origin: &Branch<'a>, tally: &mut Tally| {
            copies += 1;
            tally.work += copy_work;
            origin.copy(copies)
        };
        loop {
            let crossed = branch.go_on(levels, &mut tally, self.stop)?;
            if tally.work > work_max {
                let original = waiting.first().map_or(&branch, |(original, _)| original);
                tally.cut = Some(original.walk.share_gone());
                return Ok(tally);
            }
            if crossed {
                let level = branch.place.entered();
                let share = if level == 0 { followed } else { 1.0 };
                let factor = levels.factor(level);
                let goes_on = branch.place.weight() > 0.0 && unit_open(draws.word()) < share;
                branch.place.enter(if goes_on { share * f64::from(factor) } else { f64::INFINITY });
                if goes_on {
                    // One of them is itself, which goes on last.
                    let first = copy(&branch, &mut tally);
                    waiting.push((std::mem::replace(&mut branch, first), u64::from(factor) - 2));
                }
                continue;
            }
            match waiting.last_mut() {
                None => return Ok(tally),
                Some((origin, left)) if *left > 0 => {
                    *left -= 1;
                    branch = copy(origin, &mut tally);
                }
                Some(_) => branch = waiting.pop().expect("there is one").0,
            }
        }
    }

    fn start(&self, randomness: Randomness, levels: &Levels) -> Branch<'a> {
        let opens = SimTime::ZERO + self.scenario.warm_up();
        let window = Window { opens, length: self.scenario.run.duration, sample: None, batches: 1 };
        let world = World::new(self.scenario, self.topology, randomness, opens);
        let free: Vec<u32> = world.pools().flat_map(|pool| pool.lanes().iter().map(Lane::free)).collect();
        Branch { walk: Walk::new(world, window), place: Place::new(&free, levels) }
    }
}

impl Tally {
    const NEW: Self = Self { attempts: 0.0, refused: 0.0, fewest_free: None, made: 0, work: 0, found: None, cut: None };
}

impl Branch<'_> {
    /// A copy that ends where this run was before the level at which it stands.
    fn copy(&self, number: u64) -> Self {
        let mut copy = self.clone();
        copy.walk.rekey(number);
        copy.place.floor = copy.place.entered();
        copy
    }

    /// Goes on until a level is reached that was not; false when it ends instead.
    fn go_on(&mut self, levels: &Levels, tally: &mut Tally, stop: &AtomicBool) -> Result<bool, Interrupted> {
        loop {
            if self.place.level > self.place.entered() {
                return Ok(true);
            }
            if stop.load(Ordering::Relaxed) {
                return Err(Interrupted);
            }
            let mut watch = Watch { place: &mut self.place, tally, levels };
            if !self.walk.step(&mut watch) || self.place.is_over {
                return Ok(false);
            }
        }
    }
}

impl Place {
    /// At the start, before anything counts, with so many ports free in each lane.
    fn new(free: &[u32], levels: &Levels) -> Self {
        let mut lanes = Tournament::new(free.len());
        for (lane, free) in free.iter().enumerate() {
            lanes.set(lane, SimTime::from_nanos(u64::from(*free)));
        }
        let mut place = Self { free: lanes, level: 0, weights: vec![1.0], floor: 0, is_over: false, counts: false };
        place.level = levels.reached(place.fewest_free(), 0);
        place
    }

    /// The fewest ports that are free of a lane.
    fn fewest_free(&self) -> u32 {
        u32::try_from(self.free.next_at().as_nanos()).expect("a number of ports")
    }

    /// At how many levels it was copied, or let through.
    fn entered(&self) -> usize {
        self.weights.len() - 1
    }

    /// What an attempt counts for now.
    fn weight(&self) -> f64 {
        self.weights[self.entered()]
    }

    /// One more level at which `factor` runs share what it counts for.
    fn enter(&mut self, factor: f64) {
        self.weights.push(self.weight() / factor);
    }

    fn set(&mut self, lane: u32, free: u32, levels: &Levels) {
        self.free.set(lane as usize, SimTime::from_nanos(u64::from(free)));
        self.level = levels.reached(self.fewest_free(), self.level);
        if self.level < self.entered() {
            self.weights.truncate(self.level + 1);
            self.is_over |= self.level < self.floor;
        }
    }
}

impl Watch<'_> {
    /// An attempt is made, before it changes anything.
    fn attempt(&mut self) {
        let Self { place, tally, .. } = self;
        // Of a copy that has just ended nothing counts.
        if place.is_over {
            return;
        }
        tally.made += 1;
        tally.work += 1;
        let weight = place.weight();
        if let Some(found) = &mut tally.found {
            found.note(place.fewest_free(), weight);
        }
        if place.counts {
            tally.attempts += weight;
        }
    }
}

impl Observer for Watch<'_> {
    const IN_ORDER: bool = false;

    fn window_opens(&mut self, _at: SimTime, _free: &[u32]) {
        self.place.counts = true;
    }

    fn connected(&mut self, attempt: &Attempt, _got: &Connected) {
        self.attempt();
        self.place.set(attempt.lane, attempt.free, self.levels);
        if self.place.counts && !self.place.is_over {
            let free = self.place.fewest_free();
            self.tally.fewest_free = Some(self.tally.fewest_free.map_or(free, |fewest| fewest.min(free)));
        }
    }

    fn refused(&mut self, _attempt: &Attempt, _cause: Cause) {
        self.attempt();
        if self.place.counts && !self.place.is_over {
            self.tally.refused += self.place.weight();
        }
    }

    fn released(&mut self, _at: SimTime, held: &Held, free: u32) {
        self.place.set(held.lane, free, self.levels);
    }

    fn reusable(&mut self, _at: SimTime, held: &Held, free: u32) {
        self.place.set(held.lane, free, self.levels);
    }

    fn shadowed(&mut self, _at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.place.set(lane, free, self.levels);
    }

    fn unshadowed(&mut self, _at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.place.set(lane, free, self.levels);
    }
}
