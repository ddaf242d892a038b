//! Which ports were busy, when, and with what: one run, the one in the middle of all.

use super::super::fullest::Fullest;
use super::super::middle_run::middle_run;
use super::super::query::Sample;
use super::super::tightest::Tightest;
use super::super::{RunTables, words};
use super::axis::{Axis, Grain, TINY_PORTS};
use super::canvas::{Align, Canvas, Point, Type, shortened, text_width};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, BLUE, GREEN_TEXT, GREEN_TINT, GREY_AXIS, LABEL, ORANGE, ORANGE_TEXT, YELLOW};
use super::theme::{ORANGE_TINT, SMALL, TITLE, VERMILLION, WHITE, solid};
use super::{Caption, Chart};

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart::of_runs("occupancy", "busy ports over time in the median run, by state, under the ceiling", draw);

/// The most room that the name of the ports takes in the title.
const PLACE_MAX: f64 = 460.0;
/// From this length on, several rows share one column of min, mean and max.
const LONG_S: f64 = 86_400.0;
/// The most columns of a long run.
const LONG_COLUMNS: usize = 260;
/// The name of the line through a long run.
const MEAN: &str = "mean busy";
/// And of the band around it.
const BAND: &str = "pale: least to most";
/// Room a name needs in its area, up and down.
const NAME_HEIGHT: f64 = 26.0;

/// What the rows that share one place on the x axis have in common.
struct Column {
    time_s: f64,
    established: f64,
    blocked: f64,
    low: f64,
    mean: f64,
    high: f64,
    reusable: f64,
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let tightest = Tightest::of(tables);
    let scope = tightest.scope.as_str();
    let (run, why) = middle_run(tables, scope);
    let series = tables.series(run, scope);
    let ceiling = tables.estimate(scope, "capacity_ports").value;
    let first = of_run(tables, scope, "first_refusal_s", run);
    let idle = series.iter().all(|sample| sample.attempts == 0.0 && sample.busy_max == 0.0);
    let top = series.iter().map(|sample| sample.busy_max.max(sample.busy + sample.reusable)).fold(0.0, f64::max);
    let top = ceiling.unwrap_or(top).max(1.0);
    let headings = if series.is_empty() {
        Headings { title: "No time series was written".into(), note: String::new() }
    } else if idle {
        Headings { title: "No connection was opened".into(), note: String::new() }
    } else {
        let title = match first {
            Some(time) => title_of_refused(tables, &tightest, run, time),
            None => title_of_calm(tables, &tightest),
        };
        Headings { title, note: note(&tightest, &why) }
    };
    let grain = if top < TINY_PORTS { Grain::Whole } else { Grain::Fine };
    let x = Axis::time("time since the start of the window", (0.0, tables.meta.duration_s.max(1e-9)));
    let y = Axis::figures("ports busy", (0.0, top * 1.05), grain);
    let open = mean_words(&series, |sample| sample.established);
    let wait = mean_words(&series, |sample| sample.busy - sample.blocked - sample.established);
    let columns = columns(&series, tables.meta.duration_s);
    let mean = has_mean(&columns).then(|| BAND.to_owned());
    let named = |name: &str, mean: &Option<String>| [mean.as_ref().map(|_| name.to_owned()), mean.clone()];
    let [open_name, open_mean] = named("ESTABLISHED", &open);
    let [wait_name, wait_mean] = named("TIME-WAIT", &wait);
    let right = [ceiling.map(ceiling_words), mean, open_name, open_mean, wait_name, wait_mean];
    let right = right.into_iter().flatten().map(|text| text_width(&text, LABEL)).fold(0.0, f64::max) + 12.0;
    let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), right);
    if idle {
        frame.axes(canvas, &x);
        draw_ceiling(canvas, &frame, ceiling);
        let why = if series.is_empty() { "no time series was written" } else { "no connection was opened" };
        frame.empty(canvas, why);
        return;
    }
    let named = draw_areas(canvas, &frame, &columns, (top, ceiling.is_some()));
    frame.axes(canvas, &x);
    draw_ceiling(canvas, &frame, ceiling);
    // At the right edge, from below: what is too thin for its name.
    let mut free = frame.plot.bottom - 3.0;
    for (is_named, name, mean, color) in
        [(named.open, "ESTABLISHED", open, BLUE), (named.wait, "TIME-WAIT", wait, ORANGE_TEXT)]
    {
        if let (false, Some(text)) = (is_named, mean) {
            let at = frame.plot.right + 10.0;
            canvas.text((at, free), &text, SMALL.color(color));
            canvas.text((at, free - 19.0), name, LABEL.color(color));
            free -= 46.0;
        }
    }
    draw_mean_name(canvas, &frame, &columns, (free, top));
    let refused = series.windows(2).filter(|pair| pair[1].refused > 0.0);
    let spans: Vec<_> = refused.map(|pair| (pair[0].time_s, pair[1].time_s)).collect();
    let label = first.map_or_else(|| "refused".into(), |time| format!("first refusal {}", words::seconds(time)));
    frame.rug(canvas, &spans, &label, LABEL.color(VERMILLION));
}

