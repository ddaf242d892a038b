//! Watches one replication and keeps what the metrics are made of.
//!
//! Counts and integrals are kept once, per flow and per lane class, and added up for each scope at the end. Only what
//! does not add up (peaks, spells with a full lane) is kept per set of lanes, and scopes that see the same lanes share
//! it: one client, one destination and one host cost as much as one scope.
//!
//! An integral of ports over time is exact and costs one addition per event: with n(t) ports from a to b it is
//! `sum of ends - sum of starts + n(b) b - n(a) a`.

use super::measures::Measures;
use super::series::SampleRow;
use crate::des::{SimDuration, SimTime};
use crate::sim::{Attempt, Connected, Held, Observer, Topology};
use crate::stats::Histogram;

/// What a scope sees: a set of lanes and a set of flows, and so an index into the recorder's results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    classes: Vec<usize>,
    flows: Vec<usize>,
    group: usize,
}

/// The distinct views of a topology's scopes; what is recorded is kept per view, not per scope.
#[derive(Clone, Debug)]
pub struct Views {
    /// The distinct views.
    pub views: Vec<View>,
    /// The view of each of [`Topology::scopes`].
    pub of_scope: Vec<usize>,
    /// The distinct sets of lane classes.
    groups: Vec<Vec<usize>>,
    /// The groups of each lane class.
    class_groups: Vec<Vec<u32>>,
}

impl Views {
    /// Finds them.
    pub fn new(topology: &Topology) -> Self {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut views: Vec<View> = Vec::new();
        let mut of_scope = Vec::new();
        for scope in &topology.scopes {
            let group = index_of(&mut groups, scope.classes.clone());
            let view = View { classes: scope.classes.clone(), flows: scope.flows.clone(), group };
            of_scope.push(index_of(&mut views, view));
        }
        let class_groups = (0..topology.class_ports.len())
            .map(|class| (0..).zip(&groups).filter(|(_, set)| set.contains(&class)).map(|(group, _)| group).collect())
            .collect();
        Self { views, of_scope, groups, class_groups }
    }
}

/// The place of `item` in `items`, where it is put if it is new.
fn index_of<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|other| *other == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

/// The observer that every run has.
#[derive(Debug)]
pub struct Recorder<'a> {
    topology: &'a Topology,
    views: &'a Views,
    opens: SimTime,
    classes: Vec<Class>,
    groups: Vec<Group>,
    flows: Vec<Counters>,
    /// Per lane, when each port was released last, plus one; 0 for never. Empty until the lane is used.
    released: Vec<Box<[u64]>>,
    /// Per view, the rows so far and the counts at the last one; `None` when no series is kept.
    series: Option<Vec<Series>>,
}

/// Ports of a lane class by state.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    established: Integral,
    busy: Integral,
    reuses: u64,
    idle: u128,
    idle_min: u64,
}

/// A number of ports and its integral over time, as described above.
#[derive(Clone, Copy, Debug, Default)]
struct Integral {
    now: i64,
    sum: i128,
}

impl Integral {
    #[inline]
    fn start(&mut self, at: SimTime) {
        self.now += 1;
        self.sum -= i128::from(at.as_nanos());
    }

    #[inline]
    fn end(&mut self, at: SimTime) {
        self.now -= 1;
        self.sum += i128::from(at.as_nanos());
    }

    /// The integral up to `at`.
    fn until(&self, at: SimTime) -> i128 {
        self.sum + i128::from(self.now) * i128::from(at.as_nanos())
    }

    /// Forgets what came before `at`, but not how many there are.
    fn restart(&mut self, at: SimTime) {
        self.sum = -i128::from(self.now) * i128::from(at.as_nanos());
    }
}

/// Figures of a set of lanes that do not add up.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    busy: u32,
    /// Since the last sample, and of the samples before.
    recent_peak: u32,
    peak: u32,
    full_lanes: u32,
    full_since: u64,
    full: u64,
    outages: u64,
    outage_longest: u64,
}

/// Counts of a flow.
#[derive(Clone, Debug, Default)]
struct Counters {
    requests: u64,
    lost: u64,
    connects: u64,
    refused: u64,
    first_refusal: Option<SimTime>,
    second_parity: u64,
    probes: u64,
    probes_max: u32,
    probes_refused: u64,
    histogram: Histogram,
}

#[derive(Clone, Debug, Default)]
struct Series {
    rows: Vec<SampleRow>,
    attempts: u64,
    refused: u64,
}

