//! The risk over two axes of a sweep: which side of the line am I on.

use super::super::sweep::{SweepTables, Unit};
use super::super::words;
use super::Chart;
use super::axis::{Axis, Grain, Scale};
use super::canvas::{Align, Box2, Canvas, Color, Point, text_width};
use super::frame::{Frame, Headings, clipped_path};
use super::sweep_plane::{Plane, axis_name};
use super::theme::{BLACK, BLUE, GREY_AXIS, GREY_GRID, PURPLE, PURPLE_TEXT, SKY, SMALL, WHITE, dashed, solid};

/// The chart's entry in the registry.
pub(super) const CHART: Chart<SweepTables> = Chart {
    name: "heat-map",
    summary: "risk over two axes of numbers, with the line that the closed form draws",
    applies: |tables| Plane::of_map(tables).is_some(),
    needs_runs: false,
    draw,
};

/// More cells a side than this are put together.
const SIDE_MAX: usize = 200;
/// Cells have numbers when there are no more than this a side.
const NUMBERS_MAX: usize = 12;
/// About so many ticks along an axis of many cells.
const TICKS_MAX: f64 = 7.0;
/// Between blue and black.
const NAVY: Color = Color(0x00, 0x3A, 0x5C);
/// Where the steps of the risk end, and their colours.
const STEPS: [(f64, Color); 7] = [
    (0.01, WHITE),
    (0.05, Color(0xDD, 0xEF, 0xFA)),
    (0.20, Color(0xAB, 0xD9, 0xF4)),
    (0.50, SKY),
    (0.80, BLUE),
    (0.99, NAVY),
    (1.00, BLACK),
];
/// The room for the bar of colours.
const BAR: f64 = 150.0;

/// A field of the picture: one cell, or several put together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    /// No cell of it was run.
    NotRun,
    /// No run was refused: the risk is below this.
    Unseen(f64),
    /// The mean risk.
    Risk(f64),
}

/// An axis of fields.
struct Side {
    unit: Unit,
    /// The values of the cells in rising order, and where each stands on the axis of the sweep.
    values: Vec<(f64, usize)>,
    /// So many cells make a field.
    block: usize,
}

impl Side {
    fn of(tables: &SweepTables, axis: usize) -> Option<Self> {
        let (unit, numbers) = tables.numbers(axis)?;
        let mut values: Vec<(f64, usize)> =
            numbers.into_iter().enumerate().map(|(place, value)| (value, place)).collect();
        values.sort_by(|one, other| one.0.total_cmp(&other.0));
        let block = values.len().div_ceil(SIDE_MAX);
        Some(Self { unit, values, block })
    }

    /// How many fields there are.
    fn len(&self) -> usize {
        self.values.len().div_ceil(self.block)
    }

    /// Where a value lies, in fields: the middle of cell n is at n + 1/2; between two cells in proportion. Nobody knows
    /// where it lies in the only cell, unless it is that one's.
    fn place(&self, value: f64) -> Option<f64> {
        let last = self.values.len() - 1;
        if last == 0 {
            return ((value / self.values[0].0 - 1.0).abs() < 1e-9).then_some(0.5);
        }
        let above = self.values.partition_point(|(other, _)| *other <= value).clamp(1, last);
        let scale = if self.is_log() { Scale::Log } else { Scale::Linear };
        let [low, high, value] = [self.values[above - 1].0, self.values[above].0, value].map(|at| scale.place(at));
        Some((above as f64 - 0.5 + (value - low) / (high - low)) / self.block as f64)
    }

    /// The axis, with as many ticks as have room: its length, and how much of it each takes.
    fn axis(&self, title: &str, (length, room): (f64, f64)) -> Axis {
        let title = &if self.is_log() { format!("{title}, logarithmic") } else { title.to_owned() };
        let to = self.values.len() as f64 / self.block as f64;
        let (low, high) = (self.values[0].0, self.values[self.values.len() - 1].0);
        if self.values.len() > NUMBERS_MAX && !self.is_log() {
            // Round values between the cells.
            let round = Axis::figures(title, (low, high), Grain::Fine);
            let ticks = round.ticks.into_iter().filter_map(|(value, text)| Some((self.place(value)?, text)));
            return Axis { from: 0.0, to, ticks: ticks.collect(), title: title.into() };
        }
        let room = if self.values.len() > NUMBERS_MAX { room.max(length / TICKS_MAX) } else { room };
        let stride = (room * self.values.len() as f64 / length).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most as many as values")]
        let ticks = self.values.iter().enumerate().step_by(stride as usize);
        let ticks = ticks.map(|(index, (value, _))| ((index as f64 + 0.5) / self.block as f64, self.tick(*value)));
        Axis { from: 0.0, to, ticks: ticks.collect(), title: title.into() }
    }