fn of_run(tables: &RunTables, scope: &str, metric: &str, run: u64) -> Option<f64> {
    tables.per_run(scope, metric).find(|(number, _)| *number == run).and_then(|(_, value)| value)
}

/// The finding where the run that is drawn was refused. Attempts may be refused while ports are left: of several lanes one
/// is full, or Linux tries not all.
fn title_of_refused(tables: &RunTables, tightest: &Tightest, run: u64, time_s: f64) -> String {
    let figure = |metric| of_run(tables, &tightest.scope, metric, run);
    let ceiling = tables.estimate(&tightest.scope, "capacity_ports").value;
    let place = place(tightest).map_or_else(String::new, |place| format!("{place},"));
    let when = format!("after {}{place} in run {run} of {}", words::seconds(time_s), runs(tables));
    match (figure("busy_ports_peak"), ceiling, figure("headroom_ports")) {
        (Some(peak), Some(ceiling), Some(left)) if peak < ceiling && left > 0.0 => {
            format!("Refused {when}, with at most {} of {} ports busy", words::count(peak), words::count(ceiling))
        }
        (Some(peak), Some(ceiling), Some(_)) if peak < ceiling => format!("A set of ports ran out {when}"),
        _ => format!("Ports ran out {when}"),
    }
}

/// The finding where it was not: of all runs, as the screen has it.
fn title_of_calm(tables: &RunTables, tightest: &Tightest) -> String {
    let place = place(tightest).unwrap_or_default();
    let runs = match tables.meta.replications {
        1 => "the only run".into(),
        _ => format!("any of {} runs", runs(tables)),
    };
    let Some(fullest) = Fullest::of(tables, &tightest.scope) else { return format!("No refusal{place} in {runs}") };
    let left = format!("{} % left", words::percent(1.0 - fullest.busy));
    match fullest.of_one {
        Some((peak, ports)) => {
            let busy = format!("{} of {} ports busy", words::count(peak), words::count(ports));
            format!("At most {busy}{place} in {runs}: {left}")
        }
        None => format!("Fullest set of ports{place} in {runs}: {left}"),
    }
}

fn runs(tables: &RunTables) -> String {
    words::count(tables.meta.replications as f64)
}

/// Which ports, after a space. A name that is too long must not push out what is said of it.
fn place(tightest: &Tightest) -> Option<String> {
    tightest.place.as_ref().map(|place| format!(" {}", shortened(place, TITLE, PLACE_MAX)))
}

/// Which ports, and which run.
fn note(tightest: &Tightest, why: &str) -> String {
    tightest.place.as_ref().map_or_else(|| why.into(), |place| format!(" \u{b7} ports {place}{why}"))
}

fn ceiling_words(ceiling: f64) -> String {
    words::plural(whole(ceiling), "port")
}

/// A state in a figure, for when its area is too thin for its name.
fn mean_words(series: &[Sample], ports: impl Fn(&Sample) -> f64) -> Option<String> {
    let mean = series.iter().map(ports).sum::<f64>() / series.len() as f64;
    (mean > 0.0).then(|| format!("{} on average", words::figure(mean)))
}

fn columns(series: &[Sample], duration_s: f64) -> Vec<Column> {
    let rows = if duration_s >= LONG_S { series.len().div_ceil(LONG_COLUMNS).max(1) } else { 1 };
    let column = |chunk: &[Sample]| {
        let n = chunk.len() as f64;
        let mean = |value: fn(&Sample) -> f64| chunk.iter().map(value).sum::<f64>() / n;
        Column {
            time_s: mean(|sample| sample.time_s),
            established: mean(|sample| sample.established),
            blocked: mean(|sample| sample.blocked),
            low: chunk.iter().map(|sample| sample.busy).fold(f64::MAX, f64::min),
            mean: mean(|sample| sample.busy),
            high: chunk.iter().map(|sample| sample.busy_max).fold(0.0, f64::max),
            reusable: mean(|sample| sample.reusable),
        }
    };
    let mut columns: Vec<_> = series.chunks(rows).map(column).collect();
    // The ends stay where they are: a mean would pull the areas away from the edges of the plot.
    if let (Some(first), Some(column)) = (series.first(), columns.first_mut()) {
        column.time_s = first.time_s;
    }
    if let (Some(last), Some(column)) = (series.last(), columns.last_mut()) {
        column.time_s = last.time_s;
    }
    columns
}

