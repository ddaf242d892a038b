//! Ticks by the 1-2-5 rule, and units of time.

use super::super::words;
use crate::numeric;

/// A pool of fewer ports is drawn in steps: each port counts.
pub(super) const TINY_PORTS: f64 = 50.0;

/// One axis: from where to where, its ticks and its title.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Values in the unit of the data, and what stands beside them.
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) title: String,
}

/// How long steps between ticks may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// Any step.
    Fine,
    /// Whole numbers only.
    Whole,
}

/// Which way figures become places along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Of figures above 0, as on an axis of [`Axis::decades`].
    Log,
}

impl Scale {
    pub(super) fn place(self, value: f64) -> f64 {
        if self == Self::Log { decimal_log(value.max(1e-300)) } else { value }
    }
}

impl Axis {
    /// An axis for a plain figure.
    pub(super) fn figures(title: &str, (from, to): (f64, f64), grain: Grain) -> Self {
        let label = |value: f64, step: f64| tick(value, step);
        Self { from, to, ticks: ticks((from, to), grain, label), title: title.into() }
    }

    /// An axis for figures from 1 to `to` by their decimal logarithm, which is what its ends and ticks hold.
    pub(super) fn log(title: &str, to: f64) -> Self {
        let decades = log10(to).max(log10(2.0));
        // Powers of ten; when there are few of them, 2 and 5 times these too.
        let steps: &[f64] = if decades > 2.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let powers = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
        let values = powers.iter().flat_map(|power| steps.iter().map(move |step| power * step));
        let ticks = values.map(|value| (log10(value), words::count(value)));
        let ticks = ticks.take_while(|(value, _)| *value <= decades + 1e-9).collect();
        Self { from: 0.0, to: decades, ticks, title: title.into() }
    }

    /// An axis for figures above 0 by their decimal logarithm, which is what its ends and ticks hold.
    pub(super) fn decades(title: &str, (from, to): (f64, f64), label: impl Fn(f64) -> String) -> Self {
        let (from, to) = (decimal_log(from), decimal_log(to));
        // At most about six ticks: every power of ten, or every so manieth; where there are few of them, 2 and 5 times
        // these too.
        let stride = ((to - from) / 6.0).ceil().max(1.0);
        let steps: &[f64] = if to - from > 2.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut ticks = Vec::new();
        let mut power = from.floor();
        while power <= to + 1e-9 {
            let values = steps.iter().map(|step| exp10(power) * step);
            let inside = values.filter(|value| (from - 1e-9..=to + 1e-9).contains(&decimal_log(*value)));
            // Of a value just below a power of ten the label would be another.
            ticks.extend(inside.map(|value| (decimal_log(value), label(value * (1.0 + 1e-12)))));
            power += stride;
        }
        Self { from, to, ticks, title: title.into() }
    }

    /// An axis for times above 0, in seconds, by their decimal logarithm, which is what its ends and ticks hold.
    pub(super) fn times(title: &str, (from, to): (f64, f64)) -> Self {
        let (from, to) = (decimal_log(from), decimal_log(to));
        let inside = |steps: &[f64]| -> Vec<(f64, String)> {
            let times = round_times(steps).map(|(time, text)| (decimal_log(time), text));
            times.filter(|(place, _)| (from - 1e-9..=to + 1e-9).contains(place)).collect()
        };
        let mut ticks = inside(&[1.0]);
        if ticks.len() < 4 {
            ticks = inside(&[1.0, 2.0, 5.0]);
        }
        let stride = ticks.len().div_ceil(7);
        let ticks = ticks.into_iter().step_by(stride).collect();
        Self { from, to, ticks, title: title.into() }
    }

    /// An axis for shares from 0 to 100 %.
    pub(super) fn shares(title: &str) -> Self {
        let ticks = (0..=5).map(|fifth| (f64::from(fifth) / 5.0, format!("{} %", fifth * 20))).collect();
        Self { from: 0.0, to: 1.0, ticks, title: title.into() }
    }

    /// An axis for time in seconds, shown in the unit that suits its end.
    pub(super) fn time(title: &str, (from, to): (f64, f64)) -> Self {
        let (unit, name) = time_unit(to);
        let ticks = ticks((from / unit, to / unit), Grain::Fine, tick);
        let ticks = ticks.into_iter().map(|(value, text)| (value * unit, text)).collect();
        Self { from, to, ticks, title: format!("{title} ({name})") }
    }
}

/// The decimal logarithm; of less than 1 that of 1.
pub(super) fn log10(value: f64) -> f64 {
    decimal_log(value.max(1.0))
}

/// The decimal logarithm of any positive number.
pub(super) fn decimal_log(value: f64) -> f64 {
    numeric::ln(value) / std::f64::consts::LN_10
}

/// What has this decimal logarithm.
pub(super) fn exp10(value: f64) -> f64 {
    numeric::exp(value * std::f64::consts::LN_10)
}

/// Seconds and fractions, minutes from 600 s on, hours from 6 h on, days from 4 days on.
fn time_unit(longest_s: f64) -> (f64, &'static str) {
    match longest_s {
        345_600.0.. => (86_400.0, "days"),
        21_600.0.. => (3_600.0, "h"),
        600.0.. => (60.0, "min"),
        1.0.. => (1.0, "s"),
        1e-3.. => (1e-3, "ms"),
        1e-6.. => (1e-6, "us"),
        _ => (1e-9, "ns"),
    }
}

