//! `dryport calc`: the first answer, by formulas alone and at once.
//!
//! What is asked becomes a scenario, read by the same code as a file; `--scenario` prints it.

use super::arguments::{duration, port_range, profile_name, rate, risk, some_time};
use super::guide::{Group, Guide};
use super::{Exit, Failure, output::Output};
use crate::des::{Rate, SimDuration};
use crate::forecast::{Forecast, TARGET_RISK};
use crate::port::PortRange;
use crate::profile;
use crate::report::calc::{Asked, KEYS, Reuse, calc_json, calc_screen, no_closed_form_screen};
use crate::scenario::limits::{LANES_MAX, REQUESTS_MAX};
use crate::scenario::quantity::{TEN_YEARS, write_duration, write_rate};
use crate::scenario::words::{WIDTH, fitted, thousands};
use crate::scenario::{Scenario, SourceFile};
use crate::workload::ClosesFirst;
use clap::builder::{PossibleValuesParser, RangedI64ValueParser};
use std::collections::BTreeMap;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Ask,
    short: "limits by formula, at once",
    examples: &[
        ("dryport calc --rate 450/s --lifetime 50ms", ""),
        ("dryport calc --rate 27k/min --lifetime 50ms --profile macos", ""),
        ("dryport calc --rate 900/s --lifetime 50ms --endpoints 3", "3 replicas"),
        ("dryport calc --rate 4k/s --lifetime 50ms --requests 10", "keep-alive"),
        ("dryport calc --rate 450/s --lifetime 50ms --json | jq .verdict", "for scripts"),
        ("dryport calc --rate 9/s --lifetime 2s --scenario | dryport run -", ""),
    ],
    json: KEYS,
};

/// Say by formulas, at once, whether a load fits, and how much would
#[derive(Debug, clap::Args)]
pub struct Calc {
    /// Requests of one machine, as in 450/s or 27k/min
    #[arg(long, value_name = "RATE", value_parser = rate, allow_hyphen_values = true)]
    rate: Rate,
    /// How long a request keeps its connection open, on average, as in 50ms
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    lifetime: SimDuration,
    /// The stack: every number that no other option gives (dryport list profiles)
    #[arg(long, value_name = "NAME", default_value = profile::DEFAULT, value_parser = profile_name)]
    profile: String,
    /// The ephemeral ports, as in 32768-60999, instead of the profile's
    #[arg(long, value_name = "FIRST-LAST", value_parser = port_range, allow_hyphen_values = true)]
    range: Option<PortRange>,
    /// TIME-WAIT, freed exactly then, instead of the profile's
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    time_wait: Option<SimDuration>,
    /// Destinations that share the load, at random
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = many(), allow_negative_numbers = true)]
    destinations: u32,
    /// Source addresses, drawn at random
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = many(), allow_negative_numbers = true)]
    addresses: u32,
    /// Address:port pairs of each destination, drawn at random
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = many(), allow_negative_numbers = true)]
    endpoints: u32,
    /// Requests that a connection carries, one after another (keep-alive)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    #[arg(allow_negative_numbers = true)]
    requests: u32,
    /// Who closes first and keeps the TIME-WAIT
    #[arg(long, value_name = "WHO", default_value = "client", value_parser = closers())]
    closes_first: String,
    /// Linux takes TIME-WAITs over after 1 s (sysctl `tcp_tw_reuse` = 1)
    #[arg(long, conflicts_with = "time_wait")]
    tw_reuse: bool,
    /// How connects follow each other
    #[arg(long, value_name = "HOW", default_value = "poisson", value_parser = ["poisson", "constant"])]
    arrivals: String,
    /// Ask about this long from an empty range only, as in 10s; else about a load that stays, with the risk per 10 min
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_hyphen_values = true)]
    window: Option<SimDuration>,
    /// The risk that still fits, as in 1% or 0.01
    #[arg(long, value_name = "RISK", default_value_t = TARGET_RISK, value_parser = risk, allow_hyphen_values = true)]
    max_risk: f64,
    /// How long before it is too late an alert is to come
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = some_time, allow_hyphen_values = true)]
    warn: SimDuration,
    /// Print verdict and figures as JSON
    #[arg(long)]
    json: bool,
    /// Print the scenario that this is about, for `dryport run -`
    #[arg(long, conflicts_with = "json")]
    scenario: bool,
}

/// As many as there may be lanes.
fn many() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=65_536)
}

fn closers() -> PossibleValuesParser {
    ClosesFirst::ALL.map(ClosesFirst::name).into()
}

impl Calc {
    fn window(&self) -> SimDuration {
        self.window.unwrap_or(SimDuration::from_secs(600))
    }

