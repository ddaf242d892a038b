//! Refusals too rare to be counted: the figure `refused_ratio_rare`, as a row of `summary.csv` and as a line.

use super::query::Places;
use super::schema::file;
use super::words::{counted, figure};
use super::{Cell, RunTables};
use crate::experiment::splitting::{Estimate, Reached, Split};
use crate::forecast::Forecast;

/// The name of the figure, in the column `metric`.
pub const RARE: &str = "refused_ratio_rare";
/// Its unit.
pub const RARE_UNIT: &str = "ratio";
/// What it is, in one line.
pub const RARE_MEANING: &str = "refused_ratio where too few refusals were counted (run --rare)";

/// With so many refusals counted in all runs together there is no need for anything else.
pub const COUNTED_ENOUGH: u64 = 20;

/// Below this a formula's bound says enough: splitting is tested down to it (`benches/slow_tier`), and less matters to nobody.
const BOUND_ENOUGH: f64 = 1e-9;

/// What is known of the share of attempts refused beyond what was counted.
#[derive(Clone, Debug, PartialEq)]
pub enum Rare {
    /// A formula that is exact here.
    Formula {
        /// The share.
        refused_ratio: f64,
        /// Its name.
        formula: &'static str,
    },
    /// A formula that bounds it, so low that an estimate would tell no more.
    Bound {
        /// The most that it can be.
        refused_ratio_max: f64,
    },
    /// What splitting found.
    Splitting(Split),
    /// Splitting found nothing; a formula that is about right.
    Approximate {
        /// Rather more than this.
        refused_ratio: f64,
        /// The most that it can be, where a formula says.
        refused_ratio_max: Option<f64>,
        /// How far splitting came.
        reached: Reached,
    },
}

impl Rare {
    /// What formulas say of the window of a scenario: that which is exact, or a bound that is low enough.
    pub fn by_formula(forecast: &Forecast) -> Option<Self> {
        if let Some((refused_ratio, formula)) = forecast.exact_refused_ratio() {
            return Some(Self::Formula { refused_ratio, formula });
        }
        let refused_ratio_max = forecast.refused_at_most().filter(|bound| *bound <= BOUND_ENOUGH)?;
        Some(Self::Bound { refused_ratio_max })
    }

    /// What is left to say where splitting saw no refusal.
    #[must_use]
    pub fn or_by_formula(self, forecast: &Forecast) -> Self {
        let Self::Splitting(Split::NotEstimable(reached)) = self else { return self };
        let refused_ratio_max = forecast.refused_at_most();
        match (forecast.approximate_refused_ratio(), refused_ratio_max) {
            (Some(refused_ratio), _) => Self::Approximate { refused_ratio, refused_ratio_max, reached },
            (None, Some(refused_ratio_max)) => Self::Bound { refused_ratio_max },
            (None, None) => self,
        }
    }

    /// How it was made, for the column `method`.
    fn method(&self) -> String {
        match self {
            Self::Formula { formula, .. } => format!("closed form: {formula}"),
            Self::Bound { .. } => "closed form, a bound: M/G/infinity tail".into(),
            Self::Splitting(Split::Estimated(found)) => {
                let error = format!("relative error {} %", figure(100.0 * found.relative_error));
                format!("splitting, {}, {error}{}", levels(found.levels), bounded(found.bounded))
            }
            Self::Splitting(Split::NotEstimable(reached)) => not_estimable(reached),
            Self::Approximate { reached, .. } => {
                format!("modified offered load, approximate: rather too low; {}", not_estimable(reached))
            }
        }
    }
}

fn not_estimable(reached: &Reached) -> String {
    let free = |free: u32| format!(", at the fullest {} free", counted(free.into(), "port"));
    let fullest = reached.fewest_free.map_or_else(String::new, free);
    format!(
        "splitting, {}, not estimable: no refusal seen{fullest}{}",
        levels(reached.levels),
        bounded(reached.bounded)
    )
}

