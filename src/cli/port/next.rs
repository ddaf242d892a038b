//! What happens to a port next: what its sockets come to, who may get it, and what that takes.

use super::Found;
use super::screen::{GUTTER, one_or_range, whole_seconds_up};
use crate::inspect::machine::{EarlyReuse, UNPRIVILEGED_PORT_START};
use crate::inspect::port_use::time_left;
use crate::inspect::{Holder, Machine, PortUse, Socket, State};
use crate::port::PortRange;
use crate::report::page::solid;
use crate::scenario::words::{WIDTH, seconds};
use std::collections::BTreeSet;

const RESERVED: &str = "net.ipv4.ip_local_reserved_ports";

/// What happens to it next, a sentence each.
pub(super) fn facts(found: &Found, each: &PortUse) -> Vec<String> {
    let machine = &found.machine;
    let states: BTreeSet<State> = each.sockets.iter().map(|socket| socket.state).collect();
    let mut facts: Vec<String> = states.into_iter().filter_map(|state| after(state, found, each)).collect();
    facts.push(connect(machine, each));
    facts.extend(keep_off(machine, each));
    facts.extend(privilege(machine, each.port));
    facts
}

/// What sockets of a state come to.
fn after(state: State, found: &Found, each: &PortUse) -> Option<String> {
    let kernel = &found.machine.kernel;
    let own = || each.sockets.iter().filter(|socket| socket.state == state);
    let name = owner(found, own());
    let latest = own().filter_map(|socket| time_left(socket, kernel)).map(|(_, latest)| latest).max();
    let within = latest.map(|latest| format!("in {} s at the latest", whole_seconds_up(latest)));
    // Rounded up to a tenth, as the end of the last batch of timers.
    let grid_ms = kernel.latest_after().as_nanos().div_ceil(1_000_000);
    let longest = 60.0 + grid_ms.div_ceil(100) as f64 / 10.0;
    let wait = format!("TIME-WAIT for 60 to {longest} s here");
    let next = match state {
        State::Listen => format!(
            "held until {name} closes it; then bind() has it if both set SO_REUSEADDR, else once what was accepted is \
             gone too"
        ),
        State::Established => {
            format!("when {name} closes first: {wait}; when the other side does: free once {name} closes too")
        }
        State::CloseWait => format!("the other side has closed: free once {name} closes too"),
        State::FinWait1 | State::Closing => format!("closed here: {wait}, once the other side has answered"),
        State::FinWait2 => {
            let else_free = within.map_or_else(String::new, |within| format!(", else free {within}"));
            format!("closed here: {wait}, once the other side closes too{else_free}")
        }
        State::LastAck => "free once the other side has answered".to_owned(),
        State::SynSent => format!("ESTABLISHED when the other side answers; free when it refuses or {name} gives up"),
        State::SynReceived => "ESTABLISHED when the other side answers; free when it does not".to_owned(),
        State::TimeWait => format!("no process has it; it ends by itself {}", within?),
        State::Closed => return None,
    };
    Some(format!("{}: {next}", state.name()))
}

/// The process that has all of them, by name.
fn owner<'s>(found: &'s Found, sockets: impl Iterator<Item = &'s Socket>) -> String {
    let name = |socket| match found.holders.of(socket) {
        Holder::Processes([first, ..]) => Some(first.name.as_str()),
        _ => None,
    };
    let names: BTreeSet<Option<&str>> = sockets.map(name).collect();
    match names.first() {
        Some(Some(only)) if names.len() == 1 => (*only).to_owned(),
        _ => "this side".to_owned(),
    }
}

