//! Do intervals by splitting hold what they should?

use dryport::cli::files::Files;
use dryport::experiment::splitting::{Effort, Split, split};
use dryport::scenario::{Scenario, SourceFile};
use dryport::theory::offered_load_for;
use std::sync::atomic::AtomicBool;

/// Some ports, and how rare a refusal is to be.
#[derive(Clone, Copy, Debug)]
struct Rare {
    ports: u32,
    refused_ratio: f64,
}

/// The share of experiments whose interval has the exact figure.
const COVERED: f64 = 0.90;

/// Ten connects a second, each with a port for so long that the exact refused ratio is as wanted.
fn scenario(Rare { ports, refused_ratio }: Rare, seed: u64) -> Scenario {
    let hold_s = offered_load_for(ports, refused_ratio) / 10.0;
    let text = format!(
        r#"
        schema = 1
        run = {{ duration = "30s", warm_up = "auto", seed = {seed} }}
        destination = [{{ name = "d" }}]
        [[host]]
        name = "h"
        port_range = "10000-{}"
        allocator = "sequential"
        time_wait = "0s"
        [[client]]
        name = "c"
        host = "h"
        to = "d"
        arrivals = {{ poisson = {{ rate = "10/s" }} }}
        lifetime = {{ exponential = {{ mean = "{hold_s:.9}s" }} }}
        "#,
        9_999 + ports
    );
    Scenario::read(&SourceFile::new("rare.toml", text), &[], &Files::beside("rare.toml")).expect("a valid scenario")
}

/// Runs the experiments for one refused ratio, prints what came out, and says whether enough intervals have it.
fn covers(rare: Rare, experiments: u64) -> bool {
    let effort = Effort { relative_error: 0.2, work_max: 20_000_000, confidence: 0.95 };
    let (mut covered, mut errors, mut sum) = (0_u64, 0.0, 0.0);
    for seed in 0..experiments {
        let found = split(&scenario(rare, seed), &effort, 0, &AtomicBool::new(false)).expect("nobody stops it");
        let Split::Estimated(found) = found else {
            println!("seed {seed}: {found:?}");
            continue;
        };
        let (low, high) = (found.refused_ratio.low.unwrap_or(0.0), found.refused_ratio.high.unwrap_or(1.0));
        covered += u64::from((low..=high).contains(&rare.refused_ratio));
        errors += found.relative_error / experiments as f64;
        sum += found.refused_ratio.estimate / experiments as f64;
    }
    let Rare { ports, refused_ratio } = rare;
    println!(
        "{ports} ports: {refused_ratio:e} lies in {covered} of {experiments} intervals; mean estimate {sum:.3e}, mean \
         relative error {:.1} %",
        100.0 * errors
    );
    covered as f64 >= COVERED * experiments as f64
}

pub(crate) fn holds(experiments: u64) -> bool {
    let cases = [1e-7, 1e-9].map(|refused_ratio| Rare { ports: 10, refused_ratio });
    // Every case is run, whatever came of the one before.
    cases.map(|rare| covers(rare, experiments)).into_iter().all(|holds| holds)
}