fn levels(levels: usize) -> String {
    counted(levels as f64, "level")
}

fn bounded(bounded: bool) -> &'static str {
    if bounded { ", ended by the bound on work" } else { "" }
}

/// Puts the figure in, as the last row of the summary.
pub fn add_rare(tables: &mut RunTables, rare: &Rare) {
    let text = |text: &str| Cell::Text(text.into());
    let (estimate, low, high, replications) = match rare {
        Rare::Formula { refused_ratio, .. } => (Some(*refused_ratio), Some(*refused_ratio), Some(*refused_ratio), None),
        Rare::Bound { refused_ratio_max } => (None, Some(0.0), Some(*refused_ratio_max), None),
        Rare::Splitting(Split::Estimated(Estimate { refused_ratio, replications, .. })) => {
            (Some(refused_ratio.estimate), refused_ratio.low, refused_ratio.high, Some(f64::from(*replications)))
        }
        Rare::Splitting(Split::NotEstimable(_)) => (None, None, None, None),
        Rare::Approximate { refused_ratio, refused_ratio_max, .. } => {
            (Some(*refused_ratio), refused_ratio_max.map(|_| 0.0), *refused_ratio_max, None)
        }
    };
    tables.summary.push([
        text(&tables.meta.scenario.name),
        Cell::Empty,
        text("all"),
        text(RARE),
        text(RARE_UNIT),
        Cell::figure(estimate),
        Cell::figure(low),
        Cell::figure(high),
        // A formula is sure.
        Cell::figure(replications.and(low.or(high)).map(|_| tables.meta.confidence)),
        Cell::figure(replications),
        text(&rare.method()),
    ]);
    tables.places = Places::default();
    tables.meta.rows.insert(file::SUMMARY.into(), tables.summary.len() as u64);
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::forecast::TARGET_RISK;
    use crate::scenario::{Scenario, SourceFile};
    use std::collections::BTreeMap;

    const NOTHING_SEEN: Rare =
        Rare::Splitting(Split::NotEstimable(Reached { fewest_free: Some(213), levels: 7, bounded: true }));

    fn forecast(sets: &[&str]) -> Forecast {
        let text = include_str!("../../scenarios/quickstart.toml");
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let scenario = Scenario::read(&SourceFile::new("x.toml", text), &sets, &sources);
        Forecast::of(&scenario.unwrap_or_else(|error| panic!("{error}")), TARGET_RISK).unwrap()
    }

    #[test]
    fn a_formula_speaks_where_splitting_saw_nothing() {
        let [once, exact] = ["client.checkout.retry.attempts=1", "host.gateway.time_wait=60s"];
        let rate = "client.checkout.arrivals.poisson.rate=460/s";
        // 1,500 runs (`dryport run` with these, 414 million connects) refused 2.6e-6 (1.2e-6 to 4.4e-6) of them.
        let found = NOTHING_SEEN.or_by_formula(&forecast(&[once, exact, rate]));
        let Rare::Approximate { refused_ratio, refused_ratio_max: Some(most), .. } = found else { panic!("{found:?}") };
        assert!((2.6e-6..2.8e-6).contains(&refused_ratio) && most > refused_ratio, "{refused_ratio} {most}");
        let mut tables = samples::calm();
        add_rare(&mut tables, &found);
        let row = tables.estimate("all", RARE);
        assert_eq!((row.value, row.interval), (Some(refused_ratio), Some((0.0, most))));
        assert!(
            tables.method("all", RARE).starts_with("modified offered load, approximate: rather too low; splitting")
        );
        let wheel = NOTHING_SEEN.or_by_formula(&forecast(&[once]));
        assert!(matches!(wheel, Rare::Bound { .. }), "{wheel:?}");
        assert_eq!(NOTHING_SEEN.or_by_formula(&forecast(&[])), NOTHING_SEEN, "retries: no formula has them");
    }
}
