//! `dryport solve`: the value of a knob for a goal, by formula where one is exact, else by simulation, with the evidence.

use super::arguments::{Running, risk};
use super::files::{Files, read_from, source, taken};
use super::guide::{Group, Guide};
use super::interrupt;
use super::progress::{Progress, Work};
use super::{Exit, Failure, output::Output};
use crate::experiment::solve::{PARTS, requests, requests_max};
use crate::experiment::{Checks, Question, Settings, Solution, solve};
use crate::forecast::{Forecast, Lanes, Spacing, TARGET_RISK};
use crate::metrics::Metric;
use crate::report::gate::truth;
use crate::report::solution::{Answer, Formula, KEYS, Outcome, solution_json, solution_screen};
use crate::scenario::claim::{Bound, Comparison};
use crate::scenario::suggest::nearest;
use crate::scenario::words::{about, fitted, shown};
use crate::scenario::{Better, Claim, Knob, Quantity, Reading, Scenario, SourceFile};
use crate::sim::Topology;
use crate::stats::Interval;
use std::sync::atomic::{AtomicU64, Ordering};

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::Decide,
    short: "value for a goal",
    examples: &[
        ("dryport solve s.toml --for rate --max-risk 1%", "largest rate"),
        ("dryport solve s.toml --for port_range --max-risk 0.1%", "smallest range"),
        ("dryport solve s.toml --for addresses --json | jq .answer", "for scripts"),
    ],
    json: KEYS,
};

/// What a search counts.
const WORK: Work = Work { command: "solve", unit: "run", found: "refused" };

/// A search goes no further than this, unless it is told to: half a minute to a minute of one core (release build).
const BUDGET: f64 = 3e8;

/// From so many requests on it is said beforehand what a search costs: a few seconds.
const LONG: f64 = 5e7;

/// A number of requests, as in 3e8.
fn number_of_requests(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1e3..=1e15).contains(number));
    number.ok_or_else(|| "a number of requests is 1000 to 1e15, as in 3e8".to_owned())
}

/// Find how far a knob may be turned, or must be, for a goal to hold
#[derive(Debug, clap::Args)]
pub struct Solve {
    /// A TOML file, or - for stdin
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// What to turn: the key, or as many of its words as tell it from others: rate, lifetime, requests, `port_range`,
    /// addresses, endpoints, `time_wait`, duration
    #[arg(long = "for", value_name = "KEY")]
    key: String,
    /// The risk of a refusal that is taken, as in 1% or 0.01
    #[arg(long, value_name = "RISK", value_parser = risk, allow_hyphen_values = true, conflicts_with = "target")]
    max_risk: Option<f64>,
    /// Another goal: `METRIC OP NUMBER`, as in `refused_ratio <= 1e-4`
    #[arg(long, value_name = "EXPR")]
    target: Option<String>,
    /// Whose figure that is: all, host:NAME, client:NAME or destination:NAME
    #[arg(long, value_name = "SCOPE", default_value = "all", requires = "target")]
    scope: String,
    /// No more runs than this of each value
    #[arg(long, value_name = "N", default_value_t = 400)]
    #[arg(value_parser = clap::value_parser!(u32).range(20..=1_000_000), allow_negative_numbers = true)]
    max_replications: u32,
    /// No more requests than this are simulated in all; the answer then says what is known
    #[arg(long, value_name = "N", default_value_t = BUDGET, value_parser = number_of_requests)]
    #[arg(allow_negative_numbers = true)]
    max_requests: f64,
    #[command(flatten)]
    running: Running,
}

type Refusal = (Exit, String);

fn usage(message: &str) -> Refusal {
    (Exit::Usage, fitted(&format!("error: {message}")))
}

/// What is asked, read and found sound.
struct Plan {
    source: SourceFile,
    sets: Vec<String>,
    base: Reading,
    knob: Knob,
    claim: Claim,
    /// The place of the scope.
    scope: usize,
}

