//! The ways in which sockets of a host come by a port: clients that do it alike share one, and each has its lanes.

use std::mem;

use super::model::{Client, Destination, Host, Scenario};
use crate::des::SimDuration;
use crate::port::sockets::Claim;
use crate::port::{AllocatorKind, Binding, Hold, PortRange, PortSet, Uniqueness};
use crate::workload::{Behaviour, Leaves, server_waits};

/// One way of getting a port on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Index into [`Scenario::hosts`].
    pub host: usize,
    /// Where a search looks.
    pub ports: PortRange,
    /// What it leaves out.
    pub reserved: PortSet,
    /// What it looks at in vain, since listening sockets have it.
    pub listening: PortSet,
    /// What tells its lanes apart.
    pub uniqueness: Uniqueness,
    /// In which order it looks.
    pub allocator: AllocatorKind,
    /// Who else on a port makes it unusable.
    pub access: Access,
    /// How its sockets own their port.
    pub claim: Claim,
}

/// When a port is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `connect()` looks for one: nobody used `bind()` on it and the 4-tuple is free.
    Connect,
    /// `bind()` looks for one, or takes the next of a list: nobody else owns it on the same address.
    Exclusive,
    /// bind(0) that shares ports when there are no others (`net.ipv4.ip_autobind_reuse`).
    SharedBindZero,
    /// A list of ports with `SO_REUSEADDR` or `SO_REUSEPORT`: all others on it agree and the 4-tuple is free.
    SharedPorts,
}

impl Way {
    /// Ports of one lane that can be used at all.
    pub fn usable_ports(&self) -> u32 {
        usable_ports(self.ports, &self.reserved, &self.listening)
    }

    /// The way of a client of this host.
    pub fn of(client: &Client, host: &Host) -> Self {
        let claim =
            Claim { bound: client.bind.reserves(), reuse_address: client.reuse_address, reuse_port: client.reuse_port };
        let base = Self {
            host: client.host,
            ports: client.local_port_range.map_or(host.port_range, |own| narrowed(host.port_range, own)),
            reserved: host.reserved_ports.clone(),
            listening: host.sockets.listening_ports.clone(),
            uniqueness: host.uniqueness,
            allocator: host.allocator,
            access: Access::Connect,
            claim,
        };
        match client.bind {
            Binding::Connect | Binding::AddressNoPort if client.local_port_range.is_some() => {
                Self { allocator: host.allocator.with_socket_range(), ..base }
            }
            Binding::Connect | Binding::AddressNoPort => base,
            Binding::BindZero => {
                let allocator = host.allocator.of_bind_zero(client.reuse_address);
                let shared = host.sockets.autobind_reuse && client.reuse_address;
                let (access, uniqueness) = if shared {
                    (Access::SharedBindZero, Uniqueness::FourTuple)
                } else {
                    (Access::Exclusive, Uniqueness::AddressPort)
                };
                Self { uniqueness, allocator, access, ..base }
            }
            Binding::Ports(ports) => {
                let (access, uniqueness) = if client.reuse_address || client.reuse_port {
                    (Access::SharedPorts, Uniqueness::FourTuple)
                } else {
                    (Access::Exclusive, Uniqueness::AddressPort)
                };
                // A program that names its ports may name reserved ones.
                let (reserved, allocator) = (PortSet::default(), AllocatorKind::Sequential);
                Self { ports, reserved, uniqueness, allocator, access, ..base }
            }
        }
    }
}

/// The host's range as `IP_LOCAL_PORT_RANGE` narrows it: each end counts only if it lies inside
/// (`reference/linux.md` 1.8).
fn narrowed(range: PortRange, own: PortRange) -> PortRange {
    let first = if range.contains(own.first()) { own.first() } else { range.first() };
    let last = if range.contains(own.last()) { own.last() } else { range.last() };
    PortRange::new(first, last).unwrap_or(range)
}

/// Ports of a range that are neither reserved nor listened on.
pub(super) fn usable_ports(range: PortRange, reserved: &PortSet, listening: &PortSet) -> u32 {
    let both = PortSet::new([reserved.ranges(), listening.ranges()].concat());
    range.len() - both.count_in(range)
}

/// Where a way stands among those seen so far; it is added when it is new.
fn place_of(way: Way, ways: &mut Vec<Way>) -> usize {
    ways.iter().position(|other| *other == way).unwrap_or_else(|| {
        ways.push(way);
        ways.len() - 1
    })
}

/// The ways of all hosts.
#[derive(Clone, Debug)]
pub struct Ways {
    /// Host by host, each host's in the order of the first client that has it.
    pub all: Vec<Way>,
    /// The way of each client.
    pub of_client: Vec<usize>,
}

