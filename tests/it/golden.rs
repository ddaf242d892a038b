//! Golden hashes: the same scenario, seed and version give the same bytes, for any number of threads, on any machine.
//!
//! `golden.txt` has a hash of every attempt and one of every figure (all bits of every double) for a few scenarios that
//! together use each law, allocator, rule of uniqueness, spread and jitter. After a change that is meant to move
//! results, run with `DRYPORT_BLESS=1` set, which rewrites the file, and say in the commit why they moved.
//!
//! `.ci/determinism` runs this module at opt-level 0 and 3 and for x86-64-v3 (AVX2, FMA), each in a target folder of its
//! own: where a compiler may contract or reorder floating-point operations, it must not.

use crate::support::{attempts, experiment, read};
use dryport::experiment::{Checks, Experiment, OfferedLoad, estimate};
use dryport::metrics::definition::METRICS;
use dryport::port::{AllocatorKind, TwReuse};
use dryport::scenario::Scenario;
use dryport::scenario::ways::{Access, Way};
use dryport::workload::{Arrivals, Behaviour, Jitter, Lifetime, Spread};
use std::fmt::Write;
use std::path::Path;

/// Names and texts; every scenario has the head, and most have the destinations.
const SCENARIOS: &[(&str, &str)] = &[
    (
        "linux",
        r#"
[run]
duration = "90s"
warm_up = "70s"
replications = 4
[[host]]
name = "gateway"
port_range = "32768-33767"
reserved_ports = ["33000-33099", "33333"]
[[client]]
name = "checkout"
host = "gateway"
to = { db = 0.8, cache = 0.2 }
arrivals = { poisson = { rate = "20/s" } }
lifetime = { exponential = { mean = "50ms" } }
retry = { attempts = 3, delay = "1s", jitter = "equal" }
"#,
    ),
    (
        "macos",
        r#"
[run]
duration = "60s"
warm_up = "auto"
replications = 3
[[host]]
name = "laptop"
profile = "macos"
port_range = "49152-49407"
time_wait = "2s"
[[client]]
name = "browser"
host = "laptop"
to = { db = 0.5, cache = 0.5 }
arrivals = { poisson = { rate = "77.7/s" } }
lifetime = { lognormal = { mean = "1s", sigma = 1.5 } }
balance = "round-robin"
retry = { attempts = 4, delay = "200ms", factor = 2.0, max = "1s", jitter = "full" }
[[client]]
name = "sync"
host = "laptop"
to = "db"
arrivals = { constant = { rate = "1/70ms" } }
lifetime = { pareto = { min = "100ms", shape = 1.5 } }
closes_first = "server"
"#,
    ),
    (
        "spreads",
        r#"
[run]
duration = "30s"
replications = 3
seed = "18446744073709551615"
[[host]]
name = "a"
addresses = 3
port_range = "1024-1055"
allocator = "sequential"
uniqueness = "address-port"
time_wait = { timer_wheel = { wait = "1s", hz = 1000, phase = "7ms" } }
[[host]]
name = "b"
addresses = 2
port_range = "1024-1034"
allocator = "random"
uniqueness = "port-destination"
time_wait = "500ms"
[[client]]
name = "first"
host = "a"
to = { db = 0.25, cache = 0.75 }
arrivals = { poisson = { rate = "60/s" } }
lifetime = { uniform = { low = "0s", high = "700ms" } }
source = "first-free"
balance = "random"
retry = { attempts = 2, delay = "3s", jitter = "none" }
[[client]]
name = "second"
host = "b"
to = { db = 0.6, cache = 0.4 }
arrivals = { poisson = { rate = "3k/min" } }
lifetime = { constant = { value = "250ms" } }
source = "round-robin"
balance = "first-free"
closes_first = "reset"
[[client]]
name = "third"
host = "b"
to = "cache"
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "300ms" } }
source = "random"
"#,
    ),
    (
        "trace",
        r#"
[run]
duration = "10s"
warm_up = "1s"
replications = 2
[[host]]
name = "odd"
port_range = "40000-40004"
allocator = "linux-connect"
time_wait = { timer_wheel = { wait = "1500ms", hz = 100 } }
[[client]]
name = "replay"
host = "odd"
to = { db = 0.5, cache = 0.5 }
arrivals = { trace = { file = "t.csv" } }
lifetime = { lognormal = { median = "20ms", p99 = "2s" } }
"#,
    ),
    (
        "large",
        r#"
[run]
duration = "20s"
warm_up = "60s"
replications = 2
[[host]]
name = "busy"
port_range = "1-65535"
time_wait = "60s"
[[client]]
name = "many"
host = "busy"
to = "db"
arrivals = { poisson = { rate = "1100/s" } }
lifetime = { exponential = { mean = "10ms" } }
"#,
    ),
    (
        "kernels",
        r#"
[run]
duration = "40s"
replications = 2
[[host]]
name = "k3-10"
profile = "linux-3.10"
port_range = "40000-40127"
reserved_ports = ["40020-40039"]
time_wait = { central_reaper = { wait = "8s", slot_runs = 2 } }
[[host]]
name = "k4-4"
profile = "linux-4.4"
port_range = "40000-40127"
reserved_ports = ["40020-40039"]
time_wait = "7s"
[[host]]
name = "k5-4"
profile = "linux-5.4"
port_range = "40000-40127"
reserved_ports = ["40020-40039"]
hz = 1000
allocator = "linux-connect-4.6"
time_wait = { timer_wheel = { wait = "5s" } }
[[host]]
name = "k5-15"
profile = "linux-5.15"
port_range = "40000-40127"
reserved_ports = ["40020-40039"]
allocator = "linux-connect-5.12"
time_wait = "5s"
[[host]]
name = "k7-1"
profile = "linux-7.1"
port_range = "40000-40127"
reserved_ports = ["40020-40039"]
port_step_width = 40
time_wait = "5s"
[[client]]
name = "c-k3-10"
host = "k3-10"
to = { db = 0.7, cache = 0.3 }
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "100ms" } }
[[client]]
name = "c-k4-4"
host = "k4-4"
to = { db = 0.7, cache = 0.3 }
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "100ms" } }
[[client]]
name = "c-k5-4"
host = "k5-4"
to = { db = 0.7, cache = 0.3 }
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "100ms" } }
[[client]]
name = "c-k5-15"
host = "k5-15"
to = { db = 0.7, cache = 0.3 }
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "100ms" } }
[[client]]
name = "c-k7-1"
host = "k7-1"
to = { db = 0.7, cache = 0.3 }
arrivals = { poisson = { rate = "40/s" } }
lifetime = { exponential = { mean = "100ms" } }
"#,
    ),
    (
        "sockets",
        r#"
[run]
duration = "90s"
warm_up = "20s"
replications = 2
[[host]]
name = "proxy"
port_range = "40000-40399"
reserved_ports = ["40010"]
listening_ports = ["40100", "40201"]
addresses = 2
tw_reuse = "on"
max_tw_buckets = 700
fin_timeout = "70s"
autobind_reuse = true
[[host]]
name = "old"
profile = "linux-5.4"
port_range = "40000-40199"
tw_reuse = "off"
[[destination]]
name = "local"
loopback = true
endpoints = 2
[[destination]]
name = "refusing"
behaviour = "refuses"
[[destination]]
name = "silent"
behaviour = "silent"
[[destination]]
name = "stuck"
behaviour = "never-closes"
[[client]]
name = "plain"
host = "proxy"
to = { db = 0.5, local = 0.2, refusing = 0.1, silent = 0.1, stuck = 0.1 }
arrivals = { poisson = { rate = "5/s" } }
lifetime = { exponential = { mean = "1s" } }
[[client]]
name = "binds"
host = "proxy"
to = { db = 0.5, local = 0.5 }
arrivals = { poisson = { rate = "2/s" } }
lifetime = { constant = { value = "2s" } }
bind = "bind-zero"
[[client]]
name = "shares"
host = "proxy"
to = { db = 0.5, local = 0.5 }
arrivals = { poisson = { rate = "2/s" } }
lifetime = { exponential = { mean = "1s" } }
bind = "bind-zero"
reuse_address = true
[[client]]
name = "names"
host = "proxy"
to = "db"
arrivals = { poisson = { rate = "2/s" } }
lifetime = { exponential = { mean = "500ms" } }
bind = { ports = "40300-40320" }
reuse_address = true
[[client]]
name = "alone"
host = "proxy"
to = "db"
arrivals = { poisson = { rate = "1/s" } }
lifetime = { exponential = { mean = "500ms" } }
bind = { ports = "40380-40450" }
[[client]]
name = "narrow"
host = "proxy"
to = { db = 0.5, local = 0.5 }
arrivals = { poisson = { rate = "3/s" } }
lifetime = { exponential = { mean = "500ms" } }
local_port_range = "40200-40299"
closes_first = "simultaneous"
[[client]]
name = "sticky"
host = "old"
to = "db"
arrivals = { poisson = { rate = "2/s" } }
lifetime = { exponential = { mean = "500ms" } }
[[client]]
name = "halves"
host = "old"
to = "db"
arrivals = { poisson = { rate = "1/s" } }
lifetime = { exponential = { mean = "500ms" } }
bind = "bind-zero"
reuse_address = true
"#,
    ),
];

