//! Who owns which local port of a host, as the kernel's own tables have it: bind buckets and 4-tuples.
//!
//! Where every socket comes by its port in the same way, a bitmap per lane says all. Where sockets that used `bind()`,
//! sockets that did not, listening sockets and TIME-WAITs that may be taken over meet on one port, who may have it
//! depends on who else is there. Written from `reference/linux.md` 1.6, 1.7 and 2, rule by rule.

use super::range::{PortRange, PortSet};
use crate::des::SimTime;

/// How a socket came by its port, or wants to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Did `bind()` reserve the port? If not, `connect()` chose it.
    pub bound: bool,
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
}

/// What a socket is doing with its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is open, or closing as a full socket.
    Open,
    /// An orphan in FIN-WAIT-2 that is still a full socket, since `tcp_fin_timeout` is above 60 s.
    Orphan,
    /// An orphan in FIN-WAIT-2, or what is left of it.
    FinWait2,
    /// Closed, and too young to be taken over by `connect()`.
    TimeWait,
    /// Closed, and old enough for it.
    Reusable,
}

impl State {
    /// Is it what is left of a socket: a mini-socket, of which there are at most `tcp_max_tw_buckets`, and which a new
    /// connection may take over?
    pub const fn is_mini(self) -> bool {
        matches!(self, Self::FinWait2 | Self::TimeWait | Self::Reusable)
    }
}

/// A socket that owns a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its source address.
    pub source: u32,
    /// The endpoint it is connected to, among those of its host.
    pub endpoint: u32,
    /// How it came by the port.
    pub claim: Claim,
    /// What it is doing.
    pub state: State,
    /// Whose it is.
    pub flow: u32,
    /// The lane that its port counts in.
    pub lane: u32,
    /// Does that lane count the port as busy because of it?
    pub is_busy: bool,
    /// When `connect()` may take over what is left of it; never if it may not.
    pub reusable_at: SimTime,
    /// When a closed one leaves by itself, or becomes a mini-socket if it is none; never for one that is open.
    pub free_at: SimTime,
}

/// Which of a host's rules decide who may own what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerRules {
    /// See [`super::SocketRules::sticky_buckets`].
    pub sticky_buckets: bool,
    /// See [`super::SocketRules::timestamps`].
    pub timestamps: bool,
    /// See [`super::SocketRules::listening_ports`].
    pub listening_ports: PortSet,
}

/// The owners of all ports of a host.
#[derive(Debug)]
pub struct Sockets {
    rules: OwnerRules,
    first_port: u16,
    buckets: Vec<Bucket>,
    /// Owners, each with the place of the next one of its port.
    owners: Vec<(Owner, u32)>,
    /// Places of `owners` that are not in use.
    vacant: Vec<u32>,
}

/// The bind bucket of a port.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The place of its first owner; [`NOBODY`]: there is none.
    first: u32,
    /// Owners that used `bind()`.
    bound: u32,
    /// Is a bind()er remembered that may be gone?
    stuck: bool,
    listening: bool,
}

const NOBODY: u32 = u32::MAX;

impl Sockets {
    /// No port is owned but those of listening sockets; `ports` are those that may ever be.
    pub fn new(rules: OwnerRules, ports: PortRange) -> Self {
        let bucket = |port: u16| Bucket {
            first: NOBODY,
            bound: 0,
            stuck: false,
            listening: rules.listening_ports.contains(port),
        };
        let buckets = (ports.first()..=ports.last()).map(bucket).collect();
        Self { rules, first_port: ports.first(), buckets, owners: Vec::new(), vacant: Vec::new() }
    }

    fn bucket(&self, port: u16) -> &Bucket {
        &self.buckets[usize::from(port - self.first_port)]
    }

    /// The owners of a port.
    pub fn of_port(&self, port: u16) -> impl Iterator<Item = &Owner> {
        let mut at = self.bucket(port).first;
        std::iter::from_fn(move || {
            let (owner, next) = self.owners.get(at as usize)?;
            at = *next;
            Some(owner)
        })
    }

    /// Does a listening socket hold the port?
    pub fn is_listening(&self, port: u16) -> bool {
        self.bucket(port).listening
    }

    /// The owner of a 4-tuple.
    pub fn of_tuple(&self, port: u16, source: u32, endpoint: u32) -> Option<&Owner> {
        self.of_port(port).find(|owner| (owner.source, owner.endpoint) == (source, endpoint))
    }

    /// Is the port closed to a `connect()` that looks for one, whatever its destination? So are ports that `bind()` took
    /// (`fastreuse >= 0`, `reference/linux.md` 1.6).
    pub fn is_closed_to_connect(&self, port: u16) -> bool {
        let bucket = self.bucket(port);
        bucket.listening || bucket.bound > 0 || bucket.stuck
    }

