//! Parsers of option values that several commands take: quantities as scenarios have them, names of profiles.

use crate::des::{Rate, SimDuration};
use crate::port::PortRange;
use crate::profile;
use crate::scenario::quantity::{self, Misfit};
use clap::builder::PossibleValuesParser;

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
pub(super) fn profiles() -> PossibleValuesParser {
    profile::all().iter().map(|profile| profile.name).collect::<Vec<_>>().into()
}
