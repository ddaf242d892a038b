//! What came of one figure: what is right, what dryport has, and whether they agree. Each rule of agreement is a function.

use super::sampled::Sampled;

/// The limit of |z| for one of some hundred figures (`reference/theory.md` 9).
pub const Z_MAX: f64 = 4.0;
/// The largest relative error of a formula: ten digits.
pub const FORMULA_ERROR_MAX: f64 = 1e-10;
/// How far a total may be from a recorded one, as a share of it: ground-truth/README.md, "allow 0.1 %".
pub const TOTAL_ERROR_MAX: f64 = 0.001;
/// And how far in any case.
pub const TOTAL_OFF_MAX: f64 = 5.0;
/// How many standard deviations of one run a recorded run may be from the mean of all.
pub const RUN_DEVIATIONS_MAX: f64 = 3.0;

/// One figure, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which figure, in a word or two.
    pub figure: &'static str,
    /// What theory, the kernel or a source says.
    pub expected: f64,
    /// What dryport says; `None` when it has no such figure.
    pub found: Option<f64>,
    /// The standard error of what was sampled; of a recorded run, the standard deviation of one run.
    pub spread: Option<f64>,
    /// How far they are apart.
    pub difference: Difference,
    /// Whether that is near enough. What could not be judged is not.
    pub agrees: bool,
}

/// How far a figure is from what is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// Not at all.
    Exact,
    /// In units of the spread.
    Deviations(f64),
    /// By so many digits they agree.
    Digits(u32),
    /// As a share of what is expected.
    Share(f64),
    /// There is none: a figure is missing, or nothing tells how sure it is.
    Unknown,
}

impl Finding {
    /// A figure of independent replications against its expectation.
    pub fn sampled(figure: &'static str, expected: f64, found: Option<Sampled>) -> Self {
        let z = found.map(|found| found.deviations(expected)).filter(|z| z.is_finite());
        Self {
            figure,
            expected,
            found: found.map(|found| found.estimate),
            spread: found.map(|found| found.error),
            difference: z.map_or(Difference::Unknown, Difference::Deviations),
            agrees: z.is_some_and(|z| z.abs() < Z_MAX),
        }
    }

    /// A figure in which nothing is drawn, against the one that is right.
    pub fn exact(figure: &'static str, expected: f64, found: Option<f64>) -> Self {
        let difference = apart(expected, found);
        Self { figure, expected, found, spread: None, difference, agrees: difference == Difference::Exact }
    }

    /// A formula against a reference of many digits.
    pub fn formula(expected: f64, found: f64) -> Self {
        let error = ((found - expected) / expected).abs();
        let mut digits = 0;
        let mut bound = 0.1;
        while error < bound && digits < f64::DIGITS {
            digits += 1;
            bound /= 10.0;
        }
        let difference = match apart(expected, Some(found)) {
            Difference::Share(_) => Difference::Digits(digits),
            other => other,
        };
        let agrees = difference == Difference::Exact || error <= FORMULA_ERROR_MAX;
        Self { figure: "formula", expected, found: Some(found), spread: None, difference, agrees }
    }

    /// A total of a load in which nothing is drawn, against a recorded one.
    pub fn total(figure: &'static str, recorded: usize, found: usize) -> Self {
        let (expected, found) = (recorded as f64, found as f64);
        let agrees = (found - expected).abs() <= f64::max(TOTAL_OFF_MAX, TOTAL_ERROR_MAX * expected);
        Self { figure, expected, found: Some(found), spread: None, difference: apart(expected, Some(found)), agrees }
    }

    /// One recorded run against many: it must be one that could be among them.
    pub fn one_of_many(figure: &'static str, recorded: usize, found: &[f64]) -> Self {
        let expected = recorded as f64;
        let mean = Sampled::mean(found);
        let spread = mean.map(|mean| mean.error * (found.len() as f64).sqrt());
        let z = mean.zip(spread).map(|(mean, spread)| (mean.estimate - expected) / spread).filter(|z| z.is_finite());
        let off = mean.map(|mean| (mean.estimate - expected).abs());
        let difference = match z {
            Some(z) => Difference::Deviations(z),
            None => apart(expected, mean.map(|mean| mean.estimate)),
        };
        let near = |off: f64| off <= f64::max(RUN_DEVIATIONS_MAX * spread.unwrap_or(0.0), TOTAL_OFF_MAX);
        Self {
            figure,
            expected,
            found: mean.map(|mean| mean.estimate),
            spread,
            difference,
            agrees: off.is_some_and(near),
        }
    }

