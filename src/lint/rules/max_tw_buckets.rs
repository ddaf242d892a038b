//! `tcp_max_tw_buckets` lowered, to be rid of TIME-WAITs.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;
use crate::scenario::words::thousands;
use crate::workload::Leaves;

pub(super) const RULE: Rule = Rule {
    name: "max-tw-buckets",
    summary: "a lowered tcp_max_tw_buckets frees ports at once, unprotected",
    source: "inet_twsk_alloc() in net/ipv4/inet_timewait_sock.c; tcp_max_tw_buckets in \
             Documentation/networking/ip-sysctl.rst (\"must not lower the limit\"); RFC 1337",
    look,
};

/// Lowered is what is below the default and can be reached.
fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (most, Some(at)) = (stack.max_tw_buckets.value, &stack.max_tw_buckets.at) else { return Vec::new() };
    let ports = match stack.on_host {
        Some(on) => on.reading.scenario.capacity(on.index),
        None => stack.port_range.value.len().into(),
    };
    let clients = stack.clients();
    let leaves_none = stack.on_host.is_some() && !clients.iter().any(|client| client.may_leave(Leaves::TimeWait));
    if most >= ports.min(Stack::unknown().max_tw_buckets.value) || leaves_none {
        return Vec::new();
    }
    let message = match most {
        0 => "no TIME-WAIT is held at all".to_owned(),
        _ => format!("only {} TIME-WAITs are held, and none beyond", thousands(most)),
    };
    let fault = Fault::warning(at.clone(), message)
        .label(format!("{} ports could be in TIME-WAIT", thousands(ports)))
        .aside(
            "why",
            "a port beyond this is free at once: it is no longer kept from late segments of the old connection, which \
             may reset or corrupt the next one. The limit is there against denial of service",
        )
        .help(
            "leave it out; TIME-WAITs cost no ports when connections stay open or the server closes first, and fewer \
             with tw_reuse on the side that connects",
        );
    vec![fault]
}
