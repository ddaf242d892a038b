//! The screen and the JSON of `dryport calc`: an answer by formulas alone, with what it assumed.

use super::document::Keys;
use super::json::number;
use super::page::{Page, solid};
use super::words::{self, count, percent, plural};
use crate::forecast::{FIGURES, Forecast, Lanes, NoClosedForm, Spacing, TimeWait};
use crate::port::Hold;
use crate::theory::Window;
use crate::workload::ClosesFirst;
use serde_json::{Map, Value, json};

/// The version of the JSON's layout.
pub const SCHEMA_VERSION: u32 = 1;

/// Columns of the labels of figures, and of their values.
const LABEL: usize = 16;
const VALUE: usize = 7;
/// The column where the rates of the ladder end.
const RATE: usize = 11;
/// The column where the text beside a rate starts, four further.
const TEXT: usize = RATE + 4;
/// Lifetimes are small against TIME-WAIT below this share of it.
const SMALL: f64 = 0.1;
/// The column where the user's own rate ends.
const HERE: usize = 73;

/// What was asked for, as far as a forecast does not know.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Requests that each connection carries, one after another; the forecast is about connections.
    pub requests: u32,
    /// Are TIME-WAITs taken over after a second (`tcp_tw_reuse` = 1)?
    pub reuse: Reuse,
    /// Who closes first.
    pub closes_first: ClosesFirst,
    /// The length of the window, in seconds.
    pub window_s: f64,
    /// Was that window asked about? Else the load is there to stay.
    pub of_window: bool,
}

/// Are TIME-WAITs taken over early?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// They wait until their end.
    Off,
    /// A second after they began.
    On,
}

/// How rate and limits lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The risk is at most the target: in the window asked about, and for long where none was.
    Fits,
    /// More than that, though the ports suffice at the moments that are fullest on average.
    Tight,
    /// The ports do not even suffice then, or not for long.
    DoesNotFit,
}

impl Fit {
    /// The verdict of a forecast.
    pub fn of(forecast: &Forecast, asked: &Asked) -> Self {
        let lanes = &forecast.lanes;
        let lasts = lanes.rate_per_s <= forecast.sustained_per_s();
        if lanes.risk_at_most() <= forecast.target && (lasts || asked.of_window) {
            Self::Fits
        } else if lasts && lanes.lane_fullest() <= f64::from(lanes.ports) {
            Self::Tight
        } else {
            Self::DoesNotFit
        }
    }

    /// The word in capitals.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fits => "FITS",
            Self::Tight => "TIGHT",
            Self::DoesNotFit => "DOES NOT FIT",
        }
    }
}

/// One rung of the ladder of rates.
struct Rung {
    /// Requests per second.
    rate: f64,
    /// The rate as shown.
    shown: String,
    text: String,
}

/// An answer in the making.
struct Answer<'a> {
    forecast: &'a Forecast,
    lanes: &'a Lanes,
    asked: &'a Asked,
}

/// The text for an answer.
pub fn calc_screen(forecast: &Forecast, asked: &Asked) -> String {
    let answer = Answer { forecast, lanes: &forecast.lanes, asked };
    let mut page = Page::default();
    page.hanging(&format!("{}  ", Fit::of(forecast, asked).word()), &answer.verdict());
    if let Some(text) = answer.later() {
        page.hanging("not for ever: ", &text);
    }
    for (label, value, text) in answer.figures() {
        page.hanging(&format!("{label:<LABEL$}{value:>VALUE$}   "), &text);
    }
    page.hanging("at this rate   ", &solid(&format!("{:<51}{}", "this happens", "you are here")));
    let mut shown = false;
    let here = answer.requests(answer.lanes.rate_per_s);
    for rung in answer.ladder() {
        if rung.rate > here && !shown {
            page.hanging(&answer.here(), "");
            shown = true;
        }
        page.hanging(&format!("{:>RATE$}    ", rung.shown), &rung.text);
    }
    if !shown {
        page.hanging(&answer.here(), "");
    }
    if let Some(text) = answer.change() {
        page.hanging(&format!("{:<TEXT$}", "would fit"), &text);
    }
    page.hanging(&format!("{:<TEXT$}", "by formula"), &answer.formula());
    page.text()
}

/// The text when there is no honest formula; the lines of `commands` simulate the same.
pub fn no_closed_form_screen(why: &NoClosedForm, commands: &[String]) -> String {
    let mut page = Page::default();
    page.hanging("NO CLOSED FORM  ", &format!("{why}; simulate it instead:"));
    page.text() + &commands.iter().fold(String::new(), |text, line| text + "  " + line + "\n")
}

