//! `Change`: the smallest settings that are enough, each alone, by the closed forms.

use super::super::RunTables;
use super::super::page::solid;
use super::super::words::{self, counted, plural};
use super::closed_form::ClosedForm;
use super::refusals::Refusals;
use crate::port::Binding;
use serde_json::Value;

/// The column, counted from the text's first, where remarks stand.
const REMARK: usize = 36;

pub(super) fn change(tables: &RunTables) -> Vec<String> {
    by_formula(tables).into_iter().chain(late_binding(tables)).collect()
}

/// `bind()` that lets `connect()` choose (`IP_BIND_ADDRESS_NO_PORT`): a set of ports for each endpoint instead of one for
/// all. No formula says that it is enough.
fn late_binding(tables: &RunTables) -> Option<String> {
    let scenario = &tables.meta.scenario;
    let of = |scope: &str, key| {
        let (kind, name) = scope.split_once(':')?;
        scenario.setting(&[kind, name, key])
    };
    let binds = |scope: &&str| of(scope, "bind").and_then(Value::as_str) == Some(Binding::BindZero.name());
    let client = tables.scopes("client:").into_iter().find(binds)?;
    let host = format!("host:{}", of(client, "host").and_then(Value::as_str)?);
    let is_linux = of(&host, "profile").and_then(Value::as_str).is_none_or(|name| name.starts_with("linux"));
    let all = tables.scopes("destination:").into_iter().map(|scope| of(scope, "endpoints").and_then(Value::as_u64));
    let endpoints: u64 = all.map(|endpoints| endpoints.unwrap_or(1)).sum();
    let refused = Refusals::of(tables, "all").refused > 0;
    (is_linux && endpoints > 1 && refused).then(|| {
        let setting = solid("bind = \"address-no-port\"");
        format!(
            "worth a run of its own, as no formula proves that it lasts: {setting}, with which connect() chooses, from a range \
             for each of {} instead of one for all",
            plural(endpoints, "endpoint")
        )
    })
}

/// The smallest sufficient settings.
fn by_formula(tables: &RunTables) -> Vec<String> {
    let Some(closed) = ClosedForm::of(tables).filter(|closed| closed.risk_max > closed.target) else {
        return Vec::new();
    };
    let figure = |name| closed.figure(name);
    let window = solid(&words::seconds(tables.meta.duration_s));
    let rate = figure("safe_rate_per_s").filter(|rate| *rate > 0.0).map(|rate| {
        let now = words::short_rate(closed.rate);
        // A window that is shorter than a port is held shows more than lasts.
        let short = figure("window_rate_per_s").filter(|window| *window > rate * 1.001);
        let short = short.map_or_else(String::new, |rate| {
            format!("lasts; in {} {}", words::seconds(tables.meta.duration_s), words::short_floor_rate(rate))
        });
        (format!("rate at most {} (now {now})", words::short_floor_rate(rate)), short)
    });
    let range = figure("safe_range_first").zip(figure("safe_range_last")).zip(figure("safe_ports"));
    let range = range.map(|((first, last), ports)| {
        (format!("port_range = \"{first:.0}-{last:.0}\""), counted(ports - closed.ports, "more port"))
    });
    let requests =
        figure("safe_requests").map(|least| (several(least, "request") + " per connection", "keep-alive".into()));
    let drawn = || "drawn at random".to_owned();
    let addresses = figure("safe_addresses").map(|least| (format!("addresses = {least:.0}"), drawn()));
    let endpoints = figure("safe_endpoints").map(|least| (format!("endpoints = {least:.0}"), drawn()));
    let settings = [rate, range, requests, addresses, endpoints].into_iter().flatten();
    let lines = settings.map(|(setting, remark)| solid(format!("  {:<REMARK$}{remark}", setting + "  ").trim_end()));
    let head = format!("one of these takes the risk to {} or less per {window}", closed.target_in_words());
    std::iter::once(head).chain(lines).collect()
}

fn several(number: f64, noun: &str) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of at most a million")]
    let number = number as u64;
    plural(number, noun)
}
