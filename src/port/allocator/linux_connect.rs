//! Linux `connect()`: a hashed start, the parity of the range's first port before the other, a random increment
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` since 5.18; `reference/linux.md` 1.2 to 1.5).

use super::order::Order;
use super::parity_scan::{STEP, scan, walked};
use super::perturbed_start::{PerturbedStart, Start};
use super::random_step::RandomStep;
use super::{Allocate, Choice, Setup};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout, Split};

#[derive(Clone, Debug)]
pub(super) struct LinuxConnect {
    start: PerturbedStart,
    random_step: Option<RandomStep>,
}

impl Allocate for LinuxConnect {
    const NAME: &'static str = "linux-connect";
    const SUMMARY: &'static str = "Linux connect(): hashed start, one parity first";
    const SPLIT: Split = Split::ByParity;
    const ORDER: Order = Order::ParityFirst;

    fn new(setup: &Setup<'_>) -> Self {
        Self { start: PerturbedStart::new(setup), random_step: RandomStep::new(setup) }
    }

    #[inline]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, now: SimTime) -> Choice {
        let start = self.start.of(id, now);
        if self.random_step.is_some() {
            return self.choose_in_random_steps(start, lane, layout);
        }
        let choice = scan(start.offset, lane, layout);
        if let Some(offset) = choice.offset() {
            self.start.succeed(start, walked(choice.start, offset, layout), STEP);
        }
        choice
    }

    fn rekey(&mut self, branch: u64) {
        self.start.rekey(branch);
        if let Some(random_step) = &mut self.random_step {
            random_step.rekey(branch);
        }
    }
}

impl LinuxConnect {
    /// The same when a step width is set.
    #[cold]
    fn choose_in_random_steps(&mut self, start: Start, lane: &Lane, layout: &Layout) -> Choice {
        let random_step = self.random_step.as_mut().expect("a step width is set");
        let (choice, distance) = random_step.scan(start.offset, lane, layout);
        if choice.offset().is_some() {
            self.start.succeed(start, distance, STEP);
        }
        choice
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "halves of words, and words as indices")]
mod tests {
    use super::super::literal::{self, Literal, Probe, RANDOMNESS, by_parity, compare, compare_on_all_ranges};
    use super::*;
    use crate::des::random::below;
    use crate::des::{Lookup, SimDuration, Words};
    use crate::port::clock::Clock;
    use crate::port::range::{PortRange, PortSet};

    /// The kernel's own way, port by port, with its whole table (`reference/linux.md` 1.2 to 1.4 and 1.9).
    struct Kernel {
        perturb: Vec<u32>,
        /// The table when the epoch began: what a fresh hash makes irrelevant, taken off to compare value by value.
        at_epoch_start: Vec<u32>,
        epoch: u64,
        clock: Clock,
        hash: Lookup,
        increments: Words,
        bits: Vec<u32>,
        step_width: u32,
        steps: Words,
    }

    impl Kernel {
        fn new(step_width: u32) -> Self {
            let mut boot = RANDOMNESS.words("literal", "perturb");
            let perturb: Vec<u32> = (0..65_536).map(|_| (boot.word() >> 32) as u32).collect();
            Self {
                at_epoch_start: perturb.clone(),
                perturb,
                epoch: u64::MAX,
                clock: Clock::draw(RANDOMNESS, "host:test", SimDuration::ZERO, None),
                hash: RANDOMNESS.lookup("host:test", "port hash"),
                increments: RANDOMNESS.words("host:test", "port increment"),
                bits: Vec::new(),
                step_width,
                steps: RANDOMNESS.words("host:test", "port step"),
            }
        }

        fn increment(&mut self) -> u32 {
            if self.bits.is_empty() {
                let word = self.increments.word();
                self.bits = (0..21).rev().map(|k| (word >> (3 * k)) as u32 & 7).collect();
            }
            self.bits.pop().unwrap()
        }

        fn scan_step(&mut self, remaining: u32) -> u32 {
            if self.step_width == 0 || remaining <= 1 {
                return 2;
            }
            let range = remaining / 2;
            let upper_bound = range.min(self.step_width);
            let mut scan_step = 1 + below(self.steps.word(), upper_bound);
            let coprime = |step: u32| !(2..=step).any(|d| step.is_multiple_of(d) && range.is_multiple_of(d));
            while !coprime(scan_step) {
                scan_step += 1;
                if scan_step.is_multiple_of(2) && range.is_multiple_of(2) {
                    scan_step += 1;
                }
                if scan_step > upper_bound {
                    scan_step = 1;
                    break;
                }
            }
            scan_step * 2
        }
    }

    impl Literal for Kernel {
        fn connect(&mut self, id: usize, range: PortRange, now: SimTime, probe: &mut Probe<'_>) -> Option<u16> {
            let epoch = self.clock.epoch(now, SimDuration::from_secs(10));
            if epoch != self.epoch {
                self.epoch = epoch;
                self.at_epoch_start.clone_from(&self.perturb);
            }
            let h64 = self.hash.word(id as u64, epoch);
            let index = (h64 & 0xffff) as usize;
            let hash = ((h64 >> 32) as u32).wrapping_sub(self.at_epoch_start[index]);
            let width = self.scan_step(if range.len() > 1 { range.len() & !1 } else { 1 });
            let (port, i) = by_parity(self.perturb[index].wrapping_add(hash), width, range, probe)?;
            let advance = i.max(self.increment() * 2) + 2;
            self.perturb[index] = self.perturb[index].wrapping_add(advance);
            Some(port)
        }
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        compare_on_all_ranges::<LinuxConnect, _>(|| Kernel::new(0), 0);
    }

    #[test]
    fn with_a_step_width_it_is_the_literal_scan_too() {
        for step_width in [1, 2, 3, 10, 4_000, 65_535] {
            compare_on_all_ranges::<LinuxConnect, _>(|| Kernel::new(step_width), step_width);
        }
    }

    #[test]
    fn lanes_that_share_a_slot_of_the_table_push_each_other_on() {
        // 2,000 lanes in 65,536 slots: about 30 pairs share one in each epoch.
        compare::<LinuxConnect>(&mut Kernel::new(0), (40000, 40063), &[], 2_000, 60_000);
    }

    #[test]
    fn on_an_empty_table_a_destination_steps_by_two_to_sixteen() {
        let layout = Layout::new(PortRange::new(32768, 60999).unwrap(), &PortSet::default(), Split::ByParity);
        let mut allocator = LinuxConnect::new(&literal::setup(&layout, 1));
        let mut lane = Lane::new(&layout);
        lane.open(&layout);
        let mut counts = [0_u32; 8];
        let mut previous = None;
        for _ in 0..8_000 {
            let choice = allocator.choose(0, &lane, &layout, SimTime::ZERO);
            let offset = u32::from(choice.offset().unwrap());
            assert_eq!(choice.probes, 1);
            if let Some(previous) = previous {
                let step = (offset + 28_232 - previous) % 28_232;
                assert!(step % 2 == 0 && (2..=16).contains(&step));
                counts[step as usize / 2 - 1] += 1;
            }
            previous = Some(offset);
        }
        // Each 1/8 (`reference/linux.md` 1.4); chi-square with 7 degrees of freedom: 24.3 is its 99.9 % point.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 1e3) * (f64::from(n) - 1e3) / 1e3).sum();
        assert!(chi < 24.3, "{counts:?}");
    }
}
