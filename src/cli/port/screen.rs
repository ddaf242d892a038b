//! What `dryport port` prints: one port on a page of its own, several as an overview.

use super::Found;
use crate::inspect::iana::{self, Range};
use crate::inspect::port_use::time_left;
use crate::inspect::{Holder, Holders, Kernel, Machine, PortUse, Socket, elsewhere};
use crate::port::{PortRange, PortSet};
use crate::profile;
use crate::report::page::{Page, solid};
use crate::scenario::words::{WIDTH, plural, thousands};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const GUTTER: usize = 6;
/// The longest address and port of IPv4: 255.255.255.255:65535.
const IPV4_END: usize = 21;
/// The most rows of the table of sockets.
const ROWS_MAX: usize = 20;
/// The most ranges in a list of ports, and the most names of services.
const LISTED_MAX: usize = 10;

pub(super) fn page(found: &Found) -> String {
    let mut page = Page::with_gutter(GUTTER);
    if let [one] = found.uses.as_slice() {
        if one.is_held() {
            held(&mut page, found, one);
        } else {
            free(&mut page, &found.machine, one.port);
        }
        page.gap();
        page.label("IANA", &[registration(one.port)]);
        page.label("OS", &[ephemeral_by_default(one.port)]);
    } else {
        several(&mut page, found);
    }
    let port = if found.uses.len() == 1 { found.uses[0].port.to_string() } else { "N".to_owned() };
    page.label("Ask", &ways(&port));
    page.label("But", &found.gaps.iter().map(|gap| format!("not looked at: {}", gap.shown())).collect::<Vec<_>>());
    page.text()
}

fn free(page: &mut Page, machine: &Machine, port: u16) {
    let mut facts = vec![format!("no TCP socket on this machine uses port {port} (IPv4 or IPv6)")];
    let range = machine.port_range;
    if machine.reserved_ports.contains(port) {
        facts.push("It is in net.ipv4.ip_local_reserved_ports: connect() never picks it, bind() may.".to_owned());
    } else if range.contains(port) {
        facts.push(format!("Any outgoing connection may take it: it lies in {range}. To keep it:"));
        facts.push(keep(&machine.reserved_ports, port));
    } else {
        facts.push(format!("No outgoing connection picks it by itself: it lies outside {range}."));
    }
    page.label("FREE", &facts);
}

/// The command that reserves a port. It replaces the list, so it has to hold all of it.
fn keep(reserved: &PortSet, port: u16) -> String {
    let key = "net.ipv4.ip_local_reserved_ports";
    let own = PortRange::new(port, port).expect("a port is not 0");
    let all: Vec<String> = reserved.ranges().iter().chain([&own]).copied().map(one_or_range).collect();
    let whole = format!("  sysctl -w {key}={}", all.join(","));
    solid(&if reserved.ranges().is_empty() {
        format!("{whole}   (list now: empty)")
    } else if GUTTER + whole.len() <= WIDTH {
        whole
    } else {
        format!("  k={key}; sysctl -w $k=$(sysctl -n $k),{port}")
    })
}

fn held(page: &mut Page, found: &Found, each: &PortUse) {
    let bound = each.bound();
    let address = match bound.as_slice() {
        [one] if !one.ip().is_unspecified() => solid(&one.to_string()),
        [_] => "it".to_owned(),
        all => format!("it fails now on {}", plural(all.len() as u64, "address")),
    };
    let fails = if bound.len() == 1 { " fails now" } else { "" };
    let sockets = plural(each.sockets.len() as u64, "socket");
    page.label("HELD", &[format!("port {} on this machine: {sockets}; bind() to {address}{fails}", each.port)]);
    page.lines(table(found, &each.sockets.iter().collect::<Vec<_>>()));
    page.label("", &[next(&found.machine, each)]);
}

