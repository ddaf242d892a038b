//! The reference itself against a recording of the kernel's, attempt by attempt, with the ports that the kernel chose.

use super::reference::{Call, FIRST, Host, Kernel, Timer};
use super::{BIND_ZERO, CONNECT, KERNEL, SECOND};
use crate::kernel_replays::recording::read_recording;
use dryport::workload::{Behaviour, ClosesFirst};

/// The first port of the recording.
const RECORDED: u16 = 40_000;

/// B15: three programs on one host, whose servers are there, too, and may keep 90 mini-sockets together.
#[test]
fn every_attempt_of_two_ends_on_one_host() {
    let recording = read_recording("buckets-two-loads");
    let kernel = Kernel {
        ports: 120,
        tw_reuse: 0,
        max_tw_buckets: 90,
        fin_timeout: 60 * SECOND,
        wait: 60 * SECOND,
        timer: Timer::Wheel(250, recording.phase().as_nanos()),
        destinations: [(true, Behaviour::Accepts); 2],
        ..KERNEL
    };
    for (are_counted, unexplained) in [(true, 0), (false, 421)] {
        let mut host = Host::new(kernel);
        if !are_counted {
            host.kernel.destinations = [(false, Behaviour::Accepts); 2];
        }
        let mut wrong = 0;
        for row in &recording.rows {
            let at = row.at.as_nanos();
            while host.step(at) {}
            let (program, destination) = if row.flow == 1 { (BIND_ZERO, 1) } else { (CONNECT, 0) };
            let closes_first = row.closes_first.unwrap_or(ClosesFirst::Client);
            let life = row.close.map_or(u64::MAX / 2, |close| close.as_nanos() - at);
            let call = Call { client: row.flow, program, source: 0, destination, life, closes_first };
            let outcomes = host.outcomes(at, &call);
            let port = row.port.map(|port| port - RECORDED + FIRST);
            wrong += usize::from(match port {
                Some(port) => !host.may_take(at, port, &call),
                None => !outcomes.ports.is_empty(),
            });
            if let Some(port) = port {
                host.take(at, port, call);
            }
        }
        assert_eq!(wrong, unexplained, "of {} attempts", recording.rows.len());
    }
}
