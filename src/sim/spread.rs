//! Which source address and which endpoint an attempt uses.

use crate::des::random::below;
use crate::workload::Spread;

/// A client's rules and how often each has been applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spreading {
    pub(super) source: Spread,
    pub(super) balance: Spread,
    pub(super) addresses: u32,
}

/// The random words of one attempt, for the rules that need them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpreadWords {
    pub(super) source: u64,
    pub(super) endpoint: u64,
}

impl SpreadWords {
    /// The words of the request's how-manieth attempt: a retry applies the rule anew.
    pub(super) fn of_attempt(self, retry: u32) -> Self {
        if retry == 0 {
            return self;
        }
        Self { source: mix(self.source, retry), endpoint: mix(self.endpoint, retry) }
    }
}

/// A fresh word from a word and a number (the finaliser of `SplitMix64`, Steele and others 2014).
fn mix(word: u64, number: u32) -> u64 {
    let mut z = word.wrapping_add(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Spreading {
    /// Source address and endpoint where the attempt that is the `turn`-th to this destination, which has `endpoints`,
    /// begins to look for a port.
    #[inline]
    pub(super) fn pick(self, endpoints: u32, turn: u64, words: SpreadWords) -> (u32, u32) {
        let source = match self.source {
            Spread::Random => below(words.source, self.addresses),
            Spread::RoundRobin => turn_of(turn, self.addresses),
            Spread::FirstFree => 0,
        };
        let endpoint = match self.balance {
            Spread::Random => below(words.endpoint, endpoints),
            Spread::RoundRobin if self.source == Spread::RoundRobin => {
                // In lockstep the two would meet only every least common multiple; one step aside after each.
                let round = turn / lcm(self.addresses, endpoints);
                turn_of(turn + round, endpoints)
            }
            Spread::RoundRobin => turn_of(turn, endpoints),
            Spread::FirstFree => 0,
        };
        (source, endpoint)
    }

    /// Where it looks when it has found none there: `first-free` tries the next endpoint, then the next address.
    pub(super) fn next(self, endpoints: u32, (source, endpoint): (u32, u32)) -> Option<(u32, u32)> {
        let (in_turn, balanced) = (self.source == Spread::FirstFree, self.balance == Spread::FirstFree);
        if balanced && endpoint + 1 < endpoints {
            return Some((source, endpoint + 1));
        }
        let first = if balanced { 0 } else { endpoint };
        (in_turn && source + 1 < self.addresses).then_some((source + 1, first))
    }
}

fn turn_of(turn: u64, n: u32) -> u32 {
    u32::try_from(turn % u64::from(n)).expect("below a 32-bit number")
}

fn lcm(a: u32, b: u32) -> u64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    u64::from(a / x) * u64::from(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spreading(source: Spread, balance: Spread, addresses: u32) -> Spreading {
        Spreading { source, balance, addresses }
    }

    #[test]
    fn two_round_robins_visit_every_pair_equally_often() {
        let rule = spreading(Spread::RoundRobin, Spread::RoundRobin, 4);
        let mut counts = std::collections::BTreeMap::new();
        for turn in 0..48 {
            *counts.entry(rule.pick(6, turn, SpreadWords::default())).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| *count == 2));
    }

    #[test]
    fn first_free_goes_from_endpoint_to_endpoint_and_then_to_the_next_address() {
        let all = |rule: Spreading, turn| {
            let first = rule.pick(2, turn, SpreadWords::default());
            std::iter::successors(Some(first), |pair| rule.next(2, *pair)).collect::<Vec<_>>()
        };
        let both = spreading(Spread::FirstFree, Spread::FirstFree, 3);
        assert_eq!(all(both, 9), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
        assert_eq!(all(spreading(Spread::RoundRobin, Spread::FirstFree, 3), 5), [(2, 0), (2, 1)]);
        assert_eq!(all(spreading(Spread::FirstFree, Spread::RoundRobin, 3), 5), [(0, 1), (1, 1), (2, 1)]);
        assert_eq!(all(spreading(Spread::RoundRobin, Spread::RoundRobin, 3), 1), [(1, 1)]);
    }

    #[test]
    fn a_retry_applies_the_rule_anew() {
        let rule = spreading(Spread::Random, Spread::Random, 65_536);
        let words = SpreadWords { source: 1 << 63, endpoint: 5 };
        let picks: std::collections::BTreeSet<_> =
            (0..20).map(|retry| rule.pick(1, 0, words.of_attempt(retry))).collect();
        assert!(picks.len() > 18, "{picks:?}");
        assert_eq!(rule.pick(1, 0, words.of_attempt(0)), (32_768, 0));
    }
}
