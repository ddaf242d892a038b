//! Arms of a comparison: dot and interval of each, and how each differs from the first.

use super::super::comparison::Comparison;
use super::super::manifest::ScenarioMeta;
use super::super::words;
use super::axis::{Axis, Grain, decimal_log, exp10};
use super::canvas::{Align, Canvas, shortened, text_width};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, BLUE, GREY_AXIS, GREY_GRID, GREY_TEXT, SMALL, TITLE, dotted, solid};
use super::{Caption, Chart};
use crate::metrics::Method;

/// More arms than this: the best, the worst and the first one.
const ROWS_MAX: usize = 12;
/// Room for a name at the left, at most.
const NAME_MAX: f64 = 300.0;
/// And in the title.
const TITLE_NAME_MAX: f64 = 460.0;

/// The chart's entry in the registry.
pub(super) const CHART: Chart<Comparison> =
    Chart::always("comparison", "the arms of a comparison by one metric, and how each differs from the first", draw);

/// How figures become places along the x axis.
#[derive(Clone, Copy)]
enum Ruler {
    /// As they are, from one end to the other.
    Linear(f64, f64),
    /// By their decimal logarithm, from a power of ten on; what is not above zero stands a little to the left of it.
    Log { from: f64, decades: f64 },
}

impl Ruler {
    /// Arms that differ more than this are drawn by their logarithm.
    const WIDE: f64 = 50.0;
    /// Room for zero, in decades.
    const GUTTER: f64 = 0.4;

    fn of(rows: &[Row], scale: f64) -> Self {
        let figures = || rows.iter().filter_map(|row| row.figures);
        let estimates = || figures().map(|(estimate, _)| estimate * scale);
        let least = estimates().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let greatest = figures().map(|(estimate, (_, high))| high.max(estimate) * scale).fold(0.0, f64::max);
        if estimates().all(|value| value >= 0.0) && greatest > Self::WIDE * least {
            // Far enough for the lower ends of intervals, yet an end near zero must not take the whole axis.
            let ends = figures().map(|(_, (low, _))| low * scale).filter(|low| *low > 0.0);
            let first = decimal_log(ends.fold(least, f64::min).max(least / 100.0)).floor();
            return Self::Log { from: first, decades: decimal_log(greatest) - first };
        }
        let lowest = figures().map(|(estimate, (low, _))| low.min(estimate) * scale).fold(0.0, f64::min);
        Self::Linear(lowest, if greatest > lowest { greatest * 1.04 } else { lowest + 1.0 })
    }

    fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear(..) => value,
            Self::Log { from, .. } if value > 0.0 => (decimal_log(value) - from).max(-Self::GUTTER / 2.0),
            Self::Log { .. } => -Self::GUTTER,
        }
    }

    fn axis(self, title: &str, is_time: bool) -> Axis {
        let Self::Log { from, decades } = self else {
            let Self::Linear(low, high) = self else { unreachable!("there is no third kind") };
            return Axis::figures(title, (low, high), Grain::Fine);
        };
        // At most so many ticks, at every or every second power of ten.
        let step = (decades / 6.0).ceil().max(1.0);
        let mut ticks = vec![(-Self::GUTTER, "0".to_owned())];
        let mut power = 0.0;
        while power <= decades + 1e-9 {
            let value = exp10(from + power);
            ticks.push((power, if is_time { words::seconds(value) } else { words::figure(value) }));
            power += step;
        }
        Axis { from: -Self::GUTTER, to: decades * 1.04, ticks, title: format!("{title}, logarithmic") }
    }
}

/// An arm as it is drawn.
struct Row {
    label: String,
    figure: String,
    /// The estimate and its interval; none when it was never seen.
    figures: Option<(f64, (f64, f64))>,
    color: super::canvas::Color,
    is_first: bool,
    /// How much higher it is than the first arm.
    difference: Option<(f64, (f64, f64))>,
}

