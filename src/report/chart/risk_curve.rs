//! The risk over the rate, or over another axis of a sweep: how far it is from the cliff.

use super::super::sweep::{Point as Figures, SweepTables, Unit};
use super::super::words;
use super::Chart;
use super::axis::{Axis, Grain, Scale};
use super::canvas::{Align, Canvas, Color, Point, Stroke, text_width};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings, clipped_path};
use super::sweep_plane::{Plane, axis_name};
use super::theme::{
    BLACK, BLUE, GREEN, GREEN_TEXT, GREY_TEXT, LABEL, PURPLE, PURPLE_TEXT, SKY, SKY_TEXT, SMALL, TINT, WHITE, dashed,
    dotted, solid,
};

/// The chart's entry in the registry.
pub(super) const CHART: Chart<SweepTables> = Chart {
    name: "risk-curve",
    summary: "risk over the rate, or another axis of numbers, a line for each value of a second axis",
    applies: |tables| Plane::of_curve(tables).is_some(),
    draw,
};

/// More lines than this are thinned out.
const LINES_MAX: usize = 6;
/// Axes that span more than this many times are logarithmic.
const WIDE: f64 = 100.0;
/// When no risk reaches this, the axis of risks is logarithmic.
const SMALL_RISK: f64 = 0.1;
/// More points of a line than this have no dot each.
const DOTS_MAX: usize = 60;

/// A line of the picture.
struct Line<'t> {
    name: String,
    /// Where it lies along the axis, and what is known there; in rising order.
    points: Vec<(f64, &'t Figures)>,
    color: Color,
    text: Color,
    dash: Option<(f64, f64)>,
    is_now: bool,
}

fn draw(tables: &SweepTables, canvas: &mut Canvas) {
    let Some(plane) = Plane::of_curve(tables) else { return };
    let Some((unit, values)) = tables.numbers(plane.x) else { return };
    let (lines, all) = lines(tables, &plane, &values);
    let shown = match (plane.y, lines.len()) {
        (Some(y), some) if some < all => format!(", {some} of {all} values of {}", tables.name(y)),
        _ => String::new(),
    };
    let now = tables.now(plane.x);
    let title = title(tables, &plane, &lines, (unit, now));
    let (x, x_kind) = x_axis(&axis_name(tables, plane.x, unit), &values, now);
    let (y, y_kind) = y_axis(tables, &lines);
    let has_bound = lines.iter().flat_map(|line| &line.points).any(|(_, point)| point.bound.is_some());
    let mut note = format!(" each \u{b7} band: Wilson, {} %", words::percent(tables.meta.confidence));
    if lines.iter().flat_map(|line| &line.points).any(|(_, point)| point.is_unseen()) {
        note += " \u{b7} triangle: none refused, risk below";
    }
    if has_bound {
        note += " \u{b7} dashed: closed form, at most";
    }
    let labels = labels(tables, &plane, &lines, y_kind);
    let caption = plane.caption(tables, &shown);
    let frame = Frame::draw(canvas, &caption, &Headings { title, note }, (&x, &y), end_labels::width(&labels));
    frame.axes(canvas, &x);
    let at = |value: f64, risk: f64| frame.at(x_kind.place(value), y_kind.place(risk));
    references(canvas, tables, &frame, (unit, now), &lines, (x_kind, y_kind));
    for line in &lines {
        draw_line(canvas, &frame, line, y_kind, &at);
    }
    if lines.iter().all(|line| line.points.is_empty()) {
        frame.empty(canvas, "no cell was run");
    }
    end_labels::draw(canvas, &frame, labels, 0.0);
}

