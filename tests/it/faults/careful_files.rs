//! C5 and C6: nothing but what dryport wrote is replaced, a verdict needs no folder, and no name upsets a terminal.

use super::said;
use crate::command::{Ended, FORTY_PORTS, dryport};
use std::path::Path;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), FORTY_PORTS).unwrap();
    home
}

/// C5: `--force` replaced any regular file that was named, here a thesis; now what does not begin as dryport begins such
/// a file stays, and so does a file of dryport's of another kind.
#[test]
fn force_replaces_what_dryport_wrote_and_nothing_else() {
    let home = home();
    let path = |name: &str| home.path().join(name);
    let commands: [(&str, &[&str]); 5] = [
        ("a.csv", &["run", "s.toml", "--quiet", "--no-files", "--attempts"]),
        ("m.txt", &["run", "s.toml", "--quiet", "--no-files", "--openmetrics"]),
        ("n.toml", &["new"]),
        ("life/life.csv", &["explain", "s.toml", "--port", "40001", "--out"]),
        ("life/life.png", &["explain", "s.toml", "--port", "40001", "--out"]),
    ];
    for (file, command) in commands {
        let target = file.split_once('/').map_or(file, |(folder, _)| folder);
        let command = [command, &[target]].concat();
        let forced = [&command[..], &["--force"]].concat();
        let _ = std::fs::remove_dir_all(path("life"));
        assert_eq!(dryport(home.path(), &command).code, 0, "{command:?}");
        let written = std::fs::read(path(file)).unwrap();
        let again = dryport(home.path(), &command);
        assert_eq!(again.code, 1);
        assert!(again.err.ends_with(" exists already\nhelp: --force replaces it\n"), "{}", again.err);
        assert_eq!(dryport(home.path(), &forced).code, 0, "{forced:?}");
        assert!(std::fs::read(path(file)).unwrap() == written);
        // Nobody loses an empty file.
        std::fs::write(path(file), "").unwrap();
        assert_eq!(dryport(home.path(), &forced).code, 0, "{forced:?}");
        let others: [&[u8]; 3] = [b"a thesis\n", b"\xff\xfe", b"scenario,variant,scope,metric\n"];
        for other in others {
            std::fs::write(path(file), other).unwrap();
            // The first of several files is there in any case.
            for command in
                [&command, &forced].into_iter().filter(|command| file != "life/life.png" || *command == &forced)
            {
                let refused = dryport(home.path(), command);
                let why = format!("error: {file} exists already and is no file of dryport's: name another");
                assert!(refused.code == 1 && refused.err.starts_with(&why), "{command:?}: {}", refused.err);
            }
            assert_eq!(std::fs::read(path(file)).unwrap(), other);
        }
    }
}

/// C5: where nothing can be written the question was not answered either.
#[test]
fn a_verdict_needs_no_folder() {
    let home = home();
    std::fs::write(home.path().join("output"), "a file where the folder would be").unwrap();
    let how = "\nhelp: --out names another folder; --no-files needs none\n";
    let commands: [&[&str]; 3] =
        [&["run", "s.toml"], &["compare", "s.toml", "--over", "host.gateway.addresses=1,2"], &["advise", "s.toml"]];
    for command in commands {
        let ended = dryport(home.path(), command);
        let why = "error: cannot write output/s";
        assert!(ended.err.replace('\n', " ").contains(why) && ended.err.contains(how), "{}", ended.err);
        assert!(ended.code == 1 && ended.out.contains("\nFiles        none were written "), "{}", ended.out);
        let asked = dryport(home.path(), &[command, &["--no-files"]].concat());
        assert!(asked.code == 0 && !asked.err.contains("error"), "{}", asked.err);
        assert_eq!(asked.out, ended.out);
        let json = said(home.path(), &[command, &["--no-files", "--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let of = if command[0] == "run" { &json["runs"][0] } else { &json };
        assert!(of["folder"].is_null(), "{of}");
        assert_eq!(dryport(home.path(), &[command, &["--no-files", "--out", "o"]].concat()).code, 2);
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left behind");
    // What is named must be there, before hours of runs.
    let named = dryport(home.path(), &["run", "s.toml", "--out", "s.toml/x", "--set", "run.duration=300d"]);
    assert!(named.code == 1 && named.err.contains(how), "{}", named.err);
    // `new` did not say what it could not write.
    let new = dryport(home.path(), &["new", "output/n.toml"]);
    let why = "error: cannot write output/n.toml: no folder can be made in output: File exists\n(os error 17)\n";
    assert_eq!(new, Ended { code: 1, out: String::new(), err: why.into() });
}

/// C6: a file called `=1+1.toml` reached the cells of tables as a formula, one with U+202E turned a screen around, and
/// `..toml` made `output/.`.
#[test]
fn a_name_is_only_a_name() {
    let home = home();
    for (file, name) in [("=1+1.toml", "_1_1"), ("a\u{202e}b c.toml", "a_b_c"), ("..toml", "_"), ("\u{fc}.toml", "_")] {
        std::fs::write(home.path().join(file), FORTY_PORTS).unwrap();
        let ended = dryport(home.path(), &["run", file, "--force"]);
        assert_eq!(ended.code, 0, "{file}: {}", ended.err);
        let table = std::fs::read_to_string(home.path().join("output").join(name).join("summary.csv")).unwrap();
        assert!(table.lines().skip(1).all(|row| row.starts_with(&format!("{name},"))), "{table}");
        let checked = said(home.path(), &["check", file]);
        assert!(!checked.contains('\u{202e}'), "{checked}");
    }
    let checked = said(home.path(), &["check", "a\u{202e}b c.toml"]);
    assert!(checked.starts_with("ok: a\\u{202e}b c.toml: "), "{checked}");
    let none = dryport(Path::new("."), &["run", "no\u{2066}ne.toml"]);
    assert_eq!(none.err, "error: cannot read no\\u{2066}ne.toml: no such file\n");
    std::fs::write(home.path().join("b.toml"), FORTY_PORTS.replace("18/s", "18\u{202e}/s")).unwrap();
    let wrong = dryport(home.path(), &["check", "b.toml"]);
    assert!(wrong.code == 3 && !wrong.err.contains('\u{202e}'), "{}", wrong.err);
}
