//! Can these ports have been chosen as Linux chooses them? Written from `reference/linux.md` 1.2 to 1.5 alone, port by
//! port.
//!
//! Nobody outside the kernel sees the start of a search. So every start that fits what was seen so far is kept: the
//! ports are explained as long as one is left.

use dryport::des::SimDuration;

/// One attempt as an onlooker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) at: SimDuration,
    /// The port, counted from the start of the range; `None`: refused.
    pub(super) offset: Option<u32>,
}

/// The ports of one destination, none of which is given back.
struct Onlooker {
    taken: Vec<bool>,
    /// Which start offsets are possible; start number s is offset 2 s.
    starts: Vec<bool>,
}

impl Onlooker {
    fn new(size: u32) -> Self {
        Self { taken: vec![false; size as usize], starts: vec![true; size as usize / 2] }
    }

    /// The first free port from `start` on, and how many ports were passed over in the pass that found it.
    fn search(&self, start: usize) -> Option<(usize, usize)> {
        let positions = self.starts.len() * 2;
        for parity in [0, 1] {
            let mut offset = 2 * start + parity;
            for passed in 0..self.starts.len() {
                if offset >= self.taken.len() {
                    offset -= positions;
                }
                if !self.taken[offset] {
                    return Some((offset, passed));
                }
                offset += 2;
            }
        }
        None
    }

    /// Keeps the starts that fit `offset`, moved on; says whether there are any.
    fn fits(&mut self, offset: Option<u32>) -> bool {
        let offset = offset.map(|offset| offset as usize);
        let mut next = vec![false; self.starts.len()];
        for start in (0..self.starts.len()).filter(|start| self.starts[*start]) {
            match self.search(start) {
                None if offset.is_none() => next[start] = true,
                Some((found, passed)) if offset == Some(found) => {
                    for random in 0..8 {
                        next[(start + passed.max(random) + 1) % self.starts.len()] = true;
                    }
                }
                _ => {}
            }
        }
        if let Some(offset) = offset {
            self.taken[offset] = true;
        }
        self.starts = next;
        self.starts.contains(&true)
    }
}

/// Ok when the kernel can have chosen so, else the number of the first attempt that cannot be explained. No port is
/// given back meanwhile, and `epoch` tells when the kernel's hash changes.
pub(super) fn explained(size: u32, seen: &[Seen], epoch: impl Fn(SimDuration) -> u64) -> Result<(), usize> {
    let mut onlooker = Onlooker::new(size);
    for (number, attempt) in seen.iter().enumerate() {
        if number > 0 && epoch(attempt.at) != epoch(seen[number - 1].at) {
            onlooker.starts.fill(true);
        }
        if !onlooker.fits(attempt.offset) {
            return Err(number);
        }
    }
    Ok(())
}

fn seen(offsets: &[Option<u32>]) -> Vec<Seen> {
    offsets.iter().map(|offset| Seen { at: SimDuration::ZERO, offset: *offset }).collect()
}

#[test]
fn the_rule_of_the_kernel_is_told_from_others() {
    let verdict = |size, offsets: &[u32]| {
        let offsets: Vec<_> = offsets.iter().map(|offset| Some(*offset)).collect();
        explained(size, &seen(&offsets), |_| 0)
    };
    assert_eq!(verdict(100, &[10, 12, 28, 30, 46]), Ok(()));
    assert_eq!(verdict(100, &[10, 28]), Err(1), "a step of 18");
    assert_eq!(verdict(100, &[10, 10]), Err(1), "a port twice");
    assert_eq!(verdict(100, &[11]), Err(0), "the other parity first");
    assert_eq!(verdict(100, &[96, 2]), Ok(()), "round the end");
    assert_eq!(verdict(4, &[2, 0, 3, 1]), Ok(()));
    // In a range of odd size the wrap is one position short.
    assert_eq!(verdict(5, &[4, 2]), Err(0), "4 is never where a search begins");
    assert_eq!(verdict(5, &[2, 4, 0, 1, 3]), Ok(()));
}

#[test]
fn refusals_are_told_from_ports_that_were_missed() {
    let full = [Some(0), Some(2), Some(1), Some(3), None, None];
    assert_eq!(explained(4, &seen(&full), |_| 0), Ok(()));
    assert_eq!(explained(4, &seen(&[Some(0), None]), |_| 0), Err(1));
    // Of an odd range the first port or the last may be missed.
    let missed = [Some(2), Some(4), Some(3), Some(1), None];
    assert_eq!(explained(5, &seen(&missed), |_| 0), Ok(()));
    assert_eq!(explained(5, &seen(&[Some(2), Some(4), Some(0), Some(1), None]), |_| 0), Err(4));
}

#[test]
fn a_new_hash_may_begin_anywhere() {
    let at = |seconds, offset| Seen { at: SimDuration::from_secs(seconds), offset: Some(offset) };
    let jump = [at(1, 10), at(9, 14), at(11, 80)];
    assert_eq!(explained(100, &jump, |at| at.as_nanos() / 10_000_000_000), Ok(()));
    assert_eq!(explained(100, &jump, |_| 0), Err(2));
}
