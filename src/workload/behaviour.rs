//! What the other side of a connection does, and what is left of the connection when it is over.

use super::ClosesFirst;

/// How a destination answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It accepts, and closes when the client does.
    Accepts,
    /// It refuses with a reset: the port is free again at once (`reference/linux.md` 3.7).
    Refuses,
    /// It never answers: the port is held until the client's SYNs are used up (`reference/linux.md` 3.7).
    Silent,
    /// It accepts and never closes its end: the client's port waits in FIN-WAIT-2 (`reference/linux.md` 3.3).
    NeverCloses,
}

impl Behaviour {
    /// Every behaviour.
    pub const ALL: [Self; 4] = [Self::Accepts, Self::Refuses, Self::Silent, Self::NeverCloses];

    /// Does a connection to it last as long as the client wants?
    pub const fn accepts(self) -> bool {
        matches!(self, Self::Accepts | Self::NeverCloses)
    }

    /// The word in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Refuses => "refuses",
            Self::Silent => "silent",
            Self::NeverCloses => "never-closes",
        }
    }
}

/// Does the server keep a TIME-WAIT where `closes_first` does and the other side is like this (`reference/linux.md` 3.1)?
pub fn server_waits(closes_first: ClosesFirst, behaviour: Behaviour) -> bool {
    behaviour == Behaviour::Accepts && closes_first.server_waits()
}

/// What a connection leaves at the client when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// A TIME-WAIT.
    TimeWait,
    /// Nothing: the port is free at once.
    Nothing,
    /// An orphan in FIN-WAIT-2, since the other side never closes.
    FinWait2,
    /// Nothing either: nobody answered, and `connect()` gave up.
    Unanswered,
}

impl Leaves {
    /// What is left where `closes_first` does and the other side is like this (`reference/linux.md` 3.1, 3.3, 3.7).
    pub const fn of(closes_first: ClosesFirst, behaviour: Behaviour) -> Self {
        match (behaviour, closes_first.client_waits()) {
            (Behaviour::Silent, _) => Self::Unanswered,
            (Behaviour::Refuses, _) | (_, false) => Self::Nothing,
            (Behaviour::NeverCloses, true) => Self::FinWait2,
            (Behaviour::Accepts, true) => Self::TimeWait,
        }
    }
}
