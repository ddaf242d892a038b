//! A client at work: when its requests come, where they go, how long they last and when they come back.

use super::spread::{SpreadWords, Spreading};
use super::topology::{Flow, Topology};
use crate::des::{Lookup, Randomness, SimDuration, SimTime, Words};
use crate::scenario::{Client, Scenario};
use crate::workload::arrival::ArrivalStream;
use crate::workload::lifetime::LifetimeStream;
use crate::workload::{Arrivals, Behaviour, ClosesFirst, Jitter, Leaves, Retry, Spread, Trace, server_waits};
use std::sync::Arc;

/// A client at work.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    pub(super) arrivals: ArrivalStream,
    lifetimes: LifetimeStream,
    closes_first: ClosesFirst,
    /// Of each of its flows, what the other side does.
    behaviours: Vec<Behaviour>,
    trace: Option<Arc<Trace>>,
    /// For each destination a trace names, the flow.
    trace_flows: Vec<u32>,
    first_flow: u32,
    /// Upper ends of the destinations' shares of all 64-bit words; the last one is open.
    shares: Vec<u64>,
    /// Do the lanes of its pool say all of its ports, and do all of its destinations accept?
    pub(super) is_plain: bool,
    /// One destination that accepts, one address, one endpoint and no trace: nothing is drawn but the lifetime.
    draws_lifetimes_only: bool,
    /// What its connections leave then, and whether their servers keep a TIME-WAIT.
    left: (Leaves, bool),
    /// Is there more than one address, or more than one endpoint of some destination?
    spreads: bool,
    spreading: Spreading,
    streams: Streams,
    /// Attempts to each destination so far: the turn of round-robin.
    turns: Vec<u64>,
    next_request: u64,
    pub(super) retry: Retry,
    /// The entry of its lines in `Next::close` and `Next::retry`; 0 is the wheel.
    pub(super) close_entry: usize,
    pub(super) retry_entry: usize,
}

/// A client's random streams besides arrivals and lifetimes.
#[derive(Clone, Debug)]
struct Streams {
    destination: Words,
    source: Words,
    endpoint: Words,
    back_off: Lookup,
}

/// A request at one of its attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) request: u64,
    pub(super) lifetime: SimDuration,
    pub(super) words: SpreadWords,
    pub(super) flow: u32,
    pub(super) retry: u32,
    pub(super) leaves: Leaves,
    /// Does the server keep a TIME-WAIT of its own?
    pub(super) server_waits: bool,
}

/// For rules that need none.
const NO_WORDS: SpreadWords = SpreadWords { source: 0, endpoint: 0 };

impl Requests {
    /// Client number `index` before its first request; `entries` are those of its lines in `Next`.
    pub(super) fn new(
        scenario: &Scenario,
        topology: &Topology,
        index: usize,
        randomness: Randomness,
        window: SimTime,
        (close_entry, retry_entry): (usize, usize),
    ) -> Self {
        let client = &scenario.clients[index];
        let actor = format!("client:{}", client.name);
        let first_flow = topology.first_flow[index];
        let trace = match &client.arrivals {
            Arrivals::Replay(replay) => Some(replay.trace().clone()),
            _ => None,
        };
        let spreads = scenario.hosts[client.host].addresses > 1
            || client.to.iter().any(|(destination, _)| scenario.destinations[*destination].endpoints > 1);
        let accepts = client.to.iter().all(|(to, _)| scenario.destinations[*to].behaviour.accepts());
        let first = scenario.destinations[client.to[0].0].behaviour;
        Self {
            left: (Leaves::of(client.closes_first, first), server_waits(client.closes_first, first)),
            is_plain: accepts && !topology.pools[topology.flows[first_flow].pool].keeps_sockets,
            draws_lifetimes_only: !spreads && trace.is_none() && client.to.len() == 1 && accepts,
            arrivals: client.arrivals.start(randomness.words(&actor, "arrival"), window),
            lifetimes: LifetimeStream::new(client.lifetime.clone(), randomness.words(&actor, "lifetime")),
            closes_first: client.closes_first,
            behaviours: client.to.iter().map(|(to, _)| scenario.destinations[*to].behaviour).collect(),
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
        }
    }

    /// Draws the next request. Each of its streams moves on by one word, whatever comes of the request.
    #[inline]
    pub(super) fn request(&mut self, topology: &Topology) -> Pending {
        let mut lifetime = self.lifetimes.draw();
        let request = self.next_request;
        self.next_request += 1;
        if self.draws_lifetimes_only {
            let Self { left: (leaves, server_waits), first_flow: flow, .. } = *self;
            return Pending { request, lifetime, words: NO_WORDS, flow, retry: 0, leaves, server_waits };
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
        let behaviour = self.behaviours[(flow - self.first_flow) as usize];
        if behaviour == Behaviour::Refuses {
            lifetime = SimDuration::ZERO;
        }
        let (leaves, server_waits) = (Leaves::of(closes_first, behaviour), server_waits(closes_first, behaviour));
        Pending { request, lifetime, words, flow, retry: 0, leaves, server_waits }
    }

    /// Draws all that comes after `now` from branch number `branch` of each of its streams.
    pub(super) fn rekey(&mut self, branch: u64, now: SimTime) {
        let Streams { destination, source, endpoint, back_off } = &mut self.streams;
        for words in [destination, source, endpoint] {
            words.rekey(branch);
        }
        back_off.rekey(branch);
        self.lifetimes.rekey(branch);
        self.arrivals.rekey(branch, now);
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

    /// The source address and the endpoint where an attempt begins to look for a port.
    #[inline]
    pub(super) fn pick(&mut self, pending: &Pending, flow: &Flow) -> (u32, u32) {
        if self.spreads { self.pick_spread(pending, flow) } else { (0, 0) }
    }

    #[inline(never)]
    fn pick_spread(&mut self, pending: &Pending, flow: &Flow) -> (u32, u32) {
        let turn = &mut self.turns[(pending.flow - self.first_flow) as usize];
        let now = *turn;
        *turn += 1;
        self.spreading.pick(flow.endpoints, now, pending.words.of_attempt(pending.retry))
    }

    /// Where an attempt looks that found no port there, if anywhere.
    pub(super) fn pick_next(&self, flow: &Flow, pair: (u32, u32)) -> Option<(u32, u32)> {
        self.spreading.next(flow.endpoints, pair)
    }

    /// How long the request waits before attempt number `pending.retry`.
    pub(super) fn back_off(&mut self, pending: &Pending) -> SimDuration {
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
