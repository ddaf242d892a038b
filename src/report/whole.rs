//! Files written whole or not at all: beside the target first, moved into place last.
//!
//! A reader never sees half a file, and a failure leaves what was there before. Contents are streamed, so a file may be
//! larger than memory. [`Make`] is where a test makes writing fail. Knows paths and bytes, never what they mean.

use crate::scenario::words::shown;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

/// What can go wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum WholeError {
    /// Something is there already, and may not be replaced.
    #[error("{} exists already", shown(path))]
    Exists {
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

/// Makes new files.
pub trait Make {
    /// A new, empty file at a path where nothing is.
    ///
    /// # Errors
    ///
    /// When the file system says so.
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>>;

    /// The device or pipe that is there, to be written to.
    ///
    /// # Errors
    ///
    /// When the file system says so, and for a named pipe, whose reader may never come.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        if is_named_pipe(path) {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(Box::new(fs::OpenOptions::new().write(true).open(path)?))
    }
}

/// Makes real files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Make for Disk {
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(File::create_new(path)?))
    }
}

/// May something that exists be replaced?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// No.
    Never,
    /// Yes.
    Always,
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

/// How the name of a folder begins in which something is written until it is whole; one that was killed leaves it.
pub const WORK: &str = ".dryport-";

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
    let work = work_folder_in(there)?;
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
pub fn write_file(make: &dyn Make, path: &Path, replace: Replace, fill: Fill<'_>) -> Result<(), WholeError> {
    if is_device(path) {
        // Nothing to keep whole, and replacing `/dev/null` by a file would do harm.
        let mut device = make.open(path).map_err(failed("open", path))?;
        return match fill_sink(&mut *device, fill) {
            // Whoever reads the pipe has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(failed("write", path)),
        };
    }
    vacant(path, replace)?;
    let work = work_folder(path)?;
    let inside = work.path().join("file");
    write_new(make, &inside, path, fill)?;
    fs::rename(&inside, path).map_err(failed("move a new file to", path))?;
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
    make: &dyn Make,
    path: &Path,
    files: Vec<(String, Fill<'_>)>,
    predecessor: &dyn Predecessor,
) -> Result<(), WholeError> {
    if taken(path, predecessor) {
        return Err(WholeError::Exists { path: path.into() });
    }
    let work = work_folder(path)?;
    let (new, old) = (work.path().join("new"), work.path().join("old"));
    fs::create_dir(&new).map_err(failed("make", path))?;
    for (name, fill) in files {
        write_new(make, &new.join(&name), &path.join(&name), fill)?;
    }
    set_mode(&new, 0o755, path)?;
    sync_folder(&new);
    let mut kept = Vec::new();
    let moved = move_in((&new, &old), path, predecessor, &mut kept);
    if moved.is_err() && (present(&old) || kept.iter().any(|name| present(&new.join(name)))) {
        // Could not be moved back: it stays, or it would go with the working folder.
        let _ = work.keep();
    }
    moved?;
    sync_folder(&parent(path));
    Ok(())
}

/// Moves `new` to `path`; what was there goes to `old`, and comes back when the move fails. `kept` are the names that
/// went over from there into `new`.
fn move_in(
    (new, old): (&Path, &Path),
    path: &Path,
    predecessor: &dyn Predecessor,
    kept: &mut Vec<OsString>,
) -> Result<(), WholeError> {
    let mut tries = 1..=TRIES;
    loop {
        let again = tries.next() < Some(TRIES);
        let was_there = present(path);
        if was_there && taken(path, predecessor) {
            return Err(WholeError::Exists { path: path.into() });
        }
        if was_there {
            match fs::rename(path, old) {
                // Another run has just moved it aside to replace it too.
                Err(error) if error.kind() == io::ErrorKind::NotFound && again => continue,
                moved => moved.map_err(failed("move aside", path))?,
            }
        }
        let whole = if was_there { keep(old, new, predecessor, kept) } else { Ok(()) };
        let again = again && whole.is_ok();
        let Err(error) = whole.and_then(|()| fs::rename(new, path)) else { return Ok(()) };
        if was_there && !present(path) {
            kept.iter()
                .try_for_each(|name| fs::rename(new.join(name), old.join(name)))
                .map_err(failed("move back", old))?;
            fs::rename(old, path).map_err(failed("move back", old))?;
        } else if present(path) && present(new) && again {
            // Another run was faster. Its folder is as whole as ours, which comes after it.
            if was_there {
                fs::remove_dir_all(old).map_err(failed("remove what was at", path))?;
            }
            continue;
        }
        return Err(failed("move a new folder to", path)(error));
    }
}

/// Moves what is to be kept of `old` over into `new`.
fn keep(old: &Path, new: &Path, predecessor: &dyn Predecessor, kept: &mut Vec<OsString>) -> io::Result<()> {
    for name in predecessor.keeps(old)? {
        if !present(&new.join(&name)) {
            fs::rename(old.join(&name), new.join(&name))?;
            kept.push(name);
        }
    }
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
    if replace == Replace::Never && present(path) {
        return Err(WholeError::Exists { path: path.into() });
    }
    Ok(())
}

/// A folder of our own beside the target, so that a rename suffices; it goes away with whatever is left in it.
fn work_folder(path: &Path) -> Result<tempfile::TempDir, WholeError> {
    let parent = parent(path);
    fs::create_dir_all(&parent).map_err(failed("make", &parent))?;
    work_folder_in(&parent)
}

fn work_folder_in(parent: &Path) -> Result<tempfile::TempDir, WholeError> {
    let made = tempfile::Builder::new().prefix(WORK).tempdir_in(parent);
    made.map_err(plain).map_err(failed("make a folder in", parent))
}

/// The error without the path of a working folder, which nobody has heard of and tempfile appends to the text.
fn plain(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason),
        None => error,
    }
}

