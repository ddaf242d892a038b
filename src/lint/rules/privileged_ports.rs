//! A range that begins below the ports that everybody may bind.

use crate::lint::{Rule, Stack};
use crate::port::PortRange;
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "privileged-ports",
    summary: "the kernel refuses a range below ip_unprivileged_port_start",
    source: "ipv4_local_port_range() in net/ipv4/sysctl_net_ipv4.c (Linux 4.11); ip_local_port_range in \
             Documentation/networking/ip-sysctl.rst",
    look,
};

/// The first kernel that refuses it.
const REFUSED: (u16, u16) = (4, 11);

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (range, Some(at)) = (stack.port_range.value, &stack.port_range.at) else { return Vec::new() };
    let from = stack.unprivileged_from;
    if range.first() >= from || stack.kernel < Some(REFUSED) {
        return Vec::new();
    }
    let fault = Fault::warning(at.clone(), format!("Linux refuses a range that begins below port {from}"))
        .label("Invalid argument")
        .aside("why", format!("ports below ip_unprivileged_port_start ({from} by default) are for services; sysctl says \"Invalid argument\" and the old range stays"));
    let legal = PortRange::new(from, range.last()).map(|legal| stack.range_written(legal));
    vec![match legal {
        Some(legal) => fault.help(format!("begin at {from}: {legal}")),
        None => fault,
    }]
}
