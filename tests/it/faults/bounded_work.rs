//! C4: what takes long, or leaves much, says so first; what a file asks for is read once.

use super::said;
use crate::command::{Ended, FORTY_PORTS, dryport};
use std::fmt::Write;

/// C4: `check` of 1,000 values took 2.6 s of CPU and was about cubic in them: 5,000 would have taken minutes.
#[test]
fn many_values_of_a_sweep_are_checked() {
    let home = tempfile::tempdir().unwrap();
    let mut text = FORTY_PORTS.to_owned();
    let values: Vec<String> = (0..5_000).map(|index| format!("\"{}-60000\"", 1024 + index)).collect();
    write!(text, "[sweep]\n\"host.gateway.port_range\" = [{}]\n", values.join(", ")).unwrap();
    std::fs::write(home.path().join("s.toml"), &text).unwrap();
    assert!(said(home.path(), &["check", "s.toml"]).contains("[sweep]: 5,000 cells"));
    // And what is wrong with the last of them is found at its place.
    std::fs::write(home.path().join("s.toml"), text.replace("\"6023-60000\"", "\"6023-6000\"")).unwrap();
    let ended = dryport(home.path(), &["check", "s.toml"]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("6023-6000 is reversed\n--> s.toml:18:70016\n") && ended.err.contains("s.toml has 1 error"),
        "{}",
        ended.err
    );
    std::fs::write(home.path().join("s.toml"), text.replace("\"6023-60000\"", "\"1024-60000\"")).unwrap();
    let twice = dryport(home.path(), &["check", "s.toml"]).err;
    assert!(twice.contains("\"1024-60000\" is there twice"), "{twice}");
}

/// C4: 100,000 cells were all read before the first word, for 45 s, by a part that runs two of them.
#[test]
fn a_part_of_many_cells_reads_its_own() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), FORTY_PORTS).unwrap();
    let axes = ["--vary", "run.seed=1..10000:10000", "--vary", "run.warm_up=0s,1s,2s,3s,4s,5s,6s,7s,8s,9s"];
    let sweep = |more: &[&str]| dryport(home.path(), &[&["sweep", "s.toml"], &axes[..], more].concat());
    let part = sweep(&["--shard", "7/50000"]);
    let said = "note: 100,000 cells: their settings are read first\ndone: 2 of 2 cells of this part are in \
                output/s-sweep/cells; copy those of the\nother parts beside them, then run this without --shard\n";
    assert_eq!(part, Ended { code: 0, out: String::new(), err: said.into() });
    let wrong = dryport(home.path(), &["sweep", "s.toml", "--vary", "run.seed=1..200000:10000,x", "--quiet"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

/// C4: the figures of each run are left out where the scenario says so, and what then lacks is said.
#[test]
fn a_summary_may_be_all_that_is_kept() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), FORTY_PORTS).unwrap();
    let keep = ["--set", "run.keep=summary"];
    let all = said(home.path(), &["run", "s.toml", "--out", "all"]);
    let summary = said(home.path(), &[&["run", "s.toml", "--out", "summary"], &keep[..]].concat());
    let words =
        |text: &str| text.split_whitespace().filter(|word| *word != "replications.csv").collect::<Vec<_>>().join(" ");
    assert_eq!(words(&all.replace("all/", "summary/")), words(&summary));
    let file = |folder: &str, name: &str| std::fs::read(home.path().join(folder).join(name)).ok();
    for name in ["summary.csv", "timeseries.csv", "risk.png", "fan.png", "occupancy.png", "raster.png"] {
        assert!(file("all", name).is_some() && file("all", name) == file("summary", name), "{name}");
    }
    assert!(file("all", "replications.csv").is_some() && file("summary", "replications.csv").is_none());
    let manifest = String::from_utf8(file("summary", "manifest.json").unwrap()).unwrap();
    assert!(!manifest.contains("\"replications.csv\","), "{manifest}");
    // Pictures that need them are not drawn again, and left as they are.
    let drawn = dryport(home.path(), &["chart", "summary"]);
    let lack = "note: not drawn, for lack of replications.csv: occupancy, risk, fan; run.keep =\n\"all\" leaves it\n";
    assert_eq!((drawn.code, drawn.err.as_str()), (0, lack));
    assert_eq!(drawn.out, "summary/probes.png\nsummary/reuse.png\nsummary/raster.png\n");
    assert_eq!(file("all", "risk.png"), file("summary", "risk.png"));
    let asked = dryport(home.path(), &["chart", "summary", "--only", "risk"]);
    assert_eq!(asked.code, 2);
    assert!(asked.err.contains("\nerror: risk is no chart of what is in summary; there are probes, reuse, raster\n"));
    // A comparison has no such file where an arm keeps none, and needs it for nothing.
    let over = ["--over", "host.gateway.addresses=1,2", "--out", "arms"];
    said(home.path(), &[&["compare", "s.toml"], &over[..], &keep[..]].concat());
    assert!(file("arms", "replications.csv").is_none() && file("arms", "differences.csv").is_some());
    assert_eq!(dryport(home.path(), &["chart", "arms"]).err, "");
}

/// C4: `run --rare` of 62 connects took ten seconds without a word.
#[test]
fn what_rare_may_cost_is_said_before() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("s.toml"), FORTY_PORTS.replace("18/s", "11/s")).unwrap();
    let ended = dryport(home.path(), &["run", "s.toml", "--rare"]);
    let note = "note: too few refusals to count; splitting looks for them: about 100 million\nconnects at most, ";
    assert!(ended.err.starts_with(note), "{}", ended.err);
    assert!(ended.out.contains("\nRare "), "{}", ended.out);
    assert!(!dryport(home.path(), &["run", "s.toml"]).err.contains("splitting"));
}
