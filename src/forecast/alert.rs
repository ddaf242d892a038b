//! From which count of busy ports on an alarm is worth having: halfway, in rate, between the present load and the safe one.

/// A load that stays, on one set of ports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyLoad {
    /// Connects per second now, of all sets.
    pub rate_per_s: f64,
    /// The most that are safe, of all sets.
    pub safe_per_s: f64,
    /// Busy ports of one set at its fullest moment, on average, for one connect per second of all sets.
    pub ports_per_rate: f64,
    /// Ports of the set.
    pub ports: f64,
    /// How many sets there are.
    pub sets: f64,
    /// The most that were seen busy while all was well; 0 where nothing was looked at.
    pub seen: f64,
}

/// An alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alert {
    /// Busy ports of one set from which on it is raised.
    pub threshold: f64,
    /// The rate of all sets that it stands for.
    pub rate_per_s: f64,
    /// While the rate grows by less than this each minute it comes in time.
    pub growth_per_min: f64,
    /// After it a jump to twice the present rate leaves so long until all ports of the set are taken, in seconds; `None`
    /// where that rate is safe too.
    pub jump_s: Option<f64>,
}

impl Alert {
    /// The alarm for a load that is to be raised `ahead_s` (above 0) before it is no longer safe; `None` where none helps:
    /// the load is above the safe rate, or no rate is too much, or the fullest moment was too near to it.
    pub fn of(load: SteadyLoad, ahead_s: f64) -> Option<Self> {
        let SteadyLoad { rate_per_s, safe_per_s, ports_per_rate, ports, sets, seen } = load;
        if !(safe_per_s.is_finite() && rate_per_s < safe_per_s && ports_per_rate > 0.0) {
            return None;
        }
        let halfway = f64::midpoint(rate_per_s, safe_per_s);
        let threshold = (halfway * ports_per_rate).max(seen).floor();
        let at_per_s = threshold / ports_per_rate;
        let jump_per_s = 2.0 * rate_per_s;
        // Ports come back as fast as they were taken before the jump; of one set.
        let fill = |jump_per_s: f64| sets * (ports - threshold) / (jump_per_s - at_per_s);
        let jump_s = (jump_per_s > safe_per_s).then(|| fill(jump_per_s));
        let growth_per_min = 60.0 * (safe_per_s - at_per_s) / ahead_s;
        // An alarm at a full range comes with the refusals; the last bits of a double are no growth.
        let is_early = threshold < ports && growth_per_min > 1e-9 * safe_per_s;
        is_early.then_some(Self { threshold, rate_per_s: at_per_s, growth_per_min, jump_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A6: the quickstart at 380/s, of which 444.02/s are safe.
    const CALM: SteadyLoad = SteadyLoad {
        rate_per_s: 380.0,
        safe_per_s: 444.02,
        ports_per_rate: 62.098,
        ports: 28_232.0,
        sets: 1.0,
        seen: 0.0,
    };

    #[test]
    fn the_alarm_stands_halfway_to_the_safe_rate() {
        let alert = Alert::of(CALM, 600.0).unwrap();
        // 412.01/s x 62.098 s; (444.02 - 412.01) / 10 a minute; (28,232 - 25,585) / (760 - 412).
        assert!((alert.threshold - 25_584.0).abs() < 0.5 && (alert.rate_per_s - 412.0).abs() < 0.02, "{alert:?}");
        assert!((alert.growth_per_min - 3.2).abs() < 0.01 && (alert.jump_s.unwrap() - 7.6).abs() < 0.05, "{alert:?}");
        assert!(Alert::of(CALM, 60.0).unwrap().growth_per_min > 30.0);
    }

    #[test]
    fn it_is_never_below_what_was_seen_while_all_was_well() {
        let alert = Alert::of(SteadyLoad { seen: 27_000.0, ..CALM }, 600.0).unwrap();
        assert!((alert.threshold - 27_000.0).abs() < 0.5 && alert.rate_per_s > 434.0, "{alert:?}");
        assert_eq!(Alert::of(SteadyLoad { seen: 28_000.0, ..CALM }, 600.0), None, "too near to be of use");
    }

    #[test]
    fn where_none_helps_there_is_none() {
        // Evenly spaced, 455/s are all but the last of 28,232 ports.
        let full = SteadyLoad { rate_per_s: 455.0, safe_per_s: 455.2, ports_per_rate: 62.053, ..CALM };
        assert_eq!(Alert::of(full, 600.0), None);
        assert_eq!(Alert::of(SteadyLoad { rate_per_s: 450.0, ..CALM }, 600.0), None);
        assert_eq!(Alert::of(SteadyLoad { safe_per_s: f64::INFINITY, ..CALM }, 600.0), None);
        assert_eq!(Alert::of(SteadyLoad { rate_per_s: 200.0, ..CALM }, 600.0).unwrap().jump_s, None, "400/s are safe");
        let two = SteadyLoad { ports_per_rate: 31.049, sets: 2.0, rate_per_s: 760.0, safe_per_s: 888.04, ..CALM };
        assert!((Alert::of(two, 600.0).unwrap().jump_s.unwrap() - 7.6).abs() < 0.05);
    }
}
