//! The scan of Linux `connect()` when `net.ipv4.ip_local_port_step_width` is set (7.1, 7da62262ec96; `reference/linux.md`
//! 1.9): every attempt draws how far apart its candidates are, so that a search leaves no trail behind a block of taken
//! ports. A step that shares no divisor with the number of candidates still meets each of them once.

use super::parity_scan::{STEP, scan};
use super::{Choice, Setup};
use crate::des::Words;
use crate::des::random::below;
use crate::port::lane::{Lane, Layout, narrow};

/// Draws steps up to a width.
#[derive(Clone, Debug)]
pub(super) struct RandomStep {
    width: u32,
    draws: Words,
}

impl RandomStep {
    /// `None` when the setting is off.
    pub(super) fn new(setup: &Setup<'_>) -> Option<Self> {
        let draws = || setup.randomness.words(setup.owner, "port step");
        (setup.step_width > 0).then(|| Self { width: setup.step_width, draws: draws() })
    }

    /// Goes on in branch number `branch`.
    pub(super) fn rekey(&mut self, branch: u64) {
        self.draws.rekey(branch);
    }

    /// [`scan`] with a step of its own: the answer, and the counter of the last pass, which goes up by 2 for each
    /// candidate however far apart they are.
    #[cold]
    pub(super) fn scan(&mut self, start: u32, lane: &Lane, layout: &Layout) -> (Choice, u32) {
        let rem = layout.range().len() & !1;
        if rem == 0 {
            return (scan(start, lane, layout), 0);
        }
        let step = STEP * self.step(rem / STEP);
        let begun = narrow((start % rem) & !1);
        let mut probes = 0;
        for pass in 0..2 {
            let mut at = ((start % rem) & !1) + pass;
            for i in (0..rem).step_by(STEP as usize) {
                if at >= layout.range().len() {
                    at -= rem;
                }
                let offset = narrow(at);
                probes += layout.usable_probes(offset);
                if lane.is_free(offset) {
                    return (Choice::new(Some(offset), probes, begun), i);
                }
                at += step;
            }
        }
        (Choice::new(None, probes, begun), 0)
    }

    /// Uniform in 1 to the width or the number of candidates, then up to the next one that shares no divisor with that
    /// number; 1 when there is none.
    fn step(&mut self, candidates: u32) -> u32 {
        let highest = self.width.min(candidates);
        let drawn = 1 + below(self.draws.word(), highest);
        (drawn..=highest).find(|step| greatest_common_divisor(*step, candidates) == 1).unwrap_or(1)
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::allocator::literal::setup;
    use crate::port::lane::Split;
    use crate::port::range::{PortRange, PortSet};

    #[test]
    fn a_step_shares_no_divisor_and_is_as_wide_as_it_may_be() {
        let layout = Layout::new(PortRange::new(10, 10).unwrap(), &PortSet::default(), Split::ByParity);
        let steps = |width, candidates| {
            let setup = Setup { step_width: width, ..setup(&layout, 1) };
            let mut random = RandomStep::new(&setup).unwrap();
            let mut seen: Vec<u32> = (0..400).map(|_| random.step(candidates)).collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        assert_eq!(steps(65_535, 12), [1, 5, 7, 11]);
        assert_eq!(steps(6, 12), [1, 5]);
        assert_eq!(steps(1, 12), [1]);
        assert_eq!(steps(65_535, 7), [1, 2, 3, 4, 5, 6]);
        assert_eq!(steps(65_535, 1), [1]);
        assert!(RandomStep::new(&setup(&layout, 1)).is_none());
    }
}
