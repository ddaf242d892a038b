//! Tables of real runs to draw, small to simulate and odd to look at. See `samples` for tables that are made up.

use super::manifest::{HostMeta, Manifest, SCHEMA_VERSION, ScenarioMeta};
use super::tables::{add_ports, run_tables};
use super::{RunTables, shown_run};
use crate::experiment::{Checks, Settings, replicate, watch_ports};
use crate::scenario::{Scenario, SourceFile};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// What a scenario here differs in from one client, one host, one destination.
struct Odd {
    name: &'static str,
    title: &'static str,
    run: &'static str,
    host: &'static str,
    destination: &'static str,
    client: &'static str,
    /// Whatever else there is.
    more: &'static str,
}

const BASE: Odd = Odd {
    name: "base",
    title: "Forty ports and a little too much load",
    run: "duration = \"60s\"\nreplications = 12",
    host: "port_range = \"40000-40039\"\ntime_wait = \"2s\"",
    destination: "",
    client: "arrivals = { poisson = { rate = \"20/s\" } }\nlifetime = { exponential = { mean = \"50ms\" } }",
    more: "",
};

const ALL: &[Odd] = &[
    BASE,
    Odd {
        name: "one-port",
        run: "duration = \"10s\"\nreplications = 2",
        host: "port_range = \"7-7\"\ntime_wait = \"1s\"",
        client: "arrivals = { poisson = { rate = \"1/s\" } }\nlifetime = { constant = { value = \"200ms\" } }",
        ..BASE
    },
    Odd {
        name: "three-ports",
        run: "duration = \"10m\"\nreplications = 20",
        host: "port_range = \"40001-40003\"",
        client: "arrivals = { poisson = { rate = \"2/m\" } }\nlifetime = { exponential = { mean = \"5s\" } }",
        ..BASE
    },
    Odd { name: "one-run", run: "duration = \"60s\"\nreplications = 1", ..BASE },
    Odd {
        name: "quickstart",
        title: "Checkout gateway to one database",
        run: "duration = \"2m\"\nreplications = 11",
        host: "port_range = \"32768-60999\"",
        client: "arrivals = { poisson = { rate = \"450/s\" } }\nlifetime = { exponential = { mean = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "filling",
        title: "Full before the first port comes back",
        run: "duration = \"60s\"\nreplications = 20",
        host: "port_range = \"40000-40999\"",
        client: "arrivals = { poisson = { rate = \"30/s\" } }\nlifetime = { exponential = { mean = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "largest",
        title: "Every port there is, of many addresses",
        run: "duration = \"1m\"\nreplications = 2",
        host: "port_range = \"1024-65535\"\naddresses = 40\nreserved_ports = [\"3000-9000\", \"30000\"]",
        destination: "endpoints = 20",
        client: "arrivals = { poisson = { rate = \"3000/s\" } }\nlifetime = { exponential = { mean = \"1s\" } }",
        ..BASE
    },
    Odd {
        name: "random",
        title: "Draws until a free port is found",
        host: "port_range = \"40000-40999\"\nallocator = \"random\"\ntime_wait = \"10s\"",
        client: "arrivals = { poisson = { rate = \"97/s\" } }\nlifetime = { exponential = { mean = \"200ms\" } }",
        ..BASE
    },
    Odd {
        name: "rested",
        title: "Draws from a range that is nearly empty",
        run: "duration = \"60s\"\nwarm_up = \"400s\"\nreplications = 12",
        host: "port_range = \"40000-40999\"\nallocator = \"random\"\ntime_wait = \"2s\"",
        ..BASE
    },
    Odd {
        name: "round-and-round",
        title: "One port after another, at random times",
        run: "duration = \"60s\"\nwarm_up = \"60s\"\nreplications = 12",
        host: "port_range = \"40000-40399\"\nallocator = \"sequential\"\ntime_wait = \"2s\"",
        client: "arrivals = { poisson = { rate = \"20/s\" } }\nlifetime = { constant = { value = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "clockwork",
        title: "One port after another, evenly",
        host: "port_range = \"40000-40399\"\nallocator = \"sequential\"\ntime_wait = \"2s\"",
        client: "arrivals = { constant = { rate = \"20/s\" } }\nlifetime = { constant = { value = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "no-load",
        client: "arrivals = { poisson = { rate = \"1/1000d\" } }\nlifetime = { constant = { value = \"1s\" } }",
        ..BASE
    },
    Odd {
        name: "few",
        title: "Hardly any connection",
        run: "duration = \"60s\"\nreplications = 3",
        client: "arrivals = { constant = { rate = \"3/m\" } }\nlifetime = { constant = { value = \"1s\" } }",
        ..BASE
    },
    Odd {
        name: "refused-at-once",
        title: "Full before the window opens",
        run: "duration = \"20s\"\nwarm_up = \"20s\"\nreplications = 12",
        client: "arrivals = { poisson = { rate = \"900/s\" } }\nlifetime = { exponential = { mean = \"1s\" } }",
        ..BASE
    },
    Odd {
        name: "nearly-full",
        title: "Always above four fifths",
        run: "duration = \"60s\"\nwarm_up = \"20s\"\nreplications = 15",
        host: "port_range = \"40000-40999\"\ntime_wait = \"2s\"",
        client: "arrivals = { poisson = { rate = \"460/s\" } }\nlifetime = { exponential = { mean = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "nine-days",
        title: "Nine days",
        run: "duration = \"9d\"\nreplications = 3",
        host: "port_range = \"40000-40019\"",
        client: "arrivals = { poisson = { rate = \"9/m\" } }\nlifetime = { exponential = { mean = \"30s\" } }",
        ..BASE
    },
    Odd {
        name: "a-moment",
        title: "A moment",
        run: "duration = \"900ns\"\nreplications = 2",
        client: "arrivals = { constant = { rate = \"100M/s\" } }\nlifetime = { constant = { value = \"0s\" } }",
        ..BASE
    },
    Odd {
        name: "servers-close",
        title: "The server closes first",
        client: "closes_first = \"server\"\narrivals = { poisson = { rate = \"20/s\" } }\n\
                 lifetime = { exponential = { mean = \"1s\" } }",
        ..BASE
    },
    Odd {
        name: "two-hosts",
        title: "Two hosts that share nothing, one of them far too small",
        run: "duration = \"30s\"\nreplications = 5",
        more: "[[host]]\nname = \"roomy\"\nport_range = \"40000-40999\"\ntime_wait = \"2s\"\n[[client]]\n\
               name = \"other\"\nhost = \"roomy\"\nto = \"the-destination\"\n\
               arrivals = { poisson = { rate = \"20/s\" } }\nlifetime = { exponential = { mean = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "two-destinations",
        title: "One host, two destinations, one of them much more in demand",
        run: "duration = \"30s\"\nreplications = 12",
        more: "[[destination]]\nname = \"quiet\"\n[[client]]\nname = \"other\"\nhost = \"the-host\"\n\
               to = \"quiet\"\narrivals = { poisson = { rate = \"5/s\" } }\n\
               lifetime = { exponential = { mean = \"50ms\" } }",
        ..BASE
    },
    Odd {
        name: "parked",
        title: "Every port is gone before the window opens, and stays so",
        run: "duration = \"10s\"\nwarm_up = \"10s\"\nreplications = 3",
        host: "port_range = \"40000-40999\"\nallocator = \"random\"",
        client: "arrivals = { constant = { rate = \"2000/s\" } }\nlifetime = { constant = { value = \"0s\" } }",
        ..BASE
    },
    Odd {
        name: "a-day-of-ten-ports",
        title: "Ten ports for a day, used more often than there are pixels",
        run: "duration = \"24h\"\nreplications = 2",
        host: "port_range = \"40000-40009\"",
        client: "arrivals = { poisson = { rate = \"6/m\" } }\nlifetime = { exponential = { mean = \"5s\" } }",
        ..BASE
    },
    Odd {
        name: "a-scenario-with-a-name-that-is-as-long-as-any-name-may-ever-get",
        title: "A scenario whose title says at length what others would rather leave to the file, and then says it again",
        ..BASE
    },
];

