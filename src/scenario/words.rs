//! Numbers as people read them: `28,232`, `10 min`, `4 min 31 s`, `about 5.4 million`.

use crate::des::SimDuration;

/// A whole number with commas: `28,232`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count or a load to about three digits: `27,483`, `12.3`, `0.0456`.
pub fn figure(number: f64) -> String {
    if number >= 100.0 {
        return whole(number);
    }
    let places = match number {
        _ if number >= 10.0 => 1,
        _ if number >= 1.0 => 2,
        _ if number >= 0.1 => 3,
        _ if number >= 0.01 => 4,
        _ if number >= 1e-6 => 7,
        _ => return if number > 0.0 { format!("{number:.2e}") } else { "0".to_owned() },
    };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A large number to two digits: `about 5.4 million`, `about 27,000`, `730`.
pub fn about(number: f64) -> String {
    if !number.is_finite() {
        return "endless".to_owned();
    }
    if number < 999.5 {
        return figure(number);
    }
    let (scale, name) = match number {
        _ if number >= 1e12 => (1e12, " trillion"),
        _ if number >= 1e9 => (1e9, " billion"),
        _ if number >= 1e6 => (1e6, " million"),
        _ => (1.0, ""),
    };
    let scaled = number / scale;
    if scaled < 9.95 && scale > 1.0 {
        return format!("about {scaled:.1}{name}");
    }
    let mut step = 1.0;
    while scaled / step >= 99.5 {
        step *= 10.0;
    }
    format!("about {}{name}", whole((scaled / step).round() * step))
}

/// A number rounded to a whole one.
fn whole(number: f64) -> String {
    // `as` saturates, and nothing near 2^64 is ever counted.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; negative never comes")]
    let rounded = number.round() as u64;
    thousands(rounded)
}

/// A span in one or two units: `50 ms`, `56.5 s`, `10 min`, `4 min 31 s`, `2 h 30 min`, `10 d`. Minutes begin at 120 s.
pub fn span(span: SimDuration) -> String {
    let nanos = span.as_nanos();
    let part = |unit: u64, name: &str| format!("{} {name}", figure(nanos as f64 / unit as f64));
    match nanos {
        0 => "0 s".to_owned(),
        1..=999 => part(1, "ns"),
        1_000..=999_499 => part(1_000, "us"),
        999_500..=999_499_999 => part(1_000_000, "ms"),
        999_500_000..=119_499_999_999 => part(1_000_000_000, "s"),
        _ => {
            let seconds = (nanos + 500_000_000) / 1_000_000_000;
            let minutes = (seconds + 30) / 60;
            let hours = (minutes + 30) / 60;
            if seconds < 7200 {
                two(seconds / 60, "min", seconds % 60, "s")
            } else if minutes < 48 * 60 {
                two(minutes / 60, "h", minutes % 60, "min")
            } else {
                two(hours / 24, "d", hours % 24, "h")
            }
        }
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    let large = format!("{} {large_unit}", thousands(large));
    if small == 0 { large } else { format!("{large} {small} {small_unit}") }
}

/// A list of names: `a`, `a and b`, `3 destinations` when there are more than two.
pub fn names(all: &[&str], kind: &str) -> String {
    match all {
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        _ => format!("{} {kind}s", thousands(all.len() as u64)),
    }
}

/// A count with its noun: `1 run`, `20 runs`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (28_232, "28,232"), (1_000_000, "1,000,000")] {
            assert_eq!(thousands(number), text);
        }
        for (number, text) in [(27_483.3, "27,483"), (12.34, "12.3"), (2.0, "2"), (0.045_67, "0.0457"), (0.0, "0")] {
            assert_eq!(figure(number), text);
        }
    }

    #[test]
    fn large_numbers_have_two_digits() {
        for (number, text) in [
            (730.0, "730"),
            (27_483.0, "about 27,000"),
            (5.4e6, "about 5.4 million"),
            (12.3e6, "about 12 million"),
            (123.0e6, "about 120 million"),
            (2.8e12, "about 2.8 trillion"),
            (1e18, "about 1,000,000 trillion"),
        ] {
            assert_eq!(about(number), text);
        }
    }

    #[test]
    fn spans_have_the_unit_that_fits() {
        for (nanos, text) in [
            (0, "0 s"),
            (15, "15 ns"),
            (50_000_000, "50 ms"),
            (56_540_000_000, "56.5 s"),
            (80_000_000_000, "80 s"),
            (119_400_000_000, "119 s"),
            (120_000_000_000, "2 min"),
            (271_000_000_000, "4 min 31 s"),
            (600_000_000_000, "10 min"),
            (9_000_000_000_000, "2 h 30 min"),
            (864_000_000_000_000, "10 d"),
            (999_600_000, "1 s"),
        ] {
            assert_eq!(span(SimDuration::from_nanos(nanos)), text);
        }
    }
}
