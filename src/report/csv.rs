//! Tables as tidy CSV, both ways: comma, LF, `.`, an empty cell for "not applicable" or "never".
//!
//! A number is written in the shortest form that reads back as the same bits; one beyond all that can happen is not
//! written. What the CSV cannot tell apart, reading
//! cannot either: a whole `Number` comes back as `Whole`, an empty text as `Empty`. Knows no file: any `Write`, any
//! `Read`.

use super::schema::{Column, Kind, names};
use super::{Cell, Table};
use crate::scenario::words::shown;
use std::io::{self, Read, Write};

/// Why a CSV could not be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The header is not the one of this table.
    #[error("line 1: {}", header_fault(found, expected))]
    Header {
        /// The columns that stand there.
        found: Vec<String>,
        /// The columns that must stand there.
        expected: Vec<&'static str>,
    },
    /// A row is too long or too short.
    #[error("line {line}: {found} cells, where the header has {expected}")]
    Length {
        /// The line in the file, from 1.
        line: u64,
        /// How many cells stand there.
        found: u64,
        /// How many must stand there.
        expected: u64,
    },
    /// The bytes are no text.
    #[error("line {line}: not text in UTF-8")]
    NotText {
        /// The line in the file, from 1.
        line: u64,
    },
    /// A cell of a number column holds something else.
    #[error("line {line}, column {column}: `{found}` is not {wanted}")]
    Cell {
        /// The line in the file, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What stands there.
        found: String,
        /// What must stand there.
        wanted: &'static str,
    },
    /// A cell holds a number that no run has.
    #[error("line {line}, column {column}: `{found}` is too large a number")]
    TooLarge {
        /// The line in the file, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// The last line does not end.
    #[error("line {line}: cut off")]
    CutOff {
        /// The line in the file, from 1.
        line: u64,
    },
    /// The bytes are not those that were written.
    #[error("changed since it was written: its checksum is {found}, and stands there as {expected}")]
    Changed {
        /// That of the bytes.
        found: String,
        /// That of what was written.
        expected: String,
    },
    /// Rows are missing, or there are too many.
    #[error("{found} rows, where the manifest says {expected}")]
    Rows {
        /// How many there are.
        found: u64,
        /// How many there were.
        expected: u64,
    },
    /// The table of a sweep is not that of its grid.
    #[error("{found} cells, or others, where sweep.json says {expected}")]
    Cells {
        /// How many there are.
        found: u64,
        /// How many the grid has.
        expected: u64,
    },
}

/// A strange header may be a whole file without a line end: names the column, not the header.
fn header_fault(found: &[String], expected: &[&str]) -> String {
    // After each comma a line may end.
    let header = expected.join(", ");
    match expected.iter().find(|name| !found.iter().any(|other| other == *name)) {
        Some(name) => format!("the column {name} is missing; the header has {header}"),
        None => format!("the columns are out of order; the header has {header}"),
    }
}

