//! Who uses one local port, and until when.

use super::kernel::Kernel;
use super::socket::{Socket, State};
use crate::port::PortSet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// The sockets of one local port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortUse {
    /// The port.
    pub port: u16,
    /// Its sockets: listeners first, TIME-WAITs last, then by address.
    pub sockets: Vec<Socket>,
}

impl PortUse {
    /// Every port of `ports`, in order, with those of `sockets` that use it.
    pub fn of(ports: &PortSet, sockets: Vec<Socket>) -> Vec<Self> {
        let mut by_port: BTreeMap<u16, Vec<Socket>> = BTreeMap::new();
        for range in ports.ranges() {
            (range.first()..=range.last()).for_each(|port| _ = by_port.insert(port, Vec::new()));
        }
        for socket in sockets {
            if let Some(own) = by_port.get_mut(&socket.local.port()) {
                own.push(socket);
            }
        }
        let sorted = |(port, mut sockets): (u16, Vec<Socket>)| {
            sockets.sort_by_key(|socket| (socket.state, socket.local, socket.remote));
            // One that changes its state while the list is read may be in it twice.
            sockets.dedup_by_key(|socket| (socket.state, socket.local, socket.remote, socket.inode));
            Self { port, sockets }
        };
        by_port.into_iter().map(sorted).collect()
    }

    /// Does any socket use it?
    pub fn is_held(&self) -> bool {
        !self.sockets.is_empty()
    }

    /// Is all that is left of its sockets TIME-WAITs, which no process holds?
    pub fn only_waits(&self) -> bool {
        self.is_held() && self.sockets.iter().all(Socket::is_time_wait)
    }

    /// What it is: `HELD`, `WAITS` where only TIME-WAITs are left, or `FREE`.
    pub fn word(&self) -> &'static str {
        match (self.is_held(), self.only_waits()) {
            (false, _) => "FREE",
            (true, true) => "WAITS",
            (true, false) => "HELD",
        }
    }

    /// Does a socket listen on it?
    pub fn listens(&self) -> bool {
        self.sockets.iter().any(|socket| socket.state == State::Listen)
    }

    /// The addresses that `bind()` cannot have with this port, unless the sockets there allow it.
    pub fn bound(&self) -> Vec<SocketAddr> {
        let all: BTreeSet<SocketAddr> = self.sockets.iter().map(|socket| socket.local).collect();
        let any = all.iter().find(|address| address.ip().is_unspecified());
        any.map_or_else(|| all.iter().copied().collect(), |any| vec![*any])
    }
}

/// How long until the kernel gives up a socket that only a timer keeps: it goes at the first instant of the grid after
/// its timer is due, and where the grid lies does not show.
pub fn time_left(socket: &Socket, kernel: &Kernel) -> Option<(Duration, Duration)> {
    let due = socket.due?;
    Some((due, due + Duration::from_nanos(kernel.latest_after().as_nanos())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::PortRange;

    fn socket(local: &str, remote: &str, state: State) -> Socket {
        Socket { local: local.parse().unwrap(), remote: remote.parse().unwrap(), state, due: None, inode: 0 }
    }

    #[test]
    fn every_port_has_its_own_sockets_in_order() {
        let range = |first, last| PortRange::new(first, last).unwrap();
        let ports = PortSet::new(vec![range(80, 82), range(65_535, 65_535)]);
        let uses = PortUse::of(
            &ports,
            vec![
                socket("10.0.0.5:80", "10.0.0.9:5000", State::TimeWait),
                socket("10.0.0.5:80", "10.0.0.9:5001", State::Established),
                socket("10.0.0.5:80", "10.0.0.9:5001", State::Established),
                socket("0.0.0.0:80", "0.0.0.0:0", State::Listen),
                socket("10.0.0.5:82", "10.0.0.9:5001", State::Established),
                socket("10.0.0.5:9", "10.0.0.9:80", State::Established),
            ],
        );
        let counts: Vec<_> = uses.iter().map(|each| (each.port, each.sockets.len())).collect();
        assert_eq!(counts, [(80, 3), (81, 0), (82, 1), (65_535, 0)]);
        assert!(uses[0].listens() && !uses[2].listens());
        assert_eq!(uses[0].bound(), ["0.0.0.0:80".parse().unwrap()]);
        assert_eq!(uses[2].bound(), ["10.0.0.5:82".parse().unwrap()]);
        assert_eq!(uses[0].sockets[2].state, State::TimeWait);
    }

    #[test]
    fn what_is_left_is_known_to_the_grid() {
        let kernel = Kernel { release: "6.18.44".to_owned(), hz: Some((250, String::new())) };
        let mut waiting = socket("10.0.0.5:80", "10.0.0.9:1", State::TimeWait);
        assert_eq!(time_left(&waiting, &kernel), None);
        waiting.due = Some(Duration::from_millis(41_190));
        let (soonest, latest) = time_left(&waiting, &kernel).unwrap();
        assert_eq!((soonest.as_millis(), latest.as_millis()), (41_190, 43_238));
    }
}