impl Solve {
    /// Searches and tells.
    ///
    /// # Errors
    ///
    /// When what was found cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err((exit, message)) => {
                output.message(&message)?;
                return Ok(exit);
            }
        };
        if !self.running.quiet {
            taken(&self.scenario, &plan.base).iter().try_for_each(|taken| output.message(taken))?;
        }
        if let Some(cost) = self.cost(&plan).filter(|_| !self.running.quiet) {
            output.prose(&cost)?;
        }
        let answer = self.search(&plan);
        if answer.solution.interrupted {
            output.prose(&left_off(&answer))?;
        }
        if self.running.json {
            output.data_while_read(&format!("{:#}", solution_json(&answer)))?;
        } else if !self.running.quiet {
            output.data_while_read(solution_screen(&answer).trim_end())?;
        }
        if answer.solution.interrupted {
            return Ok(Exit::Interrupted);
        }
        Ok(match answer.outcome() {
            Outcome::Answer | Outcome::NoLimit => Exit::Fine,
            Outcome::NoValue | Outcome::Open => Exit::Gate,
        })
    }

    fn plan(&self) -> Result<Plan, Refusal> {
        let source = source(&self.scenario)?;
        let sets = self.running.sets();
        let base = read_from(&source, &sets, &Files::beside(&self.scenario))?;
        let knob = self.knob(&base)?;
        let claim = self.claim(knob.quantity)?;
        let topology = Topology::new(&base.scenario);
        let scopes: Vec<String> = topology.scopes.iter().map(ToString::to_string).collect();
        let scope = scopes.iter().position(|scope| *scope == self.scope).ok_or_else(|| {
            let known = scopes[..scopes.len().min(6)].join(", ");
            usage(&format!("there is no scope {}; there are {known}", shown(&self.scope)))
        })?;
        Ok(Plan { source, sets, base, knob, claim, scope })
    }

    fn knob(&self, base: &Reading) -> Result<Knob, Refusal> {
        Knob::named(&Knob::all(base), &self.key).map_err(|meant| {
            let key = shown(&self.key);
            match &meant[..] {
                [one] => usage(&format!("nothing to solve for is called {key}; did you mean {one}?")),
                several if several.iter().all(|knob| knob.contains(&self.key)) => {
                    usage(&format!("--for {key} is the end of several keys; write one of {}", several.join(", ")))
                }
                several => {
                    let last = |knob: &'_ String| knob.rsplit('.').next().unwrap_or_default().to_owned();
                    let lasts: Vec<String> = several.iter().map(last).collect();
                    let near = nearest(&self.key, lasts.iter().map(String::as_str));
                    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                    usage(&format!("--for {key} is not one of {}{near}{}", several.join(", "), not_modelled(&self.key)))
                }
            }
        })
    }

    fn claim(&self, quantity: Quantity) -> Result<Claim, Refusal> {
        let Some(text) = &self.target else {
            let risk = self.max_risk.unwrap_or(TARGET_RISK);
            let claim = format!("exhaustion_probability <= {risk}");
            return Claim::of_option("--max-risk", &claim).map_err(|fault| (Exit::Usage, fault.to_string()));
        };
        if text.split_whitespace().any(|word| matches!(word, "and" | "or")) {
            return Err(usage(
                "--target is one claim, without and or or; of several, solve for each and take the safer answer",
            ));
        }
        let claim = Claim::of_option("--target", text).map_err(|fault| (Exit::Usage, fault.to_string()))?;
        let name = claim.metric.name;
        let high = metric(&claim).is_better_high();
        let fits = match claim.comparison {
            Comparison::AtMost | Comparison::Below => !high,
            Comparison::AtLeast | Comparison::Above => high,
            Comparison::Equal => false,
        };
        if claim.bound == Bound::Never {
            return Err(usage("no number of runs proves never; --max-risk 0.1% asks for a risk that can be seen"));
        }
        if !fits {
            let sign = if high { ">=" } else { "<=" };
            return Err(usage(&format!("a goal for {name} is a bound on its bad side: {name} {sign} NUMBER")));
        }
        let is_load = matches!(quantity, Quantity::Rate | Quantity::Requests | Quantity::Window);
        if is_load && name.starts_with("connects_") {
            let key = shown(&self.key);
            return Err(usage(&format!("{name} follows {key}; solve for it with port_range, addresses or endpoints")));
        }
        Ok(claim)
    }

    /// The scenario with the knob at a value.
    fn at(&self, plan: &Plan, value: f64) -> Option<Scenario> {
        let sets = [plan.sets.as_slice(), &plan.knob.sets(value)?].concat();
        Some(read_from(&plan.source, &sets, &Files::beside(&self.scenario)).ok()?.scenario)
    }

    /// What is known before anything is simulated, and what the search may cost, where that is much.
    fn cost(&self, plan: &Plan) -> Option<String> {
        if misses_nothing(&plan.claim) {
            return None;
        }
        let forecast = Forecast::of(&plan.base.scenario, TARGET_RISK).ok().filter(|_| self.scope == "all");
        let known = forecast.and_then(|forecast| {
            let at = |value: f64| self.at(plan, value);
            formula(&forecast, &plan.base, &plan.knob, &plan.claim, &at)
        });
        let each = requests(&plan.base.scenario) * f64::from(self.max_replications);
        // Who knows nothing may have to try a load that is many times the present one.
        let is_load = matches!(plan.knob.quantity, Quantity::Rate | Quantity::Requests | Quantity::Window);
        let most = if is_load && known.is_none() { self.max_requests } else { self.max_requests.min(10.0 * each) };
        if most < LONG {
            return None;
        }
        let quantity = plan.knob.quantity;
        let known = known.filter(|known| known.value.is_finite()).map_or_else(
            || "no formula knows the answer".to_owned(),
            |known| format!("by formula {} will do", quantity.shown(plan.knob.safely(known.value))),
        );
        Some(format!(
            "{known}; values near the limit are tried with up to {} simulated requests (--max-requests); Ctrl-C shows what \
             is known by then",
            about(most)
        ))
    }

    fn search(&self, plan: &Plan) -> Answer {
        let Plan { knob, claim, base, .. } = plan;
        let beside = Files::beside(&self.scenario);
        let at = |value: f64| self.at(plan, value);
        let whole = Forecast::of(&base.scenario, TARGET_RISK).ok().filter(|_| self.scope == "all");
        let formula = whole.as_ref().and_then(|forecast| formula(forecast, base, knob, claim, &at));
        let solution = self.simulate(plan, formula, &at);
        let others = whole.iter().flat_map(|forecast| {
            instead(forecast, base, knob, claim).into_iter().filter(|(other, value)| {
                // What Erlang's formula says of refusals in the long run is no promise for a start from empty.
                let is_proven = || {
                    let sets = [plan.sets.as_slice(), &other.sets(other.safely(*value))?].concat();
                    proven(claim, &read_from(&plan.source, &sets, &beside).ok()?.scenario)
                };
                is_proven() == Some(true)
            })
        });
        let beside = |fits: &dyn Fn(&Lanes, f64) -> bool| {
            let forecast = whole.as_ref().filter(|_| is_of(base, knob) && knob.quantity != Quantity::Window)?;
            let Bound::Number(bound) = claim.bound else { return None };
            let bound = Some(bound).filter(|_| claim.metric.name == "exhaustion_probability")?;
            forecast.limit(knob.quantity, knob.now, |lanes| fits(lanes, bound))
        };
        let lasting = beside(&|lanes, bound| lanes.is_safe(bound));
        let window = beside(&|lanes, bound| lanes.is_within(bound));
        Answer {
            scenario: plan.source.stem(),
            knob: knob.clone(),
            claim: claim.clone(),
            scope: self.scope.clone(),
            window_s: base.scenario.run.duration.as_secs_f64(),
            seed: base.scenario.run.seed,
            confidence: self.running.confidence,
            budget: self.max_requests,
            solution,
            formula,
            lasting: lasting.filter(|lasting| window.is_none_or(|window| (lasting / window - 1.0).abs() > 1e-3)),
            fast: beside(&|lanes, bound| lanes.is_safe(bound) && lanes.is_fast()),
            caveat: knob.caveat(&base.scenario),
            instead: others.collect(),
        }
    }

    /// The search by runs, from where a formula expects the answer.
    fn simulate(
        &self,
        plan: &Plan,
        formula: Option<Formula>,
        at: &(dyn Fn(f64) -> Option<Scenario> + Sync),
    ) -> Solution {
        let Plan { knob, claim, base, .. } = plan;
        let judge = |interval: &Interval| judge(claim, interval);
        let proves = |scenario: &Scenario| if self.scope == "all" { proven(claim, scenario) } else { None };
        let hardest = if knob.quantity.better() == Better::Low { knob.limits.1 } else { knob.limits.0 };
        let start = match formula {
            _ if misses_nothing(claim) => hardest,
            Some(formula) if formula.value.is_infinite() => hardest,
            Some(formula) if knob.sets(formula.value).is_some() => formula.value,
            _ => knob.now,
        };
        let (total, stop) = (AtomicU64::new(0), interrupt::watch());
        let progress = Progress::start(WORK, 0, self.running.quiet);
        let grows = |more: u32| {
            let before = total.fetch_add(more.into(), Ordering::Relaxed);
            progress.grow(before + u64::from(more));
        };
        let runs = (base.scenario.run.replications.clamp(20, self.max_replications), self.max_replications);
        let question = Question {
            metric: metric(claim),
            scope: plan.scope,
            judge: &judge,
            at,
            proves: &proves,
            better: knob.quantity.better(),
            is_whole: knob.quantity.is_whole(),
            limits: knob.limits,
            now: knob.now,
            start,
            confidence: self.running.confidence,
            // Where a formula decides, every whole number costs a few runs only.
            parts: if formula.is_some_and(|formula| formula.is_exact) && knob.quantity.is_whole() {
                f64::INFINITY
            } else {
                PARTS
            },
            requests_max: requests_max(&base.scenario, runs.0),
            runs,
            budget: self.max_requests,
            grows: &grows,
        };
        let settings = Settings {
            jobs: self.running.jobs(),
            checks: Checks::Off,
            stop,
            progress: &|refused| progress.one(refused),
        };
        let solution = solve(&question, &settings);
        progress.finish();
        solution
    }
}

