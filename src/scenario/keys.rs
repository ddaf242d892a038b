//! Every key of a scenario file, as data: what may be written there, what it is unless it is written, what it means.
//!
//! The reader asks for no key that is not here and leaves none of them out; `--set`, the published schema, `dryport list
//! keys` and the template of `dryport new` read the same tables. A new key is a line here and its reading in the `read_*`
//! file of its table. Laws and profiles are not listed here but in their registries.

use super::model::KeptRuns;
use super::words::thousands;
use crate::choice::{Kind, Outline, outlines};
use crate::port::hold::TimerWheel;
use crate::port::{AllocatorKind, Binding, Hold, TwReuse, Uniqueness};
use crate::profile;
use crate::workload::{Arrivals, Behaviour, ClosesFirst, Jitter, Lifetime, Retry, Spread};

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// What it is called.
    pub name: &'static str,
    /// What may be written there.
    pub form: Form,
    /// What it is when it is not written.
    pub need: Need,
    /// What it means, in one line of at most 72 letters.
    pub help: &'static str,
}

/// What may be written for a key.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// The number 1.
    Version,
    /// One line of at most 200 letters.
    Title,
    /// 1 to 64 of `A-Z a-z 0-9 _ -`, unique within its kind.
    Name,
    /// The name of a table of this kind.
    NameOf(&'static str),
    /// The name of a destination, or destinations with their weights.
    Weights,
    /// A span, a rate, a number: what parameters of laws are, too.
    Plain(Kind),
    /// A span or the word `auto`.
    SpanOrAuto,
    /// A whole number between two bounds, both included.
    Whole(u64, u64),
    /// A whole number below 2^64, or its digits as text.
    Seed,
    /// A number between two bounds, both included.
    Number(f64, f64),
    /// `true` or `false`.
    Flag,
    /// First and last port.
    PortRange,
    /// Ports and ranges of them.
    Ports,
    /// A metric, a comparison and a number.
    Claim,
    /// Everything, or a named host, client or destination.
    Scope,
    /// Which call chooses the port: a word, or the ports that the program names itself.
    Binding,
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// One law with its parameters.
    Law(fn() -> Vec<Outline>),
    /// The same, or a span for an exact hold.
    SpanOrLaw(fn() -> Vec<Outline>),
    /// Keys and the values to try for each.
    Axes,
    /// A table with keys of its own.
    Table(&'static [Key]),
    /// Any number of such tables.
    Tables(&'static [Key]),
}

/// What a key is when it is not written. Values are as the file would have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be written, for example so.
    Required(&'static str),
    /// This.
    Default(&'static str),
    /// What the host's profile says.
    Profile,
    /// As the help says; it may be written so.
    Optional(&'static str),
}

impl Form {
    /// What may be written, in words.
    pub fn in_words(self) -> String {
        let names = |laws: Vec<Outline>| laws.iter().map(|law| law.name).collect::<Vec<_>>().join(", ");
        match self {
            Self::Version => "1".to_owned(),
            Self::Title => "one line".to_owned(),
            Self::Name => "1 to 64 of A-Z a-z 0-9 _ -".to_owned(),
            Self::NameOf(kind) => format!("name of a {kind}"),
            Self::Weights => "name of a destination, or { NAME = WEIGHT, ... }".to_owned(),
            Self::Plain(kind) => kind.in_words(),
            Self::SpanOrAuto => "a span, or \"auto\"".to_owned(),
            Self::Whole(low, high) => format!("a whole number, {} to {}", thousands(low), thousands(high)),
            Self::Seed => "a whole number below 2^64".to_owned(),
            Self::Number(low, high) => format!("a number, {low} to {high}"),
            Self::Flag => "true or false".to_owned(),
            Self::PortRange => "FIRST-LAST".to_owned(),
            Self::Ports => "an array of ports and ranges of them".to_owned(),
            Self::Claim => {
                "[SCOPE] METRIC, one of < <= == >= >, NUMBER (dryport list metrics); and, or, ( )".to_owned()
            }
            Self::Scope => "all, or KIND:NAME with host, client or destination".to_owned(),
            Self::Binding => format!("one of {}, or {{ ports = \"FIRST-LAST\" }}", bindings().join(", ")),
            Self::Word(words) => format!("one of {}", words().join(", ")),
            Self::Law(laws) => format!("one of {}, as a table", names(laws())),
            Self::SpanOrLaw(laws) => format!("a span, or one of {}, as a table", names(laws())),
            Self::Axes => "a table: the path of each key and an array of values".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Tables(_) => "any number of tables".to_owned(),
        }
    }
}

impl Key {
    const fn required(name: &'static str, form: Form, example: &'static str, help: &'static str) -> Self {
        Self { name, form, need: Need::Required(example), help }
    }

    const fn default(name: &'static str, form: Form, default: &'static str, help: &'static str) -> Self {
        Self { name, form, need: Need::Default(default), help }
    }

    const fn profile(name: &'static str, form: Form, help: &'static str) -> Self {
        Self { name, form, need: Need::Profile, help }
    }

    const fn optional(name: &'static str, form: Form, example: &'static str, help: &'static str) -> Self {
        Self { name, form, need: Need::Optional(example), help }
    }
}

/// The keys at the top of a file.
pub const FILE: &[Key] = &[
    Key::required("schema", Form::Version, "1", "version of this format"),
    Key::optional(
        "title",
        Form::Title,
        "\"Checkout gateway to one database\"",
        "heading of reports and charts; the file's name unless written",
    ),
    Key::optional(
        "sweep",
        Form::Axes,
        "{ \"host.gateway.port_range\" = [\"32768-60999\", \"1024-65535\"] }",
        "what `dryport sweep` varies, and over which values; a run does not",
    ),
    Key::required("run", Form::Table(RUN), "", "how long, how often, with which seed"),
    Key::required("host", Form::Tables(HOST), "", "machines: their stacks own the ports"),
    Key::required("destination", Form::Tables(DESTINATION), "", "where connections go"),
    Key::required("client", Form::Tables(CLIENT), "", "who connects, when and for how long"),
    Key::optional("assert", Form::Tables(ASSERT), "", "what must hold of the figures; else the exit code is 99"),
];

const RUN: &[Key] = &[
    Key::required("duration", Form::Plain(Kind::Duration), "\"10m\"", "length of the measured window"),
    Key::default(
        "warm_up",
        Form::SpanOrAuto,
        "\"0s\"",
        "time before the window that is in no figure; 0s: an empty range",
    ),
    Key::default("replications", Form::Whole(1, 1_000_000), "20", "independent runs: the risk is a share of them"),
    Key::default("seed", Form::Seed, "60327", "same seed, same figures"),
    Key::optional(
        "sample",
        Form::Plain(Kind::Duration),
        "\"1s\"",
        "step of the time series; at most 1,000 rows unless written",
    ),
    Key::default(
        "keep",
        Form::Word(kept_runs),
        "\"all\"",
        "all: each run's figures, in replications.csv; summary: no such file",
    ),
];

const HOST: &[Key] = &[
    Key::required("name", Form::Name, "\"gateway\"", "what clients call it"),
    Key::default(
        "profile",
        Form::Word(profiles),
        "\"linux-6.18\"",
        "operating system: gives every key below that is left out",
    ),
    Key::default(
        "addresses",
        Form::Whole(1, 65_536),
        "1",
        "source addresses; 268 million ports on all of them at most",
    ),
    Key::profile("port_range", Form::PortRange, "ports to choose from, first and last"),
    Key::profile("reserved_ports", Form::Ports, "ports of the range that are never chosen"),
    Key::profile("uniqueness", Form::Word(uniqueness), "what the stack keeps unique"),
    Key::profile("allocator", Form::Word(allocators), "in which order it looks for a port"),
    Key::default(
        "port_step_width",
        Form::Whole(0, 65_535),
        "0",
        "widest random step of the search (sysctl of Linux 7.1); 0: none",
    ),
    Key::profile("hz", Form::Plain(Kind::OneOf(TimerWheel::HZ)), "ticks of the kernel's clock a second (CONFIG_HZ)"),
    Key::profile("time_wait", Form::SpanOrLaw(holds), "how long a port is held after its client closed first"),
    Key::profile("tw_reuse", Form::Word(tw_reuses), "may connect() end a TIME-WAIT early (net.ipv4.tcp_tw_reuse)"),
    Key::profile("tw_reuse_delay", Form::Plain(Kind::DurationOrZero), "age that such a TIME-WAIT must be above"),
    Key::profile("tw_reuse_tick", Form::Plain(Kind::Duration), "in which steps the kernel counts that age"),
    Key::profile("timestamps", Form::Flag, "do both ends use TCP timestamps; early reuse needs them"),
    Key::profile("max_tw_buckets", Form::Whole(0, 1 << 31), "most TIME-WAITs; a port beyond is free at once"),
    Key::profile("fin_timeout", Form::Plain(Kind::Duration), "how long to wait for the other side's FIN (orphans)"),
    Key::profile("syn_retries", Form::Whole(1, 127), "SYNs sent again before connect() to a silent end fails"),
    Key::profile("syn_linear_timeouts", Form::Whole(0, 127), "how many of these come a second after the last"),
    Key::profile("sticky_buckets", Form::Flag, "is a port that bind() took closed to connect() until all left"),
    Key::default("autobind_reuse", Form::Flag, "false", "may bind(0) with SO_REUSEADDR share ports when none is free"),
    Key::default("listening_ports", Form::Ports, "[]", "ports that listening sockets hold: looked at, never taken"),
    Key::profile("connect_cost", Form::Table(CONNECT_COST), "CPU time of a connect() that chooses its port"),
];

const CONNECT_COST: &[Key] = &[
    Key::profile("base", Form::Plain(Kind::DurationOrZero), "of a call that gets the first port it looks at"),
    Key::profile("established", Form::Plain(Kind::DurationOrZero), "of each port looked at in vain: with a connection"),
    Key::profile("time_wait", Form::Plain(Kind::DurationOrZero), "of each port looked at in vain: in TIME-WAIT"),
];

const DESTINATION: &[Key] = &[
    Key::required("name", Form::Name, "\"orders-db\"", "what clients call it"),
    Key::default(
        "endpoints",
        Form::Whole(1, 65_536),
        "1",
        "address:port pairs; 268 million ports towards all of them at most",
    ),
    Key::default("loopback", Form::Flag, "false", "is it on this machine, by a loopback address"),
    Key::default("behaviour", Form::Word(behaviours), "\"accepts\"", "what the other side does"),
    Key::default(
        "close_delay",
        Form::Plain(Kind::DurationOrZero),
        "\"0s\"",
        "from the client's close() to the server's FIN: then the TIME-WAIT begins",
    ),
];

const CLIENT: &[Key] = &[
    Key::required("name", Form::Name, "\"checkout\"", "what figures call it"),
    Key::required("host", Form::NameOf("host"), "\"gateway\"", "where it runs"),
    Key::required("to", Form::Weights, "\"orders-db\"", "a destination, or several with weights that sum to 1"),
    Key::required("arrivals", Form::Law(arrivals), "{ poisson = { rate = \"450/s\" } }", "when requests come"),
    Key::required(
        "lifetime",
        Form::Law(lifetimes),
        "{ exponential = { mean = \"50ms\" } }",
        "how long a connection is open",
    ),
    Key::default("closes_first", Form::Word(closers), "\"client\"", "who closes first, and so keeps the TIME-WAIT"),
    Key::default("bind", Form::Binding, "\"connect\"", "which call chooses the port"),
    Key::default("reuse_address", Form::Flag, "false", "SO_REUSEADDR before bind()"),
    Key::default("reuse_port", Form::Flag, "false", "SO_REUSEPORT before bind()"),
    Key::optional(
        "local_port_range",
        Form::PortRange,
        "\"40200-40399\"",
        "IP_LOCAL_PORT_RANGE: the socket's own range",
    ),
    Key::default(
        "source",
        Form::Word(spreads),
        "\"random\"",
        "over addresses: drawn anew, retries too; or in turn; or the first free",
    ),
    Key::default(
        "balance",
        Form::Word(spreads),
        "\"random\"",
        "the same over endpoints; both in turn: in step, one aside after a round",
    ),
    Key::optional(
        "retry",
        Form::Table(RETRY),
        "{ attempts = 3, delay = \"1s\" }",
        "what follows a refusal; nothing unless written",
    ),
];

const RETRY: &[Key] = &[
    Key::required("attempts", Form::Whole(1, Retry::ATTEMPTS_MAX as u64), "3", "attempts in all, the first included"),
    Key::default("delay", Form::Plain(Kind::Duration), "\"1s\"", "wait before the second attempt"),
    Key::default("factor", Form::Number(1.0, 1000.0), "1.0", "each further wait is so many times the last"),
    Key::default("max", Form::Plain(Kind::Duration), "\"30s\"", "longest wait"),
    Key::default("jitter", Form::Word(jitters), "\"none\"", "how a wait is randomised"),
];

const ASSERT: &[Key] = &[
    Key::required(
        "that",
        Form::Claim,
        "\"exhaustion_probability <= 0.01\"",
        "a claim, or some with and, or and parentheses, judged on the intervals",
    ),
    Key::default("scope", Form::Scope, "\"all\"", "whose figures, where a claim does not begin with its own"),
    Key::optional(
        "variant",
        Form::Title,
        "\"host.gateway.addresses=2\"",
        "of one arm of a sweep or comparison only: its name, or what it sets",
    ),
];

fn bindings() -> Vec<&'static str> {
    Binding::WORDS.map(Binding::name).to_vec()
}

fn kept_runs() -> Vec<&'static str> {
    KeptRuns::ALL.map(KeptRuns::name).to_vec()
}

fn tw_reuses() -> Vec<&'static str> {
    TwReuse::ALL.map(TwReuse::name).to_vec()
}

fn behaviours() -> Vec<&'static str> {
    Behaviour::ALL.map(Behaviour::name).to_vec()
}

