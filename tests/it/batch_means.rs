//! One long run makes intervals by its batches: are they those that independent runs make, and is it said when they
//! cannot be had or trusted? `cargo bench --bench slow_tier -- coverage` is the thorough look.

use crate::command::{assert_screen, dryport};
use crate::support::{Draft, Runs, exponential, lognormal, poisson};
use dryport::experiment::{BATCH_MEANS, Experiment, LongRun, OfferedLoad, are_batches_correlated, estimate};
use dryport::metrics::{METRICS, Measures, Method, Metric};
use dryport::stats::Interval;
use dryport::theory::{erlang_b, mean_occupancy};
use std::fs;

/// Ten ports and five erlangs, for so many mean port holds of a second.
fn five_erlangs(holds: u32, replications: u32) -> Draft {
    Draft {
        duration: format!("{holds}s"),
        warm_up: "auto".to_owned(),
        replications,
        ports: 10,
        arrivals: poisson(5.0),
        lifetime: exponential(1.0),
        ..Draft::default()
    }
}

fn found(draft: &Draft, experiment: &Experiment, name: &str) -> (Interval, &'static str) {
    let offered = OfferedLoad::of(&draft.scenario(), experiment);
    let metric = Metric::named(name).expect("one of the metrics");
    (estimate(experiment, &offered, 0, metric, 0.95).expect("attempts were made"), offered.method(0, metric))
}

fn half_width(found: &Interval) -> f64 {
    0.5 * (found.high.expect("an interval") - found.low.expect("an interval"))
}

#[test]
fn batches_make_the_interval_that_independent_runs_make() {
    const HOLDS: u32 = 12_000;
    let (one, many) = (five_erlangs(HOLDS, 1), five_erlangs(HOLDS / 30, 30));
    let (long, short) = (one.run(), many.run());
    let truths = [("refused_ratio", erlang_b(10, 5.0)), ("busy_ports_mean", mean_occupancy(10, 5.0))];
    for (name, truth) in truths {
        let [(by_batches, method), (by_runs, _)] = [found(&one, &long, name), found(&many, &short, name)];
        assert_eq!(method, BATCH_MEANS);
        assert!(
            (by_batches.low.unwrap()..=by_batches.high.unwrap()).contains(&truth),
            "{name}: {by_batches:?}, {truth}"
        );
        // Each standard deviation of 30 is off by 13 %: the quotient by less than 1.6 in 99 of 100.
        let quotient = half_width(&by_batches) / half_width(&by_runs);
        assert!((1.0 / 1.6..1.6).contains(&quotient), "{name}: {quotient}");
    }
    // reference/theory.md 10: 8,463 holds make it 10 % of the ratio. Student's quantile is 2.045 here, 1.960 there.
    let told = half_width(&found(&one, &long, "refused_ratio").0) / erlang_b(10, 5.0);
    let expected = 0.1 * (8_463.0 / f64::from(HOLDS)).sqrt() * 2.045 / 1.960;
    assert!((1.0 / 1.4..1.4).contains(&(told / expected)), "{told}, {expected}");
}

#[test]
fn batches_ride_along_and_add_up() {
    let (one, two) = (five_erlangs(611, 1).run(), five_erlangs(611, 2).run());
    let (outcome, whole) = (&one.outcomes[0], &one.outcomes[0].measures[0]);
    assert_eq!(whole, &two.outcomes[0].measures[0], "the first of two runs, which nobody cuts");
    assert!(two.outcomes.iter().all(|outcome| outcome.batches.is_empty()));
    assert_eq!(outcome.batches.len(), 30);
    let sum = |of: fn(&Measures) -> i128| outcome.batches.iter().map(|batch| of(&batch[0])).sum::<i128>();
    let counts: [fn(&Measures) -> i128; 9] = [
        |all| all.duration.as_nanos().into(),
        |all| all.requests.into(),
        |all| all.connects.into(),
        |all| all.refused.into(),
        |all| all.full.as_nanos().into(),
        |all| all.busy,
        |all| all.established,
        |all| all.reuses.into(),
        |all| all.probes.into(),
    ];
    assert!(whole.refused > 0 && counts.into_iter().all(|of| sum(of) == of(whole)), "{whole:?}");
    let lengths = outcome.batches.iter().map(|batch| batch[0].duration.as_nanos());
    let (shortest, longest) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
    assert!(longest - shortest <= 1);
}

