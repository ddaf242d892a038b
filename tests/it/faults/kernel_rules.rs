//! B15: rules of the kernel.

use super::{said, take};
use crate::command::dryport;
use std::path::Path;

/// A figure of everything in the run folder `x`.
fn figure(home: &Path, name: &str) -> f64 {
    let summary = std::fs::read_to_string(home.join("x/summary.csv")).unwrap();
    let row = summary.lines().find(|line| line.contains(&format!(",all,{name},"))).unwrap();
    row.split(',').nth(5).unwrap().parse().unwrap()
}

/// B15: `tcp_tw_reuse` without timestamps is a warning, in a file and with --set, and the run has no early reuse.
#[test]
fn reuse_without_timestamps_is_a_warning_and_runs_without_reuse() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "reuse-without-timestamps.toml");
    let text = std::fs::read_to_string(home.path().join("reuse-without-timestamps.toml")).unwrap();
    let without = text.replace("tw_reuse = \"on\"", "tw_reuse = \"on\"\ntimestamps = false");
    std::fs::write(home.path().join("file.toml"), without).unwrap();
    let set = ["--set", "host.openresty.timestamps=false"];
    for (file, set) in [("reuse-without-timestamps.toml", &set[..]), ("file.toml", &[])] {
        let check = dryport(home.path(), &[&["check", file][..], set].concat());
        assert!(check.code == 0 && check.err.contains("warning[tw-reuse-timestamps]"), "{file}: {}", check.err);
        let one = ["--set", "run.replications=1", "--force", "--out", "x"];
        let screen = said(home.path(), &[&["run", file][..], set, &one].concat());
        assert!(screen.contains("Lint         tw-reuse-timestamps"), "{screen}");
        // 600/s need 36,600 ports without reuse.
        assert!(screen.starts_with("RUNS OUT"), "{screen}");
        assert!(figure(home.path(), "reusable_ports_mean").abs() < 1e-9);
    }
}

/// 100 ports and connects that close at once, against a server that closes later than the client.
fn late_server(host: &str, destination: &str, rate: &str) -> String {
    format!(
        "schema = 1\n[run]\nduration = \"5min\"\nreplications = 3\n[[host]]\nname = \"h\"\n\
         port_range = \"40000-40099\"\n{host}\n[[destination]]\nname = \"d\"\n{destination}\n[[client]]\nname = \"c\"\n\
         host = \"h\"\nto = \"d\"\narrivals = {{ poisson = {{ rate = \"{rate}\" }} }}\n\
         lifetime = {{ exponential = {{ mean = \"2s\" }} }}\n"
    )
}

/// B15: a port is held from the close to the server's FIN, and then for its TIME-WAIT: without a grid the same as one
/// TIME-WAIT as long as both, figure by figure, and so for the formulas.
#[test]
fn a_late_fin_and_its_time_wait_are_one_longer_hold() {
    let home = tempfile::tempdir().unwrap();
    let late = late_server("time_wait = \"10s\"", "close_delay = \"5s\"", "7/s");
    let long = late_server("time_wait = \"15s\"", "", "7/s");
    let summary = |text: &str, out: &str| {
        std::fs::write(home.path().join("s.toml"), text).unwrap();
        said(home.path(), &["run", "s.toml", "--out", out]);
        std::fs::read_to_string(home.path().join(out).join("summary.csv")).unwrap()
    };
    let (late, long) = (summary(&late, "x"), summary(&long, "y"));
    assert!(late.lines().count() > 100 && late == long);
    // 7/s for 2 + 5 + 10 s on 100 ports: Erlang's formula.
    assert!((figure(home.path(), "offered_load") - 119.0).abs() < 1e-9);
    let refused = figure(home.path(), "refused_ratio");
    assert!((refused - 0.198).abs() < 0.02, "{refused}");
}

/// B15: on the kernel's clock the TIME-WAIT is rounded, not the wait for the FIN.
#[test]
fn on_a_grid_only_the_time_wait_is_rounded() {
    let home = tempfile::tempdir().unwrap();
    let text = late_server("", "close_delay = \"5s\"", "1/s");
    std::fs::write(home.path().join("s.toml"), text).unwrap();
    said(home.path(), &["run", "s.toml", "--out", "x"]);
    // 2 s open, 5 s until the FIN, 60 s and half a grid of 2.048 s on average.
    let hold_s = figure(home.path(), "offered_load");
    assert!((hold_s - 68.024).abs() < 1e-9, "{hold_s}");
    let port = said(home.path(), &["explain", "s.toml", "--port", "40000", "--out", "life"]);
    let port = port.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        port.contains("FIN-WAIT-2 until d closes") && port.contains("d closes, too, 5 s later: TIME-WAIT"),
        "{port}"
    );
    let rows = std::fs::read_to_string(home.path().join("life/life.csv")).unwrap();
    let (mut waits, mut time_waits) = (Vec::new(), Vec::new());
    for row in rows.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        let (from, to): (f64, f64) = (row[9].parse().unwrap(), row[10].parse().unwrap());
        // The window cuts what goes on.
        let span = if to < 300.0 { to - from } else { continue };
        match row[11] {
            "fin_wait_2" => waits.push(span),
            "time_wait" => time_waits.push(span),
            _ => {}
        }
    }
    assert!(waits.len() > 1 && waits.iter().all(|wait| (wait - 5.0).abs() < 1e-6), "{waits:?}");
    assert!(time_waits.iter().all(|wait| (60.0..=62.048).contains(wait)), "{time_waits:?}");
}

