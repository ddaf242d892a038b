//! D9 to D11: what people type is answered as a colleague would.

use super::said;
use crate::command::{Ended, FORTY_PORTS, dryport, dryport_reading};
use std::path::Path;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), FORTY_PORTS).unwrap();
    home
}

/// Lines of a screen as one.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// D9: what can mean one thing only is taken, and said on stderr.
#[test]
fn what_is_clear_is_taken() {
    let home = home();
    let path = "client.web.arrivals.poisson.rate";
    let long = dryport(home.path(), &["run", "s.toml", "--no-files", "--set", &format!("{path}=9/s")]);
    for (set, taken) in [
        ("rate=9/s", format!("note: s.toml: rate is taken as {path}")),
        ("client.web.arrivals.poisson.rate=9rps", "note: s.toml: \"9rps\" is taken as 9/s".to_owned()),
        ("rate=9/sec", format!("note: s.toml: rate is taken as {path} note: s.toml: \"9/sec\" is taken as 9/s")),
    ] {
        let ended = dryport(home.path(), &["run", "s.toml", "--no-files", "--set", set]);
        assert!(ended.code == 0 && ended.out == long.out, "{set}: {}", ended.err);
        assert!(words(&ended.err).starts_with(&taken), "{set}: {}", ended.err);
    }
    // The same where values are varied, and where a file says it.
    let sweep = dryport(home.path(), &["sweep", "s.toml", "--vary", "rate=5rps,9/s", "--out", "w"]);
    assert!(sweep.code == 0 && words(&sweep.err).contains(&format!("rate is taken as {path}")), "{}", sweep.err);
    for (command, more) in
        [("solve", &["--for", "addresses"][..]), ("advise", &["--no-files"]), ("explain", &["--port", "40001"])]
    {
        let ended = dryport(home.path(), &[&[command, "s.toml", "--set", "rate=9rps"], more].concat());
        assert!(ended.code == 0 && words(&ended.err).contains("\"9rps\" is taken as 9/s"), "{command}: {}", ended.err);
    }
    std::fs::write(home.path().join("t.toml"), FORTY_PORTS.replace("40000-40039", "40000 40039")).unwrap();
    let checked = dryport(home.path(), &["check", "t.toml"]);
    assert!(checked.err.contains("note: t.toml: \"40000 40039\" is taken as 40000-40039"), "{}", checked.err);
    // Two clients have a rate: whose?
    let other = "[[client]]\nname = \"b\"\nhost = \"gateway\"\nto = \"db\"\narrivals = { poisson = { rate = \"1/s\" } }\n\
                 lifetime = { exponential = { mean = \"50ms\" } }\n";
    std::fs::write(home.path().join("u.toml"), FORTY_PORTS.to_owned() + other).unwrap();
    let whose = dryport(home.path(), &["check", "u.toml", "--set", "rate=9/s"]);
    assert_eq!(whose.code, 2);
    assert!(whose.err.contains("whose?") && whose.err.contains("client.b.arrivals.poisson.rate"), "{}", whose.err);
}

/// D9: the same of options, and of a file of JSON.
#[test]
fn other_spellings_are_taken() {
    let calc = |more: &[&str]| dryport(Path::new("."), &[&["calc", "--lifetime", "50ms"], more].concat());
    let plain = calc(&["--rate", "450/s", "--range", "1024-65535"]);
    for rate in ["450rps", "450/sec", "450 rps"] {
        let ended = calc(&["--rate", rate, "--range", "1024 65535"]);
        let notes = format!("note: {rate} is taken as 450/s\nnote: 1024 65535 is taken as 1024-65535\n");
        assert_eq!(ended, Ended { code: 0, out: plain.out.clone(), err: notes });
    }
    assert_eq!(calc(&["--rate=27000/minute"]).err, "note: 27000/minute is taken as 27000/min\n");
    let home = home();
    let json = r#"{ "schema": 1, "run": { "duration": "60s", "replications": 12 },
        "host": [{ "name": "gateway", "port_range": "40000-40039", "time_wait": "2s" }], "destination": [{ "name": "db" }],
        "client": [{ "name": "web", "host": "gateway", "to": "db", "arrivals": { "poisson": { "rate": "18/s" } },
        "lifetime": { "exponential": { "mean": "50ms" } } }] }"#;
    std::fs::write(home.path().join("s.json"), json).unwrap();
    let (of_json, of_toml) = (dryport(home.path(), &["check", "s.json"]), said(home.path(), &["check", "s.toml"]));
    assert_eq!((of_json.code, of_json.out), (0, of_toml.replace("s.toml", "s.json")));
    assert_eq!(of_json.err, "note: s.json: the file is read as JSON; it has the keys of the TOML\n");
}

