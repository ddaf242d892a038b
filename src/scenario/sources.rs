//! Where a scenario's files come from: the reader asks, and only the command line opens anything.

use std::collections::BTreeMap;

/// The most bytes a scenario file may have.
pub const SCENARIO_BYTES_MAX: u64 = 16 << 20;
/// The most bytes that the traces of one scenario may have together.
pub const TRACE_BYTES_MAX: u64 = 256 << 20;

/// A scenario as it was found: its name, as messages show it, and what it holds.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user wrote it, or `-` for standard input.
    pub name: String,
    /// What it holds, not yet known to be UTF-8.
    pub bytes: Vec<u8>,
}

impl SourceFile {
    /// A scenario from a file or from memory.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// What the scenario is called: the file's name without folders and extension; `stdin` for `-`.
    ///
    /// It names folders and stands in the cells of tables, so whatever means something to a shell, a spreadsheet or a file
    /// system, dots alone too, is an underscore.
    pub fn stem(&self) -> String {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or("");
        let stem = match file.rsplit_once('.') {
            _ if file == "-" => "stdin",
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => file,
        };
        let only_dots = stem.chars().all(|letter| letter == '.');
        let is_plain =
            |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter) || (letter == '.' && !only_dots);
        stem.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect()
    }
}

/// Why a file cannot be read, in words that fit after `cannot read NAME: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is none.
    #[error("no such file")]
    NotFound,
    /// It is a folder.
    #[error("it is a folder, not a file; name the files in it")]
    Folder,
    /// It is neither a file nor a folder: a socket, a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// The user may not read it.
    #[error("permission denied")]
    Denied,
    /// It is larger than what is read.
    #[error("it has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Its size, or what is known of it.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Whatever else the system says.
    #[error("{0}")]
    Other(String),
}

/// Files that a scenario names.
pub trait Sources {
    /// What the file `path` holds; a relative path starts at the scenario's folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or has more than `limit` bytes (known before they are read).
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, SourceError>;
}

/// Files in memory, by name.
impl Sources for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
        let bytes = self.get(path).ok_or(SourceError::NotFound)?;
        let size = bytes.len() as u64;
        if size > limit { Err(SourceError::TooLarge { size, limit }) } else { Ok(bytes.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_is_the_name_without_folders_and_extension() {
        for (name, stem) in [("a/b/checkout.toml", "checkout"), ("x", "x"), ("-", "stdin"), (".toml", ".toml")] {
            assert_eq!(SourceFile::new(name, "").stem(), stem, "{name}");
        }
    }
}
