//! Tests that cross folders, in one binary.

mod scenario_errors;
mod scenario_fuzz;
