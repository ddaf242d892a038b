//! Settings that are fine one by one and cannot be had together: with each other, or with the kernel of the profile.

use super::diagnostics::{Fault, quoted};
use super::model::{Client, Host, Scenario};
use super::read::Named;
use super::read_value::Reader;
use super::tree::At;
use super::words::{span, thousands};
use crate::des::SimDuration;
use crate::port::{Binding, Hold, TwReuse, Uniqueness};
use crate::profile;
use crate::workload::lifetime::LifetimeLaw;
use crate::workload::{Behaviour, ClosesFirst};

/// Something that Linux has learned at some time.
struct Feature {
    /// The key that asks for it.
    key: &'static str,
    /// What the kernel calls it.
    name: &'static str,
    /// The first kernel that has it.
    since: (u16, u16),
}

impl Feature {
    const fn new(key: &'static str, name: &'static str, since: (u16, u16)) -> Self {
        Self { key, name, since }
    }
}

/// Sources: ip(7), Documentation/networking/ip-sysctl.rst, and the commits in `reference/linux.md` 1.7 to 2.
const ADDRESS_NO_PORT: Feature = Feature::new("bind", "IP_BIND_ADDRESS_NO_PORT", (4, 2));
const LOCAL_PORT_RANGE: Feature = Feature::new("local_port_range", "IP_LOCAL_PORT_RANGE", (6, 3));
const LOOPBACK_REUSE: Feature = Feature::new("tw_reuse", "tcp_tw_reuse = 2", (4, 19));
const REUSE_DELAY: Feature = Feature::new("tw_reuse_delay", "tcp_tw_reuse_delay", (6, 14));
const AUTOBIND_REUSE: Feature = Feature::new("autobind_reuse", "ip_autobind_reuse", (5, 7));
const LINEAR_TIMEOUTS: Feature = Feature::new("syn_linear_timeouts", "tcp_syn_linear_timeouts", (6, 5));
const STEP_WIDTH: Feature = Feature::new("port_step_width", "ip_local_port_step_width", (7, 1));

