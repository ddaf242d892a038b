//! Which ports are drawn where one picture can show only one lot of them: where they are tightest.
//!
//! The sum over lanes that have nothing to do with each other says little: one of them refuses while most ports of the
//! others are free.

use super::RunTables;
use std::cmp::Ordering;

/// The scope that is drawn, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tightest {
    /// Its name in the tables.
    pub(super) scope: String,
    /// `on host gateway`, `towards orders-db`; nothing when there is but one lot of ports.
    pub(super) place: Option<String>,
}

impl Tightest {
    /// The scope whose ports were used up in most runs, else the one with a full lane in most, else the one that was refused
    /// in most, else the one with the fullest lane; hosts before destinations; clients only where neither has fewer ports. It is `all` when no scope has fewer ports than all together.
    pub(super) fn of(tables: &RunTables) -> Self {
        let all = Self { scope: "all".into(), place: None };
        let ports = |scope: &str| tables.estimate(scope, "capacity_ports").value;
        let Some(total) = ports("all") else { return all };
        let smaller = |kinds: &[&str]| -> Vec<_> {
            let scopes = kinds.iter().flat_map(|kind| tables.scopes(kind));
            scopes.filter_map(|scope| Some((scope, ports(scope).filter(|ports| *ports < total)?))).collect()
        };
        let places = smaller(&["host:", "destination:"]);
        // Of ports that clients share each has only its own part, so they come where there is nothing else.
        let smaller = if places.is_empty() { smaller(&["client:"]) } else { places };
        let mut worst: Option<([f64; 6], &str)> = None;
        for (scope, ports) in smaller {
            let tightness = tightness(tables, scope, ports);
            // Of equals the first.
            if worst.is_none_or(|(other, _)| tightness.partial_cmp(&other).is_some_and(Ordering::is_gt)) {
                worst = Some((tightness, scope));
            }
        }
        worst.map_or(all, |(_, scope)| Self { scope: scope.into(), place: place(scope) })
    }

    /// The place after a text, which is about it.
    pub(super) fn at_end_of(&self, text: &str) -> String {
        self.place.as_ref().map_or_else(|| text.into(), |place| format!("{text} {place}"))
    }
}

/// How badly off a scope is, by the summary alone: the share of runs refused, that of attempts refused, and the share of
/// the ports of its fullest lane that were busy at the fullest moment.
pub(super) fn badness(tables: &RunTables, scope: &str) -> [f64; 3] {
    let figures = ["exhaustion_probability", "refused_ratio", "busy_ratio_peak"];
    figures.map(|metric| tables.estimate(scope, metric).value.filter(|value| value.is_finite()).unwrap_or(0.0))
}

/// Which of two is worse off.
pub(super) fn worse(one: &[f64; 3], other: &[f64; 3]) -> Ordering {
    let orders = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The larger, the tighter.
fn tightness(tables: &RunTables, scope: &str, ports: f64) -> [f64; 6] {
    let runs = |metric, hit: &dyn Fn(f64) -> bool| {
        let values = tables.per_run(scope, metric).filter_map(|(_, value)| value);
        values.filter(|value| hit(*value)).count() as f64
    };
    let figure = |metric| tables.estimate(scope, metric).value.unwrap_or(0.0);
    [
        runs("busy_ports_peak", &|peak| ports > 0.0 && peak >= ports),
        runs("headroom_ports", &|left| ports > 0.0 && left <= 0.0),
        runs("first_refusal_s", &|_| true),
        figure("busy_ratio_peak"),
        // Of two that share their fullest lane the one whose other ports matter less.
        figure("busy_ports_peak") / ports.max(1.0),
        figure("refused_ratio"),
    ]
}

fn place(scope: &str) -> Option<String> {
    let (kind, name) = scope.split_once(':')?;
    Some(match kind {
        "destination" => format!("towards {name}"),
        "client" => format!("for client {name}"),
        _ => format!("on {kind} {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{samples, simulated};
    use super::*;

    #[test]
    fn the_only_ports_there_are_need_no_name() {
        for tables in [samples::quickstart(), simulated::named("one-port"), simulated::named("no-load")] {
            assert_eq!(Tightest::of(&tables), Tightest { scope: "all".into(), place: None });
        }
    }

    #[test]
    fn of_several_lots_it_is_the_one_that_ran_out() {
        let found = Tightest::of(&simulated::named("two-hosts"));
        assert_eq!(found, Tightest { scope: "host:the-host".into(), place: Some("on host the-host".into()) });
        assert_eq!(found.at_end_of("full"), "full on host the-host");
        let found = Tightest::of(&simulated::named("two-destinations"));
        assert_eq!(found.scope, "destination:the-destination");
        assert_eq!(found.place.as_deref(), Some("towards the-destination"));
    }
}