    /// Would `connect()` take this port, having chosen it itself, for a connection that may not share it with `rivals`:
    /// on Linux those of the same 4-tuple?
    pub fn connect_may_take(&self, port: u16, rivals: impl Fn(&Owner) -> bool) -> bool {
        let may_stay = |owner: &Owner| owner.state == State::Reusable || !rivals(owner);
        !self.is_closed_to_connect(port) && self.of_port(port).all(may_stay)
    }

    /// Would bind(0) take this port of address `source`? `shared`: may it be one of another socket's, as a last
    /// resort (`net.ipv4.ip_autobind_reuse`)? Else it is nobody else's, whatever the options
    /// (`inet_csk_find_open_port`).
    pub fn bind_zero_may_take(&self, port: u16, source: u32, claim: Claim, shared: bool) -> bool {
        let no_conflict = |owner: &Owner| {
            let both_reuse = claim.reuse_address && owner.claim.reuse_address;
            let both_share = claim.reuse_port && owner.claim.reuse_port;
            shared && both_reuse && !both_share
        };
        self.has_no_conflict(port, source, no_conflict)
    }

    /// Would `bind()` of exactly this port of address `source` do?
    pub fn bind_may_take(&self, port: u16, source: u32, claim: Claim) -> bool {
        let no_conflict = |owner: &Owner| {
            (claim.reuse_address && owner.claim.reuse_address) || (claim.reuse_port && owner.claim.reuse_port)
        };
        self.has_no_conflict(port, source, no_conflict)
    }

    fn has_no_conflict(&self, port: u16, source: u32, no_conflict: impl Fn(&Owner) -> bool) -> bool {
        !self.is_listening(port) && self.of_port(port).all(|owner| owner.source != source || no_conflict(owner))
    }

    /// Would `connect()` from a port that was bound before do? A closed socket's 4-tuple is taken over at once, if its
    /// other side used timestamps: neither `tcp_tw_reuse` nor its age matter (`reference/linux.md` 1.7).
    pub fn bound_may_connect(&self, port: u16, source: u32, endpoint: u32) -> bool {
        let owner = self.of_tuple(port, source, endpoint);
        owner.is_none_or(|owner| owner.state.is_mini() && self.rules.timestamps)
    }

    /// Adds an owner. Says whether the port is closed to `connect()` from now on, and was not.
    ///
    /// # Panics
    ///
    /// For 2^32 owners or more.
    pub fn add(&mut self, port: u16, owner: Owner) -> bool {
        debug_assert!(self.of_tuple(port, owner.source, owner.endpoint).is_none(), "a 4-tuple has one owner");
        let was_closed = self.is_closed_to_connect(port);
        let bucket = &mut self.buckets[usize::from(port - self.first_port)];
        let entry = (owner, bucket.first);
        bucket.first = if let Some(place) = self.vacant.pop() {
            self.owners[place as usize] = entry;
            place
        } else {
            self.owners.push(entry);
            u32::try_from(self.owners.len() - 1).expect("at most 2^28 ports in all lanes")
        };
        bucket.bound += u32::from(owner.claim.bound);
        bucket.stuck |= owner.claim.bound && self.rules.sticky_buckets;
        self.is_closed_to_connect(port) != was_closed
    }

    /// Removes the owner of a 4-tuple. Says whether the port was closed to `connect()` and is no longer.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn remove(&mut self, port: u16, source: u32, endpoint: u32) -> bool {
        let was_closed = self.is_closed_to_connect(port);
        let mut before = NOBODY;
        let mut at = self.bucket(port).first;
        loop {
            let (owner, next) = self.owners[at as usize];
            if (owner.source, owner.endpoint) != (source, endpoint) {
                (before, at) = (at, next);
                continue;
            }
            let bucket = &mut self.buckets[usize::from(port - self.first_port)];
            match self.owners.get_mut(before as usize) {
                Some((_, link)) => *link = next,
                None => bucket.first = next,
            }
            bucket.bound -= u32::from(owner.claim.bound);
            bucket.stuck &= bucket.first != NOBODY;
            self.vacant.push(at);
            return self.is_closed_to_connect(port) != was_closed;
        }
    }

    /// The owner of a 4-tuple, to change its state.
    pub fn of_tuple_mut(&mut self, port: u16, source: u32, endpoint: u32) -> Option<&mut Owner> {
        let mut at = self.bucket(port).first;
        while let Some((owner, next)) = self.owners.get(at as usize) {
            if (owner.source, owner.endpoint) == (source, endpoint) {
                return self.owners.get_mut(at as usize).map(|(owner, _)| owner);
            }
            at = *next;
        }
        None
    }
}
