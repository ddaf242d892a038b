//! `tcp_tw_reuse`: a TIME-WAIT that `connect()` may take over keeps its port for the delay alone (model `tw_reuse`).

use super::{of_all, row};
use crate::sim::Interrupted;
use crate::theory::cases::Case;
use crate::theory::erlang_b;
use crate::verify::draft::{Draft, exponential, poisson, seconds};
use crate::verify::{Bench, Check, Finding};

/// The checks of this family.
pub const CHECKS: &[Check] = &[row("P07", "tcp_tw_reuse", reuse)];

/// All times are so many times those of the row, so that the millisecond in which the kernel counts is next to nothing.
pub const STRETCH: f64 = 1_000.0;

/// A row of model `tw_reuse`, stretched.
pub fn scenario(case: &Case) -> Draft {
    let stretched = |name: &str| STRETCH * case.get(name);
    let (hold, delay) = (stretched("mean_hold"), stretched("tw_reuse_delay"));
    Draft {
        duration: seconds(400.0 * (hold + delay)),
        warm_up: seconds(20.0 * (hold + delay)),
        replications: 20,
        ports: case.count("N"),
        allocator: "linux-connect".to_owned(),
        arrivals: poisson(case.get("lambda") / STRETCH),
        lifetime: exponential(hold),
        time_wait: seconds(stretched("timewait")),
        host: format!("tw_reuse = \"on\"\ntw_reuse_delay = \"{}\"", seconds(delay)),
        ..Draft::default()
    }
}

fn reuse(name: &str, bench: &Bench<'_>) -> Result<Vec<Finding>, Interrupted> {
    let case = Case::named(name);
    let experiment = bench.run(&scenario(&case).scenario())?;
    let load = case.get("lambda") * (case.get("mean_hold") + case.get("tw_reuse_delay"));
    let blocking = case.expected("blocking");
    Ok(vec![
        Finding::formula(blocking, erlang_b(case.count("N"), load)),
        of_all("refused", &experiment, "refused_ratio", blocking),
        of_all("busy", &experiment, "busy_ports_mean", case.expected("mean_occupancy")),
    ])
}
