//! What was published, and what the simulator makes of it: `scenarios/incidents` and `scenarios/lessons` hold what they
//! say, and the README's table of incidents is what they give today.
//!
//! The table has no figure that somebody typed there. What was published stands in the head of each incident
//! ([`Head`]); what is simulated comes from the run's `summary.csv`. `DRYPORT_BLESS=1` puts the table there.

use crate::command::{Ended, dryport, root};
use crate::readme::the_readme_holds;
use dryport::scenario::words::figure;
use dryport::verify::incident::{Comparison, Head};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// One `[[assert]]`.
struct Assert {
    scope: String,
    metric: String,
    operator: String,
    figure: String,
}

/// A scenario file as a reader sees it.
struct Shipped {
    name: String,
    text: String,
    title: String,
    asserts: Vec<Assert>,
}

/// The scenarios of a folder, in the order of their names.
fn shipped(folder: &str) -> Vec<Shipped> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort_by_key(|file| (leading_number(file), file.clone()));
    files.iter().map(|file| read(folder, file)).collect()
}

/// Lessons are numbered: the tenth comes after the second.
fn leading_number(file: &Path) -> u32 {
    let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
    name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn read(folder: &str, file: &Path) -> Shipped {
    let text = fs::read_to_string(file).unwrap();
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let of = |value: &toml::Value| {
        let words: Vec<&str> = value["that"].as_str().expect("a string").split(' ').collect();
        let [metric, operator, figure] = words[..] else { panic!("{}: {words:?}", file.display()) };
        let scope = value.get("scope").map_or("all", |scope| scope.as_str().expect("a string")).to_owned();
        Assert { scope, metric: metric.to_owned(), operator: operator.to_owned(), figure: figure.to_owned() }
    };
    let asserts = table.get("assert").and_then(toml::Value::as_array).map(|all| all.iter().map(of).collect());
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
    let shipped = Shipped {
        name: format!("{folder}/{name}"),
        title: table["title"].as_str().expect("a string").to_owned(),
        asserts: asserts.unwrap_or_default(),
        text,
    };
    assert!(!shipped.asserts.is_empty(), "{}: no assert", shipped.name);
    shipped
}

impl Shipped {
    /// The folder of its run below `out`.
    fn run_in(&self, out: &Path) -> PathBuf {
        out.join(Path::new(&self.name).file_stem().expect("a file has a name"))
    }

    fn head(&self) -> Head<'_> {
        Head::of(&self.text)
    }
}

/// Is what was published what the asserts ask for? A band that leaves it out would hold the simulator to something else.
fn is_asserted(incident: &Shipped, compared: &Comparison) {
    let about = |assert: &&Assert| assert.metric == compared.metric && assert.scope == compared.scope;
    let mut asked = incident.asserts.iter().filter(about).peekable();
    assert!(asked.peek().is_some(), "{}: no assert about {} of {}", incident.name, compared.metric, compared.scope);
    for assert in asked {
        let bound: f64 = assert.figure.parse().expect("a number");
        for published in [compared.low, compared.high] {
            let holds = match assert.operator.as_str() {
                ">=" => published >= bound,
                "<=" => published <= bound,
                ">" => published > bound,
                "<" => published < bound,
                "==" => published.total_cmp(&bound).is_eq(),
                other => panic!("{}: {other}", incident.name),
            };
            assert!(holds, "{}: {published} was published, not {} {bound}", incident.name, assert.operator);
        }
    }
}

/// The estimate that a run left; `None` for an empty cell.
fn simulated(run: &Path, metric: &str, scope: &str) -> Option<f64> {
    let mut reader = csv::Reader::from_path(run.join("summary.csv")).expect("the run left it");
    let names = reader.headers().unwrap().clone();
    let column = |name: &str| names.iter().position(|other| other == name).expect("a column");
    let (scopes, metrics, estimates) = (column("scope"), column("metric"), column("estimate"));
    let row = reader.records().map(Result::unwrap).find(|row| &row[scopes] == scope && &row[metrics] == metric);
    let row = row.unwrap_or_else(|| panic!("{}: no {metric} of {scope}", run.display()));
    row[estimates].parse().ok()
}

/// Four significant digits, all of a whole number.
fn shown(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 { figure(value) } else { format!("{value:.3}") }
}

/// How far a simulated figure is from what was published.
fn agreement(simulated: f64, low: f64, high: f64) -> String {
    let nearest = simulated.clamp(low, high);
    let off = simulated - nearest;
    if off != 0.0 {
        format!("{:+.*} %", if (off / nearest).abs() < 0.001 { 2 } else { 1 }, 100.0 * off / nearest)
    } else if low < high {
        "inside".to_owned()
    } else {
        "exact".to_owned()
    }
}

