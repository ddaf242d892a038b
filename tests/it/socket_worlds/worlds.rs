//! A setting of the kernel and its programs, as a scenario for the simulator and as the reference's; runs of both.

use super::figures::{Books, lanes};
use super::reference::{Call, FIRST, Host, Kernel, Program, Timer, Way};
use crate::support::read;
use dryport::des::{Randomness, SimDuration, SimTime};
use dryport::metrics::recorder::{Keep, Views};
use dryport::metrics::{Invariants, Measures, Recorder};
use dryport::port::Clock;
use dryport::scenario::Scenario;
use dryport::sim::run::Window;
use dryport::sim::{Attempt, Cause, Connected, Observer, Topology, World, run};
use dryport::workload::arrival::Replay;
use dryport::workload::trace::Row;
use dryport::workload::{Arrivals, ClosesFirst, Trace};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What all worlds of a test have in common.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) kernel: Kernel,
    /// Each is a client.
    pub(super) programs: Vec<Program>,
    /// Source addresses.
    pub(super) addresses: u32,
    /// One step of all times of a world.
    pub(super) unit: u64,
}

/// In how many steps a world is over, so that the next one can begin.
const SPAN: u64 = 20;

/// One call, in steps of [`Setting::unit`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) at: u64,
    pub(super) client: usize,
    pub(super) destination: usize,
    pub(super) life: u64,
    pub(super) closes_first: ClosesFirst,
}

/// What the simulator answered.
#[derive(Clone, Copy, Debug)]
struct Seen {
    attempt: Attempt,
    got: Result<Connected, Cause>,
}

/// Writes down every answer.
#[derive(Debug, Default)]
struct Witness(Vec<Seen>);

impl Observer for Witness {
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        self.0.push(Seen { attempt: *attempt, got: Ok(*got) });
    }

    fn refused(&mut self, attempt: &Attempt, cause: Cause) {
        self.0.push(Seen { attempt: *attempt, got: Err(cause) });
    }
}

impl Setting {
    /// As a scenario file. What differs between kernels comes from their profiles.
    fn text(&self) -> String {
        let Kernel { ports, sticky, timestamps, max_tw_buckets, autobind_reuse, .. } = self.kernel;
        let profile = if sticky { "linux-6.8" } else { "linux-6.18" };
        let span = |nanos: u64| format!("{nanos}ns");
        let wait = span(self.kernel.wait);
        let time_wait = match self.kernel.timer {
            Timer::Exact => format!("\"{wait}\""),
            Timer::Wheel(hz, phase) => {
                format!("{{ timer_wheel = {{ wait = \"{wait}\", hz = {hz}, phase = \"{}\" }} }}", span(phase))
            }
        };
        let set = |port: Option<u16>| port.map_or(String::new(), |port| format!("\"{port}\""));
        let mut text = format!(
            "schema = 1\n[run]\nduration = \"{}\"\n[[host]]\nname = \"h\"\nprofile = \"{profile}\"\n\
             port_range = \"{FIRST}-{}\"\naddresses = {}\ntime_wait = {time_wait}\ntimestamps = {timestamps}\n\
             tw_reuse = \"{}\"\nmax_tw_buckets = {max_tw_buckets}\nfin_timeout = \"{}\"\n\
             autobind_reuse = {autobind_reuse}\nreserved_ports = [{}]\nlistening_ports = [{}]\n",
            span(SPAN * self.unit),
            FIRST + ports - 1,
            self.addresses,
            ["off", "on", "loopback"][usize::from(self.kernel.tw_reuse)],
            span(self.kernel.fin_timeout),
            set(self.kernel.reserved),
            set(self.kernel.listening),
        );
        if !sticky {
            writeln!(text, "tw_reuse_delay = \"{}\"", span(self.kernel.delay)).expect("a string takes all");
        }
        for (index, (loopback, behaviour)) in self.kernel.destinations.iter().enumerate() {
            let behaviour = behaviour.name();
            let keys = format!("name = \"d{index}\"\nloopback = {loopback}\nbehaviour = \"{behaviour}\"\n");
            let delay = Some(span(self.kernel.close_delays[index])).filter(|delay| delay != "0ns");
            let delay = delay.map_or(String::new(), |delay| format!("close_delay = \"{delay}\"\n"));
            write!(text, "[[destination]]\n{keys}{delay}").expect("a string takes all");
        }
        for (index, program) in self.programs.iter().enumerate() {
            let bind = match program.way {
                Way::Connect => "\"connect\"".to_owned(),
                Way::BindZero => "\"bind-zero\"".to_owned(),
                Way::Ports(first, last) => format!("{{ ports = \"{first}-{last}\" }}"),
            };
            let own = program
                .own_range
                .map_or(String::new(), |(first, last)| format!("local_port_range = \"{first}-{last}\"\n"));
            write!(
                text,
                "[[client]]\nname = \"c{index}\"\nhost = \"h\"\nto = {{ d0 = 0.5, d1 = 0.5 }}\nbind = {bind}\n\
                 arrivals = {{ constant = {{ rate = \"1/s\" }} }}\nlifetime = {{ constant = {{ value = \"1s\" }} }}\n\
                 reuse_address = {}\nreuse_port = {}\n{own}",
                program.reuse_address, program.reuse_port
            )
            .expect("a string takes all");
        }
        text
    }

    fn call(&self, action: &Action, source: u32) -> Call {
        Call {
            client: action.client,
            program: self.programs[action.client],
            source,
            destination: action.destination,
            life: action.life * self.unit,
            closes_first: action.closes_first,
        }
    }
}

/// Runs the worlds of one setting.
pub(super) struct Runner<'s> {
    setting: &'s Setting,
    scenario: Scenario,
    topology: Topology,
    views: Views,
}

