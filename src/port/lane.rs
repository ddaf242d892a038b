//! Which ports of one lane are free: bitmaps with a summary level and a count, so that a search is O(1).
//!
//! A port is named by its offset from the start of the range. An allocator that looks through one parity before the
//! other has a bitmap for each: even offsets have the parity of the first port, and offset o is bit o / 2. For all others
//! one bitmap holds every port, and offset o is bit o.

use super::range::{PortRange, PortSet};

/// What all lanes of a port owner share: the range, which of its ports are reserved, and how many bitmaps there are.
#[derive(Clone, Debug)]
pub struct Layout {
    range: PortRange,
    split: Split,
    parts: [PartLayout; 2],
}

/// Which bitmap an offset belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// All ports are in part 0.
    Whole,
    /// Ports of the first port's parity are in part 0, the others in part 1.
    ByParity,
}

impl Split {
    /// The part of an offset, and its place there.
    #[inline]
    const fn place(self, offset: u32) -> (usize, u32) {
        let shift = self as u32;
        ((offset & shift) as usize, offset >> shift)
    }

    /// The offset at a place of a part.
    #[inline]
    const fn offset(self, part: u32, index: u32) -> u32 {
        index << self as u32 | part
    }
}

/// The ports of one part.
#[derive(Clone, Debug, Default)]
struct PartLayout {
    /// How many there are, reserved ones included.
    len: u32,
    /// How many are not reserved.
    usable: u32,
    /// The reserved ones, a bit each; empty when there are none.
    reserved: Vec<u64>,
    /// How many reserved ones lie before each word of `reserved`.
    rank: Vec<u32>,
}

impl PartLayout {
    /// How many places before the index-th are not reserved, when some are.
    #[cold]
    fn usable_before(&self, index: u32) -> u32 {
        if index == self.len {
            return self.usable;
        }
        let word = index as usize / 64;
        let within = (self.reserved[word] & !(u64::MAX << (index % 64))).count_ones();
        index - self.rank[word] - within
    }
}

impl Layout {
    /// The ports of `range` less those in `reserved`.
    pub fn new(range: PortRange, reserved: &PortSet, split: Split) -> Self {
        let mut parts = [PartLayout::default(), PartLayout::default()];
        for (part, layout) in (0..).zip(&mut parts) {
            layout.len = match split {
                Split::Whole => range.len() * (1 - part),
                Split::ByParity => (range.len() + 1 - part) / 2,
            };
            layout.usable = layout.len;
            if reserved.count_in(range) == 0 {
                continue;
            }
            layout.reserved = vec![0; words_for(layout.len)];
            for index in 0..layout.len {
                if reserved.contains(range.first() + narrow(split.offset(part, index))) {
                    layout.reserved[index as usize / 64] |= 1 << (index % 64);
                    layout.usable -= 1;
                }
            }
            layout.rank = layout
                .reserved
                .iter()
                .scan(0, |sum, word| {
                    let before = *sum;
                    *sum += word.count_ones();
                    Some(before)
                })
                .collect();
        }
        Self { range, split, parts }
    }

    /// The range.
    pub fn range(&self) -> PortRange {
        self.range
    }

    /// How many ports can be used: the range less the reserved ones.
    pub fn usable(&self) -> u32 {
        self.parts[0].usable + self.parts[1].usable
    }

    /// The port at `offset`.
    #[inline]
    pub fn port(&self, offset: u16) -> u16 {
        self.range.first() + offset
    }

    /// How many ports a part has, reserved ones included.
    #[inline]
    pub fn part_len(&self, part: u32) -> u32 {
        self.parts[part as usize].len
    }

    /// Is every port of the range usable?
    #[inline]
    pub fn reserves_nothing(&self) -> bool {
        self.parts[0].rank.is_empty()
    }

    /// How many ports of a part before the index-th are not reserved, and so looked at by a scan.
    #[inline]
    pub fn usable_before(&self, part: u32, index: u32) -> u32 {
        if self.reserves_nothing() { index } else { self.parts[part as usize].usable_before(index) }
    }

    /// 1 for a port that a search looks at, 0 for a reserved one.
    #[inline]
    pub fn usable_probes(&self, offset: u16) -> u32 {
        let (part, index) = self.split.place(u32::from(offset));
        let word = self.parts[part].reserved.get(index as usize / 64);
        word.map_or(1, |word| u32::from(word >> (index % 64) & 1 == 0))
    }
}

/// The free ports of one lane.
#[derive(Clone, Debug)]
pub struct Lane {
    split: Split,
    parts: [Bitmap; 2],
}

/// The free ports of one part: a bit each, a summary bit per word, and their number.
#[derive(Clone, Debug, Default)]
struct Bitmap {
    free: u32,
    words: Box<[u64]>,
    /// Which words are not zero. 65,535 ports are 1,024 words, so 16 words of summary.
    summary: [u64; 16],
}

