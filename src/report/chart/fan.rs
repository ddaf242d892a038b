//! How different one run can be from another: busy ports over time, in bands over runs.

use super::super::fullest::Fullest;
use super::super::query::Sample;
use super::super::tightest::Tightest;
use super::super::{RunTables, words};
use super::axis::{Axis, Grain, TINY_PORTS};
use super::canvas::{Canvas, Color, Point};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, GREY_AXIS, LABEL, ORANGE, ORANGE_PALE, ORANGE_TEXT, ORANGE_TINT, SMALL, WHITE, solid};
use super::{Caption, Chart};

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart::of_runs("fan", "busy ports over time: median, bands and extremes over all runs", draw);

/// Fewer runs than this are drawn themselves.
const BANDS_FROM: usize = 10;
/// When every value lies above this share of the ceiling, the axis begins there.
const ZOOM_FROM: f64 = 0.8;
/// Moments that lie above the rows by this share of the axis, on average, get a line of their own.
const MOMENTS_FROM: f64 = 0.01;

/// Runs that end within this share of the axis of each other share a label.
const NEAR: f64 = 0.02;

/// The name of the line through the fullest moments: at each instant those of any run.
const HIGHEST: &str = "highest";

/// What the runs have at one instant.
struct Instant {
    time_s: f64,
    /// Busy ports: least, 5 %, 25 %, median, 75 %, 95 % of the runs.
    levels: [f64; 6],
    /// The most of any run.
    high: f64,
    /// The most in the interval that ended there, of any run.
    most: f64,
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let tightest = Tightest::of(tables);
    let scope = tightest.scope.as_str();
    let runs: Vec<(u64, Vec<Sample>)> = tables.every_series(scope).into_iter().collect();
    let ceiling = tables.estimate(scope, "capacity_ports").value;
    let samples = || runs.iter().flat_map(|(_, series)| series);
    let idle = samples().all(|sample| sample.attempts == 0.0 && sample.busy_max == 0.0);
    let most = samples().map(|sample| sample.busy_max).fold(0.0, f64::max);
    let least = samples().map(|sample| sample.busy).fold(f64::MAX, f64::min);
    let top = ceiling.unwrap_or(most).max(most).max(1.0);
    let mut note = tightest.place.as_ref().map_or_else(String::new, |place| format!(" \u{b7} ports {place}"));
    if (runs.len() as u64) < tables.meta.replications {
        note = format!("{note} \u{b7} drawn are the first {}", words::count(runs.len() as f64));
    }
    let mut headings = Headings { title: tightest.at_end_of(&title(tables, scope, ceiling)), note };
    let x = Axis::time("time since the start of the window", (0.0, tables.meta.duration_s.max(1e-9)));
    let zoom = zoom_from(least, top).filter(|_| !idle);
    let y = y_axis(zoom, top);
    if idle {
        let why = if runs.is_empty() { "no time series was written" } else { "no connection was opened" };
        headings.title = if runs.is_empty() { "No time series was written" } else { "No connection was opened" }.into();
        headings.note = String::new();
        let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), 0.0);
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
    let moments = !bands && has_moments(&instants, y.to - y.from);
    labels.extend(if bands { band_labels(&instants) } else { run_labels(&runs, NEAR * (y.to - y.from)) });
    labels.extend(instants.last().filter(|_| moments).map(|last| label(last.most, HIGHEST, ORANGE_TEXT)));
    let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), end_labels::width(&labels));
    if bands {
        draw_bands(canvas, &frame, &instants);
    } else {
        for (_, series) in &runs {
            let mut points: Vec<Point> = Vec::new();
            for sample in series {
                let at = frame.at(sample.time_s, sample.busy);
                // Of a few ports each counts: no slants.
                points.extend(points.last().filter(|_| top < TINY_PORTS).map(|last| (at.0, last.1)));
                points.push(at);
            }
            canvas.line(&points, solid(ORANGE, 1.5));
        }
    }
    if moments {
        draw_highest(canvas, &frame, &instants);
    }
    frame.axes(canvas, &x);
    if zoom.is_some() {
        draw_break(canvas, &frame);
    }
    if let Some(ceiling) = ceiling {
        let y = frame.y(ceiling);
        canvas.line(&[(frame.plot.left, y), (frame.plot.right, y)], solid(BLACK, 2.0));
    }
    end_labels::draw(canvas, &frame, labels, 0.0);
}

/// Where the axis begins when it does not at 0: under all values, if they are high and differ at all.
fn zoom_from(least: f64, top: f64) -> Option<f64> {
    (least > ZOOM_FROM * top && least < top).then(|| (least - 0.2 * (top - least)).max(0.0).floor())
}

fn y_axis(zoom: Option<f64>, top: f64) -> Axis {
    let (name, from, to) = match zoom {
        Some(from) => {
            (format!("ports busy; the axis begins at {}", words::count(from)), from, top + 0.08 * (top - from))
        }
        None => ("ports busy".into(), 0.0, top * 1.05),
    };
    let grain = if to - from < 50.0 { Grain::Whole } else { Grain::Fine };
    Axis::figures(&name, (from, to), grain)
}

fn title(tables: &RunTables, scope: &str, ceiling: Option<f64>) -> String {
    if Fullest::of(tables, scope).is_some_and(|fullest| fullest.of_one.is_none()) {
        return title_of_sets(tables, scope);
    }
    let peaks = tables.per_run(scope, "busy_ports_peak");
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
        (2, 2) => format!("Both runs filled {every}"),
        (all, full) if full == all => format!("Each of {runs} filled {every}"),
        (_, 1..) => format!("{} of {runs} filled {every}", words::thousands(full as u64)),
        _ if least < most => format!("Fullest moments of {runs}: {} to {}{of} ports", count(least), count(most)),
        (2, _) => format!("Fullest moment in both runs: {}{of} ports", count(most)),
        _ => format!("Fullest moment in each of {runs}: {}{of} ports", count(most)),
    }
}

