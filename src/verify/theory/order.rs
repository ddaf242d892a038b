//! In which order ports are taken: the two halves of Linux (`linux_parity`), the exact chain on eight ports
//! (`alloc_chain`), how long a port rests (`reuse`).

use super::{of_all, row};
use crate::metrics::Measures;
use crate::sim::Interrupted;
use crate::theory::Parity;
use crate::theory::cases::Case;
use crate::verify::draft::{Draft, exponential, poisson, seconds};
use crate::verify::{Bench, Check, Finding, Sampled};

/// The checks of this family.
pub const CHECKS: &[Check] = &[
    row("P30", "Linux's halves", halves),
    row("P32", "random, 8 ports", eight_ports),
    row("P33", "random start", eight_ports),
    row("P34", "sequential", eight_ports),
    row("P35", "Linux, 8 ports", eight_ports),
    row("P37", "rest of a port", rest),
];

/// A row of model `linux_parity`.
pub fn parity(case: &Case) -> Draft {
    let (hold, wait) = (case.get("mean_hold"), case.get("timewait"));
    Draft {
        duration: seconds(200.0 * (hold + wait)),
        warm_up: seconds(20.0 * (hold + wait)),
        replications: 30,
        ports: case.count("N"),
        allocator: "linux-connect".to_owned(),
        arrivals: poisson(case.get("lambda")),
        lifetime: exponential(hold),
        time_wait: seconds(wait),
        ..Draft::default()
    }
}

/// A row of model `alloc_chain`. Time runs ten thousand times as fast as in the table, so that Linux's new salt every ten
/// seconds, which the chain knows nothing of, comes once in 400,000 requests.
pub fn chain(case: &Case) -> Draft {
    let hold = 1e-4;
    let allocator = match case.word("allocator") {
        "randstart" => "random-start",
        "linux" => "linux-connect",
        other => other,
    };
    Draft {
        duration: seconds(8_000.0 * hold),
        warm_up: seconds(100.0 * hold),
        replications: 40,
        ports: case.count("N"),
        allocator: allocator.to_owned(),
        arrivals: poisson(case.get("lambda") / hold),
        lifetime: exponential(case.get("mean_hold") * hold),
        ..Draft::default()
    }
}

/// A row of model `reuse` under any order that treats all ports alike.
pub fn reuse(case: &Case, allocator: &str) -> Draft {
    Draft {
        duration: "2000s".to_owned(),
        warm_up: "100s".to_owned(),
        replications: 40,
        ports: case.count("N"),
        allocator: allocator.to_owned(),
        arrivals: poisson(case.get("lambda")),
        lifetime: exponential(case.get("mean_hold")),
        ..Draft::default()
    }
}

/// The times between a port's release and its next use, and how many there were.
pub fn rests(measures: &Measures) -> (f64, f64) {
    (measures.idle as f64 / 1e9, measures.reuses as f64)
}

fn halves(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&parity(&case).scenario())?;
    let load = case.get("lambda") * (case.get("mean_hold") + case.get("timewait"));
    let second = case.expected("second_half_fraction");
    let of_connects = second / (1.0 - case.expected("blocking"));
    Ok(vec![
        Finding::formula(second, Parity::of(case.count("N"), load).second_half_fraction),
        of_all("2nd half", &experiment, "second_parity_ratio", of_connects),
    ])
}

fn eight_ports(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&chain(&case).scenario())?;
    Ok(vec![
        of_all("probes", &experiment, "probes_mean", case.expected("mean_probes")),
        of_all("odd ports", &experiment, "second_parity_ratio", case.expected("odd_fraction")),
        of_all("refused", &experiment, "refused_ratio", case.expected("blocking")),
    ])
}

fn rest(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&reuse(&case, "random").scenario())?;
    let rests: Vec<_> = experiment.of_scope(0).map(rests).collect();
    Ok(vec![Finding::sampled("seconds", case.expected("mean_idle_before_reuse"), Sampled::ratio(&rests))])
}