impl<'s> Runner<'s> {
    pub(super) fn new(setting: &'s Setting) -> Self {
        let scenario = read(&setting.text(), "");
        let topology = Topology::new(&scenario);
        let views = Views::new(&topology);
        Self { setting, scenario, topology, views }
    }

    /// Asserts that the simulator does in these worlds what the reference says: all of them in one run, one after
    /// another, since setting up a run takes ten times as long as a world.
    pub(super) fn check(&mut self, worlds: &[Vec<Action>], number: u64) {
        let Err(fault) = self.compare(worlds, number) else { return };
        // One world alone is easier to read.
        for world in worlds {
            if let Err(fault) = self.compare(std::slice::from_ref(world), number) {
                panic!("{fault}");
            }
        }
        panic!("in one of {} worlds, of which none fails alone: {fault}", worlds.len());
    }

    /// The simulator's answers, and its figures up to `end`, one set for each scope.
    fn simulate(&mut self, actions: &[Action], end: SimTime, randomness: Randomness) -> (Vec<Seen>, Vec<Measures>) {
        for (index, client) in self.scenario.clients.iter_mut().enumerate() {
            let own = actions.iter().filter(|action| action.client == index);
            let rows = own.map(|action| Row {
                at: SimTime::from_nanos(action.at * self.setting.unit),
                lifetime: Some(SimDuration::from_nanos(action.life * self.setting.unit)),
                destination: Some(u16::try_from(action.destination).expect("0 or 1")),
                closes_first: Some(action.closes_first),
            });
            let destinations = vec!["d0".into(), "d1".into()];
            let trace = Trace { path: "t.csv".into(), rows: rows.collect(), destinations };
            client.arrivals = Arrivals::Replay(Replay::new(Arc::new(trace)));
        }
        let window = Window { opens: SimTime::ZERO, length: end - SimTime::ZERO, sample: None, batches: 1 };
        let recorder = Recorder::new(&self.topology, &self.views, Keep::Summary);
        let mut watching = ((recorder, Witness::default()), Invariants::new(&self.topology));
        let mut world = World::new(&self.scenario, &self.topology, randomness, SimTime::ZERO);
        run(&mut world, window, &mut watching, &AtomicBool::new(false)).expect("nobody stops it");
        let ((recorder, witness), _) = watching;
        let of_view = recorder.finish(end).measures;
        (witness.0, self.views.of_scope.iter().map(|view| of_view[*view]).collect())
    }

    /// The reference before anything has happened.
    fn reference(&self, randomness: Randomness) -> Host {
        let time_wait = &self.scenario.hosts[0].time_wait;
        let clock = Clock::draw(randomness, "host:h", time_wait.grid(), time_wait.phase());
        let tick = SimDuration::from_nanos(self.setting.kernel.tick);
        Host::new(Kernel { tick_phase: clock.phase(tick).as_nanos(), ..self.setting.kernel })
    }

    /// One call of each client to each destination.
    fn calls(&self) -> Vec<Call> {
        let (at, life, closes_first) = (0, 0, ClosesFirst::Client);
        let clients = 0..self.setting.programs.len();
        let both = clients.flat_map(|client| [0, 1].map(|destination| (client, destination)));
        let call =
            |(client, destination)| self.setting.call(&Action { at, client, destination, life, closes_first }, 0);
        both.map(call).collect()
    }

    fn compare(&mut self, worlds: &[Vec<Action>], number: u64) -> Result<(), String> {
        let starts = (0..worlds.len() as u64).map(|index| index * SPAN);
        let moved = |(start, world): (u64, &Vec<Action>)| {
            world.iter().map(move |action| Action { at: start + action.at, ..*action }).collect::<Vec<_>>()
        };
        let actions: Vec<Action> = starts.zip(worlds).flat_map(moved).collect();
        let end = worlds.len() as u64 * SPAN * self.setting.unit;
        let randomness = Randomness { seed: 1, replication: number };
        let (seen, found) = self.simulate(&actions, SimTime::from_nanos(end), randomness);
        let context = |what: String| {
            let world = if worlds.len() == 1 { format!("{actions:?}\n{seen:?}") } else { String::new() };
            format!("{what}\nin run {number} of {:?}\n{world}", self.setting)
        };
        let host = self.reference(randomness);
        let lanes = lanes(&host, &self.topology, &self.calls(), self.setting.addresses);
        let mut books = Books::new(host, &self.topology, &lanes);
        for (action, Seen { attempt, got }) in actions.iter().zip(&seen) {
            let at = action.at * self.setting.unit;
            let call = self.setting.call(action, attempt.source);
            books.pass(at);
            let outcomes = books.host.outcomes(at, &call);
            let may = match got {
                Ok(got) => outcomes.ports.contains(&got.port),
                Err(Cause::NotAvailable) => outcomes.not_available,
                Err(Cause::InUse) => outcomes.in_use,
            };
            if attempt.at.as_nanos() != at || !may {
                return Err(context(format!("{attempt:?} {got:?}, but {outcomes:?} of {:?}", books.host)));
            }
            books.count(call, got.ok().map(|got| got.port));
            let free = books.free(&call);
            if attempt.free as usize != free {
                return Err(context(format!("{attempt:?} {got:?}, but {free} are free of {:?}", books.host)));
            }
        }
        let expected = books.finish(end, &found);
        for ((scope, found), expected) in self.topology.scopes.iter().zip(&found).zip(&expected) {
            if found != expected {
                return Err(context(format!("{scope}: {found:?}\nbut {expected:?}")));
            }
        }
        assert_eq!(seen.len(), actions.len());
        Ok(())
    }
}
