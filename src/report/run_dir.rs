//! The run folder: manifest, tables and charts, written whole or not at all, and read back.
//!
//! Its rule on replacing protects work: a folder in the default place that holds an earlier run of the same scenario
//! file is ours to replace; another run is when the user says so; what is no run never is. What a user has put beside a
//! run goes over into its successor. To add a table, add it to [`schema::TABLES`], [`RunTables`] and [`read`]; a chart
//! comes by itself.

use super::chart::{CHARTS, Chart};
use super::manifest::{FILE_NAME, Manifest, ManifestError};
use super::query::{PerRun, Places};
use super::schema::{self, TABLES, file};
use super::whole::{self, FileSystem, Fill, Predecessor, Replace, What, WholeError, write_folder};
use super::{Cell, RunTables, Table, csv};
use crate::scenario::words::shown;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// Where a run folder goes, which decides what may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Under the default `output/`: an earlier run of the same scenario file may be replaced.
    Default,
    /// Where the user said: nothing may be replaced.
    Chosen,
    /// Either, and the user said that any run, or an empty folder, may be replaced.
    Forced,
}

/// Which pictures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// None.
    Absent,
    /// As PNG.
    Png,
    /// As PNG and as SVG.
    PngAndSvg,
}

/// Why a run folder could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// The folder exists and is ours to replace only by force.
    #[error("{} exists already{}", shown(path), holding(found.as_deref()))]
    Taken {
        /// The folder.
        path: PathBuf,
        /// The scenario file of the run in it; none when it is empty.
        found: Option<String>,
    },
    /// The folder holds something, but no run: never ours to replace, not even by force.
    #[error("{} exists already and holds no run of dryport: name another folder", shown(path))]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// What stands there is a file, a device or a link: never ours to replace, not even by force.
    #[error("{} is no folder; a run needs a folder of its own", shown(path))]
    NoFolder {
        /// What stands there.
        path: PathBuf,
    },
    /// Writing failed; nothing was changed.
    #[error(transparent)]
    Write(#[from] WholeError),
    /// The folder holds no run.
    #[error("{} is no run folder: there is no {FILE_NAME} in it", shown(path))]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the folder cannot be read.
    #[error("cannot read {}: {}", shown(path), why(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        reason: io::Error,
    },
    /// The manifest is not one.
    #[error("{}: {reason}", shown(path))]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        reason: ManifestError,
    },
    /// A table is not what it should be.
    #[error("{}: {reason}", shown(path))]
    Table {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        reason: csv::ReadError,
    },
}

fn why(reason: &io::Error) -> String {
    if reason.kind() == io::ErrorKind::NotFound { "no such file".into() } else { reason.to_string() }
}

fn holding(file: Option<&str>) -> String {
    let name = |file| if file == "-" { "stdin".into() } else { shown(file) };
    file.map_or_else(String::new, |file| format!(" and holds a run of {}", name(file)))
}

/// The names of the files that [`write()`] makes of these tables, in the order they are listed: what
/// [`Manifest::files`] holds.
pub fn file_names(tables: &RunTables, pictures: Pictures) -> Vec<String> {
    let mut names = names_with(pictures, |chart| (chart.applies)(tables));
    names.retain(|name| name != file::REPLICATIONS || tables.keeps_runs());
    names
}

/// All names that a run's files can have.
pub fn known_names() -> Vec<String> {
    names_with(Pictures::PngAndSvg, |_| true)
}

fn names_with(pictures: Pictures, is_drawn: impl Fn(&Chart) -> bool) -> Vec<String> {
    let mut names: Vec<String> = TABLES.iter().map(|(file, _)| (*file).into()).collect();
    for chart in CHARTS.iter().filter(|chart| is_drawn(chart)) {
        names.extend(extensions(pictures).iter().map(|extension| chart.file(extension)));
    }
    names.push(FILE_NAME.into());
    names
}

