//! Every order of calls there is on a few ports, up to a size: the simulator against a model that is slow and obvious.
//!
//! Programs that choose their ports in different ways share a host of one to four ports. What each call may get, what
//! is left for the next, and every figure of every scope follow from `reference`, which knows neither lanes nor queues.
//! Which of the ports a call gets, where it may get several, is the simulator's to say.

mod figures;
mod recorded;
mod reference;
mod worlds;

use dryport::workload::{Behaviour, ClosesFirst};
use rayon::prelude::*;
use reference::{FIRST, Kernel, Program, Timer, Way};
use worlds::{Action, Runner, Setting};

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// Linux 6.18 with a TIME-WAIT of two seconds.
const KERNEL: Kernel = Kernel {
    ports: 2,
    reserved: None,
    listening: None,
    sticky: false,
    tw_reuse: 2,
    delay: SECOND,
    tick: MILLISECOND,
    tick_phase: 0,
    timestamps: true,
    max_tw_buckets: 1000,
    fin_timeout: 2 * SECOND,
    autobind_reuse: false,
    wait: 2 * SECOND,
    timer: Timer::Exact,
    destinations: [(false, Behaviour::Accepts); 2],
    close_delays: [0; 2],
};

/// Linux 6.8: buckets are sticky, and ages are counted in whole seconds.
const OLDER: Kernel = Kernel { sticky: true, delay: 0, tick: SECOND, ..KERNEL };

const CONNECT: Program = Program { way: Way::Connect, reuse_address: false, reuse_port: false, own_range: None };
const CONNECT_REUSE: Program = Program { reuse_address: true, ..CONNECT };
const BIND_ZERO: Program = Program { way: Way::BindZero, ..CONNECT };
const BIND_ZERO_REUSE: Program = Program { reuse_address: true, ..BIND_ZERO };

const fn ports(count: u16) -> Program {
    Program { way: Way::Ports(FIRST, FIRST + count - 1), ..CONNECT }
}

const fn ports_reuse(count: u16) -> Program {
    Program { reuse_address: true, ..ports(count) }
}

const fn ports_share(count: u16) -> Program {
    Program { reuse_port: true, ..ports(count) }
}

/// What calls differ in.
#[derive(Clone, Debug)]
struct Alphabet {
    /// Steps since the call before.
    gaps: Vec<u64>,
    /// How long it is open, and who closes first.
    fates: Vec<(u64, ClosesFirst)>,
}

impl Alphabet {
    /// What may come after `before`. At one instant calls go in the order of clients; the first one comes at once, and
    /// where destinations are alike, the first one to be called is the first.
    fn next(&self, setting: &Setting, before: &[Action]) -> Vec<Action> {
        let last = before.last();
        let [one, other] = setting.kernel.destinations;
        let both = one != other || before.iter().any(|action| action.destination == 0);
        let mut actions = Vec::new();
        for gap in if last.is_some() { self.gaps.as_slice() } else { &[0] } {
            for client in 0..setting.programs.len() {
                if *gap == 0 && last.is_some_and(|last| last.client > client) {
                    continue;
                }
                for destination in 0..=usize::from(both) {
                    let at = last.map_or(0, |last| last.at) + gap;
                    let action = |&(life, closes_first)| Action { at, client, destination, life, closes_first };
                    actions.extend(self.fates.iter().map(action));
                }
            }
        }
        actions
    }

    /// Calls `each` with all sequences of `count` actions that begin with `actions`.
    fn words(&self, setting: &Setting, count: usize, actions: &mut Vec<Action>, each: &mut impl FnMut(&[Action])) {
        if actions.len() == count {
            each(actions);
            return;
        }
        for action in self.next(setting, actions) {
            actions.push(action);
            self.words(setting, count, actions, each);
            actions.pop();
        }
    }
}

/// Worlds in one run.
const BATCH: usize = 200;

