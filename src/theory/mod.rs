//! Closed forms: what a simulation must agree with, and answers where no simulation can reach.
//!
//! Each with its formula, source and domain. Loads are in erlangs (arrival rate x mean port hold), times in any one
//! unit unless the name says seconds. Knows nothing of simulation; one model per file.

pub mod cases;
mod det;
mod erlang;
mod gim;
mod modified_offered_load;
mod parity;
mod poisson;
mod refusal;
mod transient;

pub use det::Evenly;
pub use erlang::{erlang_b, mean_occupancy, occupancy_variance, offered_load_for, ports_for};
pub use gim::{Congestion, erlang_odds, even_odds, gim_congestion, odds_of};
pub use modified_offered_load::{ChangingRate, LifeAndWait, Piece};
pub use parity::Parity;
pub use poisson::{poisson_cdf, poisson_pmf, poisson_upper_tail};
pub use refusal::{Phase, Release, Stream, Window, refusal_bound, saturated_cycle_ns};
pub use transient::Filling;
