//! Whoever watches a simulation: told of every event, able to change none.

use super::world::World;
use crate::des::SimTime;

/// One `connect()`, whatever came of it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// When.
    pub at: SimTime,
    /// Whose: index into [`super::Topology::flows`].
    pub flow: u32,
    /// Which lane it looked in, counted over all hosts.
    pub lane: u32,
    /// Which of the host's addresses, from 0.
    pub source: u32,
    /// Which endpoint of the destination, from 0.
    pub endpoint: u32,
    /// The client's how-manieth request, from 0.
    pub request: u64,
    /// 0 for the request's first attempt.
    pub retry: u32,
    /// Ports looked at, in every lane that it tried.
    pub probes: u32,
    /// Where the search began, as an offset from the start of the range.
    pub start: u16,
    /// Ports of the lane that are free after it.
    pub free: u32,
}

/// What an attempt got that was not refused.
#[derive(Clone, Copy, Debug)]
pub struct Connected {
    /// The port, as an offset from the start of the range.
    pub offset: u16,
    /// The port.
    pub port: u16,
    /// When the connection will close.
    pub close_at: SimTime,
}

/// Why an attempt got no port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `connect()` found none: `EADDRNOTAVAIL`.
    NotAvailable,
    /// `bind()` found none: `EADDRINUSE`.
    InUse,
}

impl Cause {
    /// What the program sees (bind(2), connect(2)).
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAvailable => "EADDRNOTAVAIL",
            Self::InUse => "EADDRINUSE",
        }
    }
}

/// A port that changes its state.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Whose connection holds it.
    pub flow: u32,
    /// Its lane, counted over all hosts.
    pub lane: u32,
    /// Its offset from the start of the range.
    pub offset: u16,
}

/// What is told. Each method does nothing unless an observer says otherwise.
pub trait Observer {
    /// Must closes be told in order of time with everything else? If not, they may come late, but in order among
    /// themselves, before their ports are released and before the next sample.
    const IN_ORDER: bool = true;

    /// The measured window opens: what came before `at` counts in nothing. `free`: how many ports each lane has free,
    /// counted over all hosts.
    fn window_opens(&mut self, at: SimTime, free: &[u32]) {
        let _ = (at, free);
    }

    /// A batch of the measured window ends and the next one begins ([`Window::batches`](super::run::Window)), with so many
    /// ports free in each lane; not told at the end of the window.
    fn batch_ends(&mut self, at: SimTime, free: &[u32]) {
        let _ = (at, free);
    }

    /// An attempt got a port.
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        let _ = (attempt, got);
    }

    /// An attempt got none: there was no usable port.
    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        let _ = (attempt, cause);
    }

    /// A request of flow `flow` was refused for the last time.
    fn lost(&mut self, at: SimTime, flow: u32) {
        let _ = (at, flow);
    }

    /// A connection closed; its port is in TIME-WAIT from now on, if only for no time.
    fn closed(&mut self, at: SimTime, held: &Held) {
        let _ = (at, held);
    }

    /// A port is free again, and with it `free` ports of its lane.
    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        let _ = (at, held, free);
    }

    /// A port in TIME-WAIT can be had again before its time, and with it `free` ports of its lane.
    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        let _ = (at, held, free);
    }

    /// A TIME-WAIT that was [`Observer::reusable`] is over: its time came, or its port was taken.
    fn expired(&mut self, at: SimTime, held: &Held) {
        let _ = (at, held);
    }

    /// A port of `lane` that is not held by a connection of that lane can no longer be had, because of a socket
    /// elsewhere; `free` can.
    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        let _ = (at, lane, offset, free);
    }

    /// The end of [`Observer::shadowed`].
    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        let _ = (at, lane, offset, free);
    }

    /// It is time for a row of the time series.
    fn sample(&mut self, at: SimTime) {
        let _ = at;
    }

    /// An event is over; the world may be looked at. For checks.
    fn settled(&mut self, at: SimTime, world: &World<'_>) {
        let _ = (at, world);
    }
}

/// Nobody watches.
impl Observer for () {
    const IN_ORDER: bool = false;
}

/// Two watch, the first first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const IN_ORDER: bool = A::IN_ORDER || B::IN_ORDER;

    #[inline]
    fn window_opens(&mut self, at: SimTime, free: &[u32]) {
        self.0.window_opens(at, free);
        self.1.window_opens(at, free);
    }

    fn batch_ends(&mut self, at: SimTime, free: &[u32]) {
        self.0.batch_ends(at, free);
        self.1.batch_ends(at, free);
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.0.connected(attempt, got);
        self.1.connected(attempt, got);
    }

    #[inline]
    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.0.refused(attempt, cause);
        self.1.refused(attempt, cause);
    }

    #[inline]
    fn lost(&mut self, at: SimTime, flow: u32) {
        self.0.lost(at, flow);
        self.1.lost(at, flow);
    }

    #[inline]
    fn closed(&mut self, at: SimTime, held: &Held) {
        self.0.closed(at, held);
        self.1.closed(at, held);
    }

    #[inline]
    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        self.0.released(at, held, free);
        self.1.released(at, held, free);
    }

    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        self.0.reusable(at, held, free);
        self.1.reusable(at, held, free);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.0.expired(at, held);
        self.1.expired(at, held);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        self.0.shadowed(at, lane, offset, free);
        self.1.shadowed(at, lane, offset, free);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        self.0.unshadowed(at, lane, offset, free);
        self.1.unshadowed(at, lane, offset, free);
    }

    #[inline]
    fn sample(&mut self, at: SimTime) {
        self.0.sample(at);
        self.1.sample(at);
    }

    #[inline]
    fn settled(&mut self, at: SimTime, world: &World<'_>) {
        self.0.settled(at, world);
        self.1.settled(at, world);
    }
}

/// An observer that is borrowed.
impl<A: Observer> Observer for &mut A {
    const IN_ORDER: bool = A::IN_ORDER;

    #[inline]
    fn window_opens(&mut self, at: SimTime, free: &[u32]) {
        (**self).window_opens(at, free);
    }

    fn batch_ends(&mut self, at: SimTime, free: &[u32]) {
        (**self).batch_ends(at, free);
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        (**self).connected(attempt, got);
    }

    #[inline]
    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        (**self).refused(attempt, cause);
    }

    #[inline]
    fn lost(&mut self, at: SimTime, flow: u32) {
        (**self).lost(at, flow);
    }

    #[inline]
    fn closed(&mut self, at: SimTime, held: &Held) {
        (**self).closed(at, held);
    }

    #[inline]
    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        (**self).released(at, held, free);
    }

    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        (**self).reusable(at, held, free);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        (**self).expired(at, held);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        (**self).shadowed(at, lane, offset, free);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        (**self).unshadowed(at, lane, offset, free);
    }

    #[inline]
    fn sample(&mut self, at: SimTime) {
        (**self).sample(at);
    }

    #[inline]
    fn settled(&mut self, at: SimTime, world: &World<'_>) {
        (**self).settled(at, world);
    }
}
