//! The books that a [`Recorder`](super::Recorder) keeps: per flow what happened, and what that makes per lane class.

use super::connect_cost::Searches;
use crate::des::SimTime;
use crate::stats::Histogram;

/// What happened to a flow and the ports it used.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowBook {
    /// The groups that its lanes belong to: nearly always one, so that one stands here.
    pub(super) group: u32,
    pub(super) more_groups: Vec<u32>,
    pub(super) opened: Tally,
    pub(super) closed: Tally,
    /// Ports that could be had again.
    pub(super) released: Tally,
    /// TIME-WAITs that could be taken over, and the end of those.
    pub(super) reusable: Tally,
    pub(super) expired: Tally,
    /// Those of `opened` that had been opened when the window opened.
    pub(super) carried: u64,
    /// Connects that got a port used before, and how long these ports had been free.
    pub(super) reuses: u64,
    pub(super) idle: u128,
    pub(super) idle_min: u64,
    /// Attempts that were retries.
    pub(super) retries: u64,
    pub(super) lost: u64,
    pub(super) refused: u64,
    pub(super) first_refusal: Option<SimTime>,
    pub(super) second_parity: u64,
    pub(super) probes: u64,
    pub(super) probes_max: u32,
    pub(super) probes_refused: u64,
    pub(super) histogram: Histogram,
    /// The fewest ports that a connect left free in its lane.
    pub(super) fewest_free: u32,
}

impl FlowBook {
    pub(super) fn new(groups: &[u32]) -> Self {
        let (group, more_groups) = groups.split_first().expect("every flow is in scope `all`");
        Self {
            group: *group,
            more_groups: more_groups.to_vec(),
            idle_min: u64::MAX,
            fewest_free: u32::MAX,
            ..Self::default()
        }
    }

    /// The book at the start of the window: what is open or held now starts now, as far as integrals go.
    pub(super) fn carry_over(&self, at: SimTime) -> Self {
        let busy = self.opened.count - self.released.count;
        let held = self.closed.count - self.released.count;
        Self {
            group: self.group,
            more_groups: self.more_groups.clone(),
            opened: Tally::now(busy, at),
            closed: Tally::now(held, at),
            reusable: Tally::now(self.reusable.count - self.expired.count, at),
            carried: busy,
            idle_min: u64::MAX,
            fewest_free: u32::MAX,
            ..Self::default()
        }
    }

    /// Attempts that got a port.
    pub(super) fn connects(&self) -> u64 {
        self.opened.count - self.carried
    }

    pub(super) fn searches(&self) -> Searches<'_> {
        Searches {
            connects: self.connects(),
            probes: self.probes,
            histogram: &self.histogram,
            refused: self.refused,
            probes_refused: self.probes_refused,
            probes_max: self.probes_max,
        }
    }

    /// Ports with an open connection, and their integral over time up to `at`.
    pub(super) fn established(&self, at: SimTime) -> (i64, i128) {
        between(self.opened, self.closed, at)
    }

    /// TIME-WAITs that could be taken over, and their integral over time up to `at`.
    pub(super) fn reusable(&self, at: SimTime) -> (i64, i128) {
        between(self.reusable, self.expired, at)
    }

    /// Ports kept busy by its connections, and their integral over time up to `at`.
    pub(super) fn busy(&self, at: SimTime) -> (i64, i128) {
        between(self.opened, self.released, at)
    }
}

/// What happened to the ports of a lane class, up to the end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClassBook {
    pub(super) busy: i128,
    pub(super) established: i128,
    pub(super) reusable: i128,
    pub(super) reuses: u64,
    pub(super) idle: u128,
    pub(super) idle_min: u64,
    /// The fewest free ports of any of its lanes.
    pub(super) fewest_free: u32,
}

/// Ports of a lane class that sockets elsewhere keep from it: since when, until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shadows {
    pub(super) starts: Tally,
    pub(super) ends: Tally,
    /// The fewest free ports of any lane of the class when the window opened, or when such a port was lost.
    pub(super) fewest_free: u32,
}

impl Shadows {
    /// How many there are, and their integral over time up to `at`.
    pub(super) fn blocked(&self, at: SimTime) -> (i64, i128) {
        between(self.starts, self.ends, at)
    }
}

impl ClassBook {
    pub(super) fn add(&mut self, flow: &FlowBook, end: SimTime) {
        self.busy += flow.busy(end).1;
        self.established += flow.established(end).1;
        self.reusable += flow.reusable(end).1;
        self.reuses += flow.reuses;
        self.idle += flow.idle;
        self.idle_min = self.idle_min.min(flow.idle_min);
        self.fewest_free = self.fewest_free.min(flow.fewest_free);
    }
}

/// How often something happened, and the sum of the instants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) sum: u128,
}

impl Tally {
    /// So many at one instant.
    pub(super) fn now(count: u64, at: SimTime) -> Self {
        Self { count, sum: u128::from(count) * u128::from(at.as_nanos()) }
    }

    #[inline]
    pub(super) fn note(&mut self, at: SimTime) {
        // 2^64 events, each before 2^64 ns, fit; a check would be a tenth of what a recorder costs.
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from(at.as_nanos()));
    }
}

/// How many have started and not ended, and the integral of that number up to `at`.
pub(super) fn between(starts: Tally, ends: Tally, at: SimTime) -> (i64, i128) {
    let signed = |sum: u128| i128::try_from(sum).expect("a sum of instants below 2^127");
    let now = i128::from(starts.count) - i128::from(ends.count);
    let integral = signed(ends.sum) - signed(starts.sum) + now * i128::from(at.as_nanos());
    (i64::try_from(now).expect("a number of ports"), integral)
}