/// The table of incidents, as Markdown.
fn table(incidents: &[Shipped], out: &Path) -> String {
    let mut table = "| incident | what was published | figure | published | simulated | off by |\n".to_owned();
    table += "|---|---|---|--:|--:|--:|\n";
    for incident in incidents {
        for compared in incident.head().comparisons() {
            is_asserted(incident, &compared);
            let value = simulated(&incident.run_in(out), &compared.metric, &compared.scope).expect("a figure");
            let mut published = shown(compared.low);
            if compared.low < compared.high {
                write!(published, " to {}", shown(compared.high)).unwrap();
            }
            let (title, name, metric) = (&incident.title, &incident.name, &compared.metric);
            let (words, source) = (&compared.words, incident.head().source());
            let (value, off) = (shown(value), agreement(value, compared.low, compared.high));
            writeln!(table, "| [{title}]({name}) | [{words}]({source}) | `{metric}` | {published} | {value} | {off} |")
                .unwrap();
        }
    }
    table
}

/// Runs scenarios as one command, each into a folder of its own below `out`.
fn run(scenarios: &[Shipped], out: &Path) -> Ended {
    let files = scenarios.iter().map(|shipped| shipped.name.as_str());
    let arguments: Vec<&str> =
        ["run", "--out", out.to_str().expect("a name in UTF-8")].into_iter().chain(files).collect();
    dryport(root(), &arguments)
}

#[test]
fn incidents_come_out_as_published() {
    let incidents = shipped("scenarios/incidents");
    assert!(incidents.len() >= 10);
    for incident in &incidents {
        for part in ["# Here", "# The band: "] {
            assert!(incident.text.contains(part), "{}: its head has no {part}", incident.name);
        }
    }
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let ended = run(&incidents, &out);
    assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
    the_readme_holds("<!-- incidents -->\n", &table(&incidents, &out), "<!-- end of incidents -->\n");
}

#[test]
fn lessons_prove_their_point() {
    let lessons = shipped("scenarios/lessons");
    assert_eq!(lessons.len(), 11);
    let home = tempfile::tempdir().unwrap();
    let ended = run(&lessons, &home.path().join("out"));
    assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
    let mut list = String::new();
    for (index, lesson) in lessons.iter().enumerate() {
        let (number, title) = lesson.title.split_once(": ").expect("Lesson 1: what");
        assert_eq!(number, format!("Lesson {}", index + 1));
        writeln!(list, "{}. [{title}]({})", index + 1, lesson.name).unwrap();
    }
    the_readme_holds("<!-- lessons -->\n", &list, "<!-- end of lessons -->\n");
}

/// The first command of a lesson is the lesson; the second is what to try.
#[test]
fn the_commands_of_the_lessons_work() {
    let home = tempfile::tempdir().unwrap();
    for lesson in shipped("scenarios/lessons") {
        let commands: Vec<_> =
            lesson.text.lines().filter_map(|line| line.strip_prefix("#   cargo run --release -- ")).collect();
        let [first, second] = commands[..] else { panic!("{}: {commands:?}", lesson.name) };
        assert_eq!(first, format!("run {}", lesson.name));
        let change = second.strip_prefix(first).and_then(|rest| rest.strip_prefix(" --set "));
        let change = change.unwrap_or_else(|| panic!("{}: {second}", lesson.name)).trim_matches('\'');
        let out = home.path().to_str().expect("a name in UTF-8");
        let fast = ["--set", "run.replications=1", "--quiet", "--force", "--out", out];
        let ended = dryport(root(), &[&["run", &lesson.name, "--set", change], &fast[..]].concat());
        // A changed lesson need not hold what the lesson holds.
        assert!([0, 99].contains(&ended.code), "{second}\n{}", ended.err);
    }
}

/// An assert turned round fails, which ends in exit code 99.
#[test]
fn a_changed_assert_exits_with_99() {
    let home = tempfile::tempdir().unwrap();
    for lesson in shipped("scenarios/lessons") {
        let turns = [(" == never", " >= 0"), (" >= ", " < "), (" <= ", " > "), (" == ", " > ")];
        let turned = turns.iter().find_map(|(old, new)| {
            let (before, after) = lesson.text.rsplit_once(old)?;
            Some(format!("{before}{new}{after}"))
        });
        fs::write(home.path().join("changed.toml"), turned.expect("an assert")).unwrap();
        let fast = ["--set", "run.replications=1", "--force", "--out", "out"];
        let ended = dryport(home.path(), &[&["run", "changed.toml"], &fast[..]].concat());
        assert_eq!((ended.code, ended.out.matches("FAIL ").count()), (99, 1), "{}\n{}", lesson.name, ended.out);
    }
}
