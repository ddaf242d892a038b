//! Variants of a scenario: keys to vary, the values that each takes, and the grid that these make.
//!
//! A variant is nothing but overrides, as `--set` has them, and a name; so whatever a scenario can say can be varied.
//! Axes come from `--vary KEY=A,B,C`, from `--vary KEY=LOW..HIGH:STEPS`, and from the table `[sweep]` of a file.

use super::quantity::{duration, percentage, rate, write_duration, write_rate};
use super::tree::{Node, Value};
use crate::des::{Rate, SimDuration};
use crate::numeric;
use std::collections::BTreeSet;

/// The most steps of a range: an axis of a million values is a slip of the pen.
const STEPS_MAX: usize = 10_000;

/// A key and the values that it takes, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The path of the key, as `--set` has it: `host.gateway.port_range`.
    pub key: String,
    /// At least one, each as `--set` has it.
    pub values: Vec<String>,
}

/// Every combination of the values of some axes; the last axis changes fastest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    axes: Vec<Axis>,
}

/// One point of a grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// What it is called in tables: `port_range=1024-65535 rate=450/s`; empty where nothing is varied.
    pub name: String,
    /// Its overrides, `KEY=VALUE`, an axis each.
    pub sets: Vec<String>,
}

impl Variant {
    /// Is it meant by `wanted`: its name, or some of what it sets, with spaces between?
    pub fn is(&self, wanted: &str) -> bool {
        let has = |part: &str| {
            self.sets.iter().any(|set| set == part) || self.name.split_whitespace().any(|word| word == part)
        };
        // A value may have spaces of its own.
        self.name == wanted || has(wanted) || (!wanted.trim().is_empty() && wanted.split_whitespace().all(has))
    }
}

impl Axis {
    /// The axis that `--vary KEY=VALUES` asks for.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line.
    pub fn of_option(text: &str) -> Result<Self, String> {
        let (key, values) = text
            .split_once('=')
            .ok_or_else(|| "it needs KEY=VALUES, as in host.gateway.port_range=32768-60999,1024-65535".to_owned())?;
        let (key, values) = (key.trim().to_owned(), values.trim());
        let values = match range(values) {
            Some(range) => range?,
            None => listed(values),
        };
        if key.is_empty() || values.iter().any(String::is_empty) {
            return Err("there is a value before and after each comma, and a key before them".to_owned());
        }
        Self { key, values }.without_twins()
    }

    /// The axis that an entry of `[sweep]` makes; `None` when it is no list of values.
    pub(super) fn of_entry(key: &str, node: &Node) -> Option<Result<Self, String>> {
        let Value::Array(nodes) = &node.value else { return None };
        let values: Option<Vec<String>> = nodes.iter().map(written).collect();
        let axis = Self { key: key.to_owned(), values: values.filter(|values| !values.is_empty())? };
        Some(axis.without_twins())
    }

    fn without_twins(self) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        match self.values.iter().find(|value| !seen.insert(value.as_str())) {
            Some(twin) => Err(format!("{twin} is there twice")),
            None => Ok(self),
        }
    }

    /// What a value is called: without the quotes of text.
    pub fn name_of(value: &str) -> &str {
        value.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(value)
    }
}

impl Grid {
    /// The grid of some axes.
    ///
    /// # Errors
    ///
    /// When two axes vary one key.
    pub fn new(axes: Vec<Axis>) -> Result<Self, String> {
        let twin =
            axes.iter().enumerate().find(|(index, axis)| axes[..*index].iter().any(|other| other.key == axis.key));
        match twin {
            Some((_, twin)) => Err(format!("{} is varied twice", twin.key)),
            None => Ok(Self { axes }),
        }
    }

    /// What is varied.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many variants there are; at most `u64::MAX`.
    pub fn len(&self) -> u64 {
        self.axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.values.len() as u64))
    }

    /// True when nothing is varied: the one variant is the scenario itself.
    pub fn is_empty(&self) -> bool {
        self.axes.is_empty()
    }

    /// The place on each axis of variant number `index`.
    ///
    /// # Panics
    ///
    /// Never: a place is below the length of a list.
    pub fn places(&self, index: u64) -> Vec<usize> {
        let mut rest = index;
        let mut places: Vec<usize> = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            let count = axis.values.len() as u64;
            places.push(usize::try_from(rest % count).expect("below the length of a list"));
            rest /= count;
        }
        places.reverse();
        places
    }

    /// The values of variant number `index`, an axis each, without the quotes of text.
    pub fn values(&self, index: u64) -> Vec<&str> {
        let places = self.places(index);
        self.axes.iter().zip(places).map(|(axis, place)| Axis::name_of(&axis.values[place])).collect()
    }

    /// Variant number `index`, below [`Grid::len`].
    pub fn variant(&self, index: u64) -> Variant {
        let chosen: Vec<(&Axis, &String)> =
            self.axes.iter().zip(self.places(index)).map(|(axis, place)| (axis, &axis.values[place])).collect();
        let name: Vec<String> =
            chosen.iter().map(|(axis, value)| format!("{}={}", self.short(axis), Axis::name_of(value))).collect();
        Variant {
            name: name.join(" "),
            sets: chosen.iter().map(|(axis, value)| format!("{}={value}", axis.key)).collect(),
        }
    }

    /// The last words of an axis's key, as many as tell it from the others.
    pub fn short<'a>(&self, axis: &'a Axis) -> &'a str {
        let starts = axis.key.rmatch_indices('.').map(|(dot, _)| dot + 1);
        let mut ends = starts.map(|start| &axis.key[start..]);
        let is_another = |end: &str| {
            let ends_so = |other: &Axis| other.key == end || other.key.ends_with(&format!(".{end}"));
            self.axes.iter().any(|other| other.key != axis.key && ends_so(other))
        };
        ends.find(|end| !is_another(end)).unwrap_or(&axis.key)
    }
}

