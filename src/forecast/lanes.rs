//! Lanes that are alike, under one stream of connects: what they refuse, and how far a setting may go.

use super::Buckets;
use crate::theory::{Phase, Release, Stream, Window, poisson_upper_tail, refusal_bound};

/// How connects follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Poisson, split at random over the lanes: Poisson in each.
    Poisson,
    /// Evenly, with equal lifetimes; one lane.
    Even,
}

/// What keeps a port after the close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeWait {
    /// Nothing, or a wait of exactly this long, in seconds.
    Exact(f64),
    /// A wait that ends at the next tick of a grid.
    Batches {
        /// The wait before rounding up, in seconds.
        wait_s: f64,
        /// Between two ticks, in seconds, above 0.
        grid_s: f64,
        /// Where the ticks lie.
        phase: Phase,
    },
}

impl TimeWait {
    /// The wait, before any rounding up.
    pub fn wait_s(self) -> f64 {
        let (Self::Exact(wait_s) | Self::Batches { wait_s, .. }) = self;
        wait_s
    }

    /// How it ends.
    pub(super) fn release(self) -> Release {
        match self {
            Self::Exact(_) => Release::OneByOne,
            Self::Batches { grid_s, phase, .. } => Release::Batches { grid_s, phase },
        }
    }

    /// Between two ticks; 0 when ports come back one by one.
    pub fn grid_s(self) -> f64 {
        if let Self::Batches { grid_s, .. } = self { grid_s } else { 0.0 }
    }
}

/// Lanes that are alike and the connects that they share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lanes {
    /// Usable ports of each, at least 1.
    pub ports: u32,
    /// How many there are, at least 1.
    pub count: u32,
    /// How many sets of ports each is made of: more than 1 where a connect tries one after another (`first-free`), so
    /// that they are as one.
    pub joined: u32,
    /// Connects per second, of all lanes together.
    pub rate_per_s: f64,
    /// How they follow each other.
    pub spacing: Spacing,
    /// The mean lifetime in seconds; under Poisson arrivals no more of its law matters.
    pub lifetime_s: f64,
    /// What keeps a port after the close.
    pub time_wait: TimeWait,
    /// When a refusal counts, after an empty start.
    pub window: Window,
    /// The share of a set's ports that a search looks at first, all of them before any other (Linux: one parity); `None`
    /// where it has no such order.
    pub preferred: Option<f64>,
    /// Ports of each that a search may pass over although they are free: one of each set of odd size, where Linux looks by
    /// parity (`reference/linux.md` 1.5).
    pub skips: u32,
    /// TIME-WAITs, of which the kernel keeps only so many; `None` where there can't be too many.
    pub buckets: Option<Buckets>,
}

impl Lanes {
    /// The mean time that one connection keeps its port, in seconds.
    pub fn hold_s(&self) -> f64 {
        self.lifetime_s + self.time_wait.wait_s() + self.time_wait.grid_s() / 2.0
    }

    /// The mean of the longest time: for a connection that closed just after a tick.
    pub fn longest_hold_s(&self) -> f64 {
        self.lifetime_s + self.time_wait.wait_s() + self.time_wait.grid_s()
    }

    /// Connects per second of one lane.
    pub fn lane_rate(&self) -> f64 {
        self.rate_per_s / f64::from(self.count)
    }

    /// Ports wanted of one lane on average, in erlangs.
    pub fn lane_load(&self) -> f64 {
        self.lane_rate() * self.hold_s()
    }

    /// Ports wanted of one lane on average at its fullest, just before a tick of the long run.
    pub fn lane_fullest(&self) -> f64 {
        self.lane_rate() * self.longest_hold_s()
    }

    /// Ports of each that a search is sure to find when they are free.
    pub fn sure_ports(&self) -> u32 {
        self.ports - self.skips
    }

    /// The rate of all lanes from which on evenly spaced connects can be refused within the window.
    pub fn even_rate_limit(&self) -> f64 {
        f64::from(self.sure_ports()) * f64::from(self.count) / self.longest_hold_s().min(self.window.by_s)
    }

    /// An upper bound of the probability of a refusal within the window: of any lane, so the sum over lanes.
    pub fn risk_at_most(&self) -> f64 {
        if self.spacing == Spacing::Even {
            // At most ceil(rate x span) of them fall into a span. A double's last bits decide no tie.
            let most = self.rate_per_s * self.longest_hold_s().min(self.window.by_s);
            return if most <= f64::from(self.sure_ports()) * (1.0 + 1e-12) { 0.0 } else { 1.0 };
        }
        let stream = Stream { rate_per_s: self.lane_rate(), hold_s: self.longest_hold_s() };
        let bound = refusal_bound(self.sure_ports(), stream, self.window, self.time_wait.release());
        (f64::from(self.count) * bound).min(1.0)
    }

    /// A lower bound of it: one lane fills before anything can come back, or more come in a part of the window than it
    /// can take.
    pub fn risk_at_least(&self) -> f64 {
        self.fills_at_least().max(self.overflows_at_least())
    }

