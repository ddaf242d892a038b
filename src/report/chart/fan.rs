//! How different one run can be from another: busy ports over time, in bands over runs.

use super::super::query::Sample;
use super::super::{RunTables, words};
use super::Chart;
use super::axis::{Axis, Grain};
use super::canvas::{Canvas, Color, Point};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, GREY_AXIS, LABEL, ORANGE, ORANGE_PALE, ORANGE_TEXT, ORANGE_TINT, SMALL, WHITE, solid};

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart { name: "fan", summary: "busy ports over time: median, bands and extremes over all runs", draw };

/// Fewer runs than this are drawn themselves.
const BANDS_FROM: usize = 10;
/// When every value lies above this share of the ceiling, the axis begins there.
const ZOOM_FROM: f64 = 0.8;

/// What the runs have at one instant.
struct Instant {
    time_s: f64,
    /// Busy ports: least, 5 %, 25 %, median, 75 %, 95 % of the runs.
    levels: [f64; 6],
    /// The most in the interval that ended there, of any run.
    most: f64,
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let runs: Vec<(u64, Vec<Sample>)> = tables.every_series("all").into_iter().collect();
    let ceiling = tables.estimate("all", "capacity_ports").value;
    let samples = || runs.iter().flat_map(|(_, series)| series);
    let idle = samples().all(|sample| sample.attempts == 0.0 && sample.busy_max == 0.0);
    let most = samples().map(|sample| sample.busy_max).fold(0.0, f64::max);
    let least = samples().map(|sample| sample.busy).fold(f64::MAX, f64::min);
    let top = ceiling.unwrap_or(most).max(most).max(1.0);
    let zoom = !idle && least > ZOOM_FROM * top;
    let mut headings = Headings { title: title(tables, ceiling), note: String::new() };
    if (runs.len() as u64) < tables.meta.replications {
        headings.note = format!(" \u{b7} drawn are the first {}", words::count(runs.len() as f64));
    }
    let x = Axis::time("time since the start of the window", (0.0, tables.meta.duration_s.max(1e-9)));
    let grain = if top < 50.0 { Grain::Whole } else { Grain::Fine };
    let from = if zoom { (least - 0.2 * (top - least)).max(0.0) } else { 0.0 };
    let (name, to) = if zoom {
        (format!("ports busy; the axis begins at {}", words::count(from)), top + 0.08 * (top - from))
    } else {
        ("ports busy".into(), top * 1.05)
    };
    let y = Axis::figures(&name, (from, to), grain);
    if idle {
        let why = if runs.is_empty() { "no time series was written" } else { "no connection was opened" };
        headings.title = if runs.is_empty() { "No time series was written" } else { "No connection was opened" }.into();
        let frame = Frame::draw(canvas, tables, &headings, (&x, &y), 0.0);
        frame.axes(canvas, &x);
        frame.empty(canvas, why);
        return;
    }
    let mut labels = match ceiling {
        Some(ceiling) => vec![label(ceiling, words::plural(whole(ceiling), "port"), BLACK)],
        None => Vec::new(),
    };
    let instants = instants(&runs);
    let bands = runs.len() >= BANDS_FROM;
    labels.extend(if bands { band_labels(&instants) } else { run_labels(&runs) });
    let frame = Frame::draw(canvas, tables, &headings, (&x, &y), end_labels::width(&labels));
    if bands {
        draw_bands(canvas, &frame, &instants);
    } else {
        for (_, series) in &runs {
            let points: Vec<Point> = series.iter().map(|sample| frame.at(sample.time_s, sample.busy)).collect();
            canvas.line(&points, solid(ORANGE, 1.5));
        }
    }
    frame.axes(canvas, &x);
    if zoom {
        draw_break(canvas, &frame);
    }
    if let Some(ceiling) = ceiling {
        let y = frame.y(ceiling);
        canvas.line(&[(frame.plot.left, y), (frame.plot.right, y)], solid(BLACK, 2.0));
    }
    end_labels::draw(canvas, &frame, labels);
}

fn title(tables: &RunTables, ceiling: Option<f64>) -> String {
    let peaks = tables.per_run("all", "busy_ports_peak");
    let peaks: Vec<f64> = peaks.into_iter().filter_map(|(_, peak)| peak).collect();
    let least = peaks.iter().copied().fold(f64::MAX, f64::min);
    let most = peaks.iter().copied().fold(0.0, f64::max);
    let runs = words::plural(peaks.len() as u64, "run");
    let of = ceiling.map_or_else(String::new, |ceiling| format!(" of {}", words::count(ceiling)));
    let every = match ceiling {
        Some(ceiling) if ceiling > 1.0 => format!("all {} ports", words::count(ceiling)),
        _ => "the only port".into(),
    };
    let full = ceiling.map_or(0, |ceiling| peaks.iter().filter(|peak| **peak >= ceiling).count());
    let count = |value: f64| words::count(value);
    match (peaks.len(), full) {
        (0, _) => "No run was made".into(),
        (1, 1) => format!("The only run filled {every}"),
        (1, _) => format!("At the fullest moment of the only run {}{of} ports were busy", count(most)),
        (all, full) if full == all => format!("Each of {runs} filled {every}"),
        (_, 1..) => format!("{} of {runs} filled {every}", words::thousands(full as u64)),
        _ if least < most => format!("Fullest moments of {runs}: {} to {}{of} ports", count(least), count(most)),
        _ => format!("Fullest moment in each of {runs}: {}{of} ports", count(most)),
    }
}

