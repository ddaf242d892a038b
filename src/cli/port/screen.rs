//! What `dryport port` prints: one port on a page of its own, several as an overview.

use super::{Found, Gap, next, turn};
use crate::inspect::iana::{self, Range};
use crate::inspect::port_use::time_left;
use crate::inspect::{Holder, Holders, Kernel, PortUse, Socket, elsewhere};
use crate::port::{PortRange, PortSet};
use crate::report::page::{Page, solid};
use crate::scenario::words::{WIDTH, plural, thousands};
use std::time::Duration;

pub(super) const GUTTER: usize = 6;
/// The longest address and port of IPv4: 255.255.255.255:65535.
const IPV4_END: usize = 21;
/// The most rows of the table of sockets, and the most of one port.
const ROWS_MAX: usize = 20;
const ROWS_OF_A_PORT: usize = 5;
/// The most ranges in a list of ports, and the most names of services.
const LISTED_MAX: usize = 10;

pub(super) fn page(found: &Found) -> String {
    let mut page = Page::with_gutter(GUTTER);
    if let [one] = found.uses.as_slice() {
        if one.is_held() {
            held(&mut page, found, one);
        } else {
            page.label("FREE", &[format!("no TCP socket in /proc/net/tcp or tcp6 uses port {}", one.port)]);
        }
        page.gap();
        page.label("What", &turn::what(found, one).into_iter().collect::<Vec<_>>());
        page.label("Turn", &turn::turn(found, one));
        page.label("Next", &next::facts(found, one));
        page.label("IANA", &[registration(one.port)]);
        page.label("OS", &[ephemeral_by_default(one.port)]);
    } else {
        several(&mut page, found);
    }
    let port = if found.uses.len() == 1 { found.uses[0].port.to_string() } else { "N".to_owned() };
    page.label("Ask", &["the system itself, this one or another:".to_owned()]);
    page.lines(ways(&port));
    page.label("But", &found.gaps.iter().map(Gap::shown).collect::<Vec<_>>());
    page.text()
}

/// Tried on Linux 6.18: `bind()` with `SO_REUSEADDR` takes a port in TIME-WAIT where the socket that closed had it too, as
/// those that a server accepts inherit it; after a plain `connect()` it fails.
const REUSE_ADDRESS: &str = ", with SO_REUSEADDR it works where the socket that closed had it too (a server's does, a plain \
                             connect()'s does not)";

fn held(page: &mut Page, found: &Found, each: &PortUse) {
    let bound = each.bound();
    let address = match bound.as_slice() {
        [one] if !one.ip().is_unspecified() => solid(&one.to_string()),
        [_] => "it".to_owned(),
        all => format!("it fails now on {}", plural(all.len() as u64, "address")),
    };
    let fails = if bound.len() == 1 { " fails now" } else { "" };
    let sockets = plural(each.sockets.len() as u64, "socket");
    let (sockets, unless) = if each.only_waits() {
        (format!("{sockets} in TIME-WAIT, which no process has"), REUSE_ADDRESS)
    } else {
        (sockets, "")
    };
    let text = format!("port {} on this machine: {sockets}; bind() to {address}{fails}{unless}", each.port);
    page.label(each.word(), &[text]);
    page.lines(table(found, &[each]));
}

/// How many `connect()` may pick by itself.
fn of_the_range(found: &Found) -> String {
    let range = found.machine.port_range;
    let inside: Vec<_> = found.uses.iter().filter(|each| range.contains(each.port)).collect();
    let reserved = inside.iter().filter(|each| found.machine.reserved_ports.contains(each.port)).count();
    let of = |ports: usize| thousands(ports as u64);
    let count = match inside.len() {
        0 => "none lies".to_owned(),
        1 => format!("1 of {} lies", of(found.uses.len())),
        more => format!("{} of {} lie", of(more), of(found.uses.len())),
    };
    let reserved = match (inside.len(), reserved) {
        (_, 0) => String::new(),
        (1, _) => ", reserved".to_owned(),
        (_, some) => format!(", {} of them reserved", of(some)),
    };
    format!("{count} in the ephemeral range {range}{reserved}")
}

/// A row of the table of sockets.
type Row = [String; 5];
const TIME_LEFT: usize = 3;
const NO_TIME: &str = "-";

/// Rows of sockets under a heading, in columns; what is too wide for them has a few lines of its own.
fn table(found: &Found, uses: &[&PortUse]) -> Vec<String> {
    const HEADING: [&str; 5] = ["state", "local", "remote", "time left", "process"];
    /// Columns are so wide when their contents are not wider.
    const WIDTHS: [usize; 5] = [13, 17, 17, 13, 0];
    let (rows, rest) = rows(found, uses);
    let heading = HEADING.map(str::to_owned);
    let fits = |row: &&Row| row[1].len().max(row[2].len()) <= IPV4_END;
    let narrow: Vec<&Row> = rows.iter().map(|(row, _)| row).filter(fits).collect();
    let needed = |column: usize| narrow.iter().copied().chain([&heading]).map(|row| row[column].len() + 2).max();
    // A column without a time only takes room.
    let timed = rows.iter().any(|(row, _)| row[TIME_LEFT] != NO_TIME);
    let tight: [usize; 5] = std::array::from_fn(|column| needed(column).unwrap_or(0));
    let loose: [usize; 5] = std::array::from_fn(|column| tight[column].max(WIDTHS[column]));
    let line = |row: &Row, widths: [usize; 5]| {
        let shown = row.iter().zip(widths).enumerate().filter(|(column, _)| timed || *column != TIME_LEFT);
        let padded = shown.map(|(_, (cell, width))| format!("{cell:<width$}"));
        padded.collect::<String>().trim_end().to_owned()
    };
    let all_fit = narrow.iter().all(|row| line(row, loose).len() <= WIDTH);
    let widths = if all_fit { loose } else { tight };
    let mut lines = if narrow.is_empty() { Vec::new() } else { vec![line(&heading, widths)] };
    for (row, more) in &rows {
        let one = line(row, widths);
        if narrow.contains(&row) && one.len() <= WIDTH {
            lines.push(one);
        } else {
            lines.extend(record(row));
        }
        lines.extend(more.clone());
    }
    lines.extend(rest);
    lines
}

