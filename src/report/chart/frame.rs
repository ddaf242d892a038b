//! What every chart shares: title, subtitle, footer, axes, and the way from figures to places.

use super::Caption;
use super::axis::Axis;
use super::canvas::{Align, Box2, Canvas, HEIGHT, Point, Type, WIDTH, fit, text_width};
use super::theme::{GREY_AXIS, GREY_GRID, GREY_TEXT, LABEL, SMALL, SUBTITLE, TITLE, WHITE, solid};

/// White around everything.
const MARGIN: f64 = 32.0;
/// The top of the plot, and its bottom.
const TOP: f64 = 132.0;
const BOTTOM: f64 = 568.0;
/// Marks so near to each other look like one.
const GAP: f64 = 12.0;
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
        caption: &Caption,
        words: &Headings,
        axes: (&Axis, &Axis),
        right: f64,
    ) -> Self {
        let (x, y) = axes;
        headings(canvas, caption, words);
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

    /// A panel of several: draws nothing.
    pub(super) fn panel(plot: Box2, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { plot, x, y, under: Vec::new() }
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

    /// Writes at the right what values of the y axis are in another unit.
    pub(super) fn right_axis(&self, canvas: &mut Canvas, ticks: &[(f64, String)], title: &str) {
        for (value, text) in ticks {
            canvas.text((self.plot.right + 10.0, self.y(*value) + 5.5), text, SMALL);
        }
        canvas.text((WIDTH - MARGIN, TOP - 20.0), title, SMALL.align(Align::Right));
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
        canvas.text_on(WHITE, middle, why, LABEL.color(GREY_TEXT).align(Align::Centre));
    }

    /// A row of marks under the axis, one for each span of time, and a label beside the first of them.
    pub(super) fn rug(&self, canvas: &mut Canvas, spans: &[(f64, f64)], label: &str, kind: Type) {
        let Some(first) = spans.first() else { return };
        let mut marks: Vec<(f64, f64)> = Vec::new();
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
            marks.push((middle - half, middle + half));
            let outline = [(-half, top), (half, top), (half, bottom), (-half, bottom)];
            canvas.area(outline.map(|(x, y)| (middle + x, y)).to_vec(), kind.color, 1.0);
        }
        let width = text_width(label, kind);
        let first = self.x(first.0);
        if first - width - 10.0 >= MARGIN {
            canvas.text((first - 8.0, bottom), label, kind.align(Align::Right));
        } else if let Some(left) = gap(&marks, width + 20.0, WIDTH - MARGIN) {
            canvas.text((left + 8.0, bottom), label, kind);
        } else {
            // No room in the row of marks: under it at the left, led to by a line where no word is in the way.
            let x = (first + 0.75).round();
            let left = MARGIN.max(x - width + 4.0);
            let area = canvas.text((left, self.plot.bottom + 66.0), label, kind);
            let free = |other: &Box2| x < other.left - 3.0 || x > other.right + 3.0;
            if self.under.iter().all(free) {
                canvas.line(&[(x, bottom), (x, area.top - 2.0)], solid(kind.color, 1.0));
            }
        }
    }
}

/// Where marks that touch the first one end, if so much room follows.
fn gap(marks: &[(f64, f64)], room: f64, right: f64) -> Option<f64> {
    let mut marks = marks.iter();
    let mut end = marks.next()?.1;
    let next = marks.find(|mark| {
        let apart = mark.0 > end + GAP;
        end = if apart { end } else { end.max(mark.1) };
        apart
    });
    (next.map_or(right, |mark| mark.0) - end >= room).then_some(end)
}

/// Where the plot lies when labels need so much room at its `left` and `right`.
pub(super) fn plot(left: f64, right: f64) -> Box2 {
    let (left, right) = (MARGIN + left.max(24.0) + 12.0, WIDTH - MARGIN - right.max(8.0));
    Box2 { left, top: TOP, right, bottom: BOTTOM }
}

pub(super) fn headings(canvas: &mut Canvas, caption: &Caption, heads: &Headings) {
    let width = WIDTH - 2.0 * MARGIN;
    let mut title = TITLE;
    while title.size > TITLE_SIZE_MIN && text_width(&heads.title, title) > width {
        title.size -= 1.0;
    }
    canvas.text((MARGIN, 50.0), &fit(&heads.title, title, width), title);
    canvas.text((MARGIN, 79.0), &subtitle(&caption.title, &caption.load, width), SUBTITLE);
    let version = format!("seed {} \u{b7} dryport {}", caption.seed, caption.dryport);
    let note = format!("{}{}", caption.runs, heads.note);
    let baseline = HEIGHT - 16.0;
    let right = canvas.text((WIDTH - MARGIN, baseline), &version, SMALL.align(Align::Right));
    canvas.text((MARGIN, baseline), &fit(&note, SMALL, right.left - MARGIN - 20.0), SMALL);
}

