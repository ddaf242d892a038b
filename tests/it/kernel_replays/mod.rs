//! What a Linux 6.18 kernel did, done again: the attempts recorded under tests/data/kernel, replayed through the model.
//!
//! `recording` reads a recording and makes it a scenario, `explained` says whether ports can have been chosen as
//! the kernel chooses them, and the rest are the tests.

mod bind;
mod explained;
mod order;
pub(crate) mod recording;
mod resalt;
mod reuse;
mod time_wait;
mod totals;
