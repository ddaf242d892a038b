//! Laws that hold on every single path, whatever the numbers: no statistics (`reference/theory.md` 8).
//!
//! Many small random worlds from a fixed seed. A failure prints the scenario.

use crate::support::{
    Dice, Draft, Runs, attempts, constant, every_ms, experiment, exponential, lognormal, nanos, poisson,
};
use crate::support::{read, seconds, uniform};
use dryport::experiment::Checks;
use dryport::metrics::Measures;
use dryport::metrics::attempts::AttemptRow;
use dryport::port::{AllocatorKind, Uniqueness};
use dryport::workload::{Jitter, Spread};
use std::fmt::Write;

/// Names of every order of search.
fn allocators() -> Vec<&'static str> {
    AllocatorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// A lifetime of about a second, of any law.
fn some_lifetime(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => exponential(1.0),
        1 => constant(1.0),
        2 => uniform(1.0),
        3 => lognormal(1.0, 1.0),
        _ => "{ pareto = { min = \"500ms\", shape = 2.5 } }".to_owned(),
    }
}

fn some_time_wait(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => "0s".to_owned(),
        1 => "2s".to_owned(),
        2 => "{ timer_wheel = { wait = \"2s\", hz = 250 } }".to_owned(),
        _ => "{ timer_wheel = { wait = \"1s\", hz = 1000, phase = \"30ms\" } }".to_owned(),
    }
}

/// A small world of one client, in which lanes do not depend on what is free and nobody tries twice.
fn simple_world(dice: &mut Dice) -> Draft {
    let rate = dice.between(1, 12);
    let arrivals = if dice.below(3) == 0 {
        every_ms(1000 / u32::try_from(rate).expect("a small number"))
    } else {
        poisson(rate as f64)
    };
    Draft {
        duration: "30s".to_owned(),
        warm_up: ["0s", "4s"][usize::from(dice.below(2) == 1)].to_owned(),
        seed: dice.below(1 << 40),
        ports: 2 * u32::try_from(dice.between(1, 6)).expect("a small number"),
        allocator: (*dice.pick(&allocators())).to_owned(),
        uniqueness: dice.pick(&Uniqueness::ALL).name().to_owned(),
        time_wait: some_time_wait(dice),
        host: format!("addresses = {}", dice.between(1, 3)),
        destinations: dice.pick(&[vec![(1.0, 1)], vec![(0.7, 1), (0.3, 2)]]).clone(),
        arrivals,
        lifetime: some_lifetime(dice),
        client: format!(
            "closes_first = \"{}\"\nsource = \"{}\"\nbalance = \"{}\"",
            dice.pick(&["client", "client", "server", "reset"]),
            dice.pick(&["random", "round-robin"]),
            dice.pick(&["random", "round-robin"]),
        ),
        ..Draft::default()
    }
}

/// Any small world, retries and all.
fn any_world(dice: &mut Dice) -> Draft {
    let mut draft = simple_world(dice);
    draft.ports = u32::try_from(dice.between(1, 12)).expect("a small number");
    let spread = |dice: &mut Dice| dice.pick(&Spread::ALL).name();
    draft.client = format!(
        "closes_first = \"{}\"\nsource = \"{}\"\nbalance = \"{}\"\n\
         retry = {{ attempts = {}, delay = \"300ms\", factor = {}, max = \"2s\", jitter = \"{}\" }}",
        dice.pick(&["client", "client", "server", "reset"]),
        spread(dice),
        spread(dice),
        dice.between(1, 4),
        dice.pick(&["1.0", "2.0"]),
        dice.pick(&Jitter::ALL).name(),
    );
    draft
}

/// Where it is kept who owns which port, nothing is decided otherwise: a rule that never comes to act changes nothing.
#[test]
fn a_table_of_sockets_changes_nothing_by_itself() {
    let mut dice = Dice(9);
    for _ in 0..60 {
        let mut plain = any_world(&mut dice);
        plain.uniqueness = "4-tuple".to_owned();
        let mut kept = plain.clone();
        kept.host += "\ntw_reuse = \"on\"\ntw_reuse_delay = \"3650d\"";
        let (plain, kept) = (plain.scenario(), kept.scenario());
        assert!(!plain.needs_socket_table(0) && kept.needs_socket_table(0));
        assert_eq!(attempts(&plain, 0), attempts(&kept, 0), "{plain:?}");
        let measures = |scenario| experiment(scenario, 1, Checks::Invariants).outcomes[0].measures.clone();
        assert_eq!(measures(&plain), measures(&kept), "{plain:?}");
    }
}

