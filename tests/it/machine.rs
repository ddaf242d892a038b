//! `dryport inspect` and `dryport port` on a recorded machine: the screens, and how they end.
//!
//! `tests/data/machine` holds what they read of a gateway with 200 ephemeral ports; links such as `/proc/PID/fd/3` are
//! made here, as not every file system has links that point nowhere.

use crate::command::{Ended, assert_screen, copy_folder, dryport, dryport_reading, root};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// The recorded machine in a folder of its own.
fn machine() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/data/machine"), folder.path());
    let proc = folder.path().join("proc");
    for (pid, name, inode) in [("812", "sshd", 1001), ("900", "exporter", 1003), ("4711", "checkout", 4242)] {
        fs::create_dir_all(proc.join(pid).join("fd")).unwrap();
        fs::create_dir_all(proc.join(pid).join("ns")).unwrap();
        fs::write(proc.join(pid).join("comm"), format!("{name}\n")).unwrap();
        symlink(format!("socket:[{inode}]"), proc.join(pid).join("fd/3")).unwrap();
        symlink("net:[4026531840]", proc.join(pid).join("ns/net")).unwrap();
    }
    for pid in ["self", "5000", "5001"] {
        fs::create_dir_all(proc.join(pid).join("ns")).unwrap();
        let namespace = if pid == "self" { "net:[4026531840]" } else { "net:[4026532999]" };
        symlink(namespace, proc.join(pid).join("ns/net")).unwrap();
    }
    folder
}

fn put(machine: &TempDir, path: &str, text: &str) {
    fs::write(machine.path().join(path), text).unwrap();
}

/// Runs a command on that machine.
fn on(machine: &TempDir, arguments: &[&str]) -> Ended {
    let root = machine.path().to_str().expect("a name in UTF-8");
    dryport(machine.path(), &[arguments, &["--root", root]].concat())
}

/// What it prints when all is well.
fn shown(machine: &TempDir, arguments: &[&str]) -> String {
    let ended = on(machine, arguments);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments:?}");
    ended.out
}

#[test]
fn a_machine_is_told_by_its_fullest_destination() {
    let machine = machine();
    assert_screen("inspect-tight", &shown(&machine, &["inspect"]));
    put(&machine, "proc/sys/net/ipv4/ip_local_port_range", "60200\t60317\n");
    assert_screen("inspect-full", &shown(&machine, &["inspect"]));
    put(&machine, "proc/net/tcp", "");
    put(&machine, "proc/net/tcp6", "");
    assert_screen("inspect-idle", &shown(&machine, &["inspect"]));
}

