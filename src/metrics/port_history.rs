//! What each port of one lane was doing, as a picture has room for: blocks of ports by steps of time.
//!
//! Ports of one parity stand together, because Linux tries one parity before the other. A small range has a block for
//! each port. What a block was in a step is what most of its ports were for most of the time: exact integrals, at the
//! cost of one subtraction an event.

use crate::des::{SimDuration, SimTime};
use crate::port::{PortRange, PortSet};
use crate::sim::{Attempt, Cause, Connected, Held, Observer};

/// The most blocks of one parity.
const BLOCKS: usize = 200;
/// The most steps of the window.
const STEPS: u64 = 1_000;
/// The most spans that are told of one lane.
const SPANS: usize = 12_000;
/// In at most one of so many steps a port may show that it was opened, however short that was: more would look like
/// being open most of the time.
const STEPS_PER_OPENING: u64 = 10;

/// What a block of ports was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortState {
    /// Most of it could be taken.
    Free,
    /// Most of it had an open connection; of a single port that is seldom opened: it was in this step.
    Established,
    /// Most of it was in TIME-WAIT.
    TimeWait,
    /// Most of it was in a TIME-WAIT that `connect()` could take over early.
    Reusable,
    /// A socket elsewhere kept most of it from this lane.
    Blocked,
    /// Of the whole lane: an attempt was refused.
    Refused,
}

impl PortState {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Established => "established",
            Self::TimeWait => "time_wait",
            Self::Reusable => "reusable",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
        }
    }
}

/// A block of ports that did not change for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortSpan {
    /// The first and the last port of the block; between them every second one.
    pub ports: (u16, u16),
    /// From when to when, from the opening of the window.
    pub from: SimDuration,
    /// Its end.
    pub to: SimDuration,
    /// What it was doing.
    pub state: PortState,
}

/// Port-time of one block in one step, in nanoseconds: at most 164 ports x 10 years / 15 steps.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    established: u64,
    time_wait: u64,
    reusable: u64,
    blocked: u64,
    /// How often one of its ports was taken.
    taken: u32,
}

#[derive(Clone, Debug)]
struct Block {
    ports: (u16, u16),
    size: u64,
    established: u64,
    time_wait: u64,
    reusable: u64,
    blocked: u64,
    /// Up to here the cell is counted.
    since: SimTime,
    cell: Cell,
}

impl Block {
    #[inline]
    fn count_to(&mut self, at: SimTime) {
        let length = (at - self.since).as_nanos();
        self.cell.established += self.established * length;
        self.cell.time_wait += self.time_wait * length;
        self.cell.reusable += self.reusable * length;
        self.cell.blocked += self.blocked * length;
        self.since = at;
    }
}

/// Watches one lane. The window has to be sampled in steps of [`PortHistory::step`].
#[derive(Debug)]
pub struct PortHistory {
    lane: u32,
    range: PortRange,
    opens: SimTime,
    blocks: Vec<Block>,
    /// The block of each offset; reserved ports have none.
    block_of: Vec<u16>,
    /// Step after step, the cell of each block.
    cells: Vec<Cell>,
    /// Was an attempt refused, in the step that goes on and in those before?
    refused_now: bool,
    refused: Vec<bool>,
    sampled: SimTime,
}

impl PortHistory {
    /// Watches lane number `lane`, whose ports are `range` less `reserved`.
    ///
    /// # Panics
    ///
    /// Never: a range has at most 65,535 ports.
    pub fn new(lane: u32, range: PortRange, reserved: &PortSet) -> Self {
        let mut block_of = vec![u16::MAX; range.len() as usize];
        let mut blocks: Vec<Block> = Vec::new();
        for parity in 0..2 {
            let ports = (range.first()..=range.last()).skip(parity).step_by(2);
            let ports: Vec<u16> = ports.filter(|port| !reserved.contains(*port)).collect();
            let all = range.len() as usize - reserved.count_in(range) as usize;
            let size = if all <= 2 * BLOCKS { 1 } else { ports.len().div_ceil(BLOCKS) };
            for chunk in ports.chunks(size.max(1)) {
                let number = u16::try_from(blocks.len()).expect("at most 400 blocks");
                for port in chunk {
                    block_of[usize::from(port - range.first())] = number;
                }
                blocks.push(Block {
                    ports: (chunk[0], chunk[chunk.len() - 1]),
                    size: chunk.len() as u64,
                    established: 0,
                    time_wait: 0,
                    reusable: 0,
                    blocked: 0,
                    since: SimTime::ZERO,
                    cell: Cell::default(),
                });
            }
        }
        Self {
            lane,
            range,
            opens: SimTime::ZERO,
            blocks,
            block_of,
            cells: Vec::new(),
            refused_now: false,
            refused: Vec::new(),
            sampled: SimTime::ZERO,
        }
    }