/// Tries every sequence of `count` calls in each setting; returns how many worlds that were.
fn try_all(settings: &[Setting], alphabet: &Alphabet, count: usize) -> usize {
    let firsts =
        settings.iter().flat_map(|setting| alphabet.next(setting, &[]).into_iter().map(move |first| (setting, first)));
    let firsts: Vec<_> = firsts.collect();
    let worlds = |&(setting, first): &(&Setting, Action)| {
        let mut runner = Runner::new(setting);
        let (mut batch, mut batches, mut worlds) = (Vec::new(), 0, 0);
        let mut run = |batch: &mut Vec<Vec<Action>>| {
            runner.check(batch, batches);
            batches += 1;
            worlds += batch.len();
            batch.clear();
        };
        alphabet.words(setting, count, &mut vec![first], &mut |actions| {
            batch.push(actions.to_vec());
            if batch.len() == BATCH {
                run(&mut batch);
            }
        });
        run(&mut batch);
        worlds
    };
    firsts.par_iter().map(worlds).sum()
}

fn setting(kernel: Kernel, programs: &[Program]) -> Setting {
    Setting { kernel, programs: programs.to_vec(), addresses: 1, unit: SECOND }
}

/// Two programs, each first in the file: at one instant it is the first one's turn.
fn both_orders(kernel: Kernel, one: Program, other: Program) -> [Setting; 2] {
    [setting(kernel, &[one, other]), setting(kernel, &[other, one])]
}

const CLIENT: ClosesFirst = ClosesFirst::Client;
const SERVER: ClosesFirst = ClosesFirst::Server;
const RESET: ClosesFirst = ClosesFirst::Reset;
const BOTH: ClosesFirst = ClosesFirst::Simultaneous;

fn alphabet(gaps: &[u64], fates: &[(u64, ClosesFirst)]) -> Alphabet {
    Alphabet { gaps: gaps.to_vec(), fates: fates.to_vec() }
}

/// Programs that reserve their port before they connect; those that name it name this many.
fn binders(count: u16) -> [Program; 5] {
    [BIND_ZERO, BIND_ZERO_REUSE, ports(count), ports_reuse(count), ports_share(count)]
}

/// `connect()` beside each of `others`, in both orders, on each of `kernels`.
fn connect_beside(kernels: &[Kernel], others: &[Program]) -> Vec<Setting> {
    let pairs = kernels.iter().flat_map(|kernel| others.iter().map(|other| (*kernel, *other)));
    pairs.flat_map(|(kernel, other)| both_orders(kernel, CONNECT, other)).collect()
}

#[test]
fn one_port() {
    let kernels = [KERNEL, OLDER].map(|kernel| Kernel { ports: 1, ..kernel });
    let settings = connect_beside(&kernels, &binders(1));
    assert_eq!(try_all(&settings, &alphabet(&[0, 2], &[(1, CLIENT), (1, SERVER)]), 4), 209_920);
}

#[test]
fn two_ports() {
    let settings = connect_beside(&[KERNEL, OLDER], &binders(2));
    assert_eq!(try_all(&settings, &alphabet(&[0, 1, 2], &[(1, CLIENT), (2, SERVER), (0, BOTH)]), 3), 129_600);
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT), (1, RESET)]), 4), 209_920);
}

#[test]
fn three_ports() {
    let others = [BIND_ZERO, ports(3), ports_reuse(3)];
    let settings: Vec<Setting> = [KERNEL, OLDER]
        .iter()
        .flat_map(|kernel| {
            // An even range, of which one port is somebody else's.
            let first = Kernel { ports: 4, listening: Some(FIRST), ..*kernel };
            let reserved = Kernel { ports: 4, reserved: Some(FIRST + 1), ..*kernel };
            connect_beside(&[first, reserved], &others)
        })
        .collect();
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 5), 107_520);
}

#[test]
fn four_ports() {
    let kernels = [KERNEL, OLDER].map(|kernel| Kernel { ports: 4, ..kernel });
    let settings = connect_beside(&kernels, &binders(4));
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 5), 89_600);
}

