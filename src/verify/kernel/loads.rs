//! A recording of several programs at once, on loopback: each is a client with a trace of its own.

use super::recording::Recording;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One program, as `case.json` has it.
struct Load<'r> {
    name: &'r str,
    /// How it bound its sockets; `None`: it did not.
    bind: Option<&'r str>,
    /// Where it went: one destination.
    to: &'r str,
    /// How long it kept its connections: what the kernel refused and the model does not lasts by this law.
    lifetime: String,
}

impl<'r> Load<'r> {
    fn of(value: &'r Value) -> Self {
        let text = |key: &str| value[key].as_str();
        let to = text("dst").expect("a load goes somewhere");
        assert!(to.starts_with("127.") && !to.contains(','), "one destination on loopback: {to}");
        let hold_s = value["hold"].as_f64().expect("a load has a hold");
        let lifetime = match value["hexp"].as_u64() {
            Some(1) => format!("exponential = {{ mean = \"{hold_s}s\" }}"),
            _ => format!("constant = {{ value = \"{hold_s}s\" }}"),
        };
        Self { name: text("name").expect("a load has a name"), bind: text("bind"), to, lifetime }
    }

    /// As a table of a scenario, and the file that it replays.
    fn client(&self) -> String {
        let bind = match self.bind {
            None => "connect",
            Some("b0") => "bind-zero",
            Some(other) => panic!("not a way to bind: {other}"),
        };
        let Self { name, to, lifetime, .. } = self;
        format!(
            "[[client]]\nname = \"{name}\"\nhost = \"kernel\"\nto = \"{}\"\nbind = \"{bind}\"\n\
             arrivals = {{ trace = {{ file = \"{name}.csv\" }} }}\nlifetime = {{ {lifetime} }}\n",
            name_of(to)
        )
    }
}

/// `127.0.0.1/9001` as a name.
fn name_of(destination: &str) -> String {
    destination.replace(['.', '/'], "-")
}

/// The names of the programs, in order; none where the recording is of one alone.
pub(super) fn names(case: &Value) -> Vec<&str> {
    case["load"].as_array().into_iter().flatten().map(|load| Load::of(load).name).collect()
}

impl Recording {
    /// Destinations and clients of a scenario that asks the model the same, and the files that it reads.
    pub(super) fn loads(&self, attempts: &str) -> (String, BTreeMap<String, Vec<u8>>) {
        let loads: Vec<Load<'_>> = self.case()["load"].as_array().into_iter().flatten().map(Load::of).collect();
        let mut destinations: Vec<&str> = loads.iter().map(|load| load.to).collect();
        destinations.sort_unstable();
        destinations.dedup();
        let mut text = String::new();
        for destination in destinations {
            let name = name_of(destination);
            writeln!(text, "[[destination]]\nname = \"{name}\"\nloopback = true").expect("a string takes all");
        }
        text.extend(loads.iter().map(Load::client));
        let files = loads.iter().map(|load| (format!("{}.csv", load.name), trace(attempts, load.name).into_bytes()));
        (text, files.collect())
    }
}

/// The attempts of one program: when, until when and who closes first are all that the model is told.
fn trace(attempts: &str, name: &str) -> String {
    let mut rows = attempts.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().expect("a header");
    let place = |column: &str| header.iter().position(|name| *name == column).expect("a column");
    let kept = ["time_s", "close_s", "closes_first"];
    let own = rows.filter(|row| row[place("client")] == name);
    let row = |row: Vec<&str>| kept.map(|column| row[place(column)]).join(",") + "\n";
    format!("{}\n", kept.join(",")) + &own.map(row).collect::<String>()
}
