//! What `dryport inspect` prints: who is nearest to running out, then the others, then what it rests on.

use super::{Found, Gap};
use crate::inspect::machine::{EarlyReuse, NUMBERS};
use crate::inspect::{Holder, Lane, Socket};
use crate::report::page::{Page, solid};
use crate::scenario::words::{figure, percent, plural, thousands};

/// The most lanes, and the most listeners, that are listed.
const LISTED_MAX: usize = 10;
/// Columns for a source and a destination; most of IPv4 fit.
const PAIR: usize = 32;

pub(super) fn page(found: &Found) -> String {
    let mut page = Page::default();
    let (word, worst) = found.verdict();
    page.label(word, &verdict(found, worst));
    page.gap();
    page.lines(lanes(found));
    page.label("Columns", &columns(found));
    page.label("Together", &together(found));
    page.label("Range", &range(found));
    page.label("Listening", &listening(found));
    page.label("Kernel", &kernel(found));
    page.label("Settings", &settings(found));
    page.label("Sockets", &[sockets(found)]);
    page.label("Not seen", &found.gaps.iter().map(Gap::shown).collect::<Vec<_>>());
    page.label("Next", &next(found));
    page.text()
}

fn verdict(found: &Found, worst: Option<&Lane>) -> Vec<String> {
    let usage = &found.usage;
    let Some(lane) = worst else {
        let ports = plural(usage.usable.into(), "port");
        return vec![
            format!("no outgoing TCP connection has a port of {} now;", found.machine.port_range),
            format!("all {ports} are free towards every destination"),
        ];
    };
    let (busy, share) = (thousands(lane.busy().into()), percent(usage.fullness(lane)));
    let usable = plural(usage.usable.into(), "port");
    let share = solid(&format!("({share} %)"));
    let first = format!("{} -> {}: {busy} of {usable} busy now {share}", lane.source, lane.destination);
    let left = match usage.free(lane) {
        0 => "none left: connect() is refused now".to_owned(),
        free => format!("{} left", thousands(free.into())),
    };
    let kernel = &found.machine.kernel;
    let rate = usage.rate(lane, kernel).map_or_else(String::new, |rate| {
        let most = match usage.sustained_rate(lane, kernel) {
            Some(most) if most > rate => format!(", {}/s at most for long", figure(most)),
            Some(_) => ", the most it carries for long".to_owned(),
            None => String::new(),
        };
        format!("; about {}/s by TIME-WAITs{most}", figure(rate))
    });
    vec![first, left + &rate]
}

/// The table: ports by source and destination, the fullest first.
fn lanes(found: &Found) -> Vec<String> {
    let usage = &found.usage;
    if usage.lanes.is_empty() {
        return Vec::new();
    }
    let row = |name: &str, cells: [String; 6]| {
        let cells = cells.iter().zip([7, 9, 7, 11, 7, 7]).map(|(cell, width)| format!("{cell:>width$}"));
        format!("{name:<PAIR$}{}", cells.collect::<String>())
    };
    let heading = ["busy", "of range", "open", "TIME-WAIT", "reuse", "per s"].map(str::to_owned);
    let mut rows = vec![row("source -> destination", heading)];
    for lane in usage.lanes.iter().take(LISTED_MAX) {
        let rate = usage.rate(lane, &found.machine.kernel);
        let cells = [
            thousands(lane.busy().into()),
            format!("{} %", percent(usage.fullness(lane))),
            thousands(lane.open().into()),
            thousands(lane.time_wait.into()),
            thousands(lane.reusable.into()),
            rate.map_or_else(|| "-".to_owned(), figure),
        ];
        let pair = format!("{} -> {}", lane.source, lane.destination);
        if pair.len() <= PAIR {
            rows.push(row(&pair, cells));
        } else {
            // Two addresses of IPv6 may be longer than a line.
            rows.extend([format!("{} ->", lane.source), format!("  {}", lane.destination), row("", cells)]);
        }
    }
    if let Some(rest) = usage.lanes.get(LISTED_MAX..).filter(|rest| !rest.is_empty()) {
        let ports: u64 = rest.iter().map(|lane| u64::from(lane.busy())).sum();
        rows.push(format!("and {} more with {} busy", thousands(rest.len() as u64), plural(ports, "port")));
    }
    rows
}

/// What the columns of the table mean, as far as they need it.
fn columns(found: &Found) -> Vec<String> {
    let any = |count: fn(&Lane) -> u32| found.usage.lanes.iter().any(|lane| count(lane) > 0);
    let mut facts = Vec::new();
    if any(|lane| lane.reusable) {
        facts.push("reuse: TIME-WAITs whose port a new connection to the same place would get: not busy".to_owned());
        facts.push("where ports are reused early, TIME-WAITs end early and per s is too low".to_owned());
    }
    if any(|lane| lane.time_wait) {
        let mean = found.machine.kernel.mean_time_wait_s();
        let capped = |lane: &Lane| found.usage.rate(lane, &found.machine.kernel) < lane.connects_per_s(mean);
        let most = if found.usage.lanes.iter().any(capped) { ", at most what it carries for long" } else { "" };
        facts.push(format!("per s: an estimate, TIME-WAIT / {mean:.2} s (Little's law){most}"));
    }
    facts
}

