//! The yardstick: the simulator one writes in an afternoon, and writes decently.
//!
//! One binary heap of (time, kind, sequence) for every event, one bitmap of busy ports scanned word by word, one
//! logarithm per draw. Right (tests/it/baseline.rs holds it to Erlang B), and never made faster than that: what dryport
//! gains is measured against it. Poisson arrivals, exponential lifetimes, one destination, a TIME-WAIT of exactly `wait_s`,
//! source addresses drawn at random.

mod ports;

pub(crate) use ports::{Allocator, Ports};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NANOS_PER_SECOND: f64 = 1e9;
/// An event's port is address x this + port.
const ADDRESS: usize = 1 << 16;

/// What to simulate.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    /// Ports of the range: even.
    pub(crate) ports: u32,
    /// Source addresses, each with all the ports.
    pub(crate) addresses: u32,
    /// Attempts a second.
    pub(crate) rate: f64,
    pub(crate) mean_lifetime_s: f64,
    pub(crate) wait_s: f64,
    pub(crate) duration_s: f64,
    pub(crate) allocator: Allocator,
    pub(crate) seed: u64,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) attempts: u64,
    pub(crate) refused: u64,
    pub(crate) busy_mean: f64,
    pub(crate) busy_peak: u32,
    /// Ports looked at per attempt that got one.
    pub(crate) probes_mean: f64,
}

/// In the order in which events of one instant happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Release,
    Close,
    Arrival,
}

/// Ordered by its fields from the first to the last; the sequence number makes ties first come, first served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    kind: Kind,
    sequence: u64,
    port: u32,
}

/// Everything that happens later.
#[derive(Debug, Default)]
struct Calendar {
    heap: BinaryHeap<Reverse<Event>>,
    sequence: u64,
}

impl Calendar {
    fn push(&mut self, at: u64, kind: Kind, port: u32) {
        self.heap.push(Reverse(Event { at, kind, sequence: self.sequence, port }));
        self.sequence += 1;
    }

    fn pop(&mut self) -> Option<Event> {
        self.heap.pop().map(|Reverse(event)| event)
    }
}

/// Simulates `params` from an empty range.
#[expect(clippy::cast_possible_truncation, reason = "addresses and ports are small")]
pub(crate) fn run(params: &Params) -> Outcome {
    // The workload has its own stream, so both allocators see the same connections.
    let mut workload = ChaCha8Rng::seed_from_u64(params.seed);
    let mut ports: Vec<_> = (0..params.addresses)
        .map(|address| Ports::new(params.ports, params.allocator, params.seed + u64::from(address)))
        .collect();
    let mut calendar = Calendar::default();
    let end = nanos(params.duration_s);
    let wait = nanos(params.wait_s);
    let gap_mean = NANOS_PER_SECOND / params.rate;
    let lifetime_mean = params.mean_lifetime_s * NANOS_PER_SECOND;

    let (mut attempts, mut refused, mut probes) = (0_u64, 0_u64, 0_u64);
    let (mut busy, mut busy_peak, mut busy_integral, mut last) = (0_u32, 0_u32, 0_u128, 0_u64);
    calendar.push(exponential(&mut workload, gap_mean), Kind::Arrival, 0);
    while let Some(event) = calendar.pop() {
        let now = event.at.min(end);
        busy_integral += u128::from(busy) * u128::from(now - last);
        last = now;
        if event.at >= end {
            break;
        }
        match event.kind {
            Kind::Release => {
                ports[event.port as usize / ADDRESS].release(event.port % ADDRESS as u32);
                busy -= 1;
            }
            Kind::Close => calendar.push(now + wait, Kind::Release, event.port),
            Kind::Arrival => {
                attempts += 1;
                let lifetime = exponential(&mut workload, lifetime_mean);
                // The high word of a product: even enough for a few addresses.
                let address = if params.addresses == 1 {
                    0
                } else {
                    ((u128::from(workload.next_u64()) * u128::from(params.addresses)) >> 64) as usize
                };
                if let Some(found) = ports[address].take(now) {
                    probes += u64::from(found.probes);
                    busy += 1;
                    busy_peak = busy_peak.max(busy);
                    calendar.push(now + lifetime, Kind::Close, (address * ADDRESS) as u32 + found.port);
                } else {
                    refused += 1;
                }
                calendar.push(now + exponential(&mut workload, gap_mean), Kind::Arrival, 0);
            }
        }
    }
    Outcome {
        attempts,
        refused,
        busy_mean: busy_integral as f64 / end as f64,
        busy_peak,
        probes_mean: probes as f64 / (attempts - refused) as f64,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "durations of runs, far below 2^63 ns")]
fn nanos(seconds: f64) -> u64 {
    (seconds * NANOS_PER_SECOND).round() as u64
}

/// By inversion, from the 52 high bits of one word; the half keeps the logarithm finite.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 37 means")]
fn exponential(rng: &mut ChaCha8Rng, mean: f64) -> u64 {
    let uniform = ((rng.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    (-libm::log(uniform) * mean + 0.5) as u64
}
