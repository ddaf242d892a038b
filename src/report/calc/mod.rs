//! The screen and the JSON of `dryport calc`: an answer by formulas alone, with what it assumed.

mod ladder;
mod rows;
mod verdict;
mod would_fit;

use super::alert::{Telling, by_rate, warning};
use super::assumed::{Safe, System, who_closes};
use super::document::Keys;
use super::json::number;
use super::page::Page;
use crate::advice::looks_like_nat;
use crate::forecast::{FIGURES, Forecast, Lanes, NoClosedForm, Spacing, SteadyLoad};
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

/// What was asked for, as far as a forecast does not know.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Requests that each connection carries, one after another; the forecast is about connections.
    pub requests: u32,
    /// Destinations that share the load, each with as many endpoints.
    pub destinations: u32,
    /// Are TIME-WAITs taken over after a second (`tcp_tw_reuse` = 1)?
    pub reuse: Reuse,
    /// The length of the window, in seconds.
    pub window_s: f64,
    /// So long before it is too late an alarm is to be raised, in seconds.
    pub warn_s: f64,
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
        let fits = if asked.of_window { lanes.is_within(forecast.target) } else { lanes.is_safe(forecast.target) };
        if fits {
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
    let labels = std::iter::once("assumed").chain(std::iter::repeat(""));
    for (label, text) in labels.zip(answer.assumed()) {
        page.hanging(&format!("{label:<TEXT$}"), &text);
    }
    page.hanging(&format!("{:<TEXT$}", ""), "each machine has its own ports; behind a NAT they share its");
    if let Some(text) = looks_like_nat(&forecast.host) {
        page.hanging(&format!("{:<TEXT$}", "not modelled"), &text);
    }
    for (label, value, text) in answer.figures() {
        page.hanging(&format!("{label:<LABEL$}{value:>VALUE$}   "), &text);
    }
    answer.write_ladder(&mut page);
    for (label, text) in answer.would_fit() {
        page.hanging(&format!("{label:<TEXT$}"), &text);
    }
    if let Some(text) = answer.warning() {
        page.hanging(&format!("{:<TEXT$}", "warning"), &text);
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
    ("looks_like?: string | null", "what looks like something that is not modelled, and must not be read from this"),
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
    document["looks_like"] = json!(looks_like_nat(&forecast.host));
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

    fn fit(&self) -> Fit {
        Fit::of(self.forecast, self.asked)
    }

    /// Who closes first, and what would fit if the other end did.
    fn assumed(&self) -> Vec<String> {
        let rate = |lanes: &Lanes| self.requests(lanes.safe_rate(self.forecast.target));
        let safe = self.forecast.other.as_ref().map(|(_, other)| Safe { here: rate(self.lanes), there: rate(other) });
        who_closes(self.forecast.closes_first, safe, System::of(&self.forecast.host.profile))
    }

    fn all_ports(&self) -> u64 {
        u64::from(self.lanes.ports) * u64::from(self.lanes.count)
    }

    /// From which count on an alarm is worth having. A window that is asked about is over before one is.
    fn warning(&self) -> Option<String> {
        let (lanes, safe_per_s) = (self.lanes, self.lanes.safe_rate(self.forecast.target));
        if self.asked.reuse == Reuse::On {
            return Some(by_rate(Some(self.requests(safe_per_s))));
        }
        let load = SteadyLoad {
            rate_per_s: lanes.rate_per_s,
            safe_per_s,
            ports_per_rate: lanes.longest_hold_s() / f64::from(lanes.count),
            ports: lanes.ports.into(),
            sets: lanes.count.into(),
            seen: 0.0,
        };
        let telling = Telling { ahead_s: self.asked.warn_s, requests: self.asked.requests.into() };
        (!self.asked.of_window && lanes.hold_s() > 0.0).then(|| warning(load, telling))
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
