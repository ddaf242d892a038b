//! Reading a `[[host]]`: what it leaves out comes from its profile, which is read by the same code.

use super::diagnostics::{Fault, quoted};
use super::model::{ConnectCost, Host};
use super::read::Named;
use super::read_value::{Reader, Section, Zero};
use super::suggest::nearest;
use super::tree::{At, Entry, Node, Table, Value};
use crate::choice::{self, Kind, Parameter};
use crate::port::hold::TimerWheel;
use crate::port::{AllocatorKind, Hold, Uniqueness};
use crate::profile::{self, Profile};

impl Reader<'_> {
    /// A host; `None` when a fault leaves it without something it needs.
    pub(super) fn host(&mut self, named: &mut Named<'_>) -> Option<Host> {
        let section = &mut named.section;
        let profile = self.profile(section);
        let defaults = tree_of(profile);
        let addresses = self.whole_or(section, "addresses", 1);
        let range_entry = value_of(section, &defaults, "port_range");
        let port_range =
            range_entry.and_then(|entry| self.port_range("port_range", &entry.node, &section.path_of("port_range")));
        let reserved_entry = value_of(section, &defaults, "reserved_ports");
        let reserved = reserved_entry
            .map(|entry| self.port_set(&entry.node, "reserved_ports", &section.path_of("reserved_ports")));
        let rules = Uniqueness::ALL.map(|rule| (rule.name(), rule));
        let uniqueness = value_of(section, &defaults, "uniqueness")
            .and_then(|entry| self.word(&entry.node, &section.path_of("uniqueness"), &rules));
        let kinds: Vec<_> = AllocatorKind::ALL.iter().map(|kind| (kind.name(), *kind)).collect();
        let allocator = value_of(section, &defaults, "allocator")
            .and_then(|entry| self.word(&entry.node, &section.path_of("allocator"), &kinds));
        let port_step_width = self.step_width(section, allocator);
        let hz_entry = value_of(section, &defaults, "hz");
        let hz = hz_entry.and_then(|entry| self.hz(&entry.node, &section.path_of("hz")));
        // What the rule is lent is fine, so that a fault is told once.
        let lent = hz_entry.filter(|_| hz.is_some()).or_else(|| defaults.get("hz"));
        let lent = rules_with(lent, defaults.get("time_wait"));
        let time_wait = value_of(section, &defaults, "time_wait")
            .and_then(|entry| self.time_wait(&entry.node, &section.path_of("time_wait"), &lent));
        let sockets = self.socket_rules(section, &defaults);
        let connect_cost = self.connect_cost(section, &defaults);
        self.finish(section);
        let host = Host {
            name: named.name.clone(),
            profile: profile.name.into(),
            port_range: port_range?,
            reserved_ports: reserved.unwrap_or_default(),
            addresses: u32::try_from(addresses).ok()?,
            uniqueness: uniqueness?,
            allocator: allocator?,
            port_step_width,
            hz: hz?,
            time_wait: time_wait?,
            sockets: sockets?,
            connect_cost: connect_cost?,
        };
        if host.usable_ports() == 0 {
            // Whichever of the two takes the last port: what is reserved, what is listened on.
            let range = host.port_range;
            let is_reserved = host.reserved_ports.count_in(range) > 0;
            let what = match (is_reserved, host.sockets.listening_ports.count_in(range) > 0) {
                (_, false) => "reserved",
                (false, true) => "listened on (listening_ports)",
                (true, true) => "reserved or listened on (listening_ports)",
            };
            let entry = reserved_entry.filter(|_| is_reserved).or(range_entry);
            let at = entry.map_or_else(|| named.name_at.clone(), |entry| entry.node.at.clone());
            let fault = Fault::new(at, format!("no port of {range} can be used"));
            let fault = fault.label(format!("all of them are {what}"));
            self.fault(match range_entry {
                Some(entry) if reserved_entry.is_some() && is_reserved => {
                    fault.second(entry.node.at.clone(), "the range")
                }
                _ => fault,
            });
        }
        Some(host)
    }

    fn profile(&mut self, section: &mut Section<'_>) -> &'static Profile {
        let fallback = profile::find(profile::DEFAULT).expect("a test finds the default profile");
        let Some(entry) = section.take("profile") else {
            self.resolved.note(section.path_of("profile"), profile::DEFAULT, "default");
            return fallback;
        };
        let Some(name) = self.text(&entry.node, "profile", "\"linux-6.18\"") else { return fallback };
        if let Some(found) = profile::find(name) {
            self.resolved.note(section.path_of("profile"), name, entry.node.at.origin());
            return found;
        }
        let names: Vec<&str> = profile::all().iter().map(|profile| profile.name).collect();
        let fault = Fault::new(entry.node.at.clone(), format!("no profile is named {}", quoted(name)));
        let fault = match nearest(name, names.iter().copied()) {
            Some(near) => fault.label(format!("did you mean \"{near}\"?")),
            None => fault.label("unknown"),
        };
        let help = match profile::stand_in(name) {
            Some(near) => format!("{} {}", near.what, near.keys()),
            None => format!("the profiles are {}", names.join(", ")),
        };
        self.fault(fault.help(help));
        fallback
    }

    /// The step width, which only the newest search of Linux has.
    fn step_width(&mut self, section: &mut Section<'_>, allocator: Option<AllocatorKind>) -> u32 {
        let at = section.take("port_step_width").map(|entry| entry.node.at.clone());
        let width = self.whole_or(section, "port_step_width", 0);
        if let (1.., Some(at), Some(kind)) = (width, at, allocator)
            && kind != AllocatorKind::LinuxConnect
        {
            let newest = AllocatorKind::LinuxConnect.name();
            let fault = Fault::new(at, format!("the allocator {} has no port_step_width", kind.name()));
            self.fault(fault.help(format!("only {newest} has one (Linux 7.1): write 0, or leave it out")));
        }
        u32::try_from(width).unwrap_or(0)
    }

    fn hz(&mut self, node: &Node, path: &str) -> Option<u64> {
        let kind = Kind::OneOf(TimerWheel::HZ);
        match self.parameter(node, path, &Parameter { name: "hz", kind, required: true, help: "" })? {
            choice::Value::Whole(hz) => Some(hz),
            _ => None,
        }
    }

    /// `"60s"` is short for `{ exact = { wait = "60s" } }`; what a table leaves out comes from `fallback`.
    fn time_wait(&mut self, node: &Node, path: &str, fallback: &Table) -> Option<Hold> {
        if node.table().is_some() {
            return self.choice(node, path, Hold::ENTRIES, Some(fallback));
        }
        let wait = Table(vec![entry("wait", node.clone())]);
        let inner = Node { value: Value::Table(wait), at: node.at.clone() };
        let exact = Table(vec![entry("exact", inner)]);
        self.choice(&Node { value: Value::Table(exact), at: node.at.clone() }, path, Hold::ENTRIES, None)
    }

    /// What the host leaves out comes from the profile, key by key.
    fn connect_cost(&mut self, section: &mut Section<'_>, defaults: &Table) -> Option<ConnectCost> {
        let (path, keys) = (section.path_of("connect_cost"), section.keys_below("connect_cost"));
        let defaults = defaults.get("connect_cost")?.node.table()?;
        let (table, at) = match section.take("connect_cost") {
            Some(entry) => (self.table(&entry.node, &path, "{ base = \"31us\" }")?, entry.node.at.clone()),
            None => (defaults, section.at.clone()),
        };
        let mut own = Section::new(path, at, table, keys);
        let mut span = |key| {
            let entry = value_of(&mut own, defaults, key)?;
            self.duration(&entry.node, &own.path_of(key), Zero::Allowed)
        };
        let (base, established, time_wait) = (span("base"), span("established"), span("time_wait"));
        self.finish(&mut own);
        Some(ConnectCost { base: base?, established: established?, time_wait: time_wait? })
    }
}

