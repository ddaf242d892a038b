//! What `dryport inspect` found, as a JSON document.

use super::Found;
use crate::inspect::Lane;
use crate::report::json::SCHEMA_VERSION;
use serde_json::{Map, Value, json};

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
