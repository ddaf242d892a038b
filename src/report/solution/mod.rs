//! The answer of `dryport solve`: how far a knob may be turned for a claim to hold, and the evidence.

mod json;
mod screen;

use crate::experiment::Solution;
use crate::scenario::{Claim, Knob};

pub use json::{KEYS, solution_json};
pub use screen::solution_screen;

/// What was asked and what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The name of the scenario.
    pub scenario: String,
    /// What was turned, and where it stands.
    pub knob: Knob,
    /// What has to hold.
    pub claim: Claim,
    /// Of which scope.
    pub scope: String,
    /// The measured window, in seconds.
    pub window_s: f64,
    /// The seed of every run.
    pub seed: u64,
    /// The level of every interval.
    pub confidence: f64,
    /// No more requests were to be simulated.
    pub budget: f64,
    /// What the runs found.
    pub solution: Solution,
    /// What a formula says.
    pub formula: Option<Formula>,
    /// The same by formula for a load that stays, where the window shows less than that: it is shorter than a port is held.
    pub lasting: Option<f64>,
    /// How far `connect()` stays fast too, by formula.
    pub fast: Option<f64>,
    /// What to know before the knob is turned.
    pub caveat: Option<&'static str>,
    /// Other knobs and where each, turned alone, would do: by formula.
    pub instead: Vec<(Knob, f64)>,
}

/// How far a formula lets a knob be turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formula {
    /// The value; infinite when nothing limits it.
    pub value: f64,
    /// Its name.
    pub name: &'static str,
    /// Is that the limit itself? Else it is sure up to there, and may be further.
    pub is_exact: bool,
    /// No port range or number of addresses is that large.
    pub is_out_of_reach: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A value that will do, and one beyond it that will not.
    Answer,
    /// Every value that there can be will do.
    NoLimit,
    /// None of them will.
    NoValue,
    /// The runs leave it open.
    Open,
}

impl Outcome {
    /// The word in capitals.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answer => "ANSWER",
            Self::NoLimit => "NO LIMIT",
            Self::NoValue => "NO VALUE",
            Self::Open => "OPEN",
        }
    }
}

impl Answer {
    /// What lasts, where that is less than what will do within the window.
    pub fn lesser(&self) -> Option<f64> {
        let (lasting, value) = (self.lasting?, self.solution.evidence[self.solution.answer?].value);
        let is_less = match self.knob.quantity.better() {
            crate::scenario::Better::Low => lasting < value * (1.0 - 1e-3),
            crate::scenario::Better::High => lasting > value,
        };
        is_less.then_some(lasting)
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        let Solution { evidence, answer, beyond, .. } = &self.solution;
        match (answer, beyond) {
            (Some(_), Some(_)) => Outcome::Answer,
            (Some(place), None) => {
                let beyond_it = match self.knob.quantity.better() {
                    crate::scenario::Better::Low => place + 1 < evidence.len(),
                    crate::scenario::Better::High => *place > 0,
                };
                if beyond_it { Outcome::Answer } else { Outcome::NoLimit }
            }
            (None, _) if self.solution.interrupted || self.solution.is_cut => Outcome::Open,
            (None, _) if evidence.iter().any(|found| found.holds().is_none()) => Outcome::Open,
            (None, _) => Outcome::NoValue,
        }
    }
}