/// D9: what cannot be taken is answered with the line that does it.
#[test]
fn a_slip_is_answered_with_the_right_line() {
    let home = home();
    for (arguments, code, answer) in [
        (&["run", "s.toml", "--duration", "1h"][..], 2, "help: write --set run.duration=1h"),
        (&["run", "s.toml", "--replications=100"], 2, "help: write --set run.replications=100"),
        (&["advise", "s.toml", "--rate", "9/s"], 2, "help: write --set rate=9/s"),
        (&["solve", "s.toml", "--for", "rate", "--range", "1024-65535"], 2, "help: write --set port_range=1024-65535"),
        (&["sweep", "s.toml", "--warm-up"], 2, "help: write --set run.warm_up=VALUE"),
        (&["completions", "bash"], 2, "completions are not there yet"),
        (&["import", "x.pcap"], 2, "recordings are not imported yet"),
        (&["replay", "x.csv"], 2, "a recording is replayed by arrivals = { trace = { file = \"x.csv\" } }"),
        (&["check", "s.tmol"], 3, "error: cannot read s.tmol: no such file help: did you mean s.toml?"),
        (&["run", "z.toml"], 3, "did you mean s.toml?"),
        (&["run", "s.toml", "--fail-if", "p_exhaust > 1%"], 2, "did you mean exhaustion_probability?"),
        (
            &["compare", "s.toml", "--over", "rate=1/s,2/s", "--metric", "p_exhaust"],
            2,
            "did you mean exhaustion_probability?",
        ),
        (&["run", "s.toml", "--precision", "headroom=5%"], 2, "did you mean headroom_ports?"),
        (
            &["calc", "--rate", "5/s", "--lifetime", "1s", "--profile", "linux"],
            2,
            "unless given it is --profile linux-6.18",
        ),
        (&["compare", "s.toml", "--over", "host.gateway.port_range=1-0,5-6"], 2, "--> --over:1:25"),
        (
            &["sweep", "s.toml", "--vary", "run.seed=1,2", "--vary", "host.gateway.port_range=1-0,5-6"],
            2,
            "--> --vary:1:25",
        ),
    ] {
        let ended = dryport(home.path(), arguments);
        assert!(ended.code == code && words(&ended.err).contains(answer), "{arguments:?}: {}", ended.err);
    }
    // Nobody is told what was not meant.
    std::fs::write(home.path().join("run.yaml"), "# mine\nrun:\n  duration: 10s\nhost:\n  - name: x\n").unwrap();
    let yaml = dryport(home.path(), &["check", "run.yaml"]);
    assert_eq!(yaml.code, 3);
    let first = "error: this is YAML; a scenario is TOML\n --> run.yaml:2:1\n";
    assert!(yaml.err.starts_with(first) && yaml.err.contains("run.yaml has 1 error"), "{}", yaml.err);
    std::fs::create_dir(home.path().join("scenarios")).unwrap();
    std::fs::write(home.path().join("scenarios/quickstart.toml"), FORTY_PORTS).unwrap();
    let folder = dryport(home.path(), &["check", "scenario/quickstart.toml"]).err;
    assert!(words(&folder).ends_with("help: did you mean scenarios/quickstart.toml?"), "{folder}");
}

/// D10: all settings of a machine, a remark behind a value, and lines of Windows.
#[test]
fn a_list_of_settings_is_judged_whole() {
    let all =
        "net.ipv4.tcp_tw_reuse_delay = 1000\nnet.ipv4.tcp_retries1 = 3\nnet.ipv4.ip_local_port_range = 32768 60999\n";
    let ended = dryport_reading(Path::new("."), &["check", "--sysctl-file", "-"], all);
    assert!(ended.code == 0 && !ended.err.contains("did you mean"), "{}{}", ended.out, ended.err);
    let remark = "net.ipv4.tcp_max_tw_buckets = 5000 # remark\nnet.ipv4.tcp_fin_timeout = 15\n";
    let ended = dryport_reading(Path::new("."), &["check", "--sysctl-file", "-"], remark);
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("write the remark on a line of its own"), "{}", ended.err);
    assert!(ended.err.contains("warning[fin-timeout]"), "the rest is judged, too: {}", ended.err);
    let windows = "netsh int ipv4 set dynamicport tcp start=10000 num=55536\n\"TcpTimedWaitDelay\"=dword:0000001e\n\
                   [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n";
    let ended = dryport_reading(Path::new("."), &["check", "--sysctl-file", "-"], windows);
    let text = words(&(ended.out + &ended.err));
    assert!(ended.code == 0 && !text.contains("did you mean"), "{text}");
    assert!(text.contains("3 lines of Windows left out: Windows is not modelled yet"), "{text}");
}

/// D11: words and columns.
#[test]
fn screens_stand_in_line_and_read_as_meant() {
    let home = home();
    // A capacity of seven figures pushed all that follows it out of line.
    let range = "host.gateway.port_range=1024-65535";
    let over = ["--over", "host.gateway.addresses=1,40", "--set", range, "--no-files"];
    let table = said(home.path(), &[&["compare", "s.toml"], &over[..]].concat());
    let line = |word: &str| table.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{table}"));
    let end = |word: &str, of: &str| line(word).find(of).map(|at| at + of.len());
    assert_eq!(end("addresses", "ports"), end("40 ", "2,580,480"));
    assert_eq!(end("addresses", "ports"), end("1 ", "64,512"));
    // Four figures tell rungs apart, here it was 5.0000/s; one port is one port.
    let calc = |more: &[&str]| said(Path::new("."), &[&["calc", "--lifetime", "50ms"], more].concat());
    for rate in ["4/s", "5/s", "6/s"] {
        let screen = calc(&["--rate", rate, "--range", "40000-40299", "--time-wait", "60s", "--arrivals", "constant"]);
        assert!(!screen.contains("0000/s"), "{screen}");
    }
    let one = calc(&["--rate", "5.01/s", "--range", "40000-40299", "--time-wait", "60s", "--arrivals", "constant"]);
    assert!(!words(&one).contains(" 1 more ports"), "{one}");
    // A figure that a formula has no right to be compared with is said to be one before it is shown.
    let run = said(home.path(), &["run", "s.toml", "--no-files", "--set", "run.duration=3s", "--set", "rate=18/s"]);
    let (why, figures) = (run.find("Erlang B does not hold here"), run.find("closed form   simulated"));
    assert!(why.is_none_or(|why| figures.is_some_and(|figures| why < figures)), "{run}");
}
