//! Ctrl-C, and being told to end (SIGTERM, SIGHUP), which is the same: the first stops the runs, so that what is whole
//! can be written; one more stops the writing, and ends the process where it stands if that is not over at once. What it
//! then leaves behind the next run puts right.

use super::Exit;
use crate::report::whole::{FileSystem, Sink};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

static STOP: AtomicBool = AtomicBool::new(false);
static PRESSES: AtomicU32 = AtomicU32::new(0);

/// How long the second Ctrl-C waits for what is being written to be given up in order.
const GRACE: Duration = Duration::from_millis(200);

/// How often a wait looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);

/// Listens from now on; the flag becomes true at the first Ctrl-C.
pub fn watch() -> &'static AtomicBool {
    if is_hangup_ignored() {
        // `nohup`: the run must outlive its terminal, and a handler would take SIGHUP with the others.
        return &STOP;
    }
    // Fails when it listens already, or where there are no signals; Ctrl-C then does what it did before.
    let _ = ctrlc::set_handler(|| {
        STOP.store(true, Ordering::Relaxed);
        if PRESSES.fetch_add(1, Ordering::Relaxed) >= 1 {
            std::thread::sleep(GRACE);
            #[expect(clippy::exit, reason = "the user has asked twice")]
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
    &STOP
}

/// Was Ctrl-C pressed?
pub fn is_pressed() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Was this process told to ignore SIGHUP, signal 1? Known where there is a `/proc`.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Real files that can be written until Ctrl-C is pressed once more than it was when this was made.
#[derive(Clone, Copy, Debug)]
pub struct UntilCtrlC {
    presses: &'static AtomicU32,
    before: u32,
}

impl UntilCtrlC {
    /// From now on.
    pub fn new() -> Self {
        Self::counting(&PRESSES)
    }

    fn counting(presses: &'static AtomicU32) -> Self {
        Self { presses, before: presses.load(Ordering::Relaxed) }
    }

    /// Was it pressed?
    pub fn is_over(self) -> bool {
        self.presses.load(Ordering::Relaxed) > self.before
    }

    fn check(self) -> io::Result<()> {
        // Not the kind that means a system call to be tried again.
        if self.is_over() { Err(io::Error::other("interrupted")) } else { Ok(()) }
    }
}

impl Default for UntilCtrlC {
    fn default() -> Self {
        Self::new()
    }
}

impl FileSystem for UntilCtrlC {
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(Stoppable { file: File::create_new(path)?, until: *self }))
    }

    /// Opening a pipe waits for its reader, which may never come: a thread waits, and this one looks up now and then.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let (sender, receiver) = mpsc::channel();
        let path = path.to_owned();
        // Nobody is there to hear of it when the wait was given up.
        std::thread::spawn(move || drop(sender.send(OpenOptions::new().write(true).open(path))));
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok(opened) => return Ok(Box::new(Stoppable { file: opened?, until: *self })),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("it could not be opened")),
            }
        }
    }
}

/// A file that takes no more once Ctrl-C was pressed.
struct Stoppable {
    file: File,
    until: UntilCtrlC,
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until.check()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Stoppable {
    fn finish(&mut self) -> io::Result<()> {
        self.until.check()?;
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::whole::{Replace, write_folder};

    #[test]
    fn writing_ends_at_ctrl_c_and_leaves_nothing() {
        static PRESSED: AtomicU32 = AtomicU32::new(1);
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run");
        let write = |press: bool| {
            let until = UntilCtrlC::counting(&PRESSED);
            let first = Box::new(|out: &mut dyn Write| out.write_all(b"first"));
            let second = Box::new(move |out: &mut dyn Write| {
                PRESSED.fetch_add(press.into(), Ordering::Relaxed);
                out.write_all(b"second")
            });
            write_folder(&until, &path, vec![("a".into(), first), ("b".into(), second)], &|| Replace::Never)
        };
        let error = write(true).unwrap_err().to_string();
        assert_eq!(error, format!("cannot write {}: interrupted", path.join("b").display()));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        // A press before it began was meant for the runs.
        write(false).unwrap();
    }
}
