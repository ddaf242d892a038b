//! Where results go: asked before anything runs, so that a refusal does not waste a simulation.

use super::interrupt::UntilCtrlC;
use crate::report::run_dir::{self, Place, RunDirError};
use crate::report::whole::WholeError;
use crate::scenario::words::{fitted, shown};
use std::path::{Path, PathBuf};

/// Where a folder of results goes: where the user said, or in a default place; `force` replaces what is there.
pub fn place(out: Option<&PathBuf>, force: bool) -> Place {
    match out {
        _ if force => Place::Forced,
        Some(_) => Place::Chosen,
        None => Place::Default,
    }
}

/// What to say when writing was interrupted.
pub const INTERRUPTED: &str = "interrupted while writing: nothing was written";

/// Where results go, as far as they can.
#[derive(Clone, Debug)]
pub struct Target {
    /// The folder; none where no files are wanted, or where they cannot be written.
    pub folder: Option<PathBuf>,
    /// Why they cannot: what is found is on the screen all the same.
    pub unwritable: Option<String>,
}

impl Target {
    /// No files are wanted.
    pub const NONE: Self = Self { folder: None, unwritable: None };

    /// The results about the scenario `file` are to go into `folder` (`None`: nowhere), and `inputs` are read for them.
    ///
    /// # Errors
    ///
    /// What speaks against it that must be mended first.
    pub fn of(folder: Option<PathBuf>, file: &str, place: Place, inputs: &[PathBuf]) -> Result<Self, String> {
        let Some(folder) = folder else { return Ok(Self::NONE) };
        if let Some(fault) = fault_of_any(&folder, inputs) {
            return Err(fault);
        }
        match run_dir::may_write(&folder, file, place) {
            Ok(()) => Ok(Self { folder: Some(folder), unwritable: None }),
            // Who has not named a folder may not have one, and still has a question.
            Err(error @ RunDirError::Write(WholeError::Io { .. })) if place == Place::Default => {
                Ok(Self { folder: None, unwritable: Some(unwritable(&error)) })
            }
            Err(error @ RunDirError::Write(WholeError::Io { .. })) => Err(unwritable(&error)),
            Err(error) => Err(refusal(&error, matches!(error, RunDirError::Taken { .. }))),
        }
    }

    /// Writes them. Where the file system refuses, what is found is on the screen all the same.
    ///
    /// # Errors
    ///
    /// What to say when Ctrl-C was pressed meanwhile.
    pub fn write(
        &mut self,
        files: impl FnOnce(&UntilCtrlC, &Path) -> Result<(), RunDirError>,
    ) -> Result<(), &'static str> {
        let until = UntilCtrlC::new();
        let Some(folder) = &self.folder else { return Ok(()) };
        match files(&until, folder) {
            Ok(()) => Ok(()),
            Err(_) if until.is_over() => Err(INTERRUPTED),
            Err(error) => {
                *self = Self { folder: None, unwritable: Some(unwritable(&error)) };
                Ok(())
            }
        }
    }

    /// The folder as the user wrote it, ready for a screen; none where nothing was written.
    pub fn shown(&self) -> Option<String> {
        self.folder.as_deref().map(shown)
    }

    /// The same for programs.
    pub fn written(&self) -> Option<String> {
        self.folder.as_deref().map(|folder| folder.display().to_string())
    }
}

/// Why the file system lets nothing be written, and what to do.
fn unwritable(error: &RunDirError) -> String {
    fitted(&format!("error: {error}\nhelp: --out names another folder; --no-files needs none"))
}

/// What speaks against writing anything into `folder`.
pub fn fault_of_any(folder: &Path, inputs: &[PathBuf]) -> Option<String> {
    if let Some(input) = inputs.iter().find(|input| is_within(input, folder)) {
        return Some(would_lose(folder, input));
    }
    is_within(Path::new("."), folder).then(|| {
        let folder = shown(folder);
        fitted(&format!("error: cannot write {folder}: the shell works in it: name another folder"))
    })
}

/// Is `input` the same as `place`, or in it? Not when one of them does not exist.
pub fn is_within(input: &Path, place: &Path) -> bool {
    let (input, place) = (input.canonicalize(), place.canonicalize());
    input.is_ok_and(|input| place.is_ok_and(|place| input.starts_with(place)))
}

/// Why a place that holds an input may not be written.
pub fn would_lose(place: &Path, input: &Path) -> String {
    let (place, input) = (shown(place), shown(input));
    fitted(&format!("error: cannot write {place}: {input} is read for this run and would be lost"))
}

/// Why a file could not be written, with the way out when there is one.
pub fn refusal_of_file(error: &WholeError) -> String {
    refusal(error, matches!(error, WholeError::Exists { .. }))
}

/// Why something may not be written, with the way out when there is one.
pub fn refusal(error: &dyn std::fmt::Display, taken: bool) -> String {
    let help = if taken { "\nhelp: --force replaces it" } else { "" };
    format!("{}{help}", fitted(&format!("error: {error}")))
}
