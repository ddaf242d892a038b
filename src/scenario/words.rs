//! Numbers as people write them: `28,232`, `4 min 31 s`, `0.45 %`, `about 5.4 million`.
//!
//! Everything here rounds for reading; the CSV holds the figure itself. The one place for messages, the summary and
//! charts alike.

use crate::des::SimDuration;
use std::ffi::OsStr;

/// Columns of a terminal that everybody has.
pub const WIDTH: usize = 80;

/// A whole number with commas: `28,232`.
pub fn thousands(number: u64) -> String {
    commas(&number.to_string())
}

/// A whole number with thousands commas; halves round to even.
pub fn count(value: f64) -> String {
    commas(&format!("{value:.0}"))
}

/// A number with so many decimals and with thousands commas: `27,959.6`.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", commas(whole)),
        None => commas(&text),
    }
}

/// At most three significant digits, all digits from 1,000 on, thousands commas.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if size >= 99.95 {
        count(value)
    } else if size >= 9.995 {
        trim(format!("{value:.1}"))
    } else if size >= 0.9995 {
        trim(format!("{value:.2}"))
    } else if size >= 0.000_999_5 {
        trim(format!("{value:.*}", decimals(size, 3)))
    } else {
        format!("{value:.1e}")
    }
}

/// A share in per cent, without the sign: two significant digits below 10, one decimal above.
pub fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if size < 0.01 {
        format!("{value:.1e}")
    } else if size < 9.95 {
        trim(format!("{value:.*}", decimals(size, 2)))
    } else {
        // What is not all does not print as all.
        let all = |text: &String| ratio < 1.0 && text.parse() == Ok(100.0);
        let finer = (1..=9).map(|decimals| format!("{value:.decimals$}")).find(|text| !all(text));
        finer.map_or_else(|| "100".into(), trim)
    }
}

/// A share as a number: two decimals, below 0.1 two significant digits: `0.90`, `0.0045`.
pub fn ratio(ratio: f64) -> String {
    let size = ratio.abs();
    if size == 0.0 {
        "0".into()
    } else if size >= 0.0995 {
        format!("{ratio:.2}")
    } else if size >= 0.000_099_5 {
        format!("{ratio:.*}", decimals(size, 2))
    } else {
        format!("{ratio:.1e}")
    }
}

/// A risk in per cent, without the sign: whole numbers, except near 0 and 100 where a decimal decides.
pub fn risk(ratio: f64) -> String {
    if (0.0195..=0.9805).contains(&ratio) { format!("{:.0}", ratio * 100.0) } else { percent(ratio) }
}

/// An upper bound of a probability: `0.0096`, `2.3e-18`; nobody needs to know one below 1e-99.
pub fn bound(ratio: f64) -> String {
    if ratio < 1e-99 { "1e-99".into() } else { figure(ratio) }
}

/// A rate with a digit more than one needs, to tell rungs apart: `444.0/s`, `1,022.8/s`, `25,900/s`.
pub fn rate(value: f64) -> String {
    if value.is_infinite() {
        return "any rate".into();
    }
    if value > 0.0 && value < 0.099_95 {
        return format!("{}/s", figure(value));
    }
    format!("{}/s", fixed(value, rate_decimals(value)))
}

/// The decimals that [`rate`] shows.
fn rate_decimals(value: f64) -> usize {
    match value {
        _ if value >= 9_999.95 => 0,
        _ if value >= 99.995 => 1,
        _ if value >= 9.9995 => 2,
        _ if value >= 0.999_95 => 3,
        _ if value >= 0.099_95 || value <= 0.0 => 4,
        _ if value >= 0.000_999_5 => decimals(value, 3),
        _ => decimals(value, 2),
    }
}

/// A rate cut where [`rate`] would round it, so that a limit that is told is one that is kept.
pub fn floor_rate(value: f64) -> String {
    let scale = (0..rate_decimals(value)).fold(1.0, |scale, _| scale * 10.0);
    // One part in 1e12 more, so that 444 does not become 443.9.
    rate(if value.is_finite() { (value * scale * (1.0 + 1e-12)).floor() / scale } else { value })
}

/// A rate without zeros at the end: `450/s`.
pub fn short_rate(value: f64) -> String {
    short(&rate(value))
}

/// A limit without zeros at the end.
pub fn short_floor_rate(value: f64) -> String {
    short(&floor_rate(value))
}

