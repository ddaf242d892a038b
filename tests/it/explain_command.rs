//! `dryport explain`: what it tells is what the attempts of the run say, on plain hosts and on those with a table of
//! sockets; its screens, its files, and what it says to questions that make no sense.

use crate::command::{assert_screen, dryport, root};
use crate::golden::scenarios;
use crate::support::attempts;
use dryport::experiment::{Life, explain};
use dryport::metrics::{AttemptRow, Hero};
use dryport::scenario::Scenario;
use dryport::scenario::ways::Access;
use dryport::sim::{Attempt, Topology};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn life(scenario: &Scenario, topology: &Topology, hero: Hero) -> Life {
    explain(scenario, topology, hero, 0, &AtomicBool::new(false)).expect("nobody stops it")
}

fn matches(row: &AttemptRow, attempt: &Attempt, life: &Life) -> bool {
    (row.at, row.flow, row.request) == (attempt.at - life.opens, attempt.flow, attempt.request)
        && (row.retry, row.source, row.probes) == (attempt.retry, attempt.source, attempt.probes)
}

/// Some ports of every host: those that are used first, and the ends of each range.
fn ports(topology: &Topology, rows: &[AttemptRow]) -> Vec<(usize, u16)> {
    let mut ports: Vec<(usize, u16)> = Vec::new();
    for row in rows {
        if let Ok((port, _)) = row.got
            && ports.len() < 40
        {
            ports.push((topology.flows[row.flow as usize].host, port));
        }
    }
    let ends = |pool: &dryport::sim::PoolLanes| {
        [pool.way.ports.first(), pool.way.ports.last()].map(|end| (pool.way.host, end))
    };
    ports.extend(topology.pools.iter().flat_map(ends));
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[test]
fn the_life_of_a_port_is_what_the_attempts_say() {
    for (name, scenario) in scenarios() {
        let (topology, rows) = (Topology::new(&scenario), attempts(&scenario, 0));
        let mut uses = 0;
        for (host, port) in ports(&topology, &rows) {
            let life = life(&scenario, &topology, Hero::Port { host, port });
            let here = |row: &&AttemptRow| topology.flows[row.flow as usize].host == host;
            let had: Vec<_> =
                rows.iter().filter(here).filter(|row| row.got.is_ok_and(|(got, _)| got == port)).collect();
            let told: Vec<_> = life.told.uses.iter().filter(|part| part.attempt.at >= life.opens).collect();
            assert_eq!(had.len(), told.len(), "{name} {port}");
            for (row, part) in had.into_iter().zip(told) {
                assert!(matches(row, &part.attempt, &life), "{name} {port}: {row:?} {part:?}");
                let close = row.got.map(|(_, close)| close);
                assert_eq!(close, Ok(part.close_at - life.opens), "{name} {port}");
                assert!(part.closed.is_none_or(|closed| closed == part.close_at), "{name} {port}: {part:?}");
                assert!(part.closed.is_some() || part.close_at >= life.end, "{name} {port}: {part:?}");
                assert!(part.freed.is_none_or(|freed| part.closed.is_some_and(|closed| closed <= freed)));
                uses += 1;
            }
        }
        assert!(uses > 0, "{name}");
    }
}

/// Every search looks at some ports in vain, and every port is passed over by some searches: the sums are the same.
#[test]
fn searches_pass_over_as_many_ports_as_they_say() {
    for (name, scenario) in scenarios() {
        let topology = Topology::new(&scenario);
        let tellable = |pool: &dryport::sim::PoolLanes| {
            let host = &scenario.hosts[pool.way.host];
            host.allocator.name() != "random" && host.port_step_width == 0 && pool.way.access != Access::SharedBindZero
        };
        let all: u32 = topology.pools.iter().map(|pool| pool.way.ports.len()).sum();
        // As many simulations as there are ports.
        if !topology.pools.iter().all(tellable) || all > 300 {
            continue;
        }
        let rows = attempts(&scenario, 0);
        for host in 0..scenario.hosts.len() {
            let of_host = |row: &&AttemptRow| topology.flows[row.flow as usize].host == host;
            let said: u64 =
                rows.iter().filter(of_host).map(|row| u64::from(row.probes) - u64::from(row.got.is_ok())).sum();
            let pools = || topology.pools.iter().filter(|pool| pool.way.host == host);
            let (low, high) =
                (pools().map(|pool| pool.way.ports.first()).min(), pools().map(|pool| pool.way.ports.last()).max());
            let told =
                (low.unwrap()..=high.unwrap()).map(|port| life(&scenario, &topology, Hero::Port { host, port }).told);
            let mut passed = 0;
            for told in told {
                passed += told.passed.total();
                assert_eq!(told.untold, 0, "{name}");
            }
            assert_eq!(passed, said, "{name}");
        }
    }
}

#[test]
fn the_attempts_of_a_request_are_those_of_the_run() {
    for (name, scenario) in scenarios() {
        let (topology, rows) = (Topology::new(&scenario), attempts(&scenario, 0));
        let mut of_request: BTreeMap<(usize, u64), Vec<&AttemptRow>> = BTreeMap::new();
        for row in &rows {
            let client = topology.flows[row.flow as usize].client;
            of_request.entry((client, row.request)).or_default().push(row);
        }
        let step = of_request.len().div_ceil(25);
        for ((client, request), rows) in of_request.into_iter().step_by(step) {
            let life = life(&scenario, &topology, Hero::Request { client, request });
            assert_eq!(life.attempts.len(), rows.len(), "{name} {request}");
            for (row, story) in rows.into_iter().zip(&life.attempts) {
                assert!(matches(row, &story.attempt, &life), "{name}: {row:?} {story:?}");
                assert_eq!(row.got.map(|(port, _)| port), story.got, "{name} {request}");
                if let Some(kept) = story.kept {
                    let in_vain = row.probes - u32::from(row.got.is_ok());
                    assert_eq!(kept.total(), u64::from(in_vain), "{name}: {story:?}");
                }
            }
            let (first, last) = life.requests.expect("it made one");
            assert!((first..=last).contains(&request));
            let port = life.attempts.iter().find_map(|story| story.got.ok());
            assert_eq!(life.port, port, "{name} {request}");
            let own = life.told.uses.iter().filter(|part| {
                (topology.flows[part.attempt.flow as usize].client, part.attempt.request) == (client, request)
            });
            assert_eq!(own.count(), usize::from(port.is_some()), "{name} {request}");
        }
    }
}

/// One host on which everything happens that can happen to a port.
const EVERYTHING: &str = r#"
schema = 1
[run]
duration     = "3min"
replications = 2
[[host]]
name            = "proxy"
port_range      = "40000-40007"
listening_ports = ["40003"]
tw_reuse        = "on"
[[destination]]
name = "db"
[[destination]]
name = "stuck"
behaviour = "never-closes"
[[destination]]
name = "silent"
behaviour = "silent"
[[client]]
name     = "app"
host     = "proxy"
to       = { db = 0.8, stuck = 0.1, silent = 0.1 }
arrivals = { poisson = { rate = "30/min" } }
lifetime = { exponential = { mean = "2s" } }
retry    = { attempts = 2, delay = "1s" }
[[client]]
name     = "batch"
host     = "proxy"
to       = "db"
arrivals = { constant = { rate = "1/20s" } }
lifetime = { constant = { value = "3s" } }
bind     = "bind-zero"
closes_first = "server"
"#;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder can be made");
    fs::write(home.path().join("s.toml"), EVERYTHING).expect("the folder is ours");
    home
}

