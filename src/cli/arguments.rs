//! Parsers of option values that several commands take: quantities as scenarios have them, names of profiles.

use crate::des::{Rate, SimDuration};
use crate::metrics::{Method, Metric};
use crate::port::PortRange;
use crate::profile;
use crate::scenario::MetricName;
use crate::scenario::quantity::{self, Misfit};

/// What is wrong and how to mend it, in one line.
fn in_one_line(misfit: Misfit) -> String {
    match misfit.help {
        Some(help) => format!("{}; {help}", misfit.message),
        None => misfit.message,
    }
}

/// A rate.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    quantity::rate(text).map_err(in_one_line)
}

/// A span, zero included.
pub(super) fn duration(text: &str) -> Result<SimDuration, String> {
    quantity::duration(text).map_err(in_one_line)
}

/// A span longer than zero.
pub(super) fn some_time(text: &str) -> Result<SimDuration, String> {
    let span = duration(text)?;
    if span.is_zero() { Err("it must be longer than zero".to_owned()) } else { Ok(span) }
}

/// A range of ports.
pub(super) fn port_range(text: &str) -> Result<PortRange, String> {
    quantity::port_range(text).map_err(in_one_line)
}

/// The name of a profile.
pub(super) fn profile_name(text: &str) -> Result<String, String> {
    if profile::find(text).is_some() {
        return Ok(text.to_owned());
    }
    if let Some(near) = profile::stand_in(text) {
        return Err(format!("{}\n    {}", near.what, near.options()));
    }
    let names: Vec<&str> = profile::all().iter().map(|profile| profile.name).collect();
    Err(format!("the profiles are {}", names.join(", ")))
}

/// The level of intervals unless the user says.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A seed of 64 bits.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// A share of at least `range.start()` and at most `range.end()`: 0.95 or 95%.
fn share(text: &str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
    let text = text.trim();
    let share = if text.ends_with('%') { quantity::percentage(text).ok() } else { text.parse().ok() };
    share.filter(|share| range.contains(share))
}

/// A level from 50 % to 99.99 %: 0.95 or 95%.
pub(super) fn confidence(text: &str) -> Result<f64, String> {
    share(text, 0.5..=0.9999).ok_or_else(|| "a level lies between 0.5 and 0.9999, such as 0.95".to_owned())
}

/// A risk that one is ready to take: 0.01 or 1%.
pub(super) fn risk(text: &str) -> Result<f64, String> {
    share(text, 1e-9..=0.5).ok_or_else(|| "a risk lies between 1e-9 and 0.5, such as 0.01 or 1%".to_owned())
}

/// The name of a metric.
pub(super) fn metric(text: &str) -> Result<&'static Metric, String> {
    Metric::named(text).ok_or_else(|| match MetricName::meant(text) {
        Some(near) => format!("no metric is called so; did you mean {near}?"),
        None => "no metric is called so; dryport list metrics has them all".to_owned(),
    })
}

/// What is to be known, and how well: `5%`, or `busy_ports_mean=1%`.
pub(super) fn precision(text: &str) -> Result<Precision, String> {
    let (name, share) = text.split_once('=').unwrap_or(("refused_ratio", text));
    let metric = metric(name.trim())?;
    if !matches!(metric.method, Method::Mean(_) | Method::Ratio(..) | Method::Share(_)) {
        return Err(format!("{} has no interval that becomes narrower", metric.name));
    }
    let share = self::share(share, 0.001..=0.5);
    let share = share.ok_or("a precision lies between 0.1 % and 50 %, as in 5% or busy_ports_mean=1%")?;
    Ok(Precision { metric, share })
}

/// What is to be known, and how well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precision {
    pub(super) metric: &'static Metric,
    /// The share of the true value that the error may be.
    pub(super) share: f64,
}

/// How every experiment of several scenarios is run.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Running {
    /// Change one key, as in host.gateway.port_range=1024-65535
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
    /// The seed of all random draws, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed)]
    pub(super) seed: Option<u64>,
    /// Threads; as many as there are cores unless given. Changes no figure
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// The level of every interval
    #[arg(long, value_name = "LEVEL", default_value_t = CONFIDENCE, value_parser = confidence)]
    #[arg(allow_hyphen_values = true)]
    pub(super) confidence: f64,
    /// Say nothing but errors (and --json)
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print what was found as JSON instead of prose
    #[arg(long)]
    pub(super) json: bool,
}

impl Running {
    /// The overrides that every scenario gets.
    pub(super) fn sets(&self) -> Vec<String> {
        self.sets.iter().cloned().chain(self.seed.map(|seed| format!("run.seed={seed}"))).collect()
    }

    /// Threads; 0: one for each core.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.map_or(0, usize::from)
    }

    /// Those of the arguments that change a figure, as the user gave them.
    pub(super) fn of_figures(&self) -> Vec<String> {
        let mut arguments: Vec<String> = self.sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()]).collect();
        arguments.extend(self.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
        if self.confidence != CONFIDENCE {
            arguments.extend(["--confidence".to_owned(), self.confidence.to_string()]);
        }
        arguments
    }
}
