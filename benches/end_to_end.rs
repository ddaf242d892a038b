//! How many times as fast as the afternoon version is dryport, per attempted connection, end to end?
//!
//! Both sides simulate the same workloads in one run, by turns, so a busy machine slows both; the figure is the median
//! of the ratios of each pair. Fails when a ratio is below its floor.
//!
//! ```text
//! cargo bench --bench end_to_end                  about two minutes
//! cargo bench --bench end_to_end -- --quick       about twenty seconds
//! cargo bench --bench end_to_end -- --side baseline --workload W1 --seconds 600
//! ```
//!
//! The last form simulates once and prints `attempts refused peak_rss_kib`, for `instructions.sh` and `memory.sh`.

#![expect(clippy::print_stdout, reason = "its figures are what a bench is for")]

mod baseline;

use clap::{Parser, ValueEnum};
use dryport::cli::files::Files;
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::metrics::Recorder;
use dryport::metrics::recorder::{Keep, Views};
use dryport::scenario::{Scenario, SourceFile};
use dryport::sim::run::Window;
use dryport::sim::{Topology, World, run};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// 28,232 ports, Poisson arrivals, lifetimes exp(2 s), TIME-WAIT exactly 60 s, no retry (`reference/speed.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Workload {
    /// 450/s, sequential allocator.
    W1,
    /// 600/s, sequential allocator.
    W2,
    /// 450/s, the order of Linux `connect()`.
    W3,
    /// 64 addresses x 64,512 ports at 65,000/s, sequential allocator: 4 million busy ports.
    L,
}

impl Workload {
    const fn rate(self) -> f64 {
        match self {
            Self::W1 | Self::W3 => 450.0,
            Self::W2 => 600.0,
            Self::L => 65_000.0,
        }
    }

    /// dryport must be at least this many times as fast.
    const fn floor(self) -> Option<f64> {
        match self {
            Self::W1 => Some(4.0),
            Self::W2 | Self::L => None,
            Self::W3 => Some(5.0),
        }
    }

    /// First and last port.
    const fn range(self) -> [u32; 2] {
        match self {
            Self::W1 | Self::W2 | Self::W3 => [32_768, 60_999],
            Self::L => [1_024, 65_535],
        }
    }

    const fn addresses(self) -> u32 {
        if matches!(self, Self::L) { 64 } else { 1 }
    }

    /// What is simulated instead of `seconds`, so that every workload makes a like number of attempts.
    const fn shortened(self, seconds: u32) -> u32 {
        if matches!(self, Self::L) { 80 + seconds / 500 } else { seconds }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Side {
    Baseline,
    Dryport,
}

#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer and shorter pairs.
    #[arg(long)]
    quick: bool,
    /// Simulate one side once and print `attempts refused peak_rss_kib`.
    #[arg(long, requires = "workload")]
    side: Option<Side>,
    /// Only this workload.
    #[arg(long)]
    workload: Option<Workload>,
    /// Simulated seconds of each run.
    #[arg(long)]
    seconds: Option<u32>,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Attempts, and how many were refused.
#[derive(Clone, Copy, Debug)]
struct Tally {
    attempts: u64,
    refused: u64,
}

impl Tally {
    fn refused_ratio(self) -> f64 {
        self.refused as f64 / self.attempts as f64
    }
}

fn simulate(side: Side, workload: Workload, seconds: u32, seed: u64) -> Tally {
    match side {
        Side::Baseline => baseline_run(workload, seconds, seed),
        Side::Dryport => dryport_run(workload, seconds, seed),
    }
}

fn baseline_run(workload: Workload, seconds: u32, seed: u64) -> Tally {
    let outcome = baseline::run(&baseline::Params {
        ports: workload.range()[1] - workload.range()[0] + 1,
        addresses: workload.addresses(),
        rate: workload.rate(),
        mean_lifetime_s: 2.0,
        wait_s: 60.0,
        duration_s: f64::from(seconds),
        allocator: match workload {
            Workload::W1 | Workload::W2 | Workload::L => baseline::Allocator::Sequential,
            Workload::W3 => baseline::Allocator::LinuxConnect,
        },
        seed,
    });
    // Reading every figure keeps the compiler from leaving one out.
    assert!(f64::from(outcome.busy_peak) >= outcome.busy_mean && outcome.probes_mean >= 1.0);
    Tally { attempts: outcome.attempts, refused: outcome.refused }
}

/// One replication with all summary metrics and the time series on.
fn dryport_run(workload: Workload, seconds: u32, seed: u64) -> Tally {
    let allocator = match workload {
        Workload::W1 | Workload::W2 | Workload::L => "sequential",
        Workload::W3 => "linux-connect",
    };
    let [first, last] = workload.range();
    let text = format!(
        r#"
        schema = 1
        run = {{ duration = "{seconds}s", replications = 1, seed = {seed} }}
        destination = [{{ name = "d" }}]
        [[host]]
        name = "h"
        port_range = "{first}-{last}"
        addresses = {}
        allocator = "{allocator}"
        time_wait = "60s"
        max_tw_buckets = 2_147_483_648
        [[client]]
        name = "c"
        host = "h"
        to = "d"
        arrivals = {{ poisson = {{ rate = "{}/s" }} }}
        lifetime = {{ exponential = {{ mean = "2s" }} }}
        "#,
        workload.addresses(),
        workload.rate()
    );
    let scenario = Scenario::read(&SourceFile::new("bench.toml", text), &[], &Files::beside("bench.toml"))
        .expect("the workload is a valid scenario");
    // As `experiment::replicate` does, but on this thread, whose time is taken.
    let topology = Topology::new(&scenario);
    let views = Views::new(&topology);
    let mut recorder = Recorder::new(&topology, &views, Keep::Series(views.views.len()));
    let randomness = Randomness { seed: scenario.run.seed, replication: 0 };
    let window = Window {
        opens: SimTime::ZERO,
        length: scenario.run.duration,
        sample: Some(SimDuration::from_nanos(scenario.run.duration.as_nanos() / 1_000)),
        batches: 1,
    };
    let mut world = World::new(&scenario, &topology, randomness, window.opens);
    run(&mut world, window, &mut recorder, &AtomicBool::new(false)).expect("nobody stops it");
    let all = recorder.finish(window.opens + window.length).measures[0];
    Tally { attempts: all.attempts(), refused: all.refused }
}

/// What the processor has spent on this thread, in nanoseconds; elsewhere than on Linux, the wall clock.
fn spent_nanos(start: Instant) -> f64 {
    let on_cpu = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|stat| stat.split_whitespace().next()?.parse::<u64>().ok());
    on_cpu.map_or_else(|| start.elapsed().as_secs_f64() * 1e9, |nanos| nanos as f64)
}

/// The most memory this process has had, in KiB; zero where the system does not say.
fn peak_rss_kib() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse().ok()
        })
        .unwrap_or(0)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// Measures one workload, prints its line and says whether its floor holds.
