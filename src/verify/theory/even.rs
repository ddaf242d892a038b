//! Evenly spaced arrivals, which do not see time averages (`det_arrivals`), or repeat exactly (`det_det`).

use super::{of_all, row};
use crate::metrics::Metric;
use crate::sim::Interrupted;
use crate::theory::cases::Case;
use crate::theory::{Evenly, even_odds, gim_congestion};
use crate::verify::draft::{Draft, constant, every_ms, exponential, seconds};
use crate::verify::{Bench, Check, Finding};

/// The checks of this family.
pub const CHECKS: &[Check] = &[
    row("P09", "even arrivals", exponential_holds),
    row("P10", "even, 50 ports", exponential_holds),
    row("P11", "all constant", equal_holds),
    row("P12", "constant, a tie", equal_holds),
];

/// A row of model `det_arrivals`.
pub fn with_exponential_holds(case: &Case) -> Draft {
    let gap = case.get("interarrival");
    Draft {
        // Whole gaps, so that every window looks alike.
        duration: seconds(40_000.0 * gap),
        warm_up: seconds(1_000.0 * gap),
        replications: 40,
        ports: case.count("N"),
        arrivals: every_ms(if gap > 0.05 { 100 } else { 20 }),
        lifetime: exponential(case.get("mean_hold")),
        ..Draft::default()
    }
}

/// A row of model `det_det` on so many ports: twenty times its pattern.
pub fn with_equal_holds(case: &Case, ports: u32) -> Draft {
    let gap = case.get("interarrival");
    Draft {
        duration: seconds(20.0 * case.expected("cycle_arrivals") * gap),
        ports,
        time_wait: seconds(case.get("timewait")),
        arrivals: every_ms(if gap > 1.9 { 2_000 } else { 1_500 }),
        lifetime: constant(case.get("mean_hold")),
        ..Draft::default()
    }
}

/// The same row for the formula, in nanoseconds.
pub fn evenly(case: &Case) -> Evenly {
    Evenly { gap: nanos(case.get("interarrival")), hold: nanos(case.get("mean_hold") + case.get("timewait")) }
}

/// Seconds of the table in nanoseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers of the table")]
pub fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9 + 0.5) as u64
}

fn exponential_holds(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&with_exponential_holds(&case).scenario())?;
    let load = case.get("mean_hold") / case.get("interarrival");
    let call = case.expected("call_congestion");
    Ok(vec![
        Finding::formula(call, gim_congestion(case.count("N"), load, even_odds(load)).call),
        of_all("refused", &experiment, "refused_ratio", call),
        of_all("time full", &experiment, "full_time_ratio", case.expected("time_congestion")),
    ])
}

fn equal_holds(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let ports = case.count("N");
    let draft = with_equal_holds(&case, ports);
    let warm = Draft { warm_up: seconds(3.0 * case.expected("cycle_arrivals") * case.get("interarrival")), ..draft };
    let experiment = bench.run(&warm.scenario())?;
    let refused = Metric::named("refused_ratio").zip(experiment.of_scope(0).next());
    let refused = refused.and_then(|(metric, measures)| metric.value(measures));
    let expected = case.expected("call_congestion");
    Ok(vec![
        Finding::formula(expected, evenly(&case).refused_ratio(ports)),
        Finding::exact("refused", expected, refused),
    ])
}
