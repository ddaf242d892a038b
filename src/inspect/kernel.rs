//! Which kernel this is, which profile comes nearest to it, and how fast its clock ticks.

use crate::des::SimDuration;
use crate::port::Hold;
use crate::port::hold::{CentralReaper, Exact, TimerWheel};
use crate::profile::{self, Profile};
use crate::theory::saturated_cycle_ns;
use std::io::{self, BufRead};

/// `TCP_TIMEWAIT_LEN` (include/net/tcp.h): compiled in, 60 s.
pub const TIME_WAIT: SimDuration = SimDuration::from_secs(60);

/// A running kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// As `uname -r` says it: `6.18.44-amd64`. Empty when it cannot be read.
    pub release: String,
    /// Jiffies a second and the file that says so.
    pub hz: Option<(u64, String)>,
}

impl Kernel {
    /// Major and minor version.
    pub fn version(&self) -> Option<(u64, u64)> {
        version(&self.release)
    }

    /// The newest Linux profile that is not newer than this kernel; the oldest when all are, and the default when
    /// this kernel does not say how old it is.
    ///
    /// # Panics
    ///
    /// Never: the default is one of the profiles.
    pub fn profile(&self) -> &'static Profile {
        let fallback = profile::find(profile::DEFAULT).expect("a test finds the default profile");
        let Some(own) = self.version() else { return fallback };
        let wide = |(major, minor): (u16, u16)| (u64::from(major), u64::from(minor));
        let versions = profile::all().iter().filter_map(|profile| Some((wide(profile.kernel?), profile)));
        let (older, newer): (Vec<_>, Vec<_>) = versions.partition(|(version, _)| *version <= own);
        let nearest = older.into_iter().max_by_key(|(version, _)| *version);
        let nearest = nearest.or_else(|| newer.into_iter().min_by_key(|(version, _)| *version));
        nearest.map_or(fallback, |(_, profile)| profile)
    }

    /// The rule by which this kernel ends TIME-WAITs, on a machine that has many of them; `None` where that depends on a
    /// clock rate that is not known, or that no wheel of ours has.
    pub fn time_wait(&self) -> Option<Hold> {
        if let Some(version) = self.version().filter(|version| *version < (4, 8)) {
            let central = || Hold::CentralReaper(CentralReaper::new(TIME_WAIT, 2, None));
            return Some(if version < (4, 1) { central() } else { Hold::Exact(Exact::new(TIME_WAIT)) });
        }
        let (hz, _) = self.hz.as_ref()?;
        TimerWheel::HZ.contains(hz).then(|| Hold::TimerWheel(TimerWheel::new(TIME_WAIT, *hz, None)))
    }

    /// The same where the clock rate is not known: with that of the profile, or HZ=250 where it has none.
    fn likely_time_wait(&self) -> Hold {
        /// What distributions build most often, Debian and Ubuntu among them.
        const HZ: u64 = 250;
        let of_profile = || {
            let value = self.profile().setting("hz").and_then(|setting| setting.value.as_integer());
            value.and_then(|hz| u64::try_from(hz).ok()).unwrap_or(HZ)
        };
        let likely = || Hold::TimerWheel(TimerWheel::new(TIME_WAIT, of_profile(), None));
        self.time_wait().unwrap_or_else(likely)
    }

    /// How long a TIME-WAIT lasts on average, in seconds: since 4.8, 60 s and half a grid step.
    pub fn mean_time_wait_s(&self) -> f64 {
        self.likely_time_wait().mean_s()
    }

    /// The most connections a second that `ports` ports carry for long when each is used again at the first instant
    /// that its TIME-WAIT allows: one use per [`saturated_cycle_ns`] of connections that take no time.
    pub fn sustained_rate(&self, ports: u32) -> f64 {
        let hold = self.likely_time_wait();
        let (least_ns, grid_ns) = (hold.least().as_nanos(), hold.grid().as_nanos());
        let cycle_ns = if grid_ns == 0 { least_ns } else { saturated_cycle_ns(least_ns, grid_ns) };
        f64::from(ports) / (cycle_ns as f64 / 1e9)
    }

    /// A TIME-WAIT ends at most this long after its 60 s are over: a step of the timer's grid, the coarsest that there
    /// is when the clock rate is not known.
    pub fn latest_after(&self) -> SimDuration {
        let coarsest = || {
            let grid = |hz: &u64| Hold::TimerWheel(TimerWheel::new(TIME_WAIT, *hz, None)).grid();
            TimerWheel::HZ.iter().map(grid).max().unwrap_or(SimDuration::ZERO)
        };
        let overtime = |hold: Hold| {
            SimDuration::from_nanos(hold.least().as_nanos() + hold.grid().as_nanos() - TIME_WAIT.as_nanos())
        };
        self.time_wait().map_or_else(coarsest, overtime)
    }
}

