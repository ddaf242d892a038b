//! The folder of a comparison read back, for its charts to be drawn again.

use super::super::manifest::{ComparisonMeta, VariantMeta};
use super::super::query::{PerRun, Places};
use super::super::run_dir::{RunDirError, read_table};
use super::super::schema::{self, file, names};
use super::super::{Manifest, RunTables, Table, csv, manifest};
use super::{Arm, Comparison};
use crate::metrics::Metric;
use std::path::Path;

impl Comparison {
    /// Reads the folder whose manifest is `meta`. Of each arm there are the summary and the time series of one run.
    ///
    /// # Errors
    ///
    /// When a file is missing, or not what `dryport compare` wrote.
    pub fn read(path: &Path, meta: Manifest) -> Result<Self, RunDirError> {
        let other = || RunDirError::Table {
            path: path.join(manifest::FILE_NAME),
            reason: csv::ReadError::Cells { found: 0, expected: meta.variants.len() as u64 },
        };
        let ComparisonMeta { header, labels, metric, scope } = meta.comparison.clone().ok_or_else(other)?;
        let metric = Metric::named(&metric).filter(|_| labels.len() == meta.variants.len()).ok_or_else(other)?;
        let summary = read_table(path, file::SUMMARY, &meta)?;
        let differences = read_table(path, file::DIFFERENCES, &meta)?;
        // Not there where it would have been too long.
        let has_series = meta.files.iter().any(|name| name == file::TIMESERIES);
        let series = if has_series { Some(read_table(path, file::TIMESERIES, &meta)?) } else { None };
        let arm = |(label, variant): (String, &VariantMeta)| Arm {
            label,
            tables: arm(&meta, variant, &summary, series.as_ref()),
            gates: Vec::new(),
        };
        let arms: Vec<Arm> = labels.into_iter().zip(&meta.variants).map(arm).collect();
        Ok(Self { meta, header, metric, scope, arms, differences })
    }
}

/// What the tables of all arms say of one.
fn arm(meta: &Manifest, variant: &VariantMeta, summary: &Table, series: Option<&Table>) -> RunTables {
    let empty = |columns| Table::new(&names(columns));
    let rows_of = |all: &Table| {
        let (mut own, column) = (Table::new(all.columns()), all.column("variant"));
        for row in all.rows().filter(|row| row[column].text() == variant.scenario.variant) {
            own.push(row.iter().cloned());
        }
        own
    };
    let VariantMeta { scenario, replications, warm_up_s } = variant.clone();
    RunTables {
        summary: rows_of(summary),
        per_run: PerRun::default(),
        timeseries: series.map_or_else(|| empty(schema::TIMESERIES), rows_of),
        ports: empty(schema::PORTS),
        probes: empty(schema::PROBES),
        meta: Manifest { scenario, replications, warm_up_s, variants: Vec::new(), comparison: None, ..meta.clone() },
        places: Places::default(),
    }
}
