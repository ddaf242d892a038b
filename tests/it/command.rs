//! The program from the outside: what it was given, what it said, how it ended.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// Compares a screen with its golden file `tests/it/screens/NAME.txt`, which `DRYPORT_BLESS=1` rewrites. Every screen is
/// plain ASCII of at most 80 columns.
pub(crate) fn assert_screen(name: &str, screen: &str) {
    for line in screen.lines() {
        assert!(line.len() <= 80 && line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {line}");
    }
    let path = root().join("tests/it/screens").join(name).with_extension("txt");
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be made");
        std::fs::write(&path, screen).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(screen, golden, "{name}: DRYPORT_BLESS=1 takes the new screen");
}

/// A scenario that is simulated in no time: forty ports and a little too much load, twelve runs of a minute.
pub(crate) const FORTY_PORTS: &str = "schema = 1
[run]
duration = \"60s\"
replications = 12
[[host]]
name = \"gateway\"
port_range = \"40000-40039\"
time_wait = \"2s\"
[[destination]]
name = \"db\"
[[client]]
name = \"web\"
host = \"gateway\"
to = \"db\"
arrivals = { poisson = { rate = \"18/s\" } }
lifetime = { exponential = { mean = \"50ms\" } }
";

/// A file that says itself what is to be swept: six cells, each simulated in no time.
pub(crate) fn scenario_of_a_sweep() -> String {
    let axes = "[sweep]
\"host.gateway.port_range\" = [\"40000-40039\", \"40000-40059\"]
\"client.web.arrivals.poisson.rate\" = [\"12/s\", \"15/s\", \"18/s\"]
";
    FORTY_PORTS.replace("replications = 12", "replications = 6") + axes
}

/// How a command ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `dryport ARGUMENTS` in `folder`.
pub(crate) fn dryport(folder: &Path, arguments: &[&str]) -> Ended {
    dryport_reading(folder, arguments, "")
}

/// The same with something on standard input.
pub(crate) fn dryport_reading(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dryport"));
    let output = command.current_dir(folder).args(arguments).write_stdin(input).output().expect("it can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    let code = output.status.code().expect("no signal ended it");
    Ended { code, out: text(output.stdout), err: text(output.stderr) }
}

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies the files of `from`, and those of its folders.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let below = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &below);
        } else {
            std::fs::copy(entry.path(), below).unwrap();
        }
    }
}

/// Every file below a folder: its path from there, and what is in it.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_owned();
                all.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    all.sort();
    all
}
