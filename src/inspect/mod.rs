//! This machine: its sockets, its settings, who holds a port; read only, and only through [`files`].
//!
//! Everything but [`files`] is a parser or arithmetic over what was read, so that tests read recorded files. What could
//! not be read is part of the answer: see [`Machine::unseen`] and [`Holders::denied`]. A new setting goes into
//! [`machine`], a new view of the sockets beside [`usage`]. Must never know how its answers are printed.

pub mod draft;
pub mod elsewhere;
pub mod files;
pub mod holder;
pub mod iana;
pub mod kernel;
pub mod machine;
pub mod port_use;
pub mod socket;
pub mod sysctl;
pub mod usage;

pub use files::Root;
pub use holder::{Holder, Holders, Process};
pub use kernel::Kernel;
pub use machine::Machine;
pub use port_use::PortUse;
pub use socket::{Socket, State};
pub use usage::{Lane, Usage};