fn short(rate: &str) -> String {
    match rate.strip_suffix("/s") {
        Some(number) if number.contains('.') && !number.contains('e') => {
            format!("{}/s", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => rate.to_owned(),
    }
}

/// The same for those who describe a load, slow ones per minute, hour or day: `450/s`, `6/min`.
pub fn pace(per_second: f64) -> String {
    if per_second >= 0.9995 || per_second <= 0.0 {
        return short_rate(per_second);
    }
    let (span, unit) = unit_of_pace(per_second);
    format!("{}/{unit}", figure(per_second * span))
}

/// A limit as [`pace`] tells it, cut like that of [`floor_rate`]: `444.0/s`, `9.88/s`, `28.1/h`.
pub fn floor_pace(per_second: f64) -> String {
    if !(per_second > 0.0 && per_second < 9.9995) {
        return floor_rate(per_second);
    }
    let (span, unit) = unit_of_pace(per_second);
    let value = per_second * span;
    let shown = if value >= 9.995 { 1 } else { decimals(value, 3) };
    let scale = (0..shown).fold(1.0, |scale, _| scale * 10.0);
    format!("{}/{unit}", figure((value * scale * (1.0 + 1e-12)).floor() / scale))
}

/// The shortest unit of time, in seconds and by name, in which there is one at this pace.
fn unit_of_pace(per_second: f64) -> (f64, &'static str) {
    let units = [(1.0, "s"), (60.0, "min"), (3_600.0, "h"), (86_400.0, "day")];
    units.into_iter().find(|(span, _)| per_second * span >= 0.9995).unwrap_or(units[3])
}

/// How much more it is: `+3.3 %`, `2.4 times as much`.
pub fn more(ratio: f64) -> String {
    if ratio < 2.0 { format!("+{} %", percent(ratio - 1.0)) } else { format!("{} times as much", figure(ratio)) }
}

/// Seconds as a span: `50 ms`, `56.5 s`, `4 min 31 s` from 120 s on, `2 h 5 min` from two hours on, `10 d 4 h` from two days on.
pub fn seconds(seconds: f64) -> String {
    if seconds == 0.0 {
        "0 s".into()
    } else if seconds < 0.999_5e-6 {
        format!("{} ns", figure(seconds * 1e9))
    } else if seconds < 0.999_5e-3 {
        format!("{} us", figure(seconds * 1e6))
    } else if seconds < 0.999_5 {
        format!("{} ms", figure(seconds * 1e3))
    } else if seconds < 119.5 {
        format!("{} s", figure(seconds))
    } else if seconds < 7_199.5 {
        two_units(seconds, 1.0, "s", 60.0, "min")
    } else if seconds < 172_770.0 {
        two_units(seconds, 60.0, "min", 60.0, "h")
    } else {
        two_units(seconds, 3_600.0, "h", 24.0, "d")
    }
}

/// A span of time to two digits: `3.2 ms`.
pub fn about_seconds(span: f64) -> String {
    let mut step = 1e-9;
    while step * 99.5 < span && step < 1.0 {
        step *= 10.0;
    }
    seconds((span / step).round() * step)
}

/// An interval of seconds, its unit said once where both ends have one: `56.0 to 57.0 s`. Ends that read alike are said
/// once: `28.2 s`.
pub fn between(low: f64, high: f64) -> String {
    let (low, high) = (seconds(low), seconds(high));
    match (low.split_once(' '), high.split_once(' ')) {
        _ if low == high => low,
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// A span of simulated time, in the same words.
pub fn span(span: SimDuration) -> String {
    seconds(span.as_secs_f64())
}

/// `4 min 31 s`: rounded to whole `small`s, of which `ratio` make one large unit.
fn two_units(seconds: f64, small: f64, small_name: &str, ratio: f64, large_name: &str) -> String {
    let total = (seconds / small).round();
    let large = (total / ratio).floor();
    let rest = total - large * ratio;
    if rest == 0.0 {
        format!("{} {large_name}", count(large))
    } else {
        format!("{} {large_name} {rest:.0} {small_name}", count(large))
    }
}

/// `1 run`, `20 runs`, `2 addresses`.
pub fn plural(number: u64, noun: &str) -> String {
    let s = match noun {
        _ if number == 1 => "",
        _ if noun.ends_with('s') || noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {noun}{s}", thousands(number))
}

/// A figure and what it counts: `1 port`, `28,232 ports`, `2.5 ports`.
pub fn counted(value: f64, noun: &str) -> String {
    let number = figure(value);
    let s = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{s}")
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
    format!("about {}{name}", count((scaled / step).round() * step))
}

/// A space that no line ends at; written as a plain one.
pub const SOLID_SPACE: char = '\u{a0}';

/// A text that is kept on one line: `4 min 31 s`.
pub fn solid(text: &str) -> String {
    text.replace(' ', &SOLID_SPACE.to_string())
}

/// What stands in brackets is kept on one line: `0.90 (0.70 to 0.97)`.
pub fn solid_brackets(text: &str) -> String {
    let inside = |depth: &mut u32, c: char| {
        *depth = depth.wrapping_add((c == '(').into()).wrapping_sub((c == ')').into());
        Some(if *depth > 0 && c == ' ' { SOLID_SPACE } else { c })
    };
    text.chars().scan(0, inside).collect()
}

/// Lines of words that fit into `width` columns; a word that never fits stands alone.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let length = |text: &str| text.chars().count();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// A place in a row: `1st`, `28,233rd`.
pub fn ordinal(number: f64) -> String {
    let digits = count(number);
    let teen = ["11", "12", "13"].iter().any(|teen| digits.ends_with(teen));
    let suffix = match digits.chars().last() {
        Some('1') if !teen => "st",
        Some('2') if !teen => "nd",
        Some('3') if !teen => "rd",
        _ => "th",
    };
    format!("{digits}{suffix}")
}

/// A message whose lines are broken to fit the screen.
pub fn fitted(text: &str) -> String {
    text.lines().flat_map(|line| wrapped(line, WIDTH)).collect::<Vec<_>>().join("\n")
}

/// The name of a file or folder, or any text of unknown origin, as a screen shows it: what would upset a terminal
/// (`\\n`, `\\x1b`), or is not seen and changes what is ([`is_disguise`]), is escaped; all else stays as it is.
pub fn shown(name: impl AsRef<OsStr>) -> String {
    let escaped = |letter: char| match letter {
        '\t' | '\n' | '\r' => letter.escape_default().to_string(),
        _ if letter.is_control() => format!("\\x{:02x}", u32::from(letter)),
        _ if is_disguise(letter) => letter.escape_unicode().to_string(),
        _ => letter.to_string(),
    };
    let name = name.as_ref().to_string_lossy();
    let is_plain = |letter: char| !letter.is_control() && !is_disguise(letter);
    if name.chars().all(is_plain) { name.into_owned() } else { name.chars().map(escaped).collect() }
}

/// Is it a letter that is not seen and makes others look like something else: one that turns the direction of writing, has
/// no width, or ends a line (Unicode Technical Report 36, "Bidirectional Text Spoofing")? The joiners U+200C and U+200D are
/// none: some scripts need them.
pub const fn is_disguise(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// A list of names: `a`, `a and b`, `3 destinations` when there are more than two.
pub fn names(all: &[&str], kind: &str) -> String {
    match all {
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        _ => format!("{} {kind}s", thousands(all.len() as u64)),
    }
}

/// The decimals that show `digits` significant digits of a size below 10.
fn decimals(size: f64, digits: usize) -> usize {
    let mut decimals = digits - 1;
    let mut scaled = size;
    while scaled < 0.9995 {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

/// Without the zeros that end a fraction.
fn trim(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// Puts a comma before every third digit from the right.
fn commas(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let sign = if digits == "0" { "" } else { sign };
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        let cases = [
            (0.0, "0"),
            (28_232.0, "28,232"),
            (1_234_567.4, "1,234,567"),
            (999.0, "999"),
            (450.0, "450"),
            (56.54, "56.5"),
            (80.0, "80"),
            (2.7, "2.7"),
            (0.8304, "0.83"),
            (27_483.3, "27,483"),
            (12.34, "12.3"),
            (0.045_67, "0.0457"),
            (0.012_34, "0.0123"),
            (9.7e-8, "9.7e-8"),
            (-0.3, "-0.3"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn shares() {
        let cases =
            [(0.9, "90"), (0.699, "69.9"), (0.0045, "0.45"), (0.075, "7.5"), (0.409, "40.9"), (9.7e-8, "9.7e-6")];
        for (value, text) in cases {
            assert_eq!(percent(value), text);
        }
        assert_eq!(
            [ratio(0.9), ratio(0.001_14), ratio(9.7e-8), ratio(0.0), ratio(1.0)],
            ["0.90", "0.0011", "9.7e-8", "0", "1.00"]
        );
        assert_eq!([risk(0.699), risk(0.972), risk(0.99), risk(1.0), risk(0.005)], ["70", "97", "99", "100", "0.5"]);
    }

    #[test]
    fn ordinals() {
        let places = [1.0, 22.0, 28_233.0, 11.0, 1_012.0, 113.0, 20.0].map(ordinal);
        assert_eq!(places, ["1st", "22nd", "28,233rd", "11th", "1,012th", "113th", "20th"]);
    }

    #[test]
    fn rates() {
        assert_eq!(
            [444.02, 1_022.78, 25_968.0, 15.0, 0.5].map(rate),
            ["444.0/s", "1,022.8/s", "25,968/s", "15.00/s", "0.5000/s"]
        );
        assert_eq!([444.02, 450.0, 2_000.0, 0.5].map(short_rate), ["444/s", "450/s", "2,000/s", "0.5/s"]);
        assert_eq!([0.033_333, 1e-8].map(rate), ["0.0333/s", "1.0e-8/s"]);
        let paces = [450.0, 1e8, 1.0 / 0.7, 0.1, 1.0 / 3_600.0, 1.0 / 86_400.0, 1.0 / 86_400_000.0].map(pace);
        assert_eq!(paces, ["450/s", "100,000,000/s", "1.429/s", "6/min", "1/h", "1/day", "0.001/day"]);
        assert_eq!([1e-8, 1e-10, 1.04e-10].map(short_rate), ["1.0e-8/s", "1.0e-10/s", "1.0e-10/s"]);
        assert_eq!([more(1.0326), more(2.4)], ["+3.3 %", "2.4 times as much"]);
    }

    #[test]
    fn what_is_not_all_is_not_100_per_cent() {
        let cases =
            [(0.9996, "99.96"), (0.999_99, "99.999"), (1.0 - 1e-9, "99.9999999"), (1.0, "100"), (0.9994, "99.9")];
        for (value, text) in cases {
            assert_eq!(percent(value), text);
        }
        assert_eq!(risk(0.999_6), "99.96");
    }

    #[test]
    fn bounds_and_limits() {
        assert_eq!([bound(0.0096), bound(2.26e-18), bound(0.0)], ["0.0096", "2.3e-18", "1e-99"]);
        let floors = [442.883, 444.0, 444.06, 1_022.78, 25_999.9, 544_624.9, 0.123_46].map(floor_rate);
        assert_eq!(floors, ["442.8/s", "444.0/s", "444.0/s", "1,022.7/s", "25,999/s", "544,624/s", "0.1234/s"]);
        let small = [0.045_69, 0.001_59, 0.000_999_4, 1.69e-5, 3.99e-13, 1e-20].map(short_floor_rate);
        assert_eq!(small, ["0.0456/s", "0.00159/s", "9.9e-4/s", "1.6e-5/s", "3.9e-13/s", "1.0e-20/s"]);
        assert_eq!([444.06, 450.0].map(short_floor_rate), ["444/s", "450/s"]);
    }

    #[test]
    fn spans() {
        let cases = [
            (0.0, "0 s"),
            (1.5e-8, "15 ns"),
            (5e-5, "50 us"),
            (0.05, "50 ms"),
            (0.999_6, "1 s"),
            (56.54, "56.5 s"),
            (80.0, "80 s"),
            (119.4, "119 s"),
            (119.9, "2 min"),
            (271.2, "4 min 31 s"),
            (600.0, "10 min"),
            (3_599.8, "60 min"),
            (7_500.0, "2 h 5 min"),
            (9_000.0, "2 h 30 min"),
            (864_000.0, "10 d"),
            (1_000_000.0, "11 d 14 h"),
        ];
        for (value, text) in cases {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn spans_to_two_digits() {
        let spans = [0.0, 5e-8, 3.1e-5, 3.3249e-5, 9.96e-5, 0.003_207_1, 0.15, 7_500.0].map(about_seconds);
        assert_eq!(spans, ["0 s", "50 ns", "31 us", "33 us", "100 us", "3.2 ms", "150 ms", "2 h 5 min"]);
    }

    #[test]
    fn plurals() {
        assert_eq!([thousands(0), thousands(999), thousands(1_000)], ["0", "999", "1,000"]);
        assert_eq!(
            [counted(1.0, "port"), counted(0.999_99, "port"), counted(2.5, "port")],
            ["1 port", "1 port", "2.5 ports"]
        );
        assert_eq!([between(56.0, 57.0), between(50.0, 130.0)], ["56 to 57 s", "50 s to 2 min 10 s"]);
        assert_eq!([plural(1, "run"), plural(1_000, "run")], ["1 run", "1,000 runs"]);
        assert_eq!([plural(1, "address"), plural(2, "address")], ["1 address", "2 addresses"]);
    }

    #[test]
    fn names_cannot_upset_a_terminal() {
        assert_eq!(shown("weird\nname\x1b[31m\u{9b}"), "weird\\nname\\x1b[31m\\x9b");
        assert_eq!(shown("caf\u{e9}/a b.toml"), "caf\u{e9}/a b.toml");
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
}
