//! What the parts of the engine cost beside those of the afternoon version: a search of the ports, and the calendar.
//!
//! ```text
//! cargo bench --bench parts          about half a minute
//! ```
//!
//! Both sides do the same by turns; figures are medians over pairs, in nanoseconds of this thread per operation.

#![expect(clippy::print_stdout, reason = "its figures are what a bench is for")]

#[expect(dead_code, reason = "the whole engine is measured by end_to_end")]
mod baseline;

use baseline::{Allocator, Ports};
use dryport::des::random::below;
use dryport::des::{Randomness, SimDuration, SimTime, SlotWheel, Words};
use dryport::port::pool::PoolSettings;
use dryport::port::{AllocatorKind, Clock, Pool, PortRange, PortSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

const PAIRS: usize = 7;
const OPERATIONS: u32 = 400_000;
const RANDOMNESS: Randomness = Randomness { seed: 60_327, replication: 0 };
/// The default range of Linux.
const FIRST: u16 = 32_768;
const LAST: u16 = 60_999;
const PORTS: u32 = 28_232;

/// Nanoseconds per operation of what `work` does [`OPERATIONS`] times.
fn nanos_each(work: impl FnOnce()) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9 / f64::from(OPERATIONS)
}

/// Prints the medians of both sides and of their ratios.
fn compare(what: &str, mut plain: impl FnMut() -> f64, mut ours: impl FnMut() -> f64) {
    let (mut all_plain, mut all_ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (plain, ours) = (plain(), ours());
        all_plain.push(plain);
        all_ours.push(ours);
        ratios.push(plain / ours);
    }
    let [plain, ours, ratio] = [all_plain, all_ours, ratios].map(|mut figures| {
        figures.sort_unstable_by(f64::total_cmp);
        figures[PAIRS / 2]
    });
    println!("{what:<44} baseline {plain:7.1} ns  dryport {ours:6.1} ns  {ratio:5.2} times as fast");
}

/// Gives back a random held port and takes another, with `held` ports of the range taken throughout.
fn ports(kind: AllocatorKind, plain: Allocator, held: u32) {
    let pick = |words: &mut Words| below(words.word(), held) as usize;
    let what = format!("close, connect: {}, {:.1} % held", kind.name(), f64::from(held) * 100.0 / f64::from(PORTS));
    compare(
        &what,
        || {
            let mut ports = Ports::new(PORTS, plain, 1);
            let mut taken: Vec<u32> = (0..held).filter_map(|_| ports.take(0)).map(|found| found.port).collect();
            let mut words = RANDOMNESS.words("bench", "port");
            nanos_each(|| {
                for _ in 0..OPERATIONS {
                    let place = pick(&mut words);
                    ports.release(taken[place]);
                    taken[place] = ports.take(0).expect("one is free").port;
                }
                black_box(&taken);
            })
        },
        || {
            let range = PortRange::new(FIRST, LAST).expect("a range");
            let clock = Clock::draw(RANDOMNESS, "host:h", SimDuration::ZERO, None);
            let settings = PoolSettings { owner: "host:h", allocator: kind, lanes: 1, clock, step_width: 0 };
            let mut pool = Pool::new(range, &PortSet::default(), &settings, RANDOMNESS);
            let take = |pool: &mut Pool| pool.take(0, SimTime::ZERO).0.offset().expect("one is free");
            let mut taken: Vec<u16> = (0..held).map(|_| take(&mut pool)).collect();
            let mut words = RANDOMNESS.words("bench", "port");
            nanos_each(|| {
                for _ in 0..OPERATIONS {
                    let place = pick(&mut words);
                    pool.give_back(0, taken[place]);
                    taken[place] = take(&mut pool);
                }
                black_box(&taken);
            })
        },
    );
}

/// The hold model (Jones, CACM 29, 1986): take the next event and put it back a random delay later.
fn calendar(waiting: u32) {
    let mut words = RANDOMNESS.words("bench", "delay");
    // Uniform on (0, 2 s): any law would do for both.
    let delays: Vec<u64> = (0..OPERATIONS).map(|_| words.word() >> 33).collect();
    compare(
        &format!("hold model: {waiting} events waiting"),
        || {
            let mut heap: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
            for (event, delay) in (0..u64::from(waiting)).zip(delays.iter().cycle()) {
                heap.push(Reverse((*delay, event)));
            }
            let mut hold = || {
                for delay in &delays {
                    let Reverse((at, event)) = heap.pop().expect("events wait");
                    heap.push(Reverse((at + delay, event)));
                }
                black_box(&heap);
            };
            settle(waiting, &mut hold);
            nanos_each(hold)
        },
        || {
            let mut wheel = SlotWheel::default();
            for (event, delay) in (0..u64::from(waiting)).zip(delays.iter().cycle()) {
                wheel.push(SimTime::from_nanos(*delay), event);
            }
            let mut hold = || {
                for delay in &delays {
                    let (at, event) = wheel.pop().expect("events wait");
                    wheel.push(at + SimDuration::from_nanos(*delay), event);
                }
                black_box(&wheel);
            };
            settle(waiting, &mut hold);
            nanos_each(hold)
        },
    );
}

/// Runs a hold model until what waits no longer depends on how it began.
fn settle(waiting: u32, hold: &mut impl FnMut()) {
    for _ in 0..=3 * waiting / OPERATIONS {
        hold();
    }
}

fn main() {
    for (kind, plain) in
        [(AllocatorKind::Sequential, Allocator::Sequential), (AllocatorKind::LinuxConnect, Allocator::LinuxConnect)]
    {
        for per_mille in [100, 500, 950, 999] {
            ports(kind, plain, PORTS * per_mille / 1_000);
        }
    }
    for waiting in [100, 1_000, 30_000, 1_000_000] {
        calendar(waiting);
    }
}