impl Reader<'_> {
    /// Adds a fault for each contradiction.
    pub(super) fn contradictions(&mut self, scenario: &Scenario, [hosts, destinations, clients]: [&[Named<'_>]; 3]) {
        for (host, named) in scenario.hosts.iter().zip(hosts) {
            self.host_features(host, named);
            if host.sockets.tw_reuse == TwReuse::On && host.uniqueness != Uniqueness::FourTuple {
                let fault = Fault::new(place(named, "tw_reuse"), "tw_reuse is for stacks that keep the 4-tuple unique");
                self.fault(fault.label(host.uniqueness.summary()).help("write tw_reuse = \"off\""));
            }
        }
        for (client, named) in scenario.clients.iter().zip(clients) {
            let host = &scenario.hosts[client.host];
            self.client_features(client, host, named);
            self.too_few_ports(scenario, client, named);
            let never = |(to, _): &&(usize, f64)| scenario.destinations[*to].behaviour == Behaviour::NeverCloses;
            if let Some((to, _)) = client.to.iter().find(never)
                && client.closes_first == ClosesFirst::Server
            {
                let name = &scenario.destinations[*to].name;
                let message = format!("the server closes first, and {} never closes", quoted(name));
                let fault = Fault::new(place(named, "closes_first"), message).label("who ends the connection?");
                self.fault(fault.help("write closes_first = \"client\", or behaviour = \"accepts\""));
            }
        }
        for (to, named) in destinations.iter().enumerate() {
            self.gives_up_before_the_fin(scenario, to, named);
        }
    }

    /// A kernel ends a socket that waits too long for the other side's FIN: there is no TIME-WAIT then
    /// (`reference/linux.md` 3.3).
    fn gives_up_before_the_fin(&mut self, scenario: &Scenario, to: usize, named: &Named<'_>) {
        let waits = |host: &Host| {
            host.fin_wait_2().iter().map(Hold::least).fold(SimDuration::ZERO, SimDuration::saturating_add)
        };
        let is_late = |client: &&Client| {
            let mut delays = client.closers().into_iter().map(|closer| scenario.close_delay(closer, to));
            let least = waits(&scenario.hosts[client.host]);
            client.to.iter().any(|(other, _)| *other == to) && delays.any(|delay| !delay.is_zero() && delay >= least)
        };
        let Some(client) = scenario.clients.iter().find(is_late) else { return };
        let (host, destination) = (&scenario.hosts[client.host], &scenario.destinations[to]);
        let message = format!(
            "{} closes {} after the client, and host {} waits {} for that",
            quoted(&destination.name),
            span(destination.close_delay),
            host.name,
            span(waits(host))
        );
        let label = format!("fin_timeout = \"{}\" ends the socket before (FIN-WAIT-2)", span(host.sockets.fin_timeout));
        let help = "write a shorter close_delay, or behaviour = \"never-closes\", which frees the port just then";
        self.fault(Fault::new(place(named, "close_delay"), message).label(label).help(help));
    }

    fn host_features(&mut self, host: &Host, named: &Named<'_>) {
        let written = |key: &str| named.section.place_of(key).is_some();
        let rules = &host.sockets;
        let asked = [
            (LOOPBACK_REUSE, written("tw_reuse") && rules.tw_reuse == TwReuse::Loopback),
            (REUSE_DELAY, written("tw_reuse_delay")),
            (AUTOBIND_REUSE, rules.autobind_reuse),
            (LINEAR_TIMEOUTS, written("syn_linear_timeouts") && rules.syn_linear_timeouts > 0),
            (STEP_WIDTH, host.port_step_width > 0),
        ];
        for (feature, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            self.feature(&feature, host, named);
        }
    }

    fn client_features(&mut self, client: &Client, host: &Host, named: &Named<'_>) {
        if client.bind == Binding::AddressNoPort {
            self.feature(&ADDRESS_NO_PORT, host, named);
        }
        if client.local_port_range.is_some() {
            self.feature(&LOCAL_PORT_RANGE, host, named);
        }
        if client.bind.reserves() && host.uniqueness != Uniqueness::FourTuple {
            let message = format!("bind() before connect() is built for Linux, not for {}", host.profile);
            let fault = Fault::new(place(named, "bind"), message).label(host.uniqueness.summary());
            self.fault(fault.help("leave bind out, or take a profile of Linux"));
        }
        if let (Binding::Ports(_), Some(at)) = (client.bind, named.section.place_of("local_port_range")) {
            let fault = Fault::new(at, "a program that names its ports has no range to choose from");
            self.fault(fault.label("not looked at").second(place(named, "bind"), "the ports").help("leave one out"));
        }
    }

    fn feature(&mut self, feature: &Feature, host: &Host, named: &Named<'_>) {
        let Feature { key, name, since } = *feature;
        let kernel = profile::find(&host.profile).and_then(|profile| profile.kernel);
        if kernel.is_some_and(|kernel| kernel >= since) {
            return;
        }
        let (major, minor) = since;
        let label = match kernel {
            Some((major, minor)) => format!("host {} has Linux {major}.{minor}", host.name),
            None => format!("host {} has {}", host.name, host.profile),
        };
        let fault = Fault::new(place(named, key), format!("{name} needs Linux {major}.{minor}")).label(label);
        self.fault(fault.help("leave it out, or take a profile that has it (dryport list profiles)"));
    }

    /// A program can hold no more connections than it names ports: `bind()` gives each out once per address, or once per
    /// address and destination with `SO_REUSEADDR`.
    fn too_few_ports(&mut self, scenario: &Scenario, client: &Client, named: &Named<'_>) {
        let Binding::Ports(ports) = client.bind else { return };
        let (Some(rate), Some(lifetime_s)) = (client.arrivals.rate(), client.lifetime.mean_s()) else { return };
        let open = rate.events_per_second() * lifetime_s;
        let endpoints: u32 = client.to.iter().map(|(to, _)| scenario.destinations[*to].endpoints).sum();
        let shared = client.reuse_address || client.reuse_port;
        let times = u64::from(scenario.hosts[client.host].addresses) * u64::from(if shared { endpoints } else { 1 });
        let most = u64::from(ports.len()) * times;
        if open > most as f64 {
            let message =
                format!("{} names ports for {} connections and wants {open:.0} open", client.name, thousands(most));
            let fault = Fault::new(place(named, "bind"), message).label("each port once per address (bind)");
            self.fault(fault.help("name more ports, or take more addresses or a lower rate"));
        }
    }
}

/// Where a key is written, else where the table's name is.
fn place(named: &Named<'_>, key: &str) -> At {
    named.section.place_of(key).unwrap_or_else(|| named.name_at.clone())
}

#[cfg(test)]
mod tests {
    use super::super::SourceFile;
    use super::*;
    use std::collections::BTreeMap;

    fn faults(host: &str, destination: &str, client: &str) -> Vec<String> {
        let text = format!(
            "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"h\"\n{host}\n[[destination]]\nname = \"d\"\n\
             {destination}\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
             arrivals = {{ poisson = {{ rate = \"100/s\" }} }}\nlifetime = {{ constant = {{ value = \"1s\" }} }}\n{client}\n"
        );
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        match Scenario::read(&SourceFile::new("x.toml", text), &[], &sources) {
            Ok(_) => Vec::new(),
            Err(found) => found.messages().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn a_kernel_has_what_it_had() {
        for (host, client, message) in [
            ("profile = \"linux-3.10\"", "bind = \"address-no-port\"", "IP_BIND_ADDRESS_NO_PORT needs Linux 4.2"),
            ("profile = \"linux-6.1\"", "local_port_range = \"40000-40999\"", "IP_LOCAL_PORT_RANGE needs Linux 6.3"),
            ("profile = \"linux-4.4\"\ntw_reuse = \"loopback\"", "", "tcp_tw_reuse = 2 needs Linux 4.19"),
            ("profile = \"linux-6.8\"\ntw_reuse_delay = \"5s\"", "", "tcp_tw_reuse_delay needs Linux 6.14"),
            ("profile = \"linux-5.4\"\nautobind_reuse = true", "", "ip_autobind_reuse needs Linux 5.7"),
            ("profile = \"linux-6.1\"\nsyn_linear_timeouts = 4", "", "tcp_syn_linear_timeouts needs Linux 6.5"),
            ("port_step_width = 7", "", "ip_local_port_step_width needs Linux 7.1"),
            (
                "profile = \"macos\"",
                "bind = \"bind-zero\"",
                "bind() before connect() is built for Linux, not for macos",
            ),
            ("profile = \"macos\"", "bind = \"address-no-port\"", "IP_BIND_ADDRESS_NO_PORT needs Linux 4.2"),
        ] {
            assert_eq!(faults(host, "", client), [message], "{host} {client}");
            let newest = host.replace("linux-3.10", "linux-7.1").replace("linux-4.4", "linux-7.1");
            let newest = newest.replace("linux-5.4", "linux-7.1").replace("linux-6.1", "linux-7.1");
            let newest = newest.replace("linux-6.8", "linux-7.1").replace("macos", "linux-7.1");
            let newest = if newest.contains("profile") { newest } else { format!("profile = \"linux-7.1\"\n{newest}") };
            assert!(faults(&newest, "", client).is_empty(), "{newest} {client}");
        }
    }

    #[test]
    fn what_cannot_be_had_together_is_said() {
        // Of no use, and lint says so; it runs as it would on the machine, without reuse.
        assert!(faults("tw_reuse = \"on\"\ntimestamps = false", "", "").is_empty());
        assert_eq!(
            faults("", "", "bind = { ports = \"40100-40149\" }"),
            ["c names ports for 50 connections and wants 100 open"]
        );
        assert!(faults("", "endpoints = 2", "bind = { ports = \"40100-40149\" }\nreuse_address = true").is_empty());
        assert!(faults("addresses = 2", "", "bind = { ports = \"40100-40149\" }").is_empty());
        assert_eq!(
            faults("", "behaviour = \"never-closes\"", "closes_first = \"server\""),
            ["the server closes first, and \"d\" never closes"]
        );
        let late = "\"d\" closes 60 s after the client, and host h waits 60 s for that";
        assert_eq!(faults("", "close_delay = \"60s\"", ""), [late]);
        assert!(faults("", "close_delay = \"60s\"", "closes_first = \"server\"").is_empty());
        assert!(faults("", "close_delay = \"59s\"", "").is_empty());
        // Above a minute it is twice what is above it.
        let late = "\"d\" closes 59 s after the client, and host h waits 20 s for that";
        assert_eq!(faults("fin_timeout = \"70s\"", "close_delay = \"59s\"", ""), [late]);
        assert_eq!(
            faults("", "close_delay = \"1s\"\nbehaviour = \"silent\"", ""),
            ["close_delay is for behaviour = \"accepts\", not \"silent\""]
        );
        assert_eq!(
            faults("", "", "bind = { ports = \"40100-40299\" }\nlocal_port_range = \"40000-40999\""),
            ["a program that names its ports has no range to choose from"]
        );
    }
}