/// What it may be used for, and from when on.
fn next(machine: &Machine, each: &PortUse) -> String {
    let range = machine.port_range;
    let latest = each.waiting().filter_map(|socket| time_left(socket, &machine.kernel)).map(|(_, latest)| latest).max();
    let latest = latest.map(whole_seconds_up);
    let towards: BTreeSet<_> = each.waiting().map(|socket| socket.remote).collect();
    let only_waits = each.waiting().count() == each.sockets.len();
    if each.listens() {
        return "connect() never picks the port of a listener; bind() may have it when the listener and what it \
                accepted are closed (SO_REUSEADDR: when the listener is)"
            .to_owned();
    }
    if !range.contains(each.port) || machine.reserved_ports.contains(each.port) {
        let why =
            if range.contains(each.port) { "it is reserved".to_owned() } else { format!("it lies outside {range}") };
        let free = latest.filter(|_| only_waits).map_or(String::new(), |s| format!("; free in {s} s at the latest"));
        return format!("connect() does not pick it by itself: {why}{free}");
    }
    let again = latest.map_or(String::new(), |seconds| match towards.iter().next() {
        Some(one) if towards.len() == 1 => format!("; towards {one} again in {seconds} s at the latest"),
        _ => format!("; towards those in TIME-WAIT again in {seconds} s at the latest"),
    });
    format!("connect() may use it towards other address:port pairs, unless bind() chose it{again}")
}

/// Rows of sockets under a heading, in columns; what is too wide for them has a few lines of its own.
fn table(found: &Found, sockets: &[&Socket]) -> Vec<String> {
    const HEADING: [&str; 5] = ["state", "local", "remote", "time left", "process"];
    /// Columns are so wide when their contents are not wider.
    const WIDTHS: [usize; 5] = [13, 17, 17, 13, 0];
    let cells = |socket: &&Socket| cells(socket, &found.machine.kernel, &found.holders);
    let rows: Vec<[String; 5]> = sockets.iter().take(ROWS_MAX).map(cells).collect();
    let heading = HEADING.map(str::to_owned);
    let narrow: Vec<_> = rows.iter().filter(|row| row[1].len().max(row[2].len()) <= IPV4_END).collect();
    let needed = |column: usize| narrow.iter().copied().chain([&heading]).map(|row| row[column].len() + 2).max();
    let tight: [usize; 5] = std::array::from_fn(|column| needed(column).unwrap_or(0));
    let loose: [usize; 5] = std::array::from_fn(|column| tight[column].max(WIDTHS[column]));
    let line = |row: &[String; 5], widths: [usize; 5]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<String>().trim_end().to_owned()
    };
    let all_fit = narrow.iter().all(|row| line(row, loose).len() <= WIDTH);
    let widths = if all_fit { loose } else { tight };
    let mut lines = if narrow.is_empty() { Vec::new() } else { vec![line(&heading, widths)] };
    for row in &rows {
        let one = line(row, widths);
        if narrow.contains(&row) && one.len() <= WIDTH { lines.push(one) } else { lines.extend(record(row)) }
    }
    if sockets.len() > ROWS_MAX {
        lines.push(format!("and {} more (--json has all)", thousands((sockets.len() - ROWS_MAX) as u64)));
    }
    lines
}

/// A row that is too wide: state and local end, remote end, the rest.
fn record([state, local, remote, left, process]: &[String; 5]) -> [String; 3] {
    let time = if left == "-" { String::new() } else { format!("{left} left; ") };
    [format!("{state:<13}{local}"), format!("{:13}to {remote}", ""), format!("{:13}{time}{process}", "")]
}

fn cells(socket: &Socket, kernel: &Kernel, holders: &Holders) -> [String; 5] {
    let left = time_left(socket, kernel).map_or_else(
        || "-".to_owned(),
        |(soonest, latest)| format!("{} to {} s", soonest.as_secs(), whole_seconds_up(latest)),
    );
    let process = match holders.of(socket.inode) {
        Holder::Kernel => "none, the kernel's".to_owned(),
        Holder::NotPermitted => "not permitted to see".to_owned(),
        Holder::Unseen => "not in this /proc".to_owned(),
        Holder::Processes(processes) => match processes {
            [] => String::new(),
            [one] => format!("{} (pid {})", one.name, one.pid),
            [one, more @ ..] => format!("{} (pid {}) and {} more", one.name, one.pid, more.len()),
        },
    };
    [socket.state.name().to_owned(), socket.local.to_string(), socket.remote.to_string(), left, process]
}