/// Would [`write()`] be allowed? Asked before a long simulation, so that a refusal does not waste it.
///
/// # Errors
///
/// [`RunDirError::Taken`], [`RunDirError::Foreign`] or [`RunDirError::NoFolder`] when it is not ours to replace,
/// [`RunDirError::Write`] when the file system refuses.
pub fn may_write(path: &Path, file: &str, place: Place) -> Result<(), RunDirError> {
    Ok(whole::may_write(path, What::Folder, Earlier { path, file, place }.ask()?)?)
}

/// What stands where a run of the scenario `file` is to go.
struct Earlier<'e> {
    path: &'e Path,
    file: &'e str,
    place: Place,
}

impl Earlier<'_> {
    /// May it be replaced, and if not, why?
    fn ask(&self) -> Result<Replace, RunDirError> {
        // A folder that holds no run may be one that another run is just putting in place.
        let passing =
            |found: &_| matches!(found, Err(RunDirError::Foreign { .. } | RunDirError::Taken { found: None, .. }));
        let mut answer = self.ask_now();
        for _ in 0..whole::TRIES {
            if !passing(&answer) {
                break;
            }
            answer = self.ask_now();
        }
        answer
    }

    fn ask_now(&self) -> Result<Replace, RunDirError> {
        let path = || self.path.to_owned();
        let Ok(there) = self.path.symlink_metadata() else { return Ok(Replace::Never) };
        if !there.is_dir() {
            return Err(RunDirError::NoFolder { path: path() });
        }
        let found = manifest_in(self.path).map(|manifest| manifest.scenario.file);
        let is_empty = || fs::read_dir(self.path).is_ok_and(|mut entries| entries.next().is_none());
        match self.place {
            _ if found.is_none() && !is_empty() => Err(RunDirError::Foreign { path: path() }),
            Place::Forced => Ok(Replace::Always),
            Place::Default if found.as_ref().is_some_and(|found| is_same(found, self.file)) => Ok(Replace::Always),
            _ => Err(RunDirError::Taken { path: path(), found }),
        }
    }
}

impl Predecessor for Earlier<'_> {
    fn replace(&self) -> Replace {
        self.ask().unwrap_or(Replace::Never)
    }

    /// Whatever the run did not write.
    fn keeps(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let mut own = known_names();
        own.extend(manifest_in(folder).into_iter().flat_map(|manifest| manifest.files));
        let names: Vec<OsString> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
        Ok(names.into_iter().filter(|name| !own.iter().any(|own| name == own.as_str())).collect())
    }
}

/// The manifest of the run in a folder, if there is one.
fn manifest_in(folder: &Path) -> Option<Manifest> {
    Manifest::from_json(&fs::read(folder.join(FILE_NAME)).ok()?).ok()
}

/// Do two paths, as users wrote them, name one scenario file? `-`, standard input, is a file of its own.
fn is_same(one: &str, other: &str) -> bool {
    normal(Path::new(one)) == normal(Path::new(other))
}

/// A path without `.` and `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut walked, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(walked.components().next_back(), Some(Component::Normal(_))) => {
                walked.pop();
            }
            part => walked.push(part),
        }
        walked
    })
}

/// Writes the folder of a run; `replications` writes `replications.csv`, which is too long to be held as a table, where
/// the run keeps it.
///
/// # Errors
///
/// When the folder is not ours to replace, or the file system refuses; then nothing has changed.
pub fn write(
    disk: &dyn FileSystem,
    path: &Path,
    tables: &RunTables,
    replications: Fill<'_>,
    place: Place,
    pictures: Pictures,
) -> Result<(), RunDirError> {
    write_files(disk, path, &tables.meta.scenario.file, place, files(tables, replications, pictures))
}

/// Writes the folder of what was found about the scenario `file`: the files as they are listed, a manifest among them.
///
/// # Errors
///
/// When the folder is not ours to replace, or the file system refuses; then nothing has changed.
pub fn write_files(
    disk: &dyn FileSystem,
    path: &Path,
    file: &str,
    place: Place,
    files: Vec<(String, Fill<'_>)>,
) -> Result<(), RunDirError> {
    let earlier = Earlier { path, file, place };
    earlier.ask()?;
    Ok(write_folder(disk, path, files, &earlier)?)
}

/// Reads the manifest in a folder.
///
/// # Errors
///
/// When there is none.
pub fn read_manifest(path: &Path) -> Result<Manifest, RunDirError> {
    let manifest = path.join(FILE_NAME);
    let bytes = fs::read(&manifest).map_err(|reason| match reason.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => RunDirError::NoRun { path: path.into() },
        _ => RunDirError::Read { path: manifest.clone(), reason },
    })?;
    Manifest::from_json(&bytes).map_err(|reason| RunDirError::Manifest { path: manifest, reason })
}

