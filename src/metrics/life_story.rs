//! The life of one port of one host, and of one request: who held the port and who passed over it, attempt by attempt.
//!
//! Told by the events that everybody is told; what a search looked at follows from where it began and ended
//! ([`Order::passed`](crate::port::allocator::Order::passed)).

use crate::des::{SimDuration, SimTime};
use crate::port::allocator::{Order, Search};
use crate::scenario::Scenario;
use crate::scenario::ways::Access;
use crate::sim::{Attempt, Cause, Connected, Held, Observer, PoolLanes, Topology};
use crate::workload::{Leaves, Spread};

/// Refusals nearer to each other than this part of the window are one mark.
const MARKS: u64 = 1_000;

/// What kept a port from a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// An open connection of the same lane.
    Open,
    /// A TIME-WAIT of the same lane.
    TimeWait,
    /// An orphan in FIN-WAIT-2 of the same lane.
    FinWait2,
    /// A socket elsewhere that used `bind()`: `connect()` leaves its port alone.
    Bound,
    /// A socket elsewhere, on the same address: `bind()` leaves its port alone.
    Elsewhere,
    /// A listening socket.
    Listening,
}

/// How many ports were kept from a search, or how often one port was, by what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept([u64; 6]);

impl Kept {
    /// Everything that keeps a port.
    pub const ALL: [Keeps; 6] =
        [Keeps::Open, Keeps::TimeWait, Keeps::FinWait2, Keeps::Bound, Keeps::Elsewhere, Keeps::Listening];

    /// How many were kept by this.
    pub const fn by(self, keeps: Keeps) -> u64 {
        self.0[keeps as usize]
    }

    /// How many were kept.
    pub fn total(self) -> u64 {
        self.0.iter().sum()
    }

    const fn count(&mut self, keeps: Keeps) {
        self.0[keeps as usize] += 1;
    }
}

/// One time that the port was held.
#[derive(Clone, Copy, Debug)]
pub struct PortUse {
    /// The attempt that got it.
    pub attempt: Attempt,
    /// When it was to close, known from the beginning.
    pub close_at: SimTime,
    /// When it closed; none: not before the end.
    pub closed: Option<SimTime>,
    /// What its close leaves.
    pub leaves: Leaves,
    /// When the other side's FIN came, or is to come, and its TIME-WAIT begins, if that is later than its close.
    pub fin_at: Option<SimTime>,
    /// From when on what was left could be taken over.
    pub reusable: Option<SimTime>,
    /// When nothing was left any more.
    pub freed: Option<SimTime>,
    /// How often a search passed over the port because of it.
    pub passed: Kept,
}

/// One attempt of the request.
#[derive(Clone, Copy, Debug)]
pub struct AttemptStory {
    /// The attempt.
    pub attempt: Attempt,
    /// The port, or why there was none.
    pub got: Result<u16, Cause>,
    /// What kept the other ports that it looked at; none where it cannot be told which these were.
    pub kept: Option<Kept>,
}

/// What was seen of the window.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The uses of the port, in the order in which they began, some of them before the window.
    pub uses: Vec<PortUse>,
    /// When a socket elsewhere kept the port from a lane: lane, from when, until when.
    pub blocked: Vec<(u32, SimTime, Option<SimTime>)>,
    /// How often a search looked at the port in vain.
    pub passed: Kept,
    /// Searches of which it cannot be told.
    pub untold: u64,
    /// Attempts that were refused and might have had the port.
    pub refused: u64,
    /// When that was, at most once in a thousandth of the window.
    pub refusals: Vec<SimTime>,
    /// The attempts of the request.
    pub attempts: Vec<AttemptStory>,
    /// The first and the last request of its client that made an attempt.
    pub requests: Option<(u64, u64)>,
}

/// What the story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hero {
    /// A port of a host.
    Port {
        /// Index into [`Scenario::hosts`].
        host: usize,
        /// The port.
        port: u16,
    },
    /// A request of a client.
    Request {
        /// Index into [`Scenario::clients`].
        client: usize,
        /// Its number, from 0.
        request: u64,
    },
}

