//! Does any input upset what reads what others wrote?

#[path = "../../fuzz/hunt.rs"]
mod hunt;
#[path = "../../fuzz/targets.rs"]
mod targets;

use hunt::{Corpus, tried};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use targets::TARGETS;

/// Inputs that a thread takes at once.
const BATCH: u64 = 10_000;

/// Tries so many inputs, of all targets together, under a seed; the same of each.
pub(crate) fn holds(inputs: u64, seed: u64) -> bool {
    // A panic is told below, with the input that it came of.
    std::panic::set_hook(Box::new(|_| {}));
    let each = inputs / TARGETS.len() as u64;
    let mut holds = true;
    for target in TARGETS {
        let (corpus, done) = (Corpus::of(target), AtomicU64::new(0));
        let batch = |numbers: Range<u64>| {
            let (count, found) = (
                numbers.end - numbers.start,
                numbers.into_iter().find_map(|number| tried(target, &corpus, seed, number).err()),
            );
            let before = done.fetch_add(count, Ordering::Relaxed);
            if before / 1_000_000 < (before + count) / 1_000_000 {
                eprintln!("{}: {} of {each}", target.name, before + count);
            }
            found
        };
        let starts: Vec<u64> = (0..each.div_ceil(BATCH)).map(|batch| batch * BATCH).collect();
        let found: Vec<_> =
            starts.into_par_iter().filter_map(|start| batch(start..(start + BATCH).min(each))).collect();
        println!("{:<9} {each} inputs, {} of them found something", target.name, found.len());
        found.iter().take(5).for_each(|path| println!("          {}", path.display()));
        holds &= found.is_empty();
    }
    holds
}
