//! Knobs: what about a scenario can be turned as a number, in which direction it helps, and the overrides that turn it.
//!
//! A knob is a path as `--set` has it, or one of two that no single key has: the law of a client's lifetimes as a whole
//! (`client.NAME.lifetime`, by its mean), and how many requests share a connection (`client.NAME.requests`). Values are
//! plain numbers: connects per second, seconds, ports, pieces.

use super::model::{Host, Scenario};
use super::quantity::{self, RATE_MAX, TEN_YEARS, write_duration, write_rate};
use super::read::Reading;
use super::ways::usable_ports;
use super::words;
use crate::des::{Rate, SimDuration};
use crate::port::PortRange;
use crate::workload::Spread;
use crate::workload::lifetime::{LifetimeLaw, nanos_from_secs};
use serde_json::Value;

/// What a knob turns, and so what its numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Connects per second of one client.
    Rate,
    /// The mean lifetime of a client's connections, in seconds.
    Lifetime,
    /// Requests that a client's connection carries, one after another.
    Requests,
    /// TIME-WAIT of a host, in seconds.
    TimeWait,
    /// The age at which early reuse takes a TIME-WAIT, in seconds.
    ReuseDelay,
    /// Usable ports of a host's range.
    Ports,
    /// Source addresses of a host.
    Addresses,
    /// Endpoints of a destination.
    Endpoints,
    /// The measured window, in seconds.
    Window,
}

/// Which way a knob is turned for fewer refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less of it.
    Low,
    /// More of it.
    High,
}

/// One knob of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Its path: `client.checkout.arrivals.poisson.rate`.
    pub key: String,
    /// What it turns.
    pub quantity: Quantity,
    /// Of which client, host or destination, by its place in the scenario; 0 for the window.
    pub of: usize,
    /// Where it stands.
    pub now: f64,
    /// The least and the most that it can be; a scenario may allow less.
    pub limits: (f64, f64),
    turns: Turns,
}

/// How a value becomes overrides.
#[derive(Clone, Debug, PartialEq)]
enum Turns {
    /// The key itself takes it.
    Key,
    /// A range with so many usable ports.
    Range(Box<Host>),
    /// All spans of a law in proportion, and perhaps the rate in inverse proportion: `(path, seconds)`.
    Law { spans: Vec<(String, f64)>, rate: Option<(String, f64)> },
    /// All rates in proportion: `(path, connects per second)`.
    Rates(Vec<(String, f64)>),
}

/// What the last words of keys are called elsewhere.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("port_range", &["range", "ports", "ip_local_port_range", "nat_block", "nat_block_size", "block_size"]),
    ("time_wait", &["timewait", "tw", "time-wait", "TIME_WAIT", "TIME-WAIT"]),
    ("addresses", &["ips", "source_ips", "source_addresses", "nat_addresses", "nat_ips"]),
    ("endpoints", &["replicas", "servers", "backends", "destinations"]),
    ("requests", &["keepalive", "keep_alive", "keep-alive", "requests_per_connection", "reuse"]),
    ("lifetime", &["latency", "response_time", "slow_down"]),
    ("duration", &["window"]),
];

impl Quantity {
    /// Which way it is turned for fewer refusals.
    pub const fn better(self) -> Better {
        match self {
            Self::Rate | Self::Lifetime | Self::TimeWait | Self::ReuseDelay | Self::Window => Better::Low,
            Self::Requests | Self::Ports | Self::Addresses | Self::Endpoints => Better::High,
        }
    }

    /// True when there are only whole numbers of it.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Requests | Self::Ports | Self::Addresses | Self::Endpoints)
    }

    /// What it is called above its values.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Lifetime => "lifetime",
            Self::Requests => "requests per connection",
            Self::TimeWait => "TIME-WAIT",
            Self::ReuseDelay => "reuse delay",
            Self::Ports => "ports",
            Self::Addresses => "addresses",
            Self::Endpoints => "endpoints",
            Self::Window => "window",
        }
    }

    /// A value with its unit: `444/s`, `2.08 s`, `28,608 ports`.
    ///
    /// It is shown with more digits than one needs, so that neighbours are told apart.
    pub fn shown(self, value: f64) -> String {
        match self {
            Self::Rate => words::short_rate(value),
            Self::Lifetime | Self::TimeWait | Self::ReuseDelay | Self::Window => seconds(value),
            Self::Requests => words::counted(value, "request"),
            Self::Ports => words::counted(value, "port"),
            Self::Addresses => match value {
                1.0 => "1 address".into(),
                more => format!("{} addresses", words::count(more)),
            },
            Self::Endpoints => words::counted(value, "endpoint"),
        }
    }
}

