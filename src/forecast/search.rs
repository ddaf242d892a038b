//! What `connect()` costs once the ports that it looks at first are taken: it looks at all of them before any other.

use super::Forecast;
use crate::des::SimDuration;

/// A search that finds none of the ports that it looks at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Ports that it looks at: those, and one more.
    pub ports: f64,
    /// The CPU time of such a `connect()` in seconds, with as many of the ports in TIME-WAIT as on average.
    pub cost_s: f64,
    /// The same with none and with all of them in TIME-WAIT: between the two lies what was seen on one machine, which the
    /// constants are from (`[connect_cost]` of the profiles).
    pub between_s: (f64, f64),
}

impl Forecast {
    /// The second limit: from [`Lanes::fast_rate`](super::Lanes::fast_rate) on such searches come. `None` where a search
    /// has no ports that it looks at first.
    pub fn slow_search(&self) -> Option<Search> {
        let ports = (self.lanes.preferred? * f64::from(self.lanes.ports / self.lanes.joined)).round();
        let cost = self.host.connect_cost;
        let [base_s, open_s, wait_s] = [cost.base, cost.established, cost.time_wait].map(SimDuration::as_secs_f64);
        let hold_s = self.lanes.hold_s();
        let share = if hold_s > 0.0 { 1.0 - self.lanes.lifetime_s / hold_s } else { 0.0 };
        let with = |each_s: f64| base_s + ports * each_s;
        let (least, most) = (with(open_s.min(wait_s)), with(open_s.max(wait_s)));
        let cost_s = with(open_s + (wait_s - open_s) * share);
        Some(Search { ports: ports + 1.0, cost_s, between_s: (least, most) })
    }
}
