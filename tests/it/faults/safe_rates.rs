//! A1, A2: what is safe lasts, and the assumption that decides most is said.

use super::{said, take};
use serde_json::Value;
use std::path::Path;

fn calc(arguments: &str) -> String {
    let arguments: Vec<&str> = std::iter::once("calc").chain(arguments.split_whitespace()).collect();
    said(Path::new("."), &arguments)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A1: 10 minutes are shorter than a port is held (11 min 2 s), so that what an empty range lets through does not last:
/// no more than 42.68/s do, and 41.64/s with a risk of 1 % or less.
#[test]
fn a_safe_rate_is_never_above_what_lasts() {
    let screen = words(&calc("--rate 5/s --lifetime 10min"));
    assert!(screen.starts_with("FITS 5/s keep"), "{screen}");
    let limit = "1 % comes near 41.64/s for long (8.33 times as much), 46.4/s within 10 min from an empty range, as that \
                 is shorter than a port is held (11 min 2 s)";
    assert!(screen.contains(limit), "{screen}");
    let json: Value = serde_json::from_str(&calc("--rate 5/s --lifetime 10min --json")).unwrap();
    let figure = |name: &str| json["figures"][name].as_f64().unwrap();
    assert!(figure("safe_rate_per_s") < figure("sustained_per_s") && figure("window_rate_per_s") > 46.3);
    assert!(calc("--rate 42/s --lifetime 10min").starts_with("TIGHT"));
    assert!(calc("--rate 45/s --lifetime 10min").starts_with("DOES NOT FIT"));
}

/// The scenario behind it, as short as it can be: 100 ports, held for 20 s, in windows of 10 s.
const SHORT: &str = "schema = 1\n[run]\nduration = \"10s\"\nreplications = 2\n[[host]]\nname = \"h\"\n\
    port_range = \"40000-40099\"\ntime_wait = \"5s\"\n[[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\n\
    host = \"h\"\nto = \"d\"\narrivals = { poisson = { rate = \"9/s\" } }\nlifetime = { constant = { value = \"15s\" } }\n";

/// A1: solve, Change and advise go by what lasts too, and what they offer stands in a window that comes later.
#[test]
fn solve_change_and_advise_offer_what_lasts() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), SHORT).unwrap();
    let lasts = |rate: f64| {
        let set = format!("client.c.arrivals.poisson.rate={rate:.6}/s");
        let late = ["--set", "run.warm_up=1h", "--set", "run.replications=400", "--set", &set];
        let json = said(home.path(), &[&["run", "s.toml", "--json", "--force", "--out", "late"][..], &late].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        json["runs"][0]["figures"]["exhaustion_probability"]["ci_low"].as_f64().unwrap() <= 0.01
    };
    let solved: Value =
        serde_json::from_str(&said(home.path(), &["solve", "s.toml", "--for", "rate", "--json"])).unwrap();
    let (long, window) = (solved["lasting"].as_f64().unwrap(), solved["answer"]["value"].as_f64().unwrap());
    assert!(long < window && lasts(long) && !lasts(window), "{long} {window}");
    let screen = words(&said(home.path(), &["solve", "s.toml", "--for", "rate"]));
    assert!(
        screen.starts_with("ANSWER at most 3.") && screen.contains("for long, by formula. Within 10 s"),
        "{screen}"
    );
    let advice: Value = serde_json::from_str(&said(home.path(), &["advise", "s.toml", "--json"])).unwrap();
    assert!(advice["now"]["safe_rate_per_s"].as_f64().unwrap() <= long * 1.001);
    let set = ["--set", "client.c.arrivals.poisson.rate=4/s"];
    let calm = words(&said(home.path(), &[&["run", "s.toml", "--out", "q"][..], &set].concat()));
    assert!(calm.starts_with("NOT SEEN") && calm.contains("but for long only 3."), "{calm}");
    let run = words(&said(home.path(), &["run", "s.toml", "--out", "r"]));
    assert!(run.contains("rate at most 3.") && run.contains("lasts; in 10 s "), "{run}");
}

/// A2: who closes first decides most. It is on the first screen, with the other limit and how to find out.
#[test]
fn who_closes_first_is_said_with_the_other_limit() {
    let find_out = "Which is it? ss -Htan state time-wait dst IP:PORT | wc -l while it works at this rate (0: the server \
                    closes)";
    let client = words(&calc("--rate 380/s --lifetime 120ms"));
    assert!(client.contains("the client closes first and pays with the port. If the server does"), "{client}");
    assert!(client.contains("227,100/s fit") && client.contains(find_out), "{client}");
    let server = words(&calc("--rate 380/s --lifetime 120ms --closes-first server"));
    assert!(server.contains("If the client does, it pays with the port, and only 443.5/s fit"), "{server}");
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "loopback-reuse.toml");
    let run = words(&said(home.path(), &["run", "loopback-reuse.toml", "--out", "x", "--set", "run.replications=1"]));
    assert!(run.contains("Assumed the client closes first") && run.contains(find_out), "{run}");
    // A2: the same for early reuse.
    assert!(
        run.contains("connect() may take TIME-WAITs over early") && run.contains("timestamps on both ends"),
        "{run}"
    );
}
