//! Limits of a scenario as a whole, checked before memory is taken: each part may be fine and all of it too much.

use super::diagnostics::Fault;
use super::load::Means;
use super::model::{Scenario, WarmUp};
use super::read::Places;
use super::read_value::Reader;
use super::words::{self, thousands};
use crate::workload::{Arrivals, Retry};

/// The most lanes of all hosts together: a connection in the calendar has 16 bits for its lane.
pub const LANES_MAX: u64 = 65_536;
/// The most ports of all lanes of a scenario together.
pub const LANE_PORTS_MAX: u64 = 1 << 28;
/// The most pairs of a client and a destination.
pub const PAIRS_MAX: usize = 4096;
/// The most requests of all replications together, expected.
pub const REQUESTS_MAX: f64 = 1e12;
/// The most retries that wait at one time, expected.
pub const WAITING_MAX: f64 = 1e7;
/// The most rows of the raw figures: replications times scopes.
pub const FIGURES_MAX: u64 = 20_000_000;

impl Reader<'_> {
    /// Adds a fault for each limit that the scenario breaks.
    pub(super) fn limits(&mut self, scenario: &Scenario, places: &Places) {
        self.lanes(scenario, places);
        self.figures(scenario, places);
        if let Some(client) = endless_warm_up(scenario) {
            let name = &scenario.clients[client].name;
            let message = format!("warm_up = \"auto\" needs a mean lifetime, and that of {name} is infinite");
            let fault = Fault::new(places.warm_up.clone(), message).label("ten mean port holds");
            self.fault(fault.help("write how long, such as warm_up = \"10m\""));
            return;
        }
        self.requests(scenario, places);
        self.waiting(scenario, places);
    }

    fn lanes(&mut self, scenario: &Scenario, places: &Places) {
        let before = self.faults.count();
        let (mut all_lanes, mut all_ports) = (0_u64, 0_u64);
        for (index, host) in scenario.hosts.iter().enumerate() {
            let lanes = scenario.lanes(index);
            if lanes > LANES_MAX {
                let message = format!("host {} has {} lanes; at most 65,536 are allowed", host.name, thousands(lanes));
                let fault = Fault::new(places.hosts[index].clone(), message);
                let fault = fault.label(format!("a pool of ports for each {}", host.uniqueness.name()));
                self.fault(fault.help("take fewer addresses or endpoints"));
            }
            all_lanes = all_lanes.saturating_add(lanes);
            all_ports = all_ports.saturating_add(scenario.capacity(index));
        }
        if all_lanes > LANES_MAX && self.faults.count() == before {
            let message = format!("{} lanes on all hosts together; at most 65,536 are allowed", thousands(all_lanes));
            let fault = Fault::new(places.hosts[0].clone(), message).label("the first host");
            self.fault(fault.help("take fewer addresses or endpoints, or fewer hosts"));
        }
        if all_ports > LANE_PORTS_MAX && self.faults.count() == before {
            let message = format!(
                "{} ports in all lanes together; at most {} are allowed",
                thousands(all_ports),
                thousands(LANE_PORTS_MAX)
            );
            let fault = Fault::new(places.hosts[0].clone(), message).label("the first host");
            // As many as fit with ranges as they are.
            let lanes = LANE_PORTS_MAX / (all_ports / all_lanes.max(1)).max(1);
            let help = format!("take a smaller port_range, or {} addresses x endpoints or fewer", thousands(lanes));
            self.fault(fault.help(help));
        }
    }

    fn figures(&mut self, scenario: &Scenario, places: &Places) {
        let scopes = 4 + scenario.hosts.len() + scenario.clients.len() + scenario.destinations.len();
        let figures = u64::from(scenario.run.replications) * scopes as u64;
        if figures > FIGURES_MAX {
            let most = FIGURES_MAX / scopes as u64;
            let message = format!(
                "{} replications are too many for this many names",
                thousands(scenario.run.replications.into())
            );
            let fault = Fault::new(places.run.clone(), message);
            self.fault(fault.help(format!("write replications = {most} or less")));
        }
    }

    fn requests(&mut self, scenario: &Scenario, places: &Places) {
        let seconds = scenario.run.duration.as_secs_f64() + scenario.warm_up().as_secs_f64();
        let requests = expected_requests(scenario, seconds) * f64::from(scenario.run.replications);
        if requests > REQUESTS_MAX {
            let message = format!("{} requests in all replications; at most 1 trillion", words::about(requests));
            let fault = Fault::new(places.duration.clone(), message).label("with the warm-up");
            self.fault(fault.help("take a shorter duration, fewer replications or a lower rate"));
        }
    }

    fn waiting(&mut self, scenario: &Scenario, places: &Places) {
        for (client, at) in scenario.clients.iter().zip(&places.retries) {
            let Some(rate) = client.arrivals.rate() else { continue };
            let retries = f64::from(client.retry.attempts - 1);
            let waiting = rate.events_per_second() * retries * longest_wait_s(&client.retry);
            if waiting > WAITING_MAX {
                let message = format!(
                    "{} retries of {} would wait at one time; at most 10 million",
                    words::about(waiting),
                    client.name
                );
                let fault = Fault::new(at.clone(), message).label("rate x retries x longest wait");
                self.fault(fault.help("take fewer attempts, a shorter delay or a smaller max"));
            }
        }
    }
}

