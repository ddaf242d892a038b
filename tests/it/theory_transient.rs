//! The simulator against exact theory where it starts empty, and where the pattern repeats exactly.

use crate::support::cases::Case;
use crate::support::{Draft, Runs, exponential, judge, poisson, seconds};
use dryport::experiment::Experiment;
use dryport::metrics::{Measures, SampleRow};
use dryport::theory::{Filling, poisson_upper_tail};
use dryport::verify::theory::{even, filling};

fn all(experiment: &Experiment) -> Vec<Measures> {
    experiment.of_scope(0).copied().collect()
}

/// The last row of each replication's time series: the end of the window.
fn last_rows(experiment: &Experiment) -> Vec<SampleRow> {
    experiment.outcomes.iter().map(|outcome| *outcome.series[0].last().expect("a row at the end")).collect()
}

/// Of each L arrivals in a row, the first N are accepted.
#[test]
fn evenly_spaced_arrivals_with_equal_holds_repeat_exactly() {
    for case in Case::of("det_det") {
        let cycle = case.expected_count("cycle_arrivals");
        let period = f64::from(cycle) * case.get("interarrival");
        // One port fewer than P12 needs shows that its tie is exact.
        for ports in [case.count("N"), case.count("N") - 1] {
            let draft = even::with_equal_holds(&case, ports);
            let rows = draft.attempts();
            assert_eq!(rows.len(), 20 * cycle as usize);
            for (row, index) in rows.iter().zip((0..cycle).cycle()) {
                assert_eq!(row.got.is_ok(), index < ports, "{}: {} ports, {row:?}", case.id, ports);
            }
            let experiment = Draft { warm_up: seconds(3.0 * period), ..draft }.run_checked();
            let measures = all(&experiment)[0];
            let evenly = even::evenly(&case);
            assert_eq!(u64::from(cycle), evenly.ports_needed());
            let refused = measures.refused as f64 / measures.attempts() as f64;
            assert!((refused - evenly.refused_ratio(ports)).abs() < 1e-15, "{}", case.id);
            if ports == case.count("N") {
                assert!((refused - case.expected("call_congestion")).abs() < 1e-15, "{}", case.id);
            }
            let accepted = i128::from(20 * ports.min(cycle));
            assert_eq!(measures.busy, accepted * i128::from(evenly.hold), "whole cycles hold whole holds");
            assert_eq!(measures.established, accepted * nanos(&case, "mean_hold"));
        }
    }
}

fn nanos(case: &Case, name: &str) -> i128 {
    i128::from(even::nanos(case.get(name)))
}

/// Nothing is released before the hold is over: the N-th port is taken at an Erlang(N, rate) time.
#[test]
fn filling_an_empty_range() {
    for case in Case::of("transient_const") {
        let (ports, rate, time) = (case.count("N"), case.get("lambda"), case.get("t"));
        let draft = filling::constant_holds(&case);
        let experiment = draft.run();
        let measures = all(&experiment);
        judge::metric(&case.id, &experiment, "all", "exhaustion_probability", case.expected("prob_block_by_t"));
        let full = measures.iter().filter(|m| m.busy_peak == u64::from(ports)).count();
        judge::share(&case.id, "prob_full_by_t", case.expected("prob_full_by_t"), full, measures.len());
        // Once full it stays full: E (t - T_N)+ for an Erlang(N, rate) time T_N of mean N / rate.
        let filling = Filling { ports, rate };
        let mean = case.expected("mean_time_to_Nth_port_if_before_D");
        let expected = time * filling.full_by(time) - mean * filling.refusal_by(time);
        let spells: Vec<f64> = measures.iter().map(|m| m.full.as_secs_f64()).collect();
        judge::mean(&case.id, "full time", expected, &spells);
        let first: Vec<f64> =
            measures.iter().map(|m| m.first_refusal.map_or(0.0, |at| time - at.as_secs_f64())).collect();
        let later = Filling { ports: ports + 1, rate };
        let expected = time * later.full_by(time) - later.mean_time_to_full() * later.refusal_by(time);
        judge::mean(&case.id, "time after the first refusal", expected, &first);
    }
}

/// A refusal within L holds of the start is more than N arrivals in some window of one hold: the scan statistic.
#[test]
fn no_refusal_within_a_few_constant_holds() {
    for case in Case::of("scan") {
        let measures = all(&filling::some_holds(&case).run());
        let calm = measures.iter().filter(|m| m.refused == 0).count();
        judge::share(&case.id, "calm", case.expected("prob_no_block_by_LD"), calm, measures.len());
    }
}

/// Exponential holds from empty: the state at an instant, and whether the pool was ever full before.
#[test]
fn filling_with_exponential_holds() {
    let [case] = Case::of("transient_exp").try_into().expect("one row");
    let ports = case.count("N");
    // The series of the first hundred replications are kept, so there are many experiments of a hundred.
    let draft = |seed: u64| Draft { run: "sample = \"1s\"".to_owned(), seed, ..filling::exponential_from_empty(&case) };
    let (mut busy, mut ever) = (Vec::new(), 0);
    for seed in 0..60 {
        let experiment = draft(seed).run();
        ever += all(&experiment).iter().filter(|m| m.busy_peak == u64::from(ports)).count();
        busy.extend(last_rows(&experiment).iter().map(|row| row.busy));
    }
    let full = busy.iter().filter(|now| **now == ports).count();
    judge::share(&case.id, "prob_full_at_t", case.expected("prob_full_at_t"), full, busy.len());
    judge::share(&case.id, "prob_full_by_t", case.expected("prob_full_by_t"), ever, busy.len());
    let busy: Vec<f64> = busy.into_iter().map(f64::from).collect();
    judge::mean(&case.id, "mean_occupancy_at_t", case.expected("mean_occupancy_at_t"), &busy);
}

/// A range that nobody fills: the occupancy is Poisson.
#[test]
fn the_occupancy_of_a_large_range_is_poisson() {
    for case in Case::of("mt_unlimited") {
        let (ports, mean) = (case.count("N"), case.expected("unlimited_mean_occupancy_at_t"));
        let end = case.get("t");
        let mut busy = Vec::new();
        // Rare in the large case: seen, but mostly a check of the mean.
        for seed in 0..if ports > 10_000 { 2 } else { 20 } {
            let draft = Draft {
                duration: seconds(end),
                run: format!("sample = \"{}\"", seconds(end)),
                replications: 100,
                seed,
                ports: 25_000 + ports,
                arrivals: poisson(case.get("lambda")),
                lifetime: exponential(case.get("mean_hold")),
                time_wait: seconds(case.get("timewait")),
                ..Draft::default()
            };
            busy.extend(last_rows(&draft.run()).iter().map(|row| row.busy));
        }
        let least = busy.iter().filter(|now| **now >= ports).count();
        let expected = case.expected("prob_unlimited_occupancy_ge_N_at_t");
        assert!((poisson_upper_tail(ports - 1, mean) / expected - 1.0).abs() < 1e-9);
        judge::share(&case.id, "occupancy at least N", expected, least, busy.len());
        let squares: Vec<f64> = busy.iter().map(|now| (f64::from(*now) - mean) * (f64::from(*now) - mean)).collect();
        judge::mean(&case.id, "variance of the occupancy", mean, &squares);
        let busy: Vec<f64> = busy.into_iter().map(f64::from).collect();
        judge::mean(&case.id, "mean occupancy", mean, &busy);
    }
}
