//! Choosing and holding local ports: what a stack, or a NAT, does with its ephemeral range.
//!
//! A port owner is a setting of a few switches, each a small module: [`range`] (what may be chosen), [`uniqueness`]
//! (what must be unique), [`allocator`] (in which order), [`hold`] (how long a closed connection keeps its port). A
//! [`Pool`] puts them to work: one [`lane`] of ports for each thing that must be unique.
//! Must never know who connects or why.

pub mod allocator;
pub mod binding;
pub mod clock;
pub mod early_reuse;
pub mod hold;
pub mod lane;
pub mod pool;
pub mod range;
pub mod rules;
pub mod sockets;
pub mod syn_sent;
pub mod uniqueness;

pub use allocator::AllocatorKind;
pub use binding::Binding;
pub use clock::Clock;
pub use early_reuse::{EarlyReuse, TwReuse};
pub use hold::Hold;
pub use lane::{Lane, Layout};
pub use pool::Pool;
pub use range::{PortRange, PortSet};
pub use rules::SocketRules;
pub use sockets::Sockets;
pub use syn_sent::SynSent;
pub use uniqueness::{Strides, Uniqueness};
