//! `IP_LOCAL_PORT_RANGE` beyond the range of the host.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "socket-range",
    summary: "ends of IP_LOCAL_PORT_RANGE outside of the host's range are ignored",
    source: "inet_sk_get_local_port_range() in net/ipv4/inet_connection_sock.c; IP_LOCAL_PORT_RANGE in man 7 ip",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let range = stack.port_range.value;
    let mut faults = Vec::new();
    for client in stack.clients() {
        let Some(own) = client.client.local_port_range else { continue };
        let ends: Vec<String> = [own.first(), own.last()]
            .into_iter()
            .filter(|end| !range.contains(*end))
            .map(|end| end.to_string())
            .collect();
        if ends.is_empty() {
            continue;
        }
        let message = format!("{} lies outside of the host's range {range} and is ignored", ends.join(" and "));
        let message =
            if ends.len() > 1 { message.replace("lies", "lie").replace("is ignored", "are ignored") } else { message };
        let fault = Fault::warning(client.place("local_port_range"), message)
            .label(format!("{} is searched", client.way.ports))
            .aside("why", "the kernel takes each end of a socket's own range only if it lies inside of the host's; instead of the other it takes the host's")
            .help("keep it inside of port_range, or widen that");
        faults.push(fault);
    }
    faults
}
