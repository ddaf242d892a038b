//! What keeps a port when its connection is over, as formulas want it: a wait, and the grid on which it ends.
//!
//! Several timers may run out one after another (FIN-WAIT-2 of more than a minute, the SYNs to a host that never answers).
//! Grids of one kernel are multiples of each other, so that what comes out is one wait on the coarsest of them.

use super::{Buckets, NoClosedForm, TimeWait};
use crate::des::{SimDuration, SimTime};
use crate::port::{Clock, Hold, SynSent};
use crate::scenario::{Client, Host, Scenario};
use crate::theory::Phase;
use crate::workload::{Behaviour, Leaves, server_waits};

/// What is left of a client's connections, all of them alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct AfterClose {
    pub(super) leaves: Leaves,
    /// What keeps the port.
    pub(super) time_wait: TimeWait,
    /// What counts against `tcp_max_tw_buckets`.
    pub(super) buckets: Option<Buckets>,
}

impl AfterClose {
    /// What the connections of `client` leave on `host`.
    ///
    /// # Errors
    ///
    /// When they leave one thing here and another there, or nothing that takes time at all.
    pub(super) fn of(scenario: &Scenario, client: &Client, host: &Host) -> Result<Self, NoClosedForm> {
        let leaves = |to: usize| Leaves::of(client.closes_first, scenario.destinations[to].behaviour);
        let refuses = |to: usize| scenario.destinations[to].behaviour == Behaviour::Refuses;
        if client.to.iter().any(|(to, _)| refuses(*to)) {
            return Err(NoClosedForm::new("a destination refuses connections, which hold no port then"));
        }
        let left = leaves(client.to[0].0);
        if client.to.iter().any(|(to, _)| leaves(*to) != left) {
            return Err(NoClosedForm::new("destinations that close and destinations that do not share the connects"));
        }
        let delay = |to: usize| scenario.close_delay(client.closes_first, to);
        let first = client.to[0].0;
        if client.to.iter().any(|(to, _)| delay(*to) != delay(first)) {
            return Err(NoClosedForm::new("destinations that close sooner and later share the connects (close_delay)"));
        }
        let delay = delay(first);
        // Where both ends are here and close at once, there are two of each connection.
        let both_here =
            |to: usize| scenario.destinations[to].loopback && server_waits(client.closes_first, Behaviour::Accepts);
        let of_each = if client.to.iter().any(|(to, _)| both_here(*to)) { 2 } else { 1 };
        let kept = |delay: SimDuration, hold: &[Hold]| {
            let most = u32::try_from(host.sockets.max_tw_buckets).unwrap_or(u32::MAX);
            Buckets { most, of_each, wait: run_out(host, delay, hold) }
        };
        let whole = std::slice::from_ref(&host.time_wait);
        let (time_wait, buckets) = match left {
            Leaves::Nothing => (TimeWait::Exact(0.0), None),
            Leaves::Unanswered => (gives_up(host), None),
            Leaves::FinWait2 => {
                let stages = host.fin_wait_2();
                // The last stage alone is a mini-socket.
                (run_out(host, delay, &stages), Some(kept(delay, &stages[stages.len() - 1..])))
            }
            Leaves::TimeWait => {
                let early_s = scenario.time_wait_s(client, first);
                let is_early = early_s < host.time_wait.mean_s();
                let early = TimeWait::Exact(delay.as_secs_f64() + early_s);
                (if is_early { early } else { run_out(host, delay, whole) }, Some(kept(delay, whole)))
            }
        };
        Ok(Self { leaves: left, time_wait, buckets })
    }
}

/// Timers that run out one after another, the first of which begins `delay` after the close.
fn run_out(host: &Host, delay: SimDuration, stages: &[Hold]) -> TimeWait {
    let timers: Vec<_> = stages.iter().map(|stage| stage.at_phase(SimDuration::ZERO)).collect();
    let grid = stages.iter().map(Hold::grid).max().unwrap_or_default();
    batches(host, grid, |at| timers.iter().fold(at + delay, |at, timer| timer.free_at(at)))
}

