//! `metric op number`: what a condition says of one figure.
//!
//! Here it is read and compared; whether it holds of a run is judged on the run's tables.

use super::diagnostics::{Diagnostics, Fault, Faults, quoted};
use super::metric_name::MetricName;
use super::quantity::{self, Misfit};
use super::tree::At;
use crate::des::{Rate, SimDuration};
use std::fmt;
use std::ops::Range;

/// A statement about one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// About which metric.
    pub metric: MetricName,
    /// How it compares.
    pub comparison: Comparison,
    /// With what.
    pub bound: Bound,
    /// The bound as it was written: `1%`.
    written: String,
}

/// How a figure compares with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

/// What a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number in the metric's unit.
    Number(f64),
    /// It never happened: of `first_refusal_s` alone.
    Never,
}

/// Something wrong with a claim: where in its text, and what.
pub type ClaimFault = (Range<usize>, Misfit);

/// The one metric that may never have happened.
const FIRST_REFUSAL: &str = "first_refusal_s";

impl Comparison {
    /// Every comparison.
    pub const ALL: [Self; 5] = [Self::Below, Self::AtMost, Self::Equal, Self::AtLeast, Self::Above];

    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }

    /// Does `value` compare so with `bound`?
    #[expect(clippy::float_cmp, reason = "whoever writes == of a number means it")]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => value == bound,
            Self::AtLeast => value >= bound,
            Self::Above => value > bound,
        }
    }
}

/// `exhaustion_probability <= 1%`, with the bound as it was written.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.metric.name, self.comparison.sign(), self.written)
    }
}

/// What a claim looks like.
pub(super) const EXAMPLE: &str = "exhaustion_probability <= 0.01";

impl Claim {
    /// Reads `metric op number`.
    ///
    /// # Errors
    ///
    /// Each word that is wrong, with its place.
    pub fn read(text: &str) -> Result<Self, Vec<ClaimFault>> {
        let metric_end = text.find(is_sign).unwrap_or(text.len());
        let rest = &text[metric_end..];
        let bound_start = metric_end + rest.find(|c| !is_sign(c)).unwrap_or(rest.len());
        let (metric_at, sign_at, bound_at) =
            (trimmed(text, 0..metric_end), metric_end..bound_start, trimmed(text, bound_start..text.len()));
        let mut faults = Vec::new();
        let mut noted = |at: Range<usize>, misfit| faults.push((at, misfit));
        let metric = metric(&text[metric_at.clone()]).map_err(|misfit| noted(metric_at.clone(), misfit)).ok();
        if sign_at.is_empty() {
            // Without a comparison nobody knows where the name ends.
            if metric.is_some() || metric_at.is_empty() {
                let missing = Misfit::new("a claim needs a comparison and a number", "and then?");
                faults = vec![(metric_at, missing.help(format!("write, for example, \"{EXAMPLE}\"")))];
            }
            return Err(faults);
        }
        let comparison = comparison(&text[sign_at.clone()]).map_err(|misfit| noted(sign_at, misfit)).ok();
        let written = &text[bound_at.clone()];
        let at = if bound_at.is_empty() { 0..text.len() } else { bound_at };
        let bound = metric.and_then(|metric| bound(metric, written).map_err(|misfit| noted(at.clone(), misfit)).ok());
        if bound == Some(Bound::Never) && comparison.is_some_and(|comparison| comparison != Comparison::Equal) {
            let never = Misfit::new("nothing lies before or after never", "takes only ==");
            noted(at, never.help(format!("write \"{FIRST_REFUSAL} == never\"")));
        }
        match (metric, comparison, bound) {
            (Some(metric), Some(comparison), Some(bound)) if faults.is_empty() => {
                Ok(Self { metric, comparison, bound, written: written.to_owned() })
            }
            _ => Err(faults),
        }
    }

    /// Reads the claim of an option of the command line, which messages call `option`.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, ready to be shown.
    pub fn of_option(option: &str, text: &str) -> Result<Self, Diagnostics> {
        Self::read(text).map_err(|faults| shown_in(option, text, faults))
    }
}

/// What is wrong with the text of an option.
pub(super) fn shown_in(option: &str, text: &str, found: Vec<ClaimFault>) -> Diagnostics {
    let mut faults = Faults::default();
    for (at, misfit) in found {
        faults.push(Fault::of_misfit(At::File(at), misfit));
    }
    faults.into_diagnostics(option, text, &[])
}

