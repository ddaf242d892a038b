//! What `dryport advise` found: for each remedy the highest rate that it makes safe, and what it does at the present one.

mod json;
mod screen;

use super::chart::{ADVICE_CHARTS, AdviceTables};
use super::query::Estimate;
use super::run_dir::{Pictures, drawn};
use super::schema::{self, file, names};
use super::whole::Fill;
use super::words;
use super::{Cell, Table, csv, manifest};
use crate::advice::Remedy;
use std::cmp::Ordering;
use std::io::Write;

pub use json::{KEYS, advice_json};
pub use screen::advice_screen;

/// The metric that remedies are put in order by.
pub const SAFE_RATE: &str = "safe_rate_per_s";
/// The knob in the row of the best two together.
pub const PAIR: &str = "pair";
/// The method of a rate that no formula and no search of bounded length knows.
pub const NO_RATE: &str = "unknown";
/// The figures of the present rate that are told beside it.
pub const AT_PRESENT: [&str; 3] = ["exhaustion_probability", "refused_ratio", "busy_ratio_peak"];

/// Everything that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The name of the scenario.
    pub scenario: String,
    /// The client and the host that it is for.
    pub subject: (String, String),
    /// Are there other hosts, which are left out?
    pub leaves_hosts_out: bool,
    /// Requests per second now, of every client of the host; `None` when a recording says when they come.
    pub rate_per_s: Option<f64>,
    /// The risk per window that safe rates keep.
    pub target: f64,
    /// The measured window, in seconds.
    pub window_s: f64,
    /// The seed of every run.
    pub seed: u64,
    /// The level of every interval.
    pub confidence: f64,
    /// How many runs each setting was tried in at the present rate.
    pub runs: u64,
    /// As things are.
    pub now: Worth,
    /// Each remedy alone, the best first.
    pub remedies: Vec<(Remedy, Worth)>,
    /// The best two together, by their places among `remedies`.
    pub pair: Option<([usize; 2], Worth)>,
    /// With what `connect()` stays fast and the risk small at the present rate, where it does not, by formula.
    pub stays_fast: Vec<String>,
    /// What looks like something that is not modelled.
    pub looks_like: Option<String>,
    /// About so many requests were simulated for it.
    pub requests_simulated: f64,
    /// Was it stopped before all was tried?
    pub cut_off: bool,
}

/// What a setting is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worth {
    /// The highest rate of requests that it makes safe.
    pub safe_rate: Option<SafeRate>,
    /// Is the present rate safe with it?
    pub enough: Enough,
    /// The highest rate of requests at which `connect()` stays fast, by formula.
    pub fast_per_s: Option<f64>,
    /// The figures of [`AT_PRESENT`], of everything, at the present rate.
    pub at_present: [Estimate; AT_PRESENT.len()],
}

/// Is the present rate safe? What is not known is neither yes nor no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enough {
    /// By a formula, or by the upper end of the interval of the runs.
    Yes,
    /// The same for this window from an empty range, which is shorter than a port is held, and not for what comes after it.
    InWindow,
    /// By a formula, or by the lower end of the interval of the runs.
    #[default]
    No,
    /// Nobody was refused in so many runs, which proves no small risk.
    NotRefused(u64),
    /// So many of so many runs refused someone, which leaves it open.
    Open {
        /// Runs that did.
        refused: u64,
        /// All runs.
        runs: u64,
    },
}

impl Enough {
    /// Is it; `None` where nothing proves it either way.
    pub fn is_known(self) -> Option<bool> {
        match self {
            Self::Yes | Self::InWindow => Some(true),
            Self::No => Some(false),
            Self::NotRefused(_) | Self::Open { .. } => None,
        }
    }

    /// In words, as table and screen have it: `yes`, `no`, `not refused in 20 runs`.
    pub fn words(self) -> String {
        match self {
            Self::Yes => "yes".into(),
            Self::InWindow => "yes, this window only".into(),
            Self::No => "no".into(),
            Self::NotRefused(runs) => format!("not refused in {}", words::plural(runs, "run")),
            Self::Open { refused, runs } => {
                format!("open: {} of {} runs", words::thousands(refused), words::thousands(runs))
            }
        }
    }
}

/// The highest rate of requests at which the risk is small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SafeRate {
    /// Requests per second; infinite when nothing limits it.
    pub per_s: f64,
    /// Where the figure is from.
    pub by: By,
}

/// Where a safe rate is from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    /// A formula of this name.
    Formula(&'static str),
    /// A search by simulation: up to here the risk is surely below `risk`; from `fails` on, if there is such a rate, it
    /// surely is not.
    Search {
        /// The risk.
        risk: f64,
        /// Runs of the rate that was found.
        runs: u64,
        /// Requests per second; `None`: the search went no further than the rate that was found, and all was well.
        fails: Option<f64>,
    },
}

/// What a setting does to the safe rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is the present setting.
    Now,
    /// More is safe.
    Better,
    /// Less is.
    Worse,
    /// Nothing to speak of.
    None,
    /// Nothing, although it is said to help.
    Myth,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 5] = [Self::Now, Self::Better, Self::Worse, Self::None, Self::Myth];

    /// The effect of that name; none where there is no such name.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|effect| effect.name() == name).unwrap_or(Self::None)
    }

    /// The word in `advice.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::None => "none",
            Self::Myth => "myth",
        }
    }
}