    /// Answers at once.
    ///
    /// # Errors
    ///
    /// When the answer cannot be written.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        if let Some(fault) = self.fault() {
            output.message(&fitted(&format!("error: {fault}")))?;
            return Ok(Exit::Usage);
        }
        let sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let scenario = match Scenario::read(&SourceFile::new("calc", self.text(1)), &[], &sources) {
            Ok(scenario) => scenario,
            // Of a file that nobody wrote only the message is of use.
            Err(diagnostics) => {
                let what = diagnostics.messages().collect::<Vec<_>>().join("; ");
                let help = "lower --addresses, --destinations or --endpoints, or narrow --range";
                output.message(&fitted(&format!("error: too much: {what}; {help}")))?;
                return Ok(Exit::Usage);
            }
        };
        if self.scenario {
            output.data(self.text(20).trim_end())?;
            return Ok(Exit::Fine);
        }
        let asked = Asked {
            requests: self.requests,
            destinations: self.destinations,
            reuse: if self.tw_reuse { Reuse::On } else { Reuse::Off },
            window_s: self.window().as_secs_f64(),
            warn_s: self.warn.as_secs_f64(),
            of_window: self.window.is_some(),
        };
        let forecast = Forecast::of(&scenario, self.max_risk);
        if self.json {
            output.data(&format!("{:#}", calc_json(forecast.as_ref(), &asked)))?;
        } else {
            let text = match &forecast {
                Ok(forecast) => calc_screen(forecast, &asked),
                Err(why) => no_closed_form_screen(why, &self.simulate()),
            };
            output.data(text.trim_end())?;
        }
        Ok(Exit::Fine)
    }

    /// What is wrong with options together, each alone being right.
    fn fault(&self) -> Option<String> {
        if self.tw_reuse && !self.profile.starts_with("linux") {
            return Some(format!("--tw-reuse is a setting of Linux, not of {}", self.profile));
        }
        let times = u64::from(self.requests);
        let most = "3653d (10 years)";
        if self.lifetime.saturating_mul(times) > TEN_YEARS {
            return Some(format!("--lifetime times --requests may be {most} at most; lower one of them"));
        }
        if self.rate.per().saturating_mul(times) > TEN_YEARS {
            return Some(format!(
                "the time of --rate times --requests may be {most} at most; write the rate per second, as in \
                 450/s, or lower --requests"
            ));
        }
        if self.rate.events_per_second() * TEN_YEARS.as_secs_f64() < f64::from(self.requests) {
            return Some(format!(
                "--rate by --requests must be one connection in {most} at least; raise --rate or lower \
                 --requests"
            ));
        }
        let requests = self.rate.events_per_second() * self.window().as_secs_f64() / f64::from(self.requests);
        if requests > REQUESTS_MAX {
            return Some("--rate times --window may be 1 trillion connects at most; lower one of them".into());
        }
        let endpoints = u64::from(self.destinations) * u64::from(self.endpoints);
        if endpoints > LANES_MAX {
            return Some(format!(
                "--destinations times --endpoints may be {} at most, not {}; lower one of them",
                thousands(LANES_MAX),
                thousands(endpoints)
            ));
        }
        None
    }

    /// The scenario that the options make.
    fn text(&self, replications: u32) -> String {
        let spread = u64::from(self.destinations) * u64::from(self.endpoints);
        // Requests that follow each other on one connection make it rarer and longer.
        let per = self.rate.per().saturating_mul(self.requests.into());
        let rate = write_rate(Rate::new(self.rate.nano_events(), per).expect("neither is zero"));
        let lifetime = write_duration(self.lifetime.saturating_mul(self.requests.into()));
        let window = write_duration(self.window());
        let range = self.range.map_or_else(String::new, |range| format!("port_range = \"{range}\"\n"));
        let reuse = if self.tw_reuse { "tw_reuse = \"on\"\n" } else { "" };
        let wait = self.time_wait.map(|wait| format!("time_wait = \"{}\"\n", write_duration(wait)));
        let host = range + &wait.unwrap_or_default() + reuse;
        format!(
            "schema = 1\ntitle = \"dryport calc\"\n\n[run]\nduration = \"{window}\"\nreplications = {replications}\n\n\
             [[host]]\nname = \"host\"\nprofile = \"{}\"\naddresses = {}\n{host}\n\
             [[destination]]\nname = \"destination\"\nendpoints = {spread}\n\n\
             [[client]]\nname = \"client\"\nhost = \"host\"\nto = \"destination\"\n\
             arrivals = {{ {} = {{ rate = \"{rate}\" }} }}\nlifetime = {{ constant = {{ value = \"{lifetime}\" }} }}\n\
             closes_first = \"{}\"\n",
            self.profile, self.addresses, self.arrivals, self.closes_first
        )
    }

    /// The command that simulates the same, in lines that a shell takes as one.
    fn simulate(&self) -> Vec<String> {
        let mut options =
            vec![format!("--rate {}", write_rate(self.rate)), format!("--lifetime {}", write_duration(self.lifetime))];
        let mut option = |name: &str, value: Option<String>| {
            options.extend(value.map(|value| format!("--{name} {value}").trim_end().to_owned()));
        };
        let more = |number: u32| (number > 1).then(|| number.to_string());
        option("arrivals", (self.arrivals != "poisson").then(|| self.arrivals.clone()));
        option("profile", (self.profile != profile::DEFAULT).then(|| self.profile.clone()));
        option("range", self.range.map(|range| range.to_string()));
        option("time-wait", self.time_wait.map(write_duration));
        option("destinations", more(self.destinations));
        option("addresses", more(self.addresses));
        option("endpoints", more(self.endpoints));
        option("requests", more(self.requests));
        option("closes-first", (self.closes_first != "client").then(|| self.closes_first.clone()));
        option("tw-reuse", self.tw_reuse.then(String::new));
        option("window", self.window.map(write_duration));
        options.push("--scenario | dryport run -".to_owned());
        let mut lines = vec!["dryport calc".to_owned()];
        for option in options {
            let line = lines.last_mut().expect("there is a first");
            // Room for the indent and the backslash.
            if line.len() + 1 + option.len() <= WIDTH - 4 {
                line.extend([" ", &option]);
            } else {
                *line += " \\";
                lines.push(format!("  {option}"));
            }
        }
        lines
    }
}
