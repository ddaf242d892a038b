//! Charts of a run, drawn from its tables alone.
//!
//! One file and one line per chart: a chart lays its marks on a [`Canvas`], which knows how to become PNG and SVG.
//! No chart computes what the CSV does not hold, and none opens a file.

mod axis;
mod canvas;
mod comparison;
mod end_labels;
mod fan;
mod frame;
mod heat_map;
mod life;
mod occupancy;
mod probes;
mod raster;
mod reuse;
mod risk;
mod risk_curve;
mod small_multiples;
mod states;
mod survival;
mod sweep_plane;
mod theme;
mod tornado;

use super::comparison::Comparison;
use super::sweep::SweepTables;
use super::{Manifest, RunTables, words};
pub use canvas::Canvas;
pub use life::life;
use std::fmt;
pub use tornado::AdviceTables;

/// What a picture says of where its figures come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// The title of the scenario.
    pub title: String,
    /// Its load in words.
    pub load: String,
    /// Which runs: `20 runs of 10 min`.
    pub runs: String,
    /// The measured window of each.
    pub duration_s: f64,
    /// The seed of all random streams.
    pub seed: u64,
    /// The version of dryport.
    pub dryport: String,
}

impl Caption {
    /// That of a run.
    pub fn of(meta: &Manifest) -> Self {
        Self {
            title: meta.scenario.title.clone(),
            load: meta.scenario.load.clone(),
            runs: format!("{} of {}", words::plural(meta.replications, "run"), words::seconds(meta.duration_s)),
            duration_s: meta.duration_s,
            seed: meta.seed,
            dryport: meta.dryport.clone(),
        }
    }
}

/// How a picture begins, as PNG and as SVG.
pub const BEGINS: &[&[u8]] = &[b"\x89PNG\r\n", b"<svg "];

/// One kind of picture, drawn from tables of one kind.
pub struct Chart<T: 'static = RunTables> {
    /// The file's stem, and its name on the command line.
    pub name: &'static str,
    /// What it shows, in one line.
    pub summary: &'static str,
    /// Is there anything to show?
    pub applies: fn(&T) -> bool,
    /// Does it need figures of each run, which `replications.csv` has?
    pub needs_runs: bool,
    /// Draws it.
    pub draw: fn(&T, &mut Canvas),
}

/// Every chart of a run, in the order they are listed.
pub const CHARTS: &[Chart] =
    &[occupancy::CHART, risk::CHART, fan::CHART, probes::CHART, reuse::CHART, raster::CHART, small_multiples::CHART];

/// Every chart of a sweep, in the order they are listed.
pub const SWEEP_CHARTS: &[Chart<SweepTables>] = &[risk_curve::CHART, heat_map::CHART];

/// Every chart of a comparison, in the order they are listed.
pub const COMPARISON_CHARTS: &[Chart<Comparison>] = &[comparison::CHART, small_multiples::ARMS];

/// Every chart of what `advise` found, in the order they are listed.
pub const ADVICE_CHARTS: &[Chart<AdviceTables>] = &[tornado::CHART];

/// Name and summary of every chart, whatever it is drawn from.
pub fn all() -> Vec<(&'static str, &'static str)> {
    fn outlines<T>(charts: &[Chart<T>]) -> impl Iterator<Item = (&'static str, &'static str)> {
        charts.iter().map(|chart| (chart.name, chart.summary))
    }
    let several = outlines(COMPARISON_CHARTS).chain(outlines(SWEEP_CHARTS));
    outlines(CHARTS).chain(several).chain(outlines(ADVICE_CHARTS)).collect()
}

impl<T> fmt::Debug for Chart<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chart").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Chart {
    /// The chart of a run of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CHARTS.iter().find(|chart| chart.name == name)
    }
}

impl<T> Chart<T> {
    /// A picture that there always is.
    const fn always(name: &'static str, summary: &'static str, draw: fn(&T, &mut Canvas)) -> Self {
        Self { name, summary, applies: |_| true, needs_runs: false, draw }
    }

    /// As [`Chart::always`], from figures of each run.
    const fn of_runs(name: &'static str, summary: &'static str, draw: fn(&T, &mut Canvas)) -> Self {
        Self { needs_runs: true, ..Self::always(name, summary, draw) }
    }

    /// The file that holds it in a format.
    pub fn file(&self, extension: &str) -> String {
        format!("{}.{extension}", self.name)
    }