/// B15: `tcp_tw_reuse_delay` counts from the FIN.
#[test]
fn the_reuse_delay_counts_from_the_fin() {
    let home = tempfile::tempdir().unwrap();
    for (delay, per_s) in [("", 100.0), ("close_delay = \"3s\"", 25.0)] {
        let text = late_server("tw_reuse = \"on\"", delay, "300/s")
            .replace("exponential = { mean = \"2s\" }", "constant = { value = \"0s\" }");
        std::fs::write(home.path().join("s.toml"), text).unwrap();
        said(home.path(), &["run", "s.toml", "--force", "--out", "x"]);
        // 100 ports, each of which is had again just over 1 s after the FIN.
        let rate = figure(home.path(), "connects_total") / 300.0;
        assert!((rate / per_s - 1.0).abs() < 0.02, "{rate}");
    }
}

/// B15: --attempts says whose attempt it is, and what the program saw of a SYN that was not answered or was refused; these
/// got their port. What it writes is read as a trace, and does the same again.
#[test]
fn attempts_name_the_client_and_what_the_program_saw() {
    let home = tempfile::tempdir().unwrap();
    let client = |name: &str, to: &str| {
        format!(
            "[[client]]\nname = \"{name}\"\nhost = \"h\"\nto = \"{to}\"\narrivals = {{ constant = {{ rate = \"1/s\" }} }}\n\
             lifetime = {{ constant = {{ value = \"1s\" }} }}\n"
        )
    };
    let head = "schema = 1\n[run]\nduration = \"20s\"\nreplications = 1\n[[host]]\nname = \"h\"\n\
        port_range = \"40000-40009\"\n[[destination]]\nname = \"mute\"\nbehaviour = \"silent\"\n[[destination]]\n\
        name = \"no\"\nbehaviour = \"refuses\"\n[[destination]]\nname = \"yes\"\n";
    let text = [head, &client("a", "mute"), &client("b", "no"), &client("c", "yes")].concat();
    std::fs::write(home.path().join("s.toml"), text).unwrap();
    said(home.path(), &["run", "s.toml", "--attempts", "a.csv", "--out", "x"]);
    let figure = |name: &str| figure(home.path(), name);
    assert!((figure("attempts_total") - figure("connects_total") - figure("refused_total")).abs() < 1e-9);
    let attempts = std::fs::read_to_string(home.path().join("a.csv")).unwrap();
    let mut lines = attempts.lines();
    let header = "time_s,request,retry,client,source,destination,outcome,port,close_s,probes";
    assert_eq!(lines.next(), Some(header));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let count = |client: &str, outcome: &str| rows.iter().filter(|row| row[3] == client && row[6] == outcome).count();
    // Ten ports each: those of the mute one are held for minutes, a refused SYN gives its port back at once.
    assert_eq!([count("a", "ETIMEDOUT"), count("b", "ECONNREFUSED"), count("c", "OK")], [10, 20, 10]);
    assert_eq!([count("a", "EADDRNOTAVAIL"), count("c", "EADDRNOTAVAIL")], [10, 10]);
    let got = rows.iter().filter(|row| !row[7].is_empty()).count();
    assert!((got as f64 - figure("connects_total")).abs() < 1e-9);
    // As a trace: one client for all that was asked.
    let trace = "[[client]]\nname = \"all\"\nhost = \"h\"\nto = { mute = 0.4, no = 0.3, yes = 0.3 }\narrivals = { trace = { file = \"a.csv\" } }\n\
        lifetime = { constant = { value = \"1s\" } }\n";
    std::fs::write(home.path().join("again.toml"), head.to_owned() + trace).unwrap();
    said(home.path(), &["run", "again.toml", "--attempts", "b.csv", "--out", "y"]);
    let again = std::fs::read_to_string(home.path().join("b.csv")).unwrap();
    let outcomes = |text: &str| {
        let row = |line: &str| line.split(',').skip(5).take(2).collect::<Vec<_>>().join(",");
        text.lines().skip(1).map(row).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&again), outcomes(&attempts));
}
