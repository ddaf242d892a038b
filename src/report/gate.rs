//! Gates: asserts of the scenario and `--fail-if`, judged on the figures of a run, interval and all.
//!
//! A claim holds when its whole interval does, and is false when none of it does; in between the runs were too few to
//! say. A figure without an interval is taken as it is. What claims say together follows Kleene's logic: an open one
//! matters only where the others do not decide. Only what is sure passes: an undecided gate does not, and a figure that
//! cannot be had counts against its gate, but for `first_refusal_s == never`, which holds when no run was refused. A risk
//! that the runs leave open is decided by the bounds of a formula, where there is one, or by what `--rare` estimates.

use super::query::Estimate;
use super::rare::RARE;
use super::{RunTables, words};
use crate::forecast::{REFUSED_BOUND, RISK_BOUND, RISK_MIN};
use crate::metrics::Metric;
use crate::numeric;
use crate::scenario::claim::{Bound, Comparison};
use crate::scenario::{Assert, Claim, Condition, Statement, Variant};
use crate::stats::interval::zero_of;
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
    pub that: Condition,
    /// Of which scope, as the tables name it; of claims that name none themselves.
    pub scope: Arc<str>,
    /// Of which arm of a sweep or comparison alone.
    pub variant: Option<Arc<str>>,
    /// Whether it should be true.
    pub sense: Sense,
}

/// Where gates look figures up.
#[derive(Clone, Copy)]
pub struct Figures<'f> {
    /// A figure, by scope and metric.
    pub of: &'f dyn Fn(&str, &str) -> Estimate,
    /// How many runs they are from.
    pub runs: u64,
    /// The level of their intervals.
    pub confidence: f64,
}

impl fmt::Debug for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").field("runs", &self.runs).finish_non_exhaustive()
    }
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
    /// What came of each of its claims, from left to right.
    pub findings: Vec<Finding>,
}

/// A claim after the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Of which scope.
    pub scope: Arc<str>,
    /// What is claimed.
    pub claim: Claim,
    /// Is it true? `None`: the runs are too few to say.
    pub truth: Option<bool>,
    /// The figure it was judged by.
    pub figure: Estimate,
    /// What else there is to say.
    note: Option<String>,
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
        match &self.that {
            Condition::One(_) => write!(f, "{}", self.that),
            that if &*self.scope != "all" => write!(f, "({that})"),
            that => write!(f, "{that}"),
        }
    }
}

/// `FAIL  exhaustion_probability <= 0.01: 0.90 (0.70 to 0.97)`
impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4}  {}: {}", self.ruling.word(), self.gate, self.said())
    }
}

impl Judged {
    /// What it was judged by, in words.
    pub fn said(&self) -> String {
        if let [only] = &self.findings[..] {
            return only.in_words(self.ruling);
        }
        let named = |finding: &Finding| format!("{} {}", finding.claim.metric.name, finding.in_words(self.ruling));
        self.findings.iter().map(named).collect::<Vec<_>>().join(", ")
    }
}

impl Finding {
    /// What was found, and what would decide it where nothing else does.
    fn in_words(&self, ruling: Ruling) -> String {
        let says_more = self.truth.is_some() || ruling == Ruling::Undecided;
        match (self.note.as_ref().filter(|_| says_more), self.claim.bound) {
            (Some(note), Bound::Never) => note.clone(),
            (Some(note), _) => format!("{}; {note}", self.figure_in_words()),
            (None, _) => self.figure_in_words(),
        }
    }

    fn figure_in_words(&self) -> String {
        let show = |value: f64| shown(value, &self.claim);
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
        Self {
            that: assert.that.clone(),
            scope: assert.scope.clone(),
            variant: assert.variant.clone(),
            sense: Sense::Assert,
        }
    }
}

/// What a scenario asserts of an arm of a sweep or comparison.
pub fn of_arm(asserts: &[Assert], arm: &Variant) -> Vec<Gate> {
    asserts.iter().map(Gate::from).filter(|gate| gate.is_of(arm)).collect()
}

/// What an assert is about that none of the arms is: nobody would notice that it is never judged.
pub fn about_nobody(asserts: &[Assert], mut is_arm: impl FnMut(&str) -> bool) -> Option<&str> {
    asserts.iter().filter_map(|assert| assert.variant.as_deref()).find(|wanted| !is_arm(wanted))
}

impl Gate {
    /// Is it about this arm of a sweep or comparison?
    pub fn is_of(&self, arm: &Variant) -> bool {
        self.variant.as_ref().is_none_or(|wanted| arm.is(wanted))
    }

    /// Judges the gate on the figures of a run.
    pub fn judge(self, tables: &RunTables) -> Judged {
        let of = |scope: &str, metric: &str| tables.estimate(scope, metric);
        let (runs, confidence) = (tables.meta.replications, tables.meta.confidence);
        self.judge_by(&Figures { of: &of, runs, confidence })
    }

