//! The settings of this machine that decide when its ports run out.

use super::files::Root;
use super::kernel::Kernel;
use super::socket::Socket;
use super::sysctl;
use crate::port::{PortRange, PortSet};
use crate::scenario::words::shown;
use std::io;
use std::time::Duration;

/// The settings that are one number, all of `net.ipv4`.
pub const NUMBERS: [&str; 5] =
    ["tcp_tw_reuse", "tcp_tw_reuse_delay", "tcp_max_tw_buckets", "tcp_fin_timeout", "tcp_timestamps"];

/// Linux's default since 4.2 (`net/ipv4/af_inet.c`), for a machine that does not say.
const PORT_RANGE: PortRange = PortRange::new(32_768, 60_999).expect("the first port is below the last");

/// The first port that `bind()` gives to everybody where no setting says so (`PROT_SOCK`, include/net/sock.h).
pub const UNPRIVILEGED_PORT_START: u64 = 1024;

/// When a TIME-WAIT gives its port to a new connection to the same place before its time (`reference/linux.md` 1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyReuse {
    /// Never.
    Never,
    /// Where one end is a loopback address.
    Loopback,
    /// Everywhere, if the other end used timestamps too.
    Everywhere,
}

/// What was read of a machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its host name; empty when it cannot be read.
    pub name: String,
    /// Its kernel.
    pub kernel: Kernel,
    /// The ephemeral range.
    pub port_range: PortRange,
    /// Ports that `connect()` never chooses.
    pub reserved_ports: PortSet,
    /// `bind()` to a port below this one takes root or `CAP_NET_BIND_SERVICE` (`ip_unprivileged_port_start`).
    pub unprivileged_port_start: u64,
    /// Each of [`NUMBERS`] with its value.
    pub numbers: Vec<(&'static str, Option<u64>)>,
    /// What could not be read and why, a sentence each.
    pub unseen: Vec<String>,
}

impl Machine {
    /// Reads the settings; what cannot be read is said in [`Machine::unseen`].
    pub fn read(root: &Root) -> Self {
        let mut unseen = Vec::new();
        let words = |path: &str| shown(root.text(path).unwrap_or_default().trim());
        let name = words("/proc/sys/kernel/hostname");
        let release = words("/proc/sys/kernel/osrelease");
        let hz = root.hz(&release);
        if release.is_empty() {
            unseen.push("the kernel's version: /proc/sys/kernel/osrelease cannot be read".to_owned());
        }
        if hz.is_none() {
            let release = if release.is_empty() { "RELEASE" } else { &release };
            unseen.push(format!(
                "HZ, the kernel's clock rate: neither /boot/config-{release} nor /proc/config.gz says it (getconf \
                 CLK_TCK is another number: USER_HZ)"
            ));
        }
        let port_range = setting(root, "ip_local_port_range", sysctl::port_range).unwrap_or_else(|reason| {
            unseen.push(format!("net.ipv4.ip_local_port_range: {reason}; taken as Linux's default {PORT_RANGE}"));
            PORT_RANGE
        });
        let reserved_ports = setting(root, "ip_local_reserved_ports", sysctl::port_list).unwrap_or_else(|reason| {
            unseen.push(format!("net.ipv4.ip_local_reserved_ports: {reason}; taken as empty"));
            PortSet::default()
        });
        // Linux has the setting since 4.11; before, the default was fixed.
        let unprivileged_port_start =
            setting(root, "ip_unprivileged_port_start", sysctl::number).unwrap_or(UNPRIVILEGED_PORT_START);
        let numbers = NUMBERS.map(|name| (name, setting(root, name, sysctl::number).ok())).to_vec();
        let kernel = Kernel { release, hz };
        Self { name, kernel, port_range, reserved_ports, unprivileged_port_start, numbers, unseen }
    }

