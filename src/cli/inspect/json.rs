//! What `dryport inspect` found, as a JSON document.

use super::Found;
use crate::inspect::Lane;
use crate::report::document::Keys;
use crate::report::json::SCHEMA_VERSION;
use serde_json::{Map, Value, json};

/// Every key of the document.
pub(super) const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("verdict: 'FULL' | 'TIGHT' | 'ROOM' | 'IDLE'", "how full the range is towards the fullest destination"),
    ("machine", "what was looked at"),
    ("machine.name: string", "its host name"),
    ("machine.kernel: string", "its kernel's release; empty when it cannot be read"),
    ("machine.profile: string", "the profile that fits it"),
    ("machine.hz: integer | null", "clock ticks a second; null when they cannot be read"),
    ("machine.hz_source: string | null", "the file that says so"),
    ("machine.port_range: string", "the ephemeral ports"),
    ("machine.reserved_ports: string[]", "those that connect() never hands out"),
    ("machine.settings", "sysctls of net.ipv4 that matter"),
    ("machine.settings.NAME: integer | null", "the value; null when it cannot be read"),
    ("usable_ports: integer", "ports of the range less those that are reserved or listened on"),
    ("ports_together: integer", "ports of the range with a connection, to whatever destination"),
    ("mean_time_wait_s: number", "how long this kernel holds a TIME-WAIT on average"),
    ("sockets_total: integer", "TCP sockets of all states"),
    ("sockets", "the same by state"),
    ("sockets.STATE: integer", "sockets in this state"),
    ("lanes", "each source and destination, the fullest first"),
    ("lanes[].source: string", "source address"),
    ("lanes[].destination: string", "destination address and port"),
    ("lanes[].busy_ports: integer", "ports that connect() cannot hand out towards it now"),
    ("lanes[].busy_ratio: number", "the same by usable ports"),
    ("lanes[].headroom_ports: integer", "ports that are left"),
    ("lanes[].established_ports: integer", "ports with an open connection"),
    ("lanes[].time_wait_ports: integer", "ports in TIME-WAIT"),
    ("lanes[].reusable_ports: integer", "those of them that early reuse would hand out (not busy)"),
    ("lanes[].other_ports: integer", "ports in any other state"),
    ("lanes[].connects_per_s_estimate: number | null", "connects a second, by the TIME-WAITs"),
    ("lanes[].sustained_per_s: number | null", "the most that it carries for long; null when nothing limits it"),
    ("listeners_in_range: string[]", "listening sockets whose port lies in the range"),
    ("not_seen: string[]", "what could not be read"),
];

pub(super) fn document(found: &Found) -> Value {
    let (machine, usage) = (&found.machine, &found.usage);
    let settings: Map<_, _> = machine.numbers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let states: Map<_, _> =
        usage.states.iter().map(|(state, sockets)| (state.name().to_owned(), json!(sockets))).collect();
    let hz = machine.kernel.hz.as_ref();
    json!({
        "schema_version": SCHEMA_VERSION,
        "dryport": env!("CARGO_PKG_VERSION"),
        "verdict": found.verdict().0,
        "machine": {
            "name": machine.name,
            "kernel": machine.kernel.release,
            "profile": machine.kernel.profile().name,
            "hz": hz.map(|(hz, _)| hz),
            "hz_source": hz.map(|(_, file)| file),
            "port_range": machine.port_range.to_string(),
            "reserved_ports": machine.reserved_ports.ranges().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "settings": settings,
        },
        "usable_ports": usage.usable,
        "ports_together": usage.together,
        "mean_time_wait_s": machine.kernel.mean_time_wait_s(),
        "sockets_total": usage.sockets(),
        "sockets": states,
        "lanes": usage.lanes.iter().map(|each| lane(found, each)).collect::<Vec<_>>(),
        "listeners_in_range": usage.listeners.iter().map(|socket| socket.local.to_string()).collect::<Vec<_>>(),
        "not_seen": found.gaps.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn lane(found: &Found, lane: &Lane) -> Value {
    let (usage, kernel) = (&found.usage, &found.machine.kernel);
    json!({
        "source": lane.source.to_string(),
        "destination": lane.destination.to_string(),
        "busy_ports": lane.busy(),
        "busy_ratio": usage.fullness(lane),
        "headroom_ports": usage.free(lane),
        "established_ports": lane.established,
        "time_wait_ports": lane.time_wait,
        "reusable_ports": lane.reusable,
        "other_ports": lane.other,
        "connects_per_s_estimate": usage.rate(lane, kernel),
        "sustained_per_s": usage.sustained_rate(lane, kernel),
    })
}
