//! Myths and traps in settings that are valid: each with why, a source and what to do instead.
//!
//! A [`Stack`] is what rules look at: one host of a scenario, or the machine that a list of sysctls describes. A rule is
//! a file in [`rules`] and a line in its list. Must never know how a scenario is simulated, nor open a file.

pub mod rules;
pub mod stack;
pub mod sysctls;

pub use stack::Stack;
pub use sysctls::Sysctls;

use crate::scenario::Reading;
use crate::scenario::diagnostics::{Fault, Faults};

/// One myth or trap.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it is called, in words with hyphens.
    pub name: &'static str,
    /// What it is about, in one line of at most 72 letters.
    pub summary: &'static str,
    /// Who says so: a file of the kernel, a commit, an RFC, a manual page.
    pub source: &'static str,
    /// What it has to say.
    look: fn(&Stack<'_>) -> Vec<Fault>,
}

/// What the rules say of every host of a scenario.
pub fn lint_scenario(reading: &Reading) -> Faults {
    let mut faults = Faults::default();
    for host in 0..reading.scenario.hosts.len() {
        lint(&Stack::of_host(reading, host), &mut faults);
    }
    faults
}

/// What they say of a list of sysctls.
pub fn lint_sysctls(sysctls: &Sysctls) -> Faults {
    let mut faults = Faults::default();
    lint(sysctls.stack(), &mut faults);
    faults
}

/// All rules are about Linux.
fn lint(stack: &Stack<'_>, faults: &mut Faults) {
    if stack.kernel.is_none() {
        return;
    }
    for rule in rules::RULES {
        for fault in (rule.look)(stack) {
            faults.push(fault.rule(rule.name).aside("source", rule.source));
        }
    }
}
