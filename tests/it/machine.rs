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
pub(crate) fn machine() -> TempDir {
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
pub(crate) fn on(machine: &TempDir, arguments: &[&str]) -> Ended {
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

    // C6: what the kernel says of itself reached the terminal as it was.
    put(&machine, "proc/sys/kernel/osrelease", "6.18.1-\u{1b}[31mred\u{202e}\n");
    let screens = [&["inspect"][..], &["inspect", "--scenario"], &["port", "60327"]];
    for screen in screens.map(|arguments| on(&machine, arguments).out) {
        assert!(!screen.contains(['\u{1b}', '\u{202e}']), "{screen}");
    }
    assert!(on(&machine, &["inspect"]).out.contains("6.18.1-\\x1b[31mred"));

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

/// A row of `/proc/net/tcp`: state and timer as the kernel numbers them, addresses as it writes them.
fn row(local: &str, remote: &str, state: &str, timer: &str, inode: u32) -> String {
    format!("   0: {local} {remote} {state} 00000000:00000000 {timer} 00000000     0        0 {inode} 1 0\n")
}

const NO_TIMER: &str = "00:00000000";

/// What waits in TIME-WAIT on a loopback address is not in the way of `connect()`, as `inspect` counts it.
#[test]
fn a_port_says_when_it_is_used_again() {
    let machine = machine();
    // 127.0.0.1:60210 and 10.0.0.5:60210, 50 s left.
    let (near, far) = ("0100007F:EB32", "0500000A:EB32");
    let wait = |local, remote| row(local, remote, "06", "03:00001388", 0);
    let near_wait = wait(near, "0100007F:1E61");
    let far_wait = wait(far, "0900000A:1538");
    for (reuse, sockets, expected) in [
        ("0", &near_wait, "towards 127.0.0.1:7777 again in 53 s at the latest"),
        ("1", &near_wait, "towards 127.0.0.1:7777 again after 1 s already (tcp_tw_reuse = 1, with timestamps)"),
        ("2", &near_wait, "towards 127.0.0.1:7777 again after 1 s already (tcp_tw_reuse = 2, loopback)"),
        ("1", &far_wait, "towards 10.0.0.9:5432 again after 1 s already (tcp_tw_reuse = 1, with timestamps)"),
        ("2", &far_wait, "towards 10.0.0.9:5432 again in 53 s at the latest"),
        (
            "2",
            &format!("{near_wait}{far_wait}"),
            "towards 127.0.0.1:7777 again after 1 s already (tcp_tw_reuse = 2, loopback); towards 10.0.0.9:5432 again \
             in 53 s at the latest",
        ),
    ] {
        put(&machine, "proc/net/tcp", sockets);
        put(&machine, "proc/sys/net/ipv4/tcp_tw_reuse", reuse);
        let page = shown(&machine, &["port", "60210"]);
        let words: Vec<&str> = page.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("unless bind() chose it; {expected} ")), "{reuse}: {page}");
    }
}

/// Every state says what comes next, and no connection of a listener hides another port.
#[test]
fn what_comes_next_is_said_of_every_state() {
    let machine = machine();
    let remote = "0900000A:1538";
    let ports = [("01", 60_201), ("02", 60_202), ("03", 60_203), ("04", 60_204), ("05", 60_205), ("08", 60_206)];
    let more = [("09", 60_207), ("0B", 60_208), ("06", 60_209), ("0A", 60_210)];
    let mut rows = String::new();
    for (state, port) in ports.into_iter().chain(more) {
        let timer = if state == "06" { "03:00001388" } else { NO_TIMER };
        rows += &row(&format!("0500000A:{port:04X}"), remote, state, timer, 4242);
    }
    put(&machine, "proc/net/tcp", &rows);
    put(&machine, "proc/net/tcp6", "");
    let mut screen = String::new();
    for (_, port) in ports.into_iter().chain(more) {
        let page = shown(&machine, &["port", &port.to_string()]);
        let next =
            page.lines().skip_while(|line| !line.starts_with("Next")).take_while(|line| !line.starts_with("IANA"));
        next.for_each(|line| writeln!(screen, "{line}").unwrap());
    }
    assert_screen("port-next", &screen);
}

