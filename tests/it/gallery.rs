//! `output/gallery/` has one picture of each kind, and says what to see in it.
//!
//! `DRYPORT_BLESS=1 cargo test --test it gallery` makes it anew; then look at the difference and at the pictures.

use crate::command::{dryport, root};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// One kind of picture.
struct Picture {
    /// The name of the chart.
    chart: &'static str,
    /// What to look at.
    see: &'static str,
    /// The command that leaves it, without `dryport`; nothing when `output/sample` has it.
    command: &'static str,
}

const PICTURES: &[Picture] = &[
    Picture {
        chart: "occupancy",
        see: "How near the ceiling, when, and made of what: the saw-tooth is the release of TIME-WAITs in batches.",
        command: "",
    },
    Picture { chart: "risk", see: "By when half of the runs had a refused connect().", command: "" },
    Picture { chart: "fan", see: "How different one run can be from another.", command: "" },
    Picture { chart: "probes", see: "connect() gets slow long before it is refused.", command: "" },
    Picture { chart: "raster", see: "A moment of work, a minute of waiting, port by port.", command: "" },
    Picture {
        chart: "small-multiples",
        see: "Who starves: the panel with the vermillion frame is the one that was refused.",
        command: "run shards.toml",
    },
    Picture {
        chart: "comparison",
        see: "Which setting is better, and whether that is certain: intervals of each, and of the paired differences.",
        command: "compare gateway.toml --over host.gateway.port_range=40000-40349,40000-40399,40000-40499",
    },
    Picture {
        chart: "arms",
        see: "What the better setting changes: the same connects in every panel, each under its own ceiling.",
        command: "compare gateway.toml --over host.gateway.port_range=40000-40349,40000-40399,40000-40499",
    },
    Picture {
        chart: "risk-curve",
        see: "How far from the cliff: a few per cent more load turn no risk into certainty.",
        command: "sweep gateway.toml --vary client.checkout.arrivals.poisson.rate=5/s..6.5/s:16 --set run.replications=60",
    },
    Picture {
        chart: "heat-map",
        see: "On which side of the dashed line the ring is.",
        command: "sweep gateway.toml --vary client.checkout.arrivals.poisson.rate=4.5/s..8/s:8 --vary \
                  host.gateway.port_range=40000-40299,40000-40349,40000-40399,40000-40449,40000-40499,40000-40549",
    },
    Picture {
        chart: "tornado",
        see: "Which knob helps, and that tcp_fin_timeout does not.",
        command: "advise gateway.toml",
    },
    Picture { chart: "life", see: "What one port did all the time.", command: "explain gateway.toml --port 40007" },
];

/// What they are drawn of.
const SCENARIOS: [&str; 2] = ["gateway.toml", "shards.toml"];

/// The page.
fn page() -> String {
    let mut page = "# Gallery\n\nOne picture of each kind that dryport draws, with the command that leaves it. Every one is \
        drawn from CSV files alone,\nand `dryport chart FOLDER` draws it again. `DRYPORT_BLESS=1 cargo test --test it gallery` \
        makes this page and its pictures\nanew; without the variable it compares them byte by byte.\n"
        .to_owned();
    for Picture { chart, see, command } in PICTURES {
        let (command, place) =
            if command.is_empty() { ("run scenarios/quickstart.toml", "../sample/") } else { (*command, "") };
        write!(page, "\n## {chart}\n\n{see}\n\n`dryport {command}`\n\n![{chart}]({place}{chart}.png)\n").unwrap();
    }
    page
}

/// Every file that is made for the gallery.
fn made() -> Vec<(String, Vec<u8>)> {
    let home = tempfile::tempdir().unwrap();
    for scenario in SCENARIOS {
        fs::copy(gallery().join(scenario), home.path().join(scenario)).unwrap();
    }
    let mut made = vec![("README.md".to_owned(), page().into_bytes())];
    for Picture { chart, command, .. } in PICTURES.iter().filter(|picture| !picture.command.is_empty()) {
        let quiet: &[&str] = if command.starts_with("explain") { &[] } else { &["--quiet"] };
        let words: Vec<&str> = command.split(' ').collect();
        let ended = dryport(home.path(), &[&words[..], quiet, &["--out", chart]].concat());
        assert_eq!(ended.code, 0, "{command}\n{}", ended.err);
        let file = format!("{chart}.png");
        made.push((file.clone(), fs::read(home.path().join(chart).join(file)).unwrap()));
    }
    made
}

fn gallery() -> PathBuf {
    root().join("output/gallery")
}

#[test]
fn the_gallery_is_what_the_commands_leave() {
    let made = made();
    if std::env::var_os("DRYPORT_BLESS").is_some() {
        for (name, bytes) in &made {
            fs::write(gallery().join(name), bytes).unwrap();
        }
    }
    for (name, bytes) in &made {
        let same = fs::read(gallery().join(name)).is_ok_and(|held| held == *bytes);
        assert!(same, "{name} differs; DRYPORT_BLESS=1 cargo test --test it gallery");
    }
    let held = fs::read_dir(gallery()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let stray: Vec<String> =
        held.filter(|held| !SCENARIOS.contains(&held.as_str()) && made.iter().all(|(name, _)| name != held)).collect();
    assert!(stray.is_empty(), "nothing makes {stray:?}");
}

#[test]
fn every_kind_of_chart_is_in_the_gallery() {
    let shown: Vec<&str> = PICTURES.iter().map(|picture| picture.chart).collect();
    let missing: Vec<_> = dryport::report::chart::all().into_iter().filter(|(name, _)| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for picture in PICTURES.iter().filter(|picture| picture.command.is_empty()) {
        assert!(root().join("output/sample").join(picture.chart).with_extension("png").is_file(), "{}", picture.chart);
    }
}
