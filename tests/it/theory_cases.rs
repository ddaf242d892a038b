//! The simulator against exact theory: every row of `tests/data/theory.csv` whose model is built, steady state first.
//!
//! Independent replications, all with fixed seeds; |z| < 4 or exact. What starts empty is in [`super::theory_transient`].

use crate::support::cases::Case;
use crate::support::{Draft, Runs, judge, poisson};
use dryport::experiment::Experiment;
use dryport::port::AllocatorKind;
use dryport::theory::{erlang_b, mean_occupancy};
use dryport::verify::theory::early_reuse::{self, STRETCH};
use dryport::verify::theory::erlang::{self, Effort, Law};
use dryport::verify::theory::{even, lanes};

/// Runs a row of model `mgcc` under each law, each with another allocator, and judges every figure that dryport has.
fn mgcc(id: &str, effort: Effort, laws: &[Law]) {
    let case = Case::of("mgcc").into_iter().find(|case| case.id == id).expect("a row");
    let (hold, wait) = (case.get("mean_hold"), case.get("timewait"));
    for (seed, (law, allocator)) in (60_327..).zip(laws.iter().zip(AllocatorKind::ALL.iter().cycle())) {
        // Other requests for each law, so that they are as many witnesses.
        let allocator = allocator.name().to_owned();
        let draft = Draft { seed, allocator, ..erlang::scenario(&case, *law, effort) };
        let label = format!("{id} {law:?}");
        let experiment = draft.run();
        let blocking = case.expected("blocking");
        let carried = case.get("lambda") * (1.0 - blocking);
        let waits = law.time_wait(wait);
        let is = |name: &str, expected: f64| judge::metric(&label, &experiment, "all", name, expected);
        is("refused_ratio", blocking);
        // Poisson arrivals see time averages.
        is("full_time_ratio", blocking);
        is("busy_ports_mean", case.expected("mean_occupancy"));
        is("connects_per_s", carried);
        // Little's law splits the occupancy.
        is("established_ports_mean", carried * (hold + wait - waits));
        if waits > 0.0 {
            is("time_wait_ports_mean", carried * waits);
        }
        utilisation_and_variance(&label, &case, &experiment);
    }
}

/// From the rows of the time series, which are samples of the steady state.
fn utilisation_and_variance(label: &str, case: &Case, experiment: &Experiment) {
    let (ports, mean) = (case.get("N"), case.expected("mean_occupancy"));
    let over_rows = |of: &dyn Fn(f64) -> f64| -> Vec<f64> {
        let average = |rows: &[dryport::metrics::SampleRow]| {
            rows.iter().map(|row| of(f64::from(row.busy))).sum::<f64>() / rows.len() as f64
        };
        experiment.outcomes.iter().map(|outcome| average(&outcome.series[0])).collect()
    };
    judge::mean(&label, "utilisation", case.expected("utilisation"), &over_rows(&|busy| busy / ports));
    let squares = over_rows(&|busy| (busy - mean) * (busy - mean));
    judge::mean(&label, "var_occupancy", case.expected("var_occupancy"), &squares);
}

/// All laws, where the load is below the ports or there is no TIME-WAIT.
const ALL_LAWS: [Law; 4] = [Law::Exponential, Law::Constant, Law::Uniform, Law::Lognormal];

#[test]
fn erlang_b_on_one_port() {
    mgcc("P01", Effort { warm_up: 50.0, holds: 5_000.0, replications: 40 }, &ALL_LAWS);
}

#[test]
fn erlang_b_on_ten_ports() {
    mgcc("P02", Effort { warm_up: 50.0, holds: 2_000.0, replications: 40 }, &ALL_LAWS);
}

#[test]
fn erlang_b_on_a_hundred_ports_with_time_wait() {
    let effort = Effort { warm_up: 20.0, holds: 200.0, replications: 40 };
    mgcc("P03", effort, &[Law::Exponential, Law::Constant, Law::Uniform, Law::Lognormal, Law::WholeUniform]);
}