/// Who may get it.
fn connect(machine: &Machine, each: &PortUse) -> String {
    let range = machine.port_range;
    let bind = if each.is_held() { "" } else { "bind() may take it; " };
    if each.listens() {
        "connect() never picks the port of a listener".to_owned()
    } else if machine.reserved_ports.contains(each.port) {
        format!("{bind}connect() never picks it: it is in {RESERVED}")
    } else if !range.contains(each.port) {
        format!("{bind}connect() does not pick it by itself: it lies outside {range}")
    } else if each.is_held() {
        let again = again(machine, each);
        format!("connect() may use it towards other address:port pairs, unless bind() chose it{again}")
    } else {
        format!("bind() may take it, and so may any connect(): it lies in {range}")
    }
}

/// From when on `connect()` may use it towards those that it waits for.
fn again(machine: &Machine, each: &PortUse) -> String {
    let waits = || each.sockets.iter().filter(|socket| socket.is_time_wait());
    let (early, late): (Vec<&Socket>, Vec<&Socket>) = waits().partition(|wait| machine.reuse_after(wait).is_some());
    let whom = |some: &[&Socket]| match some {
        [one] => solid(&one.remote.to_string()),
        _ if some.len() == waits().count() => "those in TIME-WAIT".to_owned(),
        _ => format!("{} of those in TIME-WAIT", some.len()),
    };
    let mut parts = vec![String::new()];
    if let Some(delay) = early.iter().find_map(|wait| machine.reuse_after(wait)) {
        let why = match machine.early_reuse() {
            EarlyReuse::Everywhere => "tcp_tw_reuse = 1, with timestamps",
            EarlyReuse::Loopback | EarlyReuse::Never => "tcp_tw_reuse = 2, loopback",
        };
        let delay = solid(&seconds(delay.as_secs_f64()));
        parts.push(format!("towards {} again after {delay} already ({why})", whom(&early)));
    }
    let latest = late.iter().filter_map(|wait| time_left(wait, &machine.kernel)).map(|(_, latest)| latest).max();
    if let Some(latest) = latest.map(whole_seconds_up) {
        parts.push(format!("towards {} again in {latest} s at the latest", whom(&late)));
    }
    parts.join("; ")
}

/// How to keep `connect()` off a port that a service has or wants.
fn keep_off(machine: &Machine, each: &PortUse) -> Vec<String> {
    let reserved = &machine.reserved_ports;
    let in_danger = machine.port_range.contains(each.port) && !reserved.contains(each.port);
    if !in_danger || each.is_held() && !each.listens() {
        return Vec::new();
    }
    let range = machine.port_range;
    let why = format!("It lies in {range}: after a restart an outgoing connection may have it. ");
    let why = if each.listens() { why } else { String::new() };
    let replaces = if reserved.ranges().is_empty() { "" } else { "It replaces the list, so the old one is in it. " };
    vec![
        format!("{why}To keep connect() off it:"),
        keep(machine, each.port),
        format!("{replaces}It lasts until the next boot; in a file of /etc/sysctl.d/ it stays."),
    ]
}

/// The command that reserves a port. It replaces the list, so it has to hold all of it.
fn keep(machine: &Machine, port: u16) -> String {
    let reserved = machine.reserved_ports.ranges();
    let own = PortRange::new(port, port).expect("a port is not 0");
    let all: Vec<String> = reserved.iter().chain([&own]).copied().map(one_or_range).collect();
    let whole = format!("  sysctl -w {RESERVED}={}", all.join(","));
    solid(&if reserved.is_empty() {
        format!("{whole}   (list now: empty)")
    } else if GUTTER + whole.len() <= WIDTH {
        whole
    } else {
        format!("  k={RESERVED}; sysctl -w $k=$(sysctl -n $k),{port}")
    })
}

/// What `bind()` takes, where that is out of the ordinary.
fn privilege(machine: &Machine, port: u16) -> Option<String> {
    let (start, port) = (machine.unprivileged_port_start, u64::from(port));
    let key = "net.ipv4.ip_unprivileged_port_start";
    if port < start {
        return Some(format!("bind() to it takes root or CAP_NET_BIND_SERVICE: {key} = {start}"));
    }
    (port < UNPRIVILEGED_PORT_START).then(|| format!("any user may bind() to it here: {key} = {start}"))
}