/// Seconds with five digits at most: `34.645 s`, `61 min`.
fn seconds(value: f64) -> String {
    if value.is_infinite() {
        return "any time".into();
    }
    let decimals = match value {
        _ if value >= 1_000.0 => 1,
        _ if value >= 100.0 => 2,
        _ if value >= 10.0 => 3,
        _ if value >= 1.0 => 4,
        _ if value >= 0.1 => 5,
        _ => return words::seconds(value),
    };
    let text = words::fixed(value, decimals);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Knob {
    /// Every knob of a scenario: of the run, of each client, host and destination, in the order of the file.
    pub fn all(reading: &Reading) -> Vec<Self> {
        let (scenario, resolved) = (&reading.scenario, &reading.resolved);
        let mut all = vec![Self::window(scenario)];
        for (of, client) in scenario.clients.iter().enumerate() {
            all.extend(client_knobs(&format!("client.{}", client.name), of, scenario, resolved));
        }
        for (of, host) in scenario.hosts.iter().enumerate() {
            all.extend(host_knobs(&format!("host.{}", host.name), of, host, resolved));
        }
        for (of, destination) in scenario.destinations.iter().enumerate() {
            let key = format!("destination.{}.endpoints", destination.name);
            let now = destination.endpoints.into();
            all.push(Self::plain(key, Quantity::Endpoints, of, now, (1.0, 65_536.0)));
        }
        all
    }

    /// The knob of that key, or the only one whose key has these words in a row (`rate`, `gateway.time_wait`), or another
    /// word for them (`source_ips`).
    ///
    /// # Errors
    ///
    /// The keys that are meant instead: those that have them when there are several, else the nearest one, else all.
    pub fn named(all: &[Self], key: &str) -> Result<Self, Vec<String>> {
        if let Some(exact) = all.iter().find(|knob| knob.key == key) {
            return Ok(exact.clone());
        }
        let key = SYNONYMS.iter().find(|(_, words)| words.contains(&key)).map_or(key, |(name, _)| name);
        let has_it = |knob: &&Self| format!(".{}.", knob.key).contains(&format!(".{key}."));
        let having: Vec<&Self> = all.iter().filter(has_it).collect();
        let keys = |knobs: &[&Self]| knobs.iter().map(|knob| knob.key.clone()).collect::<Vec<_>>();
        match &having[..] {
            [only] => Ok((*only).clone()),
            [] => {
                let near = super::suggest::nearest(key, all.iter().map(|knob| knob.key.as_str()));
                Err(near.map_or_else(|| keys(&all.iter().collect::<Vec<_>>()), |near| vec![near.to_owned()]))
            }
            several => Err(keys(several)),
        }
    }

    /// The rates of all clients as one knob, turned in proportion; `None` when one of them has none, as a trace.
    pub fn whole_load(reading: &Reading) -> Option<Self> {
        let all = Self::all(reading);
        let rates: Vec<(String, f64)> =
            all.into_iter().filter(|knob| knob.quantity == Quantity::Rate).map(|knob| (knob.key, knob.now)).collect();
        let now = rates.iter().map(|(_, now)| now).sum();
        let is_whole = rates.len() == reading.scenario.clients.len();
        is_whole.then(|| Self {
            turns: Turns::Rates(rates),
            ..Self::plain("rate".into(), Quantity::Rate, 0, now, (1e-9, RATE_MAX as f64))
        })
    }

    fn plain(key: String, quantity: Quantity, of: usize, now: f64, limits: (f64, f64)) -> Self {
        Self { key, quantity, of, now, limits, turns: Turns::Key }
    }

    fn window(scenario: &Scenario) -> Self {
        let now = scenario.run.duration.as_secs_f64();
        Self::plain("run.duration".into(), Quantity::Window, 0, now, (1e-9, TEN_YEARS.as_secs_f64()))
    }

    /// The overrides that turn the knob to `value`; `None` when it cannot be there. A whole number is rounded, and of
    /// anything else no more is kept than nine places behind the point.
    pub fn sets(&self, value: f64) -> Option<Vec<String>> {
        let (least, most) = self.limits;
        // Not a number is in no limits.
        if !(least..=most).contains(&value) {
            return None;
        }
        match &self.turns {
            Turns::Key => Some(vec![format!("{}={}", self.key, self.written(value)?)]),
            Turns::Range(host) => Some(vec![format!("{}={}", self.key, host.range_with(whole(value))?)]),
            Turns::Law { spans, rate } => {
                let factor = value / self.now;
                let span = |(path, now_s): &(String, f64)| format!("{path}={}", written_span(now_s * factor));
                let rate = rate.as_ref().map(|(path, now)| Some(format!("{path}={}", written_rate(now / factor)?)));
                rate.into_iter().chain(spans.iter().map(|all| Some(span(all)))).collect()
            }
            Turns::Rates(rates) => {
                let factor = value / self.now;
                rates.iter().map(|(path, now)| Some(format!("{path}={}", written_rate(now * factor)?))).collect()
            }
        }
    }

    /// What to know before it is turned like this.
    pub fn caveat(&self, scenario: &Scenario) -> Option<&'static str> {
        let on = |host: usize| scenario.clients.iter().filter(move |client| client.host == host);
        match self.quantity {
            Quantity::TimeWait if scenario.hosts[self.of].profile.starts_with("linux") => {
                Some("Linux has its 60 s compiled in (TCP_TIMEWAIT_LEN): another TIME-WAIT is another kernel")
            }
            Quantity::Addresses if on(self.of).any(|client| client.source == Spread::Random) => {
                Some("addresses count when clients bind() to one at random: connect() alone always takes the same")
            }
            _ => None,
        }
    }

    /// A value a hair on the better side, so that what is just true of it stays true when it is written down.
    pub fn safely(&self, value: f64) -> f64 {
        match self.quantity.better() {
            _ if self.quantity.is_whole() => value,
            Better::Low => value * (1.0 - 1e-6),
            Better::High => value * (1.0 + 1e-6),
        }
    }

    /// As a scenario has it: `444/s`, `27.5s`, `32768-61375`.
    pub fn written(&self, value: f64) -> Option<String> {
        Some(match (&self.turns, self.quantity) {
            (Turns::Range(host), _) => host.range_with(whole(value))?.to_string(),
            (_, Quantity::Rate) => written_rate(value)?,
            (_, quantity) if quantity.is_whole() => whole(value).to_string(),
            _ => written_span(value),
        })
    }
}

