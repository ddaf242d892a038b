//! `tcp_tw_recycle`: the advice that outlived its setting.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "tw-recycle",
    summary: "tcp_tw_recycle is gone since Linux 4.12",
    source: "kernel commit 4396e46187ca (Linux 4.12); man 7 tcp",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let Some(at) = stack.tw_recycle.clone() else { return Vec::new() };
    let fault = Fault::warning(at, "tcp_tw_recycle is gone: no kernel since Linux 4.12 has it")
        .label("cannot be set")
        .aside(
            "why",
            "it dropped the SYNs of clients that share an address behind a NAT, as it compared their timestamps with \
             each other",
        )
        .help(
            "delete the line; ports are saved by connections that stay open, by a server that closes first, by a \
             wider range, and by tcp_tw_reuse = 1 on the side that connects",
        );
    vec![fault]
}
