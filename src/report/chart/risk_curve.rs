//! The risk over the rate, or over another axis of a sweep: how far it is from the cliff.

use super::super::sweep::{Point as Figures, SweepTables, Unit};
use super::super::words;
use super::Chart;
use super::axis::{Axis, Grain, Scale};
use super::canvas::{Align, Canvas, Color, Point, Stroke, shortened, text_width};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings, clipped_path};
use super::sweep_plane::{Plane, axis_name, spoken, spoken_value};
use super::theme::{
    BLACK, BLUE, GREEN, GREEN_TEXT, GREY_TEXT, LABEL, PURPLE, PURPLE_TEXT, SKY, SKY_TEXT, SMALL, TINT, WHITE, dashed,
    dotted, solid,
};

/// The chart's entry in the registry.
pub(super) const CHART: Chart<SweepTables> = Chart {
    name: "risk-curve",
    summary: "risk over the rate, or another axis of numbers, a line for each value of a second axis",
    applies: |tables| Plane::of_curve(tables).is_some(),
    needs_runs: false,
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

/// Of more lines than this only the present one has a band and its closed form.
const BANDS_MAX: usize = 3;

/// A line of the picture.
struct Line<'t> {
    name: String,
    /// Where it lies along the axis, and what is known there; in rising order.
    points: Vec<(f64, &'t Figures)>,
    color: Color,
    text: Color,
    dash: Option<(f64, f64)>,
    is_now: bool,
    /// Has it a band, and its closed form beside it?
    is_full: bool,
    /// The rate at which the formula reaches the target risk, and that; on an axis of rates.
    safe: Option<(f64, f64)>,
    /// The rate above which nothing gets through for long.
    ceiling: Option<f64>,
}

impl Line<'_> {
    fn stroke(&self) -> Stroke {
        Stroke { color: self.color, width: 2.5, dash: self.dash }
    }

    /// The formula's bound at each point, and where it passes the target between two of them: the line through the
    /// points alone would pass it elsewhere.
    fn bound(&self) -> Vec<(f64, f64)> {
        let mut bound: Vec<(f64, f64)> = self.points.iter().filter_map(|(x, point)| Some((*x, point.bound?))).collect();
        if let Some((safe, target)) = self.safe {
            let between =
                |pair: &[(f64, f64)]| pair[0].0 < safe && safe < pair[1].0 && (pair[0].1..=pair[1].1).contains(&target);
            if let Some(before) = bound.windows(2).position(between) {
                bound.insert(before + 1, (safe, target));
            }
        }
        bound
    }

    /// The mean risk of its points.
    fn mean(&self) -> f64 {
        self.points.iter().filter_map(|(_, point)| point.risk).sum::<f64>() / self.points.len().max(1) as f64
    }
}

fn draw(tables: &SweepTables, canvas: &mut Canvas) {
    let Some(plane) = Plane::of_curve(tables) else { return };
    let Some((unit, values)) = tables.numbers(plane.x) else { return };
    let (lines, all) = lines(tables, &plane, &values);
    let shown = match (plane.y, lines.len()) {
        (Some(y), some) if some < all => format!(", {some} of {all} values of {}", spoken(tables, y)),
        _ => String::new(),
    };
    let now = tables.now(plane.x);
    let title = title(tables, &plane, &lines, (unit, now));
    let (x, x_kind) = x_axis(&axis_name(tables, plane.x, unit), &values, now);
    let (y, y_kind) = y_axis(tables, &lines);
    let note = note(tables, &lines, (&y, y_kind));
    let labels = labels(tables, &lines, y_kind);
    let caption = plane.caption(tables, &shown);
    let names: Vec<EndLabel> = labels.iter().map(|(label, _)| label.clone()).collect();
    let sample = if labels.iter().any(|(_, sample)| sample.is_some()) { end_labels::SAMPLE } else { 0.0 };
    let room = end_labels::width(&names) + sample;
    let frame = Frame::draw(canvas, &caption, &Headings { title, note }, (&x, &y), room);
    frame.axes(canvas, &x);
    let at = |value: f64, risk: f64| frame.at(x_kind.place(value), y_kind.place(risk));
    let taken = text_width(&y.title, SMALL) + 44.0;
    references(canvas, &frame, marks(&lines, (unit, now), |value| frame.x(x_kind.place(value))), taken);
    let target = frame.y(y_kind.place(tables.target()));
    canvas.line(&[(frame.plot.left, target), (frame.plot.right, target)], dotted(BLACK));
    for line in &lines {
        draw_line(canvas, &frame, line, y_kind, &at);
    }
    safe_rates(canvas, &frame, &lines, &at);
    if lines.iter().all(|line| line.points.is_empty()) {
        frame.empty(canvas, "no cell was run");
    }
    end_labels::draw_sampled(canvas, &frame, labels, 0.0);
}

