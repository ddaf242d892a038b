//! How far a knob may be turned: what a claim about lanes allows, solved for one quantity.

use super::safe::{largest, least};
use super::{Buckets, Forecast, Lanes, Spacing, TimeWait};
use crate::scenario::{Better, Quantity};
use crate::theory::{Window, erlang_b};
use crate::workload::Leaves;

/// More ports than a range has, so that an answer can say how many are wanted.
const PORTS_MAX: u32 = 1 << 20;
/// The most lanes, addresses or endpoints.
const LANES_MAX: u32 = 65_536;
/// The most requests on a connection.
const REQUESTS_MAX: u32 = 1_000_000;

impl Lanes {
    /// Is the share of connects refused in the long run at most `share`, by Erlang's formula? Of evenly spaced ones, is
    /// nobody refused?
    pub fn refuses_at_most(&self, share: f64) -> bool {
        if self.spacing == Spacing::Even {
            return self.risk_at_most() <= 0.0;
        }
        erlang_b(self.sure_ports(), self.lane_load()) <= share
    }
}

impl Forecast {
    /// The lanes with so much of a quantity; `None` when it cannot be turned here, or not alone.
    pub(super) fn turned(&self, quantity: Quantity, value: f64) -> Option<Lanes> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers up to a million")]
        let whole = value.round() as u32;
        let now = self.lanes;
        let skips = now.skips / now.joined;
        let laid_out =
            |ports, skips, addresses, endpoints| self.sets.lay_out(now, [ports, skips], addresses, endpoints);
        let sets = |ports, addresses, endpoints| laid_out(ports, skips, addresses, endpoints);
        let (ports, addresses, endpoints) = (now.ports / now.joined, self.host.addresses, self.endpoints);
        // What is not answered has neither lifetime nor requests; what is left of other connections no key turns.
        let is_its_own = match quantity {
            Quantity::Lifetime | Quantity::Requests => self.leaves != Leaves::Unanswered,
            Quantity::TimeWait => self.leaves == Leaves::TimeWait,
            _ => true,
        };
        if !is_its_own {
            return None;
        }
        let turned = match quantity {
            Quantity::Rate => Lanes { rate_per_s: value, ..now },
            Quantity::Lifetime => Lanes { lifetime_s: value, ..now },
            Quantity::Requests => now.keeping(whole),
            Quantity::Ports => laid_out(whole, now.skips_of(whole), addresses, endpoints)?,
            Quantity::Addresses => sets(ports, whole, endpoints)?,
            Quantity::Endpoints => sets(ports, addresses, whole)?,
            Quantity::Window => Lanes { window: Window { by_s: now.window.from_s + value, ..now.window }, ..now },
            Quantity::TimeWait => {
                let time_wait = match now.time_wait {
                    TimeWait::Exact(_) => TimeWait::Exact(value),
                    TimeWait::Batches { grid_s, phase, .. } => TimeWait::Batches { wait_s: value, grid_s, phase },
                };
                let buckets = now.buckets.map(|buckets| Buckets { wait: time_wait, ..buckets });
                Lanes { time_wait, buckets, ..now }
            }
            Quantity::ReuseDelay => return None,
        };
        // Half of evenly spaced connects, drawn at random, are not evenly spaced.
        (turned.spacing == Spacing::Poisson || turned.count == 1).then_some(turned)
    }

    /// How far a quantity may be turned with all lanes still as `fits` wants them: the most of it, or, where more is
    /// better, the least; infinite when nothing limits it. `now` is where it stands.
    ///
    /// `None` when no amount will do, or when the quantity is not one that these formulas know.
    pub fn limit(&self, quantity: Quantity, now: f64, fits: impl Fn(&Lanes) -> bool) -> Option<f64> {
        let will_do = |value: f64| self.turned(quantity, value).is_some_and(|lanes| fits(&lanes));
        match quantity.better() {
            Better::Low => will_do(0.0).then(|| largest(now.max(1e-3), will_do)),
            Better::High => {
                let most = match quantity {
                    Quantity::Ports => PORTS_MAX,
                    Quantity::Requests => REQUESTS_MAX,
                    _ => LANES_MAX,
                };
                let is_known = |whole: u32| self.turned(quantity, whole.into()).is_some();
                let most = least(1, most, |whole| !is_known(whole)).map_or(most, |unknown| unknown - 1);
                least(1, most.max(1), |whole| will_do(whole.into())).map(f64::from)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TARGET_RISK;
    use super::*;
    use crate::scenario::{Knob, Reading, SourceFile};
    use crate::theory::cases::{Case, close};
    use std::collections::BTreeMap;

    /// One client with a constant lifetime, an exact TIME-WAIT, in the long run.
    fn forecast(sets: &[String]) -> Forecast {
        let text = "schema = 1\n[run]\nduration = \"1h\"\nwarm_up = \"auto\"\n[[host]]\nname = \"h\"\n[[destination]]\n\
            name = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\narrivals = { poisson = { rate = \"1/s\" } }\n\
            lifetime = { constant = { value = \"1s\" } }\n";
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let reading =
            Reading::of(&SourceFile::new("x.toml", text), sets, &sources).unwrap_or_else(|error| panic!("{error}"));
        assert!(!Knob::all(&reading).is_empty());
        let mut forecast = Forecast::of(&reading.scenario, TARGET_RISK).unwrap();
        // The cases know of no search that passes over a port.
        forecast.lanes.preferred = None;
        forecast
    }

    fn of_case(case: &Case, rate_per_s: f64, sets: &[&str]) -> Forecast {
        let wait = format!("host.h.time_wait={}s", case.get("timewait"));
        let lifetime = format!("client.c.lifetime.constant.value={}s", case.get("mean_hold"));
        let more = sets.iter().map(|set| (*set).to_owned());
        let mut forecast = forecast(&[wait, lifetime].into_iter().chain(more).collect::<Vec<_>>());
        forecast.lanes.rate_per_s = rate_per_s;
        forecast
    }

    /// `cases/inverse.csv`, each solved for as `dryport solve` does; the time to exhaustion is the longest window that does not fill the range.
    #[test]
    fn the_inverse_cases_are_reproduced() {
        for case in Case::inverse("max rate") {
            let mut forecast = of_case(&case, 1.0, &[]);
            forecast.lanes.ports = case.count("N");
            let share = case.get("p");
            let found = forecast.limit(Quantity::Rate, 1.0, |lanes| lanes.refuses_at_most(share)).unwrap();
            close(found, case.expected("rate_max"), 1e-12);
        }
        for case in Case::inverse("min ports") {
            let forecast = of_case(&case, case.get("rate"), &[]);
            let found = forecast.limit(Quantity::Ports, 1.0, |lanes| lanes.refuses_at_most(case.get("p"))).unwrap();
            close(found, case.expected("N_min"), 0.0);
        }
        for case in Case::inverse("max TIME_WAIT (or reuse delay)") {
            let text = format!("client.c.lifetime.constant.value={}s", case.get("mean_hold"));
            let mut forecast = forecast(&[text, "host.h.time_wait=60s".into()]);
            (forecast.lanes.rate_per_s, forecast.lanes.ports) = (case.get("rate"), case.count("N"));
            let found = forecast.limit(Quantity::TimeWait, 60.0, |lanes| lanes.refuses_at_most(case.get("p"))).unwrap();
            close(found, case.expected("timewait_max"), 1e-11);
        }
        for case in Case::inverse("min source IPs") {
            let forecast = of_case(&case, case.get("rate"), &[]);
            let found = forecast.limit(Quantity::Addresses, 1.0, |lanes| lanes.refuses_at_most(case.get("p"))).unwrap();
            close(found, case.expected("K_random_ip"), 0.0);
            let in_turn = of_case(&case, case.get("rate"), &["client.c.source=first-free"]);
            let found = in_turn.limit(Quantity::Addresses, 1.0, |lanes| lanes.refuses_at_most(case.get("p"))).unwrap();
            close(found, case.expected("K_any_free"), 0.0);
            let there = in_turn.turned(Quantity::Addresses, found).unwrap();
            close(erlang_b(there.ports, there.lane_load()), case.expected("B_any_free"), 1e-12);
        }
        for case in Case::inverse("min requests per connection") {
            let text = format!("client.c.lifetime.constant.value={}s", case.get("mean_request_time"));
            let mut forecast = forecast(&[text, format!("host.h.time_wait={}s", case.get("timewait"))]);
            (forecast.lanes.rate_per_s, forecast.lanes.ports) = (case.get("request_rate"), case.count("N"));
            let found = forecast.limit(Quantity::Requests, 1.0, |lanes| lanes.refuses_at_most(case.get("p"))).unwrap();
            close(found, case.expected("k_min"), 0.0);
        }
        for case in Case::inverse("time to exhaustion quantile") {
            let hold = format!("host.h.time_wait={}s", case.get("constant_port_hold") - 1.0);
            let mut forecast = forecast(&[hold, "run.warm_up=0s".into()]);
            // The range is full with connect N, which a range of one port less would refuse.
            (forecast.lanes.rate_per_s, forecast.lanes.ports) = (case.get("rate"), case.count("N") - 1);
            let risk = case.get("quantile");
            let found = forecast.limit(Quantity::Window, 600.0, |lanes| lanes.risk_at_most() <= risk).unwrap();
            close(found, case.expected("t"), 1e-11);
        }
    }

    #[test]
    fn what_no_amount_allows_is_none_and_what_nothing_limits_infinite() {
        let mut busy = forecast(&[]);
        busy.lanes.rate_per_s = 1e6;
        assert_eq!(busy.limit(Quantity::TimeWait, 60.0, |lanes| lanes.refuses_at_most(1e-3)), None);
        assert_eq!(busy.limit(Quantity::ReuseDelay, 1.0, |_| true), None);
        assert!(busy.limit(Quantity::Rate, 1.0, |_| true).unwrap().is_infinite());
    }
}