impl Lane {
    /// A lane whose ports are all free. Takes memory only when it is first used.
    pub fn new(layout: &Layout) -> Self {
        let part = |part: usize| Bitmap { free: layout.parts[part].usable, ..Bitmap::default() };
        Self { split: layout.split, parts: [part(0), part(1)] }
    }

    /// How many ports are free.
    #[inline]
    pub fn free(&self) -> u32 {
        self.parts[0].free + self.parts[1].free
    }

    /// Is any port of this part free?
    #[inline]
    pub fn has_free(&self, part: u32) -> bool {
        self.parts[part as usize].free > 0
    }

    /// Has no port of this lane been asked for yet?
    #[inline]
    pub fn is_untouched(&self) -> bool {
        self.parts[0].words.is_empty()
    }

    /// Makes the bitmaps of an untouched lane.
    #[cold]
    pub fn open(&mut self, layout: &Layout) {
        for (bitmap, part) in self.parts.iter_mut().zip(&layout.parts) {
            bitmap.fill(part);
        }
    }

    /// Is the port at `offset` free? (A reserved one never is.)
    #[inline]
    pub fn is_free(&self, offset: u16) -> bool {
        let (part, index) = self.split.place(u32::from(offset));
        self.parts[part].words[index as usize / 64] >> (index % 64) & 1 == 1
    }

    /// The first free port of a part at `from` or after, both as indices within the part; none wraps around.
    #[inline]
    pub fn next_free(&self, part: u32, from: u32) -> Option<u32> {
        self.parts[part as usize].next(from)
    }

    /// The `nth` free port, those of part 0 first, each part in order; `nth` is below [`Lane::free`].
    ///
    /// # Panics
    ///
    /// When fewer ports are free.
    pub fn nth_free(&self, nth: u32) -> u16 {
        let mut left = nth;
        for (part, bitmap) in (0..).zip(&self.parts) {
            for (at, word) in (0..).zip(&bitmap.words) {
                let here = word.count_ones();
                if left < here {
                    let mut bits = *word;
                    for _ in 0..left {
                        bits &= bits - 1;
                    }
                    return narrow(self.split.offset(part, at * 64 + bits.trailing_zeros()));
                }
                left -= here;
            }
        }
        unreachable!("the count and the bitmap agree")
    }

    /// Takes the free port at `offset`.
    #[inline]
    pub fn take(&mut self, offset: u16) {
        debug_assert!(self.is_free(offset), "port at offset {offset} is taken");
        let (part, index) = self.split.place(u32::from(offset));
        self.parts[part].take(index as usize);
    }

    /// Gives the taken port at `offset` back.
    #[inline]
    pub fn give_back(&mut self, offset: u16) {
        debug_assert!(!self.is_free(offset), "port at offset {offset} is free");
        let (part, index) = self.split.place(u32::from(offset));
        self.parts[part].give_back(index as usize);
    }

    /// How many free ports the bitmaps hold, counted one by one: for checks.
    pub fn count_free(&self) -> u32 {
        self.parts.iter().flat_map(|bitmap| &bitmap.words).map(|word| word.count_ones()).sum()
    }
}

impl Bitmap {
    fn fill(&mut self, layout: &PartLayout) {
        let mut words = vec![u64::MAX; words_for(layout.len)];
        if !layout.len.is_multiple_of(64) {
            *words.last_mut().expect("a word for the last port") = !(u64::MAX << (layout.len % 64));
        }
        for (word, reserved) in words.iter_mut().zip(&layout.reserved) {
            *word &= !reserved;
        }
        for (index, word) in words.iter().enumerate() {
            self.summary[index / 64] |= u64::from(*word != 0) << (index % 64);
        }
        self.words = words.into_boxed_slice();
    }

    #[inline]
    fn next(&self, from: u32) -> Option<u32> {
        let mut word = from as usize / 64;
        if word >= self.words.len() {
            return None;
        }
        let mut bits = self.words[word] & (u64::MAX << (from % 64));
        if bits == 0 {
            word = self.next_word(word + 1)?;
            bits = self.words[word];
        }
        // A range has at most 65,535 ports.
        #[expect(clippy::cast_possible_truncation, reason = "an index within a part")]
        let index = (word * 64) as u32 + bits.trailing_zeros();
        Some(index)
    }

    /// The first word at `from` or after that is not zero.
    fn next_word(&self, from: usize) -> Option<usize> {
        let start = from / 64;
        if start >= self.summary.len() {
            return None;
        }
        let first = self.summary[start] & (u64::MAX << (from % 64));
        if first != 0 {
            return Some(start * 64 + first.trailing_zeros() as usize);
        }
        (start + 1..self.summary.len())
            .find(|index| self.summary[*index] != 0)
            .map(|index| index * 64 + self.summary[index].trailing_zeros() as usize)
    }

