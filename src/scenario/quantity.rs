//! Quantities with units, as people write them: `1m30s`, `27k/min`, `32768-60999`, `85%`. Exact: no float rounds them.

use super::diagnostics::quoted;
use crate::des::{Rate, SimDuration};
use crate::port::PortRange;

/// Why a text is not the quantity it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// What stands beside the caret.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Misfit {
    pub(super) fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Ten years, leap days included: the longest anything may be written.
pub const TEN_YEARS: SimDuration = SimDuration::from_secs(3653 * 86_400);
/// The highest rate, in events per second.
pub const RATE_MAX: u64 = 100_000_000;

/// The units of time, each in nanoseconds.
pub(super) const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Digits with at most one point, as a count of 1e-9 units; `None` when it is no such number or does not fit.
fn nano_decimal(text: &str) -> Option<Nano> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 || whole.len() > 25 {
        return Some(Nano::OutOfReach);
    }
    let whole: u128 = whole.parse().ok()?;
    let fraction: u128 = format!("{fraction:0<9}").parse().ok()?;
    Some(Nano::Exact(whole * 1_000_000_000 + fraction))
}

enum Nano {
    Exact(u128),
    /// A number, but with more digits than any sensible quantity has.
    OutOfReach,
}

/// Splits after the leading digits and points.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// A span: `60s`, `1m30s`, `1.5s`, `50ms`, up to ten years, exact to the nanosecond.
///
/// # Errors
///
/// When it has no unit, an unknown one, is negative, too long, or no duration at all.
pub fn duration(text: &str) -> Result<SimDuration, Misfit> {
    if text.starts_with('-') && text[1..].starts_with(|c: char| c.is_ascii_digit()) {
        let misfit = Misfit::new("a duration cannot be negative", "below zero");
        return Err(if duration(&text[1..]).is_ok() {
            misfit.help(format!("write \"{}\"", &text[1..]))
        } else {
            misfit
        });
    }
    if text.is_empty() {
        return Err(no_duration(text));
    }
    let mut rest = text;
    let mut nanos: u128 = 0;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let (number, tail) = split_number(rest);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let number = nano_decimal(number).ok_or_else(|| no_duration(text))?;
        if unit.is_empty() {
            let misfit = no_unit(rest);
            let whole = format!("{text}s");
            // `1m30` lacks the unit of its last part only.
            return Err(if rest != text && duration(&whole).is_ok() {
                misfit.help(format!("write \"{whole}\""))
            } else {
                misfit
            });
        }
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, unit));
        };
        let Nano::Exact(number) = number else { return Err(too_fine_or_long(text)) };
        let part = number.checked_mul(u128::from(*factor)).ok_or_else(|| too_fine_or_long(text))?;
        if *factor >= last_unit {
            return Err(Misfit::new(format!("{} is not a duration", quoted(text)), "units go from long to short")
                .help("write \"1m30s\", with each unit once"));
        }
        if !part.is_multiple_of(1_000_000_000) {
            return Err(Misfit::new("a duration is a whole number of nanoseconds", "too fine"));
        }
        (nanos, last_unit, rest) = (nanos + part / 1_000_000_000, *factor, tail);
    }
    match u64::try_from(nanos).map(SimDuration::from_nanos) {
        Ok(span) if span <= TEN_YEARS => Ok(span),
        _ => Err(Misfit::new(format!("{} is longer than 10 years", quoted(text)), "too long")
            .help("write at most \"3653d\"")),
    }
}

fn no_duration(text: &str) -> Misfit {
    Misfit::new(format!("{} is not a duration", quoted(text)), "not a duration")
        .help("write a number and a unit, such as \"50ms\", \"60s\" or \"1m30s\"")
}

fn no_unit(text: &str) -> Misfit {
    // Only digits and points come here; nobody needs to see a thousand of them again.
    let text = &text[..text.len().min(40)];
    Misfit::new("a duration needs a unit", format!("{text} what?")).help(format!("write \"{text}ms\" or \"{text}s\""))
}

fn unknown_unit(text: &str, unit: &str) -> Misfit {
    let squeezed: String = text.split_whitespace().collect();
    if squeezed != text && duration(&squeezed).is_ok() {
        return Misfit::new(format!("{} is not a duration", quoted(text)), "has spaces")
            .help(format!("write \"{squeezed}\""));
    }
    Misfit::new(format!("{} is no unit of time", quoted(unit.trim())), "unknown unit")
        .help("the units are ns, us, ms, s, m (or min), h and d")
}

