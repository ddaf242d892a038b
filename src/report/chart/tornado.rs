//! What each knob would do: bars from the present value outwards, the largest effect on top.

use super::super::advice::{Effect, NO_RATE, PAIR};
use super::super::run_dir::{Pictures, RunDirError, extensions, read_table};
use super::super::schema::file;
use super::super::{Manifest, Table, manifest, words};
use super::axis::{Axis, Grain, Scale};
use super::canvas::{Box2, Canvas, fit, text_width};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, BLUE, GREY_AXIS, GREY_GRID, GREY_TEXT, LABEL, SMALL, VERMILLION, WHITE, solid};
use super::{ADVICE_CHARTS, Caption, Chart};
use std::path::Path;

/// The chart's entry in the registry.
pub(super) const CHART: Chart<AdviceTables> =
    Chart::always("tornado", "the safe rate with each knob turned, from the present one outwards", draw);

/// More bars than this are told in a line.
const BARS_MAX: usize = 10;
/// Figures that differ more than this many times are drawn by their logarithm.
const WIDE: f64 = 50.0;
/// Room for the knobs at the left and for what stands at the bars' ends.
const KNOB_MAX: f64 = 220.0;
const LABEL_MAX: f64 = 430.0;

/// What `advise` found.
#[derive(Clone, Debug, PartialEq)]
pub struct AdviceTables {
    /// What was asked.
    pub meta: Manifest,
    /// The table `advice.csv`: the present settings, then a row for each knob.
    pub advice: Table,
}

impl AdviceTables {
    /// Reads the folder whose manifest is `meta`.
    ///
    /// # Errors
    ///
    /// When the table is missing, or not what `dryport advise` wrote.
    pub fn read(folder: &Path, meta: Manifest) -> Result<Self, RunDirError> {
        Ok(Self { advice: read_table(folder, file::ADVICE, &meta)?, meta })
    }

    /// The names of the files of such a folder, in the order they are listed.
    pub fn file_names(pictures: Pictures) -> Vec<String> {
        let files = ADVICE_CHARTS.iter().flat_map(|chart| extensions(pictures).iter().map(|kind| chart.file(kind)));
        [file::ADVICE.to_owned()].into_iter().chain(files).chain([manifest::FILE_NAME.into()]).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let table = &self.advice;
        let column = |name: &str| table.column(name);
        let [knob, setting, effect] = ["knob", "setting", "effect"].map(column);
        let [estimate, low, high] = ["estimate", "ci_low", "ci_high"].map(column);
        let row = |row: &[super::super::Cell]| {
            let number = |column: usize| row[column].number();
            Row {
                knob: row[knob].text().to_owned(),
                setting: row[setting].text().to_owned(),
                effect: Effect::named(row[effect].text()),
                estimate: number(estimate).filter(|value| *value >= 0.0),
                interval: number(low).zip(number(high)),
            }
        };
        // A pair of knobs is no knob, and what no rate is known of has no bar.
        let method = column("method");
        let is_shown = |row: &&[super::super::Cell]| {
            row[knob].text() != PAIR
                && (row[method].text() != NO_RATE || Effect::named(row[effect].text()) == Effect::Now)
        };
        table.rows().filter(is_shown).map(row).collect()
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    knob: String,
    setting: String,
    effect: Effect,
    estimate: Option<f64>,
    interval: Option<(f64, f64)>,
}

impl Row {
    /// Is more than can be told safe?
    fn is_unlimited(&self) -> bool {
        self.effect == Effect::Better && self.estimate.is_none()
    }

    /// Is it nearly as good as the best, or can the runs not tell them apart?
    fn is_about_as_good_as(&self, best: &Self) -> bool {
        let near = self.estimate.zip(best.estimate).is_some_and(|(estimate, most)| estimate >= 0.98 * most);
        let meet = self.interval.zip(best.interval).is_some_and(|(own, most)| own.1 >= most.0);
        self.effect == Effect::Better && (near || meet)
    }

    /// How far it leads from `now`, whichever way; what leads nowhere comes last.
    fn reach(&self, now: f64) -> f64 {
        match (self.effect, self.estimate) {
            (Effect::Better, None) => f64::INFINITY,
            (Effect::Better | Effect::Worse, Some(estimate)) => (estimate - now).abs(),
            (Effect::None, _) => -1.0,
            _ => -2.0,
        }
    }