/// What stands for something that is not in the model.
fn not_modelled(key: &str) -> &'static str {
    const NAT: &str = "; a NAT gateway is a host with its range: its addresses are --for addresses, a block of ports per \
                       subscriber is the port_range of a host that stands for one";
    const POOL: &str =
        "; a pool of connections is not modelled yet: how many requests must share one is --for requests";
    let has = |words: &[&str]| words.iter().any(|word| key.to_lowercase().contains(word));
    match () {
        () if has(&["nat", "gateway", "block", "subscriber"]) => NAT,
        () if has(&["pool", "max_conn", "connections", "idle"]) => POOL,
        () => "",
    }
}

/// How far a search was when it was stopped.
fn left_off(answer: &Answer) -> String {
    let quantity = answer.knob.quantity;
    let shown = |place: Option<usize>| place.map(|place| quantity.shown(answer.solution.evidence[place].value));
    let known = match (shown(answer.solution.answer), shown(answer.solution.beyond)) {
        (Some(holds), Some(fails)) => format!("; {holds} will do, {fails} will not"),
        (Some(holds), None) => format!("; {holds} will do"),
        (None, _) => String::new(),
    };
    format!("interrupted: the search was not over{known}; fewer runs of each value are --max-replications N")
}

fn metric(claim: &Claim) -> &'static Metric {
    Metric::named(claim.metric.name).expect("claims are about metrics")
}

