//! Names that people try for systems that are not profiles, and what stands in for each: options that work today.

/// What stands in for a system that is no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Words by which people call it.
    names: &'static [&'static str],
    /// What it is, and what it lacks.
    pub what: &'static str,
    /// The options of `dryport calc`; in a scenario the keys of a host of the same names.
    pub options: &'static str,
}

/// The numbers: `reference/stacks-and-nats.md` 2.1, 2.7 and 3; vendors' pages there.
const ALL: &[StandIn] = &[
    StandIn {
        names: &["linux", "ubuntu", "debian", "rhel", "centos", "alpine", "kernel"],
        what: "Linux is a profile for each kernel series (uname -r says which); the newest is",
        options: "--profile linux-6.18",
    },
    StandIn { names: &["mac", "macosx", "osx", "darwin", "xnu"], what: "it is called", options: "--profile macos" },
    StandIn {
        names: &["windows", "win", "win10", "win11", "windows-server"],
        what: "Windows is not modelled yet (16,384 ports, one set for all destinations, 120 s); nearest is",
        options: "--profile macos --time-wait 120s",
    },
    StandIn {
        names: &["aws-nat", "aws", "aws-nat-gateway", "nat", "nat-gateway", "natgw"],
        what: "NATs are not modelled yet; 55,000 ports for each destination, held for 60 s, are (all machines behind it \
               together, SYNs dropped where this says refused)",
        options: "--range 10000-64999 --time-wait 60s",
    },
    StandIn {
        names: &["azure", "azure-nat", "azure-snat", "azure-lb"],
        what: "NATs are not modelled yet; 128 SNAT ports held for 240 s, one instance's sure share, are",
        options: "--range 1024-1151 --time-wait 240s",
    },
    StandIn {
        names: &["gcp", "gcp-nat", "cloud-nat", "gcp-cloud-nat"],
        what: "NATs are not modelled yet; 64 ports of a VM, held for 120 s, are",
        options: "--range 1024-1087 --time-wait 120s",
    },
    StandIn {
        names: &["freebsd", "bsd"],
        what: "FreeBSD is not modelled yet; its range and 60 s are",
        options: "--range 10000-65535 --time-wait 60s",
    },
];

/// What stands in for a name that is no profile.
pub fn stand_in(name: &str) -> Option<&'static StandIn> {
    let name = name.trim().to_lowercase();
    ALL.iter().find(|one| one.names.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_has_one_meaning_and_is_no_profile() {
        let names: Vec<&str> = ALL.iter().flat_map(|one| one.names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| super::super::find(name).is_none() && stand_in(name).is_some()));
        assert_eq!(stand_in("plan9"), None);
    }
}