    /// A lower bound whatever came before: each port is taken once at most within the shortest time that it is held, twice
    /// within twice that, and so on; who comes beyond that is refused.
    fn overflows_at_least(&self) -> f64 {
        let Window { from_s, by_s } = self.window;
        let same_s = if self.spacing == Spacing::Even { self.lifetime_s } else { 0.0 };
        let (window_s, hold_s) = (by_s - from_s, same_s + self.time_wait.wait_s());
        if hold_s <= 0.0 || self.ports == 0 {
            return 0.0;
        }
        // Both ends of what a window has room for: one hold or a part of it, and as many as it has.
        let most = f64::from(u32::MAX / self.ports);
        let all = (window_s / hold_s).floor().clamp(1.0, most);
        let refused = |holds: f64| {
            let connects = self.lane_rate() * window_s.min(holds * hold_s);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most u32::MAX, see above")]
            let taken = (f64::from(self.ports) * holds) as u32;
            match self.spacing {
                // At least floor(rate x span) of them fall into a span. A double's last bits decide no tie.
                Spacing::Even if self.count > 1 => 0.0,
                Spacing::Even => f64::from(u8::from((connects * (1.0 - 1e-12)).floor() > f64::from(taken))),
                Spacing::Poisson => poisson_upper_tail(taken, connects),
            }
        };
        refused(1.0).max(refused(all))
    }

    /// A lower bound of it from an empty start on: one lane fills before anything can come back. 0 after a warm-up.
    fn fills_at_least(&self) -> f64 {
        if self.window.from_s > 0.0 {
            return 0.0;
        }
        if self.spacing == Spacing::Even {
            // Before anything can come back it is a count: ceil(rate x span) of them come, the first at once.
            let all_s = (self.lifetime_s + self.time_wait.wait_s()).min(self.window.by_s);
            let fills = self.count == 1 && self.rate_per_s * all_s > f64::from(self.ports) * (1.0 + 1e-12);
            // At least floor(rate x span) fall into a span that ends at a tick.
            let longest_s = self.longest_hold_s();
            let seen = longest_s + self.time_wait.grid_s() <= self.window.by_s;
            let fits = self.rate_per_s * longest_s < f64::from(self.ports) + 1.0;
            return if fills || seen && !fits { 1.0 } else { 0.0 };
        }
        let filling_s = self.time_wait.wait_s().min(self.window.by_s);
        poisson_upper_tail(self.ports, self.lane_rate() * filling_s)
    }

