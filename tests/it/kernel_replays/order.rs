//! In which order the kernel hands out ports that nobody gives back.

use super::explained::{Seen, explained};
use super::recording::{
    HELD, Recording, Replay, attempts, distinct, epochs, first_refusal, port, read, read_recording,
};
use super::resalt::kernel_epoch;
use dryport::metrics::attempts::AttemptRow;
use dryport::scenario::Scenario;
use std::collections::BTreeMap;

/// What an onlooker saw of a recording.
fn recorded(recording: &Recording) -> Vec<Seen> {
    let first = recording.range().0;
    let offset = |port: u16| u32::from(port - first);
    recording.rows.iter().map(|row| Seen { at: row.at, offset: row.port.map(offset) }).collect()
}

/// What an onlooker saw of the model.
fn simulated(rows: &[AttemptRow], scenario: &Scenario) -> Vec<Seen> {
    let first = scenario.hosts[0].port_range.first();
    let offset = |port: u16| u32::from(port - first);
    rows.iter().map(|row| Seen { at: row.at, offset: port(row).map(offset) }).collect()
}

/// 1,200 attempts on 1,000 ports: one parity, then the other, then nothing.
fn one_parity_then_the_other(ports: &[Option<u16>], first: u16) {
    assert_eq!(ports.iter().position(Option::is_none), Some(1000));
    assert!(ports[..500].iter().flatten().all(|port| port % 2 == first % 2));
    assert!(ports[500..1000].iter().flatten().all(|port| port % 2 != first % 2));
    assert_eq!(distinct(ports.iter().copied()).len(), 1000);
    assert!(ports[1000..].iter().all(Option::is_none));
}

/// The steps between ports on the part of the table that is still empty: until the first port comes round again.
fn first_lap(seen: &[Seen], size: u32) -> Vec<u32> {
    let mut walked = 0;
    let offsets: Vec<u32> = seen.iter().map_while(|seen| seen.offset).collect();
    let steps = offsets.windows(2).map(|pair| (pair[1] + size - pair[0]) % size);
    let on_the_lap = |step: &u32| {
        walked += step;
        walked < size
    };
    steps.take_while(on_the_lap).collect()
}

fn as_on_an_empty_table(step: u32) -> bool {
    step.is_multiple_of(2) && (2..=16).contains(&step)
}

#[test]
fn the_recorded_order_is_the_rule_s() {
    let recording = read_recording("order-connect");
    let ports: Vec<_> = recording.rows.iter().map(|row| row.port).collect();
    one_parity_then_the_other(&ports, 40_000);
    let seen = recorded(&recording);
    let lap = first_lap(&seen, 1000);
    assert!(lap.len() > 90 && lap.iter().all(|step| as_on_an_empty_table(*step)), "{lap:?}");
    // It lasts 1.2 s, all of it within one epoch: nothing has to be excused.
    let epoch = kernel_epoch(&recording);
    assert_eq!(epoch(seen[0].at), epoch(seen[1199].at));
    assert_eq!(explained(1000, &seen, epoch), Ok(()));
}

#[test]
fn the_model_s_order_is_the_rule_s() {
    let recording = read_recording("order-connect");
    let scenario = recording.scenario(HELD, &recording.time_wait());
    let mut new_hashes = 0;
    for replication in 0..24 {
        let rows = recording.answers(&scenario, replication);
        let ports: Vec<_> = rows.iter().map(port).collect();
        one_parity_then_the_other(&ports, 40_000);
        let seen = simulated(&rows, &scenario);
        let epoch = epochs(&scenario, replication);
        assert_eq!(explained(1000, &seen, &epoch), Ok(()), "replication {replication}");
        // A new hash shows while there are ports to be had: without it the jump is not explained.
        let new_hash = epoch(seen[0].at) != epoch(seen[999].at);
        new_hashes += u32::from(new_hash);
        assert_eq!(explained(1000, &seen, |_| 0).is_err(), new_hash, "replication {replication}");
        assert!(new_hash || first_lap(&seen, 1000).into_iter().all(as_on_an_empty_table));
    }
    assert!(new_hashes > 0, "no replication met an end of its epoch");
}

#[test]
fn an_order_that_was_tampered_with_is_not_explained() {
    let recording = read_recording("order-connect");
    let scenario = recording.scenario(HELD, &recording.time_wait());
    let rows = recording.answers(&scenario, 0);
    for seen in [recorded(&recording), simulated(&rows, &scenario)] {
        let verdict = |seen: &[Seen]| explained(1000, seen, |_| 0);
        assert_eq!(verdict(&seen), Ok(()), "one epoch, nothing tampered with");
        for place in [5, 70, 300, 480, 700, 900] {
            let mut swapped = seen.clone();
            (swapped[place].offset, swapped[place + 20].offset) = (seen[place + 20].offset, seen[place].offset);
            assert!(verdict(&swapped).is_err(), "{place} and 20 later changed places");
            let mut refused = seen.clone();
            refused[place].offset = None;
            assert_eq!(verdict(&refused), Err(place), "refused though ports are free");
        }
        for place in [0, 20, 60] {
            let mut other = seen.clone();
            other[place].offset = seen[place].offset.map(|offset| offset ^ 1);
            assert_eq!(verdict(&other), Err(place), "the wrong parity");
        }
        let mut granted = seen.clone();
        granted[1100].offset = seen[400].offset;
        assert_eq!(verdict(&granted), Err(1100), "granted though none is free");
    }
}

