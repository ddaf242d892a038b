//! The ladder of rates: what happens from where on, and where the user stands.

use super::super::page::{Page, solid};
use super::super::words::{self, percent};
use super::rows::hundredths;
use super::{Answer, RATE, Reuse};
use crate::forecast::{Lanes, Spacing};
use crate::theory::Window;

/// Lifetimes are small against TIME-WAIT below this share of it.
const SMALL: f64 = 0.1;
/// The column where the user's own rate ends.
const HERE: usize = 73;

/// One rung of the ladder of rates.
pub(super) struct Rung {
    /// Requests per second.
    pub(super) rate: f64,
    /// The rate as shown.
    shown: String,
    pub(super) text: String,
}

impl Answer<'_> {
    pub(super) fn write_ladder(&self, page: &mut Page) {
        page.hanging("at this rate   ", &solid(&format!("{:<51}{}", "this happens", "you are here")));
        let mut shown = false;
        let here = self.requests(self.lanes.rate_per_s);
        for rung in self.ladder() {
            if rung.rate > here && !shown {
                page.hanging(&self.here(), "");
                shown = true;
            }
            page.hanging(&format!("{:>RATE$}    ", rung.shown), &rung.text);
        }
        if !shown {
            page.hanging(&self.here(), "");
        }
    }

    /// What happens at which rate, the lowest first.
    pub(super) fn ladder(&self) -> Vec<Rung> {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let ports = words::thousands(self.all_ports());
        let mut rungs = Vec::new();
        let mut rung = |connections: f64, shown: fn(f64) -> String, text: String| {
            let rate = self.requests(connections);
            // What nothing limits is no rung.
            rungs.extend(rate.is_finite().then(|| Rung { rate, shown: shown(rate), text }));
        };
        let batches = lanes.time_wait.grid_s() > 0.0;
        if let Some((rate, search)) = lanes.fast_rate().zip(forecast.slow_search()) {
            let each = if lanes.count > 1 { " of a set" } else { "" };
            let [cost, low, high] = [search.cost_s, search.between_s.0, search.between_s.1].map(words::about_seconds);
            let text = format!(
                "from here connect() gets slow: half of the range{each} is taken at the fullest moment; up to {} are \
                 looked at ({} with this profile's constants; {} to {} on the machine that they are from)",
                solid(&words::counted(search.ports, "port")),
                solid(&cost),
                solid(&low),
                solid(&high)
            );
            rung(rate, words::floor_rate, text);
        }
        // Evenly spaced connects are told beside the bound of Poisson ones.
        let poisson = Lanes { spacing: Spacing::Poisson, ..*lanes };
        let (safe, window) = (poisson.safe_rate(forecast.target), poisson.window_rate(forecast.target));
        let formula = lanes.formula_rate().filter(|formula| *formula <= safe);
        if formula.is_none() {
            rung(safe, words::floor_rate, self.safe_text());
        }
        if lanes.settled().is_some() {
            let text = format!("up to here risk <= {} {}", self.target_per_window(), "from an empty range only");
            rung(window, words::floor_rate, text);
        }
        if let Some(rate) = lanes.formula_rate() {
            let most = lanes.buckets.map_or(0, |buckets| buckets.most);
            let most = words::thousands(most.into());
            let below = if formula.is_some() {
                format!("below this risk <= {}; ", self.target_per_window())
            } else {
                String::new()
            };
            let text = format!("{below}no formula above it: TIME-WAITs may exceed tcp_max_tw_buckets ({most})");
            rung(rate, words::floor_rate, text);
        }
        if batches && lanes.count == 1 {
            let also = if lanes.spacing == Spacing::Poisson { " too" } else { "" };
            let lasting = lanes.settled().filter(|_| !self.asked.of_window).unwrap_or(*lanes);
            rung(
                lasting.even_rate_limit(),
                words::floor_rate,
                format!("evenly spaced connects begin to be refused{also}"),
            );
        }
        let through = format!("nothing above this gets through for long: {ports} / {} s", hundredths(forecast.cycle_s));
        rung(forecast.sustained_per_s(), words::rate, through);
        // What is quoted is the wait that the kernel names, whatever it makes of it.
        let wait_s = self.quoted_wait_s();
        // The myth leaves the lifetime out, as nobody would who has a long one.
        let is_quoted = wait_s > 0.0 && lanes.lifetime_s <= SMALL * wait_s;
        if is_quoted && self.asked.requests == 1 && self.asked.reuse == Reuse::Off {
            let text = format!("{ports} / {} s: the figure usually quoted; it is too high", words::figure(wait_s));
            rung(f64::from(lanes.ports) * f64::from(lanes.count) / wait_s, words::rate, text);
        }
        rungs.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        rungs
    }

    /// What the highest safe rate is, with that of a longer window.
    fn safe_text(&self) -> String {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let (longer_s, name) = if self.asked.window_s < 3_600.0 { (3_600.0, "h") } else { (86_400.0, "day") };
        let long = if lanes.settled().is_some() { " for long" } else { "" };
        let longer = if self.asked.window_s < longer_s {
            let window = Window { by_s: lanes.window.from_s + longer_s, ..lanes.window };
            let lanes = Lanes { window, spacing: Spacing::Poisson, ..*lanes };
            format!(" ({}: per {name})", words::floor_rate(self.requests(lanes.safe_rate(forecast.target))))
        } else {
            String::new()
        };
        format!("up to here risk <= {}{long}, Poisson{longer}", self.target_per_window())
    }

    /// `1 % per 10 min`.
    fn target_per_window(&self) -> String {
        format!("{} % per {}", percent(self.forecast.target), words::seconds(self.asked.window_s))
    }

    /// The line of the user's own rate.
    fn here(&self) -> String {
        format!("{:>HERE$}", format!("<------ {}", words::rate(self.requests(self.lanes.rate_per_s))))
    }
}
