//! The commands that answer the same questions on other systems, or without dryport.

/// A way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The system, as people write it.
    pub system: &'static str,
    /// What Rust calls it (`std::env::consts::OS`).
    pub os: &'static str,
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
        port: &["ss -tanp 'sport = :PORT'", "lsof -nP -iTCP:PORT"],
        machine: &["sysctl net.ipv4.ip_local_port_range", "ss -tan"],
    },
    Way {
        system: "macOS",
        os: "macos",
        port: &["lsof -nP -iTCP:PORT", "netstat -anv -p tcp | grep '[.]PORT '"],
        machine: &["sysctl net.inet.ip.portrange", "netstat -anv -p tcp"],
    },
    Way {
        system: "Windows",
        os: "windows",
        port: &["Get-NetTCPConnection -LocalPort PORT", "netsh int ipv4 show dynamicport tcp"],
        machine: &["netsh int ipv4 show dynamicport tcp", "Get-NetTCPConnection"],
    },
];

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
    fn every_system_has_its_commands_and_a_strange_one_all_of_them() {
        assert_eq!(instead("macos", |way| way.machine)[0], "macOS: sysctl net.inet.ip.portrange");
        assert_eq!(instead("windows", |way| way.port).len(), 2);
        assert_eq!(instead("plan9", |way| way.machine).len(), 6);
    }
}
