//! Named choices with parameters: `{ exponential = { mean = "50ms" } }`, as data.
//!
//! A law, an arrival process or a hold rule says here what it is called and which parameters it takes; the scenario
//! reader, `dryport list`, the schema and the contract tests read that and need no code of their own for it.
//! A registry (see [`registry!`](crate::registry)) turns a list of files into an enum: to add a choice, add a file
//! and a line. Knows time and rates; must never know what a choice is for.

use crate::des::{Rate, SimDuration};
use std::sync::Arc;

/// One parameter of a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The key in the scenario file.
    pub name: &'static str,
    /// What may be written there.
    pub kind: Kind,
    /// Must it be given? An optional one is absent from [`Values`] when it is not.
    pub required: bool,
    /// What it means, in one line.
    pub help: &'static str,
}

/// What may be written for a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A span longer than zero: `"50ms"`.
    Duration,
    /// A span of zero or more: `"0s"`.
    DurationOrZero,
    /// Events per time: `"450/s"`.
    Rate,
    /// A bare number strictly above `above` and at most `max`.
    Number {
        /// The exclusive lower bound.
        above: f64,
        /// The inclusive upper bound.
        max: f64,
    },
    /// A whole number, one of a few.
    OneOf(&'static [u64]),
    /// A file, named relative to the scenario's folder; its bytes are read before the choice is built.
    File,
}

impl Kind {
    /// What may be written, in words.
    pub fn in_words(self) -> String {
        match self {
            Self::Duration => "a span above zero".to_owned(),
            Self::DurationOrZero => "a span".to_owned(),
            Self::Rate => "a rate".to_owned(),
            Self::Number { above, max } => format!("a number above {above}, at most {max}"),
            Self::OneOf(allowed) => {
                let allowed: Vec<String> = allowed.iter().map(u64::to_string).collect();
                format!("one of {}", allowed.join(", "))
            }
            Self::File => "a file".to_owned(),
        }
    }
}

/// A value given for a parameter, checked against its [`Kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// For [`Kind::Duration`] and [`Kind::DurationOrZero`].
    Duration(SimDuration),
    /// For [`Kind::Rate`].
    Rate(Rate),
    /// For [`Kind::Number`].
    Number(f64),
    /// For [`Kind::OneOf`].
    Whole(u64),
    /// For [`Kind::File`].
    File {
        /// As it was written.
        path: Arc<str>,
        /// What the file holds.
        bytes: Arc<[u8]>,
    },
}

/// The values given for one choice, each checked against its parameter.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Adds the value of the parameter `name`.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// True when the parameter was given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The span given for `name`, if any.
    pub fn duration(&self, name: &str) -> Option<SimDuration> {
        match self.get(name) {
            Some(Value::Duration(span)) => Some(*span),
            _ => None,
        }
    }

    /// The rate given for `name`, if any.
    pub fn rate(&self, name: &str) -> Option<Rate> {
        match self.get(name) {
            Some(Value::Rate(rate)) => Some(*rate),
            _ => None,
        }
    }

    /// The number given for `name`, if any.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The whole number given for `name`, if any.
    pub fn whole(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// The path and the bytes of the file given for `name`, if any.
    pub fn file(&self, name: &str) -> Option<(&Arc<str>, &Arc<[u8]>)> {
        match self.get(name) {
            Some(Value::File { path, bytes }) => Some((path, bytes)),
            _ => None,
        }
    }
}

/// Why values that are each fine do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The parameter to point at; empty for the choice as a whole.
    pub parameter: &'static str,
    /// What is wrong, without a full stop: `low is above high`.
    pub message: String,
    /// How to mend it, when that can be said: `write low = "1s", high = "2s"`.
    pub help: Option<String>,
}

