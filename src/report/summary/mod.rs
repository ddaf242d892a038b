//! What a run says in plain words: the screen of `dryport run`, from the tables and the manifest alone.
//!
//! At most 80 columns of ASCII: a verdict that can be read alone, then facts under labels in a gutter. Every figure is
//! one of the CSV's, rounded; nothing here computes a new one beyond counting runs. To add a label, add a file and a
//! line in [`run_summary`].

mod assumed;
mod change;
mod check;
mod closed_form;
mod costs;
mod headroom;
mod precision;
mod rare;
mod refusals;
mod scopes;
mod steady;
mod verdict;
mod watch;
mod when;
mod why;

use super::RunTables;
use super::gate::Judged;
use super::page::{Page, solid, solid_brackets};
use crate::des::SimDuration;
use assumed::assumed;
use change::change;
use check::check;
use costs::costs;
use headroom::headroom;
use precision::precision;
use rare::rare;
use scopes::scopes;
use steady::steady;
use verdict::{how_sure, verdict_lines};
use watch::watch;
use when::when;
use why::why;

pub(super) use refusals::Refusals;
pub use verdict::Verdict;

/// What a run says beside its tables.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// What came of the gates.
    pub gates: &'a [Judged],
    /// Where the files are, as the user wrote it; none where there are none.
    pub folder: Option<&'a str>,
    /// How long before it is too late an alarm is to be raised.
    pub ahead: SimDuration,
    /// What the rules of `lint` find that can be why connects are refused.
    pub explanations: &'a [String],
    /// What they find that is told whatever the run saw.
    pub warnings: &'a [String],
}

/// The whole text.
pub fn run_summary(tables: &RunTables, beside: &Beside<'_>) -> String {
    let Beside { gates, folder, ahead, explanations, warnings } = *beside;
    let mut page = Page::default();
    let idle = tables.estimate("all", "attempts_total").value == Some(0.0);
    page.label(Verdict::of(tables).word(), &verdict_lines(tables, idle));
    let cut_off = tables.meta.cut_off().map(|runs| format!("{} are whole: it was stopped", solid(&runs)));
    page.label("CUT OFF", cut_off.as_slice());
    page.gap();
    if !idle {
        page.label("Rare", &rare(tables));
        page.label("How sure", &how_sure(tables));
        page.label("Precision", &precision(tables));
        page.label("Headroom", &headroom(tables));
        page.label("When", &when(tables));
        page.label("Costs", &costs(tables));
        page.label("Why", &why(tables));
        let is_refused = Verdict::of(tables) != Verdict::NotSeen;
        let explanations = if is_refused { explanations } else { &[] };
        page.label("Lint", &[warnings, explanations].concat());
        page.label("Assumed", &assumed(tables));
        page.label("Change", &change(tables));
        page.label("Check", &check(tables));
        page.label("Steady", &steady(tables));
        page.label("Where", &scopes(tables));
    }
    page.label("Watch", &if idle { Vec::new() } else { watch(tables, ahead.as_secs_f64()) });
    page.label("Gates", &gates.iter().map(|gate| solid_brackets(&gate.to_string())).collect::<Vec<_>>());
    let meta = &tables.meta;
    page.files(folder, &meta.files);
    page.tail(&format!("seed {}, dryport {}", meta.seed, meta.dryport));
    page.text()
}

#[cfg(test)]
mod tests {
    use super::super::manifest::PrecisionMeta;
    use super::super::samples;
    use super::*;

    fn said(tables: &RunTables) -> String {
        let folder = format!("output/{}/", tables.meta.scenario.name);
        let ahead = SimDuration::from_secs(600);
        run_summary(tables, &Beside { gates: &[], folder: Some(&folder), ahead, explanations: &[], warnings: &[] })
    }

    #[test]
    fn what_was_stopped_says_so() {
        let mut tables = samples::quickstart();
        tables.meta.precision = Some(PrecisionMeta { metric: "refused_ratio".into(), share: 0.05, most: 10_000 });
        tables.meta.cut_off = Some(2_000);
        let (text, runs) = (said(&tables), tables.meta.replications);
        let third = text.lines().nth(2).unwrap_or_default();
        assert!(third.starts_with(&format!("CUT OFF      {runs} of 2,000 runs")), "{text}");
        let unbroken = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unbroken(&text).contains("only: stopped after"), "{text}");
        tables.meta.precision = Some(PrecisionMeta { metric: "refused_ratio".into(), share: 0.05, most: 20 });
        tables.meta.cut_off = None;
        let text = said(&tables);
        assert!(unbroken(&text).contains("the most allowed") && !text.contains("CUT OFF"), "{text}");
    }

    /// What runs of real scenarios say is in `tests/it/run_screens.rs`.
    #[test]
    fn every_sample_fits_the_screen() {
        for (name, tables) in samples::all().into_iter().chain(samples::odd()) {
            let text = said(&tables);
            assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{name}\n{text}");
            assert!(Verdict::ALL.iter().any(|verdict| text.starts_with(verdict.word())), "{name}");
        }
    }
}