/// Times that are so many times a power of ten of their unit, rising: 10 s, 1 min, 10 min, 1 h.
fn round_times(steps: &[f64]) -> impl Iterator<Item = (f64, String)> {
    const NEXT: [(f64, &str, f64); 7] = [
        (1e-9, "ns", 1e-6),
        (1e-6, "us", 1e-3),
        (1e-3, "ms", 1.0),
        (1.0, "s", 60.0),
        (60.0, "min", 3_600.0),
        (3_600.0, "h", 86_400.0),
        (86_400.0, "d", 864_000_000.0),
    ];
    NEXT.into_iter().flat_map(move |(unit, name, next)| {
        let values =
            [1.0, 10.0, 100.0, 1_000.0].into_iter().flat_map(move |power| steps.iter().map(move |step| power * step));
        let below = values.filter(move |value| value * unit < 0.9 * next);
        below.map(move |value| (value * unit, format!("{} {name}", words::count(value))))
    })
}

/// Four to six ticks at whole multiples of 1, 2 or 5 times a power of ten; where no such step gives that, nearly so.
fn ticks((from, to): (f64, f64), grain: Grain, label: impl Fn(f64, f64) -> String) -> Vec<(f64, String)> {
    let span = to - from;
    if span <= 0.0 {
        return vec![(from, label(from, 1.0))];
    }
    let mut power = 1e-9;
    let mut best = (f64::MAX, 1.0);
    while power < 1e18 {
        for factor in [1.0, 2.0, 5.0] {
            let step = power * factor;
            let count = (to / step + 1e-9).floor() - (from / step - 1e-9).ceil() + 1.0;
            // Too few is worse than too many.
            let miss = (4.0 - count).max(0.0) * 1.5 + (count - 6.0).max(0.0);
            if miss < best.0 && (grain == Grain::Fine || step >= 1.0) {
                best = (miss, step);
            }
        }
        power *= 10.0;
    }
    let step = best.1;
    let mut index = (from / step - 1e-9).ceil();
    let mut ticks = Vec::new();
    while index * step <= to + step * 1e-9 {
        // Adding 0 turns -0 into 0.
        ticks.push((index * step + 0.0, label(index * step + 0.0, step)));
        index += 1.0;
    }
    ticks
}

/// The text of a tick, with the decimals its step needs.
fn tick(value: f64, step: f64) -> String {
    let mut decimals = 0;
    let mut scaled = step;
    while scaled < 0.999 && decimals < 9 {
        scaled *= 10.0;
        decimals += 1;
    }
    if decimals == 0 { words::count(value) } else { format!("{value:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> String {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_are_one_two_or_five() {
        let axis = |to| texts(&Axis::figures("ports", (0.0, to), Grain::Fine));
        assert_eq!(axis(29_643.6), "0 5,000 10,000 15,000 20,000 25,000");
        assert_eq!(axis(21.0), "0 5 10 15 20");
        assert_eq!(axis(1.05), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(texts(&Axis::figures("ports", (0.0, 2.1), Grain::Whole)), "0 1 2");
        assert_eq!(texts(&Axis::figures("ports", (3.0, 3.0), Grain::Whole)), "3");
    }

    #[test]
    fn logarithms_have_powers_of_ten_or_more() {
        assert_eq!(texts(&Axis::log("probes", 28_232.0)), "1 10 100 1,000 10,000");
        assert_eq!(texts(&Axis::log("probes", 21.0)), "1 2 5 10 20");
        assert_eq!(texts(&Axis::log("probes", 0.0)), "1 2");
        assert!((Axis::log("probes", 1000.0).ticks[2].0 - 2.0).abs() < 1e-12);
    }

    #[test]
    fn decades_begin_anywhere() {
        let axis = |ends| texts(&Axis::decades("risk", ends, words::percent));
        assert_eq!(axis((1e-4, 0.15)), "0.01 0.1 1 10");
        assert_eq!(axis((0.01, 0.2)), "1 2 5 10 20");
        assert_eq!(axis((1e-12, 1.0)).split(' ').count(), 7);
    }

    #[test]
    fn times_are_round_in_their_units() {
        let axis = |ends| texts(&Axis::times("rest", ends));
        assert_eq!(axis((0.02, 4_000.0)), "100 ms 1 s 10 s 1 min 10 min 1 h");
        assert_eq!(axis((0.04, 8.0)), "50 ms 100 ms 200 ms 500 ms 1 s 2 s 5 s");
        assert_eq!(axis((1e-9, 9e5)), "1 ns 1 us 1 ms 1 s 10 min 1 d");
    }

    #[test]
    fn time_has_the_unit_that_suits_it() {
        let axis = Axis::time("time", (0.0, 600.0));
        assert_eq!((texts(&axis).as_str(), axis.title.as_str()), ("0 2 4 6 8 10", "time (min)"));
        assert!((axis.ticks[1].0 - 120.0).abs() < 1e-9);
        assert_eq!(texts(&Axis::time("time", (56.0, 57.0))), "56.0 56.2 56.4 56.6 56.8 57.0");
        assert_eq!(Axis::time("time", (0.0, 86_400.0)).title, "time (h)");
        assert_eq!(texts(&Axis::time("time", (0.0, 864_000.0))), "0 2 4 6 8 10");
        assert_eq!(Axis::time("time", (0.0, 599.0)).title, "time (s)");
        assert_eq!(texts(&Axis::time("time", (0.0, 9e-7))), "0 200 400 600 800");
    }
}
