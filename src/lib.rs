//! dryport: will this service run out of ephemeral ports, when, how likely, and which knob helps?
//!
//! A discrete-event simulator of clients that open and close TCP connections against an ephemeral range and a
//! TIME-WAIT rule. Data walks one way:
//!
//! ```text
//! scenario file -> Scenario -> simulation -> metrics -> experiment -> tables -> CSV, PNG
//!   scenario/      scenario/     sim/         metrics/   experiment/   report/
//! ```
//!
//! The layers, lowest first; each imports only layers above it in this list, and a test keeps that true:
//!
//! * [`numeric`]: mathematics with one fixed order of operations, so that results do not depend on the machine.
//! * [`des`]: the discrete-event core: integer time, delay lines, the slot wheel, keyed random streams.
//! * [`stats`]: accumulators, histograms and intervals. [`theory`]: closed forms.
//! * [`choice`]: named choices with parameters, as data that the reader, `list` and the docs share.
//! * [`port`]: choosing and holding local ports. [`workload`]: who connects when, and for how long.
//! * [`profile`]: operating systems as data. [`scenario`]: a TOML file, read whole and checked whole.
//! * [`forecast`]: what formulas say of a scenario. [`advice`]: what can be done about it, knob by knob.
//! * [`sim`]: the model in motion. [`metrics`]: what is observed of it.
//! * [`experiment`]: many runs, side by side; threads live here and nowhere else.
//! * [`report`]: tables to CSV, charts and the run folder. [`inspect`]: the machine it runs on.
//! * [`lint`]: myths and traps in scenarios and sysctls, a rule per file.
//! * [`verify`]: is it right? Theory, a kernel's recordings and published incidents, built in.
//! * [`cli`]: one file per subcommand.
//!
//! From `numeric` to `experiment` nothing opens a file or reads a clock, an environment variable or the command line.
//!
//! # The shortest way through
//!
//! ```
//! use dryport::{Checks, Experiment, METRICS, OfferedLoad, Scenario, Settings, SourceFile, estimate, replicate};
//! use std::collections::BTreeMap;
//! use std::sync::atomic::AtomicBool;
//!
//! let text = r#"
//!     schema = 1
//!     [run]
//!     duration = "10s"
//!     replications = 5
//!     [[host]]
//!     name = "gateway"
//!     port_range = "40000-40099"
//!     [[destination]]
//!     name = "orders-db"
//!     [[client]]
//!     name     = "checkout"
//!     host     = "gateway"
//!     to       = "orders-db"
//!     arrivals = { constant = { rate = "20/s" } }
//!     lifetime = { constant = { value = "50ms" } }
//! "#;
//! // Traces would come from the second argument's files; this scenario has none.
//! let files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
//! let scenario = Scenario::read(&SourceFile::new("tour.toml", text), &[], &files).expect("nothing is wrong with it");
//!
//! let stop = AtomicBool::new(false);
//! let settings = Settings { jobs: 1, checks: Checks::Off, stop: &stop, progress: &|_| {} };
//! let experiment: Experiment = replicate(&scenario, &settings);
//!
//! // Scope 0 is everything. 20 connects a second take 100 ports in 5 s, and TIME-WAIT lasts a minute.
//! let offered = OfferedLoad::of(&scenario, &experiment);
//! let metric = METRICS.iter().find(|metric| metric.name == "first_refusal_s").expect("it is one of them");
//! let first = estimate(&experiment, &offered, 0, metric, 0.95).expect("at least half of the runs were refused");
//! assert_eq!(first.estimate, 5.0);
//! ```
//!
//! # Limits
//!
//! No UDP, IPv6 is the same pool as IPv4, no packet loss, no round-trip time yet.

pub mod advice;
pub mod choice;
pub mod cli;
pub mod des;
pub mod experiment;
pub mod forecast;
pub mod inspect;
pub mod lint;
pub mod metrics;
pub mod numeric;
pub mod port;
pub mod profile;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod theory;
pub mod verify;
pub mod workload;

pub use des::{SimDuration, SimTime};
pub use experiment::{Checks, Experiment, OfferedLoad, Settings, estimate, replicate};
pub use metrics::METRICS;
pub use report::{RunTables, Verdict};
pub use scenario::{Diagnostics, Scenario, SourceFile, Sources};
pub use stats::Interval;
