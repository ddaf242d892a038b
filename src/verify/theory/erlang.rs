//! Erlang B: Poisson arrivals, any law of holds (models `mgcc`, `pooling` and `nat_static`).

use super::{of_all, row};
use crate::sim::Interrupted;
use crate::theory::cases::Case;
use crate::theory::erlang_b;
use crate::verify::draft::{Draft, constant, exponential, lognormal, poisson, seconds, uniform};
use crate::verify::{Bench, Check, Finding};

/// The checks of this family.
pub const CHECKS: &[Check] = &[
    row("P01", "Erlang B, 1 port", one_port),
    row("P02", "Erlang B, 10 ports", ten_ports),
    row("P03", "with TIME-WAIT", with_time_wait),
    row("P04", "in overload", overload),
    row("P05", "28,232 ports", linux_range),
    row("P06", "16,384 ports", dynamic_range),
    row("P08", "keep-alive pool", pooling),
    row("P43", "NAT block", block),
];

/// A law of port holds with a given mean: what the lifetime is, and what is left to TIME-WAIT.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// An exponential lifetime before a constant TIME-WAIT.
    Exponential,
    /// A constant one.
    Constant,
    /// A uniform one.
    Uniform,
    /// A lognormal one.
    Lognormal,
    /// The whole hold is exponential, TIME-WAIT 0. No echo of the start (`reference/theory.md` 0.4).
    WholeExponential,
    /// The same, uniform.
    WholeUniform,
    /// The same, lognormal.
    WholeLognormal,
}

impl Law {
    /// Lifetime and TIME-WAIT.
    pub fn values(self, hold: f64, wait: f64) -> (String, String) {
        let whole = hold + wait;
        match self {
            Self::Exponential => (exponential(hold), seconds(wait)),
            Self::Constant => (constant(hold), seconds(wait)),
            Self::Uniform => (uniform(hold), seconds(wait)),
            Self::Lognormal => (lognormal(hold, 1.5), seconds(wait)),
            Self::WholeExponential => (exponential(whole), seconds(0.0)),
            Self::WholeUniform => (uniform(whole), seconds(0.0)),
            Self::WholeLognormal => (lognormal(whole, 1.0), seconds(0.0)),
        }
    }

    /// The part of `wait` that is TIME-WAIT.
    pub const fn time_wait(self, wait: f64) -> f64 {
        match self {
            Self::Exponential | Self::Constant | Self::Uniform | Self::Lognormal => wait,
            Self::WholeExponential | Self::WholeUniform | Self::WholeLognormal => 0.0,
        }
    }
}

/// How long a case is watched, in mean port holds, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Before the measured window.
    pub warm_up: f64,
    /// The measured window.
    pub holds: f64,
    /// Runs.
    pub replications: u32,
}

/// A row of model `mgcc`.
pub fn scenario(case: &Case, law: Law, effort: Effort) -> Draft {
    let (hold, wait) = (case.get("mean_hold"), case.get("timewait"));
    let (lifetime, time_wait) = law.values(hold, wait);
    Draft {
        duration: seconds(effort.holds * (hold + wait)),
        warm_up: seconds(effort.warm_up * (hold + wait)),
        replications: effort.replications,
        ports: case.count("N"),
        arrivals: poisson(case.get("lambda")),
        lifetime,
        time_wait,
        ..Draft::default()
    }
}

fn one_port(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::Lognormal, Effort { warm_up: 50.0, holds: 5_000.0, replications: 20 }, bench)
}

fn ten_ports(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::Exponential, Effort { warm_up: 50.0, holds: 1_500.0, replications: 40 }, bench)
}

fn with_time_wait(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::Exponential, Effort { warm_up: 20.0, holds: 200.0, replications: 40 }, bench)
}

/// Load above the ports: a constant TIME-WAIT would let the start echo, so the whole hold is drawn.
fn overload(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::WholeLognormal, Effort { warm_up: 20.0, holds: 200.0, replications: 20 }, bench)
}

fn linux_range(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::Exponential, Effort { warm_up: 10.0, holds: 10.0, replications: 20 }, bench)
}

fn dynamic_range(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    mgcc(name, Law::WholeUniform, Effort { warm_up: 10.0, holds: 10.0, replications: 16 }, bench)
}

/// With Linux's order of search, which no figure here depends on.
fn mgcc(name: &str, law: Law, effort: Effort, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let (ports, blocking) = (case.count("N"), case.expected("blocking"));
    let load = case.get("lambda") * (case.get("mean_hold") + case.get("timewait"));
    // The order of search needs two ports to be one.
    let allocator = if ports > 1 { "linux-connect" } else { "sequential" };
    let draft = Draft { allocator: allocator.to_owned(), ..scenario(&case, law, effort) };
    let experiment = bench.run(&draft.scenario())?;
    Ok(vec![
        Finding::formula(blocking, erlang_b(ports, load)),
        of_all("refused", &experiment, "refused_ratio", blocking),
        of_all("busy", &experiment, "busy_ports_mean", case.expected("mean_occupancy")),
    ])
}

/// Rate and mean hold of a row of model `pooling`: each connection carries requests one after another.
pub fn pooled(case: &Case) -> (f64, f64) {
    let per_connection = case.get("requests_per_connection");
    (case.get("request_rate") / per_connection, per_connection * case.get("mean_request_time"))
}

/// Holds of uniform law, TIME-WAIT included, so that a load above the ports has no echo of its start.
pub fn uniform_holds(ports: u32, rate: f64, hold: f64) -> Draft {
    Draft {
        duration: seconds(200.0 * hold),
        warm_up: seconds(20.0 * hold),
        replications: 20,
        ports,
        arrivals: poisson(rate),
        lifetime: uniform(hold),
        ..Draft::default()
    }
}

fn pooling(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let (rate, open) = pooled(&case);
    loss(case.count("N"), rate, open + case.get("timewait"), case.expected("blocking"), bench)
}

fn block(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let hold = case.get("mean_hold") + case.get("timewait");
    loss(case.count("block_size"), case.get("lambda_per_subscriber"), hold, case.expected("block_blocking"), bench)
}

fn loss(ports: u32, rate: f64, hold: f64, blocking: f64, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let draft = Draft { replications: 60, ..uniform_holds(ports, rate, hold) };
    let experiment = bench.run(&draft.scenario())?;
    Ok(vec![
        Finding::formula(blocking, erlang_b(ports, rate * hold)),
        of_all("refused", &experiment, "refused_ratio", blocking),
    ])
}
