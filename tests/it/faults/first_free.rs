//! B12: `first-free` goes on to the next address or endpoint until there is a port, and counts every port it looked at.

use super::{said, take};
use std::fmt::Write;

/// B12: an odd range lets a search fail with one port free, which is no end while another address has hundreds.
#[test]
fn a_search_that_fails_goes_on_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "first-free-odd.toml");
    let run = ["run", "first-free-odd.toml", "--set", "run.replications=200", "--out", "x"];
    let screen = said(home.path(), &run);
    assert!(screen.starts_with("NOT SEEN"), "{screen}");
    let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
    assert!(summary.contains(",all,refused_total,attempts,0,"), "{summary}");
    // What is tried in turn is one set of ports: 1,650 of 2,002 are held at the end.
    let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(screen.contains("1,650 of 2,002 ports: 352 left (17.6 %)"), "{screen}");
}

/// The rows of one run's attempts: source, destination's endpoint unsaid, outcome and ports looked at.
fn attempts(keys: &str, host: &str, destination: &str) -> Vec<(String, String, u32)> {
    let home = tempfile::tempdir().unwrap();
    let mut text = "schema = 1\n[run]\nduration = \"9s\"\nreplications = 1\n".to_owned();
    writeln!(
        text,
        "[[host]]\nname = \"h\"\nport_range = \"40000-40003\"\ntime_wait = \"60s\"\n{host}\n[[destination]]\nname = \"d\"\n\
         {destination}\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n{keys}\n\
         arrivals = {{ constant = {{ rate = \"1/s\" }} }}\nlifetime = {{ constant = {{ value = \"0s\" }} }}"
    )
    .unwrap();
    std::fs::write(home.path().join("s.toml"), text).unwrap();
    said(home.path(), &["run", "s.toml", "--out", "x", "--attempts", "a.csv"]);
    let table = std::fs::read_to_string(home.path().join("a.csv")).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|known| *known == name).unwrap();
    let [source, outcome, probes] = ["source", "outcome", "probes"].map(column);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[source].to_owned(), cells[outcome].to_owned(), cells[probes].parse().unwrap())
    };
    lines.map(row).collect()
}

/// B12: four ports at each of two places: from the fifth connect on the first four were looked at in vain, and a ninth is
/// refused after all eight. The same for addresses and endpoints, and where it is kept who owns which port.
#[test]
fn ports_looked_at_are_those_of_every_place() {
    let (addresses, endpoints) = ("addresses = 2", "endpoints = 2");
    for (keys, host, destination) in [
        ("source = \"first-free\"", addresses, ""),
        ("balance = \"first-free\"", "", endpoints),
        ("source = \"first-free\"", "addresses = 2\ntw_reuse = \"on\"\ntw_reuse_delay = \"50s\"", ""),
        ("source = \"first-free\"\nbind = \"bind-zero\"", addresses, ""),
    ] {
        let rows = attempts(keys, host, destination);
        let context = format!("{keys} {host} {rows:?}");
        assert_eq!(rows.len(), 9, "{context}");
        for (index, (source, outcome, probes)) in rows.iter().enumerate() {
            // A way that passes ports twice counts them twice; one that passes none by has one at each connect.
            let in_vain = if index < 4 { 0 } else { 4 };
            assert_eq!(outcome.starts_with("EADDR"), index == 8, "{context}");
            assert!(*probes > in_vain, "{context}");
            if !host.is_empty() && index < 8 {
                assert_eq!(source.ends_with('1') || source == "1", index >= 4, "{context}");
            }
        }
        assert!(rows[8].2 >= 8 && rows[8].2.is_multiple_of(8), "{context}");
    }
}
