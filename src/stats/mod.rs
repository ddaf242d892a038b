//! Accumulators, histograms and intervals. They have never heard of simulation.
//!
//! Every sum is a fold in the order of the index, so a figure does not depend on who computed its parts. A figure that
//! can't be had is `None`, never NaN. One idea per file; [`interval`] is what most callers want.

pub mod batch_means;
mod histogram;
pub mod interval;
pub mod mser;
pub mod octaves;
pub mod paired;

pub use histogram::{Histogram, quantile};
pub use interval::Interval;
pub use octaves::Octaves;
pub use paired::{Paired, paired};
