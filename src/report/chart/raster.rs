//! What each port was doing: port number by time, coloured by state. A second of work, a minute of waiting.

use super::super::manifest::HostMeta;
use super::super::{Cell, RunTables, words};
use super::axis::{Axis, Grain};
use super::canvas::{Align, Box2, Canvas};
use super::frame::{self, Frame, Headings};
use super::states::{FREE, STATES, State, draw_key, key_width};
use super::theme::{GREY_AXIS, GREY_TEXT, LABEL, VERMILLION, WHITE, solid};
use super::{Caption, Chart};

/// The chart's entry in the registry.
pub(super) const CHART: Chart = Chart::always("raster", "what each port was doing over time, in the median run", draw);

/// The height of a panel's name, and of the row of refusals.
const NAME_HEIGHT: f64 = 24.0;
const REFUSALS_HEIGHT: f64 = 12.0;
/// Ports that other sockets keep are told from this share of the busy ones on.
const BLOCKED_FROM: f64 = 0.005;
/// From one port number to the next.
const NUMBER_HEIGHT: f64 = 17.0;

/// A block of ports while it was in one state.
struct Span<'a> {
    ports: (f64, f64),
    from: f64,
    to: f64,
    state: &'a str,
}

/// The ports of one parity.
struct Panel {
    name: String,
    /// First and last port of each block, the lowest first.
    blocks: Vec<(f64, f64)>,
    area: Box2,
}

impl Panel {
    /// The place of a block, counted from below.
    fn row(&self, index: usize) -> (f64, f64) {
        let height = (self.area.bottom - self.area.top) / self.blocks.len() as f64;
        let bottom = self.area.bottom - index as f64 * height;
        (bottom - height, bottom)
    }

    /// Port numbers and where they stand: all of them where there is room, else round ones, else the ends.
    fn numbers(&self) -> Vec<(f64, String)> {
        let height = self.row(0).1 - self.row(0).0;
        let single = self.blocks.iter().all(|(first, last)| first >= last);
        let middle = |index: usize| f64::midpoint(self.row(index).0, self.row(index).1);
        let number = |index: usize| (middle(index), words::count(self.blocks[index].0));
        if single && self.blocks.len() <= 40 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rows")]
            let every = (NUMBER_HEIGHT / height).ceil().max(1.0) as usize;
            return (0..self.blocks.len()).step_by(every).map(number).collect();
        }
        let (Some((first, _)), Some((_, last))) = (self.blocks.first(), self.blocks.last()) else { return Vec::new() };
        let axis = Axis::figures("", (*first, *last), Grain::Whole);
        let place = |(port, text): (f64, String)| {
            let index = self.blocks.partition_point(|(_, last)| *last < port);
            (index < self.blocks.len()).then(|| (middle(index), text))
        };
        let mut kept: Vec<(f64, String)> = Vec::new();
        for (y, text) in axis.ticks.into_iter().filter_map(place) {
            // Reserved ports take no room, so that round numbers may fall together.
            if kept.last().is_none_or(|(below, _)| below - y >= NUMBER_HEIGHT) {
                kept.push((y, text));
            }
        }
        kept
    }
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let spans = spans(tables);
    let duration = tables.meta.duration_s.max(1e-9);
    let x = Axis::time("time since the start of the window", (0.0, duration));
    let mut headings = Headings { title: title(tables, spans.is_empty()), note: note(tables) };
    let mut panels = panels(tables, &spans);
    let mut sizes: Vec<f64> = panels.iter().flat_map(|panel| &panel.blocks).map(|(a, b)| (b - a) / 2.0 + 1.0).collect();
    sizes.sort_by(f64::total_cmp);
    // Reserved ports make a block look larger, and the last one may be smaller: the one in the middle is like most.
    let size = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    let name = if size > 1.0 {
        format!("port number; a row is {} ports, coloured by what most of them were", words::count(size))
    } else if shows_every_use(tables, &spans) {
        "port number, coloured by what it was most of the time; its uses show however short they are".into()
    } else {
        "port number, coloured by what it was most of the time".into()
    };
    if panels.is_empty() {
        headings.note = String::new();
        let y = Axis { from: 0.0, to: 1.0, ticks: Vec::new(), title: name };
        let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), 0.0);
        frame.axes(canvas, &x);
        frame.empty(canvas, "no port was watched");
        return;
    }
    let is_seen = |state: &str| spans.iter().any(|span| span.state == state);
    let states: Vec<State> = STATES.into_iter().rev().chain([FREE]).filter(|(state, ..)| is_seen(state)).collect();
    let right = key_width(&states);
    // The panels stand in the same place whatever the numbers need at the left.
    let plot = frame::plot(0.0, right);
    place_panels(&mut panels, plot);
    let numbers: Vec<(f64, String)> = panels.iter().flat_map(Panel::numbers).collect();
    let ticks = numbers.into_iter().map(|(y, text)| ((plot.bottom - y) / (plot.bottom - plot.top), text)).collect();
    let y = Axis { from: 0.0, to: 1.0, ticks, title: name };
    let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), right);
    for panel in &mut panels {
        (panel.area.left, panel.area.right) = (frame.plot.left, frame.plot.right);
        draw_panel(canvas, &frame, panel, &spans, duration);
    }
    frame.axes(canvas, &x);
    draw_key(canvas, (frame.plot.right + 14.0, panels[0].area.top + 4.0), &states);
    draw_refusals(canvas, &frame, &spans, panels[0].area.top);
    if size > 1.0
        && !spans.iter().any(|span| matches!(span.state, "established" | "time_wait" | "reusable" | "blocked"))
    {
        let area = panels[0].area;
        let middle = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom) + 6.0);
        let kind = LABEL.color(GREY_TEXT).align(Align::Centre);
        canvas.text(middle, "no row ever had most of its ports in use", kind);
    }
}

