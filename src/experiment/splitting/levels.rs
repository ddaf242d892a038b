//! At how few free ports runs are copied, and how often: chosen from what a pilot saw.
//!
//! Best are levels of which each is reached from the one before with a probability of 0.1 to 0.3, and as many copies
//! as make up for it: then every level sees about as many attempts as the run itself does (Villen-Altamirano, 1994;
//! Glasserman and others, Operations Research 47, 1999). For a range of N ports under a steady load that is about every
//! sqrt(N)/2 ports; for a small one, every few.

/// The next level is where the share of attempts that come so far falls to this part of the share of the last level.
const SHARE: f64 = 0.25;
/// The most runs that go on from a level.
const FACTOR_MAX: f64 = 64.0;
/// The fewest: with fewer it is no level.
const FACTOR_MIN: f64 = 2.0;

/// Where runs are copied, from many free ports to few.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    all: Vec<Level>,
    /// The share of attempts that come as far as the last.
    share: f64,
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    /// It is reached when so many ports of some lane are free, or fewer.
    free: u32,
    /// So many runs go on from there.
    factor: u32,
}

impl Levels {
    /// None yet.
    pub(super) const NONE: Self = Self { all: Vec::new(), share: 1.0, ended: false };

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many runs go on from level number `level`, counted from 0: at least two.
    pub(super) fn factor(&self, level: usize) -> u32 {
        self.all[level].factor
    }

    /// How many levels are reached with so few free ports, when `before` were until now.
    #[inline]
    pub(super) fn reached(&self, free: u32, before: usize) -> usize {
        let mut level = before;
        while level < self.all.len() && free <= self.all[level].free {
            level += 1;
        }
        while level > 0 && free > self.all[level - 1].free {
            level -= 1;
        }
        level
    }

    /// Do they go as far as the full range?
    pub(super) const fn have_ended(&self) -> bool {
        self.ended
    }

    /// Adds the levels that a pilot came to often enough, up to `most` in all. Says whether there were any.
    pub(super) fn extend(&mut self, seen: &Histogram, most: usize) -> bool {
        let before = self.all.len();
        let shares = seen.shares();
        let from = self.all.last().map_or(shares.len(), |last| last.free as usize);
        for (free, share) in shares[..from].iter().enumerate().rev() {
            let Some(share) = *share else { return self.all.len() > before };
            if share > SHARE * self.share && free > 0 {
                continue;
            }
            let factor = (self.share / share + 0.5).floor().min(FACTOR_MAX);
            if factor >= FACTOR_MIN {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 64")]
                let factor = factor as u32;
                self.all.push(Level { free: u32::try_from(free).expect("a number of ports"), factor });
                self.share = share;
            }
            if self.all.len() >= most {
                break;
            }
        }
        self.ended = true;
        self.all.len() > before
    }
}

/// How few free ports attempts found, in some lane.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// By the number of free ports: what such attempts count for together, and how many were simulated.
    found: Vec<(f64, u64)>,
}

impl Histogram {
    /// For lanes of so many ports at most.
    pub(super) fn new(ports: u32) -> Self {
        Self { found: vec![(0.0, 0); ports as usize + 1] }
    }

    /// An attempt that counts for `weight`.
    #[inline]
    pub(super) fn note(&mut self, free: u32, weight: f64) {
        let (weights, count) = &mut self.found[free as usize];
        *weights += weight;
        *count += 1;
    }

    /// Adds what another run saw.
    pub(super) fn add(&mut self, other: &Self) {
        for ((weights, count), (more, many)) in self.found.iter_mut().zip(&other.found) {
            *weights += more;
            *count += many;
        }
    }

    /// For each number of free ports, the share of attempts that found as many or fewer; `None` where too few did.
    fn shares(&self) -> Vec<Option<f64>> {
        let total = self.found.iter().fold(0.0, |sum, (weights, _)| sum + weights);
        // One coming and going of a large range is thousands of attempts long.
        let enough = 50 + self.found.len() as u64 / 4;
        let (mut weights, mut count) = (0.0, 0);
        let of = |(more, many): &(f64, u64)| {
            (weights, count) = (weights + more, count + many);
            (count >= enough).then(|| weights / total)
        };
        self.found.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many attempts as powers of a tenth of a million, from ten free ports down to none.
    fn tenths() -> Histogram {
        let mut seen = Histogram::new(10);
        for free in 0..=10_u32 {
            for _ in 0..1_000 {
                seen.note(free, (0..10 - free).fold(1.0, |weight, _| weight * 0.1));
            }
        }
        seen
    }

    #[test]
    fn every_tenth_is_a_level_down_to_the_full_range() {
        let mut levels = Levels::NONE;
        assert!(levels.extend(&tenths(), 100));
        assert!(levels.have_ended());
        let frees: Vec<u32> = levels.all.iter().map(|level| level.free).collect();
        assert_eq!(frees, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert!(levels.all.iter().all(|level| (10..=11).contains(&level.factor)), "{levels:?}");
        assert!(!levels.clone().extend(&tenths(), 100), "there are no more");
    }

    #[test]
    fn what_was_seen_too_rarely_is_no_level_and_neither_is_one_too_many() {
        let mut rare = Histogram::new(10);
        for _ in 0..1_000 {
            rare.note(10, 1.0);
        }
        for _ in 0..40 {
            rare.note(4, 1.0);
        }
        let mut levels = Levels::NONE;
        assert!(!levels.extend(&rare, 100) && !levels.have_ended());
        assert!(levels.extend(&tenths(), 3) && levels.len() == 3);
    }

    #[test]
    fn a_level_is_reached_from_above_and_left_from_below() {
        let mut levels = Levels::NONE;
        levels.extend(&tenths(), 4);
        assert_eq!((levels.reached(10, 0), levels.reached(9, 0), levels.reached(7, 1)), (0, 1, 3));
        assert_eq!((levels.reached(0, 0), levels.reached(8, 4), levels.reached(10, 4)), (4, 2, 0));
    }
}
