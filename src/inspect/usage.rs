//! How far the ephemeral range is used now: sockets by state, and by source address and destination.
//!
//! `connect()` may use a port once for each pair of a source address and a destination, so each such pair has a range
//! to itself, a lane. Two things are not in the kernel's list and are inferred: which connections came in (their local
//! port has a listener), and which ports `bind()` keeps from `connect()` (those with a listener; `reference/linux.md` 1.6).

use super::kernel::Kernel;
use super::machine::Machine;
use super::socket::{Socket, State};
use crate::port::PortRange;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What one source address holds towards one destination, in ports of the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// This machine's address.
    pub source: IpAddr,
    /// The other end.
    pub destination: SocketAddr,
    /// Ports whose connection is ESTABLISHED.
    pub established: u32,
    /// Ports in TIME-WAIT.
    pub time_wait: u32,
    /// Those in TIME-WAIT that early reuse would hand out: not busy.
    pub reusable: u32,
    /// Ports in any other state.
    pub other: u32,
}

impl Lane {
    fn new(source: IpAddr, destination: SocketAddr) -> Self {
        Self { source, destination, established: 0, time_wait: 0, reusable: 0, other: 0 }
    }

    /// Ports with a connection, in whatever state.
    pub fn taken(&self) -> u32 {
        self.open() + self.time_wait
    }

    /// Ports with a connection that is not in TIME-WAIT.
    pub fn open(&self) -> u32 {
        self.established + self.other
    }

    /// Ports that no new connection to the same destination could take.
    pub fn busy(&self) -> u32 {
        self.taken() - self.reusable
    }

    /// Connections a second that would keep this many ports in TIME-WAIT: TIME-WAIT ports / mean TIME-WAIT (Little's
    /// law). `None` when none is: the other side closes first, or connections last.
    pub fn connects_per_s(&self, mean_time_wait_s: f64) -> Option<f64> {
        (self.time_wait > 0).then(|| f64::from(self.time_wait) / mean_time_wait_s)
    }
}

/// The range and the sockets of a machine at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Sockets in each state, of all ports; states without a socket are absent.
    pub states: BTreeMap<State, u64>,
    /// The fullest first; then by source and destination.
    pub lanes: Vec<Lane>,
    /// Listeners on ports of the range, by address.
    pub listeners: Vec<Socket>,
    /// Ports of each lane that can be used at all: the range less reserved ports and those of listeners.
    pub usable: u32,
    /// Ports of the range with at least one outgoing connection.
    pub together: u32,
}

/// Takes sockets one by one; keeps a few bytes for each that matters.
#[derive(Debug)]
pub struct Counting<'m> {
    machine: &'m Machine,
    states: BTreeMap<State, u64>,
    listeners: Vec<Socket>,
    /// Per lane and port the last socket seen, as one that changes its state meanwhile is listed twice.
    ports: BTreeMap<(IpAddr, SocketAddr), BTreeMap<u16, (State, bool)>>,
}

impl<'m> Counting<'m> {
    /// No socket yet.
    pub fn new(machine: &'m Machine) -> Self {
        Self { machine, states: BTreeMap::new(), listeners: Vec::new(), ports: BTreeMap::new() }
    }

    /// One more socket.
    pub fn push(&mut self, socket: Socket) {
        *self.states.entry(socket.state).or_default() += 1;
        if !self.machine.port_range.contains(socket.local.port()) {
            return;
        }
        if socket.state == State::Listen {
            self.listeners.push(socket);
        } else if socket.remote.port() != 0 {
            let lane = self.ports.entry((socket.local.ip(), socket.remote)).or_default();
            lane.insert(socket.local.port(), (socket.state, self.machine.is_reusable(&socket)));
        }
    }

