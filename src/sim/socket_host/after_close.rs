//! What becomes of sockets on such a host when they close: FIN-WAIT-2, TIME-WAIT, and their end.

use super::{Change, FIN_WAIT_2, FINS, ORPHANS, OwnLane, SERVERS, SocketHost, YOUNG};
use crate::des::SimTime;
use crate::port::hold::Timer;
use crate::port::sockets::{Owner, State};
use crate::sim::connection::Connection;
use crate::sim::observer::{Held, Observer};
use crate::sim::topology::Topology;
use crate::sim::world::World;
use crate::workload::Leaves;

impl World<'_> {
    /// A closed socket leaves its port.
    pub(super) fn socket_leaves(
        &mut self,
        place: usize,
        port: u16,
        old: Owner,
        at: SimTime,
        observer: &mut impl Observer,
    ) {
        let host = &mut self.socket_hosts[place];
        let opens_port = host.sockets.remove(port, old.source, old.endpoint);
        host.minis -= u64::from(old.state.is_mini());
        host.held_busy -= usize::from(old.is_busy);
        let changed = (port, old.source, old.endpoint);
        let world = (&mut self.pools[..], self.topology);
        let own = host.follow(world, changed, opens_port, old.lane, at, observer);
        let gone = held_by(self.topology, port, &old);
        if old.is_busy {
            comes_back(Observer::released, &gone, own, at, observer);
        } else {
            observer.expired(at, &gone);
            report(&gone, own, at, observer);
        }
    }

    /// The connection closes.
    #[inline(never)]
    pub(in crate::sim) fn close_among_sockets(
        &mut self,
        at: SimTime,
        connection: Connection,
        observer: &mut impl Observer,
    ) {
        let pool = self.topology.flows[connection.flow() as usize].pool;
        let owner = &mut self.pools[pool];
        let place = owner.socket_host.expect("the caller has looked");
        let port = owner.pool.layout().port(connection.offset());
        let source = owner.strides.source_of(connection.lane() - owner.first_lane);
        let host = &mut self.socket_hosts[place];
        let is_full = host.minis >= host.minis_max;
        // Where both sides close at once nobody waits.
        let waits_for_server = connection.leaves() == Leaves::TimeWait && !connection.server_waits();
        let delay = host.close_delays[connection.flow() as usize];
        let socket = host.sockets.of_tuple_mut(port, source, connection.endpoint());
        let socket = socket.expect("an open connection owns its port");
        let awaits_fin = match connection.leaves() {
            Leaves::FinWait2 => true,
            Leaves::TimeWait => waits_for_server && !delay.is_zero(),
            Leaves::Nothing | Leaves::Unanswered => false,
        };
        (socket.state, socket.free_at) = match (awaits_fin, host.fin_wait_2.as_slice()) {
            (true, [first, _]) => (State::Orphan, first.free_at(at)),
            // There is no room for another mini-socket: nothing is left (`reference/linux.md` 3.4).
            _ if is_full => (State::TimeWait, at),
            (true, stages) => (State::FinWait2, last_stage_ends(stages, at)),
            (false, _) if connection.leaves() == Leaves::TimeWait => (State::TimeWait, owner.time_wait.free_at(at)),
            (false, _) => (State::TimeWait, at),
        };
        host.minis += u64::from(socket.state.is_mini());
        host.held_busy += 1;
        if awaits_fin && connection.leaves() == Leaves::TimeWait && socket.free_at > at {
            socket.fin_at = at + delay;
            host.fins.push(at + delay, connection);
            self.next.release.set(host.entry + SocketHost::LINES, host.fins.next_at());
        }
        if socket.state == State::TimeWait && socket.free_at > at && host.reuses[connection.flow() as usize] {
            socket.reusable_at = host.early_reuse.usable_at(at, host.early_phase);
        }
        let socket = *socket;
        if socket.free_at == at {
            self.socket_leaves(place, port, socket, at, observer);
        } else {
            match socket.state {
                State::Orphan => self.wait_among_sockets(place, ORPHANS, socket.free_at, connection),
                // Of two timers the FIN comes before the last one runs out.
                State::FinWait2 if socket.fin_at < SimTime::NEVER => {}
                State::FinWait2 => self.wait_among_sockets(place, FIN_WAIT_2, socket.free_at, connection),
                State::Open | State::TimeWait | State::Reusable => {
                    self.time_wait_begins(place, &socket, connection);
                }
            }
            // A program that binds its ports itself may use this one again at once.
            self.socket_ages(place, port, socket, at, observer);
        }
        if connection.server_waits() {
            self.server_closes(place, (port, source), at, connection);
        }
    }

    /// The socket, which is in TIME-WAIT since now, waits for its end, and to be old enough to be taken over.
    fn time_wait_begins(&mut self, place: usize, socket: &Owner, connection: Connection) {
        let pool = self.topology.flows[connection.flow() as usize].pool;
        if self.pools[pool].line.push(socket.free_at, connection) {
            self.next.release.set(pool, socket.free_at);
        }
        if socket.reusable_at < socket.free_at {
            self.wait_among_sockets(place, YOUNG, socket.reusable_at, connection);
        }
    }

    /// The other side's FIN comes to an orphan: its TIME-WAIT begins, if there is room for a mini-socket.
    fn fin_comes(
        &mut self,
        place: usize,
        port: u16,
        connection: Connection,
        at: SimTime,
        observer: &mut impl Observer,
    ) {
        let owner = &self.pools[self.topology.flows[connection.flow() as usize].pool];
        let source = owner.strides.source_of(connection.lane() - owner.first_lane);
        let until = owner.time_wait.free_at(at);
        let host = &mut self.socket_hosts[place];
        let socket = host.sockets.of_tuple_mut(port, source, connection.endpoint()).expect("it waits for the FIN");
        let was_mini = socket.state.is_mini();
        let has_room = was_mini || host.minis < host.minis_max;
        (socket.state, socket.fin_at) = (State::TimeWait, SimTime::NEVER);
        socket.free_at = if has_room { until } else { at };
        host.minis += u64::from(!was_mini);
        if host.reuses[connection.flow() as usize] {
            socket.reusable_at = host.early_reuse.usable_at(at, host.early_phase);
        }
        let socket = *socket;
        if socket.free_at == at {
            self.socket_leaves(place, port, socket, at, observer);
        } else {
            self.time_wait_begins(place, &socket, connection);
            self.socket_ages(place, port, socket, at, observer);
        }
    }

    /// The server closes first, and so keeps a mini-socket: on this host, if it is one of its own and there is room.
    fn server_closes(&mut self, place: usize, (port, source): (u16, u32), at: SimTime, connection: Connection) {
        let flow = connection.flow() as usize;
        let host = &mut self.socket_hosts[place];
        let until = self.pools[self.topology.flows[flow].pool].time_wait.free_at(at);
        if host.is_local[flow] && host.minis < host.minis_max && until > at {
            host.minis += 1;
            host.servers.insert((port, source, connection.endpoint()), until);
            self.wait_among_sockets(place, SERVERS, until, connection);
        }
    }

    /// Something is to happen to what is left of a connection, by itself.
    fn wait_among_sockets(&mut self, place: usize, line: usize, until: SimTime, connection: Connection) {
        let host = &mut self.socket_hosts[place];
        if host.lines[line].push(until, connection) {
            self.next.release.set(host.entry + line, until);
        }
    }

    /// Frees the held ports that are due first, or lets what is left of sockets be taken over from now on.
    #[inline(never)]
    pub(in crate::sim) fn release_among_sockets(&mut self, entry: usize, until: SimTime, observer: &mut impl Observer) {
        let owns = |host: &SocketHost| {
            host.pools.contains(&entry) || (host.entry..host.entry + SocketHost::ENTRIES).contains(&entry)
        };
        let place = self.socket_hosts.iter().position(owns).expect("every entry has a host");
        loop {
            let host = &mut self.socket_hosts[place];
            let number = entry.checked_sub(host.entry);
            let line = match number {
                Some(number) => host.lines.get_mut(number),
                None => Some(&mut self.pools[entry].line),
            };
            let (due, next_at) = match line {
                Some(line) => (line.pop_until(until), line.next_at()),
                None => (host.fins.pop_until(until), host.fins.next_at()),
            };
            let Some((at, connection)) = due else {
                self.next.release.set(entry, next_at);
                return;
            };
            let owner = &self.pools[self.topology.flows[connection.flow() as usize].pool];
            let port = owner.pool.layout().port(connection.offset());
            let source = owner.strides.source_of(connection.lane() - owner.first_lane);
            if number == Some(SERVERS) {
                host.server_leaves((port, source, connection.endpoint()), at);
                continue;
            }
            let socket = host.sockets.of_tuple_mut(port, source, connection.endpoint());
            let Some(socket) = socket.filter(|socket| socket.flow == connection.flow()) else { continue };
            match (number, socket.state) {
                (Some(FINS), state) if state.awaits_fin() && socket.fin_at == at => {
                    self.fin_comes(place, port, connection, at, observer);
                }
                (Some(YOUNG), State::TimeWait) if socket.reusable_at == at => {
                    socket.state = State::Reusable;
                    let socket = *socket;
                    self.socket_ages(place, port, socket, at, observer);
                }
                (Some(ORPHANS), State::Orphan) if socket.free_at == at && host.minis < host.minis_max => {
                    let end = last_stage_ends(&host.fin_wait_2, at);
                    (socket.state, socket.free_at) = (State::FinWait2, end);
                    let socket = *socket;
                    host.minis += 1;
                    self.wait_among_sockets(place, FIN_WAIT_2, end, connection);
                    self.socket_ages(place, port, socket, at, observer);
                }
                (Some(ORPHANS), State::Orphan)
                | (Some(FIN_WAIT_2), State::FinWait2)
                | (None, State::TimeWait | State::Reusable)
                    if socket.free_at == at =>
                {
                    let socket = *socket;
                    self.socket_leaves(place, port, socket, at, observer);
                }
                // Of what was taken over an entry stays behind, which means nothing any more.
                _ => {}
            }
        }
    }

    /// What is left of a connection may be had sooner than its lane thought: by `connect()` when it is old enough, by a
    /// program that binds its ports itself at once.
    fn socket_ages(&mut self, place: usize, port: u16, socket: Owner, at: SimTime, observer: &mut impl Observer) {
        let host = &mut self.socket_hosts[place];
        let changed = (port, socket.source, socket.endpoint);
        let world = (&mut self.pools[..], self.topology);
        let own = host.follow(world, changed, false, socket.lane, at, observer);
        let held = held_by(self.topology, port, &socket);
        let comes_back_now = own.change == Change::Usable || socket.state == State::Reusable;
        if socket.is_busy && comes_back_now {
            host.held_busy -= 1;
            let socket = host.sockets.of_tuple_mut(port, socket.source, socket.endpoint);
            socket.expect("it is still there").is_busy = false;
            comes_back(Observer::reusable, &held, own, at, observer);
        } else {
            report(&held, own, at, observer);
        }
    }
}

