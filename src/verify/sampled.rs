//! Figures from sampling with their standard errors, from independent replications (`reference/theory.md` 9).

use crate::experiment::Experiment;
use crate::metrics::{Measures, Method, Metric};

/// The fewest replications that tell their own error.
const FEWEST: usize = 10;

/// An estimate and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampled {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
}

impl Sampled {
    /// The mean of independent values; `None` when they are fewer than ten.
    pub fn mean(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let estimate = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - estimate) * (value - estimate)).sum();
        (values.len() >= FEWEST).then(|| Self { estimate, error: (squares / (n - 1.0) / n).sqrt() })
    }

    /// The ratio of the sums of independent pairs, its variance linearised; `None` when they are fewer than ten.
    pub fn ratio(pairs: &[(f64, f64)]) -> Option<Self> {
        let n = pairs.len() as f64;
        let (part, whole) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let estimate = part / whole;
        let squares: f64 = pairs.iter().map(|(x, y)| (x - estimate * y) * (x - estimate * y)).sum();
        (pairs.len() >= FEWEST).then(|| Self { estimate, error: (squares / (n - 1.0) * n).sqrt() / whole })
    }

    /// How often something of probability `expected` happened in so many independent trials; the error is that of the
    /// expectation.
    pub fn share(expected: f64, hits: usize, trials: usize) -> Self {
        let trials = trials as f64;
        Self { estimate: hits as f64 / trials, error: (expected * (1.0 - expected) / trials).sqrt() }
    }

    /// A metric of a scope, named as in the CSVs, of replications that are alike in distribution; `None` when it has no
    /// expectation or there are too few.
    pub fn metric(experiment: &Experiment, scope: &str, name: &str, expected: f64) -> Option<Self> {
        let measures: Vec<Measures> = experiment.of_scope(scope_of(experiment, scope)?).copied().collect();
        match Metric::named(name)?.method {
            Method::Mean(of) => Self::mean(&measures.iter().filter_map(of).collect::<Vec<_>>()),
            Method::Ratio(part, whole) => {
                Self::ratio(&measures.iter().map(|m| (part(m), whole(m))).collect::<Vec<_>>())
            }
            Method::Share(holds) => {
                let hits = measures.iter().filter(|m| holds(m)).count();
                Some(Self::share(expected, hits, measures.len()))
            }
            _ => None,
        }
    }

    /// How many standard errors it is above what is expected.
    pub fn deviations(&self, expected: f64) -> f64 {
        (self.estimate - expected) / self.error
    }
}

/// The number of a scope, from its name in the CSVs.
pub fn scope_of(experiment: &Experiment, name: &str) -> Option<usize> {
    experiment.topology.scopes.iter().position(|scope| scope.to_string() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_text_books() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let mean = Sampled::mean(&values).unwrap();
        // Variance 55/6, ten values.
        assert!((mean.estimate - 5.5).abs() < 1e-15 && (mean.error - (55.0_f64 / 60.0).sqrt()).abs() < 1e-15);
        assert!((mean.deviations(5.5 + 2.0 * mean.error) + 2.0).abs() < 1e-12);
        // A ratio to ones is a mean.
        let pairs: Vec<(f64, f64)> = values.iter().map(|value| (*value, 1.0)).collect();
        let ratio = Sampled::ratio(&pairs).unwrap();
        assert!((ratio.estimate - mean.estimate).abs() < 1e-15 && (ratio.error - mean.error).abs() < 1e-15);
        // Parts that are the same share of their wholes have no error.
        let pairs: Vec<(f64, f64)> = values.iter().map(|value| (*value, 4.0 * value)).collect();
        assert_eq!(Sampled::ratio(&pairs), Some(Sampled { estimate: 0.25, error: 0.0 }));
        assert_eq!(Sampled::share(0.5, 30, 100), Sampled { estimate: 0.3, error: 0.05 });
        assert_eq!((Sampled::mean(&values[1..]), Sampled::ratio(&pairs[1..])), (None, None));
    }
}
