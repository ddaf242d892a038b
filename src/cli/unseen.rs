//! What `inspect` and `port` could not see, in words: an answer is worth what it rests on.

use crate::inspect::files::{Namespaces, TcpNotes};
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

/// The gaps of a look at the sockets. `command` is what to run elsewhere to fill them.
pub fn gaps(notes: &TcpNotes, namespaces: &Namespaces, command: &str) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if let [first, more @ ..] = namespaces.others.as_slice() {
        let others = plural(namespaces.others.len() as u64, "other network namespace");
        let and = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let enter = format!("nsenter -t {first} -n {command}");
        gaps.push(Gap::filled_by(format!("{others} (process {first}{and})"), enter));
    }
    if namespaces.denied > 0 {
        let processes = plural(namespaces.denied, "process");
        gaps.push(Gap::new(format!("the network namespace of {processes}: not permitted")));
    }
    if let Some(reason) = &notes.no_ipv6 {
        gaps.push(Gap::new(format!("IPv6 sockets: /proc/net/tcp6: {reason}")));
    }
    if notes.garbage > 0 {
        let lines = plural(notes.garbage, "line");
        gaps.push(Gap::new(format!("{lines} of /proc/net/tcp and tcp6: not in a form that is known")));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_says_how_to_fill_it() {
        let (notes, namespaces) = (TcpNotes::default(), Namespaces::default());
        assert!(gaps(&notes, &namespaces, "dryport inspect").is_empty());
        let notes = TcpNotes { garbage: 1, no_ipv6: Some("permission denied".to_owned()) };
        let namespaces = Namespaces { others: vec![812, 900], denied: 2 };
        let gaps = gaps(&notes, &namespaces, "dryport inspect");
        assert_eq!(
            gaps.iter().map(Gap::to_string).collect::<Vec<_>>(),
            [
                "2 other network namespaces (process 812 and 1 more): nsenter -t 812 -n dryport inspect",
                "the network namespace of 2 processes: not permitted",
                "IPv6 sockets: /proc/net/tcp6: permission denied",
                "1 line of /proc/net/tcp and tcp6: not in a form that is known",
            ]
        );
        assert!(gaps[0].shown().ends_with(&solid("nsenter -t 812 -n dryport inspect")));
    }
}