/// A number of pieces.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and limits are below")]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

fn written_span(seconds: f64) -> String {
    write_duration(SimDuration::from_nanos(nanos_from_secs(seconds)))
}

/// With nine places; slow ones in a million seconds.
fn written_rate(per_second: f64) -> Option<String> {
    let per_s = if per_second < 1.0 { 1_000_000_u32 } else { 1 };
    let nano_events = nanos_from_secs(per_second * f64::from(per_s));
    Some(write_rate(Rate::new(nano_events, SimDuration::from_secs(per_s.into()))?))
}

/// The law in a table of choices with its parameters: `poisson`, `{ rate = ... }`.
fn law_of(resolved: &Value) -> Option<(&String, &serde_json::Map<String, Value>)> {
    let (name, parameters) = resolved.as_object()?.iter().next()?;
    Some((name, parameters.as_object()?))
}

/// Every parameter of a law that is a span, with its path and its seconds.
fn spans_of(path: &str, resolved: &Value) -> Vec<(String, f64)> {
    let Some((law, parameters)) = law_of(resolved) else { return Vec::new() };
    let span = |(name, value): (&String, &Value)| {
        let span = quantity::duration(value["value"].as_str()?).ok()?;
        Some((format!("{path}.{law}.{name}"), span.as_secs_f64()))
    };
    parameters.iter().filter_map(span).collect()
}

