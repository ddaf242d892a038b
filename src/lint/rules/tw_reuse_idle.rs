//! `tcp_tw_reuse` on a machine where `connect()` has no TIME-WAIT to end.

use crate::lint::{Rule, Stack};
use crate::port::TwReuse;
use crate::scenario::diagnostics::Fault;
use crate::workload::Leaves;

pub(super) const RULE: Rule = Rule {
    name: "tw-reuse-idle",
    summary: "tcp_tw_reuse helps who connects and closes first, nobody else",
    source: "tcp_twsk_unique() in net/ipv4/tcp_ipv4.c, which only connect() asks; tcp_tw_reuse in \
             Documentation/networking/ip-sysctl.rst",
    look,
};

const WHY: &str = "it lets connect() take over a TIME-WAIT of its own to the same address and port; a server that \
                   accepts needs no port for a TIME-WAIT, and keeps it";

/// With sysctls alone nothing is known of who connects: that is worth a note.
fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(at) = stack.tw_reuse.at.clone() else { return Vec::new() };
    if stack.tw_reuse.value != TwReuse::On || !stack.timestamps.value {
        return Vec::new();
    }
    let clients = stack.clients();
    let fault = if stack.on_host.is_none() {
        Fault::note(at, "tcp_tw_reuse helps the side that connects, not the side that accepts")
            .label("after 1 s, with timestamps at both ends")
            .help("on a machine that only accepts connections it changes nothing: leave it out")
    } else if !clients.iter().any(|client| client.may_leave(Leaves::TimeWait)) {
        Fault::warning(at, "tw_reuse has nothing to end: no client of this host keeps a TIME-WAIT")
            .label("changes nothing")
            .help("leave it out: the other side keeps the TIME-WAITs, and they cost no port here")
    } else if clients.iter().all(|client| client.client.bind.reserves() || !client.may_leave(Leaves::TimeWait)) {
        Fault::warning(at, "tw_reuse has nothing to end: bind() takes the ports of this host's clients")
            .label("changes nothing")
            .help("let connect() choose: leave out bind, or write bind = \"address-no-port\" (Linux 4.2)")
    } else {
        return Vec::new();
    };
    vec![fault.aside("why", WHY)]
}
