//! Linux `connect()` from 4.2 to 4.5: port by port, from an even distance to the range's first port
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect` since 07f4c90062f8; `reference/linux.md` 1.9).
//!
//! The i-th candidate is `lo + (offset + i) mod N`, i = 0..N-1, where `offset = (hint + hash) & ~1`, and a success moves
//! the hint on by `(i + 2) & ~1`. With few ports taken that leaves every second port to `bind()`; a taken port sends the
//! search to its neighbour. (Sums are of 32 bits; that a scan meets their wrap is left out.)

use super::port_hash::PortHash;
use super::{Allocate, Choice, Setup, distance, linear};
use crate::des::SimTime;
use crate::port::lane::{Lane, Layout};

#[derive(Clone, Debug)]
pub(super) struct LinuxConnect42 {
    hint: u32,
    hashes: PortHash,
}

impl Allocate for LinuxConnect42 {
    const NAME: &'static str = "linux-connect-4.2";
    const SUMMARY: &'static str = "Linux 4.2 to 4.5: upwards from an even start";

    fn new(setup: &Setup<'_>) -> Self {
        Self { hint: 0, hashes: PortHash::new(setup) }
    }

    #[inline(never)]
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, _now: SimTime) -> Choice {
        let start = (self.hint.wrapping_add(self.hashes.of(id)) & !1) % layout.range().len();
        let choice = linear(lane, layout, start);
        if let Some(offset) = choice.offset() {
            self.hint = self.hint.wrapping_add((distance(start, offset, layout) + 2) & !1);
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
            let offset = self.hint.wrapping_add(hash_of(id)) & !1;
            let remaining = range.len();
            for i in 0..remaining {
                let port = u32::from(range.first()) + i.wrapping_add(offset) % remaining;
                if probe.take(port) {
                    self.hint = self.hint.wrapping_add((i + 2) & !1);
                    return u16::try_from(port).ok();
                }
            }
            None
        }
    }

    #[test]
    fn it_is_the_literal_scan_port_by_port() {
        compare_on_all_ranges::<LinuxConnect42, _>(|| Kernel { hint: 0 }, 0);
    }

    #[test]
    fn destinations_move_each_other_on() {
        compare::<LinuxConnect42>(&mut Kernel { hint: 0 }, (40000, 40063), &[], 50, 5_000);
    }
}