    /// The sum of it.
    pub fn finish(mut self) -> Usage {
        self.listeners.sort_by_key(|socket| (socket.local.port(), socket.local.ip()));
        let listening: BTreeSet<u16> = self.listeners.iter().map(|socket| socket.local.port()).collect();
        let reserved = &self.machine.reserved_ports;
        let came_in = |ip: IpAddr, port: u16| {
            let here = |listener: &Socket| listener.local.ip() == ip || listener.local.ip().is_unspecified();
            listening.contains(&port) && self.listeners.iter().any(|each| each.local.port() == port && here(each))
        };
        let mut together = BTreeSet::new();
        let mut lanes = Vec::new();
        for ((source, destination), ports) in &self.ports {
            let mut lane = Lane::new(*source, *destination);
            let own = ports.iter().filter(|(port, _)| !came_in(*source, **port) && !reserved.contains(**port));
            for (port, (state, reusable)) in own {
                match state {
                    State::Established => lane.established += 1,
                    State::TimeWait => lane.time_wait += 1,
                    _ => lane.other += 1,
                }
                lane.reusable += u32::from(*reusable);
                together.insert(*port);
            }
            if lane.taken() > 0 {
                lanes.push(lane);
            }
        }
        let key = |lane: &Lane| (std::cmp::Reverse((lane.busy(), lane.taken())), lane.source, lane.destination);
        lanes.sort_by_key(key);
        let range = self.machine.port_range;
        let own = listening.iter().filter(|port| !reserved.contains(**port)).count();
        let usable = range.len() - reserved.count_in(range) - count(own);
        Usage { states: self.states, lanes, listeners: self.listeners, usable, together: count(together.len()) }
    }
}

fn count(ports: usize) -> u32 {
    u32::try_from(ports).expect("there are 65,535 ports")
}

impl Usage {
    /// All sockets.
    pub fn sockets(&self) -> u64 {
        self.states.values().sum()
    }

    /// Ports that the lane has left.
    pub fn free(&self, lane: &Lane) -> u32 {
        self.usable.saturating_sub(lane.busy())
    }

    /// Connections a second by the ports in TIME-WAIT (see [`Lane::connects_per_s`]), at most what the lane carries for
    /// long: a full lane hands ports out later than the mean TIME-WAIT, namely where the grid lets it.
    pub fn rate(&self, lane: &Lane, kernel: &Kernel) -> Option<f64> {
        let rate = lane.connects_per_s(kernel.mean_time_wait_s())?;
        Some(self.sustained_rate(lane, kernel).map_or(rate, |most| rate.min(most)))
    }

    /// The most connections a second that the lane carries for long, when what is open now stays open: the other ports
    /// once per TIME-WAIT. `None` where TIME-WAITs are reused early, as then they set no limit.
    pub fn sustained_rate(&self, lane: &Lane, kernel: &Kernel) -> Option<f64> {
        (lane.reusable == 0).then(|| kernel.sustained_rate(self.usable.saturating_sub(lane.open())))
    }

    /// The share of the usable ports that are busy in a lane: 0 to 1.
    pub fn fullness(&self, lane: &Lane) -> f64 {
        if self.usable == 0 { 1.0 } else { (f64::from(lane.busy()) / f64::from(self.usable)).min(1.0) }
    }

