//! Means over a law of lifetimes: of the ports held within a window, of a saturated port's cycle.

use super::lanes::TimeWait;
use crate::theory::{Window, saturated_cycle_ns};
use crate::workload::Lifetime;
use crate::workload::lifetime::{LifetimeLaw, nanos_from_secs};

/// A law is taken by halves of what is left, down to what draws of 52 bits can reach: no tail is left out.
const HALVES: u32 = 52;
/// The first halves, where most lifetimes are, are taken at as many of their quantiles, later ones at fewer.
const QUANTILES: u32 = 2_048;
const QUANTILES_LATER: u32 = 128;
/// A place in the grid, at as many of its points.
const PLACES: u32 = 16;

/// Seconds of arrivals that hold a port, on average over `window`, in a pool that refuses nobody: times the rate, the
/// mean number of busy ports (M/G/infinity from empty; Eick, Massey and Whitt, Operations Research 41, 1993).
///
/// The mean of min(hold, t) over the window. Closes are spread evenly over the grid. The mean lifetime need not be
/// finite.
pub(super) fn held_s(lifetime: &Lifetime, time_wait: TimeWait, window: Window) -> f64 {
    let Window { from_s, by_s } = window;
    // The integral of min(hold, t) from `from_s` to `by_s`.
    let held = |hold_s: f64| {
        let end_s = hold_s.clamp(from_s, by_s);
        0.5 * (end_s - from_s) * (end_s + from_s) + (by_s - end_s) * hold_s
    };
    let (wait_s, grid_s) = (time_wait.wait_s(), time_wait.grid_s());
    let places = |life_s: f64| {
        let place = |index: u32| held(life_s + wait_s + grid_s * (f64::from(index) + 0.5) / f64::from(PLACES));
        (0..PLACES).map(place).sum::<f64>() / f64::from(PLACES)
    };
    over_law(lifetime, places) / (by_s - from_s)
}

/// The mean time between two uses of a port that is taken again as soon as it is free, in seconds; `None` when the
/// mean lifetime is infinite.
///
/// The mean hold, exactly, and what is left of the grid's step then: a function of the lifetime that has bounds, as
/// no sum over quantiles has the mean of a heavy tail.
pub(super) fn cycle_s(lifetime: &Lifetime, time_wait: TimeWait) -> Option<f64> {
    let hold_s = lifetime.mean_s()? + time_wait.wait_s();
    let TimeWait::Batches { wait_s, grid_s, .. } = time_wait else { return Some(hold_s) };
    let (wait, grid) = (nanos_from_secs(wait_s), nanos_from_secs(grid_s));
    let rest_s = |life_s: f64| {
        let hold = nanos_from_secs(life_s).saturating_add(wait);
        (saturated_cycle_ns(hold, grid) - hold) as f64 / 1e9
    };
    Some(hold_s + over_law(lifetime, rest_s))
}

/// Do lifetimes that are drawn have the mean of their law, but for a tenth? Of a tail that is heavy enough most of the
/// mean lies in values that never come, not even once in 2^52 draws.
pub(super) fn mean_is_drawn(lifetime: &Lifetime) -> bool {
    lifetime.mean_s().is_some_and(|mean_s| over_law(lifetime, |life_s| life_s) >= 0.9 * mean_s)
}

/// The variance of lifetimes, in seconds squared, of which none counts for more than `most_s`.
pub(super) fn variance_s2(lifetime: &Lifetime, most_s: f64) -> f64 {
    let mean_s = over_law(lifetime, |life_s| life_s.min(most_s));
    over_law(lifetime, |life_s| (life_s.min(most_s) - mean_s) * (life_s.min(most_s) - mean_s))
}