const HEAD: &str = "schema = 1\n[[destination]]\nname = \"db\"\nendpoints = 2\n[[destination]]\nname = \"cache\"\n";

/// A row every 37 ms, with what a row may leave out left out now and then.
fn trace() -> String {
    let mut text = "time_s,lifetime_s,destination,closes_first\n".to_owned();
    for row in 0..250 {
        let lifetime = ["", "0", "0.123456789"][row % 3];
        let destination = ["db", "", "cache", "db"][row % 4];
        let closer = ["", "client", "server", "reset", "client"][row % 5];
        writeln!(text, "{}.{:03},{lifetime},{destination},{closer}", row * 37 / 1_000, row * 37 % 1_000)
            .expect("a string takes all");
    }
    text
}

pub(crate) fn scenarios() -> impl Iterator<Item = (&'static str, Scenario)> {
    SCENARIOS.iter().map(|(name, text)| (*name, read(&format!("{HEAD}{text}"), &trace())))
}

/// FNV-1a, 64 bits, over words.
#[derive(Clone, Copy, Debug)]
struct Hash(u64);

impl Hash {
    const NEW: Self = Self(0xcbf2_9ce4_8422_2325);

    fn add(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// A figure that may be absent: all bits, and no two values alike.
    fn add_figure(&mut self, figure: Option<f64>) {
        self.add(u64::from(figure.is_some()));
        self.add(figure.map_or(0, f64::to_bits));
    }
}

/// How many attempts the first two replications make, and their hash.
fn attempts_hash(scenario: &Scenario) -> (usize, u64) {
    let (mut count, mut hash) = (0, Hash::NEW);
    for replication in 0..2 {
        let rows = attempts(scenario, replication);
        count += rows.len();
        for row in rows {
            for word in [row.at.as_nanos(), row.request, row.retry.into(), row.source.into(), row.flow.into()] {
                hash.add(word);
            }
            let (port, close) = row.got.ok().map_or((0, 0), |(port, close)| (port, close.as_nanos()));
            for word in [port.into(), close, row.probes.into()] {
                hash.add(word);
            }
        }
    }
    (count, hash.0)
}

/// Every metric of every scope with its interval, each replication's figures, and the time series.
fn figures_hash(scenario: &Scenario, experiment: &Experiment) -> u64 {
    let offered = OfferedLoad::of(scenario, experiment);
    let mut hash = Hash::NEW;
    for scope in 0..experiment.topology.scopes.len() {
        for metric in METRICS {
            let interval = estimate(experiment, &offered, scope, metric, 0.95);
            hash.add_figure(interval.as_ref().map(|interval| interval.estimate));
            hash.add_figure(interval.as_ref().and_then(|interval| interval.low));
            hash.add_figure(interval.as_ref().and_then(|interval| interval.high));
            for measures in experiment.of_scope(scope) {
                hash.add_figure(metric.value(measures));
            }
        }
    }
    for row in experiment.outcomes.iter().flat_map(|outcome| outcome.series.iter().flatten()) {
        for word in [row.established, row.time_wait, row.busy, row.busy_max] {
            hash.add(word.into());
        }
        hash.add(row.attempts);
        hash.add(row.refused);
    }
    hash.0
}

/// `golden.txt` as it would be now, on so many threads.
fn golden(jobs: usize) -> String {
    let mut text =
        "# scenario, attempts of two replications, their hash, hash of all figures; see golden.rs\n".to_owned();
    for (name, scenario) in scenarios() {
        let (count, attempts) = attempts_hash(&scenario);
        let figures = figures_hash(&scenario, &experiment(&scenario, jobs, Checks::Off));
        writeln!(text, "{name} {count} {attempts:016x} {figures:016x}").expect("a string takes all");
    }
    text
}

#[test]
fn results_are_what_they_were_whatever_the_number_of_threads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.txt");
    let once = golden(1);
    for jobs in [2, 7] {
        assert_eq!(golden(jobs), once, "{jobs} threads");
    }
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        std::fs::write(&path, &once).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(once, committed, "results have moved; see the head of golden.rs");
}

