//! A histogram of whole numbers with a bounded relative error, after `HdrHistogram`.
//!
//! Exact below 1024; above, each octave has 512 buckets, so a quantile is at most 1/512 (0.2 %) too high and never too
//! low. Takes up to 96 KiB, and only as much as the largest value asks for.

use super::octaves::Octaves;

/// Counts of `u32` values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// As long as the largest value so far needs.
    counts: Vec<u64>,
}

/// 512 buckets in each octave.
type Buckets = Octaves<9>;

impl Histogram {
    /// An empty histogram; it takes no memory yet.
    pub const fn new() -> Self {
        Self { counts: Vec::new() }
    }

    /// Counts `value` once.
    #[inline]
    pub fn record(&mut self, value: u32) {
        let bucket = Buckets::bucket(value.into());
        match self.counts.get_mut(bucket) {
            Some(count) => *count += 1,
            None => self.grow_and_record(bucket),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_and_record(&mut self, bucket: usize) {
        // To the end of the octave, so that growing is rare.
        let octave = Buckets::PER_OCTAVE as usize;
        self.counts.resize((bucket / octave + 1) * octave, 0);
        self.counts[bucket] += 1;
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            *own += others;
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The least value such that at least ceil(`q` * count) values, and at least one, are at most that, for
    /// 0 <= `q` <= 1; rounded up to the end of its bucket (exact below 1024, at most 1/512 too high above).
    /// `None` when nothing was counted.
    ///
    /// # Panics
    ///
    /// When `q` is outside of [0, 1].
    pub fn quantile(&self, q: f64) -> Option<u32> {
        quantile(self.counts(), q)
    }

    /// The values that were counted, rising and each as the end of its bucket, and how often.
    ///
    /// # Panics
    ///
    /// Never: the buckets are those of `u32` values.
    pub fn counts(&self) -> impl Iterator<Item = (u32, u64)> + Clone {
        let last = |bucket| u32::try_from(Buckets::last(bucket)).expect("the bucket of a u32");
        let counts = self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        counts.map(move |(bucket, count)| (last(bucket), count))
    }
}

/// The least of rising values, each given with its count, such that at least ceil(`q` * count) of all, and at least one,
/// are at most that, for 0 <= `q` <= 1. `None` when there is none.
///
/// # Panics
///
/// When `q` is outside of [0, 1].
pub fn quantile<T>(counts: impl Iterator<Item = (T, u64)> + Clone, q: f64) -> Option<T> {
    assert!((0.0..=1.0).contains(&q), "a quantile lies between 0 and 1");
    let count: u64 = counts.clone().map(|(_, count)| count).sum();
    // 0.07 of 100 is 7, though the product comes out a rounding above it.
    let share = q * count as f64 * (1.0 - 4.0 * f64::EPSILON);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the count")]
    let rank = (share.ceil() as u64).clamp(1, count.max(1));
    let mut reached = 0;
    let mut found = counts.skip_while(|(_, count)| {
        reached += count;
        reached < rank
    });
    found.next().map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let values: Vec<u32> = (0..2_000_u32).map(|i| i * i % 4_001).collect();
        let mut histogram = Histogram::new();
        for value in &values {
            histogram.record(*value);
        }
        let mut sorted = values.clone();
        sorted.sort_unstable();
        assert_eq!(histogram.count(), 2_000);
        for percent in 0..=100_usize {
            let rank = (percent * 20).max(1);
            let (exact, ours) = (sorted[rank - 1], histogram.quantile(percent as f64 / 100.0).unwrap());
            assert!(ours >= exact && f64::from(ours - exact) <= f64::from(exact) / 512.0);
            assert!(exact >= 1024 || ours == exact);
        }
    }

    #[test]
    fn merging_is_recording_both() {
        let (mut one, mut other, mut both) = (Histogram::new(), Histogram::new(), Histogram::new());
        for value in [3, 70_000, u32::MAX] {
            one.record(value);
            both.record(value);
        }
        for value in [0, 1023, 1024] {
            other.record(value);
            both.record(value);
        }
        other.merge(&one);
        assert_eq!(other, both);
        assert_eq!(both.quantile(0.0), Some(0));
        assert_eq!(both.quantile(0.5), Some(1023));
        assert_eq!(both.quantile(1.0), Some(u32::MAX));
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Histogram::new().quantile(0.5), None);
        assert_eq!(Histogram::new().count(), 0);
    }
}
