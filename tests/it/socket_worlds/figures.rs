//! The figures that follow from the reference: counted from one change to the next, in each of which nothing changes.

use super::reference::{Call, FIRST, Host, Socket, State, Way};
use dryport::des::SimDuration;
use dryport::metrics::{LaneMoment, Measures};
use dryport::sim::Topology;

/// The ports that calls of one kind compete for: one lane, told apart as figures tell them.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    class: usize,
    call: Call,
    ports: Vec<u16>,
}

/// Of one class of lanes, at one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Now {
    unusable: u64,
    is_full: bool,
    established: u64,
    busy: u64,
    reusable: u64,
}

/// Whoever counts one world.
#[derive(Debug)]
pub(super) struct Books<'a> {
    topology: &'a Topology,
    lanes: &'a [Lane],
    pub(super) host: Host,
    now: u64,
    classes: Vec<Now>,
    measures: Vec<Measures>,
    spells: Vec<u64>,
    /// When a port came back last: its class, source, number.
    backs: Vec<((usize, u32, u16), u64)>,
}

/// Does the destination tell lanes of this way apart?
fn by_destination(host: &Host, call: &Call) -> bool {
    let program = call.program;
    match program.way {
        Way::Connect => true,
        Way::BindZero => host.kernel.autobind_reuse && program.reuse_address,
        Way::Ports(..) => program.reuse_address || program.reuse_port,
    }
}

/// The lanes of all clients, of which `calls` has one call for each destination.
pub(super) fn lanes(host: &Host, topology: &Topology, calls: &[Call], addresses: u32) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut keys = Vec::new();
    for call in calls {
        for source in 0..addresses {
            let class = class_of(topology, call);
            let destination = by_destination(host, call).then_some(call.destination);
            if keys.contains(&(class, source, destination)) {
                continue;
            }
            keys.push((class, source, destination));
            let (first, last) = match call.program.way {
                Way::Ports(first, last) => (first, last),
                _ => host.range(&call.program),
            };
            let reserved = if matches!(call.program.way, Way::Ports(..)) { None } else { host.kernel.reserved };
            let is_counted = |port: &u16| ![reserved, host.kernel.listening].contains(&Some(*port));
            let ports = (first..=last).filter(is_counted).collect();
            lanes.push(Lane { class, call: Call { source, ..*call }, ports });
        }
    }
    lanes
}

fn class_of(topology: &Topology, call: &Call) -> usize {
    let mut flows = topology.flows.iter();
    let flow = flows.find(|flow| (flow.client, flow.destination) == (call.client, call.destination));
    flow.expect("every client goes everywhere").class
}

impl<'a> Books<'a> {
    pub(super) fn new(host: Host, topology: &'a Topology, lanes: &'a [Lane]) -> Self {
        let classes = vec![Now::default(); topology.class_ports.len()];
        let (measures, spells) = (vec![Measures::default(); topology.scopes.len()], vec![0; topology.scopes.len()]);
        let mut books = Self { topology, lanes, host, now: 0, classes, measures, spells, backs: Vec::new() };
        for (scope, measures) in topology.scopes.iter().zip(&mut books.measures) {
            let of_it = lanes.iter().filter(|lane| scope.classes.contains(&lane.class));
            measures.capacity = of_it.map(|lane| lane.ports.len() as u64).sum();
            measures.headroom = u64::MAX;
        }
        books.look();
        books
    }

    /// Ports that one more call of this kind may have.
    pub(super) fn free(&self, call: &Call) -> usize {
        let class = class_of(self.topology, call);
        let is_it = |lane: &&Lane| {
            let same = (lane.class, lane.call.source) == (class, call.source);
            same && (!by_destination(&self.host, call) || lane.call.destination == call.destination)
        };
        let lane = self.lanes.iter().find(is_it).expect("every call has a lane");
        lane.ports.iter().filter(|port| self.host.may_take(self.now, **port, &lane.call)).count()
    }

    /// What is the case now.
    fn look(&mut self) {
        let mut classes = vec![Now::default(); self.classes.len()];
        let mut moments = Vec::new();
        for lane in self.lanes {
            let usable = |port: &&u16| self.host.may_take(self.now, **port, &lane.call);
            let free = lane.ports.iter().filter(usable).count();
            classes[lane.class].unusable += (lane.ports.len() - free) as u64;
            classes[lane.class].is_full |= free == 0;
            let (busy, ports) = ((lane.ports.len() - free) as u64, lane.ports.len() as u64);
            moments.push((lane.class, LaneMoment { busy, ports }));
        }
        for socket in &self.host.sockets {
            let class = &mut classes[class_of(self.topology, &socket.call)];
            class.established += u64::from(matches!(socket.state, State::Open { .. }));
            class.busy += u64::from(!socket.is_back);
            class.reusable += u64::from(socket.is_back);
        }
        self.classes = classes;
        for (scope, measures) in self.topology.scopes.iter().zip(&mut self.measures) {
            let unusable = scope.classes.iter().map(|class| self.classes[*class].unusable).sum();
            measures.busy_peak = measures.busy_peak.max(unusable);
            for (_, moment) in moments.iter().filter(|(class, _)| scope.classes.contains(class)) {
                measures.headroom = measures.headroom.min(moment.ports - moment.busy);
                measures.fullest = if moment.is_fuller_than(measures.fullest) { *moment } else { measures.fullest };
            }
        }
    }

