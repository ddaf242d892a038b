//! A run taken event by event: it can be copied between any two, and a copy can be sent another way.

use super::observer::Observer;
use super::run::{Active, Window, drain, next_active};
use super::world::World;
use crate::des::SimTime;

/// A run of a world that stands between two attempts. Its clone goes the same way, until it is
/// [re-keyed](Walk::rekey).
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    world: World<'a>,
    now: SimTime,
    /// When the measured window opens; never again once it has.
    opening: SimTime,
    end: SimTime,
}

impl<'a> Walk<'a> {
    /// Stands at the start of `world`, and goes to the end of `window`. Takes no samples.
    pub fn new(world: World<'a>, window: Window) -> Self {
        Self { world, now: SimTime::ZERO, opening: window.opens, end: window.opens + window.length }
    }

    /// The world as it is.
    pub fn world(&self) -> &World<'a> {
        &self.world
    }

    /// The share of the way that is behind it, warm-up included.
    pub fn share_gone(&self) -> f64 {
        self.now.as_nanos() as f64 / self.end.as_nanos().max(1) as f64
    }

    /// Goes on to the next attempt, or the opening of the window, and makes it, after all closes and releases that come
    /// before; in the order of [`run`](fn@super::run). False when there is none before the end.
    ///
    /// # Panics
    ///
    /// When time goes back, which would be a fault of the calendar.
    pub fn step<O: Observer>(&mut self, observer: &mut O) -> bool {
        let (at, active) = next_active(&self.world, self.end, self.opening, SimTime::NEVER);
        let until = at.min(self.end);
        drain(&mut self.world, until, false, observer);
        assert!(until >= self.now, "time goes back from {} to {until} s", self.now);
        self.now = until;
        match active {
            Active::Arrival if at == SimTime::NEVER => return false,
            Active::Arrival => self.world.arrive(at, self.world.next.arrival.first(), observer),
            Active::Retry => self.world.retry(self.world.next.retry.first(), observer),
            Active::Opening => {
                observer.window_opens(at, &self.world.free_ports());
                self.opening = SimTime::NEVER;
            }
            Active::Sample => unreachable!("none is asked for"),
        }
        observer.settled(until, &self.world);
        true
    }

    /// Draws all that comes from here on from branch number `branch` (1 or more) of every stream: see
    /// [`crate::des::random`]. What is scheduled stays.
    pub fn rekey(&mut self, branch: u64) {
        self.world.rekey(branch, self.now);
    }
}
