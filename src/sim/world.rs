//! The state of one replication, and how each kind of event changes it. What happens next is `run`'s to say.

use super::connection::Connection;
use super::observer::{Attempt, Connected, Held, Observer};
use super::spread::{SpreadWords, Spreading};
use super::topology::{Flow, Topology};
use crate::des::{DelayLine, Lookup, Randomness, SimDuration, SimTime, SlotWheel, Tournament, Words};
use crate::port::pool::PoolSettings;
use crate::port::{Clock, Hold, Pool, Strides};
use crate::scenario::{Client, Scenario};
use crate::workload::arrival::ArrivalStream;
use crate::workload::lifetime::LifetimeStream;
use crate::workload::{Arrivals, ClosesFirst, Jitter, Lifetime, Retry, Spread, Trace};
use std::sync::Arc;

/// One replication in motion.
#[derive(Debug)]
pub struct World<'a> {
    topology: &'a Topology,
    hosts: Vec<PortOwner>,
    clients: Vec<Requests>,
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
#[derive(Debug)]
pub(super) struct Next {
    pub(super) release: Tournament,
    pub(super) close: Tournament,
    pub(super) retry: Tournament,
    pub(super) arrival: Tournament,
}

/// The ports of one host.
#[derive(Debug)]
struct PortOwner {
    pool: Pool,
    /// Its first lane among those of all hosts.
    first_lane: u32,
    strides: Strides,
    /// What is held after its close, by which rule, on which grid.
    rule: Hold,
    phase: SimDuration,
    line: DelayLine<Connection>,
}

/// A client at work.
#[derive(Debug)]
struct Requests {
    arrivals: ArrivalStream,
    lifetimes: LifetimeStream,
    closes_first: ClosesFirst,
    trace: Option<Arc<Trace>>,
    /// For each destination a trace names, the flow.
    trace_flows: Vec<u32>,
    first_flow: u32,
    /// Upper ends of the destinations' shares of all 64-bit words; the last one is open.
    shares: Vec<u64>,
    /// One destination, one address, one endpoint and no trace: nothing is drawn but the lifetime.
    plain: bool,
    /// Is there more than one address, or more than one endpoint of some destination?
    spreads: bool,
    spreading: Spreading,
    streams: Streams,
    /// Attempts to each destination so far: the turn of round-robin.
    turns: Vec<u64>,
    next_request: u64,
    retry: Retry,
    /// The entry of its lines in `Next::close` and `Next::retry`; 0 is the wheel.
    close_entry: usize,
    retry_entry: usize,
}

/// A client's random streams besides arrivals and lifetimes.
#[derive(Debug)]
struct Streams {
    destination: Words,
    source: Words,
    endpoint: Words,
    back_off: Lookup,
}

/// A request at one of its attempts.
#[derive(Clone, Copy, Debug)]
struct Pending {
    request: u64,
    lifetime: SimDuration,
    words: SpreadWords,
    flow: u32,
    retry: u32,
    closes_first: ClosesFirst,
}

/// For rules that need none.
const NO_WORDS: SpreadWords = SpreadWords { source: 0, endpoint: 0 };

impl<'a> World<'a> {
    /// The world at the start of replication `randomness.replication`; the measured window opens at `window`.
    pub fn new(scenario: &Scenario, topology: &'a Topology, randomness: Randomness, window: SimTime) -> Self {
        let mut hosts = Vec::new();
        for (host, lanes) in scenario.hosts.iter().zip(&topology.hosts) {
            let owner = format!("host:{}", host.name);
            let rule = host.time_wait.clone();
            // A phase counts from the start of the measured window, the clock from the start of the simulation.
            let phase = rule.phase().map(|phase| {
                let grid = rule.grid().as_nanos().max(1);
                SimDuration::from_nanos((phase.as_nanos() % grid + window.as_nanos() % grid) % grid)
            });
            let clock = Clock::draw(randomness, &owner, rule.grid(), phase);
            let settings = PoolSettings {
                owner: &owner,
                allocator: host.allocator,
                lanes: lanes.count as usize,
                clock,
                step_width: host.port_step_width,
            };
            hosts.push(PortOwner {
                pool: Pool::new(host.port_range, &host.reserved_ports, &settings, randomness),
                first_lane: lanes.first,
                strides: lanes.uniqueness.strides(lanes.endpoints),
                phase: clock.phase(rule.grid()),
                rule,
                line: DelayLine::default(),
            });
        }
        let mut world = Self {
            topology,
            next: Next {
                release: Tournament::new(hosts.len()),
                close: Tournament::new(1 + scenario.clients.iter().filter(|client| has_close_line(client)).count()),
                retry: Tournament::new(1 + scenario.clients.iter().filter(|client| has_retry_line(client)).count()),
                arrival: Tournament::new(scenario.clients.len()),
            },
            hosts,
            clients: Vec::new(),
            closes: SlotWheel::default(),
            close_lines: Vec::new(),
            retries: SlotWheel::default(),
            retry_lines: Vec::new(),
            least_hold: least_hold(scenario),
        };
        for index in 0..scenario.clients.len() {
            world.add_client(scenario, index, randomness, window);
        }
        world
    }

