//! Scenarios with one host in the making, for cases that theory knows: what is not said is as plain as can be.

use super::bench::read;
use crate::scenario::Scenario;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A scenario with one host in the making: each field is the value as a scenario file has it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The measured window, a duration.
    pub duration: String,
    /// The time before it, a duration.
    pub warm_up: String,
    /// How many runs.
    pub replications: u32,
    /// What every random draw is keyed by.
    pub seed: u64,
    /// Further lines of `[run]`.
    pub run: String,
    /// The range starts at 10000 and has as many ports.
    pub ports: u32,
    /// The order of search.
    pub allocator: String,
    /// What must differ between connections.
    pub uniqueness: String,
    /// A duration, or a whole value in braces.
    pub time_wait: String,
    /// Further lines of the host.
    pub host: String,
    /// Each destination's share and number of endpoints; they are called d0, d1, ...
    pub destinations: Vec<(f64, u32)>,
    /// When requests come, in braces.
    pub arrivals: String,
    /// How long a connection is open, in braces.
    pub lifetime: String,
    /// Further lines of the client.
    pub client: String,
    /// A trace, called `t.csv`.
    pub trace: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            duration: "100s".to_owned(),
            warm_up: "0s".to_owned(),
            replications: 1,
            seed: 60_327,
            run: String::new(),
            ports: 10,
            allocator: "sequential".to_owned(),
            uniqueness: "4-tuple".to_owned(),
            time_wait: "0s".to_owned(),
            host: String::new(),
            destinations: vec![(1.0, 1)],
            arrivals: poisson(1.0),
            lifetime: exponential(1.0),
            client: String::new(),
            trace: String::new(),
        }
    }
}

impl Draft {
    /// As a scenario file.
    ///
    /// # Panics
    ///
    /// Never: a string takes all.
    pub fn text(&self) -> String {
        let mut text = format!(
            "schema = 1\n[run]\nduration = \"{}\"\nwarm_up = \"{}\"\nreplications = {}\nseed = {}\n{}\n",
            self.duration, self.warm_up, self.replications, self.seed, self.run
        );
        text.push_str(&self.host_text("h", ""));
        let mut shares = Vec::new();
        for (index, (share, endpoints)) in self.destinations.iter().enumerate() {
            write!(text, "[[destination]]\nname = \"d{index}\"\nendpoints = {endpoints}\n")
                .expect("a string takes all");
            shares.push(format!("d{index} = {share}"));
        }
        text.push_str(&self.client_text("c", "h", &format!("{{ {} }}", shares.join(", "))));
        text
    }

    /// One more host like this one.
    pub fn host_text(&self, name: &str, more: &str) -> String {
        let time_wait = quoted(&self.time_wait);
        format!(
            "[[host]]\nname = \"{name}\"\nport_range = \"10000-{}\"\nallocator = \"{}\"\nuniqueness = \"{}\"\n\
             time_wait = {time_wait}\n{}\n{more}\n",
            9_999 + self.ports,
            self.allocator,
            self.uniqueness,
            self.host
        )
    }

    /// One more client like this one.
    pub fn client_text(&self, name: &str, host: &str, to: &str) -> String {
        format!(
            "[[client]]\nname = \"{name}\"\nhost = \"{host}\"\nto = {to}\narrivals = {}\nlifetime = {}\n{}\n",
            self.arrivals, self.lifetime, self.client
        )
    }

    /// As what is simulated.
    ///
    /// # Panics
    ///
    /// When it is no scenario.
    pub fn scenario(&self) -> Scenario {
        read(&self.text(), &BTreeMap::from([("t.csv".to_owned(), self.trace.as_bytes().to_vec())]))
    }
}

fn quoted(value: &str) -> String {
    if value.starts_with('{') { value.to_owned() } else { format!("\"{value}\"") }
}

/// Seconds as a quantity, to the nanosecond.
pub fn seconds(value: f64) -> String {
    let text = format!("{value:.9}");
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Poisson arrivals per second.
pub fn poisson(rate: f64) -> String {
    format!("{{ poisson = {{ rate = \"{rate}/s\" }} }}")
}

/// Arrivals a whole number of milliseconds apart.
pub fn every_ms(gap: u32) -> String {
    format!("{{ constant = {{ rate = \"1/{gap}ms\" }} }}")
}

/// Exponential with this mean, in seconds.
pub fn exponential(mean: f64) -> String {
    format!("{{ exponential = {{ mean = \"{}\" }} }}", seconds(mean))
}

/// Always so many seconds.
pub fn constant(value: f64) -> String {
    format!("{{ constant = {{ value = \"{}\" }} }}", seconds(value))
}

/// Uniform between zero and twice the mean, in seconds.
pub fn uniform(mean: f64) -> String {
    format!("{{ uniform = {{ low = \"0s\", high = \"{}\" }} }}", seconds(2.0 * mean))
}

/// Lognormal with this mean, in seconds.
pub fn lognormal(mean: f64, sigma: f64) -> String {
    format!("{{ lognormal = {{ mean = \"{}\", sigma = {sigma} }} }}", seconds(mean))
}