/// Every key of the document; without a closed form there are the first three and why.
pub const KEYS: &Keys = &[
    ("schema_version: 1", "layout of this document"),
    ("dryport: string", "version that made it"),
    ("verdict: 'FITS' | 'TIGHT' | 'DOES NOT FIT' | 'NO CLOSED FORM'", "does the load fit?"),
    ("why?: string", "why there is no closed form"),
    ("window_s?: number | null", "the time that the risk is about"),
    ("requests_per_connection?: integer", "requests that follow each other on one connection"),
    ("requests_per_s?: number | null", "the load"),
    ("ports?: integer", "usable ports of one set"),
    ("profile?: string", "the stack"),
    ("risk_formula?: string", "by which formula"),
    ("figures?", "what formulas say; dryport list metrics explains each"),
    ("figures.METRIC: number | null", "the figure; null when no formula has it"),
    ("ladder?", "what happens at which rate, the lowest first"),
    ("ladder[].requests_per_s: number | null", "the rate"),
    ("ladder[].happens: string", "what happens there"),
];

/// The answer as JSON; every figure that `run` writes into `summary.csv` under the same name.
pub fn calc_json(found: Result<&Forecast, &NoClosedForm>, asked: &Asked) -> Value {
    let head = |verdict: &str| json!({ "schema_version": SCHEMA_VERSION, "dryport": env!("CARGO_PKG_VERSION"), "verdict": verdict });
    let forecast = match found {
        Ok(forecast) => forecast,
        Err(why) => {
            let mut document = head("NO CLOSED FORM");
            document["why"] = json!(why.to_string());
            return document;
        }
    };
    let answer = Answer { forecast, lanes: &forecast.lanes, asked };
    let mut document = head(Fit::of(forecast, asked).word());
    document["window_s"] = number(Some(asked.window_s));
    document["requests_per_connection"] = json!(asked.requests);
    document["requests_per_s"] = number(Some(answer.requests(forecast.lanes.rate_per_s)));
    document["ports"] = json!(forecast.lanes.ports);
    document["profile"] = json!(&*forecast.host.profile);
    document["risk_formula"] = json!(forecast.risk_formula());
    let figures = FIGURES.iter().map(|figure| (figure.name.to_owned(), number(figure.value(forecast))));
    document["figures"] = Value::Object(figures.collect::<Map<_, _>>());
    let ladder = answer.ladder().into_iter();
    document["ladder"] = ladder
        .map(|rung| json!({ "requests_per_s": number(Some(rung.rate)), "happens": rung.text }))
        .collect::<Vec<_>>()
        .into();
    document
}

