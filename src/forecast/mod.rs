//! What formulas say of a scenario before anything is simulated: the risk, and the settings that keep it low.
//!
//! Maps a validated [`Scenario`] to the closed forms of [`theory`](crate::theory) where they are honest: one client, lanes
//! that are alike, Poisson connects (or evenly spaced ones of equal length). All else is [`NoClosedForm`], which says why.
//! `calc`, and the summary of `run`, tell the same figures: [`FIGURES`]. To add one, add a line there. Simulates nothing.

mod figures;
mod lanes;
mod limit;
mod mean;
mod reuse;
mod steady;

use crate::port::{Binding, PortRange};
use crate::scenario::ways::{Access, Way};
use crate::scenario::{Client, Host, Scenario};
use crate::theory::{Phase, Window, erlang_b};
use crate::workload::lifetime::LifetimeLaw;
use crate::workload::{Arrivals, Behaviour, Spread};

use steady::Overloaded;

pub use figures::{FIGURES, Figure, RISK_BOUND};
pub use lanes::{Lanes, Spacing, TimeWait};
pub use reuse::ReuseLaw;
pub use steady::indirect_load;

/// The risk that settings are made for unless someone says: 1 % per window.
pub const TARGET_RISK: f64 = 0.01;

/// Why no formula can be trusted with a scenario, in words that fit after `no closed form: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoClosedForm(&'static str);

/// What formulas say of a scenario.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The pools, and what they are asked for.
    pub lanes: Lanes,
    /// The risk that the settings are made for, strictly between 0 and 1.
    pub target: f64,
    /// Mean busy ports of all lanes over the window while nobody is refused; `None` when more are wanted than there are.
    pub busy_mean: Option<f64>,
    /// The mean time between two uses of a port that is taken again at once, in seconds.
    pub cycle_s: f64,
    /// How long after an empty start its wave of refusals comes back with every cycle, in seconds, where more is wanted
    /// than gets through for long; infinite when nothing blurs it.
    pub echo_s: Option<f64>,
    /// The stack.
    pub host: Host,
    /// Destination endpoints.
    pub endpoints: u32,
}

impl Forecast {
    /// The forecast for `scenario`; settings are those with a risk of at most `target` (strictly between 0 and 1).
    ///
    /// # Errors
    ///
    /// When no closed form is honest, and why.
    ///
    /// # Panics
    ///
    /// When `target` is out of its domain.
    pub fn of(scenario: &Scenario, target: f64) -> Result<Self, NoClosedForm> {
        assert!(target > 0.0 && target < 1.0, "a risk lies strictly between 0 and 1");
        let [client] = &scenario.clients[..] else {
            return Err(NoClosedForm("several clients open connections"));
        };
        let way = scenario.ways().all.swap_remove(0);
        let host = &Host { uniqueness: way.uniqueness, ..scenario.hosts[client.host].clone() };
        plain_sockets(scenario, client, host, &way)?;
        let spacing = spacing(client)?;
        let Some(lifetime_s) = client.lifetime.mean_s() else {
            return Err(NoClosedForm("the mean lifetime is infinite"));
        };
        if !mean::mean_is_drawn(&client.lifetime) {
            return Err(NoClosedForm("the mean lifetime lies in values too rare to come"));
        }
        let endpoints = client.to.iter().map(|(to, _)| scenario.destinations[*to].endpoints).sum();
        let count = u32::try_from(host.uniqueness.lanes(host.addresses, endpoints)).expect("at most 65,536 lanes");
        alike(scenario, client, host)?;
        if spacing == Spacing::Even && count > 1 {
            return Err(NoClosedForm("evenly spaced connects are split over several sets of ports"));
        }
        let time_wait = time_wait(scenario, client, host);
        let warm_up_s = scenario.warm_up().as_secs_f64();
        let by_s = warm_up_s + scenario.run.duration.as_secs_f64();
        // Who is refused in the warm-up comes back in the window, if it comes back at all.
        let from_s = if client.retry.attempts > 1 { 0.0 } else { warm_up_s };
        let rate_per_s = client.arrivals.rate().expect("both spacings have one").events_per_second();
        let lanes = Lanes {
            ports: way.usable_ports(),
            count,
            rate_per_s,
            spacing,
            lifetime_s,
            time_wait,
            window: Window { from_s, by_s },
        };
        let busy_mean = (lanes.lane_load() < f64::from(lanes.ports))
            .then(|| rate_per_s * mean::held_s(&client.lifetime, time_wait, Window { from_s: warm_up_s, by_s }));
        let cycle_s = mean::cycle_s(&client.lifetime, time_wait).expect("the mean is finite");
        let through_per_s = f64::from(lanes.ports) * f64::from(lanes.count) / cycle_s;
        let each =
            Overloaded { ports: f64::from(lanes.ports), cycle_s, rate_per_s: rate_per_s / f64::from(count), spacing };
        let echo_s = (rate_per_s > through_per_s).then(|| steady::echo_s(&client.lifetime, each));
        Ok(Self { lanes, target, busy_mean, cycle_s, echo_s, host: host.clone(), endpoints })
    }

