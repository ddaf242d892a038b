//! What an ephemeral port is, and when the turn comes to this one.

use super::Found;
use crate::inspect::PortUse;
use crate::inspect::kernel::TIME_WAIT;
use crate::report::page::solid;
use crate::scenario::words::{count, fixed, thousands};

/// The first kernel whose `connect()` looks through one parity before the other (`reference/linux.md` 1.5).
const BY_PARITY: (u64, u64) = (4, 2);

/// Of `scenarios/quickstart.toml`.
const DEFAULT_RANGE: (u16, u16) = (32_768, 60_999);

/// May `connect()` choose it here?
fn is_lent(found: &Found, each: &PortUse) -> bool {
    let machine = &found.machine;
    machine.port_range.contains(each.port) && !machine.reserved_ports.contains(each.port) && !each.listens()
}

/// What such a port is.
pub(super) fn what(found: &Found, each: &PortUse) -> Option<String> {
    is_lent(found, each).then(|| {
        "an ephemeral port: lent by the system for one connection, then kept for a minute so that late packets of the old \
         one cannot reach the next"
            .to_owned()
    })
}

/// When it is its turn, on a kernel that looks by parity.
pub(super) fn turn(found: &Found, each: &PortUse) -> Vec<String> {
    let (machine, kernel) = (&found.machine, &found.machine.kernel);
    if !is_lent(found, each) || kernel.version().is_some_and(|version| version < BY_PARITY) {
        return Vec::new();
    }
    let range = machine.port_range;
    let is_even = |port: u16| port.is_multiple_of(2);
    let parity = |port: u16| if is_even(port) { "even" } else { "odd" };
    let like = |port: &u16| is_even(*port) == is_even(range.first()) && !machine.reserved_ports.contains(*port);
    let preferred = (range.first()..=range.last()).filter(like).count();
    // The fullest moment of connections that take no time: just before a batch of TIME-WAITs ends.
    let longest_s = TIME_WAIT.as_secs_f64() + kernel.latest_after().as_secs_f64();
    let rate = preferred as f64 / longest_s;
    let rate = if rate < 10.0 { fixed((rate * 10.0).floor() / 10.0, 1) } else { count(rate.floor()) };
    let rate = solid(&format!("{rate} connects/s"));
    let (own, first) = (parity(each.port), parity(range.first()));
    let ports = thousands(preferred as u64);
    let text = if own == first {
        format!(
            "{} is {own}, as the range starts: connect() tries it among the first {ports}, every {} s or so from about \
             {rate} to one destination on",
            each.port,
            count(longest_s)
        )
    } else {
        format!(
            "{} is {own} and the range starts {first}: connect() takes it only when the {ports} {first} ports are gone \
             (here: above about {rate} to one destination); then every {} s or so",
            each.port,
            count(longest_s)
        )
    };
    let story = format!("dryport explain scenarios/quickstart.toml --port {}", each.port);
    // The scenario has Linux's default range.
    let here = (range.first(), range.last()) != DEFAULT_RANGE;
    let set = here.then(|| solid(&format!("--set host.gateway.port_range={range}")));
    vec![text, format!("its day in a run:  {} {}", solid(&story), set.unwrap_or_default()).trim_end().to_owned()]
}
