//! What happens next.
//!
//! Events run in order of (time, kind, queue): at one instant first releases, then closes, then the opening of the
//! measured window or of its next batch, retries, arrivals, and samples last, so that a port freed now can be had now.
//! After each event the lowest pending one runs: a release that a close has just caused comes before the next arrival of
//! the same instant. Ties between clients, hosts or lines go by file order.
//!
//! Releases and closes cause no arrivals, so they are drained up to the next event of another kind. A close that leads
//! to a hold changes nothing that an attempt can see before that hold is over; unless an observer wants to be told of
//! everything in order, closes are put off and run in batches, which a processor likes better.

use super::observer::Observer;
use super::world::World;
use crate::des::{SimDuration, SimTime};
use std::sync::atomic::{AtomicBool, Ordering};

/// When a run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When the measured window opens.
    pub opens: SimTime,
    /// How long it is: half-open, its end does not belong to it.
    pub length: SimDuration,
    /// The step of samples, from the opening on, and one at the end; `None`: none are taken.
    pub sample: Option<SimDuration>,
    /// How many batches it is cut into, of equal length but for a nanosecond; 1: it stays whole.
    pub batches: u32,
}

impl Window {
    /// When one batch ends and the next one begins.
    fn cuts(self) -> impl Iterator<Item = SimTime> {
        let nanos = move |cut: u32| u128::from(self.length.as_nanos()) * u128::from(cut) / u128::from(self.batches);
        let after = move |cut| SimDuration::from_nanos(u64::try_from(nanos(cut)).expect("a part of the window"));
        (1..self.batches).map(move |cut| self.opens + after(cut))
    }
}

/// The run was told to stop before its end; what was observed is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// What comes next that is no release and no close.
pub(super) enum Active {
    Opening,
    Retry,
    Arrival,
    Sample,
}

/// Runs `world` to the end of `window`.
///
/// # Errors
///
/// [`Interrupted`] when `stop` became true.
///
/// # Panics
///
/// When time goes back, which would be a fault of the calendar.
pub fn run(
    world: &mut World<'_>,
    window: Window,
    observer: &mut impl Observer,
    stop: &AtomicBool,
) -> Result<(), Interrupted> {
    let end = window.opens + window.length;
    let mut opening = window.opens;
    let mut cuts = window.cuts();
    let mut sample = window.sample.map_or(SimTime::NEVER, |_| window.opens);
    let mut now = SimTime::ZERO;
    let mut put_off = 0;
    loop {
        // Nearly every event here is an arrival: one comparison tells.
        let arrival = world.next.arrival.next_at();
        if arrival < opening.min(sample).min(end).min(world.next.retry.next_at()) {
            put_off = if put_off < BATCH { put_off + 1 } else { 0 };
            drain(world, arrival, put_off > 0, observer);
            assert!(arrival >= now, "time goes back from {now} to {arrival} s");
            now = arrival;
            world.arrive(now, world.next.arrival.first(), observer);
            observer.settled(now, world);
            if stop.load(Ordering::Relaxed) {
                return Err(Interrupted);
            }
            continue;
        }
        let (at, active) = next_active(world, end, opening, sample);
        // Nothing of the other kinds happens at the end or after it, but for the last sample.
        let until = at.min(end);
        drain(world, until, false, observer);
        assert!(until >= now, "time goes back from {now} to {until} s");
        now = until;
        match active {
            Active::Arrival if at == SimTime::NEVER => return Ok(()),
            Active::Arrival => world.arrive(at, world.next.arrival.first(), observer),
            Active::Retry => world.retry(world.next.retry.first(), observer),
            Active::Opening => {
                let free = world.free_ports();
                if at == window.opens {
                    observer.window_opens(at, &free);
                } else {
                    observer.batch_ends(at, &free);
                }
                opening = cuts.next().unwrap_or(SimTime::NEVER);
            }
            Active::Sample => {
                observer.sample(at);
                // The last one is at the end, where the window is no multiple of the step, too.
                let next = (at + window.sample.unwrap_or(SimDuration::MAX)).min(end);
                sample = if at < end { next } else { SimTime::NEVER };
            }
        }
        observer.settled(now, world);
        if stop.load(Ordering::Relaxed) {
            return Err(Interrupted);
        }
    }
}

/// The earliest event that is no release and no close, in the order of kinds on a tie; an arrival that never comes when
/// there is none. Attempts at `end` or later are never made.
#[cold]
pub(super) fn next_active(world: &World<'_>, end: SimTime, opening: SimTime, sample: SimTime) -> (SimTime, Active) {
    let (retry, arrival) = (world.next.retry.next_at(), world.next.arrival.next_at());
    let mut first = if retry <= arrival { (retry, Active::Retry) } else { (arrival, Active::Arrival) };
    if first.0 >= end {
        first = (SimTime::NEVER, Active::Arrival);
    }
    if opening < SimTime::NEVER && opening <= first.0 {
        first = (opening, Active::Opening);
    }
    if sample < first.0 {
        first = (sample, Active::Sample);
    }
    first
}

/// How many arrivals a close is put off for, at most: few enough for what waits to stay in the cache.
const BATCH: u32 = 64;

/// Runs every release up to `until`, that instant included, and every close that matters by then; all closes unless
/// they `may_wait`.
#[expect(clippy::inline_always, reason = "once per arrival")]
#[inline(always)]
pub(super) fn drain<O: Observer>(world: &mut World<'_>, until: SimTime, may_wait: bool, observer: &mut O) {
    if O::IN_ORDER || world.least_hold == SimDuration::ZERO {
        drain_in_order(world, until, observer);
        return;
    }
    if !may_wait || until.saturating_since(world.next.close.next_at()) >= world.least_hold {
        drain_closes(world, until, observer);
    }
    while world.next.release.next_at() <= until {
        world.release(until, observer);
    }
}

#[inline(never)]
fn drain_closes(world: &mut World<'_>, until: SimTime, observer: &mut impl Observer) {
    while world.next.close.next_at() <= until {
        world.close(until, observer);
    }
}

/// Runs every release and close up to `until`, that instant included, one after the other.
fn drain_in_order(world: &mut World<'_>, until: SimTime, observer: &mut impl Observer) {
    loop {
        let (release, close) = (world.next.release.next_at(), world.next.close.next_at());
        let first = release.min(close);
        if first > until {
            return;
        }
        if release <= close {
            world.release(first, observer);
        } else {
            world.close(first, observer);
        }
        observer.settled(first, world);
    }
}