/// `tcp_tw_reuse` with and without what it needs, and programs that reuse what they name.
#[test]
fn early_reuse() {
    let on = Kernel { tw_reuse: 1, wait: 4 * SECOND, ..KERNEL };
    let loopback = Kernel { destinations: [(true, Behaviour::Accepts), (false, Behaviour::Accepts)], ..on };
    let kernels = [
        on,
        Kernel { delay: 2 * SECOND, ..on },
        Kernel { tw_reuse: 2, ..loopback },
        Kernel { tw_reuse: 2, timestamps: false, ..loopback },
        Kernel { tw_reuse: 0, ..loopback },
        Kernel { tw_reuse: 1, wait: 4 * SECOND, ..OLDER },
    ];
    let mut settings = connect_beside(&kernels, &[BIND_ZERO, ports(2), ports_reuse(2)]);
    settings.extend(kernels.map(|kernel| setting(kernel, &[CONNECT_REUSE, ports_reuse(2)])));
    assert_eq!(try_all(&settings, &alphabet(&[0, 1, 2], &[(0, CLIENT), (1, BOTH)]), 3), 120_960);
    let settings = settings.split_off(settings.len() - kernels.len());
    assert_eq!(try_all(&settings, &alphabet(&[0, 2], &[(0, CLIENT)]), 5), 40_320);
}

#[test]
fn few_buckets() {
    let mut settings = Vec::new();
    for max_tw_buckets in [0, 1, 2] {
        let kernels = [KERNEL, OLDER, Kernel { destinations: NEVER_CLOSES, ..KERNEL }];
        let kernels = kernels.map(|kernel| Kernel { max_tw_buckets, ..kernel });
        settings.extend(connect_beside(&kernels, &[BIND_ZERO]));
        settings.extend(kernels.map(|kernel| setting(kernel, &[CONNECT_REUSE, ports_reuse(2)])));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(0, CLIENT), (1, CLIENT), (1, RESET)]), 3), 93_312);
}

const NEVER_CLOSES: [(bool, Behaviour); 2] = [(false, Behaviour::Accepts), (false, Behaviour::NeverCloses)];

/// FIN-WAIT-2, below and above the 60 s that make two waits of it.
#[test]
fn orphans() {
    let mut settings = Vec::new();
    for fin_timeout in [1, 2, 61] {
        let few = Kernel { max_tw_buckets: 1, ..KERNEL };
        let kernels = [KERNEL, OLDER, few, Kernel { timestamps: false, ..KERNEL }].map(|kernel| Kernel {
            fin_timeout: fin_timeout * SECOND,
            destinations: NEVER_CLOSES,
            // A scenario that asks for what cannot be is refused.
            tw_reuse: u8::from(kernel.timestamps),
            ..kernel
        });
        settings.extend(connect_beside(&kernels, &[ports_reuse(2)]));
        settings.extend(kernels.map(|kernel| setting(kernel, &[BIND_ZERO, ports_share(2)])));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(0, CLIENT), (1, CLIENT)]), 3), 55_296);
}

/// Servers on this host that close first leave mini-sockets, too, which take the clients' room.
#[test]
fn both_ends_on_one_host() {
    let mut settings = Vec::new();
    for max_tw_buckets in [1, 2] {
        for tw_reuse in [0, 2] {
            let destinations = [(true, Behaviour::Accepts), (false, Behaviour::Accepts)];
            let kernels = [KERNEL, OLDER].map(|kernel| Kernel { tw_reuse, max_tw_buckets, destinations, ..kernel });
            settings.extend(connect_beside(&kernels, &[BIND_ZERO]));
        }
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 2], &[(0, CLIENT), (1, SERVER), (1, BOTH)]), 3), 82_944);
}

/// A server that closes after its client: FIN-WAIT-2 until then, and the TIME-WAIT from then on.
#[test]
fn late_fins() {
    let mut settings = Vec::new();
    for (fin_timeout, close_delays) in [(60, [1, 0]), (2, [1, 1]), (62, [1, 2]), (62, [3, 0])] {
        let close_delays = close_delays.map(|delay| delay * SECOND);
        let few = Kernel { max_tw_buckets: 1, ..KERNEL };
        let reuse = Kernel { tw_reuse: 1, ..KERNEL };
        let kernels = [KERNEL, OLDER, few, reuse].map(|kernel| Kernel {
            fin_timeout: fin_timeout * SECOND,
            close_delays,
            ..kernel
        });
        settings.extend(connect_beside(&kernels, &[ports_reuse(2)]));
        settings.extend(kernels.map(|kernel| setting(kernel, &[CONNECT_REUSE, BIND_ZERO])));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1, 2], &[(0, CLIENT), (1, BOTH)]), 3), 92_160);
}

