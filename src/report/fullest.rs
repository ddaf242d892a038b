//! How full the fullest lane of a scope became. A free port of another lane is no headroom, so that sums say little where
//! there are several.

use super::RunTables;

/// The fullest lane at its fullest moment, of all runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fullest {
    /// The share of its ports that were busy.
    pub(super) busy: f64,
    /// The fewest ports that were free in any lane.
    pub(super) left: f64,
    /// Busy ports and ports in all, when they are of one lane.
    pub(super) of_one: Option<(f64, f64)>,
}

impl Fullest {
    /// That of a scope; `None` when the tables do not say, or there is no port.
    pub(super) fn of(tables: &RunTables, scope: &str) -> Option<Self> {
        let figure = |metric| tables.estimate(scope, metric).value;
        let (peak, ports) = (figure("busy_ports_peak")?, figure("capacity_ports").filter(|ports| *ports > 0.0)?);
        let (busy, left) = (figure("busy_ratio_peak")?, figure("headroom_ports")?);
        // Of several lanes the sum has more to spare than the fullest one, unless all are full.
        let of_one = (ports - peak == left).then_some((peak, ports));
        Some(Self { busy, left, of_one })
    }
}
