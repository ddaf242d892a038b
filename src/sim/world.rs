//! The state of one replication, and how each kind of event changes it. What happens next is `run`'s to say.

use super::connection::Connection;
use super::observer::{Attempt, Cause, Connected, Held, Observer};
use super::requests::{Pending, Requests};
use super::socket_host::SocketHost;
use super::topology::{Flow, PoolLanes, Topology};
use crate::des::{DelayLine, Randomness, SimDuration, SimTime, SlotWheel, Tournament};
use crate::port::allocator::Choice;
use crate::port::hold::Timer;
use crate::port::lane::Lane;
use crate::port::pool::PoolSettings;
use crate::port::{Clock, Pool, Strides, SynSent};
use crate::scenario::{Client, Host, Scenario};
use crate::workload::{Arrivals, ClosesFirst, Jitter, Leaves, Lifetime, Retry};

/// One replication in motion. A clone is at the same place and goes the same way.
#[derive(Clone, Debug)]
pub struct World<'a> {
    pub(super) topology: &'a Topology,
    /// The ports of each pool.
    pub(super) pools: Vec<PortOwner>,
    /// The hosts of which it is kept who owns which port.
    pub(super) socket_hosts: Vec<SocketHost>,
    pub(super) clients: Vec<Requests>,
    /// Closes of random lifetimes, of all clients.
    closes: SlotWheel<Connection>,
    /// Closes of constant lifetimes, a line for each client that has them.
    close_lines: Vec<DelayLine<Connection>>,
    /// Retries after random or growing waits, of all clients.
    retries: SlotWheel<Pending>,
    /// Retries after constant waits, a line for each client that has them.
    retry_lines: Vec<DelayLine<Pending>>,
    pub(super) next: Next,
    /// No closed connection frees its port sooner after its close.
    pub(super) least_hold: SimDuration,
}

/// When the next event of each kind is due. Entry 0 of `close` and `retry` is the wheel, the others are lines.
#[derive(Clone, Debug)]
pub(super) struct Next {
    pub(super) release: Tournament,
    pub(super) close: Tournament,
    pub(super) retry: Tournament,
    pub(super) arrival: Tournament,
}

/// What came of a search: source address and endpoint, the lane among those of the host, the choice, and how many ports are
/// free there after it.
type Found = ((u32, u32), u32, Choice, u32);

/// The ports of one pool.
#[derive(Clone, Debug)]
pub(super) struct PortOwner {
    pub(super) pool: Pool,
    /// Its first lane among those of all pools.
    pub(super) first_lane: u32,
    pub(super) strides: Strides,
    /// How long a TIME-WAIT lasts.
    pub(super) time_wait: Timer,
    pub(super) line: DelayLine<Connection>,
    /// No more are held after their close.
    held_max: usize,
    /// It can never hold as many, and nobody keeps who owns its ports: the lanes say all.
    is_plain: bool,
    /// What a program sees when there is no port.
    cause: Cause,
    /// When it gives up whom nobody answers.
    syn_sent: SynSent,
    /// Its host's place in `World::socket_hosts`, if it has one.
    pub(super) socket_host: Option<usize>,
}

impl<'a> World<'a> {
    /// The world at the start of replication `randomness.replication`; the measured window opens at `window`.
    pub fn new(scenario: &Scenario, topology: &'a Topology, randomness: Randomness, window: SimTime) -> Self {
        let mut socket_hosts = Vec::new();
        let mut pools: Vec<PortOwner> = Vec::new();
        for (index, lanes) in topology.pools.iter().enumerate() {
            let first = topology.pools[..index].iter().position(|other| other.way.host == lanes.way.host);
            if lanes.keeps_sockets && first.is_none() {
                socket_hosts.push(SocketHost::new(scenario, topology, index, randomness, window));
            }
            // The pools of a host come one after another.
            let socket_host = lanes.keeps_sockets.then(|| socket_hosts.len() - 1);
            let number = index - first.unwrap_or(index);
            pools.push(PortOwner::new(scenario, lanes, number, socket_host, randomness, window));
        }
        let releases = pools.len() + socket_hosts.len() * SocketHost::ENTRIES;
        let mut world = Self {
            topology,
            next: Next {
                release: Tournament::new(releases),
                close: Tournament::new(
                    1 + scenario.clients.iter().filter(|client| has_close_line(scenario, client)).count(),
                ),
                retry: Tournament::new(1 + scenario.clients.iter().filter(|client| has_retry_line(client)).count()),
                arrival: Tournament::new(scenario.clients.len()),
            },
            pools,
            socket_hosts,
            clients: Vec::new(),
            closes: SlotWheel::default(),
            close_lines: Vec::new(),
            retries: SlotWheel::default(),
            retry_lines: Vec::new(),
            least_hold: least_hold(scenario, topology),
        };
        for (place, host) in world.socket_hosts.iter_mut().enumerate() {
            host.start(world.pools.len() + place * SocketHost::ENTRIES, &mut world.pools);
        }
        for index in 0..scenario.clients.len() {
            world.add_client(scenario, index, randomness, window);
        }
        world
    }

