//! What a scenario asks of its ports: mean holds, offered load in erlangs, lanes, and the warm-up that follows.

use super::model::{Client, Host, Scenario, WarmUp};
use super::quantity::TEN_YEARS;
use super::ways::Way;
use crate::des::SimDuration;
use crate::port::{Hold, SynSent};
use crate::workload::lifetime::{LifetimeLaw, nanos_from_secs};
use crate::workload::{Arrivals, Behaviour, ClosesFirst, Leaves};
use std::collections::{BTreeMap, BTreeSet};

/// Mean port holds and loads of the clients of a scenario. A trace is walked once, when this is made.
#[derive(Clone, Debug)]
pub struct Means {
    /// Per client: mean port hold in seconds, and erlangs; `None` when infinite.
    clients: Vec<(Option<f64>, Option<f64>)>,
}

impl Means {
    /// The means of every client.
    pub fn of(scenario: &Scenario) -> Self {
        let means = |client: &Client| client_means(scenario, client);
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

    /// The mean port hold of the client that holds longest, in seconds; infinite where one is.
    fn longest_hold_s(&self) -> f64 {
        self.clients.iter().map(|(hold, _)| hold.unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
    }

    /// The erlangs of all clients; `None` when one is infinite.
    pub fn erlangs_of_all(&self) -> Option<f64> {
        self.clients.iter().map(|(_, erlangs)| *erlangs).sum()
    }
}

fn client_means(scenario: &Scenario, client: &Client) -> (Option<f64>, Option<f64>) {
    let host = &scenario.hosts[client.host];
    // From a connect() to the release of its port, by where it goes.
    let hold = |to: usize, closer: ClosesFirst, lifetime: Option<f64>| {
        let destination = &scenario.destinations[to];
        match Leaves::of(closer, destination.behaviour) {
            Leaves::Nothing if destination.behaviour == Behaviour::Refuses => Some(0.0),
            Leaves::Nothing => lifetime,
            Leaves::Unanswered => Some(host.gives_up_after_s()),
            Leaves::FinWait2 => Some(lifetime? + host.fin_wait_2().iter().map(Hold::mean_s).sum::<f64>()),
            Leaves::TimeWait => {
                Some(lifetime? + scenario.close_delay(closer, to).as_secs_f64() + scenario.time_wait_s(client, to))
            }
        }
    };
    let lifetime = client.lifetime.mean_s();
    let Arrivals::Replay(replay) = &client.arrivals else {
        let of = |(to, weight): &(usize, f64)| hold(*to, client.closes_first, lifetime).map(|hold| hold * weight);
        let port_hold: Option<f64> = client.to.iter().map(of).sum();
        let erlangs = client.arrivals.rate().zip(port_hold).map(|(rate, hold)| rate.events_per_second() * hold);
        return (port_hold, erlangs);
    };
    let trace = replay.trace();
    let named = |name: &str| scenario.destinations.iter().position(|destination| &*destination.name == name);
    let named: Vec<Option<usize>> = trace.destinations.iter().map(|name| named(name)).collect();
    let window = scenario.run.duration;
    let mut total = Some(0.0);
    let mut rows: u64 = 0;
    for row in trace.rows.iter().take_while(|row| row.at.as_nanos() < window.as_nanos()) {
        let lifetime = row.lifetime.map(SimDuration::as_secs_f64).or(lifetime);
        let closer = row.closes_first.unwrap_or(client.closes_first);
        let to = row.destination.and_then(|destination| named[usize::from(destination)]);
        let taken_s = match to {
            Some(to) => hold(to, closer, lifetime),
            None => client.to.iter().map(|(to, weight)| hold(*to, closer, lifetime).map(|hold| hold * weight)).sum(),
        };
        total = total.zip(taken_s).map(|(total, taken_s)| total + taken_s);
        rows += 1;
    }
    (total.map(|total| total / rows.max(1) as f64), total.map(|total| total / window.as_secs_f64()))
}

impl Host {
    /// How long `connect()` waits for a destination that never answers, on average, in seconds.
    fn gives_up_after_s(&self) -> f64 {
        let rules = &self.sockets;
        SynSent::waits(rules.syn_retries, rules.syn_linear_timeouts, &self.time_wait).iter().map(Hold::mean_s).sum()
    }
}

impl Scenario {
    /// How many lanes each way of a host has towards all destinations that the host's clients use, way by way.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    fn lanes_of_ways(&self, host: usize) -> Vec<(u64, Way)> {
        let on_host = self.clients.iter().filter(|client| client.host == host);
        let used: BTreeSet<usize> = on_host.flat_map(|client| &client.to).map(|(to, _)| *to).collect();
        let endpoints: u32 = used.into_iter().map(|index| self.destinations[index].endpoints).sum();
        let addresses = self.hosts[host].addresses;
        self.ways_of(host).into_iter().map(|way| (way.uniqueness.lanes(addresses, endpoints), way)).collect()
    }

    /// How many lanes a host has towards all destinations that its clients use.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn lanes(&self, host: usize) -> u64 {
        self.lanes_of_ways(host).iter().fold(0, |sum, (lanes, _)| sum.saturating_add(*lanes))
    }

