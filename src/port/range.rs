//! Which local ports may be chosen: an inclusive range, less the reserved ones.

use std::fmt;

/// The local ports a stack may choose from, `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Ports `first` to `last`; `None` when `first` is 0 (no port) or above `last`.
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        if first == 0 || first > last { None } else { Some(Self { first, last }) }
    }

    /// The lowest port.
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The highest port.
    pub const fn last(self) -> u16 {
        self.last
    }

    /// How many ports there are: 1 to 65,535.
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(self) -> u32 {
        (self.last - self.first) as u32 + 1
    }

    /// Is `port` one of them?
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

/// As it is written: `32768-60999`.
impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// A set of ports, as sorted ranges that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet(Vec<PortRange>);

impl PortSet {
    /// The union of `ranges`.
    pub fn new(mut ranges: Vec<PortRange>) -> Self {
        ranges.sort_unstable_by_key(|range| range.first);
        let mut merged: Vec<PortRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if u32::from(range.first) <= u32::from(last.last) + 1 => {
                    last.last = last.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// The ranges it is made of.
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// Is `port` in it?
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(port))
    }

    /// How many of its ports lie in `range`.
    pub fn count_in(&self, range: PortRange) -> u32 {
        self.0
            .iter()
            .filter_map(|part| PortRange::new(part.first.max(range.first), part.last.min(range.last)))
            .map(PortRange::len)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u16, last: u16) -> PortRange {
        PortRange::new(first, last).unwrap()
    }

    #[test]
    fn both_ends_belong_to_a_range() {
        // The default of Linux since 4.2 (net/ipv4/af_inet.c) and IANA's dynamic range (RFC 6335 section 6).
        assert_eq!(range(32768, 60999).len(), 28_232);
        assert_eq!(range(49152, 65535).len(), 16_384);
        assert_eq!(range(1, 65535).len(), 65_535);
        assert_eq!(PortRange::new(0, 5), None);
        assert_eq!(PortRange::new(6, 5), None);
        assert!(range(49152, 65535).contains(60327));
    }

    #[test]
    fn a_set_is_the_union_of_its_ranges() {
        let set = PortSet::new(vec![range(50, 60), range(10, 20), range(21, 30), range(55, 70)]);
        assert_eq!(set.ranges(), &[range(10, 30), range(50, 70)]);
        assert_eq!(set.count_in(range(25, 55)), 6 + 6);
        assert!(set.contains(30) && !set.contains(31));
        assert_eq!(PortSet::new(vec![range(65000, 65535), range(65535, 65535)]).ranges().len(), 1);
    }
}
