//! What `connect()` costs in CPU time, from counts that are kept anyway: a run pays nothing for it.
//!
//! An attempt costs `base + v c`, where v is the number of ports it looked at in vain (all but the one it got) and
//! c = `established` (1 - s) + `time_wait` s is what one of them costs on average; s is the share of TIME-WAITs among the
//! busy ports of its lane class, as the exact mean over the window. This is an approximation in two ways.
//!
//! - The mix at the moment of the attempt, and on its way through the range, is not that of the window. It is where
//!   connections are short against TIME-WAIT, or outlast the window: c is then nearly `time_wait`, or `established`.
//! - The kernel's cost is not linear. At the default figures, which are one machine's, medians on 28,232 ports towards
//!   one destination (`ground-truth`; `tests/it/connect_cost.rs`) are, in the model and measured:
//!   just above half full 0.74 ms with connections (0.7 to 2.4 ms) and 3.2 ms with TIME-WAITs (2.2 to 3.0 ms, so 7 % too
//!   much); 6.4 ms for a refusal among TIME-WAITs (5.5 to 6.4 ms). With holes at random, held by connections to held by
//!   TIME-WAITs: 34 to 46 us at 99 % full (66 us), 74 to 227 us at 99.9 % (156 us), and
//!   0.2 to 0.8 ms with three holes, where much depends on which (2.1 ms at 99.99 %).
//!
//! It takes no simulated time: a slow `connect()` delays nobody in the model.

use super::measures::Measures;
use crate::scenario::ConnectCost;
use crate::stats::{Histogram, quantile};
use std::collections::BTreeMap;

/// What the attempts in some lanes cost, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    base: f64,
    /// Of a port looked at in vain.
    port: f64,
}

/// How the attempts of a flow searched.
#[derive(Clone, Copy, Debug)]
pub struct Searches<'a> {
    /// Attempts that got a port.
    pub connects: u64,
    /// Ports they looked at.
    pub probes: u64,
    /// How many looked at how many.
    pub histogram: &'a Histogram,
    /// Attempts that got none.
    pub refused: u64,
    /// Ports they looked at.
    pub probes_refused: u64,
    /// The most ports that any of all these attempts looked at.
    pub probes_max: u32,
}

/// What the attempts of several flows cost, put together.
#[derive(Debug, Default)]
pub struct AttemptCosts {
    connects: u128,
    refused: u128,
    search: u128,
    max: u64,
    /// By lane class: its price, and how many connects looked at how many ports.
    classes: BTreeMap<usize, (Price, Histogram)>,
}

impl Price {
    /// The price where ports were busy for so many port-nanoseconds, in part with an open connection.
    pub fn new(cost: ConnectCost, busy: i128, established: i128) -> Self {
        let time_wait = if busy > 0 { (busy - established) as f64 / busy as f64 } else { 0.0 };
        let [base, open, wait] = [cost.base, cost.established, cost.time_wait].map(|part| part.as_nanos() as f64);
        Self { base, port: open + (wait - open) * time_wait }
    }

    /// The mean price that attempts of these runs paid: of one attempt without its search, and of one port looked at in
    /// vain. `None` when there was no attempt.
    pub fn mean(runs: &[&Measures]) -> Option<Self> {
        let (mut attempts, mut bases, mut in_vain, mut search) = (0, 0, 0, 0);
        for run in runs {
            attempts += run.attempts();
            bases += run.connect_cost + run.refused_cost - run.search_cost;
            in_vain += run.probes_in_vain();
            search += run.search_cost;
        }
        let each = |sum: u128, count: u64| sum as f64 / count.max(1) as f64;
        (attempts > 0).then(|| Self { base: each(bases, attempts), port: each(search, in_vain) })
    }

    /// An attempt that looked at so many ports in vain.
    pub fn attempt(self, in_vain: u64) -> u64 {
        whole(self.base + self.port * in_vain as f64)
    }

    /// So many ports looked at in vain.
    fn search(self, in_vain: u64) -> u128 {
        whole(self.port * in_vain as f64).into()
    }

    /// So many attempts without their search.
    fn bases(self, attempts: u64) -> u128 {
        u128::from(attempts) * u128::from(whole(self.base))
    }
}

/// The nearest whole number of nanoseconds; the largest there is for a price that nobody pays.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and `as` saturates")]
fn whole(nanos: f64) -> u64 {
    nanos.round() as u64
}