    /// Nothing changed since `self.now`.
    fn wait(&mut self, until: u64) {
        let span = until - self.now;
        self.now = until;
        for ((scope, measures), spell) in self.topology.scopes.iter().zip(&mut self.measures).zip(&mut self.spells) {
            let mut is_full = false;
            for class in scope.classes.iter().map(|class| &self.classes[*class]) {
                let integral = |count: u64| i128::from(count) * i128::from(span);
                measures.busy += integral(class.busy);
                measures.established += integral(class.established);
                measures.reusable += integral(class.reusable);
                measures.blocked += integral(class.unusable) - integral(class.busy);
                is_full |= class.is_full;
            }
            if span == 0 {
                continue;
            }
            if !is_full {
                *spell = 0;
                continue;
            }
            measures.outages += u64::from(*spell == 0);
            *spell += span;
            measures.full = measures.full + SimDuration::from_nanos(span);
            measures.outage_longest = measures.outage_longest.max(SimDuration::from_nanos(*spell));
        }
    }

    /// Ports whose own kind could have them again: from now on, or since they left.
    fn note_backs(&mut self) {
        let mut back: Vec<Socket> = self.host.gone.drain(..).filter(|socket| !socket.is_back).collect();
        for index in 0..self.host.sockets.len() {
            let socket = self.host.sockets[index];
            if !socket.is_back && self.host.comes_back(self.now, &socket) {
                self.host.sockets[index].is_back = true;
                back.push(socket);
            }
        }
        for socket in back {
            let key = (class_of(self.topology, &socket.call), socket.call.source, socket.port);
            self.backs.retain(|(other, _)| *other != key);
            self.backs.push((key, self.now));
        }
    }

    /// Lets time pass up to `until`, and everything happen that does by then.
    pub(super) fn pass(&mut self, until: u64) {
        loop {
            let next = self.host.next_change(self.now).filter(|next| *next <= until).unwrap_or(until);
            self.wait(next);
            let happened = self.host.step(next);
            self.note_backs();
            self.look();
            if next == until && !happened {
                return;
            }
        }
    }

    /// A call came, and was granted a port or was not.
    pub(super) fn count(&mut self, call: Call, port: Option<u16>) {
        let flow = self
            .topology
            .flows
            .iter()
            .position(|flow| (flow.client, flow.destination) == (call.client, call.destination));
        let flow = flow.expect("every client goes everywhere");
        let class = class_of(self.topology, &call);
        let key = |port| (class, call.source, port);
        let idle = port.and_then(|port| self.backs.iter().find(|(other, _)| *other == key(port)));
        let idle = idle.map(|(_, since)| SimDuration::from_nanos(self.now - since));
        for (scope, measures) in self.topology.scopes.iter().zip(&mut self.measures) {
            if scope.classes.contains(&class)
                && let Some(idle) = idle
            {
                measures.reuses += 1;
                measures.idle += u128::from(idle.as_nanos());
                measures.idle_min = Some(measures.idle_min.map_or(idle, |least| least.min(idle)));
            }
            if !scope.flows.contains(&flow) {
                continue;
            }
            measures.requests += 1;
            let Some(port) = port else {
                measures.refused += 1;
                measures.lost += 1;
                measures.first_refusal.get_or_insert(SimDuration::from_nanos(self.now));
                continue;
            };
            measures.connects += 1;
            let first = match call.program.way {
                Way::Ports(first, _) => first,
                _ => self.host.range(&call.program).0,
            };
            debug_assert!(first >= FIRST);
            measures.second_parity += u64::from((port - first) % 2);
        }
        if let Some(port) = port {
            self.host.take(self.now, port, call);
            self.note_backs();
            self.look();
        }
    }

    /// The figures, one set for each scope. What ports were looked at and what it cost is no matter of the reference.
    pub(super) fn finish(mut self, end: u64, found: &[Measures]) -> Vec<Measures> {
        self.pass_before(end);
        let complete = |(measures, found): (Measures, &Measures)| Measures {
            duration: SimDuration::from_nanos(end),
            probes: found.probes,
            probes_p99: found.probes_p99,
            probes_max: found.probes_max,
            probes_refused: found.probes_refused,
            connect_cost: found.connect_cost,
            connect_cost_p99: found.connect_cost_p99,
            connect_cost_max: found.connect_cost_max,
            refused_cost: found.refused_cost,
            search_cost: found.search_cost,
            ..measures
        };
        self.measures.into_iter().zip(found).map(complete).collect()
    }

    /// The window is half-open: what happens at its end is in no figure.
    fn pass_before(&mut self, end: u64) {
        while let Some(next) = self.host.next_change(self.now).filter(|next| *next < end) {
            self.pass(next);
        }
        self.wait(end);
    }
}
