//! The tables of a run: their columns, as data. (Metrics: [`METRICS`](crate::metrics::METRICS).)
//!
//! The CSV reader, the column dictionary of the manifest and the documentation read this list. To add a column, add a
//! line. Must never know how a figure is computed.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Names.
    Text,
    /// Numbers, or nothing.
    Number,
    /// Numbers from 0 on.
    Size,
    /// Whole numbers from 0 on.
    Count,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in the header, with its unit.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The unit, empty where there is none.
    pub unit: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
}

const fn text(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Text, unit: "", meaning }
}

const fn number(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Number, unit, meaning }
}

const fn size(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Size, unit, meaning }
}

const fn count(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Count, unit, meaning }
}

const SCENARIO: Column = text("scenario", "name of the scenario: its file's stem");
const VARIANT: Column = text("variant", "arm of a sweep or comparison; empty in a plain run");
const REPLICATION: Column = count("replication", "", "number of the run, from 1");
const SCOPE: Column =
    text("scope", "what the figure is about: all, host:NAME, client:NAME, destination:NAME, nat:NAME");
const METRIC: Column = text("metric", "name of the figure, see metrics");
const UNIT: Column = text("unit", "unit of the figure");
const CI_LOW: Column = number("ci_low", "see unit", "lower end of its confidence interval");
const CI_HIGH: Column = number("ci_high", "see unit", "upper end of its confidence interval");
const CONFIDENCE: Column = number("confidence", "ratio", "level of that interval");

/// The columns of `summary.csv`, in order.
pub const SUMMARY: &[Column] = &[
    SCENARIO,
    VARIANT,
    SCOPE,
    METRIC,
    UNIT,
    number("estimate", "see unit", "the figure; empty when it cannot be had, or never happened"),
    CI_LOW,
    CI_HIGH,
    CONFIDENCE,
    number("replications", "runs", "how many runs the figure rests on"),
    text("method", "how estimate and interval were made"),
];

/// The columns of `replications.csv`, in order.
pub const REPLICATIONS: &[Column] = &[
    SCENARIO,
    VARIANT,
    REPLICATION,
    SCOPE,
    METRIC,
    UNIT,
    number("value", "see unit", "the figure of this run; empty when it cannot be had, or never happened"),
];

/// The columns of `timeseries.csv`, in order.
pub const TIMESERIES: &[Column] = &[
    SCENARIO,
    VARIANT,
    REPLICATION,
    SCOPE,
    size("time_s", "s", "instant of the row, from the start of the measured window"),
    count("established_ports", "ports", "held by an open connection, at that instant"),
    count("time_wait_ports", "ports", "held after the close, at that instant"),
    count("reusable_ports", "ports", "in TIME-WAIT but free for early reuse (not busy), at that instant"),
    count("busy_ports", "ports", "ports that no attempt could take, at that instant"),
    count("busy_ports_max", "ports", "most busy ports in the interval that ended there"),
    count("attempts", "attempts", "connect() calls in the interval that ended there"),
    count("refused", "attempts", "connect() calls refused in the interval that ended there"),
];

/// The columns of `ports.csv`, in order.
pub const PORTS: &[Column] = &[
    SCENARIO,
    VARIANT,
    REPLICATION,
    SCOPE,
    text("destination", "the lane is that of the first address towards the first endpoint of this destination"),
    count("port_first", "", "first port of the block: every second port from it to the last, one parity"),
    count("port_last", "", "last port of the block"),
    size("from_s", "s", "start of the interval, from the start of the measured window"),
    size("to_s", "s", "its end"),
    text(
        "state",
        "free, established, time_wait, reusable or blocked: what most ports of the block were; refused: a connect() was, in the lane",
    ),
];

/// The columns of `probes.csv`, in order.
pub const PROBES: &[Column] = &[
    SCENARIO,
    VARIANT,
    SCOPE,
    count("busy_percent", "%", "busy ports of the lane before the attempt, in whole per cent, rounded down; 100: full"),
    count("probes_min", "probes", "ports looked at: at least so many"),
    count("probes_max", "probes", "and at most so many"),
    count("connects", "attempts", "connect() calls of the runs with a time series that got a port with so many probes"),
    count("refused", "attempts", "connect() calls of those runs that were refused after so many probes"),
    size("cost_min_s", "s", "CPU time of such a connect() with probes_min, at the mean price of these runs' attempts"),
    size("cost_max_s", "s", "and with probes_max"),
];

