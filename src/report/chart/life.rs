//! The life of one port, or of one connection: a band for each destination, coloured by what the port was doing.

use super::super::schema::LIFE;
use super::super::{Cell, Table, words};
use super::Caption;
use super::axis::Axis;
use super::canvas::{Align, Box2, Canvas, fit, text_width};
use super::frame::{Frame, Headings};
use super::states::{FREE, STATES, State, draw_key, key_width};
use super::theme::{BLACK, GREY_GRID, LABEL, SMALL, VERMILLION, WHITE, solid};

/// Destinations that have a band of their own.
const BANDS: usize = 12;
/// The widest name of one.
const NAME_WIDTH: f64 = 220.0;
/// The highest band.
const BAND_HEIGHT: f64 = 90.0;
/// Around a connection, so many times what it lasted.
const AROUND: f64 = 0.3;

/// A row of the table.
struct Span<'a> {
    lane: (u64, &'a str, u64),
    client: &'a str,
    request: f64,
    from: f64,
    to: f64,
    state: &'a str,
    asked: bool,
}

/// The picture of `life.csv`.
pub fn life(table: &Table, caption: &Caption) -> Canvas {
    let mut canvas = Canvas::default();
    let spans = spans(table);
    let port = table.rows().next().and_then(|row| row[column("port")].number());
    let range = range(&spans, caption.duration_s.max(1e-9));
    let (bands, hidden) = bands(&spans);
    let x = Axis::time("time since the start of the window", range);
    let name = |lane: &(u64, &str, u64)| fit(&lane_name(*lane, &bands), SMALL, NAME_WIDTH);
    let ticks = bands.iter().enumerate().map(|(index, lane)| (bands.len() as f64 - 0.5 - index as f64, name(lane)));
    let title = match hidden {
        0 => "destination".into(),
        _ => format!("destination; the {BANDS} that had it most, {hidden} more are not shown"),
    };
    let y = Axis { from: 0.0, to: bands.len().max(1) as f64, ticks: ticks.collect(), title };
    let is_shown = |span: &Span<'_>| bands.contains(&span.lane) && span.to >= range.0 && span.from <= range.1;
    let is_seen = |state: &str| spans.iter().any(|span| span.state == state && is_shown(span));
    let seen = STATES.into_iter().rev().filter(|(state, ..)| is_seen(state));
    let key: Vec<State> = seen.chain([FREE]).collect();
    let legend = key_width(&key);
    let headings = Headings { title: title_of(&spans, port, caption.duration_s), note: String::new() };
    let frame = Frame::draw(&mut canvas, caption, &headings, (&x, &y), legend);
    for (index, lane) in bands.iter().enumerate() {
        band(&mut canvas, &frame, (index, bands.len()), range, spans.iter().filter(|span| span.lane == *lane));
    }
    if bands.is_empty() {
        frame.empty(&mut canvas, "nobody held the port");
    }
    frame.axes(&mut canvas, &x);
    draw_key(&mut canvas, (frame.plot.right + 14.0, frame.plot.top + 4.0), &key);
    let inside = |span: &&Span<'_>| span.state == "refused" && span.to >= range.0 && span.from <= range.1;
    let refused: Vec<(f64, f64)> = spans.iter().filter(inside).map(|span| (span.from, span.to)).collect();
    frame.rug(&mut canvas, &refused, "refused", LABEL.color(VERMILLION));
    canvas
}

fn column(name: &str) -> usize {
    LIFE.iter().position(|column| column.name == name).expect("a column of the table")
}

fn spans(table: &Table) -> Vec<Span<'_>> {
    let number = |cell: &Cell| cell.number().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let whole = |cell: &Cell| number(cell) as u64;
    let [source, destination, endpoint, client] = ["source", "destination", "endpoint", "client"].map(column);
    let [request, from, to, state, asked] = ["request", "from_s", "to_s", "state", "asked_for"].map(column);
    let rows = table.rows().map(|row| Span {
        lane: (whole(&row[source]), row[destination].text(), whole(&row[endpoint])),
        client: row[client].text(),
        request: number(&row[request]),
        from: number(&row[from]),
        to: number(&row[to]),
        state: row[state].text(),
        asked: number(&row[asked]) > 0.0,
    });
    rows.collect()
}

