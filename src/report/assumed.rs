//! The assumption that decides most, in words: who closes first, and so pays with the port.

use super::page::solid;
use super::words;
use crate::workload::ClosesFirst;

/// More connects a second than any machine opens.
pub(super) const CPU_PER_S: f64 = 1e6;

/// Requests a second that are safe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Safe {
    /// As it is assumed.
    pub(super) here: f64,
    /// If the other end closed first.
    pub(super) there: f64,
}

/// What is assumed of the load, what would be if the other end closed first, where a formula knows that, and how to find
/// out on a machine of this system.
pub(super) fn who_closes(closer: ClosesFirst, safe: Option<Safe>, system: System) -> Vec<String> {
    /// Connections that are open for long against TIME-WAIT hold their port for about as long whoever closes.
    const SAME: f64 = 1.1;
    let fits = |only: &str| {
        safe.map_or_else(String::new, |Safe { there, .. }| match there {
            // Where ports are no limit, something else is.
            _ if there >= CPU_PER_S => ", and more fit than a CPU can do".to_owned(),
            _ => format!(", and {only}{} fit", solid(&words::short_floor_rate(four_digits(there)))),
        })
    };
    if safe.is_some_and(|Safe { here, there }| there < SAME * here && here < SAME * there) {
        return vec![format!(
            "who closes first ({}) hardly matters: connections last long against TIME-WAIT",
            closer.name()
        )];
    }
    let (query, none) = match system {
        System::Linux => ("ss -Htan state time-wait dst IP:PORT | wc -l", "0"),
        System::Other => ("netstat -an | grep IP.PORT | grep -c TIME_WAIT", "0"),
    };
    let find_out = [solid(query), format!("while it works at this rate ({none}: the server closes)")];
    let assumed = match closer {
        ClosesFirst::Client | ClosesFirst::Simultaneous => format!(
            "the client closes first and pays with the port. If the server does, ports are back at once{}. Which is it?",
            fits("")
        ),
        ClosesFirst::Server => format!(
            "the server closes first, so ports are back at once. If the client does, it pays with the port{}. Which is \
             it?",
            fits("only ")
        ),
        ClosesFirst::Reset => {
            let end = "connections end with a reset, which leaves no TIME-WAIT. If the client closes them, it pays with \
                          the port";
            return vec![format!("{end}{}", fits("only "))];
        }
    };
    std::iter::once(assumed).chain(find_out).collect()
}

/// A rate cut to four digits: an assumption decides, not its last digit.
fn four_digits(rate: f64) -> f64 {
    let unit = [1_000.0, 100.0, 10.0, 1.0].into_iter().find(|unit| rate >= 1_000.0 * unit);
    unit.map_or(rate, |unit| (rate / unit).floor() * unit)
}

/// Whose tools are there to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    Other,
}

impl System {
    /// By the name of a profile.
    pub(super) fn of(profile: &str) -> Self {
        if profile.starts_with("linux") { Self::Linux } else { Self::Other }
    }
}