/// Somebody who holds a port.
#[derive(Clone, Copy, Debug)]
struct Holder {
    lane: u32,
    source: u32,
    /// Among those of the host.
    endpoint: u32,
    bound: bool,
    leaves: Leaves,
    keeps: Keeps,
    /// From its close to the other side's FIN, and when that comes.
    close_delay: SimDuration,
    fin_at: SimTime,
    /// Its place in [`Told::uses`].
    number: usize,
}

impl Holder {
    /// What keeps its port at `at`.
    fn keeps(&self, at: SimTime) -> Keeps {
        if self.keeps == Keeps::TimeWait && at < self.fin_at { Keeps::FinWait2 } else { self.keeps }
    }
}

/// Watches one host.
#[derive(Debug)]
pub struct LifeStory<'a> {
    scenario: &'a Scenario,
    topology: &'a Topology,
    hero: Hero,
    host: usize,
    /// The holders of each port from 0 on, of the port alone when the story is about one.
    holders: Vec<Vec<Holder>>,
    opens: Option<SimTime>,
    mark: SimDuration,
    told: Told,
}

impl<'a> LifeStory<'a> {
    /// A story of `hero`.
    ///
    /// # Panics
    ///
    /// When there is no such host or client.
    pub fn new(scenario: &'a Scenario, topology: &'a Topology, hero: Hero) -> Self {
        let host = match hero {
            Hero::Port { host, .. } => host,
            Hero::Request { client, .. } => scenario.clients[client].host,
        };
        assert!(host < scenario.hosts.len(), "there is such a host");
        let mark = SimDuration::from_nanos(scenario.run.duration.as_nanos() / MARKS);
        let holders = vec![Vec::new(); 1 << 16];
        Self { scenario, topology, hero, host, holders, opens: None, mark, told: Told::default() }
    }

    /// What was seen.
    pub fn finish(self) -> Told {
        self.told
    }

