//! The discrete-event core. It has never heard of ports.
//!
//! [`time`] is an integer newtype and [`rate`] an exact one; [`random`] makes keyed streams. Events wait in a
//! [`DelayLine`] when their delay is constant and in a [`SlotWheel`] when it is random; a [`Tournament`] tells which
//! of several queues is next. What happens at one instant, and in which order, is the model's to say (see `sim`).

pub mod delay_line;
pub mod random;
pub mod rate;
pub mod slot_wheel;
pub mod time;
pub mod tournament;

pub use delay_line::DelayLine;
pub use random::{Lookup, Randomness, Words};
pub use rate::Rate;
pub use slot_wheel::SlotWheel;
pub use time::{SimDuration, SimTime};
pub use tournament::Tournament;
