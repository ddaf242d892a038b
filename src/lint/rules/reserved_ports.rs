//! Reserved ports that are not in the range, or so many that few are left.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;
use crate::scenario::words::{plural, thousands};

pub(super) const RULE: Rule = Rule {
    name: "reserved-ports",
    summary: "reserved ports: outside of the range, or how many are left in it",
    source: "ip_local_reserved_ports in Documentation/networking/ip-sysctl.rst",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (range, Some(at)) = (stack.port_range.value, stack.reserved_ports.at.clone()) else { return Vec::new() };
    let inside = stack.reserved_ports.value.count_in(range);
    let left = range.len() - inside;
    // Where only sysctls are known, reserving what is outside is prudent: the range may be widened later.
    if stack.on_host.is_some() {
        let outside = stack
            .reserved_ports
            .value
            .ranges()
            .iter()
            .find(|part| (part.first()..=part.last()).all(|port| !range.contains(port)));
        let Some(part) = outside else { return Vec::new() };
        let part = if part.len() == 1 { part.first().to_string() } else { part.to_string() };
        let fault = Fault::warning(at, format!("reserved {part} lies outside of the range {range}"))
            .label("changes nothing")
            .aside("why", "only ports of the range are ever chosen, so reserving others changes nothing")
            .help("leave it out, or correct it or port_range");
        return vec![fault];
    }
    let fault = match (inside, left) {
        (0, _) => return Vec::new(),
        (_, 0) => Fault::warning(at, "no port is left: the whole range is reserved").label(format!("all of {range}")),
        _ => Fault::note(
            at,
            format!("{} of the {} ports of {range} are left", thousands(left.into()), thousands(range.len().into())),
        )
        .label(format!("{} reserved", plural(inside.into(), "port"))),
    };
    let fault = fault.aside(
        "why",
        "connect() and bind(0) pass over reserved ports; those right behind a block of them are chosen more often \
         (Linux 7.1 has ip_local_port_step_width against that)",
    );
    vec![fault.help("count with what is left, as dryport calc --ports does")]
}