fn profiles() -> Vec<&'static str> {
    profile::all().iter().map(|profile| profile.name).collect()
}

fn uniqueness() -> Vec<&'static str> {
    Uniqueness::ALL.map(Uniqueness::name).to_vec()
}

fn allocators() -> Vec<&'static str> {
    AllocatorKind::ALL.iter().map(|kind| kind.name()).collect()
}

fn closers() -> Vec<&'static str> {
    ClosesFirst::ALL.map(ClosesFirst::name).to_vec()
}

fn spreads() -> Vec<&'static str> {
    Spread::ALL.map(Spread::name).to_vec()
}

fn jitters() -> Vec<&'static str> {
    Jitter::ALL.map(Jitter::name).to_vec()
}

fn arrivals() -> Vec<Outline> {
    outlines(Arrivals::ENTRIES)
}

fn lifetimes() -> Vec<Outline> {
    outlines(Lifetime::ENTRIES)
}

fn holds() -> Vec<Outline> {
    outlines(Hold::ENTRIES)
}

/// The key of that name.
pub fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// True for the kinds of tables that are told apart by their name: hosts, destinations, clients.
pub fn is_named(kind: &str) -> bool {
    find(FILE, kind).is_some_and(|key| matches!(key.form, Form::Tables(keys) if find(keys, "name").is_some()))
}