/// What a registry has is in the golden scenarios.
#[test]
fn the_scenarios_leave_nothing_out() {
    let all: Vec<Scenario> = scenarios().map(|(_, scenario)| scenario).collect();
    let clients = || all.iter().flat_map(|scenario| &scenario.clients);
    let hosts = || all.iter().flat_map(|scenario| &scenario.hosts);
    for law in Lifetime::ENTRIES {
        assert!(clients().any(|client| client.lifetime.name() == law.name), "{}", law.name);
    }
    for process in Arrivals::ENTRIES {
        assert!(clients().any(|client| client.arrivals.name() == process.name), "{}", process.name);
    }
    let ways: Vec<Way> = all.iter().flat_map(|scenario| scenario.ways().all).collect();
    for kind in AllocatorKind::ALL {
        assert!(ways.iter().any(|way| way.allocator == *kind), "{}", kind.name());
    }
    for access in [Access::Connect, Access::Exclusive, Access::SharedBindZero, Access::SharedPorts] {
        assert!(ways.iter().any(|way| way.access == access), "{access:?}");
    }
    let destinations = || all.iter().flat_map(|scenario| &scenario.destinations);
    for behaviour in Behaviour::ALL {
        assert!(destinations().any(|destination| destination.behaviour == behaviour), "{}", behaviour.name());
    }
    for setting in TwReuse::ALL {
        assert!(hosts().any(|host| host.sockets.tw_reuse == setting), "{}", setting.name());
    }
    for hold in dryport::port::Hold::ENTRIES {
        assert!(hosts().any(|host| host.time_wait.name() == hold.name), "{}", hold.name);
    }
    for rule in dryport::port::Uniqueness::ALL {
        assert!(hosts().any(|host| host.uniqueness == rule), "{}", rule.name());
    }
    for rule in Spread::ALL {
        assert!(clients().any(|client| client.source == rule), "source {}", rule.name());
        assert!(clients().any(|client| client.balance == rule), "balance {}", rule.name());
    }
    for jitter in Jitter::ALL {
        let tries = |client: &dryport::scenario::Client| client.retry.jitter == jitter && client.retry.attempts > 1;
        assert!(clients().any(tries), "{}", jitter.name());
    }
}
