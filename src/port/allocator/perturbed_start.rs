//! Where a search of Linux `connect()` starts since 5.18, and how a success moves the next start on
//! (`net/ipv4/inet_hashtables.c`, `__inet_hash_connect`; `reference/linux.md` 1.2 and 1.4).
//!
//! The start of a destination is `perturb[index] + hash`, where hash and index come from a keyed hash of (addresses,
//! destination port, epoch) and the epoch changes every 10 s. A success moves `perturb[index]` on by the distance
//! scanned, at least a random 0 to 7 steps, and one step more.
//!
//! `perturb` is a table of 65,536 words for the whole machine. After a re-salt every lane has a fresh index and a fresh
//! random hash, so what a slot held before is as good as nothing: slots are kept per epoch, only those in use, starting
//! from zero. A test of `linux-connect` compares with the literal table.

use super::Setup;
use super::few_bits::FewBits;
use crate::des::{Lookup, SimDuration, SimTime};
use crate::port::clock::Clock;
use std::collections::BTreeMap;

/// "tcp: resalt the secret every 10 seconds", Linux 5.18: `EPHEMERAL_PORT_SHUFFLE_PERIOD` in `net/core/secure_seq.c`.
const RESALT_PERIOD: SimDuration = SimDuration::from_secs(10);

/// The starts of all lanes of a port owner.
#[derive(Clone, Debug)]
pub(super) struct PerturbedStart {
    clock: Clock,
    epoch: u64,
    epoch_end: SimTime,
    lanes: Vec<LaneState>,
    table: Perturb,
    hash: Lookup,
    increments: FewBits<3>,
}

/// Where a lane starts in the present epoch.
#[derive(Clone, Copy, Debug)]
struct LaneState {
    /// The epoch that `hash` and `slot` are for.
    epoch: u64,
    hash: u32,
    slot: u32,
}

/// The slots of the perturb table that are in use in this epoch.
#[derive(Clone, Debug, Default)]
struct Perturb {
    values: Vec<u32>,
    by_index: BTreeMap<u16, u32>,
}

/// A start before `mod rem`, and the slot that a success moves on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) offset: u32,
    slot: u32,
}

impl Perturb {
    fn clear(&mut self) {
        self.values.clear();
        self.by_index.clear();
    }

    /// The slot of table index `index`, which lanes with the same index share.
    fn slot(&mut self, index: u16) -> u32 {
        let next = u32::try_from(self.values.len()).expect("at most 65,536 slots");
        *self.by_index.entry(index).or_insert_with(|| {
            self.values.push(0);
            next
        })
    }
}

impl PerturbedStart {
    pub(super) fn new(setup: &Setup<'_>) -> Self {
        Self {
            clock: setup.clock,
            epoch: 0,
            epoch_end: SimTime::ZERO,
            lanes: vec![LaneState { epoch: u64::MAX, hash: 0, slot: 0 }; setup.lanes],
            table: Perturb::default(),
            hash: setup.randomness.lookup(setup.owner, "port hash"),
            increments: FewBits::new(setup.randomness.words(setup.owner, "port increment")),
        }
    }

    /// Goes on in branch number `branch`: lanes that have started in this epoch keep their start.
    pub(super) fn rekey(&mut self, branch: u64) {
        self.hash.rekey(branch);
        self.increments.rekey(branch);
    }

    /// Where lane number `id` starts now.
    #[inline]
    pub(super) fn of(&mut self, id: usize, now: SimTime) -> Start {
        if now >= self.epoch_end {
            self.resalt(now);
        }
        if self.lanes[id].epoch != self.epoch {
            self.enter_epoch(id);
        }
        let LaneState { hash, slot, .. } = self.lanes[id];
        Start { offset: self.table.values[slot as usize].wrapping_add(hash), slot }
    }

    /// A search from `start` that steps by `step` has found a port after `distance`.
    #[inline]
    pub(super) fn succeed(&mut self, start: Start, distance: u32, step: u32) {
        let advance = distance.max(self.increments.draw() * step) + step;
        let perturb = &mut self.table.values[start.slot as usize];
        *perturb = perturb.wrapping_add(advance);
    }

    #[cold]
    fn resalt(&mut self, now: SimTime) {
        self.epoch = self.clock.epoch(now, RESALT_PERIOD);
        self.epoch_end = self.clock.epoch_end(self.epoch, RESALT_PERIOD);
        self.table.clear();
    }

    #[cold]
    fn enter_epoch(&mut self, id: usize) {
        let word = self.hash.word(id as u64, self.epoch);
        #[expect(clippy::cast_possible_truncation, reason = "the low half is the index, the high half the offset")]
        let (index, hash) = (word as u16, (word >> 32) as u32);
        self.lanes[id] = LaneState { epoch: self.epoch, hash, slot: self.table.slot(index) };
    }
}
