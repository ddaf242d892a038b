//! Small random numbers, many from each word of a stream.

use crate::des::Words;

/// Whole numbers of `BITS` bits each, the lowest bits of a word first.
#[derive(Clone, Debug)]
pub(super) struct FewBits<const BITS: u32> {
    words: Words,
    /// What is left of the last word.
    bits: u64,
    left: u32,
}

impl<const BITS: u32> FewBits<BITS> {
    pub(super) fn new(words: Words) -> Self {
        Self { words, bits: 0, left: 0 }
    }

    /// Goes on in branch number `branch`.
    pub(super) fn rekey(&mut self, branch: u64) {
        self.words.rekey(branch);
        self.left = 0;
    }

    /// Uniform in `0..2^BITS`.
    #[inline]
    pub(super) fn draw(&mut self) -> u32 {
        if self.left == 0 {
            self.bits = self.words.word();
            self.left = u64::BITS / BITS;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits")]
        let drawn = (self.bits & ((1 << BITS) - 1)) as u32;
        self.bits >>= BITS;
        self.left -= 1;
        drawn
    }
}