/// Load above the ports: with a constant TIME-WAIT the start echoes, so a thousand holds are thrown away and whole
/// holds are measured; without one the start is soon forgotten.
#[test]
fn erlang_b_in_overload() {
    let whole = Effort { warm_up: 20.0, holds: 200.0, replications: 20 };
    mgcc("P04", whole, &[Law::WholeExponential, Law::WholeUniform, Law::WholeLognormal]);
    let echo = Effort { warm_up: 1_000.0, holds: 300.0, replications: 12 };
    mgcc("P04", echo, &[Law::Exponential, Law::Constant]);
}

#[test]
fn erlang_b_on_the_default_range() {
    let effort = Effort { warm_up: 10.0, holds: 10.0, replications: 20 };
    mgcc("P05", effort, &[Law::Exponential, Law::WholeUniform]);
}

#[test]
fn erlang_b_on_the_dynamic_range_in_overload() {
    let effort = Effort { warm_up: 10.0, holds: 10.0, replications: 16 };
    mgcc("P06", effort, &[Law::WholeExponential, Law::WholeUniform]);
}

/// A TIME-WAIT that `connect()` may take over keeps its port for the delay alone. All times are a thousand times those of
/// the row, so that the millisecond in which the kernel counts is next to nothing.
#[test]
fn early_reuse_is_erlang_b_with_the_delay_for_a_time_wait() {
    let [case] = Case::of("tw_reuse").try_into().expect("one row");
    let stretched = |name: &str| STRETCH * case.get(name);
    let (hold, delay) = (stretched("mean_hold"), stretched("tw_reuse_delay"));
    for allocator in ["linux-connect", "random"] {
        let draft = Draft { allocator: allocator.to_owned(), ..early_reuse::scenario(&case) };
        let experiment = draft.run();
        let label = format!("{} {allocator}", case.id);
        let is = |name: &str, expected: f64| judge::metric(&label, &experiment, "all", name, expected);
        is("refused_ratio", case.expected("blocking"));
        is("busy_ports_mean", case.expected("mean_occupancy"));
        // Little's law: what is left of the wait may be taken over, and nearly always is.
        let carried = case.get("lambda") / STRETCH * (1.0 - case.expected("blocking"));
        is("time_wait_ports_mean", carried * delay);
        is("established_ports_mean", carried * hold);
    }
}

/// Evenly spaced arrivals do not see time averages: call and time congestion differ.
#[test]
fn evenly_spaced_arrivals_with_exponential_holds() {
    for case in Case::of("det_arrivals") {
        let draft = even::with_exponential_holds(&case);
        let experiment = draft.run();
        let is = |name: &str, of: &str| judge::metric(&case.id, &experiment, "all", name, case.expected(of));
        is("refused_ratio", "call_congestion");
        is("busy_ports_mean", "mean_occupancy");
        is("full_time_ratio", "time_congestion");
    }
}

/// Zipf weights: a pool for each destination under `4-tuple`, one for all under `address-port`.
#[test]
fn destinations_have_pools_of_their_own() {
    let [case] = Case::of("destinations").try_into().expect("one row");
    let (hold, wait, rate) = (case.get("mean_hold"), case.get("timewait"), case.get("lambda"));
    let (ports, count) = (case.count("N"), case.count("destinations"));
    // Zipf with exponent 1.
    assert!((case.get("zipf_s") - 1.0).abs() < 1e-12);
    let shares = lanes::zipf(count);
    let draft = lanes::destinations(&case);
    let experiment = draft.run();
    judge::metric(&case.id, &experiment, "all", "refused_ratio", case.expected("overall_blocking"));
    judge::metric(&case.id, &experiment, "destination:d0", "refused_ratio", case.expected("first_blocking"));
    for (index, share) in shares.iter().enumerate() {
        let (scope, load) = (format!("destination:d{index}"), rate * share * (hold + wait));
        judge::metric(&case.id, &experiment, &scope, "busy_ports_mean", mean_occupancy(ports, load));
        let measures: Vec<_> = experiment.of_scope(judge::scope_of(&experiment, &scope)).collect();
        let attempts: u64 = measures.iter().map(|m| m.attempts()).sum();
        let refused: u64 = measures.iter().map(|m| m.refused).sum();
        if index > 0 {
            let expected = attempts as f64 * erlang_b(ports, load);
            judge::rare(&case.id, &scope, expected, refused);
        }
    }
    // 183 erlangs on 100 ports.
    let experiment = lanes::one_pool(&case).run();
    for name in ["refused_ratio", "full_time_ratio"] {
        judge::metric(&case.id, &experiment, "all", name, case.expected("bind0_shared_blocking"));
    }
}

