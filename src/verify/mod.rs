//! Is dryport right, on this machine? Cases with known answers, simulated again and judged.
//!
//! Three kinds of answers: exact theory ([`theory`]), what a Linux kernel did ([`kernel`]), what was published
//! ([`incident`]). All are part of the program: the table of theory and the recordings lie in `tests/data`, where the
//! tests read them too, and the incidents in `scenarios`, where users do; a package holds all of it. Seeds are fixed, so
//! every machine must print the same bytes; one that does not, computes otherwise.
//!
//! To add a check, add a line to the `CHECKS` of its family. A new family is a file with such a list and a line in
//! [`all`]. Must never know what a screen looks like.

pub mod bench;
pub mod draft;
pub mod finding;
pub mod incident;
pub mod kernel;
pub mod sampled;
pub mod theory;

pub use bench::Bench;
pub use finding::{Difference, Finding};
pub use sampled::Sampled;

use crate::sim::Interrupted;
use std::sync::atomic::Ordering;

/// What dryport is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Exact answers.
    Theory,
    /// What a Linux kernel was recorded to do.
    Kernel,
    /// What somebody published.
    Incident,
}

impl Against {
    /// The word on screens and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Theory => "theory",
            Self::Kernel => "kernel",
            Self::Incident => "incident",
        }
    }
}

/// A case with known answers.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What it is called, on the command line too: the row, the recording, the scenario.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What dryport is held against.
    pub against: Against,
    /// Finds the figures of the case called so, and judges them.
    pub judge: fn(&str, &Bench<'_>) -> Result<Vec<Finding>, Interrupted>,
}

impl Check {
    /// Where the answers come from: a row of a table, a recording, a page.
    pub fn source(&self) -> String {
        match self.against {
            Against::Theory => format!("tests/data/theory.csv, row {}", self.name),
            Against::Kernel => format!("tests/data/kernel/{}", self.name),
            Against::Incident => incident::source(self.name).to_owned(),
        }
    }
}

/// Every check, in the order of the table.
pub fn all() -> Vec<&'static Check> {
    let families = [
        theory::erlang::CHECKS,
        theory::early_reuse::CHECKS,
        theory::even::CHECKS,
        theory::lanes::CHECKS,
        theory::filling::CHECKS,
        theory::order::CHECKS,
        kernel::CHECKS,
        incident::CHECKS,
    ];
    families.into_iter().flatten().collect()
}

/// What came of a check.
#[derive(Clone, Debug)]
pub struct Judged<'c> {
    /// The check.
    pub check: &'c Check,
    /// Its figures.
    pub findings: Vec<Finding>,
}

impl Judged<'_> {
    /// Whether all of them agree; a check without figures does not.
    pub fn agrees(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.agrees)
    }
}

/// Runs checks one after another; those that are whole when it is told to stop. `progress` hears of each whether it agrees.
pub fn verify<'c>(checks: &[&'c Check], bench: &Bench<'_>, progress: &dyn Fn(bool)) -> Vec<Judged<'c>> {
    let mut all = Vec::new();
    for check in checks {
        let Ok(findings) = (check.judge)(check.name, bench) else { break };
        if bench.stop.load(Ordering::Relaxed) {
            break;
        }
        let judged = Judged { check, findings };
        progress(judged.agrees());
        all.push(judged);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn names_are_unique_and_every_check_says_where_its_answers_come_from() {
        let checks = all();
        for (index, check) in checks.iter().enumerate() {
            let fits = check.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            assert!(fits && !check.title.is_empty() && check.title.len() <= 52, "{}", check.name);
            assert!(!check.source().is_empty(), "{}", check.name);
            assert!(checks[..index].iter().all(|other| other.name != check.name), "{}", check.name);
        }
    }

    #[test]
    fn a_check_without_figures_does_not_agree_and_stopping_leaves_what_is_whole() {
        let stop = AtomicBool::new(false);
        let bench = Bench { jobs: 1, stop: &stop };
        let empty = Check { name: "x", title: "x", against: Against::Theory, judge: |_, _| Ok(Vec::new()) };
        let stops = Check { judge: |_, _| Err(Interrupted), ..empty };
        let judged = verify(&[&empty, &stops, &empty], &bench, &|agrees| assert!(!agrees));
        assert_eq!(judged.len(), 1);
        assert!(!judged[0].agrees());
        stop.store(true, Ordering::Relaxed);
        assert!(verify(&[&empty], &bench, &|_| unreachable!("it was stopped")).is_empty());
    }
}