/// The window, or what lies around the connection that was asked for.
fn range(spans: &[Span<'_>], duration: f64) -> (f64, f64) {
    let asked = || spans.iter().filter(|span| span.asked);
    let from = asked().map(|span| span.from).fold(f64::INFINITY, f64::min);
    let to = asked().map(|span| span.to).fold(0.0, f64::max);
    if asked().next().is_none() {
        return (0.0, duration);
    }
    let around = ((to - from) * AROUND).max(duration * 1e-3);
    ((from - around).max(0.0), (to + around).min(duration).max(from + around * 1e-3))
}

/// The lanes that have a band, the one that was asked for first, then those that had the port most often; and how many
/// have none.
fn bands<'a>(spans: &[Span<'a>]) -> (Vec<(u64, &'a str, u64)>, usize) {
    let mut lanes: Vec<((u64, &str, u64), bool, u64)> = Vec::new();
    for span in spans.iter().filter(|span| span.state != "refused") {
        let uses = u64::from(span.state == "established");
        match lanes.iter_mut().find(|(lane, ..)| *lane == span.lane) {
            Some((_, asked, sum)) => (*asked, *sum) = (*asked || span.asked, *sum + uses),
            None => lanes.push((span.lane, span.asked, uses)),
        }
    }
    lanes.sort_by_key(|(lane, asked, uses)| (!asked, std::cmp::Reverse(*uses), *lane));
    let hidden = lanes.len().saturating_sub(BANDS);
    (lanes.into_iter().take(BANDS).map(|(lane, ..)| lane).collect(), hidden)
}

/// What tells a lane from the others that are shown.
fn lane_name((source, destination, endpoint): (u64, &str, u64), all: &[(u64, &str, u64)]) -> String {
    if destination.is_empty() {
        return "other destinations".into();
    }
    let mut name = destination.to_owned();
    if all.iter().any(|other| other.1 == destination && other.2 != endpoint) {
        name = format!("{name} #{endpoint}");
    }
    if all.iter().any(|other| other.0 != source) {
        name = format!("{name} from {source}");
    }
    name
}

/// One destination's band: `index` of `count`, from above.
fn band<'a>(
    canvas: &mut Canvas,
    frame: &Frame,
    (index, count): (usize, usize),
    (from, to): (f64, f64),
    spans: impl Iterator<Item = &'a Span<'a>>,
) {
    let middle = frame.y(count as f64 - 0.5 - index as f64);
    let half = ((frame.plot.bottom - frame.plot.top) / count as f64 * 0.35).min(BAND_HEIGHT / 2.0);
    let area = Box2 { left: frame.plot.left, top: middle - half, right: frame.plot.right, bottom: middle + half };
    canvas.rect(area, WHITE);
    let spans: Vec<_> = spans.filter(|span| span.to >= from && span.from <= to).collect();
    for (state, _, color, _) in STATES {
        for span in spans.iter().filter(|span| span.state == state) {
            let left = frame.x(span.from.max(from));
            let right = frame.x(span.to.min(to)).max(left + 1.5).min(area.right);
            canvas.rect(Box2 { left: left.min(right - 1.0), right, ..area }, color);
        }
    }
    canvas.line(&corners(area), solid(GREY_GRID, 1.0));
    let asked = || spans.iter().filter(|span| span.asked);
    let Some(first) = asked().next() else { return };
    let end = asked().map(|span| span.to).fold(first.to, f64::max);
    let (left, right) = (frame.x(first.from.max(from)), frame.x(end.min(to)));
    let around =
        Box2 { left: left - 2.0, top: area.top - 3.0, right: right.max(left + 2.0) + 2.0, bottom: area.bottom + 3.0 };
    canvas.line(&corners(around), solid(BLACK, 2.0));
    let label = format!("request {}", first.request);
    let room = f64::max(frame.plot.right - text_width(&label, LABEL), frame.plot.left);
    canvas.text((left.min(room), area.top - 9.0), &label, LABEL.align(Align::Left));
}

