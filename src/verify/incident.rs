//! Published incidents, as `scenarios/incidents/*.toml` ships them: judged by their asserts. Left out are those of which
//! a range was published, which has no one difference.
//!
//! What was published stands in the head of each file ([`Head`]); the asserts say how near is near enough, and why.

use super::{Against, Bench, Check, Finding};
use crate::report::gate::{Gate, Ruling};
use crate::report::manifest::{Manifest, ScenarioMeta};
use crate::report::tables::run_tables;
use crate::scenario::{Reading, SourceFile};
use crate::sim::Interrupted;
use std::collections::BTreeMap;

/// A file that lies beside them.
macro_rules! trace {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../scenarios/incidents/", $name)))
    };
}

/// Makes the checks and their scenarios from one line each: the file, what it is about, a word or two for each published
/// figure in the order of its head.
macro_rules! incidents {
    ($($name:literal: $title:literal, [$($figure:literal),+];)+) => {
        /// The checks of this family.
        pub const CHECKS: &[Check] =
            &[$(Check { name: $name, title: $title, against: Against::Incident, judge },)+];

        const INCIDENTS: &[Incident] = &[$(Incident {
            name: $name,
            text: include_str!(concat!("../../scenarios/incidents/", $name, ".toml")),
            figures: &[$($figure),+],
        },)+];
    };
}

incidents! {
    "aws-nat-gateway": "55,000 connections a minute through a NAT gateway", ["per s"];
    "azure-app-service": "one call a second against 128 SNAT ports", ["most busy"];
    "bernat-500-per-second": "one load balancer to one web server", ["per s"];
    "bernat-600000-sockets": "TIME-WAITs of a busy server", ["waiting"];
    "bluesky-memcached": "batches of look-ups, each with a connection", ["risk"];
    "cloudflare-even-odd": "even ports fast, odd ports slow", ["parity 2", "p99 s"];
    "emqtt-bench-half": "half of the range, if bind() has the other", ["connects"];
    "envoy-bind-first": "ten endpoints, and bind() before connect()", ["bind()", "connect()"];
    "gorilla-websocket": "a load test of long-lived websockets", ["most busy"];
    "haproxy-mqtt-cpu": "connect() gets slow at half of the range", ["parity 2"];
    "haproxy-slow-server": "a backend stops answering", ["full at s"];
    "istio-inbound-address": "every inbound connection from 127.0.0.6", ["busy"];
    "istio-outbound-port": "a thousand connections a second, one sidecar", ["per s"];
    "macos-bun-new-listener": "ports parked for one listener", ["refused"];
    "macos-oha-16408": "a ten-second benchmark on macOS", ["connects"];
    "macos-sipi-tuned": "a wider range and a shorter TIME-WAIT", ["refused"];
    "mitodl-pgbouncer": "331 connects a second to PgBouncer", ["waiting"];
    "mlcommons-five-endpoints": "999 ports to one endpoint and to five", ["one", "five"];
    "mzbench-28225": "how many MQTT connections from one machine", ["most busy"];
    "neonkube-two-minutes": "ports held for two minutes", ["per s"];
    "techempower-pause": "a pause between two benchmarks", ["refused"];
    "varnish-two-caches": "500 connects a second to the other cache", ["risk"];
}

/// Traces that they name.
const TRACES: &[(&str, &[u8])] =
    &[trace!("emqtt-bench-half.csv"), trace!("techempower-no-pause.csv"), trace!("techempower-pause.csv")];

/// A shipped scenario.
struct Incident {
    name: &'static str,
    text: &'static str,
    figures: &'static [&'static str],
}

fn shipped(name: &str) -> &'static Incident {
    INCIDENTS.iter().find(|incident| incident.name == name).unwrap_or_else(|| panic!("no incident {name}"))
}

/// The page where it was published.
pub(super) fn source(name: &str) -> &'static str {
    Head::of(shipped(name).text).source()
}

/// What the comment at the head of an incident says:
///
/// ```text
/// # published: "the words of the source"
/// # compare:   METRIC [of SCOPE] = FIGURE [to FIGURE]
/// # source:    https://...
/// ```
///
/// (the first two may come several times).
#[derive(Clone, Copy, Debug)]
pub struct Head<'t>(&'t str);

/// One `compare:` line with its `published:` line.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The words of the source.
    pub words: String,
    /// Which metric it is about.
    pub metric: String,
    /// Of which scope.
    pub scope: String,
    /// The published figure, or the least one.
    pub low: f64,
    /// The same, or the largest.
    pub high: f64,
}