    /// The value of one of [`NUMBERS`].
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(known, _)| *known == name).and_then(|(_, value)| *value)
    }

    /// May TIME-WAITs be reused early? Not without timestamps.
    pub fn early_reuse(&self) -> EarlyReuse {
        match (self.number("tcp_timestamps"), self.number("tcp_tw_reuse")) {
            (Some(1..), Some(1)) => EarlyReuse::Everywhere,
            (Some(1..), Some(2)) => EarlyReuse::Loopback,
            _ => EarlyReuse::Never,
        }
    }

    /// How long after its close a TIME-WAIT gives its port to a new connection to the same place; `None` where only its
    /// end does. The other end's timestamps, which it takes too, do not show.
    pub fn reuse_after(&self, socket: &Socket) -> Option<Duration> {
        /// Before 6.14 the delay was fixed, and between one and two seconds.
        const DELAY_MS: u64 = 1000;
        let loopback = socket.local.ip().is_loopback() || socket.remote.ip().is_loopback();
        let allowed = match self.early_reuse() {
            EarlyReuse::Never => false,
            EarlyReuse::Loopback => loopback,
            EarlyReuse::Everywhere => true,
        };
        let delay = || Duration::from_millis(self.number("tcp_tw_reuse_delay").unwrap_or(DELAY_MS));
        (allowed && socket.is_time_wait()).then(delay)
    }

    /// Would a new connection to the same place get the port of this socket now? An upper bound, as [`reuse_after`] is
    /// a lower one.
    ///
    /// [`reuse_after`]: Self::reuse_after
    pub fn is_reusable(&self, socket: &Socket) -> bool {
        let wait = Duration::from_nanos(super::kernel::TIME_WAIT.as_nanos());
        let known = self.reuse_after(socket).zip(socket.due);
        known.is_some_and(|(delay, due)| wait.saturating_sub(due) > delay)
    }
}

/// A setting of `net.ipv4`, or why it is not known.
fn setting<T>(root: &Root, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    let text = root.text(&format!("/proc/sys/net/ipv4/{name}")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is none".to_owned(),
        io::ErrorKind::PermissionDenied => "not permitted to read it".to_owned(),
        _ => error.to_string(),
    })?;
    parse(&text).ok_or_else(|| "it is not in a form that is known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::State;

    fn machine(tw_reuse: u64, timestamps: Option<u64>) -> Machine {
        let root = tempfile::tempdir().unwrap();
        let mut machine = Machine::read(&Root::new(root.path()));
        machine.numbers = vec![("tcp_tw_reuse", Some(tw_reuse)), ("tcp_timestamps", timestamps)];
        machine
    }

    #[test]
    fn an_empty_root_says_what_is_missing_and_takes_the_defaults() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::read(&Root::new(root.path()));
        assert_eq!(machine.port_range, PORT_RANGE);
        assert_eq!(machine.unseen.len(), 4, "{:?}", machine.unseen);
        assert_eq!(machine.number("tcp_tw_reuse"), None);
        assert_eq!(machine.early_reuse(), EarlyReuse::Never);
        assert_eq!(machine.unprivileged_port_start, UNPRIVILEGED_PORT_START);
    }

    #[test]
    fn reuse_takes_a_setting_timestamps_and_a_second() {
        let socket = |remote: &str, due_ms| Socket {
            local: "10.0.0.5:40000".parse().unwrap(),
            remote: remote.parse().unwrap(),
            state: State::TimeWait,
            due: Some(Duration::from_millis(due_ms)),
            inode: 0,
        };
        let (far, near) = (socket("10.0.0.9:80", 30_000), socket("127.0.0.1:80", 30_000));
        for (tw_reuse, timestamps, of_far, of_near) in [
            (0, Some(1), false, false),
            (1, Some(1), true, true),
            (2, Some(1), false, true),
            (1, Some(0), false, false),
            (1, None, false, false),
        ] {
            let machine = machine(tw_reuse, timestamps);
            assert_eq!((machine.is_reusable(&far), machine.is_reusable(&near)), (of_far, of_near), "{tw_reuse}");
        }
        assert!(!machine(1, Some(1)).is_reusable(&socket("10.0.0.9:80", 59_500)), "too young");
        assert_eq!(machine(2, Some(1)).reuse_after(&near), Some(Duration::from_secs(1)));
        assert_eq!(machine(2, Some(1)).reuse_after(&far), None);
        let waiting = Socket { state: State::FinWait2, ..far };
        assert!(!machine(1, Some(1)).is_reusable(&waiting), "FIN-WAIT-2 is never reused");
    }
}
