//! Who connects when, where to and for how long: laws and rules as validated values, and the streams that realise them.
//!
//! [`arrival`] and [`lifetime`] hold one file per law; adding one is a file and a line in its registry.
//! Must never know what a port is.

pub mod arrival;
pub mod behaviour;
pub mod lifetime;
pub mod retry;
pub mod trace;

pub use arrival::Arrivals;
pub use behaviour::{Behaviour, Leaves, server_waits};
pub use lifetime::Lifetime;
pub use retry::{Jitter, Retry};
pub use trace::Trace;

use std::fmt;

/// Who sends the first FIN, and so who keeps the TIME-WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosesFirst {
    /// The client: its port stays in TIME-WAIT.
    Client,
    /// The server keeps the TIME-WAIT; the client's port is free at its last ACK (`reference/linux.md` 3.1).
    Server,
    /// A reset: nobody keeps a TIME-WAIT.
    Reset,
    /// Both at once: both keep a TIME-WAIT (`reference/linux.md` 3.1).
    Simultaneous,
}

impl ClosesFirst {
    /// Every way there is.
    pub const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Reset, Self::Simultaneous];

    /// The word in scenario files and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Reset => "reset",
            Self::Simultaneous => "simultaneous",
        }
    }

    /// Does the client keep a TIME-WAIT?
    pub const fn client_waits(self) -> bool {
        matches!(self, Self::Client | Self::Simultaneous)
    }

    /// Does the server keep one?
    pub const fn server_waits(self) -> bool {
        matches!(self, Self::Server | Self::Simultaneous)
    }
}

impl fmt::Display for ClosesFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a client spreads its attempts over source addresses or over the endpoints of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Each attempt draws one, all equally likely.
    Random,
    /// One after another.
    RoundRobin,
    /// The first, in order, that has a usable port.
    FirstFree,
}

impl Spread {
    /// Every rule there is.
    pub const ALL: [Self; 3] = [Self::Random, Self::RoundRobin, Self::FirstFree];

    /// The word in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::RoundRobin => "round-robin",
            Self::FirstFree => "first-free",
        }
    }
}