/// Writes a new file at `path`; an error names `meant`, where it will be in the end.
fn write_new(make: &dyn Make, path: &Path, meant: &Path, fill: Fill<'_>) -> Result<(), WholeError> {
    let mut sink = make.make(path).map_err(failed("write", meant))?;
    fill_sink(&mut *sink, fill).and_then(|()| sink.finish()).map_err(failed("write", meant))?;
    set_mode(path, 0o644, meant)
}

fn fill_sink(sink: &mut dyn Write, fill: Fill<'_>) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 16, sink);
    fill(&mut buffer)?;
    buffer.flush()
}

/// Private working folders are 0700 and the user's umask may be narrow; results are for everyone to read.
#[cfg(unix)]
fn set_mode(path: &Path, mode: u32, meant: &Path) -> Result<(), WholeError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("set the mode of", meant))
}

#[cfg(not(unix))]
fn set_mode(path: &Path, _: u32, meant: &Path) -> Result<(), WholeError> {
    let _: fn(&Path) -> io::Result<Permissions> = |path| Ok(fs::metadata(path)?.permissions());
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

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WholeError {
    let path = path.into();
    move |reason| WholeError::Io { action, path, reason }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// Makes files that take this many bytes in all and then fail, as a full disk does.
    pub(crate) struct FullAfter(Rc<Cell<usize>>);

    impl FullAfter {
        pub(crate) fn bytes(bytes: usize) -> Self {
            Self(Rc::new(Cell::new(bytes)))
        }
    }

    struct Limited(File, Rc<Cell<usize>>);

    impl Make for FullAfter {
        fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
            Ok(Box::new(Limited(File::create_new(path)?, self.0.clone())))
        }
    }

    impl Write for Limited {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.1.get().min(bytes.len());
            if room == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.set(self.1.get() - room);
            self.0.write(&bytes[..room])
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl Sink for Limited {
        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Everything under a folder: path and content, sorted.
    pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(tree(&path));
                found.push((path, Vec::new()));
            } else {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Fill<'_> {
        Box::new(move |out| out.write_all(bytes))
    }

    fn files() -> Vec<(String, Fill<'static>)> {
        vec![("a.csv".into(), bytes(&[1; 10])), ("b.csv".into(), bytes(&[2; 10]))]
    }

    #[test]
    fn a_full_disk_leaves_what_was_there_at_every_byte() {
        for before in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let (folder, file) = (home.path().join("run"), home.path().join("out/x.csv"));
            fs::create_dir(home.path().join("out")).unwrap();
            if before {
                write_folder(&Disk, &folder, vec![("old".into(), bytes(&[9]))], &|| Replace::Never).unwrap();
                write_file(&Disk, &file, Replace::Never, bytes(b"old")).unwrap();
            }
            let was = tree(home.path());
            for room in 0..20 {
                let error = write_folder(&FullAfter::bytes(room), &folder, files(), &|| Replace::Always).unwrap_err();
                assert!(matches!(error, WholeError::Io { action: "write", .. }));
                assert_eq!(tree(home.path()), was);
                write_file(&FullAfter::bytes(room), &file, Replace::Always, bytes(&[3; 20])).unwrap_err();
                assert_eq!(tree(home.path()), was);
            }
            write_folder(&FullAfter::bytes(20), &folder, files(), &|| Replace::Always).unwrap();
            write_file(&FullAfter::bytes(20), &file, Replace::Always, bytes(&[3; 20])).unwrap();
            let names: Vec<_> = tree(home.path()).into_iter().map(|(path, _)| path).collect();
            let expected = ["out", "out/x.csv", "run", "run/a.csv", "run/b.csv"].map(|name| home.path().join(name));
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn what_exists_is_kept_unless_told_otherwise() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x");
        write_file(&Disk, &path, Replace::Never, bytes(b"old")).unwrap();
        let error = write_file(&Disk, &path, Replace::Never, bytes(b"new")).unwrap_err();
        assert_eq!(error.to_string(), format!("{} exists already", path.display()));
        assert!(matches!(write_folder(&Disk, &path, Vec::new(), &|| Replace::Never), Err(WholeError::Exists { .. })));
        write_file(&Disk, &path, Replace::Always, bytes(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_move_that_fails_is_undone() {
        let home = tempfile::tempdir().unwrap();
        let (old, path) = (home.path().join("old"), home.path().join("run"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), "kept").unwrap();
        let new = home.path().join("no such folder");
        let error = move_in((&new, &old), &path, &|| Replace::Always, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, WholeError::Io { action: "move a new folder to", .. }));
        assert_eq!(fs::read(path.join("kept")).unwrap(), b"kept");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_and_stays_one() {
        let full = Path::new("/dev/full");
        may_write(full, What::File, Replace::Never).unwrap();
        let error = write_file(&Disk, full, Replace::Always, bytes(b"x")).unwrap_err();
        assert!(error.to_string().starts_with("cannot write /dev/full: No space left"), "{error}");
        write_file(&Disk, Path::new("/dev/null"), Replace::Never, bytes(b"x")).unwrap();
        assert!(is_device(Path::new("/dev/null")) && is_device(full));
        // Also where it leads to a file.
        assert!(is_device(Path::new("/dev/stdout")) && is_device(Path::new("/dev/fd/1")));
    }

    #[test]
    fn what_would_fail_is_known_before() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x");
        may_write(&file, What::File, Replace::Never).unwrap();
        may_write(&home.path().join("a/b/c"), What::File, Replace::Never).unwrap();
        fs::write(&file, "").unwrap();
        assert!(matches!(may_write(&file, What::File, Replace::Never), Err(WholeError::Exists { .. })));
        may_write(&file, What::File, Replace::Always).unwrap();
        assert!(matches!(may_write(&file.join("below/it"), What::File, Replace::Never), Err(WholeError::Io { .. })));
        assert_eq!(tree(home.path()), [(file, Vec::new())]);
    }

    #[cfg(unix)]
    #[test]
    fn results_are_for_everyone_to_read() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run");
        write_folder(&Disk, &path, files(), &|| Replace::Never).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("a.csv"))), (0o755, 0o644));
    }
}
