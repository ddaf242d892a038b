//! `dryport inspect` and `dryport port` on the machine that runs the test: they agree with what the test did and with
//! `ss`. A private network namespace keeps other programs' sockets out.

use crate::command::{Ended, dryport};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

/// Tells the test binary that it runs in a namespace of its own.
const INSIDE: &str = "DRYPORT_TEST_NAMESPACE";

fn port(arguments: &[&str]) -> Ended {
    dryport(Path::new("."), &[&["port"], arguments].concat())
}

/// The name of a process, as `dryport port` prints it.
fn own_name() -> String {
    std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned()
}

#[test]
fn a_listener_of_this_test_is_found_by_its_process() {
    if !Path::new("/proc/net/tcp").exists() {
        return notice("this is not Linux");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = listener.local_addr().unwrap().port().to_string();
    let ended = port(&[&number, "--expect", "held"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    let holder = format!("{} (pid {})", own_name(), std::process::id());
    let row = ended.out.lines().find(|line| line.starts_with("LISTEN ")).expect("a row for the listener");
    assert!(row.contains(&format!("127.0.0.1:{number} ")) && row.ends_with(&holder), "{row}");
    drop(listener);
}

/// Sockets in a known number of states.
struct Sockets {
    _kept: Vec<TcpStream>,
    _listeners: Vec<TcpListener>,
}

/// Opens 40 connections over IPv4 and 10 over IPv6; those of index 0, 3, 6, ... are closed by the client, which waits.
fn open() -> Sockets {
    let listeners = ["127.0.0.1:7001", "127.0.0.1:7002", "[::1]:7001"].map(|at| TcpListener::bind(at).unwrap());
    let mut kept = Vec::new();
    for (listener, connections) in listeners.iter().zip([30, 10, 10]) {
        for index in 0..connections {
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            if index % 3 == 0 {
                client.shutdown(std::net::Shutdown::Both).unwrap();
                drop(client);
                drop(server);
            } else {
                kept.extend([client, server]);
            }
        }
    }
    Sockets { _kept: kept, _listeners: listeners.into() }
}

/// `ss -tan` as how many sockets are in each state, and how many there are by remote end and state.
fn ss() -> (BTreeMap<String, u64>, BTreeMap<(String, String), u64>) {
    let output = Command::new("ss").args(["-H", "-tan"]).output().expect("ss was there a moment ago");
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut states, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let state = match fields[0] {
            "ESTAB" => "ESTABLISHED",
            other => other,
        };
        *states.entry(state.to_owned()).or_default() += 1;
        *ends.entry((fields[4].to_owned(), state.to_owned())).or_default() += 1;
    }
    (states, ends)
}

/// What `dryport inspect --json` and `ss -tan` say at one moment, twice if a timer runs out between the two.
fn inside() {
    let _sockets = open();
    let mut document = serde_json::Value::Null;
    for _ in 0..3 {
        let (before, ends) = ss();
        let ended = dryport(Path::new("."), &["inspect", "--json"]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        if before != ss().0 {
            continue;
        }
        document = serde_json::from_str(&ended.out).unwrap();
        let states: BTreeMap<String, u64> = serde_json::from_value(document["sockets"].clone()).unwrap();
        assert_eq!(states, before);
        for lane in document["lanes"].as_array().unwrap() {
            let of = |state: &str| {
                let end = (lane["destination"].as_str().unwrap().to_owned(), state.to_owned());
                ends.get(&end).copied().unwrap_or(0)
            };
            assert_eq!(lane["established_ports"], of("ESTABLISHED"), "{lane}");
            assert_eq!(lane["time_wait_ports"], of("TIME-WAIT"), "{lane}");
        }
        break;
    }
    // What the test did, whatever ss says: 10 + 4 + 4 closed of 30 + 10 + 10.
    assert_eq!(document["sockets"]["TIME-WAIT"], 18);
    assert_eq!(document["sockets"]["ESTABLISHED"], 2 * 32);
    assert_eq!(document["sockets"]["LISTEN"], 3);
    let lanes: Vec<_> = document["lanes"].as_array().unwrap().iter().map(|lane| lane["destination"].clone()).collect();
    assert_eq!(lanes.len(), 3);
    assert!(lanes.contains(&"[::1]:7001".into()), "{lanes:?}");
    let scenario = dryport(Path::new("."), &["inspect", "--scenario"]).out;
    let checked = crate::command::dryport_reading(Path::new("."), &["check", "-"], &scenario);
    assert_eq!(checked.code, 0, "{}", checked.err);
}

/// The test starts itself once more in a network namespace of its own.
#[test]
fn inspect_agrees_with_ss() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let with = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "sh", "-c", script, "sh"]);
        command.arg(std::env::current_exe().unwrap()).env(INSIDE, "yes").output()
    };
    let possible = with("ip link set lo up && ss -H -tan");
    if !possible.as_ref().is_ok_and(|output| output.status.success()) {
        return notice("unshare, ip or ss is missing or not permitted");
    }
    let name = concat!(module_path!(), "::inspect_agrees_with_ss");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let output = with(&format!("ip link set lo up && exec \"$1\" --exact {name} --nocapture")).unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Says why a test shows nothing here.
fn notice(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
