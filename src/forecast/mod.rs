//! What formulas say of a scenario before anything is simulated: the risk, and the settings that keep it low.
//!
//! Maps a validated [`Scenario`] to the closed forms of [`theory`](crate::theory) where they are honest: one client, lanes
//! that are alike, Poisson connects (or evenly spaced ones of equal length). All else is [`NoClosedForm`], which says why.
//! `calc`, and the summary of `run`, tell the same figures: [`FIGURES`]. To add one, add a line there. Simulates nothing.

mod after_close;
mod alert;
mod buckets;
mod figures;
mod lanes;
mod limit;
mod mean;
mod reuse;
mod safe;
mod search;
mod steady;

use crate::des::SimDuration;
use crate::port::{Binding, PortRange, Uniqueness};
use crate::scenario::ways::{Access, Way};
use crate::scenario::words::{short_floor_rate, short_rate, thousands};
use crate::scenario::{Client, Host, Quantity, Scenario};
use crate::theory::{Window, erlang_b, poisson_upper_tail};
use crate::workload::lifetime::{Constant, LifetimeLaw};
use crate::workload::{Arrivals, Behaviour, ClosesFirst, Leaves, Lifetime, Spread};

use after_close::AfterClose;
use std::borrow::Cow;
use steady::Overloaded;

pub use alert::{Alert, SteadyLoad};
pub use buckets::Buckets;
pub use figures::{FIGURES, Figure, REFUSED_BOUND, RISK_BOUND, RISK_MIN};
pub use lanes::{Lanes, Spacing, TimeWait};
pub use reuse::ReuseLaw;
pub use search::Search;
pub use steady::indirect_load;

/// The risk that settings are made for unless someone says: 1 % per window.
pub const TARGET_RISK: f64 = 0.01;

/// Why no formula can be trusted with a scenario, in words that fit after `no closed form: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoClosedForm(Cow<'static, str>);

impl NoClosedForm {
    fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

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
    /// Do refused connects come back?
    pub retries: bool,
    /// What is measured, without the warm-up.
    measured: Window,
    /// Who closes first: the assumption that decides most.
    pub closes_first: ClosesFirst,
    /// The same load if another end did; `None` where no other end can, or no formula knows it.
    pub other: Option<(ClosesFirst, Lanes)>,
    sets: Sets,
    lifetime: Lifetime,
    /// What its connections leave.
    leaves: Leaves,
}

/// How connects come by the host's sets of ports.
#[derive(Clone, Copy, Debug)]
struct Sets {
    uniqueness: Uniqueness,
    /// Are source addresses tried one after another? Else they are drawn at random.
    sources_in_turn: bool,
    /// Are endpoints?
    endpoints_in_turn: bool,
}