/// All of them, by name.
pub(crate) fn all() -> Vec<(&'static str, RunTables)> {
    let many = [(7, "seven-destinations"), (40, "forty-destinations")];
    let many = many.map(|(count, name)| (name, destinations(count, name)));
    ALL.iter().map(|odd| (odd.name, simulate(odd))).chain(many).collect()
}

/// One host and so many more destinations, the first ones much more in demand.
pub(crate) fn destinations(count: u32, name: &'static str) -> RunTables {
    use std::fmt::Write as _;
    let mut more = String::new();
    for index in 0..count {
        let rate = 1.0 + 24.0 / f64::from(index + 1);
        write!(
            more,
            "[[destination]]\nname = \"shard-{index}-of-a-service\"\n[[client]]\nname = \"client-{index}\"\n\
             host = \"the-host\"\nto = \"shard-{index}-of-a-service\"\n\
             arrivals = {{ poisson = {{ rate = \"{rate:.2}/s\" }} }}\nlifetime = {{ exponential = {{ mean = \"50ms\" }} }}\n"
        )
        .expect("memory takes what is written");
    }
    // For as long as the test runs.
    let more: &'static str = more.leak();
    simulate(&Odd { name, title: "Shards of a service", run: "duration = \"30s\"\nreplications = 3", more, ..BASE })
}

