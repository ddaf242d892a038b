//! Linux before 4.1: one timer for all TIME-WAITs of the machine, which empties one of eight slots each time it runs
//! (`net/ipv4/inet_timewait_sock.c`, `inet_twsk_schedule` and `inet_twdr_hangman`; `reference/linux.md` 3.2).
//!
//! The timer runs every `wait / 8`, 7.5 s. A TIME-WAIT goes into the slot that is emptied last of all, so it lasts seven
//! runs and what is left until the next one: 52.5 to 60 s. But a run that ends more than 100 (`INET_TWDR_TWKILL_QUOTA`)
//! leaves the rest to a worker and stays at its slot, finds that empty the next time, and only then moves on. Above 100
//! TIME-WAITs a slot, which is 13 closes a second, each slot so takes two runs: a TIME-WAIT lasts 97.5 to 112.5 s and
//! ends in batches 15 s apart.

use super::{Exact, Hold, HoldRule};
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;

/// `INET_TWDR_TWKILL_SLOTS`.
const SLOTS: u64 = 8;

/// Free when the reaper comes to the slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CentralReaper {
    period: SimDuration,
    slot_runs: u64,
    /// How many slots are emptied before its own.
    slots_before: u64,
    phase: Option<SimDuration>,
}

/// Shorter waits have a finer calendar: 32 slots of an eighth of a second (`INET_TWDR_RECYCLE_SLOTS`).
const FINE: SimDuration = SimDuration::from_secs(4);

impl CentralReaper {
    /// How many runs of the timer a slot can take.
    pub const SLOT_RUNS: &'static [u64] = &[1, 2];

    /// A reaper of TIME-WAITs of `wait` whose slots take `slot_runs` runs each (one of [`CentralReaper::SLOT_RUNS`]);
    /// it frees ports at `phase` + k x grid of simulated time, or wherever each replication draws it.
    pub const fn new(wait: SimDuration, slot_runs: u64, phase: Option<SimDuration>) -> Self {
        let period = SimDuration::from_nanos(wait.as_nanos() / SLOTS);
        Self { period, slot_runs, slots_before: SLOTS - 1, phase }
    }

    /// The wait that the kernel names: eight runs of the timer.
    pub const fn wait(&self) -> SimDuration {
        SimDuration::from_nanos(self.period.as_nanos() * SLOTS)
    }

    const fn periods(&self, count: u64) -> SimDuration {
        SimDuration::from_nanos(self.period.as_nanos() * count)
    }
}

impl HoldRule for CentralReaper {
    /// A slot is filled for as long as the one before it is being emptied. Then the other seven are emptied, but of the
    /// last only the first run counts.
    fn least(&self) -> SimDuration {
        self.periods(self.slots_before * self.slot_runs - (self.slot_runs - 1))
    }

    fn of_wait(&self, wait: SimDuration) -> Hold {
        if wait <= FINE {
            return Hold::Exact(Exact::new(wait));
        }
        let slots_before = wait.as_nanos().div_ceil(self.period.as_nanos().max(1)).min(SLOTS - 1);
        Hold::CentralReaper(Self { slots_before, ..*self })
    }

    fn mean_s(&self) -> f64 {
        self.least().as_secs_f64() + self.grid().as_secs_f64() / 2.0
    }

    fn grid(&self) -> SimDuration {
        self.periods(self.slot_runs)
    }

    fn phase(&self) -> Option<SimDuration> {
        self.phase
    }
}

impl Choice for CentralReaper {
    const NAME: &'static str = "central_reaper";
    const SUMMARY: &'static str = "freed slot by slot by one timer, as Linux before 4.1";
    const EXAMPLE: &'static str = "wait = \"60s\", slot_runs = 2";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { name: "wait", kind: Kind::Duration, required: true, help: "eight runs of the timer" },
        Parameter {
            name: "slot_runs",
            kind: Kind::OneOf(Self::SLOT_RUNS),
            required: true,
            help: "runs that a slot takes: 2 above 100 TIME-WAITs a slot (13 closes a second)",
        },
        Parameter {
            name: "phase",
            kind: Kind::DurationOrZero,
            required: false,
            help: "when ports are freed; drawn by each replication if absent",
        },
    ];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let wait = values.duration("wait").expect("a required parameter is present");
        let slot_runs = values.whole("slot_runs").expect("a required parameter is present");
        let reaper = Self::new(wait, slot_runs, None);
        if reaper.period.is_zero() {
            return Err(vec![Fault::new("wait", "a wait of less than eight nanoseconds has no eighths")]);
        }
        let phase =
            values.duration("phase").map(|phase| SimDuration::from_nanos(phase.as_nanos() % reaper.grid().as_nanos()));
        Ok(Self { phase, ..reaper })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::SimTime;
    use std::collections::VecDeque;

    /// The kernel's own way: eight cells, a pointer, a timer. Times in milliseconds; who has been killed, and when.
    struct Kernel {
        cells: [Vec<u64>; 8],
        slot: usize,
        next_run: u64,
        killed: Vec<(u64, u64)>,
    }

    impl Kernel {
        fn hangman(&mut self) {
            let now = self.next_run;
            let cell = std::mem::take(&mut self.cells[self.slot]);
            let quota_exceeded = cell.len() > 100;
            self.killed.extend(cell.into_iter().map(|close| (close, now)));
            if !quota_exceeded {
                self.slot = (self.slot + 1) % 8;
            }
            self.next_run += 7_500;
        }
    }

    /// Closes `per_run` connections between two runs of the timer, for an hour.
    fn life_under(per_run: u64, slot_runs: u64) {
        let mut kernel = Kernel { cells: Default::default(), slot: 0, next_run: 7_500, killed: Vec::new() };
        // Off the grid by half a step, so that none closes at a run.
        let closes = 3_600_000 * per_run / 7_500;
        let mut closes: VecDeque<u64> = (0..closes).map(|k| (2 * k + 1) * 7_500 / (2 * per_run)).collect();
        while let Some(close) = closes.pop_front() {
            while kernel.next_run <= close {
                kernel.hangman();
            }
            let last = (kernel.slot + 7) % 8;
            kernel.cells[last].push(close);
        }
        // After the first laps, in which slots are still empty and so take one run each.
        let settled: Vec<_> = kernel.killed.iter().filter(|(close, _)| *close > 600_000).collect();
        assert!(settled.len() > 1_000);
        let rule = CentralReaper::new(SimDuration::from_secs(60), slot_runs, None);
        let grid = rule.grid().as_nanos() / 1_000_000;
        let phase = SimDuration::from_millis(settled[0].1 % grid);
        for (close, killed) in settled {
            let free = Hold::CentralReaper(rule).at_phase(phase).free_at(SimTime::from_nanos(close * 1_000_000));
            assert_eq!(free, SimTime::from_nanos(killed * 1_000_000), "closed at {close} ms");
        }
    }

    #[test]
    fn it_ends_time_waits_when_the_kernel_does() {
        for per_run in [5, 40, 100] {
            life_under(per_run, 1);
        }
        for per_run in [101, 500, 3_000] {
            life_under(per_run, 2);
        }
    }

    #[test]
    fn what_a_time_wait_lasts() {
        let spans = [1, 2].map(|slot_runs| {
            let rule = CentralReaper::new(SimDuration::from_secs(60), slot_runs, None);
            [rule.least(), rule.grid()].map(|span| span.as_nanos() / 1_000_000)
        });
        assert_eq!(spans, [[52_500, 7_500], [97_500, 15_000]]);
    }
}
