//! One bitmap of busy ports, and the two orders in which a free one is looked for.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The clock by which Linux moves every destination's start offset.
const RESALT_NANOS: u64 = 10_000_000_000;
/// `CONFIG_INET_TABLE_PERTURB_ORDER` is 16.
const PERTURB_SLOTS: usize = 1 << 16;

const ALL: u64 = !0;
const EVEN: u64 = 0x5555_5555_5555_5555;

/// In which order ports are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// From the port after the last one given out.
    Sequential,
    /// As Linux `connect()` does: a hashed offset, its parity first, then the other.
    LinuxConnect,
}

/// A port that was given out, and how many were looked at for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) port: u32,
    pub(crate) probes: u32,
}

/// The ports of one range, counted from its first.
#[derive(Debug)]
pub(crate) struct Ports {
    len: u32,
    busy: Vec<u64>,
    order: Order,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, and a box would cost the search")]
enum Order {
    Sequential { next: u32 },
    LinuxConnect { secret: u64, perturb: Vec<u32>, rng: ChaCha8Rng },
}

impl Ports {
    pub(crate) fn new(len: u32, allocator: Allocator, seed: u64) -> Self {
        assert!(len > 0 && len.is_multiple_of(2), "an odd range has a corner that this engine leaves out");
        let mut busy = vec![0; len.div_ceil(64) as usize];
        // Bits beyond the range look busy for ever.
        if !len.is_multiple_of(64) {
            *busy.last_mut().expect("a range has ports") = ALL << (len % 64);
        }
        let order = match allocator {
            Allocator::Sequential => Order::Sequential { next: 0 },
            Allocator::LinuxConnect => {
                let mut rng = ChaCha8Rng::seed_from_u64(!seed);
                let secret = rng.next_u64();
                let perturb = (0..PERTURB_SLOTS).map(|_| rng.next_u32()).collect();
                Order::LinuxConnect { secret, perturb, rng }
            }
        };
        Self { len, busy, order }
    }

    /// Gives out a port; `None` when all are busy.
    pub(crate) fn take(&mut self, now: u64) -> Option<Found> {
        let len = self.len;
        let found = match &mut self.order {
            Order::Sequential { next } => {
                let port = first_free(&self.busy, *next, ALL)?;
                let probes = distance(*next, port, len) + 1;
                *next = if port + 1 == len { 0 } else { port + 1 };
                Found { port, probes }
            }
            Order::LinuxConnect { secret, perturb, rng } => {
                let hash = mix(*secret ^ (now / RESALT_NANOS));
                let slot = &mut perturb[(hash & 0xffff) as usize];
                let offset = (slot.wrapping_add((hash >> 32) as u32) % len) & !1;
                let (port, walked, passed) = if let Some(port) = first_free(&self.busy, offset, EVEN) {
                    (port, distance(offset, port, len), 0)
                } else {
                    let port = first_free(&self.busy, offset + 1, !EVEN)?;
                    (port, distance(offset + 1, port, len), len / 2)
                };
                let jump = (rng.next_u32() % 8) * 2;
                *slot = slot.wrapping_add(walked.max(jump) + 2);
                Found { port, probes: passed + walked / 2 + 1 }
            }
        };
        self.busy[found.port as usize / 64] |= 1 << (found.port % 64);
        Some(found)
    }

    pub(crate) fn release(&mut self, port: u32) {
        self.busy[port as usize / 64] &= !(1 << (port % 64));
    }
}

/// The first port from `from` on, and then from the start, that is free and in `mask`.
fn first_free(busy: &[u64], from: u32, mask: u64) -> Option<u32> {
    let first = from as usize / 64;
    let head = !busy[first] & mask & (ALL << (from % 64));
    if head != 0 {
        return Some(port_at(first, head));
    }
    let search = |words: std::ops::Range<usize>| {
        words.into_iter().find_map(|word| {
            let free = !busy[word] & mask;
            (free != 0).then(|| port_at(word, free))
        })
    };
    search(first + 1..busy.len()).or_else(|| search(0..first + 1))
}

/// The port of the lowest bit of `free`.
#[expect(clippy::cast_possible_truncation, reason = "a range has at most 65,535 ports")]
fn port_at(word: usize, free: u64) -> u32 {
    word as u32 * 64 + free.trailing_zeros()
}

/// Steps from `from` up to `to`, round the end of the range.
fn distance(from: u32, to: u32, len: u32) -> u32 {
    if to >= from { to - from } else { to + len - from }
}

/// Where the kernel has `SipHash`: any good hash of the epoch will do (here `SplitMix64`).
fn mix(epoch: u64) -> u64 {
    let z = epoch.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