impl Sets {
    /// `lanes` made of sets of so many ports, of which a search may pass some over, for so many addresses and endpoints;
    /// `None` when they are more than a formula can go through in no time.
    fn lay_out(self, lanes: Lanes, [ports, skips]: [u32; 2], addresses: u32, endpoints: u32) -> Option<Lanes> {
        /// The most ports of one lane.
        const PORTS_MAX: u32 = 1 << 24;
        let in_turn = |is_so: bool, number: u32| if is_so { number } else { 1 };
        let (tried, asked) = (in_turn(self.sources_in_turn, addresses), in_turn(self.endpoints_in_turn, endpoints));
        let sets = u32::try_from(self.uniqueness.lanes(addresses, endpoints)).ok()?;
        let joined = u32::try_from(self.uniqueness.lanes(tried, asked)).ok()?;
        let ports = ports.checked_mul(joined).filter(|ports| *ports <= PORTS_MAX)?;
        Some(Lanes { ports, skips: skips * joined, count: sets / joined, joined, ..lanes })
    }
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
        let mut forecast = Self::as_it_is(scenario, target)?;
        let mut other = scenario.clone();
        let closer = &mut other.clients[0].closes_first;
        *closer = if closer.client_waits() { ClosesFirst::Server } else { ClosesFirst::Client };
        let closer = *closer;
        // Whoever never closes does not close first.
        let answers = |(to, _): &(usize, f64)| scenario.destinations[*to].behaviour == Behaviour::Accepts;
        let is_open = scenario.clients[0].to.iter().all(answers);
        forecast.other = is_open.then(|| Self::as_it_is(&other, target).ok()).flatten().map(|it| (closer, it.lanes));
        Ok(forecast)
    }

    /// The forecast without that of the other assumption.
    fn as_it_is(scenario: &Scenario, target: f64) -> Result<Self, NoClosedForm> {
        assert!(target > 0.0 && target < 1.0, "a risk lies strictly between 0 and 1");
        let [client] = &scenario.clients[..] else {
            return Err(NoClosedForm::new("several clients open connections"));
        };
        let way = scenario.ways().all.swap_remove(0);
        let host = &Host { uniqueness: way.uniqueness, ..scenario.hosts[client.host].clone() };
        plain_sockets(scenario, client, &way)?;
        let spacing = spacing(client)?;
        let AfterClose { leaves, time_wait, buckets } = AfterClose::of(scenario, client, host)?;
        let (lifetime, lifetime_s) = lifetime(client, leaves)?;
        let endpoints = client.to.iter().map(|(to, _)| scenario.destinations[*to].endpoints).sum();
        alike(scenario, client, host)?;
        let warm_up_s = scenario.warm_up().as_secs_f64();
        let by_s = warm_up_s + scenario.run.duration.as_secs_f64();
        // Who is refused in the warm-up comes back in the window, if it comes back at all.
        let from_s = if client.retry.attempts > 1 { 0.0 } else { warm_up_s };
        let rate_per_s = client.arrivals.rate().expect("both spacings have one").events_per_second();
        let window = Window { from_s, by_s };
        let preferred = preferred(&way);
        let (ports, skips, count, joined) = (1, 0, 1, 1);
        let one = Lanes {
            ports,
            count,
            joined,
            rate_per_s,
            spacing,
            lifetime_s,
            time_wait,
            window,
            preferred,
            skips,
            buckets,
        };
        let sets = Sets {
            uniqueness: host.uniqueness,
            sources_in_turn: client.source == Spread::FirstFree,
            endpoints_in_turn: client.balance == Spread::FirstFree,
        };
        // It is the size of the range that is odd, whatever is reserved in it.
        let ports = [way.usable_ports(), one.skips_of(way.ports.len()).min(way.usable_ports() - 1)];
        let lanes = sets.lay_out(one, ports, host.addresses, endpoints);
        let lanes = lanes.ok_or(NoClosedForm::new("too many ports are tried in turn"))?;
        if spacing == Spacing::Even && lanes.count > 1 {
            return Err(NoClosedForm::new("evenly spaced connects are split over several sets of ports"));
        }
        if !lanes.formula_stands() {
            return Err(too_many_time_waits(&lanes));
        }
        let measured = Window { from_s: warm_up_s, by_s };
        let busy_mean = (lanes.lane_load() < f64::from(lanes.ports)).then(|| busy_mean(&lanes, &lifetime, measured));
        let cycle_s = mean::cycle_s(&lifetime, time_wait).expect("the mean is finite");
        let through_per_s = f64::from(lanes.ports) * f64::from(lanes.count) / cycle_s;
        let each = Overloaded { ports: f64::from(lanes.ports), cycle_s, rate_per_s: lanes.lane_rate(), spacing };
        let echo_s = (rate_per_s > through_per_s).then(|| steady::echo_s(&lifetime, each));
        Ok(Self {
            lanes,
            target,
            busy_mean,
            cycle_s,
            echo_s,
            host: host.clone(),
            lifetime,
            leaves,
            closes_first: client.closes_first,
            other: None,
            endpoints,
            retries: client.retry.attempts > 1,
            measured,
            sets,
        })
    }

    /// A lower bound of the risk, in the measured window alone: refused connects of the warm-up need not come back in it.
    pub fn risk_at_least(&self) -> f64 {
        Lanes { window: self.measured, ..self.lanes }.risk_at_least()
    }

    /// See [`Lanes::first_refusal_s`]: of that window.
    pub fn first_refusal_s(&self) -> Option<(f64, f64)> {
        Lanes { window: self.measured, ..self.lanes }.first_refusal_s()
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

    /// An upper bound of the share of connects refused in any window: at no time are more ports busy than if there were no
    /// end of them, and that is a Poisson number with no larger mean than at the fullest moment. `None` where refused
    /// connects come back, and make more of them.
    pub fn refused_at_most(&self) -> Option<f64> {
        match self.lanes.spacing {
            _ if self.retries => None,
            Spacing::Even => (self.lanes.risk_at_most() <= 0.0).then_some(0.0),
            Spacing::Poisson => Some(poisson_upper_tail(self.lanes.sure_ports() - 1, self.lanes.lane_fullest())),
        }
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
        let refused_ratio = self.refused_ratio().filter(|_| self.lanes.skips == 0)?;
        let (ports, load) = (f64::from(self.lanes.ports), self.lanes.lane_load());
        // d ln B / d ln a = N - a (1 - B), and the mean is short of a for as long as the start is felt.
        let short = load - self.busy_mean? / f64::from(self.lanes.count);
        let off = (short / load).abs() * (ports - load * (1.0 - refused_ratio));
        let is_settled = self.lanes.window.from_s > 0.0 && off <= NEGLIGIBLE;
        (matches!(self.lanes.time_wait, TimeWait::Exact(_)) && is_settled).then_some((refused_ratio, "Erlang B"))
    }

    /// About the share of connects refused in the window, where ports come back one by one: Erlang's formula at the mean
    /// number of ports that would be busy then if there were no end of them (modified offered load; [`ChangingRate`] says
    /// how good it is). Too low; the more so the more are refused, and where refused connects come back.
    ///
    /// [`ChangingRate`]: crate::theory::ChangingRate
    pub fn approximate_refused_ratio(&self) -> Option<f64> {
        /// Parts of the window, each with a mean of its own.
        const STEPS: u32 = 64;
        if self.lanes.spacing != Spacing::Poisson || !matches!(self.lanes.time_wait, TimeWait::Exact(_)) {
            return None;
        }
        let Window { from_s, by_s } = self.lanes.window;
        let at = |step: u32| from_s + (by_s - from_s) * f64::from(step) / f64::from(STEPS);
        let refused_ratio = |step: u32| {
            let part = Window { from_s: at(step), by_s: at(step + 1) };
            let busy = self.lanes.lane_rate() * mean::held_s(&self.lifetime, self.lanes.time_wait, part);
            erlang_b(self.lanes.ports, busy)
        };
        Some((0..STEPS).map(refused_ratio).sum::<f64>() / f64::from(STEPS))
    }

    /// The smallest port range with enough ports for the target ([`Host::range_with`]).
    pub fn safe_range(&self) -> Option<PortRange> {
        self.host.range_with(self.lanes.safe_ports(self.target)? / self.lanes.joined)
    }

    /// The fewest source addresses that are enough, if more of them make more sets of ports.
    pub fn safe_addresses(&self) -> Option<u32> {
        self.fewest(Quantity::Addresses, |lanes| lanes.is_safe(self.target))
    }

    /// The fewest destination endpoints that are enough, if more of them make more sets of ports.
    pub fn safe_endpoints(&self) -> Option<u32> {
        self.fewest(Quantity::Endpoints, |lanes| lanes.is_safe(self.target))
    }

    /// The fewest of what sets of ports multiply with (addresses, endpoints) with which the lanes are as wanted; `None`
    /// where more of them are no more sets, or no number will do.
    pub fn fewest(&self, quantity: Quantity, fits: impl Fn(&Lanes) -> bool) -> Option<u32> {
        let one = self.turned(quantity, 1.0)?;
        let helps = self.turned(quantity, 2.0).is_some_and(|two| two.count * two.ports > one.count * one.ports);
        let least = self.limit(quantity, 1.0, fits).filter(|_| helps)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 65,536")]
        Some(least as u32)
    }
}