    /// A published figure; whether it is near enough is for the asserts of its scenario to say.
    pub fn published(figure: &'static str, expected: f64, found: Option<f64>, asserts_hold: bool) -> Self {
        let difference = apart(expected, found);
        let agrees = asserts_hold && difference != Difference::Unknown;
        Self { figure, expected, found, spread: None, difference, agrees }
    }
}

/// The difference of two figures.
fn apart(expected: f64, found: Option<f64>) -> Difference {
    let share = found.map(|found| (found - expected) / expected);
    match share {
        _ if found.is_some_and(|found| found.total_cmp(&expected).is_eq()) => Difference::Exact,
        Some(share) if share.is_finite() => Difference::Share(share),
        _ => Difference::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Difference::{Deviations, Digits, Exact, Share, Unknown};

    fn told(finding: &Finding) -> (Difference, bool) {
        (finding.difference, finding.agrees)
    }

    #[test]
    fn what_is_sampled_lies_within_four_standard_errors() {
        let found = |estimate, error| told(&Finding::sampled("x", 1.0, Some(Sampled { estimate, error })));
        assert_eq!(found(1.5, 0.25), (Deviations(2.0), true));
        assert_eq!(found(0.0, 0.25), (Deviations(-4.0), false));
        // Nothing tells how sure these are.
        assert_eq!(found(1.0, 0.0), (Unknown, false));
        assert_eq!(found(2.0, 0.0), (Unknown, false));
        assert_eq!(found(f64::NAN, 0.1), (Unknown, false));
        assert_eq!(told(&Finding::sampled("x", 1.0, None)), (Unknown, false));
    }

    #[test]
    fn what_is_not_drawn_is_exact() {
        assert_eq!(told(&Finding::exact("x", 0.75, Some(0.75))), (Exact, true));
        assert!(!told(&Finding::exact("x", 0.75, Some(0.750_000_000_000_000_1))).1);
        assert_eq!(told(&Finding::exact("x", 2.0, Some(1.0))), (Share(-0.5), false));
        assert_eq!(told(&Finding::exact("x", 0.0, Some(1.0))), (Unknown, false));
        assert_eq!(told(&Finding::exact("x", 2.0, None)), (Unknown, false));
    }

    #[test]
    fn formulas_have_ten_digits() {
        assert_eq!(told(&Finding::formula(3.0, 3.0)), (Exact, true));
        assert_eq!(told(&Finding::formula(3.0, 3.0 * (1.0 + 5e-13))), (Digits(12), true));
        assert_eq!(told(&Finding::formula(3.0, 3.0 * (1.0 + 5e-9))), (Digits(8), false));
        assert_eq!(told(&Finding::formula(3.0, 9.0)), (Digits(0), false));
        assert_eq!(told(&Finding::formula(3.0, f64::NAN)), (Unknown, false));
    }

    #[test]
    fn totals_may_be_off_by_five_or_a_thousandth() {
        assert_eq!(told(&Finding::total("x", 100, 105)), (Share(0.05), true));
        assert!(!told(&Finding::total("x", 100, 94)).1);
        assert_eq!([9_990, 9_989].map(|found| Finding::total("x", 10_000, found).agrees), [true, false]);
        assert_eq!(told(&Finding::total("x", 0, 0)), (Exact, true));
    }

    #[test]
    fn a_recorded_run_could_be_one_of_many() {
        let runs: Vec<f64> = (0..40).map(|run| if run % 2 == 0 { 90.0 } else { 110.0 }).collect();
        let judged = |recorded| Finding::one_of_many("x", recorded, &runs);
        // One run has a standard deviation of 10.13.
        assert!((judged(100).spread.unwrap() - 10.127).abs() < 1e-3);
        assert_eq!([70, 129, 131].map(|recorded| judged(recorded).agrees), [true, true, false]);
        // Runs that are all alike: five more or less.
        let alike = [7.0; 12];
        assert_eq!(told(&Finding::one_of_many("x", 7, &alike)), (Exact, true));
        assert!(!Finding::one_of_many("x", 13, &alike).agrees);
        assert_eq!(told(&Finding::one_of_many("x", 7, &[7.0])), (Unknown, false));
    }

    #[test]
    fn asserts_judge_what_was_published() {
        assert_eq!(told(&Finding::published("x", 100.0, Some(101.0), true)), (Share(0.01), true));
        assert!(!told(&Finding::published("x", 100.0, Some(101.0), false)).1);
        assert_eq!(told(&Finding::published("x", 100.0, None, true)), (Unknown, false));
        assert_eq!(told(&Finding::published("x", 0.0, Some(0.0), true)), (Exact, true));
    }
}