    fn add_client(&mut self, scenario: &Scenario, index: usize, randomness: Randomness, window: SimTime) {
        let client = &scenario.clients[index];
        let mut close_entry = 0;
        if has_close_line(scenario, client) {
            self.close_lines.push(DelayLine::default());
            close_entry = self.close_lines.len();
        }
        let mut retry_entry = 0;
        if has_retry_line(client) {
            self.retry_lines.push(DelayLine::default());
            retry_entry = self.retry_lines.len();
        }
        let entries = (close_entry, retry_entry);
        let requests = Requests::new(scenario, self.topology, index, randomness, window, entries);
        self.next.arrival.set(index, requests.arrivals.next_at());
        self.clients.push(requests);
    }

    /// Draws all that comes after `now` from branch number `branch` (1 or more) of every stream. What is scheduled by
    /// then stays: closes, releases, retries, the clocks of hosts, and arrivals that are not drawn. Requests that are
    /// drawn begin anew, which Poisson arrivals, that have no memory, may.
    pub(super) fn rekey(&mut self, branch: u64, now: SimTime) {
        for owner in &mut self.pools {
            owner.pool.rekey(branch);
        }
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.rekey(branch, now);
            self.next.arrival.set(index, client.arrivals.next_at());
        }
    }

    /// The ports of every way of getting one, as [`Topology::pools`].
    pub fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.pools.iter().map(|owner| &owner.pool)
    }

    /// How many ports each lane has free, counted over all hosts.
    pub(super) fn free_ports(&self) -> Vec<u32> {
        self.pools().flat_map(Pool::lanes).map(Lane::free).collect()
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.closes.len() + self.close_lines.iter().map(DelayLine::len).sum::<usize>()
    }

    /// Ports that are held after their close now and cannot be had.
    pub fn held_ports(&self) -> usize {
        let plain = self.pools.iter().filter(|owner| owner.socket_host.is_none()).map(|owner| owner.line.len());
        plain.sum::<usize>() + self.socket_hosts.iter().map(SocketHost::busy_after_close).sum::<usize>()
    }

    /// The next request of client number `client` comes.
    #[inline]
    pub(super) fn arrive(&mut self, at: SimTime, client: usize, observer: &mut impl Observer) {
        if self.clients[client].is_plain {
            let pending = self.next_request(at, client);
            self.attempt::<false>(at, pending, observer);
        } else {
            self.arrive_by_rules(at, client, observer);
        }
    }

    /// The same for a client whose sockets or destinations have rules of their own.
    #[cold]
    #[inline(never)]
    fn arrive_by_rules(&mut self, at: SimTime, client: usize, observer: &mut impl Observer) {
        let pending = self.next_request(at, client);
        self.attempt_by_rules(at, pending, observer);
    }

    /// Draws the request that comes now.
    #[expect(clippy::inline_always, reason = "once per arrival; the call alone costs a few per cent")]
    #[inline(always)]
    fn next_request(&mut self, at: SimTime, client: usize) -> Pending {
        let requests = &mut self.clients[client];
        let pending = requests.request(self.topology);
        requests.arrivals.advance();
        let next = requests.arrivals.next_at();
        debug_assert!(next >= at, "arrivals never go back");
        self.next.arrival.set(client, next);
        pending
    }

    /// The next retry, of entry `entry`, is due.
    #[inline(never)]
    pub(super) fn retry(&mut self, entry: usize, observer: &mut impl Observer) {
        let (at, pending) = if entry == 0 {
            let due = self.retries.pop().expect("its time was next");
            self.next.retry.set(0, self.retries.next_at());
            due
        } else {
            let line = &mut self.retry_lines[entry - 1];
            let due = line.pop().expect("its time was next");
            self.next.retry.set(entry, line.next_at());
            due
        };
        self.attempt_by_rules(at, pending, observer);
    }

    /// `connect()`, whatever there is.
    fn attempt_by_rules(&mut self, at: SimTime, pending: Pending, observer: &mut impl Observer) {
        if self.pools[self.topology.flows[pending.flow as usize].pool].socket_host.is_some() {
            self.attempt_among_sockets(at, pending, observer);
        } else {
            self.attempt::<true>(at, pending, observer);
        }
    }

    /// `connect()` where a lane's bitmap says all; `UNANSWERED`: to a destination that may never answer.
    #[expect(clippy::inline_always, reason = "once per arrival; the call alone costs a few per cent")]
    #[inline(always)]
    fn attempt<const UNANSWERED: bool>(&mut self, at: SimTime, pending: Pending, observer: &mut impl Observer) {
        let flow = &self.topology.flows[pending.flow as usize];
        let host = &mut self.pools[flow.pool];
        let client = &mut self.clients[flow.client];
        let mut place = client.pick(&pending, flow);
        // Mostly there is one address and one endpoint: no product of strides then, once per arrival.
        let mut local = if place == (0, 0) { flow.first_lane } else { host.lane(flow, place.0, place.1) };
        let (mut choice, mut free) = host.pool.take(local as usize, at);
        if choice.offset().is_none() {
            (place, local, choice, free) = host.take_elsewhere(client, flow, at, (place, local, choice, free));
        }
        let attempt = || Attempt {
            at,
            flow: pending.flow,
            lane: host.first_lane + local,
            source: place.0,
            endpoint: place.1,
            request: pending.request,
            retry: pending.retry,
            probes: choice.probes,
            start: choice.start,
            free,
        };
        let Some(offset) = choice.offset() else {
            let (attempt, cause) = (attempt(), host.cause);
            self.refuse(at, pending, &attempt, cause, observer);
            return;
        };
        let attempt = attempt();
        let close_at = if UNANSWERED { host.close_at(at, &pending) } else { at + pending.lifetime };
        let connection = Connection::new(attempt.lane, offset, pending.flow, pending.leaves);
        let entry = client.close_entry;
        observer.connected(&attempt, &Connected { offset, port: host.pool.layout().port(offset), close_at });
        self.schedule_close(close_at, connection, entry);
    }

    #[inline]
    pub(super) fn schedule_close(&mut self, close_at: SimTime, connection: Connection, entry: usize) {
        if entry == 0 {
            if self.closes.push(close_at, connection) {
                self.next.close.set(0, self.closes.next_at());
            }
        } else if self.close_lines[entry - 1].push(close_at, connection) {
            self.next.close.set(entry, close_at);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refuse(
        &mut self,
        at: SimTime,
        pending: Pending,
        attempt: &Attempt,
        cause: Cause,
        observer: &mut impl Observer,
    ) {
        observer.refused(attempt, cause);
        let client = &mut self.clients[self.topology.flows[pending.flow as usize].client];
        if pending.retry + 1 >= client.retry.attempts {
            observer.lost(at, pending.flow);
            return;
        }
        let pending = Pending { retry: pending.retry + 1, ..pending };
        let due = at + client.back_off(&pending);
        let entry = client.retry_entry;
        if entry == 0 {
            if self.retries.push(due, pending) {
                self.next.retry.set(0, self.retries.next_at());
            }
        } else if self.retry_lines[entry - 1].push(due, pending) {
            self.next.retry.set(entry, due);
        }
    }

    /// Runs the closes that are due first and, when they come from one queue only, all others up to `until`.
    #[inline]
    pub(super) fn close(&mut self, until: SimTime, observer: &mut impl Observer) {
        let (entry, until) = self.next.close.run(until);
        loop {
            let due =
                if entry == 0 { self.closes.pop_until(until) } else { self.close_lines[entry - 1].pop_until(until) };
            let Some((at, connection)) = due else { break };
            observer.closed(at, &held(connection));
            let pool = self.topology.flows[connection.flow() as usize].pool;
            if self.pools[pool].is_plain {
                let waits = connection.leaves() == Leaves::TimeWait;
                self.hold(pool, at, connection, waits, observer);
            } else {
                self.close_by_rules(pool, at, connection, observer);
            }
        }
        let next_at = if entry == 0 { self.closes.next_at() } else { self.close_lines[entry - 1].next_at() };
        self.next.close.set(entry, next_at);
    }

    /// A connection of a pool closes that is kept port by port, or that may hold too many TIME-WAITs.
    #[cold]
    #[inline(never)]
    fn close_by_rules(&mut self, pool: usize, at: SimTime, connection: Connection, observer: &mut impl Observer) {
        let owner = &mut self.pools[pool];
        if owner.socket_host.is_some() {
            self.close_among_sockets(at, connection, observer);
            return;
        }
        let waits = connection.leaves() == Leaves::TimeWait && owner.line.len() < owner.held_max;
        self.hold(pool, at, connection, waits, observer);
    }

    /// The port of a closed connection is free again after its TIME-WAIT, or at once.
    #[expect(clippy::inline_always, reason = "once per close; the call alone costs a few per cent")]
    #[inline(always)]
    fn hold(&mut self, pool: usize, at: SimTime, connection: Connection, waits: bool, observer: &mut impl Observer) {
        let owner = &mut self.pools[pool];
        let free_at = if waits { owner.time_wait.free_at(at) } else { at };
        if free_at == at {
            owner.free_at_once(at, connection, observer);
        } else if owner.line.push(free_at, connection) {
            self.next.release.set(pool, free_at);
        }
    }

    /// Frees the held ports that are due first and, when there is one host only, all others up to `until`.
    #[expect(clippy::inline_always, reason = "once per release; the call alone costs a few per cent")]
    #[inline(always)]
    pub(super) fn release(&mut self, until: SimTime, observer: &mut impl Observer) {
        let (entry, until) = self.next.release.run(until);
        let Some(owner) = self.pools.get_mut(entry).filter(|owner| owner.socket_host.is_none()) else {
            self.release_among_sockets(entry, until, observer);
            return;
        };
        while let Some((at, connection)) = owner.line.pop_until(until) {
            owner.free(at, connection, observer);
        }
        self.next.release.set(entry, owner.line.next_at());
    }
}

impl PortOwner {
    /// Pool number `number` of its host.
    fn new(
        scenario: &Scenario,
        lanes: &PoolLanes,
        number: usize,
        socket_host: Option<usize>,
        randomness: Randomness,
        window: SimTime,
    ) -> Self {
        let host = &scenario.hosts[lanes.way.host];
        let clock = host_clock(host, randomness, window);
        // The first pool's streams are those of a host that has no other.
        let owner = format!("host:{}", host.name);
        let owner = if number == 0 { owner } else { format!("{owner}/{number}") };
        let allocator = lanes.way.allocator;
        let settings = PoolSettings {
            owner: &owner,
            allocator,
            step_width: host.port_step_width,
            lanes: lanes.count as usize,
            clock,
        };
        let rules = &host.sockets;
        let cause = if lanes.way.claim.bound { Cause::InUse } else { Cause::NotAvailable };
        Self {
            pool: Pool::new(lanes.way.ports, &lanes.way.reserved, &settings, randomness),
            first_lane: lanes.first,
            strides: lanes.strides(),
            time_wait: host.time_wait.on(clock),
            line: DelayLine::default(),
            held_max: usize::try_from(lanes.held_max).unwrap_or(usize::MAX),
            is_plain: lanes.are_plain(),
            cause,
            syn_sent: SynSent::new(rules.syn_retries, rules.syn_linear_timeouts, &host.time_wait, clock),
            socket_host,
        }
    }

    /// When a connection that opens now will close.
    #[inline]
    pub(super) fn close_at(&self, at: SimTime, pending: &Pending) -> SimTime {
        if pending.leaves == Leaves::Unanswered { self.syn_sent.gives_up_at(at) } else { at + pending.lifetime }
    }

    /// A connection leaves no TIME-WAIT.
    #[inline(never)]
    fn free_at_once(&mut self, at: SimTime, connection: Connection, observer: &mut impl Observer) {
        self.free(at, connection, observer);
    }

    #[expect(clippy::inline_always, reason = "once per release; the call alone costs a few per cent")]
    #[inline(always)]
    fn free(&mut self, at: SimTime, connection: Connection, observer: &mut impl Observer) {
        let free = self.pool.give_back((connection.lane() - self.first_lane) as usize, connection.offset());
        observer.released(at, &held(connection), free);
    }

    /// Goes on where the first search `found` no port: to the next place that the client's rules allow, until there is one.
    /// Ports looked at are those of all places; where there is none, the first is the one that refuses.
    #[cold]
    #[inline(never)]
    fn take_elsewhere(&mut self, client: &Requests, flow: &Flow, at: SimTime, found: Found) -> Found {
        let (first, first_lane, refusal, left) = found;
        let (mut place, mut probes) = (first, 0);
        while let Some(next) = client.pick_next(flow, place) {
            let local = self.lane(flow, next.0, next.1);
            let (choice, free) = self.pool.take(local as usize, at);
            if choice.offset().is_some() {
                return (next, local, choice.after(refusal.probes + probes), free);
            }
            probes += choice.probes;
            place = next;
        }
        (first, first_lane, refusal.after(probes), left)
    }

    /// The lane of a connection among those of the host.
    #[inline]
    pub(super) fn lane(&self, flow: &Flow, source: u32, endpoint: u32) -> u32 {
        flow.first_lane + self.strides.lane(source, endpoint)
    }
}

/// A connection as observers know it.
#[inline]
pub(super) fn held(connection: Connection) -> Held {
    Held { flow: connection.flow(), lane: connection.lane(), offset: connection.offset() }
}

/// The clock of a host, the same for all of its pools.
pub(super) fn host_clock(host: &Host, randomness: Randomness, window: SimTime) -> Clock {
    let grid = host.time_wait.grid();
    // A phase counts from the start of the measured window, the clock from the start of the simulation.
    let phase = host.time_wait.phase().map(|phase| {
        let grid = grid.as_nanos().max(1);
        SimDuration::from_nanos((phase.as_nanos() % grid + window.as_nanos() % grid) % grid)
    });
    Clock::draw(randomness, &format!("host:{}", host.name), grid, phase)
}

/// The least time from a close to the release of its port, of all hosts; zero where closes must be told in order.
fn least_hold(scenario: &Scenario, topology: &Topology) -> SimDuration {
    let always_waits = scenario.clients.iter().all(|client| {
        let waits = |closer: ClosesFirst| {
            let leaves_time_wait =
                |(to, _): &(usize, f64)| Leaves::of(closer, scenario.destinations[*to].behaviour) == Leaves::TimeWait;
            client.to.iter().all(leaves_time_wait)
        };
        match &client.arrivals {
            Arrivals::Replay(replay) => {
                replay.trace().rows.iter().all(|row| waits(row.closes_first.unwrap_or(client.closes_first)))
            }
            _ => waits(client.closes_first),
        }
    });
    let are_plain = topology.pools.iter().all(PoolLanes::are_plain);
    let least = scenario.hosts.iter().map(|host| host.time_wait.least()).min();
    least.filter(|_| always_waits && are_plain).unwrap_or(SimDuration::ZERO)
}

/// Do all of the client's connections last equally long, so that they close in the order in which they came?
fn has_close_line(scenario: &Scenario, client: &Client) -> bool {
    let lasts = |(to, _): &(usize, f64)| scenario.destinations[*to].behaviour.accepts();
    matches!(client.lifetime, Lifetime::Constant(_))
        && !matches!(client.arrivals, Arrivals::Replay(_))
        && client.to.iter().all(lasts)
}

/// Do all of the client's retries wait equally long?
fn has_retry_line(client: &Client) -> bool {
    let Retry { delay, max, factor, jitter, .. } = client.retry;
    jitter == Jitter::None && (factor <= 1.0 || delay >= max)
}
