//! What a run says in plain words: the screen of `dryport run`, from the tables and the manifest alone.
//!
//! At most 80 columns of ASCII: a verdict that can be read alone, then facts under labels in a gutter. Every figure is
//! one of the CSV's, rounded; nothing here computes a new one beyond counting runs. To add a label, add a function and
//! a line in [`run_summary`].

use super::page::{Page, solid};
use super::{RunTables, words};

/// What the runs showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every run was refused.
    RunsOut,
    /// Some runs were refused.
    MayRunOut,
    /// No run was refused, which does not mean that none ever is.
    NotSeen,
}

impl Verdict {
    /// Every verdict, the worst first.
    pub const ALL: [Self; 3] = [Self::RunsOut, Self::MayRunOut, Self::NotSeen];

    /// The verdict on a whole scenario.
    pub fn of(tables: &RunTables) -> Self {
        let count = Refusals::of(tables, "all");
        match count.refused {
            0 => Self::NotSeen,
            refused if refused == count.runs => Self::RunsOut,
            _ => Self::MayRunOut,
        }
    }

    /// The word in capitals.
    pub fn word(self) -> &'static str {
        match self {
            Self::RunsOut => "RUNS OUT",
            Self::MayRunOut => "MAY RUN OUT",
            Self::NotSeen => "NOT SEEN",
        }
    }
}

/// The whole text; `folder` is where the files are, as the user wrote it.
pub fn run_summary(tables: &RunTables, folder: &str) -> String {
    let mut page = Page::default();
    let idle = tables.estimate("all", "attempts_total").value == Some(0.0);
    page.label(Verdict::of(tables).word(), &verdict_lines(tables, idle));
    page.gap();
    if !idle {
        page.label("Headroom", &headroom(tables));
        page.label("When", &when(tables));
        page.label("Costs", &costs(tables));
        page.label("Why", &why(tables));
        page.label("Where", &scopes(tables));
    }
    let meta = &tables.meta;
    let folder = solid(&format!("{}/  ", folder.trim_end_matches('/')));
    page.label("Files", &[format!("{folder}{}", meta.files.join(" "))]);
    page.tail(&format!("seed {}, dryport {}", meta.seed, meta.dryport));
    page.text()
}

/// In how many runs a scope was refused, and when.
struct Refusals {
    runs: u64,
    refused: u64,
    /// Sorted.
    times: Vec<f64>,
}

impl Refusals {
    fn of(tables: &RunTables, scope: &str) -> Self {
        let runs = tables.per_run(scope, "first_refusal_s");
        let mut times: Vec<_> = runs.iter().filter_map(|(_, time)| *time).collect();
        times.sort_by(f64::total_cmp);
        Self { runs: runs.len() as u64, refused: times.len() as u64, times }
    }

    fn of_runs(&self) -> String {
        format!("{} of {}", words::count(self.refused as f64), words::plural(self.runs, "run"))
    }
}

fn verdict_lines(tables: &RunTables, idle: bool) -> Vec<String> {
    let count = Refusals::of(tables, "all");
    let (who, each) = (who(tables), solid(&words::seconds(tables.meta.duration_s)));
    let runs = words::plural(count.runs, "run");
    if idle {
        return vec![
            format!("{who}: no connection was opened in {runs} of {each}"),
            "nothing can be said about the risk; look at the arrivals".into(),
        ];
    }
    let first = if count.refused == 0 {
        format!("{who}: no connect refused in {} of {each}", solid(&runs))
    } else {
        format!("{who}: connects refused in {} of {each}", solid(&count.of_runs()))
    };
    let start = match tables.meta.warm_up_s {
        0.0 => "from an empty range".into(),
        warm_up => format!("after {} of warm-up", solid(&words::seconds(warm_up))),
    };
    vec![first, format!("risk {} per {each} {start}", risk(tables, &count))]
}

