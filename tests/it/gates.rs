//! `[[assert]]` and `--fail-if` from the outside: exit 99, what is said and where.

use crate::command::{dryport, dryport_reading};
use std::fs;
use std::path::Path;

/// Ten ports for a minute each: refused from 5 s on in every run, or never when the server closes first.
const SCENARIO: &str = r#"
schema = 1
[run]
duration     = "20s"
replications = 4
[[host]]
name       = "gateway"
port_range = "40000-40009"
[[destination]]
name = "orders-db"
[[client]]
name     = "checkout"
host     = "gateway"
to       = "orders-db"
arrivals = { constant = { rate = "2/s" } }
lifetime = { constant = { value = "50ms" } }
[[client]]
name         = "batch"
host         = "gateway"
to           = "orders-db"
arrivals     = { constant = { rate = "1/700ms" } }
lifetime     = { constant = { value = "50ms" } }
closes_first = "server"
"#;

fn home(asserts: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("s.toml"), format!("{SCENARIO}{asserts}")).expect("the folder is ours");
    folder
}

/// Exit code, what is said about gates, and what went to stderr.
fn gates(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let ended = dryport(folder, &[&["run", "s.toml"], arguments].concat());
    let lines = ended.out.lines().skip_while(|line| !line.starts_with("Gates "));
    let gates: Vec<_> = lines.take_while(|line| !line.starts_with("Files ")).map(|line| &line[13..]).collect();
    (ended.code, gates.join(" "), ended.err)
}

#[test]
fn an_assert_that_holds_exits_with_0_and_one_that_does_not_with_99() {
    let home = home("[[assert]]\nthat = \"first_refusal_s == never\"\nscope = \"client:checkout\"\n");
    let (code, said, err) = gates(home.path(), &[]);
    assert_eq!(said, "FAIL  client:checkout first_refusal_s == never: refused in 4 of 4 runs");
    assert_eq!(code, 99);
    assert!(err.starts_with("done: 4 runs"), "an answer is not an error: {err}");
    assert!(home.path().join("output/s/manifest.json").exists());
    let (code, said, _) = gates(home.path(), &["--set", "client.checkout.closes_first=server"]);
    assert_eq!(said, "ok    client:checkout first_refusal_s == never: refused in none of 4 runs");
    assert_eq!(code, 0);
}

#[test]
fn fail_if_is_the_opposite_and_nothing_undecided_passes() {
    let home = home("");
    let calm = ["--set", "client.checkout.closes_first=server"];
    for (arguments, code, said) in [
        (&["--fail-if", "refused_total > 0"][..], 99, "FAIL  --fail-if refused_total > 0: "),
        (&["--fail-if", "refused_total == 0"], 0, "ok    --fail-if refused_total == 0: "),
        (&["--fail-if", "exhaustion_probability > 1%", calm[0], calm[1]], 99, "UNDECIDED  --fail-if exhaustion_"),
        (&["--fail-if", "exhaustion_probability > 60%", calm[0], calm[1]], 0, "ok    --fail-if exhaustion_"),
    ] {
        let (ended, told, _) = gates(home.path(), arguments);
        assert_eq!(ended, code, "{arguments:?}");
        assert!(told.starts_with(said), "{told}");
    }
}