/// The first client for which an automatic warm-up has no end.
fn endless_warm_up(scenario: &Scenario) -> Option<usize> {
    if scenario.run.warm_up != WarmUp::Auto {
        return None;
    }
    let means = Means::of(scenario);
    (0..scenario.clients.len()).find(|index| means.port_hold_s(*index).is_none())
}

/// The longest wait before a retry, in seconds.
fn longest_wait_s(retry: &Retry) -> f64 {
    let max = retry.max.as_secs_f64();
    let mut wait = retry.delay.as_secs_f64();
    for _ in 2..retry.attempts {
        if wait >= max || retry.factor <= 1.0 {
            break;
        }
        wait *= retry.factor;
    }
    wait.min(max)
}

/// How many requests all clients make in `seconds`, on average; a trace has as many as it has by then.
pub fn expected_requests(scenario: &Scenario, seconds: f64) -> f64 {
    let of_client = |arrivals: &Arrivals| match (arrivals, arrivals.rate()) {
        (_, Some(rate)) => rate.events_per_second() * seconds,
        (Arrivals::Replay(replay), _) => {
            replay.trace().rows.partition_point(|row| row.at.as_secs_f64() < seconds) as f64
        }
        _ => 0.0,
    };
    scenario.clients.iter().map(|client| of_client(&client.arrivals)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::SimDuration;

    #[test]
    fn the_longest_wait_is_the_last_one_or_the_cap() {
        let retry = Retry { attempts: 4, factor: 2.0, ..Retry::NONE };
        assert!((longest_wait_s(&retry) - 4.0).abs() < 1e-12, "1, 2, 4");
        assert!((longest_wait_s(&Retry { attempts: 1000, ..retry }) - 30.0).abs() < 1e-12);
        let delay = SimDuration::from_secs(5);
        assert!((longest_wait_s(&Retry { factor: 1.0, delay, ..retry }) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn each_part_may_be_fine_and_all_of_it_too_much() {
        let base = "schema = 1\n[run]\nduration = \"10m\"\nreplications = 1_000_000\n[[host]]\nname = \"h\"\n[[client]]\n\
            name = \"c\"\nhost = \"h\"\nto = \"d0\"\narrivals = { poisson = { rate = \"1/s\" } }\n\
            lifetime = { constant = { value = \"1s\" } }\n";
        let faults = |destinations: usize| {
            let add = |text: String, index: usize| text + &format!("[[destination]]\nname = \"d{index}\"\n");
            let text = (0..destinations).fold(base.to_owned(), add);
            let sources = std::collections::BTreeMap::new();
            match Scenario::read(&crate::scenario::SourceFile::new("x.toml", text), &[], &sources) {
                Ok(_) => Vec::new(),
                Err(found) => found.messages().map(str::to_owned).collect(),
            }
        };
        assert!(faults(14).is_empty());
        assert_eq!(faults(15), ["1,000,000 replications are too many for this many names"]);
        assert_eq!(faults(1001), ["1,001 destinations; at most 1,000 are taken"]);
    }
    #[test]
    fn hosts_share_the_lanes_there_are() {
        let host = |name: &str, addresses: u32| {
            format!(
                "[[host]]\nname = \"{name}\"\naddresses = {addresses}\nport_range = \"1000-1009\"\n[[client]]\n\
                 name = \"{name}\"\nhost = \"{name}\"\nto = \"d\"\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
                 lifetime = {{ constant = {{ value = \"1s\" }} }}\n"
            )
        };
        let faults = |second: u32| {
            let start = "schema = 1\n[run]\nduration = \"10m\"\n[[destination]]\nname = \"d\"\n";
            let text = format!("{start}{}{}", host("a", 40_000), host("b", second));
            let sources = std::collections::BTreeMap::new();
            match Scenario::read(&crate::scenario::SourceFile::new("x.toml", text), &[], &sources) {
                Ok(_) => Vec::new(),
                Err(found) => found.messages().map(str::to_owned).collect(),
            }
        };
        assert!(faults(25_536).is_empty());
        assert_eq!(faults(25_537), ["65,537 lanes on all hosts together; at most 65,536 are allowed"]);
    }
}
