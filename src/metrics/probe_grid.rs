//! How many ports attempts looked at, by how full their lane was: counts in a grid, so that runs add up.

use crate::des::SimTime;
use crate::sim::{Attempt, Cause, Connected, Observer, Topology};
use crate::stats::Octaves;

/// Columns of the grid: whole per cent of busy ports.
const COLUMNS: usize = 100;
/// Rows of the grid: eight to an octave.
type Rows = Octaves<3>;
const ROWS: usize = Rows::bucket(u32::MAX as u64) + 1;

/// Counts of attempts by occupancy and probes. 0.2 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeGrid {
    /// Row after row of a column, column after column.
    connects: Box<[u64]>,
    /// One column, since nobody is refused by a lane that is not full.
    refused: Box<[u64]>,
}

impl Default for ProbeGrid {
    fn default() -> Self {
        Self { connects: vec![0; COLUMNS * ROWS].into(), refused: vec![0; ROWS].into() }
    }
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeCell {
    /// Busy ports of the lane before the attempt, in whole per cent, rounded down; 100: full.
    pub busy_percent: u32,
    /// The least and the most ports that were looked at.
    pub probes: (u32, u32),
    /// Attempts that got a port.
    pub connects: u64,
    /// Attempts that got none.
    pub refused: u64,
}

impl ProbeGrid {
    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in [(&mut self.connects, &other.connects), (&mut self.refused, &other.refused)] {
            for (own, other) in own.iter_mut().zip(others) {
                *own += other;
            }
        }
    }

    /// The cells in which there is anything, by occupancy, then by probes.
    ///
    /// # Panics
    ///
    /// Never: the grid is small.
    pub fn cells(&self) -> impl Iterator<Item = ProbeCell> {
        let connects = self.connects.iter().map(|count| (*count, 0));
        let counts = connects.chain(self.refused.iter().map(|count| (0, *count))).enumerate();
        counts.filter(|(_, counts)| *counts != (0, 0)).map(|(index, (connects, refused))| ProbeCell {
            busy_percent: u32::try_from(index / ROWS).expect("at most 100"),
            probes: [Rows::first, Rows::last].map(|end| u32::try_from(end(index % ROWS)).expect("32 bits")).into(),
            connects,
            refused,
        })
    }
}

/// Fills the grid from one replication's measured window.
#[derive(Debug)]
pub struct ProbeWatch {
    /// Of each flow: usable ports of its lanes, and per cent of one busy port, times 2^32, rounded up.
    lanes: Vec<(u32, u64)>,
    grid: ProbeGrid,
}

impl ProbeWatch {
    /// An empty grid.
    pub fn new(topology: &Topology) -> Self {
        let lane = |ports: u32| (ports, (100_u64 << 32).div_ceil(u64::from(ports.max(1))));
        let lanes = topology.flows.iter().map(|flow| lane(topology.pools[flow.pool].ports)).collect();
        Self { lanes, grid: ProbeGrid::default() }
    }

    /// What was counted.
    pub fn finish(self) -> ProbeGrid {
        self.grid
    }
}

impl Observer for ProbeWatch {
    fn window_opens(&mut self, _at: SimTime, _free: &[u32]) {
        self.grid = ProbeGrid::default();
    }

    #[inline]
    fn connected(&mut self, attempt: &Attempt, _got: &Connected) {
        let (ports, percent) = self.lanes[attempt.flow as usize];
        let busy_before = ports - attempt.free - 1;
        // Exact: below 2^16 the error of the reciprocal never reaches the next whole number.
        let column = (u64::from(busy_before) * percent) >> 32;
        let row = Rows::bucket(attempt.probes.into());
        let cell = column as usize * ROWS + row;
        self.grid.connects[cell] += 1;
    }

    #[inline]
    fn refused(&mut self, attempt: &Attempt, _cause: Cause) {
        self.grid.refused[Rows::bucket(attempt.probes.into())] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reciprocal_gives_the_same_per_cent_as_a_division() {
        for ports in [1, 2, 3, 7, 97, 99, 100, 101, 28_232, 64_511, 64_512, 65_535_u32] {
            let percent = (100_u64 << 32).div_ceil(u64::from(ports));
            assert!(
                (0..ports).all(|busy| (u64::from(busy) * percent) >> 32 == u64::from(busy * 100 / ports)),
                "{ports}"
            );
        }
    }

    #[test]
    fn grids_add_up() {
        let (mut one, mut other) = (ProbeGrid::default(), ProbeGrid::default());
        one.connects[3 * ROWS + Rows::bucket(17)] = 2;
        other.connects[3 * ROWS + Rows::bucket(16)] = 3;
        other.refused[Rows::bucket(28_232)] = 1;
        one.merge(&other);
        let full = ProbeCell { busy_percent: 100, probes: (26_624, 28_671), connects: 0, refused: 1 };
        let some = ProbeCell { busy_percent: 3, probes: (16, 17), connects: 5, refused: 0 };
        assert_eq!(one.cells().collect::<Vec<_>>(), [some, full]);
    }
}