fn screen(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let ended = dryport(folder, &[&["explain"], arguments].concat());
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{name}");
    assert_screen(&format!("explain-{name}"), &ended.out);
    ended.out
}

#[test]
fn the_screens() {
    let (home, quickstart) = (home(), root().join("scenarios/quickstart.toml"));
    let quickstart = quickstart.to_str().expect("a name in UTF-8");
    let port = screen("port", home.path(), &[quickstart, "--port", "60327"]);
    assert!(port.starts_with("Port 60327 of gateway was used "), "{port}");
    screen("connection", home.path(), &[quickstart, "--connection", "17577"]);
    let lost = ["--connection", "260000", "--set", "client.checkout.arrivals.poisson.rate=500/s"];
    let lost = screen("refused", home.path(), &[&[quickstart], &lost[..]].concat());
    assert!(lost.contains("EADDRNOTAVAIL"), "{lost}");
    let some = screen("sockets", home.path(), &["s.toml", "--port", "40001"]);
    assert!(some.contains("... and ") && some.contains(" more: --all"), "{some}");
    let all = screen("sockets-all", home.path(), &["s.toml", "--port", "40001", "--all"]);
    assert!(all.contains("tcp_tw_reuse lets connect() take it over"), "{all}");
    let listening = screen("listening", home.path(), &["s.toml", "--port", "40003"]);
    assert!(listening.contains("a listening socket has it"), "{listening}");
    screen("bound", home.path(), &["s.toml", "--connection", "3", "--client", "batch", "--replication", "2"]);
}