/// The risk with its interval; none or all of the runs give a bound instead.
fn risk(tables: &RunTables, count: &Refusals) -> String {
    let found = tables.estimate("all", "exhaustion_probability");
    let confidence = words::percent(tables.meta.confidence);
    let (low, high) = found.interval.unwrap_or((0.0, 1.0));
    let three = 3.0 / count.runs as f64;
    // The rule of three speaks of 95 % and of more than three runs.
    let rule = confidence == "95" && three < 1.0;
    match count.refused {
        0 if rule => format!("< {} % (3/{})", words::risk(three), count.runs),
        0 => format!("< {} % ({confidence} % CI, {} only)", words::risk(high), words::plural(count.runs, "run")),
        refused if refused == count.runs && rule => format!("> {} % (1 - 3/{})", words::risk(1.0 - three), count.runs),
        refused if refused == count.runs => {
            format!("> {} % ({confidence} % CI, {} only)", words::risk(low), words::plural(count.runs, "run"))
        }
        refused => {
            let share = found.value.unwrap_or(refused as f64 / count.runs as f64);
            let interval = format!("({confidence} % CI {} to {} %)", words::risk(low), words::risk(high));
            format!("{} % {}", words::risk(share), solid(&interval))
        }
    }
}

/// `checkout -> orders-db`; of several the worst, and how many others share its fate.
fn who(tables: &RunTables) -> String {
    let parties = [party(tables, "client:"), party(tables, "destination:")];
    let known: Vec<_> = parties.into_iter().flatten().collect();
    if known.is_empty() { tables.meta.scenario.name.clone() } else { known.join(" -> ") }
}

fn party(tables: &RunTables, kind: &str) -> Option<String> {
    let ranked = ranked(tables, kind);
    let name = ranked.first()?.strip_prefix(kind)?;
    let others = ranked.len() - 1;
    let hit = ranked.iter().skip(1).filter(|scope| Refusals::of(tables, scope).refused > 0).count();
    let calm = Refusals::of(tables, ranked[0]).refused == 0;
    Some(match (others, hit) {
        (0, _) => name.into(),
        (1, 0) if calm => format!("{name} and 1 other"),
        (_, 0) if calm => format!("{name} and {others} others"),
        (1, 0) => format!("{name} (not the other)"),
        (_, 0) => format!("{name} (none of {others} others)"),
        (1, _) => format!("{name} and 1 other"),
        _ => format!("{name} and {hit} of {others} others"),
    })
}