/// The one of that name.
pub(crate) fn named(name: &str) -> RunTables {
    simulate(ALL.iter().find(|odd| odd.name == name).expect("one of them"))
}

fn simulate(odd: &Odd) -> RunTables {
    // As long as a name may be.
    let [host, destination, client] = ["host", "destination", "client"]
        .map(|kind| if odd.name.len() > 40 { format!("{kind:w<64}") } else { format!("the-{kind}") });
    let text = format!(
        "schema = 1\ntitle = \"{}\"\n[run]\n{}\n[[host]]\nname = \"{host}\"\n{}\n[[destination]]\n\
         name = \"{destination}\"\n{}\n[[client]]\nname = \"{client}\"\nhost = \"{host}\"\nto = \"{destination}\"\n{}\n{}\n",
        odd.title, odd.run, odd.host, odd.destination, odd.client, odd.more
    );
    let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let scenario = Scenario::read(&SourceFile::new("odd.toml", text), &[], &sources);
    let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", odd.name));
    let stop = AtomicBool::new(false);
    let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
    let experiment = replicate(&scenario, &settings);
    let mut tables = run_tables(&experiment, &scenario, manifest(odd, &scenario));
    let shown = u32::try_from(shown_run(&tables) - 1).unwrap();
    add_ports(&mut tables, &watch_ports(&scenario, &experiment, shown, &stop).unwrap());
    tables
}

fn manifest(odd: &Odd, scenario: &Scenario) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        dryport: "0.1.0".into(),
        arguments: vec!["run".into(), format!("{}.toml", odd.name)],
        scenario: ScenarioMeta {
            variant: String::new(),
            name: odd.name.into(),
            title: scenario.title.clone(),
            file: format!("{}.toml", odd.name),
            load: scenario.load_in_words(),
            hosts: scenario.hosts.iter().map(HostMeta::of).collect(),
            resolved: serde_json::json!({}),
        },
        seed: scenario.run.seed,
        replications: scenario.run.replications.into(),
        duration_s: scenario.run.duration.as_secs_f64(),
        warm_up_s: 0.0,
        confidence: 0.95,
        files: Vec::new(),
        rows: BTreeMap::new(),
        precision: None,
        long_run: None,
        variants: Vec::new(),
        comparison: None,
        cut_off: None,
    }
}
