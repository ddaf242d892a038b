//! Text for a terminal of 80 columns: labels in a gutter, facts beside them, wrapped between words.

use crate::scenario::words::{SOLID_SPACE, WIDTH, wrapped};
pub(crate) use crate::scenario::words::{solid, solid_brackets};

const GUTTER: usize = 13;

/// The first of `texts` that fits on one line beside the gutter; the last when none does.
///
/// # Panics
///
/// When there is none.
pub(crate) fn first_that_fits<const N: usize>(texts: [String; N]) -> String {
    let fits = |text: &String| text.chars().count() <= WIDTH - GUTTER;
    let found = texts.iter().position(fits).unwrap_or(N - 1);
    texts.into_iter().nth(found).expect("there is a text")
}

/// Lines under labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    lines: Vec<String>,
    gutter: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self::with_gutter(GUTTER)
    }
}

impl Page {
    /// A page whose facts stand in column `gutter`.
    pub(crate) fn with_gutter(gutter: usize) -> Self {
        Self { lines: Vec::new(), gutter }
    }

    /// Lines as they are, such as those of a table.
    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// Facts under a label, each on a line of its own; nothing at all when there is none.
    pub(crate) fn label(&mut self, label: &str, facts: &[String]) {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        for (label, fact) in labels.zip(facts) {
            self.hanging(&format!("{label:<width$}", width = self.gutter), fact);
        }
    }

    /// What was written into which folder.
    pub(crate) fn files(&mut self, folder: Option<&str>, names: &[String]) {
        let files = folder.map_or_else(
            || "none were written".to_owned(),
            |folder| format!("{}{}", solid(&format!("{}/  ", folder.trim_end_matches('/'))), names.join(" ")),
        );
        self.label("Files", &[files]);
    }

    /// A text beside a head that is as wide as it is.
    pub(crate) fn hanging(&mut self, head: &str, text: &str) {
        let mut gutter = head.to_owned();
        for line in wrapped(text, WIDTH - head.len()) {
            let line = format!("{gutter}{line}").replace(SOLID_SPACE, " ");
            self.lines.push(line.trim_end().into());
            gutter = " ".repeat(head.len());
        }
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.lines.push(String::new());
    }

    /// A last word, on the last line if there is room.
    pub(crate) fn tail(&mut self, text: &str) {
        match self.lines.last_mut() {
            Some(line) if line.chars().count() + 5 + text.len() <= WIDTH => *line = format!("{line}     {text}"),
            _ => self.label("", &[solid(text)]),
        }
    }

    /// The text, every line ended.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_wrap_beside_the_gutter_and_solid_text_does_not_break() {
        let mut page = Page::default();
        let words = "word ".repeat(12);
        page.label("Why", &[format!("{words}{}", solid("4 min 31 s")), "short".into()]);
        page.label("None", &[]);
        page.tail("the end");
        let gutter = " ".repeat(GUTTER);
        let expected = format!("Why          {}\n{gutter}4 min 31 s\n{gutter}short     the end\n", words.trim_end());
        assert_eq!(page.text(), expected);
    }

    #[test]
    fn a_long_last_line_leaves_no_room() {
        let mut page = Page::default();
        page.label("Files", &["x".repeat(67)]);
        page.tail("seed 1");
        assert!(page.text().ends_with("x\n             seed 1\n"));
    }
}