/// The values between the commas that are in no bracket and no quotes.
fn listed(text: &str) -> Vec<String> {
    let (mut depth, mut quoted) = (0_i32, false);
    let parts = text.split(|letter| {
        match letter {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0 && !quoted
    });
    parts.map(|part| part.trim().to_owned()).collect()
}

/// How the steps of a range are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spacing {
    /// Equal differences.
    Even,
    /// Equal ratios; what lies between the ends is rounded to three digits.
    Log,
}

/// The values of `LOW..HIGH:STEPS` or `LOW..HIGH:STEPSlog`; `None` when it is nothing of the kind.
fn range(text: &str) -> Option<Result<Vec<String>, String>> {
    let (low, rest) = text.split_once("..")?;
    let Some((high, steps)) = rest.rsplit_once(':') else {
        // The name of a file may have two dots as well.
        let is_end = |text: &str| text.trim().starts_with(|letter: char| letter.is_ascii_digit());
        let why = || format!("how many steps? write, for example, {text}:10");
        return (is_end(low) && is_end(rest) && !text.contains(',')).then(|| Err(why()));
    };
    let (count, spacing) = match steps.trim().strip_suffix("log") {
        Some(count) => (count, Spacing::Log),
        None => (steps.trim(), Spacing::Even),
    };
    let count = count.trim().parse().ok().filter(|count| (2..=STEPS_MAX).contains(count));
    let Some(count) = count else {
        return Some(Err(format!("{} is no number of steps: write 2 to 10,000, and log behind it", steps.trim())));
    };
    Some(between(low.trim(), high.trim(), Steps { count, spacing }))
}

#[derive(Clone, Copy, Debug)]
struct Steps {
    count: usize,
    spacing: Spacing,
}

/// From `low` to `high`, in whatever unit both have.
fn between(low: &str, high: &str, steps: Steps) -> Result<Vec<String>, String> {
    let whole = |text: &str| text.parse::<u64>().ok().map(|number| number as f64);
    let plain = |text: &str| text.parse::<f64>().ok();
    let span = |text: &str| duration(text).ok().map(|span| span.as_nanos() as f64);
    let pace = |text: &str| rate(text).ok().map(Rate::events_per_second);
    let share = |text: &str| percentage(text).ok();
    let ends = |of: &dyn Fn(&str) -> Option<f64>| of(low).zip(of(high));
    let values = if let Some(ends) = ends(&whole) {
        steps.between(ends)?.into_iter().map(|value| rounded(value).to_string()).collect()
    } else if let Some(ends) = ends(&plain) {
        steps.between(ends)?.into_iter().map(|value| value.to_string()).collect()
    } else if let Some(ends) = ends(&span) {
        steps.between(ends)?.into_iter().map(|nanos| write_duration(SimDuration::from_nanos(rounded(nanos)))).collect()
    } else if let Some(ends) = ends(&pace) {
        let written = |pace: f64| Rate::new(rounded(pace * 1e9), SimDuration::from_secs(1)).map(write_rate);
        steps.between(ends)?.into_iter().filter_map(written).collect()
    } else if let Some(ends) = ends(&share) {
        steps.between(ends)?.into_iter().map(|share| share.to_string()).collect()
    } else {
        return Err(format!("{low} and {high} are not two numbers, times or rates: list the values one by one"));
    };
    let mut values: Vec<String> = values;
    // Whole numbers that lie close together.
    values.dedup();
    Ok(values)
}

impl Steps {
    fn between(self, (low, high): (f64, f64)) -> Result<Vec<f64>, String> {
        if self.spacing == Spacing::Log && (low <= 0.0 || high <= 0.0) {
            return Err("steps of equal ratio begin above zero".to_owned());
        }
        let last = self.count - 1;
        let inner = |step: usize| {
            let share = step as f64 / last as f64;
            match self.spacing {
                Spacing::Even => nine_digits(low + (high - low) * share),
                Spacing::Log => three_digits(low * numeric::exp(numeric::ln(high / low) * share)),
            }
        };
        Ok((0..=last)
            .map(|step| match step {
                0 => low,
                step if step == last => high,
                step => inner(step),
            })
            .collect())
    }
}

/// As people would write it: without the last digits of a division.
fn nine_digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}

fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "neither end is below zero; the cast saturates"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