#[test]
fn what_is_wrong_with_fail_if_is_shown_with_a_caret_and_exits_with_2() {
    let home = home("");
    let ended = dryport(home.path(), &["run", "s.toml", "--fail-if", "refused_ratio > 5", "--fail-if", "x < 1"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert_eq!(
        ended.err,
        "error: refused_ratio lies between 0 and 1\n --> --fail-if:1:17\n  |\n1 | refused_ratio > 5\n  |                 \
         ^ out of its range\n  |\nhelp: write \"5%\" for per cent\n\nerror: --fail-if has 1 error; nothing was run\n\
         error: no metric is called \"x\"\n --> --fail-if:1:1\n  |\n1 | x < 1\n  | ^ unknown\n  |\n\
         help: dryport list metrics shows them all\n\nerror: --fail-if has 1 error; nothing was run\n"
    );
    assert!(!home.path().join("output").exists());
}

#[test]
fn a_gate_that_fails_is_told_even_when_quiet_and_in_json() {
    let asserts = "[[assert]]\nthat = \"headroom_ports > 0\"\n[[assert]]\nthat = \"busy_ports_peak <= 10\"\n";
    let home = home(asserts);
    let (code, _, err) = gates(home.path(), &["--quiet"]);
    assert_eq!((code, err.as_str()), (99, "s.toml: FAIL  headroom_ports > 0: 0\n"));
    let ended = dryport_reading(home.path(), &["run", "-", "--json", "--quiet"], &format!("{SCENARIO}{asserts}"));
    let document: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(ended.code, 99);
    let gates = document["runs"][0]["gates"].to_string();
    assert_eq!(
        gates,
        r#"[{"assert":"headroom_ports > 0","scope":"all","result":"failed","estimate":0,"ci_low":null,"ci_high":null},{"assert":"busy_ports_peak <= 10","scope":"all","result":"passed","estimate":10,"ci_low":null,"ci_high":null}]"#
    );
}

#[test]
fn the_manifest_holds_the_asserts_and_the_worst_scenario_decides() {
    let home = home("[[assert]]\nthat = \" refused_ratio<=1% \"\n");
    fs::write(home.path().join("calm.toml"), SCENARIO).expect("the folder is ours");
    let ended = dryport(home.path(), &["run", "s.toml", "calm.toml", "--quiet"]);
    assert_eq!(ended.code, 99, "{}", ended.err);
    let manifest = fs::read_to_string(home.path().join("output/s/manifest.json")).expect("it was written");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(
        manifest["scenario"]["resolved"]["assert"].to_string(),
        r#"{"0":{"that":{"value":"refused_ratio <= 1%","origin":"file"},"scope":{"value":"all","origin":"default"}}}"#
    );
}

#[test]
fn claims_are_put_together_and_have_scopes_of_their_own() {
    let home = home(
        "[[assert]]\nthat = \"client:checkout refused_total == 0 or (client:batch refused_total > 0 and \
         refused_ratio < 90%)\"\n",
    );
    let (code, said, _) = gates(home.path(), &["--fail-if", "all headroom_ports >= 0 and refused_ratio > 99%"]);
    let words: Vec<&str> = said.split_whitespace().collect();
    let said = words.join(" ");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.starts_with(
            "ok client:checkout refused_total == 0 or client:batch refused_total > 0 and refused_ratio < 90%: \
             refused_total 30, refused_total "
        ),
        "{said}"
    );
    assert!(
        said.contains("ok --fail-if all headroom_ports >= 0 and refused_ratio > 99%: headroom_ports 0, "),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_a_condition_is_shown_where_it_stands() {
    let home = home("[[assert]]\nthat = \"refused_ratio < 1% and client:chekout first_refusal_s == never\"\n");
    let ended = dryport(home.path(), &["run", "s.toml"]);
    assert_eq!(ended.code, 3);
    let column = "that = \"refused_ratio < 1% and client:".len() + 1;
    assert!(ended.err.contains(&format!("s.toml:25:{column}")), "{}", ended.err);
    assert!(ended.err.contains("did you mean \"checkout\"?"), "{}", ended.err);
    let ended = dryport(home.path(), &["run", "s.toml", "--fail-if", "refused_ratio > 1% && refused_total > 3"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("--fail-if:1:20") && ended.err.contains("write and"), "{}", ended.err);
    fs::write(home.path().join("s.toml"), SCENARIO).expect("the folder is ours");
    let ended = dryport(home.path(), &["run", "s.toml", "--fail-if", "client:nobody refused_ratio > 1%"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("s.toml has no scope client:nobody; it has all, host:gateway,"), "{}", ended.err);
}

/// One of two arms is refused, and each assert says which of them it is about.
#[test]
fn compare_and_sweep_judge_each_arm() {
    let two = "[[assert]]\nthat = \"first_refusal_s == never\"\nvariant = \"client.checkout.closes_first=server\"\n\
               [[assert]]\nthat = \"refused_total > 0\"\nvariant = \"closes_first=client\"\n";
    let both = "[[assert]]\nthat = \"first_refusal_s == never\"\n";
    let over = "client.checkout.closes_first=client,server";
    for (command, option) in [("compare", "--over"), ("sweep", "--vary")] {
        let good = home(two);
        let ended = dryport(good.path(), &[command, "s.toml", option, over]);
        assert_eq!(ended.code, 0, "{command}: {} {}", ended.err, ended.out);
        assert_eq!(ended.out.matches("ok    ").count(), 2, "{}", ended.out);
        let run = dryport(good.path(), &["run", "s.toml"]);
        assert_eq!(run.code, 0);
        assert!(run.err.contains("2 asserts are about one arm each"), "{}", run.err);
        let bad = home(both);
        let ended = dryport(bad.path(), &[command, "s.toml", option, over, "--quiet"]);
        assert_eq!((ended.code, ended.out.as_str()), (99, ""), "{}", ended.err);
        assert!(
            ended.err.contains("first_refusal_s == never: ") && ended.err.contains("in 4 of 4 runs"),
            "{}",
            ended.err
        );
        let lost = home("[[assert]]\nthat = \"refused_total > 0\"\nvariant = \"closes_first=reset\"\n");
        let ended = dryport(lost.path(), &[command, "s.toml", option, over]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains("is about closes_first=reset, and no "), "{}", ended.err);
        assert!(!lost.path().join("output").exists());
    }
}
