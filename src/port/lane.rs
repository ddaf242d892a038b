//! Which ports of one lane are free: a bitmap per parity, with a summary level and a count, so that a search is O(1).
//!
//! A port is named by its offset from the start of the range. Even offsets have the parity of the first port, odd
//! ones the other; Linux looks through the one before the other. Offset o is bit o / 2 of the bitmap of its parity.

use super::range::{PortRange, PortSet};

/// What all lanes of a port owner share: the range, and which of its ports are reserved.
#[derive(Clone, Debug)]
pub struct Layout {
    range: PortRange,
    parities: [ParityLayout; 2],
}

/// The ports of one parity.
#[derive(Clone, Debug, Default)]
struct ParityLayout {
    /// How many there are, reserved ones included.
    len: u32,
    /// How many are not reserved.
    usable: u32,
    /// The reserved ones, a bit each; empty when there are none.
    reserved: Vec<u64>,
    /// How many reserved ones lie before each word of `reserved`.
    rank: Vec<u32>,
}

impl Layout {
    /// The ports of `range` less those in `reserved`.
    pub fn new(range: PortRange, reserved: &PortSet) -> Self {
        let mut parities = [ParityLayout::default(), ParityLayout::default()];
        for (parity, layout) in (0..).zip(&mut parities) {
            layout.len = (range.len() + 1 - parity) / 2;
            layout.usable = layout.len;
            if reserved.count_in(range) == 0 {
                continue;
            }
            layout.reserved = vec![0; words_for(layout.len)];
            for index in 0..layout.len {
                if reserved.contains(range.first() + narrow(2 * index + parity)) {
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
        Self { range, parities }
    }

    /// The range.
    pub fn range(&self) -> PortRange {
        self.range
    }

    /// How many ports can be used: the range less the reserved ones.
    pub fn usable(&self) -> u32 {
        self.parities[0].usable + self.parities[1].usable
    }

    /// The port at `offset`.
    #[inline]
    pub fn port(&self, offset: u16) -> u16 {
        self.range.first() + offset
    }

    /// How many ports have this parity (0: that of the first port), reserved ones included.
    #[inline]
    pub fn parity_len(&self, parity: u32) -> u32 {
        self.parities[parity as usize].len
    }

    /// How many ports of this parity before the index-th are not reserved, and so looked at by a scan.
    #[inline]
    pub fn usable_before(&self, parity: u32, index: u32) -> u32 {
        let layout = &self.parities[parity as usize];
        if layout.rank.is_empty() {
            return index;
        }
        if index == layout.len {
            return layout.usable;
        }
        let word = index as usize / 64;
        let within = (layout.reserved[word] & !(u64::MAX << (index % 64))).count_ones();
        index - layout.rank[word] - within
    }

    /// How many ports from offset `from` up to, not including, `to` are not reserved.
    #[inline]
    pub fn usable_between(&self, from: u32, to: u32) -> u32 {
        if self.parities[0].rank.is_empty() {
            return to - from;
        }
        let before = |end: u32| self.usable_before(0, end.div_ceil(2)) + self.usable_before(1, end / 2);
        before(to) - before(from)
    }

    /// 1 for a port that a search looks at, 0 for a reserved one.
    #[inline]
    pub fn usable_probes(&self, offset: u16) -> u32 {
        let layout = &self.parities[usize::from(offset % 2)];
        let index = usize::from(offset / 2);
        layout.reserved.get(index / 64).map_or(1, |word| u32::from(word >> (index % 64) & 1 == 0))
    }
}

/// The free ports of one lane.
#[derive(Clone, Debug)]
pub struct Lane {
    parities: [Bitmap; 2],
}

/// The free ports of one parity: a bit each, a summary bit per word, and their number.
#[derive(Clone, Debug, Default)]
struct Bitmap {
    free: u32,
    /// Which words are not zero. 32,768 ports of a parity are 512 words, so 8 words of summary.
    summary: [u64; 8],
    words: Box<[u64]>,
}

impl Lane {
    /// A lane whose ports are all free. Takes memory only when it is first used.
    pub fn new(layout: &Layout) -> Self {
        Self { parities: [0, 1].map(|parity| Bitmap { free: layout.parities[parity].usable, ..Bitmap::default() }) }
    }

    /// How many ports are free.
    #[inline]
    pub fn free(&self) -> u32 {
        self.parities[0].free + self.parities[1].free
    }

    /// How many ports of this parity are free.
    #[inline]
    pub fn free_of(&self, parity: u32) -> u32 {
        self.parities[parity as usize].free
    }

    /// Has no port of this lane been asked for yet?
    #[inline]
    pub fn is_untouched(&self) -> bool {
        self.parities[0].words.is_empty()
    }

    /// Makes the bitmaps of an untouched lane.
    #[cold]
    pub fn open(&mut self, layout: &Layout) {
        for (bitmap, parity) in self.parities.iter_mut().zip(&layout.parities) {
            bitmap.fill(parity);
        }
    }

    /// Is the port at `offset` free? (A reserved one never is.)
    #[inline]
    pub fn is_free(&self, offset: u16) -> bool {
        let index = usize::from(offset / 2);
        self.parities[usize::from(offset % 2)].words[index / 64] >> (index % 64) & 1 == 1
    }

    /// The first free port of a parity at `from` or after, both as indices within the parity; none wraps around.
    #[inline]
    pub fn next_free(&self, parity: u32, from: u32) -> Option<u32> {
        self.parities[parity as usize].next(from)
    }

    /// The first free port at offset `from` or after, of whichever parity; none wraps around.
    #[inline]
    pub fn next_free_of_any(&self, from: u32) -> Option<u32> {
        let starts = [from.div_ceil(2), from / 2];
        // In the words at hand: the next 65 to 128 ports.
        let near = |parity: usize| {
            let word = starts[parity] / 64;
            let bits = self.parities[parity].words.get(word as usize).copied().unwrap_or(0);
            let bits = bits & (u64::MAX << (starts[parity] % 64));
            if bits == 0 { u32::MAX } else { 2 * (word * 64 + bits.trailing_zeros()) + u32::from(parity == 1) }
        };
        let found = near(0).min(near(1));
        if found < 128 * (starts[1] / 64 + 1) {
            return Some(found);
        }
        let even = self.next_free(0, starts[0]).map(|index| 2 * index);
        let odd = self.next_free(1, starts[1]).map(|index| 2 * index + 1);
        match (even, odd) {
            (Some(even), Some(odd)) => Some(even.min(odd)),
            (found, None) | (None, found) => found,
        }
    }

    /// The `nth` free port in order of offset, even ones first; `nth` is below [`Lane::free`].
    ///
    /// # Panics
    ///
    /// When fewer ports are free.
    pub fn nth_free(&self, nth: u32) -> u16 {
        let parity = u32::from(nth >= self.free_of(0));
        let mut left = nth - parity * self.free_of(0);
        for (at, word) in self.parities[parity as usize].words.iter().enumerate() {
            let here = word.count_ones();
            if left < here {
                let mut bits = *word;
                for _ in 0..left {
                    bits &= bits - 1;
                }
                let index = at * 64 + bits.trailing_zeros() as usize;
                return u16::try_from(2 * index + parity as usize).expect("an offset within a range");
            }
            left -= here;
        }
        unreachable!("the count and the bitmap agree")
    }

    /// Takes the free port at `offset`.
    #[inline]
    pub fn take(&mut self, offset: u16) {
        debug_assert!(self.is_free(offset), "port at offset {offset} is taken");
        self.parities[usize::from(offset % 2)].take(usize::from(offset / 2));
    }

    /// Gives the taken port at `offset` back.
    #[inline]
    pub fn give_back(&mut self, offset: u16) {
        debug_assert!(!self.is_free(offset), "port at offset {offset} is free");
        self.parities[usize::from(offset % 2)].give_back(usize::from(offset / 2));
    }

    /// How many free ports the bitmaps hold, counted one by one: for checks.
    pub fn count_free(&self) -> u32 {
        self.parities.iter().flat_map(|bitmap| &bitmap.words).map(|word| word.count_ones()).sum()
    }
}

impl Bitmap {
    fn fill(&mut self, layout: &ParityLayout) {
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
        // A parity has at most 32,768 ports.
        #[expect(clippy::cast_possible_truncation, reason = "an index within a parity")]
        let index = (word * 64) as u32 + bits.trailing_zeros();
        Some(index)
    }

    /// The first word at `from` or after that is not zero.
    #[inline]
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
        let word = &mut self.words[index / 64];
        *word &= !(1 << (index % 64));
        // Without a branch: in a nearly full range nobody can guess it.
        self.summary[index / 64 / 64] &= !(u64::from(*word == 0) << (index / 64 % 64));
        self.free -= 1;
    }

    #[inline]
    fn give_back(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
        self.summary[index / 64 / 64] |= 1 << (index / 64 % 64);
        self.free += 1;
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

    fn layout(first: u16, last: u16, reserved: &[(u16, u16)]) -> Layout {
        let ranges = reserved.iter().map(|(a, b)| PortRange::new(*a, *b).unwrap()).collect();
        Layout::new(PortRange::new(first, last).unwrap(), &PortSet::new(ranges))
    }

    #[test]
    fn it_agrees_with_a_plain_set() {
        for layout in [
            layout(1, 65535, &[]),
            layout(40000, 40999, &[(40300, 40599)]),
            layout(10, 10, &[]),
            layout(10, 12, &[(11, 11)]),
            layout(1000, 1300, &[(1000, 1001), (1200, 1300)]),
        ] {
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
                let reserved = usize::from(offset % 2) < 2 && !plain[usize::from(offset)] && !lane.is_free(offset);
                if plain[usize::from(offset)] {
                    lane.take(offset);
                    plain[usize::from(offset)] = false;
                } else if step % 3 != 0 && !(reserved && is_reserved(&layout, port)) {
                    lane.give_back(offset);
                    plain[usize::from(offset)] = true;
                }
                let (parity, from) = (u32::from(offset % 2), u32::from(offset / 2));
                let expected = (from..layout.parity_len(parity)).find(|index| plain[(2 * index + parity) as usize]);
                assert_eq!(lane.next_free(parity, from), expected);
                let expected = (u32::from(offset)..len).find(|offset| plain[*offset as usize]);
                assert_eq!(lane.next_free_of_any(u32::from(offset)), expected);
            }
            assert_eq!(lane.free(), lane.count_free());
            let even_first = (0..len).step_by(2).chain((1..len).step_by(2)).filter(|offset| plain[*offset as usize]);
            for (nth, offset) in (0..).zip(even_first) {
                assert_eq!(u32::from(lane.nth_free(nth)), offset);
            }
        }
    }

    fn is_reserved(layout: &Layout, port: u16) -> bool {
        let offset = port - layout.range().first();
        let (parity, index) = (u32::from(offset % 2), u32::from(offset / 2));
        layout.usable_before(parity, index) == layout.usable_before(parity, index + 1)
    }

    #[test]
    fn reserved_ports_are_counted_out() {
        let layout = layout(40000, 40999, &[(40300, 40599)]);
        assert_eq!(layout.usable(), 700);
        assert_eq!((layout.parity_len(0), layout.parity_len(1)), (500, 500));
        assert_eq!(layout.usable_before(0, 150), 150);
        assert_eq!(layout.usable_before(0, 151), 150);
        assert_eq!(layout.usable_before(1, 300), 150);
        assert_eq!(layout.usable_before(1, 500), 350);
        assert!(is_reserved(&layout, 40300) && is_reserved(&layout, 40599));
        assert!(!is_reserved(&layout, 40299) && !is_reserved(&layout, 40600));
    }
}
