//! The targets of `fuzz/` over what is kept for them, and some thousand mutations of it.

#[path = "../../fuzz/hunt.rs"]
mod hunt;
#[path = "../../fuzz/targets.rs"]
mod targets;

use hunt::{Corpus, tried};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use targets::{TARGETS, Target};

/// Of mutations, whatever their number; `cargo bench --bench slow_tier -- fuzz` has others.
const SEED: u64 = 60_327;
/// Inputs of each target, unless seconds are given.
const INPUTS: u64 = 2_000;

/// `.ci/run` gives each target ten seconds: `DRYPORT_FUZZ_SECONDS=10`.
#[test]
fn no_input_upsets_a_target() {
    let seconds = std::env::var("DRYPORT_FUZZ_SECONDS").ok().map(|text| text.parse().expect("a number of seconds"));
    let over = AtomicBool::new(false);
    let is_over = |number| if seconds.is_some() { over.load(Ordering::Relaxed) } else { number >= INPUTS };
    std::thread::scope(|threads| {
        let is_over = &is_over;
        let hunt = |target: &'static Target| threads.spawn(move || hunted(target, is_over));
        let hunts: Vec<_> = TARGETS.iter().map(|target| (target.name, hunt(target))).collect();
        if let Some(seconds) = seconds {
            // Of each of two cores.
            std::thread::sleep(Duration::from_secs(seconds) * u32::try_from(TARGETS.len()).expect("a few") / 2);
            over.store(true, Ordering::Relaxed);
        }
        for (name, hunt) in hunts {
            let tried = hunt.join().expect("it ends").unwrap_or_else(|path| panic!("{name} fails: {}", path.display()));
            // Nobody needs to read it.
            let _ = writeln!(std::io::stderr(), "{name}: {tried} inputs");
        }
    });
}

fn hunted(target: &Target, is_over: &(dyn Fn(u64) -> bool + Sync)) -> Result<u64, PathBuf> {
    let corpus = Corpus::of(target);
    let mut number = 0;
    while !is_over(number) {
        tried(target, &corpus, SEED, number)?;
        number += 1;
    }
    Ok(number)
}