fn corners(area: Box2) -> [(f64, f64); 5] {
    let Box2 { left, top, right, bottom } = area;
    [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
}

/// The finding.
fn title_of(spans: &[Span<'_>], port: Option<f64>, duration: f64) -> String {
    let length =
        |wanted: &dyn Fn(&&Span<'_>) -> bool| spans.iter().filter(wanted).map(|span| span.to - span.from).sum();
    let held = |span: &&Span<'_>| !matches!(span.state, "blocked" | "refused");
    let open = |span: &&Span<'_>| span.state == "established";
    let name = port.map_or_else(|| "a port".into(), |port| format!("port {port}"));
    if let Some(asked) = spans.iter().find(|span| span.asked && held(span)) {
        let (all, open): (f64, f64) =
            (length(&|span| span.asked && held(span)), length(&|span| span.asked && open(span)));
        let (all, open) = (words::seconds(all), words::seconds(open));
        return format!("Request {} of {} kept {name} for {all}, {open} of it open", asked.request, asked.client);
    }
    if let Some(asked) = spans.iter().find(|span| span.asked) {
        let times = words::plural(spans.iter().filter(|span| span.asked).count() as u64, "time");
        return format!("Request {} of {} was refused {times}", asked.request, asked.client);
    }
    let uses = spans.iter().filter(open).count() as u64;
    let port = port.map_or_else(|| "The port".into(), |port| format!("Port {port}"));
    if uses == 0 {
        return format!("{port} was used by nobody");
    }
    let mut ends: Vec<(f64, f64)> = spans.iter().filter(held).map(|span| (span.from, span.to)).collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (sum, _) = ends
        .iter()
        .fold((0.0, 0.0_f64), |(sum, done), (from, to)| (sum + (to - from.max(done)).max(0.0), done.max(*to)));
    let share = words::percent((sum / duration.max(1e-9)).clamp(0.0, 1.0));
    format!("{port} was used {} and held for {share} % of the time", words::plural(uses, "time"))
}

#[cfg(test)]
mod tests {
    use super::super::super::life::{Story, table};
    use super::*;
    use crate::experiment::explain;
    use crate::metrics::Hero;
    use crate::scenario::{Scenario, SourceFile};
    use crate::sim::Topology;
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicBool;

    /// Clients of one host, and how many endpoints and ports there are.
    fn scenario((duration, rate): (&str, &str), endpoints: u32, last: u16) -> Scenario {
        let text = format!(
            "schema = 1\ntitle = \"A host\"\n[run]\nduration = \"{duration}\"\n[[host]]\nname = \"h\"\n\
             port_range = \"40000-{last}\"\naddresses = 2\ntw_reuse = \"on\"\n[[destination]]\nname = \"db\"\n\
             endpoints = {endpoints}\n[[destination]]\nname = \"stuck-{}\"\nbehaviour = \"never-closes\"\n\
             [[client]]\nname = \"c\"\nhost = \"h\"\nto = {{ db = 0.9, stuck-{} = 0.1 }}\n\
             arrivals = {{ poisson = {{ rate = \"{rate}\" }} }}\nlifetime = {{ exponential = {{ mean = \"2s\" }} }}\n\
             [[client]]\nname = \"b\"\nhost = \"h\"\nto = \"db\"\nbind = \"bind-zero\"\n\
             arrivals = {{ poisson = {{ rate = \"1/min\" }} }}\nlifetime = {{ exponential = {{ mean = \"9s\" }} }}\n",
            "x".repeat(40),
            "x".repeat(40)
        );
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Scenario::read(&SourceFile::new("life.toml", text), &[], &sources).unwrap()
    }

    fn picture(scenario: &Scenario, hero: Hero) -> (Table, Canvas) {
        let topology = Topology::new(scenario);
        let life = explain(scenario, &topology, hero, 0, &AtomicBool::new(false)).unwrap();
        let table = table(&Story { scenario, topology: &topology, life: &life, all: false }, "life");
        let caption = Caption {
            title: scenario.title.clone(),
            load: scenario.load_in_words(),
            runs: "run 1 of 20, 10 min".into(),
            duration_s: scenario.run.duration.as_secs_f64(),
            seed: 1,
            dryport: "0.1.0".into(),
        };
        let canvas = super::life(&table, &caption);
        (table, canvas)
    }

    /// Set `DRYPORT_LOOK` to a folder to look at the pictures.
    #[test]
    fn lives_of_all_sizes_are_drawn_whole() {
        let port = Hero::Port { host: 0, port: 40_001 };
        let request = |request| Hero::Request { client: 0, request };
        let (tiny, typical) = (scenario(("10s", "1/s"), 1, 40_001), scenario(("10min", "2/s"), 2, 40_030));
        let huge = scenario(("2h", "20/s"), 40, 40_007);
        for (name, scenario, hero) in [
            ("tiny-port", &tiny, port),
            ("tiny-request", &tiny, request(0)),
            ("typical-port", &typical, port),
            ("typical-request", &typical, request(300)),
            ("huge-port", &huge, port),
            ("huge-request", &huge, request(70_000)),
        ] {
            let (table, canvas) = picture(scenario, hero);
            let png = canvas.png();
            if let Some(folder) = std::env::var_os("DRYPORT_LOOK") {
                std::fs::write(std::path::Path::new(&folder).join(format!("life-{name}.png")), &png).unwrap();
            }
            let faults = canvas.text_faults();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            assert!(!table.is_empty(), "{name}");
            assert!(picture(scenario, hero).1 == canvas, "{name}");
        }
    }

    #[test]
    fn a_port_that_nobody_had_is_a_picture_too() {
        let mut calm = scenario(("10s", "1/s"), 1, 40_900);
        calm.clients.truncate(1);
        let (table, canvas) = picture(&calm, Hero::Port { host: 0, port: 40_899 });
        assert!(table.is_empty());
        assert!(canvas.svg().contains("The port was used by nobody"), "{}", canvas.svg());
    }
}
