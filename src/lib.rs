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
//! * [`sim`]: the model in motion. [`metrics`]: what is observed of it.
//! * [`experiment`]: many runs, side by side; threads live here and nowhere else.
//! * [`report`]: tables to CSV, charts and the run folder. [`cli`]: one file per subcommand.
//!
//! From `numeric` to `experiment` nothing opens a file or reads a clock, an environment variable or the command line.
//!
//! # Limits
//!
//! No UDP, IPv6 is the same pool as IPv4, no packet loss, no round-trip time yet.

pub mod choice;
pub mod cli;
pub mod des;
pub mod experiment;
pub mod metrics;
pub mod numeric;
pub mod port;
pub mod profile;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod theory;
pub mod workload;
