//! The verdict in words, and what comes after the window.

use super::super::page::solid;
use super::super::words::{self, count, percent, plural};
use super::{Answer, Fit};
use crate::forecast::Spacing;

impl Answer<'_> {
    pub(super) fn verdict(&self) -> String {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let now = words::short_rate(self.requests(lanes.rate_per_s));
        let safe = words::short_floor_rate(self.requests(lanes.safe_rate(forecast.target)));
        let target = solid(&format!("{} %", percent(forecast.target)));
        let per = solid(&format!("per {}", words::seconds(self.asked.window_s)));
        let share = solid(&format!("{:.1} %", 100.0 * lanes.lane_load() / f64::from(lanes.ports)));
        match (self.fit(), lanes.spacing) {
            (Fit::Fits, _) if lanes.hold_s() <= 0.0 => {
                format!("no port is ever held: there is neither lifetime nor TIME-WAIT, so {now} or any rate will do")
            }
            (Fit::Fits, Spacing::Poisson) => {
                let bound = words::bound(self.risk_at_most());
                let begin = if self.is_for_long() { "however long they last" } else { "from an empty range" };
                let limit = self.limits(&format!("{target} comes near"));
                format!("{now} keep the risk of a refused connect() at {bound} or less {per} {begin}{limit}")
            }
            (Fit::Fits, Spacing::Even) => {
                let begin = if self.is_for_long() { "however long they last" } else { "from an empty range" };
                let limit = self.limits("that begins at");
                format!("no connect() is refused at {now}, evenly spaced, {per} {begin}{limit}")
            }
            (Fit::Tight, _) => {
                let (long, window) = match self.short_window() {
                    Some((rate, short)) => ("for long ", format!("; {rate} {per} {short}")),
                    None => ("", String::new()),
                };
                format!(
                    "{now} fit on average ({share} of the ports), but {long}only up to {safe} is the risk of a refused \
                     connect() sure to stay below {target} {per}{window}"
                )
            }
            (Fit::DoesNotFit, _) if lanes.rate_per_s > forecast.sustained_per_s() => {
                let later = lanes.risk_at_most() <= forecast.target;
                let later = if later {
                    format!(", not within {}", solid(&words::seconds(self.asked.window_s)))
                } else {
                    String::new()
                };
                format!("{now} are more than {}{later}", self.too_many())
            }
            (Fit::DoesNotFit, _) => {
                let (wanted, ports) = (lanes.lane_fullest(), f64::from(lanes.ports));
                let of_each = if lanes.count > 1 { " of each set" } else { "" };
                format!(
                    "{now} fit on average ({share} of the ports), but want {}{of_each} just before each batch of \
                     TIME-WAITs ends: {} too many",
                    solid(&words::counted(wanted.round(), "port")),
                    count((wanted.round() - ports).max(1.0))
                )
            }
        }
    }

    /// Is the verdict about a load that stays, in a window that does not show what comes then?
    fn is_for_long(&self) -> bool {
        self.lanes.settled().is_some() && !self.asked.of_window
    }

    /// The bound of the risk that the verdict is about.
    fn risk_at_most(&self) -> f64 {
        let settled = self.lanes.settled().filter(|_| !self.asked.of_window);
        settled.map_or(0.0, |settled| settled.risk_at_most()).max(self.lanes.risk_at_most())
    }

    /// The rate that keeps the risk in the window alone, and why it is no measure, where the window is shorter than a
    /// port is held.
    fn short_window(&self) -> Option<(String, String)> {
        self.lanes.settled()?;
        let rate = self.requests(self.lanes.window_rate(self.forecast.target));
        let hold = solid(&words::seconds(self.lanes.longest_hold_s()));
        let why = format!("from an empty range, as that is shorter than a port is held ({hold})");
        Some((words::short_floor_rate(rate), why))
    }

    /// Up to where it fits, after `what`: for long first, then within a window that does not show that.
    fn limits(&self, what: &str) -> String {
        let (now, safe) = (self.lanes.rate_per_s, self.lanes.safe_rate(self.forecast.target));
        let shown = words::short_floor_rate(self.requests(safe));
        let room = safe / now;
        let more = if room < 1.001 { "no more than now".into() } else { words::more(room) };
        let more = format!(" {}", solid(&format!("({more})")));
        // Where the kernel drops TIME-WAITs, nothing is known of the risk.
        let what =
            if self.lanes.formula_rate().is_some_and(|rate| rate <= safe) { "formulas stand up to" } else { what };
        match self.short_window() {
            None if self.lanes.spacing == Spacing::Even => format!("; {what} {shown}"),
            None => format!("; {what} {shown}{more}"),
            Some((rate, why)) if now > safe => format!(", but for long only {shown} fit; {what} {rate} {why}"),
            Some((rate, why)) => {
                let window = solid(&words::seconds(self.asked.window_s));
                format!("; {what} {shown} for long{more}, {rate} within {window} {why}")
            }
        }
    }

    /// What comes after a window that is too short to tell.
    pub(super) fn later(&self) -> Option<String> {
        let wanted = self.lanes.rate_per_s;
        let fits = self.fit() == Fit::Fits && wanted > self.forecast.sustained_per_s();
        fits.then(|| format!("{} are more than {}", words::short_rate(self.requests(wanted)), self.too_many()))
    }

    /// What gets through for long, and when it is over.
    fn too_many(&self) -> String {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let full_s = f64::from(lanes.ports) / lanes.lane_rate();
        let rate = words::short_rate(self.requests(forecast.sustained_per_s()));
        let (ports, let_through, all_are) = match self.all_ports() {
            1 => ("one port".to_owned(), "lets", "it is"),
            ports => (solid(&plural(ports, "port")), "let", "all are"),
        };
        // Before anything comes back every connect takes a port; later, some ports have come back.
        let back_s = match lanes.spacing {
            Spacing::Poisson => lanes.time_wait.wait_s(),
            Spacing::Even => lanes.lifetime_s + lanes.time_wait.wait_s(),
        };
        let when = if full_s <= back_s { "about" } else { "on average no sooner than" };
        let full = solid(&words::seconds(full_s));
        format!(
            "the {rate} that {ports} {let_through} through for long; {all_are} taken {when} {full} after an empty start"
        )
    }
}
