//! A TIME-WAIT of exactly 60 s, which no kernel since 4.8 has.

use super::long_fin_timeout::TIME_WAIT;
use crate::lint::stack::OnHost;
use crate::lint::{Rule, Stack};
use crate::port::Hold;
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "exact-time-wait",
    summary: "TIME-WAIT ends on the grid of the timer wheel, not after 60 s",
    source: "calc_index() in kernel/time/timer.c (Linux 4.8), measured on 6.18",
    look,
};

/// The first kernel whose timers have the grid.
const WHEEL: (u16, u16) = (4, 8);

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(on @ OnHost { host, .. }) = stack.on_host else { return Vec::new() };
    let (Some(at), Hold::Exact(_)) = (on.place("time_wait"), &host.time_wait) else { return Vec::new() };
    if stack.kernel < Some(WHEEL) || host.time_wait.least() != TIME_WAIT {
        return Vec::new();
    }
    let fault = Fault::note(at, "Linux does not end TIME-WAITs after exactly 60 s")
        .label("the textbook's")
        .aside(
            "why",
            "its timers are rounded up to a grid (2.048 s at HZ=250), so TIME-WAITs last 60 to 62 s and end in \
             batches; whatever HZ is, a full range carries 28,232 / 61.44 s, not 28,232 / 60 s",
        )
        .help("leave it out to have the kernel's rule; keep it for a NAT, or to compare");
    vec![fault]
}
