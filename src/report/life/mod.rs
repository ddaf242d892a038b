//! The life of a port or of a request, as `explain` tells it: in words, and as the table that its chart is drawn from.

mod json;
mod moments;
mod screen;
mod table;

use crate::des::{SimDuration, SimTime};
use crate::experiment::Life;
use crate::metrics::{Hero, PortUse};
use crate::port::Hold;
use crate::scenario::Scenario;
use crate::scenario::words;
use crate::sim::{Attempt, Flow, PoolLanes, Topology};

pub use json::{KEYS, life_json};
pub use screen::screen;
pub use table::{BEGINS, table};

/// A life, and what is needed to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The scenario laid out.
    pub topology: &'a Topology,
    /// What happened.
    pub life: &'a Life,
    /// Are all events told, or only the first?
    pub all: bool,
}

impl<'a> Story<'a> {
    fn uses(&self) -> &'a [PortUse] {
        &self.life.told.uses
    }

    fn flow(&self, attempt: &Attempt) -> &'a Flow {
        &self.topology.flows[attempt.flow as usize]
    }

    fn pool(&self, attempt: &Attempt) -> &'a PoolLanes {
        self.topology.pool_of_lane(attempt.lane)
    }

    fn client(&self, attempt: &Attempt) -> &'a str {
        &self.scenario.clients[self.flow(attempt).client].name
    }

    fn hold(&self) -> &'a Hold {
        &self.scenario.hosts[self.life.host].time_wait
    }

    /// Is this the attempt of the request that was asked for?
    fn is_hero(&self, attempt: &Attempt) -> bool {
        self.life.hero == Hero::Request { client: self.flow(attempt).client, request: attempt.request }
    }

    /// `orders-db`, `orders-db endpoint 3 from source 1`: numbers as in the attempts of a run.
    fn destination(&self, attempt: &Attempt) -> String {
        let flow = self.flow(attempt);
        let mut name = self.scenario.destinations[flow.destination].name.to_string();
        if flow.endpoints > 1 {
            name = format!("{name} endpoint {}", attempt.endpoint);
        }
        if self.scenario.hosts[flow.host].addresses > 1 {
            name = format!("{name} from source {}", attempt.source);
        }
        name
    }

    /// `request 17 of checkout`, `request 17 of checkout (attempt 2)`
    fn request(&self, attempt: &Attempt) -> String {
        let retry = if attempt.retry > 0 { format!(" (attempt {})", attempt.retry + 1) } else { String::new() };
        format!("request {} of {}{retry}", attempt.request, self.client(attempt))
    }

    /// From when until when it was held, as far as that lies in the window.
    fn held(&self, part: &PortUse) -> (SimTime, SimTime) {
        (part.attempt.at.max(self.life.opens), part.freed.unwrap_or(self.life.end))
    }

    /// From when until when it was open, in the window.
    fn open(&self, part: &PortUse) -> (SimTime, SimTime) {
        let (from, _) = self.held(part);
        (from, part.closed.unwrap_or(self.life.end).max(from))
    }

    /// When the port was held by anybody: what lies apart, in order.
    fn spans_held(&self) -> Vec<(SimTime, SimTime)> {
        let mut merged: Vec<(SimTime, SimTime)> = Vec::new();
        for (from, to) in self.uses().iter().map(|part| self.held(part)) {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }

    /// Seconds from the opening of the window.
    fn seconds(&self, at: SimTime) -> f64 {
        at.saturating_since(self.life.opens).as_secs_f64()
    }

    /// A time as a clock of the window shows it, to the millisecond: `39.319 s`.
    fn clock(&self, at: SimTime) -> String {
        let since = at.saturating_since(self.life.opens);
        if self.life.end - self.life.opens < SimDuration::from_secs(1) {
            return format!("{:.6} s", since.as_secs_f64());
        }
        let millis = (since.as_nanos() + 500_000) / 1_000_000;
        format!("{}.{:03} s", words::thousands(millis / 1_000), millis % 1_000)
    }
}

/// A span with more digits than a glance needs, kept on one line: `61.268 s`, `68 ms`.
fn exact(span: SimDuration) -> String {
    let seconds = span.as_secs_f64();
    if !(1.0..600.0).contains(&seconds) {
        return words::solid(&words::seconds(seconds));
    }
    let seconds = format!("{seconds:.3}");
    words::solid(&format!("{} s", seconds.trim_end_matches('0').trim_end_matches('.')))
}
