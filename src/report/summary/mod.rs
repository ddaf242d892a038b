//! What a run says in plain words: the screen of `dryport run`, from the tables and the manifest alone.
//!
//! At most 80 columns of ASCII: a verdict that can be read alone, then facts under labels in a gutter. Every figure is
//! one of the CSV's, rounded; nothing here computes a new one beyond counting runs. To add a label, add a file and a
//! line in [`run_summary`].

mod costs;
mod headroom;
mod refusals;
mod scopes;
mod verdict;
mod when;
mod why;

use super::RunTables;
use super::gate::Judged;
use super::page::{Page, solid, solid_brackets};
use costs::costs;
use headroom::headroom;
use scopes::scopes;
use verdict::verdict_lines;
use when::when;
use why::why;

pub use verdict::Verdict;

/// The whole text, with what came of the gates; `folder` is where the files are, as the user wrote it.
pub fn run_summary(tables: &RunTables, gates: &[Judged], folder: &str) -> String {
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
    page.label("Gates", &gates.iter().map(|gate| solid_brackets(&gate.to_string())).collect::<Vec<_>>());
    let meta = &tables.meta;
    let folder = solid(&format!("{}/  ", folder.trim_end_matches('/')));
    page.label("Files", &[format!("{folder}{}", meta.files.join(" "))]);
    page.tail(&format!("seed {}, dryport {}", meta.seed, meta.dryport));
    page.text()
}

#[cfg(test)]
mod tests {
    use super::super::query::PerRun;
    use super::super::{Cell, samples};
    use super::*;

    fn said(tables: &RunTables) -> String {
        run_summary(tables, &[], &format!("output/{}/", tables.meta.scenario.name))
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
