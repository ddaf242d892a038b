//! What lasts where more ports are wanted than there are: the law that ties busy ports to refusals, and the echo of an
//! empty start.

use super::after_close::AfterClose;
use super::mean::{held_s, mean_is_drawn, variance_s2};
use super::{Spacing, TimeWait, plain_sockets};
use crate::numeric;
use crate::scenario::{Host, Scenario};
use crate::theory::Window;
use crate::workload::lifetime::LifetimeLaw;
use crate::workload::{Arrivals, Leaves, Lifetime};

/// What the wave has lost at the latest when it is said to be gone: nine tenths.
const FADED: f64 = 10.0;
/// Ports that come back as fast as connects come wait for them like a queue that is just stable: so much of 1 / N of the
/// squared excess does each cycle spread them by. Measured, as the cycles it takes to start with: constant holds, 40 to
/// 1,600 ports, 1.1 to 1.5 times as many wanted.
const QUEUE: f64 = 1.4;
const CYCLES_FIRST: f64 = 5.0;
/// What an empty start may still keep from the mean of busy ports, as a share of it.
const NEGLIGIBLE: f64 = 1e-3;

/// A set of ports of which more are wanted than there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overloaded {
    /// How many there are.
    pub(super) ports: f64,
    /// Between two uses of one that is never idle, in seconds.
    pub(super) cycle_s: f64,
    /// Connects wanted per second.
    pub(super) rate_per_s: f64,
    /// How they come.
    pub(super) spacing: Spacing,
}

/// How long after an empty start its wave is felt, in seconds; infinite where nothing blurs it.
///
/// Ports that are taken one after another come back one after another: the range fills, refuses until the first of them
/// come back, and does so again with every cycle. What blurs the wave is the scatter of lifetimes, as a random walk does
/// with a sine: a cycle leaves exp(-2 pi^2 variance / cycle^2) of it; and, where connects come at random, that ports wait
/// for the next one.
pub(super) fn echo_s(lifetime: &Lifetime, overloaded: Overloaded) -> f64 {
    let Overloaded { ports, cycle_s, rate_per_s, spacing } = overloaded;
    let scatter = variance_s2(lifetime, cycle_s) / (cycle_s * cycle_s);
    let walk = 2.0 * std::f64::consts::PI * std::f64::consts::PI / numeric::ln(FADED) * scatter;
    let excess = rate_per_s * cycle_s - ports;
    let queue = if spacing == Spacing::Poisson { QUEUE * ports / (excess * excess) } else { 0.0 };
    cycle_s * (CYCLES_FIRST + 1.0 / (walk + queue))
}

