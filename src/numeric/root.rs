//! Newton's method that can't leave its bracket.

/// A function at one point.
pub(super) struct At {
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// Where a bracket starts.
pub(super) struct Bracket {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) start: f64,
}

/// The root of an increasing `function` in `bracket`, to the last few bits.
///
/// A Newton step that leaves the bracket is replaced by a halving: by the geometric mean where both ends are
/// positive, so that a root of 1e-200 is found as fast as one near 1.
pub(super) fn increasing_root(bracket: &Bracket, function: impl Fn(f64) -> At) -> f64 {
    let (mut low, mut high, mut x) = (bracket.low, bracket.high, bracket.start);
    for _ in 0..2_000 {
        let at = function(x);
        if at.value > 0.0 {
            high = x;
        } else if at.value < 0.0 {
            low = x;
        } else {
            return x;
        }
        let newton = x - at.value / at.slope;
        let next = if newton > low && newton < high {
            newton
        } else if low > 0.0 && high > 4.0 * low {
            low.sqrt() * high.sqrt()
        } else if low <= 0.0 && high < 1e-3 {
            // Towards zero by ever larger strides: the next smaller order of magnitude, squared each time.
            (high * high).max(f64::MIN_POSITIVE)
        } else {
            low + 0.5 * (high - low)
        };
        if (next - x).abs() <= 1e-16 * x.abs() || !(next > low && next < high) {
            return next;
        }
        x = next;
    }
    x
}
