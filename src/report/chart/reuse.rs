//! How soon a port is used again: the share of reuses by the time that the port had rested since its release.

use super::super::{RunTables, Table, words};
use super::axis::{Axis, Scale};
use super::canvas::{Align, Box2, Canvas, Point, Type, text_box, text_width};
use super::end_labels::{self, EndLabel};
use super::frame::{Frame, Headings, clipped_path, passes};
use super::theme::{BLUE, GREY_TEXT, LABEL, PURPLE, PURPLE_TEXT, SMALL, dashed, dotted, solid};
use super::{Caption, Chart};

/// The chart's entry in the registry.
pub(super) const CHART: Chart =
    Chart::always("reuse", "how long ports rest between their release and their next use", draw);

/// The axis is logarithmic when the rests differ by more than this many times.
const LOG_FROM: f64 = 100.0;
/// The shortest rests, so few that they show as nothing, may lie left of a logarithmic axis.
const LEFT_OUT: f64 = 1e-3;
/// No rest is shorter, but none at all.
const NANOSECOND: f64 = 1e-9;
/// What late segments, and peers that keep a TIME-WAIT of their own, make a reuse within it a risk.
const SOON_S: f64 = 1.0;
/// Shares at which [`SOON_S`] is marked: elsewhere the other marks say as much.
const SOON: std::ops::RangeInclusive<f64> = 0.005..=0.95;
/// Connects to ports that were never used before are told from this share on.
const FRESH_FROM: f64 = 0.01;

/// Reuses of ports that rested about as long.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bin {
    from_s: f64,
    to_s: f64,
    reuses: f64,
}

/// The figures of the chart.
#[derive(Clone, Debug, Default)]
struct Figures {
    /// By rising rest.
    bins: Vec<Bin>,
    reuses: f64,
    /// The shortest rest in any run.
    min_s: Option<f64>,
    /// Where the closed form is known: a rest, and the share of reuses with a shorter one.
    closed_form: Vec<(f64, f64)>,
}

impl Figures {
    fn of(tables: &RunTables) -> Self {
        let mut figures = Self::from(&tables.reuse);
        figures.min_s = tables.estimate("all", "reuse_interval_min_s").value.filter(|min_s| *min_s >= 0.0);
        if let (Some(first), Some(min_s)) = (figures.bins.first_mut(), figures.min_s)
            && (first.from_s..first.to_s).contains(&min_s)
        {
            first.from_s = min_s;
        }
        figures
    }

    fn from(table: &Table) -> Self {
        let [from, to, reuses, ratio] =
            ["from_s", "to_s", "reuses", "closed_form_ratio"].map(|name| table.column(name));
        let mut figures = Self::default();
        for row in table.rows() {
            let number = |column: usize| row[column].number().unwrap_or(0.0);
            let bin = Bin { from_s: number(from), to_s: number(to).max(number(from)), reuses: number(reuses) };
            figures.closed_form.extend(row[ratio].number().map(|ratio| (bin.to_s, ratio.clamp(0.0, 1.0))));
            if bin.reuses > 0.0 {
                figures.bins.push(bin);
            }
        }
        figures.bins.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
        figures.closed_form.sort_by(|one, other| one.0.total_cmp(&other.0));
        figures.reuses = figures.bins.iter().map(|bin| bin.reuses).sum();
        figures
    }

    /// Corners of the line: a rest, and the share of reuses with a shorter one.
    fn corners(&self) -> impl Iterator<Item = (f64, f64)> {
        let mut reached = 0.0;
        self.bins.iter().flat_map(move |bin| {
            let before = reached;
            reached += bin.reuses;
            [(bin.from_s, before / self.reuses), (bin.to_s, reached / self.reuses)]
        })
    }

    /// The rest that a share `q` of the reuses does not exceed.
    fn quantile(&self, q: f64) -> f64 {
        let mut before = (0.0, 0.0);
        for corner in self.corners() {
            if corner.1 >= q && corner.1 > before.1 {
                return before.0 + (q - before.1) / (corner.1 - before.1) * (corner.0 - before.0);
            }
            before = corner;
        }
        before.0
    }