/// The same of ports in several sets, where their sum says little.
fn title_of_sets(tables: &RunTables, scope: &str) -> String {
    let left: Vec<f64> = tables.per_run(scope, "headroom_ports").filter_map(|(_, left)| left).collect();
    let full = left.iter().filter(|left| **left <= 0.0).count();
    let runs = words::plural(left.len() as u64, "run");
    let (least, most) =
        left.iter().fold((f64::MAX, 0.0_f64), |(least, most), left| (least.min(*left), most.max(*left)));
    match (left.len(), full) {
        (0, _) => "No run was made".into(),
        (1, 1) => "The only run filled a set of ports".into(),
        (all, full) if full == all => format!("Each of {runs} filled a set of ports"),
        (_, 1..) => format!("{} of {runs} filled a set of ports", words::thousands(full as u64)),
        _ if least < most => {
            let left = format!("{} to {}", words::count(least), words::counted(most, "port"));
            format!("Left in the fullest set of ports, in {runs}: {left}")
        }
        _ => format!("Left in the fullest set of ports, in {runs}: {}", words::counted(least, "port")),
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
            high: busy.last().copied().unwrap_or(0.0),
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
        label(*most, HIGHEST, ORANGE_TEXT),
        label(f64::midpoint(three_quarters, high), "5 to 95 % of runs", ORANGE_TEXT),
        label(f64::midpoint(median, three_quarters), "25 to 75 %", ORANGE_TEXT),
        EndLabel { value: median, text: "median".into(), kind: LABEL.color(ORANGE_TEXT) },
        label(least.min(low).min(quarter), "lowest", ORANGE_TEXT),
    ]
}

/// Runs that end within `near` ports of each other share a label.
fn run_labels(runs: &[(u64, Vec<Sample>)], near: f64) -> Vec<EndLabel> {
    let mut ends: Vec<(f64, u64)> = runs.iter().filter_map(|(run, series)| Some((series.last()?.busy, *run))).collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let groups = ends.chunk_by(|one, other| other.0 - one.0 <= near);
    let named = groups.map(|group| {
        let mean = group.iter().map(|(busy, _)| busy).sum::<f64>() / group.len() as f64;
        let text = match group {
            [(_, run)] => format!("run {}", words::thousands(*run)),
            _ => format!("{} runs", group.len()),
        };
        label(mean, text, ORANGE_TEXT)
    });
    named.collect()
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
    draw_highest(canvas, frame, instants);
    canvas.line(&line(&|instant| instant.levels[3]), solid(ORANGE, 3.0));
}

/// Do the lines of the runs, which show what was at their rows, leave out how full it was between?
fn has_moments(instants: &[Instant], height: f64) -> bool {
    let above: f64 = instants.iter().map(|instant| instant.most - instant.high).sum();
    above > MOMENTS_FROM * height * instants.len() as f64
}

fn draw_highest(canvas: &mut Canvas, frame: &Frame, instants: &[Instant]) {
    let points: Vec<Point> = instants.iter().map(|instant| frame.at(instant.time_s, instant.most)).collect();
    canvas.line(&points, solid(ORANGE_TEXT, 1.0));
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
    use super::super::super::{samples, simulated};
    use super::*;

    #[test]
    fn the_title_says_how_far_runs_differ() {
        let titled = |tables: &RunTables| title(tables, "all", tables.estimate("all", "capacity_ports").value);
        assert_eq!(titled(&samples::quickstart()), "18 of 20 runs filled all 28,232 ports");
        assert!(titled(&samples::calm()).starts_with("Fullest moments of 20 runs: 26,"));
        assert_eq!(titled(&samples::sudden()), "Each of 20 runs filled all 28,232 ports");
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn two_runs_are_both() {
        let tables = simulated::named("a-day-of-ten-ports");
        assert_eq!(title(&tables, "all", Some(10.0)), "Both runs filled all 10 ports");
        let runs: Vec<_> = tables.every_series("all").into_iter().collect();
        let instants = instants(&runs);
        assert_eq!(instants.iter().map(|instant| instant.most).fold(0.0, f64::max), 10.0);
        assert!(instants.iter().all(|instant| instant.levels[5] <= instant.high && instant.high <= instant.most));
    }

    #[test]
    fn moments_between_the_rows_get_a_line() {
        let instant = |high, most| Instant { time_s: 0.0, levels: [0.0; 6], high, most };
        assert!(has_moments(&[instant(80.0, 100.0), instant(90.0, 90.0)], 105.0));
        assert!(!has_moments(&[instant(99.0, 100.0), instant(100.0, 100.0)], 105.0));
    }

    #[test]
    fn the_axis_has_a_height() {
        assert_eq!(zoom_from(28_232.0, 28_232.0), None);
        assert_eq!(zoom_from(20.0, 28_232.0), None);
        assert_eq!(zoom_from(900.0, 1_000.0), Some(880.0));
        for (least, top) in [(1_000.0, 1_000.0), (999.0, 1_000.0), (900.0, 1_000.0), (1.0, 1.0), (0.0, 7.0)] {
            let axis = y_axis(zoom_from(least, top), top);
            assert!(axis.from < least.max(1.0) && top < axis.to && axis.ticks.len() > 1, "{least} {top} {axis:?}");
        }
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
