//! What a kernel does with its local ports, as `reference/linux.md` tells it: one list of sockets, asked each time.
//!
//! Written from that page alone and never from the simulator. Nothing is counted ahead, indexed or kept up to date:
//! every answer is a walk over all sockets. Times are nanoseconds.

use dryport::workload::{Behaviour, ClosesFirst};
use std::ops::RangeInclusive;

/// The first port of the range.
pub(super) const FIRST: u16 = 10_000;

const SECOND: u64 = 1_000_000_000;

/// How a program asks for a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `connect()`, or bind(addr, 0) with `IP_BIND_ADDRESS_NO_PORT` before it.
    Connect,
    /// bind(addr, 0), then `connect()`.
    BindZero,
    /// bind(addr, port) with the first of these, then the next, then `connect()`.
    Ports(u16, u16),
}

/// One kind of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) way: Way,
    pub(super) reuse_address: bool,
    pub(super) reuse_port: bool,
    /// `IP_LOCAL_PORT_RANGE`.
    pub(super) own_range: Option<(u16, u16)>,
}

/// A program's wish for a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Whose it is, and how that one asks.
    pub(super) client: usize,
    pub(super) program: Program,
    pub(super) source: u32,
    pub(super) destination: usize,
    /// How long it is open, unless the destination has another opinion.
    pub(super) life: u64,
    pub(super) closes_first: ClosesFirst,
}

/// The timer that ends a TIME-WAIT (3.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum Timer {
    Exact,
    /// HZ, and when one of the ticks of the TIME-WAIT's own grid is.
    Wheel(u64, u64),
}

/// The sysctls and the other ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub(super) ports: u16,
    pub(super) reserved: Option<u16>,
    pub(super) listening: Option<u16>,
    /// Before 6.18 (1.6).
    pub(super) sticky: bool,
    /// `tcp_tw_reuse`.
    pub(super) tw_reuse: u8,
    /// `tcp_tw_reuse_delay`, the tick in which ages are counted, and when one of these ticks is.
    pub(super) delay: u64,
    pub(super) tick: u64,
    pub(super) tick_phase: u64,
    pub(super) timestamps: bool,
    pub(super) max_tw_buckets: usize,
    pub(super) fin_timeout: u64,
    pub(super) autobind_reuse: bool,
    pub(super) wait: u64,
    pub(super) timer: Timer,
    /// Each destination: is it on loopback, and what does it do.
    pub(super) destinations: [(bool, Behaviour); 2],
    /// How long after the client each of them closes, if that closes first.
    pub(super) close_delays: [u64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// SYN-SENT to LAST-ACK: whatever is no mini-socket. It closes then.
    Open {
        until: u64,
    },
    /// An orphan in FIN-WAIT-2 that is still a full socket (3.3), and when the other side's FIN comes.
    Orphan {
        until: u64,
        fin: Option<u64>,
    },
    /// A mini-socket in FIN-WAIT-2.
    FinWait2 {
        until: u64,
        fin: Option<u64>,
    },
    TimeWait {
        since: u64,
        until: u64,
    },
}

impl State {
    const fn until(self) -> u64 {
        match self {
            Self::Open { until } | Self::TimeWait { until, .. } => until,
            Self::Orphan { until, fin } | Self::FinWait2 { until, fin } => match fin {
                Some(fin) if fin < until => fin,
                _ => until,
            },
        }
    }

    /// Is it the other side's FIN that it waits for next?
    fn awaits_fin(self) -> bool {
        matches!(self, Self::Orphan { until, fin } | Self::FinWait2 { until, fin } if fin.is_some_and(|fin| fin < until))
    }

    const fn is_mini(self) -> bool {
        matches!(self, Self::FinWait2 { .. } | Self::TimeWait { .. })
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Socket {
    pub(super) port: u16,
    pub(super) call: Call,
    pub(super) state: State,
    /// Could its own kind of program take over what is left of it? It does not count as busy from then on.
    pub(super) is_back: bool,
}

impl Socket {
    /// Did `bind()` reserve its port (1.6)?
    fn is_bound(&self) -> bool {
        self.call.program.way != Way::Connect
    }
}

/// What may come of a call; the kernel's dice decide where there is more than one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes {
    /// Ports that it may get.
    pub(super) ports: Vec<u16>,
    /// `connect()` may fail: `EADDRNOTAVAIL`.
    pub(super) not_available: bool,
    /// `bind()` may fail: `EADDRINUSE`.
    pub(super) in_use: bool,
}

/// One host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) kernel: Kernel,
    pub(super) sockets: Vec<Socket>,
    /// Ports that a `bind()`er has joined since their bucket was made: what a kernel before 6.18 remembers.
    bound_once: Vec<u16>,
    /// Those that left, for who counts.
    pub(super) gone: Vec<Socket>,
    /// TIME-WAITs of servers on this host: of which 4-tuple, and until when.
    servers: Vec<((u16, u32, usize), u64)>,
}

