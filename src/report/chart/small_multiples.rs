//! Busy ports of each destination, host or client, or of each arm of a comparison, side by side: who starves.

use super::super::comparison::Comparison;
use super::super::middle_run::middle_run;
use super::super::query::Sample;
use super::super::tightest::{badness, worse};
use super::super::{RunTables, words};
use super::axis::Axis;
use super::canvas::{Align, Box2, Canvas, Point, shortened, text_width};
use super::comparison::caption;
use super::frame::{Frame, Headings, headings};
use super::theme::{
    BLACK, BLUE, GREEN_TINT, GREY_AXIS, GREY_TEXT, LABEL, ORANGE, ORANGE_TINT, SMALL, TITLE, VERMILLION, YELLOW, solid,
};
use super::{Caption, Chart};

/// The chart's entry in the registry.
pub(super) const CHART: Chart = Chart {
    name: "small-multiples",
    summary: "busy ports over time of each destination, host or client, when there are several",
    applies: |tables| kind(tables).is_some(),
    needs_runs: true,
    draw: draw_scopes,
};

/// That of a comparison.
pub(super) const ARMS: Chart<Comparison> = Chart {
    name: "arms",
    summary: "busy ports over time of each arm of a comparison, in one run",
    applies: |comparison| shown_run(comparison).is_some(),
    needs_runs: false,
    draw: draw_arms,
};

/// No more panels than this.
const PANELS_MAX: usize = 12;
/// Where the panels lie.
const AREA: Box2 = Box2 { left: 84.0, top: 142.0, right: 1168.0, bottom: 584.0 };
/// The most room that a name takes in the chart's title.
const NAME_MAX: f64 = 420.0;
/// Room between panels; a title stands over each.
const GAP: (f64, f64) = (26.0, 40.0);
/// The axis goes a little beyond the ceiling.
const TOP: f64 = 1.05;

/// One destination, client or arm, in figures of its summary.
struct Lane<'t> {
    tables: &'t RunTables,
    scope: String,
    name: String,
    risk: f64,
    refused: f64,
    /// Share of the ports of its fullest lane at the fullest moment of all runs.
    peak: f64,
    ceiling: Option<f64>,
}

impl<'t> Lane<'t> {
    fn of(tables: &'t RunTables, scope: &str, name: &str) -> Self {
        let [risk, refused, peak] = badness(tables, scope);
        let ceiling = tables.estimate(scope, "capacity_ports").value.filter(|ports| ports.is_finite() && *ports > 0.0);
        Self { tables, scope: scope.to_owned(), name: name.to_owned(), risk, refused, peak, ceiling }
    }

    /// Is anybody refused there?
    fn is_refused(&self) -> bool {
        self.risk > 0.0
    }
}

/// The one at most risk first; equal ones as they were.
fn worst_first<'t>(lanes: impl Iterator<Item = Lane<'t>>) -> Vec<Lane<'t>> {
    let mut lanes: Vec<Lane<'t>> = lanes.collect();
    let key = |lane: &Lane<'_>| [lane.risk, lane.refused, lane.peak];
    lanes.sort_by(|one, other| worse(&key(other), &key(one)));
    lanes
}

/// Whose panels there are: destinations, else clients; of several hosts, whose ports a destination would pool, hosts or
/// clients, where ports are tightest. Nothing when there are not two.
fn kind(tables: &RunTables) -> Option<(&'static str, &'static str)> {
    let [hosts, destinations, clients] = [("host:", "host"), ("destination:", "destination"), ("client:", "client")];
    let count = |kind: (&str, _)| tables.scopes(kind.0).len();
    if count(hosts) < 2 {
        return [destinations, clients].into_iter().find(|kind| count(*kind) > 1);
    }
    // A panel draws all ports of its scope, so that sums tell which panels are the fuller.
    let fullest = |kind: (&str, _)| {
        let figure = |scope, metric| tables.estimate(scope, metric).value.unwrap_or(0.0);
        let peak = |scope| figure(scope, "busy_ports_peak") / figure(scope, "capacity_ports").max(1.0);
        tables.scopes(kind.0).into_iter().map(peak).fold(0.0, f64::max)
    };
    Some(if count(clients) > 1 && fullest(clients) > fullest(hosts) { clients } else { hosts })
}