    /// The step of samples in a window of `length`.
    pub fn step(length: SimDuration) -> SimDuration {
        SimDuration::from_nanos(length.as_nanos().div_ceil(STEPS).max(1))
    }

    /// What was seen of a window that ends at `end`: block after block in order of time, then the refusals.
    pub fn finish(mut self, end: SimTime) -> Vec<PortSpan> {
        self.sample(end);
        let length = end - self.opens;
        // Where ports change all the time, coarser steps: 15 of them at least.
        let mut together = 1;
        loop {
            let spans = self.spans(together, length);
            if spans.len() <= SPANS {
                return spans;
            }
            together *= 2;
        }
    }

    /// The spans when so many steps are taken `together`.
    fn spans(&self, together: usize, length: SimDuration) -> Vec<PortSpan> {
        let step = Self::step(length).as_nanos().saturating_mul(together as u64);
        let bounds = |index: u64| (step.saturating_mul(index), step.saturating_mul(index + 1).min(length.as_nanos()));
        let width = self.blocks.len();
        let steps = length.as_nanos().div_ceil(step.max(1));
        let mut spans = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let taken = |chunk: &&[Cell]| chunk.iter().skip(index).step_by(width).any(|cell| cell.taken > 0);
            let openings = self.cells.chunks(width * together).filter(taken).count() as u64;
            let seldom = block.size == 1 && openings * STEPS_PER_OPENING <= steps;
            let states = (0..).zip(self.cells.chunks(width * together)).map(|(number, chunk)| {
                let (from, to) = bounds(number);
                (from, to, state((block.size, to - from), seldom, &mut chunk.iter().skip(index).step_by(width)))
            });
            add_spans(&mut spans, block.ports, states);
        }
        let all = (self.range.first(), self.range.last());
        let refused = (0..).zip(self.refused.chunks(together)).filter(|(_, chunk)| chunk.contains(&true));
        for (number, _) in refused {
            let (from, to) = bounds(number);
            add_spans(&mut spans, all, [(from, to, PortState::Refused)].into_iter());
        }
        spans
    }

    #[inline]
    fn block(&mut self, lane: u32, offset: u16) -> Option<&mut Block> {
        if lane != self.lane {
            return None;
        }
        self.blocks.get_mut(usize::from(self.block_of[usize::from(offset)]))
    }
}

/// Adds what `ports` were, step by step; steps that follow each other in one state become one span.
fn add_spans(spans: &mut Vec<PortSpan>, ports: (u16, u16), steps: impl Iterator<Item = (u64, u64, PortState)>) {
    for (from, to, state) in steps {
        let (from, to) = (SimDuration::from_nanos(from), SimDuration::from_nanos(to));
        match spans.last_mut() {
            Some(last) if (last.ports, last.to, last.state) == (ports, from, state) => last.to = to,
            _ => spans.push(PortSpan { ports, from, to, state }),
        }
    }
}

