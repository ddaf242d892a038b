//! A scenario that starts from this machine: its range and kernel, a client for each of its fullest lanes.
//!
//! What a snapshot cannot show is guessed, and the text says how: rate = TIME-WAIT ports / mean TIME-WAIT, mean
//! lifetime = open connections / rate (Little's law both times).

use super::iana;
use super::machine::{EarlyReuse, Machine};
use super::usage::{Lane, Usage};
use crate::port::hold::TimerWheel;
use crate::port::{PortRange, PortSet};
use crate::scenario::words::{WIDTH, plural, thousands, wrapped};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The most lanes that become clients; a file is to be read by people.
pub const CLIENTS_MAX: usize = 20;
/// Of connections that leave no TIME-WAIT here nothing shows how long they last: they are taken to last this long.
const KEPT_S: f64 = 600.0;
/// Where a lane has TIME-WAITs only, its connections are short: the lifetime of the quickstart.
const SHORT_S: f64 = 0.05;
/// A name in a scenario may have 64 characters; one of these fits a line of the file.
const NAME_CHARS_MAX: usize = 60;

/// The text of a scenario file. It is valid as long as [`Usage::usable`] is not 0.
pub fn scenario_of(machine: &Machine, usage: &Usage) -> String {
    let names = Names::of(machine, usage);
    let mut text = heading(machine, usage);
    for (source, host) in &names.hosts {
        text.push_str(&host_table(machine, usage, host, Some(*source)));
    }
    for (destination, name) in &names.destinations {
        let service =
            iana::service(destination.port()).map_or_else(String::new, |service| format!(", {}", service.names));
        text.push('\n');
        comment(&mut text, &format!("{destination}{service}"));
        line(&mut text, "[[destination]]");
        line(&mut text, &format!("name = \"{name}\""));
    }
    for (lane, client) in usage.lanes.iter().zip(&names.clients) {
        let (host, to) = (&names.hosts[&lane.source], &names.destinations[&lane.destination]);
        text.push_str(&client_table(machine, lane, [client, host, to]));
    }
    if usage.lanes.is_empty() {
        let host = unique(own_name(machine), &mut BTreeSet::new());
        text.push_str(&host_table(machine, usage, &host, None));
        text.push_str(&EXAMPLE.replace("HOST", &host));
    }
    text
}

/// For a machine that connects to nowhere.
const EXAMPLE: &str = "
# No outgoing connection was seen: this destination and client only show the form.
[[destination]]
name = \"example\"