    /// The share of reuses with a rest of less than `rest_s`.
    fn share_below(&self, rest_s: f64) -> f64 {
        let of = |bin: &Bin| match rest_s {
            rest_s if rest_s >= bin.to_s => bin.reuses,
            rest_s if rest_s <= bin.from_s => 0.0,
            rest_s => bin.reuses * (rest_s - bin.from_s) / (bin.to_s - bin.from_s),
        };
        self.bins.iter().map(of).sum::<f64>() / self.reuses
    }

    fn longest_s(&self) -> f64 {
        self.bins.iter().map(|bin| bin.to_s).fold(NANOSECOND, f64::max)
    }

    fn scale(&self) -> Scale {
        let wide = self.longest_s() > LOG_FROM * self.quantile(LEFT_OUT);
        if wide && !self.bins.is_empty() { Scale::Log } else { Scale::Linear }
    }

    fn axis(&self) -> Axis {
        let name = "time that a port rested, from its release to its next use";
        if self.bins.is_empty() {
            return Axis::time(name, (0.0, 60.0));
        }
        match self.scale() {
            Scale::Linear => Axis::time(name, (0.0, self.longest_s() * 1.02)),
            Scale::Log => {
                let from_s = self.quantile(LEFT_OUT).max(NANOSECOND) / 1.3;
                Axis::times(&format!("{name}, logarithmic"), (from_s, self.longest_s() * 1.1))
            }
        }
    }
}

fn draw(tables: &RunTables, canvas: &mut Canvas) {
    let figures = Figures::of(tables);
    let idle = tables.estimate("all", "attempts_total").value.unwrap_or(0.0) <= 0.0;
    let headings = Headings { title: title(&figures, idle), note: note(&figures, tables) };
    let (x, y) = (figures.axis(), Axis::shares("ports that had rested no longer, share of all reuses"));
    let closed_form = closed_form(&figures, tables);
    // Where all ports rest alike, the shortest rest says it.
    let shares: &[(f64, &str)] = if figures.bins.len() > 1 { &[(0.5, "half"), (0.99, "99 %")] } else { &[] };
    let within = |q: f64| words::about_seconds(figures.quantile(q));
    let marks: Vec<_> = shares.iter().map(|(q, share)| (*q, format!("{share} within {}", within(*q)))).collect();
    let beside = marks.iter().map(|(_, text)| text_width(text, LABEL)).fold(end_labels::width(&closed_form), f64::max);
    let right = if figures.bins.is_empty() { 0.0 } else { beside + 14.0 };
    let frame = Frame::draw(canvas, &Caption::of(&tables.meta), &headings, (&x, &y), right);
    frame.axes(canvas, &x);
    if figures.bins.is_empty() {
        frame.empty(canvas, if idle { "no connection was opened" } else { "no port was used twice" });
        return;
    }
    let scale = figures.scale();
    let at = |rest_s: f64, share: f64| frame.at(scale.place(rest_s.max(0.1 * NANOSECOND)), share);
    let path = |corners: &mut dyn Iterator<Item = (f64, f64)>| -> Vec<Vec<Point>> {
        let all: Vec<Point> = corners.map(|(rest_s, share)| at(rest_s, share)).collect();
        clipped_path(&all, frame.plot)
    };
    let line = path(&mut figures.corners());
    for piece in &line {
        canvas.line(piece, solid(BLUE, 3.0));
    }
    for piece in path(&mut figures.closed_form.iter().copied()) {
        canvas.line(&piece, dashed(PURPLE, 2.0));
    }
    let mut told = Vec::new();
    for (q, text) in &marks {
        let (x, y) = at(figures.quantile(*q), *q);
        told.push(mark(canvas, (x, y), text, ((x + 14.0, y + 20.0), LABEL)));
    }
    told.extend(figures.min_s.map(|min_s| draw_shortest(canvas, &frame, min_s, (at(min_s, 0.0), &line))));
    draw_soon(canvas, &frame, (figures.share_below(SOON_S), at(SOON_S, figures.share_below(SOON_S))), &told);
    end_labels::draw(canvas, &frame, closed_form, 0.0);
}