/// The value of a key: the host's, else the profile's.
#[expect(single_use_lifetimes, reason = "the host's table outlives the profile's")]
pub(super) fn value_of<'e, 'n: 'e>(
    section: &mut Section<'n>,
    defaults: &'e Table,
    key: &'static str,
) -> Option<&'e Entry> {
    section.take(key).or_else(|| defaults.get(key))
}

/// The profile's rule, if it has one, and for each rule that takes `hz` and has none, that of the host.
fn rules_with(hz: Option<&Entry>, time_wait: Option<&Entry>) -> Table {
    let mut rules = time_wait.and_then(|entry| entry.node.table()).cloned().unwrap_or_default();
    let takers = Hold::ENTRIES.iter().filter(|rule| rule.parameters.iter().any(|parameter| parameter.name == "hz"));
    for (rule, hz) in takers.zip(std::iter::repeat(hz).flatten()) {
        if rules.get(rule.name).is_none() {
            rules.0.push(entry(rule.name, Node { value: Value::Table(Table::default()), at: hz.node.at.clone() }));
        }
        if let Some(Value::Table(given)) = rules.get_mut(rule.name).map(|entry| &mut entry.node.value)
            && given.get("hz").is_none()
        {
            given.0.push(hz.clone());
        }
    }
    rules
}

