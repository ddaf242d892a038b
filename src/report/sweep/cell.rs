//! One cell of a sweep: what was found of one variant, and the key that it is kept under.

use super::super::manifest::ScenarioMeta;
use super::super::query::Estimate;
use super::super::schema::{self, names};
use super::super::{Cell as Value, Manifest, Table, csv, tables};
use crate::experiment::Experiment;
use crate::scenario::{Reading, Scenario};
use serde_json::Value as Json;
use std::fmt;
use std::io::{self, Read, Write};

/// What a cell depends on, as a hash: the scenario as understood, the files it reads, the level of the intervals, the
/// version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey(u128);

impl CellKey {
    /// The key of a variant; `files` is a hash of the traces that it reads, 0 without any.
    pub fn of(reading: &Reading, files: u128, confidence: f64) -> Self {
        let (version, layout) = (env!("CARGO_PKG_VERSION"), super::SCHEMA_VERSION);
        let head = format!("dryport {version} cell {layout}\nconfidence {confidence}\nfiles {files:032x}\n");
        Self(fnv1a(FNV_START, (head + &values(&reading.resolved).to_string()).as_bytes()))
    }

    /// The last line of its file, which says that what stands before it is whole, unchanged, and whose it is.
    fn end(self, rows: &[u8]) -> String {
        format!("{}{:032x}\n", self.begin_of_end(), fnv1a(FNV_START, rows))
    }

    fn begin_of_end(self) -> String {
        format!("# end of cell {self}, checksum ")
    }

