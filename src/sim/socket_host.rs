//! A host of which it is kept who owns which port: where sockets meet that a bitmap per lane cannot tell apart.
//!
//! [`Sockets`] has the kernel's rules; the lanes of all pools of the host follow it, port by port, so that a search
//! stays what it is everywhere else. Who is told that a port of a lane is usable or is not: of the connections of that
//! lane by their own events, of all others as shadows.

use super::connection::Connection;
use super::observer::{Attempt, Cause, Connected, Held, Observer};
use super::requests::{Pending, Requests};
use super::topology::{Flow, PoolLanes, Topology};
use super::world::{PortOwner, World, host_clock};
use crate::des::{DelayLine, Randomness, SimDuration, SimTime};
use crate::port::allocator::Choice;
use crate::port::hold::Timer;
use crate::port::sockets::{Owner, OwnerRules, Sockets, State};
use crate::port::{EarlyReuse, PortRange};
use crate::scenario::Scenario;
use crate::scenario::ways::Access;
use crate::workload::Leaves;

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
    /// What waits here and not with its pool, see [`YOUNG`], [`ORPHANS`] and [`FIN_WAIT_2`].
    lines: [DelayLine<Connection>; Self::LINES],
    /// The entry of the first of these in `Next::release`.
    entry: usize,
}

/// The line of TIME-WAITs by the time at which they may be taken over.
const YOUNG: usize = 0;
/// The line of mini-sockets in FIN-WAIT-2 by their end.
const FIN_WAIT_2: usize = 1;
/// The line of full sockets in FIN-WAIT-2 by the time at which they become mini-sockets: after those that leave then.
const ORPHANS: usize = 2;

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
            lines: std::array::from_fn(|_| DelayLine::default()),
            entry: 0,
        }
    }

    /// How many lines it has beside those of its pools.
    pub(super) const LINES: usize = 3;

    /// Its lines are these entries of `Next::release`; `pools` are those of the world.
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
                };
                let host = &mut self.socket_hosts[place];
                let closes_port = host.sockets.add(port, socket);
                let changed = (port, source, tuple.1);
                let world = (&mut self.pools[..], self.topology);
                let own = host.follow(world, changed, closes_port, attempt.lane, at, observer);
                debug_assert_eq!(own.change, Change::Taken, "a port is taken by who finds it");
                attempt.free = own.free;
                let connection = Connection::new(attempt.lane, offset, pending.flow, pending.leaves).towards(tuple.1);
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

    /// A closed socket leaves its port.
    fn socket_leaves(&mut self, place: usize, port: u16, old: Owner, at: SimTime, observer: &mut impl Observer) {
        let host = &mut self.socket_hosts[place];
        let opens_port = host.sockets.remove(port, old.source, old.endpoint);
        host.minis -= u64::from(old.state.is_mini());
        host.held_busy -= usize::from(old.is_busy);
        let changed = (port, old.source, old.endpoint);
        let world = (&mut self.pools[..], self.topology);
        let own = host.follow(world, changed, opens_port, old.lane, at, observer);
        let gone = held_by(self.topology, port, &old);
        if old.is_busy {
            comes_back(Observer::released, &gone, own, at, observer);
        } else {
            observer.expired(at, &gone);
            report(&gone, own, at, observer);
        }
    }

    /// The connection closes.
    #[inline(never)]
    pub(super) fn close_among_sockets(&mut self, at: SimTime, connection: Connection, observer: &mut impl Observer) {
        let pool = self.topology.flows[connection.flow() as usize].pool;
        let owner = &mut self.pools[pool];
        let place = owner.socket_host.expect("the caller has looked");
        let port = owner.pool.layout().port(connection.offset());
        let source = owner.strides.source_of(connection.lane() - owner.first_lane);
        let host = &mut self.socket_hosts[place];
        let is_full = host.minis >= host.minis_max;
        let socket = host.sockets.of_tuple_mut(port, source, connection.endpoint());
        let socket = socket.expect("an open connection owns its port");
        (socket.state, socket.free_at) = match (connection.leaves(), host.fin_wait_2.as_slice()) {
            (Leaves::FinWait2, [first, _]) => (State::Orphan, first.free_at(at)),
            // There is no room for another mini-socket: nothing is left (`reference/linux.md` 3.4).
            _ if is_full => (State::TimeWait, at),
            (Leaves::FinWait2, stages) => (State::FinWait2, last_stage_ends(stages, at)),
            (Leaves::TimeWait, _) => (State::TimeWait, owner.time_wait.free_at(at)),
            (Leaves::Nothing | Leaves::Unanswered, _) => (State::TimeWait, at),
        };
        if connection.leaves() == Leaves::TimeWait && host.reuses[connection.flow() as usize] {
            socket.reusable_at = host.early_reuse.usable_at(at, host.early_phase);
        }
        let socket = *socket;
        host.minis += u64::from(socket.state.is_mini());
        host.held_busy += 1;
        if socket.free_at == at {
            self.socket_leaves(place, port, socket, at, observer);
            return;
        }
        match socket.state {
            State::Orphan => self.wait_among_sockets(place, ORPHANS, socket.free_at, connection),
            State::FinWait2 => self.wait_among_sockets(place, FIN_WAIT_2, socket.free_at, connection),
            State::Open | State::TimeWait | State::Reusable => {
                if owner.line.push(socket.free_at, connection) {
                    self.next.release.set(pool, socket.free_at);
                }
                if socket.reusable_at < socket.free_at {
                    self.wait_among_sockets(place, YOUNG, socket.reusable_at, connection);
                }
            }
        }
        // A program that binds its ports itself may use this one again at once.
        self.socket_ages(place, port, socket, at, observer);
    }

    /// Something is to happen to what is left of a connection, by itself.
    fn wait_among_sockets(&mut self, place: usize, line: usize, until: SimTime, connection: Connection) {
        let host = &mut self.socket_hosts[place];
        if host.lines[line].push(until, connection) {
            self.next.release.set(host.entry + line, until);
        }
    }

    /// Frees the held ports that are due first, or lets what is left of sockets be taken over from now on.
    #[inline(never)]
    pub(super) fn release_among_sockets(&mut self, entry: usize, until: SimTime, observer: &mut impl Observer) {
        let owns = |host: &SocketHost| {
            host.pools.contains(&entry) || (host.entry..host.entry + SocketHost::LINES).contains(&entry)
        };
        let place = self.socket_hosts.iter().position(owns).expect("every entry has a host");
        loop {
            let host = &mut self.socket_hosts[place];
            let number = entry.checked_sub(host.entry);
            let line = match number {
                Some(number) => &mut host.lines[number],
                None => &mut self.pools[entry].line,
            };
            let Some((at, connection)) = line.pop_until(until) else {
                let next_at = line.next_at();
                self.next.release.set(entry, next_at);
                return;
            };
            let owner = &self.pools[self.topology.flows[connection.flow() as usize].pool];
            let port = owner.pool.layout().port(connection.offset());
            let source = owner.strides.source_of(connection.lane() - owner.first_lane);
            let socket = host.sockets.of_tuple_mut(port, source, connection.endpoint());
            let Some(socket) = socket.filter(|socket| socket.flow == connection.flow()) else { continue };
            match (number, socket.state) {
                (Some(YOUNG), State::TimeWait) if socket.reusable_at == at => {
                    socket.state = State::Reusable;
                    let socket = *socket;
                    self.socket_ages(place, port, socket, at, observer);
                }
                (Some(ORPHANS), State::Orphan) if host.minis < host.minis_max => {
                    let end = last_stage_ends(&host.fin_wait_2, at);
                    (socket.state, socket.free_at) = (State::FinWait2, end);
                    let socket = *socket;
                    host.minis += 1;
                    self.wait_among_sockets(place, FIN_WAIT_2, end, connection);
                    self.socket_ages(place, port, socket, at, observer);
                }
                (Some(ORPHANS), State::Orphan)
                | (Some(FIN_WAIT_2), State::FinWait2)
                | (None, State::TimeWait | State::Reusable)
                    if socket.free_at == at =>
                {
                    let socket = *socket;
                    self.socket_leaves(place, port, socket, at, observer);
                }
                // Of what was taken over an entry stays behind, which means nothing any more.
                _ => {}
            }
        }
    }

    /// What is left of a connection may be had sooner than its lane thought: by `connect()` when it is old enough, by a
    /// program that binds its ports itself at once.
    fn socket_ages(&mut self, place: usize, port: u16, socket: Owner, at: SimTime, observer: &mut impl Observer) {
        let host = &mut self.socket_hosts[place];
        let changed = (port, socket.source, socket.endpoint);
        let world = (&mut self.pools[..], self.topology);
        let own = host.follow(world, changed, false, socket.lane, at, observer);
        let held = held_by(self.topology, port, &socket);
        let comes_back_now = own.change == Change::Usable || socket.state == State::Reusable;
        if socket.is_busy && comes_back_now {
            host.held_busy -= 1;
            let socket = host.sockets.of_tuple_mut(port, socket.source, socket.endpoint);
            socket.expect("it is still there").is_busy = false;
            comes_back(Observer::reusable, &held, own, at, observer);
        } else {
            report(&held, own, at, observer);
        }
    }
}

