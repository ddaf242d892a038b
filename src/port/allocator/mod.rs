//! In which order a stack looks for a usable port. One allocator per file.

/// An allocator, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocatorKind {
    /// Linux `connect()`.
    LinuxConnect,
    /// Stub until the real one lands.
    RandomStart,
}

impl AllocatorKind {
    /// Every allocator there is.
    pub const ALL: &'static [Self] = &[Self::LinuxConnect, Self::RandomStart];

    /// The word in scenario files and profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinuxConnect => "linux-connect",
            Self::RandomStart => "random-start",
        }
    }

    /// What it is, in one line.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::LinuxConnect => "hash offset, parity first",
            Self::RandomStart => "random start, then upwards",
        }
    }
}