/// The erlangs that a scenario offers, where they tell the share of attempts refused better than a count does: the mean
/// number of busy ports is, by Little's law, the load times the share that gets a port, whatever the laws are.
///
/// That holds for one client without retries, whose connections hold their ports for a time that does not depend on
/// when they close (no timer wheel, no early reuse), in steady state: after a warm-up that an empty start no longer
/// echoes through. It is the better of the two when more ports are wanted than there are: busy ports hardly scatter
/// then (Srikant and Whitt, ACM TOMACS 6, 1996; `reference/theory.md` 10). The scenario decides that, not what came out.
pub fn indirect_load(scenario: &Scenario) -> Option<f64> {
    let [client] = &scenario.clients[..] else { return None };
    let way = scenario.ways().all.swap_remove(0);
    let host = &Host { uniqueness: way.uniqueness, ..scenario.hosts[client.host].clone() };
    plain_sockets(scenario, client, &way).ok()?;
    let after = AfterClose::of(scenario, client, host).ok().filter(|after| after.leaves != Leaves::Unanswered)?;
    let wait = after.time_wait;
    let TimeWait::Exact(wait_s) = wait else { return None };
    // The kernel would drop TIME-WAITs.
    if after.buckets.is_some_and(|buckets| scenario.capacity(client.host) > buckets.most.into()) {
        return None;
    }
    let taken_over = client.to.iter().any(|(to, _)| scenario.reuses_early(client.host, *to));
    let lifetime = &client.lifetime;
    if taken_over || client.retry.attempts > 1 || !mean_is_drawn(lifetime) {
        return None;
    }
    let hold_s = lifetime.mean_s()? + wait_s;
    let rate_per_s = client.arrivals.rate()?.events_per_second();
    let (load, ports) = (rate_per_s * hold_s, scenario.capacity(client.host) as f64);
    if load <= ports {
        return None;
    }
    let lanes = scenario.lanes(client.host) as f64;
    let spacing = if matches!(client.arrivals, Arrivals::Poisson(_)) { Spacing::Poisson } else { Spacing::Even };
    let each = Overloaded { ports: ports / lanes, cycle_s: hold_s, rate_per_s: rate_per_s / lanes, spacing };
    let from_s = scenario.warm_up().as_secs_f64();
    let window = Window { from_s, by_s: from_s + scenario.run.duration.as_secs_f64() };
    let is_steady = from_s >= echo_s(lifetime, each) && held_s(lifetime, wait, window) >= (1.0 - NEGLIGIBLE) * hold_s;
    is_steady.then_some(load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    fn load(sets: &[&str]) -> Option<f64> {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let plain = ["host.gateway.time_wait=58s", "client.checkout.retry.attempts=1", "run.warm_up=auto"];
        let life = ["client.checkout.lifetime={ exponential = { mean = \"2s\" } }"];
        let rate = ["client.checkout.arrivals.poisson.rate=550/s"];
        let sets: Vec<String> = [&plain[..], &life, &rate, sets].concat().into_iter().map(str::to_owned).collect();
        let scenario = Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources);
        indirect_load(&scenario.unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn busy_ports_tell_refusals_in_a_steady_overload_only() {
        assert!((load(&[]).unwrap() - 33_000.0).abs() < 1e-6);
        let even = "client.checkout.arrivals={ constant = { rate = \"550/s\" } }";
        assert!(load(&[even]).is_some(), "Little's law knows no law of arrivals");
        for other in [
            "client.checkout.arrivals.poisson.rate=470/s",
            "client.checkout.retry.attempts=2",
            "host.gateway.time_wait={ timer_wheel = { wait = \"58s\", hz = 250 } }",
            "run.warm_up=10m",
            "client.checkout.lifetime={ constant = { value = \"2s\" } }",
            "client.checkout.lifetime={ pareto = { min = \"1s\", shape = 1.2 } }",
            "host.gateway.tw_reuse=on",
        ] {
            assert_eq!(load(&[other]), None, "{other}");
        }
    }

    /// Cycles until the first harmonic of refusals over a cycle has lost nine tenths, by a simulation of its own: ports,
    /// erlangs, scatter of the lifetime (exponential, over the cycle).
    const MEASURED: [(f64, f64, f64, f64); 10] = [
        (40.0, 61.0, 0.0, 10.0),
        (100.0, 150.0, 0.0, 19.0),
        (400.0, 500.0, 0.0, 19.0),
        (400.0, 600.0, 0.0, 75.0),
        (1_600.0, 1_760.0, 0.0, 16.0),
        (400.0, 600.0, 0.05, 32.0),
        (1_600.0, 2_400.0, 0.02, 167.0),
        (1_600.0, 2_400.0, 0.1, 14.0),
        (1_600.0, 8_000.0, 0.05, 48.0),
        (6_400.0, 7_100.0, 0.016_4, 60.0),
    ];

    #[test]
    fn a_wave_fades_as_measured() {
        for (ports, erlangs, scatter, cycles) in MEASURED {
            let text = if scatter > 0.0 {
                format!("{{ exponential = {{ mean = \"{:.3}ms\" }} }}", scatter * 1e3)
            } else {
                "{ constant = { value = \"1ms\" } }".to_owned()
            };
            let lifetime = super::super::mean::tests::law(&text);
            let each = Overloaded { ports, cycle_s: 1.0, rate_per_s: erlangs, spacing: Spacing::Poisson };
            let found = echo_s(&lifetime, each);
            assert!(
                (found / cycles - 1.0).abs() < 0.35,
                "{ports} ports, {erlangs} erlangs: {found}, {cycles} measured"
            );
        }
        let constant = super::super::mean::tests::law("{ constant = { value = \"2s\" } }");
        let even = Overloaded { ports: 10.0, cycle_s: 2.0, rate_per_s: 9.0, spacing: Spacing::Even };
        assert!(echo_s(&constant, even).is_infinite());
    }
}
