//! The calls by which files change: where a test makes them fail, or stop.

use super::is_named_pipe;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

/// A file that is being written.
pub trait Sink: Write {
    /// Makes sure that what was written stays.
    ///
    /// # Errors
    ///
    /// When the file system says so.
    fn finish(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn finish(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// What is done to files and folders. Every error is the file system's.
#[expect(clippy::missing_errors_doc, reason = "each call fails when the file system says so")]
pub trait FileSystem {
    /// A new, empty file at a path where nothing is.
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>>;

    /// The device or pipe that is there, to be written to; not a named pipe, whose reader may never come.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        if is_named_pipe(path) {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(Box::new(fs::OpenOptions::new().write(true).open(path)?))
    }

    /// A new folder, for nobody else, at a path where nothing is.
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(path)
    }

    /// A new file with this text, locked for as long as it is open; it is never there without its lock.
    fn claim(&self, path: &Path, text: &[u8]) -> io::Result<File> {
        let unlocked = path.with_extension("new");
        let mut file = File::create_new(&unlocked)?;
        file.write_all(text)?;
        // Where there are no locks, nobody finds out that we are gone, and what we leave stays.
        let _ = file.try_lock();
        fs::rename(&unlocked, path)?;
        Ok(file)
    }

    /// Moves a file or a folder; a file that is there is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Swaps two that are there, at one instant; `Unsupported` where that cannot be.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        exchange(one, other)
    }

    /// Another name for a file; a copy where there can be none.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
    }

    /// Who may do what.
    fn permit(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        fs::set_permissions(path, permissions)
    }

    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Removes a folder with all that is in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(|error| match error {
        // renameat2(2): the file system does not know the flag, or the kernel not the call.
        Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => io::ErrorKind::Unsupported.into(),
        other => other.into(),
    })
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(File::create_new(path)?))
    }
}
