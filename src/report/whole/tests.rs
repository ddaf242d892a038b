//! Nothing that was whole is lost, whatever fails and whenever.

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

impl FileSystem for FullAfter {
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

/// What becomes of calls from a certain one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The process is killed: nothing is done any more.
    Killed,
    /// This one call fails.
    Failing,
    /// Nothing more can be written.
    Full,
}

/// Does as the disk does, up to a call.
#[derive(Clone, Debug)]
pub(crate) struct Until {
    calls: Rc<Cell<usize>>,
    at: usize,
    from: From,
    /// Can two folders be swapped?
    swaps: bool,
}

impl Until {
    pub(crate) fn call(at: usize, from: From, swaps: bool) -> Self {
        Self { calls: Rc::default(), at, from, swaps }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.get()
    }

    /// One more call, which `writes` or does not.
    fn next(&self, writes: bool) -> io::Result<()> {
        let call = self.calls.replace(self.calls.get() + 1);
        match self.from {
            From::Killed if call >= self.at => Err(io::Error::other("killed")),
            From::Failing if call == self.at => Err(io::Error::other("input/output error")),
            From::Full if call >= self.at && writes => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

struct Watched(File, Until);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.next(true)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for Watched {
    fn finish(&mut self) -> io::Result<()> {
        self.1.next(true)
    }
}

impl FileSystem for Until {
    fn make(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        self.next(true)?;
        Ok(Box::new(Watched(File::create_new(path)?, self.clone())))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.next(true)?;
        Disk.make_folder(path)
    }

    fn claim(&self, path: &Path, text: &[u8]) -> io::Result<File> {
        self.next(true)?;
        Disk.claim(path, text)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.next(false)?;
        Disk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.next(false)?;
        if self.swaps { Disk.exchange(one, other) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.next(true)?;
        Disk.link(from, to)
    }

    fn permit(&self, path: &Path, permissions: fs::Permissions) -> io::Result<()> {
        self.next(false)?;
        Disk.permit(path, permissions)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.next(false)?;
        Disk.remove_file(path)
    }

    /// One by one, as the disk does: it may be stopped in between.
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(path)?.map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() { self.remove_folder(&entry)? } else { self.remove_file(&entry)? }
        }
        self.next(false)?;
        fs::remove_dir(path)
    }
}

/// All files of ours may be replaced, all others are the user's.
struct Ours;

impl Predecessor for Ours {
    fn replace(&self) -> Replace {
        Replace::Always
    }

    fn keeps(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        Ok(names.into_iter().filter(|name| !["a.csv", "b.csv"].iter().any(|own| name == own)).collect())
    }
}

/// C1: stopped at any call, in each way, a run is the old one or the new one, with every file of the user's: at once where
/// folders can be swapped, else when somebody writes there again. Nothing else is left.
#[test]
fn stopped_at_any_call_a_folder_is_the_old_one_or_the_new_one() {
    let mine = ["mine", "mine/deep", "mine/deep/thesis.txt", "notes.txt"];
    for from in [From::Killed, From::Failing, From::Full] {
        for swaps in [true, false] {
            let mut stopped = 0;
            for call in 0.. {
                let home = tempfile::tempdir().unwrap();
                let run = home.path().join("run");
                write_folder(
                    &Disk,
                    &run,
                    vec![("a.csv".into(), bytes(b"old")), ("b.csv".into(), bytes(b"old"))],
                    &Ours,
                )
                .unwrap();
                fs::create_dir_all(run.join("mine/deep")).unwrap();
                for file in ["notes.txt", "mine/deep/thesis.txt"] {
                    fs::write(run.join(file), "years").unwrap();
                }
                let until = Until::call(call, from, swaps);
                let written = write_folder(&until, &run, files(), &Ours);
                let what = format!("{from:?} at call {call}, swaps: {swaps}, {written:?}");
                if from == From::Killed && !swaps {
                    recover(&Disk, home.path());
                }
                let found = tree(&run);
                let names: Vec<_> = found.iter().map(|(path, _)| path.strip_prefix(&run).unwrap().to_owned()).collect();
                let all: Vec<_> = ["a.csv", "b.csv"].iter().chain(&mine).map(PathBuf::from).collect();
                assert_eq!(names, all, "{what}");
                assert_eq!(fs::read(run.join("mine/deep/thesis.txt")).unwrap(), b"years", "{what}");
                let content = ["a.csv", "b.csv"].map(|file| fs::read(run.join(file)).unwrap());
                let is_new = content == [vec![1; 10], vec![2; 10]];
                assert!(is_new || content == [b"old"; 2], "{what}");
                // Who is told of success has it.
                assert!(is_new || written.is_err(), "{what}");
                // Whoever comes next finds nothing of it, and writes.
                write_folder(&Disk, &run, files(), &Ours).unwrap();
                let left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
                // But for an empty folder that may be this process's, which runs.
                let is_empty = |name: &OsString| name == "run" || tree(&home.path().join(name)).is_empty();
                assert!(left.iter().all(is_empty) && (left.len() == 1 || from != From::Full), "{what}: {left:?}");
                stopped += usize::from(written.is_err());
                if until.calls() <= call {
                    break;
                }
            }
            assert!(stopped >= 12, "{from:?}, swaps: {swaps}: {stopped}");
        }
    }
}

/// C1: what another process is writing in is left alone, and what a killed one was writing in goes.
#[test]
fn only_what_is_abandoned_is_taken_away() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("x");
    let unclaimed = [".dryport-4294967295-0", ".dryport-1-0"].map(|name| home.path().join(name));
    for path in &unclaimed {
        fs::create_dir(path).unwrap();
    }
    let alive = Work::beside(&Disk, &target).unwrap();
    let killed = Work::beside(&Until::call(3, From::Killed, true), &target).unwrap().path().to_owned();
    assert!(killed.exists(), "it could not take it away");
    fs::create_dir(home.path().join(".dryport-of-somebody")).unwrap();
    write_folder(&Disk, &target, files(), &|| Replace::Never).unwrap();
    // Process 1 runs, and may be about to claim it; no process has the highest number of all.
    #[cfg(target_os = "linux")]
    assert_eq!(unclaimed.each_ref().map(|path| path.exists()), [false, true]);
    assert!(alive.path().exists() && !killed.exists() && home.path().join(".dryport-of-somebody").exists());
    let path = alive.path().to_owned();
    drop(alive);
    assert!(!path.exists());
}
