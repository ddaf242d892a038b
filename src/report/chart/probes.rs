//! What a `connect()` costs, by how full the range is: it gets slow long before it fails.

use super::super::manifest::HostMeta;
use super::super::{Cell, RunTables, Table, words};
use super::axis::{Axis, exp10, log10};
use super::canvas::{Align, Box2, Canvas, Color, Point};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings, clipped_path};
use super::theme::{BLACK, BLUE, GREY_TEXT, LABEL, PURPLE, PURPLE_TEXT, SMALL, VERMILLION, dashed, dotted, solid};
use super::{Caption, Chart};
use std::ops::Range;

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart::always("probes", "ports that connect() looks at and the time it takes, by occupancy", draw);

/// A per cent of occupancy with fewer attempts is left out.
const ATTEMPTS_MIN: f64 = 20.0;
/// Fewer points than this are marked one by one.
const DOTS_MAX: usize = 40;

/// Attempts that looked at about as many ports.
#[derive(Clone, Copy, Debug)]
struct Bin {
    from: f64,
    to: f64,
    attempts: f64,
}

impl Bin {
    /// One figure for all of them.
    fn middle(&self) -> f64 {
        (self.from.max(1.0) * self.to.max(1.0)).sqrt()
    }
}

/// What attempts cost at one per cent of occupancy, or in a range of them.
#[derive(Clone, Debug, Default)]
struct Costs {
    bins: Vec<Bin>,
}

impl Costs {
    fn attempts(&self) -> f64 {
        self.bins.iter().map(|bin| bin.attempts).sum()
    }

    /// The probes that a share `q` of the attempts does not exceed.
    fn quantile(&self, q: f64) -> f64 {
        let mut bins = self.bins.clone();
        bins.sort_by(|one, other| one.from.total_cmp(&other.from));
        let wanted = q * self.attempts();
        let mut reached = 0.0;
        let found = bins.iter().find(|bin| {
            reached += bin.attempts;
            reached >= wanted
        });
        found.or(bins.last()).map_or(1.0, Bin::middle)
    }
}

/// The CPU time of a `connect()` by the ports it looked at: a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CpuTime {
    /// With one port, in seconds.
    one: f64,
    /// Of each further port.
    further: f64,
}

impl CpuTime {
    /// The line through two points: probes and seconds.
    fn through((few, short): (f64, f64), (many, long): (f64, f64)) -> Option<Self> {
        let further = if many > few { (long - short) / (many - few) } else { 0.0 };
        let one = short - further * (few - 1.0);
        (one >= 0.0 && further >= 0.0 && one.is_finite() && further.is_finite()).then_some(Self { one, further })
    }

    fn seconds(self, probes: f64) -> f64 {
        self.one + self.further * (probes - 1.0)
    }
}

/// The figures of the chart.
#[derive(Default)]
struct Figures {
    /// By whole per cent of busy ports; those with too few attempts are empty.
    connects: Vec<Costs>,
    refused: Costs,
    /// How full it was, in whole per cent, for each bin of the refused.
    refused_at: Vec<f64>,
    /// `None` when the table does not tell.
    time: Option<CpuTime>,
    most: f64,
    /// Was there an attempt at less than half full, and at more? Also where there are too few to draw.
    seen: [bool; 2],
    /// From one per cent to the next that a lane can be at.
    step: f64,
}

impl Figures {
    fn of(tables: &RunTables) -> Self {
        let table = &tables.probes;
        let [busy, least, most] = ["busy_percent", "probes_min", "probes_max"].map(|name| table.column(name));
        let [connects, refused] = ["connects", "refused"].map(|name| table.column(name));
        // Who looks at every port once never looks at more; who draws may.
        let hosts = &tables.meta.scenario.hosts;
        let draws = hosts.is_empty() || hosts.iter().any(|host| host.allocator == "random");
        let ports = hosts.iter().map(|host| host.lane_ports).max().unwrap_or(0);
        let possible = if draws { f64::MAX } else { f64::from(ports) };
        let step = hosts.iter().map(|host| 100.0 / f64::from(host.lane_ports.max(1))).fold(1.0, f64::max);
        let mut figures = Self { connects: vec![Costs::default(); 100], most: 1.0, step, ..Self::default() };
        figures.time = time(table);
        for row in table.rows() {
            let number = |column: usize| row[column].number().unwrap_or(0.0);
            let to = number(most).max(number(least)).min(possible.max(number(least)));
            let bin = |attempts| Bin { from: number(least), to, attempts };
            let percent = match &row[busy] {
                Cell::Whole(percent) => usize::try_from(*percent).unwrap_or(100),
                _ => 100,
            };
            figures.seen[usize::from(percent >= 50)] |= number(connects) + number(refused) > 0.0;
            if let Some(costs) = figures.connects.get_mut(percent).filter(|_| number(connects) > 0.0) {
                costs.bins.push(bin(number(connects)));
            }
            if number(refused) > 0.0 {
                figures.refused.bins.push(bin(number(refused)));
                figures.refused_at.push(percent.min(100) as f64);
            }
        }
        for costs in &mut figures.connects {
            if costs.attempts() < ATTEMPTS_MIN {
                costs.bins.clear();
            }
        }
        let all = || figures.connects.iter().chain([&figures.refused]).flat_map(|costs| &costs.bins);
        figures.most = all().map(|bin| bin.to).fold(1.0, f64::max);
        figures
    }

