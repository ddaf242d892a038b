//! Which ports a search has looked at, told afterwards from where it began and where it ended. A search itself never asks:
//! it skips through bitmaps.

/// In which order a search looks at ports, once it has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Port after port, once around.
    Upwards,
    /// Every second port from the start, once around, then the others: `connect()` since Linux 4.6
    /// (`reference/linux.md` 1.3, 1.5).
    ParityFirst,
    /// Odd offsets before even ones: `bind(0)` since Linux 4.6 (`reference/linux.md` 2).
    OddFirst,
    /// The same in the lower half of the range, then in the upper one: `bind(0)` with `SO_REUSEADDR`.
    HalvesOddFirst,
    /// Each port is drawn.
    Drawn,
}

/// A search that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// How many ports the range has, reserved ones included.
    pub len: u32,
    /// Where it began ([`super::Choice::start`]).
    pub start: u16,
    /// What it found ([`super::Choice::offset`]).
    pub found: Option<u16>,
}

impl Order {
    /// Did the search come by the port at `offset` and leave it? (If the port is reserved it did not look at it.) `None`
    /// where that cannot be told.
    pub fn passed(self, search: Search, offset: u16) -> Option<bool> {
        let Search { len, start, found } = search;
        let [start, offset] = [start, offset].map(u32::from);
        let Some(found) = found.map(u32::from) else {
            return Some(self == Self::Drawn || self.place(len, start, offset).is_some());
        };
        let place = |offset| self.place(len, start, offset);
        (self != Self::Drawn).then(|| place(offset).is_some_and(|at| place(found).is_some_and(|end| at < end)))
    }

    /// The place of an offset in the order of a search; none if the search never looks there.
    fn place(self, len: u32, start: u32, offset: u32) -> Option<u32> {
        match self {
            Self::Upwards => Some(around((0, len), start, offset)),
            Self::ParityFirst => by_parity((0, len), 0, start, offset),
            Self::OddFirst => by_parity((0, len), 1, start, offset),
            Self::HalvesOddFirst => {
                // A range of fewer than four ports is not halved.
                let half = if len < 4 { 0 } else { len / 4 * 2 };
                match (offset < half, start < half) {
                    (true, true) => by_parity((0, half), 1, start, offset),
                    // The search that counts began in the upper half: it has been through the lower one.
                    (true, false) => Some(0),
                    (false, true) => None,
                    (false, false) => Some(half + by_parity((half, len), 1, start, offset)?),
                }
            }
            Self::Drawn => None,
        }
    }
}

/// How far `at` lies behind `start` on the circle of `low` (included) to `high` (not).
const fn around((low, high): (u32, u32), start: u32, at: u32) -> u32 {
    if at >= start { at - start } else { high - start + at - low }
}

/// The place of `offset` when offsets from `low` to `high` (not included) are looked at whose parity is `first`, then the
/// others. `low` is even. Of an odd number of them one of the even ones is passed over (`reference/linux.md` 1.5): the
/// first unless the search starts there, and then the last.
fn by_parity((low, high): (u32, u32), first: u32, start: u32, offset: u32) -> Option<u32> {
    let pairs = (high - low) / 2;
    if pairs == 0 {
        return Some(0);
    }
    let (low, start, index) = (low / 2, start / 2, offset / 2);
    let shift = u32::from(high % 2 == 1 && offset.is_multiple_of(2) && start != low);
    let span = (low + shift, low + shift + pairs);
    let before = if offset % 2 == first { 0 } else { pairs };
    (span.0..span.1).contains(&index).then(|| before + around(span, start, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets of a search that finds nothing, in the order in which it looks at them.
    fn path(order: Order, len: u32, start: u32) -> Vec<u32> {
        let mut path: Vec<_> = (0..len).filter_map(|offset| Some((order.place(len, start, offset)?, offset))).collect();
        path.sort_unstable();
        path.into_iter().map(|(_, offset)| offset).collect()
    }

    #[test]
    fn paths_are_those_of_the_kernel() {
        assert_eq!(path(Order::Upwards, 5, 3), [3, 4, 0, 1, 2]);
        assert_eq!(path(Order::ParityFirst, 6, 2), [2, 4, 0, 3, 5, 1]);
        // reference/linux.md 1.5: of an odd range one port is never seen.
        assert_eq!(path(Order::ParityFirst, 5, 2), [2, 4, 3, 1]);
        assert_eq!(path(Order::ParityFirst, 5, 0), [0, 2, 1, 3]);
        assert_eq!(path(Order::OddFirst, 6, 3), [3, 5, 1, 2, 4, 0]);
        assert_eq!(path(Order::HalvesOddFirst, 8, 3), [3, 1, 2, 0]);
        assert_eq!(path(Order::HalvesOddFirst, 8, 5)[4..], [5, 7, 4, 6]);
        assert_eq!(path(Order::ParityFirst, 1, 0), [0]);
    }

    #[test]
    fn what_lies_before_the_port_that_was_found_was_passed() {
        let search = Search { len: 6, start: 2, found: Some(3) };
        let passed = |order: Order| (0..6).map(|offset| order.passed(search, offset)).collect::<Vec<_>>();
        assert_eq!(passed(Order::ParityFirst), [true, false, true, false, true, false].map(Some));
        assert_eq!(passed(Order::Drawn), [None; 6]);
        let refused = Search { found: None, ..search };
        assert!((0..6).all(|offset| Order::Drawn.passed(refused, offset) == Some(true)));
    }
}
