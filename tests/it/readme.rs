//! What the README promises: its commands run, its picture is there.

use crate::command::{dryport, root};
use std::fs;
use std::sync::Mutex;

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("the README is there")
}

/// The lines of the fenced blocks that `keep` a fence, without the prompt.
fn fenced(text: &str, keep: impl Fn(&str) -> bool) -> Vec<&str> {
    let (mut lines, mut fence) = (Vec::new(), None);
    for line in text.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (None, Some(language)) if keep(language) => lines.push(line.strip_prefix("$ ").unwrap_or(line)),
            _ => {}
        }
    }
    lines
}

#[test]
fn every_command_of_the_readme_works() {
    let text = readme();
    let commands = fenced(&text, |language| language == "sh");
    // What .ci/run takes as the test command, by its own rule: the first fenced line that starts so.
    let tests = fenced(&text, |_| true).into_iter().find(|line| line.starts_with("cargo test"));
    assert!(fs::read_to_string(root().join(".ci/run")).unwrap().contains("/^(\\$ )?cargo test/"));
    let home = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for command in &commands {
        if Some(*command) == tests {
            // .ci/run runs it.
            assert_eq!(*command, "cargo test");
        } else {
            let arguments = command.strip_prefix("cargo run --release -- ").expect("a command that this test knows");
            let arguments: Vec<_> = arguments.split(' ').collect();
            for scenario in arguments.iter().filter(|argument| argument.starts_with("scenarios/")) {
                let copy = home.path().join(scenario);
                fs::create_dir_all(copy.parent().expect("it is in a folder")).unwrap();
                fs::copy(root().join(scenario), copy).unwrap();
            }
            let ended = dryport(home.path(), &arguments);
            assert_eq!(ended.code, 0, "{command}\n{}", ended.err);
        }
        seen += 1;
    }
    // Those of the table follow each other too: one writes what the next one reads.
    for command in text.lines().filter_map(|line| line.strip_prefix("| `dryport ")?.split('`').next()) {
        let ended = dryport(home.path(), &command.split(' ').collect::<Vec<_>>());
        assert_eq!(ended.code, 0, "{command}\n{}", ended.err);
        seen += 1;
    }
    assert!(seen >= 10 && commands.contains(&"cargo run --release -- run scenarios/quickstart.toml"), "{commands:?}");
    assert!(commands.contains(&"cargo test"), "{commands:?}");
}

#[test]
fn what_the_readme_points_to_is_there() {
    let text = readme();
    let mut links = 0;
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !link.starts_with("http") {
            assert!(root().join(link).exists(), "{link}");
            links += 1;
        }
    }
    assert!(links > 0 && text.contains("](output/sample/occupancy.png)"));
}

/// What stands in the README from `begin` to `end` is `text`; `DRYPORT_BLESS=1` puts it there.
pub(crate) fn the_readme_holds(begin: &str, text: &str, end: &str) {
    /// Tests run side by side, and each may put its part.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock();
    let readme = readme();
    let (before, rest) = readme.split_once(begin).unwrap_or_else(|| panic!("the README has no {begin}"));
    let (shown, after) = rest.split_once(end).unwrap_or_else(|| panic!("the README has no {end}"));
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        fs::write(root().join("README.md"), format!("{before}{begin}{text}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, text, "DRYPORT_BLESS=1 cargo test --test it mends the README");
    }
}

#[test]
fn the_screen_of_the_readme_is_todays() {
    let home = tempfile::tempdir().unwrap();
    let scenario = root().join("scenarios/quickstart.toml");
    let ended = dryport(home.path(), &["run", scenario.to_str().expect("a name in UTF-8")]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    the_readme_holds("```text\n", &ended.out, "```\n");
}
