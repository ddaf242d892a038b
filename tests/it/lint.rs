//! The myths and traps that `dryport check` names: each rule speaks where it should and is silent on the remedy, and the
//! screens.

use crate::command::{Ended, assert_screen, dryport, dryport_reading, root};
use dryport::lint::rules::RULES;
use dryport::lint::{Sysctls, lint_scenario, lint_sysctls};
use dryport::scenario::{Reading, SourceFile};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A scenario of one client with further lines of its host, its destination, its client, and further tables.
fn scenario(host: &str, destination: &str, client: &str, tables: &str) -> String {
    format!(
        "schema = 1\n[run]\nduration = \"10m\"\n[[host]]\nname = \"h\"\n{host}\n[[destination]]\nname = \"d\"\n\
         {destination}\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
         arrivals = {{ poisson = {{ rate = \"10/s\" }} }}\nlifetime = {{ constant = {{ value = \"50ms\" }} }}\n\
         {client}\n{tables}"
    )
}

/// A second client of that host.
fn second(more: &str) -> String {
    format!(
        "[[client]]\nname = \"e\"\nhost = \"h\"\nto = \"d\"\narrivals = {{ poisson = {{ rate = \"10/s\" }} }}\n\
         lifetime = {{ constant = {{ value = \"50ms\" }} }}\n{more}\n"
    )
}

/// Which rules speak of a scenario.
fn rules_of(text: &str) -> Vec<&'static str> {
    let files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let reading = Reading::of(&SourceFile::new("x.toml", text), &[], &files).unwrap_or_else(|error| panic!("{error}"));
    reading.diagnostics(lint_scenario(&reading)).rules().collect()
}

/// Which rules speak of these sysctls.
fn rules_of_sysctls(given: &[&str]) -> Vec<&'static str> {
    let given: Vec<String> = given.iter().map(ToString::to_string).collect();
    let (sysctls, faults) = Sysctls::read(None, &given);
    assert!(faults.is_empty(), "{}", sysctls.diagnostics(faults));
    sysctls.diagnostics(lint_sysctls(&sysctls)).rules().collect()
}

/// A rule, host, destination and client that it speaks of, and the same as it should be.
type Trap = (&'static str, [&'static str; 3], [&'static str; 3]);

const TRAPS: &[Trap] = &[
    (
        "macos-loopback",
        ["profile = \"macos\"", "loopback = true", "closes_first = \"server\""],
        ["profile = \"macos\"", "loopback = true", "closes_first = \"client\""],
    ),
    ("fin-timeout", ["fin_timeout = \"15s\"", "", ""], ["fin_timeout = \"60s\"", "", ""]),
    // Somebody waits for FINs: it is what is meant.
    ("fin-timeout", ["fin_timeout = \"15s\"", "", ""], ["fin_timeout = \"15s\"", "behaviour = \"never-closes\"", ""]),
    ("long-fin-timeout", ["fin_timeout = \"70s\"", "", ""], ["fin_timeout = \"120s\"", "", ""]),
    ("max-tw-buckets", ["max_tw_buckets = 28231", "", ""], ["max_tw_buckets = 28232", "", ""]),
    ("max-tw-buckets", ["max_tw_buckets = 0", "", ""], ["max_tw_buckets = 0", "", "closes_first = \"server\""]),
    // Two endpoints can hold twice as many.
    (
        "max-tw-buckets",
        ["max_tw_buckets = 28232", "endpoints = 2", ""],
        ["max_tw_buckets = 262144", "endpoints = 100", ""],
    ),
    ("tw-reuse-timestamps", ["tw_reuse = \"loopback\"\ntimestamps = false", "", ""], ["timestamps = false", "", ""]),
    ("tw-reuse-idle", ["tw_reuse = \"on\"", "", "closes_first = \"server\""], ["tw_reuse = \"on\"", "", ""]),
    (
        "tw-reuse-idle",
        ["tw_reuse = \"on\"", "", "bind = { ports = \"40000-40999\" }"],
        ["tw_reuse = \"on\"", "", "bind = \"address-no-port\""],
    ),
    ("exact-time-wait", ["time_wait = \"60s\"", "", ""], ["", "", ""]),
    ("exact-time-wait", ["time_wait = \"60s\"", "", ""], ["profile = \"linux-4.4\"\ntime_wait = \"60s\"", "", ""]),
    ("odd-range", ["port_range = \"32768-61000\"", "", ""], ["port_range = \"32768-60999\"", "", ""]),
    // A search one after another leaves none out.
    (
        "odd-range",
        ["port_range = \"32768-61000\"", "", ""],
        ["profile = \"linux-3.10\"\nport_range = \"32768-61000\"", "", ""],
    ),
    ("odd-range", ["port_range = \"40000-40002\"", "", ""], ["port_range = \"40000-40000\"", "", ""]),
    ("privileged-ports", ["port_range = \"1000-1399\"", "", ""], ["port_range = \"1024-1399\"", "", ""]),
    (
        "privileged-ports",
        ["port_range = \"1000-1399\"", "", ""],
        ["profile = \"linux-4.4\"\nport_range = \"1000-1399\"", "", ""],
    ),
    (
        "service-ports",
        ["port_range = \"3000-3399\"", "", ""],
        ["port_range = \"3000-3399\"\nreserved_ports = [\"3306\"]", "", ""],
    ),
    ("reserved-ports", ["reserved_ports = [\"8080\"]", "", ""], ["reserved_ports = [\"40000-40009\"]", "", ""]),
    (
        "listening-ports",
        ["listening_ports = [\"40000\"]", "", ""],
        ["listening_ports = [\"40000\"]\nreserved_ports = [\"40000\"]", "", ""],
    ),
    ("listening-ports", ["listening_ports = [\"40000\"]", "", ""], ["listening_ports = [\"8080\"]", "", ""]),
    ("bind-zero", ["", "endpoints = 2", "bind = \"bind-zero\""], ["", "endpoints = 2", "bind = \"address-no-port\""]),
    (
        "bind-zero",
        ["", "endpoints = 2", "bind = \"bind-zero\"\nreuse_address = true"],
        ["autobind_reuse = true", "endpoints = 2", "bind = \"bind-zero\"\nreuse_address = true"],
    ),
    ("socket-range", ["", "", "local_port_range = \"32000-39999\""], ["", "", "local_port_range = \"33000-39999\""]),
    ("reuse-without-bind", ["", "", "reuse_address = true"], ["", "", ""]),
    (
        "reuse-without-bind",
        ["", "", "reuse_port = true\nbind = \"address-no-port\""],
        ["", "", "reuse_port = true\nbind = { ports = \"40000-40999\" }"],
    ),
];

#[test]
fn each_rule_speaks_where_it_should_and_not_of_the_remedy() {
    for (rule, [host, destination, client], fixed) in TRAPS {
        assert_eq!(rules_of(&scenario(host, destination, client, "")), [*rule], "{host} {destination} {client}");
        let [host, destination, client] = fixed;
        let said = rules_of(&scenario(host, destination, client, ""));
        assert!(said.is_empty(), "{rule}: {host} {destination} {client}: {said:?}");
    }
}

#[test]
fn no_rule_speaks_of_another_operating_system() {
    for (rule, [host, destination, client], _) in TRAPS {
        // Some of it is nothing but Linux's, and an error elsewhere.
        let linux = ["profile", "loopback", "bind", "local_port_range", "tw_reuse = \"on\""];
        if linux.iter().any(|word| host.contains(word) || client.contains(word)) {
            continue;
        }
        let host = format!("profile = \"macos\"\n{host}");
        let said = rules_of(&scenario(&host, destination, client, ""));
        assert!(said.is_empty(), "{rule}: {said:?}");
    }
}

#[test]
fn defaults_are_no_traps() {
    for profile in dryport::profile::all() {
        let said = rules_of(&scenario(&format!("profile = \"{}\"", profile.name), "", "", ""));
        assert!(said.is_empty(), "{}: {said:?}", profile.name);
    }
}

/// Means are rate x (50 ms + 61.024 s): 10/s want 611 ports.
#[test]
fn connect_and_bind_zero_share_a_host_while_each_has_its_half() {
    let bind = second("bind = \"bind-zero\"");
    let said = |host: &str, client: &str| rules_of(&scenario(host, "", client, &bind));
    // With one endpoint the pool of bind(0) is only worth a note, of the other rule.
    assert_eq!(said("port_range = \"40000-41299\"", ""), ["bind-zero"], "half are 650");
    assert_eq!(said("port_range = \"40000-41199\"", ""), ["bind-zero", "shared-halves"], "half are 600");
    // Alone it meets nobody.
    assert_eq!(rules_of(&scenario("port_range = \"40000-40999\"", "", "bind = \"bind-zero\"", "")), ["bind-zero"]);
    // A range of its own that begins odd: bind(0) then takes the even ports first, as connect() does.
    let meets = |first: u32| {
        let bind = second(&format!("bind = \"bind-zero\"\nlocal_port_range = \"{first}-59999\""));
        rules_of(&scenario("", "", "", &bind)).contains(&"shared-halves")
    };
    assert!(meets(40_001) && !meets(40_000));
}

#[test]
fn sysctls_are_looked_at_together_and_the_last_one_holds() {
    let range = "net.ipv4.ip_local_port_range";
    for (given, rules) in [
        (&["net.ipv4.tcp_tw_recycle=1"][..], &["tw-recycle"][..]),
        (&["net.ipv4.tcp_tw_recycle = 0"], &["tw-recycle"]),
        (&["net/ipv4/tcp_fin_timeout = 15"], &["fin-timeout"]),
        (&["tcp_fin_timeout=15", "tcp_fin_timeout=60"], &[]),
        (&["tcp_fin_timeout=90"], &["long-fin-timeout"]),
        (&["tcp_max_tw_buckets=5000"], &["max-tw-buckets"]),
        (&["tcp_max_tw_buckets=2000000"], &[]),
        (&["tcp_tw_reuse=1", "tcp_timestamps=0"], &["tw-reuse-timestamps"]),
        (&["tcp_tw_reuse=1"], &["tw-reuse-idle"]),
        (&["tcp_tw_reuse=2", "tcp_timestamps=1"], &[]),
        (&[&format!("{range}=32768 61000")], &["odd-range"]),
        (&[&format!("{range}=32768\t60999")], &[]),
        (&[&format!("{range}=15000 64999")], &["service-ports"]),
        (&[&format!("{range}=15000 64999"), "ip_local_reserved_ports=27017"], &["reserved-ports"]),
        (&["ip_local_reserved_ports=8080,9000-9010"], &[]),
        (&["ip_local_reserved_ports=1-65535"], &["reserved-ports"]),
        (&[&format!("{range}=600 999")], &["privileged-ports"]),
        (&[&format!("{range}=600 999"), "net.ipv4.ip_unprivileged_port_start=600"], &[]),
        (&["vm.swappiness=1", "kernel.sysrq=0"], &[]),
    ] {
        assert_eq!(rules_of_sysctls(given), rules, "{given:?}");
    }
}

#[test]
fn every_rule_has_a_trap_here_and_fits_a_line() {
    let mut tried: BTreeSet<&str> = TRAPS.iter().map(|(rule, ..)| *rule).collect();
    tried.extend(["tw-recycle", "shared-halves"]);
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(tried, all);
    assert!(RULES.iter().all(|rule| rule.summary.len() <= 72 && rule.source.len() > 10));
}

fn here(arguments: &[&str]) -> Ended {
    dryport(root(), arguments)
}

/// What a command says: messages below the data.
fn screen_of(arguments: &[&str], ended: &Ended) -> String {
    let Ended { code, out, err } = ended;
    let command = arguments.join(" ").replace(" --", " \\\n    --");
    format!("$ dryport {command}\n{out}{err}exit code {code}\n")
}

#[test]
fn warnings_of_a_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let bind = second("bind = \"bind-zero\"\nreuse_address = true");
    let host = "port_range = \"1024-61000\"\ntw_reuse = \"loopback\"\ntimestamps = false\nfin_timeout = \"90s\"\n\
                listening_ports = [\"8080\", \"9000-9010\"]\nmax_tw_buckets = 5000";
    let text = scenario(host, "endpoints = 3", "local_port_range = \"500-999\"", &bind);
    fs::write(folder.path().join("a.toml"), &text).unwrap();
    let mut screen = String::new();
    let allowed = ["check", "a.toml", "--strict", "--allow", "service-ports", "--allow", "odd-range"];
    for arguments in [&["check", "a.toml"][..], &allowed] {
        screen += &screen_of(arguments, &dryport(folder.path(), arguments));
    }
    assert_screen("check-warnings", &screen);
}

#[test]
fn warnings_are_errors_for_the_strict_only() {
    let text = scenario("fin_timeout = \"15s\"", "", "", "");
    let check = |more: &[&str]| dryport_reading(Path::new("."), &[&["check", "-"], more].concat(), &text);
    assert!(check(&[]).out.starts_with("ok: stdin: ") && check(&[]).code == 0);
    let strict = check(&["--strict"]);
    assert_eq!((strict.code, strict.out.as_str()), (3, ""));
    assert!(strict.err.starts_with("error[fin-timeout]: "), "{}", strict.err);
    assert_eq!(check(&["--strict", "--allow", "fin-timeout"]).code, 0);
    // A note is none.
    let noted = scenario("port_range = \"1024-65535\"", "", "", "");
    assert_eq!(dryport_reading(Path::new("."), &["check", "-", "--strict"], &noted).code, 0);
    assert_eq!(check(&["--set", "host.h.fin_timeout=10s"]).err.matches("--> --set:1:20").count(), 1);
}

#[test]
fn warnings_of_sysctls() {
    let folder = tempfile::tempdir().unwrap();
    let file = "# tuned by a blog\nnet.ipv4.ip_local_port_range = 1024 65535\n-net.ipv4.tcp_tw_recycle = 1\n; old\n\
                net.ipv4.tcp_tw_reuse=1\n  net.core.somaxconn = 4096  \n-net.ipv4.conf.*.rp_filter\n\n";
    fs::write(folder.path().join("sysctl.conf"), file).unwrap();
    let mut screen = String::new();
    for arguments in [
        &["check", "--sysctl", "net.ipv4.tcp_tw_recycle=1", "--sysctl", "net.ipv4.tcp_fin_timeout=15"][..],
        &["check", "--sysctl-file", "sysctl.conf", "--sysctl", "tcp_timestamps=0", "--sysctl", "tcp_tw_reus=2"],
        &["check", "--sysctl", "net.ipv4.tcp_tw_reuse=2", "--strict"],
    ] {
        screen += &screen_of(arguments, &dryport(folder.path(), arguments));
    }
    assert_screen("check-sysctls", &screen);
}

#[test]
fn what_is_no_setting_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = "net.ipv4.ip_local_port_range = 60999 32768\nnet.ipv4.tcp_tw_reuse\nnet.ipv4.tcp_fin_timeout = 60s\n";
    fs::write(folder.path().join("sysctl.conf"), file).unwrap();
    let mut screen = String::new();
    for arguments in [
        &["check", "--sysctl-file", "sysctl.conf"][..],
        &["check", "--sysctl", "tcp_tw_reuse", "--sysctl", "=1", "--sysctl", "tcp_timestamps=yes"],
        &["check", "--sysctl-file", "none.conf"],
    ] {
        screen += &screen_of(arguments, &dryport(folder.path(), arguments));
    }
    assert_screen("check-sysctls-wrong", &screen);
}

/// Reviewed: each is right. Incidents keep the ranges that they had, and lesson 2 is about the textbook's TIME-WAIT.
#[test]
fn what_is_said_of_the_shipped_scenarios() {
    let mut screen = String::new();
    for path in crate::format_screens::shipped() {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let Ended { code, err, .. } = here(&["check", name]);
        assert_eq!(code, 0, "{name}: {err}");
        let titles = err.lines().filter(|line| line.contains("]: ")).collect::<Vec<_>>();
        if !titles.is_empty() {
            screen.extend([name, "\n  ", &titles.join("\n  "), "\n"]);
        }
    }
    assert_screen("check-shipped", &screen);
}
