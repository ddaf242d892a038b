//! Settings as `sysctl -w` takes them and as `/etc/sysctl.conf` holds them (sysctl.conf(5)).

use super::Stack;
use super::stack::Setting;
use super::sysctl_names::is_sysctl;
use crate::des::SimDuration;
use crate::inspect::sysctl;
use crate::port::TwReuse;
use crate::scenario::SourceFile;
use crate::scenario::diagnostics::{Diagnostics, Fault, Faults, quoted};
use crate::scenario::suggest::nearest;
use crate::scenario::tree::At;
use std::ops::Range;

/// The option that gives one.
const OPTION: &str = "--sysctl";

/// A list of sysctls, later ones before earlier ones: those of a file, then those of the command line.
#[derive(Debug)]
pub struct Sysctls {
    name: String,
    text: String,
    given: Vec<String>,
    stack: Stack<'static>,
    count: usize,
    others: Vec<String>,
    windows: usize,
}

/// A sysctl that some rule is about.
struct Known {
    name: &'static str,
    /// What may be written there, in words that fit after "takes".
    takes: &'static str,
    /// Sets it; `None` when the text is no such value.
    set: fn(&mut Stack<'static>, &str, At) -> Option<()>,
}

const KNOWN: &[Known] = &[
    Known {
        name: "net.ipv4.ip_local_port_range",
        takes: "the first and the last port, such as \"32768 60999\"",
        set: |stack, text, at| put(&mut stack.port_range, sysctl::port_range(text), at),
    },
    Known {
        name: "net.ipv4.ip_local_reserved_ports",
        takes: "ports and ranges of them, such as \"8080,9000-9010\"",
        set: |stack, text, at| put(&mut stack.reserved_ports, sysctl::port_list(text), at),
    },
    Known {
        name: "net.ipv4.ip_unprivileged_port_start",
        takes: "a port",
        set: |stack, text, _| {
            stack.unprivileged_from = text.parse().ok()?;
            Some(())
        },
    },
    Known {
        name: "net.ipv4.tcp_tw_reuse",
        takes: "0 (off), 1 (on) or 2 (loopback)",
        set: |stack, text, at| {
            let setting = usize::try_from(sysctl::number(text)?).ok()?;
            put(&mut stack.tw_reuse, TwReuse::ALL.get(setting).copied(), at)
        },
    },
    Known {
        name: "net.ipv4.tcp_timestamps",
        takes: "0, 1 or 2",
        set: |stack, text, at| {
            let setting = sysctl::number(text).filter(|setting| *setting <= 2);
            put(&mut stack.timestamps, setting.map(|setting| setting > 0), at)
        },
    },
    Known {
        name: "net.ipv4.tcp_max_tw_buckets",
        takes: "a whole number",
        set: |stack, text, at| put(&mut stack.max_tw_buckets, sysctl::number(text), at),
    },
    Known {
        name: "net.ipv4.tcp_fin_timeout",
        takes: "a number of seconds",
        set: |stack, text, at| {
            let seconds: Option<u32> = text.parse().ok();
            put(&mut stack.fin_timeout, seconds.map(|seconds| SimDuration::from_secs(seconds.into())), at)
        },
    },
    Known {
        name: "net.ipv4.tcp_tw_recycle",
        takes: "0 or 1, until Linux 4.11",
        set: |stack, text, at| {
            stack.tw_recycle = sysctl::number(text).map(|_| at);
            stack.tw_recycle.is_some().then_some(())
        },
    },
];

/// Sets it to a value that was understood.
fn put<T>(setting: &mut Setting<T>, value: Option<T>, at: At) -> Option<()> {
    *setting = Setting { value: value?, at: Some(at) };
    Some(())
}

impl Sysctls {
    /// The settings of a file in the form of sysctl.conf, then each of `given`: `NAME=VALUE`; and what is no setting, or no
    /// value of a setting that a rule is about. The others are read all the same.
    pub fn read(file: Option<&SourceFile>, given: &[String]) -> (Self, Faults) {
        let mut faults = Faults::default();
        let name = file.map_or_else(String::new, |file| file.name.clone());
        let text = file.map_or(Ok(""), |file| std::str::from_utf8(&file.bytes)).unwrap_or_else(|_| {
            faults.push(Fault::new(At::Whole, "not UTF-8").help("name a file such as /etc/sysctl.conf"));
            ""
        });
        let (text, given) = (text.to_owned(), given.to_vec());
        let (others, windows) = (Vec::new(), 0);
        let mut read = Self { name, text, given, stack: Stack::unknown(), count: 0, others, windows };
        let mut start = 0;
        for line in read.text.clone().split_inclusive('\n') {
            let comment = line.trim_start().starts_with(['#', ';']) || line.trim().is_empty();
            // `-NAME` alone leaves a setting out (sysctl.d(5)).
            let left_out = line.trim_start().starts_with('-') && !line.contains('=');
            if !comment && !left_out {
                read.setting(line, |span| At::File(start + span.start..start + span.end), &mut faults);
            }
            start += line.len();
        }
        for (index, text) in read.given.clone().iter().enumerate() {
            read.setting(text, |span| At::Set(index, span), &mut faults);
        }
        (read, faults)
    }