    fn add_client(&mut self, scenario: &Scenario, index: usize, randomness: Randomness, window: SimTime) {
        let client = &scenario.clients[index];
        let actor = format!("client:{}", client.name);
        let mut close_entry = 0;
        if has_close_line(client) {
            self.close_lines.push(DelayLine::default());
            close_entry = self.close_lines.len();
        }
        let mut retry_entry = 0;
        if has_retry_line(client) {
            self.retry_lines.push(DelayLine::default());
            retry_entry = self.retry_lines.len();
        }
        let first_flow = self.topology.first_flow[index];
        let trace = match &client.arrivals {
            Arrivals::Replay(replay) => Some(replay.trace().clone()),
            _ => None,
        };
        let spreads = scenario.hosts[client.host].addresses > 1
            || client.to.iter().any(|(destination, _)| scenario.destinations[*destination].endpoints > 1);
        let requests = Requests {
            plain: !spreads && trace.is_none() && client.to.len() == 1,
            arrivals: client.arrivals.start(randomness.words(&actor, "arrival"), window),
            lifetimes: LifetimeStream::new(client.lifetime.clone(), randomness.words(&actor, "lifetime")),
            closes_first: client.closes_first,
            trace_flows: trace.iter().flat_map(|trace| trace_flows(trace, scenario, client, first_flow)).collect(),
            trace,
            first_flow: u32::try_from(first_flow).expect("at most 4,096 flows"),
            shares: shares(&client.to),
            spreads,
            spreading: Spreading {
                source: client.source,
                balance: client.balance,
                addresses: scenario.hosts[client.host].addresses,
            },
            streams: Streams {
                destination: randomness.words(&actor, "destination"),
                source: randomness.words(&actor, "source"),
                endpoint: randomness.words(&actor, "endpoint"),
                back_off: randomness.lookup(&actor, "back-off"),
            },
            turns: vec![0; client.to.len()],
            next_request: 0,
            retry: client.retry,
            close_entry,
            retry_entry,
        };
        self.next.arrival.set(index, requests.arrivals.next_at());
        self.clients.push(requests);
    }