/// The lanes of a run, the one at most risk first.
fn lanes<'t>(tables: &'t RunTables, prefix: &str) -> Vec<Lane<'t>> {
    let scopes = tables.scopes(prefix).into_iter();
    worst_first(scopes.map(|scope| Lane::of(tables, scope, scope.trim_start_matches(prefix))))
}

fn draw_scopes(tables: &RunTables, canvas: &mut Canvas) {
    let Some((prefix, noun)) = kind(tables) else { return };
    let lanes = lanes(tables, prefix);
    let (run, why) = middle_run(tables, &lanes[0].scope);
    let title = title(&lanes, noun, "starves");
    headings(canvas, &Caption::of(&tables.meta), &Headings { title, note: why });
    panels(canvas, &lanes, (run, &format!("in run {run}")));
}

/// The run that all arms show.
fn shown_run(comparison: &Comparison) -> Option<u64> {
    comparison.arms.iter().find_map(|arm| arm.tables.runs_with_series().first().copied())
}

fn draw_arms(comparison: &Comparison, canvas: &mut Canvas) {
    let Some(run) = shown_run(comparison) else { return };
    let arms = comparison.arms.iter();
    let arms = arms.enumerate().map(|(place, arm)| (arm, comparison.label_alone(place)));
    let lanes = worst_first(arms.map(|(arm, label)| Lane::of(&arm.tables, &comparison.scope, &label)));
    let note = format!(" \u{b7} shown is run {run} of each arm, by common random numbers");
    headings(canvas, &caption(comparison), &Headings { title: title(&lanes, "arm", "runs out"), note });
    let place = if comparison.scope == "all" { String::new() } else { format!(", {}", comparison.scope) };
    panels(canvas, &lanes, (run, &format!("in run {run} of each arm{place}")));
}

