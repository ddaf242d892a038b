//! Can anything that is drawn decide how often a host runs out of ports?
//!
//! A count of which nothing was seen bounds what it counts only where draws could have shown another one. They cannot
//! where no client of the host draws its load - arrivals and lifetimes are constant or recorded, each attempt's
//! destination, address and endpoint are given - and what is drawn beside it cannot matter:
//! * the phase of a clock, where no hold ends within the run, or none is rounded to a clock, or at the worst phase too
//!   every lane has a port left;
//! * which port it is: a search that looks at all of them finds one if there is one. Of an odd range Linux passes one port
//!   by (`reference/linux.md` 1.5): there the worst case must leave two.

use super::model::{Client, Scenario};
use super::ways::Way;
use crate::des::{Rate, SimDuration, SimTime};
use crate::port::Hold;
use crate::workload::lifetime::LifetimeLaw;
use crate::workload::trace::Row;
use crate::workload::{Arrivals, ClosesFirst, Jitter, Leaves, Spread};

impl Scenario {
    /// Can anything that is drawn decide how often a host runs out of ports, or whether it does?
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn is_left_to_chance(&self, host: usize) -> bool {
        let clients = || self.clients.iter().filter(move |client| client.host == host);
        let ways = self.ways_of(host);
        let is_odd =
            ways.iter().any(|way| way.allocator.is_parity_first() && way.ports.len() % 2 == 1 && way.ports.len() > 1);
        let ports = ways.iter().map(Way::usable_ports).min().unwrap_or(0);
        let held: u64 = clients().fold(0, |sum, client| sum.saturating_add(self.most_held(client)));
        let fits = held.saturating_add(u64::from(is_odd)) <= u64::from(ports);
        let by_luck = is_odd || clients().any(|client| self.waits_for_a_drawn_clock(client));
        clients().any(|client| self.draws_load(client)) || by_luck && !fits
    }

    /// Does the client draw when it connects, where to, or for how long?
    fn draws_load(&self, client: &Client) -> bool {
        let rows = match &client.arrivals {
            Arrivals::Replay(replay) => Some(&replay.trace().rows),
            Arrivals::Constant(_) => None,
            Arrivals::Poisson(_) => return true,
        };
        let given = |has: &dyn Fn(usize) -> bool| rows.is_some_and(|rows| (0..rows.len()).all(has));
        let row = |index: usize| &rows.expect("there are rows")[index];
        let lasts = client.lifetime.constant().is_some() || given(&|index| row(index).lifetime.is_some());
        let goes = client.to.len() == 1 || given(&|index| row(index).destination.is_some());
        let many = |to: &(usize, f64)| self.destinations[to.0].endpoints > 1;
        let spreads = client.source == Spread::Random && self.hosts[client.host].addresses > 1
            || client.balance == Spread::Random && client.to.iter().any(many);
        // Retries before the window come into it.
        let comes_back = client.retry.attempts > 1 && client.retry.jitter != Jitter::None && !self.warm_up().is_zero();
        !lasts || !goes || spreads || comes_back
    }

    /// May a hold of the client end within the run at an instant that a drawn phase decides?
    fn waits_for_a_drawn_clock(&self, client: &Client) -> bool {
        let host = &self.hosts[client.host];
        let drawn = !host.time_wait.grid().is_zero() && host.time_wait.phase().is_none();
        let ends = |to: usize| match self.may_leave(client, to) {
            Leaves::Nothing => false,
            Leaves::Unanswered => true,
            Leaves::FinWait2 => drawn,
            Leaves::TimeWait => drawn || self.reuses_early(client.host, to),
        };
        lifetimes(client).into_iter().any(|lifetime| lifetime < self.length())
            && client.to.iter().any(|(to, _)| ends(*to))
    }

    /// What the client's connections leave, at the longest, towards a destination.
    fn may_leave(&self, client: &Client, to: usize) -> Leaves {
        let behaviour = self.destinations[to].behaviour;
        let any = client.closers().into_iter().any(ClosesFirst::client_waits);
        Leaves::of(if any { ClosesFirst::Client } else { ClosesFirst::Reset }, behaviour)
    }