/// Reads the folder of a run, for its charts to be drawn again.
///
/// # Errors
///
/// When a file is missing, or not what [`write()`] wrote.
pub fn read(path: &Path) -> Result<RunTables, RunDirError> {
    let meta = read_manifest(path)?;
    let table = |file| read_table(path, file, &meta);
    Ok(RunTables {
        summary: table(file::SUMMARY)?,
        per_run: if meta.has_table(file::REPLICATIONS) { read_per_run(path, &meta)? } else { PerRun::default() },
        timeseries: table(file::TIMESERIES)?,
        ports: table(file::PORTS)?,
        probes: table(file::PROBES)?,
        reuse: table(file::REUSE)?,
        meta,
        places: Places::default(),
    })
}

pub(super) fn read_table(folder: &Path, file: &'static str, meta: &Manifest) -> Result<Table, RunDirError> {
    let mut table = Table::new(&schema::names(columns(file)));
    read_rows(folder, file, meta, |row| table.push(row.iter().cloned()))?;
    Ok(table)
}

fn read_per_run(folder: &Path, meta: &Manifest) -> Result<PerRun, RunDirError> {
    let header = Table::new(&schema::names(schema::REPLICATIONS));
    let columns = ["replication", "scope", "metric", "value"].map(|name| header.column(name));
    let mut per_run = PerRun::default();
    read_rows(folder, file::REPLICATIONS, meta, |row| per_run.push_row(columns, row))?;
    Ok(per_run)
}

/// Hands on the rows of a table, which must be as many as were written.
fn read_rows(
    folder: &Path,
    file: &'static str,
    meta: &Manifest,
    mut each: impl FnMut(&[Cell]),
) -> Result<(), RunDirError> {
    let path = folder.join(file);
    let input = fs::File::open(&path).map_err(|reason| RunDirError::Read { path: path.clone(), reason })?;
    let mut found = 0;
    let read = csv::read_rows(columns(file), input, |row| {
        found += 1;
        each(row);
    });
    let expected = meta.rows.get(file).copied().unwrap_or(found);
    let whole = if found == expected { Ok(()) } else { Err(csv::ReadError::Rows { found, expected }) };
    read.and(whole).map_err(|reason| RunDirError::Table { path, reason })
}

/// The columns of a table.
fn columns(file: &str) -> &'static [schema::Column] {
    let all = TABLES.iter().chain(&[(file::DIFFERENCES, schema::DIFFERENCES), (file::ADVICE, schema::ADVICE)]);
    all.into_iter().find(|(name, _)| *name == file).map_or(&[], |(_, columns)| columns)
}

/// Every file of the folder: name and content.
fn files<'a>(tables: &'a RunTables, replications: Fill<'a>, pictures: Pictures) -> Vec<(String, Fill<'a>)> {
    let text = |(file, table): (&str, &'a Table)| -> (String, Fill<'a>) {
        (file.into(), Box::new(move |out| csv::write(table, out)))
    };
    let mut files: Vec<_> = tables.tables().map(text).into();
    if tables.keeps_runs() {
        files.push((file::REPLICATIONS.into(), replications));
    }
    for chart in CHARTS.iter().filter(|chart| (chart.applies)(tables)) {
        files.extend(drawn(tables, chart, pictures));
    }
    files.push((FILE_NAME.into(), Box::new(move |out| out.write_all(tables.meta.to_json().as_bytes()))));
    files
}

