//! Ranges that start empty: constant holds (`transient_const`, `scan`) and exponential ones (`transient_exp`).

use super::{of_all, row};
use crate::experiment::Experiment;
use crate::sim::Interrupted;
use crate::theory::Filling;
use crate::theory::cases::Case;
use crate::verify::draft::{Draft, constant, exponential, poisson, seconds};
use crate::verify::{Bench, Check, Finding, Sampled};

/// The checks of this family.
pub const CHECKS: &[Check] = &[
    row("P21", "fill and drain", exponential_holds),
    row("P22", "fill 100 ports", before_the_first_release),
    row("P23", "fill 28,232", before_the_first_release),
    row("P24", "two holds", a_few_holds),
    row("P25", "three holds", a_few_holds),
];

/// A row of model `transient_const`: nothing is released before the end.
pub fn constant_holds(case: &Case) -> Draft {
    let ports = case.count("N");
    Draft {
        duration: seconds(case.get("t")),
        replications: if ports > 1_000 { 400 } else { 10_000 },
        ports,
        allocator: "linux-connect".to_owned(),
        time_wait: seconds(case.get("timewait")),
        arrivals: poisson(case.get("lambda")),
        lifetime: constant(case.get("mean_hold")),
        ..Draft::default()
    }
}

/// A row of model `scan`: a refusal within some holds of the start is more than N arrivals in a window of one hold.
pub fn some_holds(case: &Case) -> Draft {
    let hold = case.get("mean_hold") + case.get("timewait");
    Draft {
        duration: seconds(case.get("windows") * hold),
        replications: 20_000,
        ports: case.count("N"),
        time_wait: seconds(hold),
        arrivals: poisson(case.get("lambda")),
        lifetime: constant(0.0),
        ..Draft::default()
    }
}

/// A row of model `transient_exp`, a hundred times.
pub fn exponential_from_empty(case: &Case) -> Draft {
    Draft {
        duration: seconds(case.get("t")),
        replications: 100,
        ports: case.count("N"),
        arrivals: poisson(case.get("lambda")),
        lifetime: exponential(case.get("mean_hold")),
        ..Draft::default()
    }
}

/// In how many runs all of so many ports were busy at once.
fn filled(experiment: &Experiment, ports: u32) -> usize {
    experiment.of_scope(0).filter(|measures| measures.busy_peak == u64::from(ports)).count()
}

fn before_the_first_release(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let (draft, time) = (constant_holds(&case), case.get("t"));
    let filling = Filling { ports: draft.ports, rate: case.get("lambda") };
    let (full, refused) = (case.expected("prob_full_by_t"), case.expected("prob_block_by_t"));
    // Of the large range fewer runs tell enough.
    let draft = Draft { replications: if draft.ports > 1_000 { 100 } else { draft.replications }, ..draft };
    let experiment = bench.run(&draft.scenario())?;
    let share = Sampled::share(full, filled(&experiment, draft.ports), experiment.outcomes.len());
    Ok(vec![
        Finding::formula(refused, filling.refusal_by(time)),
        of_all("any refused", &experiment, "exhaustion_probability", refused),
        Finding::sampled("full", full, Some(share)),
    ])
}

fn a_few_holds(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&some_holds(&case).scenario())?;
    let expected = case.expected("prob_no_block_by_LD");
    let calm = experiment.of_scope(0).filter(|measures| measures.refused == 0).count();
    let share = Sampled::share(expected, calm, experiment.outcomes.len());
    Ok(vec![Finding::sampled("none refused", expected, Some(share))])
}

fn exponential_holds(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let draft = Draft { replications: 6_000, ..exponential_from_empty(&case) };
    let experiment = bench.run(&draft.scenario())?;
    let expected = case.expected("prob_full_by_t");
    let share = Sampled::share(expected, filled(&experiment, draft.ports), experiment.outcomes.len());
    Ok(vec![Finding::sampled("full", expected, Some(share))])
}
