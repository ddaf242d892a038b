//! What a client does after a refusal: wait and try again, a few times.

use crate::des::SimDuration;

/// The rule by which a refused request tries again.
///
/// Retry k (1 for the first) waits `delay * factor^(k-1)`, at most `max`, then changed by the jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included: 1 to [`Retry::ATTEMPTS_MAX`].
    pub attempts: u32,
    /// The wait before the first retry.
    pub delay: SimDuration,
    /// What each further wait is multiplied by: 1 or more.
    pub factor: f64,
    /// The longest wait.
    pub max: SimDuration,
    /// How the wait is randomised.
    pub jitter: Jitter,
}

impl Retry {
    /// The most attempts that one request may make.
    pub const ATTEMPTS_MAX: u32 = 1000;

    /// No retry at all: one attempt per request.
    pub const NONE: Self = Self {
        attempts: 1,
        delay: SimDuration::from_secs(1),
        factor: 1.0,
        max: SimDuration::from_secs(30),
        jitter: Jitter::None,
    };
}

/// How the wait before a retry is randomised (names as in AWS's "Exponential Backoff And Jitter", 2015).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// The wait itself.
    None,
    /// Uniform between zero and the wait.
    Full,
    /// Half of the wait, plus uniform between zero and the other half.
    Equal,
}

impl Jitter {
    /// Every kind there is.
    pub const ALL: [Self; 3] = [Self::None, Self::Full, Self::Equal];

    /// The word in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Full => "full",
            Self::Equal => "equal",
        }
    }
}
