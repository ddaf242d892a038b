//! Watches one replication and keeps what the metrics are made of.
//!
//! Counts and integrals are kept once, per flow, and added up for each scope at the end. Only what does not add up (peaks,
//! spells with a full lane) is kept per set of lanes, and scopes that see the same lanes share it: one client, one
//! destination and one host cost as much as one scope.
//!
//! An integral of ports over time is exact and costs one addition per event: up to t it is
//! `sum of ends - sum of starts + (starts - ends) t`.

use super::books::{ClassBook, FlowBook, Shadows, Tally};
use super::connect_cost::{AttemptCosts, Price};
use super::measures::{LaneMoment, Measures};
use super::reuse_intervals::Reuses;
use super::series::SampleRow;
use crate::des::{SimDuration, SimTime};
use crate::sim::{Attempt, Cause, Connected, Held, Observer, Topology};
use crate::stats::Histogram;

/// What a scope sees: a set of lanes and a set of flows, and so an index into the recorder's results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    classes: Vec<usize>,
    /// Those whose attempts it counts.
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
    /// The groups of each flow.
    flow_groups: Vec<Vec<u32>>,
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
        let flow_groups = topology
            .flows
            .iter()
            .map(|flow| {
                (0..).zip(&groups).filter(|(_, set)| set.contains(&flow.class)).map(|(group, _)| group).collect()
            })
            .collect();
        Self { views, of_scope, groups, flow_groups }
    }
}

/// The place of `item` in `items`, where it is put if it is new.
fn index_of<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|other| *other == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

/// The observer that every run has. It tells `R` how long each port rested that is used again.
#[derive(Debug)]
pub struct Recorder<'a, R = ()> {
    topology: &'a Topology,
    views: &'a Views,
    opens: SimTime,
    groups: Vec<Group>,
    flows: Vec<FlowBook>,
    /// Per lane class.
    shadows: Vec<Shadows>,
    /// Per lane, when each port was released last, plus one; 0 for never. Empty until a port is released.
    released: Vec<Box<[u64]>>,
    /// Per view, the rows so far and the counts at the last one; `None` when no series is kept.
    series: Option<Vec<Series>>,
    reuses: R,
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
    /// The end of a spell with a full lane that goes on if a lane fills again at that very instant.
    full_until: Option<u64>,
    full: u64,
    outages: u64,
    outage_longest: u64,
}

#[derive(Clone, Debug, Default)]
struct Series {
    rows: Vec<SampleRow>,
    attempts: u64,
    refused: u64,
}

/// What a recorder ends as.
#[derive(Clone, Debug)]
pub struct Record<R = ()> {
    /// Raw figures per view.
    pub measures: Vec<Measures>,
    /// Rows of the time series per view; empty when none was kept.
    pub series: Vec<Vec<SampleRow>>,
    /// Who was told of reuses.
    pub reuses: R,
}

/// Is a time series kept?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Summary figures alone.
    Summary,
    /// A row per sample too, of so many views: the first ones.
    Series(usize),
}

impl<'a> Recorder<'a> {
    /// A recorder for one replication.
    ///
    /// # Panics
    ///
    /// When `views` are not those of `topology`.
    pub fn new(topology: &'a Topology, views: &'a Views, keep: Keep) -> Self {
        Self::telling(topology, views, keep, ())
    }
}

impl<'a, R: Reuses> Recorder<'a, R> {
    /// As [`Recorder::new`], and `reuses` is told of every port that is used again.
    ///
    /// # Panics
    ///
    /// When `views` are not those of `topology`.
    pub fn telling(topology: &'a Topology, views: &'a Views, keep: Keep, reuses: R) -> Self {
        Self {
            topology,
            views,
            opens: SimTime::ZERO,
            groups: vec![Group::default(); views.groups.len()],
            flows: views.flow_groups.iter().map(|groups| FlowBook::new(groups)).collect(),
            shadows: topology
                .class_lane_ports
                .iter()
                .map(|ports| Shadows { starts: Tally::default(), ends: Tally::default(), fewest_free: *ports })
                .collect(),
            released: vec![Box::default(); topology.lanes],
            series: match keep {
                Keep::Summary => None,
                Keep::Series(views) => Some(vec![Series::default(); views]),
            },
            reuses,
        }
    }

