//! Linux `connect()` from 5.12 to 5.17: one parity before the other, from a table of 256 hints
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` since 190cc82489f4 and c579bd1b4021; `reference/linux.md` 1.9).
//!
//! The scan is that of newer kernels; it starts at `perturb[index] + hash`, where the index is 8 bits of the same hash.
//! A success moves `perturb[index]` on by the distance scanned and one step more; a scan that found its first candidate
//! free skips the next one in 1 of 16 cases.

use super::few_bits::FewBits;
use super::order::Order;
use super::parity_scan::{STEP, scan, walked};
use super::port_hash::PortHash;
use super::{Allocate, Choice, Setup};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout, Split};

/// `INET_TABLE_PERTURB_SHIFT`: the table has 2^8 slots.
const SHIFT: u32 = 8;

#[derive(Clone, Debug)]
pub(super) struct LinuxConnect512 {
    perturb: Vec<u32>,
    hashes: PortHash,
    noise: FewBits<4>,
}

impl Allocate for LinuxConnect512 {
    const NAME: &'static str = "linux-connect-5.12";
    const SUMMARY: &'static str = "Linux 5.12 to 5.17: one parity first, 256 hints";
    const SPLIT: Split = Split::ByParity;
    const ORDER: Order = Order::ParityFirst;

    fn new(setup: &Setup<'_>) -> Self {
        let mut boot = setup.randomness.words(setup.owner, "port perturb");
        Self {
            perturb: (0..1 << SHIFT).map(|_| (boot.word() >> 32) as u32).collect(),
            hashes: PortHash::new(setup),
            noise: FewBits::new(setup.randomness.words(setup.owner, "port increment")),
        }
    }

    #[inline(never)]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let hash = self.hashes.of(id);
        let hint = &mut self.perturb[slot(hash)];
        let choice = scan(hint.wrapping_add(hash), lane, layout);
        if let Some(offset) = choice.offset() {
            let distance = walked(choice.start, offset, layout);
            let skips = distance == 0 && self.noise.draw() == 0;
            let distance = if skips { STEP } else { distance };
            *hint = hint.wrapping_add(distance + STEP);
        }
        choice
    }

    fn rekey(&mut self, branch: u64) {
        self.hashes.rekey(branch);
        self.noise.rekey(branch);
    }
}

/// `hash_32(hash, 8)` of `include/linux/hash.h`.
#[inline]
fn slot(hash: u32) -> usize {
    const GOLDEN_RATIO: u32 = 0x61C8_8647;
    (hash.wrapping_mul(GOLDEN_RATIO) >> (u32::BITS - SHIFT)) as usize
}

#[cfg(test)]
mod tests {
    use super::super::literal::{Literal, Probe, RANDOMNESS, by_parity, compare, compare_on_all_ranges, hash_of};
    use super::*;
    use crate::des::Words;
    use crate::port::range::PortRange;

    /// The kernel's own way, port by port.
    struct Kernel {
        perturb: [u32; 256],
        random: Words,
        left: Vec<u32>,
    }

    impl Kernel {
        fn new() -> Self {
            let mut boot = RANDOMNESS.words("host:test", "port perturb");
            let perturb = std::array::from_fn(|_| u32::try_from(boot.word() >> 32).unwrap());
            Self { perturb, random: RANDOMNESS.words("host:test", "port increment"), left: Vec::new() }
        }

        fn random_of_16(&mut self) -> u32 {
            if self.left.is_empty() {
                let word = self.random.word();
                self.left = (0..16).rev().map(|k| u32::try_from(word >> (4 * k) & 15).unwrap()).collect();
            }
            self.left.pop().unwrap()
        }
    }

    impl Literal for Kernel {
        fn connect(&mut self, id: usize, range: PortRange, _now: SimTime, probe: &mut Probe<'_>) -> Option<u16> {
            let hash = hash_of(id);
            // The upper 8 of 32 bits of a product.
            let index = usize::try_from((u64::from(hash) * 0x61C8_8647 % (1 << 32)) / (1 << 24)).unwrap();
            let (port, mut i) = by_parity(self.perturb[index].wrapping_add(hash), 2, range, probe)?;
            if i == 0 && self.random_of_16() == 0 {
                i = 2;
            }
            self.perturb[index] = self.perturb[index].wrapping_add(i + 2);
            Some(port)
        }
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        compare_on_all_ranges::<LinuxConnect512, _>(Kernel::new, 0);
    }

    #[test]
    fn lanes_that_share_a_slot_of_the_table_push_each_other_on() {
        // 500 lanes in 256 slots.
        compare::<LinuxConnect512>(&mut Kernel::new(), (40000, 40063), &[], 500, 20_000);
    }
}
