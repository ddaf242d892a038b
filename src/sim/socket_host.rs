//! A host of which it is kept who owns which port: where sockets meet that a bitmap per lane cannot tell apart.
//!
//! [`Sockets`] has the kernel's rules; the lanes of all pools of the host follow it, port by port, so that a search
//! stays what it is everywhere else. Who is told that a port of a lane is usable or is not: of the connections of that
//! lane by their own events, of all others as shadows.

mod after_close;

use super::connection::Connection;
use super::observer::{Attempt, Cause, Connected, Observer};
use super::requests::{Pending, Requests};
use super::topology::{Flow, PoolLanes, Topology};
use super::world::{PortOwner, World, host_clock};
use crate::des::{DelayLine, Randomness, SimDuration, SimTime, SlotWheel};
use crate::port::allocator::Choice;
use crate::port::hold::Timer;
use crate::port::sockets::{Owner, OwnerRules, Sockets, State};
use crate::port::{EarlyReuse, PortRange};
use crate::scenario::Scenario;
use crate::scenario::ways::Access;
use std::collections::BTreeMap;

/// The sockets of one host, and what waits there.
#[derive(Clone, Debug)]
pub(super) struct SocketHost {
    sockets: Sockets,
    /// Its pools, among those of all hosts.
    pools: std::ops::Range<usize>,
    /// Mini-sockets, and how many there may be.
    minis: u64,
    minis_max: u64,
    /// Ports held after their close that cannot be had.
    held_busy: usize,
    early_reuse: EarlyReuse,
    early_phase: SimDuration,
    /// Of each flow: may `connect()` take its TIME-WAITs over?
    reuses: Vec<bool>,
    /// The stages of an orphan's wait for a FIN.
    fin_wait_2: Vec<Timer>,
    /// Of each flow: how long after a close the other side's FIN comes.
    close_delays: Vec<SimDuration>,
    /// Of each flow: are its servers on this host?
    is_local: Vec<bool>,
    /// Mini-sockets of these servers, which closed first: the clients' port, source and endpoint, and when each leaves.
    servers: BTreeMap<(u16, u32, u32), SimTime>,
    /// What waits here and not with its pool, see [`YOUNG`], [`FIN_WAIT_2`], [`SERVERS`] and [`ORPHANS`].
    lines: [DelayLine<Connection>; Self::LINES],
    /// Orphans by the time at which the other side's FIN comes, after all [`lines`](Self::lines).
    fins: SlotWheel<Connection>,
    /// The entry of the first of these in `Next::release`.
    entry: usize,
}

/// The line of TIME-WAITs by the time at which they may be taken over.
const YOUNG: usize = 0;
/// The line of mini-sockets in FIN-WAIT-2 by their end.
const FIN_WAIT_2: usize = 1;
/// The line of servers' mini-sockets by their end.
const SERVERS: usize = 2;
/// After all lines.
const FINS: usize = SocketHost::LINES;
/// The line of full sockets in FIN-WAIT-2 by the time at which they become mini-sockets: after those that leave then.
const ORPHANS: usize = 3;

/// What became of a lane's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Same,
    Usable,
    Taken,
}

/// The lane that a connection counts in, after its socket has changed.
#[derive(Clone, Copy, Debug)]
struct OwnLane {
    change: Change,
    free: u32,
}

