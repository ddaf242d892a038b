//! A table: what a CSV holds and a chart is drawn from.

use std::sync::Arc;

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Not applicable, or never: an empty cell.
    Empty,
    /// A name.
    Text(Arc<str>),
    /// A whole number.
    Whole(i64),
    /// A number; never NaN or infinite.
    Number(f64),
}

impl Cell {
    /// A figure as it is written: whole numbers without a point, nothing when there is none.
    pub fn figure(value: Option<f64>) -> Self {
        /// Up to here doubles hold every whole number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match value {
            None => Self::Empty,
            Some(value) if value.fract().abs() <= 0.0 && value.abs() <= EXACT => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "whole, and in the range of doubles that are exact"
                )]
                let whole = value as i64;
                Self::Whole(whole)
            }
            Some(value) => Self::Number(value),
        }
    }
}

/// Named columns and rows of cells, every row as long as the list of columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<&'static str>,
    /// Row after row.
    cells: Vec<Cell>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), cells: Vec::new() }
    }

    /// Adds one row.
    ///
    /// # Panics
    ///
    /// When the row is not as long as the list of columns.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.cells.extend(row);
        assert_eq!(self.cells.len() % self.columns.len(), 0, "a row has one cell per column");
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks_exact(self.columns.len())
    }

    /// The row at a place.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    pub fn row(&self, place: usize) -> &[Cell] {
        &self.cells[place * self.columns.len()..][..self.columns.len()]
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len() / self.columns.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}