impl AttemptCosts {
    /// Adds a flow whose lanes are of lane class `class`, at the price of that class.
    pub fn add(&mut self, class: usize, price: Price, flow: &Searches<'_>) {
        let (connected, refused) =
            (price.search(flow.probes.saturating_sub(flow.connects)), price.search(flow.probes_refused));
        self.connects += price.bases(flow.connects) + connected;
        self.refused += price.bases(flow.refused) + refused;
        self.search += connected + refused;
        if flow.connects + flow.refused > 0 {
            // A refused attempt got none of the ports it looked at; where there is one it looked at the most.
            let got = u64::from(flow.refused == 0);
            self.max = self.max.max(price.attempt(u64::from(flow.probes_max).saturating_sub(got)));
        }
        let (_, histogram) = self.classes.entry(class).or_insert_with(|| (price, Histogram::default()));
        histogram.merge(flow.histogram);
    }

    /// Writes all of it into the raw figures of a scope.
    pub fn put_into(&self, measures: &mut Measures) {
        measures.connect_cost = self.connects;
        measures.refused_cost = self.refused;
        measures.search_cost = self.search;
        measures.connect_cost_max = self.max;
        // The histogram rounds up.
        measures.connect_cost_p99 = self.quantile(0.99).unwrap_or(0).min(self.max);
    }

    /// The CPU time that a share `q` of the connects does not exceed: over all classes, each at its own price.
    fn quantile(&self, q: f64) -> Option<u64> {
        let mut all = Vec::new();
        for (price, histogram) in self.classes.values() {
            // All but the last port in vain.
            all.extend(histogram.counts().map(|(probes, count)| (price.attempt(u64::from(probes.max(1) - 1)), count)));
        }
        all.sort_unstable();
        quantile(all.into_iter(), q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::SimDuration;

    fn cost(base: u64, established: u64, time_wait: u64) -> ConnectCost {
        let [base, established, time_wait] = [base, established, time_wait].map(SimDuration::from_nanos);
        ConnectCost { base, established, time_wait }
    }

    fn histogram(values: &[(u32, usize)]) -> Histogram {
        let mut histogram = Histogram::new();
        for (value, times) in values {
            (0..*times).for_each(|_| histogram.record(*value));
        }
        histogram
    }

    #[test]
    fn a_port_costs_what_its_holders_are() {
        let linux = cost(31_000, 50, 225);
        assert_eq!(Price::new(linux, 400, 400).attempt(14_116), 31_000 + 14_116 * 50);
        assert_eq!(Price::new(linux, 400, 0).attempt(14_116), 31_000 + 14_116 * 225);
        assert_eq!(Price::new(linux, 400, 300).attempt(4), 31_000 + 3 * 50 + 225);
        // Nobody was there, so nobody is in the way.
        assert_eq!(Price::new(linux, 0, 0).attempt(0), 31_000);
        assert_eq!(Price::new(cost(u64::MAX, u64::MAX, 0), 1, 1).attempt(9), u64::MAX);
    }

    #[test]
    fn flows_at_different_prices_are_put_together() {
        // Ninety-eight connects at 100 ns, and two that looked at eleven ports where that is dear.
        let (cheap, dear) = (histogram(&[(1, 98)]), histogram(&[(11, 2)]));
        let flow = |histogram, connects, probes, probes_max| Searches {
            connects,
            probes,
            histogram,
            refused: 0,
            probes_refused: 0,
            probes_max,
        };
        let mut costs = AttemptCosts::default();
        costs.add(0, Price::new(cost(100, 1, 1), 1, 1), &flow(&cheap, 98, 98, 1));
        costs.add(1, Price::new(cost(200, 1, 1_000), 1, 0), &flow(&dear, 2, 22, 11));
        let mut measures = Measures::default();
        costs.put_into(&mut measures);
        assert_eq!(measures.connect_cost, 98 * 100 + 2 * 10_200);
        assert_eq!((measures.connect_cost_p99, measures.connect_cost_max), (10_200, 10_200));
        assert_eq!((measures.search_cost, measures.refused_cost), (20_000, 0));
        assert_eq!(costs.quantile(0.98), Some(100));
        assert_eq!(AttemptCosts::default().quantile(0.5), None);
    }

    #[test]
    fn a_refusal_counts_in_the_most_and_in_the_search_alone() {
        let histogram = histogram(&[(1, 3)]);
        let mut costs = AttemptCosts::default();
        let price = Price::new(cost(100, 10, 10), 1, 1);
        let flow =
            Searches { connects: 3, probes: 3, histogram: &histogram, refused: 2, probes_refused: 8, probes_max: 4 };
        costs.add(0, price, &flow);
        let mut measures = Measures::default();
        costs.put_into(&mut measures);
        assert_eq!((measures.connect_cost, measures.connect_cost_p99, measures.connect_cost_max), (300, 100, 140));
        assert_eq!((measures.refused_cost, measures.search_cost), (280, 80));
    }
}
