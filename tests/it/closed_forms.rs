//! Closed forms beside simulations: what the summary says of them, and that the settings it offers keep their promise.

use crate::command::{assert_screen, dryport, root};
use crate::support::{Draft, experiment, poisson};
use dryport::experiment::Checks;
use dryport::forecast::{Forecast, Lanes, TARGET_RISK};
use dryport::port::PortRange;
use std::path::Path;

/// The summary of the quickstart with some keys changed.
fn summary(sets: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let scenario = root().join("scenarios/quickstart.toml");
    let mut arguments = vec!["run", scenario.to_str().expect("a name in UTF-8")];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    let ended = dryport(home.path(), &arguments);
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out
}

/// The lines under some labels.
fn under(screen: &str, labels: &[&str]) -> String {
    let mut shown = false;
    let mut text = String::new();
    for line in screen.lines().skip(3) {
        if !line.starts_with(' ') {
            shown = labels.iter().any(|label| line.starts_with(label));
        }
        if shown {
            text.extend([line, "\n"]);
        }
    }
    text
}

#[test]
fn the_summary_says_why_what_to_change_and_whether_to_believe_it() {
    let labels = ["How sure", "Headroom", "Why", "Change", "Check"];
    let few = "run.replications=6";
    let exact = ["host.gateway.time_wait=60s", "client.checkout.arrivals.poisson.rate=469/s"];
    for (name, sets) in [
        ("closed-forms-may-run-out", &[][..]),
        ("closed-forms-runs-out", &[few, "client.checkout.arrivals.poisson.rate=500/s"]),
        ("closed-forms-not-seen", &[few, "client.checkout.arrivals.poisson.rate=430/s"]),
        ("closed-forms-retries", &[few, exact[0], exact[1]]),
        ("closed-forms-from-empty", &[few, exact[0], exact[1], "client.checkout.retry={ attempts = 1 }"]),
        ("closed-forms-lanes", &[few, "host.gateway.addresses=3", "client.checkout.arrivals.poisson.rate=1400/s"]),
        ("closed-forms-none", &[few, "host.gateway.addresses=3", "client.checkout.source=round-robin"]),
    ] {
        assert_screen(name, &under(&summary(sets), &labels));
    }
}

/// Reasons are those that apply, limits are not rounded to nothing, alerts go by what asks for ports.
#[test]
fn the_summary_of_an_odd_load_says_what_is_true() {
    let small = [
        "run.replications=200",
        "host.gateway.port_range=1000-1099",
        "host.gateway.time_wait=60s",
        "client.checkout.retry={ attempts = 1 }",
        "client.checkout.lifetime={ exponential = { mean = \"30s\" } }",
        "client.checkout.arrivals.poisson.rate=1.2/s",
    ];
    let one = ["host.gateway.port_range=5-5", "client.checkout.arrivals.poisson.rate=0.001/s"];
    let fast = ["run.replications=2", "client.checkout.arrivals.poisson.rate=1000/s"];
    let long = ["run.replications=2", "client.checkout.lifetime={ exponential = { mean = \"1d\" } }"];
    let calm = ["client.checkout.arrivals.poisson.rate=1/h"];
    for (sets, said, never) in [
        (&small[..], &["leaves out that the runs start with an empty range. Trust"][..], &["batches", "retries"][..]),
        (&[&small[..], &["run.warm_up=10m"]].concat(), &["refused ratio"], &["empty range. Trust"]),
        (
            &one,
            &["at most 1.3e-4/s (now", "1 port; 0.0621 wanted", "1 spare Assumed"],
            &["deviations", "0/s", "1 ports"],
        ),
        (&fast, &["come back as retries", "none helps: 1,000/s is above the safe 444/s already"], &["471"]),
        (&long, &["86461.03 s = 0.3265/s is all that gets through in the long run"], &["fill"]),
        (&calm, &["alert at 13,78", "is safe too"], &["lasts 10 min"]),
    ] {
        let text = summary(sets);
        let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = said.iter().all(|text| told.contains(text)) && !never.iter().any(|text| told.contains(text));
        assert!(is_said, "{sets:?}\n{text}");
    }
}

/// A small pool at a load that is refused in most runs.
fn crowded(time_wait: &str) -> Draft {
    Draft {
        duration: "600s".to_owned(),
        replications: 1_000,
        ports: 200,
        time_wait: time_wait.to_owned(),
        arrivals: poisson(3.0),
        lifetime: "{ exponential = { mean = \"2s\" } }".to_owned(),
        ..Draft::default()
    }
}

fn forecast(draft: &Draft) -> Forecast {
    Forecast::of(&draft.scenario(), TARGET_RISK).unwrap()
}

/// In how many of its runs someone is refused.
fn refused(draft: &Draft) -> usize {
    experiment(&draft.scenario(), 2, Checks::Off).of_scope(0).filter(|run| run.refused > 0).count()
}

/// Rates and lifetimes as Change would have them, in text.
fn rated(draft: &Draft, lanes: &Lanes) -> Draft {
    let lifetime = format!("{{ exponential = {{ mean = \"{:.6}s\" }} }}", lanes.lifetime_s);
    Draft { arrivals: format!("{{ poisson = {{ rate = \"{:.6}/s\" }} }}", lanes.rate_per_s), lifetime, ..draft.clone() }
}

