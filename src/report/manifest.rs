//! `manifest.json`: what a run was, so that its folder explains itself and its charts can be drawn again.
//!
//! Plain data, handed in whole; knows no clock and no machine, so the same run leaves the same bytes. A new field is
//! added with a default, a changed meaning raises [`SCHEMA_VERSION`].

use super::rare::{RARE, RARE_MEANING, RARE_UNIT};
use super::schema::{Column, TABLES};
use super::words;
use crate::experiment::{Experiment, LongRun, OfferedLoad, Outcome, are_batches_correlated};
use crate::forecast::FIGURES;
use crate::metrics::METRICS;
use crate::port::AllocatorKind;
use crate::scenario::{Host, Reading, Scenario, SourceFile};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The name of the file in a run folder.
pub const FILE_NAME: &str = "manifest.json";

/// The version of the manifest's own layout.
pub const SCHEMA_VERSION: u32 = 1;

/// Ten years, and a little.
const LONGEST_S: f64 = 3.2e8;

/// What a run was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of this file: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of dryport that made it.
    pub dryport: String,
    /// The arguments that lead to the same figures, without the program's name and without what changes no figure.
    pub arguments: Vec<String>,
    /// What was simulated.
    pub scenario: ScenarioMeta,
    /// The seed of all random streams.
    pub seed: u64,
    /// How many runs there were.
    pub replications: u64,
    /// How many there were to be, where Ctrl-C cut it off before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<u64>,
    /// The measured window of each run.
    pub duration_s: f64,
    /// The time before it, in no figure.
    pub warm_up_s: f64,
    /// The level of every interval.
    pub confidence: f64,
    /// The files of the folder, in the order they are listed to the user.
    pub files: Vec<String>,
    /// How many rows each table has, so that a file that was cut is noticed.
    #[serde(default)]
    pub rows: BTreeMap<String, u64>,
    /// The precision that decided how many runs there were, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<PrecisionMeta>,
    /// How one long run was cut into batches; none where there are several, or where no steady state is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_run: Option<LongRunMeta>,
    /// The arms of a comparison; none in a plain run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantMeta>,
    /// How they are compared; none in a plain run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonMeta>,
}

/// How arms are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonMeta {
    /// What their labels are: `port_range`, `scenario`.
    pub header: String,
    /// What each is called on screens and charts.
    pub labels: Vec<String>,
    /// By which metric they are put in order.
    pub metric: String,
    /// Of which scope.
    pub scope: String,
}

/// What a figure was to be known to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionMeta {
    /// Which figure, of everything.
    pub metric: String,
    /// The share of the true value that the error may be.
    pub share: f64,
    /// No more runs than this.
    pub most: u32,
}

/// How the window of one long run was cut into batches, which make its intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LongRunMeta {
    /// How many; 0: the window is too short for any.
    pub batches: u32,
    /// The longest mean port hold, which decides that; none: infinite.
    pub cycle_s: Option<f64>,
    /// Is each batch too much like the one before it, so that intervals are too narrow?
    pub correlated: bool,
}

impl LongRunMeta {
    /// What is to be said of the only run of a scenario.
    fn of(scenario: &Scenario, experiment: &Experiment) -> Option<Self> {
        let LongRun { batches, cycle_s } = LongRun::of(scenario)?;
        let batches = batches.unwrap_or(0);
        // Where a precision is asked for, several runs are meant whatever the scenario says, and none is cut.
        let is_cut = |only: &Outcome| only.batches.len() == batches as usize;
        matches!(&experiment.outcomes[..], [only] if is_cut(only)).then(|| Self {
            batches,
            cycle_s: Some(cycle_s).filter(|cycle_s| cycle_s.is_finite()),
            correlated: are_batches_correlated(experiment, &OfferedLoad::of(scenario, experiment)),
        })
    }
}

/// An arm of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariantMeta {
    /// What was simulated.
    pub scenario: ScenarioMeta,
    /// How many runs there were.
    pub replications: u64,
    /// The time before the window, in no figure.
    pub warm_up_s: f64,
}

/// What was simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioMeta {
    /// The file's stem.
    pub name: String,
    /// The arm of a sweep or comparison: its overrides in short; empty in a plain run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The title.
    pub title: String,
    /// The file as the user named it.
    pub file: String,
    /// The load in words: `450/s Poisson, 50 ms exponential`.
    pub load: String,
    /// The hosts, as far as charts speak of them.
    #[serde(default)]
    pub hosts: Vec<HostMeta>,
    /// The whole scenario as understood, with the origin of each value.
    pub resolved: Value,
}

