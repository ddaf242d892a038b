//! Means over a law of lifetimes: of the ports held within a window, of a saturated port's cycle.

use super::lanes::TimeWait;
use crate::theory::{Window, saturated_cycle_ns};
use crate::workload::Lifetime;
use crate::workload::lifetime::{LifetimeLaw, nanos_from_secs};

/// A law is taken at as many of its quantiles.
const QUANTILES: u32 = 4_096;
/// A place in the grid, at as many of its points.
const PLACES: u32 = 16;

/// Seconds of arrivals that hold a port, on average over `window`, in a pool that refuses nobody: times the rate, the
/// mean number of busy ports (M/G/infinity from empty; Eick, Massey and Whitt, Operations Research 41, 1993).
///
/// The mean of min(hold, t) over the window: the mean hold, exactly, less what is not reached before the hold has
/// passed. Closes are spread evenly over the grid. The mean lifetime is finite, or this is 0.
pub(super) fn held_s(lifetime: &Lifetime, time_wait: TimeWait, window: Window) -> f64 {
    let Window { from_s, by_s } = window;
    let missing = |hold_s: f64| {
        let end_s = hold_s.clamp(from_s, by_s);
        (end_s - from_s) * (hold_s - 0.5 * (end_s + from_s))
    };
    let (wait_s, grid_s) = (time_wait.wait_s(), time_wait.grid_s());
    let places = |life_s: f64| {
        let place = |index: u32| missing(life_s + wait_s + grid_s * (f64::from(index) + 0.5) / f64::from(PLACES));
        (0..PLACES).map(place).sum::<f64>() / f64::from(PLACES)
    };
    let hold_s = lifetime.mean_s().unwrap_or(0.0) + wait_s + grid_s / 2.0;
    hold_s - over_law(lifetime, places) / (by_s - from_s)
}

/// The mean time between two uses of a port that is taken again as soon as it is free, in seconds.
pub(super) fn cycle_s(lifetime: &Lifetime, time_wait: TimeWait) -> f64 {
    let TimeWait::Batches { wait_s, grid_s, .. } = time_wait else {
        return lifetime.mean_s().unwrap_or(f64::INFINITY) + time_wait.wait_s();
    };
    let (wait, grid) = (nanos_from_secs(wait_s), nanos_from_secs(grid_s));
    over_law(lifetime, |life_s| saturated_cycle_ns(nanos_from_secs(life_s) + wait, grid) as f64 / 1e9)
}

/// The mean of a function of the lifetime.
fn over_law(lifetime: &Lifetime, of: impl Fn(f64) -> f64) -> f64 {
    if let Some(value) = lifetime.constant() {
        return of(value.as_secs_f64());
    }
    let at = |index: u32| of(lifetime.quantile_s((f64::from(index) + 0.5) / f64::from(QUANTILES)));
    (0..QUANTILES).map(at).sum::<f64>() / f64::from(QUANTILES)
}

#[cfg(test)]
mod tests {
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
            (cycle_s(&law, grid) - 63.488).abs() < 1e-9 && (cycle_s(&law, TimeWait::Exact(8.0)) - 10.0).abs() < 1e-9
        );
    }
}
