//! `tcp_tw_reuse` without the timestamps that it needs.

use crate::lint::{Rule, Stack};
use crate::port::TwReuse;
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "tw-reuse-timestamps",
    summary: "tcp_tw_reuse does nothing without tcp_timestamps",
    source: "tcp_twsk_unique() in net/ipv4/tcp_ipv4.c; RFC 6191",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(at) = &stack.tw_reuse.at else { return Vec::new() };
    if stack.tw_reuse.value == TwReuse::Off || stack.timestamps.value {
        return Vec::new();
    }
    let key = stack.either("tw_reuse", "tcp_tw_reuse");
    let mut fault = Fault::warning(at.clone(), format!("{key} does nothing while timestamps are off"))
        .label("needs timestamps")
        .aside(
            "why",
            "only by the timestamp of a segment can the kernel tell an old connection from the new one, so it ends no \
             TIME-WAIT of a connection that had none",
        )
        .help(format!(
            "set {} (at both ends; it is the default)",
            stack.either("timestamps = true", "net.ipv4.tcp_timestamps = 1")
        ));
    if let Some(off) = &stack.timestamps.at {
        fault = fault.second(off.clone(), "off");
    }
    vec![fault]
}