[[client]]
name         = \"example\"
host         = \"HOST\"
to           = \"example\"
arrivals     = { poisson = { rate = \"1/s\" } }
lifetime     = { exponential = { mean = \"50ms\" } }
closes_first = \"client\"
";

/// Names for the tables of the file, unique within a kind.
struct Names {
    hosts: BTreeMap<IpAddr, String>,
    destinations: BTreeMap<SocketAddr, String>,
    clients: Vec<String>,
}

impl Names {
    fn of(machine: &Machine, usage: &Usage) -> Self {
        let lanes = &usage.lanes[..usage.lanes.len().min(CLIENTS_MAX)];
        let sources: BTreeSet<IpAddr> = lanes.iter().map(|lane| lane.source).collect();
        let own = own_name(machine);
        let mut taken = BTreeSet::new();
        let mut names = Self { hosts: BTreeMap::new(), destinations: BTreeMap::new(), clients: Vec::new() };
        for source in &sources {
            // The kernel keeps a range for each source address: as many hosts.
            let wish = if sources.len() > 1 { format!("{own}_{source}") } else { own.to_owned() };
            names.hosts.insert(*source, unique(&wish, &mut taken));
        }
        let mut taken = BTreeSet::new();
        for lane in lanes {
            let wish = || format!("{}_{}", lane.destination.ip(), lane.destination.port());
            names.destinations.entry(lane.destination).or_insert_with(|| unique(&wish(), &mut taken));
        }
        let mut taken = BTreeSet::new();
        for lane in lanes {
            let to = &names.destinations[&lane.destination];
            let wish = if sources.len() > 1 { format!("{to}_from_{}", lane.source) } else { to.clone() };
            names.clients.push(unique(&wish, &mut taken));
        }
        names
    }
}

fn own_name(machine: &Machine) -> &str {
    if machine.name.is_empty() { "this-machine" } else { &machine.name }
}

/// A name by the scenario's rule (`[A-Za-z0-9_-]{1,64}`, here shorter) that is not taken yet.
fn unique(wish: &str, taken: &mut BTreeSet<String>) -> String {
    let legal = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let clean: String = wish.chars().map(legal).take(NAME_CHARS_MAX).collect();
    let numbered = |number: usize| {
        let end = format!("-{number}");
        clean.chars().take(NAME_CHARS_MAX - end.len()).collect::<String>() + &end
    };
    let mut candidates = std::iter::once(clean.clone()).chain((2..).map(numbered));
    let name = candidates.find(|name| !name.is_empty() && !taken.contains(name)).expect("numbers do not end");
    taken.insert(name.clone());
    name
}

fn heading(machine: &Machine, usage: &Usage) -> String {
    let name = printable(own_name(machine));
    let release = printable(&machine.kernel.release);
    let mean = machine.kernel.mean_time_wait_s();
    let mut text = format!(
        "# Starts from {name} (Linux {release}),\n# as `dryport inspect --scenario` found it.\n#\n\
         # Rates and lifetimes are estimates from one look at the sockets (Little's law):\n\
         #   rate     = ports in TIME-WAIT / {mean:.2} s, the mean TIME-WAIT\n\
         #   lifetime = open connections / rate\n\
         # They are wrong where the other side closes first (no TIME-WAIT here), where\n\
         # the load is not steady, and where connections are kept. Put in what you know.\n"
    );
    if let Some(rest) = usage.lanes.get(CLIENTS_MAX..).filter(|rest| !rest.is_empty()) {
        let ports: u64 = rest.iter().map(|lane| u64::from(lane.taken())).sum();
        let (pairs, ports) = (plural(rest.len() as u64, "emptier pair"), plural(ports, "port"));
        comment(&mut text, &format!("Left out: {pairs} of source and destination with {ports} together."));
    }
    let reused = match machine.early_reuse() {
        EarlyReuse::Never => None,
        EarlyReuse::Loopback => Some("tcp_tw_reuse = 2, by which TIME-WAITs of loopback addresses"),
        EarlyReuse::Everywhere => Some("tcp_tw_reuse = 1, by which all TIME-WAITs"),
    };
    if let Some(which) = reused {
        let missing = format!("Not in this model: net.ipv4.{which} are reused after a second");
        comment(&mut text, &format!("{missing}; rates seen of such ports are too low. Put in the true ones."));
    }
    text + &format!(
        "\nschema = 1\ntitle  = \"{name} as it is now\"\n\n[run]\nduration     = \"10m\"\n\
         warm_up      = \"auto\"   # until as many ports are in use as now, on average\n\
         replications = 20\nseed         = 60327\n"
    )
}

fn host_table(machine: &Machine, usage: &Usage, host: &str, source: Option<IpAddr>) -> String {
    let range = machine.port_range;
    let (release, profile) = (printable(&machine.kernel.release), machine.kernel.profile().name);
    let mut text = String::from("\n");
    if let Some(source) = source {
        comment(&mut text, &format!("connects from {source}"));
    }
    comment(&mut text, &format!("{profile} is the profile nearest to Linux {release}"));
    let key = |text: &mut String, key: &str, value: &str| line(text, &format!("{key:<14} = {value}"));
    line(&mut text, "[[host]]");
    key(&mut text, "name", &format!("\"{host}\""));
    key(&mut text, "profile", &format!("\"{profile}\""));
    key(&mut text, "port_range", &format!("\"{range}\""));
    let kept = machine.reserved_ports.ranges().iter().copied().chain(usage.listening_ports());
    let kept = PortSet::new(kept.filter(|part| part.first() <= range.last() && part.last() >= range.first()).collect());
    if !kept.ranges().is_empty() {
        comment(&mut text, "reserved ports, and those with a listener: connect() picks none of them");
        text.push_str("reserved_ports = [\n");
        let one = |part: &PortRange| if part.len() == 1 { part.first().to_string() } else { part.to_string() };
        kept.ranges().iter().for_each(|part| line(&mut text, &format!("    \"{}\",", one(part))));
        text.push_str("]\n");
    }
    if let Some((hz, file)) = machine.kernel.hz.as_ref().filter(|(hz, _)| TimerWheel::HZ.contains(hz)) {
        comment(&mut text, &format!("CONFIG_HZ in {}", printable(file)));
        key(&mut text, "hz", &hz.to_string());
    }
    text
}

/// `names`: of the client, its host and its destination.
fn client_table(machine: &Machine, lane: &Lane, [client, host, to]: [&str; 3]) -> String {
    let load = Load::of(lane, machine.kernel.mean_time_wait_s());
    let (rate, lifetime) = (decimal(load.rate_per_s), decimal(load.lifetime_s));
    let mut text =
        format!("\n[[client]]\nname         = \"{client}\"\nhost         = \"{host}\"\nto           = \"{to}\"\n");
    comment(&mut text, &load.why_rate);
    line(&mut text, &format!("arrivals     = {{ poisson = {{ rate = \"{rate}/s\" }} }}"));
    comment(&mut text, &load.why_lifetime);
    line(&mut text, &format!("lifetime     = {{ exponential = {{ mean = \"{lifetime}s\" }} }}"));
    line(&mut text, "closes_first = \"client\"");
    text
}

/// What one look at a lane says of its load.
struct Load {
    rate_per_s: f64,
    lifetime_s: f64,
    why_rate: String,
    why_lifetime: String,
}

impl Load {
    fn of(lane: &Lane, mean_s: f64) -> Self {
        let open = thousands(lane.open().into());
        let Some(rate_per_s) = lane.connects_per_s(mean_s) else {
            return Self {
                rate_per_s: f64::from(lane.open()) / KEPT_S,
                lifetime_s: KEPT_S,
                why_rate: format!("estimate: {open} open / 10 min"),
                why_lifetime: "assumed: no TIME-WAIT tells how long connections last".to_owned(),
            };
        };
        let why_rate = format!("estimate: {} in TIME-WAIT / {mean_s:.2} s", thousands(lane.time_wait.into()));
        let (lifetime_s, why_lifetime) = if lane.open() > 0 {
            (f64::from(lane.open()) / rate_per_s, format!("estimate: {open} open / {} per s", decimal(rate_per_s)))
        } else {
            (SHORT_S, "assumed: none was open".to_owned())
        };
        Self { rate_per_s, lifetime_s, why_rate, why_lifetime }
    }
}

fn line(text: &mut String, words: &str) {
    text.push_str(words);
    text.push('\n');
}

/// A comment on lines of its own, none of them too long for a screen.
fn comment(text: &mut String, words: &str) {
    for part in wrapped(words, WIDTH - 2) {
        line(text, &format!("# {part}"));
    }
}

/// Three significant digits, without an exponent, as scenarios read numbers.
fn decimal(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().expect("a number that was just written");
    format!("{rounded:.9}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// For a comment or a title: what may stand in TOML without escapes, and not too much of it.
fn printable(text: &str) -> String {
    let plain = |letter: char| matches!(letter, ' '..='~') && !"\"\\".contains(letter);
    text.chars().take(NAME_CHARS_MAX).map(|letter| if plain(letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::usage::Counting;
    use crate::inspect::{Root, Socket, State};
    use crate::scenario::{Scenario, SourceFile};
    use crate::workload::lifetime::LifetimeLaw;
    use std::time::Duration;

    fn machine(name: &str) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        Machine { name: name.to_owned(), ..Machine::read(&Root::new(folder.path())) }
    }

    fn read(text: &str) -> Scenario {
        let files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Scenario::read(&SourceFile::new("-", text), &[], &files).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
    }

    fn usage(machine: &Machine, sockets: &[(String, String, State)]) -> Usage {
        let mut counting = Counting::new(machine);
        for (local, remote, state) in sockets {
            let due = (*state == State::TimeWait).then_some(Duration::from_secs(30));
            let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
            counting.push(Socket { local, remote, state: *state, due, inode: 0 });
        }
        counting.finish()
    }

    #[test]
    fn a_machine_that_connects_nowhere_gives_a_valid_example() {
        for name in ["", "web-1", "a \"strange\"\\ name\n\u{e9}", &"x".repeat(300)] {
            let machine = machine(name);
            let scenario = read(&scenario_of(&machine, &usage(&machine, &[])));
            assert_eq!((scenario.clients.len(), scenario.hosts.len()), (1, 1));
        }
    }

    #[test]
    fn each_source_is_a_host_and_each_lane_a_client() {
        let machine = machine(&"long".repeat(30));
        let mut sockets = Vec::new();
        for index in 0..30 {
            sockets.push((format!("10.0.0.5:{}", 40_000 + index), "10.0.0.9:5432".to_owned(), State::TimeWait));
        }
        let lasting = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:6379".to_owned();
        sockets.push(("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:2]:40000".to_owned(), lasting.clone(), State::Established));
        sockets.push(("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:3]:40000".to_owned(), lasting, State::Established));
        sockets.push(("10.0.0.5:40500".to_owned(), "10.0.0.9:5432".to_owned(), State::Established));
        let text = scenario_of(&machine, &usage(&machine, &sockets));
        let scenario = read(&text);
        assert_eq!((scenario.hosts.len(), scenario.destinations.len(), scenario.clients.len()), (3, 2, 3));
        let client = &scenario.clients[0];
        let rate = client.arrivals.rate().unwrap().events_per_second();
        assert!((rate - 30.0 / 61.024).abs() < 0.01, "{rate}");
        assert!((client.lifetime.mean_s().unwrap() - 1.0 / rate).abs() < 0.01, "Little's law");
    }

    #[test]
    fn only_the_fullest_lanes_become_clients() {
        let machine = machine("web-1");
        let sockets: Vec<_> = (0..100)
            .map(|index| {
                (format!("10.0.0.5:{}", 40_000 + index), format!("10.0.0.9:{}", 80 + index), State::Established)
            })
            .collect();
        let text = scenario_of(&machine, &usage(&machine, &sockets));
        assert_eq!(read(&text).clients.len(), CLIENTS_MAX);
        assert!(text.contains("# Left out: 80 emptier pairs of source and destination with 80 ports together.\n"));
    }

    #[test]
    fn comments_fit_the_screen() {
        let mut text = String::new();
        comment(&mut text, "word ".repeat(40).trim_end());
        assert!(text.lines().all(|line| line.len() <= WIDTH && line.starts_with("# word")));
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn names_are_legal_and_unique() {
        let mut taken = BTreeSet::new();
        let long = "x".repeat(100);
        let names: Vec<String> =
            ["a.b", "a:b", "a-b", "", "", &long, &long].map(|wish| unique(wish, &mut taken)).into();
        assert_eq!(&names[..5], ["a-b", "a-b-2", "a-b-3", "-2", "-3"]);
        assert!(names.iter().all(|name| (1..=60).contains(&name.len())));
        assert_eq!(taken.len(), names.len());
    }

    #[test]
    fn numbers_are_written_without_an_exponent() {
        for (value, text) in
            [(427.34, "427"), (0.016_387, "0.0164"), (123_456.0, "123000"), (1e-5, "0.00001"), (2.0, "2")]
        {
            assert_eq!(decimal(value), text);
        }
    }
}
