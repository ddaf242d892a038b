//! Several pools at once: destinations with Zipf weights (`destinations`), source addresses (`round_robin_ips`).

use super::{of_all, row};
use crate::sim::Interrupted;
use crate::theory::cases::Case;
use crate::theory::{erlang_b, erlang_odds, gim_congestion};
use crate::verify::draft::{Draft, exponential, poisson, seconds};
use crate::verify::{Bench, Check, Finding, Sampled};

/// The checks of this family.
pub const CHECKS: &[Check] =
    &[row("P13", "4 addresses", several_addresses), row("P29", "5 destinations", several_destinations)];

/// The shares of so many destinations by Zipf's law with exponent 1.
pub fn zipf(count: u32) -> Vec<f64> {
    let total: f64 = (1..=count).map(|k| 1.0 / f64::from(k)).sum();
    (1..=count).map(|k| 1.0 / f64::from(k) / total).collect()
}

/// A row of model `destinations`: a pool for each.
pub fn destinations(case: &Case) -> Draft {
    let (hold, wait) = (case.get("mean_hold"), case.get("timewait"));
    Draft {
        duration: seconds(300.0 * (hold + wait)),
        warm_up: seconds(20.0 * (hold + wait)),
        replications: 40,
        ports: case.count("N"),
        allocator: "linux-connect".to_owned(),
        destinations: zipf(case.count("destinations")).into_iter().map(|share| (share, 1)).collect(),
        arrivals: poisson(case.get("lambda")),
        lifetime: exponential(hold),
        time_wait: seconds(wait),
        ..Draft::default()
    }
}

/// The same row with one pool for all. It is in overload: exponential holds forget the start.
pub fn one_pool(case: &Case) -> Draft {
    Draft {
        uniqueness: "address-port".to_owned(),
        lifetime: exponential(case.get("mean_hold") + case.get("timewait")),
        time_wait: seconds(0.0),
        ..destinations(case)
    }
}

/// A row of model `round_robin_ips`, the addresses taken by this rule.
pub fn addresses(case: &Case, rule: &str) -> Draft {
    Draft {
        duration: "1000s".to_owned(),
        warm_up: "30s".to_owned(),
        replications: 40,
        ports: case.count("N"),
        allocator: "random-start".to_owned(),
        host: format!("addresses = {}", case.count("source_ips")),
        arrivals: poisson(case.get("lambda")),
        lifetime: exponential(case.get("mean_hold")),
        client: format!("source = \"{rule}\""),
        ..Draft::default()
    }
}

/// Dealt in turn, each address sees Erlang arrivals.
fn several_addresses(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let (ports, sources) = (case.count("N"), case.count("source_ips"));
    let each = case.get("lambda") * case.get("mean_hold") / f64::from(sources);
    let in_turn = case.expected("call_congestion");
    let formula = gim_congestion(ports, each, erlang_odds(sources, each)).call;
    let mut findings = vec![Finding::formula(in_turn, formula)];
    for (figure, rule, expected) in [
        ("in turn", "round-robin", in_turn),
        ("random", "random", case.expected("random_ip_blocking")),
        ("first free", "first-free", case.expected("any_free_ip_blocking")),
    ] {
        let experiment = bench.run(&addresses(&case, rule).scenario())?;
        findings.push(of_all(figure, &experiment, "refused_ratio", expected));
    }
    Ok(findings)
}

fn several_destinations(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let load = case.get("lambda") * (case.get("mean_hold") + case.get("timewait"));
    let (first, shared) = (case.expected("first_blocking"), case.expected("bind0_shared_blocking"));
    let experiment = bench.run(&destinations(&case).scenario())?;
    let one_pool = bench.run(&one_pool(&case).scenario())?;
    let of_first = Sampled::metric(&experiment, "destination:d0", "refused_ratio", first);
    Ok(vec![
        Finding::formula(shared, erlang_b(case.count("N"), load)),
        of_all("refused", &experiment, "refused_ratio", case.expected("overall_blocking")),
        Finding::sampled("first", first, of_first),
        of_all("one pool", &one_pool, "refused_ratio", shared),
    ])
}
