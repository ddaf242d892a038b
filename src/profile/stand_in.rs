//! Names that people try for systems that are not profiles, and what stands in for each: options that work today.

/// What stands in for a system that is no profile: a profile, or numbers of its own on the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Words by which people call it, in small letters.
    names: &'static [&'static str],
    /// What it is, and what it lacks.
    pub what: &'static str,
    profile: Option<&'static str>,
    range: Option<&'static str>,
    time_wait: Option<&'static str>,
}

impl StandIn {
    /// As options of `dryport calc`: `--range 10000-64999 --time-wait 60s`.
    pub fn options(&self) -> String {
        self.written(["--profile ", "--range ", "--time-wait "], "", " ")
    }

    /// As keys of a host: `port_range = "10000-64999", time_wait = "60s"`.
    pub fn keys(&self) -> String {
        self.written(["profile = \"", "port_range = \"", "time_wait = \""], "\"", ", ")
    }

    fn written(&self, before: [&str; 3], after: &str, between: &str) -> String {
        let values = before.into_iter().zip([self.profile, self.range, self.time_wait]);
        let values = values.filter_map(|(before, value)| Some(format!("{before}{}{after}", value?)));
        values.collect::<Vec<_>>().join(between)
    }
}

const NOTHING: StandIn = StandIn { names: &[], what: "", profile: None, range: None, time_wait: None };

/// The numbers: `reference/stacks-and-nats.md` 2.1, 2.7 and 3; vendors' pages there.
const ALL: &[StandIn] = &[
    StandIn {
        names: &["linux", "ubuntu", "debian", "rhel", "centos", "alpine", "kernel"],
        what: "Linux is a profile for each kernel series (uname -r says which); unless given it is",
        profile: Some("linux-6.18"),
        ..NOTHING
    },
    StandIn {
        names: &["macos", "mac", "macosx", "osx", "darwin", "xnu"],
        what: "it is called",
        profile: Some("macos"),
        ..NOTHING
    },
    StandIn {
        names: &["windows", "win", "win10", "win11", "windows-server"],
        what: "Windows is not modelled yet (16,384 ports, one set for all destinations, 120 s); nearest is",
        profile: Some("macos"),
        time_wait: Some("120s"),
        ..NOTHING
    },
    StandIn {
        names: &["aws-nat", "aws", "aws-nat-gateway", "nat", "nat-gateway", "natgw"],
        what: "NATs are not modelled yet; 55,000 ports for each destination, held for 60 s, are (all machines behind it \
               together, SYNs dropped where this says refused)",
        range: Some("10000-64999"),
        time_wait: Some("60s"),
        ..NOTHING
    },
    StandIn {
        names: &["azure", "azure-nat", "azure-snat", "azure-lb"],
        what: "NATs are not modelled yet; 128 SNAT ports held for 240 s, one instance's sure share, are",
        range: Some("1024-1151"),
        time_wait: Some("240s"),
        ..NOTHING
    },
    StandIn {
        names: &["gcp", "gcp-nat", "cloud-nat", "gcp-cloud-nat"],
        what: "NATs are not modelled yet; 64 ports of a VM, held for 120 s, are",
        range: Some("1024-1087"),
        time_wait: Some("120s"),
        ..NOTHING
    },
    StandIn {
        names: &["freebsd", "bsd"],
        what: "FreeBSD is not modelled yet; its range and 60 s are",
        range: Some("10000-65535"),
        time_wait: Some("60s"),
        ..NOTHING
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
        // Of a profile only another spelling needs one.
        let spelled = |name: &str| super::super::find(name).is_none() || name == "macos";
        assert!(names.iter().all(|name| spelled(name) && stand_in(name).is_some()));
        assert_eq!(stand_in("macOS").map(StandIn::options).as_deref(), Some("--profile macos"));
        assert_eq!(stand_in("plan9"), None);
    }
}