/// Is a claim true of an interval?
fn judge(claim: &Claim, interval: &Interval) -> Option<bool> {
    let Bound::Number(bound) = claim.bound else { return None };
    truth(claim.comparison, interval.estimate, interval.low.zip(interval.high), bound)
}

/// Is a claim true whatever happens: a share is at most 1, and at least 0?
fn misses_nothing(claim: &Claim) -> bool {
    let all = Interval { estimate: 0.5, low: Some(0.0), high: Some(1.0) };
    claim.metric.unit == "ratio" && claim.metric.name != "search_cpu_ratio" && judge(claim, &all) == Some(true)
}

/// What formulas prove of a claim about everything.
fn proven(claim: &Claim, scenario: &Scenario) -> Option<bool> {
    if misses_nothing(claim) {
        return Some(true);
    }
    let forecast = Forecast::of(scenario, TARGET_RISK).ok()?;
    match claim.metric.name {
        "exhaustion_probability" => {
            let (low, high) = (forecast.risk_at_least(), forecast.lanes.risk_at_most());
            judge(claim, &Interval { estimate: high, low: Some(low), high: Some(high) })
        }
        "refused_ratio" => {
            let exact = forecast.exact_refused_ratio().map(|(exact, _)| Interval::point(exact));
            let most = |most| Interval { estimate: most, low: Some(0.0), high: Some(most) };
            judge(claim, &exact.or_else(|| forecast.refused_at_most().map(most))?)
        }
        _ => None,
    }
}