fn spans(tables: &RunTables) -> Vec<Span<'_>> {
    let table = &tables.ports;
    let [first, last, state] = ["port_first", "port_last", "state"].map(|name| table.column(name));
    let [from, to] = ["from_s", "to_s"].map(|name| table.column(name));
    let number = |cell: &Cell| cell.number().unwrap_or(0.0);
    let rows = table.rows().map(|row| Span {
        ports: (number(&row[first]), number(&row[last])),
        from: number(&row[from]),
        to: number(&row[to]),
        state: row[state].text(),
    });
    rows.collect()
}

/// The host whose lane is drawn, as a scope.
fn scope(tables: &RunTables) -> &str {
    tables.ports.rows().next().map_or("all", |row| row[tables.ports.column("scope")].text())
}

/// Ports that are seldom taken show each use, however short; of the others what they were for most of a step.
fn shows_every_use(tables: &RunTables, spans: &[Span<'_>]) -> bool {
    let connects = tables.estimate(scope(tables), "connects_per_s").value.unwrap_or(0.0) * tables.meta.duration_s;
    let shown = spans.iter().filter(|span| span.state == "established").count() as f64;
    // Two uses in steps side by side are one span; runs differ a little.
    shown > 0.5 * connects
}

fn title(tables: &RunTables, unseen: bool) -> String {
    let mean = |metric| tables.estimate(scope(tables), metric).value.unwrap_or(0.0);
    let (open, blocked, busy) = (mean("established_ports_mean"), mean("blocked_ports_mean"), mean("busy_ports_mean"));
    if unseen {
        return "No port was watched".into();
    }
    if busy <= 0.0 {
        return "No connection was opened".into();
    }
    if blocked > BLOCKED_FROM * busy {
        let told = [(open, "are open"), (busy - open - blocked, "in TIME-WAIT"), (blocked, "blocked by other sockets")];
        let told = told.into_iter().filter(|(ports, _)| *ports > 1e-6 * busy);
        let told: Vec<_> = told.map(|(ports, what)| format!("{} % {what}", share((ports / busy).min(1.0)))).collect();
        return format!("Of busy ports {}", told.join(", "));
    }
    let reusable = mean("reusable_ports_mean");
    if reusable > BLOCKED_FROM * busy {
        let told = [(open, "are open"), (busy - open, "in TIME-WAIT"), (reusable, "reusable")];
        let told = told.map(|(ports, what)| format!("{} % {what}", share(ports / (busy + reusable))));
        return format!("Of ports that are held {}", told.join(", "));
    }
    let waiting = (1.0 - open / busy).clamp(0.0, 1.0);
    format!(
        "A port in use is open for {} % of the time and in TIME-WAIT for {} %",
        share(1.0 - waiting),
        share(waiting)
    )
}

/// A share in per cent, with the decimals that tell it from all and from nothing.
fn share(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent > 99.0 && percent < 100.0 { format!("{percent:.2}") } else { words::percent(ratio) }
}

/// Which run and which lane.
fn note(tables: &RunTables) -> String {
    let table = &tables.ports;
    let Some(row) = table.rows().next() else { return String::new() };
    let [run, scope, destination] = ["replication", "scope", "destination"].map(|name| table.column(name));
    let run = words::count(row[run].number().unwrap_or(0.0));
    let host = row[scope].text().trim_start_matches("host:");
    format!(" \u{b7} shown is run {run}, {host} \u{2192} {}", row[destination].text())
}

/// A panel for each parity that has ports, the one that the range begins with first.
fn panels(tables: &RunTables, spans: &[Span<'_>]) -> Vec<Panel> {
    let host = tables.ports.rows().next().map(|row| row[tables.ports.column("scope")].text());
    let host = host.and_then(|scope| {
        tables.meta.scenario.hosts.iter().find(|host| scope.strip_prefix("host:") == Some(host.name.as_str()))
    });
    let mut blocks: Vec<(f64, f64)> =
        spans.iter().filter(|span| span.state != "refused").map(|span| span.ports).collect();
    blocks.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    blocks.dedup();
    let is_odd = |port: f64| port % 2.0 >= 1.0;
    let lowest = blocks.first().map_or(0.0, |block| block.0);
    let odd_first = host.map_or(is_odd(lowest), |host| host.first_port % 2 == 1);
    let panel = |odd: bool| {
        let blocks: Vec<_> = blocks.iter().copied().filter(|block| is_odd(block.0) == odd).collect();
        let mut name = if odd { "odd".to_owned() } else { "even".to_owned() };
        let idle = |span: &Span<'_>| span.state == "refused" || span.state == "free" || is_odd(span.ports.0) != odd;
        if spans.iter().all(idle) {
            name.push_str(": free nearly all the time");
        }
        Panel { name, blocks, area: Box2 { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 } }
    };
    let panels = [odd_first, !odd_first].map(panel);
    let mut panels: Vec<Panel> = panels.into_iter().filter(|panel| !panel.blocks.is_empty()).collect();
    if let [first, _] = &mut panels[..]
        && host.is_some_and(HostMeta::is_parity_first)
    {
        first.name.push_str(if first.name.contains(':') { ", taken first" } else { ": taken first" });
    }
    panels
}

/// Shares the height of the plot out: a name over each panel, refusals over the first.
fn place_panels(panels: &mut [Panel], plot: Box2) {
    let count = panels.len() as f64;
    let height = (plot.bottom - plot.top - REFUSALS_HEIGHT - count * NAME_HEIGHT) / count;
    let mut top = plot.top + REFUSALS_HEIGHT;
    for panel in panels {
        panel.area = Box2 { top: top + NAME_HEIGHT, bottom: top + NAME_HEIGHT + height, ..plot };
        top = panel.area.bottom;
    }
}

fn draw_panel(canvas: &mut Canvas, frame: &Frame, panel: &Panel, spans: &[Span<'_>], duration: f64) {
    let area = panel.area;
    canvas.rect(area, WHITE);
    // What is short is drawn last, so that nothing hides it.
    for (state, _, color, _) in STATES {
        for span in spans.iter().filter(|span| span.state == state) {
            let order = |block: &(f64, f64)| block.0.total_cmp(&span.ports.0).then(block.1.total_cmp(&span.ports.1));
            let Ok(index) = panel.blocks.binary_search_by(order) else { continue };
            let (top, bottom) = panel.row(index);
            let left = frame.x(span.from.min(duration));
            let right = frame.x(span.to.min(duration)).max(left + 1.0);
            canvas.rect(Box2 { left, top, right, bottom }, color);
        }
    }
    let corners = [(area.left, area.top), (area.right, area.top), (area.right, area.bottom), (area.left, area.bottom)];
    canvas.line(&[corners[0], corners[1], corners[2], corners[3], corners[0]], solid(GREY_AXIS, 1.0));
    canvas.text((area.left, area.top - 7.0), &panel.name, LABEL);
}

/// Ticks over the first panel, one for each step of time with a refusal.
fn draw_refusals(canvas: &mut Canvas, frame: &Frame, spans: &[Span<'_>], top: f64) {
    let bottom = top - NAME_HEIGHT;
    let mut refused = spans.iter().filter(|span| span.state == "refused").peekable();
    if refused.peek().is_some() {
        canvas.text((frame.plot.right + 14.0, bottom + 2.0), "refused", LABEL.color(VERMILLION));
    }
    for span in refused {
        let left = frame.x(span.from).clamp(frame.plot.left, frame.plot.right);
        let right = frame.x(span.to).clamp(left, frame.plot.right).max(left + 1.5);
        canvas.rect(Box2 { left, top: bottom - REFUSALS_HEIGHT, right, bottom }, VERMILLION);
    }
}
