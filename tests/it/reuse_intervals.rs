//! How long ports rest before they are used again: every reuse is counted once, and the law is that of the formula.

use crate::support::{Draft, Runs, constant, every_ms, exponential, judge, poisson};
use dryport::des::SimDuration;
use dryport::experiment::{Experiment, Outcome};
use dryport::forecast::{Forecast, ReuseLaw, TARGET_RISK};
use dryport::metrics::reuse_intervals::ReuseCell;
use dryport::metrics::{Measures, ReuseIntervals};

/// Two hundred ports of which some ten are busy, long after the start.
fn light(allocator: &str) -> Draft {
    Draft {
        duration: "1000s".to_owned(),
        warm_up: "250s".to_owned(),
        replications: 40,
        ports: 200,
        allocator: allocator.to_owned(),
        arrivals: poisson(10.0),
        ..Draft::default()
    }
}

fn cells(outcome: &Outcome) -> Vec<ReuseCell> {
    outcome.reuses.as_ref().expect("of so few runs they are all kept").cells().collect()
}

/// All reuses, and those of ports that rested less than so many seconds, which is where a bucket ends.
fn below(outcome: &Outcome, rest_s: f64) -> (f64, f64) {
    let count = |cells: &mut dyn Iterator<Item = &ReuseCell>| cells.map(|cell| cell.reuses).sum::<u64>() as f64;
    let cells = cells(outcome);
    (count(&mut cells.iter().filter(|cell| cell.to.as_secs_f64() <= rest_s)), count(&mut cells.iter()))
}

/// Asserts that about a tenth, half, and so on of the reuses come within the time that the formula says.
fn follows(label: &str, draft: &Draft, expected: impl Fn(ReuseLaw) -> bool) {
    let scenario = draft.scenario();
    let forecast = Forecast::of(&scenario, TARGET_RISK).expect("a closed form");
    let law = ReuseLaw::of(&scenario, &forecast).expect("a law");
    assert!(expected(law), "{law:?}");
    let experiment = draft.run();
    let mut all = ReuseIntervals::default();
    experiment.outcomes.iter().filter_map(|outcome| outcome.reuses.as_ref()).for_each(|reuses| all.merge(reuses));
    let ends: Vec<f64> = all.cells().map(|cell| cell.to.as_secs_f64()).collect();
    for q in [0.02, 0.1, 0.5, 0.9, 0.99] {
        let end = *ends.iter().find(|end| law.share_below(**end) >= q).expect("longer rests than that");
        let shares: Vec<_> = experiment.outcomes.iter().map(|outcome| below(outcome, end)).collect();
        judge::ratio(&label, &format!("rests less than {end:.3} s"), law.share_below(end), &shares);
    }
}

/// `reference/theory.md` 7: each connect takes a given free port with the same chance, and no time is the shortest.
#[test]
fn drawn_ports_rest_exponentially() {
    let mean_s = |law| if let ReuseLaw::Exponential { mean_s } = law { mean_s } else { 0.0 };
    follows("random", &light("random"), |law| (mean_s(law) - 19.0).abs() < 1e-9);
    let held = Draft { lifetime: constant(0.4), time_wait: "600ms".to_owned(), ..light("random") };
    follows("random, constant hold", &held, |law| (mean_s(law) - 19.0).abs() < 1e-9);
}

/// `reference/theory.md` 7: a pointer comes back when every other port was used.
#[test]
fn a_pointer_goes_round() {
    let draft = Draft { lifetime: constant(0.4), time_wait: "600ms".to_owned(), ..light("sequential") };
    follows("sequential", &draft, |law| law == ReuseLaw::Round { ports: 200, rate_per_s: 10.0, hold_s: 1.0 });
    let even = Draft { arrivals: every_ms(100), warm_up: "0s".to_owned(), replications: 1, ..draft };
    let scenario = even.scenario();
    let law = ReuseLaw::of(&scenario, &Forecast::of(&scenario, TARGET_RISK).unwrap());
    assert_eq!(law, Some(ReuseLaw::Always { rest_s: 19.0 }));
    let experiment = even.run();
    let all = all(&experiment, 0);
    assert_eq!((all.reuses, all.idle), (9_800, 9_800 * 19_000_000_000), "200 of 10,000 are the first use of a port");
    assert_eq!(all.idle_min, Some(SimDuration::from_secs(19)));
    let [cell] = cells(&experiment.outcomes[0]).try_into().expect("one bucket");
    assert!(cell.from.as_secs_f64() <= 19.0 && cell.to.as_secs_f64() > 19.0);
}

fn all(experiment: &Experiment, outcome: usize) -> Measures {
    experiment.outcomes[outcome].measures[experiment.views.of_scope[0]]
}

/// Rests that began before the window count, reuses before it do not, as in `reuse_interval_mean_s`.
#[test]
fn the_counts_add_up_to_the_reuses() {
    let linux =
        Draft { allocator: "linux-connect".to_owned(), ports: 30, warm_up: "30s".to_owned(), ..light("random") };
    let linux = Draft { duration: "60s".to_owned(), replications: 3, time_wait: "1s".to_owned(), ..linux };
    let shares = vec![(0.7, 1), (0.3, 2)];
    let taken_over = "tw_reuse = \"on\"\n".to_owned();
    for draft in [
        linux.clone(),
        Draft { warm_up: "0s".to_owned(), ..linux.clone() },
        Draft { destinations: shares, ..linux.clone() },
        Draft { host: taken_over, time_wait: "60s".to_owned(), ..linux.clone() },
        Draft { lifetime: exponential(9.0), ..linux },
    ] {
        let experiment = draft.run();
        for (index, outcome) in experiment.outcomes.iter().enumerate() {
            let (all, cells) = (all(&experiment, index), cells(outcome));
            assert!(all.reuses > 100);
            assert_eq!(cells.iter().map(|cell| cell.reuses).sum::<u64>(), all.reuses);
            let shortest = all.idle_min.unwrap();
            assert!(cells[0].from <= shortest && shortest < cells[0].to, "{:?} {shortest:?}", cells[0]);
            let least: u128 = cells.iter().map(|cell| u128::from(cell.reuses * cell.from.as_nanos())).sum();
            assert!(least <= all.idle && all.idle as f64 <= 1.032 * least as f64 + all.reuses as f64, "{least}");
        }
    }
}