fn compare(workload: Workload, seconds: u32, pairs: u64) -> bool {
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    let start = Instant::now();
    let timed = |side, seed| {
        let before = spent_nanos(start);
        let tally = simulate(side, workload, seconds, seed);
        ((spent_nanos(start) - before) / tally.attempts as f64, tally)
    };
    let (mut plain, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused = [0.0; 2];
    for seed in 0..pairs {
        let (baseline_nanos, baseline) = timed(Side::Baseline, seed);
        plain.push(baseline_nanos);
        refused[0] += baseline.refused_ratio() / pairs as f64;
        let (dryport_nanos, dryport) = timed(Side::Dryport, seed);
        if dryport.attempts > 0 {
            ours.push(dryport_nanos);
            ratios.push(baseline_nanos / dryport_nanos);
            refused[1] += dryport.refused_ratio() / pairs as f64;
        }
    }
    print!("{workload:?}  baseline {:6.1} ns/attempt, {:.6} refused", median(&mut plain), refused[0]);
    if ours.is_empty() {
        println!(";  dryport: no attempts made");
        return false;
    }
    // Different draws of one model: apart by chance alone, which is far less than this.
    assert!((refused[0] - refused[1]).abs() < 0.005, "the sides do not simulate the same: {refused:?} refused");
    let ratio = median(&mut ratios);
    print!(";  dryport {:6.1} ns/attempt, {:.6} refused;  {ratio:.2} times as fast", median(&mut ours), refused[1]);
    let holds = workload.floor().is_none_or(|floor| ratio >= floor);
    println!("{}", workload.floor().map_or(String::new(), |floor| format!(" (floor {floor})")));
    holds
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seconds = arguments.seconds.unwrap_or(if arguments.quick { 2_000 } else { 10_000 });
    if let (Some(side), Some(workload)) = (arguments.side, arguments.workload) {
        let tally = simulate(side, workload, seconds, 0);
        println!("{} {} {}", tally.attempts, tally.refused, peak_rss_kib());
        return ExitCode::SUCCESS;
    }
    let pairs = if arguments.quick { 3 } else { 7 };
    println!("{pairs} pairs of {seconds} simulated s each, medians");
    let workloads = arguments.workload.map_or_else(|| Workload::value_variants().to_vec(), |one| vec![one]);
    let mut fast_enough = true;
    for workload in workloads {
        fast_enough &= compare(workload, workload.shortened(seconds), pairs);
    }
    if fast_enough { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
