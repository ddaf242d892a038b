//! The same questions on other systems, or without dryport: the commands that answer them, and default ranges.

use crate::port::PortRange;
use std::collections::BTreeMap;

/// A way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The system, as people write it.
    pub system: &'static str,
    /// What Rust calls it (`std::env::consts::OS`).
    pub os: &'static str,
    /// The ephemeral range as the system comes.
    pub ephemeral: PortRange,
    /// Commands that say who holds port `PORT`.
    pub port: &'static [&'static str],
    /// Commands that show the ephemeral range and all sockets.
    pub machine: &'static [&'static str],
}

/// Every system, in the order of screens.
pub const WAYS: &[Way] = &[
    Way {
        system: "Linux",
        os: "linux",
        // Since 4.2: net/ipv4/af_inet.c, inet_init_net.
        ephemeral: range(32_768, 60_999),
        port: &["ss -tanp 'sport = :PORT'", "lsof -nP -iTCP:PORT"],
        machine: &["sysctl net.ipv4.ip_local_port_range", "ss -tan"],
    },
    Way {
        system: "macOS",
        os: "macos",
        // net.inet.ip.portrange.first and .last: see the profile.
        ephemeral: range(49_152, 65_535),
        port: &["lsof -nP -iTCP:PORT", "netstat -anv -p tcp | grep '[.]PORT '"],
        machine: &["sysctl net.inet.ip.portrange", "netstat -anv -p tcp"],
    },
    Way {
        system: "Windows",
        os: "windows",
        // Since Vista and Server 2008: MicrosoftDocs/SupportArticles-docs, tcp-ip-port-exhaustion-troubleshooting.md
        // (reference/stacks-and-nats.md 2.7).
        ephemeral: range(49_152, 65_535),
        port: &[
            "Get-NetTCPConnection -LocalPort PORT",
            "Get-Process -Id (Get-NetTCPConnection -LocalPort PORT).OwningProcess",
        ],
        machine: &["netsh int ipv4 show dynamicport tcp", "Get-NetTCPConnection"],
    },
];

const fn range(first: u16, last: u16) -> PortRange {
    PortRange::new(first, last).expect("the first port is below the last")
}

/// The default ephemeral ranges, each with the systems that have it, in the order of screens.
pub fn ephemeral_ranges() -> BTreeMap<(u16, u16), Vec<&'static str>> {
    let mut systems: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for way in WAYS {
        systems.entry((way.ephemeral.first(), way.ephemeral.last())).or_default().push(way.system);
    }
    systems
}

/// What to use where `/proc` does not say: the commands for `os`, or for all systems when it is another one.
pub fn instead(os: &str, commands: impl Fn(&Way) -> &'static [&'static str]) -> Vec<String> {
    let lines = |way: &Way| {
        let ways = commands(way).iter().map(|command| format!("{}: {command}", way.system));
        ways.collect::<Vec<_>>()
    };
    let own: Vec<String> = WAYS.iter().filter(|way| way.os == os).flat_map(lines).collect();
    if own.is_empty() { WAYS.iter().flat_map(lines).collect() } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_ranges_are_those_of_the_profiles() {
        for (os, name) in [("linux", crate::profile::DEFAULT), ("macos", "macos")] {
            let profile = crate::profile::find(name).unwrap();
            let own = profile.setting("port_range").unwrap().value.as_str().unwrap();
            let way = WAYS.iter().find(|way| way.os == os).unwrap();
            assert_eq!(way.ephemeral.to_string(), own, "{os}");
        }
        let named: Vec<_> = ephemeral_ranges().into_iter().collect();
        assert_eq!(named, [((32_768, 60_999), vec!["Linux"]), ((49_152, 65_535), vec!["macOS", "Windows"])]);
    }

    #[test]
    fn every_system_has_its_commands_and_a_strange_one_all_of_them() {
        assert_eq!(instead("macos", |way| way.machine)[0], "macOS: sysctl net.inet.ip.portrange");
        assert_eq!(instead("windows", |way| way.port).len(), 2);
        assert_eq!(instead("plan9", |way| way.machine).len(), 6);
    }
}
