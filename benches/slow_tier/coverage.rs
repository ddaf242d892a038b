//! Do intervals hold what is true as often as they say?

use dryport::experiment::{
    Checks, Experiment, INDIRECT, LongRun, NONE_SEEN, OfferedLoad, Settings, estimate, is_unseen, on_threads,
    replicate_figures,
};
use dryport::metrics::Metric;
use dryport::theory::{erlang_b, mean_occupancy};
use dryport::verify::draft::{Draft, exponential, poisson, seconds};
use std::sync::atomic::AtomicBool;

/// Poisson connects to one destination in steady state: M/G/c/c, whose truth is Erlang's.
#[derive(Clone, Copy, Debug)]
struct Load {
    /// Connects a second.
    rate: f64,
    /// The measured window: at least [`REFUSALS`] are expected in it, or in each batch of a single one.
    window_s: u32,
    replications: u32,
}

/// With fewer to be expected in a run, or in a batch that stands for one, a share is not what to ask for.
const REFUSALS: f64 = 20.0;
const PORTS: u32 = 20;
/// A port is held for an open connection and an exact TIME-WAIT.
const LIFETIME_S: f64 = 0.5;
const TIME_WAIT_S: f64 = 1.5;
/// The level of the intervals, and the shares of them that may have the truth.
const CONFIDENCE: f64 = 0.95;
const COVERED: std::ops::RangeInclusive<f64> = 0.92..=0.98;

/// Far below the ceiling, there with few runs too, at it, and far above; then one long run each, cut into the fewest
/// batches, and into the most.
const LOADS: [Load; 8] = [
    Load { rate: 6.0, window_s: 400, replications: 20 },
    Load { rate: 6.0, window_s: 400, replications: 5 },
    Load { rate: 10.0, window_s: 60, replications: 20 },
    Load { rate: 14.0, window_s: 60, replications: 20 },
    Load { rate: 10.0, window_s: 800, replications: 1 },
    Load { rate: 6.0, window_s: 10_400, replications: 1 },
    Load { rate: 10.0, window_s: 1_200, replications: 1 },
    Load { rate: 14.0, window_s: 1_200, replications: 1 },
];

impl Load {
    fn draft(&self, seed: u64) -> Draft {
        Draft {
            duration: format!("{}s", self.window_s),
            warm_up: "auto".to_owned(),
            replications: self.replications,
            seed,
            ports: PORTS,
            time_wait: seconds(TIME_WAIT_S),
            arrivals: poisson(self.rate),
            lifetime: exponential(LIFETIME_S),
            ..Draft::default()
        }
    }

    /// Erlangs.
    fn offered(&self) -> f64 {
        self.rate * (LIFETIME_S + TIME_WAIT_S)
    }

