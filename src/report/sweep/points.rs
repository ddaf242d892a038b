//! What pictures ask of a sweep: a few figures of each point of the grid, from the table alone.

use super::super::risk::Risk;
use super::super::run_dir::RunDirError;
use super::super::schema::{self, names};
use super::super::{Table, csv};
use super::cell::{Cell, columns};
use super::scale::{self, Unit};
use super::{META_FILE, SweepMeta, TABLE};
use crate::forecast::{RISK_BOUND, TARGET_RISK};
use crate::scenario::Axis;
use std::path::Path;
use std::{fs, io};

/// A point of the grid: figures of scope `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Runs that are whole.
    pub runs: u64,
    /// `exhaustion_probability`.
    pub risk: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// The upper bound of it by a formula.
    pub bound: Option<f64>,
    /// The risk that settings are made for.
    pub target: Option<f64>,
    /// The most connects per second at that risk, by a formula.
    pub safe_rate_per_s: Option<f64>,
    /// Connects per second that get through for long.
    pub sustained_per_s: Option<f64>,
}

impl Point {
    /// That of a cell.
    ///
    /// Where no run was refused its interval ends at the bound that screens tell, of this confidence.
    pub fn of(cell: &Cell, confidence: f64) -> Self {
        let figure = |metric: &str| cell.estimate("all", metric);
        let risk = figure("exhaustion_probability");
        Self {
            runs: cell.runs(),
            risk: risk.value,
            interval: match Risk::of(0, cell.runs(), risk.interval, confidence) {
                Risk::Below(bound) if risk.value.is_some_and(|risk| risk <= 0.0) => Some((0.0, bound.value.min(1.0))),
                _ => risk.interval,
            },
            bound: figure(RISK_BOUND).value,
            target: figure("target_risk").value,
            safe_rate_per_s: figure("safe_rate_per_s").value,
            sustained_per_s: figure("sustained_per_s").value,
        }
    }

    /// Was there no refused run among those that were made?
    pub fn is_unseen(&self) -> bool {
        self.risk.is_some_and(|risk| risk <= 0.0)
    }
}

/// Everything that pictures of a sweep are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTables {
    /// What is swept.
    pub meta: SweepMeta,
    /// Each point in the order of the grid; `None` for one that was not run yet.
    pub points: Vec<Option<Point>>,
}

impl SweepTables {
    /// Reads the folder of a sweep.
    ///
    /// # Errors
    ///
    /// When it holds none, or a file is not what `dryport sweep` wrote.
    pub fn read(folder: &Path) -> Result<Self, RunDirError> {
        let path = folder.join(META_FILE);
        let unread = |path: &Path, reason| RunDirError::Read { path: path.to_owned(), reason };
        let bytes = fs::read(&path).map_err(|reason| unread(&path, reason))?;
        let meta = SweepMeta::from_json(&bytes).ok_or_else(|| {
            unread(&path, io::Error::new(io::ErrorKind::InvalidData, "not the sweep.json of this dryport"))
        })?;
        let path = folder.join(TABLE);
        let input = fs::File::open(&path).map_err(|reason| unread(&path, reason))?;
        let points = points(&meta, io::BufReader::new(input)).map_err(|reason| RunDirError::Table { path, reason })?;
        Ok(Self { meta, points })
    }

    /// The point at these places of the axes.
    pub(in crate::report) fn point(&self, places: &[usize]) -> Option<&Point> {
        let axes = self.meta.axes.iter().zip(places);
        let index = axes.fold(0, |index, (axis, place)| index * axis.values.len() + place);
        self.points.get(index)?.as_ref()
    }

    /// The values of an axis as numbers, if they are.
    pub(in crate::report) fn numbers(&self, axis: usize) -> Option<(Unit, Vec<f64>)> {
        scale::numbers(&self.meta.axes[axis].values)
    }

    /// What an axis is called: `port_range`.
    pub(in crate::report) fn name(&self, axis: usize) -> String {
        let grid = self.meta.grid();
        grid.short(&grid.axes()[axis]).to_owned()
    }

