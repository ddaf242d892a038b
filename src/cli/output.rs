//! The writers that all commands print through: data to one, messages to the other.

use crate::scenario::words::fitted;
use std::io::{self, Write};

/// Why a command could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something could not be written or read; a closed pipe is one, and quiet.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// Where a command writes: stdout and stderr, or memory in tests.
pub struct Output<'w> {
    data: &'w mut dyn Write,
    messages: &'w mut dyn Write,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

impl<'w> Output<'w> {
    /// Writes data to the first, messages to the second.
    pub fn new(data: &'w mut dyn Write, messages: &'w mut dyn Write) -> Self {
        Self { data, messages }
    }

    /// Writes a line of data (stdout).
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn data(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.data, "{line}")?)
    }

    /// Writes a line of data for as long as anybody reads: says whether the pipe is closed. Whoever reads us has seen
    /// enough then, but files are still wanted.
    ///
    /// # Errors
    ///
    /// When it cannot be written for another reason.
    pub fn data_while_read(&mut self, line: &str) -> Result<bool, Failure> {
        match self.data(line) {
            Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(true),
            other => other.map(|()| false),
        }
    }

    /// Writes a message (stderr), after the data that came before it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn message(&mut self, text: &str) -> Result<(), Failure> {
        self.data.flush()?;
        Ok(writeln!(self.messages, "{text}")?)
    }

    /// Writes a message in words, its lines broken to fit the screen.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn prose(&mut self, text: &str) -> Result<(), Failure> {
        self.message(&fitted(text))
    }

    /// Writes out what is still held back.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.data.flush()?;
        Ok(self.messages.flush()?)
    }
}