    /// What is true in steady state, by metric.
    fn truths(&self) -> [(&'static str, f64); 4] {
        let (offered, refused) = (self.offered(), erlang_b(PORTS, self.offered()));
        [
            ("refused_ratio", refused),
            // Nobody tries again: the same, and always counted.
            ("requests_lost_ratio", refused),
            ("full_time_ratio", refused),
            ("busy_ports_mean", mean_occupancy(PORTS, offered)),
        ]
    }
}

/// How often intervals of one metric had the truth.
#[derive(Debug)]
struct Coverage {
    metric: &'static Metric,
    truth: f64,
    method: &'static str,
    covered: u64,
    above: u64,
    sum: f64,
    half_widths: f64,
}

impl Coverage {
    fn new((metric, truth): (&'static str, f64)) -> Self {
        let metric = Metric::named(metric).expect("one of the metrics");
        Self { metric, truth, method: "", covered: 0, above: 0, sum: 0.0, half_widths: 0.0 }
    }

    fn add(&mut self, experiment: &Experiment, offered: &OfferedLoad) {
        let found = estimate(experiment, offered, 0, self.metric, CONFIDENCE).expect("attempts were made");
        let (low, high) = found.low.zip(found.high).expect("several runs, or one that is long enough for batches");
        self.covered += u64::from((low..=high).contains(&self.truth));
        self.above += u64::from(low > self.truth);
        self.sum += found.estimate;
        self.half_widths += 0.5 * (high - low);
        self.method = offered.method(0, self.metric);
    }
}

/// Runs the experiments at one load, prints what came out, and says whether all is as it should be.
fn covers(load: &Load, experiments: u64) -> bool {
    let mut all = load.truths().map(Coverage::new);
    let batches = LongRun::of(&load.draft(0).scenario()).map_or(1, |long| long.batches.expect("it is long enough"));
    let refusals = load.rate * f64::from(load.window_s) * all[0].truth / f64::from(batches);
    assert!(refusals >= REFUSALS, "{refusals} refusals");
    let stop = AtomicBool::new(false);
    let settings = Settings { jobs: 0, checks: Checks::Off, stop: &stop, progress: &|_| {} };
    on_threads(0, || {
        for seed in 0..experiments {
            let scenario = load.draft(seed).scenario();
            let experiment = replicate_figures(&scenario, &settings);
            let offered = OfferedLoad::of(&scenario, &experiment);
            for coverage in &mut all {
                coverage.add(&experiment, &offered);
            }
        }
    });
    let mut holds = true;
    for Coverage { metric, truth, method, covered, above, sum, half_widths } in all {
        let [covered, above] = [covered, above].map(|count| count as f64 / experiments as f64);
        // Above the ceiling, and nowhere else, busy ports tell the share.
        let is_told =
            metric.name != "refused_ratio" || method.starts_with(INDIRECT) == (load.offered() > f64::from(PORTS));
        let is_right = COVERED.contains(&covered) && is_told;
        println!(
            "{:>8.1} {:>8.0} {:>4}  {:<19} {method:<20} {truth:>9.6} {:>9.6} {:>9.6} {:>7.2} % {:>6.2} % {:>6.2} %  {}",
            load.offered(),
            refusals,
            load.replications,
            metric.name,
            sum / experiments as f64,
            half_widths / experiments as f64,
            100.0 * covered,
            100.0 * (1.0 - covered - above),
            100.0 * above,
            if is_right { "ok" } else { "NOT WITHIN" }
        );
        holds &= is_right;
    }
    holds
}

/// Where most experiments see nothing at all: about one run in a hundred of these loads has a refusal, and one in ten.
const RARE: [Load; 2] =
    [Load { rate: 3.0, window_s: 60, replications: 20 }, Load { rate: 3.6, window_s: 60, replications: 20 }];

/// Runs the experiments at a load that is rarely refused, and says whether the intervals of counts have the truth at least
/// as often as they say. How many of them saw nothing is said beside it.
fn covers_the_unseen(load: &Load, experiments: u64) -> bool {
    let attempts = load.rate * f64::from(load.window_s);
    let truth = attempts * erlang_b(PORTS, load.offered());
    let stop = AtomicBool::new(false);
    let settings = Settings { jobs: 0, checks: Checks::Off, stop: &stop, progress: &|_| {} };
    // Refused attempts, and lost requests: nobody tries again.
    let metrics = ["refused_total", "requests_lost_total"].map(|name| Metric::named(name).expect("one of the metrics"));
    let mut found = [(0_u64, 0_u64); 2];
    on_threads(0, || {
        for seed in 0..experiments {
            let scenario = load.draft(seed).scenario();
            let experiment = replicate_figures(&scenario, &settings);
            let offered = OfferedLoad::of(&scenario, &experiment);
            for (metric, (covered, unseen)) in metrics.iter().zip(&mut found) {
                let figure = estimate(&experiment, &offered, 0, metric, CONFIDENCE).expect("attempts were made");
                let (low, high) = figure.low.zip(figure.high).expect("several runs");
                *covered += u64::from((low..=high).contains(&truth));
                *unseen += u64::from(is_unseen(&experiment, &offered, 0, metric));
            }
        }
    });
    let mut holds = true;
    for (metric, (covered, unseen)) in metrics.iter().zip(found) {
        let [covered, unseen] = [covered, unseen].map(|count| count as f64 / experiments as f64);
        let is_right = covered >= *COVERED.start();
        println!(
            "{:>8.1} {truth:>8.4} {:>4}  {:<19} {NONE_SEEN} in {:.2} %: {:>7.2} % have the truth  {}",
            load.offered(),
            load.replications,
            metric.name,
            100.0 * unseen,
            100.0 * covered,
            if is_right { "ok" } else { "NOT WITHIN" }
        );
        holds &= is_right;
    }
    holds
}

pub(crate) fn holds(experiments: u64) -> bool {
    let (least, most) = (100.0 * COVERED.start(), 100.0 * COVERED.end());
    println!(
        "{PORTS} ports, {experiments} experiments at each load: 95 % intervals, {least} % to {most} % are to have the truth"
    );
    println!(
        "{:>8} {:>8} {:>4}  {:<19} {:<20} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}",
        "erlangs", "refusals", "runs", "metric", "method", "truth", "mean", "+-", "covered", "below", "above"
    );
    // Every load is run, whatever came of the one before.
    let loads = LOADS.map(|load| covers(&load, experiments));
    let rare = RARE.map(|load| covers_the_unseen(&load, experiments));
    loads.into_iter().chain(rare).all(|holds| holds)
}
