//! Files written whole or not at all: beside the target first, moved into place last.
//!
//! A reader never sees half a file, and a failure leaves what was there before. Contents are streamed, so a file may be
//! larger than memory. [`FileSystem`] is where a test makes a call fail. Knows paths and bytes, never what they mean.

mod file_system;
mod put;
#[cfg(test)]
pub(crate) mod tests;
mod work;

pub use file_system::{Disk, FileSystem, Sink};
pub use work::{is_work, recover};

use crate::scenario::words::shown;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use work::Work;

/// What can go wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum WholeError {
    /// Something is there already, and may not be replaced.
    #[error("{} exists already", shown(path))]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// What is there was not written by dryport: never replaced, not even by force.
    #[error("{} exists already and is no file of dryport's: name another one", shown(path))]
    Foreign {
        /// What is there.
        path: PathBuf,
    },
    /// A link is never replaced: what it leads to is somebody's.
    #[error("{} is a link, which is never replaced: name the file itself", shown(path))]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {reason}", shown(path))]
    Io {
        /// What was tried: `write`, `move`, …
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        reason: io::Error,
    },
}

/// May something that exists be replaced?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// No.
    Never,
    /// Yes.
    Always,
    /// A file of ours, by force.
    Ours {
        /// How files of ours begin. An empty one is anybody's.
        begins: &'static [&'static [u8]],
        /// Is it to be?
        force: bool,
    },
}

/// The folder that is there already, as the one that comes in its place sees it.
pub trait Predecessor {
    /// May it be replaced? Asked at the start and at the end, as another process may have been faster.
    fn replace(&self) -> Replace;

    /// What goes over into its successor, by name; it is at `folder` now.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    fn keeps(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let _ = folder;
        Ok(Vec::new())
    }
}

/// One of which nothing is kept.
impl<F: Fn() -> Replace> Predecessor for F {
    fn replace(&self) -> Replace {
        self()
    }
}

/// What writes the content of a file.
pub type Fill<'a> = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + 'a>;

/// How often another process may come between.
pub(super) const TRIES: usize = 100;

/// What is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One file, or into a device or a pipe.
    File,
    /// A folder of files.
    Folder,
}

/// Could something be written at `path`? Asked before a long simulation, so that a refusal does not waste it.
///
/// # Errors
///
/// When it exists and may not be replaced, or the file system refuses.
pub fn may_write(path: &Path, what: What, replace: Replace) -> Result<(), WholeError> {
    if what == What::File && is_device(path) {
        return Ok(());
    }
    if what == What::File && path.is_dir() {
        return Err(failed("write", path)(io::ErrorKind::IsADirectory.into()));
    }
    vacant(path, replace)?;
    if path.file_name().is_none() {
        // `..` or the root: nothing can be moved into its place.
        return Err(failed("write", path)(io::Error::other("it needs a name of its own")));
    }
    // Nothing is left behind, not even the folders above; but their names are tried, which may be too long.
    let above = parent(path);
    let there = above.ancestors().find(|folder| present(folder)).unwrap_or(Path::new("."));
    recover(&Disk, &above);
    let work = Work::within(&Disk, there, b"").map_err(no_folder(there, path))?;
    let missing = path.strip_prefix(there).unwrap_or(path);
    if missing.components().all(|part| matches!(part, Component::Normal(_))) {
        fs::create_dir_all(work.path().join(missing)).map_err(failed("make", path))?;
    }
    Ok(())
}

/// Writes one file; its folder is made when it is missing. A device or a pipe is written to as it is.
///
/// # Errors
///
/// When it exists and may not be replaced, or the file system refuses; then what was there is untouched.
pub fn write_file(disk: &dyn FileSystem, path: &Path, replace: Replace, fill: Fill<'_>) -> Result<(), WholeError> {
    if is_device(path) {
        // Nothing to keep whole, and replacing `/dev/null` by a file would do harm.
        let mut device = disk.open(path).map_err(failed("open", path))?;
        return match fill_sink(&mut *device, fill) {
            // Whoever reads the pipe has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(failed("write", path)),
        };
    }
    vacant(path, replace)?;
    let work = Work::beside(disk, path)?;
    let inside = work.path().join("file");
    write_new(disk, &inside, path, fill)?;
    disk.rename(&inside, path).map_err(failed("move a new file to", path))?;
    sync_folder(&parent(path));
    Ok(())
}

