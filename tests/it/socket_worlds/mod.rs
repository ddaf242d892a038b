//! Every order of calls there is on a few ports, up to a size: the simulator against a model that is slow and obvious.
//!
//! Programs that choose their ports in different ways share a host of one to four ports. What each call may get, what is
//! left for the next, and every figure of every scope follow from `reference`, which knows neither lanes nor queues.
//! Which of the ports a call gets, where it may get several, is the simulator's to say.

mod figures;
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

/// Tries every sequence of `count` calls in each setting; returns how many worlds that were.
fn try_all(settings: &[Setting], alphabet: &Alphabet, count: usize) -> u64 {
    let firsts = settings.iter().flat_map(|setting| {
        alphabet.next(setting, &[]).into_iter().map(move |first| (setting, first))
    });
    let firsts: Vec<_> = firsts.collect();
    let worlds = |&(setting, first): &(&Setting, Action)| {
        let mut runner = Runner::new(setting);
        let mut worlds = 0;
        alphabet.words(setting, count, &mut vec![first], &mut |actions| {
            runner.check(actions, worlds);
            worlds += 1;
        });
        worlds
    };
    firsts.par_iter().map(worlds).sum()
}

fn setting(kernel: Kernel, programs: &[Program]) -> Setting {
    Setting { kernel, programs: programs.to_vec(), addresses: 1, unit: SECOND, end: 12 }
}

/// Two programs, each first in the file: at one instant it is the first one's turn.
fn both_orders(kernel: Kernel, one: Program, other: Program) -> [Setting; 2] {
    [setting(kernel, &[one, other]), setting(kernel, &[other, one])]
}

const CLIENT: ClosesFirst = ClosesFirst::Client;
const SERVER: ClosesFirst = ClosesFirst::Server;

fn alphabet(gaps: &[u64], fates: &[(u64, ClosesFirst)]) -> Alphabet {
    Alphabet { gaps: gaps.to_vec(), fates: fates.to_vec() }
}

const RESET: ClosesFirst = ClosesFirst::Reset;
const BOTH: ClosesFirst = ClosesFirst::Simultaneous;
/// Programs that reserve their port before they connect, on a range of so many ports.
fn binders(count: u16) -> [Program; 5] {
    [BIND_ZERO, BIND_ZERO_REUSE, ports(count), ports_reuse(count), ports_share(count)]
}

#[test]
fn connect_beside_bind() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER] {
        for other in binders(2) {
            settings.extend(both_orders(kernel, CONNECT, other));
        }
    }
    let fates = [(1, CLIENT), (1, SERVER), (0, CLIENT)];
    let worlds = try_all(&settings, &alphabet(&[0, 1], &fates), 3);
    println!("connect_beside_bind {worlds}");
}

#[test]
fn one_port() {
    let mut settings = Vec::new();
    for kernel in [Kernel { ports: 1, ..KERNEL }, Kernel { ports: 1, ..OLDER }] {
        for other in binders(1) {
            settings.extend(both_orders(kernel, CONNECT, other));
        }
    }
    let fates = [(1, CLIENT), (1, SERVER)];
    let worlds = try_all(&settings, &alphabet(&[0, 2], &fates), 3);
    println!("one_port {worlds}");
}

#[test]
fn four_ports() {
    let mut settings = Vec::new();
    for kernel in [Kernel { ports: 4, ..KERNEL }, Kernel { ports: 4, ..OLDER }] {
        for other in binders(4) {
            settings.extend(both_orders(kernel, CONNECT, other));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 5);
    println!("four_ports {worlds}");
}

#[test]
fn early_reuse() {
    let mut settings = Vec::new();
    let on = Kernel { tw_reuse: 1, wait: 4 * SECOND, ..KERNEL };
    let loopback = Kernel { destinations: [(true, Behaviour::Accepts), (false, Behaviour::Accepts)], ..on };
    for kernel in [
        on,
        Kernel { delay: 2 * SECOND, ..on },
        Kernel { timestamps: false, ..on },
        Kernel { tw_reuse: 2, ..loopback },
        Kernel { tw_reuse: 0, ..loopback },
        Kernel { tw_reuse: 1, wait: 4 * SECOND, ..OLDER },
    ] {
        for other in [BIND_ZERO, ports(2), ports_reuse(2)] {
            settings.extend(both_orders(kernel, CONNECT, other));
        }
        settings.push(setting(kernel, &[CONNECT_REUSE, ports_reuse(2)]));
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1, 2], &[(0, CLIENT), (1, BOTH)]), 3);
    println!("early_reuse {worlds}");
}

#[test]
fn early_reuse_longer() {
    let mut settings = Vec::new();
    let on = Kernel { tw_reuse: 1, wait: 4 * SECOND, ..KERNEL };
    for kernel in [on, Kernel { tw_reuse: 1, wait: 4 * SECOND, ..OLDER }] {
        settings.push(setting(kernel, &[CONNECT, ports_reuse(2)]));
        settings.push(setting(kernel, &[CONNECT_REUSE, ports_reuse(2)]));
    }
    let worlds = try_all(&settings, &alphabet(&[0, 2], &[(0, CLIENT)]), 6);
    println!("early_reuse_longer {worlds}");
}

