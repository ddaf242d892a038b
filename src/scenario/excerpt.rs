//! The lines of a text that a fault is about, with what is underlined in them.

use super::words::{WIDTH, wrapped};
use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Snippet};
use std::ops::Range;

/// A longer line is named but not shown.
const LINE_MAX: usize = 2_000;
/// The most letters that are underlined.
const SPAN_MAX: usize = 60;
/// Two lines further apart are shown as two excerpts.
const EXCERPT_LINES_MAX: usize = 1_000;

/// A few lines around one span. Only these go to the renderer, which would otherwise walk the whole file per fault.
pub(super) struct Excerpt<'t> {
    text: &'t str,
    path: String,
    /// Whole lines that hold the span, as bytes of the text.
    lines: Range<usize>,
    span: Range<usize>,
    kind: AnnotationKind,
    label: &'t str,
}

/// The line and the column, in characters, of a byte of a text; both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..floor_char(text, at)];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    (1 + before.bytes().filter(|byte| *byte == b'\n').count(), 1 + before[line..].chars().count())
}

impl<'t> Excerpt<'t> {
    pub(super) fn new(text: &'t str, path: String, span: &Range<usize>, kind: AnnotationKind, label: &'t str) -> Self {
        let start = floor_char(text, span.start);
        // A fault is shown on the line where it starts.
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        // A longer underline than the screen is wide says no more than its beginning.
        let most = text[start..].char_indices().nth(SPAN_MAX).map_or(text.len(), |(at, _)| start + at);
        let end = floor_char(text, span.end.max(start)).min(line_end).min(most).max(start);
        Self { text, path, lines: line_start..line_end, span: start..end, kind, label }
    }

    fn line_number(&self) -> usize {
        1 + self.text[..self.lines.start].bytes().filter(|byte| *byte == b'\n').count()
    }

    fn is_short(&self) -> bool {
        self.lines.len() <= LINE_MAX
    }

    pub(super) fn fits_with(&self, other: &Self) -> bool {
        let all = self.lines.start.min(other.lines.start)..self.lines.end.max(other.lines.end);
        self.path == other.path
            // What lies far to the right is moved to the left, which only one can be.
            && self.columns().max(other.columns()) <= WIDTH
            && self.is_short()
            && other.is_short()
            && all.len() <= EXCERPT_LINES_MAX * 80
            && self.text[all].lines().take(EXCERPT_LINES_MAX).all(|line| line.len() <= LINE_MAX)
    }

    fn snippet(&self, lines: &Range<usize>) -> Snippet<'t, annotate_snippets::Annotation<'t>> {
        let number = 1 + self.text[..lines.start].bytes().filter(|byte| *byte == b'\n').count();
        Snippet::source(&self.text[lines.clone()]).line_start(number).path(self.path.clone())
    }

    fn annotation(&self, lines: &Range<usize>) -> annotate_snippets::Annotation<'t> {
        let span = self.span.start - lines.start..self.span.end - lines.start;
        let annotation = self.kind.span(span);
        if self.label.is_empty() || !self.label_fits() { annotation } else { annotation.label(self.label) }
    }

    /// Is there room for the label beside the caret?
    fn label_fits(&self) -> bool {
        self.columns() + 1 + self.label.len() <= WIDTH
    }

    /// Columns up to the end of what is underlined.
    fn columns(&self) -> usize {
        let number = self.line_number().to_string().len() + " | ".len();
        number + self.text[self.lines.start..self.span.end].chars().count().max(1)
    }

    /// What stands below an excerpt, in lines that fit beside the line numbers.
    fn note(&self) -> Message<'t> {
        let room = WIDTH - self.line_number().to_string().len() - "  = note: ".len();
        Level::NOTE.message(wrapped(self.label, room).join("\n"))
    }

    /// What had no room beside the caret stands below.
    pub(super) fn add_note(&self, group: Group<'t>) -> Group<'t> {
        if self.label.is_empty() || self.label_fits() { group } else { group.element(self.note()) }
    }

    /// Both in one excerpt.
    pub(super) fn with(&self, other: &Self) -> Snippet<'t, annotate_snippets::Annotation<'t>> {
        let lines = self.lines.start.min(other.lines.start)..self.lines.end.max(other.lines.end);
        self.snippet(&lines).annotation(self.annotation(&lines)).annotation(other.annotation(&lines))
    }

    pub(super) fn add_to(&self, group: Group<'t>) -> Group<'t> {
        if self.is_short() {
            return self.add_note(group.element(self.snippet(&self.lines).annotation(self.annotation(&self.lines))));
        }
        let column = 1 + self.text[self.lines.start..self.span.start].chars().count();
        let group = group.element(Origin::path(self.path.clone()).line(self.line_number()).char_column(column));
        if self.label.is_empty() { group } else { group.element(self.note()) }
    }
}

/// The nearest start of a character at or before byte `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