fn draw(comparison: &Comparison, canvas: &mut Canvas) {
    let ranking = comparison.ranking();
    let shown = shown(&ranking);
    let rows: Vec<Row> = shown.iter().map(|arm| row(comparison, *arm, *arm == ranking[0])).collect();
    let left_out = ranking.len() - shown.len();
    let mut note = " \u{b7} common random numbers".to_owned();
    if let Some(wrong) = comparison.order_is_wrong() {
        note = format!("{note} \u{b7} order wrong with a chance of at most {} %", words::risk(wrong));
    }
    if left_out > 0 {
        note = format!("{note} \u{b7} {} more arms in summary.csv", words::thousands(left_out as u64));
    }
    let title = title(comparison, &ranking);
    let share = comparison.metric.unit == "ratio";
    let (scale, unit) = if share { (100.0, "%".to_owned()) } else { (1.0, comparison.metric.unit.to_owned()) };
    let of = if comparison.scope == "all" { String::new() } else { format!(" of {}", comparison.scope) };
    let name = format!("{}{of} ({unit})", comparison.metric.name);
    let ruler = Ruler::of(&rows, scale);
    let x = ruler.axis(&name, comparison.metric.unit == "s");
    let y = Axis { from: 0.0, to: rows.len().max(1) as f64, ticks: Vec::new(), title: String::new() };
    let figures = rows.iter().map(|row| text_width(&row.figure, SMALL)).fold(0.0, f64::max);
    let caption = caption(comparison);
    // Names stand where other charts have the ticks of the y axis.
    let ticks: Vec<(f64, String)> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (rows.len() as f64 - place as f64 - 0.5, row.label.clone()))
        .collect();
    let y = Axis { ticks, ..y };
    let headings = Headings { title, note };
    let halves = rows.iter().any(|row| row.difference.is_some());
    let right = figures + 20.0 + if halves { 360.0 } else { 0.0 };
    let frame = Frame::draw(canvas, &caption, &headings, (&x, &y), right);
    frame.axes(canvas, &x);
    for (value, _) in &x.ticks {
        let at = frame.x(*value);
        canvas.line(&[(at, frame.plot.top), (at, frame.plot.bottom)], solid(GREY_GRID, 1.0));
    }
    for (place, row) in rows.iter().enumerate() {
        let height = frame.y(rows.len() as f64 - place as f64 - 0.5);
        let at = |value: f64| frame.x(ruler.place(value * scale));
        if let Some((estimate, (low, high))) = row.figures {
            bar(canvas, (at(low), at(high)), at(estimate), height, row.color);
        }
        canvas.text((frame.plot.right + 12.0, height + 5.0), &row.figure, SMALL.color(row.color));
    }
    if rows.iter().all(|row| row.figures.is_none()) {
        frame.empty(canvas, &format!("no arm has a figure for {}", comparison.metric.name));
    } else if halves {
        differences(canvas, comparison, &frame, &rows, (scale, figures));
    }
}

/// What all arms have in common, and what they differ in.
pub(super) fn caption(comparison: &Comparison) -> Caption {
    // Of several scenarios each has a title and a load of its own.
    let of_first = Caption::of(&comparison.meta);
    // Columns stand two spaces apart.
    let by = format!("arms by {}", comparison.header.replace("  ", ", "));
    let all = |same: fn(&ScenarioMeta, &ScenarioMeta) -> bool| {
        comparison.arms.iter().all(|arm| same(&arm.tables.meta.scenario, &comparison.meta.scenario))
    };
    match (all(|one, other| one.title == other.title), all(|one, other| one.load == other.load)) {
        // Where arms differ in their load, they are named by it.
        (true, true) => Caption { load: format!("{}; {by}", of_first.load), ..of_first },
        (true, false) => Caption { load: by, ..of_first },
        (false, true) => Caption { title: by, ..of_first },
        (false, false) => Caption { title: by, load: "each under its own load".into(), ..of_first },
    }
}

/// An interval with its dot.
fn bar(canvas: &mut Canvas, (low, high): (f64, f64), middle: f64, y: f64, color: super::canvas::Color) {
    canvas.line(&[(low, y), (high, y)], solid(color, 2.5));
    for end in [low, high] {
        canvas.line(&[(end, y - 6.0), (end, y + 6.0)], solid(color, 2.5));
    }
    canvas.disc((middle, y), 6.0, color);
}

