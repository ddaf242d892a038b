//! What a port may be doing, how it is drawn, and the key that says so.

use super::canvas::{Box2, Canvas, Color, Point, text_width};
use super::theme::{BLUE, GREY_AXIS, GREY_TEXT, LABEL, ORANGE, ORANGE_TEXT, WHITE, YELLOW, YELLOW_TEXT};

/// The word in tables, the name in the key, the colour of the area and that of the name.
pub(super) type State = (&'static str, &'static str, Color, Color);

/// Every state. What is short is drawn last.
pub(super) const STATES: [State; 5] = [
    ("blocked", "blocked", GREY_AXIS, GREY_TEXT),
    ("time_wait", "TIME-WAIT", ORANGE, ORANGE_TEXT),
    ("fin_wait_2", "FIN-WAIT-2", ORANGE_TEXT, ORANGE_TEXT),
    ("reusable", "reusable", YELLOW, YELLOW_TEXT),
    ("established", "ESTABLISHED", BLUE, BLUE),
];
/// None of them: paper.
pub(super) const FREE: State = ("free", "free", WHITE, GREY_TEXT);

/// The room that a key of these states needs beside the plot.
pub(super) fn key_width(states: &[State]) -> f64 {
    states.iter().map(|(_, name, ..)| text_width(name, LABEL)).fold(0.0, f64::max) + 36.0
}

/// Draws the key, a state to a line, from this corner on.
pub(super) fn draw_key(canvas: &mut Canvas, (left, top): Point, states: &[State]) {
    for (index, (_, name, fill, color)) in states.iter().enumerate() {
        let top = top + 24.0 * index as f64;
        canvas.rect(Box2 { left, top, right: left + 14.0, bottom: top + 14.0 }, GREY_AXIS);
        canvas.rect(Box2 { left: left + 1.0, top: top + 1.0, right: left + 13.0, bottom: top + 13.0 }, *fill);
        canvas.text((left + 20.0, top + 13.0), name, LABEL.color(*color));
    }
}
