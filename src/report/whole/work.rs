//! A folder of our own beside a target, in which it is written until it is whole, so that a move suffices.
//!
//! Its name begins with a dot and says whose it is. A file in it is locked for as long as its process lives: who finds
//! one without a lock knows that the process was killed, puts back what it had moved aside, and takes the rest away.

use super::{FileSystem, WholeError, no_folder, parent, present};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the name of such a folder begins.
const WORK: &str = ".dryport-";
/// The file that is locked, in which the target's name stands.
const LOCK: &str = "lock";
/// What stood at the target and was moved aside.
const OLD: &str = "old";
/// The same before it is locked.
const UNLOCKED: &str = "lock.new";
/// In so long a folder is claimed.
const MOMENT: Duration = Duration::from_mins(1);
/// So many names are tried.
const NAMES: u32 = 10_000;

/// The folder; it goes away with whatever is left in it.
pub(super) struct Work<'f> {
    disk: &'f dyn FileSystem,
    path: PathBuf,
    lock: Option<File>,
    stays: bool,
}

impl<'f> Work<'f> {
    /// One beside `target`, whose folder is made when it is missing.
    pub(super) fn beside(disk: &'f dyn FileSystem, target: &Path) -> Result<Self, WholeError> {
        let parent = parent(target);
        fs::create_dir_all(&parent).map_err(no_folder(&parent, target))?;
        let name = target.file_name().unwrap_or_default();
        Self::within(disk, &parent, name.as_encoded_bytes()).map_err(no_folder(&parent, target))
    }

    /// One in `folder`, for a target of this name.
    pub(super) fn within(disk: &'f dyn FileSystem, folder: &Path, name: &[u8]) -> io::Result<Self> {
        let process = std::process::id();
        let mut names = (0..NAMES).map(|number| folder.join(format!("{WORK}{process}-{number}")));
        loop {
            let path = names.next().ok_or(io::ErrorKind::AlreadyExists)?;
            match disk.make_folder(&path) {
                // Another thread's, or another machine's process of this number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            let mut work = Self { disk, path, lock: None, stays: false };
            match disk.claim(&work.path.join(LOCK), name) {
                // Who is on another machine took it for what a killed process of that one had left.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                claimed => {
                    work.lock = Some(claimed?);
                    return Ok(work);
                }
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where what stood at the target is moved aside.
    pub(super) fn old(&self) -> PathBuf {
        self.path.join(OLD)
    }

    /// It stays, for who comes next to put right.
    pub(super) fn stay(&mut self) {
        self.stays = true;
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        if !self.stays {
            // What cannot be removed now is when somebody writes here again.
            let _ = take_away(self.disk, &self.path);
        }
        drop(self.lock.take());
    }
}

/// Is it the name of such a folder?
pub fn is_work(name: &str) -> bool {
    name.starts_with(WORK)
}

/// Puts right what killed processes left in `folder`: what they had moved aside to replace it goes back, if nothing has
/// come in its place, and their working folders go.
pub fn recover(disk: &dyn FileSystem, folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let works = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(WORK.as_bytes()));
    for work in works.map(|entry| entry.path()) {
        let Some((target, _lock)) = abandoned(&work) else {
            take_away_unclaimed(&work);
            continue;
        };
        let (old, target) = (work.join(OLD), folder.join(target));
        let is_lost = present(&old) && !present(&target);
        if !is_lost || disk.rename(&old, &target).is_ok() {
            let _ = take_away(disk, &work);
        }
    }
}

/// Removes a working folder, the lock last: as long as anything is left, who comes next can tell whose it was.
fn take_away(disk: &dyn FileSystem, work: &Path) -> io::Result<()> {
    for entry in fs::read_dir(work)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            _ if entry.file_name() == LOCK => {}
            true => disk.remove_folder(&entry.path())?,
            false => disk.remove_file(&entry.path())?,
        }
    }
    disk.remove_folder(work)
}

/// The target of a working folder whose process is gone, and its lock, which is ours now.
fn abandoned(work: &Path) -> Option<(OsString, File)> {
    let lock = work.join(LOCK);
    let file = File::options().read(true).write(true).open(&lock).ok()?;
    file.try_lock().ok()?;
    Some((name_of(fs::read(&lock).ok()?), file))
}

#[cfg(unix)]
fn name_of(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn name_of(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// A process that was killed before it had claimed its folder left nothing in it; one that lives will have, in a moment.
fn take_away_unclaimed(work: &Path) {
    let age = || fs::metadata(work).and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
    let is_gone = || is_running(work).map_or_else(|| age() > Some(MOMENT), |runs| !runs);
    if !present(&work.join(LOCK)) && is_gone() {
        let _ = fs::remove_file(work.join(UNLOCKED));
        // Of what is not empty nobody knows whose it is.
        let _ = fs::remove_dir(work);
    }
}

/// Does the process run here whose number stands in the name? `None`: this system does not tell, or there is none.
fn is_running(work: &Path) -> Option<bool> {
    let name = work.file_name()?.to_str()?.strip_prefix(WORK)?;
    let (process, _) = name.split_once('-')?;
    let processes = Path::new("/proc");
    let number: u32 = process.parse().ok()?;
    present(&processes.join("self")).then(|| present(&processes.join(number.to_string())))
}
