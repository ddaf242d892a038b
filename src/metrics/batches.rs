//! Watches one long run batch by batch: a [`Recorder`] whose window opens anew where a batch ends, so that each batch has
//! the raw figures that a run of its own would have.

use super::measures::Measures;
use super::recorder::{Keep, Recorder, Views};
use crate::des::SimTime;
use crate::sim::{Attempt, Cause, Connected, Held, Observer, Topology};

/// The observer of batches.
#[derive(Debug)]
pub struct Batches<'a> {
    /// Of the batch that is not over.
    recorder: Recorder<'a>,
    /// Raw figures per view, of each batch before it.
    over: Vec<Vec<Measures>>,
}

impl<'a> Batches<'a> {
    /// An observer for one replication.
    ///
    /// # Panics
    ///
    /// When `views` are not those of `topology`.
    pub fn new(topology: &'a Topology, views: &'a Views) -> Self {
        Self { recorder: Recorder::new(topology, views, Keep::Summary), over: Vec::new() }
    }

    /// Raw figures per view of each batch of the window that ends at `end`.
    pub fn finish(mut self, end: SimTime) -> Vec<Vec<Measures>> {
        self.over.push(self.recorder.finish(end).measures);
        self.over
    }
}

/// All but samples, of which batches keep none, goes to the recorder.
impl Observer for Batches<'_> {
    const IN_ORDER: bool = <Recorder<'_>>::IN_ORDER;

    fn window_opens(&mut self, at: SimTime, free: &[u32]) {
        self.recorder.window_opens(at, free);
    }

    fn batch_ends(&mut self, at: SimTime, free: &[u32]) {
        self.over.push(self.recorder.measures(at));
        self.recorder.window_opens(at, free);
    }

    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.recorder.connected(attempt, got);
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.recorder.refused(attempt, cause);
    }

    fn lost(&mut self, at: SimTime, flow: u32) {
        self.recorder.lost(at, flow);
    }

    fn closed(&mut self, at: SimTime, held: &Held) {
        self.recorder.closed(at, held);
    }

    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        self.recorder.released(at, held, free);
    }

    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        self.recorder.reusable(at, held, free);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.recorder.expired(at, held);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        self.recorder.shadowed(at, lane, offset, free);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, offset: u16, free: u32) {
        self.recorder.unshadowed(at, lane, offset, free);
    }
}