impl Scenario {
    /// The ways of all clients.
    pub fn ways(&self) -> Ways {
        let mut of_hosts: Vec<Vec<Way>> = vec![Vec::new(); self.hosts.len()];
        let place = |client: &Client| place_of(Way::of(client, &self.hosts[client.host]), &mut of_hosts[client.host]);
        let places: Vec<usize> = self.clients.iter().map(place).collect();
        let before = |sum: &mut usize, ways: &Vec<Way>| Some(mem::replace(sum, *sum + ways.len()));
        let first: Vec<usize> = of_hosts.iter().scan(0, before).collect();
        let of_client = self.clients.iter().zip(places).map(|(client, place)| first[client.host] + place).collect();
        Ways { all: of_hosts.into_iter().flatten().collect(), of_client }
    }

    /// The ways of the clients of one host, in the order of the first client that has each.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn ways_of(&self, host: usize) -> Vec<Way> {
        let mut ways = Vec::new();
        for client in self.clients.iter().filter(|client| client.host == host) {
            place_of(Way::of(client, &self.hosts[host]), &mut ways);
        }
        ways
    }

    /// May `connect()` end a TIME-WAIT of this host early towards this destination?
    ///
    /// # Panics
    ///
    /// When there is no such host or destination.
    pub fn reuses_early(&self, host: usize, destination: usize) -> bool {
        let Host { uniqueness, sockets, .. } = &self.hosts[host];
        let applies = sockets.tw_reuse.applies(self.destinations[destination].loopback);
        // What is taken over is a 4-tuple; other stacks have no such rule.
        applies && sockets.timestamps && *uniqueness == Uniqueness::FourTuple
    }

    /// Must who owns which port of this host be kept port by port? Only where sockets meet that a bitmap per lane
    /// cannot tell apart.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn needs_socket_table(&self, host: usize) -> bool {
        let clients = || self.clients.iter().filter(move |client| client.host == host);
        let mut destinations = clients().flat_map(|client| &client.to).map(|(to, _)| *to);
        let ways = self.ways_of(host);
        let meets_others = |way: &Way| {
            let shares = matches!(way.access, Access::SharedBindZero | Access::SharedPorts);
            shares || way.listening.count_in(way.ports) > 0
        };
        let waits_for_fin = |to: usize| {
            let Destination { behaviour, close_delay, .. } = self.destinations[to];
            behaviour == Behaviour::NeverCloses || !close_delay.is_zero()
        };
        ways.len() > 1
            || ways.iter().any(meets_others)
            || destinations.any(|to| self.reuses_early(host, to) || waits_for_fin(to))
            || self.servers_take_room(host)
    }

    /// Can TIME-WAITs of servers on this host, which closed first, leave too little room for those of its clients
    /// (`tcp_max_tw_buckets`, which counts both: `reference/linux.md` 3.4)?
    fn servers_take_room(&self, host: usize) -> bool {
        let (mut clients_wait, mut servers_wait, mut both) = (false, false, false);
        for client in self.clients.iter().filter(|client| client.host == host) {
            for closer in client.closers() {
                for destination in client.to.iter().map(|(to, _)| &self.destinations[*to]) {
                    let here = destination.loopback && server_waits(closer, destination.behaviour);
                    let there =
                        matches!(Leaves::of(closer, destination.behaviour), Leaves::TimeWait | Leaves::FinWait2);
                    servers_wait |= here;
                    clients_wait |= there;
                    both |= here && there;
                }
            }
        }
        // Each 4-tuple may have one of the two, or both where both sides close at once.
        let most = self.capacity(host).saturating_mul(if both { 2 } else { 1 });
        clients_wait && servers_wait && most > self.hosts[host].sockets.max_tw_buckets
    }
}

