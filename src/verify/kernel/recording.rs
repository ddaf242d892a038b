//! A recording of the kernel's, and the scenario that asks the model the same.

use crate::des::SimDuration;
use crate::metrics::attempts::AttemptRow;
use crate::scenario::Scenario;
use crate::sim::Interrupted;
use crate::verify::bench::{Bench, read};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// The kernel's timer grid: a tick every 512 jiffies at HZ=250 (`reference/linux.md` 3.2).
pub const GRID: SimDuration = SimDuration::from_nanos(2_048_000_000);
/// One of its ticks on the kernel's monotonic clock. `time-wait-life` shows it at 1.246 s (+-10 ms); the hash changes, 44
/// jiffies before a tick (`resalt`), put it between 1.2432 and 1.2441 s, and there all recordings fit 1.244 s best:
/// 18 of 65,660 attempts differ, with 1.246 s 50.
const TICK: u64 = 1_244_000_000;
/// A lifetime law for rows that closed before the recording ended: only refused ones have no close.
pub const AT_ONCE: &str = "constant = { value = \"0s\" }";
/// As recorded in poisson-*: `--hold 5 --hexp`.
pub const FIVE_SECONDS: &str = "exponential = { mean = \"5s\" }";
/// As recorded in order-*: `--hold 100`, longer than the recording.
pub const HELD: &str = "constant = { value = \"100s\" }";

/// One recorded attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When, from the start of the recording.
    pub at: SimDuration,
    /// Which destination: 0, 1.
    pub destination: usize,
    /// `None`: refused.
    pub port: Option<u16>,
    /// When it closed, if it did before the recording ended.
    pub close: Option<SimDuration>,
    /// What the program saw.
    pub outcome: &'static str,
}

/// A folder of `tests/data/kernel`.
#[derive(Clone, Debug)]
pub struct Recording {
    case: Value,
    csv: Vec<u8>,
    /// Every attempt, in the order of time.
    pub rows: Vec<Recorded>,
}

impl Recording {
    /// From what `case.json` and `attempts.csv` hold.
    ///
    /// # Panics
    ///
    /// When they are no recording: these are part of the program. So does everything below that reads more of it.
    pub fn new(case: &str, attempts: &str) -> Self {
        let rows = attempts.lines().skip(1).map(row).collect();
        Self { case: serde_json::from_str(case).expect("JSON"), csv: attempts.into(), rows }
    }

    /// The same attempts without their closes, so that every lifetime is drawn.
    #[must_use]
    pub fn without_closes(mut self) -> Self {
        let row = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{}\n", fields[0], fields[3])
        };
        self.csv = String::from_utf8_lossy(&self.csv).lines().map(row).collect::<String>().into_bytes();
        self
    }

    fn number(&self, key: &str) -> u64 {
        self.case["run"][key].as_u64().expect("a whole number")
    }

    fn text(&self, part: &str, key: &str) -> &str {
        self.case[part][key].as_str().expect("a string")
    }

    /// The first and the last port of the range.
    ///
    /// # Panics
    ///
    /// When the settings do not say.
    pub fn range(&self) -> (u16, u16) {
        let (first, last) = self.text("settings", "ip_local_port_range").split_once(' ').expect("two ports");
        (parse(first), parse(last))
    }

    /// How many ports the range has.
    pub fn size(&self) -> u32 {
        let (first, last) = self.range();
        u32::from(last - first) + 1
    }

    /// When it began, on the kernel's monotonic clock.
    pub fn began(&self) -> SimDuration {
        SimDuration::from_nanos(self.number("monotonic_t0_ns"))
    }

    /// Where the grid lies on the recording's own clock.
    pub fn phase(&self) -> SimDuration {
        let grid = GRID.as_nanos();
        SimDuration::from_nanos((TICK + grid - self.began().as_nanos() % grid) % grid)
    }

    /// The kernel's `TIME_WAIT`, its grid where it was.
    pub fn time_wait(&self) -> String {
        let hz = &self.case["settings"]["hz"];
        format!("{{ timer_wheel = {{ wait = \"60s\", hz = {hz}, phase = \"{}ns\" }} }}", self.phase().as_nanos())
    }

    /// The same attempts, asked of the model. `lifetime` is the law for rows whose close was not recorded.
    ///
    /// # Panics
    ///
    /// When the settings are not those of a recording.
    pub fn scenario(&self, lifetime: &str, time_wait: &str) -> Scenario {
        let (first, last) = self.range();
        let reserved = match self.text("settings", "ip_local_reserved_ports") {
            "" => String::new(),
            ports => format!("{ports:?}"),
        };
        let closes_first = match self.text("run", "close") {
            "rst" => "reset",
            closer => closer,
        };
        let duration = &self.case["run"]["dur"];
        let destinations = self.number("ndst");
        let names = 0..destinations;
        let destination = |name| format!("[[destination]]\nname = \"{name}\"\n{}", self.destination_keys());
        let tables: Vec<_> = names.clone().map(destination).collect();
        let share = 1.0 / destinations as f64;
        let to: Vec<String> = names.map(|name| format!("\"{name}\" = {share}")).collect();
        let text = format!(
            "schema = 1\n[run]\nduration = \"{duration}s\"\n\
             [[host]]\nname = \"kernel\"\nprofile = \"linux-6.18\"\nport_range = \"{first}-{last}\"\n\
             reserved_ports = [{reserved}]\ntime_wait = {time_wait}\n{}{}\
             [[client]]\nname = \"replay\"\nhost = \"kernel\"\nto = {{ {} }}\n\
             arrivals = {{ trace = {{ file = \"attempts.csv\" }} }}\nlifetime = {{ {lifetime} }}\n\
             closes_first = \"{closes_first}\"\n{}",
            self.host_keys(),
            tables.concat(),
            to.join(", "),
            self.client_keys()
        );
        let sources = BTreeMap::from([("attempts.csv".to_owned(), self.csv.clone())]);
        read(&text, &sources)
    }

    /// The kernel's settings as keys of a host.
    fn host_keys(&self) -> String {
        let setting = |key: &str| self.text("settings", key);
        let tw_reuse = ["off", "on", "loopback"][parse::<usize>(setting("tcp_tw_reuse"))];
        let flag = |key: &str| setting(key) == "1";
        format!(
            "tw_reuse = \"{tw_reuse}\"\ntw_reuse_delay = \"{}ms\"\ntimestamps = {}\nmax_tw_buckets = {}\n\
             fin_timeout = \"{}s\"\nautobind_reuse = {}\n",
            setting("tcp_tw_reuse_delay"),
            flag("tcp_timestamps"),
            setting("tcp_max_tw_buckets"),
            setting("tcp_fin_timeout"),
            flag("ip_autobind_reuse")
        )
    }

    fn destination_keys(&self) -> String {
        let loopback = self.text("run", "dst").starts_with("127.");
        let keeps = self.text("settings", "args").contains("--srvkeep");
        let behaviour = if keeps { "never-closes" } else { "accepts" };
        format!("loopback = {loopback}\nbehaviour = \"{behaviour}\"\n")
    }

    /// How the client bound its sockets.
    fn client_keys(&self) -> String {
        let bind = match self.text("run", "bind") {
            "none" => "bind = \"connect\"",
            "b0" => "bind = \"bind-zero\"",
            "b0ra" => "bind = \"bind-zero\"\nreuse_address = true",
            "b0np" => "bind = \"address-no-port\"",
            other => panic!("not a way to bind: {other}"),
        };
        let range = &self.case["run"]["ip_local_port_range_sockopt"];
        match (range[0].as_u64(), range[1].as_u64()) {
            (Some(0), Some(0)) => format!("{bind}\n"),
            (Some(first), Some(last)) => format!("{bind}\nlocal_port_range = \"{first}-{last}\"\n"),
            _ => panic!("not a range: {range}"),
        }
    }

    /// The model's answers, one for each recorded attempt.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] when they are not whole.
    ///
    /// # Panics
    ///
    /// When they are answers to other attempts.
    pub fn replay(
        &self,
        scenario: &Scenario,
        replication: u32,
        bench: &Bench<'_>,
    ) -> Result<Vec<AttemptRow>, Interrupted> {
        let rows = bench.attempts(scenario, replication)?;
        assert_eq!(rows.len(), self.rows.len());
        for (number, (row, recorded)) in rows.iter().zip(&self.rows).enumerate() {
            assert_eq!((row.request, row.retry, row.at), (number as u64, 0, recorded.at));
            assert_eq!(row.flow as usize, recorded.destination);
        }
        Ok(rows)
    }
}