    /// The pool of a lane, if it is the host's.
    fn pool(&self, lane: u32) -> Option<&'a PoolLanes> {
        let pool = self.topology.pool_of_lane(lane);
        (pool.way.host == self.host).then_some(pool)
    }

    /// Is it the port that the story is about, or one of the ports that the request may look at?
    fn is_followed(&self, port: u16) -> bool {
        !matches!(self.hero, Hero::Port { port: hero, .. } if hero != port)
    }

    /// Is it the port that the story is about?
    fn is_hero(&self, port: u16) -> bool {
        matches!(self.hero, Hero::Port { port: hero, .. } if hero == port)
    }

    /// What keeps a port from an attempt, and which of its holders.
    fn keeps(&self, pool: &PoolLanes, attempt: &Attempt, port: u16) -> (Keeps, Option<usize>) {
        if pool.way.listening.contains(port) {
            return (Keeps::Listening, None);
        }
        let flow = &self.topology.flows[attempt.flow as usize];
        let tuple = (attempt.source, flow.first_endpoint + attempt.endpoint);
        let holders = &self.holders[usize::from(port)];
        let same = |holder: &&Holder| holder.lane == attempt.lane || (holder.source, holder.endpoint) == tuple;
        if let Some(holder) = holders.iter().find(same) {
            return (holder.keeps(attempt.at), Some(holder.number));
        }
        let bound = holders.iter().find(|holder| holder.bound);
        let sticky = self.scenario.hosts[self.host].sockets.sticky_buckets;
        let keeps = match (bound, holders.first()) {
            _ if pool.way.access != Access::Connect => Keeps::Elsewhere,
            // Nobody used bind() and nobody will be remembered for it: it is in the way by itself.
            (None, Some(holder)) if !sticky => holder.keeps(attempt.at),
            _ => Keeps::Bound,
        };
        (keeps, bound.or(holders.first()).map(|holder| holder.number))
    }

    /// The order in which the searches of a pool look at ports, as far as it can be told.
    fn order(&self, pool: &PoolLanes) -> Order {
        let drawn = self.scenario.hosts[self.host].port_step_width > 0 && pool.way.access == Access::Connect;
        // Looks through the range twice, the second time for other ports.
        let twice = pool.way.access == Access::SharedBindZero;
        if drawn || twice { Order::Drawn } else { pool.way.allocator.order() }
    }

    /// An attempt is over, and nothing is entered yet of what it has got.
    fn attempted(&mut self, attempt: &Attempt, got: Result<u16, Cause>) {
        let (Some(pool), Some(_)) = (self.pool(attempt.lane), self.opens) else { return };
        match self.hero {
            Hero::Port { port, .. } => {
                if pool.way.ports.contains(port) && !pool.way.reserved.contains(port) {
                    self.looked(pool, attempt, got, port);
                }
            }
            Hero::Request { client, request } => {
                if self.topology.flows[attempt.flow as usize].client != client {
                    return;
                }
                let now = attempt.request;
                let (first, last) = self.told.requests.unwrap_or((now, now));
                self.told.requests = Some((first.min(now), last.max(now)));
                if now == request {
                    let kept = self.kept(pool, attempt, got);
                    self.told.attempts.push(AttemptStory { attempt: *attempt, got, kept });
                }
            }
        }
    }

    /// Counts an attempt that looked at the port in vain.
    fn looked(&mut self, pool: &PoolLanes, attempt: &Attempt, got: Result<u16, Cause>, port: u16) {
        if got == Ok(port) {
            return;
        }
        match self.order(pool).passed(search(pool, attempt, got), port - pool.way.ports.first()) {
            Some(true) => {
                let (keeps, holder) = self.keeps(pool, attempt, port);
                self.told.passed.count(keeps);
                if let Some(number) = holder {
                    self.told.uses[number].passed.count(keeps);
                }
            }
            Some(false) => {}
            None => self.told.untold += 1,
        }
        if got.is_err() {
            self.told.refused += 1;
            let long_ago = |last: &SimTime| attempt.at.saturating_since(*last) > self.mark;
            if self.told.refusals.last().is_none_or(long_ago) {
                self.told.refusals.push(attempt.at);
            }
        }
    }

    /// What kept the ports that an attempt looked at in vain.
    fn kept(&self, pool: &PoolLanes, attempt: &Attempt, got: Result<u16, Cause>) -> Option<Kept> {
        if self.looked_elsewhere(attempt, got.is_err()) {
            return None;
        }
        let (order, search) = (self.order(pool), search(pool, attempt, got));
        let mut kept = Kept::default();
        for port in pool.way.ports.first()..=pool.way.ports.last() {
            let passed = order.passed(search, port - pool.way.ports.first())?;
            if passed && !pool.way.reserved.contains(port) {
                kept.count(self.keeps(pool, attempt, port).0);
            }
        }
        Some(kept)
    }

    /// Did the attempt look at ports of other lanes, too, before it got its port or was refused? `first-free` does.
    fn looked_elsewhere(&self, attempt: &Attempt, refused: bool) -> bool {
        let flow = &self.topology.flows[attempt.flow as usize];
        let client = &self.scenario.clients[flow.client];
        let many = (self.scenario.hosts[flow.host].addresses > 1, flow.endpoints > 1);
        let by_source = client.source == Spread::FirstFree && many.0 && (refused || attempt.source > 0);
        by_source || client.balance == Spread::FirstFree && many.1 && (refused || attempt.endpoint > 0)
    }

    /// The holder of a port in a lane, and the port; none when nobody follows it.
    fn holder(&mut self, held: &Held) -> Option<(u16, usize)> {
        let port = self.pool(held.lane)?.way.ports.first() + held.offset;
        if !self.is_followed(port) {
            return None;
        }
        let found = self.holders[usize::from(port)].iter().position(|holder| holder.lane == held.lane);
        Some((port, found.expect("who lets a port go has held it")))
    }

    /// The use that a holder of the port is.
    fn change(&mut self, port: u16, number: usize, change: impl FnOnce(&mut PortUse)) {
        if self.is_hero(port) {
            change(&mut self.told.uses[number]);
        }
    }

    /// Nothing is left of a connection.
    fn leaves(&mut self, at: SimTime, held: &Held) {
        let Some((port, place)) = self.holder(held) else { return };
        let holder = self.holders[usize::from(port)].swap_remove(place);
        self.change(port, holder.number, |part| part.freed = Some(at));
    }
}

