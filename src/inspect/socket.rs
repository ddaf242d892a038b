//! The rows of `/proc/net/tcp` and `/proc/net/tcp6`, as the kernel writes them (`tcp4_seq_show`).
//!
//! ```text
//!   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//!    0: 0500000A:EBA7 0900000A:1538 06 00000000:00000000 03:00001017 00000000     0        0 0 3 0000000000000000
//! ```
//!
//! Addresses are 32-bit words in the machine's own byte order, ports are plain hexadecimal.

use std::io::{self, BufRead, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A state of TCP, by the names of RFC 9293 section 3.3.2, in the order of screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the standard explains its states")]
pub enum State {
    Listen,
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
    Closed,
}

impl State {
    /// Every state with the kernel's number (`include/net/tcp_states.h`) and the standard's name.
    const TABLE: [(Self, u8, &'static str); 11] = [
        (Self::Listen, 10, "LISTEN"),
        (Self::Established, 1, "ESTABLISHED"),
        (Self::SynSent, 2, "SYN-SENT"),
        (Self::SynReceived, 3, "SYN-RECEIVED"),
        (Self::FinWait1, 4, "FIN-WAIT-1"),
        (Self::FinWait2, 5, "FIN-WAIT-2"),
        (Self::CloseWait, 8, "CLOSE-WAIT"),
        (Self::Closing, 11, "CLOSING"),
        (Self::LastAck, 9, "LAST-ACK"),
        (Self::TimeWait, 6, "TIME-WAIT"),
        (Self::Closed, 7, "CLOSED"),
    ];
    /// `TCP_NEW_SYN_RECV`: a request that no socket was made for yet.
    const NEW_SYN_RECEIVED: u8 = 12;

    fn from_number(number: u8) -> Option<Self> {
        let number = if number == Self::NEW_SYN_RECEIVED { 3 } else { number };
        Self::TABLE.iter().find(|(_, known, _)| *known == number).map(|(state, _, _)| *state)
    }

    /// As RFC 9293 writes it: `TIME-WAIT`.
    pub fn name(self) -> &'static str {
        let row = Self::TABLE.iter().find(|(state, _, _)| *state == self);
        row.map_or("", |(_, _, name)| name)
    }
}

/// One socket, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// This machine's end. An IPv4-mapped IPv6 address is the IPv4 address: both share one pool of ports.
    pub local: SocketAddr,
    /// The other end; port 0 when there is none.
    pub remote: SocketAddr,
    /// Its state; a FIN-WAIT-2 that no process owns any more is still one.
    pub state: State,
    /// Time until the kernel's TIME-WAIT timer is due, for sockets that only this timer keeps; no finer than 10 ms.
    /// The socket goes at the first instant of the timer wheel's grid after that.
    pub due: Option<Duration>,
    /// What `/proc/PID/fd` calls it; 0 when no process has it.
    pub inode: u64,
}

/// The timer column of a socket that waits in TIME-WAIT or, without a process, in FIN-WAIT-2.
const TIME_WAIT_TIMER: u8 = 3;
/// `USER_HZ`, the unit of the timer column: 100 everywhere but on Alpha and IA-64 (include/asm-generic/param.h).
const TICK: Duration = Duration::from_millis(10);
/// No line is longer: the kernel pads them to 150 columns (IPv6: 180).
const LINE_BYTES_MAX: u64 = 1024;

impl Socket {
    /// A row of either file; `None` when it is none.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        fields.next()?.strip_suffix(':')?.parse::<u64>().ok()?;
        let local = address(fields.next()?)?;
        let remote = address(fields.next()?)?;
        let state = State::from_number(u8::from_str_radix(fields.next()?, 16).ok()?)?;
        let _queues = fields.next()?;
        let (timer, when) = fields.next()?.split_once(':')?;
        let timer = u8::from_str_radix(timer, 16).ok()?;
        let when = u32::try_from(u64::from_str_radix(when, 16).ok()?).unwrap_or(u32::MAX);
        let due = (timer == TIME_WAIT_TIMER).then(|| TICK.saturating_mul(when));
        // Retransmits, user and timeout lie between.
        let inode = fields.nth(3)?.parse().ok()?;
        Some(Self { local, remote, state, due, inode })
    }

    /// Does nothing but wait in TIME-WAIT?
    pub fn is_time_wait(&self) -> bool {
        self.state == State::TimeWait
    }
}