impl Host {
    /// How long an orphan holds its port that waits in FIN-WAIT-2 for a FIN that never comes, stage by stage: T at most
    /// 60 s is one wait of T; above, a full socket waits T - 60 s and what is left of it as long again
    /// (`reference/linux.md` 3.3).
    pub fn fin_wait_2(&self) -> Vec<Hold> {
        const TIME_WAIT: SimDuration = SimDuration::from_secs(60);
        let wait = self.sockets.fin_timeout;
        if wait <= TIME_WAIT {
            return vec![self.time_wait.of_wait(wait)];
        }
        let above = wait.saturating_sub(TIME_WAIT);
        // The full socket has a timer of its own; what is left of it ends as TIME-WAITs do.
        vec![self.time_wait.timer(above), self.time_wait.of_wait(above)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;
    use std::fmt::Write;

    /// A host with these further keys, and a client for each of `clients`, with these.
    fn read(host: &str, destination: &str, clients: &[&str]) -> Scenario {
        let mut text = format!(
            "schema = 1\n[run]\nduration = \"10m\"\n[[host]]\nname = \"h\"\nport_range = \"40000-40099\"\n{host}\n\
             [[destination]]\nname = \"d\"\n{destination}\n"
        );
        for (index, keys) in clients.iter().enumerate() {
            write!(
                text,
                "[[client]]\nname = \"c{index}\"\nhost = \"h\"\nto = \"d\"\n\
                 arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
                 lifetime = {{ constant = {{ value = \"1s\" }} }}\n{keys}\n"
            )
            .expect("a string takes all");
        }
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Scenario::read(&SourceFile::new("x.toml", text), &[], &sources).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn clients_that_do_it_alike_share_a_way() {
        let scenario =
            read("", "", &["", "bind = \"bind-zero\"", "bind = \"address-no-port\"", "reuse_address = true"]);
        let ways = scenario.ways();
        assert_eq!(ways.of_client, [0, 1, 0, 2]);
        let access: Vec<Access> = ways.all.iter().map(|way| way.access).collect();
        assert_eq!(access, [Access::Connect, Access::Exclusive, Access::Connect]);
        assert_eq!(ways.all[1].uniqueness, Uniqueness::AddressPort);
    }

    #[test]
    fn each_end_of_a_socket_s_own_range_counts_only_inside_the_host_s() {
        let range = |first, last| PortRange::new(first, last).unwrap();
        let host = range(40_000, 40_099);
        for (own, ports) in [
            (range(40_010, 40_019), range(40_010, 40_019)),
            (range(39_000, 40_019), range(40_000, 40_019)),
            (range(40_010, 50_000), range(40_010, 40_099)),
            (range(1, 9), host),
            (host, host),
        ] {
            assert_eq!(narrowed(host, own), ports, "{own:?}");
        }
    }

    #[test]
    fn named_ports_may_be_reserved_but_not_listened_on() {
        let keys = "reserved_ports = [\"40000-40001\"]\nlistening_ports = [40002]";
        let scenario = read(keys, "", &["", "bind = { ports = \"40000-40009\" }"]);
        let ports: Vec<u32> = scenario.ways().all.iter().map(Way::usable_ports).collect();
        assert_eq!(ports, [97, 9]);
    }

    const HERE: &str = "loopback = true";
    const SERVER: &str = "closes_first = \"server\"";

    #[test]
    fn a_table_is_kept_only_where_sockets_meet_that_differ() {
        for (host, destination, clients, needs) in [
            ("", "", vec!["", ""], false),
            ("", "", vec!["bind = \"bind-zero\""], false),
            ("", "", vec!["bind = { ports = \"40000-40009\" }"], false),
            ("", "", vec!["", "bind = \"bind-zero\""], true),
            ("", "", vec!["bind = { ports = \"40000-40009\" }\nreuse_port = true"], true),
            ("autobind_reuse = true", "", vec!["bind = \"bind-zero\""], false),
            ("autobind_reuse = true", "", vec!["bind = \"bind-zero\"\nreuse_address = true"], true),
            ("listening_ports = [40002]", "", vec![""], true),
            ("tw_reuse = \"on\"", "", vec![""], true),
            ("", "loopback = true", vec![""], true),
            ("timestamps = false", "loopback = true", vec![""], false),
            ("", "behaviour = \"never-closes\"", vec![""], true),
            ("", "behaviour = \"silent\"", vec![""], false),
            ("", "close_delay = \"1s\"", vec![""], true),
            // Servers' TIME-WAITs may take the clients' room.
            ("timestamps = false\nmax_tw_buckets = 99", HERE, vec!["", SERVER], true),
            ("timestamps = false\nmax_tw_buckets = 100", HERE, vec!["", SERVER], false),
            ("timestamps = false\nmax_tw_buckets = 99", HERE, vec![SERVER], false),
            ("timestamps = false\nmax_tw_buckets = 99", "", vec!["", SERVER], false),
            ("timestamps = false\nmax_tw_buckets = 199", HERE, vec!["closes_first = \"simultaneous\""], true),
            ("timestamps = false\nmax_tw_buckets = 200", HERE, vec!["closes_first = \"simultaneous\""], false),
        ] {
            let scenario = read(host, destination, &clients);
            assert_eq!(scenario.needs_socket_table(0), needs, "{host} {destination} {clients:?}");
        }
    }

    #[test]
    fn a_fin_wait_2_above_a_minute_is_two_waits_of_what_is_above() {
        let stages = |timeout: &str| {
            let keys = format!("time_wait = \"60s\"\nfin_timeout = \"{timeout}\"");
            let stages = read(&keys, "", &[""]).hosts[0].fin_wait_2();
            stages.iter().map(Hold::least).collect::<Vec<_>>()
        };
        let seconds = SimDuration::from_secs;
        assert_eq!(stages("10s"), [seconds(10)]);
        assert_eq!(stages("60s"), [seconds(60)]);
        assert_eq!(stages("70s"), [seconds(10); 2]);
        // Before 4.1 the reaper has the second alone: four slots of two runs for 30 s, less the run it came in.
        let old = read("profile = \"linux-3.10\"\nfin_timeout = \"90s\"", "", &[""]).hosts[0].fin_wait_2();
        assert_eq!(old[0], old[0].timer(seconds(30)));
        assert_eq!(old[1], read("profile = \"linux-3.10\"", "", &[""]).hosts[0].time_wait.of_wait(seconds(30)));
        assert_ne!(old[0], old[1]);
    }
}