    /// What the window that ends at `end` leaves.
    pub fn finish(mut self, end: SimTime) -> Record<R> {
        let measures = self.measures(end);
        let series = self.series.take().unwrap_or_default();
        let series = series.into_iter().map(|series| series.rows).collect();
        Record { measures, series, reuses: self.reuses }
    }

    /// Raw figures per view, if the window ended at `end`.
    pub(super) fn measures(&self, end: SimTime) -> Vec<Measures> {
        let empty = |shadows: &Shadows| ClassBook {
            idle_min: u64::MAX,
            fewest_free: shadows.fewest_free,
            ..ClassBook::default()
        };
        let mut classes: Vec<ClassBook> = self.shadows.iter().map(empty).collect();
        for (flow, book) in self.topology.flows.iter().zip(&self.flows) {
            classes[flow.class].add(book, end);
        }
        self.views.views.iter().map(|view| self.measure(view, &classes, end)).collect()
    }

    fn measure(&self, view: &View, classes: &[ClassBook], end: SimTime) -> Measures {
        let group = self.groups[view.group].ended(end);
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
        let free = |class: &usize| u64::from(classes[*class].fewest_free);
        measures.headroom = view.classes.iter().map(free).min().unwrap_or(0);
        for (class, ports) in
            view.classes.iter().map(|class| (&classes[*class], self.topology.class_lane_ports[*class]))
        {
            let (free, ports) = (u64::from(class.fewest_free), u64::from(ports));
            let moment = LaneMoment { busy: ports - free, ports };
            measures.fullest = if moment.is_fuller_than(measures.fullest) { moment } else { measures.fullest };
            measures.busy += class.busy;
            measures.established += class.established;
            measures.reusable += class.reusable;
            measures.reuses += class.reuses;
            measures.idle += class.idle;
            idle_min = idle_min.min(class.idle_min);
        }
        measures.blocked = view.classes.iter().map(|class| self.shadows[*class].blocked(end).1).sum();
        measures.idle_min = (measures.reuses > 0).then(|| SimDuration::from_nanos(idle_min));
        let mut histogram = Histogram::default();
        let mut first_refusal = SimTime::NEVER;
        let mut costs = AttemptCosts::default();
        for index in &view.flows {
            let (flow, class) = (&self.flows[*index], self.topology.flows[*index].class);
            let ClassBook { busy, established, .. } = classes[class];
            let host = &self.topology.pools[self.topology.flows[*index].pool];
            costs.add(class, Price::new(host.connect_cost, busy, established), &flow.searches());
            measures.requests += flow.connects() + flow.refused - flow.retries;
            measures.lost += flow.lost;
            measures.connects += flow.connects();
            measures.refused += flow.refused;
            measures.second_parity += flow.second_parity;
            measures.probes += flow.probes;
            measures.probes_max = measures.probes_max.max(u64::from(flow.probes_max));
            measures.probes_refused += flow.probes_refused;
            first_refusal = first_refusal.min(flow.first_refusal.unwrap_or(SimTime::NEVER));
            histogram.merge(&flow.histogram);
        }
        costs.put_into(&mut measures);
        measures.probes_p99 = histogram.quantile(0.99).map_or(0, u64::from);
        measures.first_refusal = (measures.refused > 0).then(|| first_refusal - self.opens);
        measures
    }

    #[cold]
    fn first_release(&mut self, held: &Held, stamp: u64) {
        let range = self.topology.pool_of_lane(held.lane).way.ports;
        let mut released = vec![0; range.len() as usize].into_boxed_slice();
        released[usize::from(held.offset)] = stamp;
        self.released[held.lane as usize] = released;
    }