    /// Ports that can be in use at one time on a host, over all its lanes.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn capacity(&self, host: usize) -> u64 {
        let ports = |(lanes, way): &(u64, Way)| lanes.saturating_mul(way.usable_ports().into());
        self.lanes_of_ways(host).iter().fold(0, |sum, way| sum.saturating_add(ports(way)))
    }

    /// How long `connect()` has to wait for a port in TIME-WAIT that this client left, on average, in seconds.
    pub(crate) fn time_wait_s(&self, client: &Client, destination: usize) -> f64 {
        let host = &self.hosts[client.host];
        let whole = host.time_wait.mean_s();
        let early = !client.bind.reserves() && self.reuses_early(client.host, destination);
        if early { whole.min(host.sockets.early_reuse.mean_s()) } else { whole }
    }

    /// The warm-up in time. Automatic: ten mean port holds of the client that holds longest, 330 when more ports are
    /// wanted than there are (then the start echoes longer), at most ten years.
    pub fn warm_up(&self) -> SimDuration {
        let WarmUp::Fixed(span) = self.run.warm_up else {
            let means = Means::of(self);
            let holds = if self.is_overloaded(&means) { 330.0 } else { 10.0 };
            return SimDuration::from_nanos(nanos_from_secs(means.longest_hold_s() * holds)).min(TEN_YEARS);
        };
        span
    }

    /// The mean port hold of the client that holds longest, in seconds; infinite where one is.
    pub fn longest_hold_s(&self) -> f64 {
        Means::of(self).longest_hold_s()
    }

    /// Does some set of ports get more than it has? Judged per way of getting a port, and per way and destination where
    /// a destination has ports of its own.
    fn is_overloaded(&self, means: &Means) -> bool {
        let ways = self.ways();
        let mut on_ways = vec![0.0; ways.all.len()];
        let mut on_pairs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (index, (client, way)) in self.clients.iter().zip(&ways.of_client).enumerate() {
            let erlangs = means.erlangs(index).unwrap_or(f64::INFINITY);
            on_ways[*way] += erlangs;
            for (to, weight) in &client.to {
                *on_pairs.entry((*way, *to)).or_insert(0.0) += erlangs * weight;
            }
        }
        let capacities = (0..self.hosts.len()).flat_map(|host| self.lanes_of_ways(host));
        let full_way = |(load, (lanes, way)): (&f64, (u64, Way))| *load > lanes as f64 * f64::from(way.usable_ports());
        let full_pair = |((way, to), load): (&(usize, usize), &f64)| {
            let way = &ways.all[*way];
            let lanes = |endpoints| way.uniqueness.lanes(self.hosts[way.host].addresses, endpoints);
            // Where lanes do not depend on the endpoints, destinations share them and the way's total says it all.
            let own = lanes(2) > lanes(1);
            own && *load > lanes(self.destinations[*to].endpoints) as f64 * f64::from(way.usable_ports())
        };
        on_ways.iter().zip(capacities).any(full_way) || on_pairs.iter().any(full_pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;

    fn read(rate: &str, more: &str) -> Scenario {
        let text = format!(
            "schema = 1\n[run]\nduration = \"10m\"\nwarm_up = \"auto\"\n[[host]]\nname = \"h\"\n\
             port_range = \"40000-40999\"\ntime_wait = \"10s\"\n[[destination]]\nname = \"d\"\n[[client]]\n\
             name = \"c\"\nhost = \"h\"\nto = \"d\"\narrivals = {{ poisson = {{ rate = \"{rate}\" }} }}\n\
             lifetime = {{ constant = {{ value = \"2s\" }} }}\n{more}"
        );
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Scenario::read(&SourceFile::new("x.toml", text), &[], &sources).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_automatic_warm_up_is_longer_when_overloaded() {
        let calm = read("80/s", "");
        assert!((Means::of(&calm).erlangs(0).unwrap() - 960.0).abs() < 1e-9, "80/s x (2 s + 10 s)");
        assert_eq!(calm.warm_up(), SimDuration::from_secs(120));
        assert_eq!(read("90/s", "").warm_up(), SimDuration::from_secs(330 * 12));
        let server = read("90/s", "closes_first = \"server\"");
        assert!((Means::of(&server).erlangs(0).unwrap() - 180.0).abs() < 1e-9, "the server keeps the TIME-WAIT");
        assert_eq!(server.warm_up(), SimDuration::from_secs(20));
    }
}