fn client_knobs(path: &str, of: usize, scenario: &Scenario, resolved: &Value) -> Vec<Knob> {
    let client = &scenario.clients[of];
    let resolved = &resolved["client"][&*client.name];
    let rate_path = law_of(&resolved["arrivals"]).map(|(law, _)| format!("{path}.arrivals.{law}.rate"));
    let rate = rate_path.zip(client.arrivals.rate().map(Rate::events_per_second));
    let rate_knob =
        |(key, now): &(String, f64)| Knob::plain(key.clone(), Quantity::Rate, of, *now, (1e-9, RATE_MAX as f64));
    let mut knobs: Vec<Knob> = rate.iter().map(rate_knob).collect();
    let mean_s = client.lifetime.mean_s().filter(|mean_s| *mean_s > 0.0);
    let spans = spans_of(&format!("{path}.lifetime"), &resolved["lifetime"]);
    let law = |key: &str, quantity, now, limits, rate| Knob {
        key: format!("{path}.{key}"),
        quantity,
        of,
        now,
        limits,
        turns: Turns::Law { spans: spans.clone(), rate },
    };
    if let Some(mean_s) = mean_s {
        knobs.push(law("lifetime", Quantity::Lifetime, mean_s, (1e-9, TEN_YEARS.as_secs_f64()), None));
    }
    // A request is a connection now.
    knobs.extend(rate.map(|rate| law("requests", Quantity::Requests, 1.0, (1.0, 1e6), Some(rate))));
    knobs
}

fn host_knobs(path: &str, of: usize, host: &Host, resolved: &Value) -> Vec<Knob> {
    let resolved = &resolved["host"][&*host.name];
    let mut knobs = vec![Knob {
        turns: Turns::Range(Box::new(host.clone())),
        ..Knob::plain(
            format!("{path}.port_range"),
            Quantity::Ports,
            of,
            host.usable_ports().into(),
            (1.0, host.most_ports().into()),
        )
    }];
    let addresses = host.addresses.into();
    knobs.push(Knob::plain(format!("{path}.addresses"), Quantity::Addresses, of, addresses, (1.0, 65_536.0)));
    let longest = TEN_YEARS.as_secs_f64();
    let time_wait = match resolved["time_wait"]["value"].as_str().map(quantity::duration) {
        Some(Ok(span)) => Some((format!("{path}.time_wait"), span.as_secs_f64())),
        _ => spans_of(&format!("{path}.time_wait"), &resolved["time_wait"])
            .into_iter()
            .find(|(key, _)| key.rsplit('.').next() == Some("wait")),
    };
    let span = |quantity| move |(key, now)| Knob::plain(key, quantity, of, now, (0.0, longest));
    knobs.extend(time_wait.map(span(Quantity::TimeWait)));
    let delay = resolved["tw_reuse_delay"]["value"].as_str().and_then(|text| quantity::duration(text).ok());
    let delay = delay.map(|delay| (format!("{path}.tw_reuse_delay"), delay.as_secs_f64()));
    knobs.extend(delay.map(span(Quantity::ReuseDelay)));
    knobs
}

/// Below are the ports of the system's services (RFC 6335, section 6).
const LOWEST: u16 = 1024;

impl Host {
    fn usable_in(&self, range: PortRange) -> u32 {
        usable_ports(range, &self.reserved_ports, &self.sockets.listening_ports)
    }

    /// The most usable ports that [`Host::range_with`] finds a range for.
    ///
    /// # Panics
    ///
    /// Never: a range ends at or below the last port.
    pub fn most_ports(&self) -> u32 {
        let first = self.port_range.first().min(LOWEST);
        self.usable_in(PortRange::new(first, u16::MAX).expect("a range"))
    }

