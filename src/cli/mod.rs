//! The command line: one file per subcommand, one line each in `commands!`.
//!
//! Knows clap, files and the terminal; all else is asked of the layers below. To add a subcommand, add a file with a
//! `clap::Args` type, whose comment is the help, that has `run(&self, &mut Output) -> Result<Exit, Failure>`, and a line
//! below.

pub mod files;
pub mod interrupt;
pub mod output;
pub mod progress;
pub mod unseen;

use clap::{Parser, Subcommand};
use output::Output;
use std::io::ErrorKind;
use std::process::ExitCode;

pub use output::Failure;

/// Makes the modules, the enum of subcommands and their dispatch from one line per file.
macro_rules! commands {
    ($($file:ident::$Type:ident,)+) => {
        $(pub mod $file;)+

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
    check::Check,
    inspect::Inspect,
    port::Port,
    run::Run,
}

/// Will this service run out of ephemeral ports - when, how likely, and which knob helps?
#[derive(Debug, Parser)]
#[command(name = "dryport", version, max_term_width = 80)]
struct Root {
    #[command(subcommand)]
    command: Command,
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
    let root = match Root::try_parse_from(arguments) {
        Ok(root) => root,
        Err(error) => return usage(&error, output),
    };
    let result = root.command.run(output);
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
    let text = text.trim_end();
    let (written, exit) = if error.use_stderr() {
        (output.message(text), Exit::Usage)
    } else {
        (output.data(text).and_then(|()| output.flush()), Exit::Fine)
    };
    match written {
        Err(Failure::Io(error)) if error.kind() != ErrorKind::BrokenPipe => Exit::Failed,
        _ => exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Root::command().debug_assert();
    }

    #[test]
    fn mistakes_of_usage_exit_with_2_and_help_with_0() {
        for (arguments, exit) in [
            (&["dryport", "check"][..], Exit::Usage),
            (&["dryport", "chek", "x"], Exit::Usage),
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
