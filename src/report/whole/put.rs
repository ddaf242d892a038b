//! A new folder put in the place of an old one: at one instant where the file system can, and so that at no instant
//! anything is missing that cannot be put right where it can't.

use super::work::Work;
use super::{FileSystem, Predecessor, TRIES, WholeError, failed, present, taken};
use std::fs;
use std::io;
use std::path::Path;

/// Moves `new`, which is in the folder `work`, to `path`. What stood there goes away with `work`, but for what is to be
/// kept of it, which goes over.
pub(super) fn put(
    disk: &dyn FileSystem,
    new: &Path,
    work: &mut Work<'_>,
    path: &Path,
    predecessor: &dyn Predecessor,
) -> Result<(), WholeError> {
    let mut tries = 1..=TRIES;
    loop {
        // Another run may come between, whose folder is as whole as ours, which comes after it.
        let again = tries.next() < Some(TRIES);
        let error = if present(path) {
            if taken(path, predecessor) {
                return Err(WholeError::Exists { path: path.into() });
            }
            match replace(disk, new, work, path, predecessor) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            }
        } else {
            match disk.rename(new, path) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            }
        };
        let came_between = if error.kind() == io::ErrorKind::NotFound { present(new) } else { present(path) };
        let is_race = matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty
        );
        if !(again && is_race && came_between) {
            return Err(failed("move a new folder to", path)(error));
        }
    }
}

/// The same where something stands.
fn replace(
    disk: &dyn FileSystem,
    new: &Path,
    work: &mut Work<'_>,
    path: &Path,
    predecessor: &dyn Predecessor,
) -> io::Result<()> {
    carry_over(disk, path, new, predecessor)?;
    let aside = match disk.exchange(new, path) {
        // What stood there is where ours was.
        Ok(()) => new.to_owned(),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            step_aside(disk, new, work, path)?;
            work.old()
        }
        Err(error) => return Err(error),
    };
    // Ours is in place, and what was put there in this very moment goes over, too.
    for name in predecessor.keeps(&aside).unwrap_or_default() {
        if !present(&path.join(&name)) && disk.rename(&aside.join(&name), &path.join(&name)).is_err() {
            work.stay();
        }
    }
    Ok(())
}

/// Without an exchange there is an instant at which nothing stands at `path`: who is killed then leaves both folders in
/// `work`, and who comes next [recovers](super::recover) the old one.
fn step_aside(disk: &dyn FileSystem, new: &Path, work: &mut Work<'_>, path: &Path) -> io::Result<()> {
    let old = work.old();
    if present(&old) {
        // Of an earlier try, in whose place another run's folder has come.
        disk.remove_folder(&old)?;
    }
    disk.rename(path, &old)?;
    let moved = disk.rename(new, path);
    if moved.is_err() && !present(path) && disk.rename(&old, path).is_err() {
        work.stay();
    }
    moved
}

/// Gives what is to be kept of `old` a name in `new`, too.
fn carry_over(disk: &dyn FileSystem, old: &Path, new: &Path, predecessor: &dyn Predecessor) -> io::Result<()> {
    for name in predecessor.keeps(old)? {
        link_all(disk, &old.join(&name), &new.join(&name))?;
    }
    Ok(())
}

fn link_all(disk: &dyn FileSystem, from: &Path, to: &Path) -> io::Result<()> {
    let found = from.symlink_metadata()?;
    if !found.is_dir() {
        return if present(to) { Ok(()) } else { disk.link(from, to) };
    }
    if !present(to) {
        disk.make_folder(to)?;
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        link_all(disk, &from.join(&name), &to.join(&name))?;
    }
    // Last, as nothing may be made in a folder that is closed.
    disk.permit(to, found.permissions())
}