    /// Does each value exceed that before it as many times, or nearly so as in 1, 2, 5, 10?
    fn is_log(&self) -> bool {
        let ratio = |pair: &[(f64, usize)]| pair[1].0 / pair[0].0;
        let first = self.values.windows(2).next().map_or(1.0, ratio);
        let (least, most) = (self.values[0].0, self.values[self.values.len() - 1].0);
        let alike = |pair: &[(f64, usize)]| {
            let (here, apart) = (ratio(pair), (ratio(pair) / first - 1.0).abs());
            apart < 0.02 || apart < 0.3 && here.min(first) > 1.9
        };
        self.values.len() > 2 && least > 0.0 && most > 2.5 * least && self.values.windows(2).all(alike)
    }

    /// In three digits; with more where these do not tell all values apart.
    fn tick(&self, value: f64) -> String {
        let differ = |text: &dyn Fn(f64) -> String| {
            let texts: Vec<String> = self.values.iter().map(|(value, _)| text(*value)).collect();
            texts.windows(2).all(|pair| pair[0] != pair[1])
        };
        let more = (1..=3).find(|decimals| differ(&|value| words::fixed(value, *decimals)));
        match more {
            Some(decimals) if !differ(&words::figure) => words::fixed(value, decimals),
            _ => words::figure(value),
        }
    }

    fn longest_tick(&self) -> f64 {
        self.values.iter().map(|(value, _)| text_width(&self.tick(*value), SMALL)).fold(0.0, f64::max)
    }
}

/// The fields of the picture.
struct Map<'t> {
    tables: &'t SweepTables,
    plane: Plane,
    x: Side,
    y: Side,
    fields: Vec<Field>,
}

impl<'t> Map<'t> {
    fn of(tables: &'t SweepTables) -> Option<Self> {
        let plane = Plane::of_map(tables)?;
        let (x, y) = (Side::of(tables, plane.x)?, Side::of(tables, plane.y?)?);
        let mut map = Self { tables, plane, x, y, fields: Vec::new() };
        for row in 0..map.y.len() {
            for column in 0..map.x.len() {
                let field = map.field(column, row);
                map.fields.push(field);
            }
        }
        Some(map)
    }

    fn field(&self, column: usize, row: usize) -> Field {
        let cells = |side: &Side, field: usize| {
            let end = ((field + 1) * side.block).min(side.values.len());
            side.values[field * side.block..end].iter().map(|(_, place)| *place).collect::<Vec<_>>()
        };
        let (mut sum, mut count, mut bound) = (0.0, 0.0, 0.0_f64);
        for y in cells(&self.y, row) {
            for x in cells(&self.x, column) {
                let Some(point) = self.plane.point(self.tables, x, y) else { continue };
                let Some(risk) = point.risk else { continue };
                (sum, count) = (sum + risk, count + 1.0);
                bound = bound.max(point.interval.map_or(1.0, |(_, high)| high));
            }
        }
        match count {
            0.0 => Field::NotRun,
            _ if sum <= 0.0 => Field::Unseen(bound),
            _ => Field::Risk(sum / count),
        }
    }

    fn at(&self, column: usize, row: usize) -> Field {
        self.fields[row * self.x.len() + column]
    }

    /// The fields with their places.
    fn each(&self) -> impl Iterator<Item = (usize, usize, Field)> {
        let columns = self.x.len();
        self.fields.iter().enumerate().map(move |(index, field)| (index % columns, index / columns, *field))
    }

    /// The rate that the closed form finds safe in each row of cells.
    fn safe_rates(&self) -> Vec<Option<f64>> {
        if !self.tables.is_rate(self.plane.x) {
            return Vec::new();
        }
        let safe = |y: usize| {
            let mut points = self.x.values.iter().filter_map(|(_, x)| self.plane.point(self.tables, *x, y));
            points.find_map(|point| point.safe_rate_per_s)
        };
        self.y.values.iter().map(|(_, y)| safe(*y)).collect()
    }

