//! Is what was simulated what theory says? By z, from independent replications; never by a tolerance.
//!
//! Each comparison prints a line `theory: case, figure, expected, simulated, z`: `cargo test -- --nocapture theory:`.

use dryport::experiment::Experiment;
use dryport::theory::poisson_upper_tail;
use dryport::verify::Sampled;
use dryport::verify::finding::Z_MAX;
use std::fmt::Display;

/// Asserts |z| < 4: of about 250 outputs (`reference/theory.md` 9: a false alarm in 1.6 % of all suites).
#[expect(clippy::print_stdout, reason = "a table to read, shown on request only")]
fn judge(case: &dyn Display, figure: &str, expected: f64, found: Option<Sampled>) {
    let found = found.unwrap_or_else(|| panic!("{case}: {figure} has no standard error"));
    let (estimate, z) = (found.estimate, found.deviations(expected));
    println!("theory: {case}, {figure}, {expected:.6e}, {estimate:.6e}, {z:+.2}");
    assert!(z.abs() < Z_MAX, "{case} {figure}: {estimate}, not {expected}; z = {z:.2}");
}

/// Asserts that independent values have this mean.
pub(crate) fn mean(case: &dyn Display, figure: &str, expected: f64, values: &[f64]) {
    judge(case, figure, expected, Sampled::mean(values));
}

/// Asserts that sums of independent pairs have this ratio.
pub(crate) fn ratio(case: &dyn Display, figure: &str, expected: f64, pairs: &[(f64, f64)]) {
    judge(case, figure, expected, Sampled::ratio(pairs));
}

/// Asserts that `hits` of `trials` independent trials fit a probability.
pub(crate) fn share(case: &dyn Display, figure: &str, expected: f64, hits: usize, trials: usize) {
    judge(case, figure, expected, Some(Sampled::share(expected, hits, trials)));
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
    judge(case, name, expected, Sampled::metric(experiment, scope, name, expected));
}

/// The number of a scope, from its name in the CSVs.
pub(crate) fn scope_of(experiment: &Experiment, name: &str) -> usize {
    dryport::verify::sampled::scope_of(experiment, name).unwrap_or_else(|| panic!("no scope {name}"))
}