/// The panel at the right: each arm less the first, around a line at zero.
fn differences(
    canvas: &mut Canvas,
    comparison: &Comparison,
    frame: &Frame,
    rows: &[Row],
    (scale, figures): (f64, f64),
) {
    let (left, right) = (frame.plot.right + figures + 50.0, frame.plot.right + figures + 370.0);
    let ends =
        rows.iter().filter_map(|row| row.difference).map(|(value, (low, high))| (low.min(value), high.max(value)));
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), (from, to)| (low.min(from), high.max(to)));
    let span = if high > low { high - low } else { 1.0 };
    let (low, high) = (low - 0.04 * span, high + 0.04 * span);
    let at = |value: f64| left + (value - low) / (high - low) * (right - left);
    let first = comparison.label_alone(0);
    let title = format!("less {}, paired", shortened(&first, SMALL, 200.0));
    canvas.text((left, frame.plot.top - 12.0), &title, SMALL);
    canvas.line(&[(left, frame.plot.bottom), (right, frame.plot.bottom)], solid(GREY_AXIS, 1.5));
    canvas.line(&[(at(0.0), frame.plot.top), (at(0.0), frame.plot.bottom)], dotted(BLACK));
    let unit = if comparison.metric.unit == "ratio" { "points" } else { comparison.metric.unit };
    let axis = Axis::figures("", (low * scale, high * scale), Grain::Fine);
    // Every second tick, 0 among them: the panel is narrow.
    let zero = axis.ticks.iter().position(|(value, _)| *value == 0.0).unwrap_or(0);
    let stride = if axis.ticks.len() > 4 { 2 } else { 1 };
    for (value, text) in axis.ticks.iter().skip(zero % stride).step_by(stride) {
        let x = at(value / scale);
        canvas.line(&[(x, frame.plot.bottom), (x, frame.plot.bottom + 5.0)], solid(GREY_AXIS, 1.0));
        canvas.text((x, frame.plot.bottom + 44.0), text, SMALL.align(Align::Centre));
    }
    let middle = f64::midpoint(left, right);
    canvas.text((middle, frame.plot.bottom + 66.0), &format!("difference ({unit})"), SMALL.align(Align::Centre));
    for (place, row) in rows.iter().enumerate() {
        let height = frame.y(rows.len() as f64 - place as f64 - 0.5);
        if let Some((value, (from, to))) = row.difference {
            bar(canvas, (at(from), at(to)), at(value), height, row.color);
            continue;
        }
        let (side, x) = if at(0.0) > middle { (Align::Right, at(0.0) - 10.0) } else { (Align::Left, at(0.0) + 10.0) };
        let word = match row.figures {
            _ if row.is_first => "the first",
            Some(_) => "no interval",
            None => "not in every run",
        };
        canvas.text((x, height + 5.0), word, SMALL.color(GREY_TEXT).align(side));
    }
}

/// The arms that are drawn: all, or the six best, the five worst and the first.
fn shown(ranking: &[usize]) -> Vec<usize> {
    if ranking.len() <= ROWS_MAX {
        return ranking.to_vec();
    }
    let (best, worst) = (6, 5);
    let is_shown = |place: usize, arm: usize| place < best || place >= ranking.len() - worst || arm == 0;
    ranking.iter().enumerate().filter(|(place, arm)| is_shown(*place, **arm)).map(|(_, arm)| *arm).collect()
}

fn row(comparison: &Comparison, arm: usize, is_best: bool) -> Row {
    let tables = &comparison.arms[arm].tables;
    let found = tables.estimate(&comparison.scope, comparison.metric.name);
    let is_risk = comparison.metric.name == "exhaustion_probability";
    let figures = found.value.map(|estimate| {
        // A share of which nothing was seen is bounded by that of the runs alone: no more than the words tell already,
        // and a bar that would outdo all others.
        let told = found.interval.filter(|(_, high)| high.is_finite() && (is_risk || estimate > 0.0));
        (estimate, told.unwrap_or((estimate, estimate)))
    });
    let difference = comparison.difference(0, arm).filter(|_| arm != 0);
    Row {
        label: label_with_ports(comparison, arm),
        figure: figure(comparison, figures, tables.meta.replications),
        figures,
        color: if is_best { BLUE } else { GREY_TEXT },
        is_first: arm == 0,
        difference: difference.map(|found| (found.estimate, found.interval)),
    }
}