/// Writes rows one after another, so that nobody need hold them all.
pub struct Rows<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> std::fmt::Debug for Rows<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl<W: Write> Rows<W> {
    /// Begins with the header.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn new(columns: &[&str], out: W) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
        writer.write_record(columns)?;
        Ok(Self { writer })
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// When the writer fails, or the row is not as long as the header.
    ///
    /// # Panics
    ///
    /// When a number is NaN or infinite: such a figure must be `Cell::Empty`.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        for cell in row {
            match cell {
                Cell::Empty => self.writer.write_field("")?,
                Cell::Text(text) => self.writer.write_field(&**text)?,
                Cell::Whole(whole) => self.writer.write_field(whole.to_string())?,
                Cell::Number(number) if number.abs() > LARGEST => self.writer.write_field("")?,
                Cell::Number(number) => self.writer.write_field(shortest(*number))?,
            }
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// Writes out what is still held back.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes a table, header first.
///
/// # Errors
///
/// When `out` fails.
///
/// # Panics
///
/// When a number is NaN or infinite: such a figure must be `Cell::Empty`.
pub fn write(table: &Table, out: impl Write) -> io::Result<()> {
    let mut rows = Rows::new(table.columns(), out)?;
    for row in table.rows() {
        rows.push(row)?;
    }
    rows.finish()
}

/// Reads a table with exactly these columns.
///
/// # Errors
///
/// As [`read_rows`].
pub fn read(columns: &[Column], input: impl Read) -> Result<Table, ReadError> {
    let mut table = Table::new(&names(columns));
    read_rows(columns, input, |row| table.push(row.iter().cloned()))?;
    Ok(table)
}

/// Hands on the rows of a table with exactly these columns, one after another.
///
/// # Errors
///
/// When the header differs, a row is too long or short, a number column holds something else, or the end is missing.
pub fn read_rows(columns: &[Column], input: impl Read, mut each: impl FnMut(&[Cell])) -> Result<(), ReadError> {
    let names = names(columns);
    let mut reader = csv::Reader::from_reader(Tail { input, last: b'\n' });
    let header = reader.headers().map_err(fault)?;
    if header.iter().ne(names.iter().copied()) {
        return Err(ReadError::Header { found: header.iter().map(String::from).collect(), expected: names });
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(fault)? {
        let line = record.position().map_or(0, csv::Position::line);
        let row = columns.iter().zip(&record).map(|(column, field)| cell(column, field, line));
        each(&row.collect::<Result<Vec<_>, _>>()?);
    }
    // Every line that was written whole has an end; half a number is a number too.
    if reader.get_ref().last == b'\n' { Ok(()) } else { Err(ReadError::CutOff { line: reader.position().line() }) }
}

/// Remembers the last byte that was read.
struct Tail<R> {
    input: R,
    last: u8,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.last = buffer[..count].last().copied().unwrap_or(self.last);
        Ok(count)
    }
}

fn fault(error: csv::Error) -> ReadError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ReadError::Io(error),
        csv::ErrorKind::UnequalLengths { expected_len: expected, len: found, .. } => {
            ReadError::Length { line, found, expected }
        }
        _ => ReadError::NotText { line },
    }
}

fn cell(column: &Column, field: &str, line: u64) -> Result<Cell, ReadError> {
    let wanted = match column.kind {
        Kind::Text | Kind::Number if field.is_empty() => return Ok(Cell::Empty),
        Kind::Text => return Ok(Cell::Text(field.into())),
        Kind::Number => "a number",
        Kind::Size => "a number from 0 on",
        Kind::Count => "a whole number from 0 on",
    };
    let cell = match (field.parse(), field.parse()) {
        (Ok(whole), _) => Some(Cell::Whole(whole)),
        (_, Ok(number)) if column.kind != Kind::Count => Some(Cell::Number(number)),
        _ => None,
    };
    let least = if column.kind == Kind::Number { -LARGEST } else { 0.0 };
    let number = cell.as_ref().and_then(Cell::number).filter(|number| !number.is_nan());
    let (column, found) = (column.name, || excerpt(field));
    if number.is_some_and(|number| number.abs() > LARGEST) {
        return Err(ReadError::TooLarge { line, column, found: found() });
    }
    let fits = number.is_some_and(|number| number >= least);
    cell.filter(|_| fits).ok_or_else(|| ReadError::Cell { line, column, found: found(), wanted })
}

/// No figure is beyond: the most there is of anything is 10^8 attempts a second for ten years.
const LARGEST: f64 = 1e18;

/// The beginning of what may be very long, without what would upset a terminal.
fn excerpt(field: &str) -> String {
    let dots = if field.chars().nth(40).is_some() { "..." } else { "" };
    shown(field.chars().take(40).collect::<String>()) + dots
}