/// Which requests were accepted, in order.
fn outcomes(rows: &[AttemptRow]) -> Vec<(u64, bool)> {
    rows.iter().map(|row| (row.request, row.got.is_ok())).collect()
}

fn measures_of(draft: &Draft) -> Measures {
    *draft.run_checked().of_scope(0).next().expect("one replication")
}

#[test]
fn a_larger_range_accepts_whatever_a_smaller_one_does() {
    let mut dice = Dice(1);
    let (mut refused, mut more) = (0, 0);
    for _ in 0..300 {
        let mut small = simple_world(&mut dice);
        // A range of odd size is larger than what Linux can see of it.
        let parity_first = |kind: &AllocatorKind| kind.is_parity_first() && kind.name() == small.allocator;
        let step = if AllocatorKind::ALL.iter().any(parity_first) { 2 } else { 1 };
        if step == 1 {
            small.ports -= u32::try_from(dice.below(2)).expect("a small number");
        }
        let large = Draft { ports: small.ports + step, ..small.clone() };
        let (few, many) = (outcomes(&small.attempts()), outcomes(&large.attempts()));
        assert_eq!(few.len(), many.len());
        for (few, many) in few.iter().zip(&many) {
            assert!(few.0 == many.0 && (!few.1 || many.1), "request {} in\n{}", few.0, small.text());
            refused += u32::from(!few.1);
            more += u32::from(many.1 && !few.1);
        }
    }
    assert!(refused > 3_000 && more > 1_000, "the worlds are tight enough to tell: {refused} {more}");
}

/// A trace of lattice instants; `keep` of a thousand rows of a fixed dense one.
fn lattice_trace(dice: &mut Dice, rows: usize, ticks: u64) -> Vec<u64> {
    let mut times: Vec<u64> = (0..rows).map(|_| dice.below(ticks)).collect();
    times.sort_unstable();
    times
}

fn trace_of(times: &[u64], tick_ns: u64) -> String {
    let mut text = "time_s\n".to_owned();
    for time in times {
        let at = time * tick_ns;
        writeln!(text, "{}.{:09}", at / 1_000_000_000, at % 1_000_000_000).expect("a string takes all");
    }
    text
}

fn traced(times: &[u64], lifetime_ticks: u64, wait_ticks: u64, tick_ns: u64) -> Draft {
    let span = |ticks: u64| format!("{}ns", ticks * tick_ns);
    Draft {
        duration: span(100),
        ports: 4,
        time_wait: span(wait_ticks),
        arrivals: "{ trace = { file = \"t.csv\" } }".to_owned(),
        lifetime: format!("{{ constant = {{ value = \"{}\" }} }}", span(lifetime_ticks)),
        trace: trace_of(times, tick_ns),
        ..Draft::default()
    }
}

#[test]
fn with_equal_holds_more_arrivals_or_shorter_holds_mean_no_fewer_connects() {
    let mut dice = Dice(2);
    for _ in 0..300 {
        let (rows, life, wait) = (30 + dice.below(50), dice.below(5), dice.below(8));
        let times = lattice_trace(&mut dice, usize::try_from(rows).expect("a small number"), 100);
        let base = measures_of(&traced(&times, life, wait, 1_000_000_000));
        let mut more = times.clone();
        more.extend((0..5).map(|_| dice.below(100)));
        more.sort_unstable();
        let added = measures_of(&traced(&more, life, wait, 1_000_000_000));
        assert!(added.connects >= base.connects, "{times:?} plus five, hold {life} + {wait}");
        let longer = measures_of(&traced(&times, life + 1, wait, 1_000_000_000));
        assert!(longer.connects <= base.connects, "{times:?}, hold {life} + 1 + {wait}");
        // Only the sum counts.
        let moved = measures_of(&traced(&times, life + wait, 0, 1_000_000_000));
        assert_eq!((moved.connects, moved.refused, moved.busy), (base.connects, base.refused, base.busy));
    }
}

#[test]
fn time_has_no_unit() {
    let mut dice = Dice(3);
    for _ in 0..100 {
        let (life, wait) = (dice.below(5), dice.below(8));
        let times = lattice_trace(&mut dice, 60, 100);
        let base = measures_of(&traced(&times, life, wait, 1_000));
        for factor in [3, 1_000_000, 7_777_777] {
            let scaled = measures_of(&traced(&times, life, wait, 1_000 * factor));
            let span = |span: dryport::des::SimDuration| nanos(span) * i128::from(factor);
            assert_eq!(
                (scaled.connects, scaled.refused, scaled.busy_peak, scaled.outages, scaled.reuses, scaled.probes),
                (base.connects, base.refused, base.busy_peak, base.outages, base.reuses, base.probes)
            );
            assert_eq!(
                (scaled.busy, scaled.established),
                (base.busy * i128::from(factor), base.established * i128::from(factor))
            );
            assert_eq!(
                (nanos(scaled.full), nanos(scaled.outage_longest), scaled.first_refusal.map(nanos)),
                (span(base.full), span(base.outage_longest), base.first_refusal.map(span))
            );
            assert_eq!(scaled.idle, base.idle * u128::from(factor));
        }
    }
}

