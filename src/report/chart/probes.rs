//! What a `connect()` costs, by how full the range is: it gets slow long before it fails.

use super::super::{Cell, RunTables, words};
use super::Chart;
use super::axis::{Axis, log10};
use super::canvas::{Align, Box2, Canvas, Color, Point};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings};
use super::theme::{BLACK, BLUE, GREY_TEXT, LABEL, PURPLE, PURPLE_TEXT, SMALL, VERMILLION, dashed, dotted, solid};

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart { name: "probes", summary: "ports looked at per connect(), by how full the range is", draw };

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

/// The figures of the chart.
struct Figures {
    /// By whole per cent of busy ports; those with too few attempts are empty.
    connects: Vec<Costs>,
    refused: Costs,
    most: f64,
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
        let mut figures = Self { connects: vec![Costs::default(); 100], refused: Costs::default(), most: 1.0 };
        for row in table.rows() {
            let number = |column: usize| row[column].number().unwrap_or(0.0);
            let to = number(most).max(number(least)).min(possible.max(number(least)));
            let bin = |attempts| Bin { from: number(least), to, attempts };
            let percent = match &row[busy] {
                Cell::Whole(percent) => usize::try_from(*percent).unwrap_or(100),
                _ => 100,
            };
            if let Some(costs) = figures.connects.get_mut(percent).filter(|_| number(connects) > 0.0) {
                costs.bins.push(bin(number(connects)));
            }
            if number(refused) > 0.0 {
                figures.refused.bins.push(bin(number(refused)));
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
    fn between(&self, percents: std::ops::Range<usize>) -> Costs {
        Costs { bins: self.connects[percents].iter().flat_map(|costs| &costs.bins).copied().collect() }
    }

    /// Occupancies that are drawn.
    fn percents(&self) -> impl Iterator<Item = (f64, &Costs)> {
        (0..).map(f64::from).zip(&self.connects).filter(|(_, costs)| !costs.bins.is_empty())
    }
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let figures = Figures::of(tables);
    let idle = tables.probes.is_empty();
    let empty = figures.percents().next().is_none() && figures.refused.bins.is_empty();
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
    if empty {
        let frame = Frame::draw(canvas, tables, &headings, (&x, &y), 0.0);
        frame.axes(canvas, &x);
        let why = if idle { "no connection was opened" } else { "fewer than 20 attempts at every occupancy" };
        frame.empty(canvas, why);
        return;
    }
    let labels = labels(&figures, tables);
    let frame = Frame::draw(canvas, tables, &headings, (&x, &y), end_labels::width(&labels));
    draw_cloud(canvas, &frame, &figures);
    draw_cliff(canvas, &frame, &figures, tables);
    draw_closed_form(canvas, &frame, tables);
    for (q, color, width) in [(0.99, BLACK, 1.5), (0.5, BLUE, 3.0)] {
        draw_line(canvas, &frame, &figures, q, (color, width));
    }
    frame.axes(canvas, &x);
    draw_refused(canvas, &frame, &figures);
    end_labels::draw(canvas, &frame, labels);
}

fn title(figures: &Figures, idle: bool) -> String {
    let (below, above) = (figures.between(0..50), figures.between(50..100));
    // Bins are up to an eighth wide: two digits are what they tell.
    let median = |costs: &Costs| words::about(costs.quantile(0.5));
    let ports = |text: String| if text == "1" { "1 port".into() } else { format!("{text} ports") };
    match (below.attempts() > 0.0, above.attempts() > 0.0) {
        _ if idle => "No connection was opened".into(),
        (true, true) => {
            let (below, above) = (ports(median(&below)), median(&above));
            format!("A connect() looks at {below} up to half full, at {above} above (medians)")
        }
        (true, false) => format!("A connect() looks at {} (median): never half full", ports(median(&below))),
        (false, true) => format!("A connect() looks at {} (median): more than half full", ports(median(&above))),
        (false, false) if !figures.refused.bins.is_empty() => {
            format!("A refused connect() looks at {} (median)", ports(median(&figures.refused)))
        }
        (false, false) => "Too few connects to say what one costs".into(),
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
    if let Some(ports) = one_lane(tables, "random") {
        let value = log10(by_draws(ports, 0.995 * ports));
        labels.push(EndLabel { value, text: "mean, formula".into(), kind: SMALL.color(PURPLE_TEXT) });
    }
    labels
}

/// The usable ports of a lane, when every host has as many and looks for them in this order.
fn one_lane(tables: &RunTables, allocator: &str) -> Option<f64> {
    let hosts = &tables.meta.scenario.hosts;
    let first = hosts.first()?;
    let alike = hosts.iter().all(|host| host.allocator == allocator && host.lane_ports == first.lane_ports);
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
    let points: Vec<Point> =
        figures.percents().map(|(percent, costs)| frame.at(percent + 0.5, log10(costs.quantile(q)))).collect();
    canvas.line(&points, solid(color, width));
    if points.len() <= DOTS_MAX {
        for (x, y) in points {
            let half = width + 1.0;
            canvas.rect(Box2 { left: x - half, top: y - half, right: x + half, bottom: y + half }, color);
        }
    }
}

/// Where Linux has used up the ports of the parity that it tries first: so it is in a range that fills, and not later,
/// when both parities have been in use.
fn draw_cliff(canvas: &mut Canvas, frame: &Frame, figures: &Figures, tables: &RunTables) {
    let Some(ports) = one_lane(tables, "linux-connect") else { return };
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
    let Some(ports) = one_lane(tables, "random") else { return };
    let busy = (0..200).map(|step| f64::from(step) / 200.0);
    let points: Vec<Point> = busy.map(|busy| frame.at(100.0 * busy, log10(by_draws(ports, busy * ports)))).collect();
    canvas.line(&points, dashed(PURPLE, 2.0));
}

/// A refused attempt has looked at every port: a mark at the right end.
fn draw_refused(canvas: &mut Canvas, frame: &Frame, figures: &Figures) {
    for bin in &figures.refused.bins {
        let (x, y) = frame.at(100.0, log10(bin.middle()));
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

    #[test]
    fn the_title_is_the_finding() {
        let mut figures = Figures { connects: vec![Costs::default(); 100], refused: Costs::default(), most: 1.0 };
        assert_eq!(title(&figures, true), "No connection was opened");
        assert_eq!(title(&figures, false), "Too few connects to say what one costs");
        figures.connects[3] = costs(&[(1.0, 1.0, 50.0)]);
        assert_eq!(title(&figures, false), "A connect() looks at 1 port (median): never half full");
        figures.connects[97] = costs(&[(14_117.0, 14_117.0, 50.0)]);
        assert_eq!(
            title(&figures, false),
            "A connect() looks at 1 port up to half full, at about 14,000 above (medians)"
        );
    }
}
