//! Renewal arrivals with exponential holds (GI/M/c/c): C. Palm 1943; L. Takacs, Introduction to the Theory of Queues,
//! 1962, chapter 4.
//!
//! The law of gaps enters by its Laplace-Stieltjes transform f, as the odds (1 - f(s)) / f(s): differences from 1 would
//! cost digits for large pools.

use crate::numeric;

/// What a pool with renewal arrivals does to them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Congestion {
    /// The share of arrivals refused.
    pub call: f64,
    /// The share of time without a free port; differs from [`Congestion::call`] unless arrivals are Poisson.
    pub time: f64,
    /// The mean number of busy ports.
    pub mean_occupancy: f64,
}

/// Congestion of `ports` (at least 1) offered `load` erlangs, for gaps whose transform has these odds,
/// (1 - f(s)) / f(s), with s in units of the release rate: `odds(1.0)` is at s = 1 / mean hold.
///
/// call = 1 / sum over k of C(N, k) prod over j <= k of odds(j); time = (a / N) odds(N) call.
///
/// # Panics
///
/// Without ports.
pub fn gim_congestion(ports: u32, load: f64, odds: impl Fn(f64) -> f64) -> Congestion {
    assert!(ports > 0, "without ports all is refused");
    // Terms of large pools leave the range of a double: everything is kept in units of 1e200^shrunk.
    let (mut term, mut sum, mut shrunk) = (1.0, 1.0, 0_i32);
    for k in 1..=ports {
        term *= f64::from(ports - k + 1) / f64::from(k) * odds(f64::from(k));
        sum += term;
        if sum > 1e200 {
            term *= 1e-200;
            sum *= 1e-200;
            shrunk += 1;
        }
    }
    let call = (0..shrunk).fold(1.0 / sum, |call, _| call * 1e-200);
    let last = f64::from(ports);
    // Where nothing is refused in a double's range, the pool is never full either.
    let time = if call > 0.0 { load / last * odds(last) * call } else { 0.0 };
    Congestion { call, time, mean_occupancy: load * (1.0 - call) }
}

/// Odds of evenly spaced arrivals at `load` erlangs: f(s) = exp(-s / a).
pub fn even_odds(load: f64) -> impl Fn(f64) -> f64 {
    move |s| numeric::exp_m1(s / load)
}

/// Odds of Erlang-`stages` gaps at `load` erlangs: f(s) = (K a / (K a + s))^K. One stage is Poisson; K stages are what
/// each of K sources sees of Poisson requests dealt to them in turn.
pub fn erlang_odds(stages: u32, load: f64) -> impl Fn(f64) -> f64 {
    let stages = f64::from(stages);
    move |s| numeric::exp_m1(stages * numeric::ln_1p(s / (stages * load)))
}

/// Odds of any transform f (s in units of the release rate), for pools of a few thousand ports at most: the difference
/// from 1 costs digits.
pub fn odds_of(transform: impl Fn(f64) -> f64) -> impl Fn(f64) -> f64 {
    move |s| {
        let f = transform(s);
        (1.0 - f) / f
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Case, close};
    use super::super::erlang_b;
    use super::*;

    #[test]
    fn even_arrivals_agree_with_the_cases() {
        let cases = Case::of("det_arrivals");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let load = case.get("mean_hold") / case.get("interarrival");
            let found = gim_congestion(case.count("N"), load, even_odds(load));
            close(found.call, case.expected("call_congestion"), 1e-12);
            close(found.time, case.expected("time_congestion"), 1e-12);
            close(found.mean_occupancy, case.expected("mean_occupancy"), 1e-12);
        }
    }

    #[test]
    fn round_robin_over_sources_agrees_with_the_case() {
        for case in Case::of("round_robin_ips") {
            let (ports, sources) = (case.count("N"), case.count("source_ips"));
            let all = case.get("lambda") * case.get("mean_hold");
            let each = all / f64::from(sources);
            let found = gim_congestion(ports, each, erlang_odds(sources, each));
            close(found.call, case.expected("call_congestion"), 1e-12);
            close(found.mean_occupancy, case.expected("mean_occupancy"), 1e-12);
            close(erlang_b(ports, each), case.expected("random_ip_blocking"), 1e-12);
            close(erlang_b(ports * sources, all), case.expected("any_free_ip_blocking"), 1e-12);
        }
    }

    #[test]
    fn bursts_agree_with_the_case() {
        for case in Case::of("ipp") {
            // Kuczura: an interrupted Poisson process has hyperexponential gaps.
            let (rate, on, off) = (case.get("rate_on"), 1.0 / case.get("mean_on"), 1.0 / case.get("mean_off"));
            let (sum, product) = (rate + on + off, rate * off);
            let root = (sum * sum - 4.0 * product).sqrt();
            let (fast, slow) = (0.5 * (sum + root), 0.5 * (sum - root));
            let share = (rate - slow) / (fast - slow);
            let load = rate * off / (on + off) * case.get("mean_hold");
            let transform = |s: f64| share * fast / (fast + s) + (1.0 - share) * slow / (slow + s);
            let found = gim_congestion(case.count("N"), load, odds_of(transform));
            close(found.call, case.expected("call_congestion"), 1e-12);
            close(found.time, case.expected("time_congestion"), 1e-12);
        }
    }

    #[test]
    fn one_stage_is_poisson_at_any_size() {
        for (ports, load) in [(1, 0.8), (500, 480.0), (28_232, 28_000.0)] {
            let found = gim_congestion(ports, load, erlang_odds(1, load));
            close(found.call, erlang_b(ports, load), 1e-11);
            close(found.time, found.call, 1e-11);
        }
        close(gim_congestion(28_232, 100.0, even_odds(100.0)).time, 0.0, 0.0);
    }
}
