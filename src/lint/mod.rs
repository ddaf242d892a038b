//! Myths and traps in settings that are valid: each with why, a source and what to do instead.
//!
//! A [`Stack`] is what rules look at: one host of a scenario, or the machine that a list of sysctls describes. A rule is
//! a file in [`rules`] and a line in its list. Must never know how a scenario is simulated, nor open a file.

pub mod rules;
pub mod stack;
mod sysctl_names;
pub mod sysctls;

pub use stack::Stack;
pub use sysctls::Sysctls;

use crate::scenario::Reading;
use crate::scenario::diagnostics::{Fault, Faults, Told};

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

/// Rules whose findings can be why connects are refused.
const EXPLAIN: [&str; 7] = [
    "bind-zero",
    "listening-ports",
    "odd-range",
    "reserved-ports",
    "reuse-without-bind",
    "shared-halves",
    "socket-range",
];

/// Rules whose findings a run tells whatever it saw: what the model lacks, or what was asked for and does nothing.
const ALWAYS: [&str; 2] = ["macos-loopback", "tw-reuse-timestamps"];

/// What the rules find in a scenario that can be why connects are refused: each with its mend.
pub fn explanations(reading: &Reading) -> Vec<String> {
    found(reading, &EXPLAIN)
}

/// What they find that a run tells whatever it saw.
pub fn warnings(reading: &Reading) -> Vec<String> {
    found(reading, &ALWAYS)
}

fn found(reading: &Reading, rules: &[&str]) -> Vec<String> {
    let found = reading.diagnostics(lint_scenario(reading));
    let is_one = |told: &Told<'_>| told.rule.is_some_and(|rule| rules.contains(&rule));
    let line = |told: Told<'_>| {
        let help = told.help.map_or_else(String::new, |help| format!("; {help}"));
        format!("{}: {}{help}", told.rule.unwrap_or_default(), told.message)
    };
    found.told().filter(is_one).map(line).collect()
}

/// What they say of a list of sysctls.
pub fn lint_sysctls(sysctls: &Sysctls) -> Faults {
    let mut faults = Faults::default();
    lint(sysctls.stack(), &mut faults);
    faults
}

/// Rules about other systems; all others are about Linux.
const ELSEWHERE: [&str; 1] = ["macos-loopback"];

fn lint(stack: &Stack<'_>, faults: &mut Faults) {
    let applies = |rule: &&Rule| stack.kernel.is_none() == ELSEWHERE.contains(&rule.name);
    for rule in rules::RULES.iter().filter(applies) {
        for fault in (rule.look)(stack) {
            faults.push(fault.rule(rule.name).aside("source", rule.source));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_is_a_rule() {
        assert!(
            EXPLAIN
                .iter()
                .chain(&ALWAYS)
                .chain(&ELSEWHERE)
                .all(|name| rules::RULES.iter().any(|rule| rule.name == *name))
        );
    }
}