impl Worth {
    /// Requests per second that are safe; 0 where that is not known.
    pub fn rate(&self) -> f64 {
        self.safe_rate.map_or(0.0, |safe| safe.per_s)
    }

    /// How it compares with the present settings: by the safe rates, where a tenth of a per cent is the same, or, where one
    /// is not known, by what the runs show at the present rate. What is not known is no "no help".
    fn effect(&self, now: &Self, is_myth: bool) -> Effect {
        const SAME: f64 = 1e-3;
        let none = if is_myth { Effect::Myth } else { Effect::None };
        let (with, without) = match (self.safe_rate, now.safe_rate) {
            (Some(with), Some(without)) => (with.per_s, without.per_s),
            // The smaller these are, the better.
            _ => match self.compare_at_present(now, SAME) {
                Ordering::Less => return Effect::Better,
                Ordering::Equal => return none,
                Ordering::Greater => return Effect::Worse,
            },
        };
        match (with, without) {
            _ if with > without * (1.0 + SAME) => Effect::Better,
            _ if with < without * (1.0 - SAME) => Effect::Worse,
            _ => none,
        }
    }

    /// The first figure of the present rate that differs by more than a part of `same` tells.
    fn compare_at_present(&self, other: &Self, same: f64) -> Ordering {
        let mut pairs = self.at_present.iter().zip(&other.at_present);
        let differ = |(one, other): (&Estimate, &Estimate)| {
            let (one, other) = (one.value?, other.value?);
            ((one - other).abs() > same * one.abs().max(other.abs())).then(|| one.total_cmp(&other))
        };
        pairs.find_map(differ).unwrap_or(Ordering::Equal)
    }

    /// The better one first: by safe rate, then those of which none is known, by how full they get.
    pub fn order(&self, other: &Self) -> Ordering {
        let known = |worth: &Self| worth.safe_rate.is_some();
        let rates = other.rate().total_cmp(&self.rate());
        known(other).cmp(&known(self)).then(rates).then(self.compare_at_present(other, 0.0))
    }
}

impl Advice {
    /// What a remedy does.
    pub fn effect(&self, place: usize) -> Effect {
        let (remedy, worth) = &self.remedies[place];
        worth.effect(&self.now, remedy.is_myth)
    }

    /// Puts what helps before what does not, each as it was.
    pub fn better_first(&mut self) {
        let now = self.now.clone();
        self.remedies.sort_by_key(|(remedy, worth)| worth.effect(&now, remedy.is_myth) != Effect::Better);
    }

    /// Does `connect()` stay fast at the present rate with this setting, as far as a formula knows?
    pub(super) fn is_fast(&self, worth: &Worth) -> bool {
        self.rate_per_s.zip(worth.fast_per_s).is_none_or(|(rate, fast)| rate <= fast)
    }

    /// The table `advice.csv`: a row of the safe rate for each setting, the present one first.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&names(schema::ADVICE));
        self.push(&mut table, ["now", "as it is", ""], Effect::Now, &self.now);
        for (place, (remedy, worth)) in self.remedies.iter().enumerate() {
            self.push(&mut table, [remedy.knob, &remedy.setting, &remedy.change], self.effect(place), worth);
        }
        if let Some(([one, other], worth)) = &self.pair {
            let [one, other] = [one, other].map(|place| &self.remedies[*place].0);
            let setting = format!("{} and {}", one.setting, other.setting);
            let change = format!("{}; {}", one.change, other.change);
            self.push(&mut table, [PAIR, &setting, &change], worth.effect(&self.now, false), worth);
        }
        table
    }

    fn push(&self, table: &mut Table, words: [&str; 3], effect: Effect, worth: &Worth) {
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) };
        let [knob, setting, change] = words.map(text);
        let (fails, level, runs, method) = match worth.safe_rate.map(|safe| safe.by) {
            Some(By::Formula(name)) => (None, None, None, format!("closed form: {name}")),
            Some(By::Search { risk, runs, fails }) => {
                let method = format!("search: risk of {risk} or less");
                (fails, Some(self.confidence), Some(runs), method)
            }
            None => (None, None, None, if self.rate_per_s.is_some() { NO_RATE } else { "no rate to vary" }.to_owned()),
        };
        let rate = worth.safe_rate.map(|safe| safe.per_s).filter(|rate| rate.is_finite());
        table.push([
            knob,
            setting,
            change,
            Cell::Text(effect.name().into()),
            Cell::Text(SAFE_RATE.into()),
            Cell::Text("1/s".into()),
            Cell::figure(rate),
            // The true limit lies between the last rate that will do and the first that will not.
            Cell::figure(fails.and(rate)),
            Cell::figure(fails),
            Cell::figure(level.filter(|_| fails.is_some())),
            runs.map_or(Cell::Empty, |runs| Cell::Whole(i64::try_from(runs).expect("at most a million"))),
            Cell::Text(method.as_str().into()),
            Cell::Text(worth.enough.words().as_str().into()),
            Cell::figure(worth.fast_per_s.filter(|rate| rate.is_finite())),
        ]);
    }
}

