//! Which metrics there are: name, unit, meaning, how each is made from raw figures, and how replications are put
//! together. `list metrics`, the column dictionary and both CSVs read this table.

use super::measures::Measures;
use crate::des::SimDuration;
use crate::scenario::MetricName;

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in the CSVs.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is, in one line; of the measured window only.
    pub meaning: &'static str,
    /// How it is estimated.
    pub method: Method,
}

/// How a metric is made from the raw figures, and how replications are put together.
#[derive(Clone, Copy, Debug)]
pub enum Method {
    /// Mean over the replications that have it, with a t interval.
    Mean(fn(&Measures) -> Option<f64>),
    /// Ratio of sums over replications, with its variance linearised.
    Ratio(fn(&Measures) -> f64, fn(&Measures) -> f64),
    /// The largest over replications; no interval.
    Maximum(fn(&Measures) -> Option<f64>),
    /// The least over replications; no interval.
    Minimum(fn(&Measures) -> Option<f64>),
    /// Median over replications, those that never had it last, with an interval by order statistics.
    MedianTime(fn(&Measures) -> Option<f64>),
    /// Share of replications in which it is true, with Wilson's interval.
    Share(fn(&Measures) -> bool),
    /// Follows from the scenario: the mean number of ports wanted. No interval.
    OfferedLoad,
    /// Follows from the scenario: the usable ports. No interval.
    Capacity,
}

impl Method {
    /// The word in the column `method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean(_) => "mean",
            Self::Ratio(..) => "ratio",
            Self::Maximum(_) => "maximum",
            Self::Minimum(_) => "minimum",
            Self::MedianTime(_) => "median",
            Self::Share(_) => "share",
            Self::OfferedLoad | Self::Capacity => "scenario",
        }
    }
}

/// An integral of ports over time as a mean number of ports.
#[expect(clippy::unnecessary_wraps, reason = "the shape that `Method` takes")]
fn per_time(integral: i128, measures: &Measures) -> Option<f64> {
    Some(integral as f64 / measures.duration.as_nanos() as f64)
}

fn ratio(part: f64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part / whole as f64)
}

/// The metric that the scenario layer knows as `name`; not to compile is the answer to a name that it does not know.
const fn metric(name: &str, method: Method) -> Metric {
    let MetricName { name, unit, meaning } = MetricName::known(name);
    Metric { name, unit, meaning, method }
}

/// Every metric, in the order of the CSVs.
pub const METRICS: &[Metric] = &[
    metric("attempts_total", Method::Mean(|m| Some(m.attempts() as f64))),
    metric("connects_total", Method::Mean(|m| Some(m.connects as f64))),
    metric("refused_total", Method::Mean(|m| Some(m.refused as f64))),
    metric("requests_total", Method::Mean(|m| Some(m.requests as f64))),
    metric("requests_lost_total", Method::Mean(|m| Some(m.lost as f64))),
    metric("requests_lost_ratio", Method::Ratio(|m| m.lost as f64, |m| m.requests as f64)),
    metric("connects_per_s", Method::Mean(|m| Some(m.connects as f64 / m.duration.as_secs_f64()))),
    metric("refused_ratio", Method::Ratio(|m| m.refused as f64, |m| m.attempts() as f64)),
    metric("full_time_ratio", Method::Ratio(|m| m.full.as_secs_f64(), |m| m.duration.as_secs_f64())),
    metric("exhaustion_probability", Method::Share(|m| m.refused > 0)),
    metric("first_refusal_s", Method::MedianTime(|m| m.first_refusal.map(SimDuration::as_secs_f64))),
    metric("outages_total", Method::Mean(|m| Some(m.outages as f64))),
    metric("outage_longest_s", Method::Maximum(|m| Some(m.outage_longest.as_secs_f64()))),
    metric("busy_ports_mean", Method::Mean(|m| per_time(m.busy + m.blocked, m))),
    metric("busy_ports_peak", Method::Maximum(|m| Some(m.busy_peak as f64))),
    metric("busy_ratio_peak", Method::Maximum(|m| m.fullest.share())),
    metric("headroom_ports", Method::Minimum(|m| Some(m.headroom as f64))),
    metric("established_ports_mean", Method::Mean(|m| per_time(m.established, m))),
    metric("time_wait_ports_mean", Method::Mean(|m| per_time(m.busy - m.established, m))),
    metric("blocked_ports_mean", Method::Mean(|m| per_time(m.blocked, m))),
    metric("reusable_ports_mean", Method::Mean(|m| per_time(m.reusable, m))),
    metric("second_parity_ratio", Method::Ratio(|m| m.second_parity as f64, |m| m.connects as f64)),
    metric("probes_mean", Method::Mean(|m| ratio(m.probes as f64, m.connects))),
    metric("probes_p99", Method::Mean(|m| (m.connects > 0).then_some(m.probes_p99 as f64))),
    metric("probes_max", Method::Maximum(|m| (m.attempts() > 0).then_some(m.probes_max as f64))),
    metric("probes_refused_mean", Method::Mean(|m| ratio(m.probes_refused as f64, m.refused))),
    metric("connect_cost_mean_s", Method::Mean(|m| ratio(m.connect_cost as f64 / 1e9, m.connects))),
    metric("connect_cost_p99_s", Method::Mean(|m| (m.connects > 0).then_some(m.connect_cost_p99 as f64 / 1e9))),
    metric("connect_cost_max_s", Method::Maximum(|m| (m.attempts() > 0).then_some(m.connect_cost_max as f64 / 1e9))),
    // No `Ratio`, which is a share of at most 1: a search can keep several CPUs busy.
    metric("search_cpu_ratio", Method::Mean(|m| Some(m.search_cost as f64 / m.duration.as_nanos() as f64))),
    metric("reuse_interval_min_s", Method::Minimum(|m| m.idle_min.map(SimDuration::as_secs_f64))),
    metric("reuse_interval_mean_s", Method::Mean(|m| ratio(m.idle as f64 / 1e9, m.reuses))),
    metric("offered_load", Method::OfferedLoad),
    metric("capacity_ports", Method::Capacity),
];