fn too_fine_or_long(text: &str) -> Misfit {
    Misfit::new(format!("{} is finer than a nanosecond or longer than 10 years", quoted(text)), "out of reach")
}

/// What to say when a bare number stands where a span belongs.
pub fn bare_duration(number: &str) -> Misfit {
    if number.starts_with('-') {
        return Misfit::new("a duration cannot be negative", "below zero")
            .help("write a number and a unit, such as \"10s\"");
    }
    no_unit(number)
}

/// What to say when a bare number stands where a rate belongs.
pub fn bare_rate(number: &str) -> Misfit {
    if number.starts_with('-') {
        return Misfit::new("a rate must be above zero", "below zero").help("write \"450/s\"");
    }
    Misfit::new("a rate needs a time", format!("{number} per what?"))
        .help(format!("write \"{number}/s\" or \"{number}/min\""))
}

/// Events per time: `450/s`, `27k/min`, `1.5M/h`, `1/700ms`.
///
/// # Errors
///
/// When it has no time, is zero, above 1e8/s, below one in ten years, or no rate at all.
///
/// # Panics
///
/// Never: a zero is an error before.
pub fn rate(text: &str) -> Result<Rate, Misfit> {
    let wrong = || {
        Misfit::new(format!("{} is not a rate", quoted(text)), "not a rate")
            .help("write a number, a slash and a time, such as \"450/s\", \"27k/min\" or \"1/700ms\"")
    };
    if let Some(plain) = respelled_rate(text) {
        return rate(&plain);
    }
    let Some((count, per)) = text.split_once('/') else {
        return Err(if matches!(nano_decimal(text), Some(Nano::Exact(_))) { bare_rate(text) } else { wrong() });
    };
    if count.starts_with('-') {
        return Err(Misfit::new("a rate must be above zero", "below zero").help("write \"450/s\""));
    }
    let (number, suffix) = split_number(count);
    let scale: u128 = match suffix {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        _ => return Err(wrong()),
    };
    let too_high =
        || Misfit::new(format!("{} is above 1e8/s", quoted(text)), "too high").help("write at most \"100M/s\"");
    let nano_events = match nano_decimal(number).ok_or_else(wrong)? {
        Nano::Exact(nano) => nano.checked_mul(scale).ok_or_else(too_high)?,
        Nano::OutOfReach => return Err(wrong()),
    };
    // A bare unit means one of it.
    let span = if per.starts_with(|c: char| c.is_ascii_alphabetic()) { format!("1{per}") } else { per.to_owned() };
    let span = duration(&span)?;
    if nano_events == 0 || span.is_zero() {
        return Err(Misfit::new("a rate must be above zero", "not above zero").help("write \"450/s\""));
    }
    // nano_events per span > 1e8 per 1e9 ns  <=>  nano_events > 1e8 * span in ns, since an event has 1e9 parts.
    if nano_events > u128::from(RATE_MAX) * u128::from(span.as_nanos()) {
        return Err(too_high());
    }
    if nano_events.saturating_mul(u128::from(TEN_YEARS.as_nanos())) < 1_000_000_000 * u128::from(span.as_nanos()) {
        return Err(Misfit::new(format!("{} is less than one in 10 years", quoted(text)), "too low"));
    }
    // A count beyond 64 bits can only be huge per a huge span: the same rate can be written smaller.
    let nano_events = u64::try_from(nano_events).map_err(|_| {
        Misfit::new(format!("{} counts too many events at once", quoted(text)), "too many")
            .help("write the same rate per second")
    })?;
    Ok(Rate::new(nano_events, span).expect("neither is zero"))
}

/// How a rate or a range is written here, where the text says it in a way that is as common elsewhere: `450rps`, `450/sec`,
/// and `1024 65535` as sysctl has it. `None` where the text is written so already, or is neither.
pub fn respelled(text: &str) -> Option<String> {
    let plain = respelled_rate(text).filter(|plain| rate(plain).is_ok());
    plain.or_else(|| respelled_range(text).filter(|plain| port_range(plain).is_ok()))
}

