//! Random streams: one per purpose, keyed, never shared.
//!
//! A stream is `ChaCha8` under the key (seed, replication, actor, purpose), actor and purpose by a hash of their names.
//! So adding an actor or a purpose moves nobody else's draws, and comparisons use common random numbers by
//! construction. Draws are made a block at a time: laws transform whole blocks.
//!
//! A copy of a simulation that is to go another way than its original is re-keyed: each of its streams goes on in a
//! *branch* of its own, the `ChaCha8` stream of that number under the same key. The original is branch 0.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Words drawn at a time: 2 KiB, so that the blocks of several streams stay in the first-level cache.
pub const BLOCK: usize = 256;
/// Words drawn first, of a stream and of a branch: most are hardly read.
pub const FEW: usize = 16;

/// Whose stream it is: a seed and a replication, from which actors' streams are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Randomness {
    /// The seed of the scenario.
    pub seed: u64,
    /// Which replication, counted from 0.
    pub replication: u64,
}

impl Randomness {
    /// The generator of `actor` (such as `client:checkout`) for `purpose` (such as `lifetime`).
    pub fn stream(self, actor: &str, purpose: &str) -> ChaCha8Rng {
        let mut key = [0; 32];
        let parts = [self.seed, self.replication, fnv1a(actor), fnv1a(purpose)];
        for (bytes, part) in key.chunks_exact_mut(8).zip(parts) {
            bytes.copy_from_slice(&part.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }

    /// [`Randomness::stream`], read word by word.
    pub fn words(self, actor: &str, purpose: &str) -> Words {
        Words::new(self.stream(actor, purpose))
    }

    /// [`Randomness::stream`], read at any place.
    pub fn lookup(self, actor: &str, purpose: &str) -> Lookup {
        Lookup { generator: self.stream(actor, purpose), branch: 0 }
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): fixed for good, unlike std's hashers.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// 64-bit words, one after another.
#[derive(Debug)]
pub struct Words {
    generator: ChaCha8Rng,
    /// What was drawn: as many as [`BLOCK`], or none yet.
    block: Vec<u64>,
    next: usize,
}

/// Of what was drawn and read already there is no copy: runs that are split are copied all the time.
impl Clone for Words {
    fn clone(&self) -> Self {
        let block = if self.next == BLOCK { Vec::new() } else { self.block.clone() };
        Self { generator: self.generator.clone(), block, next: self.next }
    }
}

impl Words {
    fn new(generator: ChaCha8Rng) -> Self {
        Self { generator, block: Vec::new(), next: BLOCK }
    }

    /// The next word.
    #[inline]
    pub fn word(&mut self) -> u64 {
        if self.next == BLOCK {
            self.refill();
        }
        let word = self.block[self.next];
        self.next += 1;
        word
    }

    /// The next `count` words, at most [`BLOCK`], for laws that transform many at a time. Do not mix with
    /// [`Words::word`].
    ///
    /// # Panics
    ///
    /// When there are more.
    pub fn take(&mut self, count: usize) -> &[u64] {
        let first = BLOCK - count;
        self.draw(first);
        &self.block[first..]
    }

    /// Goes on at the start of branch number `branch` (1 or more); what was drawn and not read is thrown away.
    ///
    /// # Panics
    ///
    /// For branch 0, which this stream may have read already.
    pub fn rekey(&mut self, branch: u64) {
        assert!(branch > 0, "branch 0 is the original");
        self.generator.set_stream(branch);
        self.generator.set_word_pos(0);
        self.next = BLOCK;
    }

    #[cold]
    fn refill(&mut self) {
        self.next = if self.block.is_empty() { BLOCK - FEW } else { 0 };
        self.draw(self.next);
    }

    /// Fills the block from place `first` on.
    fn draw(&mut self, first: usize) {
        self.block.resize(BLOCK, 0);
        let block = &mut self.block[first..];
        let mut bytes = [0; 8 * BLOCK];
        let bytes = &mut bytes[..8 * block.len()];
        self.generator.fill_bytes(bytes);
        for (word, bytes) in block.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
    }
}

/// Words by place: the same place always holds the same word, in whatever order they are asked for.
#[derive(Clone, Debug)]
pub struct Lookup {
    generator: ChaCha8Rng,
    branch: u64,
}

/// Words of one branch and row: 2^31 columns of two 32-bit words each.
const BRANCH_BITS: u32 = 32;

impl Lookup {
    /// The word at (`row`, `column`); `column` is below 2^31.
    pub fn word(&mut self, row: u64, column: u64) -> u64 {
        debug_assert!(column < 1 << (BRANCH_BITS - 1), "column {column} is in the next branch");
        self.generator.set_stream(row);
        self.generator.set_word_pos((u128::from(self.branch) << BRANCH_BITS) + u128::from(column) * 2);
        self.generator.next_u64()
    }

    /// From now on the words of branch number `branch` (1 to 2^35).
    ///
    /// # Panics
    ///
    /// For any other branch.
    pub fn rekey(&mut self, branch: u64) {
        assert!((1..=1 << 35).contains(&branch), "no branch {branch}");
        self.branch = branch;
    }
}

/// A whole number in `0..n`, by multiplication (Lemire 2019, without the rejection: the bias is below n / 2^64).
#[inline]
pub fn below(word: u64, n: u32) -> u32 {
    // The product is below n * 2^64, so its upper half is below n.
    #[expect(clippy::cast_possible_truncation, reason = "below n")]
    let number = ((u128::from(word) * u128::from(n)) >> 64) as u32;
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOMNESS: Randomness = Randomness { seed: 60327, replication: 3 };

    #[test]
    fn a_stream_is_fixed_by_its_key_alone() {
        // Value stability: these words may never change, or every golden file changes.
        let mut words = RANDOMNESS.words("client:checkout", "lifetime");
        let first: Vec<u64> = (0..2).map(|_| words.word()).collect();
        let mut again = RANDOMNESS.stream("client:checkout", "lifetime");
        assert_eq!(first, [again.next_u64(), again.next_u64()]);
        assert_eq!(first[0], 0x700f_3063_6258_e7d0);
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let word = |randomness: Randomness, actor, purpose| randomness.words(actor, purpose).word();
        let base = word(RANDOMNESS, "a", "b");
        assert_ne!(base, word(RANDOMNESS, "b", "b"));
        assert_ne!(base, word(RANDOMNESS, "a", "a"));
        assert_ne!(base, word(Randomness { seed: 1, ..RANDOMNESS }, "a", "b"));
        assert_ne!(base, word(Randomness { replication: 4, ..RANDOMNESS }, "a", "b"));
    }

    #[test]
    fn blocks_and_words_are_the_same_stream() {
        let mut blocks = RANDOMNESS.words("a", "b");
        let mut words = RANDOMNESS.words("a", "b");
        for count in [BLOCK, FEW, BLOCK] {
            assert!(blocks.take(count).iter().all(|word| *word == words.word()));
        }
    }

    #[test]
    fn a_place_holds_its_word_in_any_order() {
        let mut lookup = RANDOMNESS.lookup("a", "b");
        let there = lookup.word(7, 1);
        let elsewhere = lookup.word(7, 2);
        assert_ne!(there, elsewhere);
        assert_ne!(there, lookup.word(8, 1));
        assert_eq!(there, lookup.word(7, 1));
        assert_eq!(RANDOMNESS.lookup("a", "b").word(0, 0), RANDOMNESS.words("a", "b").word());
    }

    #[test]
    fn a_branch_is_fixed_by_its_number_and_forgets_what_was_cached() {
        let mut words = RANDOMNESS.words("a", "b");
        let original: Vec<u64> = (0..3 * BLOCK).map(|_| words.word()).collect();
        let branch_after = |read: usize, branch: u64| {
            let mut words = RANDOMNESS.words("a", "b");
            for _ in 0..read {
                words.word();
            }
            words.rekey(branch);
            (0..3 * BLOCK).map(|_| words.word()).collect::<Vec<u64>>()
        };
        assert_eq!(branch_after(0, 7), branch_after(BLOCK + 5, 7));
        for other in [branch_after(5, 8), original] {
            assert!(branch_after(5, 7).iter().zip(&other).all(|(one, other)| one != other));
        }
    }

    #[test]
    fn a_branch_of_places_is_another_set_of_them() {
        let mut lookup = RANDOMNESS.lookup("a", "b");
        let mut branch = lookup.clone();
        let here = lookup.word(7, 1);
        branch.rekey(1 << 35);
        let there = branch.word(7, 1);
        assert_ne!(there, here);
        branch.rekey(1);
        assert!(![here, there].contains(&branch.word(7, 1)));
        branch.rekey(1 << 35);
        assert_eq!(branch.word(7, 1), there);
    }

    #[test]
    #[should_panic(expected = "branch 0 is the original")]
    fn nothing_goes_back_to_the_original() {
        RANDOMNESS.words("a", "b").rekey(0);
    }

    #[test]
    fn below_covers_its_range_evenly() {
        assert_eq!(below(0, 6), 0);
        assert_eq!(below(u64::MAX, 6), 5);
        let mut words = RANDOMNESS.words("a", "b");
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[below(words.word(), 6) as usize] += 1;
        }
        // Chi-square with 5 degrees of freedom: 20.5 is its 99.9 % point.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 10_000.0) * (f64::from(n) - 10_000.0) / 10_000.0).sum();
        assert!(chi < 20.5, "{counts:?}");
    }
}
