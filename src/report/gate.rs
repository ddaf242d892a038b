//! Gates: asserts of the scenario and `--fail-if`, judged on the figures of a run, interval and all.
//!
//! A claim holds when its whole interval does, and is false when none of it does; in between the runs were too few to
//! say. A figure without an interval is taken as it is. Only what is sure passes: an undecided gate does not, and a
//! figure that cannot be had passes none, but for `first_refusal_s == never`, which holds when no run was refused.

use super::query::Estimate;
use super::{RunTables, words};
use crate::numeric;
use crate::scenario::claim::{Bound, Comparison};
use crate::scenario::{Assert, Claim};
use std::fmt;
use std::sync::Arc;

/// Which answer a gate wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// The claim must hold: `[[assert]]`.
    Assert,
    /// The claim must be false: `--fail-if`.
    FailIf,
}

/// What must hold of a run, or must not.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What is claimed.
    pub claim: Claim,
    /// Of which scope, as the tables name it.
    pub scope: Arc<str>,
    /// Whether it should be true.
    pub sense: Sense,
}

/// What came of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is as it must be.
    Passed,
    /// It is not.
    Failed,
    /// The runs are too few to say; no pass.
    Undecided,
}

/// A gate after the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The gate.
    pub gate: Gate,
    /// What came of it.
    pub ruling: Ruling,
    /// The figure it was judged by.
    pub figure: Estimate,
    /// What else there is to say.
    pub note: Option<String>,
}

impl Ruling {
    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAIL",
            Self::Undecided => "UNDECIDED",
        }
    }

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Undecided => "undecided",
        }
    }
}

/// As it was written, with the scope unless that is all: `client:checkout refused_ratio < 1%`.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sense == Sense::FailIf {
            f.write_str("--fail-if ")?;
        }
        if &*self.scope != "all" {
            write!(f, "{} ", self.scope)?;
        }
        write!(f, "{}", self.claim)
    }
}

/// `FAIL  exhaustion_probability <= 0.01: 0.90 (0.70 to 0.97)`
impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4}  {}: ", self.ruling.word(), self.gate)?;
        match (&self.note, self.gate.claim.bound) {
            (Some(note), Bound::Never) => f.write_str(note),
            (Some(note), _) => write!(f, "{}; {note}", self.figure_in_words()),
            (None, _) => f.write_str(&self.figure_in_words()),
        }
    }
}

impl Judged {
    fn figure_in_words(&self) -> String {
        let claim = &self.gate.claim;
        let show = |value: f64| shown(value, claim);
        let Some(value) = self.figure.value.map(show) else { return "no value".into() };
        match self.figure.interval.map(|(low, high)| (show(low), show(high))) {
            Some((low, high)) if low != value || high != value => format!("{value} ({low} to {high})"),
            _ => value,
        }
    }
}

/// A figure of a claim, rounded for reading, but never to the other side of the bound.
fn shown(value: f64, claim: &Claim) -> String {
    if value.is_infinite() {
        return "never".into();
    }
    let plain = if claim.metric.unit == "ratio" { words::ratio(value) } else { words::figure(value) };
    let Bound::Number(bound) = claim.bound else { return plain };
    let is_true = |text: &str| {
        let shown: Option<f64> = text.replace(',', "").parse().ok();
        shown.is_some_and(|shown| shown.partial_cmp(&bound) == value.partial_cmp(&bound))
    };
    let finer = (1..=17).map(|decimals| format!("{value:.decimals$}"));
    std::iter::once(plain).chain(finer).find(|text| is_true(text)).unwrap_or_else(|| value.to_string())
}

/// Whether a claim is true of a figure; `None`: the interval leaves it open.
pub fn truth(comparison: Comparison, value: f64, interval: Option<(f64, f64)>, bound: f64) -> Option<bool> {
    let holds = |value| comparison.holds(value, bound);
    let Some((low, high)) = interval else { return Some(holds(value)) };
    match (holds(low), holds(high)) {
        (true, true) => Some(true),
        // An equation may hold between two ends at which it does not.
        (false, false) if comparison == Comparison::Equal && low < bound && bound < high => None,
        (false, false) => Some(false),
        _ => None,
    }
}

/// What a scenario asserts.
impl From<&Assert> for Gate {
    fn from(assert: &Assert) -> Self {
        Self { claim: assert.that.clone(), scope: assert.scope.clone(), sense: Sense::Assert }
    }
}

impl Gate {
    /// Judges the gate on the figures of a run.
    pub fn judge(self, tables: &RunTables) -> Judged {
        let figure = tables.estimate(&self.scope, self.claim.metric.name);
        let refused = tables.estimate(&self.scope, "exhaustion_probability").value;
        let truth = match (self.claim.bound, figure.value) {
            (Bound::Never, _) => refused.map(|refused| Some(refused <= 0.0)),
            (Bound::Number(bound), Some(value)) => Some(truth(self.claim.comparison, value, figure.interval, bound)),
            (Bound::Number(_), None) => None,
        };
        let wanted = self.sense == Sense::Assert;
        let ruling = match truth {
            Some(Some(truth)) if truth == wanted => Ruling::Passed,
            Some(Some(_)) | None => Ruling::Failed,
            Some(None) => Ruling::Undecided,
        };
        let note = match (ruling, self.claim.bound, figure.value) {
            (_, Bound::Never, _) => refused.map(|share| refusals(share, tables.meta.replications)),
            (Ruling::Failed, _, None) => Some("a figure that is not there passes no gate".to_owned()),
            (Ruling::Undecided, Bound::Number(bound), _) => Some(remedy(&self.claim, bound, refused, tables)),
            _ => None,
        };
        Judged { gate: self, ruling, figure, note }
    }
}