fn respelled_rate(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let per_second = ["rps", "qps", "cps"].iter().find_map(|unit| lower.strip_suffix(unit));
    let (count, per) = if let Some(count) = per_second {
        (count, "s")
    } else {
        let (count, per) = lower.split_once('/')?;
        let per = match per.trim() {
            "sec" | "secs" | "second" | "seconds" => "s",
            "minute" | "minutes" | "mins" => "min",
            "hour" | "hours" | "hr" => "h",
            "day" | "days" => "d",
            _ => return None,
        };
        (count, per)
    };
    // The letter of a million is a large one.
    let count = text.trim().get(..count.trim_end().len())?;
    count.starts_with(|letter: char| letter.is_ascii_digit()).then(|| format!("{count}/{per}"))
}

fn respelled_range(text: &str) -> Option<String> {
    let mut ports = text.split_whitespace();
    let (first, last) = (ports.next()?, ports.next()?);
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (ports.next().is_none() && is_port(first) && is_port(last)).then(|| format!("{first}-{last}"))
}

/// An inclusive range of ports: `32768-60999`.
///
/// # Errors
///
/// When it is reversed, has a port outside 1-65535, or is no range at all.
pub fn port_range(text: &str) -> Result<PortRange, Misfit> {
    if let Some(plain) = respelled_range(text) {
        return port_range(&plain);
    }
    let Some((first, last)) = text.split_once('-') else {
        let misfit = Misfit::new(format!("{} is not a port range", quoted(text)), "not a range");
        return Err(match port(text) {
            Ok(one) => misfit.help(format!("write \"{one}-{}\", first and last port", one.saturating_add(999))),
            Err(_) => misfit.help("write the first and the last port, such as \"32768-60999\""),
        });
    };
    if first.trim().is_empty() || last.trim().is_empty() {
        return Err(Misfit::new(format!("{} is not a port range", quoted(text)), "half a range")
            .help("write the first and the last port, such as \"32768-60999\""));
    }
    let (first, last) = (port(first.trim())?, port(last.trim())?);
    PortRange::new(first, last).ok_or_else(|| {
        Misfit::new(format!("port range {first}-{last} is reversed"), "the first port is above the last")
            .help(format!("swap them: \"{last}-{first}\""))
    })
}

/// One port or a range of them, as reserved ports are written: `8080`, `40300-40599`.
///
/// # Errors
///
/// As [`port_range`].
///
/// # Panics
///
/// Never: port 0 is an error before.
pub fn port_or_range(text: &str) -> Result<PortRange, Misfit> {
    if text.trim_start_matches('-').contains('-') {
        return port_range(text);
    }
    let one = port(text.trim())?;
    Ok(PortRange::new(one, one).expect("a port is not 0"))
}

/// A port: 1 to 65535.
fn port(text: &str) -> Result<u16, Misfit> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Misfit::new(format!("{} is not a port", quoted(text)), "not a port")
            .help("ports go from 1 to 65535: write one, such as 443, or a range, such as \"60000-60010\""));
    }
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Misfit::new(format!("port {} is outside 1-65535", &text[..text.len().min(20)]), "no such port")
            .help("ports go from 1 to 65535")),
    }
}

/// A ratio as a percentage: `85%`.
///
/// # Errors
///
/// When it is not a number with a per cent sign.
pub fn percentage(text: &str) -> Result<f64, Misfit> {
    let number = text.strip_suffix('%').map(str::trim_end).filter(|number| nano_decimal(number).is_some());
    number.and_then(|number| number.parse::<f64>().ok()).map(|number| number / 100.0).ok_or_else(|| {
        Misfit::new(format!("{} is not a share", quoted(text)), "not a number").help("write 0.85 or \"85%\"")
    })
}

/// A span so that [`duration`] reads it back exactly: `60s`, `0.05s`.
pub fn write_duration(span: SimDuration) -> String {
    format!("{span}s")
}

