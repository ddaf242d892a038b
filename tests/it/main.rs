//! The one integration-test binary: what crosses folders, one module per concern.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod advise_command;
mod allocator_contract;
mod baseline;
mod batch_means;
mod branches;
mod calc_command;
mod chart_command;
mod check_command;
mod closed_forms;
#[cfg(unix)]
mod cluster;
mod command;
mod compare_command;
mod connect_cost;
mod coverage;
mod explain_command;
mod faults;
mod format_screens;
mod front_door;
mod fuzz_corpus;
mod gallery;
mod gates;
mod golden;
mod interrupts;
#[cfg(unix)]
mod json_output;
mod kernel_replays;
mod laws;
mod lint;
#[cfg(unix)]
mod machine;
mod openmetrics;
mod published;
mod readme;
mod repo_rules;
mod reuse_intervals;
mod run_command;
mod run_screens;
mod sample;
mod scenario_errors;
mod scenario_fuzz;
mod small_worlds;
mod socket_worlds;
mod solve_command;
mod support;
mod sweep_command;
mod theory_allocators;
mod theory_cases;
mod theory_transient;
mod this_machine;
mod verify_command;