/// The panels of a run, and where that run is, for the time axis.
fn panels(canvas: &mut Canvas, lanes: &[Lane<'_>], (run, place): (u64, &str)) {
    let drawn: Vec<Vec<Sample>> =
        lanes.iter().take(PANELS_MAX).map(|lane| lane.tables.series(run, &lane.scope)).collect();
    let is_reusable = drawn.iter().flatten().any(|sample| sample.reusable > 0.0);
    let is_blocked = drawn.iter().flatten().any(|sample| sample.blocked > 0.0);
    let key = format!(
        "busy ports (% of the ceiling): ESTABLISHED blue, TIME-WAIT orange{}{}; red: refused. Titles: fullest set of ports and refused, all runs",
        if is_reusable { ", reusable yellow" } else { "" },
        if is_blocked { ", blocked grey" } else { "" }
    );
    canvas.text((32.0, 108.0), &key, SMALL);
    // The last panel sums up those that have none.
    let count = lanes.len().min(PANELS_MAX);
    let shown = if lanes.len() > PANELS_MAX { PANELS_MAX - 1 } else { count };
    let columns = match count {
        0..=4 => 2,
        5..=9 => 3,
        _ => 4,
    };
    let rows = count.div_ceil(columns);
    let duration_s = lanes.first().map_or(0.0, |lane| lane.tables.meta.duration_s);
    let x = Axis::time("time", (0.0, duration_s.max(1e-9)));
    for (place, (lane, series)) in lanes.iter().zip(&drawn).take(shown).enumerate() {
        let frame = Frame::panel(panel(place, (columns, rows)), (x.from, x.to), (0.0, TOP));
        draw_lane(canvas, &frame, lane, series);
        outer_labels(canvas, &frame, &x, (place.is_multiple_of(columns), place + columns >= count));
    }
    if shown < count {
        sum_up(canvas, panel(shown, (columns, rows)), &lanes[shown..]);
    }
    let middle = f64::midpoint(AREA.left, AREA.right);
    canvas.text((middle, AREA.bottom + 46.0), &format!("{} {place}", x.title), SMALL.align(Align::Centre));
}

/// Where a panel lies.
fn panel(place: usize, (columns, rows): (usize, usize)) -> Box2 {
    let size = |from: f64, to: f64, count: usize, gap: f64| ((to - from) - gap * (count as f64 - 1.0)) / count as f64;
    let width = size(AREA.left, AREA.right, columns, GAP.0);
    let height = size(AREA.top, AREA.bottom, rows, GAP.1);
    let left = AREA.left + (place % columns) as f64 * (width + GAP.0);
    let top = AREA.top + (place / columns) as f64 * (height + GAP.1);
    Box2 { left, top, right: left + width, bottom: top + height }
}

fn draw_lane(canvas: &mut Canvas, frame: &Frame, lane: &Lane<'_>, series: &[Sample]) {
    let plot = frame.plot;
    let is_refused = lane.is_refused();
    let mark = if is_refused { "! " } else { "" };
    let busy = format!(" {} %", words::percent(lane.peak));
    let refused = format!(", refused {} %", words::percent(lane.refused));
    let figures = if is_refused { format!("{busy}{refused}") } else { busy };
    let width = plot.right - plot.left - text_width(mark, LABEL) - 2.0;
    // Where there is no room for all of it, the name comes first, then what was refused.
    let fits = text_width(&lane.name, LABEL) + text_width(&figures, LABEL) <= width;
    let figures = if is_refused && !fits { refused } else { figures };
    let room = width - text_width(&figures, LABEL);
    let color = if is_refused { VERMILLION } else { BLACK };
    let text = format!("{mark}{}{figures}", shortened(&lane.name, LABEL, room));
    canvas.text((plot.left, plot.top - 6.0), &text, LABEL.color(color));
    let own = series.iter().map(|sample| sample.busy_max).fold(1.0, f64::max);
    let scale = lane.ceiling.unwrap_or(own);
    let share = |ports: f64| (ports / scale).clamp(0.0, TOP);
    let outline = |value: &dyn Fn(&Sample) -> f64| -> Vec<Point> {
        series.iter().map(|sample| frame.at(sample.time_s, share(value(sample)))).collect()
    };
    let mut between = |low: &[Point], high: &[Point], color| {
        canvas.area(low.iter().copied().chain(high.iter().rev().copied()).collect(), color, 1.0);
    };
    let (ground, busy) = (outline(&|_| 0.0), outline(&|sample| sample.busy));
    let open = outline(&|sample| sample.established.min(sample.busy));
    let held = outline(&|sample| (sample.busy - sample.blocked).max(sample.established.min(sample.busy)));
    if lane.ceiling.is_some() {
        between(&busy, &outline(&|_| scale), GREEN_TINT);
    }
    between(&busy, &outline(&|sample| sample.busy + sample.reusable), YELLOW);
    between(&busy, &outline(&|sample| sample.busy_max), ORANGE_TINT);
    between(&held, &busy, GREY_AXIS);
    between(&open, &held, ORANGE);
    between(&ground, &open, BLUE);
    let ceiling = frame.y(1.0);
    if let Some(ports) = lane.ceiling {
        canvas.line(&[(plot.left, ceiling), (plot.right, ceiling)], solid(BLACK, 2.0));
        if plot.bottom - plot.top > 70.0 {
            let text = words::counted(ports, "port");
            canvas.text((plot.right - 8.0, ceiling + 19.0), &text, SMALL.color(BLACK).align(Align::Right));
        }
    }
    for pair in series.windows(2).filter(|pair| pair[1].refused > 0.0) {
        let (from, to) = (frame.x(pair[0].time_s), frame.x(pair[1].time_s));
        let right = to.max(from + 1.5).min(plot.right);
        canvas
            .rect(Box2 { left: from.min(right - 1.5), top: plot.bottom - 7.0, right, bottom: plot.bottom }, VERMILLION);
    }
    edge(canvas, plot, if is_refused { solid(VERMILLION, 2.0) } else { solid(GREY_AXIS, 1.0) });
}

fn edge(canvas: &mut Canvas, area: Box2, stroke: super::canvas::Stroke) {
    let Box2 { left, top, right, bottom } = area;
    canvas.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], stroke);
}