/// How far formulas let a knob be turned.
fn limit(forecast: &Forecast, knob: &Knob, claim: &Claim) -> Option<f64> {
    let Bound::Number(bound) = claim.bound else { return None };
    match claim.metric.name {
        "exhaustion_probability" => forecast.limit(knob.quantity, knob.now, |lanes| lanes.is_within(bound)),
        "refused_ratio" if bound > 0.0 => {
            let fits = |lanes: &Lanes| lanes.refuses_at_most(bound) && lanes.formula_stands();
            forecast.limit(knob.quantity, knob.now, fits)
        }
        _ => None,
    }
}

/// The same for a load that stays: what is offered instead has to last.
fn lasting_limit(forecast: &Forecast, knob: &Knob, claim: &Claim) -> Option<f64> {
    match claim.bound {
        Bound::Number(bound) if claim.metric.name == "exhaustion_probability" => {
            forecast.limit(knob.quantity, knob.now, |lanes| lanes.is_safe(bound))
        }
        _ => limit(forecast, knob, claim),
    }
}

/// Is it a knob of what the forecast, which knows one client, is about?
fn is_of(base: &Reading, knob: &Knob) -> bool {
    match knob.quantity {
        Quantity::Ports | Quantity::Addresses | Quantity::TimeWait | Quantity::ReuseDelay => {
            knob.of == base.scenario.clients[0].host
        }
        Quantity::Endpoints => base.scenario.destinations.len() == 1,
        Quantity::Rate | Quantity::Lifetime | Quantity::Requests | Quantity::Window => true,
    }
}

fn formula(
    forecast: &Forecast,
    base: &Reading,
    knob: &Knob,
    claim: &Claim,
    at: &dyn Fn(f64) -> Option<Scenario>,
) -> Option<Formula> {
    let value = Some(knob).filter(|knob| is_of(base, knob)).and_then(|knob| limit(forecast, knob, claim))?;
    let is_out_of_reach = value.is_finite() && knob.sets(value).is_none();
    if claim.metric.name != "refused_ratio" {
        // Of one set of ports, before anything can have come back, it is a count of connects.
        let lanes = &forecast.lanes;
        let is_count = lanes.count == 1 && lanes.window.from_s <= 0.0 && value <= lanes.time_wait.wait_s();
        let is_exact = knob.quantity == Quantity::Window && is_count;
        let name = if is_exact { "time of the connect after the last port" } else { forecast.risk_formula() };
        return Some(Formula { value, name, is_exact, is_out_of_reach });
    }
    // It is the answer only where nothing is left out: at the answer itself, or where the knob stands.
    let exact = |scenario: &Scenario| Forecast::of(scenario, TARGET_RISK).ok()?.exact_refused_ratio();
    let there = if is_out_of_reach { Some(base.scenario.clone()) } else { at(value) };
    let (_, name) = exact(&there?)?;
    // Evenly spaced connects are refused none up to there; how many from there on no formula says.
    let is_exact = forecast.lanes.spacing == Spacing::Poisson;
    Some(Formula { value, name, is_exact, is_out_of_reach })
}

/// Other knobs that would do, each alone, where the one that was asked about would have to be turned.
fn instead(forecast: &Forecast, base: &Reading, asked: &Knob, claim: &Claim) -> Vec<(Knob, f64)> {
    let by_formula = |knob: &Knob| {
        let value = lasting_limit(forecast, knob, claim)?;
        let is_worse = match knob.quantity.better() {
            Better::Low => value < knob.now && value > 0.0,
            Better::High => value > knob.now,
        };
        (is_worse && knob.sets(value).is_some()).then_some(value)
    };
    let is_other = |knob: &Knob| {
        // Linux's TIME-WAIT is compiled in, and nobody asks for a shorter window.
        let is_fixed = knob.quantity == Quantity::TimeWait && knob.key.contains("timer_wheel");
        knob.key != asked.key && knob.quantity != Quantity::Window && !is_fixed && is_of(base, knob)
    };
    let others = Knob::all(base).into_iter().filter(is_other);
    others.filter_map(|knob| by_formula(&knob).map(|value| (knob, value))).collect()
}