    /// The client, host or destination that an axis is of, where the scenario has several of them.
    pub(in crate::report) fn owner(&self, axis: usize) -> Option<&str> {
        let mut steps = self.meta.axes[axis].key.split('.');
        let (kind, owner) = (steps.next()?, steps.next()?);
        let all = self.meta.resolved.get(kind)?.as_object()?;
        (all.len() > 1 && all.contains_key(owner)).then_some(owner)
    }

    /// What a value of an axis is called, without the quotes of text.
    pub(in crate::report) fn value(&self, axis: usize, place: usize) -> &str {
        Axis::name_of(&self.meta.axes[axis].values[place])
    }

    /// Is the axis the rate of a client's arrivals?
    pub(in crate::report) fn is_rate(&self, axis: usize) -> bool {
        let steps: Vec<&str> = self.meta.axes[axis].key.split('.').collect();
        matches!(steps[..], ["client", _, "arrivals", _, "rate"])
    }

    /// What the scenario says of a key that is varied, as text.
    fn now_text(&self, axis: usize) -> Option<String> {
        let mut steps = self.meta.axes[axis].key.split('.');
        let value = steps.try_fold(&self.meta.resolved, |value, step| value.get(step))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// The present setting of an axis, as a number.
    pub(in crate::report) fn now(&self, axis: usize) -> Option<f64> {
        let (unit, _) = self.numbers(axis)?;
        scale::number(&self.now_text(axis)?).filter(|(of, _)| *of == unit).map(|(_, value)| value)
    }

    /// The place of the present setting on an axis, if it is one of its values.
    pub(in crate::report) fn now_place(&self, axis: usize) -> Option<usize> {
        let text = self.now_text(axis)?;
        let values = 0..self.meta.axes[axis].values.len();
        let as_text = values.clone().find(|place| self.value(axis, *place) == text);
        as_text.or_else(|| {
            let (now, (_, numbers)) = (self.now(axis)?, self.numbers(axis)?);
            values.into_iter().find(|place| (numbers[*place] / now - 1.0).abs() < 1e-9)
        })
    }

    /// The risk that settings are made for.
    pub(in crate::report) fn target(&self) -> f64 {
        self.points.iter().flatten().find_map(|point| point.target).unwrap_or(TARGET_RISK)
    }

    /// The most runs that a point has.
    pub(in crate::report) fn runs(&self) -> u64 {
        self.points.iter().flatten().map(|point| point.runs).max().unwrap_or(0)
    }

    /// The measured window in words; empty when it is not known.
    pub(in crate::report) fn window(&self) -> String {
        let duration = self.meta.resolved.pointer("/run/duration").and_then(|value| value.as_str());
        let seconds = duration.and_then(scale::number).map(|(_, seconds)| seconds);
        seconds.map_or_else(String::new, super::super::words::seconds)
    }
}

/// The points of a table of all cells, which come in the order of the grid.
fn points(meta: &SweepMeta, input: impl io::Read) -> Result<Vec<Option<Point>>, csv::ReadError> {
    let grid = meta.grid();
    let empty = || Cell { table: Table::new(&names(columns())) };
    let (mut points, mut cell, mut stray) = (Vec::new(), empty(), false);
    let mut name = None;
    csv::read_rows(schema::SUMMARY, input, |row| {
        if name.as_deref() != Some(row[1].text()) {
            if name.is_some() {
                points.push(Some(Point::of(&std::mem::replace(&mut cell, empty()), meta.confidence)));
            }
            let known = (points.len() as u64) < meta.cells;
            let next = if known { grid.variant(points.len() as u64).name } else { String::new() };
            stray |= !known || next != row[1].text();
            name = Some(row[1].text().to_owned());
        }
        cell.table.push(row[2..].iter().cloned());
    })?;
    if name.is_some() {
        points.push(Some(Point::of(&cell, meta.confidence)));
    }
    let found = points.len() as u64;
    let whole = found == meta.cells && !stray;
    if whole { Ok(points) } else { Err(csv::ReadError::Cells { found, expected: meta.cells }) }
}
