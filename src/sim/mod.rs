//! The model in motion: clients ask for ports, hold them, and give them back.
//!
//! [`topology`] lays a scenario out flat; [`world`] is the state of one replication and how each event changes it;
//! [`run`](mod@run) decides what happens next, and a [`Walk`] does so event by event; an [`Observer`] is told everything and changes nothing. Must never know
//! what is measured, or how often it is run.

pub mod connection;
pub mod observer;
mod requests;
pub mod run;
mod socket_host;
pub mod spread;
pub mod topology;
pub mod walk;
pub mod world;

pub use observer::{Attempt, Cause, Connected, Held, Observer};
pub use run::{Interrupted, run};
pub use topology::{Flow, PoolLanes, Scope, ScopeKind, Topology};
pub use walk::Walk;
pub use world::World;