/// A host, as far as charts speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostMeta {
    /// Its name.
    pub name: String,
    /// The first port of its range, which says which parity Linux tries first.
    pub first_port: u16,
    /// Usable ports of each of its lanes.
    pub lane_ports: u32,
    /// In which order it looks for a port.
    pub allocator: String,
}

impl HostMeta {
    /// What there is to say of `host`.
    pub fn of(host: &Host) -> Self {
        Self {
            name: host.name.to_string(),
            first_port: host.port_range.first(),
            lane_ports: host.usable_ports(),
            allocator: host.allocator.name().into(),
        }
    }

    /// Does it look through every second port before it looks at the others, as Linux does since 4.6?
    pub fn is_parity_first(&self) -> bool {
        AllocatorKind::ALL.iter().any(|kind| kind.name() == self.allocator && kind.is_parity_first())
    }
}

/// Why a manifest could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not the JSON of a manifest.
    #[error("not a dryport manifest: {}", in_words(.0))]
    Json(#[from] serde_json::Error),
    /// Written by a later dryport.
    #[error("manifest of schema version {found}; this dryport reads version {SCHEMA_VERSION}")]
    Version {
        /// The version it names.
        found: u32,
    },
    /// A figure that no run has.
    #[error("`{name}` is {found}; it must be {wanted}")]
    Figure {
        /// The field.
        name: &'static str,
        /// What it holds.
        found: f64,
        /// What it may hold.
        wanted: &'static str,
    },
}

/// What is wrong with the JSON, without the names that only dryport's source knows.
fn in_words(error: &serde_json::Error) -> String {
    let (line, text) = (error.line(), error.to_string());
    let field = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match (error.classify(), field) {
        (Category::Data, Some((field, _))) => format!("`{field}` is missing"),
        (Category::Data, None) => format!("line {line} holds a value of the wrong kind"),
        (Category::Eof, _) => format!("it is cut off in line {line}"),
        _ => format!("line {line}, column {} is no JSON", error.column()),
    }
}

impl ScenarioMeta {
    /// The scenario that was read from `file` (`-` is standard input), as this variant of it.
    pub fn of(file: &str, variant: &str, reading: &Reading) -> Self {
        let scenario = &reading.scenario;
        Self {
            name: SourceFile::new(file, "").stem(),
            variant: variant.to_owned(),
            title: scenario.title.clone(),
            file: file.to_owned(),
            load: scenario.load_in_words(),
            hosts: scenario.hosts.iter().map(HostMeta::of).collect(),
            resolved: reading.resolved.clone(),
        }
    }

    /// Where that value is from, in words: `file`, `profile linux-6.18`.
    pub fn origin(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(&self.resolved, |table, key| table.get(key))?.get("origin")?.as_str()
    }

    /// A value of the scenario as understood, by its path: `["host", "gateway", "port_range"]`.
    pub fn setting(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.resolved, |table, key| table.get(key))?.get("value")
    }
}

impl Manifest {
    /// `8 of 2,000 runs`, where it was cut off before they were whole.
    pub fn cut_off(&self) -> Option<String> {
        let (whole, wanted) = (words::thousands(self.replications), words::plural(self.cut_off?, "run"));
        Some(format!("{whole} of {wanted}"))
    }

    /// What is to be said of the runs of a scenario; the files they leave are added by whoever writes them.
    pub fn of(
        arguments: Vec<String>,
        what: ScenarioMeta,
        scenario: &Scenario,
        experiment: &Experiment,
        confidence: f64,
    ) -> Self {
        let (whole, wanted) = (experiment.outcomes.len() as u64, u64::from(scenario.run.replications));
        Self {
            schema_version: SCHEMA_VERSION,
            dryport: env!("CARGO_PKG_VERSION").into(),
            arguments,
            scenario: what,
            seed: scenario.run.seed,
            replications: whole,
            cut_off: (whole < wanted).then_some(wanted),
            duration_s: scenario.run.duration.as_secs_f64(),
            warm_up_s: experiment.warm_up.as_secs_f64(),
            confidence,
            files: Vec::new(),
            rows: BTreeMap::new(),
            precision: None,
            long_run: LongRunMeta::of(scenario, experiment),
            variants: Vec::new(),
            comparison: None,
        }
    }

    /// Is there a table of that file name?
    pub(super) fn has_table(&self, file: &str) -> bool {
        self.rows.is_empty() || self.rows.contains_key(file)
    }