    /// Judges the gate.
    pub fn judge_by(self, figures: &Figures<'_>) -> Judged {
        let wanted = self.sense == Sense::Assert;
        let mut findings = Vec::new();
        let truth = self.that.truth(&mut |statement| {
            let finding = self.find(statement, figures);
            let truth = finding.truth;
            findings.push(finding);
            truth
        });
        let ruling = match truth {
            Some(truth) if truth == wanted => Ruling::Passed,
            Some(_) => Ruling::Failed,
            None => Ruling::Undecided,
        };
        Judged { gate: self, ruling, findings }
    }

    fn find(&self, statement: &Statement, figures: &Figures<'_>) -> Finding {
        let (scope, claim) = (statement.scope.as_ref().unwrap_or(&self.scope).clone(), statement.claim.clone());
        let figure = (figures.of)(&scope, claim.metric.name);
        let refused = (figures.of)(&scope, "exhaustion_probability").value;
        let known = match (claim.bound, figure.value) {
            (Bound::Never, _) => refused.map(|refused| Some(refused <= 0.0)),
            (Bound::Number(bound), Some(value)) => Some(truth(claim.comparison, value, figure.interval, bound)),
            (Bound::Number(_), None) => None,
        };
        let proven = match claim.bound {
            Bound::Number(bound) if known == Some(None) => proven(&scope, &claim, bound, figures),
            _ => None,
        };
        let known = proven.as_ref().map_or(known, |(truth, _)| Some(Some(*truth)));
        let note = match (known, claim.bound) {
            _ if proven.is_some() => proven.map(|(_, why)| why),
            (_, Bound::Never) => refused.map(|share| refusals(share, figures.runs)),
            (None, _) => Some("a figure that is not there passes no gate".to_owned()),
            (Some(None), Bound::Number(bound)) => Some(
                unseen(&claim, &scope, refused, figures)
                    .unwrap_or_else(|| remedy(&claim, bound, refused, figures.confidence)),
            ),
            _ => None,
        };
        let truth = known.unwrap_or(Some(self.sense == Sense::FailIf));
        Finding { scope, claim, truth, figure, note }
    }
}

/// What the bounds of formulas say of a claim that the runs leave open, and in which words.
fn proven(scope: &str, claim: &Claim, bound: f64, figures: &Figures<'_>) -> Option<(bool, String)> {
    let figure = |name: &str| (figures.of)(scope, name).value.filter(|_| scope == "all");
    let (low, high) = match claim.metric.name {
        "exhaustion_probability" => (figure(RISK_MIN)?, figure(RISK_BOUND)?),
        "refused_ratio" => (0.0, figure(REFUSED_BOUND).unwrap_or(1.0)),
        _ => return None,
    };
    let Some(truth) = truth(claim.comparison, high, Some((low, high)), bound) else {
        return estimated(scope, claim, bound, figures);
    };
    // The end that decides.
    let (word, end) = if high <= bound { ("at most", high) } else { ("at least", low) };
    Some((truth, format!("a formula proves {word} {}", shown(end, claim))))
}

/// As [`proven`], of an estimate where too little was counted (`--rare`).
fn estimated(scope: &str, claim: &Claim, bound: f64, figures: &Figures<'_>) -> Option<(bool, String)> {
    if scope != "all" || claim.metric.name != "refused_ratio" {
        return None;
    }
    // An approximate figure without a bound has no interval, and decides nothing.
    let (low, high) = (figures.of)(scope, RARE).interval?;
    let truth = truth(claim.comparison, high, Some((low, high)), bound)?;
    let [from, to] = [low, high].map(|end| shown(end, claim));
    Some((truth, if low < high { format!("--rare finds {from} to {to}") } else { format!("--rare finds {from}") }))
}

/// `refused in 3 of 20 runs`, `refused in none of 20 runs`
fn refusals(share: f64, runs: u64) -> String {
    let refused = if share > 0.0 { words::count(share * runs as f64) } else { "none".into() };
    format!("refused in {refused} of {}", words::plural(runs, "run"))
}

/// What can be claimed instead of a count of which nothing was seen: how likely it is that a run has any.
fn unseen(claim: &Claim, scope: &str, refused: Option<f64>, figures: &Figures<'_>) -> Option<String> {
    let metric = Metric::named(claim.metric.name).filter(|metric| metric.among().is_some())?;
    let none = (figures.of)(scope, metric.name).value == Some(0.0) && refused == Some(0.0);
    // Rounded up, so that it holds.
    let risk = zero_of(figures.runs, figures.confidence);
    let scale = if risk < 0.1 { 1e4 } else { 1e2 };
    let risk = (risk * scale * (1.0 - 1e-12)).ceil() / scale;
    none.then(|| format!("none seen bounds no count well; try exhaustion_probability <= {}", words::ratio(risk)))
}

