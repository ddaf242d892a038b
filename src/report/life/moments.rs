//! What happened to a port, moment by moment, in words.

use super::{Story, exact};
use crate::des::{SimDuration, SimTime};
use crate::metrics::{AttemptStory, Hero, Keeps, Kept, PortUse};
use crate::port::Hold;
use crate::scenario::words::{plural, span, thousands};
use crate::workload::{Behaviour, ClosesFirst, Leaves};

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) at: SimTime,
    pub(super) text: String,
}

impl Story<'_> {
    /// Everything that happened to the port, in order.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let mut moments = Vec::new();
        let mut free_from = Some(self.life.opens);
        for part in self.uses() {
            let idle = free_from.filter(|from| *from <= part.attempt.at);
            moments.extend(self.moments_of(part, idle));
            // Nobody has it from then on, as far as was told.
            free_from = part.freed.and_then(|freed| free_from.map(|from| from.max(freed)));
        }
        moments.sort_by_key(|moment| moment.at);
        moments
    }

    /// What happened in one use; the port had been free since `idle`.
    pub(super) fn moments_of(&self, part: &PortUse, idle: Option<SimTime>) -> Vec<Moment> {
        let mut moments = vec![self.taken(part, idle)];
        let Some(closed) = part.closed else {
            moments.push(self.goes_on(part, &format!("open until {}", self.clock(part.close_at))));
            return moments;
        };
        if closed >= self.life.opens {
            moments.push(Moment { at: closed, text: self.close(part, closed) });
        }
        let over = part.freed.unwrap_or(self.life.end);
        if let Some(at) = part.fin_at.filter(|at| (self.life.opens..over).contains(at)) {
            let destination = &self.scenario.destinations[self.flow(&part.attempt).destination].name;
            let text = format!("{destination} closes, too, {} later: TIME-WAIT", exact(at.saturating_since(closed)));
            moments.push(Moment { at, text });
        }
        if let Some(at) = part.reusable.filter(|at| *at < part.freed.unwrap_or(SimTime::NEVER)) {
            moments.push(Moment { at, text: self.reusable(part, at, part.fin_at.unwrap_or(closed)) });
        }
        if let Some(freed) = part.freed.filter(|freed| *freed > closed) {
            moments.push(Moment { at: freed, text: self.freed(part, closed, freed) });
        } else if part.freed.is_none() {
            let text = if part.leaves == Leaves::FinWait2 {
                format!("in FIN-WAIT-2 ({})", self.fin_wait_2(SimDuration::MAX))
            } else if part.fin_at.is_some_and(|at| at >= self.life.end) {
                "in FIN-WAIT-2, until the other side closes".to_owned()
            } else {
                format!("in TIME-WAIT ({})", rule(self.hold()))
            };
            moments.push(self.goes_on(part, &text));
        }
        moments
    }

    /// The window ends before the use does.
    fn goes_on(&self, part: &PortUse, how: &str) -> Moment {
        let passed = passed(part.passed, true);
        Moment { at: self.life.end, text: format!("end of the window: {how}{passed}") }
    }

    fn taken(&self, part: &PortUse, idle: Option<SimTime>) -> Moment {
        let (attempt, opens) = (&part.attempt, self.life.opens);
        let (request, destination) = (self.request(attempt), self.destination(attempt));
        if attempt.at < opens {
            let text = format!("{request} has it for {destination}, since before the window");
            return Moment { at: opens, text };
        }
        let looked = plural(u64::from(attempt.probes), "port");
        let mut text = format!("{request} takes it for {destination}: {looked} looked at");
        if let Some(idle) = idle.filter(|idle| *idle < attempt.at) {
            text = format!("{text}; it had been free for {}", exact(attempt.at - idle));
        }
        Moment { at: attempt.at, text }
    }

    /// How it closed, and what that leaves.
    fn close(&self, part: &PortUse, closed: SimTime) -> String {
        let attempt = &part.attempt;
        let flow = self.flow(attempt);
        let destination = &self.scenario.destinations[flow.destination];
        let lasted = exact(closed.saturating_since(attempt.at));
        let how = match (destination.behaviour, self.scenario.clients[flow.client].closer(attempt.request)) {
            (Behaviour::Silent, _) => {
                let retries = plural(self.scenario.hosts[flow.host].sockets.syn_retries.into(), "SYN");
                format!("connect() gives up: no answer in {lasted}, {retries} sent again")
            }
            (Behaviour::Refuses, _) => format!("{} refuses the connection", destination.name),
            (_, ClosesFirst::Client) => format!("the client closes first, after {lasted}"),
            (_, ClosesFirst::Server) => format!("the server closes first, after {lasted}, and keeps the TIME-WAIT"),
            (_, ClosesFirst::Reset) => format!("a reset ends the connection after {lasted}"),
            (_, ClosesFirst::Simultaneous) => format!("both sides close at once, after {lasted}"),
        };
        let at_once = part.freed == Some(closed);
        let left = match part.leaves {
            _ if at_once
                && matches!(part.leaves, Leaves::TimeWait | Leaves::FinWait2)
                && !self.hold().least().is_zero() =>
            {
                let most = thousands(self.scenario.hosts[self.life.host].sockets.max_tw_buckets);
                format!("{most} are held after their close already (max_tw_buckets), so nothing is left: free at once")
            }
            Leaves::TimeWait if at_once => "it is free at once: time_wait is 0 s".into(),
            Leaves::TimeWait if part.fin_at.is_some() => format!("FIN-WAIT-2 until {} closes", destination.name),
            Leaves::TimeWait => "TIME-WAIT".into(),
            Leaves::FinWait2 => format!("{} never closes: FIN-WAIT-2", destination.name),
            Leaves::Nothing | Leaves::Unanswered => "nothing is left, the port is free at once".into(),
        };
        format!("{how}: {left}{}", passed(part.passed, at_once))
    }

    fn reusable(&self, part: &PortUse, at: SimTime, closed: SimTime) -> String {
        let age = exact(at.saturating_since(closed));
        if self.pool(&part.attempt).way.claim.bound {
            return "a socket that binds this port itself may take it over from now on".into();
        }
        let delay = exact(self.scenario.hosts[self.life.host].sockets.early_reuse.delay);
        format!("the TIME-WAIT is {age} old, more than {delay}: tcp_tw_reuse lets connect() take it over")
    }

    /// When nothing is left of it, and by which rule.
    fn freed(&self, part: &PortUse, closed: SimTime, freed: SimTime) -> String {
        let closed = part.fin_at.filter(|at| *at < freed).unwrap_or(closed);
        let (lasted, passed) = (exact(freed - closed), passed(part.passed, true));
        let is_taker = |other: &PortUse| other.attempt.at == freed && other.attempt.lane == part.attempt.lane;
        if part.reusable.is_some() && self.uses().iter().any(is_taker) {
            return format!("the TIME-WAIT ends after {lasted}: the next connection takes it over{passed}");
        }
        let (state, rule) = if part.leaves == Leaves::FinWait2 {
            ("FIN-WAIT-2", self.fin_wait_2(freed - closed))
        } else {
            ("TIME-WAIT", rule(self.hold()))
        };
        // Of a port it is said once, at the end.
        let rule = if matches!(self.life.hero, Hero::Port { .. }) { String::new() } else { format!(" ({rule})") };
        format!("free: {state} is over after {lasted}{rule}{passed}")
    }

    /// By which rule FIN-WAIT-2 ends, or ended after it had `lasted` so long.
    fn fin_wait_2(&self, lasted: SimDuration) -> String {
        let host = &self.scenario.hosts[self.life.host];
        let stages = host.fin_wait_2();
        let wait = span(host.sockets.fin_timeout);
        match stages.as_slice() {
            // The second stage needs a mini-socket (`reference/linux.md` 3.4).
            [first, second] if lasted < first.least().saturating_add(second.least()) => {
                format!("tcp_fin_timeout is {wait}, but max_tw_buckets leaves no room for its second half")
            }
            [stage] => format!("tcp_fin_timeout is {wait}: {}", rule(stage)),
            _ => format!("tcp_fin_timeout is {wait}: twice what is above 60 s, {} each time", rule(&stages[0])),
        }
    }

    /// One attempt of the request, in words.
    pub(super) fn attempt(&self, story: &AttemptStory) -> String {
        let AttemptStory { attempt, got, kept } = story;
        let way = &self.pool(attempt).way;
        let most = self.scenario.clients[self.flow(attempt).client].retry.attempts;
        let number = if most > 1 { format!("attempt {} of {most}, ", attempt.retry + 1) } else { String::new() };
        let call = if way.claim.bound { "bind()" } else { "connect()" };
        let probes = plural(attempt.probes.into(), "port");
        let from = if kept.is_some() && attempt.probes > 0 {
            format!(", from {} on", way.ports.first() + attempt.start)
        } else {
            String::new()
        };
        let kept = kept.filter(|kept| kept.total() > 0);
        let kept = kept.map_or_else(String::new, |kept| format!(": {}", keepers(kept)));
        let text = format!("{number}{call} for {}: it looks at {probes}{from}{kept}", self.destination(attempt));
        match got {
            Ok(port) => text + &format!(" - and gets {port}"),
            Err(cause) => text + &format!(" - and is refused: {}", cause.name()),
        }
    }
}

