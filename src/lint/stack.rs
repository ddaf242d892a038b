//! What rules look at: the settings of one kernel, whoever wrote them, and the clients that it serves.

use crate::des::SimDuration;
use crate::port::{PortRange, PortSet, TwReuse};
use crate::profile;
use crate::scenario::tree::At;
use crate::scenario::ways::Way;
use crate::scenario::{Client, Host, Reading};
use crate::workload::{Arrivals, ClosesFirst, Leaves};

/// A setting, and where it is written; nowhere when it is a default.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    /// What it is set to.
    pub value: T,
    /// Where.
    pub at: Option<At>,
}

/// The kernel of a host, or of the machine that sysctls describe.
#[derive(Clone, Debug)]
pub struct Stack<'s> {
    /// Its version; `None`: it is no Linux.
    pub kernel: Option<(u16, u16)>,
    /// `net.ipv4.ip_local_port_range`.
    pub port_range: Setting<PortRange>,
    /// `net.ipv4.ip_local_reserved_ports`.
    pub reserved_ports: Setting<PortSet>,
    /// `net.ipv4.tcp_tw_reuse`.
    pub tw_reuse: Setting<TwReuse>,
    /// `net.ipv4.tcp_timestamps`.
    pub timestamps: Setting<bool>,
    /// `net.ipv4.tcp_max_tw_buckets`.
    pub max_tw_buckets: Setting<u64>,
    /// `net.ipv4.tcp_fin_timeout`.
    pub fin_timeout: Setting<SimDuration>,
    /// `net.ipv4.ip_unprivileged_port_start`.
    pub unprivileged_from: u16,
    /// Where `net.ipv4.tcp_tw_recycle` is written, if it is.
    pub tw_recycle: Option<At>,
    /// The host that it is part of; `None` for sysctls, where nothing is known of who connects.
    pub on_host: Option<OnHost<'s>>,
}

/// A host of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct OnHost<'s> {
    /// The scenario.
    pub reading: &'s Reading,
    /// Which of its hosts.
    pub index: usize,
    /// The host.
    pub host: &'s Host,
}

/// A client of such a host.
#[derive(Clone, Debug)]
pub struct ClientOn<'s> {
    reading: &'s Reading,
    /// Which of the scenario's clients.
    pub index: usize,
    /// The client.
    pub client: &'s Client,
    /// How it comes by ports.
    pub way: Way,
}

impl Stack<'static> {
    /// A machine of which no setting is known: it has the defaults of the newest kernels.
    ///
    /// # Panics
    ///
    /// Never: its range is not reversed.
    pub fn unknown() -> Self {
        let newest = profile::find(profile::DEFAULT).and_then(|profile| profile.kernel);
        Self {
            kernel: newest,
            port_range: default(PortRange::new(32_768, 60_999).expect("it is not reversed")),
            reserved_ports: default(PortSet::default()),
            tw_reuse: default(TwReuse::Loopback),
            timestamps: default(true),
            max_tw_buckets: default(262_144),
            fin_timeout: default(SimDuration::from_secs(60)),
            unprivileged_from: 1024,
            tw_recycle: None,
            on_host: None,
        }
    }
}

impl<'s> Stack<'s> {
    /// A host of a scenario.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn of_host(reading: &'s Reading, index: usize) -> Self {
        let host = &reading.scenario.hosts[index];
        let at = |key| reading.place("host", index, key);
        let rules = &host.sockets;
        Self {
            kernel: profile::find(&host.profile).and_then(|profile| profile.kernel),
            port_range: Setting { value: host.port_range, at: at("port_range") },
            reserved_ports: Setting { value: host.reserved_ports.clone(), at: at("reserved_ports") },
            tw_reuse: Setting { value: rules.tw_reuse, at: at("tw_reuse") },
            timestamps: Setting { value: rules.timestamps, at: at("timestamps") },
            max_tw_buckets: Setting { value: rules.max_tw_buckets, at: at("max_tw_buckets") },
            fin_timeout: Setting { value: rules.fin_timeout, at: at("fin_timeout") },
            unprivileged_from: 1024,
            tw_recycle: None,
            on_host: Some(OnHost { reading, index, host }),
        }
    }

    /// A remedy as the user would write it: a key of a scenario, or a sysctl.
    pub fn either<'t>(&self, key: &'t str, sysctl: &'t str) -> &'t str {
        if self.on_host.is_some() { key } else { sysctl }
    }

    /// A range as the user would write it.
    pub fn range_written(&self, range: PortRange) -> String {
        if self.on_host.is_some() {
            return format!("port_range = \"{range}\"");
        }
        format!("net.ipv4.ip_local_port_range = {} {}", range.first(), range.last())
    }

    /// Clients of the host; none for sysctls.
    pub fn clients(&self) -> Vec<ClientOn<'s>> {
        let Some(OnHost { reading, index, host }) = self.on_host else { return Vec::new() };
        let all = reading.scenario.clients.iter().enumerate().filter(|(_, client)| client.host == index);
        all.map(|(index, client)| ClientOn { reading, index, client, way: Way::of(client, host) }).collect()
    }
}

impl OnHost<'_> {
    /// Where a key of the host is written.
    pub fn place(&self, key: &str) -> Option<At> {
        self.reading.place("host", self.index, key)
    }
}

impl ClientOn<'_> {
    /// Where a key of the client is written; at its name when nowhere.
    pub fn place(&self, key: &str) -> At {
        let written = |key| self.reading.place("client", self.index, key);
        written(key).or_else(|| written("name")).unwrap_or(At::Whole)
    }

    /// May a connection of its leave this?
    pub fn may_leave(&self, what: Leaves) -> bool {
        let behaviours = self.client.to.iter().map(|(to, _)| self.reading.scenario.destinations[*to].behaviour);
        let closers = self.closers();
        behaviours.into_iter().any(|behaviour| closers.iter().any(|closer| Leaves::of(*closer, behaviour) == what))
    }

    /// Who closes first, now and then.
    fn closers(&self) -> Vec<ClosesFirst> {
        let mut closers = vec![self.client.closes_first];
        if let Arrivals::Replay(replay) = &self.client.arrivals {
            for closer in replay.trace().rows.iter().filter_map(|row| row.closes_first) {
                if !closers.contains(&closer) {
                    closers.push(closer);
                }
            }
        }
        closers
    }
}

const fn default<T>(value: T) -> Setting<T> {
    Setting { value, at: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    #[test]
    fn an_unknown_machine_is_the_default_profile() {
        let text = "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"h\"\n[[destination]]\nname = \"d\"\n\
                    [[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
                    arrivals = { poisson = { rate = \"1/s\" } }\nlifetime = { constant = { value = \"1s\" } }\n";
        let files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let reading = Reading::of(&SourceFile::new("x.toml", text), &[], &files).unwrap();
        let (host, unknown) = (Stack::of_host(&reading, 0), Stack::unknown());
        assert_eq!(host.kernel, unknown.kernel);
        assert_eq!(host.port_range.value, unknown.port_range.value);
        assert_eq!(host.reserved_ports.value, unknown.reserved_ports.value);
        assert_eq!(host.tw_reuse.value, unknown.tw_reuse.value);
        assert_eq!(host.timestamps.value, unknown.timestamps.value);
        assert_eq!(host.max_tw_buckets.value, unknown.max_tw_buckets.value);
        assert_eq!(host.fin_timeout.value, unknown.fin_timeout.value);
    }
}
