//! A page of marks in logical pixels, painted by plotters as PNG or as SVG.
//!
//! The marks are kept before they are painted, so that a test can see whether two labels overlap, and so that both
//! formats come from the same list. The bitmap is painted at twice the size and averaged: plotters places glyphs and
//! corners on whole pixels only. Knows nothing of tables.

use super::super::fonts;
#[cfg(test)]
use super::frame::clipped;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

/// The width of the page.
pub(super) const WIDTH: f64 = 1200.0;
/// Its height.
pub(super) const HEIGHT: f64 = 675.0;

/// Bitmap pixels per logical pixel, before averaging.
const SCALE: i32 = 2;
/// What plotters calls the size of a font is ascent plus descent; ours is the em, as everywhere else.
const PLOTTERS_SIZE_PER_EM: f64 = 1.164;
/// What plotters' SVG backend divides a size by.
const SVG_SIZE_PER_EM: f64 = 1.24;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

/// x to the right, y down.
pub(super) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Normal,
    Bold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) color: Color,
    pub(super) align: Align,
}

impl Type {
    pub(super) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    fn plotters(self, size: f64) -> FontDesc<'static> {
        let style = if self.weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
        FontDesc::new(FontFamily::Name(fonts::FAMILY), size, style)
    }

    /// The size for the bitmap: even and whole, or the glyphs of a word would not share a baseline.
    fn bitmap_size(self) -> f64 {
        (self.size * PLOTTERS_SIZE_PER_EM * f64::from(SCALE) / 2.0).round() * 2.0
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub(super) color: Color,
    pub(super) width: f64,
    /// Lengths of a dash and the gap after it.
    pub(super) dash: Option<(f64, f64)>,
}

/// Left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Box2 {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Mark {
    Rect(Box2, Color),
    Area(Vec<Point>, Color, f64),
    Line(Vec<Point>, Color, f64),
    Text(Point, String, Type),
}

/// A page of marks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canvas {
    marks: Vec<Mark>,
}

impl Canvas {
    /// An upright rectangle; neighbours that share an edge leave no gap.
    pub(super) fn rect(&mut self, area: Box2, color: Color) {
        self.marks.push(Mark::Rect(area, color));
    }

    pub(super) fn area(&mut self, outline: Vec<Point>, color: Color, alpha: f64) {
        self.marks.push(Mark::Area(outline, color, alpha));
    }

