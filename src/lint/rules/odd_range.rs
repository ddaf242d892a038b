//! A range of odd size, whose search leaves out a port.

use crate::lint::{Rule, Stack};
use crate::port::PortRange;
use crate::scenario::diagnostics::Fault;
use crate::scenario::words::thousands;

pub(super) const RULE: Rule = Rule {
    name: "odd-range",
    summary: "of an odd number of ports, one is passed over",
    source: "__inet_hash_connect() in net/ipv4/inet_hashtables.c; ip_local_port_range in \
             Documentation/networking/ip-sysctl.rst (\"better these numbers have different parity\")",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (range, Some(at)) = (stack.port_range.value, &stack.port_range.at) else { return Vec::new() };
    let clients = stack.clients();
    let by_parity = stack.on_host.is_none()
        || clients.iter().any(|client| client.way.ports == range && client.way.allocator.is_parity_first());
    if range.len() % 2 == 0 || range.len() == 1 || !by_parity {
        return Vec::new();
    }
    let fault = Fault::warning(
        at.clone(),
        format!("an odd number of ports: a search leaves one of {} out", thousands(range.len().into())),
    )
    .label(format!("{} ports", thousands(range.len().into())))
    .aside(
        "why",
        format!(
            "the kernel looks at every second port and then at those between, both times at half of the ports, \
                 rounded down. A search seldom reaches port {}, so connect() can fail while it is free",
            range.first()
        ),
    );
    let even = PortRange::new(range.first(), range.last() - 1).map(|even| stack.range_written(even));
    vec![match even {
        Some(even) => fault.help(format!("let one end be even and the other odd: {even}")),
        None => fault,
    }]
}
