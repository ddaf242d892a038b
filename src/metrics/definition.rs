//! Which metrics there are: name, unit, meaning, how each is made from raw figures, and how replications are put
//! together. `list metrics`, the column dictionary and both CSVs read this table.

use super::measures::Measures;
use crate::des::SimDuration;

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

/// Every metric, in the order of the CSVs.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "attempts_total",
        unit: "attempts",
        meaning: "connect() calls",
        method: Method::Mean(|m| Some(m.attempts() as f64)),
    },
    Metric {
        name: "connects_total",
        unit: "attempts",
        meaning: "connect() calls that got a port",
        method: Method::Mean(|m| Some(m.connects as f64)),
    },
    Metric {
        name: "refused_total",
        unit: "attempts",
        meaning: "connect() calls that got none",
        method: Method::Mean(|m| Some(m.refused as f64)),
    },
    Metric {
        name: "requests_total",
        unit: "requests",
        meaning: "wishes for a connection: first attempts",
        method: Method::Mean(|m| Some(m.requests as f64)),
    },
    Metric {
        name: "requests_lost_total",
        unit: "requests",
        meaning: "wishes that were refused at every attempt",
        method: Method::Mean(|m| Some(m.lost as f64)),
    },
    Metric {
        name: "connects_per_s",
        unit: "1/s",
        meaning: "connects_total by the length of the window",
        method: Method::Mean(|m| Some(m.connects as f64 / m.duration.as_secs_f64())),
    },
    Metric {
        name: "refused_ratio",
        unit: "ratio",
        meaning: "refused_total by attempts_total: call congestion",
        method: Method::Ratio(|m| m.refused as f64, |m| m.attempts() as f64),
    },
    Metric {
        name: "full_time_ratio",
        unit: "ratio",
        meaning: "share of time with no usable port in at least one lane: time congestion",
        method: Method::Ratio(|m| m.full.as_secs_f64(), |m| m.duration.as_secs_f64()),
    },
    Metric {
        name: "exhaustion_probability",
        unit: "ratio",
        meaning: "share of replications with at least one refusal",
        method: Method::Share(|m| m.refused > 0),
    },
    Metric {
        name: "first_refusal_s",
        unit: "s",
        meaning: "from the start of the window to the first refusal; empty: never",
        method: Method::MedianTime(|m| m.first_refusal.map(SimDuration::as_secs_f64)),
    },
    Metric {
        name: "outages_total",
        unit: "spells",
        meaning: "spells with a full lane; a port freed and taken at one instant ends none",
        method: Method::Mean(|m| Some(m.outages as f64)),
    },
    Metric {
        name: "outage_longest_s",
        unit: "s",
        meaning: "the longest spell with a full lane",
        method: Method::Maximum(|m| Some(m.outage_longest.as_secs_f64())),
    },
    Metric {
        name: "busy_ports_mean",
        unit: "ports",
        meaning: "ports that no attempt could take: mean over time",
        method: Method::Mean(|m| per_time(m.busy, m)),
    },
    Metric {
        name: "busy_ports_peak",
        unit: "ports",
        meaning: "ports that no attempt could take: the most at any moment",
        method: Method::Maximum(|m| Some(m.busy_peak as f64)),
    },
    Metric {
        name: "busy_ratio_peak",
        unit: "ratio",
        meaning: "busy_ports_peak by capacity_ports",
        method: Method::Maximum(|m| ratio(m.busy_peak as f64, m.capacity)),
    },
    Metric {
        name: "headroom_ports",
        unit: "ports",
        meaning: "capacity_ports less busy_ports_peak: the least ever left",
        method: Method::Minimum(|m| Some(m.capacity as f64 - m.busy_peak as f64)),
    },
    Metric {
        name: "established_ports_mean",
        unit: "ports",
        meaning: "ports with an open connection: mean over time",
        method: Method::Mean(|m| per_time(m.established, m)),
    },
    Metric {
        name: "time_wait_ports_mean",
        unit: "ports",
        meaning: "ports in TIME-WAIT: mean over time",
        method: Method::Mean(|m| per_time(m.busy - m.established, m)),
    },
    Metric {
        name: "reusable_ports_mean",
        unit: "ports",
        meaning: "ports in TIME-WAIT that early reuse would hand out: mean over time",
        // No rule of early reuse is built yet, so no TIME-WAIT is reusable and every one is busy.
        method: Method::Mean(|_| Some(0.0)),
    },
    Metric {
        name: "second_parity_ratio",
        unit: "ratio",
        meaning: "share of connects served by ports of the range's less preferred parity",
        method: Method::Ratio(|m| m.second_parity as f64, |m| m.connects as f64),
    },
    Metric {
        name: "probes_mean",
        unit: "probes",
        meaning: "ports looked at per connect",
        method: Method::Mean(|m| ratio(m.probes as f64, m.connects)),
    },
    Metric {
        name: "probes_p99",
        unit: "probes",
        meaning: "99 % of connects looked at no more ports than this (to 0.2 %)",
        method: Method::Mean(|m| (m.connects > 0).then_some(m.probes_p99 as f64)),
    },
    Metric {
        name: "probes_max",
        unit: "probes",
        meaning: "the most ports that any attempt looked at",
        method: Method::Maximum(|m| (m.attempts() > 0).then_some(m.probes_max as f64)),
    },
    Metric {
        name: "probes_refused_mean",
        unit: "probes",
        meaning: "ports looked at per refusal",
        method: Method::Mean(|m| ratio(m.probes_refused as f64, m.refused)),
    },
    Metric {
        name: "reuse_interval_min_s",
        unit: "s",
        meaning: "the shortest time from the release of a port to its next use",
        method: Method::Minimum(|m| m.idle_min.map(SimDuration::as_secs_f64)),
    },
    Metric {
        name: "reuse_interval_mean_s",
        unit: "s",
        meaning: "mean time from the release of a port to its next use",
        method: Method::Mean(|m| ratio(m.idle as f64 / 1e9, m.reuses)),
    },
    Metric {
        name: "offered_load",
        unit: "erlangs",
        meaning: "arrival rate x mean port hold, from the scenario",
        method: Method::OfferedLoad,
    },
    Metric { name: "capacity_ports", unit: "ports", meaning: "usable ports", method: Method::Capacity },
];

impl Metric {
    /// The metric called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
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

    #[test]
    fn names_are_unique_and_meanings_fit_a_line() {
        for (index, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..index].iter().all(|other| other.name != metric.name), "{}", metric.name);
            assert!(!metric.meaning.is_empty() && metric.meaning.len() <= 80, "{}", metric.name);
            assert!(Metric::named(metric.name).is_some());
        }
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