#[test]
fn many_connections_of_a_port_hide_no_other() {
    let machine = machine();
    let mut rows = row("0100007F:1FBB", "00000000:0000", "0A", NO_TIMER, 1003);
    for client in 0..19 {
        // In the queue of accept(): no process has it.
        rows += &row("0100007F:1FBB", &format!("0100007F:{:04X}", 50_000 + client), "01", NO_TIMER, 0);
    }
    rows += &row("0500000A:EBA7", "0900000A:1538", "01", NO_TIMER, 4242);
    put(&machine, "proc/net/tcp", &rows);
    put(&machine, "proc/net/tcp6", "");
    let screen = shown(&machine, &["port", "8123", "60327", "443"]);
    assert_screen("port-many", &screen);
    assert!(screen.contains("not accepted yet\nand 15 more of port 8123"), "{screen}");
    assert!(screen.contains("checkout (pid 4711)"), "{screen}");
}

#[test]
fn ports_of_the_range_are_counted() {
    let machine = machine();
    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", "60320-60323\n");
    for (ports, expected) in [
        (&["80", "443", "60327"][..], "Here  1 of 3 lies in the ephemeral range 60200-60399\n"),
        (&["80", "443", "60320"], "Here  1 of 3 lies in the ephemeral range 60200-60399, reserved\n"),
        (&["80", "443"], "Here  none lies in the ephemeral range 60200-60399\n"),
        (&["60310-60329"], "Here  20 of 20 lie in the ephemeral range 60200-60399, 4 of them reserved\n"),
    ] {
        let screen = shown(&machine, &[&["port"], ports].concat());
        assert!(screen.contains(expected), "{screen}");
    }
}

#[test]
fn a_low_port_takes_a_privilege() {
    let machine = machine();
    let takes = "bind() to it takes root or CAP_NET_BIND_SERVICE";
    let has = |port: &str, text: &str| shown(&machine, &["port", port]).contains(text);
    assert!(has("1023", takes) && !has("1024", takes));
    put(&machine, "proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n");
    assert!(has("79", takes) && !has("80", takes));
    assert!(has("80", "any user may bind() to it here: net.ipv4.ip_unprivileged_port_start = 80"));
    assert!(!has("1024", "any user"));
    let document: serde_json::Value = serde_json::from_str(&shown(&machine, &["port", "79", "--json"])).unwrap();
    assert_eq!(document["ports"][0]["bind_needs_privilege"], true);
    assert_eq!(document["ports"][0]["ephemeral_by_default"], serde_json::json!([]));
}

/// The page that screens.md h shows: Linux's default range, nothing reserved, nobody there.
#[test]
fn a_free_port_has_a_page() {
    let machine = machine();
    put(&machine, "proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    put(&machine, "proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
    put(&machine, "proc/net/tcp", "");
    assert_screen("port-free", &shown(&machine, &["port", "60327"]));
    for (port, os) in [
        ("22", "OS    handed out by default by none of Linux (32768-60999); macOS, Windows\n"),
        ("49151", "OS    handed out by default: Linux (32768-60999); not by macOS, Windows\n"),
        ("49152", "OS    handed out by default: Linux (32768-60999); macOS, Windows (49152-65535)\n"),
        ("61000", "OS    handed out by default: macOS, Windows (49152-65535); not by Linux\n"),
    ] {
        let page = shown(&machine, &["port", port]);
        assert!(page.contains(os), "{page}");
        assert!(page.lines().all(|line| line.len() <= 80 && line.is_ascii()), "{page}");
    }
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
        (&["port", "60327", "--expect", "free"], 99, "FAIL  --expect free: 1 of 1 port not free\n"),
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
