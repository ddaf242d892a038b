//! What a scenario asks of its ports: mean holds, offered load in erlangs, lanes, and the warm-up that follows.

use super::model::{Client, Host, Scenario, WarmUp};
use super::quantity::TEN_YEARS;
use crate::des::SimDuration;
use crate::workload::lifetime::{LifetimeLaw, nanos_from_secs};
use crate::workload::{Arrivals, ClosesFirst};

/// Mean port holds and loads of the clients of a scenario. A trace is walked once, when this is made.
#[derive(Clone, Debug)]
pub struct Means {
    /// Per client: mean port hold in seconds, and erlangs; `None` when infinite.
    clients: Vec<(Option<f64>, Option<f64>)>,
}

impl Means {
    /// The means of every client.
    pub fn of(scenario: &Scenario) -> Self {
        let window = scenario.run.duration;
        let means = |client: &Client| client_means(client, &scenario.hosts[client.host], window);
        Self { clients: scenario.clients.iter().map(means).collect() }
    }

    /// The mean time that one connection of a client takes its port, in seconds; `None` when it is infinite.
    ///
    /// # Panics
    ///
    /// When there is no such client.
    pub fn port_hold_s(&self, client: usize) -> Option<f64> {
        self.clients[client].0
    }

    /// Ports that a client wants on average: arrival rate x mean port hold, in erlangs; `None` when infinite. For a
    /// trace: the holds of its rows in the measured window over the length of the window.
    ///
    /// # Panics
    ///
    /// When there is no such client.
    pub fn erlangs(&self, client: usize) -> Option<f64> {
        self.clients[client].1
    }

    /// The erlangs of all clients; `None` when one is infinite.
    pub fn erlangs_of_all(&self) -> Option<f64> {
        self.clients.iter().map(|(_, erlangs)| *erlangs).sum()
    }
}

fn client_means(client: &Client, host: &Host, window: SimDuration) -> (Option<f64>, Option<f64>) {
    let lifetime = client.lifetime.mean_s();
    let hold = |closer: ClosesFirst| if closer == ClosesFirst::Client { host.time_wait.mean_s() } else { 0.0 };
    let Arrivals::Replay(replay) = &client.arrivals else {
        let port_hold = lifetime.map(|lifetime| lifetime + hold(client.closes_first));
        let erlangs = client.arrivals.rate().zip(port_hold).map(|(rate, hold)| rate.events_per_second() * hold);
        return (port_hold, erlangs);
    };
    let mut total = Some(0.0);
    let mut rows: u64 = 0;
    for row in replay.trace().rows.iter().take_while(|row| row.at.as_nanos() < window.as_nanos()) {
        let lifetime = row.lifetime.map(SimDuration::as_secs_f64).or(lifetime);
        let closer = row.closes_first.unwrap_or(client.closes_first);
        total = total.zip(lifetime).map(|(total, lifetime)| total + lifetime + hold(closer));
        rows += 1;
    }
    (total.map(|total| total / rows.max(1) as f64), total.map(|total| total / window.as_secs_f64()))
}

impl Scenario {
    /// How many lanes a host has towards all destinations that its clients use.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn lanes(&self, host: usize) -> u64 {
        let used = |index: &usize| {
            let to = |client: &Client| client.host == host && client.to.iter().any(|(to, _)| to == index);
            self.clients.iter().any(to)
        };
        let endpoints: u32 =
            (0..self.destinations.len()).filter(used).map(|index| self.destinations[index].endpoints).sum();
        let host = &self.hosts[host];
        host.uniqueness.lanes(host.addresses, endpoints)
    }

    /// Ports that can be in use at one time on a host, over all its lanes.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn capacity(&self, host: usize) -> u64 {
        self.lanes(host) * u64::from(self.hosts[host].usable_ports())
    }

    /// The warm-up in time. Automatic: ten mean port holds of the client that holds longest, 330 when more ports are
    /// wanted than there are (then the start echoes longer), at most ten years.
    pub fn warm_up(&self) -> SimDuration {
        let WarmUp::Fixed(span) = self.run.warm_up else {
            let means = Means::of(self);
            let longest = (0..self.clients.len())
                .map(|client| means.port_hold_s(client).unwrap_or(f64::INFINITY))
                .fold(0.0, f64::max);
            let holds = if self.is_overloaded(&means) { 330.0 } else { 10.0 };
            return SimDuration::from_nanos(nanos_from_secs(longest * holds)).min(TEN_YEARS);
        };
        span
    }

    /// Does some set of ports get more than it has? Judged per host, and per host and destination where a destination
    /// has ports of its own.
    fn is_overloaded(&self, means: &Means) -> bool {
        (0..self.hosts.len()).any(|host| {
            let load = |weight: &dyn Fn(&Client) -> f64| -> f64 {
                let on_host = self.clients.iter().enumerate().filter(|(_, client)| client.host == host);
                let erlangs = |index: usize| means.erlangs(index).unwrap_or(f64::INFINITY);
                on_host
                    .map(|(index, client)| (index, weight(client)))
                    .filter(|(_, weight)| *weight > 0.0)
                    .map(|(index, weight)| erlangs(index) * weight)
                    .sum()
            };
            if load(&|_| 1.0) > self.capacity(host) as f64 {
                return true;
            }
            let stack = &self.hosts[host];
            let ports =
                |endpoints| stack.uniqueness.lanes(stack.addresses, endpoints) as f64 * f64::from(stack.usable_ports());
            // Without lanes per endpoint both counts are the same, and the host's total was all there is to say.
            ports(2) > ports(1)
                && self.destinations.iter().enumerate().any(|(index, destination)| {
                    let share = |client: &Client| {
                        client.to.iter().filter(|(to, _)| *to == index).map(|(_, weight)| *weight).sum::<f64>()
                    };
                    load(&share) > ports(destination.endpoints)
                })
        })
    }
}
