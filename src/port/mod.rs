//! Choosing and holding local ports: what a stack, or a NAT, does with its ephemeral range.
//!
//! A port owner is a setting of a few switches, each a small module: [`range`] (what may be chosen), [`uniqueness`]
//! (what must be unique), [`allocator`] (in which order), [`hold`] (how long a closed connection keeps its port).
//! Must never know who connects or why.

pub mod allocator;
pub mod hold;
pub mod range;
pub mod uniqueness;

pub use allocator::AllocatorKind;
pub use hold::Hold;
pub use range::{PortRange, PortSet};
pub use uniqueness::Uniqueness;