/// The figure of an arm in words, with its interval.
fn figure(comparison: &Comparison, figures: Option<(f64, (f64, f64))>, runs: u64) -> String {
    let runs = words::plural(runs, "run");
    let Some((estimate, (low, high))) = figures else {
        let never = matches!(comparison.metric.method, Method::MedianTime(_));
        return if never { format!("not in half of {runs}") } else { "no figure".into() };
    };
    let share = comparison.metric.unit == "ratio";
    let written = |value: f64| match comparison.metric.unit {
        "ratio" => words::percent(value),
        "s" => words::seconds(value),
        _ => words::figure(value),
    };
    let unit = if share { " %" } else { "" };
    let (shown, low, high) = (written(estimate), written(low), written(high));
    if share && estimate == 0.0 {
        // Never a silent zero.
        format!("none in {runs}")
    } else if low == high {
        format!("{shown}{unit}")
    } else {
        format!("{shown}{unit} ({low} to {high})")
    }
}

/// The arm's label, and how many ports it has where arms differ in that.
fn label_with_ports(comparison: &Comparison, arm: usize) -> String {
    let ports = |arm: usize| comparison.figure(arm, "capacity_ports");
    let differ = (1..comparison.arms.len()).any(|other| ports(other) != ports(0));
    let told = ports(arm).filter(|_| differ && comparison.metric.name != "capacity_ports");
    let told = told.map_or_else(String::new, |ports| format!(" ({})", words::counted(ports, "port")));
    let label = shortened(&comparison.label_alone(arm), SMALL, NAME_MAX - text_width(&told, SMALL));
    format!("{label}{told}")
}