/// The mean of a function of the lifetime, by the midpoint rule over quantiles.
fn over_law(lifetime: &Lifetime, of: impl Fn(f64) -> f64) -> f64 {
    if let Some(value) = lifetime.constant() {
        return of(value.as_secs_f64());
    }
    let (mut sum, mut left) = (0.0, 1.0);
    for half in 0..HALVES {
        let points = if half < 3 { QUANTILES } else { QUANTILES_LATER };
        let step = 0.5 * left / f64::from(points);
        let at = |index: u32| of(lifetime.quantile_s(1.0 - left + step * (f64::from(index) + 0.5)));
        sum += step * (0..points).map(at).sum::<f64>();
        left *= 0.5;
    }
    sum
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::des::SimDuration;
    use crate::numeric;
    use crate::theory::Phase;
    use crate::workload::lifetime::{Constant, Exponential};

    #[test]
    fn an_exponential_hold_fills_as_its_formula_says() {
        // E min(H, t) = m (1 - exp(-t/m)); its mean from a to b is m - m^2 (exp(-a/m) - exp(-b/m)) / (b - a).
        let law = Lifetime::Exponential(Exponential::new(SimDuration::from_secs(60)));
        for (from_s, by_s) in [(0.0, 600.0), (30.0, 90.0), (600.0, 700.0)] {
            let e = |t: f64| numeric::exp(-t / 60.0);
            let exact = 60.0 - 3_600.0 * (e(from_s) - e(by_s)) / (by_s - from_s);
            let found = held_s(&law, TimeWait::Exact(0.0), Window { from_s, by_s });
            assert!((found / exact - 1.0).abs() < 2e-4, "{found} {exact}");
        }
    }

    #[test]
    fn a_constant_hold_is_exact() {
        let law = Lifetime::Constant(Constant::new(SimDuration::from_secs(2)));
        for (from_s, by_s, held) in [(0.0, 5.0, 2.5), (0.0, 20.0, 7.5), (10.0, 20.0, 10.0)] {
            assert!((held_s(&law, TimeWait::Exact(8.0), Window { from_s, by_s }) - held).abs() < 1e-12);
        }
        let grid = TimeWait::Batches { wait_s: 60.0, grid_s: 2.048, phase: Phase::Drawn };
        assert!(
            (cycle_s(&law, grid).unwrap() - 63.488).abs() < 1e-9
                && (cycle_s(&law, TimeWait::Exact(8.0)).unwrap() - 10.0).abs() < 1e-9
        );
    }

    /// A law from the defining text of a scenario.
    pub(crate) fn law(text: &str) -> Lifetime {
        let scenario = include_str!("../../scenarios/quickstart.toml");
        let sources: std::collections::BTreeMap<String, Vec<u8>> = std::collections::BTreeMap::new();
        let set = [format!("client.checkout.lifetime={text}")];
        let read =
            crate::scenario::Scenario::read(&crate::scenario::SourceFile::new("x.toml", scenario), &set, &sources);
        read.unwrap_or_else(|error| panic!("{error}")).clients.swap_remove(0).lifetime
    }

    #[test]
    fn no_cycle_is_shorter_than_mean_and_wait_nor_longer_by_more_than_a_step() {
        let grid = TimeWait::Batches { wait_s: 60.0, grid_s: 2.048, phase: Phase::Drawn };
        for text in [
            "{ exponential = { mean = \"50ms\" } }",
            "{ exponential = { mean = \"1d\" } }",
            "{ exponential = { mean = \"10d\" } }",
            "{ exponential = { mean = \"3000d\" } }",
            "{ pareto = { min = \"10ms\", shape = 1.0001 } }",
            "{ pareto = { min = \"10ms\", shape = 1.2 } }",
            "{ lognormal = { median = \"50ms\", sigma = 4.0 } }",
        ] {
            let law = law(text);
            let least_s = law.mean_s().unwrap() + 60.0;
            let cycle_s = cycle_s(&law, grid).unwrap();
            assert!(least_s < cycle_s && cycle_s <= least_s + 2.048, "{text}: {cycle_s}, at least {least_s}");
        }
        assert_eq!(cycle_s(&law("{ pareto = { min = \"10ms\", shape = 0.9 } }"), grid), None);
    }

    #[test]
    fn a_heavy_tail_holds_what_its_formula_says() {
        // E min(H, t) of Pareto is (a m - (m/t)^a t) / (a - 1); from 0, where t < m, on average over the window by hand.
        let law = law("{ pareto = { min = \"10ms\", shape = 1.0001 } }");
        let (m, a) = (0.01_f64, 1.0001_f64);
        let upto = |t: f64| (a * m - t * numeric::pow(m / t, a)) / (a - 1.0);
        let steps = 100_000;
        let at = |index: u32| upto(300.0 + 300.0 * (f64::from(index) + 0.5) / f64::from(steps));
        let exact = (0..steps).map(at).sum::<f64>() / f64::from(steps);
        let found = held_s(&law, TimeWait::Exact(0.0), Window { from_s: 300.0, by_s: 600.0 });
        assert!((found / exact - 1.0).abs() < 1e-3, "{found} {exact}");
        assert!(!mean_is_drawn(&law) && found < 0.2);
    }
}
