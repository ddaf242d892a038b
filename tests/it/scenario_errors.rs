//! Every way to get a scenario wrong that we could think of, with the exact text the user sees.
//!
//! The texts are in `scenario_errors.txt`. After a change of wording, run the test with `DRYPORT_BLESS=1` set, which
//! rewrites the file, and read the difference. With `DRYPORT_CASES` set to a folder it also writes each case there, for
//! `.ci/schema` to show to a validator that is not ours.

use dryport::scenario::{Scenario, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// A scenario with nothing wrong; each case changes it in one place.
pub(crate) const BASE: &str = r#"schema = 1
title  = "Checkout gateway to one database"

[run]
duration     = "10m"
replications = 20
seed         = 60327

[[host]]
name    = "gateway"
profile = "linux-6.18"
port_range = "32768-60999"

[[destination]]
name = "orders-db"

[[destination]]
name = "cache"

[[client]]
name         = "checkout"
host         = "gateway"
to           = { orders-db = 0.8, cache = 0.2 }
arrivals     = { poisson = { rate = "450/s" } }
lifetime     = { exponential = { mean = "50ms" } }
closes_first = "client"
retry        = { attempts = 3, delay = "1s" }
"#;

/// Name, what is replaced in [`BASE`], and by what. An empty first text adds at the end.
const CASES: &[(&str, &str, &str)] = &[
    // Quantities.
    ("a duration without a unit, as a number", r#"mean = "50ms""#, "mean = 50"),
    ("a duration without a unit, as text", r#"mean = "50ms""#, r#"mean = "50""#),
    ("a duration without a unit, with decimals", r#"mean = "50ms""#, "mean = 0.5"),
    ("a duration that ends without a unit", r#""10m""#, r#""10m30""#),
    ("a duration with an unknown unit", r#""10m""#, r#""10 minutes""#),
    ("a duration with a space", r#""10m""#, r#""10 m""#),
    ("a negative duration", r#""10m""#, r#""-10m""#),
    ("a negative number for a duration", r#""10m""#, "-10"),
    ("a duration of zero", r#""10m""#, r#""0s""#),
    ("a duration too long", r#""10m""#, r#""4000d""#),
    ("an infinite duration", r#""10m""#, "inf"),
    ("not a duration at all", r#""10m""#, r#""soon""#),
    ("a duration of the wrong type", r#""10m""#, "[10]"),
    (
        "a close delay that the kernel does not wait for",
        r#"name = "orders-db""#,
        "name = \"orders-db\"\nclose_delay = \"2m\"",
    ),
    (
        "a close delay of who never closes",
        r#"name = "orders-db""#,
        "name = \"orders-db\"\nclose_delay = \"2s\"\nbehaviour = \"never-closes\"",
    ),
    ("a cost that is no table", r#"port_range = "32768-60999""#, r#"connect_cost = "31us""#),
    ("a cost without a unit", r#"port_range = "32768-60999""#, "connect_cost = { time_wait = 225 }"),
    ("a cost of what costs nothing", r#"port_range = "32768-60999""#, r#"connect_cost = { timewait = "1us" }"#),
    ("a rate without a time", r#""450/s""#, "450"),
    ("a rate without a time, as text", r#""450/s""#, r#""450""#),
    ("a rate of zero", r#""450/s""#, r#""0/s""#),
    ("a negative rate", r#""450/s""#, r#""-450/s""#),
    ("a rate too high", r#""450/s""#, r#""1000M/s""#),
    ("a rate with the time of a cat", r#""450/s""#, r#""450/cat""#),
    ("a reversed range", r#""32768-60999""#, r#""60999-32768""#),
    ("a range of one number", r#""32768-60999""#, "32768"),
    ("a range with a port that does not exist", r#""32768-60999""#, r#""32768-70000""#),
    ("a range from 0", r#""32768-60999""#, r#""0-60999""#),
    ("a range of letters", r#""32768-60999""#, r#""low-high""#),
    ("a range as an array", r#""32768-60999""#, "[32768, 60999]"),
    (
        "a range that is reserved as a whole",
        r#"port_range = "32768-60999""#,
        "port_range = \"40000-40009\"\nreserved_ports = [\"39000-41000\"]",
    ),
    ("a reserved port that does not exist", r#"port_range = "32768-60999""#, "reserved_ports = [8080, \"65536\"]"),
    // Numbers.
    ("no replications", "= 20", "= 0"),
    ("too many replications", "= 20", "= 1_000_001"),
    ("replications as text", "= 20", r#"= "20""#),
    ("half a replication", "= 20", "= 0.5"),
    ("a seed below zero", "= 60327", "= -1"),
    ("a seed of 2^64", "= 60327", r#"= "18446744073709551616""#),
    ("a number with 50 digits", "= 60327", "= 99999999999999999999999999999999999999999999999999"),
    ("a date where a number belongs", "= 60327", "= 2024-01-01"),
    ("too many time-series rows", "= 60327", "= 60327\nsample = \"1ms\""),
    // Keys.
    ("an unknown key", "duration     =", "duratoin     ="),
    ("an unknown key at the top", "title  =", "titel  ="),
    ("a key that is not built yet", "", "\n[[nat]]\nname = \"egress\"\n"),
    ("a key unlike any other", "profile =", "colour ="),
    ("a duplicate key", "seed         = 60327", "seed         = 60327\nseed = 2"),
    ("a missing schema", "schema = 1\n", ""),
    ("a wrong schema", "schema = 1", "schema = 2"),
    ("a missing run table", "[run]\nduration     = \"10m\"\nreplications = 20\nseed         = 60327\n", ""),
    ("a missing lifetime", "lifetime     = { exponential = { mean = \"50ms\" } }\n", ""),
    ("a client without a name", "name         = \"checkout\"\n", ""),
    ("a host as one table", "[[host]]", "[host]"),
    ("run as an array", "[run]", "[[run]]"),
    // Names.
    ("a host that is not defined", r#"host         = "gateway""#, r#"host         = "gatway""#),
    ("a destination that is not defined", "orders-db = 0.8", "order-db = 0.8"),
    ("a destination unlike any other", "{ orders-db = 0.8, cache = 0.2 }", r#""warehouse""#),
    ("two destinations of one name", r#"name = "cache""#, r#"name = "orders-db""#),
    ("a name with a space", r#"name = "cache""#, r#"name = "the cache""#),
    ("a name as a number", r#"name = "cache""#, "name = 7"),
    ("a profile that does not exist", r#""linux-6.18""#, r#""linux-6.19""#),
    // Weights.
    ("weights that do not sum", "cache = 0.2", "cache = 0.3"),
    ("a weight of zero", "orders-db = 0.8, cache = 0.2", "orders-db = 1, cache = 0"),
    ("a weight that is no number", "cache = 0.2", "cache = nan"),
    ("a negative weight", "cache = 0.2", "cache = -0.2"),
    ("a weight as a word", "cache = 0.2", r#"cache = "some""#),
    // Choices.
    ("a choice as a word", "{ exponential = { mean = \"50ms\" } }", r#""exponential""#),
    ("an unknown choice", "exponential", "exponental"),
    ("two choices", "poisson = {", "constant = { rate = \"1/s\" }, poisson = {"),
    ("no choice", "{ poisson = { rate = \"450/s\" } }", "{}"),
    ("a choice without its table", "{ rate = \"450/s\" }", r#""450/s""#),
    ("a choice without its parameter", "{ rate = \"450/s\" }", "{}"),
    ("a parameter that the choice does not take", "rate =", "rat ="),
    ("a word that is not one of a few", r#"= "client""#, r#"= "clients""#),
    ("a way to bind that does not exist", r#"= "client""#, "= \"client\"\nbind = \"bind-first\""),
    ("a bind of ports that are none", r#"= "client""#, "= \"client\"\nbind = { ports = \"all\" }"),
    ("a flag in quotes", r#"= "client""#, "= \"client\"\nreuse_address = \"true\""),
    (
        "an option that the kernel does not have",
        "profile = \"linux-6.18\"",
        "profile = \"linux-5.4\"\nautobind_reuse = true\ntw_reuse_delay = \"2s\"",
    ),
    ("too few ports by name", r#"= "client""#, "= \"client\"\nbind = { ports = \"40000-40009\" }"),
    ("an allocator that does not exist", r#"port_range = "32768-60999""#, r#"allocator = "best-fit""#),
    ("an HZ that no kernel has", r#"port_range = "32768-60999""#, "time_wait = { timer_wheel = { hz = 128 } }"),
    ("a time_wait without a unit", r#"port_range = "32768-60999""#, "time_wait = 60"),
    (
        "a wheel without its wait",
        "profile = \"linux-6.18\"",
        "profile = \"macos\"\ntime_wait = { timer_wheel = { hz = 250 } }",
    ),
    // Retries.
    ("a factor below one", r#"delay = "1s""#, "factor = 0.5"),
    ("a cap below the first wait", r#"delay = "1s""#, r#"delay = "1m", max = "30s""#),
    ("a delay of zero", r#"delay = "1s""#, r#"delay = "0s""#),
    ("retry as a number", r#"{ attempts = 3, delay = "1s" }"#, "3"),
    // Traces.
    ("a trace that does not exist", "poisson = { rate = \"450/s\" }", r#"trace = { file = "none.csv" }"#),
    ("a trace that goes back", "poisson = { rate = \"450/s\" }", r#"trace = { file = "back.csv" }"#),
    ("a trace that goes elsewhere", "poisson = { rate = \"450/s\" }", r#"trace = { file = "elsewhere.csv" }"#),
    // Asserts.
    ("an assert of nothing", "", "\n[[assert]]\nscope = \"all\"\n"),
    ("an assert without a comparison", "", "\n[[assert]]\nthat = \"exhaustion_probability\"\n"),
    ("an assert of an unknown metric", "", "\n[[assert]]\nthat = \"exhaustion_probabilty <= 1%\"\n"),
    ("an assert with two faults", "", "\n[[assert]]\nthat = \"refused_ration =< 1%\"\n"),
    ("an assert in the wrong unit", "", "\n[[assert]]\nthat = 'busy_ports_peak < 90%'\n"),
    ("an assert that forgot its sign", "", "\n[[assert]]\nthat = \"refused_ratio < 5\"\n"),
    ("an assert with a comma", "", "\n[[assert]]\nthat = \"headroom_ports >= 1,000\"\n"),
    ("an assert after never", "", "\n[[assert]]\nthat = \"first_refusal_s > never\"\n"),
    ("an assert with an escape", "", "\n[[assert]]\nthat = \"refused_ratio \\u003c 5\"\n"),
    ("an assert of a number", "", "\n[[assert]]\nthat = 0.01\n"),
    (
        "an assert of a client that is not defined",
        "",
        "\n[[assert]]\nthat = \"outages_total == 0\"\nscope = \"client:chekout\"\n",
    ),
    ("an assert of a bare name", "", "\n[[assert]]\nthat = \"outages_total == 0\"\nscope = \"cache\"\n"),
    ("an assert of an unknown scope", "", "\n[[assert]]\nthat = \"outages_total == 0\"\nscope = \"pod:a\"\n"),
    ("an assert with an unknown key", "", "\n[[assert]]\nthat = \"outages_total == 0\"\nscop = \"all\"\n"),
    ("asserts as a table", "", "\n[assert]\nthat = \"outages_total == 0\"\n"),
    // The whole.
    ("too many lanes", r#"name = "cache""#, "name = \"cache\"\nendpoints = 65536"),
    ("too many ports", r#"name = "cache""#, "name = \"cache\"\nendpoints = 20000"),
    ("too many requests", r#""10m""#, r#""3650d""#),
    ("too many waiting retries", "attempts = 3", "attempts = 1000, max = \"10h\", factor = 2"),
    // Syntax.
    ("an unquoted string", r#""10m""#, "10m"),
    ("an unclosed bracket", "{ orders-db = 0.8, cache = 0.2 }", "[1, 2"),
    ("an unclosed brace", "{ exponential = { mean = \"50ms\" } }", "{ exponential = { mean = \"50ms\" }"),
    ("an unclosed string in a table", r#""50ms""#, "\"50ms"),
    ("an unclosed weight table", "{ orders-db = 0.8, cache = 0.2 }", "{ orders-db = 0.8, cache = 0.2"),
    ("a string with two kinds of quotes", r#""linux-6.18""#, r#"'linux-6.18""#),
    ("an unclosed long string", r#""10m""#, r#""""10m""#),
    ("a fault of syntax among others", r#""10m""#, "10\nreplications = 20x"),
    ("an unclosed header", "[run]", "[run"),
    ("an unclosed string", r#""10m""#, "\"10m"),
    ("a key without a value", r#""10m""#, ""),
];

fn sources() -> BTreeMap<String, Vec<u8>> {
    [
        ("back.csv", "time_s,lifetime_s\n1,0.05\n0.5,0.05\n0.7,x\n"),
        ("elsewhere.csv", "time_s,lifetime_s,destination\n1,0.05,cache\n2,0.05,mars\n"),
    ]
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .into()
}

fn outcome(name: &str, text: &str, sets: &[&str]) -> String {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    match Scenario::read(&SourceFile::new(name, text), &sets, &sources()) {
        Ok(scenario) => format!("ok: {name}: {}", scenario.understood()),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

#[test]
fn every_mistake_is_told_in_these_words() {
    let mut told = String::new();
    for (name, old, new) in CASES {
        let text = if old.is_empty() { format!("{BASE}{new}") } else { BASE.replacen(old, new, 1) };
        assert_ne!(text, BASE, "{name}: nothing was replaced");
        if let Some(folder) = std::env::var_os("DRYPORT_CASES") {
            std::fs::write(Path::new(&folder).join(name.replace(' ', "-")).with_extension("toml"), &text).unwrap();
        }
        write!(told, "==== {name}\n\n{}\n\n", outcome("s.toml", &text, &[])).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenario_errors.txt");
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (case, expected) in told.split("==== ").zip(golden.split("==== ")) {
        assert_eq!(case, expected);
    }
    assert_eq!(told.len(), golden.len(), "scenario_errors.txt has other cases");
}

/// ../shared/screens.md, section f.
#[test]
fn two_errors_look_as_promised() {
    let text = "#\n".repeat(11)
        + "name         = \"gateway\"\n"
        + "# a destination\n[[destination]]\nname = \"orders-db\"\n\n\n# a client\n[[client]]\nname = \"checkout\"\n"
        + "host         = \"gatway\"\nto = \"orders-db\"\narrivals = { poisson = { rate = \"450/s\" } }\n"
        + "lifetime     = { exponential = { mean = 50 } }\n";
    let text = text.replacen(
        "#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n#\n",
        "schema = 1\n[run]\nduration = \"10m\"\n\n\n\n\n\n\n\n[[host]]\n",
        1,
    );
    let expected = r#"error: no host is named "gatway"
  --> scenarios/checkout.toml:21:16
   |
12 | name         = "gateway"
   |                --------- the only host in this file
...
21 | host         = "gatway"
   |                ^^^^^^^^ not defined; did you mean "gateway"?

error: a duration needs a unit
  --> scenarios/checkout.toml:24:41
   |
24 | lifetime     = { exponential = { mean = 50 } }
   |                                         ^^ 50 what?
   |
help: write "50ms" or "50s"

error: scenarios/checkout.toml has 2 errors; nothing was run"#;
    assert_eq!(outcome("scenarios/checkout.toml", &text, &[]), expected);
}

/// ../shared/screens.md, section f: the quickstart.
#[test]
fn a_clean_file_says_what_was_understood() {
    let text = BASE.replace("{ orders-db = 0.8, cache = 0.2 }", "\"orders-db\"");
    assert_eq!(
        outcome("scenarios/quickstart.toml", &text, &[]),
        "ok: scenarios/quickstart.toml: checkout on gateway -> orders-db, 28,232 ports, 27,483 erlangs; \
         20 runs of 10 min, about 5.4 million connects"
    );
}

#[test]
fn a_mistake_in_a_set_is_shown_in_the_set() {
    assert_eq!(
        outcome("s.toml", BASE, &["run.seed=7", "host.gatway.port_range=1024-65535", "run.duration=10"]),
        r#"error: no host is named "gatway"
 --> --set (no. 2):1:6
  |
1 | host.gatway.port_range=1024-65535
  |      ^^^^^^ did you mean "gateway"?

error: a duration needs a unit
 --> --set (no. 3):1:14
  |
1 | run.duration=10
  |              ^^ 10 what?
  |
help: write "10ms" or "10s"

error: --set has 2 errors; nothing was run"#
    );
}

#[test]
fn json_has_no_places_but_paths() {
    let text = r#"{"schema": 1, "run": {"duration": 600}, "host": [{"name": "g"}], "destination": [{"name": "d"}],
        "client": [{"name": "c", "host": "g", "to": "d", "arrivals": {"poisson": {"rate": "1/s"}},
        "lifetime": {"constant": {"value": "1s"}}}]}"#;
    assert_eq!(
        outcome("-", text, &[]),
        "error: a duration needs a unit\n--> stdin: run.duration\n = note: 600 what?\n\
         help: write \"600ms\" or \"600s\"\n\nerror: stdin has 1 error; nothing was run"
    );
    let mended = outcome("-", &text.replace("600", "\"600s\""), &[]);
    assert!(mended.starts_with("ok: -: c on g -> d, 28,232 ports"), "{mended}");
}

#[test]
fn bytes_that_are_no_scenario_are_one_error() {
    for (bytes, message) in [
        (&b"a = \"\xff\""[..], "not UTF-8: line 1, byte 6 is no character"),
        (&b"x\ny\x80"[..], "not UTF-8: line 2, byte 2 is no character"),
    ] {
        let diagnostics = Scenario::read(&SourceFile::new("s.toml", bytes), &[], &sources()).unwrap_err();
        assert_eq!(diagnostics.messages().collect::<Vec<_>>(), [message]);
    }
    let large = SourceFile::new("s.toml", vec![b'#'; (16 << 20) + 1]);
    let diagnostics = Scenario::read(&large, &[], &sources()).unwrap_err();
    let message = "a scenario has at most 16 MiB; this one has 16,777,217 bytes";
    assert_eq!(diagnostics.messages().collect::<Vec<_>>(), [message]);
}

#[test]
fn overrides_and_origins_meet_in_the_resolved_scenario() {
    let sets = ["host.gateway.time_wait.timer_wheel.hz=1000", "client.checkout.lifetime.constant.value=1s"];
    let source = SourceFile::new("s.toml", BASE);
    let reading = dryport::scenario::Reading::of(&source, &sets.map(str::to_owned), &sources()).unwrap();
    let wheel = &reading.resolved["host"]["gateway"]["time_wait"]["timer_wheel"];
    assert_eq!(
        wheel.to_string(),
        r#"{"wait":{"value":"60s","origin":"profile linux-6.18"},"hz":{"value":1000,"origin":"--set"}}"#
    );
    let checkout = &reading.resolved["client"]["checkout"];
    assert_eq!(checkout["lifetime"].to_string(), r#"{"constant":{"value":{"value":"1s","origin":"--set"}}}"#);
    assert_eq!(checkout["retry"]["max"].to_string(), r#"{"value":"30s","origin":"default"}"#);
    assert_eq!(reading.resolved["run"]["seed"].to_string(), r#"{"value":60327,"origin":"file"}"#);
}

/// A file of 16 MiB that is wrong everywhere is told in a second or two, not in minutes, and in a few pages.
#[test]
fn a_large_file_of_nonsense_is_told_briefly() {
    let one_line = format!("{BASE}\nx = [{}]", "nan, ".repeat(400_000));
    let keys = (0..100_000).fold(String::new(), |text, key| text + &format!("key{key} = 1\n"));
    let brackets = "[".repeat(1 << 20);
    let unclosed = format!("a = [\n{}", "b = 1\n".repeat(100_000));
    for text in [one_line, keys, brackets, unclosed] {
        let told = outcome("s.toml", &text, &[]);
        assert!(told.len() < 50_000, "{} bytes", told.len());
    }
}
