//! What the tests of the model share: scenarios from snippets, runs, the table of exact answers, and z.

pub(crate) mod cases;
pub(crate) mod judge;

use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::experiment::{Checks, Experiment, Settings, replicate, replicate_one};
use dryport::metrics::AttemptLog;
use dryport::metrics::attempts::AttemptRow;
use dryport::scenario::{Scenario, SourceFile};
use dryport::sim::run::Window;
use dryport::sim::{Observer, Topology, World, run};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::AtomicBool;

/// A scenario with one host in the making: each field is the value as a scenario file has it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) duration: String,
    pub(crate) warm_up: String,
    pub(crate) replications: u32,
    pub(crate) seed: u64,
    /// Further lines of `[run]`.
    pub(crate) run: String,
    /// The range starts at 10000 and has as many ports.
    pub(crate) ports: u32,
    pub(crate) allocator: String,
    pub(crate) uniqueness: String,
    /// A duration, or a whole value in braces.
    pub(crate) time_wait: String,
    /// Further lines of the host.
    pub(crate) host: String,
    /// Each destination's share and number of endpoints; they are called d0, d1, ...
    pub(crate) destinations: Vec<(f64, u32)>,
    pub(crate) arrivals: String,
    pub(crate) lifetime: String,
    /// Further lines of the client.
    pub(crate) client: String,
    /// A trace, called `t.csv`.
    pub(crate) trace: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            duration: "100s".to_owned(),
            warm_up: "0s".to_owned(),
            replications: 1,
            seed: 60_327,
            run: String::new(),
            ports: 10,
            allocator: "sequential".to_owned(),
            uniqueness: "4-tuple".to_owned(),
            time_wait: "0s".to_owned(),
            host: String::new(),
            destinations: vec![(1.0, 1)],
            arrivals: poisson(1.0),
            lifetime: exponential(1.0),
            client: String::new(),
            trace: String::new(),
        }
    }
}

impl Draft {
    /// As a scenario file.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "schema = 1\n[run]\nduration = \"{}\"\nwarm_up = \"{}\"\nreplications = {}\nseed = {}\n{}\n",
            self.duration, self.warm_up, self.replications, self.seed, self.run
        );
        text.push_str(&self.host_text("h", ""));
        let mut shares = Vec::new();
        for (index, (share, endpoints)) in self.destinations.iter().enumerate() {
            write!(text, "[[destination]]\nname = \"d{index}\"\nendpoints = {endpoints}\n")
                .expect("a string takes all");
            shares.push(format!("d{index} = {share}"));
        }
        text.push_str(&self.client_text("c", "h", &format!("{{ {} }}", shares.join(", "))));
        text
    }

    /// One more host like this one.
    pub(crate) fn host_text(&self, name: &str, more: &str) -> String {
        let time_wait = quoted(&self.time_wait);
        format!(
            "[[host]]\nname = \"{name}\"\nport_range = \"10000-{}\"\nallocator = \"{}\"\nuniqueness = \"{}\"\n\
             time_wait = {time_wait}\n{}\n{more}\n",
            9_999 + self.ports,
            self.allocator,
            self.uniqueness,
            self.host
        )
    }

    /// One more client like this one.
    pub(crate) fn client_text(&self, name: &str, host: &str, to: &str) -> String {
        format!(
            "[[client]]\nname = \"{name}\"\nhost = \"{host}\"\nto = {to}\narrivals = {}\nlifetime = {}\n{}\n",
            self.arrivals, self.lifetime, self.client
        )
    }

    /// As what is simulated.
    pub(crate) fn scenario(&self) -> Scenario {
        read(&self.text(), &self.trace)
    }

    /// All replications.
    pub(crate) fn run(&self) -> Experiment {
        experiment(&self.scenario(), 1, Checks::Off)
    }

    /// All replications, with the invariants watching.
    pub(crate) fn run_checked(&self) -> Experiment {
        experiment(&self.scenario(), 1, Checks::Invariants)
    }

    /// Every attempt of replication 0.
    pub(crate) fn attempts(&self) -> Vec<AttemptRow> {
        attempts(&self.scenario(), 0)
    }
}

fn quoted(value: &str) -> String {
    if value.starts_with('{') { value.to_owned() } else { format!("\"{value}\"") }
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
    let mut rows = Vec::new();
    let mut sink = |row: &AttemptRow| rows.push(*row);
    let topology = Topology::new(scenario);
    let stop = AtomicBool::new(false);
    replicate_one(scenario, &topology, replication, &mut AttemptLog::new(&mut sink), &stop).expect("nobody stops it");
    rows
}

/// Runs one replication before `observer`; returns when the window ended.
pub(crate) fn observe(scenario: &Scenario, replication: u64, observer: &mut impl Observer) -> SimTime {
    let topology = Topology::new(scenario);
    let randomness = Randomness { seed: scenario.run.seed, replication };
    let opens = SimTime::ZERO + scenario.warm_up();
    let window = Window { opens, length: scenario.run.duration, sample: None };
    let mut world = World::new(scenario, &topology, randomness, opens);
    run(&mut world, window, observer, &AtomicBool::new(false)).expect("nobody stops it");
    opens + window.length
}

/// Seconds as a quantity, to the nanosecond.
pub(crate) fn seconds(value: f64) -> String {
    let text = format!("{value:.9}");
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Poisson arrivals per second.
pub(crate) fn poisson(rate: f64) -> String {
    format!("{{ poisson = {{ rate = \"{rate}/s\" }} }}")
}

/// Arrivals a whole number of milliseconds apart.
pub(crate) fn every_ms(gap: u32) -> String {
    format!("{{ constant = {{ rate = \"1/{gap}ms\" }} }}")
}

pub(crate) fn exponential(mean: f64) -> String {
    format!("{{ exponential = {{ mean = \"{}\" }} }}", seconds(mean))
}

pub(crate) fn constant(value: f64) -> String {
    format!("{{ constant = {{ value = \"{}\" }} }}", seconds(value))
}

/// Uniform between zero and twice the mean.
pub(crate) fn uniform(mean: f64) -> String {
    format!("{{ uniform = {{ low = \"0s\", high = \"{}\" }} }}", seconds(2.0 * mean))
}

pub(crate) fn lognormal(mean: f64, sigma: f64) -> String {
    format!("{{ lognormal = {{ mean = \"{}\", sigma = {sigma} }} }}", seconds(mean))
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
