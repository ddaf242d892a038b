//! A6: an alarm that comes in time, and none where none helps.

use super::{said, take};
use std::fmt::Write;
use std::path::Path;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn calc(arguments: &str) -> String {
    let arguments: Vec<&str> = std::iter::once("calc").chain(arguments.split_whitespace()).collect();
    words(&said(Path::new("."), &arguments))
}

/// A6: the threshold is the fullest moment halfway between the present rate and the safe one: 412/s x 62.1 s.
#[test]
fn an_alarm_stands_for_a_rate_halfway_to_the_safe_one() {
    let screen = calc("--rate 380/s --lifetime 50ms");
    let alarm = "alert at 25,585 busy ports (= 412/s): 10 min ahead while the rate grows by less than 3.2/s a minute; a \
                 jump to 760/s (twice 380/s) from there leaves 7.61 s";
    assert!(screen.contains(alarm), "{screen}");
    assert!(
        calc("--rate 380/s --lifetime 50ms --warn 1min").contains("60 s ahead while the rate grows by less than 32")
    );
    let above = calc("--rate 450/s --lifetime 50ms");
    assert!(above.contains("none helps: 450/s is above the safe 444/s already. At 380/s it would be"), "{above}");
    let calm = calc("--rate 200/s --lifetime 50ms");
    assert!(calm.contains("twice the rate, 400/s, is safe too"), "{calm}");
    let reuse = calc("--rate 20k/s --lifetime 50ms --tw-reuse");
    assert!(reuse.contains("no count of sockets tells") && !reuse.contains("alert at"), "{reuse}");
}

/// A6: a steady load has an alarm in run too, never below the fullest moment that was seen.
#[test]
fn a_steady_load_has_an_alarm() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "constant-even.toml");
    let screen = words(&said(home.path(), &["run", "constant-even.toml", "--out", "x"]));
    assert!(!screen.contains("comes too late"), "{screen}");
    // Halfway from 45/s to 48.34/s, times 62.058 s.
    assert!(screen.contains("alert at 2,896 busy ports (= 46.7/s)"), "{screen}");
    let close = ["--set", "client.c.arrivals.constant.rate=48.3/s"];
    let screen = words(&said(home.path(), &[&["run", "constant-even.toml", "--out", "y"][..], &close].concat()));
    assert!(screen.contains("alert at 2,99") || screen.contains("none helps"), "{screen}");
}

/// A6: where TIME-WAITs are taken over, a count of sockets shows 12,000 where 400 ports are busy: the rate tells.
#[test]
fn under_early_reuse_the_connect_rate_is_watched() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "loopback-reuse.toml");
    let screen =
        words(&said(home.path(), &["run", "loopback-reuse.toml", "--set", "run.replications=1", "--out", "x"]));
    let watch = screen.split_once("Watch").expect("it is told").1;
    assert!(watch.contains("nstat -az TcpActiveOpens against the safe 28,189/s"), "{watch}");
    assert!(!watch.contains("ss -Htan") && !watch.contains("alert"), "{watch}");
}

/// A6: 30,000 connects within 20 s of a window of 10 minutes take 28,232 ports in 18.8 s, not in 9 min 21 s.
#[test]
fn a_burst_is_told_by_its_busiest_stretch() {
    let home = tempfile::tempdir().unwrap();
    let trace = (0..30_000).fold("time_s\n".to_owned(), |mut trace, connect| {
        writeln!(trace, "{:.6}", 100.0 + f64::from(connect) / 1_500.0).expect("a string takes all");
        trace
    });
    std::fs::write(home.path().join("burst.csv"), trace).unwrap();
    let text = "schema = 1\n[run]\nduration = \"10min\"\nreplications = 1\n[[host]]\nname = \"h\"\n[[destination]]\n\
        name = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
        arrivals = { trace = { file = \"burst.csv\" } }\nlifetime = { constant = { value = \"10ms\" } }\n";
    std::fs::write(home.path().join("burst.toml"), text).unwrap();
    let screen = words(&said(home.path(), &["run", "burst.toml", "--out", "x"]));
    assert!(screen.contains("the busiest stretch of the runs takes them all in 18.8 s"), "{screen}");
    assert!(!screen.contains("9 min"), "{screen}");
}
