//! One replication once more, for the life of one of its ports or requests.

use super::replicate::{observe, window};
use crate::des::SimTime;
use crate::metrics::{AttemptStory, Hero, LifeStory, Told};
use crate::scenario::Scenario;
use crate::sim::{Interrupted, Topology};
use std::sync::atomic::AtomicBool;

/// The life of a port in the window, or of a request and of the port that it got.
#[derive(Clone, Debug)]
pub struct Life {
    /// The replication, from 0.
    pub replication: u32,
    /// What was asked for.
    pub hero: Hero,
    /// The host.
    pub host: usize,
    /// The port, which a request may not have got.
    pub port: Option<u16>,
    /// What happened to the port.
    pub told: Told,
    /// The attempts of the request.
    pub attempts: Vec<AttemptStory>,
    /// The first and the last request of its client.
    pub requests: Option<(u64, u64)>,
    /// When the window opened.
    pub opens: SimTime,
    /// When it ended.
    pub end: SimTime,
}

/// Runs replication number `replication` for the life of `hero`: for that of a request twice, as its port is known only
/// afterwards.
///
/// # Errors
///
/// [`Interrupted`] when `stop` became true.
///
/// # Panics
///
/// When there is no such host or client.
pub fn explain(
    scenario: &Scenario,
    topology: &Topology,
    hero: Hero,
    replication: u32,
    stop: &AtomicBool,
) -> Result<Life, Interrupted> {
    let tell = |hero| {
        let mut story = LifeStory::new(scenario, topology, hero);
        observe(scenario, topology, replication, window(scenario, None), &mut story, stop)
            .map(|end| (story.finish(), end))
    };
    let (first, end) = tell(hero)?;
    let (host, port) = match hero {
        Hero::Port { host, port } => (host, Some(port)),
        Hero::Request { client, .. } => {
            (scenario.clients[client].host, first.attempts.iter().find_map(|attempt| attempt.got.ok()))
        }
    };
    let (attempts, requests) = (first.attempts.clone(), first.requests);
    let told = match (hero, port) {
        (Hero::Request { .. }, Some(port)) => tell(Hero::Port { host, port })?.0,
        _ => first,
    };
    let opens = SimTime::ZERO + scenario.warm_up();
    Ok(Life { replication, hero, host, port, told, attempts, requests, opens, end })
}
