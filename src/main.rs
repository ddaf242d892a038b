//! argv in, exit code out; nothing happens here.

use std::process::ExitCode;

fn main() -> ExitCode {
    dryport::cli::main()
}
