//! What strangers found wrong, one small input each, and what is right. The numbers are those of the report.

mod bounded_work;
mod careful_files;
mod first_free;
mod headroom;
mod kernel_rules;
mod plain_messages;
mod port_page;
mod reusable;
mod safe_rates;
mod second_limits;
mod series_tail;
mod stand_ins;
mod unknown_is_not_no;
mod unseen_counts;
mod verdicts;
mod watch;
mod words;

use super::command::{dryport, root};
use std::path::Path;

/// Copies an input into `folder`, where commands may leave their output.
fn take(folder: &Path, name: &str) {
    let from = root().join("tests/data/faults").join(name);
    std::fs::copy(&from, folder.join(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

/// Runs a command that must end well, and gives what it printed.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let ended = dryport(folder, arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.out, ended.err);
    ended.out
}
