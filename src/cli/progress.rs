//! How far a run is: a bar on a terminal, nothing elsewhere. The only place that looks at a clock, through indicatif.

use super::interrupt;
use crate::scenario::words::{WIDTH, plural, seconds, thousands};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A run that is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(200);
/// The most marks in the bar.
const MARKS: usize = 20;

/// What is counted, in words.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The command.
    pub command: &'static str,
    /// One of what is counted.
    pub unit: &'static str,
    /// What may be found of it: `refused`.
    pub found: &'static str,
}

/// Replications, and those that refused anyone.
pub const RUNS: Work = Work { command: "run", unit: "run", found: "refused" };

/// Counts what is whole, such as replications, and shows how far it is.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    found: Arc<AtomicU64>,
}

impl Progress {
    /// Starts with none of `total` whole; nothing is ever shown when `quiet`, or when stderr is no terminal.
    ///
    /// # Panics
    ///
    /// Never: the template is a constant.
    pub fn start(work: Work, total: u64, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let found = Arc::new(AtomicU64::new(0));
        if !quiet && std::io::stderr().is_terminal() {
            let count = found.clone();
            let draw = move |state: &ProgressState, out: &mut dyn Write| {
                if interrupt::is_pressed() {
                    let _ = out.write_str("interrupted: what is whole is put together; Ctrl-C once more ends at once");
                } else if state.elapsed() >= PATIENCE {
                    let (done, total) = (state.pos(), state.len().unwrap_or(0));
                    let text = line(work, [done, total, count.load(Ordering::Relaxed)], state.elapsed());
                    // A bar that cannot be drawn is no reason to stop.
                    let _ = out.write_str(&text);
                }
            };
            let style = ProgressStyle::with_template("{line}").expect("a template that is never anything else");
            bar.set_style(style.with_key("line", draw));
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
        Self { bar, found }
    }

    /// One more is whole.
    pub fn one(&self, found: bool) {
        self.found.fetch_add(found.into(), Ordering::Relaxed);
        self.bar.inc(1);
    }

    /// Says something beside the bar.
    pub fn beside<T>(&self, say: impl FnOnce() -> T) -> T {
        self.bar.suspend(say)
    }

    /// There are to be so many after all.
    pub fn grow(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Takes the bar away; how long it all took.
    pub fn finish(self) -> Duration {
        let elapsed = self.bar.elapsed();
        self.bar.finish_and_clear();
        elapsed
    }
}

/// Columns beside an empty bar.
const ROOM: usize = WIDTH - "verify []  ".len();

/// `run    [########............]   8/20 runs    refused so far in 7 of 8   1 s left`; the bar makes room when numbers
/// are long. The numbers: how many are whole, of how many, and of how many of them it was found.
fn line(work: Work, [done, total, found]: [u64; 3], elapsed: Duration) -> String {
    let width = thousands(total).len();
    let mut text = format!("{:>width$}/{}", thousands(done), plural(total, work.unit));
    if done > 0 {
        let left = seconds((elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done as f64).ceil());
        let (what, found, done) = (work.found, thousands(found), thousands(done));
        let long = format!("{text}    {what} so far in {found} of {done}   {left} left");
        text = if long.len() <= ROOM { long } else { format!("{text}   {what} in {found}   {left} left") };
    }
    let marks = MARKS.min(ROOM.saturating_sub(text.len()));
    let full = usize::try_from(done * marks as u64 / total.max(1)).unwrap_or(0).min(marks);
    let bar = "#".repeat(full) + &".".repeat(marks - full);
    format!("{:<6} [{bar}]  {text}", work.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far_it_is() {
        let at = Duration::from_millis(600);
        let line = |done, total, found, elapsed| line(RUNS, [done, total, found], elapsed);
        assert_eq!(
            line(8, 20, 7, at),
            "run    [########............]   8/20 runs    refused so far in 7 of 8   1 s left"
        );
        assert_eq!(line(0, 1, 0, at), "run    [....................]  0/1 run");
        assert_eq!(line(345, 1_000, 345, at).len(), WIDTH);
        assert!(line(10_000, 10_000, 10_000, at).starts_with("run    [#"));
        let long = line(100_000, 1_000_000, 100_000, Duration::from_secs(799));
        assert_eq!(long, "run    [....]    100,000/1,000,000 runs   refused in 100,000   119 min 51 s left");
        assert!(long.len() <= WIDTH);
    }
}
