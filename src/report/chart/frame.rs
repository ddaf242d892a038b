//! What every chart shares: title, subtitle, footer, axes, and the way from figures to places.

use super::super::{RunTables, words};
use super::axis::Axis;
use super::canvas::{Align, Box2, Canvas, HEIGHT, Point, Type, WIDTH, fit, text_width};
use super::theme::{GREY_AXIS, GREY_GRID, GREY_TEXT, LABEL, SMALL, SUBTITLE, TITLE, solid};

/// White around everything.
const MARGIN: f64 = 32.0;
/// The top of the plot, and its bottom.
const TOP: f64 = 132.0;
const BOTTOM: f64 = 568.0;
/// The smallest a long title is set before it is cut.
const TITLE_SIZE_MIN: f64 = 20.0;

/// The words around a chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headings {
    /// The finding.
    pub(super) title: String,
    /// What the footer says beside seed and version.
    pub(super) note: String,
}

/// Where figures go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) plot: Box2,
    x: (f64, f64),
    y: (f64, f64),
    /// Where the words under the x axis stand.
    under: Vec<Box2>,
}

impl Frame {
    /// Draws everything around a plot. `right` is what labels beside the plot need.
    pub(super) fn draw(
        canvas: &mut Canvas,
        tables: &RunTables,
        words: &Headings,
        axes: (&Axis, &Axis),
        right: f64,
    ) -> Self {
        let (x, y) = axes;
        headings(canvas, tables, words);
        let ticks = y.ticks.iter().map(|(_, text)| text_width(text, SMALL)).fold(0.0, f64::max);
        let mut frame = Self { x: (x.from, x.to), y: (y.from, y.to), plot: plot(ticks, right), under: Vec::new() };
        let plot = frame.plot;
        for (value, text) in &y.ticks {
            let at = frame.y(*value);
            canvas.line(&[(plot.left, at), (plot.right, at)], solid(GREY_GRID, 1.0));
            canvas.text((plot.left - 10.0, at + 5.5), text, SMALL.align(Align::Right));
        }
        canvas.text((MARGIN, TOP - 20.0), &y.title, SMALL);
        for (value, text) in &x.ticks {
            let at = (frame.x(*value), BOTTOM + 44.0);
            frame.under.push(canvas.text(at, text, SMALL.align(Align::Centre)));
        }
        let middle = f64::midpoint(plot.left, plot.right);
        frame.under.push(canvas.text((middle, BOTTOM + 66.0), &x.title, SMALL.align(Align::Centre)));
        frame
    }

    /// Draws the axis lines; after the areas, which would hide half of them.
    pub(super) fn axes(&self, canvas: &mut Canvas, x: &Axis) {
        let plot = self.plot;
        for (value, _) in &x.ticks {
            let at = self.x(*value);
            canvas.line(&[(at, plot.bottom), (at, plot.bottom + 5.0)], solid(GREY_AXIS, 1.0));
        }
        canvas.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], solid(GREY_AXIS, 1.5));
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        place(value, self.x, (self.plot.left, self.plot.right))
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        place(value, self.y, (self.plot.bottom, self.plot.top))
    }

    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        (self.x(x), self.y(y))
    }

    /// Says in the middle of the plot why there is nothing in it.
    pub(super) fn empty(&self, canvas: &mut Canvas, why: &str) {
        let plot = self.plot;
        let middle = (f64::midpoint(plot.left, plot.right), f64::midpoint(plot.top, plot.bottom));
        canvas.text(middle, why, LABEL.color(GREY_TEXT).align(Align::Centre));
    }

    /// A row of marks under the axis, one for each span of time, and a label beside the first of them.
    pub(super) fn rug(&self, canvas: &mut Canvas, spans: &[(f64, f64)], label: &str, kind: Type) {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return };
        let (top, bottom) = (self.plot.bottom + 9.0, self.plot.bottom + 22.0);
        let mut rest = spans;
        while let [(from, to), after @ ..] = rest {
            // Neighbours become one mark; side by side their edges would flicker.
            let (mut to, mut after) = (*to, after);
            while let [(next, end), more @ ..] = after
                && *next <= to
            {
                (to, after) = (to.max(*end), more);
            }
            rest = after;
            let middle = self.x(f64::midpoint(*from, to));
            let half = ((self.x(to) - self.x(*from)) / 2.0).max(0.75);
            let outline = [(-half, top), (half, top), (half, bottom), (-half, bottom)];
            canvas.area(outline.map(|(x, y)| (middle + x, y)).to_vec(), kind.color, 1.0);
        }
        let width = text_width(label, kind);
        let (first, last) = (self.x(first.0), self.x(last.1));
        if first - width - 10.0 >= MARGIN {
            canvas.text((first - 8.0, bottom), label, kind.align(Align::Right));
        } else if last + width + 10.0 <= WIDTH - MARGIN {
            canvas.text((last + 8.0, bottom), label, kind);
        } else {
            // No room in the row of marks: under it at the left, led to by a line where no word is in the way.
            let area = canvas.text((MARGIN, self.plot.bottom + 66.0), label, kind);
            let x = (first + 0.75).round();
            let free = |other: &Box2| x < other.left - 3.0 || x > other.right + 3.0;
            if self.under.iter().all(free) && x < area.right {
                canvas.line(&[(x, bottom), (x, area.top - 2.0)], solid(kind.color, 1.0));
            }
        }
    }
}

/// Where the plot lies when labels need so much room at its `left` and `right`.
pub(super) fn plot(left: f64, right: f64) -> Box2 {
    let (left, right) = (MARGIN + left.max(24.0) + 12.0, WIDTH - MARGIN - right.max(8.0));
    Box2 { left, top: TOP, right, bottom: BOTTOM }
}

fn headings(canvas: &mut Canvas, tables: &RunTables, heads: &Headings) {
    let width = WIDTH - 2.0 * MARGIN;
    let mut title = TITLE;
    while title.size > TITLE_SIZE_MIN && text_width(&heads.title, title) > width {
        title.size -= 1.0;
    }
    canvas.text((MARGIN, 50.0), &fit(&heads.title, title, width), title);
    let meta = &tables.meta;
    let subtitle = format!("{}: {}", meta.scenario.title, meta.scenario.load);
    canvas.text((MARGIN, 79.0), &fit(&subtitle, SUBTITLE, width), SUBTITLE);
    let runs = words::plural(meta.replications, "run");
    let version = format!("seed {} \u{b7} dryport {}", meta.seed, meta.dryport);
    let note = format!("{runs} of {}{}", words::seconds(meta.duration_s), heads.note);
    let baseline = HEIGHT - 16.0;
    let right = canvas.text((WIDTH - MARGIN, baseline), &version, SMALL.align(Align::Right));
    canvas.text((MARGIN, baseline), &fit(&note, SMALL, right.left - MARGIN - 20.0), SMALL);
}

fn place(value: f64, (from, to): (f64, f64), (low, high): (f64, f64)) -> f64 {
    low + (value - from) / (to - from) * (high - low)
}
