//! Variants of a scenario, a line each: how often they ran out, when, how much, and what would be safe.

use super::query::Estimate;
use super::risk::Risk;
use super::words::{self, percent};
use crate::forecast::{RISK_BOUND, RISK_MIN};

/// A lower bound above this is told as 100 %.
const CERTAIN: f64 = 0.9995;
/// The widest a label is before it is cut.
const LABEL: usize = 44;
/// The columns beside the label, with their least widths.
const WIDTHS: [usize; 7] = [6, 9, 9, 10, 8, 6, 10];
/// Which of them make room for long labels, one after another: probes, first refusal, what would be safe.
const DROPPED: [usize; 3] = [5, 3, 6];

/// One variant.
pub(super) struct Line<'l> {
    pub(super) label: &'l str,
    /// Runs that are whole.
    pub(super) runs: u64,
    /// Its figures by metric, of the scope that the table is about; closed forms too.
    pub(super) figure: &'l dyn Fn(&str) -> Estimate,
}

/// In how many of its runs a variant was refused.
pub(super) fn refused_runs(line: &Line<'_>) -> u64 {
    let share = (line.figure)("exhaustion_probability").value.unwrap_or(0.0);
    // A share of whole runs, off by a rounding at most.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of runs")]
    let refused = (share * line.runs as f64).round() as u64;
    refused
}

/// A head and a line for each of the variants; `most` of them. Intervals are at the level `confidence`.
pub(super) fn variant_table(header: &str, lines: &[Line<'_>], most: usize, confidence: f64) -> Vec<String> {
    let target = lines.iter().find_map(|line| (line.figure)("target_risk").value);
    let safe = target.map_or_else(String::new, |target| format!("<= {} % to", percent(target)));
    let head = [
        cut(header),
        "ports".into(),
        "refused".into(),
        "risk".into(),
        "first".into(),
        "refused".into(),
        "probes".into(),
        safe,
    ];
    let mut rows = vec![head];
    for line in lines.iter().take(most) {
        let refused = refused_runs(line);
        let value = |metric| (line.figure)(metric).value;
        let is_even = value("rate_per_s").is_some() && value("formula_refused_ratio").is_none();
        let risk = match (value(RISK_MIN), value(RISK_BOUND)) {
            // What formulas are sure of is no matter of chance; of Poisson connects a bound of 0 is only a very small one.
            (Some(least), _) if least > CERTAIN => "certain".to_owned(),
            (_, Some(most)) if is_even && most <= 0.0 => "none".to_owned(),
            _ => risk(refused, line.runs, (line.figure)("exhaustion_probability").interval, confidence),
        };
        let first = match value("first_refusal_s") {
            Some(first) => words::seconds(first),
            None if refused > 0 => "in few".into(),
            None => "never".into(),
        };
        let ratio = value("refused_ratio").map_or_else(String::new, |ratio| format!("{} %", percent(ratio)));
        rows.push([
            cut(line.label),
            value("capacity_ports").map_or_else(String::new, words::count),
            format!("{refused}/{}", line.runs),
            risk,
            first,
            ratio,
            value("probes_mean").map_or_else(String::new, words::figure),
            value("safe_rate_per_s").map(words::short_floor_rate).unwrap_or_default(),
        ]);
    }
    laid_out(&rows)
}

/// The rows in columns as wide as they need be, without those that make room.
fn laid_out(rows: &[[String; 8]]) -> Vec<String> {
    let wide = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = WIDTHS.iter().enumerate().map(|(column, least)| wide(column + 1).max(*least)).collect();
    let kept =
        |left_out: &[usize]| -> Vec<usize> { (0..WIDTHS.len()).filter(|column| !left_out.contains(column)).collect() };
    let fits = |kept: &[usize]| wide(0) + kept.iter().map(|column| widths[*column] + 1).sum::<usize>() <= words::WIDTH;
    let all = (0..=DROPPED.len()).map(|count| kept(&DROPPED[..count]));
    let columns = all.clone().find(|columns| fits(columns)).unwrap_or_else(|| kept(&DROPPED));
    let row = |cells: &[String; 8]| {
        let label = format!("{:<width$}", cells[0], width = wide(0));
        let text = columns
            .iter()
            .fold(label, |text, column| text + &format!(" {:>width$}", cells[column + 1], width = widths[*column]));
        text.trim_end().to_owned()
    };
    rows.iter().map(row).collect()
}

fn cut(label: &str) -> String {
    if label.len() > LABEL { format!("{}..", &label[..LABEL - 2]) } else { label.to_owned() }
}

/// `70-97 %`, `< 15 %`, `> 85 %`.
fn risk(refused: u64, runs: u64, interval: Option<(f64, f64)>, confidence: f64) -> String {
    match Risk::of(refused, runs, interval, confidence) {
        Risk::Below(bound) => format!("< {} %", words::risk(bound.value)),
        Risk::Above(bound) => format!("> {} %", words::risk(bound.value)),
        Risk::Between(low, high) => format!("{}-{} %", words::risk(low), words::risk(high)),
    }
}