#[test]
fn few_buckets() {
    let mut settings = Vec::new();
    for max_tw_buckets in [0, 1, 2] {
        for kernel in [KERNEL, OLDER, Kernel { destinations: NEVER_CLOSES, ..KERNEL }] {
            let kernel = Kernel { max_tw_buckets, ..kernel };
            settings.extend(both_orders(kernel, CONNECT, BIND_ZERO));
            settings.push(setting(kernel, &[CONNECT_REUSE, ports_reuse(2)]));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(0, CLIENT), (1, CLIENT), (1, RESET)]), 3);
    println!("few_buckets {worlds}");
}

const NEVER_CLOSES: [(bool, Behaviour); 2] = [(false, Behaviour::Accepts), (false, Behaviour::NeverCloses)];

#[test]
fn orphans() {
    let mut settings = Vec::new();
    for fin_timeout in [1, 2, 61] {
        for base in [KERNEL, OLDER, Kernel { max_tw_buckets: 1, ..KERNEL }, Kernel { timestamps: false, ..KERNEL }] {
            let kernel =
                Kernel { fin_timeout: fin_timeout * SECOND, destinations: NEVER_CLOSES, tw_reuse: 1, ..base };
            settings.extend(both_orders(kernel, CONNECT, ports_reuse(2)));
            settings.push(setting(kernel, &[BIND_ZERO, ports_share(2)]));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(0, CLIENT), (1, CLIENT)]), 3);
    println!("orphans {worlds}");
}

#[test]
fn autobind() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER, Kernel { timestamps: false, ..KERNEL }] {
        let kernel = Kernel { autobind_reuse: true, ..kernel };
        settings.push(setting(kernel, &[BIND_ZERO_REUSE]));
        for other in [CONNECT, CONNECT_REUSE, BIND_ZERO, ports(2), ports_reuse(2)] {
            settings.extend(both_orders(kernel, BIND_ZERO_REUSE, other));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(0, CLIENT), (2, CLIENT)]), 3);
    println!("autobind {worlds}");
}

#[test]
fn listening_and_reserved() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER] {
        let four = Kernel { ports: 4, ..kernel };
        for kernel in [
            Kernel { listening: Some(FIRST + 1), ..four },
            Kernel { reserved: Some(FIRST), ..four },
            Kernel { reserved: Some(FIRST), listening: Some(FIRST + 2), ..four },
        ] {
            for other in [BIND_ZERO, BIND_ZERO_REUSE, ports_reuse(2), ports(4)] {
                settings.push(setting(kernel, &[CONNECT, other]));
            }
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4);
    println!("listening_and_reserved {worlds}");
}

#[test]
fn own_ranges() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER] {
        let kernel = Kernel { ports: 4, ..kernel };
        for own_range in [(FIRST, FIRST + 2), (FIRST + 1, FIRST + 2), (FIRST + 2, FIRST + 9), (1, 2)] {
            let own = Program { own_range: Some(own_range), ..CONNECT };
            settings.push(setting(kernel, &[own, BIND_ZERO]));
            settings.push(setting(kernel, &[own, CONNECT]));
        }
        let bound = Program { own_range: Some((FIRST + 1, FIRST + 2)), ..BIND_ZERO };
        settings.push(setting(kernel, &[CONNECT, bound]));
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4);
    println!("own_ranges {worlds}");
}

#[test]
fn two_addresses() {
    let mut settings = Vec::new();
    for kernel in [KERNEL, OLDER, Kernel { ports: 1, ..KERNEL }, Kernel { ports: 1, tw_reuse: 1, ..OLDER }] {
        for other in binders(kernel.ports) {
            settings.extend(both_orders(kernel, CONNECT, other).map(|setting| Setting { addresses: 2, ..setting }));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT), (1, SERVER)]), 3);
    println!("two_addresses {worlds}");
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
    let worlds = try_all(&settings, &alphabet(&[0, 1], &[(1, CLIENT)]), 4);
    println!("three_programs {worlds}");
}

#[test]
fn on_the_wheel() {
    let mut settings = Vec::new();
    for (kernel, phase) in [(KERNEL, 0), (OLDER, 1246), (Kernel { tw_reuse: 1, ..OLDER }, 300)] {
        let timer = Timer::Wheel(250, phase * MILLISECOND);
        let fin_timeout = 10 * SECOND;
        let kernel = Kernel { wait: 60 * SECOND, timer, fin_timeout, destinations: NEVER_CLOSES, ..kernel };
        for other in [BIND_ZERO, ports_reuse(2)] {
            let settings_of = both_orders(kernel, CONNECT, other);
            settings.extend(settings_of.map(|setting| Setting { unit: 31 * SECOND, ..setting }));
        }
    }
    let worlds = try_all(&settings, &alphabet(&[0, 1, 2], &[(0, CLIENT), (1, CLIENT)]), 3);
    println!("on_the_wheel {worlds}");
}