/// The lines that are drawn, and how many there are.
fn lines<'t>(tables: &'t SweepTables, plane: &Plane, values: &[f64]) -> (Vec<Line<'t>>, usize) {
    let all = plane.y.map_or(1, |axis| tables.meta.axes[axis].values.len());
    let now = plane.y.and_then(|axis| tables.now_place(axis));
    let mut places: Vec<usize> = if all <= LINES_MAX {
        (0..all).collect()
    } else {
        (0..LINES_MAX).map(|line| line * (all - 1) / (LINES_MAX - 1)).collect()
    };
    // The present setting stands for its neighbour.
    if let Some(now) = now.filter(|now| !places.contains(now)) {
        let nearest = (0..places.len()).min_by_key(|line| places[*line].abs_diff(now)).unwrap_or(0);
        places[nearest] = now;
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let styles = [(BLUE, BLUE), (SKY, SKY_TEXT), (GREEN, GREEN_TEXT)];
    let line = |(index, place): (usize, &usize)| {
        let (color, text) = styles[index % styles.len()];
        let point = |x: &usize| Some((values[*x], plane.point(tables, *x, *place)?));
        Line {
            name: plane.y.map_or_else(String::new, |axis| tables.value(axis, *place).to_owned()),
            points: order.iter().filter_map(point).filter(|(_, point)| point.risk.is_some()).collect(),
            color,
            text,
            dash: (index >= styles.len()).then_some((2.0, 4.0)),
            is_now: plane.y.is_none() || now == Some(*place),
        }
    };
    (places.iter().enumerate().map(line).collect(), all)
}

fn x_axis(name: &str, values: &[f64], now: Option<f64>) -> (Axis, Scale) {
    let (low, high) = ends(values.iter().copied());
    // The present setting is shown when it is not far off.
    let reach = 0.25 * (high - low);
    let near = now.filter(|now| (low - reach..=high + reach).contains(now));
    let (low, high) = ends([low, high].into_iter().chain(near));
    if low > 0.0 && high > WIDE * low {
        return (Axis::decades(name, (low / 1.1, high * 1.1), words::figure), Scale::Log);
    }
    let pad = if high > low { 0.03 * (high - low) } else { 0.1 * high.abs().max(1e-9) };
    let whole = values.iter().all(|value| value.fract().abs() <= 0.0);
    let grain = if whole { Grain::Whole } else { Grain::Fine };
    (Axis::figures(name, (low - pad, high + pad), grain), Scale::Linear)
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// From 0 to 100 %; by decades when every risk is small.
fn y_axis(tables: &SweepTables, lines: &[Line<'_>]) -> (Axis, Scale) {
    let window = tables.window();
    let title = if window.is_empty() { "risk".to_owned() } else { format!("risk per {window}") };
    let risks = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, point)| point.risk);
    if risks().any(|risk| risk >= SMALL_RISK) || risks().all(|risk| risk <= 0.0) {
        return (Axis::shares(&title), Scale::Linear);
    }
    let points = || lines.iter().flat_map(|line| &line.points).map(|(_, point)| point);
    let unseen = points().filter(|point| point.is_unseen()).filter_map(|point| Some(point.interval?.1));
    let least = risks().filter(|risk| *risk > 0.0).chain(unseen).fold(tables.target(), f64::min);
    let highs = lines.iter().flat_map(|line| &line.points).filter_map(|(_, point)| Some(point.interval?.1));
    let most = highs.fold(SMALL_RISK, f64::max).min(1.0);
    let label = |value: f64| format!("{} %", words::percent(value));
    (Axis::decades(&title, (least / 3.0, most * 1.2), label), Scale::Log)
}

fn draw_line(canvas: &mut Canvas, frame: &Frame, line: &Line<'_>, kind: Scale, at: &dyn Fn(f64, f64) -> Point) {
    let plot = frame.plot;
    let inside = |point: Point| (point.0, point.1.clamp(plot.top, plot.bottom));
    let path = |of: &dyn Fn(&Figures) -> Option<f64>| -> Vec<Point> {
        line.points.iter().filter_map(|(x, point)| Some(at(*x, of(point)?))).collect()
    };
    let low: Vec<Point> = path(&|point| Some(point.interval?.0)).into_iter().map(inside).collect();
    let high: Vec<Point> = path(&|point| Some(point.interval?.1)).into_iter().map(inside).collect();
    if line.points.len() > 1 {
        canvas.area(low.iter().copied().chain(high.iter().rev().copied()).collect(), line.color, TINT);
    }
    for piece in clipped_path(&path(&|point| point.bound), plot) {
        canvas.line(&piece, dashed(PURPLE, 2.0));
    }
    let stroke = Stroke { color: line.color, width: 2.5, dash: line.dash };
    // A logarithm has no place for what was never seen.
    let pieces = line.points.split(|(_, point)| kind == Scale::Log && point.is_unseen());
    for piece in pieces {
        let piece: Vec<Point> = piece.iter().filter_map(|(x, point)| Some(at(*x, point.risk?))).collect();
        for piece in clipped_path(&piece, plot) {
            canvas.line(&piece, stroke);
        }
    }
    let dots = line.points.len() <= DOTS_MAX;
    for ((x, point), (low, high)) in line.points.iter().zip(low.iter().zip(&high)) {
        if line.points.len() == 1 {
            canvas.line(&[*low, *high], solid(line.color, 2.5));
        }
        if point.is_unseen() {
            triangle(canvas, *high, line.color, if dots { 6.0 } else { 3.0 });
        } else if dots && let Some(risk) = point.risk {
            let place = at(*x, risk);
            if kind == Scale::Linear || risk > 0.0 {
                canvas.disc(place, 4.5, line.color);
            }
        }
    }
}

/// A hollow triangle that points down to what the risk is below.
fn triangle(canvas: &mut Canvas, tip: Point, color: Color, half: f64) {
    let top = tip.1 - 1.8 * half;
    let outline = [(tip.0 - half, top), (tip.0 + half, top), tip, (tip.0 - half, top)];
    canvas.area(outline.to_vec(), WHITE, 1.0);
    canvas.line(&outline, solid(color, 1.5));
}

/// The lines that are no result: the target, the present setting, the ceiling.
fn references(
    canvas: &mut Canvas,
    tables: &SweepTables,
    frame: &Frame,
    (unit, now): (Unit, Option<f64>),
    lines: &[Line<'_>],
    (x_kind, y_kind): (Scale, Scale),
) {
    let plot = frame.plot;
    let target = frame.y(y_kind.place(tables.target()));
    canvas.line(&[(plot.left, target), (plot.right, target)], dotted(BLACK));
    let Some(plane) = Plane::of_curve(tables) else { return };
    let of_now = lines.iter().find(|line| line.is_now);
    let ceiling = of_now.and_then(|line| line.points.iter().find_map(|(_, point)| point.sustained_per_s));
    let ceiling = ceiling.filter(|_| tables.is_rate(plane.x));
    let now = now.map(|now| (now, format!("now {}", unit.in_words(now)), solid(GREY_TEXT, 1.5)));
    let ceiling = ceiling.map(|rate| (rate, format!("{} ceiling", words::rate(rate)), solid(BLACK, 2.0)));
    let mut marks: Vec<_> = now.into_iter().chain(ceiling).collect();
    marks.retain(|(value, ..)| (plot.left..=plot.right).contains(&frame.x(x_kind.place(*value))));
    marks.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Clear of the name of the y axis.
    let mut taken = if marks.first().is_some_and(|mark| frame.x(x_kind.place(mark.0)) < 220.0) { 150.0 } else { 0.0 };
    for (index, (value, text, stroke)) in marks.iter().enumerate() {
        let (x, width) = (frame.x(x_kind.place(*value)), text_width(text, SMALL));
        canvas.line(&[(x, plot.top), (x, plot.bottom)], *stroke);
        // The first one's words end at its line, those of the last begin there, as far as the page goes.
        let last = index + 1 == marks.len();
        let left = if last && x + width < plot.right + 60.0 { x - 4.0 } else { x - width + 4.0 };
        let left = left.max(plot.left).max(taken);
        canvas.text((left, plot.top - 5.0), text, SMALL.color(stroke.color));
        taken = left + width + 12.0;
    }
}

/// The name of each line, and the rate that its closed form holds safe.
fn labels(tables: &SweepTables, plane: &Plane, lines: &[Line<'_>], kind: Scale) -> Vec<EndLabel> {
    let of = |line: &Line<'_>| {
        let (_, last) = line.points.last()?;
        let safe = line.points.iter().find_map(|(_, point)| point.safe_rate_per_s);
        let safe = safe.filter(|_| tables.is_rate(plane.x));
        let safe = safe.map(|rate| format!("{} % at {}", words::percent(tables.target()), words::floor_rate(rate)));
        let name = Some(line.name.clone()).filter(|name| !name.is_empty());
        let text: Vec<String> = name.into_iter().chain(safe).collect();
        // A line that ends at nothing ends where its triangle is.
        let end = if last.is_unseen() { last.interval.map_or(0.0, |(_, high)| high) } else { last.risk? };
        let color = if plane.y.is_none() { PURPLE_TEXT } else { line.text };
        let text = super::canvas::fit(&text.join(": "), LABEL, 300.0);
        (!text.is_empty()).then(|| EndLabel {
            value: kind.place(end),
            text,
            kind: LABEL.color(color).align(Align::Left),
        })
    };
    let target = format!("target {} %", words::percent(tables.target()));
    let target = EndLabel { value: kind.place(tables.target()), text: target, kind: SMALL.color(BLACK) };
    lines.iter().filter_map(of).chain([target]).collect()
}

fn title(tables: &SweepTables, plane: &Plane, lines: &[Line<'_>], (unit, now): (Unit, Option<f64>)) -> String {
    let Some(line) = lines.iter().find(|line| line.is_now).or(lines.first()) else { return String::new() };
    let head = if line.name.is_empty() || lines.len() < 2 { String::new() } else { format!("{}: ", line.name) };
    let say = |what: String| if head.is_empty() { capital(&what) } else { format!("{head}{what}") };
    let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return "No cell was run".into() };
    let target = tables.target();
    let at_now = now.and_then(|now| line.points.iter().find(|(x, _)| (x / now - 1.0).abs() < 1e-9));
    let at_now = at_now.and_then(|(x, point)| {
        let risk = point.risk.filter(|risk| *risk > 0.0)?;
        Some(format!("; {} % at the present {}", words::risk(risk), unit.in_words(*x)))
    });
    let at_now = at_now.unwrap_or_default();
    let percent = words::percent(target);
    if line.points.iter().all(|(_, point)| point.is_unseen()) {
        let (from, to) = (unit.in_words(first.0), unit.in_words(last.0));
        let runs = words::plural(tables.runs(), "run");
        return say(format!("no connect refused from {from} to {to}, in {runs} each"));
    }
    let safe = first.1.safe_rate_per_s.filter(|_| tables.is_rate(plane.x));
    if let Some(safe) = safe.filter(|safe| (first.0..=last.0).contains(safe)) {
        return say(format!("risk stays below {percent} % up to {}{at_now}", words::floor_rate(safe)));
    }
    // Where it passes the target, else where it passes a half.
    for level in [target, 0.5] {
        let above = |point: &Figures| point.risk.is_some_and(|risk| risk > level);
        let passes = line.points.windows(2).find(|pair| above(pair[0].1) != above(pair[1].1));
        if let Some([before, after]) = passes {
            let word = if above(after.1) { "passes" } else { "falls below" };
            let (from, to) = (unit.in_words(before.0), unit.in_words(after.0));
            let of = if unit == Unit::Plain { format!(" ({})", tables.name(plane.x)) } else { String::new() };
            return say(format!("risk {word} {} % between {from} and {to}{of}{at_now}", words::percent(level)));
        }
    }
    let above = first.1.risk.is_some_and(|risk| risk > target);
    say(format!("risk is {} {percent} % everywhere{at_now}", if above { "above" } else { "at most" }))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