    /// The most ports that a client whose load is not drawn can hold at a time, whatever the phase of its host's clock.
    fn most_held(&self, client: &Client) -> u64 {
        let host = &self.hosts[client.host];
        let wait = |hold: &Hold| hold.least().saturating_add(hold.grid());
        let after = |to: usize| match self.may_leave(client, to) {
            Leaves::Nothing => SimDuration::ZERO,
            Leaves::TimeWait => wait(&host.time_wait).saturating_add(self.destinations[to].close_delay),
            Leaves::FinWait2 => host.fin_wait_2().iter().map(wait).fold(SimDuration::ZERO, SimDuration::saturating_add),
            Leaves::Unanswered => SimDuration::MAX,
        };
        let after = client.to.iter().map(|(to, _)| after(*to)).max().unwrap_or(SimDuration::ZERO);
        let lifetimes = lifetimes(client);
        let hold = |lifetime: &SimDuration| lifetime.saturating_add(after).min(self.length());
        match &client.arrivals {
            Arrivals::Replay(replay) => {
                let rows = &replay.trace().rows;
                let mut ends: Vec<SimTime> =
                    rows.iter().zip(&lifetimes).map(|(row, lifetime)| row.at + hold(lifetime)).collect();
                ends.sort_unstable();
                // Whose hold is over had come before.
                let at_row = |(row, before): (&Row, usize)| before + 1 - ends.partition_point(|end| *end < row.at);
                rows.iter().zip(0..).map(at_row).max().unwrap_or(0) as u64
            }
            arrivals => {
                let per_s = arrivals.rate().map_or(f64::INFINITY, Rate::events_per_second);
                let hold_s = lifetimes.iter().map(hold).max().map_or(0.0, SimDuration::as_secs_f64);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                let within = (per_s * hold_s).floor() as u64;
                within.saturating_add(1)
            }
        }
    }

    /// From the start of a run to its end.
    fn length(&self) -> SimDuration {
        self.warm_up().saturating_add(self.run.duration)
    }
}

/// How long each connection of a client lasts whose lifetimes are not drawn.
fn lifetimes(client: &Client) -> Vec<SimDuration> {
    let law = client.lifetime.constant().unwrap_or(SimDuration::MAX);
    match &client.arrivals {
        Arrivals::Replay(replay) => replay.trace().rows.iter().map(|row| row.lifetime.unwrap_or(law)).collect(),
        _ => vec![law],
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, SourceFile};
    use std::collections::BTreeMap;

    /// 20 ports, one connect a second that closes at once and waits for 10 s, in a minute.
    fn is_left_to_chance(sets: &[&str]) -> bool {
        let text = "schema = 1\n[run]\nduration = \"60s\"\n[[host]]\nname = \"h\"\nport_range = \"40000-40019\"\n\
            time_wait = \"10s\"\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
            arrivals = { constant = { rate = \"1/s\" } }\nlifetime = { constant = { value = \"0s\" } }\n";
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let mut sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        sources.insert("t.csv".into(), b"time_s,lifetime_s\n0,0\n1,0\n".to_vec());
        let long = "time_s,lifetime_s\n0,0\n1,0\n".to_owned() + &"30,20\n".repeat(20);
        sources.insert("long.csv".into(), long.into_bytes());
        let scenario = Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources);
        scenario.unwrap_or_else(|error| panic!("{error}")).is_left_to_chance(0)
    }

    /// B13: what is drawn counts where it can decide.
    #[test]
    fn what_is_given_leaves_nothing_to_chance() {
        let wheel = "host.h.time_wait={ timer_wheel = { wait = \"10s\", hz = 250 } }";
        let phase = "host.h.time_wait={ timer_wheel = { wait = \"10s\", hz = 250, phase = \"1s\" } }";
        let rate = "client.c.arrivals.constant.rate";
        let fast = format!("{rate}=2/s");
        for (sets, by_chance) in [
            (&[][..], false),
            (&["client.c.arrivals={ poisson = { rate = \"1/s\" } }"], true),
            (&["client.c.arrivals={ trace = { file = \"t.csv\" } }"], false),
            // The first two are gone, at the worst phase too, when 20 others come that stay for long.
            (&[wheel, "client.c.arrivals={ trace = { file = \"long.csv\" } }"], false),
            (&["client.c.lifetime={ exponential = { mean = \"1s\" } }"], true),
            (&["destination.d.endpoints=2"], true),
            (&["destination.d.endpoints=2", "client.c.balance=round-robin"], false),
            (&["host.h.addresses=2"], true),
            (&["host.h.addresses=2", "client.c.source=first-free"], false),
            // 12.05 s at most: at 1/s far from full, at 2/s it is the phase that decides.
            (&[wheel], false),
            (&[wheel, &fast], true),
            (&[phase, &fast], false),
            (&[wheel, &fast, "client.c.closes_first=server"], false),
            (&[wheel, &fast, "client.c.lifetime.constant.value=1h"], false),
            // 21 ports, of which a search may miss the last one.
            (&["host.h.port_range=40000-40020", &fast], true),
            (&["host.h.port_range=40000-40020"], false),
            (&["host.h.port_range=40000-40020", &fast, "host.h.profile=macos", "host.h.time_wait=10s"], false),
        ] {
            assert_eq!(is_left_to_chance(sets), by_chance, "{sets:?}");
        }
    }
}
