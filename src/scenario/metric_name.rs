//! The metrics by name, unit and meaning: what an assert may be about, and what every list of metrics says of them.
//!
//! How each is made from a simulation is said above, in [`METRICS`](crate::metrics::METRICS). To add a metric, add a line
//! here and one there.

use super::suggest::nearest_or_alike;

/// What is known of a metric before anything is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricName {
    /// Its name in scenarios and CSVs.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is, in one line; of the measured window only.
    pub meaning: &'static str,
}

const fn name(name: &'static str, unit: &'static str, meaning: &'static str) -> MetricName {
    MetricName { name, unit, meaning }
}

/// The share of one CPU that goes into the search for ports; several CPUs make it more than one.
const SEARCH_CPU: &str = "search_cpu_ratio";

/// Every metric, in the order of the CSVs.
pub const METRIC_NAMES: &[MetricName] = &[
    name("attempts_total", "attempts", "connect() calls"),
    name("connects_total", "attempts", "connect() calls that got a port"),
    name("refused_total", "attempts", "connect() calls that got none"),
    name("requests_total", "requests", "wishes for a connection: first attempts"),
    name("requests_lost_total", "requests", "wishes that were refused at every attempt"),
    name("requests_lost_ratio", "ratio", "requests_lost_total by requests_total: what the callers see"),
    name("connects_per_s", "1/s", "connects_total by the length of the window"),
    name("refused_ratio", "ratio", "refused_total by attempts_total: call congestion"),
    name("full_time_ratio", "ratio", "share of time with no usable port in at least one lane: time congestion"),
    name("exhaustion_probability", "ratio", "share of replications with at least one refusal"),
    name("first_refusal_s", "s", "from the start of the window to the first refusal; empty: never"),
    name("outages_total", "spells", "spells with a full lane; a port freed and taken at one instant ends none"),
    name("outage_longest_s", "s", "the longest spell with a full lane"),
    name("busy_ports_mean", "ports", "ports taken: mean, of all lanes together; client: with others' on its lanes"),
    name("busy_ports_peak", "ports", "ports that no attempt could take: the most at any moment, of all lanes together"),
    name(
        "busy_ratio_peak",
        "ratio",
        "share of ports that no attempt could take: the highest of any lane at any moment",
    ),
    name("headroom_ports", "ports", "ports still free: the fewest of any lane at any moment"),
    name("established_ports_mean", "ports", "ports with an open connection: mean over time"),
    name("time_wait_ports_mean", "ports", "ports in TIME-WAIT: mean over time"),
    name("blocked_ports_mean", "ports", "ports that other sockets of the host keep from these: mean over time"),
    name("reusable_ports_mean", "ports", "ports in TIME-WAIT that early reuse would hand out: mean over time"),
    name(
        "second_parity_ratio",
        "ratio",
        "share of connects of the parity unlike the range's first (bind(0) prefers it)",
    ),
    name("probes_mean", "probes", "ports looked at per connect"),
    name("probes_p99", "probes", "99 % of connects looked at no more ports than this (to 0.2 %)"),
    name("probes_max", "probes", "the most ports that any attempt looked at"),
    name("probes_refused_mean", "probes", "ports looked at per refusal"),
    name("connect_cost_mean_s", "s", "CPU time of a connect() that got a port: mean"),
    name("connect_cost_p99_s", "s", "99 % of connects took no more CPU time than this (to 0.2 %)"),
    name("connect_cost_max_s", "s", "the most CPU time that any attempt took, refused ones included"),
    name(SEARCH_CPU, "ratio", "CPU time spent on ports looked at in vain, by the length of the window"),
    name("reuse_interval_min_s", "s", "the shortest time from the release of a port to its next use"),
    name("reuse_interval_mean_s", "s", "mean time from the release of a port to its next use"),
    name("offered_load", "erlangs", "arrival rate x mean port hold, from the scenario"),
    name("capacity_ports", "ports", "usable ports, of all lanes together"),
];

/// What metrics are called elsewhere.
const SYNONYMS: [(&str, &str); 6] = [
    ("risk", "exhaustion_probability"),
    ("probability", "exhaustion_probability"),
    ("refusals", "refused_total"),
    ("refused", "refused_total"),
    ("headroom", "headroom_ports"),
    ("peak", "busy_ports_peak"),
];

impl MetricName {
    /// The metric called `name`.
    pub fn named(name: &str) -> Option<Self> {
        METRIC_NAMES.iter().find(|known| known.name == name).copied()
    }

    /// The name of the metric that `word` is a slip of, or another name for.
    pub fn meant(word: &str) -> Option<&'static str> {
        let synonym = SYNONYMS.iter().find(|(other, _)| *other == word).map(|(_, name)| *name);
        let names: Vec<&str> = METRIC_NAMES.iter().map(|known| known.name).collect();
        synonym.or_else(|| nearest_or_alike(word, &names))
    }

    /// Does it lie between 0 and 1?
    pub fn is_share(self) -> bool {
        self.unit == "ratio" && self.name != SEARCH_CPU
    }

    /// The metric called `name`, for constants.
    ///
    /// # Panics
    ///
    /// When there is none: a constant then does not compile.
    pub const fn known(name: &str) -> Self {
        let mut index = 0;
        while index < METRIC_NAMES.len() {
            if is_same(METRIC_NAMES[index].name.as_bytes(), name.as_bytes()) {
                return METRIC_NAMES[index];
            }
            index += 1;
        }
        panic!("no metric has this name")
    }
}

/// `==` for constants.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_meanings_fit_a_line() {
        for (index, metric) in METRIC_NAMES.iter().enumerate() {
            assert!(METRIC_NAMES[..index].iter().all(|other| other.name != metric.name), "{}", metric.name);
            assert!(!metric.meaning.is_empty() && metric.meaning.len() <= 80, "{}", metric.name);
            assert_eq!(MetricName::named(metric.name), Some(MetricName::known(metric.name)));
        }
        assert_eq!(MetricName::named("refused"), None);
    }
}
