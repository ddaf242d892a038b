//! A3, B14: what is not known is neither yes nor no, and a search stops when it is decided.

use super::{said, take};
use crate::command::dryport;
use serde_json::Value;

/// A3: a peer that never closes has a closed form, so that advice is certain and costs little: six knobs are enough.
#[test]
fn a_peer_that_never_closes_has_six_remedies() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "never-closes-500.toml");
    // The range, the rate and every other count as they are; one run shows how full it gets.
    let arguments = ["advise", "never-closes-500.toml", "--json", "--set", "run.replications=1"];
    let advice: Value = serde_json::from_str(&said(home.path(), &arguments)).unwrap();
    assert_eq!(advice["now"]["enough"], false);
    let remedies = advice["remedies"].as_array().unwrap();
    let enough = |setting: &str| {
        let found = remedies.iter().find(|remedy| remedy["setting"].as_str().unwrap().starts_with(setting));
        let found = found.unwrap_or_else(|| panic!("{setting} is no remedy"));
        (found["enough"].clone(), found["method"].as_str().unwrap().starts_with("closed form"))
    };
    for setting in [
        "closes_first = \"reset\"",
        "port_range = \"1024-65535\"",
        "addresses = 2",
        "endpoints = 2",
        "net.ipv4.tcp_fin_timeout = 30",
        "10 requests per connection",
    ] {
        assert_eq!(enough(setting), (Value::Bool(true), true), "{setting}");
    }
    // By a count, not by a clock: 12 settings and a pair, 300,000 requests each.
    let spent = advice["requests_simulated"].as_f64().unwrap();
    assert!(spent < 2e7, "{spent}");
}

/// A3: its formula is right: the share refused is Erlang's with the hold of `fin_timeout`, and of the SYNs of a peer that
/// never answers.
#[test]
fn what_formulas_say_of_peers_that_do_not_close_or_answer_is_simulated() {
    let home = tempfile::tempdir().unwrap();
    let text = |behaviour: &str| {
        format!(
            "schema = 1\n[run]\nduration = \"10min\"\nwarm_up = \"20min\"\nreplications = 30\n[[host]]\nname = \"h\"\n\
             port_range = \"40000-40019\"\ntime_wait = \"60s\"\nfin_timeout = \"5s\"\nsyn_retries = 2\n\
             syn_linear_timeouts = 0\n[[destination]]\nname = \"d\"\nbehaviour = \"{behaviour}\"\n[[client]]\n\
             name = \"c\"\nhost = \"h\"\nto = \"d\"\narrivals = {{ poisson = {{ rate = \"2/s\" }} }}\n\
             lifetime = {{ exponential = {{ mean = \"2s\" }} }}\n"
        )
    };
    // 14 erlangs on 20 ports: 2/s x (2 s + 5 s); and 2/s x 7 s, three SYNs 1, 2 and 4 s apart.
    for behaviour in ["never-closes", "silent"] {
        std::fs::write(home.path().join("s.toml"), text(behaviour)).unwrap();
        let json = said(home.path(), &["run", "s.toml", "--json", "--force", "--out", "x"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        let figure = &json["runs"][0]["figures"]["refused_ratio"];
        let [low, high] = ["ci_low", "ci_high"].map(|end| figure[end].as_f64().unwrap());
        let summary = std::fs::read_to_string(home.path().join("x/summary.csv")).unwrap();
        let row = summary.lines().find(|line| line.contains(",all,formula_refused_ratio,")).unwrap();
        let formula: f64 = row.split(',').nth(5).unwrap().parse().unwrap();
        // Erlang B of 20 ports and 14 erlangs.
        assert!((formula - 0.029_9).abs() < 1e-3, "{behaviour}: {formula}");
        assert!(low < formula && formula < high, "{behaviour}: {formula} not in {low} to {high}");
    }
}

/// A3: where no formula knows, "not refused in R runs" stands in those words, and is no "no".
#[test]
fn what_was_only_not_refused_says_so() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "bind-zero-many-endpoints.toml");
    let ended = said(home.path(), &["advise", "bind-zero-many-endpoints.toml", "--set", "run.replications=5"]);
    let row = ended.lines().find(|line| line.starts_with("1 ") && line.contains("bind = \"address-no-port\"")).unwrap();
    assert!(row.contains("not refused in 5 runs"), "{ended}");
    assert!(!ended.contains("NO KNOB ALONE"), "{ended}");
}

/// B14: the limit of a small risk is not decided by one refusal, and never against the formula: at a risk of 0.1 % the true
/// limit lies above 1.34/s (`run --set run.replications=40000`: at 1.34/s 37 of 40,000 runs refused anyone, 0.067 to
/// 0.127 %). Some of these seeds were told less.
#[test]
fn one_refusal_is_no_limit() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "solve-limit.toml");
    for seed in ["7", "16", "17", "24", "30", "31", "32", "33"] {
        let solve = ["solve", "solve-limit.toml", "--for", "rate", "--max-risk", "0.1%", "--seed", seed, "--json"];
        let solved: Value = serde_json::from_str(&said(home.path(), &solve)).unwrap();
        let [answer, limit] = [&solved["answer"]["value"], &solved["limit"]].map(|value| value.as_f64().unwrap());
        assert!((answer - 1.2776).abs() < 1e-3, "by formula: {answer}");
        assert!(limit > 1.34, "seed {seed}: {limit}");
    }
}

/// B14: a goal that nothing misses is decided at once.
#[test]
fn a_goal_that_nothing_misses_needs_no_search() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "solve-limit.toml");
    for goal in [
        &["--target", "refused_ratio <= 1"][..],
        &["--max-risk", "1%", "--set", "client.c.arrivals.poisson.rate=1/min"],
    ] {
        let solve = [&["solve", "solve-limit.toml", "--for", "duration", "--json"][..], goal].concat();
        let solved: Value = serde_json::from_str(&said(home.path(), &solve)).unwrap();
        assert_eq!(solved["verdict"], "NO LIMIT", "{goal:?}");
        assert!(solved["requests_simulated"].as_f64().unwrap() < 1e5, "{goal:?}: {solved}");
    }
}

/// A3: a search is over when it has spent what it may, and says what going on would take.
#[test]
fn a_search_ends_at_its_budget_with_its_table() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "solve-limit.toml");
    let solve = ["solve", "solve-limit.toml", "--for", "rate", "--target", "full_time_ratio <= 1e-4", "--max-requests"];
    let ended = dryport(home.path(), &[&solve[..], &["2000"]].concat());
    assert!(ended.out.contains("Cut off") && ended.out.contains("--max-requests 2e4"), "{}", ended.out);
    assert!(ended.out.contains("refused in"), "the table is there: {}", ended.out);
    let bad = dryport(home.path(), &[&solve[..], &["1"]].concat());
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("a number of requests is 1000"), "{}", bad.err);
}