    /// Everything at occupancies in a range of per cent.
    fn between(&self, percents: Range<usize>) -> Costs {
        Costs { bins: self.connects[percents].iter().flat_map(|costs| &costs.bins).copied().collect() }
    }

    /// The least and the most of the medians that are drawn in a range of per cent.
    fn medians(&self, percents: Range<usize>) -> Option<(f64, f64)> {
        let drawn = self.connects[percents].iter().filter(|costs| !costs.bins.is_empty());
        let medians = drawn.map(|costs| costs.quantile(0.5));
        medians.map(|median| (median, median)).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    /// Stretches of occupancies that were visited one after another.
    fn stretches(&self) -> Vec<Vec<(f64, &Costs)>> {
        let mut all: Vec<Vec<(f64, &Costs)>> = Vec::new();
        for (percent, costs) in self.percents() {
            match all.last_mut().filter(|last| last.last().is_some_and(|(at, _)| percent - at <= self.step.ceil())) {
                Some(last) => last.push((percent, costs)),
                None => all.push(vec![(percent, costs)]),
            }
        }
        all
    }

    /// Occupancies that are drawn.
    fn percents(&self) -> impl Iterator<Item = (f64, &Costs)> {
        (0..).map(f64::from).zip(&self.connects).filter(|(_, costs)| !costs.bins.is_empty())
    }
}

/// What the fewest ports that were looked at cost, and the most, tells what any number of them does.
fn time(table: &Table) -> Option<CpuTime> {
    let columns = ["probes_min", "cost_min_s", "probes_max", "cost_max_s"].map(|name| table.column(name));
    let points = table.rows().map(|row| columns.map(|column| row[column].number()));
    let points: Vec<_> = points.filter_map(|[few, short, many, long]| Some([(few?, short?), (many?, long?)])).collect();
    let by_probes = |one: &&(f64, f64), other: &&(f64, f64)| one.0.total_cmp(&other.0);
    let (few, many) =
        (points.as_flattened().iter().min_by(by_probes)?, points.as_flattened().iter().max_by(by_probes)?);
    CpuTime::through(*few, *many)
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let figures = Figures::of(tables);
    let idle = tables.probes.is_empty();
    let empty = figures.percents().next().is_none();
    let runs = tables.runs_with_series().len() as u64;
    let of = if runs < tables.meta.replications {
        format!(" of the first {}", words::plural(runs, "run"))
    } else {
        String::new()
    };
    let note = if empty { String::new() } else { format!(" \u{b7} grey: share of the connects{of} at that occupancy") };
    let headings = Headings { title: title(&figures, idle), note };
    let ticks = (0..=5).map(|fifth| (f64::from(fifth) * 20.0, format!("{} %", fifth * 20))).collect();
    let name = "busy ports before the connect(), share of the range";
    let x = Axis { from: 0.0, to: 100.0, ticks, title: name.into() };
    let y = Axis::log("ports looked at per connect(), logarithmic", figures.most.max(10.0) * 1.15);
    let labels = if idle { Vec::new() } else { labels(&figures, tables) };
    let times = figures.time.map_or_else(Vec::new, |time| times(&y, time, figures.most));
    let beside = end_labels::beside(&times);
    let frame =
        Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), beside + end_labels::width(&labels));
    if !times.is_empty() {
        frame.right_axis(canvas, &times, "CPU time of a connect() that looks at so many");
    }
    if empty {
        frame.empty(canvas, if idle { "no connection was opened" } else { "fewer than 20 connects in each bin" });
    }
    draw_cloud(canvas, &frame, &figures);
    draw_cliff(canvas, &frame, &figures, tables);
    draw_closed_form(canvas, &frame, tables);
    for (q, color, width) in [(0.99, BLACK, 1.5), (0.5, BLUE, 3.0)] {
        draw_line(canvas, &frame, &figures, q, (color, width));
    }
    frame.axes(canvas, &x);
    draw_refused(canvas, &frame, &figures);
    end_labels::draw(canvas, &frame, labels, beside);
}

