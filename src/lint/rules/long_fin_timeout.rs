//! `tcp_fin_timeout` above 60 s, which is another time than it says.

use crate::des::SimDuration;
use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;
use crate::scenario::words::span;

pub(super) const RULE: Rule = Rule {
    name: "long-fin-timeout",
    summary: "tcp_fin_timeout of T above 60 s waits 2 x (T - 60 s)",
    source: "__tcp_close() in net/ipv4/tcp.c, tcp_keepalive_timer() in net/ipv4/tcp_timer.c",
    look,
};

/// `TCP_TIMEWAIT_LEN`.
pub(super) const TIME_WAIT: SimDuration = SimDuration::from_secs(60);

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let (value, Some(at)) = (stack.fin_timeout.value, &stack.fin_timeout.at) else { return Vec::new() };
    let beyond = value.saturating_sub(TIME_WAIT);
    // At 120 s it is right again, by chance.
    if beyond.is_zero() || beyond == TIME_WAIT {
        return Vec::new();
    }
    let waits = beyond + beyond;
    let key = stack.either("fin_timeout", "tcp_fin_timeout");
    // W = 2 x (T - 60 s), in whole seconds as the kernel takes them.
    let seconds = 60 + value.as_nanos().div_ceil(2_000_000_000);
    let to_write =
        stack.either(&format!("fin_timeout = \"{seconds}s\""), &format!("net.ipv4.{key} = {seconds}")).to_owned();
    let fault = Fault::warning(at.clone(), format!("{key} of {} ends FIN-WAIT-2 after {}", span(value), span(waits)))
        .label(format!("2 x ({} - 60 s)", span(value)))
        .aside(
            "why",
            "above 60 s the kernel keeps the whole socket for what is beyond 60 s, and then what is left of it for \
             the same time once more",
        )
        .help(format!("for {} write {to_write}; up to 60 s it means what it says", span(value)));
    vec![fault]
}