    /// Connects per second that get through for long, whatever is asked for: every port is taken again at once.
    /// Infinite when a connection holds its port for no time.
    pub fn sustained_per_s(&self) -> f64 {
        f64::from(self.lanes.ports) * f64::from(self.lanes.count) / self.cycle_s
    }

    /// The share of connects refused in the long run by Erlang's formula: exact for Poisson connects when ports come
    /// back one by one, far too kind when they come back in batches.
    pub fn refused_ratio(&self) -> Option<f64> {
        (self.lanes.spacing == Spacing::Poisson).then(|| erlang_b(self.lanes.ports, self.lanes.lane_load()))
    }

    /// The share of connects refused in the window and the formula it is from, where that is exact: Erlang's for Poisson
    /// connects without retries whose ports come back one by one, once what an empty start leaves out is too little to
    /// matter; none, where evenly spaced connects can never want more ports than there are.
    pub fn exact_refused_ratio(&self) -> Option<(f64, &'static str)> {
        /// What the start may change it by, as a share of it.
        const NEGLIGIBLE: f64 = 1e-3;
        if self.lanes.spacing == Spacing::Even {
            return (self.lanes.risk_at_most() <= 0.0).then(|| (0.0, self.risk_formula()));
        }
        let refused_ratio = self.refused_ratio()?;
        let (ports, load) = (f64::from(self.lanes.ports), self.lanes.lane_load());
        // d ln B / d ln a = N - a (1 - B), and the mean is short of a for as long as the start is felt.
        let short = load - self.busy_mean? / f64::from(self.lanes.count);
        let off = (short / load).abs() * (ports - load * (1.0 - refused_ratio));
        let is_settled = self.lanes.window.from_s > 0.0 && off <= NEGLIGIBLE;
        (matches!(self.lanes.time_wait, TimeWait::Exact(_)) && is_settled).then_some((refused_ratio, "Erlang B"))
    }

    /// The smallest port range with enough ports for the target ([`Host::range_with`]).
    pub fn safe_range(&self) -> Option<PortRange> {
        self.host.range_with(self.lanes.safe_ports(self.target)?)
    }

    /// The fewest source addresses that are enough, if more of them make more sets of ports.
    pub fn safe_addresses(&self) -> Option<u32> {
        let lanes = |addresses| self.host.uniqueness.lanes(addresses, self.endpoints);
        self.safe_times(self.host.addresses, lanes(2) > lanes(1))
    }

    /// The fewest destination endpoints that are enough, if more of them make more sets of ports.
    pub fn safe_endpoints(&self) -> Option<u32> {
        let lanes = |endpoints| self.host.uniqueness.lanes(self.host.addresses, endpoints);
        self.safe_times(self.endpoints, lanes(2) > lanes(1))
    }

    /// Of something that there is `now`, and that lanes multiply with if it `matters`, as many as are enough.
    fn safe_times(&self, now: u32, matters: bool) -> Option<u32> {
        let step = self.lanes.count / now;
        if matters { self.lanes.safe_count(self.target, step).map(|count| count / step) } else { None }
    }
}

