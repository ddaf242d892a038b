//! One line that says what was understood of a scenario: what `dryport check` prints when nothing is wrong.

use super::limits::expected_requests;
use super::load::Means;
use super::model::{Client, Scenario};
use super::words::{about, figure, names, pace, plural, seconds, shown, span, thousands};
use crate::workload::Arrivals;
use crate::workload::lifetime::LifetimeLaw;
use std::collections::BTreeSet;

impl Scenario {
    /// The load of every client: `450/s Poisson, exponential 50 ms`. The time is the mean of the law.
    pub fn load_in_words(&self) -> String {
        if let [one] = &self.clients[..] {
            return client_load(one);
        }
        let all: Vec<String> =
            self.clients.iter().map(|client| format!("{} {}", client.name, client_load(client))).collect();
        if all.len() <= 3 { all.join("; ") } else { format!("{} clients", thousands(all.len() as u64)) }
    }

    /// `checkout on gateway -> orders-db, 28,232 ports, 27,483 erlangs; 20 runs of 10 min, about 5.4 million connects`.
    pub fn understood(&self) -> String {
        let clients: Vec<&str> = self.clients.iter().map(|client| &*client.name).collect();
        let used_hosts: BTreeSet<usize> = self.clients.iter().map(|client| client.host).collect();
        let used: BTreeSet<usize> = self.clients.iter().flat_map(|client| &client.to).map(|(to, _)| *to).collect();
        let hosts: Vec<&str> = used_hosts.iter().map(|host| &*self.hosts[*host].name).collect();
        let destinations: Vec<&str> = used.iter().map(|index| &*self.destinations[*index].name).collect();
        let ports: u64 = used_hosts.iter().map(|host| self.capacity(*host)).sum();
        let load = match Means::of(self).erlangs_of_all() {
            Some(erlangs) => format!("{} erlangs", figure(erlangs)),
            None => "unbounded load (the mean lifetime is infinite)".to_owned(),
        };
        let warm_up = self.warm_up();
        let after = if warm_up.is_zero() { String::new() } else { format!(" after {} of warm-up", span(warm_up)) };
        let cells = self.sweep.len();
        let swept = if cells > 1 { format!("; [sweep]: {}", plural(cells, "cell")) } else { String::new() };
        format!(
            "{} on {} -> {}, {} ports, {load}; {} of {}{after}, {}{swept}",
            names(&clients, "client"),
            names(&hosts, "host"),
            names(&destinations, "destination"),
            thousands(ports),
            plural(self.run.replications.into(), "run"),
            span(self.run.duration),
            self.connects(),
        )
    }

    /// What is allowed and yet hardly meant: of each trace whose rows all lie after the window.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let window = self.run.duration;
        self.clients.iter().filter_map(move |client| {
            let Arrivals::Replay(replay) = &client.arrivals else { return None };
            let (trace, first) = (replay.trace(), replay.trace().rows.first()?);
            (first.at.as_nanos() >= window.as_nanos()).then(|| {
                let (path, at) = (shown(&*trace.path), seconds(first.at.as_secs_f64()));
                let window = span(window);
                format!("{} never connects: {path} begins at {at}, the window is {window}", client.name)
            })
        })
    }

    /// How many connects the measured windows hold: known for traces, expected otherwise; with those of the warm-ups.
    fn connects(&self) -> String {
        let window = self.run.duration.as_secs_f64();
        let connects = expected_requests(self, window);
        let recorded = self.clients.iter().all(|client| matches!(client.arrivals, Arrivals::Replay(_)));
        if recorded {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of row counts")]
            let rows = connects as u64;
            return format!("{} each", plural(rows, "recorded request"));
        }
        let all = |seconds: f64| about(expected_requests(self, seconds) * f64::from(self.run.replications));
        let (measured, simulated) = (all(window), all(window + self.warm_up().as_secs_f64()));
        if self.warm_up().is_zero() {
            return format!("{measured} connects");
        }
        format!("{measured} connects measured, {simulated} simulated")
    }
}

fn client_load(client: &Client) -> String {
    let arrivals = match &client.arrivals {
        Arrivals::Replay(replay) => format!("trace {}", replay.trace().path),
        law => {
            let rate = law.rate().map_or_else(String::new, |rate| format!("{} ", pace(rate.events_per_second())));
            let spaced = if law.name() == "constant" { "evenly spaced" } else { law_name(law.name()) };
            format!("{rate}{spaced}")
        }
    };
    let lifetime = match client.lifetime.name() {
        "constant" => "each",
        law => law_name(law),
    };
    match client.lifetime.mean_s() {
        Some(mean) => format!("{arrivals}, {lifetime} {}", seconds(mean)),
        None => format!("{arrivals}, {lifetime} of infinite mean"),
    }
}

/// A law as prose writes it: those named after people have a capital.
fn law_name(key: &str) -> &str {
    match key {
        "poisson" => "Poisson",
        "pareto" => "Pareto",
        other => other,
    }
}
