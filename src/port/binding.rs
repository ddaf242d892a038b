//! Which call chooses a socket's local port.

use super::range::PortRange;

/// How a client's sockets come by their local port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `connect()` chooses, knowing the destination (`reference/linux.md` 1).
    Connect,
    /// `bind(address, 0)` chooses before the destination is known: the port is taken for all of them
    /// (`reference/linux.md` 2).
    BindZero,
    /// `bind(address, 0)` with `IP_BIND_ADDRESS_NO_PORT` reserves nothing; `connect()` chooses (Linux 4.2).
    AddressNoPort,
    /// The program names its ports itself, one after another, and binds each before it connects.
    Ports(PortRange),
}

impl Binding {
    /// Those that are a word in scenario files.
    pub const WORDS: [Self; 3] = [Self::Connect, Self::BindZero, Self::AddressNoPort];

    /// The word in scenario files; `ports` for the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::BindZero => "bind-zero",
            Self::AddressNoPort => "address-no-port",
            Self::Ports(_) => "ports",
        }
    }

    /// Does `bind()` reserve the port, so that it is taken whatever the destination?
    pub const fn reserves(self) -> bool {
        matches!(self, Self::BindZero | Self::Ports(_))
    }
}