    /// Every host's ports, in file order.
    pub fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.hosts.iter().map(|host| &host.pool)
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.closes.len() + self.close_lines.iter().map(DelayLine::len).sum::<usize>()
    }

    /// Ports that are held after their close now, of host number `host`.
    pub fn held_ports(&self, host: usize) -> usize {
        self.hosts[host].line.len()
    }

    /// The next request of client number `client` comes.
    #[inline]
    pub(super) fn arrive(&mut self, at: SimTime, client: usize, observer: &mut impl Observer) {
        let requests = &mut self.clients[client];
        let pending = requests.request(self.topology);
        requests.arrivals.advance();
        let next = requests.arrivals.next_at();
        debug_assert!(next >= at, "arrivals never go back");
        self.next.arrival.set(client, next);
        self.attempt(at, pending, observer);
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
        self.attempt(at, pending, observer);
    }

    /// `connect()`.
    #[expect(clippy::inline_always, reason = "once per arrival; the call alone costs a few per cent")]
    #[inline(always)]
    fn attempt(&mut self, at: SimTime, pending: Pending, observer: &mut impl Observer) {
        let flow = &self.topology.flows[pending.flow as usize];
        let host = &mut self.hosts[flow.host];
        let client = &mut self.clients[flow.client];
        let (source, endpoint) = client.pick(&pending, flow, host);
        let local = host.lane(flow, source, endpoint);
        let (choice, free) = host.pool.take(local as usize, at);
        let attempt = || Attempt {
            at,
            flow: pending.flow,
            lane: host.first_lane + local,
            source,
            endpoint,
            request: pending.request,
            retry: pending.retry,
            probes: choice.probes,
            free,
        };
        let Some(offset) = choice.offset else {
            let attempt = attempt();
            self.refuse(at, pending, &attempt, observer);
            return;
        };
        let attempt = attempt();
        let close_at = at + pending.lifetime;
        let connection = Connection::new(attempt.lane, offset, pending.flow, pending.closes_first);
        let entry = client.close_entry;
        observer.connected(&attempt, &Connected { offset, port: host.pool.layout().port(offset), close_at });
        self.schedule_close(close_at, connection, entry);
    }

    #[inline]
    fn schedule_close(&mut self, close_at: SimTime, connection: Connection, entry: usize) {
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
    fn refuse(&mut self, at: SimTime, pending: Pending, attempt: &Attempt, observer: &mut impl Observer) {
        observer.refused(attempt);
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
            let host = self.topology.flows[connection.flow() as usize].host;
            let owner = &mut self.hosts[host];
            let free_at = match connection.closes_first() {
                ClosesFirst::Client => owner.rule.free_at(at, owner.phase),
                // No TIME-WAIT on this side (`reference/linux.md` 3.1).
                ClosesFirst::Server | ClosesFirst::Reset => at,
            };
            if free_at == at {
                owner.free_at_once(at, connection, observer);
            } else if owner.line.push(free_at, connection) {
                self.next.release.set(host, free_at);
            }
        }
        let next_at = if entry == 0 { self.closes.next_at() } else { self.close_lines[entry - 1].next_at() };
        self.next.close.set(entry, next_at);
    }

    /// Frees the held ports that are due first and, when there is one host only, all others up to `until`.
    #[expect(clippy::inline_always, reason = "once per release; the call alone costs a few per cent")]
    #[inline(always)]
    pub(super) fn release(&mut self, until: SimTime, observer: &mut impl Observer) {
        let (host, until) = self.next.release.run(until);
        let owner = &mut self.hosts[host];
        while let Some((at, connection)) = owner.line.pop_until(until) {
            owner.free(at, connection, observer);
        }
        self.next.release.set(host, owner.line.next_at());
    }
}

impl PortOwner {
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

    /// The lane of a connection among those of the host.
    #[inline]
    fn lane(&self, flow: &Flow, source: u32, endpoint: u32) -> u32 {
        self.strides.lane(source, flow.first_endpoint + endpoint)
    }
}

/// A connection as observers know it.
#[inline]
fn held(connection: Connection) -> Held {
    Held { flow: connection.flow(), lane: connection.lane(), offset: connection.offset() }
}

impl Requests {
    /// Draws the next request. Each of its streams moves on by one word, whatever comes of the request.
    #[inline]
    fn request(&mut self, topology: &Topology) -> Pending {
        let mut lifetime = self.lifetimes.draw();
        let request = self.next_request;
        self.next_request += 1;
        if self.plain {
            let closes_first = self.closes_first;
            return Pending { request, lifetime, words: NO_WORDS, flow: self.first_flow, retry: 0, closes_first };
        }
        let mut flow = self.first_flow + self.draw_destination();
        let mut closes_first = self.closes_first;
        if let Some(trace) = &self.trace {
            // Request i is row i.
            let row = &trace.rows[usize::try_from(request).expect("a row number")];
            lifetime = row.lifetime.unwrap_or(lifetime);
            closes_first = row.closes_first.unwrap_or(closes_first);
            flow = row.destination.map_or(flow, |destination| self.trace_flows[destination as usize]);
        }
        let words = if self.spreads { self.spread_words(topology.flows[flow as usize].endpoints) } else { NO_WORDS };
        Pending { request, lifetime, words, flow, retry: 0, closes_first }
    }