#[test]
fn means_and_ratios_get_an_interval_and_nothing_else_does() {
    let draft = five_erlangs(400, 1);
    let experiment = draft.run();
    for metric in METRICS {
        let (interval, method) = found(&draft, &experiment, metric.name);
        let by_batches = matches!(metric.method, Method::Mean(_) | Method::Ratio(..));
        assert_eq!(method == BATCH_MEANS, by_batches, "{}", metric.name);
        let is_share = matches!(metric.method, Method::Share(_));
        assert_eq!(interval.low.is_some(), by_batches || is_share, "{}: {interval:?}", metric.name);
        if let (true, Some(value)) = (by_batches, metric.value(&experiment.outcomes[0].measures[0])) {
            assert!((interval.estimate - value).abs() < 1e-9, "{}: that of the whole window", metric.name);
        }
    }
}

#[test]
fn far_above_the_ceiling_busy_ports_tell_batch_by_batch() {
    let draft = Draft { arrivals: poisson(20.0), warm_up: "60s".to_owned(), ..five_erlangs(600, 1) };
    let (interval, method) = found(&draft, &draft.run(), "refused_ratio");
    assert_eq!(method, "indirect batch means");
    let truth = erlang_b(10, 20.0);
    assert!((interval.low.unwrap()..=interval.high.unwrap()).contains(&truth), "{interval:?}, {truth}");
}

/// Lifetimes so unlike that a batch of 20 mean ones is short for the longest.
fn heavy_tailed() -> Draft {
    Draft { ports: 1_000, arrivals: poisson(20.0), lifetime: lognormal(1.0, 2.5), seed: 1, ..five_erlangs(600, 1) }
}

#[test]
fn batches_that_are_alike_are_found() {
    for (draft, expected) in [(heavy_tailed(), true), (five_erlangs(600, 1), false)] {
        let (scenario, experiment) = (draft.scenario(), draft.run());
        let correlated = are_batches_correlated(&experiment, &OfferedLoad::of(&scenario, &experiment));
        assert_eq!(correlated, expected);
    }
}

#[test]
fn only_one_run_in_steady_state_is_cut() {
    let cut = |draft: &Draft| LongRun::of(&draft.scenario());
    let base = five_erlangs(400, 1);
    assert_eq!(cut(&base), Some(LongRun { batches: Some(20), cycle_s: 1.0 }));
    assert_eq!(cut(&five_erlangs(399, 1)), Some(LongRun { batches: None, cycle_s: 1.0 }));
    assert_eq!(cut(&five_erlangs(400, 2)), None);
    assert_eq!(cut(&Draft { warm_up: "0s".to_owned(), ..base.clone() }), None);
    let arrivals = "{ trace = { file = \"t.csv\" } }".to_owned();
    assert_eq!(cut(&Draft { arrivals, trace: "time_s\n1\n".to_owned(), ..base }), None);
}

/// What `dryport run` says of a draft, as golden file `run-NAME.txt`.
fn screen(name: &str, draft: &Draft, more: &[&str]) -> String {
    let home = tempfile::tempdir().expect("a folder can be made");
    fs::write(home.path().join("s.toml"), draft.text()).expect("the folder is ours");
    let ended = dryport(home.path(), &[&["run", "s.toml"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_screen(&format!("run-{name}"), &ended.out);
    ended.out
}

#[test]
fn the_summary_says_where_intervals_are_from_and_what_they_are_worth() {
    let long = screen("batch-means", &five_erlangs(600, 1), &[]);
    assert!(
        long.contains("simulated (95 % CI, 30 batches)") && long.contains("30 batches of 20 s, no correlation"),
        "{long}"
    );
    assert!(long.contains("2.17 refusals a batch are few") && long.contains("replications = 20"), "{long}");
    let short = screen("batches-too-short", &five_erlangs(100, 1), &[]);
    assert!(short.contains("duration = \"400s\"") && short.contains("simulated (1 run)"), "{short}");
    let alike = screen("batches-correlated", &heavy_tailed(), &[]);
    assert!(alike.contains("correlated") && alike.contains("duration = \"2400s\""), "{alike}");
}
