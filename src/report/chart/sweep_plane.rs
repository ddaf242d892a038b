//! Which axes of a sweep a picture shows, and where the others are held.

use super::super::sweep::{Point, SweepTables, Unit};
use super::super::words::{self, plural};
use super::Caption;
use super::canvas::shortened;
use super::theme::SMALL;

/// The most room for the name of a client or host in that of an axis.
const OWNER_MAX: f64 = 240.0;

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
            held.map(|axis| format!("{} = {}", spoken(tables, axis), tables.value(axis, self.held[axis]))).collect();
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

/// What an axis is called: `offered rate`, `mean lifetime`, `addresses of gateway`.
pub(super) fn spoken(tables: &SweepTables, axis: usize) -> String {
    let key = &tables.meta.axes[axis].key;
    let last = key.rsplit('.').next().unwrap_or(key).replace('_', " ");
    // The last word of a law says little.
    let name = match last.as_str() {
        _ if tables.is_rate(axis) => "offered rate".to_owned(),
        "value" if key.contains(".lifetime.") => "lifetime".to_owned(),
        "mean" if key.contains(".lifetime.") => "mean lifetime".to_owned(),
        other if key.contains(".lifetime.") => format!("lifetime, {other}"),
        other if key.split('.').count() == 3 => other.to_owned(),
        _ => tables.name(axis).replace(['_', '.'], " "),
    };
    let of = tables.owner(axis).map(|owner| format!(" of {}", shortened(owner, SMALL, OWNER_MAX)));
    name + &of.unwrap_or_default()
}

/// A value of an axis that explains itself: `addresses = 2`, `ports 32768-60999`, `mean lifetime = 50 ms`.
pub(super) fn spoken_value(tables: &SweepTables, axis: usize, place: usize) -> String {
    let (name, text) = (spoken(tables, axis), tables.value(axis, place));
    match tables.numbers(axis) {
        Some((Unit::Ports, _)) => format!("ports {text}"),
        Some((unit @ (Unit::PerSecond | Unit::Seconds), numbers)) => {
            format!("{name} = {}", unit.in_words(numbers[place]))
        }
        _ if tables.meta.axes[axis].key.ends_with(".port_range") => format!("ports {text}"),
        _ => format!("{name} = {text}"),
    }
}

/// What stands along an axis: `offered rate (connects/s)`, `mean lifetime (s)`.
pub(super) fn axis_name(tables: &SweepTables, axis: usize, unit: Unit) -> String {
    let name = spoken(tables, axis);
    match unit {
        _ if tables.is_rate(axis) => format!("{name} (connects/s)"),
        Unit::PerSecond => format!("{name} (1/s)"),
        Unit::Seconds => format!("{name} (s)"),
        Unit::Ports => format!("{name} (ports)"),
        Unit::Percent => format!("{name} (%)"),
        Unit::Plain => name,
    }
}
