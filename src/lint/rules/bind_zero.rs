//! `bind()` before `connect()`, without `IP_BIND_ADDRESS_NO_PORT`.

use crate::lint::{Rule, Stack};
use crate::port::Binding;
use crate::scenario::diagnostics::Fault;
use crate::scenario::ways::Access;
use crate::scenario::words::thousands;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    name: "bind-zero",
    summary: "bind() before connect() has one pool for all destinations",
    source: "inet_csk_get_port() in net/ipv4/inet_connection_sock.c; IP_BIND_ADDRESS_NO_PORT in man 7 ip, kernel \
             commit 90c337da1524 (Linux 4.2)",
    look,
};

/// The first kernel with the remedy.
const NO_PORT: (u16, u16) = (4, 2);

/// One that has a single endpoint loses nothing yet: that is worth a note.
fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(on) = stack.on_host else { return Vec::new() };
    let mut clients = stack.clients();
    clients.retain(|client| client.client.bind == Binding::BindZero && client.way.access == Access::Exclusive);
    let to: BTreeSet<usize> = clients.iter().flat_map(|client| &client.client.to).map(|(to, _)| *to).collect();
    let endpoints: u32 = to.iter().map(|to| on.reading.scenario.destinations[*to].endpoints).sum();
    let mut faults = Vec::new();
    for client in clients {
        let at = client.place("bind");
        let ports = thousands(client.way.usable_ports().into());
        let fault = if endpoints > 1 {
            let all = thousands(endpoints.into());
            Fault::warning(at, format!("bind() before connect(): {ports} ports for all {all} endpoints together"))
                .label("one pool for all destinations")
        } else {
            Fault::note(at, format!("bind() before connect(): {ports} ports for all destinations together"))
                .label("there is one endpoint only, yet")
        };
        let fault = fault.aside(
            "why",
            format!(
                "bind() chooses the port before it knows the destination, so it takes one that nobody uses at all; \
                 connect() may use each of the {ports} once for every destination address and port"
            ),
        );
        faults.push(if stack.kernel >= Some(NO_PORT) {
            fault
                .help("bind = \"address-no-port\": IP_BIND_ADDRESS_NO_PORT keeps the address and lets connect() choose")
        } else {
            fault.help("bind = \"connect\": no bind() at all (IP_BIND_ADDRESS_NO_PORT comes with Linux 4.2)")
        });
    }
    faults
}