/// A range of even size; a first-free spread or a retry depends on what is free, not on which port it is.
#[test]
fn the_order_of_search_refuses_nobody_else() {
    let mut dice = Dice(4);
    let mut refused = 0;
    for _ in 0..150 {
        let mut draft = any_world(&mut dice);
        draft.ports += draft.ports % 2;
        let of = |allocator: &str| {
            let rows = Draft { allocator: allocator.to_owned(), ..draft.clone() }.attempts();
            rows.iter().map(|row| (row.at, row.request, row.retry, row.source, row.got.ok().map(|got| got.1))).collect()
        };
        let first: Vec<_> = of(allocators()[0]);
        refused += first.iter().filter(|row| row.4.is_none()).count();
        for allocator in &allocators()[1..] {
            assert_eq!(of(allocator), first, "{allocator} in\n{}", draft.text());
        }
    }
    assert!(refused > 1_000, "{refused}");
}

/// The checker asserts that free + busy = usable, that no port is taken twice at a time, that opened = closed + open and
/// more at every event; what is left is how the figures add up.
#[test]
fn the_books_balance() {
    let mut dice = Dice(5);
    for _ in 0..300 {
        let draft = any_world(&mut dice);
        let rows = draft.attempts();
        let experiment = draft.run_checked();
        let all = *experiment.of_scope(0).next().unwrap();
        let text = || draft.text();
        assert_eq!(all.attempts(), rows.len() as u64, "offered = accepted + refused in\n{}", text());
        assert_eq!(all.connects, rows.iter().filter(|row| row.got.is_ok()).count() as u64);
        assert_eq!(all.requests, rows.iter().filter(|row| row.retry == 0).count() as u64);
        assert_eq!(all.probes + all.probes_refused, rows.iter().map(|row| u64::from(row.probes)).sum::<u64>());
        assert!(all.lost <= all.refused && all.established <= all.busy && all.established >= 0);
        let time_ports = nanos(all.duration) * i128::from(all.capacity);
        assert!(all.busy <= time_ports && u64::from(all.busy > 0) <= all.busy_peak, "{}", text());
        assert!(all.busy_peak <= all.capacity && all.full <= all.duration && all.outage_longest <= all.full);
        assert!(all.busy <= nanos(all.duration) * i128::from(all.busy_peak), "a mean is below its peak in\n{}", text());
        assert_eq!(all.outages == 0, all.full.is_zero());
        assert!(all.headroom <= all.capacity - all.busy_peak, "a lane has no more free ports than all in\n{}", text());
        assert_eq!(all.headroom == 0, all.fullest.busy == all.fullest.ports);
        // Destinations share no port under these rules, and no attempt is anyone else's.
        let scopes = experiment.topology.scopes.iter().enumerate();
        let parts: Vec<Measures> = scopes
            .filter(|(_, scope)| scope.to_string().starts_with("destination:"))
            .map(|(index, _)| *experiment.of_scope(index).next().unwrap())
            .collect();
        let sum = |of: fn(&Measures) -> i128| parts.iter().map(of).sum::<i128>();
        assert_eq!(sum(|m| i128::from(m.attempts())), i128::from(all.attempts()));
        assert_eq!(sum(|m| i128::from(m.refused)), i128::from(all.refused));
        if ["4-tuple", "port-destination"].contains(&draft.uniqueness.as_str()) {
            assert_eq!(sum(|m| m.busy), all.busy, "{}", text());
            assert_eq!(sum(|m| m.capacity.into()), i128::from(all.capacity));
        }
    }
}

/// Busy intervals of one port, put together from the log alone, never overlap.
#[test]
fn no_port_is_held_twice_at_a_time() {
    let mut dice = Dice(6);
    for _ in 0..200 {
        let mut draft = any_world(&mut dice);
        draft.uniqueness = "port".to_owned();
        draft.time_wait = "2s".to_owned();
        draft.warm_up = "0s".to_owned();
        let wait = if draft.client.contains("closes_first = \"client\"") { 2_000_000_000 } else { 0 };
        let mut held_until = std::collections::BTreeMap::new();
        for row in draft.attempts() {
            let Ok((port, close)) = row.got else { continue };
            let until: u64 = held_until.insert(port, close.as_nanos() + wait).unwrap_or(0);
            assert!(until <= row.at.as_nanos(), "port {port} at {} in\n{}", row.at, draft.text());
        }
    }
}