/// What would decide an undecided gate.
fn remedy(claim: &Claim, bound: f64, refused: Option<f64>, confidence: f64) -> String {
    // A share of refusals is at most the share of runs that have any.
    const SHARES: [&str; 4] = ["exhaustion_probability", "refused_ratio", "requests_lost_ratio", "full_time_ratio"];
    let of_risk = SHARES.contains(&claim.metric.name) && refused == Some(0.0);
    let runs = numeric::ln(1.0 - confidence) / numeric::ln(1.0 - bound);
    // 0 of R runs bound the risk at 1 - (1 - confidence)^(1/R): this many bring that down to the bound.
    if of_risk && bound > 0.0 && runs <= 1e6 {
        format!("{} runs without a refusal decide it", words::count(runs.ceil()))
    } else if of_risk && bound > 0.0 && claim.metric.name == "refused_ratio" {
        "too rare to be counted; dryport run --rare estimates it".into()
    } else if of_risk && bound <= 0.0 {
        "no number of runs proves that; try first_refusal_s == never".into()
    } else {
        "more runs decide it".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rare::{Rare, add_rare};
    use super::super::{Table, samples};
    use super::*;
    use crate::experiment::splitting::Reached;
    use Comparison::{Above, AtLeast, AtMost, Below, Equal};

    fn judged(tables: &RunTables, sense: Sense, claim: &str) -> Judged {
        let that = Condition::read(claim).unwrap_or_else(|faults| panic!("{claim}: {faults:?}"));
        Gate { that, scope: "all".into(), variant: None, sense }.judge(tables)
    }

    #[test]
    fn what_rare_found_decides_what_runs_leave_open() {
        let ruling = |rare: &Rare, claim: &str| {
            let mut tables = samples::calm();
            add_rare(&mut tables, rare);
            let open = Estimate { value: Some(0.0), interval: Some((0.0, 0.14)) };
            let of = |scope: &str, metric: &str| match metric {
                "refused_ratio" => open,
                _ => tables.estimate(scope, metric),
            };
            let that = Condition::read(claim).unwrap();
            let gate = Gate { that, scope: "all".into(), variant: None, sense: Sense::Assert };
            gate.judge_by(&Figures { of: &of, runs: 20, confidence: 0.95 }).ruling
        };
        let exact = Rare::Formula { refused_ratio: 4.7e-7, formula: "Erlang B" };
        assert_eq!(ruling(&exact, "refused_ratio >= 0.0000004"), Ruling::Passed);
        assert_eq!(ruling(&exact, "refused_ratio <= 0.0000004"), Ruling::Failed);
        assert_eq!(ruling(&Rare::Bound { refused_ratio_max: 1e-12 }, "refused_ratio <= 0.000001"), Ruling::Passed);
        let reached = Reached { fewest_free: None, levels: 1, bounded: true };
        let about = Rare::Approximate { refused_ratio: 1e-9, refused_ratio_max: None, reached };
        assert_eq!(ruling(&about, "refused_ratio <= 0.000001"), Ruling::Undecided, "approximate, and no bound");
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

    #[test]
    fn claims_together_are_judged_as_one() {
        let (quickstart, calm) = (samples::quickstart(), samples::all().into_iter().find(|(name, _)| *name == "calm"));
        let calm = calm.unwrap().1;
        for (tables, sense, claim, said) in [
            (
                &quickstart,
                Sense::Assert,
                "headroom_ports >= 0 and first_refusal_s == never",
                "FAIL  @: headroom_ports 0, first_refusal_s refused in 18 of 20 runs",
            ),
            (
                &quickstart,
                Sense::Assert,
                "headroom_ports >= 0 or exhaustion_probability > 0.9",
                "ok    @: headroom_ports 0, exhaustion_probability 0.90 (0.70 to 0.97)",
            ),
            (
                &quickstart,
                Sense::Assert,
                "headroom_ports >= 0 and exhaustion_probability > 0.9",
                "UNDECIDED  @: headroom_ports 0, exhaustion_probability 0.90 (0.70 to 0.97); more runs decide it",
            ),
            // A figure that is not there counts against the gate, whatever it wants.
            (
                &calm,
                Sense::FailIf,
                "first_refusal_s < 60s or headroom_ports < 0",
                "FAIL  --fail-if @: first_refusal_s no value; a figure that is not there passes no gate, headroom_ports",
            ),
            (
                &calm,
                Sense::Assert,
                "first_refusal_s > 60s or first_refusal_s == never",
                "ok    @: first_refusal_s no value; a figure that is not there passes no gate, first_refusal_s refused \
                 in none of 20 runs",
            ),
        ] {
            let told = judged(tables, sense, claim).to_string();
            assert!(told.starts_with(&said.replace('@', claim)), "{told}");
        }
        let mixed = Condition::read("refused_ratio < 1 and all refused_ratio < 1").unwrap();
        let gate = Gate { that: mixed, scope: "client:checkout".into(), variant: None, sense: Sense::Assert };
        let judged = gate.judge(&quickstart);
        let scopes: Vec<&str> = judged.findings.iter().map(|finding| &*finding.scope).collect();
        assert_eq!(scopes, ["client:checkout", "all"]);
        assert_eq!(judged.gate.to_string(), "client:checkout (refused_ratio < 1 and all refused_ratio < 1)");
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