/// Writes a folder of files, named and filled as listed; the folder above is made when it is missing. What is there
/// already makes way, or not, as `predecessor` says.
///
/// # Errors
///
/// When it exists and may not be replaced, or the file system refuses; then what was there is untouched.
pub fn write_folder(
    disk: &dyn FileSystem,
    path: &Path,
    files: Vec<(String, Fill<'_>)>,
    predecessor: &dyn Predecessor,
) -> Result<(), WholeError> {
    recover(disk, &parent(path));
    if taken(path, predecessor) {
        return Err(WholeError::Exists { path: path.into() });
    }
    let mut work = Work::beside(disk, path)?;
    let new = work.path().join("new");
    disk.make_folder(&new).map_err(failed("make", path))?;
    for (name, fill) in files {
        write_new(disk, &new.join(&name), &path.join(&name), fill)?;
    }
    set_mode(disk, &new, 0o755, path)?;
    sync_folder(&new);
    put::put(disk, &new, &mut work, path, predecessor)?;
    sync_folder(&parent(path));
    Ok(())
}

/// Is something there that may not be replaced? Asked again when the answer is yes: it may have been looked at while
/// another process put its own folder in place, when there was none.
fn taken(path: &Path, predecessor: &dyn Predecessor) -> bool {
    (0..TRIES).all(|_| present(path) && predecessor.replace() == Replace::Never)
}

/// Is there room for a file: nothing, or what may be replaced?
fn vacant(path: &Path, replace: Replace) -> Result<(), WholeError> {
    if path.is_symlink() {
        return Err(WholeError::Link { path: path.into() });
    }
    let exists = || WholeError::Exists { path: path.into() };
    match replace {
        _ if !present(path) => Ok(()),
        Replace::Always => Ok(()),
        Replace::Never => Err(exists()),
        Replace::Ours { begins, .. } if !does_begin(path, begins) => Err(WholeError::Foreign { path: path.into() }),
        Replace::Ours { force, .. } => {
            if force {
                Ok(())
            } else {
                Err(exists())
            }
        }
    }
}

/// Does the file begin with one of these, or is it empty? No, where it cannot be read.
fn does_begin(path: &Path, begins: &[&[u8]]) -> bool {
    let longest = begins.iter().map(|begin| begin.len()).max().unwrap_or(0);
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(longest as u64).read_to_end(&mut head));
    read.is_ok() && (head.is_empty() || begins.iter().any(|begin| head.starts_with(begin)))
}

/// Writes a new file at `path`; an error names `meant`, where it will be in the end.
fn write_new(disk: &dyn FileSystem, path: &Path, meant: &Path, fill: Fill<'_>) -> Result<(), WholeError> {
    let mut sink = disk.make(path).map_err(failed("write", meant))?;
    fill_sink(&mut *sink, fill).and_then(|()| sink.finish()).map_err(failed("write", meant))?;
    set_mode(disk, path, 0o644, meant)
}

fn fill_sink(sink: &mut dyn Write, fill: Fill<'_>) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 16, sink);
    fill(&mut buffer)?;
    buffer.flush()
}

/// Private working folders are 0700 and the user's umask may be narrow; results are for everyone to read.
#[cfg(unix)]
fn set_mode(disk: &dyn FileSystem, path: &Path, mode: u32, meant: &Path) -> Result<(), WholeError> {
    use std::os::unix::fs::PermissionsExt;
    disk.permit(path, fs::Permissions::from_mode(mode)).map_err(failed("set the mode of", meant))
}

#[cfg(not(unix))]
fn set_mode(_: &dyn FileSystem, path: &Path, _: u32, meant: &Path) -> Result<(), WholeError> {
    fs::metadata(path).map(drop).map_err(failed("look at", meant))
}

/// Makes the names in a folder durable; some systems cannot, and the names are there all the same.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}

/// The folder above; `.` for a bare name.
fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")).into()
}

/// Neither file nor folder: a device, a pipe, or what this process has open, wherever the shell has led it.
fn is_device(path: &Path) -> bool {
    let open = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"].iter().any(|open| path.starts_with(open));
    open || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// A pipe with a name, which opening waits at for as long as nobody is at its other end; not one that a shell made for
/// `<(...)`, to which no name leads.
pub fn is_named_pipe(path: &Path) -> bool {
    let unnamed = path.starts_with("/dev/fd") || path.canonicalize().is_err();
    fs::metadata(path).is_ok_and(|found| is_pipe(&found)) && !unnamed
}

/// A pipe, named or not.
#[cfg(unix)]
pub fn is_pipe(found: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

/// A pipe, named or not: there is none.
#[cfg(not(unix))]
pub fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

/// A dangling link counts: it would be replaced.
fn present(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Why `meant` cannot be written, when no folder can be made in `place`, which is what comes first.
fn no_folder(place: &Path, meant: &Path) -> impl FnOnce(io::Error) -> WholeError {
    let place = shown(place);
    let failed = failed("write", meant);
    move |reason| failed(io::Error::new(reason.kind(), format!("no folder can be made in {place}: {reason}")))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WholeError {
    let path = path.into();
    move |reason| WholeError::Io { action, path, reason }
}
