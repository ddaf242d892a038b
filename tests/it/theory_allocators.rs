//! The orders of search against exact theory: halves of the range, ports looked at, how long a port rests.

use crate::support::cases::Case;
use crate::support::{Runs, judge, observe};
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::port::pool::PoolSettings;
use dryport::port::{AllocatorKind, Clock, Pool, PortRange, PortSet};
use dryport::sim::{Attempt, Connected, Held, Observer};
use dryport::theory::Parity;
use dryport::verify::theory::order;

/// Watches the two halves of one lane, by their parities, over the measured window.
#[derive(Debug)]
struct Halves {
    half: u32,
    busy: [u32; 2],
    since: SimTime,
    first_full_ns: u64,
    second_busy_ns: u64,
}

impl Halves {
    fn pass(&mut self, at: SimTime) {
        let span = (at - self.since).as_nanos();
        self.first_full_ns += if self.busy[0] == self.half { span } else { 0 };
        self.second_busy_ns += span * u64::from(self.busy[1]);
        self.since = at;
    }
}

impl Observer for Halves {
    fn window_opens(&mut self, at: SimTime, _free: &[u32]) {
        (self.since, self.first_full_ns, self.second_busy_ns) = (at, 0, 0);
    }

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.pass(attempt.at);
        self.busy[usize::from(got.offset % 2)] += 1;
    }

    fn released(&mut self, at: SimTime, held: &Held, _free: u32) {
        self.pass(at);
        self.busy[usize::from(held.offset % 2)] -= 1;
    }
}

/// Linux fills one parity first: a loss system by itself, whose overflow the other half gets.
#[test]
fn linux_fills_one_half_of_the_range_first() {
    let [case] = Case::of("linux_parity").try_into().expect("one row");
    let (hold, wait) = (case.get("mean_hold"), case.get("timewait"));
    let draft = order::parity(&case);
    let experiment = draft.run();
    let measures: Vec<_> = experiment.of_scope(0).copied().collect();
    let attempts: f64 = measures.iter().map(|m| m.attempts() as f64).sum();
    judge::rare(&case.id, "refusals", attempts * case.expected("blocking"), measures.iter().map(|m| m.refused).sum());
    let of_attempts: Vec<_> = measures.iter().map(|m| (m.second_parity as f64, m.attempts() as f64)).collect();
    judge::ratio(&case.id, "second_half_fraction", case.expected("second_half_fraction"), &of_attempts);
    judge::metric(
        &case.id,
        &experiment,
        "all",
        "second_parity_ratio",
        case.expected("second_half_fraction") / (1.0 - case.expected("blocking")),
    );
    let scenario = draft.scenario();
    let (mut full, mut second) = (Vec::new(), Vec::new());
    for replication in 0..u64::from(draft.replications) {
        let mut halves =
            Halves { half: draft.ports / 2, busy: [0; 2], since: SimTime::ZERO, first_full_ns: 0, second_busy_ns: 0 };
        let end = observe(&scenario, replication, &mut halves);
        halves.pass(end);
        let window = scenario.run.duration.as_nanos() as f64;
        full.push(halves.first_full_ns as f64 / window);
        second.push(halves.second_busy_ns as f64 / window);
    }
    judge::mean(&case.id, "first_half_full", case.expected("first_half_full"), &full);
    judge::mean(&case.id, "second_half_mean", case.expected("second_half_mean"), &second);
    let parity = Parity::of(draft.ports, case.get("lambda") * (hold + wait));
    assert!((parity.second_half_mean / case.expected("second_half_mean") - 1.0).abs() < 1e-12);
}

/// The exact chain on all 2^8 sets of busy ports.
#[test]
fn ports_looked_at_on_a_range_of_eight() {
    for case in Case::of("alloc_chain") {
        let draft = order::chain(&case);
        let experiment = draft.run();
        let label = format!("{} {}", case.id, draft.allocator);
        let is = |name: &str, of: &str| judge::metric(&label, &experiment, "all", name, case.expected(of));
        is("probes_mean", "mean_probes");
        is("refused_ratio", "blocking");
        is("full_time_ratio", "blocking");
        is("second_parity_ratio", "odd_fraction");
    }
}

/// When each port was released last, and how long it rested until the next use.
#[derive(Debug)]
struct Rests {
    released: Vec<Option<SimTime>>,
    counts: bool,
    tau: SimDuration,
    uses: u64,
    long: u64,
}

impl Observer for Rests {
    fn window_opens(&mut self, _at: SimTime, _free: &[u32]) {
        self.counts = true;
    }

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        let Some(released) = self.released[usize::from(got.offset)].filter(|_| self.counts) else { return };
        self.uses += 1;
        self.long += u64::from(attempt.at - released > self.tau);
    }

    fn released(&mut self, at: SimTime, held: &Held, _free: u32) {
        self.released[usize::from(held.offset)] = Some(at);
    }
}

/// Renewal theory: whatever the order, if it treats all ports alike, a port rests N / (rate (1 - B)) - hold on average.
#[test]
fn how_long_a_port_rests() {
    let [case] = Case::of("reuse").try_into().expect("one row");
    for allocator in ["random", "random-start", "sequential"] {
        let draft = order::reuse(&case, allocator);
        let experiment = draft.run();
        let label = format!("{} {allocator}", case.id);
        let rests: Vec<_> = experiment.of_scope(0).map(order::rests).collect();
        judge::ratio(&label, "reuse_interval_mean_s", case.expected("mean_idle_before_reuse"), &rests);
        if allocator == "random" {
            let scenario = draft.scenario();
            let tau = SimDuration::from_millis(1_500);
            assert!((tau.as_secs_f64() - case.get("tau")).abs() < 1e-12);
            let long: Vec<_> = (0..40)
                .map(|replication| {
                    let released = vec![None; draft.ports as usize];
                    let mut rests = Rests { released, counts: false, tau, uses: 0, long: 0 };
                    observe(&scenario, replication, &mut rests);
                    (rests.long as f64, rests.uses as f64)
                })
                .collect();
            judge::ratio(&label, "rests longer than tau", case.expected("prob_idle_gt_tau_random"), &long);
        }
    }
}

/// Ports looked at by the next search after `occupied` were taken from an empty range, none given back.
fn next_probes(kind: AllocatorKind, ports: u32, occupied: u32, replication: u64) -> u32 {
    let randomness = Randomness { seed: 60_327, replication };
    let range = PortRange::new(40_000, u16::try_from(39_999 + ports).expect("a small number")).expect("a range");
    let clock = Clock::draw(randomness, "host:h", SimDuration::ZERO, None);
    let settings = PoolSettings { owner: "host:h", allocator: kind, lanes: 1, clock, step_width: 0 };
    let mut pool = Pool::new(range, &PortSet::default(), &settings, randomness);
    for _ in 0..occupied {
        pool.take(0, SimTime::ZERO).0.offset().expect("a free port");
    }
    pool.take(0, SimTime::ZERO).0.probes
}

/// Knuth's theorem K for a random start, the geometric law for draws.
#[test]
fn the_next_search_in_a_range_that_fills() {
    let [case] = Case::of("fill").try_into().expect("one row");
    for (kind, of) in [(AllocatorKind::RandomStart, "linear_probes"), (AllocatorKind::Random, "random_draws")] {
        let probes: Vec<f64> = (0..20_000)
            .map(|replication| f64::from(next_probes(kind, case.count("N"), case.count("occupied"), replication)))
            .collect();
        judge::mean(&case.id, of, case.expected(of), &probes);
    }
}
