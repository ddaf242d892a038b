//! A10: a port in TIME-WAIT is held by nobody, and `SO_REUSEADDR` may have it.

use crate::machine::{machine, on};
use std::fs;

/// A10, B16: tried on Linux 6.18: with `SO_REUSEADDR` `bind()` works at once where the socket that closed had it too, as a
/// server's do; a plain `connect()`'s does not. Nobody holds such a port.
#[test]
fn a_port_in_time_wait_is_held_by_nobody() {
    let machine = machine();
    let path = machine.path().join("proc/net/tcp");
    let text = fs::read_to_string(&path).unwrap();
    // 60327 is EBA7; state 06 is TIME-WAIT.
    let waits = |line: &&str| !line.contains(":EBA7 ") || line.split_whitespace().nth(3) == Some("06");
    fs::write(&path, text.lines().filter(waits).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let ended = on(&machine, &["port", "60327"]);
    let told = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.starts_with("WAITS port 60327 on this machine: 1 socket in TIME-WAIT, which no process has"),
        "{told}"
    );
    assert!(told.contains("fails now, with SO_REUSEADDR it works where the socket that closed had it too"), "{told}");
    assert!(told.contains("What an ephemeral port: lent by the system for one connection"), "{told}");
    assert!(told.contains("Turn 60327 is odd and the range starts even"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&on(&machine, &["port", "60327", "--json"]).out).unwrap();
    assert_eq!((&json["verdict"], &json["held"]), (&"WAITS".into(), &1.into()));
    assert_eq!(on(&machine, &["port", "60327", "--expect", "free"]).code, 99);
}