/// `6.18.44-amd64` is 6.18.
fn version(release: &str) -> Option<(u64, u64)> {
    let (major, rest) = release.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The value of `CONFIG_HZ` in a kernel's configuration.
///
/// # Errors
///
/// When it cannot be read as far as that.
pub fn hz_of(config: impl BufRead) -> io::Result<Option<u64>> {
    /// A configuration has about 10,000 lines.
    const LINES_MAX: usize = 1_000_000;
    for line in config.split(b'\n').take(LINES_MAX) {
        let line = line?;
        if let Some(value) = line.strip_prefix(b"CONFIG_HZ=") {
            return Ok(std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(release: &str, hz: Option<u64>) -> Kernel {
        Kernel { release: release.to_owned(), hz: hz.map(|hz| (hz, String::new())) }
    }

    #[test]
    fn the_nearest_profile_is_a_linux_profile() {
        assert_eq!(kernel("6.18.44-fc-v657", None).version(), Some((6, 18)));
        assert_eq!(kernel("7.0-rc1", None).version(), Some((7, 0)));
        assert_eq!(kernel("6.18.44", None).profile().name, "linux-6.18");
        for release in ["99.1.2", "2.6.32", "", "what"] {
            assert!(kernel(release, None).profile().name.starts_with("linux-"), "{release}");
        }
    }

    #[test]
    fn the_grid_follows_from_the_clock_rate() {
        // reference/linux.md 3.2.
        for (hz, grid_s) in [(Some(100), 5.12), (Some(250), 2.048), (Some(1000), 4.096), (None, 5.12), (Some(77), 5.12)]
        {
            assert!((kernel("6.1", hz).latest_after().as_secs_f64() - grid_s).abs() < 1e-9, "{hz:?}");
        }
        assert_eq!(kernel("6.1", Some(77)).time_wait(), None);
        for hz in [Some(250), None] {
            assert!((kernel("6.1", hz).mean_time_wait_s() - 61.024).abs() < 1e-9);
            // 28,232 ports every 30 grid steps of 2.048 s: reference/theory.md section 13.
            assert!((kernel("6.1", hz).sustained_rate(28_232) - 459.5).abs() < 0.01);
        }
    }

    #[test]
    fn before_the_wheel_the_clock_rate_does_not_matter() {
        // reference/linux.md 3.2: a timer each is exact; the central one lets a TIME-WAIT last 97.5 to 112.5 s under load.
        for (release, mean_s, over_s, rate) in [("4.4.302", 60.0, 0.0, 470.53), ("3.10.108", 105.0, 52.5, 268.88)] {
            for hz in [Some(250), Some(1000), None] {
                let kernel = kernel(release, hz);
                assert!((kernel.mean_time_wait_s() - mean_s).abs() < 1e-9, "{release}");
                assert!((kernel.latest_after().as_secs_f64() - over_s).abs() < 1e-9, "{release}");
                assert!((kernel.sustained_rate(28_232) - rate).abs() < 0.01, "{}", kernel.sustained_rate(28_232));
            }
        }
        assert_eq!(
            [kernel("4.4.302", None), kernel("3.10.0-1160.el7", None)].map(|kernel| kernel.profile().name),
            ["linux-4.4", "linux-3.10"]
        );
    }

    #[test]
    fn the_clock_rate_is_one_line_of_the_configuration() {
        let config = b"# CONFIG_HZ_100 is not set\nCONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_SCHED_HRTICK=y\n";
        assert_eq!(hz_of(&config[..]).unwrap(), Some(250));
        assert_eq!(hz_of(&b"CONFIG_HZ_250=y\n"[..]).unwrap(), None);
        assert_eq!(hz_of(&b"CONFIG_HZ=many\xff\n"[..]).unwrap(), None);
    }
}