/// The scopes of a kind, the worst first: most runs refused, most calls refused, fullest; ties as in the tables.
fn ranked<'a>(tables: &'a RunTables, kind: &str) -> Vec<&'a str> {
    let mut ranked: Vec<_> = tables.scopes(kind).into_iter().filter(|scope| *scope != "all").collect();
    let badness = |scope: &str| {
        let figure = |metric| tables.estimate(scope, metric).value.unwrap_or(0.0);
        [Refusals::of(tables, scope).refused as f64, figure("refused_ratio"), fullest(tables, scope).unwrap_or(0.0)]
    };
    ranked.sort_by(|a, b| {
        let pairs = badness(b).into_iter().zip(badness(a));
        pairs.map(|(b, a)| b.total_cmp(&a)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    ranked
}

/// The fullest moment as a share of the ports.
fn fullest(tables: &RunTables, scope: &str) -> Option<f64> {
    let figure = |metric| tables.estimate(scope, metric).value;
    Some(figure("busy_ports_peak")? / figure("capacity_ports").filter(|ports| *ports > 0.0)?)
}

fn when(tables: &RunTables) -> Vec<String> {
    let count = Refusals::of(tables, "all");
    let (Some(first), Some(last)) = (count.times.first(), count.times.last()) else { return Vec::new() };
    let span = |seconds: f64| solid(&words::seconds(seconds));
    let half = match tables.estimate("all", "first_refusal_s").value {
        _ if count.runs < 2 => String::new(),
        Some(median) => format!(", in half of the runs by {}", span(median)),
        None => ", in less than half of the runs at all".into(),
    };
    let mut lines = vec![if count.runs < 2 {
        format!("first refusal after {}", span(*first))
    } else if count.refused == count.runs {
        format!("first refusal between {} and {}{half}", span(*first), span(*last))
    } else {
        format!("first refusal after {} at the earliest{half}", span(*first))
    }];
    if let Some(longest) = tables.estimate("all", "outage_longest_s").value.filter(|longest| *longest > 0.0) {
        lines.push(format!("longest time without a free port {}", span(longest)));
    }
    lines
}

fn costs(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let mut lines = Vec::new();
    let per_run = if tables.meta.replications > 1 { " a run" } else { "" };
    if Refusals::of(tables, "all").refused > 0 {
        let total = figure("refused_total").map(|total| format!(": {}{per_run}", words::figure(total)));
        let calls = format!("of connect() calls refused{{}}{}", total.unwrap_or_default());
        lines.extend(share(tables, "refused_ratio", &calls));
        let full = figure("full_time_ratio").filter(|full| *full > 0.0).map(|full| {
            let seconds = solid(&words::seconds(full * tables.meta.duration_s));
            format!(": {seconds} of {}", solid(&words::seconds(tables.meta.duration_s)))
        });
        if let Some(full) = full {
            let text = share(tables, "full_time_ratio", &format!("of the time{{}}{full}"));
            lines.extend(text.map(|text| format!("range full {text}")));
        }
        lines.extend(lost(tables, per_run));
    }
    if let Some(mean) = figure("probes_mean").filter(|mean| *mean >= 2.0) {
        let p99 = figure("probes_p99").map_or_else(String::new, |p99| format!(" (p99 {})", words::figure(p99)));
        let slow = if mean < 100.0 { "" } else { ": connect() is slow long before it is refused" };
        lines.push(format!("{} ports probed per connect(){p99}{slow}", words::figure(mean)));
    }
    lines
}

/// `0.45 % of … (0.25 to 0.66 %) …`; the interval stands where `what` says `{}`.
fn share(tables: &RunTables, metric: &str, what: &str) -> Option<String> {
    let found = tables.estimate("all", metric);
    let value = found.value?;
    let interval = found.interval.map(|(low, high)| {
        solid(&format!(" ({} to {} %)", words::percent(low.max(0.0)), words::percent(high.min(1.0))))
    });
    let interval = interval.map_or_else(String::new, |text| text.replacen('\u{a0}', " ", 1));
    Some(format!("{} % {}", words::percent(value), what.replace("{}", &interval)))
}

fn lost(tables: &RunTables, per_run: &str) -> Option<String> {
    let lost = tables.estimate("all", "requests_lost_total").value?;
    if lost == 0.0 {
        return Some("no request lost in any run: a retry got through".into());
    }
    let of = tables.estimate("all", "requests_total").value.filter(|total| *total > 0.0);
    let share = of.map_or_else(String::new, |total| format!(", {} % of all", words::percent(lost / total)));
    Some(format!("{} requests lost{per_run}{share}", words::figure(lost)))
}

fn why(tables: &RunTables) -> Vec<String> {
    let found = |metric| tables.estimate("all", metric);
    let Some(ports) = found("capacity_ports").value else { return Vec::new() };
    let wanted = match found("offered_load").value {
        Some(load) if load > ports => format!("{} wanted on average: more than there are", words::figure(load)),
        Some(load) => format!("{} wanted on average (offered load)", words::figure(load)),
        None => "offered load unknown (a trace, or no finite mean)".into(),
    };
    let mut lines = vec![format!("{} ports; {wanted}", words::count(ports))];
    if let (Some(mean), Some(peak)) = (found("busy_ports_mean").value, found("busy_ports_peak").value) {
        lines.push(format!("{} busy on average, {} at the fullest moment", words::figure(mean), words::figure(peak)));
    }
    lines
}

fn headroom(tables: &RunTables) -> Vec<String> {
    let figure = |metric| tables.estimate("all", metric).value;
    let (Some(ports), Some(peak)) = (figure("capacity_ports"), figure("busy_ports_peak")) else { return Vec::new() };
    if Refusals::of(tables, "all").refused > 0 || ports <= 0.0 {
        return Vec::new();
    }
    let left = ports - peak;
    vec![format!(
        "fullest moment of all runs {} of {} ports: {} left {}",
        words::count(peak),
        words::count(ports),
        words::count(left),
        solid(&format!("({} %)", words::percent(left / ports)))
    )]
}

/// The scopes of a kind side by side, when there are several; the worst first.
fn scopes(tables: &RunTables) -> Vec<String> {
    const ROWS: usize = 8;
    let several = ["client:", "destination:", "host:", "nat:"].map(|kind| ranked(tables, kind));
    let ranked: Vec<_> = several.into_iter().filter(|scopes| scopes.len() > 1).flatten().collect();
    if ranked.is_empty() {
        return Vec::new();
    }
    let row = |cells: [&str; 5]| {
        let [scope, refused, first, share, full] = cells;
        solid(&format!("{scope:<24.24} {refused:>10} {first:>13} {share:>8} {full:>8}"))
    };
    let mut lines = vec![row(["", "refused in", "first", "refused", "fullest"])];
    for scope in ranked.iter().take(ROWS) {
        let count = Refusals::of(tables, scope);
        let first = count.times.first().map_or_else(|| "never".into(), |time| words::seconds(*time));
        let percent =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{} %", words::percent(value)));
        let refused = format!("{}/{}", count.refused, count.runs);
        let share = percent(tables.estimate(scope, "refused_ratio").value);
        lines.push(row([scope, &refused, &first, &share, &percent(fullest(tables, scope))]));
    }
    if ranked.len() > ROWS {
        lines.push(format!("and {} more in summary.csv", ranked.len() - ROWS));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::query::PerRun;
    use super::super::{Cell, samples};
    use super::*;

    fn said(tables: &RunTables) -> String {
        run_summary(tables, &format!("output/{}/", tables.meta.scenario.name))
    }

    #[test]
    fn every_sample_says_what_it_should() {
        for ((name, tables), golden) in samples::all().into_iter().zip(GOLDEN) {
            let text = said(&tables);
            assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{name}\n{text}");
            assert_eq!(text, golden.trim_start(), "{name}");
        }
    }

    /// The tables with a second client that is never refused.
    fn with_a_second_client(mut tables: RunTables) -> RunTables {
        let (scope, metric) = (tables.summary.column("scope"), tables.summary.column("metric"));
        let estimate = tables.summary.column("estimate");
        let rows: Vec<Vec<Cell>> = tables.summary.rows().map(<[Cell]>::to_vec).collect();
        for mut row in rows.into_iter().filter(|row| row[scope].text() == "client:checkout") {
            row[scope] = Cell::Text("client:batch".into());
            if ["first_refusal_s", "refused_ratio"].contains(&row[metric].text()) {
                row[estimate] = Cell::Empty;
            }
            tables.summary.push(row);
        }
        let first = |scope| tables.per_run(scope, "first_refusal_s");
        let mut per_run = PerRun::default();
        for (all, checkout) in first("all").into_iter().zip(first("client:checkout")) {
            for (scope, value) in [("all", all.1), ("client:checkout", checkout.1), ("client:batch", None)] {
                per_run.push(all.0, &scope.into(), "first_refusal_s", value);
            }
        }
        tables.per_run = per_run;
        tables
    }

    #[test]
    fn of_several_clients_the_worst_comes_first() {
        let text = said(&with_a_second_client(samples::quickstart()));
        assert!(text.starts_with("MAY RUN OUT  checkout (not the other) -> orders-db: connects"), "{text}");
        let rows: Vec<_> = text.lines().skip_while(|line| !line.starts_with("Where")).take(3).collect();
        assert_eq!(rows.join("\n"), TABLE.trim_matches('\n'));
        assert!(said(&with_a_second_client(samples::calm())).starts_with("NOT SEEN     checkout and 1 other -> "));
    }

    #[test]
    fn one_run_alone_claims_little() {
        let mut tables = samples::quickstart();
        let (run, first) = tables.per_run("all", "first_refusal_s")[4];
        tables.per_run = PerRun::default();
        tables.per_run.push(run, &"all".into(), "first_refusal_s", first);
        tables.meta.replications = 1;
        tables.meta.warm_up_s = 600.0;
        let text = said(&tables);
        assert!(text.contains("connects refused in 1 of 1 run of 10 min"), "{text}");
        assert!(text.contains("(95 % CI, 1 run only) per 10 min after 10 min of\n             warm-up"), "{text}");
        assert!(text.contains("\nWhen         first refusal after 2 min 36 s\n"), "{text}");
    }

    const TABLE: &str = "
Where                                 refused in         first  refused  fullest
             client:checkout               18/20        61.7 s  0.079 %    100 %
             client:batch                   0/20         never             100 %
";

    const GOLDEN: [&str; 6] = [
        "
MAY RUN OUT  checkout -> orders-db: connects refused in 18 of 20 runs of 10 min
             risk 90 % (95 % CI 70 to 97 %) per 10 min from an empty range

When         first refusal after 61.7 s at the earliest, in half of the runs by
             2 min 36 s
Costs        0.079 % of connect() calls refused (0.048 to 0.11 %): 216 a run
             range full 0.12 % of the time (0.081 to 0.17 %): 744 ms of 10 min
             no request lost in any run: a retry got through
             6,856 ports probed per connect() (p99 14,216): connect() is slow
             long before it is refused
Why          28,232 ports; 27,483 wanted on average (offered load)
             26,161 busy on average, 28,232 at the fullest moment
Files        output/quickstart/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
        "
MAY RUN OUT  checkout -> orders-db: connects refused in 6 of 8 runs of 5 min
             risk 75 % (95 % CI 41 to 93 %) per 5 min from an empty range

When         first refusal after 67.8 s at the earliest, in half of the runs by
             114 s
Costs        7.2 % of connect() calls refused (3.4 to 11 %): 5.62 a run
             range full 0.16 % of the time (0.07 to 0.26 %): 492 ms of 5 min
             no request lost in any run: a retry got through
             4 ports probed per connect() (p99 17)
Why          20 ports; 17.5 wanted on average (offered load)
             14.3 busy on average, 20 at the fullest moment
Files        output/tiny/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
        "
RUNS OUT     checkout -> orders-db: connects refused in 3 of 3 runs of 10 d
             risk > 44 % (95 % CI, 3 runs only) per 10 d from an empty range

When         first refusal between 8 h 38 min and 8 h 45 min, in half of the
             runs by 8 h 39 min
Costs        1.5 % of connect() calls refused (1.5 to 1.5 %): 4,666,363 a run
             range full 1.3 % of the time (1.3 to 1.3 %): 3 h 14 min of 10 d
             1,399,909 requests lost a run, 0.46 % of all
             6,856 ports probed per connect() (p99 14,216): connect() is slow
             long before it is refused
Why          28,232 ports; offered load unknown (a trace, or no finite mean)
             22,027 busy on average, 28,232 at the fullest moment
Files        output/huge/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
        "
NOT SEEN     checkout -> orders-db: no connect refused in 20 runs of 10 min
             risk < 15 % (3/20) per 10 min from an empty range

Headroom     fullest moment of all runs 27,163 of 28,232 ports: 1,069 left
             (3.8 %)
Costs        6,856 ports probed per connect() (p99 14,216): connect() is slow
             long before it is refused
Why          28,232 ports; 26,261 wanted on average (offered load)
             24,908 busy on average, 27,163 at the fullest moment
Files        output/quickstart/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
        "
RUNS OUT     checkout -> orders-db: connects refused in 20 of 20 runs of 10 min
             risk > 85 % (1 - 3/20) per 10 min from an empty range

When         first refusal between 55.7 s and 56.9 s, in half of the runs by
             56.3 s
Costs        8.4 % of connect() calls refused (8.3 to 8.5 %): 25,196 a run
             range full 6.9 % of the time (6.8 to 6.9 %): 41.2 s of 10 min
             7,559 requests lost a run, 2.5 % of all
             6,856 ports probed per connect() (p99 14,216): connect() is slow
             long before it is refused
Why          28,232 ports; 30,537 wanted on average: more than there are
             26,497 busy on average, 28,232 at the fullest moment
Files        output/quickstart/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
        "
NOT SEEN     checkout -> orders-db: no connection was opened in 20 runs of
             10 min
             nothing can be said about the risk; look at the arrivals

Files        output/quickstart/  summary.csv timeseries.csv replications.csv
             occupancy.png risk.png manifest.json     seed 60327, dryport 0.1.0
",
    ];
}