    /// What stands at the bar's end.
    fn label(&self) -> String {
        let figure = match (self.effect, self.estimate) {
            (Effect::Myth, _) => "no effect (a myth)".to_owned(),
            (Effect::None, _) => "no effect".to_owned(),
            (Effect::Better, None) => "no limit".to_owned(),
            (_, None) => "not known".to_owned(),
            (_, Some(estimate)) => words::floor_pace(estimate),
        };
        let room = LABEL_MAX - text_width(&figure, SMALL) - text_width(": ", SMALL) - 4.0;
        format!("{}: {figure}", fit(&self.setting, SMALL, room))
    }
}

/// The rows that are drawn, the largest effect on top, and those that are not.
fn chosen(rows: Vec<Row>, now: f64) -> (Vec<Row>, Vec<Row>) {
    let mut rows = rows;
    rows.sort_by(|one, other| other.reach(now).total_cmp(&one.reach(now)));
    let mut rest = rows.split_off(rows.len().min(BARS_MAX));
    // A myth is worth its place: people look for it.
    let is_myth = |row: &Row| row.effect == Effect::Myth;
    if !rows.iter().any(is_myth)
        && let Some(place) = rest.iter().position(is_myth)
    {
        let myth = rest.remove(place);
        rest.insert(0, rows.pop().expect("there were too many"));
        rows.push(myth);
    }
    (rows, rest)
}

fn draw(tables: &AdviceTables, canvas: &mut Canvas) {
    let all = tables.rows();
    let runs = tables.advice.column("replications");
    let simulated = tables.advice.rows().any(|row| row[runs].number().is_some());
    let (now, others): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|row| row.effect == Effect::Now);
    let now = now.first().and_then(|row| row.estimate);
    let (rows, rest) = chosen(others, now.unwrap_or(0.0));
    let mut note = String::new();
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(|row| row.setting.as_str()).collect();
        note = format!(" \u{b7} {} less: {}", words::count(rest.len() as f64), names.join(", "));
    }
    if rows.iter().any(|row| row.interval.is_some()) {
        note = format!(" \u{b7} whiskers: the true limit lies between{note}");
    }
    let mut caption = Caption::of(&tables.meta);
    if !simulated {
        caption.runs = format!("closed form, per {}", words::seconds(tables.meta.duration_s));
    }
    let title = title(&rows, now);
    let (x, scale) = x_axis(&rows, now);
    let count = rows.len().max(1) as f64;
    let middle = |place: usize| count - place as f64 - 0.5;
    let knob = |(place, row): (usize, &Row)| (middle(place), fit(&row.knob.replace('_', " "), SMALL, KNOB_MAX));
    let ticks = rows.iter().enumerate().map(knob).collect();
    let y = Axis { from: 0.0, to: count, ticks, title: String::new() };
    let labels = rows.iter().map(|row| text_width(&row.label(), SMALL)).fold(0.0, f64::max);
    let frame = Frame::draw(canvas, &caption, &Headings { title, note }, (&x, &y), labels + 24.0);
    let plot = frame.plot;
    for (value, _) in &x.ticks {
        canvas.line(&[(frame.x(*value), plot.top), (frame.x(*value), plot.bottom)], solid(GREY_GRID, 1.0));
    }
    frame.axes(canvas, &x);
    let Some(now) = now else {
        frame.empty(canvas, "there is no rate to vary");
        return;
    };
    let half = (0.32 * (plot.bottom - plot.top) / count).min(15.0);
    for (place, row) in rows.iter().enumerate() {
        bar(canvas, &frame, row, (now, scale), (frame.y(middle(place)), half));
    }
    let x = frame.x(scale.place(now));
    canvas.line(&[(x, plot.top), (x, plot.bottom)], solid(BLACK, 2.0));
    let text = format!("now {}", words::floor_pace(now));
    let left = (x - text_width(&text, LABEL) / 2.0).max(plot.left);
    canvas.text((left, plot.top - 8.0), &text, LABEL);
    if rows.is_empty() {
        frame.empty(canvas, "no knob was tried");
    }
}