/// The search of an attempt.
fn search(pool: &PoolLanes, attempt: &Attempt, got: Result<u16, Cause>) -> Search {
    let found = got.ok().map(|port| port - pool.way.ports.first());
    Search { len: pool.way.ports.len(), start: attempt.start, found }
}

impl Observer for LifeStory<'_> {
    /// Who still holds the port has a part in what follows.
    fn window_opens(&mut self, at: SimTime, _free: &[u32]) {
        self.opens = Some(at);
        let before = std::mem::take(&mut self.told.uses);
        if let Hero::Port { port, .. } = self.hero {
            let holders = &mut self.holders[usize::from(port)];
            holders.sort_by_key(|holder| holder.number);
            for (number, holder) in holders.iter_mut().enumerate() {
                self.told.uses.push(before[holder.number]);
                holder.number = number;
            }
        }
        self.told.blocked.retain(|(_, _, until)| until.is_none());
    }

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.attempted(attempt, Ok(got.port));
        let Some(pool) = self.pool(attempt.lane).filter(|_| self.is_followed(got.port)) else { return };
        let flow = &self.topology.flows[attempt.flow as usize];
        let leaves = self.scenario.leaves(flow.client, flow.destination, attempt.request);
        let closer = self.scenario.clients[flow.client].closer(attempt.request);
        self.holders[usize::from(got.port)].push(Holder {
            lane: attempt.lane,
            source: attempt.source,
            endpoint: flow.first_endpoint + attempt.endpoint,
            bound: pool.way.claim.bound,
            leaves,
            keeps: Keeps::Open,
            close_delay: self.scenario.close_delay(closer, flow.destination),
            fin_at: SimTime::ZERO,
            number: self.told.uses.len(),
        });
        if self.is_hero(got.port) {
            self.told.uses.push(PortUse {
                attempt: *attempt,
                close_at: got.close_at,
                closed: None,
                leaves,
                fin_at: None,
                reusable: None,
                freed: None,
                passed: Kept::default(),
            });
        }
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.attempted(attempt, Err(cause));
    }

    fn closed(&mut self, at: SimTime, held: &Held) {
        let Some((port, place)) = self.holder(held) else { return };
        let holder = &mut self.holders[usize::from(port)][place];
        holder.keeps = if holder.leaves == Leaves::FinWait2 { Keeps::FinWait2 } else { Keeps::TimeWait };
        holder.fin_at = at + holder.close_delay;
        let (number, fin_at) = (holder.number, (!holder.close_delay.is_zero()).then_some(holder.fin_at));
        self.change(port, number, |part| (part.closed, part.fin_at) = (Some(at), fin_at));
    }

    fn reusable(&mut self, at: SimTime, held: &Held, _free: u32) {
        let Some((port, place)) = self.holder(held) else { return };
        let number = self.holders[usize::from(port)][place].number;
        self.change(port, number, |part| part.reusable = Some(at));
    }

    fn released(&mut self, at: SimTime, held: &Held, _free: u32) {
        self.leaves(at, held);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.leaves(at, held);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, _free: u32) {
        let port = self.pool(lane).map(|pool| pool.way.ports.first() + offset);
        if port.is_some_and(|port| self.is_hero(port)) {
            self.told.blocked.push((lane, at, None));
        }
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, _free: u32) {
        let port = self.pool(lane).map(|pool| pool.way.ports.first() + offset);
        if port.is_some_and(|port| self.is_hero(port)) {
            let ends = self.told.blocked.iter_mut().rev().find(|(of, _, until)| *of == lane && until.is_none());
            if let Some((_, _, until)) = ends {
                *until = Some(at);
            }
        }
    }
}
