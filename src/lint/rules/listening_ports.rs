//! Listening sockets in the middle of the range.

use crate::lint::stack::OnHost;
use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "listening-ports",
    summary: "listening ports in the range should be reserved",
    source: "inet_csk_bind_conflict() in net/ipv4/inet_connection_sock.c; ip_local_reserved_ports in \
             Documentation/networking/ip-sysctl.rst",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(on @ OnHost { host, .. }) = stack.on_host else { return Vec::new() };
    let Some(at) = on.place("listening_ports") else { return Vec::new() };
    let range = stack.port_range.value;
    let open = |port: &u16| range.contains(*port) && !stack.reserved_ports.value.contains(*port);
    let listening = host.sockets.listening_ports.ranges().iter();
    let parts: Vec<String> = listening
        .filter(|part| (part.first()..=part.last()).any(|port| open(&port)))
        .map(|part| if part.len() == 1 { part.first().to_string() } else { part.to_string() })
        .collect();
    let Some(first) = parts.first() else { return Vec::new() };
    let more = if parts.len() > 1 { format!(" and {} more", parts.len() - 1) } else { String::new() };
    let fault = Fault::warning(at, format!("a service listens on {first}{more}, inside of the range {range}"))
        .label("not reserved")
        .aside(
            "why",
            "connect() looks at such a port in vain each time it comes by; and when the service restarts, a connection \
             may have taken its port in the meantime",
        )
        .help(format!("reserve it: reserved_ports = [\"{}\"]", parts.join("\", \"")));
    vec![fault]
}
