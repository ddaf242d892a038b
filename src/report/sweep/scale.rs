//! The values of an axis as numbers, where they are: rates, times, ports of a range, shares, plain numbers.

use super::super::words;
use crate::des::Rate;
use crate::scenario::quantity;

/// What the numbers of an axis count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Events per second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Ports of a range.
    Ports,
    /// Per cent.
    Percent,
    /// Whatever the key is about.
    Plain,
}

/// A value as a number, and what it counts; `None` when it is neither a number nor a quantity.
pub(super) fn number(text: &str) -> Option<(Unit, f64)> {
    let text = text.trim().trim_matches('"');
    let plain = || text.parse().ok().filter(|value: &f64| value.is_finite()).map(|value| (Unit::Plain, value));
    let pace = || quantity::rate(text).ok().map(|rate| (Unit::PerSecond, Rate::events_per_second(rate)));
    let span = || quantity::duration(text).ok().map(|span| (Unit::Seconds, span.as_secs_f64()));
    let ports = || quantity::port_range(text).ok().map(|range| (Unit::Ports, f64::from(range.len())));
    let share = || quantity::percentage(text).ok().map(|share| (Unit::Percent, share * 100.0));
    plain().or_else(pace).or_else(span).or_else(ports).or_else(share)
}

/// The values as numbers, in their order: all of one unit, no two alike; `None` when they are not.
pub(super) fn numbers(values: &[String]) -> Option<(Unit, Vec<f64>)> {
    let all: Vec<(Unit, f64)> = values.iter().map(|value| number(value)).collect::<Option<_>>()?;
    let unit = all.first()?.0;
    let mut sorted: Vec<f64> = all.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let differ = sorted.windows(2).all(|pair| pair[0] < pair[1]);
    let alike = all.iter().all(|(other, _)| *other == unit);
    (alike && differ).then(|| (unit, all.into_iter().map(|(_, value)| value).collect()))
}

impl Unit {
    /// A value in words: `450/s`, `50 ms`, `28,232 ports`.
    pub fn in_words(self, value: f64) -> String {
        match self {
            // Three digits, as everywhere in a picture; slow ones per minute, hour or day.
            Self::PerSecond if (0.9995..9.9995).contains(&value) => format!("{}/s", words::figure(value)),
            Self::PerSecond => words::pace(value),
            Self::Seconds => words::seconds(value),
            Self::Ports => format!("{} ports", words::count(value)),
            Self::Percent => format!("{} %", words::figure(value)),
            Self::Plain => words::figure(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_of_their_unit() {
        for (text, expected) in [
            ("450/s", Some((Unit::PerSecond, 450.0))),
            ("\"50ms\"", Some((Unit::Seconds, 0.05))),
            ("32768-60999", Some((Unit::Ports, 28_232.0))),
            ("85%", Some((Unit::Percent, 85.0))),
            ("3", Some((Unit::Plain, 3.0))),
            ("auto", None),
            ("nan", None),
            ("{ constant = 3 }", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn an_axis_is_numeric_when_all_its_values_are_and_differ() {
        let of = |values: &[&str]| numbers(&values.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of(&["1s", "500ms"]), Some((Unit::Seconds, vec![1.0, 0.5])));
        assert_eq!(of(&["1s", "auto"]), None);
        assert_eq!(of(&["1s", "2/s"]), None);
        assert_eq!(of(&["1-10", "11-20"]), None, "two ranges of one size");
        assert_eq!(of(&[]), None);
    }
}