#[test]
fn longer_recordings_are_explained_up_to_the_first_port_given_back() {
    // 1,000 ports to each destination within 20 and 33 s, and TIME-WAIT is 60 s: several epochs each.
    for (name, destination) in [("constant-50", 0), ("two-destinations", 0), ("two-destinations", 1)] {
        let recording = read_recording(name);
        let mine = recording.rows.iter().zip(recorded(&recording)).filter(|(row, _)| row.flow == destination);
        let seen: Vec<Seen> = mine.map(|(_, seen)| seen).take(1000).collect();
        let epoch = kernel_epoch(&recording);
        assert!(epoch(seen[999].at) - epoch(seen[0].at) >= 2);
        assert_eq!(explained(1000, &seen, epoch), Ok(()), "{name} {destination}");
        assert!(explained(1000, &seen, |_| 0).is_err(), "{name} {destination}: without a new hash");
    }
}

#[test]
fn the_recorded_order_of_an_odd_range_is_the_rule_s() {
    let recording = read_recording("order-odd-size");
    let seen = recorded(&recording);
    assert_eq!((recording.size(), first_refusal(&recording.rows, |row| row.port)), (101, Some(101)));
    assert_eq!(distinct(recording.rows.iter().map(|row| row.port)).len(), 101);
    assert_eq!(explained(101, &seen, kernel_epoch(&recording)), Ok(()));
    let mut tampered = seen.clone();
    (tampered[10].offset, tampered[30].offset) = (seen[30].offset, seen[10].offset);
    assert!(explained(101, &tampered, |_| 0).is_err());
}

#[test]
fn the_model_s_order_of_an_odd_range_is_the_rule_s() {
    let recording = read_recording("order-odd-size");
    let scenario = recording.scenario(HELD, &recording.time_wait());
    let mut refusals = [0, 0];
    for replication in 0..200 {
        let rows = recording.answers(&scenario, replication);
        let seen = simulated(&rows, &scenario);
        assert_eq!(explained(101, &seen, epochs(&scenario, replication)), Ok(()), "replication {replication}");
        refusals[first_refusal(&rows, port).unwrap() - 100] += 1;
    }
    assert!(refusals.iter().all(|n| *n > 0), "{refusals:?}");
}

/// The share of fills of 101 ports that miss the last free one: `literal_fill` written in C missed 2,595,073 of
/// 22,000,000 (standard error 0.00007). It cannot be summed up: which ports are taken is part of the state.
const MISSED: f64 = 2_595_073.0 / 22_000_000.0;

/// How many standard deviations `hits` of `trials` is from [`MISSED`].
fn deviation(hits: u32, trials: u32) -> f64 {
    let n = f64::from(trials);
    (f64::from(hits) - n * MISSED) / (n * MISSED * (1.0 - MISSED)).sqrt()
}

#[test]
fn the_last_port_of_an_odd_range_is_missed_as_often_as_by_the_rule() {
    const FILLS: u32 = 8_000;
    let text = format!(
        "schema = 1\n[run]\nduration = \"1s\"\n[[host]]\nname = \"h\"\nport_range = \"40000-40100\"\n\
         [[destination]]\nname = \"d\"\n[[client]]\nname = \"c\"\nhost = \"h\"\nto = \"d\"\n\
         arrivals = {{ trace = {{ file = \"fill.csv\" }} }}\nlifetime = {{ {HELD} }}\n"
    );
    // All at once, so that the hash changes in no fill.
    let fill = format!("time_s\n{}", "0\n".repeat(102)).into_bytes();
    let scenario = read(&text, &BTreeMap::from([("fill.csv".to_owned(), fill)]));
    let mut missed = 0;
    for replication in 0..FILLS {
        let rows = attempts(&scenario, replication);
        match first_refusal(&rows, port) {
            Some(100) => missed += 1,
            first => assert_eq!(first, Some(101)),
        }
    }
    assert!(deviation(missed, FILLS).abs() < 4.0, "{missed} of {FILLS}");
}

#[test]
fn the_rule_itself_misses_that_often() {
    const FILLS: u32 = 20_000;
    let missed = (0..FILLS).filter(|fill| literal_fill(u64::from(*fill)) == 100).count();
    assert!(deviation(u32::try_from(missed).unwrap(), FILLS).abs() < 4.0, "{missed} of {FILLS}");
}

/// Fills 101 ports by the letter of the rule; returns which attempt, counted from 0, is the first to be refused.
fn literal_fill(seed: u64) -> usize {
    let mut state = seed.wrapping_mul(0xd134_2543_de82_ef95);
    // SplitMix64 (Steele, Lea, Flood 2014); the upper half.
    let mut random = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) >> 32
    };
    let mut taken = [false; 101];
    let mut hash = random();
    for attempt in 0.. {
        let start = usize::try_from(hash % 100).expect("below 100") & !1;
        let found = [0, 1].into_iter().find_map(|pass| {
            (0..100).step_by(2).find_map(|walked| {
                let port = start + pass + walked;
                let port = if port > 100 { port - 100 } else { port };
                (!taken[port]).then_some((port, walked))
            })
        });
        let Some((port, walked)) = found else { return attempt };
        taken[port] = true;
        hash += u64::max(walked as u64, random() % 8 * 2) + 2;
    }
    unreachable!("no more than 101 attempts are granted")
}
