//! The smallest settings that are enough, each alone.

use super::super::page::solid;
use super::super::words::counted;
use super::Answer;
use crate::forecast::Lanes;
use crate::scenario::Quantity;

impl Answer<'_> {
    /// Under a label each: what would fit, where it does not; with what `connect()` stays fast, where it does not.
    pub(super) fn would_fit(&self) -> Vec<(&'static str, String)> {
        let target = self.forecast.target;
        let options = |fits: &dyn Fn(&Lanes) -> bool| -> Vec<String> { self.options(fits) };
        let mut rows = Vec::new();
        // What is enough for the window alone is not enough for what comes after it.
        if !self.lanes.is_safe(target) {
            rows.push(("would fit", options(&|lanes| lanes.is_safe(target))));
        }
        if !self.lanes.is_fast() {
            rows.push(("stays fast", options(&|lanes| lanes.is_safe(target) && lanes.is_fast())));
        }
        let known = rows.into_iter().filter(|(_, all)| !all.is_empty());
        known.map(|(label, all)| (label, all.join(", or "))).collect()
    }

    /// How far each knob has to be turned for lanes as wanted.
    fn options(&self, fits: &dyn Fn(&Lanes) -> bool) -> Vec<String> {
        let forecast = self.forecast;
        let now = f64::from(self.lanes.ports);
        let least = self.lanes.least_ports(fits);
        let range = least.and_then(|ports| Some((ports, forecast.host.range_with(ports / self.lanes.joined)?)));
        let range = range.map(|(ports, range)| {
            let more = f64::from(ports) - now;
            solid(&format!("--range {range}")) + &format!(" ({})", counted(more, "more port"))
        });
        let requests = self.lanes.fewest_requests(fits).map(|each| u64::from(each) * u64::from(self.asked.requests));
        let number = |quantity| forecast.fewest(quantity, fits).map(u64::from);
        // The option is about each destination.
        let endpoints = number(Quantity::Endpoints).map(|all| all.div_ceil(self.asked.destinations.into()));
        let options =
            [("--requests", requests), ("--addresses", number(Quantity::Addresses)), ("--endpoints", endpoints)];
        let options = options.into_iter().filter_map(|(option, least)| Some(solid(&format!("{option} {}", least?))));
        range.into_iter().chain(options).collect()
    }
}