    /// The smallest port range with so many usable ports, starting where it starts now if that can be, else further down
    /// but not among the ports of the system's services; reserved and listening ports stay what they are.
    pub fn range_with(&self, wanted: u32) -> Option<PortRange> {
        let now = self.port_range.first();
        let is_enough = |range: &PortRange| self.usable_in(*range) >= wanted;
        let upwards = PortRange::new(now, u16::MAX).filter(is_enough).and_then(|_| {
            let (mut low, mut high) = (now, u16::MAX);
            while low < high {
                let middle = low + (high - low) / 2;
                if PortRange::new(now, middle).is_some_and(|range| is_enough(&range)) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            PortRange::new(now, low)
        });
        let downwards = || (LOWEST..now).rev().find_map(|first| PortRange::new(first, u16::MAX).filter(is_enough));
        upwards.or_else(downwards)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sources::SourceFile;
    use super::*;
    use std::collections::BTreeMap;

    fn read(sets: &[String]) -> Reading {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Reading::of(&SourceFile::new("x.toml", text), sets, &sources).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_knob_is_where_it_says_and_goes_where_it_is_turned() {
        let all = Knob::all(&read(&[]));
        let keys: Vec<&str> = all.iter().map(|knob| knob.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "run.duration",
                "client.checkout.arrivals.poisson.rate",
                "client.checkout.lifetime",
                "client.checkout.requests",
                "host.gateway.port_range",
                "host.gateway.addresses",
                "host.gateway.time_wait.timer_wheel.wait",
                "host.gateway.tw_reuse_delay",
                "destination.orders-db.endpoints"
            ]
        );
        for knob in &all {
            let value = if knob.quantity == Quantity::Requests { 3.0 } else { 1.5 * knob.now };
            let value = if knob.quantity.is_whole() { value.ceil() } else { value };
            let turned = read(&knob.sets(value).unwrap());
            let there = Knob::all(&turned).into_iter().find(|other| other.key == knob.key).unwrap();
            let expected = if knob.quantity == Quantity::Requests { 1.0 } else { value };
            assert!((there.now - expected).abs() < 1e-9 * expected, "{}: {}", knob.key, there.now);
            let same = read(&knob.sets(knob.now).unwrap()).scenario;
            assert_eq!(same, read(&[]).scenario, "{}: where it is", knob.key);
        }
    }

    #[test]
    fn requests_share_a_connection() {
        let knob = Knob::named(&Knob::all(&read(&[])), "requests").unwrap();
        assert_eq!(
            knob.sets(10.0).unwrap(),
            ["client.checkout.arrivals.poisson.rate=45/s", "client.checkout.lifetime.exponential.mean=0.5s"]
        );
        assert_eq!(knob.sets(0.0), None);
    }

    #[test]
    fn a_range_grows_and_shrinks_from_where_it_starts() {
        let ports = Knob::named(&Knob::all(&read(&[])), "port_range").unwrap();
        let written = [28_608.0, 100.0, 32_768.0, 60_000.0].map(|wanted| ports.written(wanted).unwrap());
        assert_eq!(written, ["32768-61375", "32768-32867", "32768-65535", "5536-65535"]);
        assert_eq!(ports.written(65_000.0), None, "below 1024 are services");
        assert_eq!(ports.written(ports.limits.1).unwrap(), "1024-65535", "the most that there can be");
        let reserved = read(&["host.gateway.reserved_ports=[\"60000-61000\"]".into()]);
        assert_eq!(reserved.scenario.hosts[0].range_with(28_608).unwrap().to_string(), "32768-62376");
    }

    #[test]
    fn a_key_is_found_by_its_words_or_one_is_suggested() {
        let all = Knob::all(&read(&[]));
        assert_eq!(Knob::named(&all, "rate").unwrap().quantity, Quantity::Rate);
        assert_eq!(Knob::named(&all, "gateway.time_wait").unwrap().quantity, Quantity::TimeWait);
        assert_eq!(Knob::named(&all, "checkout").unwrap_err().len(), 3);
        assert_eq!(Knob::named(&all, "host.gateway.adresses"), Err(vec!["host.gateway.addresses".to_owned()]));
        assert_eq!(Knob::named(&all, "colour").unwrap_err().len(), all.len());
        assert_eq!(Knob::named(&all, "source_ips").unwrap().quantity, Quantity::Addresses);
        for (name, words) in SYNONYMS {
            let meant = Knob::named(&all, name).unwrap();
            assert!(words.iter().all(|word| Knob::named(&all, word).as_ref() == Ok(&meant)), "{name}");
        }
    }

    #[test]
    fn values_are_shown_with_digits_to_tell_neighbours_apart() {
        let shown = |quantity: Quantity, value| quantity.shown(value);
        assert_eq!(shown(Quantity::Rate, 444.0), "444/s");
        assert_eq!(shown(Quantity::TimeWait, 27.524_701_4), "27.525 s");
        assert_eq!(shown(Quantity::Lifetime, 2.08), "2.08 s");
        assert_eq!(shown(Quantity::Lifetime, 0.05), "50 ms");
        assert_eq!(shown(Quantity::Addresses, 2.0), "2 addresses");
        assert_eq!(shown(Quantity::Ports, 28_608.0), "28,608 ports");
    }
}