/// One bar from the present value to its own, with what it stands for.
fn bar(canvas: &mut Canvas, frame: &Frame, row: &Row, (now, scale): (f64, Scale), (y, half): (f64, f64)) {
    let start = frame.x(scale.place(now));
    let place = |value: f64| frame.x(scale.place(value)).clamp(frame.plot.left, frame.plot.right);
    let end = match row.effect {
        _ if row.is_unlimited() => frame.plot.right - 12.0,
        Effect::Better | Effect::Worse => row.estimate.map_or(start, place),
        _ => start,
    };
    let (color, text) = match row.effect {
        Effect::Better => (BLUE, BLUE),
        Effect::Worse => (VERMILLION, VERMILLION),
        _ => (GREY_AXIS, GREY_TEXT),
    };
    let area = Box2 { left: start.min(end), top: y - half, right: start.max(end), bottom: y + half };
    let is_bar = area.right - area.left >= 1.0;
    if is_bar {
        canvas.rect(area, color);
    }
    if row.effect == Effect::Worse {
        canvas.hatch(area, WHITE);
    }
    if row.is_unlimited() {
        let tip = [(end, y - half - 5.0), (end + 12.0, y), (end, y + half + 5.0)];
        canvas.area(tip.to_vec(), color, 1.0);
    }
    if !is_bar {
        // A bar of length zero.
        canvas.line(&[(start, y - half), (start, y + half)], solid(color, 5.0));
    }
    let mut right = area.right.max(start) + if row.is_unlimited() { 12.0 } else { 0.0 };
    if let Some((low, high)) = row.interval {
        let (low, high) = (place(low), place(high));
        canvas.line(&[(low, y), (high, y)], solid(BLACK, 1.5));
        for at in [low, high] {
            canvas.line(&[(at, y - 5.0), (at, y + 5.0)], solid(BLACK, 1.5));
        }
        right = right.max(high);
    }
    // What is worse leaves the right side of its row free; no line goes through the words.
    let (left, label) = (right + 10.0, row.label());
    let room = Box2 { left, top: y - 8.0, right: left + text_width(&label, SMALL), bottom: y + 10.0 };
    canvas.rect(room, WHITE);
    canvas.text((left, y + 5.0), &label, SMALL.color(text));
}

fn x_axis(rows: &[Row], now: Option<f64>) -> (Axis, Scale) {
    // As `advise` counts: with keep-alive a connection carries several of them.
    const TITLE: &str = "safe rate (requests/s)";
    let estimates = rows.iter().filter(|row| matches!(row.effect, Effect::Better | Effect::Worse));
    let values = estimates.flat_map(|row| [row.estimate, row.interval.map(|interval| interval.1)]).flatten();
    let all = values.chain(now).filter(|value| *value >= 0.0);
    let (low, high) = all.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let low = if low.is_finite() { low } else { 0.0 };
    if low > 0.0 && high > WIDE * low {
        let title = format!("{TITLE}, logarithmic");
        return (Axis::decades(&title, (low / 1.5, high * 1.2), words::figure), Scale::Log);
    }
    let ends = match high - low {
        span if span > 0.0 => ((low - 0.1 * span).max(0.0), high + 0.04 * span),
        _ if high > 0.0 => (0.9 * high, 1.1 * high),
        _ => (0.0, 1.0),
    };
    (Axis::figures(TITLE, ends, Grain::Fine), Scale::Linear)
}

