//! A scenario laid out flat: which lanes and flows there are, and which of them each scope is about.
//!
//! A *flow* is a (client, destination) pair. Clients of one host that come by their ports in one way share a *pool* of
//! lanes. A *lane class* is a set of lanes that every scope sees as one: the lanes of a pool towards one destination
//! where the destination tells lanes apart, else all lanes of the pool.

use super::connection::{FLOWS_MAX, LANES_MAX};
use crate::port::{Strides, Uniqueness};
use crate::scenario::ways::{Way, Ways};
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
    /// Index into [`Topology::pools`].
    pub pool: usize,
    /// The class of the lanes it can reach.
    pub class: usize,
    /// The destination's endpoints are this one and the following among those of its host.
    pub first_endpoint: u32,
    /// How many endpoints the destination has.
    pub endpoints: u32,
    /// Among the lanes of its pool, that of the first source address and the first endpoint.
    pub first_lane: u32,
}

/// The lanes of one way of getting a port, among those of all hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolLanes {
    /// How its sockets come by their ports.
    pub way: Way,
    /// The first lane.
    pub first: u32,
    /// How many there are.
    pub count: u32,
    /// How many endpoints the clients of its host connect to, of all their destinations.
    pub endpoints: u32,
    /// Usable ports of each.
    pub ports: u32,
    /// Is it kept who owns which port of their host ([`Scenario::needs_socket_table`])?
    pub keeps_sockets: bool,
    /// No more TIME-WAITs are held on their host.
    pub held_max: u64,
    /// What a `connect()` costs in them.
    pub connect_cost: ConnectCost,
    /// The classes of the lanes, endpoint by endpoint of the host; those of no use have none. Where endpoints do not
    /// matter, one class.
    pub classes: Vec<Option<usize>>,
}

impl PoolLanes {
    /// How a lane's number follows from source address and endpoint.
    pub fn strides(&self) -> Strides {
        self.way.uniqueness.strides(self.endpoints)
    }

    /// Do bitmaps say all of the lanes: nobody else's socket matters, and they can never hold too many TIME-WAITs?
    pub fn are_plain(&self) -> bool {
        !self.keeps_sockets && u64::from(self.count) * u64::from(self.ports) <= self.held_max
    }