/// Ticks where no other panel stands: at the left, and below.
fn outer_labels(canvas: &mut Canvas, frame: &Frame, x: &Axis, (left, below): (bool, bool)) {
    let plot = frame.plot;
    if left {
        for (share, text) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
            canvas.text((plot.left - 8.0, frame.y(share) + 5.5), text, SMALL.align(Align::Right));
        }
    }
    if !below {
        return;
    }
    let widest = x.ticks.iter().map(|(_, text)| text_width(text, SMALL)).fold(1.0, f64::max) + 14.0;
    let room = (plot.right - plot.left) / widest;
    let stride = (1..=x.ticks.len()).find(|stride| x.ticks.len().div_ceil(*stride) as f64 <= room).unwrap_or(1);
    let mut free = plot.left - 12.0;
    for (value, text) in x.ticks.iter().step_by(stride) {
        let (at, half) = (frame.x(*value), text_width(text, SMALL) / 2.0);
        canvas.line(&[(at, plot.bottom), (at, plot.bottom + 5.0)], solid(GREY_AXIS, 1.0));
        // Not into the labels of the next panel.
        let at = at.min(plot.right + 10.0 - half);
        if at - half > free {
            canvas.text((at, plot.bottom + 22.0), text, SMALL.align(Align::Centre));
            free = at + half + 6.0;
        }
    }
}

/// What there is to say of those without a panel.
fn sum_up(canvas: &mut Canvas, area: Box2, others: &[Lane<'_>]) {
    edge(canvas, area, solid(GREY_AXIS, 1.0));
    let fullest = others.iter().map(|lane| lane.peak).fold(0.0, f64::max);
    let refused = others.iter().filter(|lane| lane.is_refused()).count();
    let middle = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom));
    let lines = [
        format!("{} more,", words::count(others.len() as f64)),
        format!("fullest: {} %", words::percent(fullest)),
        format!("{} of them refused", words::count(refused as f64)),
    ];
    let told = if refused > 0 { 3 } else { 2 };
    for (index, line) in lines.iter().take(told).enumerate() {
        let at = (middle.0, middle.1 - 16.0 + 20.0 * index as f64);
        canvas.text(at, line, SMALL.color(GREY_TEXT).align(Align::Centre));
    }
}

/// The finding about lanes, each a `noun`, of which a single refused one `fares` badly.
fn title(lanes: &[Lane<'_>], noun: &str, fares: &str) -> String {
    let refused = lanes.iter().filter(|lane| lane.is_refused()).count();
    let worst = &lanes[0];
    let (all, share) = (words::plural(lanes.len() as u64, noun), words::percent(worst.refused));
    // A name that is too long must not push out what is said of it.
    let name = shortened(&worst.name, TITLE, NAME_MAX);
    match refused {
        0 => format!("None of {all} was refused; fullest: {name} at {} %", words::percent(worst.peak)),
        1 if lanes.len() == 2 => format!("{name} {fares}: refused {share} %; the other {noun} not"),
        1 => {
            let others = words::plural(lanes.len() as u64 - 1, noun);
            format!("{name} {fares}: refused {share} %; the other {others} not")
        }
        2 if lanes.len() == 2 => format!("Both {noun}s were refused, {name} most: {share} %"),
        refused if refused == lanes.len() => format!("All {all} were refused, {name} most: {share} %"),
        refused => format!("{refused} of {all} were refused, {name} most: {share} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{samples, simulated};

    #[test]
    fn who_is_refused_comes_first() {
        let tables = simulated::destinations(7, "seven");
        let lanes = lanes(&tables, "destination:");
        assert_eq!((lanes.len(), lanes[0].name.as_str()), (8, "shard-0-of-a-service"));
        let order = |pair: &[Lane<'_>]| (pair[0].risk, pair[0].refused) >= (pair[1].risk, pair[1].refused);
        assert!(lanes.windows(2).all(order));
        let found = title(&lanes, "destination", "starves");
        assert!(found.contains("shard-0-of-a-service") && found.contains("refused"), "{found}");
    }

    #[test]
    fn one_lane_has_no_panels() {
        assert!(!(CHART.applies)(&samples::quickstart()));
        assert!((CHART.applies)(&simulated::named("two-destinations")));
        assert_eq!(kind(&simulated::named("two-hosts")), Some(("host:", "host")));
    }

    #[test]
    fn panels_do_not_overlap() {
        for (count, columns) in [(2, 2), (4, 2), (9, 3), (12, 4)] {
            let rows = usize::div_ceil(count, columns);
            let all: Vec<Box2> = (0..count).map(|place| panel(place, (columns, rows))).collect();
            for (index, one) in all.iter().enumerate() {
                assert!(one.right <= AREA.right + 1e-9 && one.bottom <= AREA.bottom + 1e-9);
                let apart = |other: &Box2| one.left > other.right || one.top > other.bottom;
                assert!(all[..index].iter().all(apart));
            }
        }
    }
}
