//! Tests that cross folders, in one binary.

mod check_command;
mod scenario_errors;
mod scenario_fuzz;
