//! What the files below `/proc/sys` hold.

use crate::port::{PortRange, PortSet};

/// A range of ports as `ip_local_port_range` has it: two numbers apart.
pub fn port_range(text: &str) -> Option<PortRange> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(last)), None) => PortRange::new(first, last),
        _ => None,
    }
}

/// A list of ports as `ip_local_reserved_ports` has it: `8080,9000-9010`, or nothing. Port 0 is none.
pub fn port_list(text: &str) -> Option<PortSet> {
    let parts = text.trim().split(',').map(str::trim).filter(|part| !part.is_empty());
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        PortRange::new(first.max(1), last)
    };
    parts.filter(|part| *part != "0").map(range).collect::<Option<Vec<_>>>().map(PortSet::new)
}

/// A whole number.
pub fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_kernel_writes_them() {
        assert_eq!(port_range("32768\t60999\n").unwrap().to_string(), "32768-60999");
        for text in ["", "32768", "60999 32768", "0 5", "1 2 3", "a b", "1 65536"] {
            assert_eq!(port_range(text), None, "{text}");
        }
        assert_eq!(port_list("\n").unwrap(), PortSet::default());
        let list = port_list("8080,9000-9010,60327\n").unwrap();
        assert_eq!(list.ranges().len(), 3);
        assert!(list.contains(9005) && list.contains(60_327) && !list.contains(9011));
        for text in ["x", "1-", "70000", "5-1"] {
            assert_eq!(port_list(text), None, "{text}");
        }
        assert_eq!((number("131072\n"), number("-1"), number("")), (Some(131_072), None, None));
    }
}