#[test]
fn refused_connects() {
    let destinations = [(false, Behaviour::Refuses), (false, Behaviour::Accepts)];
    let kernels = [KERNEL, OLDER].map(|kernel| Kernel { destinations, ..kernel });
    let settings = connect_beside(&kernels, &[BIND_ZERO, ports_reuse(2)]);
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4), 10_496);
}

/// `ip_autobind_reuse`: ports that programs share who did not name them.
#[test]
fn autobind_reuse() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER, Kernel { timestamps: false, ..KERNEL }] {
        let kernel = Kernel { autobind_reuse: true, ..kernel };
        settings.push(setting(kernel, &[BIND_ZERO_REUSE]));
        for other in [CONNECT, CONNECT_REUSE, BIND_ZERO, ports(2), ports_reuse(2)] {
            settings.extend(both_orders(kernel, BIND_ZERO_REUSE, other));
        }
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4), 19_872);
}

/// `IP_LOCAL_PORT_RANGE`: inside the host's range, at its end, and beyond.
#[test]
fn own_ranges() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER].map(|kernel| Kernel { ports: 4, ..kernel }) {
        for own_range in [(FIRST, FIRST + 2), (FIRST + 1, FIRST + 2), (FIRST + 2, FIRST + 9), (1, 2)] {
            let own = Program { own_range: Some(own_range), ..CONNECT };
            settings.push(setting(kernel, &[own, BIND_ZERO]));
            settings.push(setting(kernel, &[own, CONNECT]));
        }
        let own = Program { own_range: Some((FIRST + 1, FIRST + 2)), ..BIND_ZERO };
        settings.push(setting(kernel, &[CONNECT, own]));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4), 11_808);
}

#[test]
fn two_addresses() {
    let one = Kernel { ports: 1, ..KERNEL };
    let kernels = [KERNEL, OLDER, one, Kernel { ports: 1, tw_reuse: 1, ..OLDER }];
    let settings = kernels.iter().flat_map(|kernel| connect_beside(&[*kernel], &binders(kernel.ports)));
    let settings: Vec<Setting> = settings.map(|setting| Setting { addresses: 2, ..setting }).collect();
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT), (1, SERVER)]), 3), 30_720);
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4), 26_240);
}

#[test]
fn three_programs() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER, Kernel { tw_reuse: 1, wait: 3 * SECOND, ..KERNEL }] {
        settings.push(setting(kernel, &[CONNECT, BIND_ZERO, ports_reuse(2)]));
        settings.push(setting(kernel, &[CONNECT, CONNECT_REUSE, ports_reuse(2)]));
        settings.push(setting(kernel, &[ports_share(2), ports_reuse(1), BIND_ZERO_REUSE]));
        settings.push(setting(kernel, &[ports(1), ports(2), ports_reuse(2)]));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4), 33_984);
}

/// Sixty seconds on the grid of 2.048 s, in steps of 31 s: after two of them a port is free, or it is not yet.
#[test]
fn on_the_wheel() {
    let mut settings = Vec::new();
    for (kernel, phase) in [(KERNEL, 0), (OLDER, 1246), (Kernel { tw_reuse: 1, ..OLDER }, 300)] {
        let timer = Timer::Wheel(250, phase * MILLISECOND);
        let (wait, fin_timeout, destinations) = (60 * SECOND, 10 * SECOND, NEVER_CLOSES);
        let kernel = Kernel { fin_timeout, wait, timer, destinations, ..kernel };
        let pairs = connect_beside(&[kernel], &[BIND_ZERO, ports_reuse(2)]);
        settings.extend(pairs.into_iter().map(|setting| Setting { unit: 31 * SECOND, ..setting }));
    }
    assert_eq!(try_all(&settings, &alphabet(&[0, 1, 2], &[(0, CLIENT), (1, CLIENT)]), 3), 46_080);
}
