//! A scenario laid out flat: which lanes and flows there are, and which of them each scope is about.
//!
//! A *flow* is a (client, destination) pair. A *lane class* is a set of lanes that every scope sees as one: the lanes of
//! a host towards one destination where the destination tells lanes apart, else all lanes of the host.

use super::connection::{FLOWS_MAX, LANES_MAX};
use crate::port::Uniqueness;
use crate::scenario::{ConnectCost, Scenario};
use std::fmt;
use std::sync::Arc;

/// A (client, destination) pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Index into [`Scenario::clients`].
    pub client: usize,
    /// Index into [`Scenario::destinations`].
    pub destination: usize,
    /// Index into [`Scenario::hosts`].
    pub host: usize,
    /// The class of the lanes it can reach.
    pub class: usize,
    /// The destination's endpoints are this one and the following among those of its host.
    pub first_endpoint: u32,
    /// How many endpoints the destination has.
    pub endpoints: u32,
}

/// A host's lanes among those of all hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLanes {
    /// Its first lane.
    pub first: u32,
    /// How many it has.
    pub count: u32,
    /// How many endpoints its clients connect to, of all their destinations.
    pub endpoints: u32,
    /// Usable ports of each.
    pub ports: u32,
    /// Ports of the range, reserved ones included.
    pub range: u32,
    /// What tells them apart.
    pub uniqueness: Uniqueness,
    /// What a `connect()` costs in them.
    pub connect_cost: ConnectCost,
}

/// What a figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// Everything.
    All,
    /// One host.
    Host,
    /// One client.
    Client,
    /// One destination.
    Destination,
}

/// A scope: the lanes whose ports it counts, and the flows whose attempts it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// What it is about.
    pub kind: ScopeKind,
    /// The name of the host, client or destination; empty for all.
    pub name: Arc<str>,
    /// Its lane classes, in order.
    pub classes: Vec<usize>,
    /// Its flows, in order.
    pub flows: Vec<usize>,
}

/// As in the CSVs: `all`, `host:gateway`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ScopeKind::All => f.write_str("all"),
            ScopeKind::Host => write!(f, "host:{}", self.name),
            ScopeKind::Client => write!(f, "client:{}", self.name),
            ScopeKind::Destination => write!(f, "destination:{}", self.name),
        }
    }
}

/// The flat layout of a scenario.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The lanes of each host.
    pub hosts: Vec<HostLanes>,
    /// Flows, client by client, each client's in the order of its destinations.
    pub flows: Vec<Flow>,
    /// The first flow of each client.
    pub first_flow: Vec<usize>,
    /// How many lanes there are.
    pub lanes: usize,
    /// Usable ports of each class.
    pub class_ports: Vec<u64>,
    /// Scopes: all, then hosts, clients, destinations, each in file order.
    pub scopes: Vec<Scope>,
}

impl Topology {
    /// Lays `scenario` out.
    ///
    /// # Panics
    ///
    /// When there are more lanes or flows than a connection can name, which the scenario reader refuses.
    pub fn new(scenario: &Scenario) -> Self {
        let mut topology = Self {
            hosts: Vec::new(),
            flows: Vec::new(),
            first_flow: Vec::new(),
            lanes: 0,
            class_ports: Vec::new(),
            scopes: Vec::new(),
        };
        // Per host, the destinations its clients use, in file order, and the class of each.
        let mut class_of = vec![vec![None; scenario.destinations.len()]; scenario.hosts.len()];
        let mut first_endpoint = vec![vec![0; scenario.destinations.len()]; scenario.hosts.len()];
        for host in 0..scenario.hosts.len() {
            topology.add_host(scenario, host, &mut class_of[host], &mut first_endpoint[host]);
        }
        for (index, client) in scenario.clients.iter().enumerate() {
            topology.first_flow.push(topology.flows.len());
            topology.flows.extend(client.to.iter().map(|&(destination, _)| Flow {
                client: index,
                destination,
                host: client.host,
                class: class_of[client.host][destination].expect("its destination is used"),
                first_endpoint: first_endpoint[client.host][destination],
                endpoints: scenario.destinations[destination].endpoints,
            }));
        }
        assert!(topology.lanes <= LANES_MAX && topology.flows.len() <= FLOWS_MAX, "the reader has limits");
        topology.add_scopes(scenario);
        topology
    }

