//! `life.csv`: what the port was doing, a row for each span of time and each connection. The chart is drawn from it.

use super::Story;
use crate::des::SimTime;
use crate::metrics::PortUse;
use crate::report::schema::{LIFE, names};
use crate::report::{Cell, Table};
use crate::sim::Attempt;
use crate::workload::Leaves;

/// How `life.csv` begins.
pub const BEGINS: &[&[u8]] = &[b"scenario,replication,host,port,source,"];

/// The table of a story; `scenario` is the stem of its file.
pub fn table(story: &Story<'_>, scenario: &str) -> Table {
    let mut table = Table::new(&names(LIFE));
    let head = [
        text(scenario),
        whole(u64::from(story.life.replication) + 1),
        text(&story.scenario.hosts[story.life.host].name),
        story.life.port.map_or(Cell::Empty, |port| whole(port.into())),
    ];
    let mut push = |cells: Vec<Cell>| table.push(head.iter().cloned().chain(cells));
    for part in story.uses() {
        for (from, to, state) in states(story, part) {
            push(story.row(&part.attempt, (from, to), state));
        }
    }
    for (lane, from, to) in &story.life.told.blocked {
        let to = to.unwrap_or(story.life.end);
        if to > *from {
            push(story.blocked(*lane, (*from, to)));
        }
    }
    for at in &story.life.told.refusals {
        push(story.nobody((*at, *at), "refused"));
    }
    for attempt in story.life.attempts.iter().filter(|attempt| attempt.got.is_err()) {
        let at = attempt.attempt.at;
        push(story.row(&attempt.attempt, (at, at), "refused"));
    }
    table
}

/// The states that a use went through in the window.
fn states(story: &Story<'_>, part: &PortUse) -> Vec<(SimTime, SimTime, &'static str)> {
    let ((from, open_to), (_, held_to)) = (story.open(part), story.held(part));
    let reusable = part.reusable.unwrap_or(held_to).clamp(open_to, held_to);
    // Without an own instant of the other side's FIN it came with the close, or never does.
    let never = part.leaves == Leaves::FinWait2;
    let fin = part.fin_at.unwrap_or(if never { held_to } else { open_to }).clamp(open_to, reusable);
    let all = [
        (from, open_to, "established"),
        (open_to, fin, "fin_wait_2"),
        (fin, reusable, "time_wait"),
        (reusable, held_to, "reusable"),
    ];
    // A connection that lasts no time is a use all the same.
    all.into_iter().filter(|(from, to, state)| from < to || *state == "established").collect()
}

impl Story<'_> {
    fn row(&self, attempt: &Attempt, span: (SimTime, SimTime), state: &str) -> Vec<Cell> {
        let flow = self.flow(attempt);
        let names = [
            whole(attempt.source.into()),
            text(&self.scenario.destinations[flow.destination].name),
            whole(attempt.endpoint.into()),
            text(self.client(attempt)),
            whole(attempt.request),
        ];
        let end = [text(state), whole(u64::from(self.is_hero(attempt)))];
        names.into_iter().chain(self.times(span)).chain(end).collect()
    }

    /// A lane that could not have the port. Lanes are those of some use, else nobody's.
    fn blocked(&self, lane: u32, span: (SimTime, SimTime)) -> Vec<Cell> {
        let user = self.uses().iter().find(|part| part.attempt.lane == lane);
        let mut row =
            user.map_or_else(|| self.nobody(span, "blocked"), |part| self.row(&part.attempt, span, "blocked"));
        // It is nobody's connection.
        (row[3], row[4], row[8]) = (Cell::Empty, Cell::Empty, whole(0));
        row
    }

    fn nobody(&self, span: (SimTime, SimTime), state: &str) -> Vec<Cell> {
        let empty = std::iter::repeat_n(Cell::Empty, 5);
        empty.chain(self.times(span)).chain([text(state), whole(0)]).collect()
    }

    fn times(&self, (from, to): (SimTime, SimTime)) -> [Cell; 2] {
        [from, to].map(|at| Cell::figure(Some(self.seconds(at))))
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn whole(number: u64) -> Cell {
    Cell::Whole(i64::try_from(number).unwrap_or(i64::MAX))
}