#[test]
fn nothing_held_is_never_refused() {
    let mut dice = Dice(7);
    for _ in 0..100 {
        let allocator = *dice.pick(&allocators());
        // Up to nine at one instant: each is over before the next is served.
        let times = lattice_trace(&mut dice, 300, 100);
        let one_port = Draft { ports: 1, allocator: allocator.to_owned(), ..traced(&times, 0, 0, 1_000) };
        let measures = measures_of(&one_port);
        assert_eq!((measures.connects, measures.refused, measures.busy), (300, 0, 0), "{allocator} {times:?}");
        assert_eq!((measures.full.as_nanos(), measures.outages, measures.busy_peak), (0, 0, 1));
        // A hold that ends as the next one comes is over, too; times 0, 1, 2, ... and one port.
        let even: Vec<u64> = (0..100).collect();
        for (life, wait) in [(1, 0), (0, 1)] {
            let tie = Draft { ports: 1, allocator: allocator.to_owned(), ..traced(&even, life, wait, 1_000) };
            let measures = measures_of(&tie);
            assert_eq!((measures.refused, measures.full), (0, measures.duration), "{allocator}");
            let late = Draft { ports: 1, allocator: allocator.to_owned(), ..traced(&even, life + 1, wait, 1_000) };
            assert_eq!(measures_of(&late).refused, 50, "{allocator}");
        }
    }
}

/// A neighbour on another host, before or after in the file, towards the same destinations.
#[test]
fn a_client_elsewhere_changes_nobody() {
    let mut dice = Dice(8);
    for _ in 0..150 {
        let draft = any_world(&mut dice);
        let neighbour = any_world(&mut dice);
        let to = if draft.destinations.len() == 1 { "\"d0\"" } else { "{ d0 = 0.5, d1 = 0.5 }" };
        let more = neighbour.host_text("other", "") + &neighbour.client_text("noise", "other", to);
        let alone = draft.text();
        let first = alone.replacen("[[host]]", &format!("{more}[[host]]"), 1);
        let last = format!("{alone}{more}");
        let bare = |rows: Vec<AttemptRow>| -> Vec<AttemptRow> {
            rows.into_iter().map(|row| AttemptRow { flow: 0, ..row }).collect()
        };
        let expected = bare(attempts(&read(&alone, ""), 0));
        for text in [first, last] {
            let scenario = read(&text, "");
            let topology = dryport::sim::Topology::new(&scenario);
            let mut rows = attempts(&scenario, 0);
            rows.retain(|row| &*scenario.clients[topology.flows[row.flow as usize].client].name == "c");
            assert_eq!(bare(rows), expected, "{text}");
        }
    }
}

/// Common random numbers: what a host is moves no request and no lifetime.
#[test]
fn another_stack_moves_no_arrival_and_no_lifetime() {
    let mut dice = Dice(9);
    for _ in 0..150 {
        let base = any_world(&mut dice);
        let (other, more) = (any_world(&mut dice), dice.below(3));
        let changed = Draft {
            ports: other.ports,
            allocator: other.allocator,
            uniqueness: other.uniqueness,
            time_wait: other.time_wait,
            // More addresses, too: sources are drawn from a stream of their own.
            host: format!("addresses = {}\nprofile = \"{}\"", 1 + more, dice.pick(&["linux-6.18", "macos"])),
            ..base.clone()
        };
        let requests = |draft: &Draft| {
            let rows = draft.attempts();
            let first = rows.into_iter().filter(|row| row.retry == 0);
            first
                .map(|row| (row.at, row.request, row.flow, row.got.ok().map(|got| nanos(got.1) - nanos(row.at))))
                .collect::<Vec<_>>()
        };
        let (before, after) = (requests(&base), requests(&changed));
        assert_eq!(before.len(), after.len());
        for (one, two) in before.iter().zip(&after) {
            assert_eq!((one.0, one.1, one.2), (two.0, two.1, two.2), "{}", base.text());
            if let (Some(one), Some(two)) = (one.3, two.3) {
                assert_eq!(one, two, "lifetimes in\n{}", base.text());
            }
        }
    }
}