/// What `size` ports were for most of `time`. That one was taken shows, however short it was, where that is `seldom`.
fn state((size, time): (u64, u64), seldom: bool, cells: &mut dyn Iterator<Item = &Cell>) -> PortState {
    let mut sum = Cell::default();
    for cell in cells {
        sum.established += cell.established;
        sum.time_wait += cell.time_wait;
        sum.reusable += cell.reusable;
        sum.blocked += cell.blocked;
        sum.taken += cell.taken;
    }
    let free = (size * time).saturating_sub(sum.established + sum.time_wait + sum.reusable + sum.blocked);
    if sum.reusable > sum.established.max(sum.time_wait).max(sum.blocked).max(free) && (!seldom || sum.taken == 0) {
        PortState::Reusable
    } else if sum.blocked > sum.established.max(sum.time_wait).max(free) {
        PortState::Blocked
    } else if (seldom && sum.taken > 0) || sum.established > sum.time_wait.max(free) {
        PortState::Established
    } else if sum.time_wait >= free && sum.time_wait > 0 {
        PortState::TimeWait
    } else {
        PortState::Free
    }
}

impl Observer for PortHistory {
    fn window_opens(&mut self, at: SimTime, _free: &[u32]) {
        self.opens = at;
        self.sampled = at;
        for block in &mut self.blocks {
            (block.since, block.cell) = (at, Cell::default());
        }
        self.refused_now = false;
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        if let Some(block) = self.block(attempt.lane, got.offset) {
            block.count_to(attempt.at);
            block.established += 1;
            block.cell.taken += 1;
        }
    }

    fn refused(&mut self, attempt: &Attempt, _cause: Cause) {
        self.refused_now |= attempt.lane == self.lane;
    }

    #[inline]
    fn closed(&mut self, at: SimTime, held: &Held) {
        if let Some(block) = self.block(held.lane, held.offset) {
            block.count_to(at);
            block.established -= 1;
            block.time_wait += 1;
        }
    }

    #[inline]
    fn released(&mut self, at: SimTime, held: &Held, _free: u32) {
        if let Some(block) = self.block(held.lane, held.offset) {
            block.count_to(at);
            block.time_wait -= 1;
        }
    }

    fn reusable(&mut self, at: SimTime, held: &Held, _free: u32) {
        if let Some(block) = self.block(held.lane, held.offset) {
            block.count_to(at);
            block.time_wait -= 1;
            block.reusable += 1;
        }
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        if let Some(block) = self.block(held.lane, held.offset) {
            block.count_to(at);
            block.reusable -= 1;
        }
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, _free: u32) {
        if let Some(block) = self.block(lane, offset) {
            block.count_to(at);
            block.blocked += 1;
        }
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, _free: u32) {
        if let Some(block) = self.block(lane, offset) {
            block.count_to(at);
            block.blocked -= 1;
        }
    }