    /// The line on which the closed form has the target risk, in fields and inside the picture: upright at the safe rate
    /// of each row, level from row to row. Between two rows nobody asked the formula.
    fn contour(&self) -> Vec<Vec<Point>> {
        let mut lines: Vec<Vec<Point>> = vec![Vec::new()];
        for (row, safe) in self.safe_rates().into_iter().enumerate() {
            let edge = |row: usize| row as f64 / self.y.block as f64;
            let last = lines.last_mut().expect("there is one");
            match safe.and_then(|safe| self.x.place(safe)) {
                Some(x) => last.extend([(x, edge(row)), (x, edge(row + 1))]),
                None => lines.push(Vec::new()),
            }
        }
        let end = |side: &Side| side.values.len() as f64 / side.block as f64;
        let area = Box2 { left: 0.0, top: 0.0, right: end(&self.x), bottom: end(&self.y) };
        lines.iter().flat_map(|line| clipped_path(line, area)).collect()
    }

    /// Where a contour lies that is not in the picture.
    fn beside(&self) -> Option<&'static str> {
        let safe: Vec<f64> = self.safe_rates().into_iter().flatten().collect();
        let (first, last) = (self.x.values.first()?.0, self.x.values.last()?.0);
        match safe.as_slice() {
            [] => None,
            all if all.iter().all(|safe| *safe > last) => Some("right"),
            all if all.iter().all(|safe| *safe < first) => Some("left"),
            _ => None,
        }
    }

    /// The edges between cells that the closed form finds safe and others, in fields.
    fn stairs(&self) -> Vec<(Point, Point)> {
        let target = self.tables.target();
        let (columns, rows) = (self.x.values.len(), self.y.values.len());
        let is_safe = |column: usize, row: usize| {
            let (x, y) = (self.x.values.get(column)?.1, self.y.values.get(row)?.1);
            Some(self.plane.point(self.tables, x, y)?.bound? <= target)
        };
        let corner =
            |column: usize, row: usize| (column as f64 / self.x.block as f64, row as f64 / self.y.block as f64);
        let differ = |one: Option<bool>, other: Option<bool>| one.zip(other).is_some_and(|(one, other)| one != other);
        let mut edges = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let here = is_safe(column, row);
                if differ(here, is_safe(column + 1, row)) {
                    edges.push((corner(column + 1, row), corner(column + 1, row + 1)));
                }
                if differ(here, is_safe(column, row + 1)) {
                    edges.push((corner(column, row + 1), corner(column + 1, row + 1)));
                }
            }
        }
        edges
    }

    /// Where the present setting lies, in fields, if it is in the picture.
    fn now(&self) -> Option<Point> {
        let place = |side: &Side, axis: usize| {
            let place = side.place(self.tables.now(axis)?)?;
            (0.0..=side.len() as f64).contains(&place).then_some(place)
        };
        Some((place(&self.x, self.plane.x)?, place(&self.y, self.plane.y?)?))
    }

    /// The field of the present setting, if that is one of the cells and no field is several.
    fn field_of_now(&self) -> Option<Field> {
        if self.x.block.max(self.y.block) > 1 {
            return None;
        }
        let of = |side: &Side, axis: usize| {
            let now = self.tables.now_place(axis)?;
            side.values.iter().position(|(_, place)| *place == now)
        };
        Some(self.at(of(&self.x, self.plane.x)?, of(&self.y, self.plane.y?)?))
    }
}

fn draw(tables: &SweepTables, canvas: &mut Canvas) {
    let Some(map) = Map::of(tables) else { return };
    let (x_unit, y_unit) = (map.x.unit, map.y.unit);
    let y_axis = map.plane.y.unwrap_or(0);
    let y = map.y.axis(&axis_name(tables, y_axis, y_unit), (436.0, 22.0));
    let x = map.x.axis(&axis_name(tables, map.plane.x, x_unit), (880.0, map.x.longest_tick() + 18.0));
    let grouped = if map.x.block.max(map.y.block) > 1 {
        format!(", each field the mean of up to {} x {}", map.x.block, map.y.block)
    } else {
        String::new()
    };
    let now = map.now();
    let ring = if now.is_some() { " \u{b7} ring: now" } else { "" };
    let percent = words::percent(tables.target());
    let contour = map.contour();
    let stairs = if contour.is_empty() && map.safe_rates().is_empty() { map.stairs() } else { Vec::new() };
    let line = match map.beside() {
        _ if !contour.is_empty() || !stairs.is_empty() => format!(" \u{b7} dashed: closed form, {percent} %"),
        Some(side) => format!(" \u{b7} closed form: {percent} % lies {side} of the picture"),
        None => String::new(),
    };
    let note = format!(" each{ring}{line}");
    let headings = Headings { title: title(&map), note };
    let frame = Frame::draw(canvas, &map.plane.caption(tables, &grouped), &headings, (&x, &y), BAR);
    let taken = text_width(&y.title, SMALL) + 44.0;
    fields(canvas, &frame, &map);
    frame.axes(canvas, &x);
    for (from, to) in stairs {
        canvas.line(&[frame.at(from.0, from.1), frame.at(to.0, to.1)], dashed(PURPLE, 3.0));
    }
    draw_contour(canvas, &frame, &map, &contour, taken);
    if let Some((x, y)) = now {
        // Around the number of its cell.
        let number = map.field_of_now().map_or(0.0, |field| text_width(&number(field), SMALL));
        let radius = (number / 2.0 + 8.0).max(15.0);
        for stroke in [solid(WHITE, 6.0), solid(BLACK, 3.0)] {
            canvas.ring(frame.at(x, y), radius, stroke);
        }
    }
    numbers(canvas, &frame, &map);
    bar(canvas, &frame, &map);
}