/// A dot on the line, and what it says; where that stands.
fn mark(canvas: &mut Canvas, dot: Point, text: &str, (place, kind): (Point, Type)) -> Box2 {
    canvas.disc(dot, 5.0, BLUE);
    canvas.text(place, text, kind)
}

/// Where the line begins; left of it, where there is room, else clear of it.
fn draw_shortest(canvas: &mut Canvas, frame: &Frame, min_s: f64, ((x, y), line): (Point, &[Vec<Point>])) -> Box2 {
    let text = format!("shortest {}", words::seconds(min_s));
    let base = frame.plot.bottom - 12.0;
    if x < frame.plot.left - 1.0 || x > frame.plot.right {
        canvas.text((frame.plot.left + 8.0, base), &text, LABEL.color(GREY_TEXT))
    } else if x - text_width(&text, LABEL) - 22.0 > frame.plot.left {
        mark(canvas, (x, y), &text, ((x - 14.0, base), LABEL.align(Align::Right)))
    } else {
        let crossed = |base: f64| {
            let area = text_box((x + 14.0, base), &text, LABEL);
            line.iter().any(|piece| passes(piece, area))
        };
        // From the foot upwards, until the line has gone by below.
        let mut bases = (0..20).map(|step| base - 20.0 * f64::from(step));
        let base = bases.find(|base| !crossed(*base)).unwrap_or(base);
        mark(canvas, (x, y), &text, ((x + 14.0, base), LABEL))
    }
}

/// How many ports rest less than what is called soon: above the line, unless other words are in the way.
fn draw_soon(canvas: &mut Canvas, frame: &Frame, (share, (x, y)): (f64, Point), others: &[Box2]) {
    let text = format!("{} % within {}", words::percent(share), words::seconds(SOON_S));
    let (left, base) = (x - 14.0 - text_width(&text, LABEL), y - 10.0);
    let is_free = others.iter().all(|other| other.right + 12.0 < left || other.left > x || other.top > base + 8.0);
    if !SOON.contains(&share) || left - 8.0 < frame.plot.left || x > frame.plot.right || !is_free {
        return;
    }
    let crosses = |other: &Box2| (other.left - 4.0..other.right + 4.0).contains(&x) && other.bottom > y;
    if !others.iter().any(crosses) {
        canvas.line(&[(x, y), (x, frame.plot.bottom)], dotted(GREY_TEXT));
    }
    mark(canvas, (x, y), &text, ((x - 14.0, base), LABEL.color(GREY_TEXT).align(Align::Right)));
}

fn title(figures: &Figures, idle: bool) -> String {
    let median = words::about_seconds(figures.quantile(0.5));
    let half = format!("Half of the reused ports had rested {median} or less");
    match (&figures.bins[..], figures.min_s) {
        ([], _) if idle => "No connection was opened".into(),
        ([], _) => "No port was used twice".into(),
        ([bin], _) if bin.reuses <= 1.0 => format!("The only port that was used twice had rested {median}"),
        ([_], Some(min_s)) => format!("Every port rests {} before its next use", words::seconds(min_s)),
        (_, Some(min_s)) if min_s > 0.0 && words::seconds(min_s) == median => {
            format!("Half of the reused ports had rested {median}, the shortest rest, or little more")
        }
        (_, Some(min_s)) if min_s > 0.0 => format!("{half}, none less than {}", words::seconds(min_s)),
        (_, Some(_)) => format!("{half}, some no time at all"),
        (_, None) => half,
    }
}

