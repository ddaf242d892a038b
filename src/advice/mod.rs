//! What can be done about ports that run out: for each knob that a scenario's host has, what to set and what to beware of.
//!
//! Maps a scenario to [`Remedy`]s: overrides to try it by simulation, and the exact change to make on a machine. What each
//! of them is worth is found elsewhere. To add one, add a function to the list in [`remedies`]. Simulates nothing.

mod looks_like_nat;
mod remedies;

use crate::scenario::{Client, Host, Reading, Scenario};

pub use looks_like_nat::looks_like_nat;
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

/// Whom the advice is for: the host of whose ports the largest share is wanted, and its client that wants the most.
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
    /// By rate and hold; the first host and client where those are not known.
    ///
    /// # Panics
    ///
    /// Never: a scenario has a client.
    pub fn of(reading: &'s Reading) -> Self {
        let scenario: &'s Scenario = &reading.scenario;
        let means = crate::scenario::load::Means::of(scenario);
        let wanted = |place: usize| means.erlangs(place).unwrap_or(0.0);
        let share = |host: usize| {
            let own = (0..scenario.clients.len()).filter(|place| scenario.clients[*place].host == host);
            own.map(wanted).sum::<f64>() / scenario.capacity(host).max(1) as f64
        };
        let key = |place: usize| (share(scenario.clients[place].host), wanted(place));
        let order = |one: &usize, other: &usize| {
            let (one, other) = (key(*one), key(*other));
            one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
        };
        let place = (0..scenario.clients.len()).rev().max_by(order).expect("there is a client");
        let client = &scenario.clients[place];
        Self { reading, client, client_place: place, host: &scenario.hosts[client.host] }
    }

    /// Is its kernel Linux?
    pub fn is_linux(&self) -> bool {
        self.host.profile.starts_with("linux")
    }
}