/// The lifetime of a client's connections and its mean in seconds.
fn lifetime(client: &Client, leaves: Leaves) -> Result<(Lifetime, f64), NoClosedForm> {
    // Whom nobody answers has no lifetime.
    let unanswered = || Lifetime::Constant(Constant::new(SimDuration::ZERO));
    let lifetime = if leaves == Leaves::Unanswered { unanswered() } else { client.lifetime.clone() };
    let Some(lifetime_s) = lifetime.mean_s() else {
        return Err(NoClosedForm::new("the mean lifetime is infinite"));
    };
    if !mean::mean_is_drawn(&lifetime) {
        return Err(NoClosedForm::new("the mean lifetime lies in values too rare to come"));
    }
    Ok((lifetime, lifetime_s))
}

/// Mean busy ports of all lanes over a window, while nobody is refused.
fn busy_mean(lanes: &Lanes, lifetime: &Lifetime, window: Window) -> f64 {
    let Window { from_s, by_s } = window;
    // Evenly spaced connects begin with one at once: half a connect more than their rate says (Euler and Maclaurin).
    let first_s = (lanes.hold_s().min(by_s) - from_s).max(0.0) / (by_s - from_s);
    let more = if lanes.spacing == Spacing::Even { 0.5 * first_s } else { 0.0 };
    lanes.rate_per_s * mean::held_s(lifetime, lanes.time_wait, window) + more
}