impl SocketHost {
    /// The host of pool number `first`, which is its first one.
    pub(super) fn new(
        scenario: &Scenario,
        topology: &Topology,
        first: usize,
        randomness: Randomness,
        window: SimTime,
    ) -> Self {
        let index = topology.pools[first].way.host;
        let host = &scenario.hosts[index];
        let pools: Vec<&PoolLanes> = topology.pools.iter().filter(|pool| pool.way.host == index).collect();
        let low = pools.iter().map(|pool| pool.way.ports.first()).min().expect("it has a pool");
        let high = pools.iter().map(|pool| pool.way.ports.last()).max().expect("it has a pool");
        let ports = PortRange::new(low, high).expect("each range has a port");
        let rules = OwnerRules {
            sticky_buckets: host.sockets.sticky_buckets,
            timestamps: host.sockets.timestamps,
            listening_ports: host.sockets.listening_ports.clone(),
        };
        let clock = host_clock(host, randomness, window);
        let stages = host.fin_wait_2();
        // A port that bind() took is closed to connect() anyway.
        let reuses = |flow: &Flow| {
            topology.pools[flow.pool].way.access == Access::Connect
                && scenario.reuses_early(flow.host, flow.destination)
        };
        Self {
            sockets: Sockets::new(rules, ports),
            pools: first..first + pools.len(),
            minis: 0,
            held_busy: 0,
            minis_max: host.sockets.max_tw_buckets,
            early_reuse: host.sockets.early_reuse,
            early_phase: clock.phase(host.sockets.early_reuse.tick),
            reuses: topology.flows.iter().map(reuses).collect(),
            fin_wait_2: stages.iter().map(|stage| stage.on(clock)).collect(),
            close_delays: topology
                .flows
                .iter()
                .map(|flow| scenario.destinations[flow.destination].close_delay)
                .collect(),
            is_local: topology.flows.iter().map(|flow| scenario.destinations[flow.destination].loopback).collect(),
            servers: BTreeMap::new(),
            fins: SlotWheel::default(),
            lines: std::array::from_fn(|_| DelayLine::default()),
            entry: 0,
        }
    }

    /// How many lines it has beside those of its pools.
    const LINES: usize = 4;
    /// How many entries of `Next::release` it has: its lines, and FINs.
    pub(super) const ENTRIES: usize = Self::LINES + 1;

    /// Its entries of `Next::release` begin with this one; `pools` are those of the world.
    pub(super) fn start(&mut self, entry: usize, pools: &mut [PortOwner]) {
        self.entry = entry;
        // Listening sockets were there before.
        for owner in &mut pools[self.pools.clone()] {
            let range = owner.pool.layout().range();
            for port in (range.first()..=range.last()).filter(|port| self.sockets.is_listening(*port)) {
                for lane in 0..owner.pool.lanes().len() {
                    owner.pool.set_usable(lane, port - range.first(), false);
                }
            }
        }
    }

    /// The end of a server's TIME-WAIT has come, unless its 4-tuple was used again.
    fn server_leaves(&mut self, tuple: (u16, u32, u32), at: SimTime) {
        if self.servers.get(&tuple) == Some(&at) {
            self.servers.remove(&tuple);
            self.minis -= 1;
        }
    }

    /// Ports held after their close that cannot be had.
    pub(super) const fn busy_after_close(&self) -> usize {
        self.held_busy
    }

    /// Looks for a port for a connection from `source` to `endpoint`, as its way does.
    fn search(
        &self,
        (owner, lanes): (&mut PortOwner, &PoolLanes),
        lane: u32,
        (source, endpoint): (u32, u32),
        at: SimTime,
    ) -> Result<Choice, (Cause, Choice)> {
        let (lane, claim) = (lane as usize, lanes.way.claim);
        let found =
            |choice: Choice, cause: Cause| if choice.offset().is_some() { Ok(choice) } else { Err((cause, choice)) };
        match lanes.way.access {
            Access::Connect => found(owner.pool.choose(lane, at), Cause::NotAvailable),
            Access::Exclusive => found(owner.pool.choose(lane, at), Cause::InUse),
            Access::SharedPorts => found(owner.pool.choose(lane, at), Cause::InUse).map_err(|(in_use, choice)| {
                let mut ports = lanes.way.ports.first()..=lanes.way.ports.last();
                let bound = ports.any(|port| self.sockets.bind_may_take(port, source, claim));
                (if bound { Cause::NotAvailable } else { in_use }, choice)
            }),
            Access::SharedBindZero => {
                let mut none = Choice::new(None, 0, 0);
                for shared in [false, true] {
                    let usable = |port| self.sockets.bind_zero_may_take(port, source, claim, shared);
                    let choice = owner.pool.choose_among(lane, at, usable);
                    none = Choice::new(None, none.probes + choice.probes, choice.start);
                    // The port was chosen before the destination was known: connect() may say no to it.
                    if let Some(offset) = choice.offset() {
                        let may = self.sockets.bound_may_connect(lanes.way.ports.first() + offset, source, endpoint);
                        let choice = Choice::new(may.then_some(offset), none.probes, none.start);
                        return found(choice, Cause::NotAvailable);
                    }
                }
                Err((Cause::InUse, none))
            }
        }
    }

