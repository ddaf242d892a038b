//! `Rare`: refusals that are too rare to be counted, where `--rare` was asked for.

use super::super::RunTables;
use super::super::page::solid;
use super::super::rare::RARE;
use super::super::words::percent;
use super::check::small;

pub(super) fn rare(tables: &RunTables) -> Vec<String> {
    let method = tables.method("all", RARE);
    let found = tables.estimate("all", RARE);
    // What is exact needs none.
    let interval = found.interval.filter(|(low, high)| low < high).map_or_else(String::new, |(low, high)| {
        // A formula's bound is sure, and no interval at a level.
        let is_sure = method.contains("approximate");
        let confidence = percent(tables.meta.confidence);
        let between = format!("({confidence} % CI {} to {})", small(low), small(high));
        let within = if is_sure { format!("(for certain at most {})", small(high)) } else { between };
        format!(" {}", solid(&within))
    });
    match found.value {
        None if method.is_empty() => Vec::new(),
        None if let Some((_, high)) = found.interval => {
            vec![format!("at most {} of connect() calls refused; {method}", small(high))]
        }
        None => vec![method.into()],
        Some(ratio) if ratio <= 0.0 => vec![format!("no connect() call is ever refused; {method}")],
        Some(ratio) => vec![format!("{} of connect() calls refused{interval}; {method}", small(ratio))],
    }
}
