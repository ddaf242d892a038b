//! How full the fullest lane of a scope became. A free port of another lane is no headroom, so that sums say little where
//! there are several.

use super::RunTables;
use serde_json::Value;

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
        if is_tried_in_turn(tables) {
            return Some(Self { busy: peak / ports, left: ports - peak, of_one: Some((peak, ports)) });
        }
        let (busy, left) = (figure("busy_ratio_peak")?, figure("headroom_ports")?);
        // Of several lanes the sum has more to spare than the fullest one, unless all are full.
        let of_one = ((ports - peak - left).abs() < 0.5).then_some((peak, ports));
        Some(Self { busy, left, of_one })
    }
}

/// Does every connect try all lanes, one after another? Then they are as one, and each free port is headroom.
fn is_tried_in_turn(tables: &RunTables) -> bool {
    let [hosts, clients, destinations] = ["host:", "client:", "destination:"].map(|kind| tables.scopes(kind));
    let ([host], [client], [destination]) = (&hosts[..], &clients[..], &destinations[..]) else { return false };
    let setting = |scope: &str, key| {
        let (kind, name) = scope.split_once(':')?;
        tables.meta.scenario.setting(&[kind, name, key])
    };
    let one = |scope, key| setting(scope, key).and_then(Value::as_u64).is_none_or(|number| number <= 1);
    let in_turn = |key| setting(client, key).and_then(Value::as_str) == Some("first-free");
    (one(host, "addresses") || in_turn("source")) && (one(destination, "endpoints") || in_turn("balance"))
}
