//! Names at the ends of lines, beside the plot: moved apart where lines end close together.

use super::canvas::{Canvas, Stroke, Type, text_width};
use super::frame::Frame;
use super::theme::{SMALL, solid};

/// From one baseline to the next.
const STEP: f64 = 19.0;
/// From the plot to the words; a line leads from the one to the other.
const LEAD: f64 = 18.0;
/// What a piece of the line before a name takes.
pub(super) const SAMPLE: f64 = 34.0;

/// A name and where its line ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EndLabel {
    /// The line's end, in the figures of the y axis.
    pub(super) value: f64,
    pub(super) text: String,
    pub(super) kind: Type,
}

/// The room that labels need beside the plot.
pub(super) fn width(labels: &[EndLabel]) -> f64 {
    labels.iter().map(|label| text_width(&label.text, label.kind)).fold(0.0, f64::max) + LEAD
}

/// The room between plot and labels that the ticks of an axis at the right need.
pub(super) fn beside(ticks: &[(f64, String)]) -> f64 {
    ticks.iter().map(|(_, text)| text_width(text, SMALL) + 10.0).fold(0.0, f64::max)
}

/// Writes them, with so much room between plot and labels.
pub(super) fn draw(canvas: &mut Canvas, frame: &Frame, labels: Vec<EndLabel>, beside: f64) {
    draw_sampled(canvas, frame, labels.into_iter().map(|label| (label, None)).collect(), beside);
}

/// The same with a piece of its line before each name, which needs [`SAMPLE`] more room.
pub(super) fn draw_sampled(
    canvas: &mut Canvas,
    frame: &Frame,
    mut labels: Vec<(EndLabel, Option<Stroke>)>,
    beside: f64,
) {
    // Of equal values the one that came first stands higher.
    labels.sort_by(|one, other| other.0.value.total_cmp(&one.0.value));
    let plot = frame.plot;
    let indent = if labels.iter().any(|(_, sample)| sample.is_some()) { SAMPLE } else { 0.0 };
    let right = plot.right + beside;
    let ends: Vec<f64> = labels.iter().map(|(label, _)| frame.y(label.value).clamp(plot.top, plot.bottom)).collect();
    let places = apart(&ends, plot.top, plot.bottom - 2.0);
    for (((label, sample), end), place) in labels.iter().zip(ends).zip(places) {
        if (end - place).abs() > 1.0 {
            let (from, to) = ((right + 2.0, end), (right + LEAD - 4.0, place));
            canvas.line(&[from, to], solid(label.kind.color, 1.0));
        }
        if let Some(stroke) = sample {
            canvas.line(&[(right + LEAD, place), (right + LEAD + SAMPLE - 8.0, place)], *stroke);
        }
        canvas.text((right + LEAD + indent, place + 6.0), &label.text, label.kind);
    }
}

/// Places as near as can be to the wanted ones, which rise, yet [`STEP`] apart and between `top` and `bottom`.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    // Labels that touch become one group around the mean of what its labels want.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    let half = |count: usize| (count as f64 - 1.0) * STEP / 2.0;
    for want in wanted {
        let mut group = (*want, 1);
        loop {
            // Inside the plot, as far as it goes.
            group.0 = f64::max(f64::min(group.0, bottom - half(group.1)), top + half(group.1));
            let Some(above) = groups.pop_if(|above| group.0 - half(group.1) < above.0 + half(above.1) + STEP) else {
                break;
            };
            let count = above.1 + group.1;
            group = ((above.0 * above.1 as f64 + group.0 * group.1 as f64) / count as f64, count);
        }
        groups.push(group);
    }
    let places = |(middle, count): (f64, usize)| (0..count).map(move |n| middle - half(count) + n as f64 * STEP);
    groups.into_iter().flat_map(places).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_where_their_lines_end_or_move_apart() {
        assert_eq!(apart(&[100.0, 200.0], 0.0, 400.0), [100.0, 200.0]);
        assert_eq!(apart(&[100.0, 100.0], 0.0, 400.0), [90.5, 109.5]);
        assert_eq!(apart(&[0.0, 0.0, 5.0], 0.0, 400.0), [0.0, 19.0, 38.0]);
        let many = apart(&[390.0, 395.0, 400.0, 400.0], 0.0, 400.0);
        assert_eq!(many, [343.0, 362.0, 381.0, 400.0]);
        assert!(many.windows(2).all(|pair| pair[1] - pair[0] >= STEP - 1e-9));
    }
}
