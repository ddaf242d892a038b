//! A range in which the ports of well-known services lie.

use crate::inspect::iana;
use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;
use crate::scenario::words::plural;

pub(super) const RULE: Rule = Rule {
    name: "service-ports",
    summary: "a connection may take the port of a service that starts later",
    source: "inet_csk_bind_conflict() in net/ipv4/inet_connection_sock.c; ip_local_reserved_ports in \
             Documentation/networking/ip-sysctl.rst",
    look,
};

/// Those that often run beside programs that connect, and are called in IANA's list what people call them.
const SERVICES: [u16; 11] = [1433, 1883, 2379, 3306, 5060, 5432, 5672, 6379, 8080, 11_211, 27_017];

/// Only a real machine surely listens somewhere: for a scenario it is a note.
fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (range, Some(at)) = (stack.port_range.value, stack.port_range.at.clone()) else { return Vec::new() };
    let in_range = |port: &u16| range.contains(*port) && !stack.reserved_ports.value.contains(*port);
    let found: Vec<u16> = SERVICES.into_iter().filter(in_range).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let name = |port: &u16| format!("{port} {}", iana::service(*port).map_or("", |service| service.names));
    let message = format!("{} of well-known services may go to connections", plural(found.len() as u64, "port"));
    let fault = if stack.on_host.is_some() { Fault::note(at, message) } else { Fault::warning(at, message) };
    let ports: Vec<String> = found.iter().map(u16::to_string).collect();
    let reserve = stack
        .either(
            &format!("reserved_ports = [\"{}\"]", ports.join("\", \"")),
            &format!("net.ipv4.ip_local_reserved_ports = {}", ports.join(",")),
        )
        .to_owned();
    let fault = fault
        .aside("ports", found.iter().map(name).collect::<Vec<_>>().join(", "))
        .aside(
            "why",
            "while a connection or its TIME-WAIT has such a port, a service that starts cannot listen on it: \"address \
             already in use\"",
        )
        .help(format!("reserve those that this machine may listen on: {reserve}"));
    vec![fault]
}