impl Host {
    pub(super) fn new(kernel: Kernel) -> Self {
        Self { kernel, sockets: Vec::new(), bound_once: Vec::new(), gone: Vec::new(), servers: Vec::new() }
    }

    fn owners(&self, port: u16) -> impl Iterator<Item = &Socket> {
        self.sockets.iter().filter(move |socket| socket.port == port)
    }

    fn same_tuple(&self, port: u16, call: &Call) -> Option<usize> {
        self.sockets.iter().position(|socket| {
            (socket.port, socket.call.source, socket.call.destination) == (port, call.source, call.destination)
        })
    }

    /// 1.1 and 1.8: the ports that automatic choice looks at, reserved ones included.
    pub(super) fn range(&self, program: &Program) -> (u16, u16) {
        let (first, last) = (FIRST, FIRST + self.kernel.ports - 1);
        let inside = |port: u16| (first..=last).contains(&port);
        let (low, high) = program.own_range.unwrap_or((first, last));
        (if inside(low) { low } else { first }, if inside(high) { high } else { last })
    }

    /// 1.6: `connect()` skips the port, whatever the destination and the source address.
    fn is_owned_by_bind(&self, port: u16) -> bool {
        self.kernel.listening == Some(port)
            || if self.kernel.sticky {
                self.bound_once.contains(&port)
            } else {
                self.owners(port).any(Socket::is_bound)
            }
    }

    /// 1.7: may a new connection have the 4-tuple?
    fn tuple_is_free(&self, now: u64, port: u16, call: &Call, auto_select: bool) -> bool {
        let Some(index) = self.same_tuple(port, call) else { return true };
        let reuse = match self.kernel.tw_reuse {
            0 => false,
            1 => true,
            _ => self.kernel.destinations[call.destination].0,
        };
        let is_old = match self.sockets[index].state {
            State::Open { .. } | State::Orphan { .. } => return false,
            // It is no TIME-WAIT: reuse = 0.
            State::FinWait2 { .. } => false,
            State::TimeWait { since, .. } => self.ticks(now) - self.ticks(since) > self.kernel.delay / self.kernel.tick,
        };
        self.kernel.timestamps && (!auto_select || (reuse && is_old))
    }

    /// What the clock that counts ages shows at `now`.
    fn ticks(&self, now: u64) -> u64 {
        (now + self.kernel.tick - self.kernel.tick_phase) / self.kernel.tick
    }

    /// The next instant after `now` at which that clock makes a TIME-WAIT old enough.
    fn next_old(&self, now: u64) -> Option<u64> {
        let old_at = |socket: &Socket| match socket.state {
            State::TimeWait { since, .. } => {
                let ticks = self.ticks(since) + self.kernel.delay / self.kernel.tick + 1;
                Some(ticks * self.kernel.tick + self.kernel.tick_phase - self.kernel.tick)
            }
            _ => None,
        };
        self.sockets.iter().filter_map(old_at).filter(|at| *at > now).min()
    }

    /// 1.3: would `connect()` take the port when it comes to it?
    pub(super) fn connect_may_take(&self, now: u64, port: u16, call: &Call) -> bool {
        self.kernel.reserved != Some(port) && !self.is_owned_by_bind(port) && self.tuple_is_free(now, port, call, true)
    }

    /// 2: does an owner of the port keep `bind()` from it? `relax`: both may say that they don't mind.
    fn bind_conflicts(&self, port: u16, call: &Call, relax: bool, reuse_port_helps: bool) -> bool {
        let listening = self.kernel.listening == Some(port);
        listening
            || self.owners(port).any(|owner| {
                let (mine, theirs) = (&call.program, &owner.call.program);
                let share = mine.reuse_address && theirs.reuse_address
                    || reuse_port_helps && mine.reuse_port && theirs.reuse_port;
                owner.call.source == call.source && !(relax && share)
            })
    }

    /// 2: would bind(addr, 0) take the port when it comes to it?
    pub(super) fn bind_zero_may_take(&self, port: u16, call: &Call, relax: bool) -> bool {
        self.kernel.reserved != Some(port) && !self.bind_conflicts(port, call, relax, false)
    }

    /// May `bind()` have just this port? Reserved ones, too (1.1).
    pub(super) fn bind_may_take(&self, port: u16, call: &Call) -> bool {
        !self.bind_conflicts(port, call, true, true)
    }