/// How long a rule holds a port.
pub(super) fn rule(hold: &Hold) -> String {
    let (least, grid) = (exact(hold.least()), exact(hold.grid()));
    match hold {
        Hold::Exact(_) => format!("exactly {least}"),
        Hold::TimerWheel(_) => format!("{least}, then the next tick of the timer wheel, one every {grid}"),
        Hold::CentralReaper(_) => format!("{least}, then the next round of the kernel's reaper, one every {grid}"),
    }
}

/// `; passed over 12 times while open, 3,211 in TIME-WAIT`, once the use is `over`.
fn passed(kept: Kept, over: bool) -> String {
    if !over || kept.total() == 0 {
        return String::new();
    }
    format!("; searches passed over it: {}", keepers(kept))
}

/// `106 open, 14,010 in TIME-WAIT`
pub(super) fn keepers(kept: Kept) -> String {
    let word = |keeps| match keeps {
        Keeps::Open => "open",
        Keeps::TimeWait => "in TIME-WAIT",
        Keeps::FinWait2 => "in FIN-WAIT-2",
        Keeps::Bound => "owned by bind()",
        Keeps::Elsewhere => "in the way of bind()",
        Keeps::Listening => "listening",
    };
    let some = Kept::ALL.into_iter().filter(|keeps| kept.by(*keeps) > 0);
    some.map(|keeps| format!("{} {}", thousands(kept.by(keeps)), word(keeps))).collect::<Vec<_>>().join(", ")
}
