//! Buckets for whole numbers, as wide as the numbers are large: a bounded relative error, after `HdrHistogram`.

/// Buckets of whole numbers, 2^`BITS` in each octave: exact below 2^(`BITS` + 1), at most 1 / 2^`BITS` wide above.
#[derive(Clone, Copy, Debug)]
pub struct Octaves<const BITS: u32>;

impl<const BITS: u32> Octaves<BITS> {
    /// Buckets per octave, and the first value of the first octave that is not exact by half.
    pub const PER_OCTAVE: u32 = 1 << BITS;

    /// The bucket of `value`: its leading `BITS` + 1 bits and how far they were shifted, so that buckets rise with the
    /// value.
    #[expect(clippy::cast_possible_truncation, reason = "at most 64 - `BITS` octaves of 2^`BITS`")]
    #[inline]
    pub const fn bucket(value: u64) -> usize {
        let shift = (63 - BITS) - (value | (1 << BITS)).leading_zeros();
        (((shift as u64) << BITS) + (value >> shift)) as usize
    }

    /// The largest value in a bucket.
    ///
    /// # Panics
    ///
    /// When there is no such bucket.
    pub fn last(bucket: usize) -> u64 {
        let bucket = bucket as u64;
        let shift = (bucket >> BITS).saturating_sub(1);
        assert!(shift < u64::from(64 - BITS), "a bucket of a u64");
        let leading = bucket - (shift << BITS);
        (leading << shift) | ((1 << shift) - 1)
    }

    /// The least value in a bucket.
    ///
    /// # Panics
    ///
    /// When there is no such bucket.
    pub fn first(bucket: usize) -> u64 {
        if bucket == 0 { 0 } else { Self::last(bucket - 1) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers_every_value_once_and_in_order<const BITS: u32>(buckets: usize) {
        let mut first = 0_u64;
        for bucket in 0..buckets {
            let last = Octaves::<BITS>::last(bucket);
            assert_eq!(Octaves::<BITS>::first(bucket), first);
            assert_eq!((Octaves::<BITS>::bucket(first), Octaves::<BITS>::bucket(last)), (bucket, bucket));
            let per_octave = u64::from(Octaves::<BITS>::PER_OCTAVE);
            assert!(last < 2 * per_octave && last == first || (last - first) <= first / per_octave);
            first = last.wrapping_add(1);
        }
        assert_eq!(first, 0, "the last bucket ends with the largest value");
    }

    #[test]
    fn buckets_cover_every_value_once_and_in_order() {
        covers_every_value_once_and_in_order::<9>(28_672);
        covers_every_value_once_and_in_order::<3>(496);
        assert_eq!(Octaves::<9>::bucket(u32::MAX.into()), 12_287, "as many as 32 bits need");
    }
}
