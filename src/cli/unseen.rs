//! What `inspect` and `port` could not see, in words: an answer is worth what it rests on.

use crate::inspect::files::{Namespaces, TcpNotes};
use crate::scenario::words::plural;

/// A sentence for each gap. `command` is what to run elsewhere to fill it.
pub fn gaps(notes: &TcpNotes, namespaces: &Namespaces, command: &str) -> Vec<String> {
    let mut gaps = Vec::new();
    if let [first, more @ ..] = namespaces.others.as_slice() {
        let others = plural(namespaces.others.len() as u64, "other network namespace");
        let and = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        gaps.push(format!("{others} (process {first}{and}): nsenter -t {first} -n {command}"));
    }
    if namespaces.denied > 0 {
        gaps.push(format!("the network namespace of {}: not permitted", plural(namespaces.denied, "process")));
    }
    if let Some(reason) = &notes.no_ipv6 {
        gaps.push(format!("IPv6 sockets: /proc/net/tcp6: {reason}"));
    }
    if notes.garbage > 0 {
        gaps.push(format!("{} of /proc/net/tcp and tcp6 in a form that is not known", plural(notes.garbage, "line")));
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
        assert_eq!(
            gaps(&notes, &namespaces, "dryport inspect"),
            [
                "2 other network namespaces (process 812 and 1 more): nsenter -t 812 -n dryport inspect",
                "the network namespace of 2 processes: not permitted",
                "IPv6 sockets: /proc/net/tcp6: permission denied",
                "1 line of /proc/net/tcp and tcp6 in a form that is not known",
            ]
        );
    }
}
