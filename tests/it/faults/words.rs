//! B16: words that mislead.

use super::said;
use crate::command::dryport;
use std::path::Path;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// B16: a range on all of whose ports somebody listens is not told to be reserved.
#[test]
fn a_range_that_is_listened_on_is_not_reserved() {
    let home = tempfile::tempdir().unwrap();
    let text = |more: &str| {
        format!(
            "schema = 1\n[run]\nduration = \"10s\"\n[[host]]\nname = \"h\"\nport_range = \"40000-40009\"\n{more}\n\
             [[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
             arrivals = {{ constant = {{ rate = \"1/s\" }} }}\nlifetime = {{ constant = {{ value = \"1s\" }} }}\n"
        )
    };
    for (more, said) in [
        ("listening_ports = [\"40000-40009\"]", "all of them are listened on (listening_ports)"),
        ("reserved_ports = [\"40000-40009\"]", "all of them are reserved"),
        (
            "reserved_ports = [\"40000-40004\"]\nlistening_ports = [\"40005-40009\"]",
            "all of them are reserved or listened on (listening_ports)",
        ),
    ] {
        std::fs::write(home.path().join("s.toml"), text(more)).unwrap();
        let ended = dryport(home.path(), &["check", "s.toml"]);
        assert_eq!(ended.code, 3);
        assert!(ended.err.contains(said) && ended.err.contains("no port of 40000-40009"), "{}", ended.err);
    }
}

/// B16: what a figure counts, and in which order attempts spread, is said where it is looked up.
#[test]
fn what_a_figure_counts_is_said() {
    let metrics = words(&said(Path::new("."), &["list", "metrics"]));
    for meaning in [
        "share of connects of the parity unlike the range's first (bind(0) prefers it)",
        "of all lanes together; client: with others' on its lanes",
    ] {
        assert!(metrics.contains(meaning), "{metrics}");
    }
    let keys = words(&said(Path::new("."), &["list", "keys"]));
    for help in
        ["drawn anew, retries too; or in turn; or the first free", "both in turn: in step, one aside after a round"]
    {
        assert!(keys.contains(help), "{keys}");
    }
}