fn title(rows: &[Row], now: Option<f64>) -> String {
    let Some(now) = now else { return "No safe rate is known".into() };
    let rate = words::floor_pace(now);
    match rows.first().filter(|row| row.effect == Effect::Better) {
        Some(best) if best.is_unlimited() => format!("With {} nothing limits the rate, now {rate}", best.setting),
        Some(best @ Row { setting, estimate: Some(estimate), .. }) => {
            let most = words::floor_pace(*estimate);
            let others: Vec<&Row> = rows[1..].iter().filter(|row| row.is_about_as_good_as(best)).collect();
            match others.as_slice() {
                [] => format!("{setting} helps most: {most} instead of {rate}"),
                [other] => format!("{setting} and {} help most: up to {most} instead of {rate}", other.setting),
                _ => {
                    let count = words::count(others.len() as f64);
                    format!("{setting} and {count} others help most: up to {most} instead of {rate}")
                }
            }
        }
        _ => match rows.iter().find(|row| row.effect == Effect::Better) {
            Some(better) => format!("{} helps: more than {rate}", better.setting),
            None => format!("No knob raises the safe rate of {rate}"),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::report::{Cell, samples, schema};

    type Knob = (&'static str, &'static str, &'static str, Option<f64>, Option<(f64, f64)>);

    fn advice(knobs: &[Knob]) -> AdviceTables {
        let mut advice = Table::new(&schema::names(schema::ADVICE));
        for (knob, setting, effect, estimate, interval) in knobs {
            let text = |text: &str| Cell::Text(text.into());
            let runs = interval.map_or(Cell::Empty, |_| Cell::Whole(200));
            advice.push([
                text(knob),
                text(setting),
                text("set it"),
                text(effect),
                text("safe_rate_per_s"),
                text("1/s"),
                Cell::figure(*estimate),
                Cell::figure(interval.map(|interval| interval.0)),
                Cell::figure(interval.map(|interval| interval.1)),
                Cell::figure(interval.map(|_| 0.95)),
                runs,
                text("closed form"),
                text("no"),
                Cell::Empty,
            ]);
        }
        AdviceTables { meta: samples::quickstart().meta, advice }
    }

    const NOW: Knob = ("now", "as it is", "now", Some(444.0), None);

    /// The example of screens.md.
    fn quickstart() -> AdviceTables {
        advice(&[
            NOW,
            ("closes_first", "closes_first = \"server\"", "better", Some(543_000.0), None),
            ("tw_reuse", "net.ipv4.tcp_tw_reuse = 1", "better", Some(25_900.0), None),
            ("requests", "10 requests per connection", "better", Some(4_408.0), None),
            ("port_range", "port_range = \"1024-65535\"", "better", Some(1_022.8), None),
            ("addresses", "one more address or endpoint", "better", Some(887.2), None),
            ("port_range", "port_range = \"32768-61375\"", "better", Some(450.0), None),
            ("lifetime", "lifetime 25 ms instead of 50 ms", "none", Some(444.2), None),
            ("tcp_fin_timeout", "net.ipv4.tcp_fin_timeout = 30", "myth", Some(444.0), None),
        ])
    }

    /// Every sample, by name.
    pub(crate) fn samples() -> Vec<(&'static str, AdviceTables)> {
        let simulated = |low: f64, high: f64| Some((low, high));
        let many: Vec<Knob> = (0..14)
            .map(|step: u32| {
                let rate = 444.0 + 40.0 * (f64::from(step) - 4.0);
                let effect = match step {
                    0..4 => "worse",
                    4 => "none",
                    _ => "better",
                };
                (
                    "a knob with a name that goes on",
                    "a setting with a name that goes on and on, as they do",
                    effect,
                    Some(rate),
                    simulated(rate - 9.0, rate + 30.0),
                )
            })
            .chain([NOW, ("fin_timeout", "net.ipv4.tcp_fin_timeout = 30", "myth", Some(444.0), None)])
            .collect();
        vec![
            ("quickstart", quickstart()),
            ("alone", advice(&[NOW])),
            ("nothing-known", advice(&[("now", "as it is", "now", None, None)])),
            ("no-help", advice(&[NOW, ("fin_timeout", "net.ipv4.tcp_fin_timeout = 30", "myth", Some(444.0), None)])),
            (
                "no-limit",
                advice(&[
                    NOW,
                    ("time_wait", "time_wait = \"0s\"", "better", None, None),
                    ("addresses", "addresses = 2", "better", Some(887.2), simulated(887.2, 893.0)),
                    ("port_range", "port_range = \"49152-65535\"", "worse", Some(255.8), simulated(255.8, 257.0)),
                ]),
            ),
            ("many", advice(&many)),
            (
                "slow",
                advice(&[
                    ("now", "as it is", "now", Some(1.3e-4), None),
                    ("addresses", "addresses = 2", "better", Some(7.8e-4), None),
                    ("port_range", "port_range = \"40000-40001\"", "better", Some(7.7e-4), None),
                    ("time_wait", "time_wait = \"1s\"", "better", Some(0.21), None),
                ]),
            ),
            (
                "tie",
                advice(&[
                    NOW,
                    ("addresses", "addresses = 2", "better", Some(890.0), simulated(880.0, 900.0)),
                    ("port_range", "port_range = \"1024-60000\"", "better", Some(871.0), simulated(865.0, 884.0)),
                    ("requests", "2 requests per connection", "better", Some(700.0), simulated(690.0, 705.0)),
                ]),
            ),
        ]
    }

    #[test]
    fn the_title_is_the_finding() {
        let told = |name: &str| {
            let tables = samples().into_iter().find(|(sample, _)| *sample == name).unwrap().1;
            let (now, others): (Vec<Row>, Vec<Row>) =
                tables.rows().into_iter().partition(|row| row.effect == Effect::Now);
            let now = now[0].estimate;
            title(&chosen(others, now.unwrap_or(0.0)).0, now)
        };
        assert_eq!(told("quickstart"), "closes_first = \"server\" helps most: 543,000/s instead of 444.0/s");
        assert_eq!(told("no-help"), "No knob raises the safe rate of 444.0/s");
        assert_eq!(told("no-limit"), "With time_wait = \"0s\" nothing limits the rate, now 444.0/s");
        assert_eq!(told("nothing-known"), "No safe rate is known");
        assert_eq!(told("slow"), "time_wait = \"1s\" helps most: 12.6/min instead of 11.2/day");
        let both = "addresses = 2 and port_range = \"1024-60000\" help most: up to 890.0/s instead of 444.0/s";
        assert_eq!(told("tie"), both);
    }

    #[test]
    fn a_myth_keeps_its_place_and_the_rest_is_told() {
        let tables = samples().into_iter().find(|(sample, _)| *sample == "many").unwrap().1;
        let others = tables.rows().into_iter().filter(|row| row.effect != Effect::Now).collect();
        let (rows, rest) = chosen(others, 444.0);
        assert_eq!((rows.len(), rest.len()), (10, 5));
        assert_eq!(rows[9].effect, Effect::Myth);
        assert!(rows[..9].windows(2).all(|pair| pair[0].reach(444.0) >= pair[1].reach(444.0)));
    }
}
