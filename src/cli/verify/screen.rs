//! What checks came to, as a table: what disagrees first, with the command that repeats it.

use crate::report::page::Page;
use crate::scenario::words::{self, WIDTH, fixed, percent};
use crate::verify::{Against, Check, Difference, Finding, Judged};

/// What all checks together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Agrees,
    Disagrees,
    NotJudged,
}

impl Verdict {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "AGREES",
            Self::Disagrees => "DISAGREES",
            Self::NotJudged => "NOT JUDGED",
        }
    }
}

pub(super) fn verdict(all: &[Judged<'_>]) -> Verdict {
    match all {
        [] => Verdict::NotJudged,
        _ if all.iter().all(Judged::agrees) => Verdict::Agrees,
        _ => Verdict::Disagrees,
    }
}

/// Verdict, table, and what counts as agreement.
pub(super) fn table(all: &[Judged<'_>]) -> String {
    let verdict = verdict(all);
    let checks = words::plural(all.len() as u64, "check");
    let figures = all.iter().map(|judged| judged.findings.len() as u64).sum();
    let disagree = all.iter().filter(|judged| !judged.agrees()).count() as u64;
    let said = match verdict {
        Verdict::Agrees => format!("{checks}, {}", words::plural(figures, "figure")),
        Verdict::Disagrees => format!("{} of {checks}; they come first", words::thousands(disagree)),
        Verdict::NotJudged => "no check is whole".to_owned(),
    };
    let mut page = Page::with_gutter(GUTTER);
    page.lines([format!("{}  {said}", verdict.word())]);
    if !all.is_empty() {
        page.lines([line(["against", "case", "expected", "dryport", "difference", ""])]);
        page.lines(all.iter().filter(|judged| !judged.agrees()).flat_map(disagreement_lines));
        page.lines(all.iter().flat_map(|judged| figures_of(judged, |finding| finding.agrees)));
        agreement(&mut page, all);
    }
    page.text()
}

/// The figures of a check that disagree, and how to see them again.
pub(super) fn disagreement(judged: &Judged<'_>) -> String {
    disagreement_lines(judged).join("\n")
}

fn disagreement_lines(judged: &Judged<'_>) -> Vec<String> {
    let mut lines = figures_of(judged, |finding| !finding.agrees);
    if judged.findings.is_empty() {
        lines.push(line([judged.check.against.name(), &label(judged.check, "no figure"), "", "", "", NO]));
    }
    lines.push(format!("{:GUTTER$}again: dryport verify --case {}", "", judged.check.name));
    lines
}

fn figures_of(judged: &Judged<'_>, which: impl Fn(&Finding) -> bool) -> Vec<String> {
    judged.findings.iter().filter(|finding| which(finding)).map(|finding| row(judged.check, finding)).collect()
}

/// Columns of what dryport is held against.
const GUTTER: usize = 9;
const OK: &str = "ok";
const NO: &str = "NO";

/// Columns of what is expected.
const EXPECTED: usize = 9;

/// A line of the table; where a cell is too long for its column, the others move.
fn line([against, case, expected, found, difference, verdict]: [&str; 6]) -> String {
    let line = format!("{against:<8} {case:<31} {expected:<EXPECTED$} {found:<16} {difference:<9} {verdict}");
    let fits = line.trim_end().len() <= WIDTH;
    let line = if fits { line } else { [against, case, expected, found, difference, verdict].join(" ") };
    line.trim_end().to_owned()
}

/// `P02 Erlang B, 10 ports: refused`, `constant-50: connects got`
fn label(check: &Check, figure: &str) -> String {
    match check.against {
        Against::Theory => format!("{} {}: {figure}", check.name, check.title),
        Against::Kernel | Against::Incident => format!("{}: {figure}", check.name),
    }
}

fn row(check: &Check, finding: &Finding) -> String {
    let (expected, found) = figures(finding);
    let verdict = if finding.agrees { OK } else { NO };
    let label = label(check, finding.figure);
    line([check.against.name(), &label, &expected, &found, &difference(finding.difference), verdict])
}

/// `z = -1.7`, `-0.04 %`, `13 digits`
fn difference(difference: Difference) -> String {
    match difference {
        Difference::Exact => "exact".into(),
        Difference::Deviations(z) => format!("z = {z:+.1}"),
        Difference::Digits(digits) => format!("{digits} digits"),
        Difference::Share(share) => {
            let sign = if share < 0.0 { "-" } else { "+" };
            format!("{sign}{} %", percent(share.abs()))
        }
        Difference::Unknown => "none".into(),
    }
}

/// What is expected and what was found: to two digits of the spread, `0.01796+-0.00025`, and a digit more of what is exact.
fn figures(finding: &Finding) -> (String, String) {
    let spread = finding.spread.filter(|spread| spread.is_finite() && *spread > 0.0);
    let Some((found, spread)) = finding.found.zip(spread) else {
        return (plain(finding.expected), finding.found.map_or_else(|| "none".into(), plain));
    };
    let mut decimals = 0;
    let mut unit = 1.0;
    while spread < 9.95 * unit && decimals < DECIMALS_MAX {
        decimals += 1;
        unit /= 10.0;
    }
    if decimals == DECIMALS_MAX {
        return (format!("{:.4e}", finding.expected), format!("{found:.3e}+-{spread:.1e}"));
    }
    let is_whole = finding.expected.fract() == 0.0;
    let wanted = if is_whole { plain(finding.expected) } else { fixed(finding.expected, decimals + 1) };
    let wanted = if wanted.len() > EXPECTED { fixed(finding.expected, decimals) } else { wanted };
    (wanted, format!("{}+-{}", fixed(found, decimals), fixed(spread, decimals)))
}

/// More decimals do not fit beside their spread.
const DECIMALS_MAX: usize = 6;

/// A number in which nothing was drawn: whole, or to six digits.
fn plain(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 {
        words::count(value)
    } else if size < 1e-4 {
        format!("{value:.3e}")
    } else if size < 1.0 {
        fixed(value, 6)
    } else {
        fixed(value, 2)
    }
}

/// What counts as agreement, of the kinds that are there.
fn agreement(page: &mut Page, all: &[Judged<'_>]) {
    page.gap();
    for (against, rule) in [
        (Against::Theory, "|z| < 4, z in standard errors; a formula has 10 digits; else exact"),
        (Against::Kernel, "totals within 5 or 0.1 %; holds redrawn: within 3 standard deviations or 5"),
        (Against::Incident, "as the asserts of scenarios/incidents/CASE.toml allow, which say why"),
    ] {
        if all.iter().any(|judged| judged.check.against == against) {
            page.label(against.name(), &[rule.to_owned()]);
        }
    }
}

/// Every check and where its answer comes from.
pub(super) fn list(checks: &[&Check]) -> String {
    let mut lines = Vec::new();
    for (against, about) in [
        (Against::Theory, "exact answers, the rows of tests/data/theory.csv"),
        (Against::Kernel, "what Linux 6.18 did, as recorded in tests/data/kernel"),
        (Against::Incident, "what was published, as scenarios/incidents/CASE.toml says"),
    ] {
        let mut of_it = checks.iter().filter(|check| check.against == against).peekable();
        if of_it.peek().is_some() {
            lines.push(format!("{}: {about}", against.name()));
        }
        for check in of_it {
            lines.push(format!("  {:<26}{}", check.name, check.title));
        }
    }
    lines.join("\n")
}