/// The shortest text that reads back as the same number; an exponent only where zeros would fill the cell.
pub(super) fn shortest(number: f64) -> String {
    assert!(number.is_finite(), "a table holds no NaN and no infinity");
    // `+ 0.0` turns -0 into 0.
    let number = number + 0.0;
    if number == 0.0 || (1e-5..1e16).contains(&number.abs()) { format!("{number}") } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{REPLICATIONS, TIMESERIES};
    use super::*;

    fn replications(values: &[Cell]) -> Table {
        let mut table = Table::new(&names(REPLICATIONS));
        for (run, value) in (1..).zip(values) {
            let text = |text: &str| Cell::Text(text.into());
            table.push([
                text("a,b"),
                Cell::Empty,
                Cell::Whole(run),
                text("all"),
                text("first_refusal_s"),
                text("s"),
                value.clone(),
            ]);
        }
        table
    }

    fn written(table: &Table) -> String {
        let mut out = Vec::new();
        write(table, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_text_is_tidy() {
        let table = replications(&[Cell::Empty, Cell::Whole(-3), Cell::Number(0.1), Cell::Number(9.7e-8)]);
        assert_eq!(
            written(&table),
            "scenario,variant,replication,scope,metric,unit,value\n\
             \"a,b\",,1,all,first_refusal_s,s,\n\
             \"a,b\",,2,all,first_refusal_s,s,-3\n\
             \"a,b\",,3,all,first_refusal_s,s,0.1\n\
             \"a,b\",,4,all,first_refusal_s,s,9.7e-8\n"
        );
    }

    #[test]
    fn what_is_written_reads_back_bit_for_bit() {
        let numbers = [0.1 + 0.2, 1.0 / 3.0, 5e-324, 9.9e17, -2.5e-7, 28_232.5, 1e-5, 1e16];
        let table = replications(&numbers.map(Cell::Number));
        let text = written(&table);
        assert_eq!(read(REPLICATIONS, text.as_bytes()).unwrap(), table);
        let whole = replications(&[Cell::Number(2.0), Cell::Number(-0.0)]);
        let back = read(REPLICATIONS, written(&whole).as_bytes()).unwrap();
        assert_eq!(back, replications(&[Cell::Whole(2), Cell::Whole(0)]));
    }

    /// Wherever a file is cut, it is either refused or shorter by whole rows.
    #[test]
    fn a_file_that_was_cut_is_never_read_as_other_numbers() {
        let table = replications(&[Cell::Number(123.5), Cell::Whole(77)]);
        let text = written(&table);
        for end in 0..text.len() {
            if let Ok(back) = read(REPLICATIONS, &text.as_bytes()[..end]) {
                assert!(table.rows().zip(back.rows()).all(|(one, other)| one == other) && back.len() < 2, "{end}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "no NaN")]
    fn nan_is_our_bug() {
        written(&replications(&[Cell::Number(f64::NAN)]));
    }

    #[test]
    fn a_strange_file_is_refused_with_its_place() {
        let table = replications(&[Cell::Whole(1)]);
        let text = written(&table);
        assert!(matches!(read(TIMESERIES, text.as_bytes()), Err(ReadError::Header { .. })));
        let broken = text.replace(",s,1", ",s,NaN");
        let error = read(REPLICATIONS, broken.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2, column value: `NaN` is not a number");
        let error = read(REPLICATIONS, text.replace(",s,1", ",s,-1e308").as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2, column value: `-1e308` is too large a number");
        let short = text.replace(",s,1", ",s");
        let error = read(REPLICATIONS, short.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: 6 cells, where the header has 7");
        let error = read(REPLICATIONS, text.trim_end().as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: cut off");
        let error = read(REPLICATIONS, &b"scenario,variant\n\xff"[..]).unwrap_err().to_string();
        assert!(error.starts_with("line 1: the column replication is missing; the header has scen"), "{error}");
        for (run, wanted) in [("-1", "`-1`"), ("1.5", "`1.5`"), ("", "``"), ("\u{1b}[2J", "`\\x1b[2J`")] {
            let error = read(REPLICATIONS, text.replace(",,1,", &format!(",,{run},")).as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("line 2, column replication: {wanted} is not a whole number from 0 on")
            );
        }
    }
}
