//! The loop of ours: mutations of a kept corpus under a fixed seed, so that an input has a number and is made again by it.

use super::targets::Target;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// No input is longer: what long ones would show short ones do, faster.
const BYTES_MAX: usize = 4096;
/// The most mutations of one input.
const MUTATIONS_MAX: u32 = 6;

/// What of a corpus was kept.
pub(crate) struct Corpus(Vec<Vec<u8>>);

impl Corpus {
    /// That of a target: the files of `fuzz/corpus/NAME`, in order of their names.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(crate) fn of(target: &Target) -> Self {
        let folder = home().join("corpus").join(target.name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
        paths.sort();
        let all: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("a file can be read")).collect();
        assert!(!all.is_empty(), "{} is empty", folder.display());
        Self(all)
    }

    /// The input of this number: one of the corpus itself, then mutations of them.
    pub(crate) fn input(&self, target: &Target, seed: u64, number: u64) -> Vec<u8> {
        let all = &self.0;
        if let Some(kept) = usize::try_from(number).ok().and_then(|number| all.get(number)) {
            return kept.clone();
        }
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(number);
        let pick = |dice: &mut ChaCha8Rng| &all[dice.random_range(0..all.len())];
        let mut bytes = pick(&mut dice).clone();
        for _ in 0..dice.random_range(1..=MUTATIONS_MAX) {
            let at = dice.random_range(0..=bytes.len());
            let end = (at + dice.random_range(0..=24_usize)).min(bytes.len());
            match dice.random_range(0..8_u32) {
                0 => drop(bytes.drain(at..end)),
                1 | 2 => {
                    let word = target.words[dice.random_range(0..target.words.len())];
                    bytes.splice(at..at, word.bytes());
                }
                3 => {
                    let word = target.words[dice.random_range(0..target.words.len())];
                    bytes.splice(at..end, word.bytes());
                }
                4 => {
                    let copied = bytes[at..end].to_vec();
                    let to = dice.random_range(0..=bytes.len());
                    bytes.splice(to..to, copied);
                }
                5 => {
                    // The head of this one, the tail of another.
                    let other = pick(&mut dice);
                    let from = dice.random_range(0..=other.len());
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                6 => bytes
                    .splice(at..end, (at..end).map(|_| b"0123456789.-e"[dice.random_range(0..13)]).collect::<Vec<_>>())
                    .for_each(drop),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << dice.random_range(0..8_u32);
                    }
                }
            }
            bytes.truncate(BYTES_MAX);
        }
        bytes
    }
}

/// Tries the input of this number. Where the target panics the input is kept in `fuzz/found`, and its path returned.
pub(crate) fn tried(target: &Target, corpus: &Corpus, seed: u64, number: u64) -> Result<(), PathBuf> {
    let input = corpus.input(target, seed, number);
    catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).map_err(|_| {
        let folder = home().join("found");
        let path = folder.join(format!("{}-{seed}-{number}", target.name));
        // That it cannot be kept is no reason not to tell.
        let _ = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &input));
        path
    })
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