/// Metrics of which more is better.
const BETTER_HIGH: [&str; 6] = [
    "connects_total",
    "connects_per_s",
    "headroom_ports",
    "first_refusal_s",
    "reuse_interval_min_s",
    "reuse_interval_mean_s",
];

impl Metric {
    /// The metric called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// Of a count that may be rare, what each run counts it among: no more can be seen.
    pub fn among(&self) -> Option<fn(&Measures) -> f64> {
        match self.name {
            // A spell with a full lane begins with an attempt that fills it.
            "refused_total" | "outages_total" => Some(|m| m.attempts() as f64),
            "requests_lost_total" => Some(|m| m.requests as f64),
            _ => None,
        }
    }

    /// Is more of it better? Less is, for all others.
    pub fn is_better_high(&self) -> bool {
        BETTER_HIGH.contains(&self.name)
    }

    /// The figure of one replication; `None` when it has none, or when it is no figure of a replication.
    pub fn value(&self, measures: &Measures) -> Option<f64> {
        match self.method {
            Method::Mean(of) | Method::Maximum(of) | Method::Minimum(of) | Method::MedianTime(of) => of(measures),
            Method::Ratio(part, whole) => {
                let whole = whole(measures);
                (whole > 0.0).then(|| part(measures) / whole)
            }
            Method::Share(holds) => Some(if holds(measures) { 1.0 } else { 0.0 }),
            Method::Capacity => Some(measures.capacity as f64),
            Method::OfferedLoad => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::metric_name::METRIC_NAMES;

    #[test]
    fn every_name_has_its_metric_in_the_same_order() {
        let names = METRICS.iter().map(|metric| metric.name);
        assert!(names.eq(METRIC_NAMES.iter().map(|known| known.name)));
        assert!(METRICS.iter().all(|metric| Metric::named(metric.name).is_some()));
    }

    #[test]
    fn what_is_better_high_is_a_metric() {
        assert!(BETTER_HIGH.iter().all(|name| Metric::named(name).is_some()));
        assert_eq!(METRICS.iter().filter(|metric| metric.among().is_some()).count(), 3, "each of them is a metric");
    }

    #[test]
    fn nothing_to_divide_by_is_no_figure() {
        let none = Measures::default();
        for name in ["refused_ratio", "second_parity_ratio", "probes_mean", "reuse_interval_mean_s", "first_refusal_s"]
        {
            assert_eq!(Metric::named(name).unwrap().value(&none), None, "{name}");
        }
    }
}