/// The rectangle of some fields of a row.
fn rectangle(frame: &Frame, map: &Map<'_>, (from, to): (usize, usize), row: usize) -> Box2 {
    // The last field may be of fewer cells.
    let edge = |side: &Side, field: usize| (field as f64).min(side.values.len() as f64 / side.block as f64);
    let (left, bottom) = frame.at(edge(&map.x, from), edge(&map.y, row));
    let (right, top) = frame.at(edge(&map.x, to), edge(&map.y, row + 1));
    Box2 { left, top, right, bottom }
}

fn fields(canvas: &mut Canvas, frame: &Frame, map: &Map<'_>) {
    for row in 0..map.y.len() {
        let mut from = 0;
        // Neighbours that look alike are one mark.
        while from < map.x.len() {
            let look = look(map.at(from, row));
            let same = |column: &usize| self::look(map.at(*column, row)) == look;
            let to = (from + 1..map.x.len()).find(|column| !same(column)).unwrap_or(map.x.len());
            let area = rectangle(frame, map, (from, to), row);
            match look {
                Look::Fill(color) => canvas.rect(area, color),
                Look::Hatched => {
                    canvas.rect(area, WHITE);
                    canvas.hatch(area, GREY_GRID);
                }
                Look::Crossed => {
                    canvas.rect(area, WHITE);
                    for column in from..to {
                        cross(canvas, rectangle(frame, map, (column, column + 1), row));
                    }
                }
            }
            from = to;
        }
    }
    let plot = frame.plot;
    let corners = [(plot.left, plot.top), (plot.right, plot.top), (plot.right, plot.bottom)];
    canvas.line(
        &[&[(plot.left, plot.bottom)][..], &corners, &[(plot.left, plot.bottom)]].concat(),
        solid(GREY_AXIS, 1.0),
    );
}

/// The risk of each field in figures, where there are few.
fn numbers(canvas: &mut Canvas, frame: &Frame, map: &Map<'_>) {
    if map.x.len() <= NUMBERS_MAX && map.y.len() <= NUMBERS_MAX {
        for (column, row, field) in map.each() {
            let area = rectangle(frame, map, (column, column + 1), row);
            let middle = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom) + 5.0);
            let text = number(field);
            if text.is_empty() {
                continue;
            }
            let paper = if let Look::Fill(color) = look(field) { color } else { WHITE };
            let is_dark = [BLUE, NAVY, BLACK].contains(&paper);
            let kind = SMALL.color(if is_dark { WHITE } else { BLACK }).align(Align::Centre);
            // In the colour of the cell, so that no line runs through the digits.
            canvas.text_on(paper, middle, &text, kind);
        }
    }
}

/// The risk of a field in per cent.
fn number(field: Field) -> String {
    match field {
        Field::NotRun => String::new(),
        Field::Unseen(below) => format!("< {}", words::risk(below)),
        Field::Risk(risk) => words::risk(risk),
    }
}

/// How a field is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Fill(Color),
    Hatched,
    Crossed,
}

fn look(field: Field) -> Look {
    match field {
        Field::NotRun => Look::Crossed,
        Field::Unseen(_) => Look::Hatched,
        Field::Risk(risk) => Look::Fill(STEPS.iter().find(|(to, _)| risk <= *to).map_or(BLACK, |(_, color)| *color)),
    }
}

fn cross(canvas: &mut Canvas, area: Box2) {
    canvas.line(&[(area.left, area.top), (area.right, area.bottom)], solid(GREY_AXIS, 1.0));
    canvas.line(&[(area.left, area.bottom), (area.right, area.top)], solid(GREY_AXIS, 1.0));
}

