//! Evenly spaced arrivals with equal holds (D/D/c/c), releases before arrivals at one instant.

/// Arrivals every `gap`, each holding a port for `hold`, both whole in one unit (nanoseconds): ties are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evenly {
    /// Between two arrivals, above 0.
    pub gap: u64,
    /// From the choice of a port to its release.
    pub hold: u64,
}

impl Evenly {
    /// Arrivals in one hold, L = ceil(hold / gap): the ports in use without a limit, and the period of the pattern.
    ///
    /// # Panics
    ///
    /// When the gap is zero.
    pub fn ports_needed(&self) -> u64 {
        assert!(self.gap > 0, "arrivals lie apart");
        self.hold.div_ceil(self.gap)
    }

    /// The share of arrivals refused by `ports`: of each L in a row, N are accepted, 1 - N / L; none when L <= N.
    ///
    /// # Panics
    ///
    /// When the gap is zero.
    pub fn refused_ratio(&self, ports: u32) -> f64 {
        let needed = self.ports_needed();
        let ports = u64::from(ports);
        if needed <= ports && ports > 0 { 0.0 } else { (needed - ports) as f64 / needed.max(1) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Case, close};
    use super::*;

    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers of the table")]
    fn the_cases_agree_exactly() {
        let nanos = |seconds: f64| (seconds * 1e9 + 0.5) as u64;
        let cases = Case::of("det_det");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let evenly = Evenly {
                gap: nanos(case.get("interarrival")),
                hold: nanos(case.get("mean_hold") + case.get("timewait")),
            };
            close(evenly.refused_ratio(case.count("N")), case.expected("call_congestion"), 1e-15);
            close(evenly.ports_needed() as f64, case.expected("cycle_arrivals"), 0.0);
        }
    }
}
