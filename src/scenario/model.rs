//! A validated scenario. What is here can be simulated: every name resolves, every quantity is in its limits.

use super::condition::Condition;
use super::vary::Grid;
use crate::des::SimDuration;
use crate::port::{AllocatorKind, Binding, Hold, PortRange, PortSet, SocketRules, Uniqueness};
use crate::workload::trace::Row;
use crate::workload::{Arrivals, Behaviour, ClosesFirst, Leaves, Lifetime, Retry, Spread};
use std::sync::Arc;

/// Everything a simulation needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What the file calls itself; its stem unless it says.
    pub title: String,
    /// How long, how often, with which seed.
    pub run: RunSettings,
    /// Port owners, in file order; at least one.
    pub hosts: Vec<Host>,
    /// Where connections go, in file order; at least one.
    pub destinations: Vec<Destination>,
    /// Who connects, in file order; at least one.
    pub clients: Vec<Client>,
    /// What must hold of the figures, in file order.
    pub asserts: Vec<Assert>,
    /// What `dryport sweep` varies.
    pub sweep: Grid,
}

/// How a scenario is run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// The measured window: longer than zero, up to 10 years.
    pub duration: SimDuration,
    /// What runs before the window and is in no metric.
    pub warm_up: WarmUp,
    /// Independent repetitions: 1 to 1,000,000.
    pub replications: u32,
    /// What every random draw is keyed by.
    pub seed: u64,
    /// The step of the time series; `None`: the shortest 1-2-5 step that makes at most 1,000 rows.
    pub sample: Option<SimDuration>,
    /// What is kept of each of the runs.
    pub keep: KeptRuns,
}

/// What the folder of a run keeps of single runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptRuns {
    /// Every figure of every run, in `replications.csv`.
    #[default]
    All,
    /// Nothing but what all runs make together.
    Summary,
}

impl KeptRuns {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::All, Self::Summary];

    /// The word in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Summary => "summary",
        }
    }
}

/// How long to run before measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// This long; zero starts from an empty range.
    Fixed(SimDuration),
    /// Ten mean port holds, 330 when overloaded (`reference/theory.md` 0.4).
    Auto,
}

/// A machine with its stack: it owns the ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Its name, unique among hosts.
    pub name: Arc<str>,
    /// The profile its defaults come from.
    pub profile: Arc<str>,
    /// The ephemeral range.
    pub port_range: PortRange,
    /// Ports of the range that are never chosen.
    pub reserved_ports: PortSet,
    /// Source addresses: 1 to 65,536.
    pub addresses: u32,
    /// What the stack keeps unique.
    pub uniqueness: Uniqueness,
    /// In which order it looks for a port.
    pub allocator: AllocatorKind,
    /// The widest random step of its search: 0 (none) to 65,535.
    pub port_step_width: u32,
    /// Ticks of its kernel's clock a second: one of [`TimerWheel::HZ`](crate::port::hold::TimerWheel::HZ).
    pub hz: u64,
    /// How long a port is held after its client closed first.
    pub time_wait: Hold,
    /// What else its kernel does with sockets.
    pub sockets: SocketRules,
    /// What a `connect()` costs.
    pub connect_cost: ConnectCost,
}

/// The CPU time of a `connect()` that chooses its port. It takes no simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectCost {
    /// Of a call that gets the first port it looks at.
    pub base: SimDuration,
    /// Of each port that it looks at and that has an open connection.
    pub established: SimDuration,
    /// Of each port that it looks at and that is in TIME-WAIT.
    pub time_wait: SimDuration,
}

impl Scenario {
    /// What is left of a connection that was request number `request` of a client: a row of a trace may say who closes
    /// first.
    ///
    /// # Panics
    ///
    /// When there is no such client or destination.
    pub fn leaves(&self, client: usize, destination: usize, request: u64) -> Leaves {
        Leaves::of(self.clients[client].closer(request), self.destinations[destination].behaviour)
    }