/// Another law of lifetimes moves no arrival; another rate moves no lifetime.
#[test]
fn laws_have_streams_of_their_own() {
    let base = Draft { duration: "200s".to_owned(), ports: 1_000, arrivals: poisson(5.0), ..Draft::default() };
    let rows = base.attempts();
    let others = Draft { lifetime: lognormal(0.5, 2.0), ..base.clone() }.attempts();
    assert!(rows.len() > 900 && rows.len() == others.len());
    assert!(rows.iter().zip(&others).all(|(one, two)| one.at == two.at));
    let faster = Draft { arrivals: every_ms(100), ..base }.attempts();
    let lifetime = |row: &AttemptRow| row.got.expect("a thousand ports").1.as_nanos() - row.at.as_nanos();
    assert!(rows.iter().zip(&faster).all(|(one, two)| lifetime(one) == lifetime(two)));
}

/// The window is half-open and warm-up counts in nothing.
#[test]
fn a_window_has_its_first_instant_and_not_its_last() {
    let draft = Draft { duration: "10s".to_owned(), ports: 3, arrivals: every_ms(1_000), ..Draft::default() };
    let constant_holds = Draft { lifetime: constant(5.0), ..draft };
    for warm_up in [0_u64, 5, 50] {
        let draft = Draft { warm_up: seconds(warm_up as f64), ..constant_holds.clone() };
        let rows = draft.attempts();
        let times: Vec<u64> = rows.iter().map(|row| row.at.as_nanos() / 1_000_000_000).collect();
        assert_eq!(times, (0..10).collect::<Vec<_>>());
        // 5 of every 5 s are wanted, 3 served: those at 0, 1, 2 of each cycle.
        assert_eq!(measures_of(&draft).refused, 4);
        let first = measures_of(&draft).first_refusal.unwrap();
        assert_eq!(first.as_nanos(), 3_000_000_000, "counted from the opening");
    }
    // Nothing of the window itself: what was held before it still is.
    let late = Draft { warm_up: "2500ms".to_owned(), duration: "400ms".to_owned(), ..constant_holds };
    let measures = measures_of(&late);
    assert_eq!((measures.attempts(), measures.busy_peak, measures.full), (0, 3, measures.duration));
    assert_eq!(measures.busy, 3 * 400_000_000);
}

/// The path does not depend on where the window lies: what is counted before it and in it is what a window over both
/// counts.
#[test]
fn two_windows_add_up_to_one() {
    let mut dice = Dice(10);
    for _ in 0..300 {
        let mut draft = any_world(&mut dice);
        // A given phase counts from the opening of the window, so it would move the grid.
        if draft.time_wait.contains("phase") {
            draft.time_wait = "{ timer_wheel = { wait = \"1s\", hz = 250 } }".to_owned();
        }
        let window = |warm_up: &str, duration: &str| {
            measures_of(&Draft { warm_up: warm_up.to_owned(), duration: duration.to_owned(), ..draft.clone() })
        };
        let (early, late, both) = (window("0s", "7s"), window("7s", "13s"), window("0s", "20s"));
        let text = draft.text();
        let counts = |m: &Measures| {
            [m.requests, m.lost, m.connects, m.refused, m.second_parity, m.probes, m.probes_refused, m.reuses]
        };
        let sums: Vec<u64> = counts(&early).iter().zip(counts(&late)).map(|(one, two)| one + two).collect();
        assert_eq!(sums, counts(&both), "{text}");
        assert_eq!((early.busy + late.busy, early.established + late.established), (both.busy, both.established));
        assert_eq!(early.full + late.full, both.full, "{text}");
        assert_eq!(early.idle + late.idle, both.idle, "{text}");
        assert_eq!(early.busy_peak.max(late.busy_peak), both.busy_peak, "{text}");
        assert_eq!(early.probes_max.max(late.probes_max), both.probes_max, "{text}");
        let least = [early.idle_min, late.idle_min].into_iter().flatten().min();
        assert_eq!(least, both.idle_min, "{text}");
        // A spell over the border counts in both.
        let spells = early.outages + late.outages;
        assert!(spells == both.outages || spells == both.outages + 1, "{text}");
    }
}

/// Any number of threads, with the checker or without it: the same figures.
#[test]
fn who_watches_changes_nothing() {
    let mut dice = Dice(11);
    for _ in 0..20 {
        let scenario = Draft { replications: 5, ..any_world(&mut dice) }.scenario();
        let of = |jobs, checks| {
            let experiment = experiment(&scenario, jobs, checks);
            experiment.outcomes.iter().map(|outcome| (outcome.measures.clone(), outcome.series.clone())).collect()
        };
        let once: Vec<_> = of(1, Checks::Off);
        assert_eq!(once, of(3, Checks::Off));
        assert_eq!(once, of(1, Checks::Invariants));
    }
}