/// `refused in 3 of 20 runs`, `refused in none of 20 runs`
fn refusals(share: f64, runs: u64) -> String {
    let refused = if share > 0.0 { words::count(share * runs as f64) } else { "none".into() };
    format!("refused in {refused} of {}", words::plural(runs, "run"))
}

/// What would decide an undecided gate.
fn remedy(claim: &Claim, bound: f64, refused: Option<f64>, tables: &RunTables) -> String {
    let of_risk = claim.metric.name == "exhaustion_probability" && refused == Some(0.0);
    let runs = numeric::ln(1.0 - tables.meta.confidence) / numeric::ln(1.0 - bound);
    // 0 of R runs bound the risk at 1 - (1 - confidence)^(1/R): this many bring that down to the bound.
    if of_risk && bound > 0.0 && runs <= 1e6 {
        format!("{} runs without a refusal decide it", words::count(runs.ceil()))
    } else if of_risk && bound <= 0.0 {
        "no number of runs proves that; try first_refusal_s == never".into()
    } else {
        "more runs decide it".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Table, samples};
    use super::*;
    use Comparison::{Above, AtLeast, AtMost, Below, Equal};

    fn judged(tables: &RunTables, sense: Sense, claim: &str) -> Judged {
        let claim = Claim::read(claim).unwrap_or_else(|faults| panic!("{claim}: {faults:?}"));
        Gate { claim, scope: "all".into(), sense }.judge(tables)
    }

    #[test]
    fn the_whole_interval_must_hold() {
        let interval = Some((2.0, 4.0));
        let told = |comparison, bound| truth(comparison, 3.0, interval, bound);
        for (comparison, truths) in [
            // Of the bounds 1, 2, 3, 4 and 5.
            (Below, [Some(false), Some(false), None, None, Some(true)]),
            (AtMost, [Some(false), None, None, Some(true), Some(true)]),
            (Equal, [Some(false), None, None, None, Some(false)]),
            (AtLeast, [Some(true), Some(true), None, None, Some(false)]),
            (Above, [Some(true), None, None, Some(false), Some(false)]),
        ] {
            assert_eq!([1.0, 2.0, 3.0, 4.0, 5.0].map(|bound| told(comparison, bound)), truths, "{comparison:?}");
        }
        assert_eq!(truth(Equal, 0.0, Some((0.0, 0.0)), 0.0), Some(true));
        assert_eq!(truth(AtLeast, 3.0, Some((2.0, f64::INFINITY)), 2.0), Some(true), "later, perhaps never");
        assert_eq!([truth(Equal, 3.0, None, 3.0), truth(Above, 3.0, None, 3.0)], [Some(true), Some(false)]);
    }

    /// Sample, sense and claim, and what is said.
    const SAID: [(&str, Sense, &str, &str); 12] = [
        ("quickstart", Sense::Assert, "exhaustion_probability <= 0.01", "FAIL  @: 0.90 (0.70 to 0.97)"),
        ("quickstart", Sense::FailIf, "exhaustion_probability > 1%", "FAIL  --fail-if @: 0.90 (0.70 to 0.97)"),
        ("quickstart", Sense::FailIf, "exhaustion_probability < 1%", "ok    --fail-if @: 0.90 (0.70 to 0.97)"),
        (
            "quickstart",
            Sense::Assert,
            "exhaustion_probability > 0.9",
            "UNDECIDED  @: 0.90 (0.70 to 0.97); more runs decide it",
        ),
        ("quickstart", Sense::Assert, "first_refusal_s == never", "FAIL  @: refused in 18 of 20 runs"),
        ("quickstart", Sense::Assert, "headroom_ports >= 0", "ok    @: 0"),
        ("calm", Sense::Assert, "first_refusal_s == never", "ok    @: refused in none of 20 runs"),
        ("calm", Sense::FailIf, "first_refusal_s == never", "FAIL  --fail-if @: refused in none of 20 runs"),
        (
            "calm",
            Sense::Assert,
            "exhaustion_probability <= 1%",
            "UNDECIDED  @: 0 (0 to 0.14); 299 runs without a refusal decide it",
        ),
        (
            "calm",
            Sense::Assert,
            "exhaustion_probability <= 0",
            "UNDECIDED  @: 0 (0 to 0.14); no number of runs proves that; try first_refusal_s == never",
        ),
        (
            "calm",
            Sense::FailIf,
            "first_refusal_s < 60s",
            "FAIL  --fail-if @: no value; a figure that is not there passes no gate",
        ),
        ("idle", Sense::Assert, "refused_ratio <= 1%", "FAIL  @: no value; a figure that is not there passes no gate"),
    ];

    #[test]
    fn gates_say_what_they_were_judged_by() {
        let samples = samples::all();
        for (name, sense, claim, said) in SAID {
            let (_, tables) = samples.iter().find(|(sample, _)| *sample == name).unwrap();
            assert_eq!(judged(tables, sense, claim).to_string(), said.replace('@', claim));
        }
    }

    /// As a sampled figure comes: with more digits than the screen has room for.
    #[test]
    fn rounding_moves_no_figure_across_its_bound() {
        let mut tables = samples::quickstart();
        let mut summary = Table::new(tables.summary.columns());
        let [metric, estimate] = ["metric", "estimate"].map(|name| summary.column(name));
        for row in tables.summary.rows() {
            let mut row = row.to_vec();
            if row[metric].text() == "busy_ports_peak" {
                row[estimate] = super::super::Cell::Number(28_232.04);
            }
            summary.push(row);
        }
        tables.summary = summary;
        let said = judged(&tables, Sense::Assert, "busy_ports_peak <= 28232").to_string();
        assert_eq!(said, "FAIL  busy_ports_peak <= 28232: 28232.04");
    }
}
