//! By when how many runs were refused: the survival curve of the ports.

use super::super::risk::{Bound, Risk};
use super::super::{RunTables, words};
use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, text_box, text_width};
use super::frame::{Frame, Headings, passes};
use super::survival::{Step, Survival};
use super::theme::{BLUE, GREY_TEXT, LABEL, PURPLE, SMALL, TINT, VERMILLION, dashed, dotted, solid};
use super::{Caption, Chart};
use crate::theory::poisson_cdf;

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart::of_runs("risk", "share of runs without a refusal so far, over time, with its interval", draw);

/// More runs than this get no tick each.
const TICKS_MAX: usize = 200;
/// Refusals within this share of the window happen "all at once".
const AT_ONCE: f64 = 0.1;

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let refusals: Vec<_> = tables.per_run("all", "first_refusal_s").map(|(_, time)| time).collect();
    let survival = Survival::new(&refusals, tables.meta.confidence);
    let window = span(&survival, tables.meta.duration_s);
    let zoomed = window != (0.0, tables.meta.duration_s);
    let idle = tables.estimate("all", "attempts_total").value == Some(0.0);
    let median = tables.estimate("all", "first_refusal_s").value;
    let title = if idle { "No connection was opened".into() } else { title(tables, &survival, zoomed, median) };
    let note = match (survival.runs(), survival.times.len()) {
        _ if idle => String::new(),
        (0, _) => String::new(),
        (runs, 0) if bound(tables, runs).by_rule_of_three => {
            format!(" \u{b7} band: down to 1 - 3/{}", count(survival.runs()))
        }
        (_, 0) => format!(" \u{b7} band: {} % upper bound", words::percent(tables.meta.confidence)),
        _ => format!(" \u{b7} band: pointwise Wilson interval, {} %", words::percent(tables.meta.confidence)),
    };
    let filling = filling(tables).filter(|_| !idle);
    let note = if filling.is_some() { format!("{note} \u{b7} dashed: closed form") } else { note };
    let time =
        if zoomed { "time since the start of the window, zoomed in" } else { "time since the start of the window" };
    let (x, y) = (Axis::time(time, window), Axis::shares("runs without a refusal so far"));
    let labels = if idle { Vec::new() } else { end_labels(tables, &survival) };
    let right = labels.iter().map(|text| text_width(text, LABEL)).fold(0.0, f64::max) + 14.0;
    let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &Headings { title, note }, (&x, &y), right);
    frame.axes(canvas, &x);
    if idle || survival.runs() == 0 {
        let middle = (f64::midpoint(frame.plot.left, frame.plot.right), frame.y(0.5));
        canvas.text(
            (middle.0, middle.1 - 12.0),
            "no connection was opened",
            LABEL.color(GREY_TEXT).align(Align::Centre),
        );
        return;
    }
    let stairs = draw_curve(canvas, &frame, tables, &survival, window);
    if let Some(filling) = filling {
        draw_filling(canvas, &frame, filling, window);
    }
    let last = survival.steps(window.0).last().map_or(1.0, |step| step.share);
    draw_end(canvas, &frame, last, &labels);
    if let Some(median) = median.filter(|_| survival.runs() > 1) {
        draw_median(canvas, &frame, median, &stairs);
    }
    if survival.runs() <= TICKS_MAX {
        let label = format!("refused in {}", words::plural(survival.times.len() as u64, "run"));
        let moments: Vec<_> = survival.times.iter().map(|time| (*time, *time)).collect();
        frame.rug(canvas, &moments, &label, LABEL.color(VERMILLION));
    }
}

/// From when to when: the whole window, or the span of the refusals when they come all at once.
fn span(survival: &Survival, duration_s: f64) -> (f64, f64) {
    let (Some(first), Some(last)) = (survival.times.first(), survival.times.last()) else { return (0.0, duration_s) };
    let wide = (last - first).max(last * 1e-3).max(1e-6);
    let everyone = survival.times.len() == survival.runs();
    if !everyone || survival.runs() < 2 || wide > AT_ONCE * duration_s {
        return (0.0, duration_s);
    }
    match first - 0.3 * wide {
        from if from > 0.0 => (from, last + 0.3 * wide),
        // Soon after the start, and not once in the long time after.
        _ if *last > 0.0 && *last <= AT_ONCE * duration_s => (0.0, last * 1.3),
        _ => (0.0, duration_s),
    }
}

fn title(tables: &RunTables, survival: &Survival, zoomed: bool, median: Option<f64>) -> String {
    let (refused, runs) = (survival.times.len(), survival.runs());
    let of = words::seconds(tables.meta.duration_s);
    match (survival.times.first(), survival.times.last()) {
        (Some(first), Some(_)) if runs == 1 => format!("Refused in the only run, after {}", words::seconds(*first)),
        (Some(first), Some(last)) if zoomed && last > first => {
            let (first, last) = between(*first, *last);
            format!("{} refused between {first} and {last} (zoomed in)", all(runs))
        }
        (Some(first), Some(_)) if zoomed => {
            format!("{} refused at {} (zoomed in)", all(runs), words::seconds(*first))
        }
        (Some(first), Some(last)) if (refused, runs) == (2, 2) => {
            format!("Refused in both runs, after {} and {}", words::seconds(*first), words::seconds(*last))
        }
        (Some(_), Some(_)) => {
            let by = median.map_or_else(String::new, |time| format!("; half by {}", words::seconds(time)));
            format!("Refused in {} of {} runs{by}", count(refused), count(runs))
        }
        _ if runs == 0 => "No run was made".into(),
        _ => format!("Not refused in {} of {of}", words::plural(runs as u64, "run")),
    }
}