    /// A port can be had again.
    #[expect(clippy::inline_always, reason = "once per release; the call alone costs a few per cent")]
    #[inline(always)]
    fn comes_back(&mut self, at: SimTime, held: &Held, free: u32) {
        let stamp = at.as_nanos() + 1;
        match self.released[held.lane as usize].get_mut(usize::from(held.offset)) {
            Some(released) => *released = stamp,
            None => self.first_release(held, stamp),
        }
        let flow = &mut self.flows[held.flow as usize];
        flow.released.note(at);
        self.groups[flow.group as usize].give_back(at, free);
        if !flow.more_groups.is_empty() {
            self.each_more(held.flow, Group::give_back, at, free);
        }
    }

    /// A socket elsewhere changes what a lane can have.
    fn shadow(&mut self, at: SimTime, lane: u32, free: u32, starts: bool) {
        // No client uses a lane without a class.
        let Some(class) = self.topology.pool_of_lane(lane).class_of(lane) else { return };
        let shadows = &mut self.shadows[class];
        if starts {
            shadows.starts.note(at);
            shadows.fewest_free = shadows.fewest_free.min(free);
        } else {
            shadows.ends.note(at);
        }
        let change = if starts { Group::take } else { Group::give_back };
        for (group, _) in self.groups.iter_mut().zip(&self.views.groups).filter(|(_, set)| set.contains(&class)) {
            change(group, at, free);
        }
    }

    /// The groups of a flow that are not its first.
    #[cold]
    fn each_more(&mut self, flow: u32, change: fn(&mut Group, SimTime, u32), at: SimTime, free: u32) {
        for group in &self.flows[flow as usize].more_groups {
            change(&mut self.groups[*group as usize], at, free);
        }
    }
}

impl Group {
    /// As it is when the window ends at `end`.
    fn ended(mut self, end: SimTime) -> Self {
        self.peak = self.peak.max(self.recent_peak);
        if self.full_lanes > 0 {
            self.full_until = Some(end.as_nanos());
        }
        self.count_outage();
        self
    }

    /// A port is taken; `free` are left in its lane.
    #[inline]
    fn take(&mut self, at: SimTime, free: u32) {
        self.busy += 1;
        if self.busy > self.recent_peak {
            self.recent_peak = self.busy;
        }
        if free == 0 {
            self.lane_fills(at);
        }
    }

    /// A port is given back; `free` are free now in its lane.
    #[inline]
    fn give_back(&mut self, at: SimTime, free: u32) {
        self.busy -= 1;
        if free == 1 {
            self.lane_opens_up(at);
        }
    }

    #[cold]
    fn lane_fills(&mut self, at: SimTime) {
        self.full_lanes += 1;
        if self.full_lanes > 1 {
            return;
        }
        if self.full_until == Some(at.as_nanos()) {
            // A port freed and taken at one instant: nobody could have had it.
            self.full_until = None;
        } else {
            self.count_outage();
            self.full_since = at.as_nanos();
        }
    }

    #[cold]
    fn lane_opens_up(&mut self, at: SimTime) {
        self.full_lanes -= 1;
        if self.full_lanes == 0 {
            self.full_until = Some(at.as_nanos());
        }
    }

    /// Counts the spell that is over, if one is. One of no length is none.
    fn count_outage(&mut self) {
        let Some(until) = self.full_until.take() else { return };
        let length = until - self.full_since;
        if length > 0 {
            self.full += length;
            self.outages += 1;
            self.outage_longest = self.outage_longest.max(length);
        }
    }
}

