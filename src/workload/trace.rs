//! A recorded workload: a CSV with one request per row.
//!
//! Two forms: `time_s,lifetime_s,destination,closes_first` (all but the first may be absent), and the recorded attempts
//! that `dryport run --attempts` writes, where the lifetime is `close_s - time_s`. Times are exact: no float is involved.

use super::ClosesFirst;
use crate::des::{SimDuration, SimTime};
use csv::ByteRecord;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most rows of a trace.
pub const ROWS_MAX: usize = 20_000_000;
/// The most faults that are told.
const FAULTS_MAX: usize = 20;
/// Ten years, leap days included, in nanoseconds.
const LATEST: u64 = 3653 * 86_400 * 1_000_000_000;

/// One recorded request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// When it comes, from the start of the measured window.
    pub at: SimTime,
    /// How long its connection lasts; `None`: drawn from the client's law.
    pub lifetime: Option<SimDuration>,
    /// Which of [`Trace::destinations`]; `None`: drawn by the client's weights.
    pub destination: Option<u16>,
    /// Who closes; `None`: as the client says.
    pub closes_first: Option<ClosesFirst>,
}

/// Recorded requests in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The file as the scenario names it.
    pub path: Arc<str>,
    /// The rows; times never go back.
    pub rows: Vec<Row>,
    /// The distinct destination names, in order of appearance.
    pub destinations: Vec<Arc<str>>,
}

impl Trace {
    /// Reads a trace from the bytes of a CSV file.
    ///
    /// # Errors
    ///
    /// Every fault (the first 20), each with file, line and column.
    pub fn parse(path: &Arc<str>, bytes: &[u8]) -> Result<Self, Vec<String>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Ragged rows are found below, where their fault can say which columns there are.
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut parser = Parser::new(path, bytes);
        match reader.read_byte_record(&mut record) {
            Ok(true) => parser.header(&record)?,
            _ => return Err(vec![format!("{path}:1:1: the file is empty; a trace begins with the header time_s")]),
        }
        while parser.faults.len() < FAULTS_MAX {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    parser.faults.push(format!("{path}: {error}"));
                    break;
                }
            }
            if parser.rows.len() == ROWS_MAX {
                let line = record.position().map_or(0, csv::Position::line);
                parser.faults.push(format!("{path}:{line}:1: more than 20,000,000 rows"));
                break;
            }
            parser.row(&record);
        }
        if parser.rows.is_empty() && parser.faults.is_empty() {
            parser.faults.push(format!("{path}:2:1: a trace has at least one row"));
        }
        parser.finish()
    }
}

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Time,
    Lifetime,
    Destination,
    ClosesFirst,
    Close,
    /// A column of recorded attempts that a replay has no use for.
    Unused,
}

/// The columns that may be there, the plain form first.
const COLUMNS: &[(&str, Column)] = &[
    ("time_s", Column::Time),
    ("lifetime_s", Column::Lifetime),
    ("destination", Column::Destination),
    ("closes_first", Column::ClosesFirst),
    ("close_s", Column::Close),
    ("request", Column::Unused),
    ("retry", Column::Unused),
    ("client", Column::Unused),
    ("source", Column::Unused),
    ("outcome", Column::Unused),
    ("port", Column::Unused),
    ("probes", Column::Unused),
];

struct Parser<'p> {
    path: &'p Arc<str>,
    bytes: &'p [u8],
    columns: Vec<(&'static str, Column)>,
    rows: Vec<Row>,
    destinations: Vec<Arc<str>>,
    by_name: BTreeMap<Arc<str>, u16>,
    faults: Vec<String>,
}

impl<'p> Parser<'p> {
    fn new(path: &'p Arc<str>, bytes: &'p [u8]) -> Self {
        // One allocation: growing by doubling would need twice the memory of a large trace.
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let rows = Vec::with_capacity(lines.min(ROWS_MAX));
        let (columns, destinations, by_name, faults) = (Vec::new(), Vec::new(), BTreeMap::new(), Vec::new());
        Self { path, bytes, columns, rows, destinations, by_name, faults }
    }