fn together(found: &Found) -> Vec<String> {
    let usage = &found.usage;
    if usage.lanes.len() < 2 {
        return Vec::new();
    }
    let (used, usable) = (thousands(usage.together.into()), thousands(usage.usable.into()));
    vec![format!(
        "{used} of {usable} ports have a connection to some destination: this is the figure for programs that bind() \
         before they connect(), which share one pool"
    )]
}

fn range(found: &Found) -> Vec<String> {
    let (machine, usage) = (&found.machine, &found.usage);
    let range = machine.port_range;
    let reserved = machine.reserved_ports.count_in(range);
    let listening = range.len() - reserved - usage.usable;
    let mut parts = vec![format!("{range}: {}", plural(range.len().into(), "port"))];
    for (ports, why) in [(reserved, "reserved"), (listening, "with a listener")] {
        if ports > 0 {
            parts.push(format!("less {} {why}", thousands(ports.into())));
        }
    }
    if parts.len() > 1 {
        parts.push(format!("leaves {}", thousands(usage.usable.into())));
    }
    vec![parts.join(", ")]
}

/// Listeners inside the range: `connect()` steps around them, and after a restart one may find its port taken.
fn listening(found: &Found) -> Vec<String> {
    let listeners = &found.usage.listeners;
    if listeners.is_empty() {
        return Vec::new();
    }
    let process = |socket: &Socket| match found.holders.of(socket) {
        Holder::Processes([one, ..]) => format!("{} (pid {})", one.name, one.pid),
        Holder::NotPermitted => "not permitted to see".to_owned(),
        Holder::Kernel | Holder::NotAccepted | Holder::Unseen | Holder::Processes([]) => "unknown".to_owned(),
    };
    let mut facts: Vec<String> = listeners
        .iter()
        .take(LISTED_MAX)
        .map(|socket| format!("{}  {}", solid(&socket.local.to_string()), solid(&process(socket))))
        .collect();
    if listeners.len() > LISTED_MAX {
        facts.push(format!("and {} more", thousands((listeners.len() - LISTED_MAX) as u64)));
    }
    facts.push(
        "inside the range: after a restart such a service may find its port taken by an outgoing connection; reserve \
         it in net.ipv4.ip_local_reserved_ports"
            .to_owned(),
    );
    facts
}

fn kernel(found: &Found) -> Vec<String> {
    let kernel = &found.machine.kernel;
    let release = if kernel.release.is_empty() { "unknown" } else { &kernel.release };
    let release: String =
        release.chars().map(|letter| if matches!(letter, ' '..='~') { letter } else { '?' }).collect();
    let hz = match &kernel.hz {
        Some((hz, file)) => {
            let batches = kernel.time_wait().map_or_else(String::new, |hold| {
                let [least, grid] = [hold.least(), hold.grid()].map(|span| figure_3(span.as_secs_f64()));
                let batches =
                    if hold.grid().is_zero() { String::new() } else { format!(" and end in batches every {grid} s") };
                format!(": TIME-WAITs last {least} s{batches}")
            });
            format!("HZ={hz} ({file}){batches}")
        }
        None => "HZ unknown: 250 is assumed for rates".to_owned(),
    };
    vec![format!("{release}; nearest profile {}", kernel.profile().name), hz]
}

/// `2.048`, `5.12`: the grid is known to the millisecond.
fn figure_3(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn settings(found: &Found) -> Vec<String> {
    let machine = &found.machine;
    let value = |name: &&str| {
        let value = machine.number(name).map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        solid(&format!("{name} = {value}"))
    };
    let reuse = match machine.early_reuse() {
        EarlyReuse::Never => "no TIME-WAIT is reused early by connect()",
        EarlyReuse::Loopback => "only TIME-WAITs of loopback addresses are reused early",
        EarlyReuse::Everywhere => "connect() reuses TIME-WAITs early, where the other end takes timestamps",
    };
    let mut facts = vec![NUMBERS.iter().map(value).collect::<Vec<_>>().join(", "), reuse.to_owned()];
    let waiting = found.usage.states.get(&crate::inspect::State::TimeWait).copied().unwrap_or(0);
    match machine.number("tcp_max_tw_buckets") {
        Some(most) if waiting >= most => facts.push(
            "tcp_max_tw_buckets is reached: closing connections skip TIME-WAIT, so rates are higher than estimated"
                .to_owned(),
        ),
        Some(most) if 2 * waiting >= most => facts.push(format!(
            "{} TIME-WAITs are there, more than half of the {} that tcp_max_tw_buckets keeps: above it connections skip \
             TIME-WAIT",
            thousands(waiting),
            thousands(most)
        )),
        _ => {}
    }
    facts
}

fn sockets(found: &Found) -> String {
    let states =
        found.usage.states.iter().map(|(state, sockets)| solid(&format!("{} {}", thousands(*sockets), state.name())));
    let states: Vec<String> = states.collect();
    let all = plural(found.usage.sockets(), "TCP socket");
    if states.is_empty() { all } else { format!("{all}: {}", states.join(", ")) }
}

fn next(found: &Found) -> Vec<String> {
    let look = found.usage.lanes.first().map(|lane| format!("ss -tanp 'dport = :{}'", lane.destination.port()));
    let simulate = "dryport inspect --scenario now.toml && dryport run now.toml".to_owned();
    std::iter::once(simulate).chain(look).map(|command| solid(&command)).collect()
}