    /// The rows of its file, if the file is whole and as it was written.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn rows_of(self, file: &[u8]) -> Result<&[u8], csv::ReadError> {
        let line = file.split(|byte| *byte == b'\n').count() as u64;
        let length = self.end(b"").len();
        let (rows, end) = file.split_at(file.len().saturating_sub(length));
        let begin = self.begin_of_end();
        if !end.starts_with(begin.as_bytes()) {
            return Err(csv::ReadError::CutOff { line });
        }
        let sum = |end: &[u8]| String::from_utf8_lossy(&end[begin.len()..]).trim_end().to_owned();
        let (expected, found) = (sum(end), sum(self.end(rows).as_bytes()));
        if expected == found { Ok(rows) } else { Err(csv::ReadError::Changed { found, expected }) }
    }

    /// The name of its file.
    pub fn file(self) -> String {
        format!("{self}.csv")
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A scenario as understood without the origins of its values: who said them changes no figure.
pub fn values(resolved: &Json) -> Json {
    match resolved {
        Json::Object(table) if table.contains_key("value") && table.contains_key("origin") => table["value"].clone(),
        Json::Object(table) => Json::Object(table.iter().map(|(key, below)| (key.clone(), values(below))).collect()),
        other => other.clone(),
    }
}

/// Where [`fnv1a`] starts.
pub const FNV_START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;

/// FNV-1a, 128 bits (Fowler, Noll, Vo; draft-eastlake-fnv, section 5), from `hash` on. Two of a million cells share a
/// key with a chance of 1e-27.
pub fn fnv1a(hash: u128, bytes: &[u8]) -> u128 {
    const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(hash, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

/// What was found of one variant: its summary without the names of scenario and variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub(super) table: Table,
}

/// The columns of a cell: those of the summary after scenario and variant.
pub(super) fn columns() -> &'static [schema::Column] {
    &schema::SUMMARY[2..]
}

/// The cell of an experiment, at this level of intervals.
pub fn of_experiment(reading: &Reading, scenario: &Scenario, experiment: &Experiment, confidence: f64) -> Cell {
    let what = ScenarioMeta::of("-", "", reading);
    let meta = Manifest::of(Vec::new(), what, scenario, experiment, confidence);
    let summary = tables::summary(experiment, scenario, &meta);
    let mut table = Table::new(&names(columns()));
    for row in summary.rows() {
        table.push(row[2..].iter().cloned());
    }
    Cell { table }
}

impl Cell {
    /// Writes the file of the cell with this key.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn write(&self, key: CellKey, mut out: impl Write) -> io::Result<()> {
        let mut rows = Vec::new();
        csv::write(&self.table, &mut rows)?;
        out.write_all(&rows)?;
        out.write_all(key.end(&rows).as_bytes())
    }

    /// Reads the file of the cell with this key back.
    ///
    /// # Errors
    ///
    /// When it is not what [`Cell::write`] wrote under that key.
    pub fn read(key: CellKey, mut input: impl Read) -> Result<Self, csv::ReadError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(csv::ReadError::Io)?;
        Ok(Self { table: csv::read(columns(), key.rows_of(&bytes)?)? })
    }

    /// A figure of a scope.
    pub fn estimate(&self, scope: &str, metric: &str) -> Estimate {
        let [scopes, metrics] = ["scope", "metric"].map(|name| self.table.column(name));
        let is_it = |row: &&[Value]| row[scopes].text() == scope && row[metrics].text() == metric;
        self.table.rows().find(is_it).map(|row| self.table.estimate(row)).unwrap_or_default()
    }

    /// Runs that are whole.
    pub fn runs(&self) -> u64 {
        let column = self.table.column("replications");
        let count = self.table.rows().find_map(|row| row[column].number()).unwrap_or(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a million")]
        let runs = count as u64;
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    fn reading(sets: &[&str]) -> Reading {
        let text = "schema = 1\n[run]\nduration = \"10s\"\nreplications = 2\n[[host]]\nname = \"h\"\n\
            port_range = \"40000-40009\"\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
            arrivals = { poisson = { rate = \"5/s\" } }\nlifetime = { constant = { value = \"1s\" } }\n";
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Reading::of(&SourceFile::new("x.toml", text), &sets, &sources).unwrap()
    }

    #[test]
    fn a_key_depends_on_what_a_value_is_and_not_on_who_said_it() {
        let key = |sets: &[&str]| CellKey::of(&reading(sets), 0, 0.95);
        assert_eq!(key(&[]), key(&["run.seed=60327"]));
        assert_eq!(key(&["run.duration=10s"]), key(&[]));
        assert_ne!(key(&["run.seed=1"]), key(&[]));
        assert_ne!(CellKey::of(&reading(&[]), 0, 0.99), key(&[]));
        assert_ne!(CellKey::of(&reading(&[]), 1, 0.95), key(&[]));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // draft-eastlake-fnv: the empty string, and "a".
        assert_eq!(fnv1a(FNV_START, b""), FNV_START);
        assert_eq!(fnv1a(FNV_START, b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn a_cell_reads_back() {
        use crate::experiment::{Checks, Settings, replicate};
        let reading = reading(&[]);
        let stop = std::sync::atomic::AtomicBool::new(false);
        let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
        let experiment = replicate(&reading.scenario, &settings);
        let cell = of_experiment(&reading, &reading.scenario, &experiment, 0.95);
        let (key, other) = (CellKey::of(&reading, 0, 0.95), CellKey::of(&reading, 0, 0.99));
        let mut bytes = Vec::new();
        cell.write(key, &mut bytes).unwrap();
        assert_eq!(
            Cell::read(key, &bytes[..]).unwrap().estimate("all", "attempts_total"),
            cell.estimate("all", "attempts_total")
        );
        assert_eq!(cell.runs(), 2);
        let line_end = bytes[..bytes.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap();
        for cut in [0, line_end, line_end + 1, bytes.len() - 1] {
            assert!(Cell::read(key, &bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Cell::read(other, &bytes[..]).is_err(), "it is another's");
    }

    /// C2: whatever is written is read back, extremes included; whatever was changed since is not believed.
    #[test]
    fn what_is_written_is_read_back_and_nothing_else() {
        use crate::experiment::{Checks, Settings, replicate};
        let stop = std::sync::atomic::AtomicBool::new(false);
        let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
        for sets in [
            &["host.h.time_wait=3653d"][..],
            &["host.h.time_wait=3653d", "client.c.arrivals.poisson.rate=5000/s"],
            &["host.h.time_wait=1ns", "client.c.lifetime.constant.value=1ns"],
            &["run.duration=3653d", "client.c.arrivals.poisson.rate=1/3653d"],
            &["client.c.lifetime.constant.value=3653d", "run.duration=1ns"],
            &["client.c.arrivals={ constant = { rate = \"1/s\" } }", "client.c.lifetime.constant.value=3653d"],
            &["client.c.lifetime={ pareto = { min = \"1s\", shape = 1.001 } }"],
            &["host.h.port_range=1-65534", "host.h.addresses=10"],
        ] {
            let reading = reading(sets);
            let experiment = replicate(&reading.scenario, &settings);
            let cell = of_experiment(&reading, &reading.scenario, &experiment, 0.95);
            let key = CellKey::of(&reading, 0, 0.95);
            let mut bytes = Vec::new();
            cell.write(key, &mut bytes).unwrap();
            let back = Cell::read(key, &bytes[..]).unwrap_or_else(|error| panic!("{sets:?}: {error}"));
            let mut again = Vec::new();
            back.write(key, &mut again).unwrap();
            assert_eq!(again, bytes, "{sets:?}");
        }
        let reading = reading(&[]);
        let experiment = replicate(&reading.scenario, &settings);
        let key = CellKey::of(&reading, 0, 0.95);
        let mut bytes = Vec::new();
        of_experiment(&reading, &reading.scenario, &experiment, 0.95).write(key, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let row = text.lines().find(|row| row.starts_with("all,attempts_total,attempts,")).unwrap();
        let figure = row.split(',').nth(3).unwrap();
        let edited = text.replace(&format!("{row}\n"), &format!("{}\n", row.replacen(figure, "99999", 1)));
        let unit = text.replacen("attempts_total,attempts,", "attempts_total,-inf,", 1);
        let missing = text.replace(&format!("{row}\n"), "");
        for changed in [edited, unit, missing] {
            assert_ne!(changed, text);
            let error = Cell::read(key, changed.as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with("changed since it was written"), "{error}");
        }
    }
}
