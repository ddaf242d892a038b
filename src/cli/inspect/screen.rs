//! What `dryport inspect` prints: who is nearest to running out, then the others, then what it rests on.

use super::Found;
use crate::inspect::machine::{EarlyReuse, NUMBERS};
use crate::inspect::{Holder, Lane, Socket, iana};
use crate::report::page::{Page, solid};
use crate::scenario::words::{figure, percent, plural, thousands};

/// The most lanes, and the most listeners, that are listed.
const LISTED_MAX: usize = 10;
/// The columns that an address and port of IPv4 may take.
const ADDRESS: usize = 22;

pub(super) fn page(found: &Found) -> String {
    let mut page = Page::default();
    let (word, worst) = found.verdict();
    page.label(word, &verdict(found, worst));
    page.gap();
    page.label("Destinations", &lanes(found));
    page.label("Together", &together(found));
    page.label("Range", &range(found));
    page.label("Listening", &listening(found));
    page.label("Kernel", &kernel(found));
    page.label("Settings", &settings(found));
    page.label("Sockets", &[sockets(found)]);
    page.label("Not seen", &not_seen(found));
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
    let others = match usage.lanes.len() - 1 {
        0 => String::new(),
        more => format!("; the nearest to running out of {}", thousands(more as u64 + 1)),
    };
    let first = format!("{} -> {}: {busy} of {usable} busy now ({share} %)", lane.source, lane.destination);
    let mut second = format!("{} left{others}", thousands(usage.free(lane).into()));
    if let Some(rate) = lane.connects_per_s(found.machine.kernel.mean_time_wait_s()) {
        let most = usage.sustained_rate(lane, &found.machine.kernel);
        let most =
            most.map_or_else(String::new, |most| format!(", and at most {}/s get through for long", figure(most)));
        second.push_str(&format!("; about {}/s by its TIME-WAITs{most}", figure(rate)));
    }
    vec![first, second]
}

/// The table: ports by destination, the fullest first.
fn lanes(found: &Found) -> Vec<String> {
    let usage = &found.usage;
    let Some(first) = usage.lanes.first() else { return Vec::new() };
    let same_source = usage.lanes.iter().take(LISTED_MAX).all(|lane| lane.source == first.source);
    let row = |name: &str, cells: [String; 6]| {
        let cells = cells.iter().zip([7, 8, 7, 8, 6, 9]).map(|(cell, width)| format!("{cell:>width$}"));
        solid(&format!("{name:<ADDRESS$}{}", cells.collect::<String>()))
    };
    let heading = ["busy", "of range", "open", "waiting", "reuse", "per s"].map(str::to_owned);
    let mut rows = vec![row(if same_source { "" } else { "from -> to" }, heading)];
    for lane in usage.lanes.iter().take(LISTED_MAX) {
        let rate = lane.connects_per_s(found.machine.kernel.mean_time_wait_s());
        let cells = [
            thousands(lane.busy().into()),
            format!("{} %", percent(usage.fullness(lane))),
            thousands(lane.open().into()),
            thousands(lane.time_wait.into()),
            thousands(lane.reusable.into()),
            rate.map_or_else(|| "-".to_owned(), figure),
        ];
        let to = lane.destination.to_string();
        if !same_source {
            rows.push(solid(&format!("{} ->", lane.source)));
        }
        if to.len() < ADDRESS {
            rows.push(row(&to, cells));
        } else {
            rows.push(to);
            rows.push(row("", cells));
        }
    }
    if same_source {
        rows.insert(0, format!("from {}", first.source));
    }
    if usage.lanes.len() > LISTED_MAX {
        let rest = &usage.lanes[LISTED_MAX..];
        let ports: u64 = rest.iter().map(|lane| u64::from(lane.busy())).sum();
        rows.push(format!("and {} more with {} busy together", thousands(rest.len() as u64), plural(ports, "port")));
    }
    let sum: u32 = usage.lanes.iter().map(|lane| lane.time_wait).sum();
    if sum > 0 {
        let mean = found.machine.kernel.mean_time_wait_s();
        rows.push(format!("waiting: in TIME-WAIT; per s: an estimate, waiting / {mean:.2} s (Little's law)"));
    }
    rows
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
    let mut text = format!("{range}: {}", plural(range.len().into(), "port"));
    if reserved > 0 {
        text.push_str(&format!(", less {} reserved", thousands(reserved.into())));
    }
    if listening > 0 {
        text.push_str(&format!(", less {} with a listener", thousands(listening.into())));
    }
    if reserved + listening > 0 {
        text.push_str(&format!(": {} usable", thousands(usage.usable.into())));
    }
    vec![text]
}

/// Listeners inside the range: connect() steps around them, and after a restart one may find its port taken.
fn listening(found: &Found) -> Vec<String> {
    let listeners = &found.usage.listeners;
    if listeners.is_empty() {
        return Vec::new();
    }
    let process = |socket: &Socket| match found.holders.of(socket.inode) {
        Holder::Processes([one, ..]) => format!("{} (pid {})", one.name, one.pid),
        Holder::NotPermitted => "not permitted to see".to_owned(),
        Holder::Kernel | Holder::Unseen | Holder::Processes([]) => "unknown".to_owned(),
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
                format!(": TIME-WAITs last 60 s and end in batches every {} s", figure_3(hold.grid().as_secs_f64()))
            });
            format!("HZ={hz} ({file}){batches}")
        }
        None => "HZ unknown".to_owned(),
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
    if machine.number("tcp_max_tw_buckets").is_some_and(|most| waiting >= most) {
        facts.push(
            "tcp_max_tw_buckets is reached: closing connections skip TIME-WAIT, so rates are higher than estimated"
                .to_owned(),
        );
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

fn not_seen(found: &Found) -> Vec<String> {
    let mut gaps = found.gaps.clone();
    if found.holders.denied > 0 {
        gaps.push(format!("the files of {}: not permitted", plural(found.holders.denied, "process")));
    }
    gaps.push("ports that bind() chose and that neither listen nor are connected: ss -tanB".to_owned());
    gaps
}

fn next(found: &Found) -> Vec<String> {
    let mut facts = vec![solid("dryport inspect --scenario now.toml && dryport run now.toml")];
    if let Some(lane) = found.usage.lanes.first() {
        let name = iana::service(lane.destination.port())
            .map_or_else(String::new, |service| format!("   ({})", service.names));
        facts.push(solid(&format!("ss -tanp 'dport = :{}'{name}", lane.destination.port())));
    }
    facts
}