/// Draws the line; its name stands at whichever end it has, clear of the name of the y axis, which ends at `taken`.
fn draw_contour(canvas: &mut Canvas, frame: &Frame, map: &Map<'_>, contour: &[Vec<Point>], taken: f64) {
    let plot = frame.plot;
    let pieces: Vec<Vec<Point>> =
        contour.iter().map(|piece| piece.iter().map(|(x, y)| frame.at(*x, *y)).collect()).collect();
    for piece in &pieces {
        canvas.line(piece, solid(WHITE, 5.0));
        canvas.line(piece, dashed(PURPLE, 3.0));
    }
    let ends = || pieces.iter().flatten().copied();
    let top = ends().find(|point| point.1 <= plot.top + 1.0).map(|point| (point.0, plot.top - 5.0));
    let bottom = ends().find(|point| point.1 >= plot.bottom - 1.0).map(|point| (point.0, plot.bottom + 22.0));
    let text = format!("{} % (closed form)", words::percent(map.tables.target()));
    let width = text_width(&text, SMALL);
    if let Some((x, y)) = top.or(bottom) {
        let from = if top.is_some() { taken.max(plot.left) } else { plot.left };
        let left = (x - width / 2.0).min(plot.right - width).max(from);
        canvas.text((left, y), &text, SMALL.color(PURPLE_TEXT));
    }
}

/// The steps of colour at the right, with what they mean.
fn bar(canvas: &mut Canvas, frame: &Frame, map: &Map<'_>) {
    let (left, mut top) = (frame.plot.right + 24.0, frame.plot.top);
    let window = map.tables.window();
    let title = if window.is_empty() { "risk (%)".to_owned() } else { format!("risk per {window} (%)") };
    canvas.text((frame.plot.right + BAR, top - 20.0), &title, SMALL.align(Align::Right));
    let mut entry = |canvas: &mut Canvas, look: Look, text: &str| {
        let area = Box2 { left, top, right: left + 28.0, bottom: top + 28.0 };
        canvas.rect(area, if let Look::Fill(color) = look { color } else { WHITE });
        match look {
            Look::Fill(_) => {}
            Look::Hatched => canvas.hatch(area, GREY_GRID),
            Look::Crossed => cross(canvas, area),
        }
        let corners = [(left, top), (left + 28.0, top), (left + 28.0, top + 28.0), (left, top + 28.0), (left, top)];
        canvas.line(&corners, solid(GREY_AXIS, 1.0));
        canvas.text((left + 36.0, top + 19.0), text, SMALL);
        top += 36.0;
    };
    for (index, (to, color)) in STEPS.iter().enumerate().rev() {
        let from = if index == 0 { 0.0 } else { STEPS[index - 1].0 };
        entry(canvas, Look::Fill(*color), &format!("{} to {}", words::percent(from), words::percent(*to)));
    }
    let unseen =
        map.fields.iter().filter_map(|field| if let Field::Unseen(below) = field { Some(*below) } else { None });
    let (least, most) = unseen.fold((f64::INFINITY, 0.0_f64), |(low, high), below| (low.min(below), high.max(below)));
    if most > 0.0 {
        let below = if least < most { "none seen".to_owned() } else { format!("none: < {}", words::risk(most)) };
        entry(canvas, Look::Hatched, &below);
    }
    if map.fields.contains(&Field::NotRun) {
        entry(canvas, Look::Crossed, "not run");
    }
}

fn title(map: &Map<'_>) -> String {
    let run = map.fields.iter().filter(|field| **field != Field::NotRun).count() as u64;
    let target = map.tables.target();
    let above = map.fields.iter().filter(|field| matches!(field, Field::Risk(risk) if *risk > target)).count() as u64;
    let what = if map.x.block.max(map.y.block) > 1 { "field" } else { "cell" };
    let percent = words::percent(target);
    let here = map.field_of_now().and_then(|field| match field {
        Field::NotRun => None,
        Field::Unseen(below) => Some(format!("; now below {} %", words::risk(below))),
        Field::Risk(risk) => Some(format!("; now {} %", words::risk(risk))),
    });
    let here = here.unwrap_or_default();
    match (above, run) {
        (_, 0) => "No cell was run".into(),
        (0, run) => format!("No risk above {percent} % seen in {}{here}", words::plural(run, what)),
        (above, run) if above == run => format!("Risk above {percent} % in every {what}{here}"),
        (above, run) => {
            format!("Risk above {percent} % in {} of {}{here}", words::thousands(above), words::plural(run, what))
        }
    }
}