/// The columns of `reuse.csv`, in order.
pub const REUSE: &[Column] = &[
    SCENARIO,
    VARIANT,
    SCOPE,
    size("from_s", "s", "time that a port rested from its release to its next use: at least so long"),
    size("to_s", "s", "and less than so long"),
    count("reuses", "attempts", "connect() calls of the runs with a time series that got a port which rested so long"),
    number(
        "closed_form_ratio",
        "ratio",
        "share of all reuses with a rest of less than to_s by the closed form; empty where none is exact",
    ),
];

/// The columns of `life.csv`, which `explain` leaves, in order.
pub const LIFE: &[Column] = &[
    SCENARIO,
    REPLICATION,
    text("host", "whose port it is"),
    count("port", "", "the port; empty when a request got none"),
    count("source", "", "which of the host's addresses, from 0"),
    text("destination", "name of the destination"),
    count("endpoint", "", "which of its endpoints, from 0"),
    text("client", "who held it; empty for a state that no connection is in"),
    count("request", "", "the client's how-manieth request, from 0"),
    size("from_s", "s", "start of the span, from the start of the measured window"),
    size("to_s", "s", "its end"),
    text(
        "state",
        "established, time_wait, fin_wait_2; reusable: could be taken over; blocked: for connections to this \
         destination, by a socket elsewhere; refused: an attempt was",
    ),
    count("asked_for", "", "1 for the connection that was asked for"),
];

/// The columns of `differences.csv`, which `compare` leaves, in order.
pub const DIFFERENCES: &[Column] = &[
    SCENARIO,
    VARIANT,
    text("against", "the variant it is compared with"),
    SCOPE,
    METRIC,
    UNIT,
    number("difference", "see unit", "so much higher is the figure than that of the other variant"),
    CI_LOW,
    CI_HIGH,
    CONFIDENCE,
    count("higher", "pairs", "runs in which it was higher than in the other variant's run of the same number"),
    count("equal", "pairs", "runs in which both were the same"),
    count("lower", "pairs", "runs in which it was lower"),
    number("wrong_ratio", "ratio", "chance that the true difference has the other sign, by Student's t"),
    number("gain", "ratio", "so many times as many runs would independent random numbers need"),
];

/// The columns of `advice.csv`, which `advise` leaves, in order: the present settings first, a row for each knob after
/// them.
pub const ADVICE: &[Column] = &[
    text("knob", "what is turned, in few words; now: nothing"),
    text("setting", "what it is turned to, as a scenario or sysctl has it: port_range = \"1024-65535\""),
    text("change", "the exact change to make"),
    text("effect", "now, better, worse, none, or myth: none, although it is said to help"),
    METRIC,
    UNIT,
    number("estimate", "see unit", "the figure with this setting alone; empty when it cannot be had"),
    number("ci_low", "see unit", "lower end of its interval; empty for a closed form"),
    number("ci_high", "see unit", "upper end of its interval; empty for a closed form"),
    number("confidence", "ratio", "level of that interval"),
    number("replications", "runs", "how many runs the figure rests on; empty for a closed form"),
    text("method", "how estimate and interval were made"),
    text("enough", "is the present rate safe with it: yes, no, or what the runs show, which proves neither"),
    number("fast_rate", "1/s", "highest rate at which connect() stays fast, by formula; empty without one"),
];

/// The file of each table.
pub mod file {
    /// Estimates with intervals.
    pub const SUMMARY: &str = "summary.csv";
    /// Rows over time.
    pub const TIMESERIES: &str = "timeseries.csv";
    /// What each port was doing.
    pub const PORTS: &str = "ports.csv";
    /// What an attempt costs, by occupancy.
    pub const PROBES: &str = "probes.csv";
    /// How long ports rested before they were used again.
    pub const REUSE: &str = "reuse.csv";
    /// Figures of each run.
    pub const REPLICATIONS: &str = "replications.csv";
    /// How the arms of a comparison differ.
    pub const DIFFERENCES: &str = "differences.csv";
    /// What each knob would do.
    pub const ADVICE: &str = "advice.csv";
}

/// Every table of a run folder, in the order they are listed.
pub const TABLES: &[(&str, &[Column])] = &[
    (file::SUMMARY, SUMMARY),
    (file::TIMESERIES, TIMESERIES),
    (file::PORTS, PORTS),
    (file::PROBES, PROBES),
    (file::REUSE, REUSE),
    (file::REPLICATIONS, REPLICATIONS),
];

/// The names of some columns, to make a [`Table`](super::Table) with.
pub fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_given_twice_and_every_one_is_explained() {
        for (_, columns) in TABLES {
            let mut seen = names(columns);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), columns.len());
            assert!(columns.iter().all(|column| !column.meaning.is_empty()));
        }
    }
}
