//! In which order a stack looks for a usable port. One allocator per file; adding one is a file and a line below.
//!
//! An allocator sees a lane's layout and which of its ports are free, and answers with a port and the number of ports
//! it looked at. It never takes the port itself and never knows who asks. Its random draws come from its own stream, so
//! that a change of allocator moves no arrival and no lifetime.

mod few_bits;
#[cfg(test)]
mod literal;
mod order;
mod parity_scan;
mod perturbed_start;
mod port_hash;
mod random_step;

use super::clock::Clock;
use super::lane::{Lane, Layout, Split, narrow};
use crate::des::{Randomness, SimTime};
pub use order::{Order, Search};

/// What an allocator answers: eight bytes, which stay in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The port's offset, or [`Choice::NONE`].
    offset: u16,
    /// Where the search began, as an offset: what [`Order::passed`] counts from. Of a draw, where it ended.
    pub start: u16,
    /// Ports looked at, the chosen one included; reserved ports are skipped, not looked at.
    pub probes: u32,
}

impl Choice {
    /// No port's offset: a range has at most 65,535 ports.
    const NONE: u16 = u16::MAX;

    /// This port, or none, after so many looked at from `start` on.
    #[inline]
    pub fn new(offset: Option<u16>, probes: u32, start: u16) -> Self {
        Self { offset: offset.unwrap_or(Self::NONE), start, probes }
    }

    /// The same after so many ports were looked at elsewhere, in vain.
    #[must_use]
    pub fn after(self, probes: u32) -> Self {
        Self { probes: self.probes + probes, ..self }
    }

    /// The port, as an offset from the start of the range; `None`: no usable port was found.
    #[inline]
    pub fn offset(self) -> Option<u16> {
        (self.offset != Self::NONE).then_some(self.offset)
    }
}

/// What an allocator is made from.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The name of the port owner, which keys the allocator's streams.
    pub owner: &'a str,
    /// The ports to choose from.
    pub layout: &'a Layout,
    /// How many lanes there are.
    pub lanes: usize,
    /// The owner's clock.
    pub clock: Clock,
    /// Seed and replication.
    pub randomness: Randomness,
    /// The widest random step of a search, in candidates; 0: none is drawn. Only Linux has it, since 7.1.
    pub step_width: u32,
}

/// An order of looking for a port.
trait Allocate: Clone {
    /// The word in scenario files and profiles.
    const NAME: &'static str;
    /// What it is, in one line of at most 60 characters.
    const SUMMARY: &'static str;
    /// How it looks at a lane.
    const SPLIT: Split = Split::Whole;
    /// In which order it looks at ports.
    const ORDER: Order = Order::Upwards;

    fn new(setup: &Setup<'_>) -> Self;

    /// Looks for a port of lane number `id`, which has been opened. Inlined into the world are the two that most runs have.
    fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, now: SimTime) -> Choice;

    /// Draws all that follows from branch number `branch` of each of its streams.
    fn rekey(&mut self, branch: u64);
}

