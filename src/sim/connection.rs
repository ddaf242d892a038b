//! A connection while it waits in the calendar: 8 bytes, so that a full range stays in the cache.

use crate::workload::Leaves;

/// The most lanes of all hosts together: the lane is 16 bits of a connection.
pub const LANES_MAX: usize = 1 << LANE_BITS;
/// The most (client, destination) pairs: the flow is 12 bits of a connection.
pub const FLOWS_MAX: usize = 1 << FLOW_BITS;

const LANE_BITS: u32 = 16;
const OFFSET_BITS: u32 = 16;
const FLOW_BITS: u32 = 12;
const LEAVES_BITS: u32 = 2;
const ENDPOINT_BITS: u32 = 16;

/// Which port of which lane is held for which flow, towards which endpoint, and what will be left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection(u64);

impl Connection {
    #[inline]
    pub(super) fn new(lane: u32, offset: u16, flow: u32, leaves: Leaves) -> Self {
        debug_assert!((lane as usize) < LANES_MAX && (flow as usize) < FLOWS_MAX);
        let leaves = match leaves {
            Leaves::TimeWait => 0,
            Leaves::Nothing => 1,
            Leaves::FinWait2 => 2,
            Leaves::Unanswered => 3,
        };
        let low = u64::from(offset) | u64::from(lane) << OFFSET_BITS;
        Self(low | u64::from(flow) << (OFFSET_BITS + LANE_BITS) | leaves << (OFFSET_BITS + LANE_BITS + FLOW_BITS))
    }

    /// The same, towards this endpoint of the host's: a lane does not always tell.
    pub(super) fn towards(self, endpoint: u32) -> Self {
        debug_assert!((endpoint as usize) < LANES_MAX);
        Self(self.0 | u64::from(endpoint) << (OFFSET_BITS + LANE_BITS + FLOW_BITS + LEAVES_BITS))
    }

    /// The same; does its server, on the same host, keep a TIME-WAIT, too?
    pub(super) const fn with_server_wait(self, waits: bool) -> Self {
        Self(self.0 | (waits as u64) << (OFFSET_BITS + LANE_BITS + FLOW_BITS + LEAVES_BITS + ENDPOINT_BITS))
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits")]
    pub(super) const fn offset(self) -> u16 {
        self.0 as u16
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits of what was shifted")]
    pub(super) const fn lane(self) -> u32 {
        (self.0 >> OFFSET_BITS) as u32 & ((1 << LANE_BITS) - 1)
    }

    #[inline]
    pub(super) const fn flow(self) -> u32 {
        (self.0 >> (OFFSET_BITS + LANE_BITS)) as u32 & ((1 << FLOW_BITS) - 1)
    }

    #[inline]
    pub(super) const fn leaves(self) -> Leaves {
        match self.0 >> (OFFSET_BITS + LANE_BITS + FLOW_BITS) & ((1 << LEAVES_BITS) - 1) {
            0 => Leaves::TimeWait,
            1 => Leaves::Nothing,
            2 => Leaves::FinWait2,
            _ => Leaves::Unanswered,
        }
    }

    pub(super) const fn endpoint(self) -> u32 {
        (self.0 >> (OFFSET_BITS + LANE_BITS + FLOW_BITS + LEAVES_BITS)) as u32 & ((1 << ENDPOINT_BITS) - 1)
    }

    pub(super) const fn server_waits(self) -> bool {
        self.0 >> (OFFSET_BITS + LANE_BITS + FLOW_BITS + LEAVES_BITS + ENDPOINT_BITS) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        for leaves in [Leaves::TimeWait, Leaves::Nothing, Leaves::FinWait2, Leaves::Unanswered] {
            for (lane, offset, flow) in [(0, 0, 0), (65_535, 65_534, 4_095), (1, 2, 3)] {
                for endpoint in [0, 1, 65_535] {
                    let connection = Connection::new(lane, offset, flow, leaves).towards(endpoint);
                    assert_eq!(
                        (connection.lane(), connection.offset(), connection.flow(), connection.leaves()),
                        (lane, offset, flow, leaves)
                    );
                    assert_eq!((connection.endpoint(), connection.server_waits()), (endpoint, false));
                    assert_eq!(connection.with_server_wait(false), connection);
                    let waits = connection.with_server_wait(true);
                    assert!(waits.server_waits());
                    assert_eq!((waits.endpoint(), waits.leaves()), (endpoint, leaves));
                }
            }
        }
    }
}