fn count(runs: usize) -> String {
    words::thousands(runs as u64)
}

fn all(runs: usize) -> String {
    if runs == 2 { "Both runs".into() } else { format!("All {} runs", count(runs)) }
}

/// Two spans, the first without its unit where they share it.
fn between(first: f64, last: f64) -> (String, String) {
    let (first, last) = (words::seconds(first), words::seconds(last));
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => (number.into(), last),
        _ => (first, last),
    }
}

/// What stands at the line's end: how many never, and the interval there.
fn end_labels(tables: &RunTables, survival: &Survival) -> Vec<String> {
    let runs = survival.runs();
    let never = runs - survival.times.len();
    let Some(last) = survival.steps(0.0).last().copied() else { return Vec::new() };
    let of = |share: f64| words::risk(share);
    let interval = format!("{} % CI {} to {} %", words::percent(tables.meta.confidence), of(last.low), of(last.high));
    if runs == 0 {
        Vec::new()
    } else if survival.times.is_empty() {
        vec![format!("{0} of {0} never", count(runs)), risk_below(tables, runs)]
    } else if never == 0 {
        vec!["every run".into(), "was refused".into()]
    } else {
        vec![format!("{} of {} never", count(never), count(runs)), interval]
    }
}

/// The bound of the risk for 0 of R, as on the screen.
fn bound(tables: &RunTables, runs: usize) -> Bound {
    let interval = tables.estimate("all", "exhaustion_probability").interval;
    match Risk::of(0, runs as u64, interval, tables.meta.confidence) {
        Risk::Below(bound) => bound,
        Risk::Above(_) | Risk::Between(..) => unreachable!("none of the runs is none"),
    }
}

fn risk_below(tables: &RunTables, runs: usize) -> String {
    let Bound { value, by_rule_of_three } = bound(tables, runs);
    let rule = if by_rule_of_three { format!(" (3/{})", count(runs)) } else { String::new() };
    format!("risk < {} %{rule}", words::risk(value))
}

/// The curve over its band; returns its corners.
fn draw_curve(
    canvas: &mut Canvas,
    frame: &Frame,
    tables: &RunTables,
    survival: &Survival,
    (from, to): (f64, f64),
) -> Vec<Point> {
    let mut steps = survival.steps(from);
    if survival.times.is_empty() {
        // As in the label.
        steps[0].low = 1.0 - bound(tables, survival.runs()).value;
    }
    let stairs = |value: fn(&Step) -> f64| -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for step in &steps {
            if let Some(before) = points.last().copied() {
                points.push((frame.x(step.time_s), before.1));
            }
            points.push(frame.at(step.time_s, value(step)));
        }
        points.extend(steps.last().map(|step| frame.at(to, value(step))));
        points
    };
    let (low, high) = (stairs(|step| step.low), stairs(|step| step.high));
    canvas.area(low.into_iter().chain(high.into_iter().rev()).collect(), BLUE, TINT);
    let curve = stairs(|step| step.share);
    canvas.line(&curve, solid(BLUE, 3.0));
    curve
}

/// Connects per second and ports where the range fills for certain before the first port comes back: then who is refused
/// first is known exactly, as the connect after the last port (`formula_first_refusal_s`).
fn filling(tables: &RunTables) -> Option<(f64, u32)> {
    let figure = |name: &str| tables.estimate("all", name).value;
    // Evenly spaced connects have no deviation.
    figure("formula_first_refusal_sd_s").filter(|deviation| *deviation > 0.0)?;
    let ports = figure("capacity_ports").filter(|ports| (1.0..f64::from(u32::MAX)).contains(ports))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of ports, tested above")]
    let ports = ports as u32;
    Some((figure("rate_per_s").filter(|rate| rate.is_finite() && *rate > 0.0)?, ports))
}

/// The chance that no more connects have come than there are ports.
fn draw_filling(canvas: &mut Canvas, frame: &Frame, (rate_per_s, ports): (f64, u32), (from, to): (f64, f64)) {
    const STEPS: u32 = 240;
    let at = |step: u32| {
        let time_s = from + (to - from) * f64::from(step) / f64::from(STEPS);
        frame.at(time_s, poisson_cdf(ports, rate_per_s * time_s))
    };
    canvas.line(&(0..=STEPS).map(at).collect::<Vec<_>>(), dashed(PURPLE, 2.0));
}