    /// One setting, whose bytes lie `at` a place.
    fn setting(&mut self, text: &str, at: impl Fn(Range<usize>) -> At, faults: &mut Faults) {
        if is_of_windows(text) {
            self.windows += 1;
            return;
        }
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
            let shown = text.trim();
            let start = text.len() - text.trim_start().len();
            let fault = Fault::new(at(start..start + shown.len()), format!("{} is no setting", quoted(shown)));
            faults.push(fault.help("write NAME=VALUE, such as net.ipv4.tcp_tw_reuse=1"));
            return;
        };
        self.count += 1;
        // sysctl takes slashes for points, and a minus where an error is to be passed over.
        let name = name.trim().trim_start_matches('-').replace('/', ".");
        let start = text.len() - value.trim_start().len();
        let value = value.trim();
        let place = at(start.min(text.trim_end().len())..start.min(text.trim_end().len()) + value.len());
        let Some(known) = KNOWN.iter().find(|known| known.name == name || last_part(known.name) == name) else {
            self.others.push(name);
            return;
        };
        if (known.set)(&mut self.stack, value, place.clone()).is_none() {
            let fault = Fault::new(place, format!("{} is no value of {}", quoted(value), known.name));
            faults.push(if value.contains(['#', ';']) {
                fault.help("write the remark on a line of its own: behind a value it is a part of it")
            } else {
                fault.help(format!("it takes {}", known.takes))
            });
        }
    }

    /// The machine they describe.
    pub const fn stack(&self) -> &Stack<'static> {
        &self.stack
    }

    /// How many settings there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// How many lines are settings of Windows.
    pub const fn of_windows(&self) -> usize {
        self.windows
    }

    /// The names that no rule is about, each with the known name that it may be a slip of.
    pub fn others(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        self.others.iter().map(|other| {
            if is_sysctl(last_part(other)) {
                return (other.as_str(), None);
            }
            let near = nearest(last_part(other), KNOWN.iter().map(|known| last_part(known.name)));
            let near = near.and_then(|near| KNOWN.iter().find(|known| last_part(known.name) == near));
            (other.as_str(), near.map(|known| known.name))
        })
    }

    /// What was found in them, shown at its places.
    pub fn diagnostics(&self, faults: Faults) -> Diagnostics {
        faults.into_diagnostics(&self.name, &self.text, &self.given).of_option(OPTION)
    }
}

/// Is the line one of the netsh tool, of the registry, or of PowerShell?
fn is_of_windows(line: &str) -> bool {
    let line = line.trim_start().to_lowercase();
    let begins = [
        "netsh ",
        "netsh.exe ",
        "reg add ",
        "set-nettcpsetting",
        "hkey_",
        "hklm",
        "[hkey_",
        "[hklm",
        "windows registry",
    ];
    // As regedit writes it: "TcpTimedWaitDelay"=dword:0000001e.
    begins.iter().any(|begin| line.starts_with(begin)) || line.contains("=dword:")
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