/// The first sockets of every port, as far as there is room, so that no port hides another: rows, each with what to say
/// below it, and what to say below all.
fn rows(found: &Found, uses: &[&PortUse]) -> (Vec<(Row, Option<String>)>, Option<String>) {
    let needed = |most: usize| uses.iter().map(|each| each.sockets.len().min(most)).sum::<usize>();
    let of_each = (1..=ROWS_OF_A_PORT).rev().find(|most| needed(*most) <= ROWS_MAX).unwrap_or(1);
    let mut rows = Vec::new();
    let mut uses = uses.iter().peekable();
    while rows.len() < ROWS_MAX
        && let Some(each) = uses.next()
    {
        let shown = each.sockets.len().min(of_each).min(ROWS_MAX - rows.len());
        let own = each.sockets.iter().take(shown);
        rows.extend(own.map(|socket| (cells(socket, &found.machine.kernel, &found.holders), None)));
        if let Some((_, more)) = rows.last_mut().filter(|_| shown < each.sockets.len()) {
            let hidden = thousands((each.sockets.len() - shown) as u64);
            *more = Some(format!("and {hidden} more of port {} (--json has all)", each.port));
        }
    }
    let rest: Vec<_> = uses.collect();
    let sockets: usize = rest.iter().map(|each| each.sockets.len()).sum();
    let of = plural(rest.len() as u64, "more port");
    let rest = (sockets > 0).then(|| format!("and {} of {of} (--json has all)", plural(sockets as u64, "socket")));
    (rows, rest)
}

/// A row that is too wide: state and local end, remote end, the rest.
fn record([state, local, remote, left, process]: &Row) -> [String; 3] {
    let time = if left == NO_TIME { String::new() } else { format!("{left} left; ") };
    [format!("{state:<13}{local}"), format!("{:13}to {remote}", ""), format!("{:13}{time}{process}", "")]
}

fn cells(socket: &Socket, kernel: &Kernel, holders: &Holders) -> Row {
    let left = time_left(socket, kernel).map_or_else(
        || NO_TIME.to_owned(),
        |(soonest, latest)| format!("{} to {} s", soonest.as_secs(), whole_seconds_up(latest)),
    );
    let process = match holders.of(socket) {
        Holder::Kernel => "none, the kernel's".to_owned(),
        Holder::NotAccepted => "not accepted yet".to_owned(),
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
pub(super) fn whole_seconds_up(span: Duration) -> u64 {
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
        // A word for all of them: nobody holds what only waits.
        page.label(found.word(), &[format!("{count} of {all} ports of this machine: {}", list(&held, LISTED_MAX))]);
        page.lines(table(found, &found.uses.iter().filter(|each| each.is_held()).collect::<Vec<_>>()));
        if found.free() > 0 {
            page.gap();
            page.label("FREE", &[free_list()]);
        }
    }
    page.gap();
    page.label("Here", &[of_the_range(found)]);
    let services = found.uses.iter().filter_map(|each| Some((each.port, iana::service(each.port)?)));
    let names: Vec<String> =
        services.take(LISTED_MAX + 1).map(|(port, service)| format!("{port} {}", service.names)).collect();
    if names.is_empty() {
        page.label("IANA", &[format!("none is registered for TCP ({})", iana::LIST)]);
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
            format!("{place}: never assigned to a service, free for any use")
        }
        None => format!("{place}: no TCP service registered ({})", iana::LIST),
    }
}

/// Which systems hand it out as they come, and which do not.
fn ephemeral_by_default(port: u16) -> String {
    let text = |ranges: Vec<((u16, u16), Vec<&str>)>| {
        let each =
            ranges.into_iter().map(|((first, last), systems)| format!("{} ({first}-{last})", systems.join(", ")));
        each.collect::<Vec<_>>().join("; ")
    };
    let inside = |((first, last), _): &((u16, u16), Vec<&str>)| (*first..=*last).contains(&port);
    let (by, not_by): (Vec<_>, Vec<_>) = elsewhere::ephemeral_ranges().into_iter().partition(inside);
    match (by.is_empty(), not_by.is_empty()) {
        (true, _) => format!("handed out by default by none of {}", text(not_by)),
        (_, true) => format!("handed out by default: {}", text(by)),
        _ => format!("handed out by default: {}; not by {}", text(by), text(not_by)),
    }
}

/// The commands that ask the same elsewhere. They are too long for the gutter.
fn ways(port: &str) -> Vec<String> {
    let line = |system: &str, command: &str| format!("  {system:<9}{}", command.replace("PORT", port));
    elsewhere::WAYS.iter().flat_map(|way| way.port.iter().map(move |command| line(way.system, command))).collect()
}