/// What a recorder ends as.
#[derive(Clone, Debug)]
pub struct Record {
    /// Raw figures per view.
    pub measures: Vec<Measures>,
    /// Rows of the time series per view; empty when none was kept.
    pub series: Vec<Vec<SampleRow>>,
}

/// Is a time series kept?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Summary figures alone.
    Summary,
    /// A row per sample too.
    Series,
}

impl<'a> Recorder<'a> {
    /// A recorder for one replication.
    pub fn new(topology: &'a Topology, views: &'a Views, keep: Keep) -> Self {
        Self {
            topology,
            views,
            opens: SimTime::ZERO,
            classes: vec![Class { idle_min: u64::MAX, ..Class::default() }; topology.class_ports.len()],
            groups: vec![Group::default(); views.groups.len()],
            flows: vec![Counters::default(); topology.flows.len()],
            released: vec![Box::default(); topology.lane_class.len()],
            series: (keep == Keep::Series).then(|| vec![Series::default(); views.views.len()]),
        }
    }

    /// The figures of the window that ends at `end`.
    pub fn finish(mut self, end: SimTime) -> Record {
        for group in &mut self.groups {
            group.peak = group.peak.max(group.recent_peak);
            if group.full_lanes > 0 {
                group.end_outage(end);
            }
        }
        let measures = self.views.views.iter().map(|view| self.measure(view, end)).collect();
        let series = self.series.take().unwrap_or_default();
        Record { measures, series: series.into_iter().map(|series| series.rows).collect() }
    }

    fn measure(&self, view: &View, end: SimTime) -> Measures {
        let group = &self.groups[view.group];
        let mut measures = Measures {
            duration: end - self.opens,
            capacity: view.classes.iter().map(|class| self.topology.class_ports[*class]).sum(),
            full: SimDuration::from_nanos(group.full),
            outages: group.outages,
            outage_longest: SimDuration::from_nanos(group.outage_longest),
            busy_peak: u64::from(group.peak),
            ..Measures::default()
        };
        let mut idle_min = u64::MAX;
        for class in view.classes.iter().map(|class| &self.classes[*class]) {
            measures.busy += class.busy.until(end);
            measures.established += class.established.until(end);
            measures.reuses += class.reuses;
            measures.idle += class.idle;
            idle_min = idle_min.min(class.idle_min);
        }
        measures.idle_min = (measures.reuses > 0).then(|| SimDuration::from_nanos(idle_min));
        let mut histogram = Histogram::default();
        let mut first_refusal = SimTime::NEVER;
        for flow in view.flows.iter().map(|flow| &self.flows[*flow]) {
            measures.requests += flow.requests;
            measures.lost += flow.lost;
            measures.connects += flow.connects;
            measures.refused += flow.refused;
            measures.second_parity += flow.second_parity;
            measures.probes += flow.probes;
            measures.probes_max = measures.probes_max.max(u64::from(flow.probes_max));
            measures.probes_refused += flow.probes_refused;
            first_refusal = first_refusal.min(flow.first_refusal.unwrap_or(SimTime::NEVER));
            histogram.merge(&flow.histogram);
        }
        measures.probes_p99 = histogram.quantile(0.99).map_or(0, u64::from);
        measures.first_refusal = (measures.refused > 0).then(|| first_refusal - self.opens);
        measures
    }

    /// The idle time that ends when the port is used again, if it was used before.
    #[inline]
    fn note_reuse(&mut self, class: usize, lane: u32, offset: u16, at: SimTime) {
        let Some(stamp) = self.released[lane as usize].get(usize::from(offset)) else { return };
        if *stamp != 0 {
            let idle = at.as_nanos() - (*stamp - 1);
            let class = &mut self.classes[class];
            class.reuses += 1;
            class.idle += u128::from(idle);
            class.idle_min = class.idle_min.min(idle);
        }
    }

    #[inline]
    fn note_release(&mut self, lane: u32, offset: u16, at: SimTime) {
        let stamps = &mut self.released[lane as usize];
        if stamps.is_empty() {
            let host = self.topology.host_of_lane(lane);
            *stamps = vec![0; self.topology.hosts[host].range as usize].into_boxed_slice();
        }
        stamps[usize::from(offset)] = at.as_nanos() + 1;
    }
}

impl Group {
    #[cold]
    fn lane_fills(&mut self, at: SimTime) {
        self.full_lanes += 1;
        if self.full_lanes == 1 {
            self.full_since = at.as_nanos();
        }
    }