/// The runs side by side, as far as the shortest goes.
fn instants(runs: &[(u64, Vec<Sample>)]) -> Vec<Instant> {
    let length = runs.iter().map(|(_, series)| series.len()).min().unwrap_or(0);
    let instant = |index: usize| {
        let at = || runs.iter().map(|(_, series)| &series[index]);
        let mut busy: Vec<f64> = at().map(|sample| sample.busy).collect();
        busy.sort_by(f64::total_cmp);
        Instant {
            time_s: at().map(|sample| sample.time_s).fold(0.0, f64::max),
            levels: [0.0, 0.05, 0.25, 0.5, 0.75, 0.95].map(|q| quantile(&busy, q)),
            most: at().map(|sample| sample.busy_max).fold(0.0, f64::max),
        }
    };
    (0..length).map(instant).collect()
}

/// Between the two nearest of sorted values, in proportion.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() as f64 - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

fn label(value: f64, text: impl Into<String>, color: Color) -> EndLabel {
    EndLabel { value, text: text.into(), kind: if color == BLACK { LABEL } else { SMALL.color(color) } }
}

fn band_labels(instants: &[Instant]) -> Vec<EndLabel> {
    let Some(Instant { levels, most, .. }) = instants.last() else { return Vec::new() };
    let [least, low, quarter, median, three_quarters, high] = *levels;
    vec![
        label(*most, "highest run", ORANGE_TEXT),
        label(f64::midpoint(three_quarters, high), "5 to 95 % of runs", ORANGE_TEXT),
        label(f64::midpoint(median, three_quarters), "25 to 75 %", ORANGE_TEXT),
        EndLabel { value: median, text: "median run".into(), kind: LABEL.color(ORANGE_TEXT) },
        label(least.min(low).min(quarter), "lowest run", ORANGE_TEXT),
    ]
}

fn run_labels(runs: &[(u64, Vec<Sample>)]) -> Vec<EndLabel> {
    let ends = runs.iter().filter_map(|(run, series)| Some((run, series.last()?.busy)));
    ends.map(|(run, busy)| label(busy, format!("run {}", words::thousands(*run)), ORANGE_TEXT)).collect()
}

fn draw_bands(canvas: &mut Canvas, frame: &Frame, instants: &[Instant]) {
    let line = |value: &dyn Fn(&Instant) -> f64| -> Vec<Point> {
        instants.iter().map(|instant| frame.at(instant.time_s, value(instant))).collect()
    };
    for (low, high, color) in [(1, 5, ORANGE_TINT), (2, 4, ORANGE_PALE)] {
        let (low, high) = (line(&|instant| instant.levels[low]), line(&|instant| instant.levels[high]));
        canvas.area(low.into_iter().chain(high.into_iter().rev()).collect(), color, 1.0);
    }
    canvas.line(&line(&|instant| instant.levels[0]), solid(ORANGE_TEXT, 1.0));
    canvas.line(&line(&|instant| instant.most), solid(ORANGE_TEXT, 1.0));
    canvas.line(&line(&|instant| instant.levels[3]), solid(ORANGE, 3.0));
}

/// Two strokes across the foot of the y axis: it does not begin at 0.
fn draw_break(canvas: &mut Canvas, frame: &Frame) {
    let (left, bottom) = (frame.plot.left, frame.plot.bottom);
    canvas.line(&[(left, bottom), (left, bottom - 30.0)], solid(GREY_AXIS, 1.5));
    let slant = |y: f64| [(left - 7.0, y + 3.5), (left + 7.0, y - 3.5)];
    let gap = [slant(bottom - 12.0), slant(bottom - 18.0)];
    canvas.area(vec![gap[0][0], gap[0][1], gap[1][1], gap[1][0]], WHITE, 1.0);
    for stroke in gap {
        canvas.line(&stroke, solid(GREY_AXIS, 1.5));
    }
}

fn whole(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of ports; saturates")]
    let whole = value.round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::super::super::samples;
    use super::*;

    #[test]
    fn the_title_says_how_far_runs_differ() {
        let titled = |tables: &RunTables| title(tables, tables.estimate("all", "capacity_ports").value);
        assert_eq!(titled(&samples::quickstart()), "18 of 20 runs filled all 28,232 ports");
        assert!(titled(&samples::calm()).starts_with("Fullest moments of 20 runs: 26,"));
        assert_eq!(titled(&samples::sudden()), "Each of 20 runs filled all 28,232 ports");
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn quantiles_lie_between_the_nearest_values() {
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|q| quantile(&[1.0, 2.0, 4.0], q)), [1.0, 1.5, 2.0, 4.0]);
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
    }

    #[test]
    fn bands_are_nested() {
        let runs: Vec<_> = samples::quickstart().every_series("all").into_iter().collect();
        let instants = instants(&runs);
        assert_eq!(instants.len(), 601);
        assert!(instants.iter().all(|i| i.levels.is_sorted() && i.levels[5] <= i.most));
    }
}
