//! All the ports of one owner: a lane for each thing that must be unique, and the order in which they are searched.

use super::allocator::{Allocator, AllocatorKind, Choice, Setup};
use super::clock::Clock;
use super::lane::{Lane, Layout};
use super::range::{PortRange, PortSet};
use crate::des::{Randomness, SimTime};

/// What a pool is made from.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings<'a> {
    /// The name of the owner, which keys its random streams: `host:gateway`.
    pub owner: &'a str,
    /// The order of search.
    pub allocator: AllocatorKind,
    /// How many lanes there are ([`super::Uniqueness::lanes`]).
    pub lanes: usize,
    /// The owner's clock.
    pub clock: Clock,
    /// The widest random step of a search ([`Setup::step_width`]).
    pub step_width: u32,
}

/// The ports of one owner.
#[derive(Clone, Debug)]
pub struct Pool {
    layout: Layout,
    lanes: Vec<Lane>,
    allocator: Allocator,
}

impl Pool {
    /// A pool whose ports, `range` less `reserved`, are all free.
    pub fn new(range: PortRange, reserved: &PortSet, settings: &PoolSettings<'_>, randomness: Randomness) -> Self {
        let PoolSettings { owner, allocator, lanes, clock, step_width } = *settings;
        let layout = Layout::new(range, reserved, allocator.split());
        let allocator =
            Allocator::new(allocator, &Setup { owner, layout: &layout, lanes, clock, randomness, step_width });
        Self { lanes: vec![Lane::new(&layout); lanes], layout, allocator }
    }

    /// The ports that there are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The ports of lane number `id`.
    #[inline]
    pub fn lane(&self, id: usize) -> &Lane {
        &self.lanes[id]
    }

    /// Every lane, in order.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Draws all that follows from branch number `branch` (1 or more) of each of its streams.
    pub fn rekey(&mut self, branch: u64) {
        self.allocator.rekey(branch);
    }

    /// Looks for a usable port of lane number `id`, and takes none.
    pub fn choose(&mut self, id: usize, now: SimTime) -> Choice {
        self.lane_mut(id);
        self.allocator.choose(id, &self.lanes[id], &self.layout, now)
    }

    /// Looks for a port of lane number `id` among those of which `usable` says so, and takes none.
    pub fn choose_among(&mut self, id: usize, now: SimTime, usable: impl Fn(u16) -> bool) -> Choice {
        let mut lane = Lane::new(&self.layout);
        lane.open(&self.layout);
        for offset in 0..=self.layout.range().last() - self.layout.range().first() {
            if lane.is_free(offset) && !usable(self.layout.port(offset)) {
                lane.take(offset);
            }
        }
        self.allocator.choose(id, &lane, &self.layout, now)
    }

    /// Says that the port at `offset` of lane number `id` is usable from now on, or is not. Tells whether that is new.
    pub fn set_usable(&mut self, id: usize, offset: u16, usable: bool) -> bool {
        let reserved = self.layout.usable_probes(offset) == 0;
        let lane = self.lane_mut(id);
        if reserved || lane.is_free(offset) == usable {
            return false;
        }
        if usable {
            lane.give_back(offset);
        } else {
            lane.take(offset);
        }
        true
    }

    /// A lane, opened.
    fn lane_mut(&mut self, id: usize) -> &mut Lane {
        let lane = &mut self.lanes[id];
        if lane.is_untouched() {
            lane.open(&self.layout);
        }
        lane
    }

    /// Looks for a usable port of lane number `id`, and takes it when there is one. Also says how many are left.
    #[inline]
    pub fn take(&mut self, id: usize, now: SimTime) -> (Choice, u32) {
        let lane = &mut self.lanes[id];
        if lane.is_untouched() {
            lane.open(&self.layout);
        }
        let choice = self.allocator.choose(id, lane, &self.layout, now);
        if let Some(offset) = choice.offset() {
            lane.take(offset);
        }
        (choice, lane.free())
    }

    /// Gives the port at `offset` of lane number `id` back. Says how many are free now.
    #[inline]
    pub fn give_back(&mut self, id: usize, offset: u16) -> u32 {
        let lane = &mut self.lanes[id];
        lane.give_back(offset);
        lane.free()
    }
}