/// The SYNs to a host that never answers: from the first to the end of the wait after the last.
fn gives_up(host: &Host) -> TimeWait {
    let (retries, linear) = (host.sockets.syn_retries, host.sockets.syn_linear_timeouts);
    let grid = SynSent::waits(retries, linear, &host.time_wait).iter().map(Hold::grid).max().unwrap_or_default();
    let syn_sent = SynSent::new(retries, linear, &host.time_wait, Clock::ZERO);
    batches(host, grid, |at| syn_sent.gives_up_at(at))
}

/// What begins at `at` ends at `end(at)`, which is monotone and, where there is a grid, lies on it.
fn batches(host: &Host, grid: SimDuration, end: impl Fn(SimTime) -> SimTime) -> TimeWait {
    let start = SimTime::from_nanos(0);
    if grid.is_zero() {
        return TimeWait::Exact((end(start) - start).as_secs_f64());
    }
    // The shortest wait is that of the last instant with the same end, which is strictly after it.
    let (mut last, mut beyond) = (start, start + grid + grid);
    while (beyond - last).as_nanos() > 1 {
        let middle = last + SimDuration::from_nanos((beyond - last).as_nanos() / 2);
        if end(middle) == end(start) { last = middle } else { beyond = middle }
    }
    let wait_s = (end(start) - beyond).as_secs_f64();
    let phase = if host.time_wait.phase().is_some() { Phase::Given } else { Phase::Drawn };
    TimeWait::Batches { wait_s, grid_s: grid.as_secs_f64(), phase }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    fn host(sets: &[&str]) -> Host {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let scenario = Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources);
        scenario.unwrap_or_else(|error| panic!("{error}")).hosts.swap_remove(0)
    }

    /// The shortest and the longest wait of many instants over two steps of the coarsest grid.
    fn seen(grid: SimDuration, end: impl Fn(SimTime) -> SimTime) -> (f64, f64) {
        let starts = (0..20_000).map(|part| SimTime::from_nanos(part * grid.as_nanos() / 10_000));
        let spans = starts.map(|at| (end(at) - at).as_secs_f64());
        spans.fold((f64::MAX, 0.0), |(least, most), span| (span.min(least), span.max(most)))
    }

    /// A3: one wait and one grid stand for timers that run out one after another.
    #[test]
    fn several_timers_are_one_wait_on_the_coarsest_grid() {
        for timeout in ["30s", "60s", "70s", "90s", "120s"] {
            let host = host(&[&format!("host.gateway.fin_timeout={timeout}")]);
            let stages = host.fin_wait_2();
            let timers: Vec<_> = stages.iter().map(|stage| stage.at_phase(SimDuration::ZERO)).collect();
            let grid = stages.iter().map(Hold::grid).max().unwrap();
            let (least, most) = seen(grid, |at| timers.iter().fold(at, |at, timer| timer.free_at(at)));
            let found = run_out(&host, SimDuration::ZERO, &stages);
            let close = |one: f64, other: f64| (one - other).abs() < 1e-3;
            assert!(
                close(found.wait_s(), least) && close(found.wait_s() + found.grid_s(), most),
                "{timeout} {found:?}"
            );
        }
        let host = host(&[]);
        let syn_sent =
            SynSent::new(host.sockets.syn_retries, host.sockets.syn_linear_timeouts, &host.time_wait, Clock::ZERO);
        let found = gives_up(&host);
        let (least, most) = seen(SimDuration::from_nanos(2_048_000_000), |at| syn_sent.gives_up_at(at));
        assert!(
            (found.wait_s() - least).abs() < 1e-3 && (found.wait_s() + found.grid_s() - most).abs() < 1e-3,
            "{found:?}"
        );
        assert_eq!(
            run_out(&host, SimDuration::ZERO, std::slice::from_ref(&host.time_wait)).wait_s().to_bits(),
            60.0_f64.to_bits()
        );
    }

    #[test]
    fn exact_waits_add_up() {
        let host = host(&["host.gateway.time_wait=60s", "host.gateway.fin_timeout=5s"]);
        assert_eq!(run_out(&host, SimDuration::ZERO, &host.fin_wait_2()), TimeWait::Exact(5.0));
    }
}
