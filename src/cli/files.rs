//! Opening files: the only place where a scenario or a trace is read from the disk or from standard input.

use super::Exit;
use crate::report::whole::{is_named_pipe, is_pipe};
use crate::scenario::sources::SCENARIO_BYTES_MAX;
use crate::scenario::suggest::nearest;
use crate::scenario::words::{fitted, shown};
use crate::scenario::{Diagnostics, ParsedFile, Reading, Scenario, SourceError, SourceFile, Sources};
use crate::workload::Arrivals;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What of a scenario was written in another way than here, and how it was taken, ready to be shown.
pub fn taken(file: &str, reading: &Reading) -> Vec<String> {
    reading.taken.iter().map(|taken| fitted(&format!("note: {}: {taken}", name_of(file)))).collect()
}

/// The files beside a scenario.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The files that the scenario `name` may name; those of standard input lie in the working directory.
    pub fn beside(name: &str) -> Self {
        let folder = if name == "-" { None } else { Path::new(name).parent() };
        Self { folder: folder.unwrap_or_else(|| Path::new("")).to_owned() }
    }
}

impl Sources for Files {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
        read_file(&self.folder.join(path), limit)
    }
}

/// The files that the scenario in `file` was read from, traces included; none for standard input alone.
pub fn inputs(file: &str, scenario: &Scenario) -> Vec<PathBuf> {
    let beside = Files::beside(file).folder;
    let traces = scenario.clients.iter().filter_map(|client| match &client.arrivals {
        Arrivals::Replay(replay) => Some(beside.join(&*replay.trace().path)),
        _ => None,
    });
    let itself = (file != "-").then(|| PathBuf::from(file));
    itself.into_iter().chain(traces).collect()
}

/// Why a scenario was not read: with which exit, and what to say.
pub type Unread = (Exit, String);

/// A scenario file as messages name it.
pub fn name_of(file: &str) -> String {
    if file == "-" { "stdin".into() } else { shown(file) }
}

/// The scenario in `file`, as the overrides `sets` change it.
///
/// # Errors
///
/// What is wrong with it, or why it cannot be read, ready to be shown; [`Exit::Usage`] when only the overrides are wrong.
pub fn read(file: &str, sets: &[String]) -> Result<Reading, Unread> {
    read_from(&source(file)?, sets, &Files::beside(file))
}

/// The text of a scenario file, to be read with several overrides.
///
/// # Errors
///
/// Why it cannot be read, ready to be shown.
pub fn source(file: &str) -> Result<SourceFile, Unread> {
    let unread = |error| {
        let near = Some(file).filter(|_| error == SourceError::NotFound).and_then(near);
        let near = near.map_or_else(String::new, |near| format!("\nhelp: did you mean {}?", shown(near)));
        (Exit::Invalid, fitted(&format!("error: cannot read {}: {error}{near}", name_of(file))))
    };
    let source = read_scenario(file).map_err(unread)?;
    if source.bytes.trim_ascii().is_empty() {
        let message = format!("error: {} is empty\nhelp: dryport new prints a scenario to start from", name_of(file));
        return Err((Exit::Invalid, fitted(&message)));
    }
    Ok(source)
}

/// As [`read_from`], of a text whose syntax was read.
///
/// # Errors
///
/// As [`read`].
pub fn read_parsed(file: &ParsedFile, sets: &[String], sources: &dyn Sources) -> Result<Reading, Unread> {
    file.read(sets, sources).map_err(|diagnostics| shown_faults(&diagnostics))
}