    /// From a close by `closer` to the other side's FIN: where the client does not close first, or both do at once, it
    /// has come by then.
    ///
    /// # Panics
    ///
    /// When there is no such destination.
    pub fn close_delay(&self, closer: ClosesFirst, destination: usize) -> SimDuration {
        let Destination { behaviour, close_delay, .. } = self.destinations[destination];
        let waits = closer == ClosesFirst::Client && behaviour == Behaviour::Accepts;
        if waits { close_delay } else { SimDuration::ZERO }
    }
}

impl Client {
    /// Whoever closes first in some request.
    pub fn closers(&self) -> Vec<ClosesFirst> {
        let rows = match &self.arrivals {
            Arrivals::Replay(replay) => replay.trace().rows.as_slice(),
            _ => &[],
        };
        let is_one = |closer: &ClosesFirst| {
            let of = |row: &Row| row.closes_first.unwrap_or(self.closes_first) == *closer;
            if rows.is_empty() { self.closes_first == *closer } else { rows.iter().any(of) }
        };
        ClosesFirst::ALL.into_iter().filter(is_one).collect()
    }

    /// Who closes first in request number `request`.
    pub fn closer(&self, request: u64) -> ClosesFirst {
        let row = match &self.arrivals {
            Arrivals::Replay(replay) => usize::try_from(request).ok().and_then(|row| replay.trace().rows.get(row)),
            _ => None,
        };
        row.and_then(|row| row.closes_first).unwrap_or(self.closes_first)
    }
}

impl Host {
    /// Ports of one lane that can be used at all: the range less the reserved ports and those listened on.
    pub fn usable_ports(&self) -> u32 {
        super::ways::usable_ports(self.port_range, &self.reserved_ports, &self.sockets.listening_ports)
    }
}

/// Where connections go.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its name, unique among destinations.
    pub name: Arc<str>,
    /// Distinct address:port pairs: 1 to 65,536.
    pub endpoints: u32,
    /// Is it reached by a loopback address?
    pub loopback: bool,
    /// How it answers.
    pub behaviour: Behaviour,
    /// From the client's `close()`, where that comes first, to the destination's FIN: the client's port is held
    /// meanwhile, and its TIME-WAIT begins then.
    pub close_delay: SimDuration,
}

/// A source of requests on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its name, unique among clients.
    pub name: Arc<str>,
    /// Index into [`Scenario::hosts`].
    pub host: usize,
    /// Index into [`Scenario::destinations`] and weight, in file order; weights sum to 1 and none is zero.
    pub to: Vec<(usize, f64)>,
    /// When requests come. Every destination a trace names is in `to`.
    pub arrivals: Arrivals,
    /// How long a connection lasts.
    pub lifetime: Lifetime,
    /// Who closes first, unless a trace row says otherwise.
    pub closes_first: ClosesFirst,
    /// Which call chooses the port.
    pub bind: Binding,
    /// `SO_REUSEADDR`, set before `bind()`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`, set before `bind()`.
    pub reuse_port: bool,
    /// `IP_LOCAL_PORT_RANGE`: the range of its sockets.
    pub local_port_range: Option<PortRange>,
    /// How attempts spread over the host's addresses.
    pub source: Spread,
    /// How attempts spread over the endpoints of a destination.
    pub balance: Spread,
    /// What happens after a refusal.
    pub retry: Retry,
}

/// A gate: what must hold of the figures, or the exit code says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Assert {
    /// What must hold.
    pub that: Condition,
    /// Of which scope, as the CSVs name it: `all`, `host:NAME`, `client:NAME`, `destination:NAME`; of claims that name
    /// none themselves.
    pub scope: Arc<str>,
    /// Of which arm of a sweep or comparison alone ([`Variant::is`](super::Variant::is)); of every one when `None`.
    pub variant: Option<Arc<str>>,
}
