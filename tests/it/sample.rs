//! `output/sample/` is the quickstart's run, to the byte.
//!
//! After a change of the model or the charts, run this test with `DRYPORT_BLESS=1` set, which writes the folder anew,
//! and look at the difference and at the pictures.

use crate::command::{dryport, root};
use std::fs;
use std::path::Path;

fn write(folder: &Path) {
    let folder = folder.to_str().expect("a name in UTF-8");
    let ended = dryport(root(), &["run", "scenarios/quickstart.toml", "--quiet", "--force", "--out", folder]);
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn the_sample_is_what_the_quickstart_leaves() {
    let sample = root().join("output/sample");
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        write(&sample);
    }
    let home = tempfile::tempdir().unwrap();
    let fresh = home.path().join("sample");
    write(&fresh);
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&sample), names(&fresh));
    for name in names(&fresh) {
        let same = fs::read(sample.join(&name)).unwrap() == fs::read(fresh.join(&name)).unwrap();
        assert!(same, "{} differs; DRYPORT_BLESS=1 cargo test --test it sample", name.display());
    }
}