    fn finish(self) -> Result<Trace, Vec<String>> {
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        Ok(Trace { path: self.path.clone(), rows: self.rows, destinations: self.destinations })
    }

    fn header(&mut self, record: &ByteRecord) -> Result<(), Vec<String>> {
        for (index, field) in record.iter().enumerate() {
            let name = field.trim_ascii();
            match COLUMNS.iter().find(|(known, _)| known.as_bytes() == name) {
                Some(column) if self.columns.contains(column) => {
                    self.fault(record, index, &format!("the column {} is there twice", column.0));
                }
                Some(column) => self.columns.push(*column),
                None => self.fault(record, index, &format!("unknown column {}", shown(field))),
            }
            if self.faults.len() >= FAULTS_MAX {
                break;
            }
        }
        let has = |wanted: Column| self.columns.iter().any(|(_, column)| *column == wanted);
        if self.faults.is_empty() && !has(Column::Time) {
            self.fault(record, 0, "the column time_s is missing");
        } else if self.faults.is_empty() && has(Column::Lifetime) && has(Column::Close) {
            self.fault(record, 0, "lifetime_s and close_s say the same; keep one");
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        let last = self.faults.len() - 1;
        self.faults[last].push_str("; a trace has the columns time_s, lifetime_s, destination, closes_first");
        Err(std::mem::take(&mut self.faults))
    }

    fn row(&mut self, record: &ByteRecord) {
        if record.len() != self.columns.len() {
            let (has, wanted) = (record.len(), self.columns.len());
            let message = format!("this row has {has} fields, the header has {wanted}");
            self.fault(record, has.min(wanted).saturating_sub(1), &message);
            return;
        }
        let before = self.faults.len();
        let mut row = Row { at: SimTime::ZERO, lifetime: None, destination: None, closes_first: None };
        let mut close = None;
        for index in 0..self.columns.len() {
            let (name, column) = self.columns[index];
            let field = record[index].trim_ascii();
            match column {
                Column::Time if field.is_empty() => self.fault(record, index, "time_s is empty"),
                Column::Unused => {}
                _ if field.is_empty() => {}
                Column::Time => row.at = SimTime::from_nanos(self.nanos(record, index, name)),
                Column::Lifetime => row.lifetime = Some(SimDuration::from_nanos(self.nanos(record, index, name))),
                Column::Close => close = Some((index, self.nanos(record, index, name))),
                Column::Destination => row.destination = self.destination(record, index),
                Column::ClosesFirst => row.closes_first = self.closer(record, index),
            }
        }
        if self.faults.len() > before {
            return;
        }
        if let Some((index, close)) = close {
            match close.checked_sub(row.at.as_nanos()) {
                Some(lifetime) => row.lifetime = Some(SimDuration::from_nanos(lifetime)),
                None => self.fault(record, index, "close_s is before time_s"),
            }
        }
        if let Some(last) = self.rows.last()
            && row.at < last.at
        {
            let index = self.columns.iter().position(|(_, column)| *column == Column::Time).unwrap_or(0);
            let message = format!("time goes back: {} after {}; sort the rows by time_s", row.at, last.at);
            self.fault(record, index, &message);
        }
        if self.faults.len() == before {
            self.rows.push(row);
        }
    }

    /// Decimal seconds of one field as nanoseconds; zero with a fault when it is none.
    fn nanos(&mut self, record: &ByteRecord, index: usize, name: &str) -> u64 {
        let field = record[index].trim_ascii();
        match decimal_nanos(field) {
            Some(nanos) if nanos <= LATEST => return nanos,
            Some(_) => self.fault(record, index, &format!("{name} is {}; at most 10 years are allowed", shown(field))),
            None => {
                let message = format!("{name} is {}; write seconds as a plain decimal, zero or more", shown(field));
                self.fault(record, index, &message);
            }
        }
        0
    }

    fn destination(&mut self, record: &ByteRecord, index: usize) -> Option<u16> {
        let field = record[index].trim_ascii();
        let Ok(name) = std::str::from_utf8(field) else {
            self.fault(record, index, "the destination is not UTF-8");
            return None;
        };
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        // No scenario has more than 1,000, so a column of as many names is no column of destinations.
        let Some(id) = u16::try_from(self.destinations.len()).ok().filter(|id| *id < 1000) else {
            self.fault(record, index, "more than 1,000 destinations");
            return None;
        };
        let name: Arc<str> = Arc::from(name);
        self.destinations.push(name.clone());
        self.by_name.insert(name, id);
        Some(id)
    }

    fn closer(&mut self, record: &ByteRecord, index: usize) -> Option<ClosesFirst> {
        let field = record[index].trim_ascii();
        let closer = ClosesFirst::ALL.into_iter().find(|closer| closer.name().as_bytes() == field);
        if closer.is_none() {
            let message = format!("closes_first is {}; it is one of client, server, reset", shown(field));
            self.fault(record, index, &message);
        }
        closer
    }

    /// Adds a fault at a field of a record: `x.csv:3:7: ...`. Columns count bytes, as editors do for plain text.
    fn fault(&mut self, record: &ByteRecord, field: usize, message: &str) {
        let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        // The reader's position is where the last record ended: empty lines still lie before this one.
        let gap = self.bytes[start.min(self.bytes.len())..].iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        let start = start + gap;
        let line = self.bytes[..start.min(self.bytes.len())].split(|byte| *byte == b'\n').count();
        let row = &self.bytes[start.min(self.bytes.len())..];
        let column = 1 + field_offset(row, field);
        self.faults.push(format!("{}:{line}:{column}: {message}", self.path));
    }
}

/// Where the field `field` of a CSV row begins, in bytes.
fn field_offset(row: &[u8], field: usize) -> usize {
    let (mut left, mut inside) = (field, false);
    for (at, byte) in row.iter().enumerate() {
        match byte {
            _ if left == 0 => return at,
            b'"' => inside = !inside,
            b',' if !inside => left -= 1,
            b'\n' if !inside => return at,
            _ => {}
        }
    }
    row.len()
}

/// Plain decimal seconds to nanoseconds; further digits must be zeros. `None` for anything else; too large saturates.
fn decimal_nanos(field: &[u8]) -> Option<u64> {
    let point = field.iter().position(|byte| *byte == b'.').unwrap_or(field.len());
    let (whole, fraction) = (&field[..point], field.get(point + 1..).unwrap_or(&[]));
    if whole.is_empty() || (point < field.len() && fraction.is_empty()) {
        return None;
    }
    let mut nanos: u64 = 0;
    for byte in whole {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        nanos = nanos.saturating_mul(10).saturating_add(u64::from(digit) * 1_000_000_000);
    }
    let mut unit = 100_000_000;
    for byte in fraction {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if unit == 0 && digit != 0 {
            return None;
        }
        nanos = nanos.saturating_add(u64::from(digit) * unit);
        unit /= 10;
    }
    Some(nanos)
}

/// A field as a message shows it: quoted, on one line, not too long.
fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(120)]);
    let short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    let dots = if text.chars().nth(40).is_some() { "..." } else { "" };
    format!("\"{short}{dots}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Trace, Vec<String>> {
        Trace::parse(&Arc::from("t.csv"), text.as_bytes())
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() <= 32, "{}", size_of::<Row>());
    }

    #[test]
    fn times_are_exact_and_empty_fields_are_left_to_the_client() {
        let trace = parse(
            "\u{feff}time_s,lifetime_s,destination,closes_first\r\n0.1,,b,\n0.100000001,2,,server\n0.3,0,a,reset\n",
        )
        .unwrap();
        assert_eq!(trace.rows[0].at.as_nanos(), 100_000_000);
        assert_eq!(trace.rows[1].at.as_nanos(), 100_000_001);
        assert_eq!(trace.rows[1].lifetime, Some(SimDuration::from_secs(2)));
        assert_eq!(trace.rows[2].lifetime, Some(SimDuration::ZERO));
        assert_eq!((trace.rows[0].lifetime, trace.rows[0].closes_first), (None, None));
        let names: Vec<&str> = trace.destinations.iter().map(|name| &**name).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(trace.rows.iter().map(|row| row.destination).collect::<Vec<_>>(), [Some(0), None, Some(1)]);
    }

    #[test]
    fn recorded_attempts_are_a_trace() {
        for header in [
            "time_s,request,retry,destination,outcome,port,close_s",
            "time_s,request,retry,source,outcome,port,close_s,probes",
        ] {
            let spare = if header.ends_with("probes") { ",3" } else { "" };
            let trace = parse(&format!(
                "{header}\n0.000052,0,0,0,OK,40286,0.000279{spare}\n0.5,1,0,0,EADDRNOTAVAIL,,{spare}\n"
            ))
            .unwrap();
            assert_eq!(trace.rows[0].lifetime, Some(SimDuration::from_nanos(227_000)));
            assert_eq!(trace.rows[1].lifetime, None);
        }
    }

    #[test]
    fn every_fault_has_its_place() {
        for (text, fault) in [
            ("", "t.csv:1:1: the file is empty; a trace begins with the header time_s"),
            ("time_s\n", "t.csv:2:1: a trace has at least one row"),
            ("time_s\n1\n0.5\n", "t.csv:3:1: time goes back: 0.5 after 1; sort the rows by time_s"),
            (
                "time_s,lifetime_s\n1,-2\n",
                "t.csv:2:3: lifetime_s is \"-2\"; write seconds as a plain decimal, zero or more",
            ),
            ("time_s\nnan\n", "t.csv:2:1: time_s is \"nan\"; write seconds as a plain decimal, zero or more"),
            ("time_s\n1e3\n", "t.csv:2:1: time_s is \"1e3\"; write seconds as a plain decimal, zero or more"),
            (
                "time_s\n0.0000000001\n",
                "t.csv:2:1: time_s is \"0.0000000001\"; write seconds as a plain decimal, zero or more",
            ),
            (
                "time_s\n999999999999999999999\n",
                "t.csv:2:1: time_s is \"999999999999999999999\"; at most 10 years are allowed",
            ),
            ("time_s,lifetime_s\n1\n", "t.csv:2:1: this row has 1 fields, the header has 2"),
            (
                "time_s,closes_first\n1,nobody\n",
                "t.csv:2:3: closes_first is \"nobody\"; it is one of client, server, reset",
            ),
            ("time_s,close_s\n2,1\n", "t.csv:2:3: close_s is before time_s"),
            ("time_s,request\n,1\n", "t.csv:2:1: time_s is empty"),
            ("time_s\n\n\n1\nx\n", "t.csv:5:1: time_s is \"x\"; write seconds as a plain decimal, zero or more"),
            (
                "lifetime_s\n1\n",
                "t.csv:1:1: the column time_s is missing; a trace has the columns time_s, lifetime_s, \
                destination, closes_first",
            ),
            (
                "time_s,colour\n1,2\n",
                "t.csv:1:8: unknown column \"colour\"; a trace has the columns time_s, lifetime_s, \
                destination, closes_first",
            ),
        ] {
            assert_eq!(parse(text), Err(vec![fault.to_owned()]), "{text:?}");
        }
    }

    #[test]
    fn twenty_faults_are_enough() {
        assert_eq!(parse(&format!("time_s\n{}", "x\n".repeat(100))).unwrap_err().len(), 20);
    }

    #[test]
    fn bytes_that_are_no_text_are_a_fault() {
        let faults = Trace::parse(&Arc::from("t.csv"), b"time_s,destination\n1,\xff\xfe\n").unwrap_err();
        assert_eq!(faults, ["t.csv:2:3: the destination is not UTF-8"]);
        assert!(Trace::parse(&Arc::from("t.csv"), b"\x00\xff\x80").is_err());
    }
}
