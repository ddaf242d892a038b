//! One replication once more, for what each port of one lane was doing.

use super::replicate::{Experiment, observe, window};
use crate::metrics::{Measures, PortHistory, PortSpan};
use crate::scenario::Scenario;
use crate::sim::{Interrupted, ScopeKind, Topology};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the ports of one lane were doing in one replication.
#[derive(Clone, Debug)]
pub struct WatchedPorts {
    /// The replication, from 0.
    pub replication: u32,
    /// The host that owns the lane.
    pub host: Arc<str>,
    /// The lane is that of the host's first address towards the first endpoint of this destination.
    pub destination: Arc<str>,
    /// Block after block.
    pub spans: Vec<PortSpan>,
}

/// Runs replication number `replication` of `experiment` once more and watches the lane where it was tightest: of the
/// host, and of its destinations, with the most refusals, else with the fullest lane at any moment.
///
/// # Errors
///
/// [`Interrupted`] when `stop` became true.
///
/// # Panics
///
/// When that replication is not whole.
pub fn watch_ports(
    scenario: &Scenario,
    experiment: &Experiment,
    replication: u32,
    stop: &AtomicBool,
) -> Result<WatchedPorts, Interrupted> {
    let topology = &experiment.topology;
    let (host, flow) = tightest(experiment, replication);
    let (stack, lanes) = (&scenario.hosts[host], &topology.pools[topology.flows[flow].pool]);
    let lane = lanes.first + topology.flows[flow].first_lane;
    let mut history = PortHistory::new(lane, lanes.way.ports, &lanes.way.reserved);
    let sample = Some(PortHistory::step(scenario.run.duration));
    let end = observe(scenario, topology, replication, window(scenario, sample), &mut history, stop)?;
    Ok(WatchedPorts {
        replication,
        host: stack.name.clone(),
        destination: scenario.destinations[topology.flows[flow].destination].name.clone(),
        spans: history.finish(end),
    })
}

/// The tightest host that has a flow, and the flow of it to the tightest destination.
fn tightest(experiment: &Experiment, replication: u32) -> (usize, usize) {
    let Topology { flows, scopes, .. } = &experiment.topology;
    let outcome = experiment.outcomes.iter().find(|outcome| outcome.replication == replication);
    let outcome = outcome.expect("a replication that is whole");
    let pressure = |kind: ScopeKind, number: usize| {
        let first = scopes.iter().position(|scope| scope.kind == kind).expect("every kind has a scope");
        let Measures { refused, fullest, .. } = outcome.measures[experiment.views.of_scope[first + number]];
        (refused, fullest.busy * 1_000_000 / fullest.ports.max(1))
    };
    let of_flow = |index: &usize| {
        let flow = &flows[*index];
        let pressures = (pressure(ScopeKind::Host, flow.host), pressure(ScopeKind::Destination, flow.destination));
        // Of equals the first.
        (pressures, std::cmp::Reverse(*index))
    };
    let flow = (0..flows.len()).max_by_key(of_flow).expect("a scenario has a client, a client a destination");
    (flows[flow].host, flow)
}
