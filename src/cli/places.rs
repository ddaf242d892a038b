//! Where results go: asked before anything runs, so that a refusal does not waste a simulation.

use crate::report::run_dir::{self, Place, RunDirError};
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

/// What speaks against writing the results about the scenario `file` into `folder`, when `inputs` are read for it.
pub fn fault(folder: &Path, file: &str, place: Place, inputs: &[PathBuf]) -> Option<String> {
    if let Some(fault) = fault_of_any(folder, inputs) {
        return Some(fault);
    }
    let error = run_dir::may_write(folder, file, place).err()?;
    Some(refusal(&error, matches!(error, RunDirError::Taken { .. })))
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

/// Why something may not be written, with the way out when there is one.
pub fn refusal(error: &dyn std::fmt::Display, taken: bool) -> String {
    let help = if taken { "\nhelp: --force replaces it" } else { "" };
    format!("{}{help}", fitted(&format!("error: {error}")))
}
