//! Many scenarios, as many at a time as there are threads.

use super::replicate::on_threads;
use rayon::prelude::*;

/// Calls `one` for each of `items`, side by side; what it returns comes in the order of the items. Replications that
/// `one` makes ([`super::replicate_figures`]) share the same threads, so that the last items do not run alone.
///
/// # Panics
///
/// When no thread can be started, or when `one` panics.
pub fn each<T: Sync, R: Send>(items: &[T], jobs: usize, one: impl Fn(&T) -> R + Sync) -> Vec<R> {
    on_threads(jobs, || items.par_iter().map(&one).collect())
}
