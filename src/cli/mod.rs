//! The command line: one file per subcommand, one line each in `commands!`.
//!
//! Knows clap, files and the terminal; all else is asked of the layers below. To add a subcommand, add a line below and
//! a file of that name with two things:
//!
//! * `pub const GUIDE: Guide`: its group and its few words on the page without arguments, and the examples at the head of
//!   its `--help`, which a test runs, every one of them (see [`guide`]);
//! * a `clap::Args` type, whose comment is the one line that says what it does, with
//!   `run(&self, &mut Output) -> Result<Exit, Failure>`.

mod arguments;
mod cost;
pub mod files;
pub mod guide;
pub mod interrupt;
pub mod output;
pub mod places;
pub mod progress;
mod slips;
pub mod unseen;

use crate::scenario::words::{WIDTH, fitted, shown};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use guide::Guide;
use output::Output;
use std::io::ErrorKind;
use std::process::ExitCode;

pub use output::Failure;

/// Makes the modules, the enum of subcommands and their dispatch from one line per file.
macro_rules! commands {
    ($($file:ident::$Type:ident,)+) => {
        $(pub mod $file;)+

        /// Every command by name, in the order of the page without arguments.
        pub const GUIDES: &[(&str, &Guide)] = &[$((stringify!($file), &$file::GUIDE),)+];

        /// What to do.
        #[derive(Debug, Subcommand)]
        enum Command {
            $($Type($file::$Type),)+
        }

        impl Command {
            fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
                match self {
                    $(Self::$Type(command) => command.run(output),)+
                }
            }
        }
    };
}

commands! {
    calc::Calc,
    run::Run,
    compare::Compare,
    solve::Solve,
    advise::Advise,
    sweep::Sweep,
    check::Check,
    list::List,
    new::New,
    chart::Chart,
    inspect::Inspect,
    port::Port,
    explain::Explain,
    verify::Verify,
}

/// Will this service run out of ephemeral ports - when, how likely, and which knob helps?
#[derive(Debug, Parser)]
#[command(name = "dryport", version, term_width = WIDTH)]
struct Root {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The command line as clap knows it, with the help that people read.
fn command_line() -> clap::Command {
    let root = Root::command().override_help(guide::front_page(GUIDES));
    GUIDES.iter().fold(root, |root, (name, guide)| {
        root.mut_subcommand(name, |command| guide::with_help(command.bin_name(format!("dryport {name}")), guide))
    })
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything is fine.
    Fine,
    /// It failed while running.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// A scenario is invalid; nothing was run.
    Invalid,
    /// A gate did not hold.
    Gate,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The worse of two ends: an invalid scenario before an invalid option, that before a failure, that before a gate;
    /// Ctrl-C before all.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        const WORST_FIRST: [Exit; 5] = [Exit::Interrupted, Exit::Invalid, Exit::Usage, Exit::Failed, Exit::Gate];
        WORST_FIRST.into_iter().find(|exit| [self, other].contains(exit)).unwrap_or(Self::Fine)
    }

    /// What the process returns.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Gate => 99,
            Self::Interrupted => 130,
        }
    }
}

/// Runs the command that the arguments name; its exit code.
pub fn main() -> ExitCode {
    // stderr stays unlocked: the progress bar writes there from other threads, and so does a panic.
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr());
    let mut output = Output::new(&mut stdout, &mut stderr);
    let exit = run(std::env::args_os(), &mut output);
    ExitCode::from(exit.code())
}

/// Runs the command that `arguments` (the program's name first) name.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>, output: &mut Output<'_>) -> Exit {
    let arguments: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    let mut command_line = command_line();
    let matches = command_line.try_get_matches_from_mut(&arguments);
    let root = match matches.and_then(|matches| Root::from_arg_matches(&matches)) {
        Ok(root) => root,
        Err(error) => match slips::said_of(&error, &command_line, &arguments) {
            // When even this cannot be written, the exit code has to say it.
            Some(said) => return output.message(&said).map_or(Exit::Failed, |()| Exit::Usage),
            None => return usage(&error, output),
        },
    };
    for taken in slips::taken(&arguments) {
        let _ = output.prose(&taken);
    }
    let result = match root.command {
        Some(command) => command.run(output),
        None => output.data(&guide::front_page(GUIDES)).map(|()| Exit::Fine),
    };
    let exit = *result.as_ref().unwrap_or(&Exit::Fine);
    match result.and_then(|_| output.flush()) {
        Ok(()) => exit,
        // Whoever reads us has seen enough: `dryport check ... | head -1`.
        Err(Failure::Io(error)) if error.kind() == ErrorKind::BrokenPipe => exit,
        Err(failure) => {
            // When even this cannot be written, the exit code has to say it.
            let _ = output.message(&format!("error: {failure}"));
            Exit::Failed
        }
    }
}

/// Help and version go to stdout and are fine; anything else is a mistake.
fn usage(error: &clap::Error, output: &mut Output<'_>) -> Exit {
    let text = error.render().to_string();
    let text: Vec<String> = text.trim_end().lines().map(shown).collect();
    let text = fitted(&text.join("\n"));
    let (written, exit) = if error.use_stderr() {
        (output.message(&text), Exit::Usage)
    } else {
        (output.data(&text).and_then(|()| output.flush()), Exit::Fine)
    };
    match written {
        Err(Failure::Io(error)) if error.kind() != ErrorKind::BrokenPipe => Exit::Failed,
        _ => exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
    }

    #[test]
    fn a_command_with_json_says_what_that_holds() {
        for (command, (name, guide)) in command_line().get_subcommands().zip(GUIDES) {
            assert_eq!(command.get_name(), *name);
            let has_option = command.get_arguments().any(|argument| argument.get_id() == "json");
            assert_eq!(has_option, !guide.json.is_empty(), "{name}");
        }
    }

    #[test]
    fn mistakes_of_usage_exit_with_2_and_help_with_0() {
        for (arguments, exit) in [
            (&["dryport", "check"][..], Exit::Usage),
            (&["dryport", "chek", "x"], Exit::Usage),
            (&["dryport"], Exit::Fine),
            (&["dryport", "--help"], Exit::Fine),
            (&["dryport", "--version"], Exit::Fine),
        ] {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            let mut output = Output::new(&mut stdout, &mut stderr);
            assert_eq!(run(arguments.iter().map(Into::into), &mut output), exit, "{arguments:?}");
            assert_eq!(stdout.is_empty(), exit == Exit::Usage, "{arguments:?}");
        }
    }
}