fn spacing(client: &Client) -> Result<Spacing, NoClosedForm> {
    match &client.arrivals {
        Arrivals::Poisson(_) => Ok(Spacing::Poisson),
        Arrivals::Constant(_) if client.lifetime.constant().is_some() => Ok(Spacing::Even),
        Arrivals::Constant(_) => Err(NoClosedForm("evenly spaced connects with lifetimes that differ")),
        Arrivals::Replay(_) => Err(NoClosedForm("the arrivals are a recording")),
    }
}

/// Does each lane get the same share of the connects, at random?
fn alike(scenario: &Scenario, client: &Client, host: &Host) -> Result<(), NoClosedForm> {
    let lanes = |addresses, endpoints| host.uniqueness.lanes(addresses, endpoints);
    if lanes(2, 1) > 1 && host.addresses > 1 && client.source != Spread::Random {
        return Err(NoClosedForm("source addresses are not drawn at random"));
    }
    if lanes(1, 2) == 1 {
        return Ok(());
    }
    let shares = client.to.iter().map(|(to, weight)| (scenario.destinations[*to].endpoints, *weight));
    let shares: Vec<(u32, f64)> = shares.collect();
    if client.balance != Spread::Random && shares.iter().any(|(endpoints, _)| *endpoints > 1) {
        return Err(NoClosedForm("endpoints are not drawn at random"));
    }
    let each = |(endpoints, weight): &(u32, f64)| weight / f64::from(*endpoints);
    if shares.iter().any(|share| (each(share) / each(&shares[0]) - 1.0).abs() > 1e-6) {
        return Err(NoClosedForm("destinations with ports of their own get unequal shares"));
    }
    Ok(())
}

/// Are the client's sockets such that formulas know all that matters of them?
fn plain_sockets(scenario: &Scenario, client: &Client, host: &Host, way: &Way) -> Result<(), NoClosedForm> {
    if client.to.iter().any(|(to, _)| scenario.destinations[*to].behaviour != Behaviour::Accepts) {
        return Err(NoClosedForm("not every destination accepts and closes its connections"));
    }
    if matches!(client.bind, Binding::Ports(_)) || client.local_port_range.is_some() {
        return Err(NoClosedForm("the client's sockets have ports of their own"));
    }
    if way.access == Access::SharedBindZero {
        return Err(NoClosedForm("ports may be shared (autobind_reuse)"));
    }
    if scenario.capacity(client.host) > host.sockets.max_tw_buckets {
        return Err(NoClosedForm("TIME-WAITs may become too many (max_tw_buckets)"));
    }
    let early = |(to, _): &(usize, f64)| scenario.reuses_early(client.host, *to);
    if client.to.iter().any(early) && !client.to.iter().all(early) {
        return Err(NoClosedForm("only some TIME-WAITs may be taken over (tw_reuse)"));
    }
    Ok(())
}

