//! How charts look: the palette by role (Okabe-Ito, safe for colour-blind readers), type sizes, strokes.

use super::canvas::{Align, Color, Stroke, Type, Weight};

/// Open connections, and estimates.
pub(super) const BLUE: Color = Color(0x00, 0x72, 0xB2);
/// TIME-WAIT.
pub(super) const ORANGE: Color = Color(0xE6, 0x9F, 0x00);
/// Free ports, as a tint.
pub(super) const GREEN_TINT: Color = Color(0xCC, 0xEC, 0xE3);
/// The word on the green tint.
pub(super) const GREEN_TEXT: Color = Color(0x00, 0x66, 0x4B);
/// Refusals.
pub(super) const VERMILLION: Color = Color(0xD5, 0x5E, 0x00);
/// Ceiling, title.
pub(super) const BLACK: Color = Color(0, 0, 0);
/// Words that are not the finding.
pub(super) const GREY_TEXT: Color = Color(0x55, 0x55, 0x55);
/// Axes.
pub(super) const GREY_AXIS: Color = Color(0x88, 0x88, 0x88);
/// Grid lines.
pub(super) const GREY_GRID: Color = Color(0xE4, 0xE4, 0xE4);
/// TIME-WAITs that early reuse would hand out: Okabe and Ito's yellow, as a fill only.
pub(super) const YELLOW: Color = Color(0xF0, 0xE4, 0x42);
/// Words about them: the yellow itself is too pale for them.
pub(super) const YELLOW_TEXT: Color = Color(0x6B, 0x63, 0x00);
/// The middle half of runs.
pub(super) const ORANGE_PALE: Color = Color(0xF3, 0xCF, 0x80);
/// Between the least and the most busy moment of a column.
pub(super) const ORANGE_TINT: Color = Color(0xFA, 0xE8, 0xC2);
/// Words about TIME-WAIT, and thin lines: the orange itself is too pale for them.
pub(super) const ORANGE_TEXT: Color = Color(0x8A, 0x5A, 0x00);
/// Closed forms.
pub(super) const PURPLE: Color = Color(0xCC, 0x79, 0xA7);
/// Words about closed forms.
pub(super) const PURPLE_TEXT: Color = Color(0x97, 0x3F, 0x70);
/// The second of several arms, and a step of the risk.
pub(super) const SKY: Color = Color(0x56, 0xB4, 0xE9);
/// Words about it: the sky itself is too pale for them.
pub(super) const SKY_TEXT: Color = Color(0x1F, 0x78, 0xB4);
/// The third of several arms.
pub(super) const GREEN: Color = Color(0x00, 0x9E, 0x73);
/// Paper.
pub(super) const WHITE: Color = Color(0xFF, 0xFF, 0xFF);

/// An interval is this share of its line's colour.
pub(super) const TINT: f64 = 0.25;

/// The finding.
pub(super) const TITLE: Type = Type { size: 27.0, weight: Weight::Bold, color: BLACK, align: Align::Left };
/// Scenario and load.
pub(super) const SUBTITLE: Type = Type { size: 18.0, weight: Weight::Normal, color: GREY_TEXT, align: Align::Left };
/// Ticks, axis titles and the footer.
pub(super) const SMALL: Type = Type { size: 15.0, weight: Weight::Normal, color: GREY_TEXT, align: Align::Left };
/// Names of areas and lines.
pub(super) const LABEL: Type = Type { size: 16.0, weight: Weight::Bold, color: BLACK, align: Align::Left };

/// A solid line.
pub(super) const fn solid(color: Color, width: f64) -> Stroke {
    Stroke { color, width, dash: None }
}

/// A dashed line: a closed form.
pub(super) const fn dashed(color: Color, width: f64) -> Stroke {
    Stroke { color, width, dash: Some((9.0, 5.0)) }
}

/// A dotted reference line.
pub(super) const fn dotted(color: Color) -> Stroke {
    Stroke { color, width: 1.5, dash: Some((3.0, 4.0)) }
}