/// What the numbers of ports at the ticks of the y axis cost, as far as somebody looked at so many.
fn times(y: &Axis, time: CpuTime, most: f64) -> Vec<(f64, String)> {
    let cost = |value: f64| words::seconds(time.seconds(exp10(value)));
    let seen = y.ticks.iter().filter(|(value, _)| *value <= log10(most) + 1e-9);
    seen.map(|(value, _)| (*value, cost(*value))).collect()
}

fn title(figures: &Figures, idle: bool) -> String {
    // Bins are up to an eighth wide: two digits are what they tell.
    let number = |count: f64| words::about(count.round());
    let time = |count: f64| figures.time.map(|time| words::about_seconds(time.seconds(count)));
    let ports = |count: f64| {
        let ports = if number(count) == "1" { "1 port".into() } else { format!("{} ports", number(count)) };
        time(count).map_or(ports.clone(), |time| format!("{time} for {ports}"))
    };
    // What a connect() does, and what follows when that is said.
    let (does, again) = if figures.time.is_some() { ("takes", "") } else { ("looks at", "at ") };
    let up_to = |(least, most): (f64, f64)| {
        let [least, most] = [least, most].map(ports);
        if least == most { most } else { format!("up to {most}") }
    };
    let refused = Some(&figures.refused).filter(|costs| !costs.bins.is_empty()).map(|costs| ports(costs.quantile(0.5)));
    let [below, above] = [0..50, 50..100].map(|half| figures.medians(half));
    let refused_one = refused.as_ref().map(|ports| format!("a refused one {again}{ports}"));
    match (below, above) {
        _ if idle => "No connection was opened".into(),
        (Some(below), Some(above)) if above.1 > 2.0 * below.1 => {
            let [least, most] = [below.0, below.1].map(|count| time(count).unwrap_or_else(|| number(count)));
            let before = if least == most { most } else { format!("up to {most}") };
            format!("From half full on a connect() {does} {}, before {again}{before} (medians)", up_to(above))
        }
        (Some(below), Some(above)) => {
            let both = up_to((below.0.min(above.0), below.1.max(above.1)));
            format!("A connect() {does} {both} (median), below half full and above")
        }
        (Some(below), None) => {
            let so_far = format!("A connect() {does} {} (median)", up_to(below));
            match refused_one {
                Some(refused) => format!("{so_far} up to half full, {refused}"),
                None if figures.seen[1] => format!("{so_far} up to half full; too few connects above"),
                None => format!("{so_far}: never half full"),
            }
        }
        (None, Some(above)) => {
            let so_far = format!("A connect() {does} {} (median)", up_to(above));
            if figures.seen[0] {
                format!("{so_far} from half full on")
            } else {
                format!("{so_far}: always half full or more")
            }
        }
        (None, None) => match refused {
            Some(ports) => format!("A refused connect() {does} {ports} (median)"),
            None => "Too few connects to say what one costs".into(),
        },
    }
}

/// The names at the right: of each line its last value is where it ends.
fn labels(figures: &Figures, tables: &RunTables) -> Vec<EndLabel> {
    let last = figures.percents().last();
    let at = |q: f64| last.map(|(_, costs)| log10(costs.quantile(q)));
    let mut labels = Vec::new();
    if !figures.refused.bins.is_empty() {
        let value = log10(figures.refused.quantile(0.5));
        labels.push(EndLabel { value, text: "refused".into(), kind: LABEL.color(VERMILLION) });
    }
    if let (Some(median), Some(high)) = (at(0.5), at(0.99)) {
        labels.push(EndLabel { value: high, text: "99 %".into(), kind: LABEL });
        labels.push(EndLabel { value: median, text: "median".into(), kind: LABEL.color(BLUE) });
    }
    if let Some(ports) = one_lane(tables, |host| host.allocator == "random") {
        let value = log10(by_draws(ports, 0.995 * ports));
        labels.push(EndLabel { value, text: "mean, formula".into(), kind: SMALL.color(PURPLE_TEXT) });
    }
    labels
}