/// Four source addresses: dealt in turn (each sees Erlang-4 arrivals), at random, or whichever has a port.
#[test]
fn source_addresses_are_taken_in_turn_or_at_random_or_as_they_are_free() {
    let [case] = Case::of("round_robin_ips").try_into().expect("one row");
    let addresses = case.count("source_ips");
    let load = case.get("lambda") * case.get("mean_hold");
    for (rule, blocking) in [
        ("round-robin", case.expected("call_congestion")),
        ("random", case.expected("random_ip_blocking")),
        ("first-free", case.expected("any_free_ip_blocking")),
    ] {
        let draft = lanes::addresses(&case, rule);
        let experiment = draft.run();
        let label = format!("{} {rule}", case.id);
        let is = |name: &str, expected: f64| judge::metric(&label, &experiment, "all", name, expected);
        is("refused_ratio", blocking);
        is("busy_ports_mean", load * (1.0 - blocking));
        match rule {
            "round-robin" => is("busy_ports_mean", f64::from(addresses) * case.expected("mean_occupancy")),
            // Independent pools: at least one is full.
            "random" => is("full_time_ratio", 1.0 - numeric_power(1.0 - blocking, addresses)),
            _ => {}
        }
    }
}

fn numeric_power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

/// Many destinations with several endpoints each, spread at random: independent pools of equal load.
#[test]
fn endpoints_share_the_load_at_random() {
    for uniqueness in ["4-tuple", "port-destination"] {
        let draft = Draft {
            duration: "2000s".to_owned(),
            warm_up: "20s".to_owned(),
            replications: 30,
            ports: 8,
            uniqueness: uniqueness.to_owned(),
            destinations: vec![(0.75, 3), (0.25, 1)],
            arrivals: poisson(20.0),
            ..Draft::default()
        };
        let experiment = draft.run();
        let label = format!("endpoints {uniqueness}");
        for scope in ["all", "destination:d0", "destination:d1"] {
            judge::metric(&label, &experiment, scope, "refused_ratio", erlang_b(8, 5.0));
        }
        judge::metric(&label, &experiment, "destination:d0", "busy_ports_mean", 3.0 * mean_occupancy(8, 5.0));
    }
}

/// Pooled requests and static NAT blocks are loss systems like any other.
#[test]
fn pooled_requests_and_static_blocks_are_erlang_b_too() {
    // The whole hold is drawn, since one of the loads is above the ports.
    let loss = |label: &str, ports: u32, rate: f64, hold: f64, blocking: f64| {
        let draft = erlang::uniform_holds(ports, rate, hold + 60.0);
        judge::metric(&label, &draft.run(), "all", "refused_ratio", blocking);
    };
    for case in Case::of("pooling") {
        let (rate, open) = erlang::pooled(&case);
        loss(&case.id, case.count("N"), rate, open, case.expected("blocking"));
    }
    for case in Case::of("nat_static") {
        let (rate, hold) = (case.get("lambda_per_subscriber"), case.get("mean_hold"));
        loss(&case.id, case.count("block_size"), rate, hold, case.expected("block_blocking"));
    }
}