/// When an orphan leaves that becomes a mini-socket now.
fn last_stage_ends(stages: &[Timer], at: SimTime) -> SimTime {
    stages.last().expect("it waits at least once").free_at(at)
}

/// Tells of a port that its own lane has no longer, `how`: or somebody else's socket goes on keeping it from the lane.
fn comes_back<O: Observer>(
    how: fn(&mut O, SimTime, &Held, u32),
    held: &Held,
    own: OwnLane,
    at: SimTime,
    observer: &mut O,
) {
    if own.change == Change::Usable {
        how(observer, at, held, own.free);
    } else {
        how(observer, at, held, own.free + 1);
        observer.shadowed(at, held.lane, held.offset, own.free);
    }
}

/// Tells of a port that was not its own lane's any more.
fn report(held: &Held, own: OwnLane, at: SimTime, observer: &mut impl Observer) {
    match own.change {
        Change::Same => {}
        Change::Usable => observer.unshadowed(at, held.lane, held.offset, own.free),
        Change::Taken => observer.shadowed(at, held.lane, held.offset, own.free),
    }
}

/// A closed socket as observers know it.
fn held_by(topology: &Topology, port: u16, socket: &Owner) -> Held {
    let first = topology.pool_of_lane(socket.lane).way.ports.first();
    Held { flow: socket.flow, lane: socket.lane, offset: port - first }
}

#[cfg(test)]
mod tests;
