//! Do intervals have the truth as often as they say? A quick look; `cargo bench --bench slow_tier -- coverage` is the
//! thorough one.

use crate::support::{Draft, Runs, every_ms, exponential, poisson};
use dryport::experiment::{Checks, INDIRECT, OfferedLoad, Settings, estimate, on_threads, replicate_figures};
use dryport::metrics::Metric;
use dryport::theory::{erlang_b, even_odds, gim_congestion, mean_occupancy};
use std::sync::atomic::AtomicBool;

const EXPERIMENTS: u64 = 400;

/// Five runs each, where Student's quantile is far from the normal one: 2.776 against 1.960.
fn draft(seed: u64) -> Draft {
    Draft {
        duration: "60s".to_owned(),
        warm_up: "auto".to_owned(),
        replications: 5,
        seed,
        ports: 5,
        time_wait: "500ms".to_owned(),
        arrivals: poisson(5.0),
        lifetime: exponential(0.5),
        ..Draft::default()
    }
}

#[test]
fn nominal_95_percent_intervals_cover_in_92_to_98_percent() {
    let blocking = erlang_b(5, 5.0);
    let metrics =
        [("refused_ratio", blocking), ("full_time_ratio", blocking), ("busy_ports_mean", mean_occupancy(5, 5.0))];
    let metrics = metrics.map(|(name, truth)| (Metric::named(name).unwrap(), truth));
    // With the interval, and with one that takes the normal quantile instead.
    let mut covered = [[0_u64; 2]; 3];
    let stop = AtomicBool::new(false);
    let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
    on_threads(1, || {
        for seed in 0..EXPERIMENTS {
            let scenario = draft(seed).scenario();
            let experiment = replicate_figures(&scenario, &settings);
            let offered = OfferedLoad::of(&scenario, &experiment);
            for ((metric, truth), [full, narrow]) in metrics.iter().zip(&mut covered) {
                let found = estimate(&experiment, &offered, 0, metric, 0.95).unwrap();
                let (off, half_width) = ((found.estimate - truth).abs(), found.high.unwrap() - found.estimate);
                *full += u64::from(off <= half_width);
                *narrow += u64::from(off <= half_width * 1.960 / 2.776);
            }
        }
    });
    for ((metric, _), [full, narrow]) in metrics.iter().zip(covered) {
        let [full, narrow] = [full, narrow].map(|count| count as f64 / EXPERIMENTS as f64);
        assert!((0.92..=0.98).contains(&full), "{}: {full}", metric.name);
        assert!(narrow < 0.92, "{}: the test would not see a wrong quantile: {narrow}", metric.name);
    }
}

/// Far above the ceiling busy ports tell the share refused: it is right by theory, and the interval is narrower than
/// that of the count, which is what a request lost is where nobody tries again.
#[test]
fn busy_ports_tell_the_share_refused_in_overload() {
    let base = Draft {
        duration: "60s".to_owned(),
        warm_up: "auto".to_owned(),
        replications: 20,
        ports: 20,
        arrivals: poisson(40.0),
        lifetime: exponential(1.0),
        ..Draft::default()
    };
    let waits = Draft { time_wait: "500ms".to_owned(), lifetime: exponential(0.5), ..base.clone() };
    let even = Draft { arrivals: every_ms(25), ..base };
    let of_even = gim_congestion(20, 40.0, even_odds(40.0)).call;
    for (draft, truth) in [(waits, erlang_b(20, 40.0)), (even, of_even)] {
        let scenario = draft.scenario();
        let experiment = draft.run();
        let offered = OfferedLoad::of(&scenario, &experiment);
        let [told, counted] = ["refused_ratio", "requests_lost_ratio"].map(|name| {
            let metric = Metric::named(name).unwrap();
            let found = estimate(&experiment, &offered, 0, metric, 0.95).unwrap();
            (offered.method(0, metric), found.estimate, found.high.unwrap() - found.estimate)
        });
        assert_eq!((told.0, counted.0), (INDIRECT, "ratio"));
        // Half an interval of 20 runs is 2.093 standard errors.
        assert!((told.1 - truth).abs() < 4.0 * told.2 / 2.093, "{told:?}, {truth}");
        assert!((counted.1 - truth).abs() < 4.0 * counted.2 / 2.093, "{counted:?}, {truth}");
        assert!(told.2 < 0.7 * counted.2, "{told:?}, {counted:?}");
    }
}
