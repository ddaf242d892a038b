//! B14: the time series has the last part of a window, too, where that is no multiple of the step.

use super::{said, take};

/// B14: 2/s for 10.9 s are 22 attempts: the row at 10.9 s has the last one, and the state at the end.
#[test]
fn the_last_row_is_at_the_end_of_the_window() {
    let home = tempfile::tempdir().unwrap();
    take(home.path(), "series-tail.toml");
    said(home.path(), &["run", "series-tail.toml", "--out", "x"]);
    let series = std::fs::read_to_string(home.path().join("x/timeseries.csv")).unwrap();
    let mut lines = series.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|known| *known == name).unwrap();
    let rows: Vec<_> = lines.filter(|cells| cells[column("scope")] == "all").collect();
    let attempts: u32 = rows.iter().map(|cells| cells[column("attempts")].parse::<u32>().unwrap()).sum();
    assert_eq!(attempts, 22);
    // Twenty ports, and a TIME-WAIT that outlasts the window: the last two attempts are refused.
    let refused: u32 = rows.iter().map(|cells| cells[column("refused")].parse::<u32>().unwrap()).sum();
    assert_eq!(refused, 2);
    let times: Vec<&str> = rows.iter().map(|cells| cells[column("time_s")]).collect();
    assert_eq!((times.len(), times[10], times[11]), (12, "10", "10.9"));
    assert_eq!(rows[11][column("busy_ports")], "20");
    // A multiple ends where it did.
    said(home.path(), &["run", "series-tail.toml", "--out", "y", "--set", "run.duration=10s"]);
    let series = std::fs::read_to_string(home.path().join("y/timeseries.csv")).unwrap();
    assert!(series.lines().filter(|line| line.contains(",all,")).count() == 11, "{series}");
}
