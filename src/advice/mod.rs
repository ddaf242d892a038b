//! What can be done about ports that run out: for each knob that a scenario's host has, what to set and what to beware of.
//!
//! Maps a scenario to [`Remedy`]s: overrides to try it by simulation, and the exact change to make on a machine. What each
//! of them is worth is found elsewhere. To add one, add a function to the list in [`remedies`]. Simulates nothing.

mod remedies;

use crate::scenario::{Client, Host, Reading, Scenario};

pub use remedies::remedies;

/// One thing to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// What is turned: `port_range`.
    pub knob: &'static str,
    /// What to, as a scenario, a sysctl or a person has it: `port_range = "1024-65535"`.
    pub setting: String,
    /// The overrides that do the same in a scenario.
    pub sets: Vec<String>,
    /// The exact change to make.
    pub change: String,
    /// What to beware of; empty when there is nothing.
    pub caveat: &'static str,
    /// How many requests each connection of the client carries then.
    pub requests: f64,
    /// Said to help, and known not to.
    pub is_myth: bool,
}

/// Whom the advice is for: the client that wants the most ports, and its host.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The scenario with all its values.
    pub reading: &'s Reading,
    /// The client.
    pub client: &'s Client,
    /// The place of the client.
    pub client_place: usize,
    /// Its host.
    pub host: &'s Host,
}

impl<'s> Subject<'s> {
    /// The client of `reading` that wants the most ports by rate and hold; the first one where that is not known.
    ///
    /// # Panics
    ///
    /// Never: a scenario has a client.
    pub fn of(reading: &'s Reading) -> Self {
        let scenario: &'s Scenario = &reading.scenario;
        let means = crate::scenario::load::Means::of(scenario);
        let wanted = |place: &usize| means.erlangs(*place).unwrap_or(0.0);
        let places = (0..scenario.clients.len()).rev();
        let place = places.max_by(|one, other| wanted(one).total_cmp(&wanted(other))).expect("there is a client");
        let client = &scenario.clients[place];
        Self { reading, client, client_place: place, host: &scenario.hosts[client.host] }
    }

    /// Is its kernel Linux?
    pub fn is_linux(&self) -> bool {
        self.host.profile.starts_with("linux")
    }
}