/// A value of a file as `--set` has it; `None` for what no key can be.
fn written(node: &Node) -> Option<String> {
    Some(match &node.value {
        Value::String(text) => quoted(text),
        Value::Whole(number) => (*number)?.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Flag(flag) => flag.to_string(),
        Value::Other(_) => return None,
        Value::Array(nodes) => {
            let all: Option<Vec<String>> = nodes.iter().map(written).collect();
            format!("[{}]", all?.join(", "))
        }
        Value::Table(table) => {
            let entry = |entry: &super::tree::Entry| {
                let key = quoted(&entry.key);
                Some(format!("{key} = {}", written(&entry.node)?))
            };
            let all: Option<Vec<String>> = table.0.iter().map(entry).collect();
            format!("{{ {} }}", all?.join(", "))
        }
    })
}

/// Text in quotes: JSON's escapes are TOML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::tree::{At, value_from_toml};

    fn axis(text: &str) -> Vec<String> {
        Axis::of_option(text).unwrap_or_else(|error| panic!("{text}: {error}")).values
    }

    #[test]
    fn values_are_listed_or_lie_in_a_range() {
        assert_eq!(axis("k=1,2 , 3"), ["1", "2", "3"]);
        assert_eq!(axis("k=[\"1-2\", \"5\"],[]"), ["[\"1-2\", \"5\"]", "[]"]);
        assert_eq!(axis("k={ a = 1, b = 2 },\"x,y\""), ["{ a = 1, b = 2 }", "\"x,y\""]);
        assert_eq!(axis("k=400/s..500/s:5"), ["400/s", "425/s", "450/s", "475/s", "500/s"]);
        assert_eq!(axis("k=10ms..1s:3log"), ["0.01s", "0.1s", "1s"]);
        assert_eq!(axis("k=1..4:7"), ["1", "2", "3", "4"]);
        assert_eq!(axis("k=0.1..0.3:3"), ["0.1", "0.2", "0.3"]);
        assert_eq!(axis("k=1..1000:4log"), ["1", "10", "100", "1000"]);
        assert_eq!(axis("k=5..1:3"), ["5", "3", "1"]);
    }

    #[test]
    fn what_makes_no_axis_is_told() {
        for (text, told) in [
            ("rate", "it needs KEY=VALUES"),
            ("=1,2", "a key before them"),
            ("k=1,,2", "before and after each comma"),
            ("k=", "before and after each comma"),
            ("k=1,1", "1 is there twice"),
            ("k=1..5:1", "1 is no number of steps"),
            ("k=1..5:99999", "99999 is no number of steps"),
            ("k=1s..5/s:3", "are not two numbers, times or rates"),
            ("k=0..5:3log", "begin above zero"),
        ] {
            let error = Axis::of_option(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn the_last_axis_changes_fastest_and_names_are_as_short_as_they_can_be() {
        let axes = ["host.a.port_range=1-2,3-4", "host.b.port_range=5-6", "client.c.retry.attempts=1,2"];
        let grid = Grid::new(axes.iter().map(|axis| Axis::of_option(axis).unwrap()).collect()).unwrap();
        assert_eq!(grid.len(), 4);
        let names: Vec<String> = (0..4).map(|index| grid.variant(index).name).collect();
        assert_eq!(names[0], "a.port_range=1-2 b.port_range=5-6 attempts=1");
        assert_eq!(names[3], "a.port_range=3-4 b.port_range=5-6 attempts=2");
        assert_eq!(
            grid.variant(2).sets,
            ["host.a.port_range=3-4", "host.b.port_range=5-6", "client.c.retry.attempts=1"]
        );
        assert_eq!(grid.places(1), [0, 0, 1]);
        let twice = Grid::new(vec![Axis::of_option("k=1").unwrap(), Axis::of_option("k=2").unwrap()]);
        assert_eq!(twice.unwrap_err(), "k is varied twice");
        let huge = Axis { key: "k".into(), values: vec![String::new(); 10_000] };
        let huge = (0..20).map(|index| Axis { key: format!("k{index}"), ..huge.clone() }).collect();
        assert_eq!(Grid::new(huge).unwrap().len(), u64::MAX);
    }

    #[test]
    fn nothing_varied_is_one_variant_without_a_name() {
        assert_eq!(Grid::default().len(), 1);
        assert_eq!(Grid::default().variant(0), Variant::default());
    }

    #[test]
    fn what_a_file_says_is_written_as_it_is_read() {
        let node = |text: &str| value_from_toml(text, &At::File).unwrap();
        let text = "[\"1024-65535\", 7, 0.5, true, { exponential = { mean = \"5s\" } }]";
        let axis = Axis::of_entry("k", &node(text)).unwrap().unwrap();
        let expected = ["\"1024-65535\"", "7", "0.5", "true", "{ \"exponential\" = { \"mean\" = \"5s\" } }"];
        assert_eq!(axis.values, expected);
        assert_eq!(Axis::name_of(&axis.values[0]), "1024-65535");
        assert!(Axis::of_entry("k", &node("[]")).is_none());
        assert!(Axis::of_entry("k", &node("3")).is_none());
        assert!(Axis::of_entry("k", &node("[1979-05-27]")).is_none());
    }
}