    /// The class of lane number `lane` of all.
    pub fn class_of(&self, lane: u32) -> Option<usize> {
        self.classes[(lane - self.first) as usize % self.classes.len()]
    }
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
    /// The lanes of each way of getting a port: host by host, as [`Scenario::ways`].
    pub pools: Vec<PoolLanes>,
    /// Flows, client by client, each client's in the order of its destinations.
    pub flows: Vec<Flow>,
    /// The first flow of each client.
    pub first_flow: Vec<usize>,
    /// How many lanes there are.
    pub lanes: usize,
    /// Usable ports of each class.
    pub class_ports: Vec<u64>,
    /// Usable ports of each lane of each class: its lanes are of one pool.
    pub class_lane_ports: Vec<u32>,
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
        let Ways { all, of_client } = scenario.ways();
        let mut topology = Self {
            pools: Vec::new(),
            flows: Vec::new(),
            first_flow: Vec::new(),
            lanes: 0,
            class_ports: Vec::new(),
            class_lane_ports: Vec::new(),
            scopes: Vec::new(),
        };
        let endpoints: Vec<_> = (0..scenario.hosts.len()).map(|host| Endpoints::of(scenario, host)).collect();
        let kept: Vec<bool> = (0..scenario.hosts.len()).map(|host| scenario.needs_socket_table(host)).collect();
        for (index, way) in all.into_iter().enumerate() {
            let mut used = vec![false; scenario.destinations.len()];
            for (client, _) in scenario.clients.iter().zip(&of_client).filter(|(_, way)| **way == index) {
                client.to.iter().for_each(|(to, _)| used[*to] = true);
            }
            let endpoints = &endpoints[way.host];
            let keeps_sockets = kept[way.host];
            topology.add_pool(scenario, way, keeps_sockets, &used, endpoints);
        }
        for ((index, client), pool) in scenario.clients.iter().enumerate().zip(of_client) {
            topology.first_flow.push(topology.flows.len());
            let lanes = &topology.pools[pool];
            topology.flows.extend(client.to.iter().map(|&(destination, _)| {
                let first_endpoint = endpoints[client.host].first[destination];
                let place = first_endpoint as usize % lanes.classes.len();
                Flow {
                    client: index,
                    destination,
                    host: client.host,
                    pool,
                    class: lanes.classes[place].expect("its destination is used"),
                    first_endpoint,
                    endpoints: scenario.destinations[destination].endpoints,
                    first_lane: lanes.strides().lane(0, first_endpoint),
                }
            }));
        }
        assert!(topology.lanes <= LANES_MAX && topology.flows.len() <= FLOWS_MAX, "the reader has limits");
        topology.add_scopes(scenario);
        topology
    }

    /// Adds the lanes of a way that leads to the destinations that are `used`.
    fn add_pool(&mut self, scenario: &Scenario, way: Way, keeps_sockets: bool, used: &[bool], endpoints: &Endpoints) {
        let host = &scenario.hosts[way.host];
        let by_destination = matches!(way.uniqueness, Uniqueness::FourTuple | Uniqueness::PortDestination);
        let count = way.uniqueness.lanes(host.addresses, endpoints.count);
        let ports = way.usable_ports();
        let mut classes: Vec<Option<usize>> = Vec::new();
        for destination in (0..used.len()).filter(|destination| endpoints.used[*destination]) {
            if used[destination] && (by_destination || classes.iter().flatten().next().is_none()) {
                self.class_ports.push(0);
                self.class_lane_ports.push(ports);
            }
            let class = used[destination].then(|| self.class_ports.len() - 1);
            let many = scenario.destinations[destination].endpoints as usize;
            classes.extend(std::iter::repeat_n(class, many));
        }
        if !by_destination {
            classes = vec![classes.into_iter().flatten().next()];
        }
        // The endpoint varies fastest (`Uniqueness::strides`).
        let of_each_address = count / classes.len() as u64;
        for class in classes.iter().flatten() {
            self.class_ports[*class] += of_each_address * u64::from(ports);
        }
        let count = u32::try_from(count).expect("a number of lanes");
        let first = u32::try_from(self.lanes).expect("a lane number");
        self.pools.push(PoolLanes {
            way,
            first,
            count,
            endpoints: endpoints.count,
            ports,
            keeps_sockets,
            held_max: host.sockets.max_tw_buckets,
            connect_cost: host.connect_cost,
            classes,
        });
        self.lanes += count as usize;
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

    /// The pool that has lane number `lane`.
    pub fn pool_of_lane(&self, lane: u32) -> &PoolLanes {
        &self.pools[self.pools.partition_point(|pool| pool.first + pool.count <= lane)]
    }

    /// The fewest free ports of any lane of each class, when `free` are those of every lane.
    pub fn fewest_of_class(&self, free: &[u32]) -> Vec<u32> {
        let mut fewest = self.class_lane_ports.clone();
        for pool in &self.pools {
            for (lane, free) in (pool.first..pool.first + pool.count).zip(&free[pool.first as usize..]) {
                if let Some(class) = pool.class_of(lane) {
                    fewest[class] = fewest[class].min(*free);
                }
            }
        }
        fewest
    }

    /// Usable ports of a scope.
    pub fn capacity(&self, scope: &Scope) -> u64 {
        scope.classes.iter().map(|class| self.class_ports[*class]).sum()
    }
}

/// The endpoints of a host, of all destinations that its clients use, in file order.
struct Endpoints {
    used: Vec<bool>,
    /// The first endpoint of each destination.
    first: Vec<u32>,
    count: u32,
}

impl Endpoints {
    fn of(scenario: &Scenario, host: usize) -> Self {
        let mut endpoints = Self { used: vec![false; scenario.destinations.len()], first: Vec::new(), count: 0 };
        for client in scenario.clients.iter().filter(|client| client.host == host) {
            client.to.iter().for_each(|(to, _)| endpoints.used[*to] = true);
        }
        for (destination, used) in scenario.destinations.iter().zip(&endpoints.used) {
            endpoints.first.push(endpoints.count);
            endpoints.count += if *used { destination.endpoints } else { 0 };
        }
        endpoints
    }
}