/// The usable ports of a lane, when every host has as many and looks for them in such an order.
fn one_lane(tables: &RunTables, order: impl Fn(&HostMeta) -> bool) -> Option<f64> {
    let hosts = &tables.meta.scenario.hosts;
    let first = hosts.first()?;
    let alike = hosts.iter().all(|host| order(host) && host.lane_ports == first.lane_ports);
    alike.then(|| f64::from(first.lane_ports))
}

/// Draws until a free port is found, each uniform over `ports` of which `busy` are taken: the mean of the geometric law
/// (`reference/theory.md` 6.1).
fn by_draws(ports: f64, busy: f64) -> f64 {
    ports / (ports - busy).max(1.0)
}

fn draw_cloud(canvas: &mut Canvas, frame: &Frame, figures: &Figures) {
    for (percent, costs) in figures.percents() {
        let all = costs.attempts();
        for bin in &costs.bins {
            // From light to middle grey; a root, for a tenth of the connects should still be seen.
            let level = 232.0 - 90.0 * (bin.attempts / all).sqrt();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 142 and 232")]
            let level = level as u8;
            let area = Box2 {
                left: frame.x(percent),
                top: frame.y(log10(bin.to.max(bin.from) + 1.0)).max(frame.plot.top),
                right: frame.x(percent + 1.0),
                bottom: frame.y(log10(bin.from)),
            };
            canvas.rect(area, Color(level, level, level));
        }
    }
}

fn draw_line(canvas: &mut Canvas, frame: &Frame, figures: &Figures, q: f64, (color, width): (Color, f64)) {
    let few = figures.percents().count() <= DOTS_MAX;
    for stretch in figures.stretches() {
        let at = |(percent, costs): &(f64, &Costs)| frame.at(percent + 0.5, log10(costs.quantile(q)));
        let points: Vec<Point> = stretch.iter().map(at).collect();
        canvas.line(&points, solid(color, width));
        // A line of one point would not be seen.
        for (x, y) in points.iter().filter(|_| few || points.len() == 1) {
            let half = width + 1.0;
            canvas.rect(Box2 { left: x - half, top: y - half, right: x + half, bottom: y + half }, color);
        }
    }
}

/// Where Linux has used up the ports of the parity that it tries first: so it is in a range that fills, and not later,
/// when both parities have been in use.
fn draw_cliff(canvas: &mut Canvas, frame: &Frame, figures: &Figures, tables: &RunTables) {
    let Some(ports) = one_lane(tables, HostMeta::is_parity_first) else { return };
    let (below, above) = (figures.between(40..50), figures.between(50..60));
    let falls = below.attempts() > 0.0 && above.quantile(0.5) > 0.4 * ports && below.quantile(0.5) < 0.1 * ports;
    if !falls {
        return;
    }
    let x = frame.x(50.0);
    canvas.line(&[(x, frame.plot.top), (x, frame.plot.bottom)], dotted(GREY_TEXT));
    let odd = tables.meta.scenario.hosts[0].first_port % 2 == 1;
    let first = if odd { "odd" } else { "even" };
    let half = words::count((ports / 2.0).ceil() + 1.0);
    let kind = LABEL.align(Align::Right);
    canvas.text((x - 10.0, frame.plot.top + 18.0), &format!("the cliff: 1 \u{2192} {half} probes"), kind);
    let why = format!("{first} ports, tried first, are used up");
    canvas.text((x - 10.0, frame.plot.top + 38.0), &why, SMALL.align(Align::Right));
}

fn draw_closed_form(canvas: &mut Canvas, frame: &Frame, tables: &RunTables) {
    let Some(ports) = one_lane(tables, |host| host.allocator == "random") else { return };
    let busy = (0..200).map(|step| f64::from(step) / 200.0);
    let points: Vec<Point> = busy.map(|busy| frame.at(100.0 * busy, log10(by_draws(ports, busy * ports)))).collect();
    for piece in clipped_path(&points, frame.plot) {
        canvas.line(&piece, dashed(PURPLE, 2.0));
    }
}

