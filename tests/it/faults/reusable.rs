//! A10: ports that may be reused have a colour and a word of their own, and a lesson says what its run shows.

use super::{said, take};
use std::path::Path;

/// Okabe and Ito's yellow, as SVG has it.
const YELLOW: &str = "#F0E442";

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A10: in the table of ports, and in the pictures made of it and of the time series; the title says what is drawn.
#[test]
fn reusable_ports_have_a_colour_and_a_word_of_their_own() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "loopback-reuse.toml");
    let short = ["--set", "run.replications=1", "--set", "run.duration=1min"];
    let run = ["run", "loopback-reuse.toml", "--svg", "--out", "x"];
    said(home.path(), &[&run[..], &short].concat());
    assert!(read(home.path(), "x/ports.csv").lines().any(|row| row.ends_with(",reusable")));
    for (picture, word) in [("raster", ">reusable<"), ("occupancy", "reusable TIME-WAIT")] {
        let svg = read(home.path(), &format!("x/{picture}.svg"));
        let lines = svg.split_whitespace().collect::<Vec<_>>().join(" ").replace("> ", ">").replace(" <", "<");
        assert!(lines.to_uppercase().contains(YELLOW) && lines.contains(word), "{picture}");
        assert!(
            picture != "raster" || lines.contains("Of ports that are held") && lines.contains("% reusable"),
            "{lines}"
        );
    }
}

/// A10: lesson 9 tells the share of the range that its own run has in reusable TIME-WAITs; several hosts are a picture each.
#[test]
fn lesson_9_says_what_its_run_shows() {
    let home = tempfile::tempdir().unwrap();
    let file = crate::command::root().join("scenarios/lessons/9-tw-reuse.toml");
    said(home.path(), &["run", file.to_str().unwrap(), "--svg", "--out", "x"]);
    let summary = read(home.path(), "x/summary.csv");
    let row = summary.lines().find(|line| line.contains(",host:reuses,reusable_ports_mean,")).unwrap();
    let ports: f64 = row.split(',').nth(5).unwrap().parse().unwrap();
    let text = read(file.parent().unwrap(), "9-tw-reuse.toml");
    assert!((ports - 11_096.0).abs() < 0.5 && text.contains("11,096 ports, 39 % of the range"), "{ports}");
    assert!((100.0 * ports / 28_232.0).round().total_cmp(&39.0).is_eq(), "{ports}");
    let panels = read(home.path(), "x/small-multiples.svg");
    assert!(panels.to_uppercase().contains(YELLOW) && panels.contains("reusable yellow"));
}
