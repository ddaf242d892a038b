//! `SO_REUSEADDR` or `SO_REUSEPORT` on sockets that `bind()` chooses no port for.

use crate::lint::{Rule, Stack};
use crate::scenario::diagnostics::Fault;

pub(super) const RULE: Rule = Rule {
    name: "reuse-without-bind",
    summary: "SO_REUSEADDR and SO_REUSEPORT do nothing for connect()",
    source: "__inet_hash_connect() in net/ipv4/inet_hashtables.c, which asks for neither; man 7 socket",
    look,
};

fn look(stack: &Stack<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for client in stack.clients().into_iter().filter(|client| !client.client.bind.reserves()) {
        let options = [
            (client.client.reuse_address, "reuse_address", "SO_REUSEADDR"),
            (client.client.reuse_port, "reuse_port", "SO_REUSEPORT"),
        ];
        for (_, key, option) in options.into_iter().filter(|(set, ..)| *set) {
            let fault = Fault::warning(client.place(key), format!("{option} does not help connect()"))
                .label("changes nothing")
                .aside(
                    "why",
                    "both options are about bind(): whether it may take a port that another socket has. connect() \
                     shares ports between destinations anyway, and never for the same one",
                )
                .help("leave it out; TIME-WAITs to the same destination are what tw_reuse is about");
            faults.push(fault);
        }
    }
    faults
}