    /// Would one more of its kind get the port now?
    pub(super) fn may_take(&self, now: u64, port: u16, call: &Call) -> bool {
        let relax = self.kernel.autobind_reuse && call.program.reuse_address;
        match call.program.way {
            Way::Connect => self.connect_may_take(now, port, call),
            Way::BindZero => self.bind_zero_may_take(port, call, relax) && self.tuple_is_free(now, port, call, false),
            Way::Ports(..) => self.bind_may_take(port, call) && self.tuple_is_free(now, port, call, false),
        }
    }

    /// What may come of `call` now.
    pub(super) fn outcomes(&self, now: u64, call: &Call) -> Outcomes {
        match call.program.way {
            Way::Connect => self.connect(now, call),
            Way::BindZero => self.bind_zero(now, call),
            Way::Ports(first, last) => self.named_ports(now, first..=last, call),
        }
    }

    /// 1.3: all ports of the first one's parity, then all others; with a range of its own, any (1.8).
    fn connect(&self, now: u64, call: &Call) -> Outcomes {
        let (low, high) = self.range(&call.program);
        let turn = |port: u16| if call.program.own_range.is_some() { 0 } else { (port - low) % 2 };
        let usable = (low..=high).filter(|port| self.connect_may_take(now, *port, call)).collect();
        let ports = first_turn(usable, turn);
        Outcomes { not_available: ports.is_empty(), ports, in_use: false }
    }

    /// 2: odd offsets, then even ones; with `SO_REUSEADDR` first those of the lower half.
    fn bind_zero(&self, now: u64, call: &Call) -> Outcomes {
        let (low, high) = self.range(&call.program);
        let size = high + 1 - low;
        let halves = call.program.reuse_address && size >= 4;
        let half = size / 4 * 2;
        let turn = |port: u16| {
            let offset = port - low;
            let (upper, start) = if halves && offset >= half { (2, half) } else { (0, 0) };
            upper + 1 - (offset - start) % 2
        };
        let willing =
            |relax: bool| (low..=high).filter(|port| self.bind_zero_may_take(*port, call, relax)).collect::<Vec<u16>>();
        let mut usable = willing(false);
        if usable.is_empty() && self.kernel.autobind_reuse {
            usable = willing(true);
        }
        let taken = first_turn(usable, turn);
        let in_use = taken.is_empty();
        // The port is bound, for better or worse: connect() takes no other.
        let (ports, failing): (Vec<u16>, Vec<u16>) =
            taken.into_iter().partition(|port| self.tuple_is_free(now, *port, call, false));
        Outcomes { ports, not_available: !failing.is_empty(), in_use }
    }

    /// The program goes through its ports until it is connected, wherever it begins; what it hears in the end is
    /// `connect()`'s answer if it ever came to that.
    fn named_ports(&self, now: u64, ports: RangeInclusive<u16>, call: &Call) -> Outcomes {
        let bound: Vec<u16> = ports.filter(|port| self.bind_may_take(*port, call)).collect();
        let connects = |port: &&u16| self.tuple_is_free(now, **port, call, false);
        let ports: Vec<u16> = bound.iter().filter(connects).copied().collect();
        let refused = ports.is_empty();
        Outcomes { ports, not_available: refused && !bound.is_empty(), in_use: refused && bound.is_empty() }
    }

    /// The call got `port`.
    pub(super) fn take(&mut self, now: u64, port: u16, call: Call) {
        // A TIME-WAIT that is taken over (1.7) goes, but the port is never without an owner.
        if let Some(index) = self.same_tuple(port, &call) {
            self.gone.push(self.sockets.remove(index));
        }
        // 3.5: the SYN is taken as a new connection's.
        self.servers.retain(|(tuple, _)| *tuple != (port, call.source, call.destination));
        let life = match self.kernel.destinations[call.destination].1 {
            Behaviour::Refuses => 0,
            _ => call.life,
        };
        let socket = Socket { port, call, state: State::Open { until: now + life }, is_back: false };
        if socket.is_bound() && !self.bound_once.contains(&port) {
            self.bound_once.push(port);
        }
        self.sockets.push(socket);
    }

    /// The next instant from `now` on at which anything may change by itself.
    pub(super) fn next_change(&self, now: u64) -> Option<u64> {
        let ends = self.sockets.iter().map(|socket| socket.state.until());
        ends.chain(self.servers.iter().map(|(_, until)| *until)).chain(self.next_old(now)).min()
    }

