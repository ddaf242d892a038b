//! The raw figures of one scope in one replication, all of the measured window: whole numbers, so that nothing is lost.

use crate::des::SimDuration;

/// One lane at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneMoment {
    /// Ports that no attempt could take.
    pub busy: u64,
    /// Usable ports.
    pub ports: u64,
}

impl LaneMoment {
    /// The share of its ports that is busy; `None` when it has none.
    pub fn share(self) -> Option<f64> {
        (self.ports > 0).then(|| self.busy as f64 / self.ports as f64)
    }

    /// Is a larger share of this one's ports busy, exactly? Of equals the one with more ports.
    pub fn is_fuller_than(self, other: Self) -> bool {
        (self.busy * other.ports, self.ports) > (other.busy * self.ports, other.ports)
    }
}

/// Raw figures of one scope. Integrals are in port-nanoseconds: 128 bits, since 65,535 ports over ten years need 75.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// The length of the window.
    pub duration: SimDuration,
    /// Usable ports.
    pub capacity: u64,
    /// First attempts.
    pub requests: u64,
    /// Requests refused for the last time.
    pub lost: u64,
    /// Attempts that got a port.
    pub connects: u64,
    /// Attempts that got none.
    pub refused: u64,
    /// From the opening of the window to the first refusal.
    pub first_refusal: Option<SimDuration>,
    /// Time with at least one full lane.
    pub full: SimDuration,
    /// Spells of it.
    pub outages: u64,
    /// The longest of them.
    pub outage_longest: SimDuration,
    /// Integral of the ports that connections keep busy, open or after their close.
    pub busy: i128,
    /// Integral of the ports with an open connection.
    pub established: i128,
    /// Integral of the TIME-WAITs that `connect()` could take over: they are not busy.
    pub reusable: i128,
    /// Integral of the ports that sockets elsewhere keep from the scope's: busy, too.
    pub blocked: i128,
    /// The most busy ports at any moment, of all lanes together.
    pub busy_peak: u64,
    /// The fewest free ports of any lane at any moment.
    pub headroom: u64,
    /// The lane with the highest share of busy ports at any moment.
    pub fullest: LaneMoment,
    /// Connects served by the less preferred parity: ports unlike the range's first one.
    pub second_parity: u64,
    /// Ports looked at by all connects.
    pub probes: u64,
    /// 99 % of connects looked at no more ports than this.
    pub probes_p99: u64,
    /// The most ports that any attempt looked at, refused ones included.
    pub probes_max: u64,
    /// Ports looked at by all refused attempts.
    pub probes_refused: u64,
    /// CPU time of all connects, in nanoseconds.
    pub connect_cost: u128,
    /// 99 % of connects took no longer than this many nanoseconds.
    pub connect_cost_p99: u64,
    /// The most nanoseconds that any attempt took, refused ones included.
    pub connect_cost_max: u64,
    /// CPU time of all refused attempts, in nanoseconds.
    pub refused_cost: u128,
    /// The part of `connect_cost` and `refused_cost` that went into ports looked at in vain.
    pub search_cost: u128,
    /// How often a port was used again after a release, and the sum and the least of the times between.
    pub reuses: u64,
    /// Sum of the times between a port's release and its next use, in nanoseconds.
    pub idle: u128,
    /// The shortest of them.
    pub idle_min: Option<SimDuration>,
}

impl Measures {
    /// All attempts.
    pub fn attempts(&self) -> u64 {
        self.connects + self.refused
    }

    /// Ports that attempts looked at in vain: all but the one that each connect got.
    pub fn probes_in_vain(&self) -> u64 {
        self.probes.saturating_sub(self.connects) + self.probes_refused
    }
}
