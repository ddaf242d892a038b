//! Reading a `[[client]]`: names resolve, laws come from their registries.

use super::diagnostics::{Fault, quoted};
use super::keys::Key;
use super::model::Client;
use super::quantity;
use super::read::Named;
use super::read_value::{Reader, Section};
use super::tree::{At, Node, Table, Value};
use crate::workload::{Arrivals, ClosesFirst, Jitter, Lifetime, Retry, Spread};

/// What was read, and where the parts stand that other limits point to.
pub(super) struct ReadClient {
    pub(super) client: Option<Client>,
    pub(super) retry_at: At,
}

impl Reader<'_> {
    pub(super) fn client(
        &mut self,
        named: &mut Named<'_>,
        hosts: &[Named<'_>],
        destinations: &[Named<'_>],
    ) -> ReadClient {
        let section = &mut named.section;
        let host = section.required_as("host", &example(hosts)).and_then(|entry| {
            let name = self.text(&entry.node, "host", "\"gateway\"")?;
            self.resolved.note(section.path_of("host"), name, entry.node.at.origin());
            self.resolve(name, &entry.node.at, "host", hosts)
        });
        let to = section
            .required_as("to", &example(destinations))
            .and_then(|entry| self.to(&entry.node, &section.path_of("to"), destinations));
        let arrivals_entry = section.required("arrivals");
        let arrivals = arrivals_entry
            .and_then(|entry| self.choice(&entry.node, &section.path_of("arrivals"), Arrivals::ENTRIES, None));
        let lifetime = section
            .required("lifetime")
            .and_then(|entry| self.choice(&entry.node, &section.path_of("lifetime"), Lifetime::ENTRIES, None));
        let closers = ClosesFirst::ALL.map(|closer| (closer.name(), closer));
        let closes_first = self.word_or(section, "closes_first", &closers, ClosesFirst::Client);
        let bind = self.binding(section);
        let reuse_address = self.flag_or(section, "reuse_address", false);
        let reuse_port = self.flag_or(section, "reuse_port", false);
        let local_port_range = section
            .take("local_port_range")
            .and_then(|entry| self.port_range("local_port_range", &entry.node, &section.path_of("local_port_range")));
        let spreads = Spread::ALL.map(|spread| (spread.name(), spread));
        let source = self.word_or(section, "source", &spreads, Spread::Random);
        let balance = self.word_or(section, "balance", &spreads, Spread::Random);
        let retry_entry = section.take("retry");
        let keys = section.keys_below("retry");
        let retry = retry_entry.and_then(|entry| self.retry(&entry.node, &section.path_of("retry"), keys));
        let retry = retry.unwrap_or(Retry::NONE);
        self.finish(section);
        let arrivals_at = arrivals_entry.map_or_else(|| named.name_at.clone(), |entry| entry.node.at.clone());
        if let (Some(to), Some(arrivals)) = (&to, &arrivals) {
            self.trace_goes_to(arrivals, to, &named.name, &arrivals_at, destinations);
        }
        let build = || {
            let (name, host, to) = (named.name.clone(), host?, to?);
            let (arrivals, lifetime) = (arrivals?, lifetime?);
            Some(Client {
                name,
                host,
                to,
                arrivals,
                lifetime,
                closes_first,
                bind,
                reuse_address,
                reuse_port,
                local_port_range,
                source,
                balance,
                retry,
            })
        };
        let retry_at = retry_entry.map_or_else(|| named.name_at.clone(), |entry| entry.node.at.clone());
        ReadClient { client: build(), retry_at }
    }

    /// One of a few words, or its default.
    pub(super) fn word_or<T: Copy + PartialEq>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        all: &[(&'static str, T)],
        default: T,
    ) -> T {
        let path = section.path_of(key);
        if let Some(entry) = section.take(key) {
            return self.word(&entry.node, &path, all).unwrap_or(default);
        }
        if let Some((name, _)) = all.iter().find(|(_, value)| *value == default) {
            self.resolved.note(path, *name, "default");
        }
        default
    }

    /// One destination, or several with their weights.
    fn to(&mut self, node: &Node, path: &str, destinations: &[Named<'_>]) -> Option<Vec<(usize, f64)>> {
        match &node.value {
            Value::String(name) => {
                let index = self.resolve(name, &node.at, "destination", destinations)?;
                self.resolved.note(path, name.as_str(), node.at.origin());
                Some(vec![(index, 1.0)])
            }
            Value::Table(table) => self.weights(node, table, path, destinations),
            _ => {
                let fault = Fault::new(node.at.clone(), "to must be a destination or a table of weights");
                let fault = fault.label(format!("this is {}", node.type_name())).unless_syntax();
                self.fault(fault.help("write to = \"orders-db\" or to = { orders-db = 0.8, cache = 0.2 }"));
                None
            }
        }
    }

    fn weights(
        &mut self,
        node: &Node,
        table: &Table,
        path: &str,
        destinations: &[Named<'_>],
    ) -> Option<Vec<(usize, f64)>> {
        let before = self.faults.count();
        if table.0.len() > self.pairs_left {
            let fault = Fault::new(node.at.clone(), "more than 4,096 pairs of client and destination");
            self.fault(fault.label("from here on").help("let clients share destinations"));
            return None;
        }
        self.pairs_left -= table.0.len();
        let mut to = Vec::new();
        for entry in &table.0 {
            let index = self.resolve(&entry.key, &entry.key_at, "destination", destinations);
            let weight = self.weight(&entry.node, &format!("{path}.{}", entry.key));
            if let (Some(index), Some(weight)) = (index, weight) {
                to.push((index, weight));
            }
        }
        // A destination that was not found has its fault, here or at its own table.
        if self.faults.count() > before || to.len() < table.0.len() {
            return None;
        }
        let sum: f64 = to.iter().map(|(_, weight)| weight).sum();
        if (sum - 1.0).abs() > 1e-6 {
            let shown = format!("{sum:.6}");
            let shown = shown.trim_end_matches('0').trim_end_matches('.');
            let fault = Fault::new(node.at.clone(), format!("weights must sum to 1, these sum to {shown}"));
            self.fault(fault.label("the weights").help("write shares such as { orders-db = 0.8, cache = 0.2 }"));
            return None;
        }
        // Within the tolerance, but the simulation draws from a law: exactly one in all.
        for (_, weight) in &mut to {
            *weight /= sum;
        }
        to.sort_by_key(|(index, _)| *index);
        Some(to)
    }

    fn weight(&mut self, node: &Node, path: &str) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "any whole number but 1 is refused")]
        let weight = match &node.value {
            Value::Whole(Some(number)) => *number as f64,
            Value::Float(number) => *number,
            Value::String(text) => match quantity::percentage(text) {
                Ok(share) => share,
                Err(misfit) => {
                    self.misfit(&node.at, misfit);
                    return None;
                }
            },
            _ => f64::NAN,
        };
        if weight > 0.0 && weight <= 1.0 {
            self.resolved.note(path, weight, node.at.origin());
            return Some(weight);
        }
        let fault = Fault::new(node.at.clone(), "a weight must be above 0 and at most 1");
        self.fault(if weight == 0.0 {
            fault.label("never connects there").help("leave the destination out")
        } else {
            fault.label("no share").help("write 0.8 or \"80%\"")
        });
        None
    }

    fn retry(&mut self, node: &Node, path: &str, keys: &'static [Key]) -> Option<Retry> {
        let table = self.table(node, path, "{ attempts = 3, delay = \"1s\" }")?;
        let mut section = Section::new(path, node.at.clone(), table, keys);
        let attempts = section
            .required("attempts")
            .and_then(|entry| self.whole(&entry.node, &section.path_of("attempts"), section.bounds("attempts")));
        let delay = self.span_or(&mut section, "delay", Retry::NONE.delay);
        let factor = if let Some(entry) = section.take("factor") {
            self.factor(&entry.node, &section.path_of("factor"))
        } else {
            self.resolved.note(section.path_of("factor"), Retry::NONE.factor, "default");
            Retry::NONE.factor
        };
        // A delay longer than the default cap is meant as it is written.
        let max = self.span_or(&mut section, "max", Retry::NONE.max.max(delay));
        let jitters = Jitter::ALL.map(|jitter| (jitter.name(), jitter));
        let jitter = self.word_or(&mut section, "jitter", &jitters, Jitter::None);
        self.finish(&mut section);
        if max < delay
            && let Some(entry) = section.take("max")
        {
            let fault = Fault::new(entry.node.at.clone(), "max is below delay").label("the longest wait");
            let second = section.take("delay").map(|entry| entry.node.at.clone());
            self.fault(match second {
                Some(at) => fault.second(at, "the first wait"),
                None => fault.help("delay is 1s unless it is written"),
            });
        }
        Some(Retry { attempts: u32::try_from(attempts?).ok()?, delay, factor, max, jitter })
    }

    fn factor(&mut self, node: &Node, path: &str) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 1000, else refused")]
        let factor = match &node.value {
            Value::Whole(Some(number)) => *number as f64,
            Value::Float(number) => *number,
            _ => f64::NAN,
        };
        if (1.0..=1000.0).contains(&factor) {
            self.resolved.note(path, factor, node.at.origin());
            return factor;
        }
        let fault = Fault::new(node.at.clone(), "factor must be a number from 1 to 1,000").label("out of bounds");
        self.fault(fault.help("write, for example, factor = 2.0, which doubles each wait"));
        1.0
    }

    /// Every destination that a trace names must be one that the client connects to.
    fn trace_goes_to(
        &mut self,
        arrivals: &Arrivals,
        to: &[(usize, f64)],
        client: &str,
        at: &At,
        destinations: &[Named<'_>],
    ) {
        let Arrivals::Replay(replay) = arrivals else { return };
        let trace = replay.trace();
        for (index, name) in trace.destinations.iter().enumerate() {
            if to.iter().any(|(destination, _)| destinations[*destination].name == *name) {
                continue;
            }
            let row = trace.rows.iter().position(|row| row.destination.is_some_and(|d| usize::from(d) == index));
            let row = row.map_or_else(String::new, |row| format!(" (row {})", super::words::thousands(row as u64 + 1)));
            let message = format!(
                "trace {} names the destination {}{row}, to which client {} does not connect",
                quoted(&trace.path),
                quoted(name),
                quoted(client)
            );
            let known: Vec<&str> = to.iter().map(|(index, _)| &*destinations[*index].name).take(8).collect();
            let fault = Fault::new(at.clone(), message).label("this trace");
            self.fault(fault.help(format!("add it to the key to, which has {}", known.join(", "))));
        }
    }
}

/// A name that would do: one from the file if there is one.
fn example(all: &[Named<'_>]) -> String {
    quoted(all.first().map_or("NAME", |named| &*named.name))
}