    /// Looks at the client's `first` place, and then at the next ones that its rules allow until there is a port. Ports looked
    /// at are those of all places; where there is none, the first is the one that refuses.
    fn search_in_turn(
        &self,
        (owner, lanes): (&mut PortOwner, &PoolLanes),
        (client, flow): (&Requests, &Flow),
        first: (u32, u32),
        at: SimTime,
    ) -> ((u32, u32), Result<Choice, (Cause, Choice)>) {
        let mut at_place = |(source, endpoint)| {
            let local = owner.lane(flow, source, endpoint);
            self.search((&mut *owner, lanes), local, (source, flow.first_endpoint + endpoint), at)
        };
        let (cause, refusal) = match at_place(first) {
            Ok(choice) => return (first, Ok(choice)),
            Err(refusal) => refusal,
        };
        let (mut place, mut probes) = (first, 0);
        while let Some(next) = client.pick_next(flow, place) {
            match at_place(next) {
                Ok(choice) => return (next, Ok(choice.after(refusal.probes + probes))),
                Err((_, choice)) => probes += choice.probes,
            }
            place = next;
        }
        (first, Err((cause, refusal.after(probes))))
    }

    /// Would a socket of this way take the port?
    fn is_usable(&self, lanes: &PoolLanes, port: u16, source: u32, endpoint: u32) -> bool {
        let (claim, strides) = (lanes.way.claim, lanes.strides());
        let lane = strides.lane(source, endpoint);
        let tuple = || self.sockets.bound_may_connect(port, source, endpoint);
        match lanes.way.access {
            Access::Connect => {
                let same_lane = |owner: &Owner| strides.lane(owner.source, owner.endpoint) == lane;
                self.sockets.connect_may_take(port, same_lane)
            }
            Access::Exclusive => {
                !self.sockets.is_listening(port) && self.sockets.of_port(port).all(|owner| owner.source != source)
            }
            Access::SharedBindZero => self.sockets.bind_zero_may_take(port, source, claim, true) && tuple(),
            Access::SharedPorts => self.sockets.bind_may_take(port, source, claim) && tuple(),
        }
    }

    /// Lets the lanes of all pools follow what has changed at a port for `source` and `endpoint`; for everybody if
    /// `for_all`, since the port was closed to `connect()` or opened again. Observers are told of every lane but `own`.
    fn follow(
        &self,
        (pools, topology): (&mut [PortOwner], &Topology),
        (port, source, endpoint): (u16, u32, u32),
        for_all: bool,
        own: u32,
        at: SimTime,
        observer: &mut impl Observer,
    ) -> OwnLane {
        let mut own_lane = OwnLane { change: Change::Same, free: 0 };
        for pool in self.pools.clone() {
            let lanes = &topology.pools[pool];
            let owner = &mut pools[pool];
            if !lanes.way.ports.contains(port) {
                continue;
            }
            let offset = port - lanes.way.ports.first();
            let mut visit = |source: u32, endpoint: u32| {
                let local = owner.strides.lane(source, endpoint);
                let usable = self.is_usable(lanes, port, source, endpoint);
                let changed = owner.pool.set_usable(local as usize, offset, usable);
                let (lane, free) = (owner.first_lane + local, owner.pool.lane(local as usize).free());
                if lane == own {
                    let change = if usable { Change::Usable } else { Change::Taken };
                    own_lane = OwnLane { change: if changed { change } else { Change::Same }, free };
                } else if changed && usable {
                    observer.unshadowed(at, lane, offset, free);
                } else if changed {
                    observer.shadowed(at, lane, offset, free);
                }
            };
            match lanes.way.access {
                Access::Connect if for_all => {
                    let strides = lanes.strides();
                    (0..lanes.count).for_each(|lane| visit(strides.source_of(lane), strides.endpoint_of(lane)));
                }
                Access::Connect | Access::Exclusive => visit(source, endpoint),
                Access::SharedBindZero | Access::SharedPorts => {
                    (0..lanes.endpoints).for_each(|endpoint| visit(source, endpoint));
                }
            }
        }
        own_lane
    }
}

