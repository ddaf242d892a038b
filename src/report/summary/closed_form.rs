//! What formulas say of the same scenario, as `summary.csv` has it.

use super::super::page::solid;
use super::super::tables::NO_CLOSED_FORM;
use super::super::{RunTables, words};
use crate::forecast::RISK_BOUND;

/// The closed forms of a run that has some.
#[derive(Clone, Copy)]
pub(super) struct ClosedForm<'a> {
    tables: &'a RunTables,
    /// An upper bound of the risk.
    pub(super) risk_max: f64,
    /// The risk that the safe settings keep.
    pub(super) target: f64,
    /// Connects wanted per second.
    pub(super) rate: f64,
    /// Usable ports of each set that the connects share.
    pub(super) ports: f64,
    /// How many sets there are.
    pub(super) lanes: f64,
    /// Between two releases of TIME-WAITs; 0 when they come one by one.
    pub(super) grid_s: f64,
    /// Between two uses of a port that is never idle, in seconds: a mean port hold, and more.
    pub(super) cycle_s: f64,
}

impl<'a> ClosedForm<'a> {
    /// Those of a run; `None` when there is no closed form.
    pub(super) fn of(tables: &'a RunTables) -> Option<Self> {
        let figure = |name| tables.estimate("all", name).value;
        let lanes = figure("lanes_total")?;
        Some(Self {
            tables,
            risk_max: figure(RISK_BOUND)?,
            target: figure("target_risk")?,
            rate: figure("rate_per_s")?,
            ports: figure("capacity_ports")? / lanes,
            lanes,
            grid_s: figure("time_wait_grid_s")?,
            cycle_s: figure("saturated_cycle_s")?,
        })
    }

    /// Why a run has none, when it could have had some.
    pub(super) fn why_not(tables: &'a RunTables) -> Option<&'a str> {
        tables.method("all", RISK_BOUND).strip_prefix(NO_CLOSED_FORM)
    }

    /// Any other figure.
    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        self.tables.estimate("all", name).value
    }

    /// Did the window begin less than so many port holds after an empty start?
    pub(super) fn begins_within(&self, holds: f64) -> bool {
        self.tables.meta.warm_up_s < holds * self.cycle_s
    }

    /// When the window ends after an empty start, in seconds.
    pub(super) fn until_s(&self) -> f64 {
        self.tables.meta.warm_up_s + self.tables.meta.duration_s
    }

    /// Did it end so soon?
    pub(super) fn ends_within(&self, holds: f64) -> bool {
        self.tables.meta.warm_up_s + self.tables.meta.duration_s < holds * self.cycle_s
    }

    /// Are connects Poisson? Else they are evenly spaced.
    pub(super) fn is_poisson(&self) -> bool {
        self.figure("formula_refused_ratio").is_some()
    }

    /// The rate that gets through for long, when more is wanted.
    pub(super) fn ceiling(&self) -> Option<f64> {
        self.figure("sustained_per_s").filter(|ceiling| self.rate > *ceiling)
    }

    /// The rate that is safe for long, where the window shows more than that: it is shorter than a port is held.
    pub(super) fn lasting_limit(&self) -> Option<f64> {
        let (safe, window) = (self.figure("safe_rate_per_s")?, self.figure("window_rate_per_s")?);
        (window > 1.001 * safe).then_some(safe)
    }

    /// `1 % risk`: the target in words.
    pub(super) fn target_in_words(&self) -> String {
        solid(&format!("{} %", words::percent(self.target)))
    }
}