/// A refused attempt has looked at every port that it may: a mark where it was, at the right end when all were busy.
fn draw_refused(canvas: &mut Canvas, frame: &Frame, figures: &Figures) {
    for (bin, percent) in figures.refused.bins.iter().zip(&figures.refused_at) {
        let (x, y) = frame.at(*percent, log10(bin.middle()));
        canvas.rect(Box2 { left: x - 7.0, top: y - 3.0, right: x + 1.0, bottom: y + 3.0 }, VERMILLION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(bins: &[(f64, f64, f64)]) -> Costs {
        Costs { bins: bins.iter().map(|&(from, to, attempts)| Bin { from, to, attempts }).collect() }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn quantiles_count_attempts() {
        let costs = costs(&[(100.0, 100.0, 2.0), (1.0, 1.0, 97.0), (40.0, 90.0, 1.0)]);
        assert_eq!([0.5, 0.97, 0.98, 0.99].map(|q| costs.quantile(q)), [1.0, 1.0, 60.0, 100.0]);
        assert_eq!(Costs::default().quantile(0.5), 1.0);
    }

    fn figures(step: f64) -> Figures {
        Figures { connects: vec![Costs::default(); 100], most: 1.0, step, ..Figures::default() }
    }

    #[test]
    fn the_title_is_the_finding() {
        let mut figures = figures(1.0);
        let at = |probes: f64| costs(&[(probes, probes, 50.0)]);
        assert_eq!(title(&figures, true), "No connection was opened");
        assert_eq!(title(&figures, false), "Too few connects to say what one costs");
        (figures.connects[3], figures.seen[0]) = (at(1.0), true);
        assert_eq!(title(&figures, false), "A connect() looks at 1 port (median): never half full");
        figures.seen[1] = true;
        assert!(title(&figures, false).ends_with("up to half full; too few connects above"));
        // The medians fall again when the range is nearly full.
        (figures.connects[52], figures.connects[97]) = (at(14_117.0), at(14.0));
        assert_eq!(
            title(&figures, false),
            "From half full on a connect() looks at up to about 14,000 ports, before at 1 (medians)"
        );
        figures.time = CpuTime::through((1.0, 31e-6), (14_117.0, 0.003_207_1));
        assert_eq!(
            title(&figures, false),
            "From half full on a connect() takes up to 3.2 ms for about 14,000 ports, before 31 us (medians)"
        );
        figures.connects[3] = Costs::default();
        assert!(title(&figures, false).ends_with("ports (median) from half full on"));
        figures.seen[0] = false;
        assert!(title(&figures, false).ends_with("(median): always half full or more"));
    }

    #[test]
    fn the_title_knows_what_is_the_same_everywhere_and_what_was_refused() {
        let mut figures = figures(1.0);
        figures.connects[3] = costs(&[(1.0, 1.0, 50.0)]);
        figures.refused = costs(&[(2.0, 2.0, 50.0)]);
        assert_eq!(
            title(&figures, false),
            "A connect() looks at 1 port (median) up to half full, a refused one at 2 ports"
        );
        figures.connects[99] = figures.connects[3].clone();
        assert_eq!(title(&figures, false), "A connect() looks at 1 port (median), below half full and above");
        figures.connects = vec![Costs::default(); 100];
        assert_eq!(title(&figures, false), "A refused connect() looks at 2 ports (median)");
    }

    #[test]
    fn what_a_port_costs_is_read_off_the_table() {
        let mut table = Table::new(&["probes_min", "probes_max", "cost_min_s", "cost_max_s"]);
        assert_eq!(time(&table), None);
        table.push([10.0, 12.0, 1.9e-6, 2.1e-6].map(Cell::Number));
        let of_one_row = time(&table).unwrap();
        assert!((of_one_row.seconds(1.0) - 1e-6).abs() < 1e-12 && (of_one_row.further - 1e-7).abs() < 1e-12);
        table.push([1.0, 1.0, 1e-6, 1e-6].map(Cell::Number));
        assert!((time(&table).unwrap().seconds(101.0) - 1.1e-5).abs() < 1e-12);
        // What cannot be is not shown.
        table.push([500.0, 500.0, -1.0, -1.0].map(Cell::Number));
        assert_eq!(time(&table), None);
    }

    #[test]
    fn no_line_is_drawn_where_nobody_was() {
        let stretches = |step| {
            let mut figures = figures(step);
            for percent in [20, 21, 22, 25, 99] {
                figures.connects[percent] = costs(&[(1.0, 1.0, 50.0)]);
            }
            figures.stretches().iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(stretches(1.0), [3, 1, 1]);
        // Of thirty ports each is more than three per cent.
        assert_eq!(stretches(100.0 / 30.0), [4, 1]);
    }
}