/// How many reuses there were, of which runs, and what share of the connects is not among them.
fn note(figures: &Figures, tables: &RunTables) -> String {
    if figures.bins.is_empty() {
        return String::new();
    }
    let runs = tables.runs_with_series().len() as f64;
    let of = if runs < tables.meta.replications as f64 {
        format!(" in the first {}", words::count(runs))
    } else {
        String::new()
    };
    let reuses = words::about(figures.reuses);
    let reuses = if reuses == "1" { "1 reuse".into() } else { format!("{reuses} reuses") };
    let connects = runs * tables.estimate("all", "connects_per_s").value.unwrap_or(0.0) * tables.meta.duration_s;
    let fresh = 1.0 - figures.reuses / connects;
    let fresh = if (FRESH_FROM..1.0).contains(&fresh) {
        format!(" \u{b7} {} % of connects got a port never used before", words::percent(fresh))
    } else {
        String::new()
    };
    format!(" \u{b7} {reuses}{of}{fresh}")
}

/// What the dashed line is called, where there is one: not where all ports rest alike.
fn closed_form(figures: &Figures, tables: &RunTables) -> Vec<EndLabel> {
    let Some((_, last)) = figures.closed_form.last().filter(|_| figures.closed_form.len() > 1) else {
        return Vec::new();
    };
    let draws = tables.meta.scenario.hosts.iter().any(|host| host.allocator == "random");
    let law = if draws { "exponential" } else { "Erlang" };
    vec![EndLabel { value: *last, text: format!("formula: {law}"), kind: SMALL.color(PURPLE_TEXT) }]
}

#[cfg(test)]
mod tests {
    use super::super::super::{samples, simulated};
    use super::*;

    fn figures(bins: &[(f64, f64, f64)], min_s: f64) -> Figures {
        let bins: Vec<_> = bins.iter().map(|&(from_s, to_s, reuses)| Bin { from_s, to_s, reuses }).collect();
        let reuses = bins.iter().map(|bin| bin.reuses).sum();
        Figures { bins, reuses, min_s: Some(min_s), closed_form: Vec::new() }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn quantiles_and_shares_go_along_the_line() {
        let figures = figures(&[(1.0, 2.0, 50.0), (4.0, 8.0, 50.0)], 1.0);
        assert_eq!([0.25, 0.5, 0.75, 1.0].map(|q| figures.quantile(q)), [1.5, 2.0, 6.0, 8.0]);
        assert_eq!([0.5, 1.5, 3.0, 6.0, 9.0].map(|rest_s| figures.share_below(rest_s)), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(figures.scale(), Scale::Linear);
    }

    #[test]
    fn the_title_is_the_finding() {
        let of = |bins: &[(f64, f64, f64)], min_s| title(&figures(bins, min_s), false);
        assert_eq!(title(&Figures::default(), true), "No connection was opened");
        assert_eq!(title(&Figures::default(), false), "No port was used twice");
        assert_eq!(of(&[(3.1, 3.3, 1.0)], 3.2), "The only port that was used twice had rested 3.2 s");
        assert_eq!(of(&[(27.9, 28.2, 9e3)], 27.9), "Every port rests 27.9 s before its next use");
        let two = [(0.04, 3.2, 50.0), (4.0, 8.0, 50.0)];
        assert_eq!(of(&two, 0.04), "Half of the reused ports had rested 3.2 s or less, none less than 40 ms");
        assert!(of(&two, 0.0).ends_with("or less, some no time at all"));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let first = |tables: &RunTables| title(&Figures::of(tables), false);
        assert_eq!(first(&samples::idle()), "No port was used twice");
        assert_eq!(first(&simulated::named("few")), "No port was used twice");
    }

    #[test]
    fn the_dashed_line_has_a_name() {
        let mut tables = samples::tiny();
        let mut figures = figures(&[(1.0, 2.0, 50.0)], 1.0);
        let name = |figures: &Figures, tables: &RunTables| closed_form(figures, tables).pop().map(|label| label.text);
        assert_eq!(name(&figures, &tables), None);
        figures.closed_form = vec![(1.0, 0.1)];
        assert_eq!(name(&figures, &tables), None, "a point is no line");
        figures.closed_form.push((2.0, 0.9));
        assert_eq!(name(&figures, &tables).as_deref(), Some("formula: Erlang"));
        tables.meta.scenario.hosts[0].allocator = "random".into();
        assert_eq!(name(&figures, &tables).as_deref(), Some("formula: exponential"));
    }
}