    /// The words of the request's spreading rules, from streams of their own.
    fn spread_words(&mut self, endpoints: u32) -> SpreadWords {
        let mut words = NO_WORDS;
        if self.spreading.addresses > 1 && self.spreading.source == Spread::Random {
            words.source = self.streams.source.word();
        }
        if endpoints > 1 && self.spreading.balance == Spread::Random {
            words.endpoint = self.streams.endpoint.word();
        }
        words
    }

    #[inline]
    fn draw_destination(&mut self) -> u32 {
        if self.shares.is_empty() {
            return 0;
        }
        let word = self.streams.destination.word();
        let index = self.shares.partition_point(|end| *end <= word);
        u32::try_from(index).expect("at most 4,096 flows")
    }

    #[inline]
    fn pick(&mut self, pending: &Pending, flow: &Flow, host: &PortOwner) -> (u32, u32) {
        if !self.spreads {
            return (0, 0);
        }
        let turn = &mut self.turns[(pending.flow - self.first_flow) as usize];
        let now = *turn;
        *turn += 1;
        self.spreading.pick(flow.endpoints, now, pending.words.of_attempt(pending.retry), |source, endpoint| {
            host.pool.lane(host.lane(flow, source, endpoint) as usize).free() > 0
        })
    }

    /// How long the request waits before attempt number `pending.retry`.
    fn back_off(&mut self, pending: &Pending) -> SimDuration {
        let Retry { delay, factor, max, jitter, .. } = self.retry;
        let mut wait = delay.as_nanos() as f64;
        let longest = max.as_nanos() as f64;
        for _ in 1..pending.retry {
            wait = (wait * factor).min(longest);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the longest wait")]
        let wait = wait.min(longest) as u64;
        let mut random = |below: u64| {
            let word = self.streams.back_off.word(pending.request, u64::from(pending.retry));
            ((u128::from(word) * u128::from(below)) >> 64) as u64
        };
        SimDuration::from_nanos(match jitter {
            Jitter::None => wait,
            Jitter::Full => random(wait + 1),
            Jitter::Equal => wait / 2 + random(wait - wait / 2 + 1),
        })
    }
}

/// The least time from a close to the release of its port, of all hosts.
fn least_hold(scenario: &Scenario) -> SimDuration {
    let only_clients_close = scenario.clients.iter().all(|client| match &client.arrivals {
        Arrivals::Replay(replay) => {
            replay.trace().rows.iter().all(|row| row.closes_first.unwrap_or(client.closes_first) == ClosesFirst::Client)
        }
        _ => client.closes_first == ClosesFirst::Client,
    });
    let least = scenario.hosts.iter().map(|host| host.time_wait.least()).min();
    least.filter(|_| only_clients_close).unwrap_or(SimDuration::ZERO)
}

/// Do all of the client's connections last equally long, so that they close in the order in which they came?
fn has_close_line(client: &Client) -> bool {
    matches!(client.lifetime, Lifetime::Constant(_)) && !matches!(client.arrivals, Arrivals::Replay(_))
}

/// Do all of the client's retries wait equally long?
fn has_retry_line(client: &Client) -> bool {
    let Retry { delay, max, factor, jitter, .. } = client.retry;
    jitter == Jitter::None && (factor <= 1.0 || delay >= max)
}

/// How many words there are.
const TWO_64: f64 = 4_294_967_296.0 * 4_294_967_296.0;

/// The upper ends of the shares of all but the last destination; empty when there is one.
fn shares(to: &[(usize, f64)]) -> Vec<u64> {
    let total: f64 = to.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    let mut ends: Vec<u64> = to
        .iter()
        .map(|(_, weight)| {
            sum += weight / total;
            // 2^64 as a double; the cast saturates at the top.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            let end = (sum * TWO_64) as u64;
            end
        })
        .collect();
    ends.pop();
    ends
}

/// For each destination that `trace` names, the flow of `client` that goes there.
fn trace_flows(trace: &Trace, scenario: &Scenario, client: &Client, first_flow: usize) -> Vec<u32> {
    let flow_of = |name: &Arc<str>| {
        let place = client.to.iter().position(|(index, _)| scenario.destinations[*index].name == *name);
        let place = place.expect("the scenario was checked: a trace names destinations of its client");
        u32::try_from(first_flow + place).expect("at most 4,096 flows")
    };
    trace.destinations.iter().map(flow_of).collect()
}
