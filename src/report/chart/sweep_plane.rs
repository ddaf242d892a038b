//! Which axes of a sweep a picture shows, and where the others are held.

use super::super::sweep::{Point, SweepTables, Unit};
use super::super::words::{self, plural};
use super::Caption;

/// One or two axes that a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    /// The axis to the right.
    pub(super) x: usize,
    /// The other one.
    pub(super) y: Option<usize>,
    /// A place on each axis: the present setting, else the first value.
    held: Vec<usize>,
}

impl Plane {
    fn new(tables: &SweepTables, x: usize, y: Option<usize>) -> Self {
        let held = (0..tables.meta.axes.len()).map(|axis| tables.now_place(axis).unwrap_or(0)).collect();
        Self { x, y, held }
    }

    /// That of a risk curve: over the rate, else over the one axis of numbers, a line for each value of another axis.
    pub(super) fn of_curve(tables: &SweepTables) -> Option<Self> {
        let numeric: Vec<usize> = numeric(tables);
        let rate = numeric.iter().copied().find(|axis| tables.is_rate(*axis));
        let only = || if let [only] = numeric[..] { Some(only) } else { None };
        let x = rate.or_else(only)?;
        let y = (0..tables.meta.axes.len()).find(|axis| *axis != x);
        Some(Self::new(tables, x, y))
    }

    /// That of a heat map: the rate, if there is one, and the first other axis of numbers.
    pub(super) fn of_map(tables: &SweepTables) -> Option<Self> {
        let numeric: Vec<usize> = numeric(tables);
        let x = numeric.iter().copied().find(|axis| tables.is_rate(*axis)).or(numeric.first().copied())?;
        let y = numeric.into_iter().find(|axis| *axis != x)?;
        Some(Self::new(tables, x, Some(y)))
    }

    /// The point at a place on each of the two axes.
    pub(super) fn point<'t>(&self, tables: &'t SweepTables, x: usize, y: usize) -> Option<&'t Point> {
        let mut places = self.held.clone();
        places[self.x] = x;
        if let Some(axis) = self.y {
            places[axis] = y;
        }
        tables.point(&places)
    }

    /// What the picture says of the sweep; `shown` is said after the size of the grid.
    pub(super) fn caption(&self, tables: &SweepTables, shown: &str) -> Caption {
        let meta = &tables.meta;
        let is_held = |axis: &usize| *axis != self.x && Some(*axis) != self.y;
        let held = (0..meta.axes.len()).filter(is_held);
        let held: Vec<String> =
            held.map(|axis| format!("{} = {}", tables.name(axis), tables.value(axis, self.held[axis]))).collect();
        let held = if held.is_empty() { String::new() } else { format!(", only {}", held.join(", ")) };
        Caption {
            title: meta.title.clone(),
            load: format!(
                "{} {}{shown}{held}",
                words::thousands(meta.cells),
                if meta.cells == 1 { "cell" } else { "cells" }
            ),
            runs: format!("{} of {}", plural(tables.runs(), "run"), tables.window()),
            duration_s: 0.0,
            seed: meta.seed,
            dryport: meta.dryport.clone(),
        }
    }
}

/// The axes of numbers, in their order.
fn numeric(tables: &SweepTables) -> Vec<usize> {
    (0..tables.meta.axes.len()).filter(|axis| tables.numbers(*axis).is_some()).collect()
}

/// What stands along an axis: `rate (connects/s)`, `lifetime mean (s)`.
pub(super) fn axis_name(tables: &SweepTables, axis: usize, unit: Unit) -> String {
    if tables.is_rate(axis) {
        return "offered rate (connects/s)".to_owned();
    }
    // The last word of a law says little: `mean`, `value`.
    let is_lifetime = tables.meta.axes[axis].key.contains(".lifetime.");
    let name = format!("{}{}", if is_lifetime { "lifetime, " } else { "" }, tables.name(axis).replace(['_', '.'], " "));
    match unit {
        Unit::PerSecond => format!("{name} (1/s)"),
        Unit::Seconds => format!("{name} (s)"),
        Unit::Ports => format!("{name} (ports)"),
        Unit::Percent => format!("{name} (%)"),
        Unit::Plain => name,
    }
}
