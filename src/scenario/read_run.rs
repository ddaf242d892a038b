//! Reading `[run]`: how long, how often, with which seed.

use super::diagnostics::Fault;
use super::model::{KeptRuns, RunSettings, WarmUp};
use super::quantity;
use super::read_value::{Reader, Section, Zero};
use super::tree::{At, Node, Value};
use crate::des::SimDuration;

/// The most rows of a time series.
const ROWS_MAX: u64 = 1000;

/// Where the settings stand that other limits point to.
pub(super) struct RunPlaces {
    pub(super) run: At,
    pub(super) duration: At,
    pub(super) warm_up: At,
}

impl Reader<'_> {
    /// `[run]`; `None` when it has no usable duration.
    pub(super) fn run(&mut self, root: &mut Section<'_>) -> Option<(RunSettings, RunPlaces)> {
        let Some(entry) = root.take("run") else {
            let fault = Fault::new(At::Whole, "missing table [run]").unless_syntax();
            self.fault(fault.help("add [run] with duration = \"10m\""));
            return None;
        };
        let Some(table) = entry.node.table() else {
            let fault = Fault::new(entry.node.at.clone(), "run must be a table");
            let fault = fault.label(format!("this is {}", entry.node.type_name())).unless_syntax();
            self.fault(fault.help("write [run] above duration = \"10m\""));
            return None;
        };
        let run_at = entry.node.at.clone();
        let mut section = Section::new("run", run_at.clone(), table, root.keys_below("run"));
        let duration_entry = section.required("duration");
        let duration = duration_entry.and_then(|entry| self.duration(&entry.node, "run.duration", Zero::Forbidden));
        let warm_up_entry = section.take("warm_up");
        let warm_up = if let Some(entry) = warm_up_entry {
            self.warm_up(&entry.node)
        } else {
            self.resolved.note("run.warm_up", "0s", "default");
            WarmUp::Fixed(SimDuration::ZERO)
        };
        let replications = self.whole_or(&mut section, "replications", 20);
        let seed = self.seed(&mut section);
        let sample_entry = section.take("sample");
        let sample = sample_entry.and_then(|entry| self.duration(&entry.node, "run.sample", Zero::Forbidden));
        let keep = self.keep(&mut section);
        self.finish(&mut section);
        let duration = duration?;
        if let (Some(entry), Some(step)) = (sample_entry, sample) {
            self.sample_fits(&entry.node, step, duration);
        }
        let replications = u32::try_from(replications).unwrap_or(1);
        let places = RunPlaces {
            duration: duration_entry.map_or_else(|| run_at.clone(), |entry| entry.node.at.clone()),
            warm_up: warm_up_entry.map_or_else(|| run_at.clone(), |entry| entry.node.at.clone()),
            run: run_at,
        };
        Some((RunSettings { duration, warm_up, replications, seed, sample, keep }, places))
    }

    fn keep(&mut self, section: &mut Section<'_>) -> KeptRuns {
        let Some(entry) = section.take("keep") else {
            self.resolved.note("run.keep", KeptRuns::default().name(), "default");
            return KeptRuns::default();
        };
        let words = KeptRuns::ALL.map(|kept| (kept.name(), kept));
        self.word(&entry.node, "run.keep", &words).unwrap_or_default()
    }

    fn warm_up(&mut self, node: &Node) -> WarmUp {
        if matches!(&node.value, Value::String(text) if text == "auto") {
            self.resolved.note("run.warm_up", "auto", node.at.origin());
            return WarmUp::Auto;
        }
        WarmUp::Fixed(self.duration(node, "run.warm_up", Zero::Allowed).unwrap_or(SimDuration::ZERO))
    }

    /// TOML's whole numbers end at 2^63 - 1, so a larger seed may be a string.
    fn seed(&mut self, section: &mut Section<'_>) -> u64 {
        const DEFAULT: u64 = 60_327;
        let Some(entry) = section.take("seed") else {
            self.resolved.note("run.seed", DEFAULT, "default");
            return DEFAULT;
        };
        let node = &entry.node;
        if let Value::String(text) = &node.value {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let Some(seed) = text.parse().ok().filter(|_| digits) else {
                let fault = Fault::new(node.at.clone(), "seed must be a whole number below 2^64");
                self.fault(fault.help("write seed = 60327"));
                return DEFAULT;
            };
            self.resolved.note("run.seed", seed, node.at.origin());
            return seed;
        }
        self.whole(node, "run.seed", section.bounds("seed")).unwrap_or(DEFAULT)
    }

    fn sample_fits(&mut self, node: &Node, step: SimDuration, duration: SimDuration) {
        let rows = duration.as_nanos().div_ceil(step.as_nanos());
        if rows > ROWS_MAX {
            let least = SimDuration::from_nanos(duration.as_nanos().div_ceil(ROWS_MAX));
            let message =
                format!("a time series has at most 1,000 rows; this step makes {}", super::words::thousands(rows));
            let fault = Fault::new(node.at.clone(), message).label("too short");
            self.fault(
                fault.help(format!("write \"{}\" or more, or leave sample out", quantity::write_duration(least))),
            );
        }
    }
}
