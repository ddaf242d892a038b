//! `dryport verify`: is dryport right, on this machine? What is built in is simulated and judged; the answer is a table.

mod json;
mod screen;

use super::guide::{Group, Guide};
use super::interrupt;
use super::progress::{Progress, Work};
use super::{Exit, Failure, output::Output};
use crate::scenario::words;
use crate::verify::{self, Bench, Check, Judged};
use clap::builder::PossibleValuesParser;
use std::sync::atomic::{AtomicBool, Ordering};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Understand,
    short: "is dryport right?",
    examples: &[
        ("dryport verify --case constant-50", "one recording of a kernel"),
        ("dryport verify --case P02 --case P11", "two rows of theory"),
        ("dryport verify --case P02 --json | jq .verdict", "in a pipeline"),
        ("dryport verify --list", "every case"),
    ],
    json: json::KEYS,
};

/// Check dryport on this machine against theory, a Linux kernel and incidents
#[derive(Debug, Default, clap::Args)]
pub struct Verify {
    /// Only this case; may be given several times
    #[arg(long = "case", value_name = "NAME", value_parser = names(), ignore_case = true, hide_possible_values = true)]
    cases: Vec<String>,
    /// Print which cases there are instead (with --json: and their sources)
    #[arg(long)]
    list: bool,
    /// Print every figure as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Threads; as many as there are cores unless given. Changes no figure
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Say nothing but what disagrees (and --json)
    #[arg(long, short)]
    quiet: bool,
}

fn names() -> PossibleValuesParser {
    verify::all().iter().map(|check| check.name).collect::<Vec<_>>().into()
}

/// What the bar counts.
const WORK: Work = Work { command: "verify", unit: "check", found: "disagreement" };

impl Verify {
    /// Runs the checks and prints what came of them; [`Exit::Gate`] when one of them disagrees.
    ///
    /// # Errors
    ///
    /// When that cannot be printed.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let mut checks = verify::all();
        checks.retain(|check| {
            self.cases.is_empty() || self.cases.iter().any(|name| name.eq_ignore_ascii_case(check.name))
        });
        if self.list {
            let list = if self.json { format!("{:#}", json::list(&checks)) } else { screen::list(&checks) };
            output.data(list.trim_end())?;
            return Ok(Exit::Fine);
        }
        self.verify(&checks, interrupt::watch(), output)
    }

    fn verify(&self, checks: &[&Check], stop: &AtomicBool, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let progress = Progress::start(WORK, checks.len() as u64, self.quiet);
        let bench = Bench { jobs: self.jobs.map_or(0, usize::from), stop };
        let judged = verify::verify(checks, &bench, &|agrees| progress.one(!agrees));
        let took = progress.finish();
        if self.json {
            output.data(&format!("{:#}", json::document(&judged)))?;
        } else if !self.quiet {
            output.data(screen::table(&judged).trim_end())?;
        }
        let disagree: Vec<&Judged<'_>> = judged.iter().filter(|judged| !judged.agrees()).collect();
        if self.quiet {
            disagree.iter().try_for_each(|judged| output.message(screen::disagreement(judged).trim_end()))?;
        }
        if stop.load(Ordering::Relaxed) {
            let (whole, all) = (words::thousands(judged.len() as u64), words::plural(checks.len() as u64, "check"));
            output.prose(&format!("interrupted: {whole} of {all} are whole; the others are not judged"))?;
            return Ok(Exit::Interrupted);
        }
        if !self.quiet {
            let checks = words::plural(checks.len() as u64, "check");
            output.message(&format!("done: {checks} in {:.1} s; table on stdout", took.as_secs_f64()))?;
        }
        Ok(if disagree.is_empty() { Exit::Fine } else { Exit::Gate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Against, Finding};

    const RIGHT: Check = Check {
        name: "P01",
        title: "a case",
        against: Against::Theory,
        judge: |_, _| Ok(vec![Finding::exact("refused", 0.25, Some(0.25))]),
    };
    const WRONG: Check = Check {
        name: "constant-50",
        title: "a replay",
        against: Against::Kernel,
        judge: |_, _| Ok(vec![Finding::exact("refused", 0.25, Some(0.25)), Finding::total("granted", 4_591, 4_996)]),
    };
    const SILENT: Check =
        Check { name: "mzbench-28225", title: "an incident", against: Against::Incident, judge: |_, _| Ok(Vec::new()) };

    fn ended(command: &Verify, checks: &[&Check], stop: bool) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = command.verify(checks, &AtomicBool::new(stop), &mut Output::new(&mut out, &mut err)).unwrap();
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn what_disagrees_comes_first_with_the_command_that_repeats_it_and_exit_99() {
        let (exit, out, _) = ended(&Verify::default(), &[&RIGHT, &WRONG, &SILENT], false);
        assert_eq!((exit, exit.code()), (Exit::Gate, 99));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "DISAGREES  2 of 3 checks; they come first");
        assert!(lines[1].starts_with("against  case"), "{out}");
        assert!(lines[2].starts_with("kernel   constant-50: granted"), "{out}");
        assert!(lines[2].ends_with("4,591     4,996            +8.8 %    NO"), "{out}");
        assert_eq!(lines[3], "         again: dryport verify --case constant-50");
        assert_eq!(lines[4], "incident mzbench-28225: no figure                                             NO");
        assert_eq!(lines[5], "         again: dryport verify --case mzbench-28225");
        assert!(lines[6].starts_with("theory   P01 a case: refused") && lines[6].ends_with("exact     ok"), "{out}");
        assert!(lines[7].starts_with("kernel   constant-50: refused") && lines[7].ends_with("exact     ok"), "{out}");
        assert!(lines.iter().all(|line| line.len() <= 80));
    }

    #[test]
    fn quiet_says_what_disagrees_and_json_says_all() {
        let quiet = Verify { quiet: true, ..Verify::default() };
        let (exit, out, err) = ended(&quiet, &[&RIGHT, &WRONG], false);
        assert_eq!((exit, out.as_str()), (Exit::Gate, ""));
        assert!(err.starts_with("kernel   constant-50: granted") && err.lines().count() == 2, "{err}");
        assert_eq!(ended(&quiet, &[&RIGHT], false), (Exit::Fine, String::new(), String::new()));
        let json = Verify { json: true, quiet: true, ..Verify::default() };
        let (exit, out, _) = ended(&json, &[&RIGHT, &WRONG], false);
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((exit, &document["verdict"]), (Exit::Gate, &"DISAGREES".into()));
    }

    #[test]
    fn ctrl_c_leaves_what_is_whole() {
        let (exit, out, err) = ended(&Verify::default(), &[&RIGHT], true);
        assert_eq!(exit, Exit::Interrupted);
        assert!(out.starts_with("NOT JUDGED  no check is whole"), "{out}");
        assert!(err.starts_with("interrupted: 0 of 1 check "), "{err}");
    }
}