/// Makes the modules, [`AllocatorKind`] and [`Allocator`] from a list of files.
macro_rules! allocators {
    ($($file:ident::$Type:ident,)+) => {
        $(mod $file;)+

        /// An allocator, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AllocatorKind {
            $(
                #[doc = concat!("See `", stringify!($file), ".rs`.")]
                $Type,
            )+
        }

        impl AllocatorKind {
            /// Every allocator there is.
            pub const ALL: &'static [Self] = &[$(Self::$Type,)+];

            /// The word in scenario files and profiles.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Type => <$file::$Type as Allocate>::NAME,)+
                }
            }

            /// What it is, in one line.
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$Type => <$file::$Type as Allocate>::SUMMARY,)+
                }
            }

            /// Does it look through the ports of the first port's parity before it looks at any other? Then it passes
            /// over one port of a range of odd size (`reference/linux.md` 1.5).
            pub const fn is_parity_first(self) -> bool {
                matches!(self.split(), Split::ByParity)
            }

            /// In which order a search looks at ports, once it has begun.
            pub const fn order(self) -> Order {
                match self {
                    $(Self::$Type => <$file::$Type as Allocate>::ORDER,)+
                }
            }

            /// How many bitmaps a lane needs for it.
            pub const fn split(self) -> Split {
                match self {
                    $(Self::$Type => <$file::$Type as Allocate>::SPLIT,)+
                }
            }
        }

        /// An allocator at work: the state that one port owner keeps.
        #[derive(Clone, Debug)]
        pub struct Allocator(State);

        #[derive(Clone, Debug)]
        #[expect(clippy::large_enum_variant, reason = "there is one for each host")]
        enum State {
            $($Type($file::$Type),)+
        }

        impl Allocator {
            /// An allocator at the start of a simulation.
            pub fn new(kind: AllocatorKind, setup: &Setup<'_>) -> Self {
                Self(match kind {
                    $(AllocatorKind::$Type => State::$Type(<$file::$Type as Allocate>::new(setup)),)+
                })
            }

            /// Looks for a port of lane number `id`, which has been opened; takes nothing.
            #[inline]
            pub fn choose(&mut self, id: usize, lane: &Lane, layout: &Layout, now: SimTime) -> Choice {
                match &mut self.0 {
                    $(State::$Type(allocator) => allocator.choose(id, lane, layout, now),)+
                }
            }

            /// Draws all that follows from branch number `branch` (1 or more) of each of its streams.
            pub fn rekey(&mut self, branch: u64) {
                match &mut self.0 {
                    $(State::$Type(allocator) => Allocate::rekey(allocator, branch),)+
                }
            }
        }
    };
}

allocators! {
    linux_bind_zero::LinuxBindZero,
    linux_bind_zero_reuse::LinuxBindZeroReuse,
    linux_connect::LinuxConnect,
    linux_connect_3_0::LinuxConnect30,
    linux_connect_4_2::LinuxConnect42,
    linux_connect_4_6::LinuxConnect46,
    linux_connect_5_12::LinuxConnect512,
    linux_socket_range::LinuxSocketRange,
    random::Random,
    random_start::RandomStart,
    sequential::Sequential,
}

impl AllocatorKind {
    /// How sockets with a range of their own (`IP_LOCAL_PORT_RANGE`) look for a port on the same kernel.
    #[must_use]
    pub const fn with_socket_range(self) -> Self {
        match self {
            Self::LinuxConnect => Self::LinuxSocketRange,
            other => other,
        }
    }

    /// How bind(0) looks for a port on the same kernel, with `SO_REUSEADDR` or without.
    #[must_use]
    pub const fn of_bind_zero(self, reuse_address: bool) -> Self {
        match (self, reuse_address) {
            // Before 4.6: a random start, then one port after another (`reference/linux.md` 2).
            (Self::LinuxConnect30 | Self::LinuxConnect42, _) => Self::RandomStart,
            (_, false) => Self::LinuxBindZero,
            (_, true) => Self::LinuxBindZeroReuse,
        }
    }
}

/// Looks through every port from `start` on, upwards, once around: what the linear allocators share.
#[expect(clippy::inline_always, reason = "once per connect(); the call alone costs a few per cent")]
#[inline(always)]
fn linear(lane: &Lane, layout: &Layout, start: u32) -> Choice {
    let choice = |offset, probes| Choice::new(offset, probes, narrow(start));
    let (usable, before) = (layout.usable(), |index| layout.usable_before(0, index));
    if let Some(found) = lane.next_free(0, start) {
        choice(Some(narrow(found)), before(found + 1) - before(start))
    } else if let Some(found) = lane.next_free(0, 0) {
        choice(Some(narrow(found)), usable - before(start) + before(found + 1))
    } else {
        choice(None, usable)
    }
}

/// How many places lie between `start` and the port found from there, going upwards and once around.
#[inline]
fn distance(start: u32, found: u16, layout: &Layout) -> u32 {
    let found = u32::from(found);
    if found < start { found + layout.range().len() - start } else { found - start }
}