impl<R: Reuses> Observer for Recorder<'_, R> {
    const IN_ORDER: bool = false;

    fn window_opens(&mut self, at: SimTime, free: &[u32]) {
        self.opens = at;
        self.reuses.window_opens();
        for flow in &mut self.flows {
            *flow = flow.carry_over(at);
        }
        for (shadows, fewest_free) in self.shadows.iter_mut().zip(self.topology.fewest_of_class(free)) {
            let starts = Tally::now(shadows.starts.count - shadows.ends.count, at);
            *shadows = Shadows { starts, ends: Tally::default(), fewest_free };
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
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, got: &Connected) {
        let flow = &mut self.flows[attempt.flow as usize];
        flow.opened.note(attempt.at);
        if attempt.retry > 0 {
            flow.retries += 1;
        }
        flow.second_parity += u64::from(got.offset % 2);
        flow.probes += u64::from(attempt.probes);
        if attempt.probes > flow.probes_max {
            flow.probes_max = attempt.probes;
        }
        flow.histogram.record(attempt.probes);
        if attempt.free < flow.fewest_free {
            flow.fewest_free = attempt.free;
        }
        // The idle time that ends now, if the port was used before.
        let stamp = self.released[attempt.lane as usize].get(usize::from(got.offset)).copied().unwrap_or(0);
        if stamp != 0 {
            let idle = attempt.at.as_nanos() + 1 - stamp;
            flow.reuses += 1;
            flow.idle += u128::from(idle);
            if idle < flow.idle_min {
                flow.idle_min = idle;
            }
            self.reuses.reused(SimDuration::from_nanos(idle));
        }
        self.groups[flow.group as usize].take(attempt.at, attempt.free);
        if !flow.more_groups.is_empty() {
            self.each_more(attempt.flow, Group::take, attempt.at, attempt.free);
        }
    }

    #[inline]
    fn refused(&mut self, attempt: &Attempt, _cause: Cause) {
        let flow = &mut self.flows[attempt.flow as usize];
        flow.refused += 1;
        flow.retries += u64::from(attempt.retry > 0);
        flow.probes_refused += u64::from(attempt.probes);
        flow.probes_max = flow.probes_max.max(attempt.probes);
        flow.first_refusal.get_or_insert(attempt.at);
    }

    fn lost(&mut self, _at: SimTime, flow: u32) {
        self.flows[flow as usize].lost += 1;
    }

    #[inline]
    fn closed(&mut self, at: SimTime, held: &Held) {
        self.flows[held.flow as usize].closed.note(at);
    }

    #[inline]
    fn released(&mut self, at: SimTime, held: &Held, free: u32) {
        self.comes_back(at, held, free);
    }

    #[inline(never)]
    fn reusable(&mut self, at: SimTime, held: &Held, free: u32) {
        self.comes_back(at, held, free);
        self.flows[held.flow as usize].reusable.note(at);
    }

    fn expired(&mut self, at: SimTime, held: &Held) {
        self.flows[held.flow as usize].expired.note(at);
    }

    fn shadowed(&mut self, at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.shadow(at, lane, free, true);
    }

    fn unshadowed(&mut self, at: SimTime, lane: u32, _offset: u16, free: u32) {
        self.shadow(at, lane, free, false);
    }

    fn sample(&mut self, at: SimTime) {
        let Some(all) = &mut self.series else { return };
        // Per class, ports with an open connection, those its connections keep busy, and TIME-WAITs to take over.
        let mut classes = vec![(0, 0, 0); self.topology.class_ports.len()];
        for (flow, book) in self.topology.flows.iter().zip(&self.flows) {
            let (established, busy, reusable) = &mut classes[flow.class];
            *established += book.established(at).0;
            *busy += book.busy(at).0;
            *reusable += book.reusable(at).0;
        }
        for (view, series) in self.views.views.iter().zip(all) {
            let group = &self.groups[view.group];
            let established: i64 = view.classes.iter().map(|class| classes[*class].0).sum();
            let busy: i64 = view.classes.iter().map(|class| classes[*class].1).sum();
            let reusable: i64 = view.classes.iter().map(|class| classes[*class].2).sum();
            let blocked: i64 = view.classes.iter().map(|class| self.shadows[*class].blocked(at).0).sum();
            let (mut attempts, mut refused) = (0, 0);
            for flow in view.flows.iter().map(|flow| &self.flows[*flow]) {
                attempts += flow.connects() + flow.refused;
                refused += flow.refused;
            }
            series.rows.push(SampleRow {
                established: small(established),
                time_wait: small(busy - established),
                reusable: small(reusable),
                blocked: small(blocked),
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
