//! Reading what a kernel does with sockets, and how a client's sockets come by their port.

use super::diagnostics::Fault;
use super::quantity::{self, Misfit};
use super::read_host::value_of;
use super::read_value::{Reader, Section, Zero};
use super::tree::{Node, Table, Value};
use crate::port::{Binding, EarlyReuse, PortRange, PortSet, SocketRules, TwReuse};

impl Reader<'_> {
    /// The rules of a host; `None` when a fault leaves one of them open.
    pub(super) fn socket_rules(&mut self, section: &mut Section<'_>, defaults: &Table) -> Option<SocketRules> {
        let settings = TwReuse::ALL.map(|setting| (setting.name(), setting));
        let tw_reuse = value_of(section, defaults, "tw_reuse")
            .and_then(|entry| self.word(&entry.node, &section.path_of("tw_reuse"), &settings));
        let mut span = |reader: &mut Self, key, zero| {
            value_of(section, defaults, key).and_then(|entry| reader.duration(&entry.node, &section.path_of(key), zero))
        };
        let delay = span(self, "tw_reuse_delay", Zero::Allowed);
        let tick = span(self, "tw_reuse_tick", Zero::Forbidden);
        let fin_timeout = span(self, "fin_timeout", Zero::Forbidden);
        let mut flag = |reader: &mut Self, key| {
            value_of(section, defaults, key).and_then(|entry| reader.flag(&entry.node, &section.path_of(key)))
        };
        let timestamps = flag(self, "timestamps");
        let sticky_buckets = flag(self, "sticky_buckets");
        let mut whole = |reader: &mut Self, key| {
            let bounds = section.bounds(key);
            value_of(section, defaults, key).and_then(|entry| reader.whole(&entry.node, &section.path_of(key), bounds))
        };
        let max_tw_buckets = whole(self, "max_tw_buckets");
        let syn_retries = whole(self, "syn_retries").and_then(|retries| u32::try_from(retries).ok());
        let syn_linear_timeouts = whole(self, "syn_linear_timeouts").and_then(|count| u32::try_from(count).ok());
        let autobind_reuse = self.flag_or(section, "autobind_reuse", false);
        let path = section.path_of("listening_ports");
        let listening_ports = if let Some(entry) = section.take("listening_ports") {
            self.port_set(&entry.node, "listening_ports", &path)
        } else {
            self.resolved.note(path, Vec::<String>::new(), "default");
            PortSet::default()
        };
        Some(SocketRules {
            tw_reuse: tw_reuse?,
            early_reuse: EarlyReuse { delay: delay?, tick: tick? },
            timestamps: timestamps?,
            max_tw_buckets: max_tw_buckets?,
            fin_timeout: fin_timeout?,
            syn_retries: syn_retries?,
            syn_linear_timeouts: syn_linear_timeouts?,
            sticky_buckets: sticky_buckets?,
            autobind_reuse,
            listening_ports,
        })
    }

    /// Which call chooses the port.
    pub(super) fn binding(&mut self, section: &mut Section<'_>) -> Binding {
        let path = section.path_of("bind");
        let Some(entry) = section.take("bind") else {
            self.resolved.note(path, Binding::Connect.name(), "default");
            return Binding::Connect;
        };
        if let Value::Table(table) = &entry.node.value {
            let mut inner = Section::of_names(path, entry.node.at.clone(), table, &["ports"]);
            let ports = inner.required_as("ports", "\"40100-40199\"").and_then(|entry| {
                let path = inner.path_of("ports");
                self.port_range("ports", &entry.node, &path)
            });
            self.finish(&mut inner);
            return ports.map_or(Binding::Connect, Binding::Ports);
        }
        let words = Binding::WORDS.map(|binding| (binding.name(), binding));
        self.word(&entry.node, &path, &words).unwrap_or(Binding::Connect)
    }

    /// `true` or `false`.
    fn flag(&mut self, node: &Node, path: &str) -> Option<bool> {
        if let Value::Flag(flag) = node.value {
            self.resolved.note(path, flag, node.at.origin());
            return Some(flag);
        }
        let key = path.rsplit('.').next().unwrap_or(path);
        let fault = Fault::new(node.at.clone(), format!("{key} must be true or false"));
        self.fault(fault.label(format!("this is {}", node.type_name())).help(format!("write {key} = true, unquoted")));
        None
    }

    /// `true` or `false`, or its default.
    pub(super) fn flag_or(&mut self, section: &mut Section<'_>, key: &'static str, default: bool) -> bool {
        let path = section.path_of(key);
        if let Some(entry) = section.take(key) {
            return self.flag(&entry.node, &path).unwrap_or(default);
        }
        self.resolved.note(path, default, "default");
        default
    }

    /// First and last port.
    pub(super) fn port_range(&mut self, key: &str, node: &Node, path: &str) -> Option<PortRange> {
        let read = match &node.value {
            Value::String(text) => {
                self.note_spelling(text);
                quantity::port_range(text)
            }
            Value::Whole(Some(number)) => quantity::port_range(&number.to_string()),
            _ => Err(Misfit {
                message: format!("{key} must be a string"),
                label: format!("this is {}", node.type_name()),
                help: Some(format!("write, for example, {key} = \"32768-60999\"")),
            }),
        };
        match read {
            Ok(range) => {
                self.resolved.note(path, range.to_string(), node.at.origin());
                Some(range)
            }
            Err(misfit) => {
                self.misfit(&node.at, misfit);
                None
            }
        }
    }

    /// An array of ports and ranges, or one of them alone.
    pub(super) fn port_set(&mut self, node: &Node, key: &str, path: &str) -> PortSet {
        /// There are no more ports than these.
        const RANGES_MAX: usize = 65_535;
        let alone = std::slice::from_ref(node);
        let items = if let Value::Array(items) = &node.value { items.as_slice() } else { alone };
        if items.len() > RANGES_MAX {
            let message = format!("more {} than there are ports", key.replace('_', " "));
            self.fault(Fault::new(node.at.clone(), message).label("too many"));
            return PortSet::default();
        }
        let mut ranges = Vec::new();
        for item in items {
            let read = match &item.value {
                Value::String(text) => quantity::port_or_range(text),
                Value::Whole(Some(number)) => quantity::port_or_range(&number.to_string()),
                _ => Err(Misfit {
                    message: format!("{key} must be an array of ports and port ranges"),
                    label: format!("this is {}", item.type_name()),
                    help: Some(format!("write, for example, {key} = [\"8080\", \"40300-40599\"]")),
                }),
            };
            match read {
                Ok(range) => ranges.push(range),
                Err(misfit) => self.misfit(&item.at, misfit),
            }
        }
        let set = PortSet::new(ranges);
        let shown: Vec<String> = set.ranges().iter().map(PortRange::to_string).collect();
        self.resolved.note(path, shown, node.at.origin());
        set
    }
}