/// A rate so that [`rate`] reads it back exactly: `450/s`, `1/0.7s`.
pub fn write_rate(rate: Rate) -> String {
    // A span prints its nanoseconds as decimal seconds, which is what a count of 1e-9 events needs too.
    let count = SimDuration::from_nanos(rate.nano_events());
    if rate.per() == SimDuration::from_secs(1) { format!("{count}/s") } else { format!("{count}/{}s", rate.per()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, nanos) in [
            ("60s", 60_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5s", 1_500_000_000),
            ("50ms", 50_000_000),
            ("2us", 2_000),
            ("2\u{b5}s", 2_000),
            ("10ns", 10),
            ("1h", 3_600_000_000_000),
            ("2d12h", 216_000_000_000_000),
            ("10min", 600_000_000_000),
            ("0s", 0),
            ("0.1s", 100_000_000),
            ("1.000000001s", 1_000_000_001),
            ("1.246s", 1_246_000_000),
            ("3653d", TEN_YEARS.as_nanos()),
        ] {
            assert_eq!(duration(text).map(SimDuration::as_nanos), Ok(nanos), "{text}");
            let span = SimDuration::from_nanos(nanos);
            assert_eq!(duration(&write_duration(span)), Ok(span));
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, message) in [
            ("50", "a duration needs a unit"),
            ("", "\"\" is not a duration"),
            ("1m30", "a duration needs a unit"),
            ("-5s", "a duration cannot be negative"),
            ("5x", "\"x\" is no unit of time"),
            ("50 ms", "\"50 ms\" is not a duration"),
            ("30s1m", "\"30s1m\" is not a duration"),
            ("1s1s", "\"1s1s\" is not a duration"),
            ("0.5ns", "a duration is a whole number of nanoseconds"),
            ("3654d", "\"3654d\" is longer than 10 years"),
            (
                "99999999999999999999999999999999999s",
                "\"99999999999999999999999999999999999s\" is finer than a \
                nanosecond or longer than 10 years",
            ),
            (
                "9999999999999999999999999d",
                "\"9999999999999999999999999d\" is finer than a nanosecond or longer than 10 years",
            ),
            ("inf", "\"inf\" is not a duration"),
            ("1e3s", "\"e\" is no unit of time"),
            ("1.s", "\"1.s\" is not a duration"),
            ("1.2.3s", "\"1.2.3s\" is not a duration"),
            ("1s.", "\"1s.\" is not a duration"),
            ("-", "\"-\" is not a duration"),
        ] {
            assert_eq!(duration(text).map_err(|misfit| misfit.message), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn rates_are_exact() {
        for (text, per_second) in
            [("450/s", 450.0), ("27k/min", 450.0), ("1/700ms", 1.0 / 0.7), ("1.5M/h", 1.5e6 / 3600.0), ("100M/s", 1e8)]
        {
            let read = rate(text).unwrap();
            assert!((read.events_per_second() / per_second - 1.0).abs() < 1e-12, "{text}");
            assert_eq!(rate(&write_rate(read)), Ok(read), "{text}");
        }
        for (text, message) in [
            ("450", "a rate needs a time"),
            ("450/", "\"\" is not a duration"),
            ("450/x", "\"x\" is no unit of time"),
            ("0/s", "a rate must be above zero"),
            ("-1/s", "a rate must be above zero"),
            ("1/0s", "a rate must be above zero"),
            ("101M/s", "\"101M/s\" is above 1e8/s"),
            ("1/s/s", "\"s/s\" is no unit of time"),
            ("1G/s", "\"1G/s\" is not a rate"),
            ("9999999999999999/3653d", "\"9999999999999999/3653d\" counts too many events at once"),
            ("fast", "\"fast\" is not a rate"),
            ("0.000000001/3653d", "\"0.000000001/3653d\" is less than one in 10 years"),
        ] {
            assert_eq!(rate(text).map_err(|misfit| misfit.message), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn ranges_and_ports() {
        assert_eq!(port_range("32768-60999"), Ok(PortRange::new(32768, 60999).unwrap()));
        assert_eq!(port_range("80 - 80"), Ok(PortRange::new(80, 80).unwrap()));
        assert_eq!(port_or_range("8080"), Ok(PortRange::new(8080, 8080).unwrap()));
        for (text, message) in [
            ("60999-32768", "port range 60999-32768 is reversed"),
            ("0-100", "port 0 is outside 1-65535"),
            ("1-65536", "port 65536 is outside 1-65535"),
            ("a-b", "\"a\" is not a port"),
            ("40000", "\"40000\" is not a port range"),
            ("1-2-3", "\"2-3\" is not a port"),
            ("1-", "\"1-\" is not a port range"),
            ("-1", "\"-1\" is not a port range"),
        ] {
            assert_eq!(port_range(text).map_err(|misfit| misfit.message), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn percentages() {
        assert_eq!(percentage("85%"), Ok(0.85));
        for text in ["85", "%", "-5%", "nan%", "1e3%"] {
            assert!(percentage(text).is_err(), "{text}");
        }
    }
}
