//! Many runs of one scenario, side by side. Threads live here and nowhere else.
//!
//! Every replication is keyed by its number, results are kept by number and folded in that order, so any number of
//! threads gives the same bytes.

pub mod compare;
pub mod estimate;
pub mod explain;
pub mod long_run;
pub mod precision;
pub mod replicate;
pub mod solve;
pub mod splitting;
pub mod sweep;
pub mod watch_ports;

pub use compare::{ArmScope, align, cut_to_common, difference, run_arms, run_arms_in_time};
pub use estimate::{BATCH_MEANS, INDIRECT, NONE_SEEN, OfferedLoad, estimate, is_unseen};
pub use explain::{Life, explain};
pub use long_run::{LongRun, are_batches_correlated};
pub use precision::{Goal, replicate_until};
pub use replicate::{
    Checks, Experiment, Outcome, Settings, figures_more, on_threads, replicate, replicate_figures, replicate_one,
};
pub use solve::{Evidence, Question, Solution, solve};
pub use splitting::{Split, split};
pub use sweep::each;
pub use watch_ports::{WatchedPorts, watch_ports};
