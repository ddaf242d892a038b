//! Log-normal lifetimes: what request durations mostly look like, given the way dashboards show them.

use super::LifetimeLaw;
use crate::choice::{Choice, Fault, Kind, Parameter, Values};
use crate::des::SimDuration;
use crate::numeric;

/// `ln t` is normal with mean `ln median` and standard deviation `sigma`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    median_s: f64,
    sigma: f64,
}

impl Choice for Lognormal {
    const NAME: &'static str = "lognormal";
    const SUMMARY: &'static str = "a long tail, by mean or median and p99 or sigma";
    const EXAMPLE: &'static str = "median = \"50ms\", p99 = \"400ms\"";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "mean",
            kind: Kind::Duration,
            required: false,
            help: "the mean lifetime; or give the median",
        },
        Parameter { name: "median", kind: Kind::Duration, required: false, help: "half of them are shorter" },
        Parameter { name: "p99", kind: Kind::Duration, required: false, help: "99 % are shorter; or give sigma" },
        Parameter {
            name: "sigma",
            kind: Kind::Number { above: 0.0, max: 10.0 },
            required: false,
            help: "standard deviation of the logarithm",
        },
    ];

    fn build(values: &Values) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        exactly_one(values, "mean", "median", &mut faults);
        exactly_one(values, "p99", "sigma", &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let seconds = |name| values.duration(name).map(SimDuration::as_secs_f64);
        let sigma = match (values.number("sigma"), seconds("p99")) {
            (Some(sigma), _) => sigma,
            (None, p99) => {
                let p99 = p99.expect("exactly one of p99 and sigma is given");
                match seconds("median") {
                    Some(median) => sigma_of_median(median, p99),
                    None => sigma_of_mean(seconds("mean").expect("exactly one of mean and median is given"), p99),
                }
                .map_err(|fault| vec![fault])?
            }
        };
        let median_s = match (seconds("median"), seconds("mean")) {
            (Some(median), _) => median,
            (None, mean) => mean.expect("exactly one of mean and median is given") * numeric::exp(-0.5 * sigma * sigma),
        };
        Ok(Self { median_s, sigma })
    }
}

fn exactly_one(values: &Values, one: &'static str, other: &'static str, faults: &mut Vec<Fault>) {
    match (values.has(one), values.has(other)) {
        (true, false) | (false, true) => {}
        (true, true) => {
            faults.push(
                Fault::new(other, format!("{one} and {other} are both given"))
                    .with_help(format!("keep one of them: {one} or {other}")),
            );
        }
        (false, false) => {
            faults.push(
                Fault::new("", format!("neither {one} nor {other} is given"))
                    .with_help(format!("add {one} or {other}")),
            );
        }
    }
}

/// z: the 99th percentile of the standard normal law.
fn z99() -> f64 {
    numeric::normal_quantile(0.99)
}

/// ln p99 - ln median = z sigma.
fn sigma_of_median(median_s: f64, p99_s: f64) -> Result<f64, Fault> {
    if p99_s <= median_s {
        return Err(Fault::new("p99", "p99 is not above the median").with_help("99 % of lifetimes are below p99"));
    }
    Ok(numeric::ln(p99_s / median_s) / z99())
}

/// ln p99 - ln mean = z sigma - sigma^2 / 2; of the two roots the one below z, where a longer p99 is a longer tail.
fn sigma_of_mean(mean_s: f64, p99_s: f64) -> Result<f64, Fault> {
    if p99_s <= mean_s {
        return Err(Fault::new("p99", "p99 is not above the mean")
            .with_help("give the median instead of the mean, or a longer p99"));
    }
    let z = z99();
    let ratio = numeric::ln(p99_s / mean_s);
    let discriminant = z * z - 2.0 * ratio;
    if discriminant < 0.0 {
        let most = numeric::exp(0.5 * z * z);
        let message = format!("no log-normal law has a p99 more than {most:.1} times its mean");
        return Err(Fault::new("p99", message).with_help("give the median instead of the mean, or a shorter p99"));
    }
    // z - sqrt(discriminant), without cancellation.
    Ok(2.0 * ratio / (z + discriminant.sqrt()))
}

impl LifetimeLaw for Lognormal {
    fn mean_s(&self) -> Option<f64> {
        Some(self.median_s * numeric::exp(0.5 * self.sigma * self.sigma))
    }

    fn quantile_s(&self, p: f64) -> f64 {
        self.median_s * numeric::exp(self.sigma * numeric::normal_quantile(p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Value;

    fn build(spans: &[(&'static str, u64)], sigma: Option<f64>) -> Result<Lognormal, Vec<Fault>> {
        let mut values = Values::default();
        for (name, millis) in spans {
            values.set(name, Value::Duration(SimDuration::from_millis(*millis)));
        }
        if let Some(sigma) = sigma {
            values.set("sigma", Value::Number(sigma));
        }
        Lognormal::build(&values)
    }

    fn close(ours: f64, expected: f64) {
        assert!((ours - expected).abs() <= 1e-13 * expected, "{ours} {expected}");
    }

    #[test]
    fn each_way_to_give_it_gives_back_what_was_given() {
        let law = build(&[("median", 50), ("p99", 400)], None).unwrap();
        close(law.quantile_s(0.5), 0.05);
        close(law.quantile_s(0.99), 0.4);
        let law = build(&[("mean", 50), ("p99", 400)], None).unwrap();
        close(law.mean_s().unwrap(), 0.05);
        close(law.quantile_s(0.99), 0.4);
        assert!(law.sigma < z99());
        let law = build(&[("mean", 50)], Some(1.5)).unwrap();
        close(law.mean_s().unwrap(), 0.05);
        let law = build(&[("median", 50)], Some(1.5)).unwrap();
        close(law.mean_s().unwrap(), 0.154_010_842_445_901_55);
    }

    #[test]
    fn what_does_not_go_together_is_said_all_at_once() {
        let faults = build(&[("mean", 50), ("median", 40)], None).unwrap_err();
        assert_eq!(faults.len(), 2);
        assert_eq!((faults[0].parameter, faults[1].parameter), ("median", ""));
        assert_eq!(faults[1].message, "neither p99 nor sigma is given");
        assert_eq!(build(&[("mean", 50), ("p99", 50)], None).unwrap_err()[0].message, "p99 is not above the mean");
        assert_eq!(build(&[("median", 50), ("p99", 40)], None).unwrap_err()[0].message, "p99 is not above the median");
        let message = &build(&[("mean", 50), ("p99", 800)], None).unwrap_err()[0].message;
        assert_eq!(message, "no log-normal law has a p99 more than 15.0 times its mean");
    }

    #[test]
    fn a_draw_is_at_most_the_longest_span() {
        let mut nanos = [0];
        build(&[("median", 3_000_000_000)], Some(10.0)).unwrap().fill(&[u64::MAX], &mut nanos);
        assert_eq!(nanos[0], SimDuration::MAX.as_nanos());
    }
}