impl<'t> Head<'t> {
    /// The head of a scenario file.
    pub fn of(text: &'t str) -> Self {
        Self(text)
    }

    /// What follows `# key:`, each time.
    fn lines(self, key: &str) -> Vec<&'t str> {
        let comment = self.0.lines().take_while(|line| line.starts_with('#'));
        let lines = comment.filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(':'));
        lines.map(str::trim).collect()
    }

    /// Where it was published.
    ///
    /// # Panics
    ///
    /// When it does not say, or says so twice.
    pub fn source(self) -> &'t str {
        let [source] = self.lines("source")[..] else { panic!("one source: line\n{}", self.0) };
        let link = source.split(' ').next().expect("a first word");
        assert!(link.starts_with("https://"), "{source}");
        link
    }

    /// What was published, figure by figure.
    ///
    /// # Panics
    ///
    /// When it does not say.
    pub fn comparisons(self) -> Vec<Comparison> {
        let (published, compare) = (self.lines("published"), self.lines("compare"));
        assert!(!compare.is_empty() && published.len() == compare.len(), "published: and compare:\n{}", self.0);
        let parse = |words: &str, line: &str| {
            let (what, figures) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
            let (metric, scope) = what.split_once(" of ").unwrap_or((what, "all"));
            let (low, high) = figures.split_once(" to ").unwrap_or((figures, figures));
            let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{line}"));
            let (low, high) = (number(low), number(high));
            Comparison { words: words.into(), metric: metric.into(), scope: scope.into(), low, high }
        };
        published.iter().zip(compare).map(|(words, line)| parse(words, line)).collect()
    }
}

fn judge(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let incident = shipped(name);
    let files: BTreeMap<String, Vec<u8>> =
        TRACES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    let file = format!("scenarios/incidents/{name}.toml");
    let reading = Reading::of(&SourceFile::new(&file, incident.text), &[], &files)
        .unwrap_or_else(|faults| panic!("a scenario that ships: {faults}"));
    let scenario = &reading.scenario;
    let experiment = bench.run(scenario)?;
    let meta = ScenarioMeta::of(&file, "", &reading);
    let tables = run_tables(&experiment, scenario, Manifest::of(Vec::new(), meta, scenario, &experiment, CONFIDENCE));
    let judged: Vec<_> = scenario.asserts.iter().map(|assert| Gate::from(assert).judge(&tables)).collect();
    let comparisons = Head::of(incident.text).comparisons();
    let findings = comparisons.iter().zip(incident.figures).map(|(published, figure)| {
        let found = tables.estimate(&published.scope, &published.metric).value;
        let mut about = judged.iter().filter(|judged| {
            let about = |(scope, metric): (&str, &str)| scope == published.scope && metric == published.metric;
            judged.findings.iter().any(|finding| about((&finding.scope, finding.claim.metric.name)))
        });
        // Without an assert about it nothing says how near is near enough.
        let (first, rest_hold) = (about.next(), about.all(|judged| judged.ruling == Ruling::Passed));
        let holds = rest_hold && first.is_some_and(|judged| judged.ruling == Ruling::Passed);
        Finding::published(figure, published.low, found, holds)
    });
    Ok(findings.collect())
}

/// As `dryport run` has it.
const CONFIDENCE: f64 = 0.95;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_figure_has_its_words() {
        for incident in INCIDENTS {
            let comparisons = Head::of(incident.text).comparisons();
            assert_eq!(comparisons.len(), incident.figures.len(), "{}", incident.name);
            // A range of figures has no one difference.
            assert!(comparisons.iter().all(|published| published.low.total_cmp(&published.high).is_eq()));
            assert!(source(incident.name).starts_with("https://"));
        }
    }

    #[test]
    fn a_head_says_what_was_published_and_where() {
        let head = Head::of(
            "#:schema x\n# published: \"about ten\"\n# compare:   connects_total of client:a = 9 to 11\n\
             # source:    https://example.org/ (2020)\n\nschema = 1\n# source: not the head\n",
        );
        assert_eq!(head.source(), "https://example.org/");
        let [only] = &head.comparisons()[..] else { panic!("one comparison") };
        assert_eq!((only.words.as_str(), only.metric.as_str()), ("\"about ten\"", "connects_total"));
        assert_eq!((only.scope.as_str(), only.low, only.high), ("client:a", 9.0, 11.0));
    }
}