/// Do columns have a mean beside their least?
fn has_mean(columns: &[Column]) -> bool {
    columns.iter().any(|column| column.mean > column.low)
}

/// Names the line of means and the band around it at their end, between the name of the ceiling and those at the foot.
fn draw_mean_name(canvas: &mut Canvas, frame: &Frame, columns: &[Column], (free, top): (f64, f64)) {
    let Some(last) = columns.last().filter(|_| has_mean(columns)) else { return };
    let y = (frame.y(last.mean) + 6.0).min(free - 24.0).max(frame.y(top) + 28.0);
    canvas.text((frame.plot.right + 10.0, y), MEAN, LABEL);
    canvas.text((frame.plot.right + 10.0, y + 19.0), BAND, SMALL);
}

/// Which areas could be named inside.
struct Named {
    wait: bool,
    open: bool,
}

/// Draws the stack.
fn draw_areas(canvas: &mut Canvas, frame: &Frame, columns: &[Column], (top, capped): (f64, bool)) -> Named {
    let steps = top < TINY_PORTS;
    let outline = |value: &dyn Fn(&Column) -> f64| -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for column in columns {
            if let (true, Some(last)) = (steps, points.last().copied()) {
                points.push((frame.x(column.time_s), last.1));
            }
            points.push(frame.at(column.time_s, value(column)));
        }
        points
    };
    let ground = outline(&|_| 0.0);
    let open = outline(&|column| column.established.min(column.low));
    // Ports that other sockets of the host keep lie on top of what the connections themselves keep busy.
    let held = outline(&|column| (column.low - column.blocked).max(column.established.min(column.low)));
    let low = outline(&|column| column.low);
    let high = outline(&|column| column.high.max(column.low));
    let reusable = outline(&|column| column.low + column.reusable);
    let ceiling = outline(&|_| top);
    if capped {
        fill(canvas, &low, &ceiling, (GREEN_TINT, 1.0));
    }
    if columns.iter().any(|column| column.reusable > 0.0) {
        fill(canvas, &low, &reusable, (YELLOW, 1.0));
    }
    fill(canvas, &low, &high, (ORANGE_TINT, 1.0));
    fill(canvas, &held, &low, (GREY_AXIS, 1.0));
    fill(canvas, &open, &held, (ORANGE, 1.0));
    fill(canvas, &ground, &open, (BLUE, 1.0));
    if has_mean(columns) {
        canvas.line(&outline(&|column| column.mean), solid(BLACK, 1.0));
    }
    if capped {
        let used = outline(&|column| column.high.max(column.low + column.reusable).min(top));
        name(canvas, (&used, &ceiling), "free", LABEL.color(GREEN_TEXT));
    }
    let has_reusable = name(canvas, (&low, &reusable), "reusable TIME-WAIT", LABEL);
    if columns.iter().any(|column| column.blocked > 0.0)
        && !name(canvas, (&held, &low), "blocked by other sockets of the host", LABEL)
    {
        name(canvas, (&held, &low), "blocked", LABEL);
    }
    let wait = if has_reusable { "TIME-WAIT, busy" } else { "TIME-WAIT" };
    Named {
        wait: name(canvas, (&open, &held), wait, LABEL),
        open: name(canvas, (&ground, &open), "ESTABLISHED", LABEL.color(WHITE)),
    }
}

fn fill(canvas: &mut Canvas, lower: &[Point], upper: &[Point], (color, alpha): (super::canvas::Color, f64)) {
    let outline: Vec<_> = lower.iter().copied().chain(upper.iter().rev().copied()).collect();
    canvas.area(outline, color, alpha);
}

