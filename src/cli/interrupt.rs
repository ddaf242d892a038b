//! Ctrl-C: the first asks for a stop, so that what is whole can be written; the second ends the process.

use super::Exit;
use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Listens from now on; the flag becomes true at the first Ctrl-C.
pub fn watch() -> &'static AtomicBool {
    // Fails when it listens already, or where there are no signals; Ctrl-C then does what it did before.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            #[expect(clippy::exit, reason = "the user has asked twice")]
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
    &STOP
}