/// `0500000A:EBA7`, or 32 digits before the colon.
fn address(text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::to_ne_bytes);
    let ip = match words.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(words)?)),
        32 => {
            let mut octets = [0; 16];
            for (index, octets) in octets.chunks_mut(4).enumerate() {
                octets.copy_from_slice(&word(words.get(8 * index..8 * index + 8)?)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Shows `visit` every socket of a file, one line in memory at a time; how many lines were none (the heading aside).
///
/// # Errors
///
/// When it cannot be read to its end.
pub fn read(mut from: impl BufRead, mut visit: impl FnMut(Socket)) -> io::Result<u64> {
    let (mut line, mut first, mut garbage) = (Vec::new(), true, 0);
    while line_of(&mut from, &mut line)? {
        let text = std::str::from_utf8(&line).unwrap_or("?");
        match Socket::parse(text) {
            Some(socket) => visit(socket),
            None if first && text.trim_start().starts_with("sl ") || text.trim().is_empty() => {}
            None => garbage += 1,
        }
        first = false;
    }
    Ok(garbage)
}

/// Takes the next line, or the first part of one that is no line of the kernel's; false at the end.
fn line_of(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const TIME_WAIT: &str = "   3: 0500000A:EBA7 0900000A:1538 06 00000000:00000000 03:00001017 00000000     0        0 0 3 0000000000000000\n";

    #[test]
    fn a_time_wait_keeps_its_timer() {
        let socket = Socket::parse(TIME_WAIT).unwrap();
        assert_eq!(socket.local.to_string(), "10.0.0.5:60327");
        assert_eq!(socket.remote.to_string(), "10.0.0.9:5432");
        assert_eq!((socket.state, socket.inode), (State::TimeWait, 0));
        assert_eq!(socket.due, Some(Duration::from_millis(41_190)));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        let line = "1: 0000000000000000FFFF00000500000A:EBA7 B80D0120000000000000000001000000:18EB 01 \
                    00000000:00000000 02:00001017 00000000 1000 0 4711 1 0000000000000000 20 4 30 10 -1";
        let socket = Socket::parse(line).unwrap();
        assert_eq!(socket.local.to_string(), "10.0.0.5:60327");
        assert_eq!(socket.remote.to_string(), "[2001:db8::1]:6379");
        assert_eq!((socket.state, socket.inode, socket.due), (State::Established, 4711, None));
    }

    #[test]
    fn every_state_has_its_number_and_name() {
        let states: Vec<State> = (1..=12).map(|number| State::from_number(number).unwrap()).collect();
        assert_eq!(states[2], states[11], "a request is in SYN-RECEIVED too");
        assert!(states.iter().all(|state| !state.name().is_empty()));
        assert_eq!((State::from_number(0), State::from_number(13)), (None, None));
        assert!(State::TABLE.is_sorted_by_key(|(state, _, _)| *state));
    }

    #[test]
    fn garbage_is_counted_and_never_kept() {
        let long = "x".repeat(5000);
        let file = format!("{HEADING}{TIME_WAIT}\n{long}\n   4: 0500000A:EBA7\n\u{e9}\n{TIME_WAIT}");
        let mut file = file.into_bytes();
        file.extend(b"\xff\xff: broken");
        let mut sockets = Vec::new();
        let garbage = read(&file[..], |socket| sockets.push(socket)).unwrap();
        assert_eq!(sockets.len(), 2);
        // Five pieces of the long line, one cut short, one letter, one not UTF-8.
        assert_eq!(garbage, 8);
        for cut in 0..TIME_WAIT.len() {
            assert!(Socket::parse(&TIME_WAIT[..cut]).is_none_or(|socket| socket.local.port() == 60_327));
        }
    }

    #[test]
    fn a_huge_file_is_streamed() {
        /// The same line again and again, never in memory at once.
        struct Endless(u32, usize);
        impl Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                if self.0 == 0 {
                    return Ok(0);
                }
                let rest = &TIME_WAIT.as_bytes()[self.1..];
                let taken = rest.len().min(into.len());
                into[..taken].copy_from_slice(&rest[..taken]);
                self.1 += taken;
                if self.1 == TIME_WAIT.len() {
                    (self.0, self.1) = (self.0 - 1, 0);
                }
                Ok(taken)
            }
        }
        let mut sockets = 0;
        let garbage = read(io::BufReader::new(Endless(300_000, 0)), |_| sockets += 1).unwrap();
        assert_eq!((sockets, garbage), (300_000, 0));
    }
}
