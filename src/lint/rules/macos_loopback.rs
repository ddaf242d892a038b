//! macOS, both ends on one machine, and the server closes first.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "macos-loopback",
    summary: "a server's TIME-WAIT on the same Mac blocks the port; not modelled",
    source: "in_pcbbind() in bsd/netinet/in_pcb.c (XNU) asks for the local port alone; scenarios/incidents/macos-oha-16408",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(on) = stack.on_host.filter(|on| &*on.host.profile == "macos") else { return Vec::new() };
    let mut faults = Vec::new();
    for client in stack.clients() {
        let is_local = client.client.to.iter().any(|(to, _)| on.reading.scenario.destinations[*to].loopback);
        if !is_local || client.client.closes_first.client_waits() {
            continue;
        }
        let message = "a server on the same Mac keeps its TIME-WAIT there, which blocks the port: not modelled";
        let fault = Fault::warning(client.place("closes_first"), message)
            .label("no port is missing here; on the Mac 16,384 connections are all")
            .aside("why", "macOS asks only whether the local port is in use, whichever end of the connection it was")
            .help("closes_first = \"client\" stands for it, as in scenarios/incidents/macos-oha-16408.toml");
        faults.push(fault);
    }
    faults
}