/// Every file of the folder: name and content.
pub fn files(tables: &AdviceTables, pictures: Pictures) -> Vec<(String, Fill<'_>)> {
    let mut files: Vec<(String, Fill<'_>)> =
        vec![(file::ADVICE.into(), Box::new(move |out: &mut dyn Write| csv::write(&tables.advice, out)))];
    files.extend(ADVICE_CHARTS.iter().flat_map(|chart| drawn(tables, chart, pictures)));
    let manifest = move |out: &mut dyn Write| out.write_all(tables.meta.to_json().as_bytes());
    files.push((manifest::FILE_NAME.into(), Box::new(manifest)));
    files
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    fn worth(per_s: f64, by: By) -> Worth {
        let estimate = |value| Estimate { value: Some(value), interval: Some((0.0, 1.0)) };
        let enough = if per_s >= 450.0 { Enough::Yes } else { Enough::No };
        let safe_rate = Some(SafeRate { per_s, by });
        Worth { safe_rate, enough, fast_per_s: Some(0.5 * per_s), at_present: [0.9, 0.0045, 1.0].map(estimate) }
    }

    fn remedy(knob: &'static str, setting: &str, caveat: &'static str) -> Remedy {
        Remedy {
            knob,
            setting: setting.into(),
            sets: vec![format!("host.gateway.{knob}=1")],
            change: format!("set {knob}"),
            caveat,
            requests: 1.0,
            is_myth: knob == "fin_timeout",
        }
    }

    /// Four remedies of the quickstart: one that helps much, one that is just enough, a search, a myth.
    pub(crate) fn quickstart() -> Advice {
        let formula = By::Formula("sum over TIME-WAIT releases (upper bound)");
        let search = By::Search { risk: 0.1, runs: 80, fails: Some(900.0) };
        Advice {
            scenario: "quickstart".into(),
            subject: ("checkout".into(), "gateway".into()),
            leaves_hosts_out: false,
            rate_per_s: Some(450.0),
            target: 0.01,
            window_s: 600.0,
            seed: 60_327,
            confidence: 0.95,
            runs: 20,
            now: worth(444.04, formula),
            remedies: vec![
                (remedy("closes_first", "closes_first = \"server\"", "TIME-WAITs move"), worth(543_000.0, formula)),
                (remedy("addresses", "addresses = 2", "drawn at random"), worth(887.2, search)),
                (remedy("port_range", "port_range = \"32768-61375\"", "no reserve"), worth(450.02, formula)),
                (remedy("fin_timeout", "net.ipv4.tcp_fin_timeout = 30", "ends FIN-WAIT-2"), worth(444.04, formula)),
            ],
            pair: Some(([1, 2], worth(899.0, search))),
            stays_fast: vec!["2 addresses".into()],
            looks_like: None,
            requests_simulated: 3e7,
            cut_off: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_told_from_the_safe_rates() {
        let advice = samples::quickstart();
        let effects: Vec<Effect> = (0..4).map(|place| advice.effect(place)).collect();
        assert_eq!(effects, [Effect::Better, Effect::Better, Effect::Better, Effect::Myth]);
        assert_eq!([advice.now.enough, advice.remedies[2].1.enough], [Enough::No, Enough::Yes]);
    }

    /// A3: where no safe rate is known, what the runs show tells.
    #[test]
    fn what_is_not_known_is_no_no_help() {
        let at = |figures: [f64; 3]| {
            let estimate = |value| Estimate { value: Some(value), interval: None };
            Worth { at_present: figures.map(estimate), ..Worth::default() }
        };
        let (now, better, same) = (at([1.0, 0.1, 1.0]), at([0.0, 0.0, 0.476]), at([1.0, 0.1, 1.0]));
        assert_eq!(better.effect(&now, false), Effect::Better);
        assert_eq!((same.effect(&now, false), same.effect(&now, true)), (Effect::None, Effect::Myth));
        assert_eq!(now.effect(&better, false), Effect::Worse);
        let known = worth_of(2.0);
        assert_eq!((known.order(&better), better.order(&now)), (Ordering::Less, Ordering::Less));
    }

    fn worth_of(per_s: f64) -> Worth {
        Worth { safe_rate: Some(SafeRate { per_s, by: By::Formula("a sum") }), ..Worth::default() }
    }

    #[test]
    fn the_table_has_a_row_for_each_setting_and_an_interval_where_it_was_searched() {
        let table = samples::quickstart().table();
        assert_eq!(table.len(), 6);
        let [effect, low, high] = ["effect", "ci_low", "ci_high"].map(|name| table.column(name));
        assert_eq!((table.row(0)[effect].text(), table.row(0)[low].number()), ("now", None));
        assert_eq!((table.row(2)[low].number(), table.row(2)[high].number()), (Some(887.2), Some(900.0)));
        assert_eq!(table.row(4)[effect].text(), "myth");
    }
}
