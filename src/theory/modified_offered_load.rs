//! Refusals under a rate that changes: Erlang's formula at the load that the past really left. An approximation.
//!
//! Without a limit on ports, Poisson arrivals at rate lambda(t) with holds S keep on average
//! m(t) = integral of lambda(u) P(S > t - u) du ports busy, and their number is Poisson (Eick, Massey and Whitt, The
//! physics of the Mt/G/infinity queue, Operations Research 41, 1993). The modified offered load puts m(t) into Erlang B:
//! B ~ E[lambda B(N, m)] / E[lambda] (Jagerman 1975; `reference/theory.md` section 10). It is too low where refusals are
//! common, since those that are refused leave ports for others later, and gets better as they get rare.

use super::erlang::erlang_b;
use crate::numeric;

/// A span over which the rate is constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Arrivals per unit of time.
    pub rate: f64,
    /// How long, above 0.
    pub length: f64,
}

/// How long a port is held: an exponential lifetime, then a constant wait; either mean may be 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifeAndWait {
    /// The mean lifetime.
    pub life: f64,
    /// The wait after it.
    pub wait: f64,
}

/// A rate over time, and the busy ports that it leaves behind where there is no limit.
#[derive(Clone, Debug)]
pub struct ChangingRate {
    hold: LifeAndWait,
    pieces: Vec<Started>,
}

/// A piece, and what there was at its start.
#[derive(Clone, Copy, Debug)]
struct Started {
    at: f64,
    piece: Piece,
    /// Arrivals before, on average.
    arrived: f64,
    /// Open connections, if lifetimes were all of the hold.
    open: f64,
}

impl ChangingRate {
    /// From an empty range on.
    ///
    /// # Panics
    ///
    /// When there is no piece, or a rate, a length or a hold is negative.
    pub fn new(pieces: &[Piece], hold: LifeAndWait) -> Self {
        assert!(!pieces.is_empty() && hold.life >= 0.0 && hold.wait >= 0.0, "a rate and a hold");
        let mut next = Started { at: 0.0, piece: pieces[0], arrived: 0.0, open: 0.0 };
        let start = |piece: &Piece| {
            assert!(piece.rate >= 0.0 && piece.length > 0.0, "a rate over a span");
            let this = Started { piece: *piece, ..next };
            next = Started {
                at: this.at + piece.length,
                arrived: this.arrived + piece.rate * piece.length,
                open: this.open_after(piece.length, hold.life),
                ..this
            };
            this
        };
        Self { hold, pieces: pieces.iter().map(start).collect() }
    }

    /// The mean number of busy ports at `t`, from 0 to the end of the last piece.
    pub fn busy(&self, t: f64) -> f64 {
        let LifeAndWait { life, wait } = self.hold;
        let now = self.piece(t);
        let arrived = now.arrived + now.piece.rate * (t - now.at);
        // Those that came within the wait are all there, of those before it the ones that lived on.
        let Some(earlier) = (t >= wait).then(|| self.piece(t - wait)) else { return arrived };
        let gone = t - wait - earlier.at;
        arrived - (earlier.arrived + earlier.piece.rate * gone) + earlier.open_after(gone, life)
    }

    fn piece(&self, t: f64) -> &Started {
        let after = self.pieces.partition_point(|started| started.at <= t);
        &self.pieces[after.max(1) - 1]
    }

    /// The share of arrivals from time `from` on that `ports` ports refuse, by the modified offered load: approximate,
    /// from below. Each piece is cut into `steps`, whose middles stand for them.
    ///
    /// # Panics
    ///
    /// When there are no steps.
    pub fn refused_ratio(&self, ports: u32, from: f64, steps: u32) -> f64 {
        assert!(steps > 0, "at least one step");
        let (mut refused, mut arrived) = (0.0, 0.0);
        for Started { at, piece: Piece { rate, length }, .. } in &self.pieces {
            let step = length / f64::from(steps);
            for number in 0..steps {
                let t = at + step * (f64::from(number) + 0.5);
                if t >= from {
                    arrived += rate * step;
                    refused += rate * step * erlang_b(ports, self.busy(t));
                }
            }
        }
        if arrived > 0.0 { refused / arrived } else { 0.0 }
    }
}

impl Started {
    /// Open connections `gone` after the start, of mean lifetime `life`: d/dt = rate - open / life.
    fn open_after(&self, gone: f64, life: f64) -> f64 {
        if life <= 0.0 {
            return 0.0;
        }
        let settled = self.piece.rate * life;
        settled + (self.open - settled) * numeric::exp(-gone / life)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::Case;
    use super::*;

    fn steady(hold: LifeAndWait) -> ChangingRate {
        ChangingRate::new(&[Piece { rate: 4.0, length: 1.0 }, Piece { rate: 4.0, length: 99.0 }], hold)
    }

    #[test]
    fn a_steady_rate_is_erlangs() {
        for hold in [
            LifeAndWait { life: 2.0, wait: 0.0 },
            LifeAndWait { life: 0.0, wait: 2.0 },
            LifeAndWait { life: 0.5, wait: 1.5 },
        ] {
            let rate = steady(hold);
            assert!((rate.busy(90.0) - 8.0).abs() < 1e-9, "{hold:?}");
            assert!((rate.busy(1.0) - rate.busy(1.0 + 1e-9)).abs() < 1e-6, "{hold:?}: pieces join");
            let found = rate.refused_ratio(12, 60.0, 10);
            assert!((found / erlang_b(12, 8.0) - 1.0).abs() < 1e-9, "{hold:?}");
        }
    }

    #[test]
    fn a_range_fills_as_theory_says() {
        // Section 3.1: lambda t up to T, then lambda (T + h (1 - e^-((t - T) / h))).
        let rate = steady(LifeAndWait { life: 0.5, wait: 1.5 });
        assert!((rate.busy(1.2) - 4.8).abs() < 1e-12);
        let later = 4.0 * (1.5 + 0.5 * (1.0 - numeric::exp(-(2.5 - 1.5) / 0.5)));
        assert!((rate.busy(2.5) - later).abs() < 1e-12);
    }

    #[test]
    fn bursts_are_refused_nearly_as_often_as_the_exact_answer() {
        // Section 10: .110 for .1296 and .01064 for .01126.
        for (id, expected) in [("P15", 0.110), ("P16", 0.010_64)] {
            let case = Case::named(id);
            let get = |name| case.get(name);
            let mut state = 0x9E37_79B9_7F4A_7C15_u64;
            let mut exponential = |mean: f64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                -mean * numeric::ln(((state >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0)
            };
            let pieces: Vec<Piece> = (0..40_000)
                .flat_map(|_| {
                    [("rate1", "mean_state1"), ("rate2", "mean_state2")]
                        .map(|(rate, length)| Piece { rate: get(rate), length: exponential(get(length)) })
                })
                .collect();
            let rate = ChangingRate::new(&pieces, LifeAndWait { life: get("mean_hold"), wait: 0.0 });
            let found = rate.refused_ratio(case.count("N"), 100.0, 20);
            assert!((found / expected - 1.0).abs() < 0.02, "{id}: {found}");
            assert!(found < case.expected("call_congestion"), "{id}: from below");
        }
    }
}