/// The file that a name which leads nowhere may be a slip of: one in the same folder, or of the same name in a folder
/// called much the same.
fn near(file: &str) -> Option<PathBuf> {
    let path = Path::new(file);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let looked = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    let name = path.file_name()?.to_str()?;
    if looked.is_dir() {
        let kind = |name: &str| Path::new(name).extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let is_scenario = |name: &String| kind(name).is_some_and(|kind| kind == "toml" || kind == "json");
        let all: Vec<String> = names(looked).into_iter().filter(is_scenario).collect();
        // An extension that both have says nothing.
        let near = match name.strip_suffix(".toml") {
            Some(stem) => {
                let stems = all.iter().filter_map(|name| name.strip_suffix(".toml"));
                nearest(stem, stems).map(|stem| format!("{stem}.toml"))
            }
            None => nearest(name, all.iter().map(String::as_str)).map(str::to_owned),
        };
        return near.map(|near| folder.join(near));
    }
    let (above, last) = (folder.parent()?, folder.file_name()?.to_str()?);
    let all = names(if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let near = above.join(nearest(last, all.iter().map(String::as_str))?).join(name);
    near.is_file().then_some(near)
}

/// The scenario of a text, as the overrides `sets` change it.
///
/// # Errors
///
/// As [`read`].
pub fn read_from(source: &SourceFile, sets: &[String], sources: &dyn Sources) -> Result<Reading, Unread> {
    Reading::of(source, sets, sources).map_err(|diagnostics| shown_faults(&diagnostics))
}

/// Faults, ready to be shown; [`Exit::Usage`] when only overrides are wrong.
pub fn shown_faults(diagnostics: &Diagnostics) -> Unread {
    let exit = if diagnostics.of_sets() == diagnostics.count() { Exit::Usage } else { Exit::Invalid };
    (exit, diagnostics.to_string())
}

/// What faults say whatever value was tried: of two messages that differ in their excerpts alone one is enough.
pub fn gist(message: &str) -> String {
    message.lines().filter(|line| line.starts_with("error: ")).collect::<Vec<_>>().join("\n")
}

/// The scenario file `name`; `-` is standard input.
///
/// # Errors
///
/// When it cannot be read or has more than 16 MiB.
pub fn read_scenario(name: &str) -> Result<SourceFile, SourceError> {
    let bytes = if name == "-" {
        read_all(&mut std::io::stdin().lock(), 0, SCENARIO_BYTES_MAX)?
    } else {
        read_file(Path::new(name), SCENARIO_BYTES_MAX)?
    };
    Ok(SourceFile::new(name, bytes))
}

/// Everything in a regular file of at most `limit` bytes; pipes without a name are read too, for `<(...)` in a shell.
fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, SourceError> {
    let known = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if known.is_dir() {
        return Err(SourceError::Folder);
    }
    if !known.is_file() && (!is_pipe(&known) || is_named_pipe(path)) {
        return Err(SourceError::NotRegular);
    }
    if known.len() > limit {
        return Err(SourceError::TooLarge { size: known.len(), limit });
    }
    let mut file = File::open(path).map_err(|error| reason(&error))?;
    read_all(&mut file, known.len(), limit)
}

/// A file may grow while it is read, and a pipe has no length: never more than the limit is taken.
fn read_all(from: &mut dyn Read, expected: u64, limit: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(limit) + 1).unwrap_or(0));
    from.take(limit + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    let size = bytes.len() as u64;
    if size > limit { Err(SourceError::TooLarge { size, limit }) } else { Ok(bytes) }
}

fn reason(error: &std::io::Error) -> SourceError {
    match error.kind() {
        ErrorKind::NotFound => SourceError::NotFound,
        ErrorKind::PermissionDenied => SourceError::Denied,
        ErrorKind::IsADirectory => SourceError::Folder,
        _ => SourceError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "12345").unwrap();
        let files = Files::beside(folder.path().join("x.toml").to_str().unwrap());
        assert_eq!(files.read("a.csv", 5), Ok(b"12345".to_vec()));
        assert_eq!(files.read("a.csv", 4), Err(SourceError::TooLarge { size: 5, limit: 4 }));
        assert_eq!(files.read("b.csv", 4), Err(SourceError::NotFound));
        assert_eq!(files.read(".", 4), Err(SourceError::Folder));
        assert!(files.read("a\0b", 4).is_err());
        assert!(files.read("", 4).is_err());
    }

    #[test]
    fn an_endless_stream_is_not_read_to_its_end() {
        let result = read_all(&mut std::io::repeat(b'x'), 0, 1000);
        assert_eq!(result, Err(SourceError::TooLarge { size: 1001, limit: 1000 }));
    }
}