    fn sample(&mut self, at: SimTime) {
        if at == self.sampled {
            return;
        }
        self.sampled = at;
        for block in &mut self.blocks {
            block.count_to(at);
            self.cells.push(std::mem::take(&mut block.cell));
        }
        self.refused.push(std::mem::take(&mut self.refused_now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: f64) -> SimTime {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        SimTime::from_nanos((seconds * 1e9) as u64)
    }

    /// Takes and closes a port of a range that begins at 40000.
    fn use_port(history: &mut PortHistory, port: u16, [taken, closed]: [f64; 2]) {
        let offset = port - 40_000;
        let attempt = Attempt {
            at: at(taken),
            flow: 0,
            lane: 0,
            source: 0,
            endpoint: 0,
            request: 0,
            retry: 0,
            probes: 1,
            start: 0,
            free: 9,
        };
        history.connected(&attempt, &Connected { offset, port, close_at: at(closed) });
        history.closed(at(closed), &Held { flow: 0, lane: 0, offset });
    }

    fn free_port(history: &mut PortHistory, port: u16, free: f64) {
        history.released(at(free), &Held { flow: 0, lane: 0, offset: port - 40_000 }, 10);
    }

    fn history(last: u16) -> PortHistory {
        let range = PortRange::new(40_000, last).unwrap();
        let mut history = PortHistory::new(0, range, &PortSet::default());
        history.window_opens(SimTime::ZERO, &[]);
        history.sample(SimTime::ZERO);
        history
    }

    fn shown(spans: &[PortSpan]) -> Vec<String> {
        let text = |span: &PortSpan| format!("{:?} {}-{} {}", span.ports, span.from, span.to, span.state.name());
        spans.iter().map(text).collect()
    }

    #[test]
    fn a_single_port_shows_that_it_was_open_and_for_how_long_it_waited() {
        let mut history = history(40_002);
        use_port(&mut history, 40_001, [0.5, 0.6]);
        for step in 1..=4 {
            if step == 3 {
                free_port(&mut history, 40_001, 2.9);
            }
            history.sample(SimTime::from_nanos(step * SECOND));
        }
        // Steps of a second, as if the window had a thousand of them: only the first four are here.
        let spans = history.spans(1, SimDuration::from_secs(1_000));
        assert_eq!(
            shown(&spans),
            [
                "(40000, 40000) 0-4 free",
                "(40002, 40002) 0-4 free",
                "(40001, 40001) 0-1 established",
                "(40001, 40001) 1-3 time_wait",
                "(40001, 40001) 3-4 free"
            ]
        );
    }

    /// Open for a tenth of the time: as a mark in one step of ten that is what it looks like, in more it is not.
    #[test]
    fn a_port_that_is_opened_all_the_time_shows_what_it_was_most_of_it() {
        for (every, shows) in [(1, false), (9, false), (10, true)] {
            let mut history = history(40_000);
            for second in 0..1_000 {
                let start = f64::from(second);
                if second % every == 0 {
                    use_port(&mut history, 40_000, [start, start + 0.1]);
                    free_port(&mut history, 40_000, start + 0.9);
                }
                history.sample(at(start + 1.0));
            }
            let spans = history.spans(1, SimDuration::from_secs(1_000));
            let state = if shows { PortState::Established } else { PortState::TimeWait };
            assert_eq!(spans[0].state, state);
            assert_eq!(spans.iter().any(|span| span.state == PortState::Established), shows, "{every}");
        }
    }

    #[test]
    fn what_is_too_long_becomes_coarser_and_stays_whole() {
        let mut history = history(40_399);
        let end = 1_000;
        for step in 1..=end {
            for port in 40_000..40_400 {
                let start = f64::from(step) - 0.9;
                if !(u32::from(port) + step).is_multiple_of(4) && (step / 250).is_multiple_of(2) {
                    use_port(&mut history, port, [start, start + 0.1]);
                    free_port(&mut history, port, start + 0.8);
                }
            }
            if step == 7 {
                history.refused_now = true;
            }
            history.sample(SimTime::from_nanos(u64::from(step) * SECOND));
        }
        let spans = history.finish(SimTime::from_nanos(u64::from(end) * SECOND));
        assert!(spans.len() <= SPANS && spans.len() > 4 * 400, "{}", spans.len());
        let of_a_port: Vec<_> = spans.iter().filter(|span| span.ports == (40_008, 40_008)).collect();
        assert_eq!(of_a_port[0].from, SimDuration::ZERO);
        assert!(of_a_port.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].state != pair[1].state));
        assert_eq!(of_a_port.last().unwrap().to, SimDuration::from_secs(1_000));
        let refused: Vec<_> = spans.iter().filter(|span| span.state == PortState::Refused).collect();
        assert_eq!((refused.len(), refused[0].ports), (1, (40_000, 40_399)));
        assert!(refused[0].from <= SimDuration::from_secs(6) && SimDuration::from_secs(7) <= refused[0].to);
    }

    #[test]
    fn many_ports_stand_in_blocks_of_one_parity() {
        let range = PortRange::new(1_024, 65_535).unwrap();
        let reserved = PortSet::new(vec![PortRange::new(8_080, 8_090).unwrap()]);
        let history = PortHistory::new(0, range, &reserved);
        assert_eq!(history.blocks.iter().map(|block| block.size).sum::<u64>(), 64_512 - 11);
        assert!(history.blocks.len() <= 2 * BLOCKS);
        assert!(history.blocks.iter().all(|block| block.ports.0 % 2 == block.ports.1 % 2));
        assert_eq!(history.block_of[8_085 - 1_024], u16::MAX);
        let one = PortHistory::new(0, PortRange::new(7, 7).unwrap(), &PortSet::default());
        assert_eq!(one.finish(SimTime::from_nanos(5)).len(), 1);
    }
}
