//! A connection while it waits in the calendar: 8 bytes, so that a full range stays in the cache.

use crate::workload::ClosesFirst;

/// The most lanes of all hosts together: the lane is 16 bits of a connection.
pub const LANES_MAX: usize = 1 << LANE_BITS;
/// The most (client, destination) pairs: the flow is 12 bits of a connection.
pub const FLOWS_MAX: usize = 1 << FLOW_BITS;

const LANE_BITS: u32 = 16;
const OFFSET_BITS: u32 = 16;
const FLOW_BITS: u32 = 12;

/// Which port of which lane is held for which flow, and who will close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection(u64);

impl Connection {
    #[inline]
    pub(super) fn new(lane: u32, offset: u16, flow: u32, closes_first: ClosesFirst) -> Self {
        debug_assert!((lane as usize) < LANES_MAX && (flow as usize) < FLOWS_MAX);
        let closes = match closes_first {
            ClosesFirst::Client => 0,
            ClosesFirst::Server => 1,
            ClosesFirst::Reset => 2,
        };
        let low = u64::from(offset) | u64::from(lane) << OFFSET_BITS;
        Self(low | u64::from(flow) << (OFFSET_BITS + LANE_BITS) | closes << (OFFSET_BITS + LANE_BITS + FLOW_BITS))
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
    pub(super) const fn closes_first(self) -> ClosesFirst {
        match self.0 >> (OFFSET_BITS + LANE_BITS + FLOW_BITS) {
            0 => ClosesFirst::Client,
            1 => ClosesFirst::Server,
            _ => ClosesFirst::Reset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        for closes_first in ClosesFirst::ALL {
            for (lane, offset, flow) in [(0, 0, 0), (65_535, 65_534, 4_095), (1, 2, 3)] {
                let connection = Connection::new(lane, offset, flow, closes_first);
                assert_eq!(
                    (connection.lane(), connection.offset(), connection.flow(), connection.closes_first()),
                    (lane, offset, flow, closes_first)
                );
            }
        }
    }
}
