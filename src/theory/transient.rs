//! Filling an empty pool: Poisson arrivals and constant holds, up to the first release.
//!
//! Nothing is given back before the hold has passed, so the N-th port is taken at an Erlang(N, rate) time, exactly.

use super::poisson::poisson_upper_tail;
use crate::numeric;

/// A pool that starts empty and gives nothing back; valid for times up to the hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filling {
    /// The size of the pool, at least 1.
    pub ports: u32,
    /// Arrivals per unit of time, above 0.
    pub rate: f64,
}

impl Filling {
    /// The probability that all ports were taken at some time up to `time`: P(Poisson(rate time) >= N).
    pub fn full_by(&self, time: f64) -> f64 {
        poisson_upper_tail(self.ports - 1, self.rate * time)
    }

    /// The probability of a refusal up to `time`: P(Poisson(rate time) >= N + 1).
    pub fn refusal_by(&self, time: f64) -> f64 {
        poisson_upper_tail(self.ports, self.rate * time)
    }

    /// The mean time until the last port is taken, N / rate.
    pub fn mean_time_to_full(&self) -> f64 {
        f64::from(self.ports) / self.rate
    }

    /// The time by which the pool is full with probability `p` (0 < p < 1): a gamma quantile.
    pub fn time_to_full(&self, p: f64) -> f64 {
        numeric::gamma_quantile(f64::from(self.ports), p) / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Case, close};
    use super::*;

    #[test]
    fn filling_agrees_with_the_cases() {
        let cases = Case::of("transient_const");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let pool = Filling { ports: case.count("N"), rate: case.get("lambda") };
            let time = case.get("t");
            close(pool.full_by(time), case.expected("prob_full_by_t"), 1e-12);
            close(pool.refusal_by(time), case.expected("prob_block_by_t"), 1e-12);
            close(pool.mean_time_to_full(), case.expected("mean_time_to_Nth_port_if_before_D"), 1e-15);
            close(pool.full_by(pool.time_to_full(0.1)), 0.1, 1e-11);
        }
    }
}