/// Writes a name where its area is widest, if it fits at all.
fn name(canvas: &mut Canvas, (lower, upper): (&[Point], &[Point]), text: &str, kind: Type) -> bool {
    let reach = text_width(text, kind) / 2.0 + 8.0;
    let (Some(first), Some(last)) = (lower.first(), lower.last()) else { return false };
    let middle = f64::midpoint(first.0, last.0);
    let mut best: Option<(f64, Point)> = None;
    for centre in lower.iter().map(|point| point.0).filter(|x| x - reach > first.0 && x + reach < last.0) {
        let (mut bottom, mut top) = (f64::MAX, f64::MIN);
        for (low, high) in lower.iter().zip(upper).filter(|(low, _)| (low.0 - centre).abs() <= reach) {
            bottom = bottom.min(low.1);
            top = top.max(high.1);
        }
        let room = bottom - top;
        // Enough room is enough: then rather near the middle.
        let score = room.min(6.0 * NAME_HEIGHT) - (centre - middle).abs() / 40.0;
        if room >= NAME_HEIGHT && best.is_none_or(|(other, _)| score > other) {
            best = Some((score, (centre, f64::midpoint(bottom, top) + 6.0)));
        }
    }
    if let Some((_, at)) = best {
        canvas.text(at, text, kind.align(Align::Centre));
    }
    best.is_some()
}

fn draw_ceiling(canvas: &mut Canvas, frame: &Frame, ceiling: Option<f64>) {
    let Some(ceiling) = ceiling else { return };
    let y = frame.y(ceiling);
    canvas.line(&[(frame.plot.left, y), (frame.plot.right, y)], solid(BLACK, 2.0));
    canvas.text((frame.plot.right + 10.0, y + 6.0), &ceiling_words(ceiling), LABEL.color(BLACK));
}

fn whole(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of ports")]
    let whole = value.round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::super::super::query::PerRun;
    use super::super::super::{Cell, Table, samples};
    use super::*;

    /// A run of three with figures of its own.
    fn tables(scope: &str, figures: &[(&'static str, f64)]) -> RunTables {
        let mut tables = samples::quickstart();
        tables.meta.replications = 3;
        let (mut summary, mut per_run) = (Table::new(tables.summary.columns()), PerRun::default());
        let [of, metric, estimate] = ["scope", "metric", "estimate"].map(|name| summary.column(name));
        let first = tables.summary.row(0).to_vec();
        for (name, value) in figures {
            let mut row = first.clone();
            (row[of], row[metric]) = (Cell::Text(scope.into()), Cell::Text((*name).into()));
            row[estimate] = Cell::Number(*value);
            summary.push(row);
            per_run.push(1, &scope.into(), name, Some(*value));
        }
        (tables.summary, tables.per_run) = (summary, per_run);
        tables
    }

    /// A7, A9: a sum hides a full part; screen and title have one figure.
    #[test]
    fn the_title_is_true_of_the_ports_that_are_drawn() {
        let all = Tightest { scope: "all".into(), place: None };
        let host = Tightest { scope: "host:b".into(), place: Some("on host b".into()) };
        let of = |peak: f64, left: f64, busy: f64| {
            let ports = [("capacity_ports", 1_152.0), ("busy_ports_peak", peak)];
            [&ports[..], &[("busy_ratio_peak", busy), ("headroom_ports", left)]].concat()
        };
        let refused = |shown: &Tightest, peak, left| {
            title_of_refused(&tables(&shown.scope, &of(peak, left, 1.0)), shown, 1, 128.0)
        };
        assert_eq!(refused(&all, 1_152.0, 0.0), "Ports ran out after 2 min 8 s in run 1 of 3");
        assert_eq!(refused(&host, 1_152.0, 0.0), "Ports ran out after 2 min 8 s on host b, in run 1 of 3");
        assert_eq!(
            refused(&all, 369.0, 1.0),
            "Refused after 2 min 8 s in run 1 of 3, with at most 369 of 1,152 ports busy"
        );
        assert_eq!(refused(&host, 576.0, 0.0), "A set of ports ran out after 2 min 8 s on host b, in run 1 of 3");
        let calm = |peak, left, busy| title_of_calm(&tables(&host.scope, &of(peak, left, busy)), &host);
        assert_eq!(calm(600.0, 144.0, 0.75), "Fullest set of ports on host b in any of 3 runs: 25 % left");
        assert_eq!(calm(576.0, 576.0, 0.5), "At most 576 of 1,152 ports busy on host b in any of 3 runs: 50 % left");
        assert_eq!(note(&host, " \u{b7} shown is run 1"), " \u{b7} ports on host b \u{b7} shown is run 1");
        assert_eq!(note(&all, ""), "");
    }

    #[test]
    fn a_thin_area_is_written_as_a_figure() {
        let open = |tables: &RunTables| mean_words(&tables.series(1, "all"), |sample| sample.established);
        let text = open(&samples::quickstart()).unwrap();
        assert!(text.starts_with("22") && text.ends_with(" on average"));
        assert_eq!(open(&samples::idle()), None);
    }
}