#[test]
fn the_files_are_written_once() {
    let home = home();
    let arguments = ["explain", "s.toml", "--port", "40001", "--out", "new/life", "--svg"];
    let ended = dryport(home.path(), &arguments);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(
        ended.out.ends_with(
            "Files        new/life/life.csv\n             new/life/life.png\n             new/life/life.svg\n"
        )
    );
    let table = fs::read_to_string(home.path().join("new/life/life.csv")).unwrap();
    assert!(table.starts_with("scenario,replication,host,port,source,destination,endpoint,client,request,from_s,"));
    for state in ["established", "time_wait", "reusable", "blocked", "refused"] {
        assert!(table.contains(&format!(",{state},")), "{state}\n{table}");
    }
    let png = fs::read(home.path().join("new/life/life.png")).unwrap();
    let again = dryport(home.path(), &arguments);
    assert_eq!((again.code, again.out.as_str()), (1, ""));
    assert_eq!(again.err, "error: new/life/life.csv exists already\nhelp: --force replaces it\n");
    let forced = dryport(home.path(), &[&arguments[..], &["--force"]].concat());
    assert_eq!(forced, ended);
    assert!(fs::read(home.path().join("new/life/life.png")).unwrap() == png, "the same to the byte");
}

#[test]
fn questions_that_make_no_sense_are_told_so() {
    let home = home();
    for (arguments, said) in [
        (&["--port", "80"][..], "port 80 lies in no range that is searched: 40000-40007\n"),
        (&["--port", "40000", "--host", "x"], "no host is called x: there is proxy\n"),
        (&["--connection", "1"], "each of app, batch has requests: name one with --client\n"),
        (&["--connection", "1", "--client", "x"], "no client is called x: there is app, batch\n"),
        (
            &["--connection", "9", "--client", "batch"],
            "there is no request 9: batch made 9 requests in the window of run 1, 0 to 8\n",
        ),
        (&["--port", "40000", "--replication", "3"], "--replication 3: there are 2 runs\n"),
    ] {
        let ended = dryport(home.path(), &[&["explain", "s.toml"], arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        let flat = ended.err.replace('\n', " ");
        assert_eq!(flat.trim_end(), format!("error: {said}").trim_end(), "{arguments:?}");
    }
    assert_eq!(dryport(home.path(), &["explain", "s.toml"]).code, 2);
    assert_eq!(dryport(home.path(), &["explain", "s.toml", "--port", "1", "--connection", "1"]).code, 2);
    assert_eq!(dryport(home.path(), &["explain", "none.toml", "--port", "1"]).code, 3);
}
