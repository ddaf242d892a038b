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

    /// Does it wait for the other side's FIN?
    pub const fn awaits_fin(self) -> bool {
        matches!(self, Self::Orphan | Self::FinWait2)
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
    /// When the other side's FIN comes to one that waits for it in FIN-WAIT-2; never for any other.
    pub fin_at: SimTime,
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
#[derive(Clone, Debug)]
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

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 40_000;
    const CONNECT: Claim = Claim { bound: false, reuse_address: false, reuse_port: false };
    const BOUND: Claim = Claim { bound: true, ..CONNECT };
    const REUSE: Claim = Claim { reuse_address: true, ..BOUND };
    const SHARE: Claim = Claim { reuse_port: true, ..BOUND };

    fn sockets(sticky_buckets: bool, timestamps: bool) -> Sockets {
        let listening_ports = PortSet::new(vec![PortRange::new(PORT + 1, PORT + 1).unwrap()]);
        let rules = OwnerRules { sticky_buckets, timestamps, listening_ports };
        Sockets::new(rules, PortRange::new(PORT, PORT + 3).unwrap())
    }

    fn owner(source: u32, endpoint: u32, claim: Claim) -> Owner {
        let never = SimTime::NEVER;
        let (state, flow, lane, is_busy) = (State::Open, 0, 0, true);
        Owner { source, endpoint, claim, state, flow, lane, is_busy, reusable_at: never, free_at: never, fin_at: never }
    }

    /// May `connect()` choose the port for this 4-tuple?
    fn connects(sockets: &Sockets, port: u16, source: u32, endpoint: u32) -> bool {
        sockets.connect_may_take(port, |owner| (owner.source, owner.endpoint) == (source, endpoint))
    }

    #[test]
    fn connect_shares_a_port_among_destinations_until_somebody_binds_it() {
        let mut sockets = sockets(false, true);
        assert!(!sockets.add(PORT, owner(0, 0, CONNECT)));
        assert!(!connects(&sockets, PORT, 0, 0));
        assert!(connects(&sockets, PORT, 0, 1) && connects(&sockets, PORT, 1, 0));
        assert!(sockets.add(PORT, owner(1, 0, BOUND)), "closed to connect() from now on");
        assert!(!connects(&sockets, PORT, 0, 1) && !connects(&sockets, PORT, 2, 7));
        assert!(!connects(&sockets, PORT + 1, 0, 0), "somebody listens there");
    }

    #[test]
    fn a_bind_er_is_remembered_until_the_last_owner_left_before_6_18_only() {
        for sticky in [false, true] {
            let mut sockets = sockets(sticky, true);
            sockets.add(PORT, owner(0, 0, CONNECT));
            sockets.add(PORT, owner(1, 0, BOUND));
            assert_eq!(sockets.remove(PORT, 1, 0), !sticky, "it opens again");
            assert_eq!(connects(&sockets, PORT, 0, 1), !sticky);
            assert_eq!(sockets.remove(PORT, 0, 0), sticky);
            assert!(connects(&sockets, PORT, 0, 1));
        }
    }

    #[test]
    fn only_an_old_time_wait_is_taken_over_by_a_connect_that_chooses() {
        let mut sockets = sockets(false, true);
        sockets.add(PORT, owner(0, 0, CONNECT));
        for (state, may) in [
            (State::Open, false),
            (State::Orphan, false),
            (State::FinWait2, false),
            (State::TimeWait, false),
            (State::Reusable, true),
        ] {
            sockets.of_tuple_mut(PORT, 0, 0).unwrap().state = state;
            assert_eq!(connects(&sockets, PORT, 0, 0), may, "{state:?}");
        }
    }

    #[test]
    fn a_bound_connect_takes_over_every_mini_socket_if_there_were_timestamps() {
        for timestamps in [false, true] {
            let mut sockets = sockets(false, timestamps);
            assert!(sockets.bound_may_connect(PORT, 0, 0), "nobody is there");
            sockets.add(PORT, owner(0, 0, REUSE));
            for state in [State::Open, State::Orphan, State::FinWait2, State::TimeWait, State::Reusable] {
                sockets.of_tuple_mut(PORT, 0, 0).unwrap().state = state;
                assert_eq!(sockets.bound_may_connect(PORT, 0, 0), timestamps && state.is_mini(), "{state:?}");
                assert!(sockets.bound_may_connect(PORT, 0, 1), "another destination");
            }
        }
    }

    #[test]
    fn bind_shares_a_port_with_those_that_agree_and_with_other_addresses() {
        for (theirs, mine, may) in [
            (BOUND, BOUND, false),
            (CONNECT, BOUND, false),
            (REUSE, BOUND, false),
            (BOUND, REUSE, false),
            (REUSE, REUSE, true),
            (SHARE, SHARE, true),
            (SHARE, REUSE, false),
        ] {
            let mut sockets = sockets(false, true);
            sockets.add(PORT, owner(0, 0, theirs));
            assert_eq!(sockets.bind_may_take(PORT, 0, mine), may, "{theirs:?} {mine:?}");
            assert!(sockets.bind_may_take(PORT, 1, mine), "another address");
            assert!(!sockets.bind_may_take(PORT + 1, 1, mine), "a listening socket has all addresses");
            // bind(0) shares as a last resort, and never by SO_REUSEPORT.
            assert!(!sockets.bind_zero_may_take(PORT, 0, mine, false));
            assert_eq!(sockets.bind_zero_may_take(PORT, 0, mine, true), may && mine == REUSE);
            assert!(sockets.bind_zero_may_take(PORT, 1, mine, false));
        }
    }

    #[test]
    fn places_are_used_again_and_chains_hold() {
        let mut sockets = sockets(false, true);
        for endpoint in 0..3 {
            sockets.add(PORT, owner(0, endpoint, CONNECT));
        }
        sockets.remove(PORT, 0, 1);
        sockets.add(PORT + 2, owner(0, 7, CONNECT));
        sockets.add(PORT, owner(0, 3, CONNECT));
        let endpoints = |port| sockets.of_port(port).map(|owner| owner.endpoint).collect::<Vec<_>>();
        assert_eq!((endpoints(PORT), endpoints(PORT + 2)), (vec![3, 2, 0], vec![7]));
        assert_eq!(sockets.owners.len(), 4);
        assert!(sockets.of_tuple(PORT, 0, 1).is_none() && sockets.of_tuple(PORT, 0, 2).is_some());
    }
}