    /// When the first refusal comes, as mean and standard deviation in seconds, if it comes for certain (but for one in
    /// a million) before the first port comes back: the time of the (N+1)-th connect.
    pub fn first_refusal_s(&self) -> Option<(f64, f64)> {
        if self.spacing == Spacing::Even {
            // The first comes at 0, the (N+1)-th after N steps, if no port is back by then.
            let at_s = f64::from(self.ports) / self.rate_per_s;
            let all_s = (self.lifetime_s + self.time_wait.wait_s()).min(self.window.by_s);
            return (self.count == 1 && self.window.from_s <= 0.0 && at_s < all_s).then_some((at_s, 0.0));
        }
        let known = self.count == 1 && self.fills_at_least() > 1.0 - 1e-6;
        let connects = f64::from(self.ports) + 1.0;
        known.then(|| (connects / self.rate_per_s, connects.sqrt() / self.rate_per_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of screens.md.
    const QUICKSTART: Lanes = Lanes {
        ports: 28_232,
        count: 1,
        joined: 1,
        rate_per_s: 450.0,
        spacing: Spacing::Poisson,
        lifetime_s: 0.05,
        time_wait: TimeWait::Batches { wait_s: 60.0, grid_s: 2.048, phase: Phase::Drawn },
        window: Window { from_s: 0.0, by_s: 600.0 },
        preferred: Some(0.5),
        skips: 0,
        buckets: None,
    };

    fn one_decimal(value: f64) -> String {
        format!("{value:.1}")
    }

    #[test]
    fn the_figures_of_the_screens() {
        let hour = Lanes { window: Window { by_s: 3_600.0, ..QUICKSTART.window }, ..QUICKSTART };
        let ports = |ports| Lanes { ports, ..QUICKSTART };
        let rates = [QUICKSTART, hour, ports(16_384), ports(64_512), Lanes { count: 2, ..QUICKSTART }];
        let rates = rates.map(|lanes| one_decimal(lanes.safe_rate(0.01)));
        assert_eq!(rates, ["444.0", "442.9", "255.8", "1022.8", "887.2"]);
        assert_eq!(one_decimal(QUICKSTART.keeping(10).safe_rate(0.01) * 10.0), "4408.3");
        assert_eq!(one_decimal(QUICKSTART.even_rate_limit()), "454.6");
        assert_eq!(
            [QUICKSTART.lane_load(), QUICKSTART.lane_fullest()].map(|ports| format!("{ports:.0}")),
            ["27483", "27944"]
        );
        assert_eq!(QUICKSTART.safe_ports(0.01), Some(28_608));
        assert_eq!(Lanes { rate_per_s: 500.0, ..QUICKSTART }.safe_ports(0.01), Some(31_750), "31,749 is odd");
        assert_eq!(QUICKSTART.safe_requests(0.01), Some(2));
        let calm = Lanes { rate_per_s: 430.0, ..QUICKSTART };
        assert_eq!(format!("{:.2}", calm.safe_lifetime_s(0.01).unwrap()), "2.08");
        let (mean, deviation) = Lanes { rate_per_s: 500.0, ..QUICKSTART }.first_refusal_s().unwrap();
        assert_eq!((one_decimal(mean).as_str(), one_decimal(deviation).as_str()), ("56.5", "0.3"));
        assert_eq!((QUICKSTART.first_refusal_s(), calm.risk_at_least() < 1e-30), (None, true));
    }

    #[test]
    fn every_safe_setting_is_safe_and_the_next_one_is_not() {
        for time_wait in [QUICKSTART.time_wait, TimeWait::Exact(30.0), TimeWait::Exact(0.0)] {
            for (ports, rate_per_s) in [(50, 3.0), (1_000, 20.0), (28_232, 5_000.0)] {
                let (preferred, lifetime_s) = (None, 2.0);
                let lanes = Lanes { ports, rate_per_s, lifetime_s, time_wait, preferred, ..QUICKSTART };
                let risk = |lanes: Lanes| lanes.risk_at_most();
                let rate = lanes.safe_rate(0.01);
                assert!(risk(Lanes { rate_per_s: rate, ..lanes }) <= 0.01);
                assert!(risk(Lanes { rate_per_s: rate * 1.000_001, ..lanes }) > 0.01);
                if let Some(ports) = lanes.safe_ports(0.01) {
                    assert!(risk(Lanes { ports, ..lanes }) <= 0.01);
                    assert!(risk(Lanes { ports: ports - 1, ..lanes }) > 0.01);
                }
                if let Some(requests) = lanes.safe_requests(0.01).filter(|requests| *requests > 1) {
                    assert!(risk(lanes.keeping(requests)) <= 0.01 && risk(lanes.keeping(requests - 1)) > 0.01);
                }
                if let Some(lifetime_s) = lanes.safe_lifetime_s(0.01) {
                    assert!(risk(Lanes { lifetime_s, ..lanes }) <= 0.01);
                }
            }
        }
    }

    /// A1: up to 42.68/s last for ever; in 10 minutes from an empty range up to 46.4/s are let through.
    #[test]
    fn what_is_safe_in_a_window_shorter_than_the_hold_need_not_last() {
        let slow = Lanes { rate_per_s: 5.0, lifetime_s: 600.0, ..QUICKSTART };
        let (safe, window) = (slow.safe_rate(0.01), slow.window_rate(0.01));
        assert!(safe < 28_232.0 / 661.5 && window > 46.3, "{safe} {window}");
        let two_hours = Lanes { rate_per_s: safe, window: Window { from_s: 6_600.0, by_s: 7_200.0 }, ..slow };
        assert!(two_hours.risk_at_most() <= 0.01);
        assert!((QUICKSTART.safe_rate(0.01) - QUICKSTART.window_rate(0.01)).abs() < 1e-9);
    }

    #[test]
    fn what_nothing_limits_is_infinite() {
        let idle = Lanes { rate_per_s: 1.0, ..QUICKSTART };
        let long_s = idle.safe_lifetime_s(0.01).unwrap();
        assert!((27_000.0..28_232.0).contains(&long_s), "600 connects take no 28,232 ports, later ones do: {long_s}");
        let brief = Lanes { lifetime_s: 0.0, time_wait: TimeWait::Exact(0.0), ..QUICKSTART };
        assert!(brief.safe_rate(0.01).is_infinite() && brief.risk_at_most() <= 0.0);
    }

    #[test]
    fn evenly_spaced_connects_are_refused_for_certain_or_never() {
        let at = |rate_per_s| Lanes { rate_per_s, spacing: Spacing::Even, ..QUICKSTART };
        assert_eq!([454.0, 455.0].map(|rate| at(rate).risk_at_most() > 0.5), [false, true]);
        assert_eq!([454.0, 454.7].map(|rate| at(rate).risk_at_least() > 0.5), [false, true]);
        // After a warm-up: what one hold has room for, and what ten have; between them and the longest hold it is open.
        let later = |rate, window_s| {
            let window = Window { from_s: 1_000.0, by_s: 1_000.0 + window_s };
            Lanes { window, ..at(rate) }.risk_at_least() > 0.5
        };
        assert_eq!([2_823.2, 2_823.4].map(|rate| later(rate, 10.0)), [false, true]);
        assert_eq!([470.0, 470.6].map(|rate| later(rate, 60.1)), [false, true]);
        assert_eq!([470.0, 470.6].map(|rate| later(rate, 601.0)), [false, true]);
        // A tie: port 10 is free again just when the eleventh connect comes.
        let tie = Lanes { ports: 10, lifetime_s: 0.1, time_wait: TimeWait::Exact(0.9), ..at(10.0) };
        assert!(tie.risk_at_most() <= 0.0);
        let short = Lanes { window: Window { from_s: 0.0, by_s: 30.0 }, ..at(900.0) };
        assert!(short.risk_at_most() <= 0.0);
    }
}