/// One row of attempts.csv: `time_s,request,retry,destination,outcome,port,close_s`.
fn row(line: &str) -> Recorded {
    let fields: Vec<&str> = line.split(',').collect();
    let port = |text| parse::<u16>(text);
    let (port, outcome) = match fields[4] {
        "OK" => (Some(port(fields[5])), "OK"),
        outcome => {
            assert_eq!(fields[5], "");
            let errors = ["EADDRNOTAVAIL", "EADDRINUSE"];
            (None, *errors.iter().find(|error| **error == outcome).expect("an error of connect() or bind()"))
        }
    };
    let close = (!fields[6].is_empty()).then(|| instant(fields[6]));
    Recorded { at: instant(fields[0]), destination: parse(fields[3]), port, close, outcome }
}

/// Seconds with six decimals.
fn instant(text: &str) -> SimDuration {
    let (whole, micros) = text.split_once('.').expect("seconds with decimals");
    assert_eq!(micros.len(), 6);
    SimDuration::from_nanos((parse::<u64>(whole) * 1_000_000 + parse::<u64>(micros)) * 1000)
}

fn parse<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
}

/// The port of an attempt of the model's; `None`: refused.
pub fn port(row: &AttemptRow) -> Option<u16> {
    row.got.ok().map(|(port, _)| port)
}

/// How many attempts got a port.
pub fn granted<T>(rows: &[T], port: impl Fn(&T) -> Option<u16>) -> usize {
    rows.iter().filter(|row| port(row).is_some()).count()
}

/// Attempts that the kernel and the model decide differently.
pub fn differing(recording: &Recording, rows: &[AttemptRow]) -> usize {
    rows.iter().zip(&recording.rows).filter(|(row, recorded)| row.got.is_ok() != recorded.port.is_some()).count()
}

/// The share of attempts that the kernel and the model decide alike.
pub fn decided_alike(recording: &Recording, rows: &[AttemptRow]) -> f64 {
    1.0 - differing(recording, rows) as f64 / rows.len() as f64
}

/// Which attempt is the first to be refused, counted from 0.
pub fn first_refusal<T>(rows: &[T], port: impl Fn(&T) -> Option<u16>) -> Option<usize> {
    rows.iter().position(|row| port(row).is_none())
}

/// The ports that were used.
pub fn distinct(ports: impl Iterator<Item = Option<u16>>) -> BTreeSet<u16> {
    ports.flatten().collect()
}