fn is_sign(c: char) -> bool {
    matches!(c, '<' | '=' | '>' | '!' | '~')
}

/// The range without the white space at its ends; empty at its start when there is nothing else.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    let end = range.start + part.trim_end().len();
    if start >= end { range.start..range.start } else { start..end }
}

fn metric(word: &str) -> Result<MetricName, Misfit> {
    if word.is_empty() {
        let example = format!("write, for example, \"{EXAMPLE}\"");
        return Err(Misfit::new("a claim starts with the name of a metric", "no name").help(example));
    }
    MetricName::named(word).ok_or_else(|| {
        let near = MetricName::meant(word);
        let misfit = match near {
            Some(near) => Misfit::new(unknown(word), format!("did you mean {near}?")),
            None => Misfit::new(unknown(word), "unknown"),
        };
        misfit.help(if word.starts_with("formula_") {
            "claims are about what was simulated; where too few runs leave exhaustion_probability or refused_ratio open, \
             the bounds of formulas decide"
        } else {
            "dryport list metrics shows them all"
        })
    })
}

fn unknown(word: &str) -> String {
    format!("no metric is called {}", quoted(word))
}

fn comparison(sign: &str) -> Result<Comparison, Misfit> {
    let known = Comparison::ALL.into_iter().find(|comparison| comparison.sign() == sign);
    known.ok_or_else(|| {
        let label = match sign {
            "=" => "write ==",
            "=<" => "write <=",
            "=>" => "write >=",
            _ => "unknown",
        };
        Misfit::new(format!("{} is no comparison", quoted(sign)), label).help("it is one of < <= == >= >")
    })
}

/// The bound of a claim about `metric`.
fn bound(metric: MetricName, written: &str) -> Result<Bound, Misfit> {
    if written == "never" {
        return if metric.name == FIRST_REFUSAL {
            Ok(Bound::Never)
        } else {
            let message = format!("{} always has its say", metric.name);
            Err(Misfit::new(message, "never").help(format!("only {FIRST_REFUSAL} may be never")))
        };
    }
    let plain = plain_number(written);
    let number = match (metric.unit, plain) {
        (_, Some(number)) => Some(number),
        ("ratio", None) => quantity::percentage(written).ok(),
        ("s", None) => quantity::duration(written).ok().map(SimDuration::as_secs_f64),
        ("1/s", None) => quantity::rate(written).ok().map(Rate::events_per_second),
        _ => None,
    };
    let Some(number) = number else { return Err(no_bound(metric, written)) };
    if metric.is_share() && !(0.0..=1.0).contains(&number) {
        let misfit = Misfit::new(format!("{} lies between 0 and 1", metric.name), "out of its range");
        let meant = format!("{written}%");
        return Err(if quantity::percentage(&meant).is_ok_and(|share| share <= 1.0) {
            misfit.help(format!("write \"{meant}\" for per cent"))
        } else {
            misfit
        });
    }
    Ok(Bound::Number(number))
}

/// A number without a unit: `10`, `0.01`, `1e-6`.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    text.parse().ok().filter(|number: &f64| digits && number.is_finite())
}

/// A number with a comma before its decimals, as most of Europe writes it; `None` where it may stand between thousands.
fn decimal(written: &str) -> Option<String> {
    let (whole, part) = written.split_once(',')?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = is_digits(whole) && is_digits(part) && (whole == "0" || part.len() != 3);
    is_decimal.then(|| format!("{whole}.{part}"))
}