/// True for keys whose table holds one law: setting another one replaces it.
pub fn is_law(name: &str) -> bool {
    fn among(keys: &'static [Key], name: &str) -> bool {
        keys.iter().any(|key| match key.form {
            Form::Law(_) | Form::SpanOrLaw(_) => key.name == name,
            Form::Table(below) | Form::Tables(below) => among(below, name),
            _ => false,
        })
    }
    among(FILE, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Reading, SourceFile};
    use serde_json::Value;
    use std::collections::BTreeMap;

    fn walk(keys: &'static [Key], path: &str, visit: &mut impl FnMut(String, &'static Key)) {
        for key in keys {
            let path = format!("{path}/{}", key.name);
            match key.form {
                Form::Table(below) => walk(below, &path, visit),
                Form::Tables(below) => {
                    walk(below, &format!("{path}/{}", if is_named(key.name) { "x" } else { "0" }), visit);
                }
                _ => {}
            }
            visit(path, key);
        }
    }

    /// The shortest scenario there is, as the reader fills it in, has just the defaults that are said here.
    #[test]
    fn every_default_is_the_one_that_the_reader_takes() {
        let text = "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"x\"\n[[destination]]\nname = \"x\"\n[[client]]\n\
            name = \"x\"\nhost = \"x\"\nto = \"x\"\narrivals = { poisson = { rate = \"1/s\" } }\n\
            lifetime = { constant = { value = \"1s\" } }\nretry = { attempts = 2 }\n[[assert]]\nthat = \"refused_total >= 0\"\n";
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let reading = Reading::of(&SourceFile::new("x.toml", text), &[], &sources).unwrap();
        let mut seen = 0;
        walk(FILE, "", &mut |path, key| {
            let resolved = reading.resolved.pointer(&path);
            let origin = resolved.and_then(|resolved| resolved["origin"].as_str());
            assert!(!key.help.is_empty() && key.help.len() <= 72, "{path}");
            if let Need::Default(text) = key.need {
                let table: toml::Table = toml::from_str(&format!("value = {text}")).unwrap();
                let value: Value = serde_json::to_value(&table["value"]).unwrap();
                assert_eq!(resolved.map(|resolved| &resolved["value"]), Some(&value), "{path}");
                assert_eq!(origin, Some("default"), "{path}");
                seen += 1;
            } else if key.name != "title" {
                assert_ne!(origin, Some("default"), "{path} has a default");
            }
            if key.need == Need::Profile && !matches!(key.form, Form::SpanOrLaw(_) | Form::Table(_)) {
                assert_eq!(origin, Some("profile linux-6.18"), "{path}");
            }
        });
        assert!(seen > 10);
    }

    #[test]
    fn tables_and_laws_are_told_apart() {
        assert!(["host", "destination", "client"].iter().all(|kind| is_named(kind)));
        assert!(["run", "title", "retry", "assert"].iter().all(|kind| !is_named(kind)));
        assert!(["arrivals", "lifetime", "time_wait"].iter().all(|name| is_law(name)));
        assert!(!is_law("retry") && !is_law("poisson"));
    }
}