/// Scenario and load. Where there is no room for both the load stays whole: it is what the figures depend on. A load that
/// is itself too long leaves the title its part.
fn subtitle(title: &str, load: &str, width: f64) -> String {
    let load_width = text_width(&format!(": {load}"), SUBTITLE);
    if text_width(load, SUBTITLE) > width && !title.is_empty() {
        let title = fit(title, SUBTITLE, 0.5 * width);
        let load = fit(load, SUBTITLE, width - text_width(&format!("{title}: "), SUBTITLE) - 2.0);
        return format!("{title}: {load}");
    }
    // Rounding up each part leaves them a little apart.
    let title = fit(title, SUBTITLE, width - load_width - 2.0);
    match title.as_str() {
        "" | "\u{2026}" => fit(load, SUBTITLE, width),
        title => format!("{title}: {load}"),
    }
}

/// Does a line go through a box, or nearly so?
pub(super) fn passes(points: &[Point], area: Box2) -> bool {
    let wide = Box2 { left: area.left - 4.0, top: area.top - 4.0, right: area.right + 4.0, bottom: area.bottom + 4.0 };
    points.windows(2).any(|pair| clipped(pair[0], pair[1], wide).is_some())
}

/// The part of a line inside a box, if there is one (Liang and Barsky, ACM Transactions on Graphics 3, 1984).
pub(super) fn clipped(from: Point, to: Point, area: Box2) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    let edges =
        [(-dx, from.0 - area.left), (dx, area.right - from.0), (-dy, from.1 - area.top), (dy, area.bottom - from.1)];
    for (pace, room) in edges {
        if pace == 0.0 && room < 0.0 {
            return None;
        }
        let at = room / pace;
        if pace < 0.0 {
            enters = enters.max(at);
        } else if pace > 0.0 {
            leaves = leaves.min(at);
        }
    }
    let point = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (enters <= leaves).then(|| (point(enters), point(leaves)))
}

/// The parts of a path inside a box.
pub(super) fn clipped_path(path: &[Point], area: Box2) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in path.windows(2) {
        let Some((from, to)) = clipped(pair[0], pair[1], area) else { continue };
        match pieces.last_mut().filter(|piece| piece.last() == Some(&from)) {
            Some(piece) => piece.push(to),
            None => pieces.push(vec![from, to]),
        }
    }
    pieces
}

fn place(value: f64, (from, to): (f64, f64), (low, high): (f64, f64)) -> f64 {
    // On an axis of no width all lies at its beginning.
    let span = to - from;
    if span.abs() > 0.0 { low + (value - from) / span * (high - low) } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_stays_whole_as_long_as_it_can() {
        let (title, load) = ("A scenario with a long title", "450/s Poisson, 50 ms exponential");
        assert_eq!(subtitle(title, load, 900.0), format!("{title}: {load}"));
        let width = text_width(load, SUBTITLE);
        let short = subtitle(title, load, width + 120.0);
        assert!(short.starts_with("A scen") && short.ends_with(&format!("\u{2026}: {load}")), "{short}");
        assert!(text_width(&short, SUBTITLE) <= width + 120.0);
        assert_eq!(subtitle(title, load, width + 4.0), load);
        let both = subtitle(title, load, width - 9.0);
        assert!(both.starts_with("A scen") && both.contains(": 450/s") && both.ends_with('\u{2026}'), "{both}");
        assert!(text_width(&both, SUBTITLE) <= width - 9.0);
        assert!(subtitle("", load, width - 9.0).ends_with("exponen\u{2026}"));
    }

    #[test]
    fn a_line_is_cut_at_the_edges() {
        let area = Box2 { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        assert_eq!(clipped((1.0, 1.0), (9.0, 2.0), area), Some(((1.0, 1.0), (9.0, 2.0))));
        assert_eq!(clipped((-5.0, 5.0), (15.0, 5.0), area), Some(((0.0, 5.0), (10.0, 5.0))));
        assert_eq!(clipped((5.0, -10.0), (5.0, 5.0), area), Some(((5.0, 0.0), (5.0, 5.0))));
        assert_eq!(clipped((-5.0, 11.0), (15.0, 11.0), area), None);
        assert_eq!(clipped((-5.0, 4.0), (4.0, -5.0), area), None);
        let pieces = clipped_path(&[(1.0, 1.0), (2.0, 1.0), (2.0, 15.0), (4.0, 15.0), (4.0, 5.0)], area);
        assert_eq!(pieces, [vec![(1.0, 1.0), (2.0, 1.0), (2.0, 10.0)], vec![(4.0, 10.0), (4.0, 5.0)]]);
    }

    #[test]
    fn a_label_stands_beside_the_first_mark_or_nowhere_in_the_row() {
        assert_eq!(gap(&[(100.0, 102.0)], 200.0, 1_168.0), Some(102.0));
        assert_eq!(gap(&[(100.0, 102.0), (110.0, 112.0), (400.0, 402.0)], 200.0, 1_168.0), Some(112.0));
        assert_eq!(gap(&[(100.0, 102.0), (250.0, 252.0)], 200.0, 1_168.0), None);
        assert_eq!(gap(&[(1_000.0, 1_102.0)], 200.0, 1_168.0), None);
    }
}
