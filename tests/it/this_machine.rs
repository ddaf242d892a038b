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

/// A connection that waits for `accept()` has no process yet, and what is in a table is there once.
#[test]
fn a_connection_is_not_accepted_before_it_is() {
    if !Path::new("/proc/net/tcp").exists() {
        return notice("this is not Linux");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = listener.local_addr().unwrap().port().to_string();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let end = format!("127.0.0.1:{} ", client.local_addr().unwrap().port());
    let row = || {
        let page = port(&[&number]).out;
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("ESTABLISHED ")).collect();
        assert_eq!(rows.len(), 1, "{page}");
        assert!(rows[0].contains(&end), "{page}");
        rows[0].to_owned()
    };
    assert!(row().ends_with(" not accepted yet"), "{}", row());
    let accepted = listener.accept().unwrap();
    assert!(row().ends_with(&format!("{} (pid {})", own_name(), std::process::id())), "{}", row());
    drop((client, accepted));
}

/// Sockets in a known number of states.
struct Sockets {
    _kept: Vec<TcpStream>,
    _listeners: Vec<TcpListener>,
}

/// Every address of these two networks is one of this machine; each network is reached from an address of its own.
const NETWORKS: &str = "ip link set lo up
ip addr add 10.9.0.1/32 dev lo
ip addr add 10.9.0.2/32 dev lo
ip route add local 10.9.1.0/24 dev lo src 10.9.0.1
ip route add local 10.9.2.0/24 dev lo src 10.9.0.2
";

/// Where connections go, how many, and the address that they come from.
const CONNECTIONS: [(&str, u64, &str); 6] = [
    ("127.0.0.1:7001", 30, "127.0.0.1"),
    ("127.0.0.1:7002", 10, "127.0.0.1"),
    ("[::1]:7001", 10, "::1"),
    ("10.9.1.7:7003", 12, "10.9.0.1"),
    ("10.9.1.8:7003", 6, "10.9.0.1"),
    ("10.9.2.7:7003", 9, "10.9.0.2"),
];

/// Opens [`CONNECTIONS`]; those of index 0, 3, 6, ... are closed by the client, which waits.
fn open() -> Sockets {
    let mut kept = Vec::new();
    let mut listeners = Vec::new();
    for (at, connections, source) in CONNECTIONS {
        let listener = TcpListener::bind(at).unwrap();
        for index in 0..connections {
            let client = TcpStream::connect(at).unwrap();
            assert_eq!(client.local_addr().unwrap().ip().to_string(), source);
            let (server, _) = listener.accept().unwrap();
            if index % 3 == 0 {
                client.shutdown(std::net::Shutdown::Both).unwrap();
                drop(client);
                drop(server);
            } else {
                kept.extend([client, server]);
            }
        }
        listeners.push(listener);
    }
    Sockets { _kept: kept, _listeners: listeners }
}

/// Sockets by source address, remote end and state.
type Ends = BTreeMap<(String, String, String), u64>;

/// `ss -tan` as how many sockets are in each state, and how many there are of each pair of ends.
fn ss() -> (BTreeMap<String, u64>, Ends) {
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
        let source = fields[3].rsplit_once(':').expect("an address and a port").0.trim_matches(['[', ']']);
        *ends.entry((source.to_owned(), fields[4].to_owned(), state.to_owned())).or_default() += 1;
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
                let text = |key: &str| lane[key].as_str().unwrap().to_owned();
                ends.get(&(text("source"), text("destination"), state.to_owned())).copied().unwrap_or(0)
            };
            assert_eq!(lane["established_ports"], of("ESTABLISHED"), "{lane}");
            assert_eq!(lane["time_wait_ports"], of("TIME-WAIT"), "{lane}");
        }
        break;
    }
    // What the test did, whatever ss says.
    let waits = |connections: u64| connections.div_ceil(3);
    let sum = |of: fn(u64) -> u64| CONNECTIONS.iter().map(|(_, connections, _)| of(*connections)).sum::<u64>();
    let all_waits = sum(|connections| connections.div_ceil(3));
    assert_eq!(document["sockets"]["TIME-WAIT"], all_waits);
    assert_eq!(document["sockets"]["ESTABLISHED"], 2 * (sum(|connections| connections) - all_waits));
    assert_eq!(document["sockets"]["LISTEN"], CONNECTIONS.len());
    let lanes = document["lanes"].as_array().unwrap();
    assert_eq!(lanes.len(), CONNECTIONS.len());
    for (destination, connections, source) in CONNECTIONS {
        let lane = lanes.iter().find(|lane| lane["destination"] == destination && lane["source"] == source);
        let lane = lane.unwrap_or_else(|| panic!("{source} -> {destination}: {lanes:?}"));
        assert_eq!(lane["time_wait_ports"], waits(connections), "{lane}");
        assert_eq!(lane["established_ports"], connections - waits(connections), "{lane}");
    }
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
    let possible = with(&format!("set -e\n{NETWORKS}ss -H -tan"));
    if !possible.as_ref().is_ok_and(|output| output.status.success()) {
        return notice("unshare, ip or ss is missing or not permitted");
    }
    let name = concat!(module_path!(), "::inspect_agrees_with_ss");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let output = with(&format!("set -e\n{NETWORKS}exec \"$1\" --exact {name} --nocapture")).unwrap();
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
