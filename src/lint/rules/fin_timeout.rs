//! `tcp_fin_timeout` below 60 s, taken for the length of TIME-WAIT.

use super::long_fin_timeout::TIME_WAIT;
use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;
use crate::workload::Leaves;

pub(super) const RULE: Rule = Rule {
    name: "fin-timeout",
    summary: "tcp_fin_timeout does not shorten TIME-WAIT",
    source: "TCP_TIMEWAIT_LEN in include/net/tcp.h; tcp_fin_timeout in man 7 tcp",
    look,
};

/// A scenario that waits for FINs that never come means what it says.
fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(at) = &stack.fin_timeout.at else { return Vec::new() };
    let is_used = stack.clients().iter().any(|client| client.may_leave(Leaves::FinWait2));
    if stack.fin_timeout.value >= TIME_WAIT || is_used {
        return Vec::new();
    }
    let key = stack.either("fin_timeout", "tcp_fin_timeout");
    let fault = Fault::warning(at.clone(), format!("{key} does not shorten TIME-WAIT"))
        .label("ends FIN-WAIT-2, not TIME-WAIT")
        .aside(
            "why",
            "TIME-WAIT lasts 60 s, which is compiled into the kernel; this is how long a connection that the program \
             has closed waits for the FIN of a peer that sends none",
        )
        .help(
            "leave it out; TIME-WAITs cost no ports when connections stay open or the server closes first, and fewer \
             with tw_reuse on the side that connects",
        );
    vec![fault]
}