    /// The text of the file, with the dictionary of every column and metric.
    ///
    /// # Panics
    ///
    /// Never: the fields are plain data.
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).expect("plain data has a JSON form");
        let tables = TABLES.iter().map(|(file, columns)| ((*file).into(), dictionary(columns)));
        value["tables"] = Value::Object(tables.collect());
        let metrics = METRICS.iter().map(|metric| {
            let method = metric.method.name();
            (metric.name.into(), json!({ "unit": metric.unit, "meaning": metric.meaning, "method": method }))
        });
        let formulas = FIGURES.iter().map(|figure| {
            (figure.name.into(), json!({ "unit": figure.unit, "meaning": figure.meaning, "method": "closed form" }))
        });
        let rare = json!({ "unit": RARE_UNIT, "meaning": RARE_MEANING, "method": "closed form or splitting" });
        let all = metrics.chain(formulas).chain([(RARE.into(), rare)]);
        value["metrics"] = Value::Object(all.collect());
        let mut text = serde_json::to_string_pretty(&value).expect("a JSON value has a text form");
        text.push('\n');
        text
    }

    /// Reads the file back; the dictionary is left out.
    ///
    /// # Errors
    ///
    /// When the bytes are no manifest, one of another schema version, or one with figures that no run has.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema_version: u32,
        }
        let Versioned { schema_version } = serde_json::from_slice(bytes)?;
        if schema_version != SCHEMA_VERSION {
            return Err(ManifestError::Version { found: schema_version });
        }
        let manifest: Self = serde_json::from_slice(bytes)?;
        let Self { duration_s, confidence, .. } = manifest;
        if !(1e-9..=LONGEST_S).contains(&duration_s) {
            let wanted = "a number of seconds up to ten years";
            return Err(ManifestError::Figure { name: "duration_s", found: duration_s, wanted });
        }
        if !(0.5..=0.9999).contains(&confidence) {
            let wanted = "between 0.5 and 0.9999";
            return Err(ManifestError::Figure { name: "confidence", found: confidence, wanted });
        }
        Ok(manifest)
    }
}

fn dictionary(columns: &[Column]) -> Value {
    let entries: Map<_, _> =
        columns.iter().map(|column| (column.name.into(), explained(column.unit, column.meaning))).collect();
    Value::Object(entries)
}

fn explained(unit: &str, meaning: &str) -> Value {
    json!({ "unit": unit, "meaning": meaning })
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn it_reads_back() {
        let manifest = samples::quickstart().meta;
        assert_eq!(Manifest::from_json(manifest.to_json().as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn settings_are_found_by_their_path() {
        let mut scenario = samples::quickstart().meta.scenario;
        scenario.resolved = json!({ "run": { "seed": { "value": 7, "origin": "file" } } });
        assert_eq!(scenario.setting(&["run", "seed"]), Some(&json!(7)));
        assert_eq!([scenario.setting(&["run"]), scenario.setting(&["run", "speed"])], [None, None]);
    }

    #[test]
    fn every_column_and_metric_is_explained() {
        let value: Value = serde_json::from_str(&samples::quickstart().meta.to_json()).unwrap();
        assert_eq!(value["tables"]["timeseries.csv"]["busy_ports"]["unit"], "ports");
        assert_eq!(value["metrics"]["offered_load"]["unit"], "erlangs");
        assert_eq!(
            value["metrics"].as_object().unwrap().len(),
            METRICS.len() + FIGURES.len() + 1,
            "no name is given twice"
        );
    }

    #[test]
    fn something_else_is_refused() {
        for (text, said) in [
            ("{}", "`schema_version` is missing"),
            ("[]", "line 1 holds a value of the wrong kind"),
            ("[1]", "line 1 holds a value of the wrong kind"),
            ("\n7", "line 2 holds a value of the wrong kind"),
            ("{\"schema_version\": \"x\"}", "line 1 holds a value of the wrong kind"),
            ("{\"schema_version\": 1, \"dryport\": ", "it is cut off in line 1"),
            ("", "it is cut off in line 1"),
            ("hello", "line 1, column 1 is no JSON"),
        ] {
            let error = Manifest::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("not a dryport manifest: {said}"), "{text}");
        }
        let text = samples::quickstart().meta.to_json().replace("\"schema_version\": 1", "\"schema_version\": 9");
        let error = Manifest::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "manifest of schema version 9; this dryport reads version 1");
        let text = samples::quickstart().meta.to_json().replace("\"duration_s\": 600.0", "\"duration_s\": -1");
        let error = Manifest::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "`duration_s` is -1; it must be a number of seconds up to ten years");
    }
}
