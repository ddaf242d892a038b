//! The rules of a kernel for sockets that a plain `connect()` and a plain close never meet.

use super::early_reuse::{EarlyReuse, TwReuse};
use super::range::PortSet;
use crate::des::SimDuration;

/// What a host's kernel does with sockets, beside choosing ports and holding them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRules {
    /// `net.ipv4.tcp_tw_reuse`.
    pub tw_reuse: TwReuse,
    /// How old a TIME-WAIT must be for it.
    pub early_reuse: EarlyReuse,
    /// `net.ipv4.tcp_timestamps`, at both ends: no TIME-WAIT is taken over without (`reference/linux.md` 1.7).
    pub timestamps: bool,
    /// `net.ipv4.tcp_max_tw_buckets`: a connection that closes while so many are held leaves no TIME-WAIT
    /// (`reference/linux.md` 3.4).
    pub max_tw_buckets: u64,
    /// `net.ipv4.tcp_fin_timeout`: how long an orphan waits for the other side's FIN (`reference/linux.md` 3.3).
    pub fin_timeout: SimDuration,
    /// `net.ipv4.tcp_syn_retries` (`reference/linux.md` 3.7).
    pub syn_retries: u32,
    /// `net.ipv4.tcp_syn_linear_timeouts`; 0 before 6.5.
    pub syn_linear_timeouts: u32,
    /// Does a port that `bind()` took stay closed to `connect()` until its last owner has left (before 6.18), or until
    /// the last one that used `bind()` has (`reference/linux.md` 1.6)?
    pub sticky_buckets: bool,
    /// `net.ipv4.ip_autobind_reuse`.
    pub autobind_reuse: bool,
    /// Ports that listening sockets hold on every address.
    pub listening_ports: PortSet,
}