/// The files of a chart.
pub(super) fn drawn<'a, T>(tables: &'a T, chart: &'static Chart<T>, pictures: Pictures) -> Vec<(String, Fill<'a>)> {
    let file = |extension: &&'static str| -> (String, Fill<'a>) {
        let png = *extension == "png";
        let fill: Fill<'a> = Box::new(move |out| {
            let canvas = chart.of(tables);
            out.write_all(&if png { canvas.png() } else { canvas.svg().into_bytes() })
        });
        (chart.file(extension), fill)
    };
    extensions(pictures).iter().map(file).collect()
}

/// Draws charts of `tables` into the folder `path`, which is made when it is missing; the files they became.
///
/// # Errors
///
/// When the file system refuses, or a file is there that may not be replaced: then none is.
pub fn draw<T>(
    disk: &dyn FileSystem,
    path: &Path,
    tables: &T,
    (charts, pictures): (&[&'static Chart<T>], Pictures),
    replace: Replace,
) -> Result<Vec<PathBuf>, RunDirError> {
    let files: Vec<_> = charts.iter().flat_map(|chart| drawn(tables, chart, pictures)).collect();
    for (name, _) in &files {
        whole::may_write(&path.join(name), What::File, replace)?;
    }
    let mut paths = Vec::new();
    for (name, fill) in files {
        let file = path.join(name);
        whole::write_file(disk, &file, replace, fill)?;
        paths.push(file);
    }
    Ok(paths)
}

/// Makes the manifest in a folder name the charts that are in it now; `known` are all files that there can be, in the
/// order they are listed.
///
/// # Errors
///
/// When the file system refuses.
pub fn enlist(disk: &dyn FileSystem, path: &Path, mut meta: Manifest, known: Vec<String>) -> Result<(), RunDirError> {
    let mut files = known;
    files.retain(|file| meta.files.contains(file) || path.join(file).is_file());
    if files != meta.files {
        meta.files = files;
        let fill: Fill<'_> = Box::new(move |out| out.write_all(meta.to_json().as_bytes()));
        whole::write_file(disk, &path.join(FILE_NAME), Replace::Always, fill)?;
    }
    Ok(())
}

pub(super) fn extensions(pictures: Pictures) -> &'static [&'static str] {
    match pictures {
        Pictures::Absent => &[],
        Pictures::Png => &["png"],
        Pictures::PngAndSvg => &["png", "svg"],
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::super::whole::Disk;
    use super::super::whole::tests::{FullAfter, tree};
    use super::*;

    fn write(
        disk: &dyn FileSystem,
        path: &Path,
        tables: &RunTables,
        place: Place,
        pictures: Pictures,
    ) -> Result<(), RunDirError> {
        super::write(disk, path, tables, samples::replications(tables), place, pictures)
    }

    fn files(tables: &RunTables, pictures: Pictures) -> Vec<(String, Vec<u8>)> {
        let files = super::files(tables, samples::replications(tables), pictures).into_iter();
        let content = |fill: Fill<'_>| {
            let mut bytes = Vec::new();
            fill(&mut bytes).unwrap();
            bytes
        };
        files.map(|(name, fill)| (name, content(fill))).collect()
    }

    #[test]
    fn what_is_no_folder_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "mine").unwrap();
        fs::create_dir(home.path().join("folder")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(home.path().join("folder"), &link).unwrap();
        for path in [&file, &link].into_iter().filter(|path| path.symlink_metadata().is_ok()) {
            let refused = write(&Disk, path, &samples::tiny(), Place::Forced, Pictures::Absent);
            assert!(matches!(refused, Err(RunDirError::NoFolder { .. })), "{}", path.display());
        }
        assert_eq!(fs::read(&file).unwrap(), b"mine");
    }

    #[test]
    fn a_run_reads_back_and_draws_the_same_charts() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("output/tiny");
        let tables = samples::tiny();
        write(&Disk, &path, &tables, Place::Chosen, Pictures::Absent).unwrap();
        let back = read(&path).unwrap();
        assert_eq!(back.meta, tables.meta);
        assert_eq!(back.per_run, tables.per_run);
        for chart in CHARTS {
            assert_eq!(chart.of(&back).svg(), chart.of(&tables).svg());
        }
    }

    #[test]
    fn the_files_are_those_that_were_named() {
        for pictures in [Pictures::Absent, Pictures::Png, Pictures::PngAndSvg] {
            let files = files(&samples::tiny(), pictures);
            assert_eq!(
                files.into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
                file_names(&samples::tiny(), pictures)
            );
        }
    }

    #[test]
    fn only_a_run_of_the_same_scenario_file_in_the_default_place_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x");
        let tiny = samples::tiny();
        let again = |tables: &RunTables, place| write(&Disk, &path, tables, place, Pictures::Absent);
        again(&tiny, Place::Default).unwrap();
        again(&tiny, Place::Default).unwrap();
        let error = again(&samples::idle(), Place::Default).unwrap_err();
        let file = &tiny.meta.scenario.file;
        assert_eq!(error.to_string(), format!("{} exists already and holds a run of {file}", path.display()));
        let mut elsewhere = tiny.clone();
        elsewhere.meta.scenario.file = format!("./sub/../{file}");
        again(&elsewhere, Place::Default).unwrap();
        elsewhere.meta.scenario.file = format!("sub/{file}");
        assert!(matches!(again(&elsewhere, Place::Default), Err(RunDirError::Taken { .. })));
        assert!(matches!(again(&tiny, Place::Chosen), Err(RunDirError::Taken { .. })));
        again(&samples::idle(), Place::Forced).unwrap();
        fs::write(path.join(FILE_NAME), "{}").unwrap();
        for place in [Place::Default, Place::Chosen, Place::Forced] {
            assert!(matches!(again(&tiny, place), Err(RunDirError::Foreign { .. })));
        }
        fs::remove_dir_all(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(again(&tiny, Place::Chosen), Err(RunDirError::Taken { found: None, .. })));
        again(&tiny, Place::Forced).unwrap();
    }

    #[test]
    fn what_the_run_did_not_write_goes_over_into_its_successor() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x");
        let tiny = samples::tiny();
        write(&Disk, &path, &tiny, Place::Default, Pictures::PngAndSvg).unwrap();
        let mut meta = manifest_in(&path).unwrap();
        meta.files.push("of-an-older-dryport.csv".into());
        fs::write(path.join(FILE_NAME), meta.to_json()).unwrap();
        fs::write(path.join("of-an-older-dryport.csv"), "").unwrap();
        fs::create_dir(path.join("mine")).unwrap();
        for name in ["notes.txt", "mine/thesis.txt"] {
            fs::write(path.join(name), "years").unwrap();
        }
        for (place, room) in [(Place::Forced, usize::MAX), (Place::Default, usize::MAX), (Place::Default, 100)] {
            let written = write(&FullAfter::bytes(room), &path, &tiny, place, Pictures::Png);
            assert_eq!(written.is_ok(), room > 100);
            let mut names: Vec<_> = tree(&path).into_iter().map(|(path, _)| path).collect();
            names.retain(|name| !known_names().iter().any(|own| name.ends_with(own)));
            assert_eq!(names, ["mine", "mine/thesis.txt", "notes.txt"].map(|name| path.join(name)), "{place:?}");
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_leaves_the_old_run() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tiny");
        let tables = samples::tiny();
        write(&Disk, &path, &tables, Place::Default, Pictures::Absent).unwrap();
        let was = tree(home.path());
        let size: usize = files(&tables, Pictures::Absent).iter().map(|(_, bytes)| bytes.len()).sum();
        for bytes in (0..size).step_by(size / 23) {
            write(&FullAfter::bytes(bytes), &path, &tables, Place::Default, Pictures::Absent).unwrap_err();
            assert_eq!(tree(home.path()), was);
        }
    }

    #[test]
    fn a_broken_folder_says_which_file() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(read(home.path()), Err(RunDirError::NoRun { .. })));
        let path = home.path().join("x");
        write(&Disk, &path, &samples::idle(), Place::Default, Pictures::Absent).unwrap();
        fs::write(path.join(file::SUMMARY), "a,b\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("summary.csv: line 1: the column scenario is missing; the header has"), "{error}");
    }
}
