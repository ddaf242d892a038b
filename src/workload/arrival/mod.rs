//! When requests come. One process per file.

use crate::des::Rate;

crate::registry! {
    /// A process of arrivals.
    enum Arrivals, dispatch each_arrivals ($) {
        constant::Constant,
        poisson::Poisson,
        replay::Replay,
    }
}

impl Arrivals {
    /// The mean rate, where the law has one; a trace has none.
    pub fn rate(&self) -> Option<Rate> {
        each_arrivals!(self, law => law.rate())
    }
}