    pub(super) fn line(&mut self, points: &[Point], stroke: Stroke) {
        let Some((on, off)) = stroke.dash else {
            self.marks.push(Mark::Line(points.to_vec(), stroke.color, stroke.width));
            return;
        };
        // How far the pattern of dash and gap has come: it goes on over corners.
        let mut done = 0.0;
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            let mut at = -done;
            while at < length {
                let (start, end) = (at.max(0.0), (at + on).min(length));
                let point = |along: f64| (from.0 + dx * along / length, from.1 + dy * along / length);
                if end > start {
                    self.marks.push(Mark::Line(vec![point(start), point(end)], stroke.color, stroke.width));
                }
                at += on + off;
            }
            done = (length - at + on + off).max(0.0);
        }
    }

    /// A filled circle.
    pub(super) fn disc(&mut self, centre: Point, radius: f64, color: Color) {
        self.area(circle(centre, radius).collect(), color, 1.0);
    }

    /// A circle.
    pub(super) fn ring(&mut self, centre: Point, radius: f64, stroke: Stroke) {
        // Twice the corners of a disc: a ring is large.
        let corners: Vec<Point> = CIRCLE.to_vec();
        let next = corners.iter().cycle().skip(1);
        let finer = corners.iter().zip(next).flat_map(|(one, other)| {
            let (x, y) = (one.0 + other.0, one.1 + other.1);
            let length = (x * x + y * y).sqrt();
            [*one, (x / length, y / length)]
        });
        let mut outline: Vec<Point> = finer.map(|(x, y)| (centre.0 + radius * x, centre.1 + radius * y)).collect();
        outline.extend(outline.first().copied());
        self.line(&outline, stroke);
    }

    /// Slanted lines, which go on in a neighbour.
    pub(super) fn hatch(&mut self, area: Box2, color: Color) {
        const STEP: f64 = 9.0;
        let mut sum = ((area.left + area.top) / STEP).ceil() * STEP;
        while sum < area.right + area.bottom {
            let from = (sum - area.bottom).max(area.left);
            let to = (sum - area.top).min(area.right);
            if to > from {
                self.line(&[(from, sum - from), (to, sum - to)], Stroke { color, width: 1.0, dash: None });
            }
            sum += STEP;
        }
    }

    /// Sets a text with its baseline at `at`; says which box it fills.
    pub(super) fn text(&mut self, at: Point, text: &str, kind: Type) -> Box2 {
        self.marks.push(Mark::Text(at, text.into(), kind));
        text_box(at, text, kind)
    }

    /// Sets a text on paper of its own, which hides the lines under it.
    pub(super) fn text_on(&mut self, paper: Color, at: Point, text: &str, kind: Type) -> Box2 {
        let area = text_box(at, text, kind);
        self.rect(Box2 { left: area.left - 3.0, right: area.right + 3.0, ..area }, paper);
        self.text(at, text, kind)
    }

    /// The page as a PNG file.
    ///
    /// # Panics
    ///
    /// Never: everything is in memory.
    pub fn png(&self) -> Vec<u8> {
        let pixels = self.pixels();
        let mut out = Vec::new();
        let (width, height) = size(1);
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Default);
        // Most rows of a chart are those above them again.
        encoder.set_filter(png::FilterType::Up);
        let mut writer = encoder.write_header().expect("memory takes what is written");
        writer.write_image_data(&pixels).expect("the image is whole");
        writer.finish().expect("memory takes what is written");
        out
    }

    /// The page as an SVG document.
    pub fn svg(&self) -> String {
        let mut text = String::new();
        self.paint(SVGBackend::with_string(&mut text, size(1)), Surface::Svg);
        text
    }

    fn pixels(&self) -> Vec<u8> {
        let (width, height) = size(SCALE.unsigned_abs());
        let row = width as usize * 3;
        let mut large = vec![255; row * height as usize];
        self.paint(BitMapBackend::with_buffer(&mut large, (width, height)), Surface::Bitmap);
        let mut small = Vec::with_capacity(large.len() / 4);
        // Each pixel is the mean of four: two beside each other, and the two under them.
        for rows in large.chunks_exact(2 * row) {
            let (upper, lower) = rows.split_at(row);
            for (upper, lower) in upper.as_chunks::<6>().0.iter().zip(lower.as_chunks::<6>().0) {
                for channel in 0..3 {
                    let four = [upper[channel], upper[channel + 3], lower[channel], lower[channel + 3]];
                    let sum: u16 = four.iter().copied().map(u16::from).sum();
                    small.push(u8::try_from((sum + 2) / 4).expect("a mean of bytes is a byte"));
                }
            }
        }
        small
    }

    fn paint(&self, mut backend: impl DrawingBackend, surface: Surface) {
        fonts::register();
        let page = Box2 { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT };
        paint_mark(&mut backend, surface, &Mark::Rect(page, super::theme::WHITE));
        for mark in &self.marks {
            paint_mark(&mut backend, surface, mark);
        }
        assert!(backend.present().is_ok(), "memory takes what is written");
    }
}

/// Sixteen points of the unit circle.
const CIRCLE: [(f64, f64); 16] = [
    (1.0, 0.0),
    (0.924, 0.383),
    (0.707, 0.707),
    (0.383, 0.924),
    (0.0, 1.0),
    (-0.383, 0.924),
    (-0.707, 0.707),
    (-0.924, 0.383),
    (-1.0, 0.0),
    (-0.924, -0.383),
    (-0.707, -0.707),
    (-0.383, -0.924),
    (0.0, -1.0),
    (0.383, -0.924),
    (0.707, -0.707),
    (0.924, -0.383),
];