/// So that "at the latest" is true.
fn whole_seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn several(page: &mut Page, found: &Found) {
    let all = thousands(found.uses.len() as u64);
    let set = |held: bool| {
        let chosen = found.uses.iter().filter(|each| each.is_held() == held);
        PortSet::new(chosen.filter_map(|each| PortRange::new(each.port, each.port)).collect())
    };
    let (held, free) = (set(true), set(false));
    let free_list = || format!("{} of {all}: {}", thousands(found.free() as u64), list(&free, LISTED_MAX));
    if found.held() == 0 {
        page.label("FREE", &[free_list()]);
    } else {
        let count = thousands(found.held() as u64);
        page.label("HELD", &[format!("{count} of {all} ports of this machine: {}", list(&held, LISTED_MAX))]);
        page.lines(table(found, &found.uses.iter().flat_map(|each| &each.sockets).collect::<Vec<_>>()));
        if found.free() > 0 {
            page.gap();
            page.label("FREE", &[free_list()]);
        }
    }
    page.gap();
    let range = found.machine.port_range;
    let inside = found.uses.iter().filter(|each| range.contains(each.port)).count();
    page.label("Here", &[format!("{} of them lie in the ephemeral range {range}", thousands(inside as u64))]);
    let services = found.uses.iter().filter_map(|each| Some((each.port, iana::service(each.port)?)));
    let names: Vec<String> =
        services.take(LISTED_MAX + 1).map(|(port, service)| format!("{port} {}", service.names)).collect();
    if names.is_empty() {
        page.label("IANA", &[format!("none has a name in the offline list ({})", iana::LIST)]);
    } else {
        let more = if names.len() > LISTED_MAX { "; ..." } else { "" };
        let shown = names[..names.len().min(LISTED_MAX)].join("; ");
        page.label("IANA", &[format!("{shown}{more} ({})", iana::LIST)]);
    }
}

/// `22, 60000-60010 and 3 more`: at most `most` ranges.
fn list(ports: &PortSet, most: usize) -> String {
    let ranges = ports.ranges();
    let shown: Vec<String> = ranges.iter().take(most).copied().map(one_or_range).collect();
    let more = if ranges.len() > most {
        format!(" and {} more", thousands((ranges.len() - most) as u64))
    } else {
        String::new()
    };
    shown.join(", ") + &more
}

pub(super) fn one_or_range(range: PortRange) -> String {
    if range.len() == 1 { range.first().to_string() } else { range.to_string() }
}

/// What IANA says of it.
fn registration(port: u16) -> String {
    let range = Range::of(port);
    let place = format!("{port} is in the {range} (RFC 6335)");
    match iana::service(port) {
        Some(service) if service.description.is_empty() => {
            format!("{place}, registered as {} ({})", service.names, iana::LIST)
        }
        Some(service) => format!("{place}, registered as {}: {} ({})", service.names, service.description, iana::LIST),
        None if range == Range::Dynamic => {
            format!("{place}: never assigned to a service, free for any program's own and short-lived use")
        }
        None => format!("{place}: no TCP service in the offline list ({})", iana::LIST),
    }
}

/// Which systems hand it out as they come.
fn ephemeral_by_default(port: u16) -> String {
    let mut by_range: BTreeMap<(u16, u16), Vec<&str>> = BTreeMap::new();
    for profile in profile::all() {
        let range = profile.setting("port_range").and_then(|setting| setting.value.as_str());
        let Some(range) = range.and_then(|text| crate::scenario::quantity::port_range(text).ok()) else { continue };
        if range.contains(port) {
            by_range.entry((range.first(), range.last())).or_default().push(profile.name);
        }
    }
    if by_range.is_empty() {
        return "no system that dryport knows hands it out by default".to_owned();
    }
    let each = |((first, last), names): ((u16, u16), Vec<&str>)| format!("{first}-{last} ({})", names.join(", "));
    format!("handed out by default, as part of {}", by_range.into_iter().map(each).collect::<Vec<_>>().join(" and "))
}

/// The commands that ask the same elsewhere.
fn ways(port: &str) -> Vec<String> {
    let lines = |way: &elsewhere::Way| {
        let system = way.system;
        let line = |(index, command): (usize, &&str)| {
            let label = if index == 0 { system } else { "" };
            solid(&format!("{label:<9}{}", command.replace("PORT", port)))
        };
        way.port.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    elsewhere::WAYS.iter().flat_map(lines).collect()
}