/// When an orphan leaves that becomes a mini-socket now.
fn last_stage_ends(stages: &[Timer], at: SimTime) -> SimTime {
    stages.last().expect("it waits at least once").free_at(at)
}

/// Tells of a port that its own lane has no longer, `how`: or somebody else's socket goes on keeping it from the lane.
fn comes_back<O: Observer>(
    how: fn(&mut O, SimTime, &Held, u32),
    held: &Held,
    own: OwnLane,
    at: SimTime,
    observer: &mut O,
) {
    if own.change == Change::Usable {
        how(observer, at, held, own.free);
    } else {
        how(observer, at, held, own.free + 1);
        observer.shadowed(at, held.lane, held.offset, own.free);
    }
}

/// Tells of a port that was not its own lane's any more.
fn report(held: &Held, own: OwnLane, at: SimTime, observer: &mut impl Observer) {
    match own.change {
        Change::Same => {}
        Change::Usable => observer.unshadowed(at, held.lane, held.offset, own.free),
        Change::Taken => observer.shadowed(at, held.lane, held.offset, own.free),
    }
}

/// A closed socket as observers know it.
fn held_by(topology: &Topology, port: u16, socket: &Owner) -> Held {
    let first = topology.pool_of_lane(socket.lane).way.ports.first();
    Held { flow: socket.flow, lane: socket.lane, offset: port - first }
}
