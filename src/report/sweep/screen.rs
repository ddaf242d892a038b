//! The screen of `dryport sweep`: how many cells run out, and a line for each, in the order of the grid.

use super::super::page::{Page, solid, solid_brackets};
use super::super::query::Estimate;
use super::super::variant_table::{Line, variant_table};
use super::super::words::{self, plural};
use super::{Digest, ROWS, SweepMeta};

/// The whole text; `folder` is where the files are, as the user wrote it, `files` what they are called.
pub fn sweep_screen(meta: &SweepMeta, digest: &Digest, folder: &str, files: &[String]) -> String {
    let Digest { first: cells, refused, gates, .. } = digest;
    let grid = meta.grid();
    let labels: Vec<String> = (0..cells.len()).map(|index| grid.values(index as u64).join("  ")).collect();
    let figures: Vec<_> = cells.iter().map(|cell| move |metric: &str| cell.estimate("all", metric)).collect();
    let figures = figures.iter().map(|figure| -> &dyn Fn(&str) -> Estimate { figure });
    let lines: Vec<Line<'_>> = (labels.iter().zip(cells).zip(figures))
        .map(|((label, cell), figure)| Line { label, runs: cell.runs(), figure })
        .collect();
    let all = meta.cells;
    let head = match *refused {
        0 => format!("NOT SEEN: no connect refused in any of {}", solid(&plural(all, "cell"))),
        refused if refused == all => {
            format!("ALL RUN OUT: connects refused in every one of {}", solid(&plural(all, "cell")))
        }
        refused => format!(
            "{} OF {} CELLS RUN OUT: connects refused in some run; in {} in none",
            words::thousands(refused),
            words::thousands(all),
            words::thousands(all - refused)
        ),
    };
    let mut page = Page::default();
    page.hanging("", &head);
    page.gap();
    let header = grid.axes().iter().map(|axis| grid.short(axis)).collect::<Vec<_>>().join("  ");
    page.lines(variant_table(&header, &lines, ROWS, meta.confidence));
    if all > ROWS as u64 {
        page.lines([format!("and {} more in sweep.csv", words::thousands(all - ROWS as u64))]);
    }
    page.label("Gates", &gates.iter().map(|gate| solid_brackets(&gate.to_string())).collect::<Vec<_>>());
    let folder = solid(&format!("{}/  ", folder.trim_end_matches('/')));
    page.label("Files", &[format!("{folder}{}", files.join(" "))]);
    page.tail(&format!("seed {}, dryport {}", meta.seed, meta.dryport));
    page.text()
}