    /// The picture of these tables.
    pub fn of(&self, tables: &T) -> Canvas {
        let mut canvas = Canvas::default();
        (self.draw)(tables, &mut canvas);
        canvas
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{Kind, TABLES, file};
    use super::super::sweep::samples as sweep_samples;
    use super::super::{Cell, Table, samples, simulated};
    use super::*;

    /// What charts are drawn from here: tiny, typical and huge, made up and simulated.
    fn cases() -> impl Iterator<Item = (String, RunTables)> {
        let made_up = samples::all().into_iter().chain(samples::odd());
        let made_up = made_up.map(|(name, tables)| (name.to_owned(), tables));
        made_up.chain(simulated::all().into_iter().map(|(name, tables)| (format!("sim-{name}"), tables)))
    }

    /// A picture of the right size, not blank, without texts that overlap or are cut.
    fn is_whole(name: &str, canvas: &Canvas) {
        let png = canvas.png();
        if let Some(folder) = std::env::var_os("DRYPORT_LOOK") {
            let path = std::path::Path::new(&folder).join(name);
            std::fs::write(path.with_extension("png"), &png).unwrap();
            std::fs::write(path.with_extension("svg"), canvas.svg()).unwrap();
        }
        let mut reader = png::Decoder::new(&png[..]).read_info().unwrap();
        assert_eq!(reader.info().size(), (1200, 675));
        let mut pixels = vec![0; reader.output_buffer_size()];
        reader.next_frame(&mut pixels).unwrap();
        let ink = pixels.chunks_exact(3).filter(|pixel| pixel != &[255, 255, 255]).count();
        assert!(ink > 2_000, "{name}: not blank");
        assert_eq!(canvas.svg().matches("<svg").count(), 1);
        let faults = canvas.text_faults();
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }

    /// Set `DRYPORT_LOOK` to a folder to look at the pictures.
    #[test]
    fn every_chart_of_every_sample_is_whole() {
        for (sample, tables) in cases() {
            for chart in CHARTS.iter().filter(|chart| (chart.applies)(&tables)) {
                is_whole(&format!("{sample}-{}", chart.name), &chart.of(&tables));
            }
        }
    }

    /// Set `DRYPORT_LOOK` to a folder to look at the pictures.
    #[test]
    fn every_chart_of_every_sweep_is_whole() {
        for (sample, tables) in sweep_samples::all() {
            for chart in SWEEP_CHARTS.iter().filter(|chart| (chart.applies)(&tables)) {
                is_whole(&format!("sweep-{sample}-{}", chart.name), &chart.of(&tables));
            }
        }
    }

    /// Set `DRYPORT_LOOK` to a folder to look at the pictures.
    #[test]
    fn every_chart_of_every_advice_is_whole() {
        for (sample, tables) in tornado::tests::samples() {
            for chart in ADVICE_CHARTS {
                is_whole(&format!("advice-{sample}-{}", chart.name), &chart.of(&tables));
            }
        }
    }

    /// The table with `cell` in every third row of a column.
    fn damaged(table: &Table, column: usize, cell: &Cell) -> Table {
        let mut other = Table::new(table.columns());
        for (index, row) in table.rows().enumerate() {
            let mut row = row.to_vec();
            if index % 3 == 1 {
                row[column] = cell.clone();
            }
            other.push(row);
        }
        other
    }

    /// What the reader lets through need not make sense, yet it is drawn, and soon.
    #[test]
    fn figures_that_no_run_has_are_drawn_somehow() {
        let tables = simulated::named("three-ports");
        for (file, columns) in TABLES {
            for (column, kind) in columns.iter().map(|column| column.kind).enumerate() {
                let largest = 1_000_000_000_000_000_000;
                let cells = match kind {
                    Kind::Text => continue,
                    Kind::Number => [Cell::Number(-1e18), Cell::Whole(largest)],
                    Kind::Size => [Cell::Number(1e-300), Cell::Whole(largest)],
                    Kind::Count => [Cell::Whole(0), Cell::Whole(largest)],
                };
                for cell in cells {
                    let mut other = tables.clone();
                    match *file {
                        file::SUMMARY => other.summary = damaged(&tables.summary, column, &cell),
                        file::TIMESERIES => other.timeseries = damaged(&tables.timeseries, column, &cell),
                        file::PORTS => other.ports = damaged(&tables.ports, column, &cell),
                        file::PROBES => other.probes = damaged(&tables.probes, column, &cell),
                        file::REUSE => other.reuse = damaged(&tables.reuse, column, &cell),
                        _ => continue,
                    }
                    for chart in CHARTS {
                        let canvas = chart.of(&other);
                        assert!(canvas.svg().len() < 20_000_000, "{file} {column} {cell:?} {}", chart.name);
                        if matches!(columns[column].name, "time_s" | "busy_ports" | "to_s") {
                            canvas.png();
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_tables_give_the_same_bytes() {
        let tables = samples::quickstart();
        for chart in CHARTS {
            assert_eq!(chart.of(&tables).png(), chart.of(&tables).png());
            assert_eq!(chart.of(&tables).svg(), chart.of(&tables).svg());
        }
        for (sample, tables) in samples::all() {
            assert!(CHARTS.iter().all(|chart| chart.of(&tables) == chart.of(&tables)), "{sample}");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for chart in CHARTS {
            assert_eq!(Chart::named(chart.name).unwrap().summary, chart.summary);
        }
        let names: Vec<_> = all().into_iter().map(|(name, _)| name).collect();
        assert!((1..names.len()).all(|index| !names[..index].contains(&names[index])));
        assert!(Chart::named("pie").is_none());
    }
}
