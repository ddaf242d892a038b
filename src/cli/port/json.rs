//! What `dryport port` found, as a JSON document.

use super::Found;
use crate::inspect::iana::{self, Range};
use crate::inspect::port_use::time_left;
use crate::inspect::{Holder, Holders, PortUse, Socket, elsewhere};
use crate::report::document::Keys;
use crate::report::json::SCHEMA_VERSION;
use serde_json::{Value, json};

/// Every key of the document.
pub(super) const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("verdict: 'HELD' | 'WAITS' | 'FREE'", "is any of the ports held? WAITS: only TIME-WAITs, which no process has"),
    ("held: integer", "how many of the ports are, those that wait among them"),
    ("free: integer", "how many are not"),
    ("ports", "each port that was asked about"),
    ("ports[].port: integer", "its number"),
    ("ports[].verdict: 'HELD' | 'WAITS' | 'FREE'", "is it held? WAITS: only TIME-WAITs are left"),
    ("ports[].iana_range: 'system' | 'user' | 'dynamic'", "its range by RFC 6335"),
    ("ports[].service: string | null", "the service that IANA has registered for it; null when there is none"),
    ("ports[].description: string | null", "what that service is"),
    ("ports[].service_list: string", "which list says so"),
    ("ports[].in_ephemeral_range: boolean", "may connect() hand it out on this machine?"),
    ("ports[].ephemeral_by_default: string[]", "systems whose default range holds it"),
    ("ports[].bind_needs_privilege: boolean", "may only root bind it on this machine?"),
    ("ports[].reserved: boolean", "is it in ip_local_reserved_ports?"),
    ("ports[].sockets", "every socket that has it as its local port"),
    ("ports[].sockets[].state: string", "its state, as RFC 9293 spells it"),
    ("ports[].sockets[].local: string", "its address and port"),
    ("ports[].sockets[].remote: string", "those of the other end"),
    ("ports[].sockets[].reuse_after_s: number | null", "age at which connect() may take it over; null when it may not"),
    ("ports[].sockets[].time_left_min_s: number | null", "the kernel frees it so soon at the earliest"),
    ("ports[].sockets[].time_left_max_s: number | null", "and at the latest"),
    ("ports[].sockets[].holder: string", "the processes that hold it, or in words why none is named"),
    ("ports[].sockets[].holder[].name: string", "name of the process"),
    ("ports[].sockets[].holder[].pid: integer", "its number"),
    ("not_seen: string[]", "what could not be read"),
];

pub(super) fn document(found: &Found) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "verdict": found.word(),
        "held": found.held(),
        "free": found.free(),
        "ports": found.uses.iter().map(|each| port(found, each)).collect::<Vec<_>>(),
        "not_seen": found.gaps.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn port(found: &Found, each: &PortUse) -> Value {
    let service = iana::service(each.port);
    let machine = &found.machine;
    json!({
        "port": each.port,
        "verdict": each.word(),
        "iana_range": Range::of(each.port).name(),
        "service": service.map(|service| service.names),
        "description": service.map(|service| service.description),
        "service_list": iana::LIST,
        "in_ephemeral_range": machine.port_range.contains(each.port),
        "ephemeral_by_default": elsewhere::WAYS
            .iter()
            .filter(|way| way.ephemeral.contains(each.port))
            .map(|way| way.system)
            .collect::<Vec<_>>(),
        "bind_needs_privilege": u64::from(each.port) < machine.unprivileged_port_start,
        "reserved": machine.reserved_ports.contains(each.port),
        "sockets": each.sockets.iter().map(|socket| {
            let left = time_left(socket, &machine.kernel);
            json!({
                "state": socket.state.name(),
                "local": socket.local.to_string(),
                "remote": socket.remote.to_string(),
                "reuse_after_s": machine.reuse_after(socket).map(|delay| delay.as_secs_f64()),
                "time_left_min_s": left.map(|(soonest, _)| soonest.as_secs_f64()),
                "time_left_max_s": left.map(|(_, latest)| latest.as_secs_f64()),
                "holder": holder(&found.holders, socket),
            })
        }).collect::<Vec<_>>(),
    })
}

fn holder(holders: &Holders, socket: &Socket) -> Value {
    match holders.of(socket) {
        Holder::Kernel => json!("kernel"),
        Holder::NotAccepted => json!("not accepted yet"),
        Holder::NotPermitted => json!("not permitted to see"),
        Holder::Unseen => json!("not seen"),
        Holder::Processes(processes) => {
            processes.iter().map(|process| json!({ "name": process.name, "pid": process.pid })).collect()
        }
    }
}
