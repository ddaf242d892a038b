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

/// Columns of what was found.
const FOUND: usize = 16;

/// A line of the table; where a cell is too long for its column, the others move.
fn line([against, case, expected, found, difference, verdict]: [&str; 6]) -> String {
    let line = format!("{against:<8} {case:<31} {expected:<EXPECTED$} {found:<FOUND$} {difference:<9} {verdict}");
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
    let found = fitting(FOUND, decimals, |decimals| format!("{}+-{}", fixed(found, decimals), fixed(spread, decimals)));
    let is_whole = finding.expected.fract() == 0.0;
    let decimals = if is_whole { 0 } else { decimals + 1 };
    (fitting(EXPECTED, decimals, |decimals| fixed(finding.expected, decimals)), found)
}

/// A number in so many columns, if some decimals fewer let it fit.
fn fitting(columns: usize, decimals: usize, text: impl Fn(usize) -> String) -> String {
    let fits = (0..=decimals).rev().map(&text).find(|text| text.len() <= columns);
    fits.unwrap_or_else(|| text(0))
}

/// More decimals do not fit beside their spread.
const DECIMALS_MAX: usize = 6;

/// A number in which nothing was drawn: whole, or to six digits as far as there is room.
fn plain(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 {
        return words::count(value);
    }
    if size >= 1.0 {
        return fitting(EXPECTED, 2, |decimals| fixed(value, decimals));
    }
    let mut decimals = 6;
    let mut unit = 0.1;
    while size < unit && decimals < f64::DIGITS as usize {
        decimals += 1;
        unit /= 10.0;
    }
    let text = fixed(value, decimals);
    let text = text.trim_end_matches('0');
    if text.len() <= EXPECTED { text.to_owned() } else { format!("{value:.4e}") }
}

/// What counts as agreement, of the kinds that are there.
fn agreement(page: &mut Page, all: &[Judged<'_>]) {
    page.gap();
    for (against, rule) in [
        (Against::Theory, "|z| < 4, z in standard errors; a formula has 10 digits; else exact"),
        (Against::Kernel, "totals within 5 or 0.1 %; where holds are redrawn, within 5 or 3 sd"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Sampled;

    fn shown(expected: f64, estimate: f64, error: f64) -> (String, String) {
        figures(&Finding::sampled("x", expected, Some(Sampled { estimate, error })))
    }

    #[test]
    fn what_is_sampled_has_two_digits_of_its_error_as_far_as_there_is_room() {
        for (expected, estimate, error, words) in [
            (0.018_384_570, 0.017_961, 0.000_251_2, ("0.018385", "0.01796+-0.00025")),
            (27_959.607, 27_958.02, 9.62, ("27,959.61", "27,958.0+-9.6")),
            (27_959.607, 27_958.02, 12.4, ("27,959.6", "27,958+-12")),
            (16_375.532_1, 16_375.574, 0.091, ("16,375.53", "16,375.57+-0.09")),
            (3.559_4e-4, 3.923e-4, 4.6e-5, ("3.5594e-4", "3.923e-4+-4.6e-5")),
            (50.0, 49.93, 0.021, ("50", "49.930+-0.021")),
        ] {
            assert_eq!(shown(expected, estimate, error), (words.0.to_owned(), words.1.to_owned()));
        }
        assert_eq!(figures(&Finding::sampled("x", 0.5, None)), ("0.5".to_owned(), "none".to_owned()));
        assert_eq!(shown(0.5, 0.5, 0.0), ("0.5".to_owned(), "0.5".to_owned()));
    }

    #[test]
    fn what_is_not_drawn_has_up_to_six_digits() {
        for (value, words) in [
            (28_225.0, "28,225"),
            (0.0, "0"),
            (3.0 / 43.0, "0.0697674"),
            (0.004_59, "0.00459"),
            (8.466_820_192e-4, "8.4668e-4"),
            (1.36e-8, "1.3600e-8"),
            (916.666_67, "916.67"),
            (609_458.09, "609,458.1"),
        ] {
            assert_eq!(plain(value), words);
        }
    }

    #[test]
    fn differences_say_what_they_are() {
        for (difference_is, words) in [
            (Difference::Exact, "exact"),
            (Difference::Deviations(-1.74), "z = -1.7"),
            (Difference::Digits(15), "15 digits"),
            (Difference::Share(-0.000_436), "-0.044 %"),
            (Difference::Share(0.0882), "+8.8 %"),
            (Difference::Unknown, "none"),
        ] {
            assert_eq!(difference(difference_is), words);
        }
    }

    #[test]
    fn a_line_that_is_too_long_closes_up() {
        let long = "tw-reuse-loopback-only: some long figure";
        assert_eq!(line(["kernel", long, "100", "100", "exact", OK]), format!("kernel {long} 100 100 exact ok"));
    }
}
