//! Every remedy, a function each: `None` where the host has no such knob, or where it is turned already.
//!
//! First-order effects: `reference/stacks-and-nats.md` section 4. What Linux allows: man 7 tcp, man 7 ip and
//! Documentation/networking/ip-sysctl.rst; macOS: man 4 tcp and `sysctl net.inet`.

use super::{Remedy, Subject};
use crate::forecast::Forecast;
use crate::port::{Binding, TwReuse};
use crate::scenario::words::plural;
use crate::scenario::{Knob, Quantity};
use crate::workload::{ClosesFirst, Leaves};

/// The requests that a kept connection carries, for the sake of example.
const REQUESTS: f64 = 10.0;
/// The widest range that leaves the ports of the system's services alone.
const WIDEST: &str = "1024-65535";

const ALL: &[fn(&Subject<'_>) -> Option<Remedy>] =
    &[server_closes, reset, tw_reuse, widest_range, late_binding, shorter_time_wait, shorter_lifetime, fin_timeout];
/// A remedy of some size.
type OfAnySize = fn(&Subject<'_>, Option<&Forecast>) -> Option<Remedy>;

/// Those that can be had in any size: as much of it as a formula wants.
const SIZED: &[OfAnySize] = &[keep_alive, more_addresses, more_endpoints, smallest_range];

/// What can be turned about the subject; where a formula knows how much is sufficient for `target`, that much.
pub fn remedies(subject: &Subject<'_>, target: f64) -> Vec<Remedy> {
    let forecast = Forecast::of(&subject.reading.scenario, target).ok();
    let sized = SIZED.iter().filter_map(|remedy| remedy(subject, forecast.as_ref()));
    ALL.iter().filter_map(|remedy| remedy(subject)).chain(sized).collect()
}

fn client_key(subject: &Subject<'_>, key: &str) -> String {
    format!("client.{}.{key}", subject.client.name)
}

fn host_key(subject: &Subject<'_>, key: &str) -> String {
    format!("host.{}.{key}", subject.host.name)
}

/// The knob of the subject's client that turns this.
fn client_knob(subject: &Subject<'_>, quantity: Quantity) -> Option<Knob> {
    let is_it = |knob: &Knob| knob.quantity == quantity && knob.of == subject.client_place;
    Knob::all(subject.reading).into_iter().find(is_it)
}

fn plain(knob: &'static str, setting: impl Into<String>, set: String, change: impl Into<String>) -> Remedy {
    Remedy {
        knob,
        setting: setting.into(),
        sets: vec![set],
        change: change.into(),
        caveat: "",
        requests: 1.0,
        is_myth: false,
    }
}

/// TIME-WAIT moves to whoever closes first (RFC 9293, 3.6).
fn server_closes(subject: &Subject<'_>) -> Option<Remedy> {
    let set = client_key(subject, "closes_first=server");
    let change = "let the server close: HTTP servers answer with \"Connection: close\", clients read to the end first";
    let remedy = Remedy {
        caveat: "TIME-WAITs move to the server and cost no port there; CPU and file descriptors end first",
        ..plain("closes_first", "closes_first = \"server\"", set, change)
    };
    (subject.client.closes_first == ClosesFirst::Client).then_some(remedy)
}

/// A reset leaves no TIME-WAIT (RFC 9293, 3.5.2).
fn reset(subject: &Subject<'_>) -> Option<Remedy> {
    let set = client_key(subject, "closes_first=reset");
    let change = "setsockopt(SO_LINGER, { l_onoff = 1, l_linger = 0 }) before close()";
    let remedy = Remedy {
        caveat: "a reset throws away what is not yet sent or read, and the server logs an error",
        ..plain("linger", "closes_first = \"reset\"", set, change)
    };
    (subject.client.closes_first == ClosesFirst::Client).then_some(remedy)
}

/// `reference/linux.md` 1.7: `connect()` may take a TIME-WAIT over when both ends have timestamps.
fn tw_reuse(subject: &Subject<'_>) -> Option<Remedy> {
    let rules = &subject.host.sockets;
    let set = host_key(subject, "tw_reuse=on");
    let change = "sysctl -w net.ipv4.tcp_tw_reuse=1";
    let remedy = Remedy {
        caveat: "needs TCP timestamps on both ends; a TIME-WAIT is taken over after 1 s at the earliest",
        ..plain("tw_reuse", "net.ipv4.tcp_tw_reuse = 1", set, change)
    };
    (subject.is_linux() && rules.timestamps && rules.tw_reuse != TwReuse::On).then_some(remedy)
}

/// m requests on a connection: one TIME-WAIT for all of them.
fn keep_alive(subject: &Subject<'_>, forecast: Option<&Forecast>) -> Option<Remedy> {
    let least = forecast.and_then(|forecast| forecast.lanes.safe_requests(forecast.target));
    let requests = REQUESTS.max(least.map_or(REQUESTS, f64::from));
    let sets = client_knob(subject, Quantity::Requests)?.sets(requests)?;
    let change = "keep connections open: a pool in the client, \"keepalive 32;\" in nginx's upstream, \
                  \"http-reuse safe\" in HAProxy";
    Some(Remedy {
        sets,
        caveat: "one after another; the rate counts requests, and the server must not close earlier",
        requests,
        ..plain("requests", format!("{requests:.0} requests per connection"), String::new(), change)
    })
}

fn range_change(subject: &Subject<'_>, first: &str, last: &str) -> String {
    if subject.is_linux() {
        format!("sysctl -w net.ipv4.ip_local_port_range=\"{first} {last}\"")
    } else if &*subject.host.profile == "macos" {
        format!("sysctl -w net.inet.ip.portrange.first={first} net.inet.ip.portrange.last={last}")
    } else {
        format!("let the ephemeral range be {first} to {last}")
    }
}

/// A range and what sets it, for a socket that has no range of its own.
fn range(subject: &Subject<'_>, range: &str, setting: String) -> Option<Remedy> {
    let (first, last) = range.split_once('-')?;
    let set = host_key(subject, &format!("port_range={range}"));
    let is_free = subject.client.local_port_range.is_none() && !matches!(subject.client.bind, Binding::Ports(_));
    is_free.then(|| plain("port_range", setting, set, range_change(subject, first, last)))
}

fn widest_range(subject: &Subject<'_>) -> Option<Remedy> {
    let widest = range(subject, WIDEST, format!("port_range = \"{WIDEST}\""))?;
    // The list of ports to leave alone is Linux's.
    let caveat = if subject.is_linux() {
        "list the ports that your services listen on in net.ipv4.ip_local_reserved_ports first"
    } else {
        "a connection may take a port that one of your services listens on, before it starts"
    };
    (subject.host.port_range.to_string() != WIDEST).then_some(Remedy { caveat, ..widest })
}

fn smallest_range(subject: &Subject<'_>, forecast: Option<&Forecast>) -> Option<Remedy> {
    let forecast = forecast?;
    let wanted = forecast.lanes.safe_ports(forecast.target)?;
    let smallest = forecast.safe_range().filter(|_| wanted > subject.host.usable_ports())?.to_string();
    let remedy = range(subject, &smallest, format!("port_range = \"{smallest}\""))?;
    Some(Remedy { caveat: "no reserve: the smallest range that will do", ..remedy })
}

/// As many sets of ports, where what the stack keeps unique has the source address in it.
fn more_addresses(subject: &Subject<'_>, forecast: Option<&Forecast>) -> Option<Remedy> {
    let (uniqueness, now) = (subject.host.uniqueness, subject.host.addresses);
    let wanted = forecast.and_then(Forecast::safe_addresses).map_or(now + 1, |least| least.max(now + 1));
    let set = host_key(subject, &format!("addresses={wanted}"));
    let change = if wanted == now + 1 {
        "add an address (ip addr add ...) and bind() to one at random, with IP_BIND_ADDRESS_NO_PORT set".to_owned()
    } else {
        let more = plural((wanted - now).into(), "address");
        format!("add {more} (ip addr add ...) and bind() to one of all at random, with IP_BIND_ADDRESS_NO_PORT set")
    };
    let remedy = Remedy {
        caveat: "source addresses drawn at random; a plain connect() always takes the same one",
        ..plain("addresses", format!("addresses = {wanted}"), set, change)
    };
    (now < 65_536 && uniqueness.lanes(2, 1) > uniqueness.lanes(1, 1)).then_some(remedy)
}

fn more_endpoints(subject: &Subject<'_>, forecast: Option<&Forecast>) -> Option<Remedy> {
    let [(only, _)] = &subject.client.to[..] else { return None };
    let destination = &subject.reading.scenario.destinations[*only];
    let now = destination.endpoints;
    let wanted = forecast.and_then(Forecast::safe_endpoints).map_or(now + 1, |least| least.max(now + 1));
    let set = format!("destination.{}.endpoints={wanted}", destination.name);
    let more =
        if wanted == now + 1 { "one more address or port".to_owned() } else { format!("{wanted} addresses or ports") };
    let change = format!("let {} listen on {more}, and draw one at random", destination.name);
    let remedy = Remedy {
        caveat: "destination endpoints drawn at random",
        ..plain("endpoints", format!("endpoints = {wanted}"), set, change)
    };
    let uniqueness = subject.host.uniqueness;
    let helps = uniqueness.lanes(1, 2) > uniqueness.lanes(1, 1) && !subject.client.bind.reserves();
    (now < 65_536 && helps).then_some(remedy)
}

/// `bind()` before `connect()` makes one set of ports of all destinations (man 7 ip, `IP_BIND_ADDRESS_NO_PORT`).
fn late_binding(subject: &Subject<'_>) -> Option<Remedy> {
    let set = client_key(subject, "bind=address-no-port");
    let change = "setsockopt(IP_BIND_ADDRESS_NO_PORT, 1) before bind()";
    let remedy = plain("bind", "bind = \"address-no-port\"", set, change);
    (subject.is_linux() && subject.client.bind == Binding::BindZero).then_some(remedy)
}

/// On Linux it is compiled in; XNU waits twice the segment lifetime.
fn shorter_time_wait(subject: &Subject<'_>) -> Option<Remedy> {
    let set = host_key(subject, "time_wait=2s");
    let change = "sysctl -w net.inet.tcp.msl=1000";
    let remedy = Remedy {
        caveat: "late segments of an old connection may reach a new one",
        ..plain("time_wait", "net.inet.tcp.msl = 1000", set, change)
    };
    (&*subject.host.profile == "macos" && subject.client.closes_first.client_waits()).then_some(remedy)
}

fn shorter_lifetime(subject: &Subject<'_>) -> Option<Remedy> {
    let knob = client_knob(subject, Quantity::Lifetime)?;
    let [half, now] = [0.5 * knob.now, knob.now].map(|value| knob.quantity.shown(value));
    let sets = knob.sets(0.5 * knob.now)?;
    let setting = format!("lifetime {half}, not {now}");
    let change = "make the other side answer twice as fast";
    Some(Remedy { sets, ..plain("lifetime", setting, String::new(), change) })
}

/// It ends FIN-WAIT-2 of orphans, not TIME-WAIT (man 7 tcp).
fn fin_timeout(subject: &Subject<'_>) -> Option<Remedy> {
    let set = host_key(subject, "fin_timeout=30s");
    let scenario = &subject.reading.scenario;
    let waits = subject.client.to.iter().any(|(to, _)| {
        Leaves::of(subject.client.closes_first, scenario.destinations[*to].behaviour) == Leaves::FinWait2
    });
    let change = "sysctl -w net.ipv4.tcp_fin_timeout=30";
    let caveat = "it ends FIN-WAIT-2; Linux's TIME-WAIT of 60 s is compiled in";
    let remedy = plain("fin_timeout", "net.ipv4.tcp_fin_timeout = 30", set, change);
    subject.is_linux().then_some(Remedy { caveat: if waits { "" } else { caveat }, is_myth: !waits, ..remedy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Reading, SourceFile};
    use std::collections::BTreeMap;

    fn settings(sets: &[&str]) -> Vec<String> {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let reading = Reading::of(&SourceFile::new("x.toml", text), &sets, &sources).unwrap();
        let all = remedies(&Subject::of(&reading), 0.01);
        for remedy in &all {
            let sets = [sets.as_slice(), &remedy.sets].concat();
            let tried = Reading::of(&SourceFile::new("x.toml", text), &sets, &sources);
            assert!(tried.is_ok_and(|tried| tried.scenario != reading.scenario), "{remedy:?}");
            assert!(!remedy.change.is_empty());
        }
        all.into_iter().map(|remedy| remedy.setting).collect()
    }

    #[test]
    fn every_remedy_can_be_tried_and_changes_something() {
        assert_eq!(
            settings(&[]),
            [
                "closes_first = \"server\"",
                "closes_first = \"reset\"",
                "net.ipv4.tcp_tw_reuse = 1",
                "port_range = \"1024-65535\"",
                "lifetime 25 ms, not 50 ms",
                "net.ipv4.tcp_fin_timeout = 30",
                "10 requests per connection",
                "addresses = 2",
                "endpoints = 2",
                "port_range = \"32768-61375\""
            ]
        );
    }

    #[test]
    fn what_a_host_does_not_have_is_not_offered() {
        let mac = settings(&["host.gateway.profile=macos"]);
        assert!(mac.iter().any(|setting| setting == "net.inet.tcp.msl = 1000"));
        let no = |all: &[String], word: &str| all.iter().all(|setting| !setting.contains(word));
        assert!(no(&mac, "tw_reuse") && no(&mac, "fin_timeout") && no(&mac, "endpoints") && no(&mac, "addresses"));
        let server = settings(&["client.checkout.closes_first=server"]);
        assert!(no(&server, "closes_first"));
        let bound = settings(&["client.checkout.bind=bind-zero"]);
        assert!(bound.iter().any(|setting| setting.contains("address-no-port")) && no(&bound, "endpoints"));
    }
}