    fn add_host(
        &mut self,
        scenario: &Scenario,
        index: usize,
        class_of: &mut [Option<usize>],
        first_endpoint: &mut [u32],
    ) {
        let host = &scenario.hosts[index];
        let used = |destination: usize| {
            scenario
                .clients
                .iter()
                .any(|client| client.host == index && client.to.iter().any(|(other, _)| *other == destination))
        };
        let by_destination = matches!(host.uniqueness, Uniqueness::FourTuple | Uniqueness::PortDestination);
        let mut endpoints = 0;
        let mut endpoint_class = Vec::new();
        for destination in (0..scenario.destinations.len()).filter(|destination| used(*destination)) {
            if endpoint_class.is_empty() || by_destination {
                self.class_ports.push(0);
            }
            let class = self.class_ports.len() - 1;
            class_of[destination] = Some(class);
            first_endpoint[destination] = endpoints;
            let count = scenario.destinations[destination].endpoints;
            endpoints += count;
            endpoint_class.extend(std::iter::repeat_n(class, count as usize));
        }
        let count = host.uniqueness.lanes(host.addresses, endpoints);
        for lane in 0..count {
            // The endpoint varies fastest (`Uniqueness::lane`); where it does not matter there is one class.
            let endpoint = lane % u64::from(endpoints.max(1));
            let class = endpoint_class.get(usize::try_from(endpoint).expect("a lane number")).copied();
            if let Some(class) = class {
                self.class_ports[class] += u64::from(host.usable_ports());
            }
        }
        // Without a destination there is nothing that a lane could lead to.
        let count = if endpoints == 0 { 0 } else { usize::try_from(count).expect("a number of lanes") };
        self.hosts.push(HostLanes {
            first: u32::try_from(self.lanes).expect("a lane number"),
            count: u32::try_from(count).expect("a number of lanes"),
            endpoints,
            ports: host.usable_ports(),
            range: host.port_range.len(),
            uniqueness: host.uniqueness,
            connect_cost: host.connect_cost,
        });
        self.lanes += count;
    }

    fn add_scopes(&mut self, scenario: &Scenario) {
        let flows = self.flows.clone();
        let classes_of = |keep: &dyn Fn(&Flow) -> bool| {
            let mut classes: Vec<usize> = flows.iter().filter(|flow| keep(flow)).map(|flow| flow.class).collect();
            classes.sort_unstable();
            classes.dedup();
            let kept = (0..flows.len()).filter(|index| keep(&flows[*index])).collect();
            (classes, kept)
        };
        let mut add = |kind, name: &Arc<str>, keep: &dyn Fn(&Flow) -> bool| {
            let (classes, flows) = classes_of(keep);
            self.scopes.push(Scope { kind, name: name.clone(), classes, flows });
        };
        add(ScopeKind::All, &Arc::from(""), &|_| true);
        for (index, host) in scenario.hosts.iter().enumerate() {
            add(ScopeKind::Host, &host.name, &|flow| flow.host == index);
        }
        for (index, client) in scenario.clients.iter().enumerate() {
            add(ScopeKind::Client, &client.name, &|flow| flow.client == index);
        }
        for (index, destination) in scenario.destinations.iter().enumerate() {
            add(ScopeKind::Destination, &destination.name, &|flow| flow.destination == index);
        }
    }

    /// The host that has lane number `lane`.
    pub fn host_of_lane(&self, lane: u32) -> usize {
        self.hosts.partition_point(|host| host.first + host.count <= lane)
    }

    /// Usable ports of a scope.
    pub fn capacity(&self, scope: &Scope) -> u64 {
        scope.classes.iter().map(|class| self.class_ports[*class]).sum()
    }
}
