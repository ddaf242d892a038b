//! Linux `connect()` before 4.2: port by port from just past a hint that all destinations share
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` of 3.x and 4.1; `reference/linux.md` 1.9).
//!
//! The i-th candidate is `lo + (hint + hash + i) mod N`, i = 1..N, and a success moves the hint on by i. So each
//! destination walks upwards from a place of its own, and a connection to any of them moves all of them on. (Sums are of
//! 32 bits; that a scan meets their wrap, once in 2^32 / N, is left out.)

use super::port_hash::PortHash;
use super::{Allocate, Choice, Setup, distance, linear};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout};

#[derive(Clone, Debug)]
pub(super) struct LinuxConnect30 {
    hint: u32,
    hashes: PortHash,
}

impl Allocate for LinuxConnect30 {
    const NAME: &'static str = "linux-connect-3.0";
    const SUMMARY: &'static str = "Linux 3.0 to 4.1: upwards from one hint for all";

    fn new(setup: &Setup<'_>) -> Self {
        Self { hint: 0, hashes: PortHash::new(setup) }
    }

    #[inline(never)]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let start = self.hint.wrapping_add(self.hashes.of(id)).wrapping_add(1) % layout.range().len();
        let choice = linear(lane, layout, start);
        if let Some(offset) = choice.offset() {
            self.hint = self.hint.wrapping_add(distance(start, offset, layout) + 1);
        }
        choice
    }

    fn rekey(&mut self, branch: u64) {
        self.hashes.rekey(branch);
    }
}

#[cfg(test)]
mod tests {
    use super::super::literal::{Literal, Probe, compare, compare_on_all_ranges, hash_of};
    use super::*;
    use crate::port::range::PortRange;

    /// The kernel's own way, port by port.
    struct Kernel {
        hint: u32,
    }

    impl Literal for Kernel {
        fn connect(&mut self, id: usize, range: PortRange, _now: SimTime, probe: &mut Probe<'_>) -> Option<u16> {
            let offset = self.hint.wrapping_add(hash_of(id));
            let remaining = range.len();
            for i in 1..=remaining {
                let port = u32::from(range.first()) + i.wrapping_add(offset) % remaining;
                if probe.take(port) {
                    self.hint = self.hint.wrapping_add(i);
                    return u16::try_from(port).ok();
                }
            }
            None
        }
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        compare_on_all_ranges::<LinuxConnect30, _>(|| Kernel { hint: 0 }, 0);
    }

    #[test]
    fn destinations_move_each_other_on() {
        compare::<LinuxConnect30>(&mut Kernel { hint: 0 }, (40000, 40063), &[], 50, 5_000);
    }
}
