//! Is what takes minutes to check still true? Each subcommand is one question; it prints what it found and fails when
//! the answer is no. Too slow for `cargo test`, and of no use more often than before a release.
//!
//! ```text
//! cargo bench --bench slow_tier -- coverage                      a minute
//! cargo bench --bench slow_tier -- splitting                     some minutes
//! cargo bench --bench slow_tier -- splitting --experiments 10
//! cargo bench --bench slow_tier -- sweep                         a minute
//! cargo bench --bench slow_tier -- kills                         a minute
//! cargo bench --bench slow_tier -- fuzz                          half an hour
//! ```
//!
//! `coverage`: of 400 experiments with seeds of their own at each of three loads, with several runs and with a long
//! one, how many 95 % intervals have the truth? Between 92 % and 98 % must. And where most experiments see no refusal at all,
//! how many intervals of counts do? At least 92 % must.
//!
//! `splitting`: of 100 experiments with seeds of their own, how many estimates of a refused ratio of 1e-7, and of 1e-9,
//! have the exact one (Erlang B) in their 95 % interval? At least 90 must.
//!
//! `sweep`: does a sweep of 200 cells with 20 replications each that is killed ten times, at moments drawn at random,
//! end with the same bytes as one that is left alone?
//!
//! `kills`: of a finished `run`, `compare` and `advise` with a user's notes beside it, over which each is run 100 times again
//! and killed at moments drawn at random, is anything ever lost, half written or left behind?
//!
//! `fuzz`: of 10^8 inputs, mutations of what `fuzz/corpus` keeps, does any make a reader of what others wrote panic, or
//! write what it then reads otherwise?

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are what a bench is for")]

mod coverage;
mod fuzz;
mod kills;
mod splitting;
mod sweep;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    question: Question,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Do intervals hold what is true as often as they say?
    Coverage {
        /// How many at each load
        #[arg(long, default_value_t = 400)]
        experiments: u64,
    },
    /// Do intervals by splitting hold what they should?
    Splitting {
        /// How many for each refused ratio
        #[arg(long, default_value_t = 100)]
        experiments: u64,
    },
    /// Does a killed sweep end as one that is left alone?
    Sweep {
        /// How often it is killed
        #[arg(long, default_value_t = 10)]
        kills: u64,
    },
    /// Is a finished run ever lost to a kill?
    Kills {
        /// How often each command is killed
        #[arg(long, default_value_t = 100)]
        kills: u64,
    },
    /// Does any input upset what reads what others wrote?
    Fuzz {
        /// How many, of all targets together
        #[arg(long, default_value_t = 100_000_000)]
        inputs: u64,
        /// What mutations are drawn by
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let Arguments { question, .. } = Arguments::parse();
    let holds = match question {
        Question::Coverage { experiments } => coverage::holds(experiments),
        Question::Splitting { experiments } => splitting::holds(experiments),
        Question::Fuzz { inputs, seed } => fuzz::holds(inputs, seed),
        Question::Sweep { kills } => told(sweep::holds(kills)),
        Question::Kills { kills } => told(kills::holds(kills)),
    };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// No, where the question could not be put.
fn told(holds: std::io::Result<bool>) -> bool {
    holds.unwrap_or_else(|error| {
        println!("{error}");
        false
    })
}