fn spacing(client: &Client) -> Result<Spacing, NoClosedForm> {
    match &client.arrivals {
        Arrivals::Poisson(_) => Ok(Spacing::Poisson),
        Arrivals::Constant(_) if client.lifetime.constant().is_some() => Ok(Spacing::Even),
        Arrivals::Constant(_) => Err(NoClosedForm::new("evenly spaced connects with lifetimes that differ")),
        Arrivals::Replay(_) => Err(NoClosedForm::new("the arrivals are a recording")),
    }
}

/// Does each lane get the same share of the connects, at random?
fn alike(scenario: &Scenario, client: &Client, host: &Host) -> Result<(), NoClosedForm> {
    let lanes = |addresses, endpoints| host.uniqueness.lanes(addresses, endpoints);
    if lanes(2, 1) > 1 && host.addresses > 1 && client.source == Spread::RoundRobin {
        return Err(NoClosedForm::new("source addresses are not drawn at random"));
    }
    if lanes(1, 2) == 1 {
        return Ok(());
    }
    let shares = client.to.iter().map(|(to, weight)| (scenario.destinations[*to].endpoints, *weight));
    let shares: Vec<(u32, f64)> = shares.collect();
    let is_known = client.balance == Spread::Random || client.balance == Spread::FirstFree && shares.len() == 1;
    if !is_known && shares.iter().any(|(endpoints, _)| *endpoints > 1) {
        return Err(NoClosedForm::new("endpoints are not drawn at random"));
    }
    let each = |(endpoints, weight): &(u32, f64)| weight / f64::from(*endpoints);
    if shares.iter().any(|share| (each(share) / each(&shares[0]) - 1.0).abs() > 1e-6) {
        return Err(NoClosedForm::new("destinations with ports of their own get unequal shares"));
    }
    Ok(())
}

/// Are the client's sockets such that formulas know all that matters of them?
fn plain_sockets(scenario: &Scenario, client: &Client, way: &Way) -> Result<(), NoClosedForm> {
    if matches!(client.bind, Binding::Ports(_)) || client.local_port_range.is_some() {
        return Err(NoClosedForm::new("the client's sockets have ports of their own"));
    }
    if way.access == Access::SharedBindZero {
        return Err(NoClosedForm::new("ports may be shared (autobind_reuse)"));
    }
    let early = |(to, _): &(usize, f64)| scenario.reuses_early(client.host, *to);
    if client.to.iter().any(early) && !client.to.iter().all(early) {
        return Err(NoClosedForm::new("only some TIME-WAITs may be taken over (tw_reuse)"));
    }
    Ok(())
}

/// The share of a way's ports that a search looks at first; `None` where it has no such order.
fn preferred(way: &Way) -> Option<f64> {
    let first = way.ports.first();
    // connect() begins with ports like the first of the range, bind(0) with the others (`reference/linux.md` 1.5, 1.6).
    let like_first = way.access == Access::Connect;
    let is_usable = |port: u16| !way.reserved.contains(port) && !way.listening.contains(port);
    let is_first = |port: u16| port.is_multiple_of(2) == (first.is_multiple_of(2) == like_first);
    let ports = (first..=way.ports.last()).filter(|port| is_first(*port) && is_usable(*port)).count();
    way.allocator.is_parity_first().then(|| ports as f64 / f64::from(way.usable_ports()))
}