    #[inline]
    fn take(&mut self, index: usize) {
        self.free -= 1;
        let word = &mut self.words[index / 64];
        *word &= !(1 << (index % 64));
        // Without a branch: in a nearly full range nobody can guess it.
        self.summary[index / 64 / 64] &= !(u64::from(*word == 0) << (index / 64 % 64));
    }

    #[inline]
    fn give_back(&mut self, index: usize) {
        self.free += 1;
        self.words[index / 64] |= 1 << (index % 64);
        self.summary[index / 64 / 64] |= 1 << (index / 64 % 64);
    }
}

/// An offset within a range fits 16 bits, since a range has at most 65,535 ports.
#[inline]
pub(super) const fn narrow(offset: u32) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "below the length of a range")]
    let narrow = offset as u16;
    narrow
}

fn words_for(bits: u32) -> usize {
    bits.div_ceil(64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::random::Randomness;

    fn layout(first: u16, last: u16, reserved: &[(u16, u16)], split: Split) -> Layout {
        let ranges = reserved.iter().map(|(a, b)| PortRange::new(*a, *b).unwrap()).collect();
        Layout::new(PortRange::new(first, last).unwrap(), &PortSet::new(ranges), split)
    }

    #[test]
    fn it_agrees_with_a_plain_set() {
        let layouts = [Split::Whole, Split::ByParity].map(|split| {
            [
                layout(1, 65535, &[], split),
                layout(40000, 40999, &[(40300, 40599)], split),
                layout(10, 10, &[], split),
                layout(10, 12, &[(11, 11)], split),
                layout(1000, 1300, &[(1000, 1001), (1200, 1300)], split),
            ]
        });
        for layout in layouts.into_iter().flatten() {
            let len = layout.range().len();
            let mut lane = Lane::new(&layout);
            assert_eq!(lane.free(), layout.usable());
            lane.open(&layout);
            let mut plain: Vec<bool> = (0..len).map(|offset| lane.is_free(u16::try_from(offset).unwrap())).collect();
            assert_eq!(plain.iter().filter(|free| **free).count(), layout.usable() as usize);
            let mut words = Randomness { seed: 5, replication: 0 }.words("test", "lane");
            for step in 0..4_000_u32 {
                let offset = u16::try_from(words.word() % u64::from(len)).unwrap();
                let port = layout.port(offset);
                if plain[usize::from(offset)] {
                    lane.take(offset);
                    plain[usize::from(offset)] = false;
                } else if step % 3 != 0 && !is_reserved(&layout, port) {
                    lane.give_back(offset);
                    plain[usize::from(offset)] = true;
                }
                let (side, from) = layout.split.place(u32::from(offset));
                let side = u32::try_from(side).unwrap();
                let is_free = |index: &u32| plain[layout.split.offset(side, *index) as usize];
                assert_eq!(lane.next_free(side, from), (from..layout.part_len(side)).find(is_free));
                assert_eq!(lane.has_free(side), (0..layout.part_len(side)).any(|index| is_free(&index)));
            }
            assert_eq!(lane.free(), lane.count_free());
            let mut in_order: Vec<u32> = (0..len).filter(|offset| plain[*offset as usize]).collect();
            in_order.sort_by_key(|offset| layout.split.place(*offset).0);
            for (nth, offset) in (0..).zip(in_order) {
                assert_eq!(u32::from(lane.nth_free(nth)), offset);
            }
        }
    }

    fn is_reserved(layout: &Layout, port: u16) -> bool {
        let offset = port - layout.range().first();
        layout.usable_probes(offset) == 0
    }

    #[test]
    fn reserved_ports_are_counted_out() {
        let layout = layout(40000, 40999, &[(40300, 40599)], Split::ByParity);
        assert_eq!(layout.usable(), 700);
        assert_eq!((layout.part_len(0), layout.part_len(1)), (500, 500));
        assert_eq!(layout.usable_before(0, 150), 150);
        assert_eq!(layout.usable_before(0, 151), 150);
        assert_eq!(layout.usable_before(1, 300), 150);
        assert_eq!(layout.usable_before(1, 500), 350);
        assert!(is_reserved(&layout, 40300) && is_reserved(&layout, 40599));
        assert!(!is_reserved(&layout, 40299) && !is_reserved(&layout, 40600));
    }

    #[test]
    fn reserved_ports_are_counted_out_of_the_whole_too() {
        let layout = layout(40000, 40999, &[(40300, 40599)], Split::Whole);
        assert_eq!((layout.usable(), layout.part_len(0), layout.part_len(1)), (700, 1000, 0));
        assert_eq!([300, 301, 600, 1000].map(|index| layout.usable_before(0, index)), [300, 300, 300, 700]);
    }
}