impl World<'_> {
    /// `connect()`, and `bind()` before it, on a host of which it is kept who owns which port.
    #[inline(never)]
    pub(super) fn attempt_among_sockets(&mut self, at: SimTime, pending: Pending, observer: &mut impl Observer) {
        let flow = &self.topology.flows[pending.flow as usize];
        let lanes = &self.topology.pools[flow.pool];
        let owner = &mut self.pools[flow.pool];
        let place = owner.socket_host.expect("the caller has looked");
        let client = &mut self.clients[flow.client];
        let first = client.pick(&pending, flow);
        let host = &self.socket_hosts[place];
        let ((source, endpoint), found) = host.search_in_turn((owner, lanes), (client, flow), first, at);
        let local = owner.lane(flow, source, endpoint);
        let tuple = (source, flow.first_endpoint + endpoint);
        let (Ok(choice) | Err((_, choice))) = found;
        let mut attempt = Attempt {
            at,
            flow: pending.flow,
            lane: owner.first_lane + local,
            source,
            endpoint,
            request: pending.request,
            retry: pending.retry,
            probes: choice.probes,
            start: choice.start,
            free: owner.pool.lane(local as usize).free(),
        };
        match found {
            Err((cause, _)) => self.refuse(at, pending, &attempt, cause, observer),
            Ok(choice) => {
                let offset = choice.offset().expect("a port was found");
                let port = lanes.way.ports.first() + offset;
                self.take_over(place, port, tuple, at, observer);
                let close_at = self.pools[flow.pool].close_at(at, &pending);
                let claim = lanes.way.claim;
                let socket = Owner {
                    source,
                    endpoint: tuple.1,
                    claim,
                    state: State::Open,
                    flow: pending.flow,
                    lane: attempt.lane,
                    is_busy: true,
                    reusable_at: SimTime::NEVER,
                    free_at: SimTime::NEVER,
                    fin_at: SimTime::NEVER,
                };
                let host = &mut self.socket_hosts[place];
                // A SYN that meets a server's TIME-WAIT ends it (`reference/linux.md` 3.5).
                host.minis -= u64::from(host.servers.remove(&(port, source, tuple.1)).is_some());
                let closes_port = host.sockets.add(port, socket);
                let changed = (port, source, tuple.1);
                let world = (&mut self.pools[..], self.topology);
                let own = host.follow(world, changed, closes_port, attempt.lane, at, observer);
                debug_assert_eq!(own.change, Change::Taken, "a port is taken by who finds it");
                attempt.free = own.free;
                let connection = Connection::new(attempt.lane, offset, pending.flow, pending.leaves)
                    .towards(tuple.1)
                    .with_server_wait(pending.server_waits);
                observer.connected(&attempt, &Connected { offset, port, close_at });
                let entry = self.clients[flow.client].close_entry;
                self.schedule_close(close_at, connection, entry);
            }
        }
    }

    /// Ends what is left of an earlier connection with this 4-tuple, if anything is.
    fn take_over(
        &mut self,
        place: usize,
        port: u16,
        (source, endpoint): (u32, u32),
        at: SimTime,
        observer: &mut impl Observer,
    ) {
        if let Some(old) = self.socket_hosts[place].sockets.of_tuple(port, source, endpoint).copied() {
            self.socket_leaves(place, port, old, at, observer);
        }
    }
}

#[cfg(test)]
mod tests;