impl Answer<'_> {
    /// Requests in so many connections.
    fn requests(&self, connections: f64) -> f64 {
        connections * f64::from(self.asked.requests)
    }

    fn verdict(&self) -> String {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let now = words::short_rate(self.requests(lanes.rate_per_s));
        let safe = self.requests(lanes.safe_rate(forecast.target));
        let target = format!("{} %", percent(forecast.target));
        let per = solid(&format!("per {}", words::seconds(self.asked.window_s)));
        let share = solid(&format!("{:.1} %", 100.0 * lanes.lane_load() / f64::from(lanes.ports)));
        match (self.fit(), lanes.spacing) {
            (Fit::Fits, _) if lanes.hold_s() <= 0.0 => {
                format!("no port is ever held: there is neither lifetime nor TIME-WAIT, so {now} or any rate will do")
            }
            (Fit::Fits, Spacing::Poisson) => {
                let room = safe / self.requests(lanes.rate_per_s);
                let more = if room < 1.001 { "no more than now".into() } else { solid(&words::more(room)) };
                format!(
                    "{now} keep the risk of a refused connect() at {} or less {per} from an empty range; {} comes near \
                     {} ({more})",
                    words::bound(lanes.risk_at_most()),
                    solid(&target),
                    words::short_floor_rate(safe),
                )
            }
            (Fit::Fits, Spacing::Even) => format!(
                "no connect() is refused at {now}, evenly spaced, {per} from an empty range; that begins at {}",
                words::short_floor_rate(safe)
            ),
            (Fit::Tight, _) => format!(
                "{now} fit on average ({share} of the ports), but only up to {} is the risk of a refused connect() \
                 sure to stay below {} {per}",
                words::short_floor_rate(safe),
                solid(&target)
            ),
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

    fn fit(&self) -> Fit {
        Fit::of(self.forecast, self.asked)
    }

    /// The smallest settings that are enough, each alone; none where it fits.
    fn change(&self) -> Option<String> {
        // They are about the risk in the window, not about what comes later.
        if self.lanes.risk_at_most() <= self.forecast.target {
            return None;
        }
        let figure = |name| FIGURES.iter().find(|figure| figure.name == name)?.value(self.forecast);
        let range = figure("safe_range_first").zip(figure("safe_range_last")).zip(figure("safe_ports"));
        let ports = f64::from(self.lanes.ports);
        let range = range.map(|((first, last), safe)| {
            solid(&format!("--range {first:.0}-{last:.0}")) + &format!(" ({} more ports)", count(safe - ports))
        });
        let requests = figure("safe_requests").map(|each| each * f64::from(self.asked.requests));
        let options = [
            ("--requests", requests),
            ("--addresses", figure("safe_addresses")),
            ("--endpoints", figure("safe_endpoints")),
        ];
        let options = options.into_iter().filter_map(|(option, least)| Some(solid(&format!("{option} {:.0}", least?))));
        let all: Vec<String> = range.into_iter().chain(options).collect();
        (!all.is_empty()).then(|| all.join(", or "))
    }

    /// What comes after a window that is too short to tell.
    fn later(&self) -> Option<String> {
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

    fn all_ports(&self) -> u64 {
        u64::from(self.lanes.ports) * u64::from(self.lanes.count)
    }

    /// Label, value and explanation of each figure.
    fn figures(&self) -> Vec<(&'static str, String, String)> {
        let lanes = self.lanes;
        let now = words::short_rate(self.requests(lanes.rate_per_s));
        let each = match (self.asked.requests, lanes.count) {
            (1, 1) => now,
            (1, lanes) => format!("{now} / {lanes}"),
            (requests, 1) => format!("{now} / {requests}"),
            (requests, lanes) => format!("{now} / {requests} / {lanes}"),
        };
        let left = |wanted: f64| match f64::from(lanes.ports) - wanted.round() {
            left if left < 0.0 && self.fit() == Fit::Fits => {
                solid(&format!("{} too many", count(-left))) + " after this window"
            }
            left if left < 0.0 => solid(&format!("{} too many", count(-left))),
            left => solid(&format!("{} left", count(left))),
        };
        let of_each = if lanes.count > 1 { " of each set" } else { "" };
        let batches = lanes.time_wait.grid_s() > 0.0;
        let (load, fullest) = (lanes.lane_load(), lanes.lane_fullest());
        let spare = if batches { String::new() } else { format!(": {}{of_each}", left(load)) };
        let mut rows = vec![
            ("ports", words::thousands(self.all_ports()), self.ports()),
            ("port hold", format!("{} s", hundredths(lanes.hold_s())), self.hold()),
            ("offered load", wanted(load), format!("erlangs = {each} x {} s{spare}", hundredths(lanes.hold_s()))),
        ];
        if batches {
            let text = format!("= {each} x {} s, just before a batch: ", hundredths(lanes.longest_hold_s()));
            rows.push(("fullest moment", wanted(fullest), text + &left(fullest) + of_each));
        } else if let Some(ratio) = self.forecast.refused_ratio() {
            let value = if ratio < 1e-99 { "< 1e-99".into() } else { words::figure(ratio) };
            rows.push(("refused ratio", value, "Erlang B: share of connects refused in the long run".into()));
        }
        rows
    }

    fn ports(&self) -> String {
        let host = &self.forecast.host;
        let (range, lanes) = (host.port_range, self.lanes.count);
        let (sources, endpoints) = (host.addresses, self.forecast.endpoints);
        let parties = format!(
            "{}, {}",
            several(sources, "source"),
            several(endpoints, if endpoints > 1 { "endpoint" } else { "destination" })
        );
        let shared = match (lanes, sources, endpoints) {
            (1, 1, 1) => parties,
            (1, ..) => format!("one set for {parties}"),
            _ => format!("{} sets of {}: {parties}", count(lanes.into()), count(self.lanes.ports.into())),
        };
        format!("{range}, {shared} ({})", host.profile)
    }

    fn hold(&self) -> String {
        let (lanes, wait_s) = (self.lanes, self.lanes.time_wait.wait_s());
        let requests = match self.asked.requests {
            1 => String::new(),
            requests => format!(", {requests} requests"),
        };
        let open = format!("{} s open{requests}", hundredths(lanes.lifetime_s));
        match (lanes.time_wait, self.asked.reuse) {
            _ if self.asked.closes_first == ClosesFirst::Server => {
                format!("{open}; no TIME-WAIT here: the server keeps it")
            }
            _ if self.asked.closes_first == ClosesFirst::Reset => format!("{open}; no TIME-WAIT: a reset leaves none"),
            (TimeWait::Exact(wait_s), Reuse::On) => {
                format!("{open} + {} s of TIME-WAIT, then reused (net.ipv4.tcp_tw_reuse = 1)", hundredths(wait_s))
            }
            (TimeWait::Exact(wait_s), Reuse::Off) => format!("{open} + {} s TIME-WAIT", hundredths(wait_s)),
            (TimeWait::Batches { grid_s, .. }, _) => {
                let hz = if let Hold::TimerWheel(wheel) = &self.forecast.host.time_wait {
                    format!(", HZ={}", wheel.hz())
                } else {
                    String::new()
                };
                format!(
                    "{open} + {} s TIME-WAIT ({} to {} s: freed in batches every {} s{hz})",
                    hundredths(wait_s + grid_s / 2.0),
                    hundredths(wait_s),
                    hundredths(wait_s + grid_s),
                    thousandths(grid_s)
                )
            }
        }
    }

    /// What happens at which rate, the lowest first.
    fn ladder(&self) -> Vec<Rung> {
        let (lanes, forecast) = (self.lanes, self.forecast);
        let ports = words::thousands(self.all_ports());
        let mut rungs = Vec::new();
        let mut rung = |connections: f64, shown: fn(f64) -> String, text: String| {
            let rate = self.requests(connections);
            // What nothing limits is no rung.
            rungs.extend(rate.is_finite().then(|| Rung { rate, shown: shown(rate), text }));
        };
        let batches = lanes.time_wait.grid_s() > 0.0;
        if lanes.spacing == Spacing::Poisson {
            rung(lanes.safe_rate(forecast.target), words::floor_rate, self.safe_text());
        } else {
            let poisson = Lanes { spacing: Spacing::Poisson, ..*lanes };
            rung(poisson.safe_rate(forecast.target), words::floor_rate, self.safe_text());
        }
        if batches && lanes.count == 1 {
            let also = if lanes.spacing == Spacing::Poisson { " too" } else { "" };
            rung(
                lanes.even_rate_limit(),
                words::floor_rate,
                format!("evenly spaced connects begin to be refused{also}"),
            );
        }
        let through = format!("nothing above this gets through for long: {ports} / {} s", hundredths(forecast.cycle_s));
        rung(forecast.sustained_per_s(), words::rate, through);
        let wait_s = lanes.time_wait.wait_s();
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
        let longer = if self.asked.window_s < longer_s {
            let window = Window { by_s: lanes.window.from_s + longer_s, ..lanes.window };
            let lanes = Lanes { window, spacing: Spacing::Poisson, ..*lanes };
            format!(" ({}: per {name})", words::floor_rate(self.requests(lanes.safe_rate(forecast.target))))
        } else {
            String::new()
        };
        let window = words::seconds(self.asked.window_s);
        format!("up to here risk <= {} % per {window}, Poisson{longer}", percent(forecast.target))
    }

    /// The line of the user's own rate.
    fn here(&self) -> String {
        format!("{:>HERE$}", format!("<------ {}", words::rate(self.requests(self.lanes.rate_per_s))))
    }

    /// Which formula it is, and what it takes for granted.
    fn formula(&self) -> String {
        let name = self.forecast.risk_formula();
        let granted = match self.lanes.spacing {
            Spacing::Poisson => "Poisson connects from an empty range, lifetimes of any law with this mean",
            Spacing::Even => "evenly spaced connects of equal length from an empty range",
        };
        let split = match (self.lanes.count, self.lanes.spacing) {
            (2.., Spacing::Poisson) => ", split at random over the sets",
            _ => "",
        };
        format!("{name}; {granted}{split}")
    }
}

/// Ports, whole unless they are few.
fn wanted(ports: f64) -> String {
    if ports < 9.95 { words::figure(ports) } else { count(ports) }
}

/// Seconds to the hundredth, or to what is left of them.
fn hundredths(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 0.00995 { words::figure(seconds) } else { format!("{seconds:.2}") }
}

/// Seconds to the millisecond.
fn thousandths(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// `one source`, `3 sources`.
fn several(count: u32, noun: &str) -> String {
    if count == 1 { format!("one {noun}") } else { plural(count.into(), noun) }
}
