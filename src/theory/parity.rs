//! Linux's `connect()` prefers one half of the range by parity; Poisson arrivals, any law of holds.
//!
//! The preferred half is a loss system by itself, and the other half gets its overflow. Both follow from Erlang B.

use super::erlang::erlang_b;

/// How a pool with a preferred half is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parity {
    /// The share of time in which the preferred half is full: B(N/2, a).
    pub first_half_full: f64,
    /// The share of all arrivals that get a port of the other half: B(N/2, a) - B(N, a).
    pub second_half_fraction: f64,
    /// The mean number of busy ports in the other half: a times that share.
    pub second_half_mean: f64,
}

impl Parity {
    /// For an even number of `ports` offered `load` erlangs.
    ///
    /// # Panics
    ///
    /// When `ports` is odd, or `load` is negative, infinite or NaN.
    pub fn of(ports: u32, load: f64) -> Self {
        assert!(ports.is_multiple_of(2), "two halves");
        let first_half_full = erlang_b(ports / 2, load);
        let second_half_fraction = first_half_full - erlang_b(ports, load);
        Self { first_half_full, second_half_fraction, second_half_mean: load * second_half_fraction }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Case, close};
    use super::*;

    #[test]
    fn the_halves_agree_with_the_case() {
        let cases = Case::of("linux_parity");
        assert_eq!(cases.len(), 1);
        for case in cases {
            let load = case.get("lambda") * (case.get("mean_hold") + case.get("timewait"));
            let halves = Parity::of(case.count("N"), load);
            close(erlang_b(case.count("N"), load), case.expected("blocking"), 1e-12);
            close(halves.first_half_full, case.expected("first_half_full"), 1e-12);
            close(halves.second_half_fraction, case.expected("second_half_fraction"), 1e-12);
            close(halves.second_half_mean, case.expected("second_half_mean"), 1e-12);
        }
    }
}