    /// Lets one thing happen whose time has come: at one instant what is over goes first, what closes last, as in all
    /// of the simulator; the kernel may have them in any order. Says whether there was one.
    pub(super) fn step(&mut self, now: u64) -> bool {
        if let Some(index) = self.servers.iter().position(|(_, until)| *until <= now) {
            self.servers.remove(index);
            return true;
        }
        let due = (0..self.sockets.len()).filter(|index| self.sockets[*index].state.until() <= now);
        let first = due.min_by_key(|index| {
            let state = self.sockets[*index].state;
            (state.until(), matches!(state, State::Open { .. }), state.awaits_fin(), !state.is_mini())
        });
        first.map(|index| self.end(index)).is_some()
    }

    /// Is what is left of a closed socket its own kind's for the asking, were nobody else there?
    pub(super) fn comes_back(&self, now: u64, socket: &Socket) -> bool {
        let auto_select = socket.call.program.way == Way::Connect;
        let shares = auto_select || self.may_take(now, socket.port, &socket.call);
        shares && self.tuple_is_free(now, socket.port, &socket.call, auto_select)
    }

    fn end(&mut self, index: usize) {
        let Socket { port, call, state, .. } = self.sockets[index];
        let now = state.until();
        let behaviour = self.kernel.destinations[call.destination].1;
        let delay = self.kernel.close_delays[call.destination];
        let long = self.kernel.fin_timeout.checked_sub(60 * SECOND).filter(|span| *span > 0);
        let time_wait = State::TimeWait { since: now, until: self.fires(now, self.kernel.wait) };
        let fin_wait = |fin: Option<u64>| match long {
            Some(span) => State::Orphan { until: self.fires(now, span), fin },
            None => State::FinWait2 { until: self.fires(now, self.kernel.fin_timeout), fin },
        };
        let next = match state {
            _ if state.awaits_fin() => Some(time_wait),
            State::FinWait2 { .. } | State::TimeWait { .. } => None,
            State::Orphan { fin, .. } => long.map(|span| State::FinWait2 { until: self.fires(now, span), fin }),
            State::Open { .. } if !call.closes_first.client_waits() => None,
            State::Open { .. } => match behaviour {
                Behaviour::Accepts if delay > 0 && call.closes_first == ClosesFirst::Client => {
                    Some(fin_wait(Some(now + delay)))
                }
                Behaviour::Accepts => Some(time_wait),
                Behaviour::NeverCloses => Some(fin_wait(None)),
                Behaviour::Refuses | Behaviour::Silent => None,
            },
        };
        // A FIN turns one mini-socket into another.
        let others =
            self.sockets.iter().enumerate().filter(|(other, socket)| *other != index && socket.state.is_mini());
        let is_full = others.count() + self.servers.len() >= self.kernel.max_tw_buckets;
        match next {
            // 3.4: there is no room for another mini-socket.
            Some(next) if next.is_mini() && !state.is_mini() && is_full => self.leave(index),
            Some(next) => self.sockets[index].state = next,
            None => self.leave(index),
        }
        // 3.4, as measured: those of both ends count.
        let is_here = self.kernel.destinations[call.destination] == (true, Behaviour::Accepts);
        let closes_first = matches!(call.closes_first, ClosesFirst::Server | ClosesFirst::Simultaneous);
        let minis = self.sockets.iter().filter(|socket| socket.state.is_mini()).count() + self.servers.len();
        if matches!(state, State::Open { .. }) && is_here && closes_first && minis < self.kernel.max_tw_buckets {
            let until = self.fires(now, self.kernel.wait);
            self.servers.push(((port, call.source, call.destination), until));
        }
    }

    fn leave(&mut self, index: usize) {
        let socket = self.sockets.remove(index);
        let port = socket.port;
        self.gone.push(socket);
        if self.owners(port).next().is_none() {
            self.bound_once.retain(|bound| *bound != port);
        }
    }

    /// 3.2: when a timer set at `now` fires.
    fn fires(&self, now: u64, span: u64) -> u64 {
        match self.kernel.timer {
            Timer::Exact => now + span,
            Timer::Wheel(hz, phase) => {
                let jiffy = SECOND / hz;
                let level = [63, 504, 4032, 32_256].iter().filter(|limit| span / jiffy >= **limit).count();
                let grid = 8_u64.pow(u32::try_from(level).expect("at most 4")) * jiffy;
                let phase = phase % grid;
                let past = now + span + grid - phase;
                (past / grid + 1) * grid - grid + phase
            }
        }
    }
}

/// The ports whose turn comes first.
fn first_turn(ports: Vec<u16>, turn: impl Fn(u16) -> u16) -> Vec<u16> {
    let first = ports.iter().map(|port| turn(*port)).min();
    ports.into_iter().filter(|port| Some(turn(*port)) == first).collect()
}
