//! What the tests of the model share: scenarios from snippets, runs, the table of exact answers, and z.

pub(crate) mod judge;

use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::experiment::{Checks, Experiment, Settings, replicate};
use dryport::metrics::attempts::AttemptRow;
use dryport::scenario::{Scenario, SourceFile};
use dryport::sim::run::Window;
use dryport::sim::{Observer, Topology, World, run};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

pub(crate) use dryport::theory::cases;
use dryport::verify::Bench;
pub(crate) use dryport::verify::draft::{Draft, constant, every_ms, exponential, lognormal, poisson, seconds, uniform};

/// What is done with a draft.
pub(crate) trait Runs {
    /// All replications.
    fn run(&self) -> Experiment;
    /// All replications, with the invariants watching.
    fn run_checked(&self) -> Experiment;
    /// Every attempt of replication 0.
    fn attempts(&self) -> Vec<AttemptRow>;
}

impl Runs for Draft {
    fn run(&self) -> Experiment {
        experiment(&self.scenario(), 1, Checks::Off)
    }

    fn run_checked(&self) -> Experiment {
        experiment(&self.scenario(), 1, Checks::Invariants)
    }

    fn attempts(&self) -> Vec<AttemptRow> {
        attempts(&self.scenario(), 0)
    }
}

/// A scenario file, with a trace that it may call `t.csv`.
pub(crate) fn read(text: &str, trace: &str) -> Scenario {
    let sources = BTreeMap::from([("t.csv".to_owned(), trace.as_bytes().to_vec())]);
    Scenario::read(&SourceFile::new("test.toml", text), &[], &sources)
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

/// Runs every replication on `jobs` threads.
pub(crate) fn experiment(scenario: &Scenario, jobs: usize, checks: Checks) -> Experiment {
    let stop = AtomicBool::new(false);
    replicate(scenario, &Settings { jobs, checks, stop: &stop, progress: &|_| {} })
}

/// Every attempt of one replication.
pub(crate) fn attempts(scenario: &Scenario, replication: u32) -> Vec<AttemptRow> {
    bench().attempts(scenario, replication).expect("nobody stops it")
}

/// Where a check of `dryport verify` runs until it is done.
pub(crate) fn bench() -> Bench<'static> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    Bench { jobs: 1, stop: &NEVER }
}

/// Runs one replication before `observer`; returns when the window ended.
pub(crate) fn observe(scenario: &Scenario, replication: u64, observer: &mut impl Observer) -> SimTime {
    let topology = Topology::new(scenario);
    let randomness = Randomness { seed: scenario.run.seed, replication };
    let opens = SimTime::ZERO + scenario.warm_up();
    let window = Window { opens, length: scenario.run.duration, sample: None, batches: 1 };
    let mut world = World::new(scenario, &topology, randomness, opens);
    run(&mut world, window, observer, &AtomicBool::new(false)).expect("nobody stops it");
    opens + window.length
}

/// `SplitMix64` (Steele and others 2014): what the tests draw their small worlds from.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0 to `n` - 1.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.word() % n
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(items.len() as u64)).expect("a small number");
        &items[index]
    }
}

/// A span of whole seconds as nanoseconds.
pub(crate) fn nanos(span: SimDuration) -> i128 {
    i128::from(span.as_nanos())
}