    #[cold]
    fn lane_opens_up(&mut self, at: SimTime) {
        self.full_lanes -= 1;
        if self.full_lanes == 0 {
            self.end_outage(at);
        }
    }

    /// A spell of no length is none.
    fn end_outage(&mut self, at: SimTime) {
        let length = at.as_nanos() - self.full_since;
        if length > 0 {
            self.full += length;
            self.outages += 1;
            self.outage_longest = self.outage_longest.max(length);
        }
    }
}

impl Observer for Recorder<'_> {
    fn window_opens(&mut self, at: SimTime) {
        self.opens = at;
        for class in &mut self.classes {
            class.busy.restart(at);
            class.established.restart(at);
            (class.reuses, class.idle, class.idle_min) = (0, 0, u64::MAX);
        }
        for group in &mut self.groups {
            *group = Group {
                busy: group.busy,
                recent_peak: group.busy,
                full_lanes: group.full_lanes,
                full_since: at.as_nanos(),
                ..Group::default()
            };
        }
        self.flows.fill(Counters::default());
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        let class = usize::from(self.topology.lane_class[attempt.lane as usize]);
        self.classes[class].busy.start(attempt.at);
        self.classes[class].established.start(attempt.at);
        self.note_reuse(class, attempt.lane, got.offset, attempt.at);
        for group in &self.views.class_groups[class] {
            let group = &mut self.groups[*group as usize];
            group.busy += 1;
            group.recent_peak = group.recent_peak.max(group.busy);
            if attempt.free == 0 {
                group.lane_fills(attempt.at);
            }
        }
        let flow = &mut self.flows[attempt.flow as usize];
        flow.connects += 1;
        flow.requests += u64::from(attempt.retry == 0);
        flow.second_parity += u64::from(got.offset % 2);
        flow.probes += u64::from(attempt.probes);
        flow.probes_max = flow.probes_max.max(attempt.probes);
        flow.histogram.record(attempt.probes);
    }

    #[inline]
    fn refused(&mut self, attempt: &Attempt) {
        let flow = &mut self.flows[attempt.flow as usize];
        flow.refused += 1;
        flow.requests += u64::from(attempt.retry == 0);
        flow.probes_refused += u64::from(attempt.probes);
        flow.probes_max = flow.probes_max.max(attempt.probes);
        flow.first_refusal.get_or_insert(attempt.at);
    }

    fn lost(&mut self, _at: SimTime, flow: u32) {
        self.flows[flow as usize].lost += 1;
    }

    #[inline]
    fn closed(&mut self, at: SimTime, held: &Held) {
        let class = usize::from(self.topology.lane_class[held.lane as usize]);
        self.classes[class].established.end(at);
    }

    #[inline]
    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        let class = usize::from(self.topology.lane_class[held.lane as usize]);
        self.classes[class].busy.end(at);
        self.note_release(held.lane, held.offset, at);
        for group in &self.views.class_groups[class] {
            let group = &mut self.groups[*group as usize];
            group.busy -= 1;
            if free == 1 {
                group.lane_opens_up(at);
            }
        }
    }

    fn sample(&mut self, _at: SimTime) {
        let Some(all) = &mut self.series else { return };
        for (view, series) in self.views.views.iter().zip(all) {
            let group = &self.groups[view.group];
            let sum = |count: &dyn Fn(&Class) -> i64| -> i64 {
                view.classes.iter().map(|class| count(&self.classes[*class])).sum()
            };
            let established = sum(&|class| class.established.now);
            let busy = sum(&|class| class.busy.now);
            let (mut attempts, mut refused) = (0, 0);
            for flow in view.flows.iter().map(|flow| &self.flows[*flow]) {
                attempts += flow.connects + flow.refused;
                refused += flow.refused;
            }
            series.rows.push(SampleRow {
                established: small(established),
                time_wait: small(busy - established),
                busy: group.busy,
                busy_max: group.recent_peak,
                attempts: attempts - series.attempts,
                refused: refused - series.refused,
            });
            (series.attempts, series.refused) = (attempts, refused);
        }
        for group in &mut self.groups {
            group.peak = group.peak.max(group.recent_peak);
            group.recent_peak = group.busy;
        }
    }
}

fn small(ports: i64) -> u32 {
    u32::try_from(ports).expect("a number of ports, at most 2^28")
}