    /// The ports that listeners keep, without repeats.
    pub fn listening_ports(&self) -> Vec<PortRange> {
        let mut ports: Vec<u16> = self.listeners.iter().map(|socket| socket.local.port()).collect();
        ports.dedup();
        ports.into_iter().filter_map(|port| PortRange::new(port, port)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Root;
    use crate::port::PortSet;
    use std::time::Duration;

    fn machine() -> Machine {
        let root = tempfile::tempdir().unwrap();
        let range = |first, last| PortRange::new(first, last).unwrap();
        Machine {
            port_range: range(40_000, 40_009),
            reserved_ports: PortSet::new(vec![range(40_008, 40_020)]),
            numbers: vec![("tcp_tw_reuse", Some(2)), ("tcp_timestamps", Some(1))],
            ..Machine::read(&Root::new(root.path()))
        }
    }

    fn socket(local: &str, remote: &str, state: State) -> Socket {
        let due = (state == State::TimeWait).then_some(Duration::from_secs(30));
        Socket { local: local.parse().unwrap(), remote: remote.parse().unwrap(), state, due, inode: 0 }
    }

    #[test]
    fn each_source_and_destination_has_the_range_to_itself() {
        let machine = machine();
        let mut counting = Counting::new(&machine);
        for (local, remote, state) in [
            ("10.0.0.5:40000", "10.0.0.9:80", State::Established),
            ("10.0.0.5:40001", "10.0.0.9:80", State::TimeWait),
            // Seen twice: it closed meanwhile.
            ("10.0.0.5:40002", "10.0.0.9:80", State::Established),
            ("10.0.0.5:40002", "10.0.0.9:80", State::TimeWait),
            ("10.0.0.5:40000", "10.0.0.9:81", State::SynSent),
            ("10.0.0.6:40000", "10.0.0.9:80", State::Established),
            // Reserved, outside the range, inbound by a listener on any address and on its own.
            ("10.0.0.5:40008", "10.0.0.9:80", State::Established),
            ("10.0.0.5:39999", "10.0.0.9:80", State::Established),
            ("[::]:40003", "[::]:0", State::Listen),
            ("10.0.0.5:40003", "10.0.0.77:50000", State::Established),
            ("10.0.0.6:40004", "0.0.0.0:0", State::Listen),
            ("10.0.0.6:40004", "10.0.0.77:50000", State::Established),
            // Not inbound: the listener has another address.
            ("10.0.0.5:40004", "10.0.0.9:80", State::Established),
        ] {
            counting.push(socket(local, remote, state));
        }
        let usage = counting.finish();
        assert_eq!(usage.usable, 10 - 2 - 2);
        let shown: Vec<_> =
            usage.lanes.iter().map(|lane| (lane.source.to_string(), lane.destination.port(), lane.busy())).collect();
        assert_eq!(
            shown,
            [("10.0.0.5".to_owned(), 80, 4), ("10.0.0.5".to_owned(), 81, 1), ("10.0.0.6".to_owned(), 80, 1)]
        );
        let first = &usage.lanes[0];
        assert_eq!((first.established, first.time_wait, first.other), (2, 2, 0));
        assert_eq!((usage.free(first), usage.together, usage.sockets()), (2, 4, 13));
        assert!((first.connects_per_s(61.024).unwrap() - 2.0 / 61.024).abs() < 1e-12);
        assert_eq!(usage.lanes[1].connects_per_s(61.024), None);
        assert_eq!(usage.listening_ports().len(), 2);
    }

    #[test]
    fn no_rate_is_above_what_a_lane_carries() {
        let machine = Machine { reserved_ports: PortSet::default(), ..machine() };
        let kernel = &machine.kernel;
        let usage_of = |waits: u16| {
            let mut counting = Counting::new(&machine);
            for port in 0..waits {
                counting.push(socket(&format!("10.0.0.5:{}", 40_000 + port), "10.0.0.9:80", State::TimeWait));
            }
            counting.finish()
        };
        let half = usage_of(5);
        assert_eq!(half.rate(&half.lanes[0], kernel), half.lanes[0].connects_per_s(kernel.mean_time_wait_s()));
        let full = usage_of(10);
        let most = full.sustained_rate(&full.lanes[0], kernel);
        assert!(full.lanes[0].connects_per_s(kernel.mean_time_wait_s()) > most, "or this shows nothing");
        assert_eq!(full.rate(&full.lanes[0], kernel), most);
    }

    #[test]
    fn a_reusable_time_wait_is_taken_but_not_busy() {
        let machine = machine();
        let mut counting = Counting::new(&machine);
        counting.push(socket("127.0.0.1:40000", "127.0.0.1:80", State::TimeWait));
        counting.push(socket("127.0.0.1:40001", "127.0.0.1:80", State::Established));
        let usage = counting.finish();
        assert_eq!((usage.lanes[0].taken(), usage.lanes[0].busy(), usage.lanes[0].reusable), (2, 1, 1));
    }

    #[test]
    fn a_range_without_a_usable_port_is_full() {
        let reserved_ports = PortSet::new(vec![PortRange::new(1, 65_535).unwrap()]);
        let machine = Machine { reserved_ports, ..machine() };
        let usage = Counting::new(&machine).finish();
        assert_eq!((usage.usable, usage.lanes.len()), (0, 0));
    }
}