fn no_bound(metric: MetricName, written: &str) -> Misfit {
    let misfit = if written.is_empty() {
        Misfit::new("a claim ends with a number", "no number")
    } else {
        let unit = if metric.unit == "ratio" { "a share" } else { metric.unit };
        Misfit::new(format!("{} cannot be compared with {}", metric.name, quoted(written)), format!("not in {unit}"))
    };
    let squeezed =
        decimal(written).unwrap_or_else(|| written.chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect());
    misfit.help(match metric.unit {
        _ if squeezed != written && plain_number(&squeezed).is_some() => format!("write {squeezed}"),
        "ratio" => "write a share, such as 0.01 or 1%".to_owned(),
        "s" if metric.name == FIRST_REFUSAL => "write a time, such as 60 or 1m30s, or never".to_owned(),
        "s" => "write a time, such as 60 or 1m30s".to_owned(),
        "1/s" => "write a rate, such as 450 or 27k/min".to_owned(),
        unit => format!("write a number of {unit}, such as 1000"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::metric_name::METRIC_NAMES;
    use super::*;

    fn number(text: &str) -> f64 {
        match Claim::read(text).map(|claim| claim.bound) {
            Ok(Bound::Number(number)) => number,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "what is written is what is read")]
    fn every_metric_takes_every_comparison_and_its_own_units() {
        for metric in METRIC_NAMES {
            for comparison in Comparison::ALL {
                let claim = Claim::read(&format!(" {}{}\t1 ", metric.name, comparison.sign())).unwrap();
                assert_eq!((claim.metric, claim.comparison, claim.bound), (*metric, comparison, Bound::Number(1.0)));
                assert_eq!(claim.to_string(), format!("{} {} 1", metric.name, comparison.sign()));
            }
        }
        assert_eq!(number("refused_ratio < 1 %"), 0.01);
        assert_eq!(number("refused_ratio < 1e-6"), 1e-6);
        assert_eq!(number("first_refusal_s >= 1m30s"), 90.0);
        assert_eq!(number("connects_per_s >= 27k/min"), 450.0);
        assert_eq!(number("headroom_ports >= -1"), -1.0);
        // No share: a search can keep several CPUs busy.
        assert_eq!([number("search_cpu_ratio <= 5%"), number("search_cpu_ratio <= 2")], [0.05, 2.0]);
        let never = Claim::read("first_refusal_s == never").unwrap();
        assert_eq!((never.bound, never.to_string().as_str()), (Bound::Never, "first_refusal_s == never"));
    }

    #[test]
    fn a_comma_is_taken_for_what_it_stands_for() {
        for (text, help) in [
            ("refused_ratio > 0,5", "write 0.5"),
            ("refused_ratio > 0,125", "write 0.125"),
            ("headroom_ports >= 1,000", "write 1000"),
            ("headroom_ports >= 1,5", "write 1.5"),
            ("headroom_ports >= 1,000,000", "write 1000000"),
        ] {
            let faults = format!("{:?}", Claim::read(text).unwrap_err());
            assert!(faults.contains(&format!("{help}\"")), "{text}: {faults}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_word_by_word() {
        for (text, faults) in [
            ("", &[(0..0, "a claim needs a comparison and a number")][..]),
            ("refused_ratio", &[(0..13, "a claim needs a comparison and a number")]),
            ("refused", &[(0..7, "no metric is called \"refused\"")]),
            ("<= 1", &[(0..0, "a claim starts with the name of a metric")]),
            ("refused_ratio <= ", &[(0..17, "a claim ends with a number")]),
            ("refused_ratio = 1%", &[(14..15, "\"=\" is no comparison")]),
            ("ratio => 1", &[(0..5, "no metric is called \"ratio\""), (6..8, "\"=>\" is no comparison")]),
            ("refused_ratio <= inf", &[(17..20, "refused_ratio cannot be compared with \"inf\"")]),
            ("refused_ratio <= 5", &[(17..18, "refused_ratio lies between 0 and 1")]),
            ("refused_total <= 1,000", &[(17..22, "refused_total cannot be compared with \"1,000\"")]),
            ("busy_ports_peak < 90%", &[(18..21, "busy_ports_peak cannot be compared with \"90%\"")]),
            ("first_refusal_s > never", &[(18..23, "nothing lies before or after never")]),
            ("refused_total == never", &[(17..22, "refused_total always has its say")]),
            ("refused_ratio < 1 and probes_mean < 2", &[(16..33, "")]),
        ] {
            let found = Claim::read(text).unwrap_err();
            assert_eq!(found.len(), faults.len(), "{text}: {found:?}");
            for ((at, misfit), (expected, message)) in found.iter().zip(faults) {
                assert_eq!(at.start, expected.start, "{text}");
                assert!(misfit.message.starts_with(message), "{text}: {misfit:?}");
                assert!(message.is_empty() || at == expected, "{text}: {at:?}");
            }
        }
    }
}
