//! `connect()` and `bind(0)` on one host, and each in the half of the ports that the other one prefers.
//!
//! `connect()` looks first through the ports that are as even or odd as the first port of its range, `bind(0)` first through
//! the others. So they stay apart, each with half of the range, until one of them needs more; or from the start when
//! their ranges begin one even and one odd.

use crate::lint::stack::{ClientOn, OnHost};
use crate::lint::{Rule, Stack};
use crate::port::Binding;
use crate::scenario::diagnostics::Fault;
use crate::scenario::load::Means;
use crate::scenario::words::{counted, thousands};

pub(super) const RULE: Rule = Rule {
    name: "shared-halves",
    summary: "bind(0) takes ports of the half that connect() looks through first",
    source: "__inet_hash_connect() in net/ipv4/inet_hashtables.c, inet_csk_find_open_port() in \
             net/ipv4/inet_connection_sock.c",
    look,
};

const WHY: &str = "a port that bind() took is closed to connect() for every destination, in TIME-WAIT too; so connect() \
                   loses the ports it looks at first, and each call walks past them";

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(on) = stack.on_host else { return Vec::new() };
    let by_parity = |client: &ClientOn<'_>| client.way.allocator.is_parity_first();
    let clients: Vec<_> = stack.clients().into_iter().filter(by_parity).collect();
    let (binding, connecting): (Vec<_>, Vec<_>) =
        clients.iter().partition(|client| client.client.bind == Binding::BindZero);
    let connecting: Vec<_> = connecting.into_iter().filter(|client| !client.client.bind.reserves()).collect();
    let pairs = || binding.iter().flat_map(|bind| connecting.iter().map(move |connect| (*bind, *connect)));
    let meeting = pairs().find(|(bind, connect)| is_odd(bind) != is_odd(connect) && overlap(bind, connect));
    if let Some((bind, connect)) = meeting {
        return vec![other_parity(bind, connect)];
    }
    let beside = pairs().find(|(bind, connect)| overlap(bind, connect));
    beside.and_then(|(bind, connect)| too_many(&on, &binding, bind, connect)).into_iter().collect()
}

/// Does the range begin with an odd port?
const fn is_odd(client: &ClientOn<'_>) -> bool {
    client.way.ports.first() % 2 == 1
}

const fn overlap(one: &ClientOn<'_>, other: &ClientOn<'_>) -> bool {
    one.way.ports.first() <= other.way.ports.last() && other.way.ports.first() <= one.way.ports.last()
}

const fn parity(odd: bool) -> &'static str {
    if odd { "odd" } else { "even" }
}

/// Only a range of its own begins elsewhere than the host's.
fn other_parity(bind: &ClientOn<'_>, connect: &ClientOn<'_>) -> Fault {
    let own = if bind.client.local_port_range.is_some() { bind } else { connect };
    let half = parity(is_odd(connect));
    Fault::warning(
        own.place("local_port_range"),
        format!("bind(0) and connect() both look through the {half} ports first"),
    )
    .label(format!("begins with an {} port", parity(is_odd(own))))
    .aside("why", WHY)
    .help(format!("let both ranges begin with an {half} port: bind(0) then takes the others first"))
}

/// More ports than its half, on average.
fn too_many(on: &OnHost<'_>, all: &[&ClientOn<'_>], bind: &ClientOn<'_>, connect: &ClientOn<'_>) -> Option<Fault> {
    let means = Means::of(&on.reading.scenario);
    let wanted: Option<f64> = all.iter().map(|client| means.erlangs(client.index)).sum();
    let half = u64::from(bind.way.usable_ports() / 2) * u64::from(on.host.addresses);
    if wanted.is_some_and(|wanted| wanted <= half as f64) {
        return None;
    }
    let wanted = wanted.map_or_else(|| "ever more ports".to_owned(), |wanted| counted(wanted, "port"));
    let (own, other) = (parity(!is_odd(connect)), parity(is_odd(connect)));
    let fault = Fault::warning(
        bind.place("bind"),
        format!("bind(0) needs more than the {own} half of the ports that connect() leaves to it"),
    )
    .label(format!("{wanted} wanted, half are {}", thousands(half)))
    .second(connect.place("bind"), format!("looks through the {other} ones first"))
    .aside("why", WHY)
    .help("bind = \"address-no-port\" needs no ports of its own; or give it a range with local_port_range");
    Some(fault)
}