fn title(comparison: &Comparison, ranking: &[usize]) -> String {
    let metric = comparison.metric.name.replace('_', " ");
    let metric = metric.strip_suffix(" s").unwrap_or(&metric);
    let Some((best, rest)) = ranking.split_first() else { return "Nothing was compared".into() };
    // A name that is too long must not push out what is said of it.
    let label = |arm: usize| shortened(&comparison.label_alone(arm), TITLE, TITLE_NAME_MAX);
    let Some(worst) = rest.last() else { return format!("{}: {metric}", label(*best)) };
    if comparison.figure(*best, comparison.metric.name).is_none() {
        let never = matches!(comparison.metric.method, Method::MedianTime(_));
        return if never {
            format!("{}: {metric} in less than half of the runs", label(*best))
        } else {
            format!("{}: no {metric}", label(*best))
        };
    }
    let found = comparison.difference(*best, rest[0]);
    let is_same =
        |arm: &&usize| comparison.difference(*best, **arm).is_some_and(|found| found.higher + found.lower == 0);
    let same = 1 + rest.iter().filter(is_same).count();
    if same > 2 && same < ranking.len() {
        let (same, all) = (words::thousands(same as u64), words::thousands(ranking.len() as u64));
        return format!("{same} of {all} arms do not differ in {metric}; {} has the worst", label(*worst));
    }
    if same > 1 {
        return format!("{} and {} do not differ in {metric}", label(*best), label(rest[0]));
    }
    let certain = found.is_some_and(|found| found.interval.0 > 0.0 || found.interval.1 < 0.0);
    let better = if comparison.metric.is_better_high() { "highest" } else { "lowest" };
    if certain {
        format!("{} has the {better} {metric}, {} the worst", label(*best), label(*worst))
    } else {
        format!("{} and {} are too close to call in {metric}", label(*best), label(rest[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::comparison::{ArmRun, Yardstick};
    use super::super::super::manifest::{Manifest, ScenarioMeta};
    use super::super::super::run_dir::Pictures;
    use super::super::COMPARISON_CHARTS;
    use super::*;
    use crate::experiment::{Checks, Experiment, Settings, run_arms_in_time};
    use crate::metrics::Metric;
    use crate::scenario::{Reading, Scenario, SourceFile};
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicBool;

    /// Arms that differ in their rate alone.
    fn arms(rates: &[u32], metric: &str, label: impl Fn(u32) -> String) -> Comparison {
        let text = "schema = 1\ntitle = \"Forty ports\"\n[run]\nduration = \"30s\"\nreplications = 5\n[[host]]\nname = \"h\"\n\
            port_range = \"40000-40039\"\ntime_wait = \"2s\"\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\n\
            host = \"h\"\nto = \"d\"\narrivals = { poisson = { rate = \"1/s\" } }\nlifetime = { constant = { value = \"50ms\" } }\n";
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let read = |rate: &u32| {
            let set = format!("client.c.arrivals.poisson.rate={rate}/s");
            Reading::of(&SourceFile::new("x.toml", text), &[set], &sources).unwrap()
        };
        let readings: Vec<Reading> = rates.iter().map(read).collect();
        let scenarios: Vec<Scenario> = readings.iter().map(|reading| reading.scenario.clone()).collect();
        let stop = AtomicBool::new(false);
        let settings = Settings { jobs: 2, checks: Checks::Off, stop: &stop, progress: &|_| {} };
        let experiments: Vec<Experiment> = run_arms_in_time(&scenarios, "all", &settings);
        let meta = |index: usize| {
            let what = ScenarioMeta::of("x.toml", &format!("rate={}/s", rates[index]), &readings[index]);
            Manifest::of(Vec::new(), what, &scenarios[index], &experiments[index], 0.95)
        };
        let run = |index: usize| ArmRun {
            sets: Vec::new(),
            label: label(rates[index]),
            meta: meta(index),
            scenario: &scenarios[index],
            experiment: &experiments[index],
        };
        let by = Yardstick { metric: Metric::named(metric).unwrap(), scope: "all" };
        let runs = (0..rates.len()).map(run).collect();
        Comparison::new(meta(0), "rate", runs, by, Pictures::Png)
    }

    /// Set `DRYPORT_LOOK` to a folder to look at the pictures.
    #[test]
    fn every_size_of_comparison_is_whole() {
        let many: Vec<u32> = (1..=40).collect();
        let short = |rate: u32| format!("{rate}/s");
        let long = |rate: u32| format!("a setting whose name says everything about it at length, {rate}/s");
        for (name, compared) in [
            ("two", arms(&[15, 20], "refused_ratio", short)),
            ("equal", arms(&[1, 2], "refused_ratio", short)),
            ("wide", arms(&[5, 16, 40], "refused_ratio", short)),
            ("long", arms(&[18, 19], "refused_ratio", long)),
            ("many", arms(&many, "busy_ports_mean", short)),
            ("never", arms(&[1, 2, 30], "first_refusal_s", short)),
            ("headroom", arms(&[5, 10, 15], "headroom_ports", short)),
        ] {
            for chart in COMPARISON_CHARTS {
                assert!((chart.applies)(&compared));
                let (name, canvas) = (format!("{}-{name}", chart.name), chart.of(&compared));
                if let Some(folder) = std::env::var_os("DRYPORT_LOOK") {
                    let path = std::path::Path::new(&folder).join(&name).with_extension("png");
                    std::fs::write(path, canvas.png()).unwrap();
                }
                let faults = canvas.text_faults();
                assert!(faults.is_empty(), "{name}: {faults:?}");
                assert!(canvas.png().len() > 5_000, "{name}");
            }
        }
    }

    #[test]
    fn the_title_is_the_finding() {
        let short = |rate: u32| format!("{rate}/s");
        let told = |rates: &[u32], metric| {
            let compared = arms(rates, metric, short);
            title(&compared, &compared.ranking())
        };
        assert_eq!(told(&[40, 5, 20], "refused_ratio"), "5/s has the lowest refused ratio, 40/s the worst");
        assert_eq!(told(&[1, 2], "refused_ratio"), "1/s and 2/s do not differ in refused ratio");
        assert_eq!(told(&[5, 15], "headroom_ports"), "5/s has the highest headroom ports, 15/s the worst");
    }
}