impl Fault {
    /// A fault of one parameter.
    pub fn new(parameter: &'static str, message: impl Into<String>) -> Self {
        Self { parameter, message: message.into(), help: None }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Something that can be chosen by name in a scenario file.
pub trait Choice: Sized {
    /// The key in the scenario file.
    const NAME: &'static str;
    /// What it is, in one line of at most 60 characters, for `dryport list`.
    const SUMMARY: &'static str;
    /// Parameters that go together, as in the scenario file: `mean = "50ms"`.
    const EXAMPLE: &'static str;
    /// What it takes.
    const PARAMETERS: &'static [Parameter];

    /// Builds it from values that were checked one by one (every required one is present).
    ///
    /// # Errors
    ///
    /// Every fault that the values have together.
    fn build(values: &Values) -> Result<Self, Vec<Fault>>;
}

/// How an entry builds its choice.
pub type Build<T> = fn(&Values) -> Result<T, Vec<Fault>>;

/// A line of a registry: one choice, as data.
#[derive(Clone, Copy, Debug)]
pub struct Entry<T> {
    /// [`Choice::NAME`].
    pub name: &'static str,
    /// [`Choice::SUMMARY`].
    pub summary: &'static str,
    /// [`Choice::EXAMPLE`].
    pub example: &'static str,
    /// [`Choice::PARAMETERS`].
    pub parameters: &'static [Parameter],
    /// [`Choice::build`], wrapped into the registry's enum.
    pub build: Build<T>,
}

/// A choice without how it is built: what can be said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// [`Choice::NAME`].
    pub name: &'static str,
    /// [`Choice::SUMMARY`].
    pub summary: &'static str,
    /// [`Choice::EXAMPLE`].
    pub example: &'static str,
    /// [`Choice::PARAMETERS`].
    pub parameters: &'static [Parameter],
}

impl Outline {
    /// As a scenario file may have it: `{ exponential = { mean = "50ms" } }`.
    pub fn written(&self) -> String {
        format!("{{ {} = {{ {} }} }}", self.name, self.example)
    }
}

impl<T> Entry<T> {
    /// What can be said of it.
    pub const fn outline(&self) -> Outline {
        let Self { name, summary, example, parameters, .. } = *self;
        Outline { name, summary, example, parameters }
    }
}

/// What can be said of every choice of a registry.
pub fn outlines<T>(entries: &[Entry<T>]) -> Vec<Outline> {
    entries.iter().map(Entry::outline).collect()
}

/// Makes modules, an enum and a table of [`Entry`] from a list of files, one line each.
///
/// Also makes a macro named by `dispatch`, which runs one expression on whichever choice it is: static dispatch.
#[macro_export]
macro_rules! registry {
    (
        $(#[$meta:meta])*
        enum $Enum:ident, dispatch $dispatch:ident ($d:tt) {
            $($file:ident::$Type:ident,)+
        }
    ) => {
        $(mod $file;)+
        $(pub use $file::$Type;)+

        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $Enum {
            $(
                #[doc = concat!("See [`", stringify!($Type), "`].")]
                $Type($Type),
            )+
        }

        impl $Enum {
            /// Every choice there is, in the order of `dryport list`.
            pub const ENTRIES: &'static [$crate::choice::Entry<Self>] = &[
                $($crate::choice::Entry {
                    name: <$Type as $crate::choice::Choice>::NAME,
                    summary: <$Type as $crate::choice::Choice>::SUMMARY,
                    example: <$Type as $crate::choice::Choice>::EXAMPLE,
                    parameters: <$Type as $crate::choice::Choice>::PARAMETERS,
                    build: |values| <$Type as $crate::choice::Choice>::build(values).map($Enum::$Type),
                },)+
            ];

            /// The name by which this one is chosen.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$Type(_) => <$Type as $crate::choice::Choice>::NAME,)+
                }
            }
        }

        macro_rules! $dispatch {
            ($d value:expr, $d name:ident => $d body:expr) => {
                match $d value {
                    $($Enum::$Type($d name) => $d body,)+
                }
            };
        }
    };
}
