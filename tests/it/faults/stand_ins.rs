//! A11: what is not modelled says so, with what stands in for it today.

use super::{said, take};
use crate::command::dryport;
use std::path::Path;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const LOAD: [&str; 5] = ["calc", "--rate", "100/s", "--lifetime", "50ms"];

/// A11: names of systems that are no profiles are answered with options that work when they are typed.
#[test]
fn a_system_that_is_no_profile_has_a_stand_in_that_works() {
    for name in ["windows", "linux", "aws-nat", "darwin", "azure", "gcp-nat", "freebsd"] {
        let ended = dryport(Path::new("."), &[&LOAD[..], &["--profile", name]].concat());
        assert_eq!(ended.code, 2, "{name}");
        let options = ended.err.lines().find(|line| line.starts_with("    --")).expect("there are some");
        let options: Vec<&str> = options.split_whitespace().collect();
        said(Path::new("."), &[&LOAD[..], &options].concat());
    }
    // In a file the keys of a host stand for it; they work as they are written.
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    for (name, keys) in [
        ("windows", &["profile = \"macos\"", "time_wait = \"120s\""][..]),
        ("aws-nat", &["port_range = \"10000-64999\"", "time_wait = \"60s\""]),
        ("macOS", &["profile = \"macos\""]),
    ] {
        let ended = dryport(home.path(), &["check", "certain.toml", "--set", &format!("host.h.profile={name}")]);
        let told = words(&ended.err);
        assert!(ended.code != 0 && told.contains(&keys.join(", ")), "{name}: {told}");
        let sets: Vec<String> = keys.iter().map(|key| format!("host.h.{}", key.replace(" = ", "="))).collect();
        let sets = sets.iter().flat_map(|set| ["--set", set.as_str()]);
        said(home.path(), &["check", "certain.toml"].into_iter().chain(sets).collect::<Vec<_>>());
    }
    let unknown = dryport(Path::new("."), &[&LOAD[..], &["--profile", "plan9"]].concat());
    assert!(words(&unknown.err).contains("the profiles are linux-3.10"), "{}", unknown.err);
}

/// A11: what looks like a NAT is named, with what must not be read from the answer.
#[test]
fn what_looks_like_a_nat_says_what_is_not_modelled() {
    let nat = [&LOAD[..], &["--range", "10000-64999", "--time-wait", "60s"]].concat();
    let screen = words(&said(Path::new("."), &nat));
    assert!(screen.contains("not modelled 55,000 ports look like a NAT, which is not modelled"), "{screen}");
    let block = [&LOAD[..], &["--range", "1024-1535", "--time-wait", "120s"]].concat();
    assert!(words(&said(Path::new("."), &block)).contains("512 ports look like a NAT"));
    let wide = ["--range", "1024-65535", "--time-wait", "240s", "--json"];
    let json: serde_json::Value = serde_json::from_str(&said(Path::new("."), &[&LOAD[..], &wide].concat())).unwrap();
    assert!(json["looks_like"].as_str().is_some_and(|text| text.starts_with("64,512 ports look like a NAT")), "{json}");
    assert!(!said(Path::new("."), &[&LOAD[..], &wide[..2]].concat()).contains("look like a NAT"), "Linux, tuned");
    let plain = words(&said(Path::new("."), &LOAD));
    assert!(!plain.contains("look like a NAT"), "{plain}");
    assert!(plain.contains("each machine has its own ports; behind a NAT they share its"), "{plain}");
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "certain.toml");
    let sets = ["host.h.port_range=10000-64999", "run.replications=1"].map(|set| ["--set", set]).concat();
    let advice = words(&said(home.path(), &[&["advise", "certain.toml"][..], &sets].concat()));
    assert!(
        advice.contains("NOT MODELLED 55,000 ports look like a NAT") && advice.contains("Do not read from this"),
        "{advice}"
    );
}

/// A11: on a Mac whose server closes first and lives there too, no refusal is seen where published cases run out.
#[test]
fn a_server_on_the_same_mac_is_not_modelled() {
    let incident = "scenarios/incidents/macos-oha-16408.toml";
    let sets = ["client.oha.closes_first=server", "destination.localhost-3779.loopback=true"];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let home = tempfile::tempdir().unwrap();
    let file = crate::command::root().join(incident);
    let file = file.to_str().unwrap();
    // Its asserts, which are about the published case, fail.
    let screen = words(&dryport(home.path(), &[&["run", file, "--out", "x"][..], &sets].concat()).out);
    assert!(
        screen.starts_with("NOT SEEN") && screen.contains("Lint macos-loopback: a server on the same Mac"),
        "{screen}"
    );
    let check = dryport(home.path(), &[&["check", file][..], &sets].concat());
    assert!(check.err.contains("warning[macos-loopback]"), "{}", check.err);
}