/// Each setting alone takes a risk that is near 1 to 1 % or less: of 1,000 runs, 29 or more would be refused with a
/// probability below 1e-6 (binomial) if the risk were 1 %. One step less is not proven to be enough.
#[test]
fn every_setting_that_is_offered_keeps_the_risk() {
    for time_wait in ["{ timer_wheel = { wait = \"60s\", hz = 250 } }", "60s"] {
        let now = crowded(time_wait);
        let found = forecast(&now);
        let runs = refused(&now);
        assert!(runs > 500 && found.lanes.risk_at_most() > 0.5, "{time_wait}: {runs}");
        let ports = found.lanes.safe_ports(TARGET_RISK).unwrap();
        assert_eq!(found.safe_range(), PortRange::new(10_000, u16::try_from(9_999 + ports).unwrap()));
        let requests = found.lanes.safe_requests(TARGET_RISK).unwrap();
        let rate_per_s = found.lanes.safe_rate(TARGET_RISK);
        let (addresses, endpoints) = (found.safe_addresses().unwrap(), found.safe_endpoints().unwrap());
        let settings = [
            ("rate", rated(&now, &Lanes { rate_per_s, ..found.lanes })),
            ("ports", Draft { ports, ..now.clone() }),
            ("requests", rated(&now, &found.lanes.keeping(requests))),
            ("addresses", Draft { host: format!("addresses = {addresses}"), ..now.clone() }),
            ("endpoints", Draft { destinations: vec![(1.0, endpoints)], ..now.clone() }),
        ];
        for (name, setting) in settings {
            let (runs, bound) = (refused(&setting), forecast(&setting).lanes.risk_at_most());
            assert!(bound <= TARGET_RISK * (1.0 + 1e-4), "{time_wait}: {name} promises {bound}");
            assert!(runs < 29, "{time_wait}: {name} was refused in {runs} of 1,000 runs");
        }
        let less = [
            rated(&now, &Lanes { rate_per_s: rate_per_s * 1.001, ..found.lanes }),
            Draft { ports: ports - 1, ..now.clone() },
            rated(&now, &found.lanes.keeping(requests - 1)),
            Draft { host: format!("addresses = {}", addresses - 1), ..now.clone() },
            Draft { destinations: vec![(1.0, endpoints - 1)], ..now.clone() },
        ];
        for (index, setting) in less.iter().enumerate() {
            assert!(forecast(setting).lanes.risk_at_most() > TARGET_RISK, "{time_wait}: one step less, {index}");
        }
    }
}

/// The bound holds at any load, and so does the lower one; after a warm-up too.
#[test]
fn the_risk_lies_between_its_bounds() {
    for time_wait in ["{ timer_wheel = { wait = \"60s\", hz = 250 } }", "60s", "0s"] {
        for (rate, warm_up) in [(2.3, "0s"), (2.5, "0s"), (2.5, "300s"), (3.0, "0s"), (6.0, "0s"), (98.0, "10s")] {
            let draft =
                Draft { arrivals: poisson(rate), warm_up: warm_up.to_owned(), replications: 300, ..crowded(time_wait) };
            let lanes = forecast(&draft).lanes;
            let (runs, most, least) = (refused(&draft) as f64 / 300.0, lanes.risk_at_most(), lanes.risk_at_least());
            // Four standard errors, and room for one run.
            let room = |p: f64| 4.0 * (p * (1.0 - p) / 300.0).sqrt() + 1.0 / 300.0;
            assert!(
                runs <= most + room(most) && runs >= least - room(least),
                "{time_wait} {rate}: {least} {runs} {most}"
            );
            assert!(least <= most);
        }
    }
}

/// What the summary tells is in the CSV, under the same name as in `calc --json`.
#[test]
fn calc_and_run_tell_the_same_figures() {
    let home = tempfile::tempdir().unwrap();
    let load = ["calc", "--rate", "9/s", "--lifetime", "2s", "--range", "40000-40499"];
    let document = dryport(Path::new("."), &[&load[..], &["--json"]].concat()).out;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let scenario = dryport(Path::new("."), &[&load[..], &["--scenario"]].concat()).out;
    std::fs::write(home.path().join("s.toml"), scenario).unwrap();
    let ended = dryport(home.path(), &["run", "s.toml", "--set", "run.replications=1"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let text = std::fs::read_to_string(home.path().join("output/s/summary.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let figures = document["figures"].as_object().unwrap();
    for (name, value) in figures {
        let row = rows.iter().find(|row| &row[3] == name).unwrap_or_else(|| panic!("no row {name}"));
        match (row[5].parse::<f64>(), value.as_f64()) {
            // The reader of JSON may err by a last bit.
            (Ok(written), Some(told)) => assert!((written - told).abs() <= 1e-15 * told.abs(), "{name}"),
            (written, told) => assert!(written.is_err() && told.is_none(), "{name}"),
        }
        assert!(row[10].starts_with("closed form: ") || &row[10] == "scenario", "{name}: {}", &row[10]);
    }
    assert!(figures.len() > 15);
}