fn entry(key: &str, node: Node) -> Entry {
    Entry { key: key.to_owned(), key_at: node.at.clone(), node }
}

/// The settings of a profile as the table of a host.
fn tree_of(profile: &Profile) -> Table {
    let at = At::Profile(profile.name);
    let mut tree = Table::default();
    for setting in profile.settings.iter().filter(|setting| setting.key != "exhausted") {
        let mut table = &mut tree;
        let (parents, key) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            if table.get(step).is_none() {
                let node = Node { value: Value::Table(Table::default()), at: at.clone() };
                table.0.push(Entry { key: step.to_owned(), key_at: at.clone(), node });
            }
            let Some(Value::Table(below)) = table.get_mut(step).map(|entry| &mut entry.node.value) else {
                unreachable!("a setting lies below no other");
            };
            table = below;
        }
        let node = node_of(&setting.value, &at);
        table.0.push(Entry { key: key.to_owned(), key_at: at.clone(), node });
    }
    tree
}

fn node_of(value: &toml::Value, at: &At) -> Node {
    let value = match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::Whole(Some((*number).into())),
        toml::Value::Float(number) => Value::Float(*number),
        toml::Value::Boolean(flag) => Value::Flag(*flag),
        toml::Value::Array(items) => Value::Array(items.iter().map(|item| node_of(item, at)).collect()),
        _ => Value::Other("a value of a profile"),
    };
    Node { value, at: at.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::tree::from_toml;
    use super::*;
    use crate::des::SimDuration;
    use crate::scenario::keys::{self, Need};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn what_a_cost_leaves_out_comes_from_the_profile() {
        let keys = Section::new("", At::Whole, &Table::default(), keys::FILE).keys_below("host");
        let sources = BTreeMap::new();
        let mut reader = Reader::new(&sources);
        let text = "name = \"x\"\nconnect_cost = { base = \"0s\", time_wait = \"1.5us\" }";
        let tree = from_toml(text, &mut reader.faults);
        let mut section = Section::new("host.x", At::Whole, &tree, keys);
        section.take("name");
        let host = reader.host(&mut Named { name: "x".into(), name_at: At::Whole, section }).unwrap();
        assert!(reader.faults.is_empty());
        let ConnectCost { base, established, time_wait } = host.connect_cost;
        assert_eq!([base, established, time_wait].map(SimDuration::as_nanos), [0, 50, 1_500]);
        let resolved = reader.resolved.to_json();
        let cost = &resolved["host"]["x"]["connect_cost"];
        let origins = ["base", "established", "time_wait"].map(|key| cost[key]["origin"].as_str());
        assert_eq!(origins, [Some("file"), Some("profile linux-6.18"), Some("file")]);
    }

    /// Every key of every profile is read by the code that reads hosts, and none is left over.
    #[test]
    fn every_profile_is_a_complete_host() {
        let keys = Section::new("", At::Whole, &Table::default(), keys::FILE).keys_below("host");
        for profile in profile::all() {
            let sources = BTreeMap::new();
            let mut reader = Reader::new(&sources);
            let tree = from_toml(&format!("name = \"x\"\nprofile = \"{}\"", profile.name), &mut reader.faults);
            let mut section = Section::new("host.x", At::Whole, &tree, keys);
            section.take("name");
            let mut named = Named { name: "x".into(), name_at: At::Whole, section };
            let host = reader.host(&mut named);
            assert!(reader.faults.is_empty() && host.is_some(), "{}: {:?}", profile.name, reader.faults);
            let defaults = tree_of(profile);
            let from_profile = keys.iter().filter(|key| key.need == Need::Profile).map(|key| key.name);
            let given = defaults.0.iter().map(|entry| entry.key.as_str());
            assert_eq!(given.collect::<BTreeSet<_>>(), from_profile.collect(), "{}", profile.name);
        }
    }
}