/// The corners of what looks like a circle.
fn circle(centre: Point, radius: f64) -> impl Iterator<Item = Point> {
    CIRCLE.into_iter().map(move |(x, y)| (centre.0 + radius * x, centre.1 + radius * y))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Surface {
    Bitmap,
    Svg,
}

impl Surface {
    fn scale(self) -> i32 {
        if self == Self::Bitmap { SCALE } else { 1 }
    }

    fn place(self, (x, y): Point) -> (i32, i32) {
        #[expect(clippy::cast_possible_truncation, reason = "a place on the page")]
        // Far outside is as good as farther; painting never ends there.
        let whole = |value: f64| (value.clamp(-WIDTH, 2.0 * WIDTH) * f64::from(self.scale())).round() as i32;
        (whole(x), whole(y))
    }

    fn style(self, color: Color, alpha: f64, width: f64) -> ShapeStyle {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
        let stroke_width = (width * f64::from(self.scale())).round().max(1.0) as u32;
        ShapeStyle { color: RGBAColor(color.0, color.1, color.2, alpha), filled: true, stroke_width }
    }
}

fn paint_mark<B: DrawingBackend>(backend: &mut B, surface: Surface, mark: &Mark) {
    let done = match mark {
        Mark::Rect(area, color) => {
            let (from, to) = (surface.place((area.left, area.top)), surface.place((area.right, area.bottom)));
            backend.draw_rect(from, to, &surface.style(*color, 1.0, 0.0), true).is_ok()
        }
        Mark::Area(outline, color, alpha) => {
            let points: Vec<_> = outline.iter().map(|point| surface.place(*point)).collect();
            backend.fill_polygon(points, &surface.style(*color, *alpha, 0.0)).is_ok()
        }
        Mark::Line(points, color, width) => paint_line(backend, surface, points, (*color, *width)),
        Mark::Text(at, text, kind) => {
            let (size, drop) = match surface {
                Surface::Bitmap => (kind.bitmap_size(), kind.bitmap_size() / 4.0),
                Surface::Svg => (kind.size * SVG_SIZE_PER_EM, 0.76 * kind.size),
            };
            let h_pos = match kind.align {
                Align::Left => HPos::Left,
                Align::Centre => HPos::Center,
                Align::Right => HPos::Right,
            };
            let style = TextStyle::from(kind.plotters(size)).pos(Pos::new(h_pos, VPos::Top));
            let color = RGBAColor(kind.color.0, kind.color.1, kind.color.2, 1.0);
            let style = style.color(&color);
            backend.draw_text(text, &style, surface.place((at.0, at.1 - drop))).is_ok()
        }
    };
    assert!(done, "drawing into memory with an embedded font cannot fail");
}

fn paint_line<B: DrawingBackend>(
    backend: &mut B,
    surface: Surface,
    points: &[Point],
    (color, width): (Color, f64),
) -> bool {
    let style = surface.style(color, 1.0, width);
    let points: Vec<_> = points.iter().map(|point| surface.place(*point)).collect();
    if surface == Surface::Svg {
        return backend.draw_path(points, &style).is_ok();
    }
    let wide = i32::try_from(style.stroke_width).expect("a few pixels");
    // The bitmap fills up to the far edge and not the edge itself.
    let (before, after) = (wide / 2, wide - wide / 2);
    points.windows(2).all(|pair| {
        let (from, to) = (pair[0], pair[1]);
        if from.0 == to.0 || from.1 == to.1 {
            // Upright and level lines are rectangles: sharp, of the exact width, with square ends.
            let low = (from.0.min(to.0) - before, from.1.min(to.1) - before);
            let high = (from.0.max(to.0) + after, from.1.max(to.1) + after);
            backend.draw_rect(low, high, &style, true).is_ok()
        } else {
            backend.draw_line(from, to, &style).is_ok()
        }
    })
}

/// The width of a text.
pub(super) fn text_width(text: &str, kind: Type) -> f64 {
    fonts::register();
    let (width, _) = kind.plotters(kind.bitmap_size()).box_size(text).expect("the embedded faces measure any text");
    f64::from(width) / f64::from(SCALE)
}

/// The longest beginning of a text that is no wider than `width`, with an ellipsis when something is left out.
pub(super) fn fit(text: &str, kind: Type, width: f64) -> String {
    if text_width(text, kind) <= width {
        return text.into();
    }
    let mut kept = text.to_owned();
    while kept.pop().is_some() {
        let shown = format!("{}\u{2026}", kept.trim_end());
        if text_width(&shown, kind) <= width {
            return shown;
        }
    }
    String::new()
}

/// A name that is no wider than `width`: the middle of a longer one is left out, for names differ at either end.
pub(super) fn shortened(name: &str, kind: Type, width: f64) -> String {
    let letters: Vec<char> = name.chars().collect();
    let without = |gone: usize| -> String {
        let kept = letters.len() - gone;
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        letters[..head].iter().chain(&['\u{2026}']).chain(&letters[letters.len() - tail..]).collect()
    };
    let mut shown = name.to_owned();
    let mut gone = 1;
    while text_width(&shown, kind) > width && gone < letters.len() {
        shown = without(gone);
        gone += 1;
    }
    shown
}

/// The box that a text fills.
pub(super) fn text_box(at: Point, text: &str, kind: Type) -> Box2 {
    let width = text_width(text, kind);
    let left = match kind.align {
        Align::Left => at.0,
        Align::Centre => at.0 - width / 2.0,
        Align::Right => at.0 - width,
    };
    Box2 { left, top: at.1 - 0.76 * kind.size, right: left + width, bottom: at.1 + 0.22 * kind.size }
}

fn size(scale: u32) -> (u32, u32) {
    (1200 * scale, 675 * scale)
}

#[cfg(test)]
impl Canvas {
    /// Texts that leave the page, run into each other or have a line through them.
    pub(super) fn text_faults(&self) -> Vec<String> {
        let mut boxes: Vec<(Box2, &str)> = Vec::new();
        let mut faults = Vec::new();
        for (place, mark) in self.marks.iter().enumerate() {
            let Mark::Text(at, text, kind) = mark else { continue };
            let area = text_box(*at, text, *kind);
            if area.left < 8.0 || area.right > WIDTH - 8.0 || area.top < 4.0 || area.bottom > HEIGHT - 4.0 {
                faults.push(format!("`{text}` leaves the page: {area:?}"));
            }
            let runs_into = boxes.iter().filter(|(other, _)| overlap(area, *other));
            faults.extend(runs_into.map(|(_, words)| format!("`{text}` runs into `{words}`")));
            if let Some(color) = self.line_through(area, place) {
                faults.push(format!("a line of {color:?} runs through `{text}` in {area:?}"));
            }
            boxes.push((area, text));
        }
        faults
    }

    /// The colour of a line through the words in a box, which are the mark at `place`.
    ///
    /// Faint lines may pass under words, and any line may that ends at them or has paper laid on it before them.
    fn line_through(&self, words: Box2, place: usize) -> Option<Color> {
        // What only grazes the box touches no letter.
        let (x, y) = (1.0, 2.0);
        let letters =
            Box2 { left: words.left + x, top: words.top + y, right: words.right - x, bottom: words.bottom - y };
        let meets = |points: &[Point]| points.windows(2).find_map(|pair| clipped(pair[0], pair[1], letters));
        let is_under = |at: usize, (from, to): (Point, Point)| {
            let holds = |area: &Box2, (x, y): Point| {
                (area.left..=area.right).contains(&x) && (area.top..=area.bottom).contains(&y)
            };
            let between = self.marks.get(at + 1..place).unwrap_or_default();
            between.iter().any(|mark| matches!(mark, Mark::Rect(area, _) if holds(area, from) && holds(area, to)))
        };
        self.marks.iter().enumerate().find_map(|(at, mark)| {
            let Mark::Line(points, color, _) = mark else { return None };
            let is_faint = color.0.min(color.1).min(color.2) >= super::theme::GREY_GRID.0;
            let met = meets(points).filter(|_| !is_faint || at > place)?;
            (!is_under(at, met)).then_some(*color)
        })
    }
}

/// Do two boxes share more than an edge?
#[cfg(test)]
fn overlap(one: Box2, other: Box2) -> bool {
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

#[cfg(test)]
mod tests {
    use super::super::theme::{BLACK, GREY_GRID, SMALL, TITLE, WHITE, solid};
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_fit() {
        let long = "a rather long title that goes on and on";
        assert_eq!(fit("short", TITLE, 400.0), "short");
        let cut = fit(long, TITLE, 200.0);
        assert!(cut.ends_with('\u{2026}') && text_width(&cut, TITLE) <= 200.0);
        assert_eq!(fit("x", TITLE, 0.0), "");
    }

    #[test]
    fn a_long_name_keeps_both_its_ends() {
        let name = "shard-number-one-of-the-orders-database-17";
        assert_eq!(shortened("shard-17", SMALL, 400.0), "shard-17");
        let short = shortened(name, SMALL, 120.0);
        assert!(short.starts_with("shard") && short.ends_with("17") && text_width(&short, SMALL) <= 120.0, "{short}");
        assert_eq!(shortened(name, SMALL, 0.0), "s\u{2026}");
    }

    #[test]
    fn faults_are_seen() {
        let mut canvas = Canvas::default();
        canvas.text((100.0, 100.0), "one", SMALL);
        canvas.text((110.0, 105.0), "two", SMALL);
        canvas.text((1190.0, 300.0), "three", SMALL);
        assert_eq!(canvas.text_faults().len(), 2);
        // A line through words is one, unless paper lies between; one beside them or a faint one is none.
        for (from, paper, color, faults) in
            [(194.0, false, BLACK, 1), (194.0, true, BLACK, 0), (194.0, false, GREY_GRID, 0), (203.0, false, BLACK, 0)]
        {
            let mut canvas = Canvas::default();
            canvas.line(&[(50.0, from), (900.0, from + 1.0)], solid(color, 1.0));
            if paper {
                canvas.rect(Box2 { left: 99.0, top: 186.0, right: 150.0, bottom: 204.0 }, WHITE);
            }
            canvas.text((100.0, 200.0), "four", SMALL);
            assert_eq!(canvas.text_faults().len(), faults, "{:?}", canvas.text_faults());
        }
    }
}
