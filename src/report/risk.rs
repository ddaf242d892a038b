//! What counted runs say of the risk: an interval, or a bound when none or all of them were refused.

use super::words;

/// The risk as it is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Risk {
    /// No run was refused.
    Below(Bound),
    /// Every run was.
    Above(Bound),
    /// Some were.
    Between(f64, f64),
}

/// A bound, and where it is from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) value: f64,
    /// The rule of three, rather than the interval of the summary.
    pub(super) by_rule_of_three: bool,
}

impl Risk {
    /// From `refused` of `runs`, with their interval at this level.
    ///
    /// None or all of the runs give the rule of three (Hanley and Lippman-Hand 1983), a round figure just outside the
    /// exact bound of the CSV (0.139 for none of 20, where the screen says 15 %). It speaks of 95 % and of more than
    /// three runs.
    pub(super) fn of(refused: u64, runs: u64, interval: Option<(f64, f64)>, confidence: f64) -> Self {
        let (low, high) = interval.unwrap_or((0.0, 1.0));
        let by_rule_of_three = runs > 3 && words::percent(confidence) == "95";
        let three = 3.0 / runs as f64;
        let bound =
            |exact: f64, rule: f64| Bound { value: if by_rule_of_three { rule } else { exact }, by_rule_of_three };
        match refused {
            0 => Self::Below(bound(high.clamp(0.0, 1.0), three)),
            all if all == runs => Self::Above(bound(low.clamp(0.0, 1.0), 1.0 - three)),
            _ => Self::Between(low, high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_three_speaks_of_95_per_cent_and_more_than_three_runs() {
        let below = |runs, level| Risk::of(0, runs, Some((0.0, 0.4)), level);
        assert_eq!(below(20, 0.95), Risk::Below(Bound { value: 0.15, by_rule_of_three: true }));
        assert_eq!(below(20, 0.99), Risk::Below(Bound { value: 0.4, by_rule_of_three: false }));
        assert_eq!(below(3, 0.95), Risk::Below(Bound { value: 0.4, by_rule_of_three: false }));
        assert_eq!(Risk::of(20, 20, None, 0.95), Risk::Above(Bound { value: 0.85, by_rule_of_three: true }));
        assert_eq!(Risk::of(1, 20, Some((0.1, 0.2)), 0.95), Risk::Between(0.1, 0.2));
    }
}