/// What the footer says of what is drawn.
fn note(tables: &SweepTables, lines: &[Line<'_>], (y, kind): (&Axis, Scale)) -> String {
    let mut note = " each".to_owned();
    let whose = if lines.len() > BANDS_MAX { " of now" } else { "" };
    if lines.iter().any(|line| line.is_full && !line.points.is_empty()) {
        let level = words::percent(tables.meta.confidence);
        note = format!("{note} \u{b7} band{whose}: Wilson, {level} %");
    }
    if lines.iter().flat_map(|line| &line.points).any(|(_, point)| point.is_unseen()) {
        note += " \u{b7} triangle: none refused, risk below";
    }
    let is_drawn = |line: &Line<'_>| {
        let bound = line.bound();
        line.is_full && bound.len() > 1 && bound.iter().any(|(_, risk)| kind.place(*risk) > y.from)
    };
    if lines.iter().any(is_drawn) {
        note += " \u{b7} dashed: closed form, at most";
    }
    note
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
        let points = || order.iter().filter_map(point);
        let safe = points().find_map(|(_, point)| Some((point.safe_rate_per_s?, point.target?)));
        let ceiling = points().find_map(|(_, point)| point.sustained_per_s);
        let is_now = plane.y.is_none() || now == Some(*place);
        Line {
            name: plane.y.map_or_else(String::new, |axis| spoken_value(tables, axis, *place)),
            points: points().filter(|(_, point)| point.risk.is_some()).collect(),
            color,
            text,
            dash: (index >= styles.len()).then_some((2.0, 4.0)),
            is_now,
            is_full: is_now || places.len() <= BANDS_MAX,
            safe: safe.filter(|_| tables.is_rate(plane.x)),
            ceiling: ceiling.filter(|_| tables.is_rate(plane.x)),
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
        let name = format!("{name}, logarithmic");
        return (Axis::decades(&name, (low / 1.1, high * 1.1), words::figure), Scale::Log);
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
    let points = || lines.iter().flat_map(|line| &line.points).map(|(_, point)| point);
    let risks = || points().filter_map(|point| point.risk);
    let highs = || points().filter_map(|point| Some(point.interval?.1));
    let is_seen = risks().any(|risk| risk > 0.0);
    let is_small = |risk: f64| risk < SMALL_RISK;
    if !risks().all(is_small) || !(is_seen || highs().all(is_small)) || highs().count() == 0 {
        return (Axis::shares(&title), Scale::Linear);
    }
    let unseen = points().filter(|point| point.is_unseen()).filter_map(|point| Some(point.interval?.1));
    let least = risks().filter(|risk| *risk > 0.0).chain(unseen).fold(tables.target(), f64::min);
    let most = highs().fold(SMALL_RISK, f64::max).min(1.0);
    let title = format!("{title}, logarithmic");
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
    if line.is_full && line.points.len() > 1 {
        canvas.area(low.iter().copied().chain(high.iter().rev().copied()).collect(), line.color, TINT);
    }
    if line.is_full {
        let bound: Vec<Point> = line.bound().into_iter().map(|(x, risk)| at(x, risk)).collect();
        for piece in clipped_path(&bound, plot) {
            canvas.line(&piece, dashed(PURPLE, 2.0));
        }
    }
    // Where no run was refused nobody knows how far below its triangle the risk is.
    for piece in line.points.split(|(_, point)| point.is_unseen()) {
        let piece: Vec<Point> = piece.iter().filter_map(|(x, point)| Some(at(*x, point.risk?))).collect();
        for piece in clipped_path(&piece, plot) {
            canvas.line(&piece, line.stroke());
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

/// What stands upright: the present setting and the ceiling, with their words, in rising order.
fn marks(
    lines: &[Line<'_>],
    (unit, now): (Unit, Option<f64>),
    place: impl Fn(f64) -> f64,
) -> Vec<(f64, String, Stroke)> {
    let subject = subject(lines);
    let ceiling = subject.and_then(|line| line.ceiling);
    // Of one line alone, unless all have the same.
    let is_of_all = lines.iter().all(|line| line.ceiling == ceiling);
    let whose = subject.filter(|_| !is_of_all).map_or_else(String::new, |line| format!(" of {}", line.name));
    let now = now.map(|now| (place(now), format!("now {}", unit.in_words(now)), solid(GREY_TEXT, 1.5)));
    let ceiling =
        ceiling.map(|rate| (place(rate), format!("{} ceiling{whose}", words::floor_pace(rate)), solid(BLACK, 2.0)));
    let mut marks: Vec<_> = now.into_iter().chain(ceiling).collect();
    marks.sort_by(|one, other| one.0.total_cmp(&other.0));
    marks
}

/// Draws them; their words begin right of the name of the y axis, which ends at `taken`.
fn references(canvas: &mut Canvas, frame: &Frame, mut marks: Vec<(f64, String, Stroke)>, taken: f64) {
    let plot = frame.plot;
    marks.retain(|(x, ..)| (plot.left..=plot.right).contains(x));
    // The labels at the right begin beside the plot.
    let end = plot.right + 10.0;
    let widths: Vec<f64> = marks.iter().map(|(_, text, _)| text_width(text, SMALL)).collect();
    let mut lefts = Vec::new();
    let mut from = if marks.first().is_some_and(|mark| mark.0 < taken + 70.0) { taken } else { plot.left };
    for (index, ((x, ..), width)) in marks.iter().zip(&widths).enumerate() {
        // The first one's words end at its line, those of the last begin there, as far as there is room.
        let is_last = index + 1 == marks.len();
        let left = if is_last && x + width < end { x - 4.0 } else { x - width + 4.0 };
        lefts.push(left.max(from));
        from = left.max(from) + width + 12.0;
    }
    let mut end = end;
    for (left, width) in lefts.iter_mut().zip(&widths).rev() {
        *left = left.min(end - width);
        end = *left - 12.0;
    }
    for ((x, text, stroke), left) in marks.iter().zip(lefts) {
        canvas.line(&[(*x, plot.top), (*x, plot.bottom)], *stroke);
        canvas.text((left, plot.top - 5.0), text, SMALL.color(stroke.color));
    }
}

/// Where the closed forms reach the target, on its line, with the rates under the axis.
fn safe_rates(canvas: &mut Canvas, frame: &Frame, lines: &[Line<'_>], at: &dyn Fn(f64, f64) -> Point) {
    let plot = frame.plot;
    let safe = lines.iter().filter_map(|line| line.safe.map(|(rate, target)| (at(rate, target), rate, target, line)));
    let mut marks: Vec<_> = safe
        .filter(|((x, y), ..)| (plot.left..=plot.right).contains(x) && (plot.top..=plot.bottom).contains(y))
        .collect();
    marks.sort_by(|one, other| one.0.0.total_cmp(&other.0.0));
    let mut taken = plot.left - 40.0;
    for (index, ((x, y), rate, target, line)) in marks.into_iter().enumerate() {
        canvas.line(&[(x, y), (x, plot.bottom + 8.0)], solid(PURPLE, 2.0));
        canvas.disc((x, y), 4.0, PURPLE);
        let head = if index == 0 { format!("{} % at ", words::percent(target)) } else { String::new() };
        let text = format!("{head}{}", words::floor_pace(rate));
        let half = text_width(&text, SMALL) / 2.0;
        let middle = x.clamp(plot.left + half - 20.0, plot.right - half + 20.0);
        if middle - half > taken {
            let color = if lines.len() == 1 { PURPLE_TEXT } else { line.text };
            canvas.text((middle, plot.bottom + 22.0), &text, SMALL.color(color).align(Align::Centre));
            taken = middle + half + 10.0;
        }
    }
}

/// The name of each line, with a piece of it where there are many, and of the target.
fn labels(tables: &SweepTables, lines: &[Line<'_>], kind: Scale) -> Vec<(EndLabel, Option<Stroke>)> {
    let of = |line: &Line<'_>| {
        let (_, last) = line.points.last().filter(|_| !line.name.is_empty())?;
        // A line that ends at nothing ends where its triangle is.
        let end = if last.is_unseen() { last.interval.map_or(0.0, |(_, high)| high) } else { last.risk? };
        let text = shortened(&line.name, LABEL, 300.0);
        let kind_of_text = LABEL.color(line.text).align(Align::Left);
        let sample = (lines.len() > BANDS_MAX).then(|| line.stroke());
        Some((EndLabel { value: kind.place(end), text, kind: kind_of_text }, sample))
    };
    let target = format!("target {} %", words::percent(tables.target()));
    let target = EndLabel { value: kind.place(tables.target()), text: target, kind: SMALL.color(BLACK) };
    lines.iter().filter_map(of).chain([(target, None)]).collect()
}

/// The line that the title is about: the present one, else the worst.
fn subject<'l, 't>(lines: &'l [Line<'t>]) -> Option<&'l Line<'t>> {
    let worst = || lines.iter().max_by(|one, other| one.mean().total_cmp(&other.mean()));
    lines.iter().find(|line| line.is_now).or_else(worst)
}

fn title(tables: &SweepTables, plane: &Plane, lines: &[Line<'_>], (unit, now): (Unit, Option<f64>)) -> String {
    let Some(line) = subject(lines) else { return String::new() };
    let head = if line.name.is_empty() || lines.len() < 2 { String::new() } else { format!("{}: ", line.name) };
    let say = |what: String| capital(&format!("{head}{what}"));
    let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else { return "No cell was run".into() };
    let target = tables.target();
    let at_now = now.and_then(|now| line.points.iter().find(|(x, _)| (x / now - 1.0).abs() < 1e-9));
    let at_now = at_now.and_then(|(x, point)| {
        let risk = point.risk.filter(|risk| *risk > 0.0)?;
        Some(format!("; {} % at the present {}", words::risk(risk), unit.in_words(*x)))
    });
    let at_now = at_now.unwrap_or_default();
    let percent = words::percent(target);
    let (from, to) = (unit.in_words(first.0), unit.in_words(last.0));
    let span = if line.points.len() == 1 { format!("at {from}") } else { format!("from {from} to {to}") };
    if line.points.iter().all(|(_, point)| point.is_unseen()) {
        let runs = words::plural(tables.runs(), "run");
        let each = if line.points.len() == 1 { "" } else { " each" };
        return say(format!("no connect refused {span}, in {runs}{each}"));
    }
    if let Some((safe, _)) = line.safe.filter(|(safe, _)| (first.0..=last.0).contains(safe)) {
        return say(format!("risk stays below {percent} % up to {}{at_now}", words::floor_pace(safe)));
    }
    // Where it passes the target, else where it passes a half.
    for level in [target, 0.5] {
        if let Some(what) = passing(tables, plane, line, (unit, level)) {
            return say(what + &at_now);
        }
    }
    let is_above = |point: &Figures| point.risk.is_some_and(|risk| risk > target);
    let is_below = |point: &Figures| is_known_below(point, target);
    if line.points.iter().all(|(_, point)| is_above(point)) {
        return say(format!("risk is above {percent} % {span}{at_now}"));
    }
    let seen =
        if line.points.iter().all(|(_, point)| is_below(point)) { "risk is at most" } else { "no risk seen above" };
    say(format!("{seen} {percent} % {span}{at_now}"))
}

/// Is the risk at most `level` by what was seen? That none of few runs was refused does not show it.
fn is_known_below(point: &Figures, level: f64) -> bool {
    let known = point.interval.map_or(1.0, |(_, high)| high);
    point.risk.is_some_and(|risk| if risk > 0.0 { risk <= level } else { known <= level })
}

/// Between which two points the risk passes a level.
fn passing(tables: &SweepTables, plane: &Plane, line: &Line<'_>, (unit, level): (Unit, f64)) -> Option<String> {
    let above = |point: &Figures| point.risk.is_some_and(|risk| risk > level);
    let pair = line.points.windows(2).find(|pair| above(pair[0].1) != above(pair[1].1))?;
    let [from, to] = [pair[0].0, pair[1].0].map(|x| unit.in_words(x));
    let of = if unit == Unit::Plain { format!(" ({})", spoken(tables, plane.x)) } else { String::new() };
    let (low, is_rise) = if above(pair[1].1) { (pair[0].1, true) } else { (pair[1].1, false) };
    if is_known_below(low, level) {
        let word = if is_rise { "passes" } else { "falls below" };
        return Some(format!("risk {word} {} % between {from} and {to}{of}", words::percent(level)));
    }
    let none = |x: &str| format!("no run of {} refused at {x}", words::thousands(low.runs));
    let some = |point: &Figures, x: &str| format!("{} % at {x}", words::risk(point.risk.unwrap_or(0.0)));
    Some(if is_rise {
        format!("{}, {}{of}", none(&from), some(pair[1].1, &to))
    } else {
        format!("{}, {}{of}", some(pair[0].1, &from), none(&to))
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
