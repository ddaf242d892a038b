//! What lasts where more ports are wanted than there are: the law that ties busy ports to refusals, and the echo of an
//! empty start.

use super::mean::{held_s, mean_is_drawn, variance_s2};
use super::{TimeWait, plain_sockets, time_wait};
use crate::scenario::{Host, Scenario};
use crate::theory::Window;
use crate::workload::lifetime::LifetimeLaw;
use crate::workload::{Arrivals, Lifetime};

/// An empty start echoes for so many cycles of a port, over the squared share that one cycle scatters by: measured, as
/// the 330 port holds of `reference/theory.md` 0.4, where holds of 122 s scatter by 2 s.
const ECHO: f64 = 0.09;
/// And for so many at least, as an automatic warm-up below the ceiling.
const ECHO_CYCLES_MIN: f64 = 10.0;
/// What an empty start may still keep from the mean of busy ports, as a share of it.
const NEGLIGIBLE: f64 = 1e-3;

/// Between two uses of a port that is never idle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cycle {
    /// Its mean, in seconds.
    pub(super) mean_s: f64,
    /// How long a free port waits for the next connect, in seconds, and scatters by; 0 where connects come evenly.
    pub(super) idle_s: f64,
}

/// How long after an empty start its wave is felt, in seconds, in a range of which more ports are wanted than it has;
/// infinite where nothing scatters.
///
/// Ports that are taken one after another come back one after another: the range fills, refuses until the first of them
/// come back, and does so again with every cycle. Only what scatters a cycle blurs the wave, as a random walk does: its
/// width grows with the root of the number of cycles.
pub(super) fn echo_s(lifetime: &Lifetime, cycle: Cycle) -> f64 {
    let Cycle { mean_s, idle_s } = cycle;
    let variance_s2 = variance_s2(lifetime, mean_s) + idle_s * idle_s;
    mean_s * (ECHO * mean_s * mean_s / variance_s2).max(ECHO_CYCLES_MIN)
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
    plain_sockets(scenario, client, host, &way).ok()?;
    let wait = time_wait(scenario, client, host);
    let TimeWait::Exact(wait_s) = wait else { return None };
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
    let idle_s = if matches!(client.arrivals, Arrivals::Poisson(_)) { lanes / rate_per_s } else { 0.0 };
    let from_s = scenario.warm_up().as_secs_f64();
    let window = Window { from_s, by_s: from_s + scenario.run.duration.as_secs_f64() };
    let is_steady = from_s >= echo_s(lifetime, Cycle { mean_s: hold_s, idle_s })
        && held_s(lifetime, wait, window) >= (1.0 - NEGLIGIBLE) * hold_s;
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
            "host.gateway.tw_reuse=all",
        ] {
            assert_eq!(load(&[other]), None, "{other}");
        }
    }

    #[test]
    fn a_wave_fades_with_the_square_of_what_scatters() {
        let lifetime = |mean: &str| {
            let law = format!("{{ exponential = {{ mean = \"{mean}\" }} }}");
            super::super::mean::tests::law(&law)
        };
        let cycles = |mean: &str, idle_s| echo_s(&lifetime(mean), Cycle { mean_s: 122.0, idle_s }) / 122.0;
        assert!((cycles("2s", 0.0) / 334.9 - 1.0).abs() < 0.01, "the case that was measured: {}", cycles("2s", 0.0));
        assert!((cycles("1s", 0.0) / cycles("2s", 0.0) - 4.0).abs() < 0.05);
        assert!((cycles("1ns", 2.0) / cycles("2s", 0.0) - 1.0).abs() < 0.01);
        assert!((cycles("1000s", 0.0) - ECHO_CYCLES_MIN).abs() < 1e-9);
        assert!(
            echo_s(
                &super::super::mean::tests::law("{ constant = { value = \"2s\" } }"),
                Cycle { mean_s: 2.0, idle_s: 0.0 }
            )
            .is_infinite()
        );
    }
}
