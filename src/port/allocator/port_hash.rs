//! The hash of (source address, destination address, destination port) under a secret that lasts until the next boot:
//! `secure_ipv4_port_ephemeral` in `net/core/secure_seq.c` before Linux 5.18.

use super::Setup;
use crate::des::Lookup;

/// The hash of each lane, drawn when it is first asked for.
#[derive(Clone, Debug)]
pub(super) struct PortHash {
    draws: Lookup,
    known: Vec<Option<u32>>,
}

impl PortHash {
    pub(super) fn new(setup: &Setup<'_>) -> Self {
        Self { draws: setup.randomness.lookup(setup.owner, "port hash"), known: vec![None; setup.lanes] }
    }

    /// Draws the hashes that nobody has asked for from branch number `branch`.
    pub(super) fn rekey(&mut self, branch: u64) {
        self.draws.rekey(branch);
    }

    /// The hash of lane number `id`.
    #[inline]
    pub(super) fn of(&mut self, id: usize) -> u32 {
        let Self { draws, known } = self;
        *known[id].get_or_insert_with(|| (draws.word(id as u64, 0) >> 32) as u32)
    }
}