fn draw_end(canvas: &mut Canvas, frame: &Frame, share: f64, labels: &[String]) {
    let (x, y) = (frame.plot.right, frame.y(share));
    if share > 0.0 {
        // The mark of what was never refused while we looked.
        canvas.line(&[(x, y - 8.0), (x, y + 8.0)], solid(BLUE, 2.0));
    }
    // Two lines: around the line's end, yet inside the plot.
    let first = (y - 2.0).clamp(frame.plot.top + 8.0, frame.plot.bottom - 22.0);
    for (index, (label, kind)) in labels.iter().zip([LABEL, SMALL]).enumerate() {
        canvas.text((x + 12.0, first + 19.0 * index as f64), label, kind.color(BLUE));
    }
}

fn draw_median(canvas: &mut Canvas, frame: &Frame, median: f64, stairs: &[Point]) {
    let half = frame.y(0.5);
    canvas.line(&[(frame.plot.left, half), (frame.plot.right, half)], dotted(GREY_TEXT));
    let x = frame.x(median);
    canvas.line(&[(x, half), (x, frame.plot.bottom)], dotted(GREY_TEXT));
    let text = format!("half by {}", words::seconds(median));
    let (right, left) = (x + 10.0, x - 10.0 - text_width(&text, LABEL));
    // Before the curve falls there is room under it, after it above the line.
    let (low, high) = (frame.plot.bottom - 12.0, half - 10.0);
    let nearest = if x < f64::midpoint(frame.plot.left, frame.plot.right) { right } else { left };
    let places = [(nearest, low), (left, low), (right, low), (right, high), (left, high)];
    let is_free = |at: &&Point| {
        let area = text_box(**at, &text, LABEL);
        area.left > frame.plot.left && area.right < frame.plot.right && !passes(stairs, area)
    };
    canvas.text(*places.iter().find(is_free).unwrap_or(&places[3]), &text, LABEL);
}

#[cfg(test)]
mod tests {
    use super::super::super::{samples, simulated};
    use super::*;

    fn titled(tables: &RunTables) -> String {
        let refusals: Vec<_> = tables.per_run("all", "first_refusal_s").map(|(_, time)| time).collect();
        let survival = Survival::new(&refusals, 0.95);
        let zoomed = span(&survival, tables.meta.duration_s) != (0.0, tables.meta.duration_s);
        title(tables, &survival, zoomed, tables.estimate("all", "first_refusal_s").value)
    }

    #[test]
    fn the_title_is_the_finding() {
        assert_eq!(titled(&samples::calm()), "Not refused in 20 runs of 10 min");
        assert!(titled(&samples::quickstart()).starts_with("Refused in "));
        assert!(titled(&samples::sudden()).starts_with("All 20 runs refused between 5"));
    }

    #[test]
    fn the_bound_is_that_of_the_screen() {
        assert_eq!(risk_below(&samples::calm(), 20), "risk < 15 % (3/20)");
        assert_eq!(risk_below(&samples::calm(), 3_000), "risk < 0.1 % (3/3,000)");
        let two = simulated::named("no-load");
        let found = two.estimate("all", "exhaustion_probability").interval.unwrap().1;
        assert_eq!(risk_below(&two, 2), format!("risk < {} %", words::risk(found)));
    }

    #[test]
    fn what_fills_for_certain_has_a_closed_form() {
        assert_eq!(filling(&samples::quickstart()), None);
        assert_eq!(filling(&simulated::named("base")), None, "ports come back before");
        let tables = simulated::named("filling");
        let (rate_per_s, ports) = filling(&tables).unwrap();
        let half_s = tables.estimate("all", "first_refusal_s").value.unwrap();
        let left = poisson_cdf(ports, rate_per_s * half_s);
        assert!((0.2..0.8).contains(&left), "{rate_per_s} {ports} {half_s} {left}");
    }

    #[test]
    fn two_runs_are_both() {
        assert_eq!([2, 3, 1_000].map(all), ["Both runs", "All 3 runs", "All 1,000 runs"]);
        assert!(titled(&simulated::named("a-day-of-ten-ports")).starts_with("Both runs refused between "));
    }

    #[test]
    fn refusals_all_at_once_are_zoomed_to() {
        let at = |times: &[f64]| Survival::new(&times.iter().copied().map(Some).collect::<Vec<_>>(), 0.95);
        assert_eq!(span(&at(&[56.0, 57.0]), 600.0), (55.7, 57.3));
        assert_eq!(span(&at(&[56.0, 300.0]), 600.0), (0.0, 600.0));
        assert_eq!(span(&at(&[56.0]), 600.0), (0.0, 600.0));
        assert_eq!(span(&at(&[10.0, 100.0]), 259_200.0), (0.0, 130.0));
        assert_eq!(span(&at(&[10.0, 60.0]), 600.0), (0.0, 78.0));
        assert_eq!(span(&at(&[0.0, 0.0]), 600.0), (0.0, 600.0));
        let (from, to) = span(&at(&[56.0, 56.0]), 600.0);
        assert!(from < 56.0 && 56.0 < to);
    }
}
