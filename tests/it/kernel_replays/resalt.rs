//! Every ten seconds the hash that starts the search changes (`reference/linux.md` 1.2): the ports of a destination
//! jump.

use super::recording::{EPOCH, Recording, attempts, epochs, port, read, read_recording};
use dryport::des::SimDuration;
use dryport::metrics::attempts::AttemptRow;
use std::collections::BTreeMap;

/// An end of an epoch on the kernel's monotonic clock. Jiffies begin at 2^32 less 300 s (`INITIAL_JIFFIES`), and ticks and
/// epochs end at multiples of that count: with HZ=250 the first tick comes 248 jiffies after its beginning, the first end
/// of an epoch 204. So the hash changes 0.176 s before the tick at 1.246 s (+-10 ms), at 1.070 s; the jumps in
/// `two-destinations` and `reset-close` narrow it down to between 1.0672 and 1.0681 s.
const EPOCH_END: u64 = 1_067_600_000;

/// The epochs of a recording.
pub(super) fn kernel_epoch(recording: &Recording) -> impl Fn(SimDuration) -> u64 {
    let began = recording.began().as_nanos();
    move |at| (began + at.as_nanos() - EPOCH_END) / EPOCH.as_nanos()
}

/// The times, before and after, between which ports are further apart than a free table explains.
fn jumps(ports: &[(SimDuration, u16)], size: u32) -> Vec<(SimDuration, SimDuration)> {
    let jumped = |pair: &&[(SimDuration, u16)]| {
        let step = (u32::from(pair[1].1) + size - u32::from(pair[0].1)) % size;
        step == 0 || step % 2 == 1 || step > 16
    };
    ports.windows(2).filter(jumped).map(|pair| (pair[0].0, pair[1].0)).collect()
}

#[test]
fn the_kernel_s_ports_jump_every_ten_seconds() {
    for (name, ends) in [("reset-close", 2), ("server-closes-first", 10)] {
        let recording = read_recording(name);
        let ports: Vec<_> = recording.rows.iter().map(|row| (row.at, row.port.unwrap())).collect();
        let epoch = kernel_epoch(&recording);
        let jumps = jumps(&ports, recording.size());
        assert_eq!(jumps.len(), ends, "{name}: {jumps:?}");
        assert!(jumps.iter().all(|(before, after)| epoch(*before) + 1 == epoch(*after)), "{name}: {jumps:?}");
    }
}

/// A thousand connects a second for 65 s, each reset at once: every port is free always.
fn empty_table(time_wait: &str) -> String {
    format!(
        "schema = 1\n[run]\nduration = \"65s\"\n[[host]]\nname = \"gateway\"\ntime_wait = {time_wait}\n\
         [[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"gateway\"\nto = \"d\"\n\
         arrivals = {{ constant = {{ rate = \"1000/s\" }} }}\nlifetime = {{ constant = {{ value = \"0s\" }} }}\n\
         closes_first = \"reset\"\n"
    )
}

#[test]
fn the_model_s_ports_jump_where_its_host_s_clock_says() {
    let pinned = "{ timer_wheel = { wait = \"60s\", hz = 250, phase = \"1.234s\" } }";
    for time_wait in ["{ timer_wheel = { wait = \"60s\", hz = 250 } }", pinned, "\"60s\""] {
        let scenario = read(&empty_table(time_wait), &BTreeMap::new());
        for replication in 0..3 {
            let rows = attempts(&scenario, replication);
            let ports: Vec<_> = rows.iter().map(|row: &AttemptRow| (row.at, port(row).unwrap())).collect();
            assert!((64_999..=65_001).contains(&ports.len()));
            let epoch = epochs(&scenario, replication);
            let changes = ports.windows(2).filter(|pair| epoch(pair[0].0) != epoch(pair[1].0));
            let changes: Vec<_> = changes.map(|pair| (pair[0].0, pair[1].0)).collect();
            assert!(changes.len() == 6 || changes.len() == 7);
            let jumps = jumps(&ports, 28_232);
            assert!(jumps.iter().all(|jump| changes.contains(jump)), "{jumps:?}, {changes:?}");
            // Once in 1,765 changes the new start lies by chance where an ordinary step could have led.
            assert!(jumps.len() + 1 >= changes.len(), "{jumps:?}, {changes:?}");
            for pair in changes.windows(2) {
                // To the millisecond between two connects.
                let apart = pair[1].1.as_nanos() - pair[0].1.as_nanos();
                assert!(apart.abs_diff(EPOCH.as_nanos()) <= 1_000_000, "{apart} ns apart");
            }
        }
    }
}
