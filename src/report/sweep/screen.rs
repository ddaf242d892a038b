//! The screen of `dryport sweep`: how many cells run out, and a line for each, in the order of the grid.

use super::super::page::{Page, solid, solid_brackets};
use super::super::query::Estimate;
use super::super::variant_table::{Line, variant_table};
use super::super::words::{self, plural};
use super::{Digest, ROWS, SweepMeta};

/// The whole text; `folder` is where the files are, as the user wrote it, `files` what they are called.
pub fn sweep_screen(meta: &SweepMeta, digest: &Digest, folder: &str, files: &[String]) -> String {
    let Digest { first: cells, gates, .. } = digest;
    let grid = meta.grid();
    let labels: Vec<String> = (0..cells.len()).map(|index| grid.values(index as u64).join("  ")).collect();
    let figures: Vec<_> = cells.iter().map(|cell| move |metric: &str| cell.estimate("all", metric)).collect();
    let figures = figures.iter().map(|figure| -> &dyn Fn(&str) -> Estimate { figure });
    let lines: Vec<Line<'_>> = (labels.iter().zip(cells).zip(figures))
        .map(|((label, cell), figure)| Line { label, runs: cell.runs(), figure })
        .collect();
    let all = meta.cells;
    let mut page = Page::default();
    page.hanging("", &head(digest, all));
    page.gap();
    let header = grid.axes().iter().map(|axis| grid.short(axis)).collect::<Vec<_>>().join("  ");
    page.lines(variant_table(&header, &lines, ROWS, meta.confidence));
    if all > ROWS as u64 {
        page.lines([format!("and {} more in sweep.csv", words::thousands(all - ROWS as u64))]);
    }
    page.label("Gates", &gates.iter().map(|gate| solid_brackets(&gate.to_string())).collect::<Vec<_>>());
    page.files(Some(folder), files);
    // Where seeds are varied, that of the file is none of theirs.
    let is_seeded = grid.axes().iter().any(|axis| axis.key == "run.seed");
    let seed = if is_seeded { String::new() } else { format!("seed {}, ", meta.seed) };
    page.tail(&format!("{seed}dryport {}", meta.dryport));
    page.text()
}

/// The verdict on all cells: how many are refused in every run, in some, in none.
fn head(digest: &Digest, all: u64) -> String {
    let Digest { refused, run_out, .. } = *digest;
    let cells = solid(&plural(all, "cell"));
    let kinds = [
        (run_out, "RUN OUT", "every run refused"),
        (refused - run_out, "MAY RUN OUT", "some runs refused"),
        (all - refused, "NOT SEEN", "none refused"),
    ];
    match kinds.map(|(count, ..)| count == all) {
        [true, ..] => return format!("ALL RUN OUT: connects refused in every run of {cells}"),
        [_, true, _] => return format!("ALL MAY RUN OUT: connects refused in some runs of each of {cells}"),
        [.., true] => return format!("NOT SEEN: no connect refused in any of {cells}"),
        _ => {}
    }
    let kinds = kinds.into_iter().filter(|(count, ..)| *count > 0);
    let told = kinds.enumerate().map(|(place, (count, word, meaning))| {
        let of = if place == 0 { format!(" OF {} CELLS", words::thousands(all)) } else { String::new() };
        solid(&format!("{}{of} {word} ({meaning})", words::thousands(count)))
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::super::words::SOLID_SPACE;
    use super::*;

    #[test]
    fn only_what_is_refused_in_every_run_runs_out() {
        for (run_out, refused, said) in [
            (3, 3, "ALL RUN OUT: connects refused in every run of"),
            (0, 3, "ALL MAY RUN OUT: connects refused in some runs of each of"),
            (0, 0, "NOT SEEN: no connect refused in any of"),
            (1, 2, "1 OF 3 CELLS RUN OUT (every run refused), 1 MAY RUN OUT (some runs refused), 1 NOT SEEN"),
            (0, 2, "2 OF 3 CELLS MAY RUN OUT (some runs refused), 1 NOT SEEN (none refused)"),
        ] {
            let digest = Digest { refused, run_out, ..Digest::default() };
            let head = head(&digest, 3).replace(SOLID_SPACE, " ");
            assert!(head.starts_with(said), "{head}");
        }
    }
}
