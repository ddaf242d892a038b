//! What `inspect` and `port` could not see, in words: an answer is worth what it rests on.

use crate::inspect::files::{Namespaces, TcpNotes};
use crate::inspect::{Holders, Root};
use crate::report::page::solid;
use crate::scenario::words::plural;
use std::fmt;

/// Something that was not looked at, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    what: String,
    command: Option<String>,
}

impl Gap {
    /// A gap that no command fills.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), command: None }
    }

    /// A gap that `command` fills.
    pub fn filled_by(what: impl Into<String>, command: impl Into<String>) -> Self {
        Self { what: what.into(), command: Some(command.into()) }
    }

    /// In words for a screen: the command stays on one line.
    pub fn shown(&self) -> String {
        let command = self.command.as_ref().map(|command| solid(command));
        Self { what: self.what.clone(), command }.to_string()
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            Some(command) => write!(f, "{}: {command}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// What a look at the sockets saw less than whole.
#[derive(Clone, Debug, Default)]
pub struct Look {
    notes: TcpNotes,
    namespaces: Namespaces,
    /// Processes whose open files may not be known.
    files_denied: u64,
    is_superuser: Option<bool>,
}

impl Look {
    /// A look at the machine below `root`, after its sockets and their holders were read.
    pub fn new(root: &Root, notes: TcpNotes, holders: &Holders) -> Self {
        let (namespaces, is_superuser) = (root.namespaces(), root.is_superuser());
        Self { notes, namespaces, files_denied: holders.denied, is_superuser }
    }

    /// What it did not see. `command` is what to run elsewhere to see it.
    pub fn gaps(&self, command: &str) -> Vec<Gap> {
        // /proc lists them nowhere. `-B`, --bound-inactive, came to ss(8) between iproute2 6.1 and 6.10.
        let mut gaps = vec![Gap::filled_by(
            "a socket that only bind() gave its port cannot be seen",
            "ss -tnB lists it (an ss newer than iproute2 6.1)",
        )];
        if let [first, more @ ..] = self.namespaces.others.as_slice() {
            let others = plural(self.namespaces.others.len() as u64, "other network namespace");
            let are = if more.is_empty() { "is" } else { "are" };
            let and = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
            let enter = format!("nsenter -t {first} -n {command}");
            gaps.push(Gap::filled_by(format!("{others} {are} not looked at (process {first}{and})"), enter));
        }
        gaps.extend(self.denied());
        if let Some(reason) = &self.notes.no_ipv6 {
            gaps.push(Gap::new(format!("IPv6 sockets are not seen: /proc/net/tcp6: {reason}")));
        }
        if self.notes.garbage > 0 {
            let lines = plural(self.notes.garbage, "line");
            gaps.push(Gap::new(format!("{lines} of /proc/net/tcp and tcp6 in no form that is known")));
        }
        gaps
    }

    /// The processes that this user may not look into.
    fn denied(&self) -> Vec<Gap> {
        let gap = |processes: u64, what: &str| {
            let its = if processes == 1 { "its" } else { "their" };
            let more = if self.is_superuser == Some(false) { "; root sees more" } else { "" };
            let processes = plural(processes, "process");
            Gap::new(format!("{processes} could not be looked into ({its} {what}: not permitted){more}"))
        };
        match (self.namespaces.denied, self.files_denied) {
            (namespaces, files) if namespaces == files && files > 0 => {
                vec![gap(files, "network namespace and open files")]
            }
            (namespaces, files) => {
                let each = [(namespaces, "network namespace"), (files, "open files")];
                each.into_iter().filter(|(processes, _)| *processes > 0).map(|(some, what)| gap(some, what)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_says_how_to_fill_it() {
        let shown = |look: &Look| look.gaps("dryport inspect").iter().map(Gap::to_string).collect::<Vec<_>>();
        let always =
            "a socket that only bind() gave its port cannot be seen: ss -tnB lists it (an ss newer than iproute2 6.1)";
        assert_eq!(shown(&Look::default()), [always]);
        let look = Look {
            notes: TcpNotes { garbage: 1, no_ipv6: Some("permission denied".to_owned()) },
            namespaces: Namespaces { others: vec![812, 900], denied: 2 },
            files_denied: 1,
            is_superuser: Some(false),
        };
        let gaps = look.gaps("dryport inspect");
        assert_eq!(
            shown(&look),
            [
                always,
                "2 other network namespaces are not looked at (process 812 and 1 more): nsenter -t 812 -n dryport \
                 inspect",
                "2 processes could not be looked into (their network namespace: not permitted); root sees more",
                "1 process could not be looked into (its open files: not permitted); root sees more",
                "IPv6 sockets are not seen: /proc/net/tcp6: permission denied",
                "1 line of /proc/net/tcp and tcp6 in no form that is known",
            ]
        );
        assert!(gaps[1].shown().ends_with(&solid("nsenter -t 812 -n dryport inspect")));
    }

    #[test]
    fn root_is_not_told_to_be_root() {
        let namespaces = Namespaces { others: Vec::new(), denied: 1 };
        let mut look = Look { namespaces, files_denied: 1, is_superuser: Some(true), ..Look::default() };
        let all = "1 process could not be looked into (its network namespace and open files: not permitted)";
        assert_eq!(look.denied(), [Gap::new(all)]);
        look.is_superuser = Some(false);
        assert_eq!(look.denied(), [Gap::new(format!("{all}; root sees more"))]);
    }
}
