//! Is what was simulated what theory says? By z, from independent replications; never by a tolerance.
//!
//! Each comparison prints a line `theory: case, figure, expected, simulated, z`: `cargo test -- --nocapture theory:`.

use dryport::experiment::Experiment;
use dryport::metrics::{Measures, Method, Metric};
use dryport::theory::poisson_upper_tail;
use std::fmt::Display;

/// The limit of |z| for one of about 250 outputs (`reference/theory.md` 9: a false alarm in 1.6 % of all suites).
const LIMIT: f64 = 4.0;

/// Asserts |z| < 4.
#[expect(clippy::print_stdout, reason = "a table to read, shown on request only")]
fn judge(case: &dyn Display, figure: &str, expected: f64, found: (f64, f64)) {
    let (estimate, error) = found;
    let z = (estimate - expected) / error;
    println!("theory: {case}, {figure}, {expected:.6e}, {estimate:.6e}, {z:+.2}");
    assert!(z.abs() < LIMIT, "{case} {figure}: {estimate}, not {expected}; z = {z:.2}");
}

/// Asserts that independent values have this mean.
pub(crate) fn mean(case: &dyn Display, figure: &str, expected: f64, values: &[f64]) {
    let n = values.len() as f64;
    assert!(n >= 10.0, "{case}: a standard error of {n} values");
    let average = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - average) * (value - average)).sum();
    judge(case, figure, expected, (average, (squares / (n - 1.0) / n).sqrt()));
}

/// Asserts that sums of independent pairs have this ratio; the variance is linearised (`reference/theory.md` 9).
pub(crate) fn ratio(case: &dyn Display, figure: &str, expected: f64, pairs: &[(f64, f64)]) {
    let n = pairs.len() as f64;
    assert!(n >= 10.0, "{case}: a standard error of {n} pairs");
    let (part, whole) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let quotient = part / whole;
    let squares: f64 = pairs.iter().map(|(x, y)| (x - quotient * y) * (x - quotient * y)).sum();
    judge(case, figure, expected, (quotient, (squares / (n - 1.0) * n).sqrt() / whole));
}

/// Asserts that `hits` of `trials` independent trials fit a probability.
pub(crate) fn share(case: &dyn Display, figure: &str, expected: f64, hits: usize, trials: usize) {
    let trials = trials as f64;
    judge(case, figure, expected, (hits as f64 / trials, (expected * (1.0 - expected) / trials).sqrt()));
}

/// Asserts that so few events fit an expected number of them, both tails, by the Poisson law: z is of no use there.
pub(crate) fn rare(case: &dyn Display, figure: &str, expected: f64, events: u64) {
    let events = u32::try_from(events).expect("few events");
    let upper = if events == 0 { 1.0 } else { poisson_upper_tail(events - 1, expected) };
    let lower = 1.0 - poisson_upper_tail(events, expected);
    // The two tails that |z| < 4 cuts off.
    assert!(upper > 3.2e-5 && lower > 3.2e-5, "{case} {figure}: {events} events, not {expected}");
}

/// Asserts that a metric of a scope, in each replication alike distributed, has this expectation.
pub(crate) fn metric(case: &dyn Display, experiment: &Experiment, scope: &str, name: &str, expected: f64) {
    let scope = scope_of(experiment, scope);
    let measures: Vec<Measures> = experiment.of_scope(scope).copied().collect();
    match Metric::named(name).expect("a metric").method {
        Method::Mean(of) => {
            let values: Vec<f64> = measures.iter().filter_map(of).collect();
            mean(case, name, expected, &values);
        }
        Method::Ratio(part, whole) => {
            let pairs: Vec<(f64, f64)> = measures.iter().map(|m| (part(m), whole(m))).collect();
            ratio(case, name, expected, &pairs);
        }
        Method::Share(holds) => {
            share(case, name, expected, measures.iter().filter(|m| holds(m)).count(), measures.len());
        }
        _ => panic!("{name} has no expectation"),
    }
}

/// The number of a scope, from its name in the CSVs.
pub(crate) fn scope_of(experiment: &Experiment, name: &str) -> usize {
    let scopes = &experiment.topology.scopes;
    scopes.iter().position(|scope| scope.to_string() == name).unwrap_or_else(|| panic!("no scope {name}"))
}
