//! Who has a socket open, as far as this user may know.

use super::socket::{Socket, State};
use std::collections::BTreeMap;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name as the kernel keeps it (`/proc/PID/comm`): at most 15 characters, here in printable ASCII.
    pub name: String,
}

impl Process {
    /// A process whose `comm` file holds `comm`; a process may call itself anything, so odd bytes become `?`.
    pub fn new(pid: u32, comm: &[u8]) -> Self {
        let printable = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '?' };
        let name: String = comm.strip_suffix(b"\n").unwrap_or(comm).iter().map(printable).collect();
        Self { pid, name: if name.is_empty() { "?".to_owned() } else { name } }
    }
}

/// Who has some sockets open.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    by_inode: BTreeMap<u64, Vec<Process>>,
    /// Processes whose files this user may not see.
    pub denied: u64,
}

/// The answer for one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'h> {
    /// No process: the kernel keeps it by itself, as in TIME-WAIT.
    Kernel,
    /// No process yet: it waits for the listener's `accept()`.
    NotAccepted,
    /// These, by number.
    Processes(&'h [Process]),
    /// A process whose files this user may not see.
    NotPermitted,
    /// A process that is not among those of `/proc`: another PID namespace, or it has just ended.
    Unseen,
}

impl Holders {
    /// One more process that has the socket open; processes come by number.
    pub(super) fn add(&mut self, inode: u64, process: Process) {
        self.by_inode.entry(inode).or_default().push(process);
    }

    /// The processes that have the socket open.
    pub fn processes(&self, inode: u64) -> &[Process] {
        self.by_inode.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Who has the socket.
    pub fn of(&self, socket: &Socket) -> Holder<'_> {
        match self.processes(socket.inode) {
            // Nobody on this side has closed it yet, so nobody has had it.
            _ if socket.inode == 0
                && matches!(socket.state, State::SynReceived | State::Established | State::CloseWait) =>
            {
                Holder::NotAccepted
            }
            _ if socket.inode == 0 => Holder::Kernel,
            [] if self.denied > 0 => Holder::NotPermitted,
            [] => Holder::Unseen,
            processes => Holder::Processes(processes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_says_why() {
        let mut holders = Holders::default();
        holders.add(7, Process::new(1, b"init\n"));
        let socket = |inode, state| Socket {
            local: "10.0.0.5:80".parse().unwrap(),
            remote: "10.0.0.9:50000".parse().unwrap(),
            state,
            due: None,
            inode,
        };
        let open = |inode| socket(inode, State::Established);
        for state in [State::TimeWait, State::FinWait2, State::LastAck] {
            assert_eq!(holders.of(&socket(0, state)), Holder::Kernel, "{state:?}");
        }
        for state in [State::SynReceived, State::Established, State::CloseWait] {
            assert_eq!(holders.of(&socket(0, state)), Holder::NotAccepted, "{state:?}");
        }
        assert_eq!(holders.of(&open(7)), Holder::Processes(&[Process { pid: 1, name: "init".to_owned() }]));
        assert_eq!(holders.of(&open(8)), Holder::Unseen);
        holders.denied = 1;
        assert_eq!(holders.of(&open(8)), Holder::NotPermitted);
    }
}