/// `tcp_tw_reuse = 1`: what waits in TIME-WAIT for more than a second is not busy.
#[test]
fn early_reuse_leaves_room() {
    let machine = machine();
    put(&machine, "proc/sys/net/ipv4/tcp_tw_reuse", "1\n");
    let screen = shown(&machine, &["inspect"]);
    assert!(screen.starts_with("ROOM         10.0.0.5 -> 10.0.0.9:5432: "), "{screen}");
    assert!(!screen.contains("at most for long"), "TIME-WAITs set no limit");
    let scenario = shown(&machine, &["inspect", "--scenario"]);
    assert!(scenario.contains("# Not in this model: net.ipv4.tcp_tw_reuse = 1"), "{scenario}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let machine = machine();
    for gone in ["boot", "proc/sys", "proc/net/tcp6"] {
        let path = machine.path().join(gone);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    fs::create_dir(machine.path().join("proc/net/tcp6")).unwrap();
    assert_screen("inspect-blind", &shown(&machine, &["inspect"]));
}

#[test]
fn the_figures_of_a_machine_are_there_as_json() {
    let machine = machine();
    let document: serde_json::Value = serde_json::from_str(&shown(&machine, &["inspect", "--json"])).unwrap();
    assert_eq!(document["verdict"], "TIGHT");
    assert_eq!(document["machine"]["hz"], 250);
    assert_eq!(document["usable_ports"], 197);
    let lane = &document["lanes"][0];
    // 159 recorded by IPv4 and one as an IPv4-mapped address.
    assert_eq!((&lane["destination"], &lane["busy_ports"]), (&"10.0.0.9:5432".into(), &160.into()));
    assert_eq!(lane["headroom_ports"], 37);
    assert_eq!(document["sockets"]["LISTEN"], 4);
}

#[test]
fn a_scenario_of_this_machine_is_valid_and_has_its_load() {
    let machine = machine();
    let scenario = shown(&machine, &["inspect", "--scenario"]);
    assert_screen("inspect-scenario", &scenario);
    let checked = dryport_reading(machine.path(), &["check", "-"], &scenario);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""));
    assert!(checked.out.starts_with("ok: stdin: "), "{}", checked.out);

    let written = on(&machine, &["inspect", "--scenario", "now.toml"]);
    assert_eq!((written.code, written.out.as_str()), (0, ""));
    assert_eq!(written.err, "wrote now.toml: read its estimates, then: dryport run now.toml\n");
    assert_eq!(fs::read_to_string(machine.path().join("now.toml")).unwrap(), scenario);
    let again = on(&machine, &["inspect", "--scenario", "now.toml"]);
    assert_eq!(again.code, 1);
    assert!(again.err.ends_with("help: --force replaces it\n"), "{}", again.err);
    assert_eq!(on(&machine, &["inspect", "--scenario", "now.toml", "--force"]).code, 0);

    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", "1-65535\n");
    let none = on(&machine, &["inspect", "--scenario"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    assert_eq!(none.err, "error: every port of 60200-60399 is reserved or has a listener: nothing to simulate\n");
    assert!(shown(&machine, &["inspect"]).starts_with("IDLE "), "no port, no connection of the range");
}

#[test]
fn a_port_has_a_page() {
    let machine = machine();
    assert_screen("port-held", &shown(&machine, &["port", "60327"]));
    assert_screen("port-listener", &shown(&machine, &["port", "22"]));
    assert_screen("port-ipv6", &shown(&machine, &["port", "60217"]));
    assert_screen("port-outside", &shown(&machine, &["port", "5432"]));
    assert_screen("port-reserved", &shown(&machine, &["port", "60398"]));
    assert_screen("port-several", &shown(&machine, &["port", "22", "80", "60210-60216"]));
    assert_screen("port-all", &shown(&machine, &["port", "1-65535"]));
}

/// The page that screens.md h shows: Linux's default range, nothing reserved, nobody there.
#[test]
fn a_free_port_has_a_page() {
    let machine = machine();
    put(&machine, "proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
    put(&machine, "proc/net/tcp", "");
    assert_screen("port-free", &shown(&machine, &["port", "60327"]));
    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", "8080,9000-9010\n");
    let kept = "        sysctl -w net.ipv4.ip_local_reserved_ports=8080,9000-9010,60327\n";
    assert!(shown(&machine, &["port", "60327"]).contains(kept));
    let many: Vec<String> = (1..200).map(|index| (index * 100).to_string()).collect();
    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", &many.join(","));
    let kept = "        k=net.ipv4.ip_local_reserved_ports; sysctl -w $k=$(sysctl -n $k),60327\n";
    assert!(shown(&machine, &["port", "60327"]).contains(kept));
}

#[test]
fn a_gate_on_ports_exits_with_99() {
    let machine = machine();
    for (arguments, code, message) in [
        (&["port", "60327", "--expect", "held"][..], 0, ""),
        (&["port", "60327", "--expect", "free"], 99, "FAIL  --expect free: 1 of 1 port held\n"),
        (&["port", "5432", "5433", "--expect", "free"], 0, ""),
        (&["port", "5432", "60327", "--expect", "held"], 99, "FAIL  --expect held: 1 of 2 ports free\n"),
    ] {
        let ended = on(&machine, arguments);
        assert_eq!((ended.code, ended.err.as_str()), (code, message), "{arguments:?}");
        assert!(!ended.out.is_empty(), "the page is printed all the same");
    }
}

#[test]
fn a_port_as_json_has_its_sockets_and_their_holders() {
    let machine = machine();
    let document: serde_json::Value =
        serde_json::from_str(&shown(&machine, &["port", "60327", "443", "--json"])).unwrap();
    assert_eq!(document["verdict"], "HELD");
    let (https, own) = (&document["ports"][0], &document["ports"][1]);
    assert_eq!((&https["service"], &https["iana_range"]), (&"https".into(), &"system".into()));
    assert_eq!(own["sockets"][0]["holder"][0]["name"], "checkout");
    assert_eq!((&own["sockets"][1]["state"], &own["sockets"][1]["holder"]), (&"TIME-WAIT".into(), &"kernel".into()));
    assert_eq!(own["sockets"][1]["time_left_min_s"], 41.19);
    assert!(own["service"].is_null());
}

#[test]
fn what_is_no_port_is_a_mistake_of_usage() {
    let machine = machine();
    let mut screen = String::new();
    for wrong in ["0", "65536", "http", "60010-60000", "1-2-3", "1-", ""] {
        let Ended { code, out, err } = on(&machine, &["port", wrong]);
        assert_eq!((code, out.as_str()), (2, ""), "{wrong}");
        write!(screen, "$ dryport port \"{wrong}\"\n{err}\n").unwrap();
    }
    assert_eq!(on(&machine, &["port"]).code, 2);
    assert_screen("port-usage", &screen);
}

#[test]
fn without_proc_there_is_another_way() {
    let empty = tempfile::tempdir().unwrap();
    for (arguments, way) in [(&["inspect"][..], "ss -tan"), (&["port", "60327"], "ss -tanp 'sport = :60327'")] {
        let ended = on(&empty, arguments);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""));
        assert!(ended.err.starts_with("error: there is no /proc/net/tcp: dryport "), "{}", ended.err);
        let expected = if cfg!(target_os = "linux") { way } else { "help: " };
        assert!(ended.err.contains(expected), "{}", ended.err);
    }
}