/// Why no formula stands where the kernel drops TIME-WAITs, and up to where one does.
fn too_many_time_waits(lanes: &Lanes) -> NoClosedForm {
    let upto = lanes.formula_rate().unwrap_or_default();
    let most = lanes.buckets.map_or(0, |buckets| buckets.most);
    NoClosedForm::new(format!(
        "above {} (now {}) TIME-WAITs may become more than the {} that the kernel keeps (net.ipv4.tcp_max_tw_buckets)",
        short_floor_rate(upto),
        short_rate(lanes.rate_per_s),
        thousands(most.into())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SourceFile;
    use crate::theory::{ChangingRate, LifeAndWait, Piece};
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
        assert_eq!((fast.safe_range(), fast.busy_mean), (PortRange::new(32_768, 64_517), None));
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
    fn no_more_is_refused_than_the_tail_of_infinitely_many_ports() {
        let exact = ["host.gateway.time_wait=60s", "run.warm_up=20m", "client.checkout.retry.attempts=1"];
        for rate in ["450/s", "465/s", "600/s"] {
            let rate = format!("client.checkout.arrivals.poisson.rate={rate}");
            let forecast = of(&[&exact[..], &[&rate]].concat()).unwrap();
            let (bound, exact) = (forecast.refused_at_most().unwrap(), forecast.refused_ratio().unwrap());
            assert!(exact <= bound && bound <= 1.0, "{rate}: {exact} {bound}");
        }
        assert_eq!(of(&["client.checkout.retry.attempts=2"]).unwrap().refused_at_most(), None);
    }

    /// Addresses that are tried in turn are as one range of all their ports.
    #[test]
    fn what_is_tried_in_turn_is_one_set() {
        let plain = ["client.checkout.arrivals.poisson.rate=1850/s", "client.checkout.source=first-free"];
        let with = |more: &[&str]| of(&[&plain, more].concat()).unwrap();
        let four = with(&["host.gateway.addresses=4"]);
        assert_eq!((four.lanes.ports, four.lanes.count, four.lanes.joined), (4 * 28_232, 1, 4));
        assert_eq!(four.safe_range().unwrap().len(), four.lanes.safe_ports(TARGET_RISK).unwrap() / 4);
        assert_eq!((four.safe_addresses(), four.safe_endpoints()), (Some(5), Some(2)));
        let all =
            ["host.gateway.addresses=4", "destination.orders-db.endpoints=2", "client.checkout.balance=first-free"];
        assert_eq!(with(&all).lanes.ports, 8 * 28_232);
        let host_wide = with(&["host.gateway.addresses=4", "host.gateway.uniqueness=port-destination"]);
        assert_eq!((host_wide.lanes.ports, host_wide.safe_addresses()), (28_232, None));
        assert!(four.sets.lay_out(four.lanes, [28_232, 0], 594, 1).is_some());
        assert!(
            four.sets.lay_out(four.lanes, [28_232, 0], 595, 1).is_none(),
            "more than a formula goes through in no time"
        );
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
    fn a_window_from_empty_has_the_modified_offered_load() {
        let sets = ["host.gateway.time_wait=60s", "run.duration=3m", "host.gateway.port_range=40000-40999"];
        let rate = "client.checkout.arrivals.poisson.rate=15/s";
        let found = of(&[&sets[..], &[rate]].concat()).unwrap().approximate_refused_ratio().unwrap();
        let hold = LifeAndWait { life: 0.05, wait: 60.0 };
        let steady = ChangingRate::new(&[Piece { rate: 15.0, length: 180.0 }], hold);
        let known = steady.refused_ratio(1_000, 0.0, 5_000);
        assert!((found / known - 1.0).abs() < 0.01 && known > 1e-5, "{found} {known}");
        let wheel = of(&[&sets[1..], &[rate]].concat()).unwrap();
        assert_eq!(wheel.approximate_refused_ratio(), None, "far too kind where TIME-WAITs end in batches");
    }

    #[test]
    fn where_no_formula_is_honest_it_says_why() {
        for (sets, why) in [
            (&["client.checkout.arrivals={ constant = { rate = \"450/s\" } }"][..], "lifetimes that differ"),
            (&["host.gateway.addresses=2", "client.checkout.source=round-robin"], "addresses are not drawn at random"),
            (&["destination.orders-db.endpoints=2", "client.checkout.balance=round-robin"], "endpoints are not drawn"),
            (&["client.checkout.lifetime={ pareto = { min = \"1s\", shape = 0.9 } }"], "the mean lifetime is infinite"),
            (&["client.checkout.lifetime={ pareto = { min = \"10ms\", shape = 1.0001 } }"], "too rare to come"),
        ] {
            let found = of(sets).unwrap_err().to_string();
            assert!(found.contains(why), "{found}");
        }
    }
}
