//! A recording of the kernel's, and the scenario that asks the model the same.

use super::loads;
use crate::des::SimDuration;
use crate::metrics::attempts::AttemptRow;
use crate::scenario::Scenario;
use crate::sim::Interrupted;
use crate::verify::bench::{Bench, read};
use crate::workload::ClosesFirst;
use crate::workload::lifetime::nanos_from_secs;
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
    /// Which flow of the scenario: the destination of the only program, or which program it was.
    pub flow: usize,
    /// `None`: refused.
    pub port: Option<u16>,
    /// When it closed, if it did before the recording ended.
    pub close: Option<SimDuration>,
    /// Who closed first; `None`: the same one in all of the recording.
    pub closes_first: Option<ClosesFirst>,
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
        let case: Value = serde_json::from_str(case).expect("JSON");
        let loads = loads::names(&case);
        let (header, rows) = attempts.split_once('\n').expect("a header");
        let columns: Vec<&str> = header.split(',').collect();
        let rows = rows.lines().map(|line| row(&columns, line, &loads)).collect();
        Self { csv: attempts.into(), rows, case }
    }

    pub(super) fn case(&self) -> &Value {
        &self.case
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

    /// Where the grid lies on the recording's own clock: it is another one after another boot, of which the case tells.
    pub fn phase(&self) -> SimDuration {
        let grid = GRID.as_nanos();
        let of_boot = self.case["run"]["grid_phase_s"].as_f64();
        let tick = of_boot.map_or(TICK, nanos_from_secs);
        SimDuration::from_nanos((tick + grid - self.began().as_nanos() % grid) % grid)
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
        if self.case["load"].is_array() {
            let (tables, files) = self.loads(&String::from_utf8_lossy(&self.csv));
            return read(&(self.run_and_host(time_wait) + &tables), &files);
        }
        let closes_first = match self.text("run", "close") {
            "rst" => "reset",
            closer => closer,
        };
        let destinations = self.number("ndst");
        let names = 0..destinations;
        let destination = |name| format!("[[destination]]\nname = \"{name}\"\n{}", self.destination_keys());
        let tables: Vec<_> = names.clone().map(destination).collect();
        let share = 1.0 / destinations as f64;
        let to: Vec<String> = names.map(|name| format!("\"{name}\" = {share}")).collect();
        let text = format!(
            "{}{}[[client]]\nname = \"replay\"\nhost = \"kernel\"\nto = {{ {} }}\n\
             arrivals = {{ trace = {{ file = \"attempts.csv\" }} }}\nlifetime = {{ {lifetime} }}\n\
             closes_first = \"{closes_first}\"\n{}",
            self.run_and_host(time_wait),
            tables.concat(),
            to.join(", "),
            self.client_keys()
        );
        let sources = BTreeMap::from([("attempts.csv".to_owned(), self.csv.clone())]);
        read(&text, &sources)
    }

    fn run_and_host(&self, time_wait: &str) -> String {
        let (first, last) = self.range();
        let reserved = match self.text("settings", "ip_local_reserved_ports") {
            "" => String::new(),
            ports => format!("{ports:?}"),
        };
        format!(
            "schema = 1\n[run]\nduration = \"{}s\"\n\
             [[host]]\nname = \"kernel\"\nprofile = \"linux-6.18\"\nport_range = \"{first}-{last}\"\n\
             reserved_ports = [{reserved}]\ntime_wait = {time_wait}\n{}",
            self.case["run"]["dur"],
            self.host_keys()
        )
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
        for (row, recorded) in rows.iter().zip(&self.rows) {
            assert_eq!((row.retry, row.at, row.flow as usize), (0, recorded.at, recorded.flow));
        }
        Ok(rows)
    }
}

/// One row of attempts.csv, which has these columns; `loads` are the programs, where there are several.
fn row(columns: &[&str], line: &str, loads: &[&str]) -> Recorded {
    let fields: Vec<&str> = line.split(',').collect();
    let field = |name: &str| fields[columns.iter().position(|column| *column == name).expect("a column")];
    let (port, outcome) = match field("outcome") {
        "OK" => (Some(parse::<u16>(field("port"))), "OK"),
        outcome => {
            assert_eq!(field("port"), "");
            let errors = ["EADDRNOTAVAIL", "EADDRINUSE"];
            (None, *errors.iter().find(|error| **error == outcome).expect("an error of connect() or bind()"))
        }
    };
    let flow = match loads {
        [] => parse(field("destination")),
        loads => loads.iter().position(|load| *load == field("client")).expect("one of the programs"),
    };
    let close = Some(field("close_s")).filter(|close| !close.is_empty()).map(instant);
    let closer = columns.contains(&"closes_first").then(|| field("closes_first"));
    let closes_first = closer.and_then(|name| ClosesFirst::ALL.into_iter().find(|closer| closer.name() == name));
    Recorded { at: instant(field("time_s")), flow, port, close, closes_first, outcome }
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
