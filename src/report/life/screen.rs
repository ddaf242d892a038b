//! The screen of `dryport explain`: the finding first, then what happened, then why.

use super::moments::{Moment, keepers, rule};
use super::{Story, exact};
use crate::des::{SimDuration, SimTime};
use crate::metrics::{Hero, PortUse};
use crate::port::allocator::Order;
use crate::report::page::Page;
use crate::scenario::words::{WIDTH, percent, plural, span, thousands};
use crate::sim::Cause;
use crate::workload::Leaves;

/// Events that are told unless all are wanted.
const MOMENTS: usize = 40;
/// Columns of the strip.
const STRIP: u64 = WIDTH as u64 - 2;

/// The life in words.
pub fn screen(story: &Story<'_>) -> String {
    let mut page = Page::default();
    match story.life.hero {
        Hero::Port { port, .. } => story.port(&mut page, port),
        Hero::Request { client, request } => story.connection(&mut page, client, request),
    }
    page.text()
}

impl Story<'_> {
    /// `run 1 of 20 (10 min)`
    fn run(&self) -> String {
        let runs = thousands(self.scenario.run.replications.into());
        format!("run {} of {runs} ({})", self.life.replication + 1, span(self.scenario.run.duration))
    }

    fn port(&self, page: &mut Page, port: u16) {
        let (host, run) = (&self.scenario.hosts[self.life.host].name, self.run());
        let sum = |spans: &mut dyn Iterator<Item = (SimTime, SimTime)>| -> SimDuration {
            spans.fold(SimDuration::ZERO, |sum, (from, to)| sum.saturating_add(to.saturating_since(from)))
        };
        if self.uses().is_empty() {
            page.hanging("", &format!("Nobody used port {port} of {host} in {run}{}", self.why_unused(port)));
        } else {
            let held = self.spans_held();
            let held = sum(&mut held.iter().copied());
            let share = percent(held.as_secs_f64() / self.scenario.run.duration.as_secs_f64());
            let open = sum(&mut self.uses().iter().map(|part| self.open(part)));
            let waited = sum(&mut self.uses().iter().map(|part| (self.open(part).1, self.held(part).1)));
            let uses = plural(self.uses().len() as u64, "time");
            page.hanging(
                "",
                &format!(
                    "Port {port} of {host} was used {uses} in {run}: held for {} of it ({share} %), \
                     its connections open for {} and waiting after their close for {}",
                    exact(held),
                    exact(open),
                    exact(waited)
                ),
            );
            page.gap();
            page.lines(self.strip());
        }
        page.gap();
        self.events(page, &self.moments());
        self.passed_over(page, port);
        self.why(page);
    }

    /// Why a port was never used, when that can be said.
    fn why_unused(&self, port: u16) -> &'static str {
        let pools = || self.topology.pools.iter().filter(|pool| pool.way.host == self.life.host);
        if self.scenario.hosts[self.life.host].sockets.listening_ports.contains(port) {
            ": a listening socket has it"
        } else if pools().all(|pool| !pool.way.ports.contains(port) || pool.way.reserved.contains(port)) {
            ": it is reserved"
        } else {
            ": it was free all the time"
        }
    }

    /// What the port was doing, a letter for each part of the window.
    fn strip(&self) -> Vec<String> {
        let length = self.life.end - self.life.opens;
        let edge = |index: u64| {
            let part = u128::from(length.as_nanos()) * u128::from(index) / u128::from(STRIP);
            self.life.opens + SimDuration::from_nanos(u64::try_from(part).expect("a part of the window"))
        };
        let overlap = |(from, to): (SimTime, SimTime), (start, end): (SimTime, SimTime)| {
            to.min(end).saturating_since(from.max(start)).as_nanos()
        };
        let marks = self.uses().len() as u64 * 2 <= STRIP;
        let mut letters = String::new();
        let mut first = 0;
        for index in 0..STRIP {
            let column = (edge(index), edge(index + 1));
            // Uses lie in the order of their beginnings: those that ended long ago are not looked at again.
            while self.uses().get(first).is_some_and(|part| self.held(part).1 < column.0) {
                first += 1;
            }
            let here = self.uses()[first..].iter().take_while(|part| self.held(part).0 < column.1);
            let (mut taken, mut open, mut waits) = (false, 0, 0);
            for part in here {
                taken |= (column.0..column.1).contains(&part.attempt.at);
                open += overlap(self.open(part), column);
                waits += overlap((self.open(part).1, self.held(part).1), column);
            }
            let whole = (column.1 - column.0).as_nanos();
            letters.push(match () {
                () if taken && marks => '|',
                () if open >= waits && open * 2 >= whole && open > 0 => '#',
                () if (open + waits) * 2 >= whole && open + waits > 0 => '=',
                () => '.',
            });
        }
        let end = span(self.scenario.run.duration);
        let scale = format!("0 s{end:>width$}", width = letters.len() - 3);
        vec![scale, letters, "| taken   # open   = waiting after its close   . free".into()]
    }

    fn events(&self, page: &mut Page, moments: &[Moment]) {
        let shown = if self.all { moments.len() } else { moments.len().min(MOMENTS) };
        let clocks: Vec<String> = moments[..shown].iter().map(|moment| self.clock(moment.at)).collect();
        let width = clocks.iter().map(String::len).max().unwrap_or(0).max(11);
        for (clock, moment) in clocks.iter().zip(moments) {
            page.hanging(&format!("{clock:>width$}  "), &moment.text);
        }
        if shown < moments.len() {
            let more = thousands((moments.len() - shown) as u64);
            page.hanging(&" ".repeat(width + 2), &format!("... and {more} more: --all"));
        }
        if !moments.is_empty() {
            page.gap();
        }
    }

    fn passed_over(&self, page: &mut Page, port: u16) {
        let told = &self.life.told;
        let total = told.passed.total();
        if total > 0 {
            let (times, keepers) = (plural(total, "time"), keepers(told.passed));
            page.label("Passed over", &[format!("{times} a search looked at it in vain: {keepers}")]);
        } else if told.untold == 0 {
            page.label("Passed over", &["no search looked at it in vain".into()]);
        }
        if told.untold > 0 {
            let untold = plural(told.untold, "attempt");
            let text = format!("of {untold} it cannot be told whether they looked at {port}: they draw where to look");
            page.label(if total > 0 { "" } else { "Passed over" }, &[text]);
        }
        if told.refused > 0 {
            let refused = plural(told.refused, "attempt");
            let first = told.refusals.first().map(|at| format!(", the first at {}", self.clock(*at)));
            let text = format!("{refused} found no port, {port} neither{}", first.unwrap_or_default());
            page.label("Refused", &[text]);
        }
    }

    /// The rules behind what was told.
    fn why(&self, page: &mut Page) {
        let Some(first) = self.uses().first() else { return };
        let (way, port) = (&self.pool(&first.attempt).way, self.life.port.unwrap_or(0));
        let other = (port - way.ports.first()) % 2 == 1;
        let parity = |port: u16| if port.is_multiple_of(2) { "even" } else { "odd" };
        if way.allocator.order() == Order::ParityFirst && other {
            let (low, ours) = (way.ports.first(), parity(port));
            page.label(
                "Why so late",
                &[format!(
                    "{port} is {ours} and {low} {}: connect() tries all {} ports first",
                    parity(low),
                    parity(low)
                )],
            );
        }
        let hold = self.hold();
        let is_plain = |part: &&PortUse| {
            part.leaves == Leaves::TimeWait
                && part.reusable.is_none()
                && part.closed.is_some()
                && part.freed > part.closed
        };
        let Some(freed) = self.uses().iter().find(is_plain).and_then(|part| part.freed) else { return };
        let mut text = format!("a TIME-WAIT lasts {}", rule(hold));
        if let Some(phase) = freed.saturating_since(self.life.opens).as_nanos().checked_rem(hold.grid().as_nanos()) {
            let phase = exact(SimDuration::from_nanos(phase));
            text = format!("{text} (in this run at {phase} + k x {})", exact(hold.grid()));
        }
        page.label("Why so long", &[text]);
    }

    fn connection(&self, page: &mut Page, client: usize, request: u64) {
        let name = &self.scenario.clients[client].name;
        let (run, attempts) = (self.run(), &self.life.attempts);
        let own = self.uses().iter().position(|part| self.is_hero(&part.attempt));
        let refused = attempts.iter().filter(|story| story.got.is_err()).count() as u64;
        let finding = match own {
            Some(place) => self.got(&self.uses()[place], refused),
            None => self.lost(refused),
        };
        page.hanging("", &format!("Request {request} of {name} {finding}, in {run}"));
        page.gap();
        let mut moments: Vec<Moment> =
            attempts.iter().map(|story| Moment { at: story.attempt.at, text: self.attempt(story) }).collect();
        if let Some(place) = own {
            moments.extend(self.afterwards(place));
        }
        self.events(page, &moments);
        if let Some(place) = own {
            self.before(page, place);
            self.why(page);
        }
    }

    /// What a request got, `refused` times in vain before.
    fn got(&self, part: &PortUse, refused: u64) -> String {
        let number = self.life.port.expect("it got a port");
        let (at, (from, open_to)) = (self.clock(part.attempt.at), self.open(part));
        let (open, waited) = (exact(open_to - from), exact(self.held(part).1 - open_to));
        let after = if refused > 0 { format!(" after {}", plural(refused, "refusal")) } else { String::new() };
        format!("got port {number} at {at}{after}: open for {open}, {}", left(part, &waited))
    }

    /// That a request got no port.
    fn lost(&self, refused: u64) -> String {
        let last = self.life.attempts.last().expect("it made an attempt");
        let cause = last.got.err().map_or("", Cause::name);
        let most = self.scenario.clients[self.flow(&last.attempt).client].retry.attempts;
        let end = if last.attempt.retry + 1 >= most { "was lost" } else { "was to try again when the window ended" };
        format!("was refused {} ({cause}) and {end}", plural(refused, "time"))
    }

    /// What followed once the request had its port, and who got the port next.
    fn afterwards(&self, place: usize) -> Vec<Moment> {
        let part = &self.uses()[place];
        let mut moments = self.moments_of(part, None).split_off(1);
        let next = self.uses()[place + 1..].iter().find(|other| other.attempt.lane == part.attempt.lane);
        match (next, part.freed) {
            (Some(next), Some(freed)) => {
                let later = exact(next.attempt.at.saturating_since(freed));
                let text = format!("{} gets the port next, {later} after it was free", self.request(&next.attempt));
                moments.push(Moment { at: next.attempt.at, text });
            }
            (None, Some(_)) => {
                let text = "end of the window: nobody has had it again for the same destination".to_owned();
                moments.push(Moment { at: self.life.end, text });
            }
            // That it goes on is told already.
            (_, None) => {}
        }
        moments
    }

    /// Who had the port before.
    fn before(&self, page: &mut Page, place: usize) {
        let part = &self.uses()[place];
        let last = self.uses()[..place].iter().rev().find(|other| other.attempt.lane == part.attempt.lane);
        let text = match last {
            None => "nobody had this port for the same destination before, in this window".into(),
            Some(last) => {
                let idle = last.freed.map_or(SimDuration::ZERO, |freed| part.attempt.at.saturating_since(freed));
                format!("{} had the port, free for {} in between", self.request(&last.attempt), exact(idle))
            }
        };
        page.label("Before", &[text]);
    }
}

/// What was left of a use, in a few words.
fn left(part: &PortUse, waited: &str) -> String {
    let state = match part.leaves {
        Leaves::FinWait2 => "FIN-WAIT-2",
        _ if part.fin_at.is_some() => "FIN-WAIT-2 and TIME-WAIT",
        _ => "TIME-WAIT",
    };
    match (part.closed, part.freed) {
        (None, _) => "and still so when the window ended".into(),
        (Some(_), None) => format!("then in {state} for {waited}, until the window ended"),
        (Some(closed), Some(freed)) if closed == freed => "then free at once".into(),
        _ => format!("then in {state} for {waited}"),
    }
}
