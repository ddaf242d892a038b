//! Linux `connect()` from 4.6 to 5.11: one parity before the other, from a hint that all destinations share
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` since 1580ab63fc9a; `reference/linux.md` 1.9).
//!
//! The scan is that of newer kernels; it starts at `hint + hash`, and a success moves the hint on by the distance
//! scanned and one step more, with nothing random in it.

use super::order::Order;
use super::parity_scan::{STEP, scan, walked};
use super::port_hash::PortHash;
use super::{Allocate, Choice, Setup};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout, Split};

#[derive(Clone, Debug)]
pub(super) struct LinuxConnect46 {
    hint: u32,
    hashes: PortHash,
}

impl Allocate for LinuxConnect46 {
    const NAME: &'static str = "linux-connect-4.6";
    const SUMMARY: &'static str = "Linux 4.6 to 5.11: one parity first, one hint for all";
    const SPLIT: Split = Split::ByParity;
    const ORDER: Order = Order::ParityFirst;

    fn new(setup: &Setup<'_>) -> Self {
        Self { hint: 0, hashes: PortHash::new(setup) }
    }

    #[inline(never)]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let choice = scan(self.hint.wrapping_add(self.hashes.of(id)), lane, layout);
        if let Some(offset) = choice.offset() {
            self.hint = self.hint.wrapping_add(walked(choice.start, offset, layout) + STEP);
        }
        choice
    }

    fn rekey(&mut self, branch: u64) {
        self.hashes.rekey(branch);
    }
}

#[cfg(test)]
mod tests {
    use super::super::literal::{Literal, Probe, by_parity, compare, compare_on_all_ranges, hash_of};
    use super::*;
    use crate::port::range::PortRange;

    /// The kernel's own way, port by port.
    struct Kernel {
        hint: u32,
    }

    impl Literal for Kernel {
        fn connect(&mut self, id: usize, range: PortRange, _now: SimTime, probe: &mut Probe<'_>) -> Option<u16> {
            let (port, i) = by_parity(self.hint.wrapping_add(hash_of(id)), 2, range, probe)?;
            self.hint = self.hint.wrapping_add(i + 2);
            Some(port)
        }
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        compare_on_all_ranges::<LinuxConnect46, _>(|| Kernel { hint: 0 }, 0);
    }

    #[test]
    fn destinations_move_each_other_on() {
        compare::<LinuxConnect46>(&mut Kernel { hint: 0 }, (40000, 40063), &[], 50, 5_000);
    }
}