/// A TIME-WAIT stays with who closes first.
fn time_wait(scenario: &Scenario, client: &Client, host: &Host) -> TimeWait {
    if !client.closes_first.client_waits() {
        return TimeWait::Exact(0.0);
    }
    let (mean_s, grid_s) = (host.time_wait.mean_s(), host.time_wait.grid().as_secs_f64());
    let early_s = scenario.time_wait_s(client, client.to[0].0);
    if host.time_wait.grid().is_zero() || early_s < mean_s {
        return TimeWait::Exact(early_s);
    }
    let phase = if host.time_wait.phase().is_some() { Phase::Given } else { Phase::Drawn };
    TimeWait::Batches { wait_s: mean_s - grid_s / 2.0, grid_s, phase }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use std::collections::BTreeMap;

    fn read(sets: &[&str]) -> Scenario {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources).unwrap_or_else(|error| panic!("{error}"))
    }

    fn of(sets: &[&str]) -> Result<Forecast, NoClosedForm> {
        Forecast::of(&read(sets), TARGET_RISK)
    }

    #[test]
    fn the_quickstart_is_that_of_the_screens() {
        let forecast = of(&[]).unwrap();
        assert_eq!(format!("{:.1}", forecast.sustained_per_s()), "459.5");
        assert!((forecast.cycle_s - 61.44).abs() < 1e-6, "{}", forecast.cycle_s);
        assert_eq!(forecast.busy_mean.map(f64::round), Some(26_084.0));
        assert_eq!(format!("{:.1e}", forecast.refused_ratio().unwrap()), "9.7e-8");
        assert_eq!(forecast.safe_range(), PortRange::new(32_768, 61_375));
        assert_eq!((forecast.safe_addresses(), forecast.safe_endpoints()), (Some(2), Some(2)));
        let fast = of(&["client.checkout.arrivals.poisson.rate=500/s"]).unwrap();
        assert_eq!((fast.safe_range(), fast.busy_mean), (PortRange::new(32_768, 64_516), None));
    }

    #[test]
    fn a_range_grows_downwards_where_it_has_no_room_above_and_keeps_its_reserved_ports() {
        let reserved = of(&["host.gateway.reserved_ports=[\"60000-61000\"]"]).unwrap();
        assert_eq!(reserved.safe_range(), PortRange::new(32_768, 62_376), "1,001 ports further");
        let fast = of(&["client.checkout.arrivals.poisson.rate=600/s"]).unwrap();
        let range = fast.safe_range().unwrap();
        assert_eq!((range.last(), range.len()), (65_535, fast.lanes.safe_ports(TARGET_RISK).unwrap()));
        assert_eq!(of(&["client.checkout.arrivals.poisson.rate=2k/s"]).unwrap().safe_range(), None);
    }

    #[test]
    fn who_closes_first_keeps_the_time_wait_and_lanes_multiply() {
        let server = of(&["client.checkout.closes_first=server"]).unwrap();
        assert!((server.lanes.lane_load() - 22.5).abs() < 1e-9);
        let more = ["host.gateway.addresses=3", "destination.orders-db.endpoints=2"];
        let more = of(&more).unwrap();
        assert_eq!((more.lanes.count, more.safe_addresses(), more.safe_endpoints()), (6, Some(1), Some(1)));
        let mac = of(&["host.gateway.profile=macos", "host.gateway.addresses=3"]).unwrap();
        assert_eq!((mac.lanes.count, mac.safe_addresses(), mac.safe_endpoints()), (1, None, None));
    }

    #[test]
    fn a_refused_ratio_is_exact_only_where_nothing_is_left_out() {
        let exact = ["host.gateway.time_wait=60s", "run.warm_up=20m", "client.checkout.retry.attempts=1"];
        let ratio = |sets: &[&str]| of(sets).unwrap().exact_refused_ratio();
        let (found, formula) = ratio(&exact).unwrap();
        assert_eq!((format!("{found:.1e}").as_str(), formula), ("6.2e-15", "Erlang B"));
        for (index, other) in ["host.gateway.profile=linux-6.18", "run.warm_up=0s", "client.checkout.retry.attempts=3"]
            .into_iter()
            .enumerate()
        {
            let mut sets = exact;
            sets[index] = other;
            assert_eq!(ratio(&sets), None, "{other}");
        }
        let slow = [&exact[..], &["client.checkout.lifetime={ pareto = { min = \"1s\", shape = 1.5 } }"]].concat();
        assert_eq!(ratio(&slow), None, "the longest lifetimes have not come yet");
        let even = "client.checkout.arrivals={ constant = { rate = \"400/s\" } }";
        let life = "client.checkout.lifetime={ constant = { value = \"50ms\" } }";
        assert_eq!(ratio(&[even, life]), Some((0.0, "arrivals in one hold (D/D/c/c)")));
    }

    #[test]
    fn where_no_formula_is_honest_it_says_why() {
        for (sets, why) in [
            (&["client.checkout.arrivals={ constant = { rate = \"450/s\" } }"][..], "lifetimes that differ"),
            (&["host.gateway.addresses=2", "client.checkout.source=round-robin"], "addresses are not drawn at random"),
            (&["destination.orders-db.endpoints=2", "client.checkout.balance=first-free"], "endpoints are not drawn"),
            (&["client.checkout.lifetime={ pareto = { min = \"1s\", shape = 0.9 } }"], "the mean lifetime is infinite"),
            (&["client.checkout.lifetime={ pareto = { min = \"10ms\", shape = 1.0001 } }"], "too rare to come"),
        ] {
            let found = of(sets).unwrap_err().to_string();
            assert!(found.contains(why), "{found}");
        }
    }
}
