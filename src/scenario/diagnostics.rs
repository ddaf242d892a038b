//! Every fault of a scenario, and every doubt about it, shown the way rustc shows them: place, line, caret, advice.

use super::excerpt::{self, Excerpt};
use super::quantity::Misfit;
use super::tree::At;
use super::words::{WIDTH, fitted, plural, shown, thousands, wrapped};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// The most faults that are shown; the rest is counted.
const SHOWN_MAX: usize = 100;
/// The most faults that are kept, so that a file of 16 MiB of nonsense needs no gigabyte of messages.
const KEPT_MAX: usize = 10_000;

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It makes no sense.
    Error,
    /// It makes sense, but hardly the one that was meant.
    Warning,
    /// It is fine, and yet worth knowing.
    Note,
}

impl Severity {
    /// Its word.
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    const fn level(self) -> Level<'static> {
        match self {
            Self::Error => Level::ERROR,
            Self::Warning => Level::WARNING,
            Self::Note => Level::NOTE,
        }
    }
}

/// A fault in plain words.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'d> {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// The rule that says so, where it may be seen in more than one way.
    pub rule: Option<&'static str>,
    /// What is wrong.
    pub message: &'d str,
    /// What more there is to say of the place; may be empty.
    pub label: &'d str,
    /// The file, the option or the profile.
    pub place: String,
    /// The line and the column in characters, both from 1, where a text has them.
    pub at: Option<(usize, usize)>,
    /// More about it, each with its name: `why`, `source`.
    pub asides: &'d [(&'static str, String)],
    /// How to mend it.
    pub help: Option<&'d str>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    severity: Severity,
    at: At,
    message: String,
    label: String,
    /// Boxed, as few faults have any.
    further: Box<Further>,
    help: Option<String>,
    certainty: Certainty,
}

/// What more there is to a fault.
#[derive(Clone, Debug, Default)]
struct Further {
    /// A second place that explains the first.
    second: Option<(At, String)>,
    /// The rule that says so, where it may be seen in more than one way.
    rule: Option<&'static str>,
    /// What stands below the excerpt, each with its name.
    asides: Vec<(&'static str, String)>,
}

/// Whether a fault still means something when the file could not be parsed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    /// The text is no TOML (or JSON) here: what follows may have been misunderstood.
    Syntax,
    /// The same, and everything after it was misunderstood.
    SyntaxToTheEnd,
    /// A value is wrong by itself.
    Sure,
    /// Something is missing or unknown, which a slip of syntax elsewhere explains as well.
    Perhaps,
}

impl Fault {
    /// A fault at a place; the message says what is wrong, without a full stop.
    pub fn new(at: At, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            at,
            message: message.into(),
            label: String::new(),
            further: Box::default(),
            help: None,
            certainty: Certainty::Sure,
        }
    }

    /// Something that makes sense, but hardly the one that was meant.
    pub fn warning(at: At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(at, message) }
    }

    /// Something that is fine, and yet worth knowing.
    pub fn note(at: At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::new(at, message) }
    }

    /// The rule that says so.
    #[must_use]
    pub fn rule(mut self, name: &'static str) -> Self {
        self.further.rule = Some(name);
        self
    }

    /// More about it, below the excerpt: `why`, `source`.
    #[must_use]
    pub fn aside(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.further.asides.push((name, text.into()));
        self
    }

    /// A fault of what is written at a place.
    pub fn of_misfit(at: At, misfit: Misfit) -> Self {
        Self { label: misfit.label, help: misfit.help, ..Self::new(at, misfit.message) }
    }

    /// What stands beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A second place that explains the first.
    #[must_use]
    pub fn second(mut self, at: At, label: impl Into<String>) -> Self {
        self.further.second = Some((at, label.into()));
        self
    }

    /// How to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Marks a fault of syntax.
    #[must_use]
    pub const fn of_syntax(mut self) -> Self {
        self.certainty = Certainty::Syntax;
        self
    }

    /// Marks a fault of syntax after which nothing can be judged.
    #[must_use]
    pub const fn swallows_the_rest(mut self) -> Self {
        self.certainty = Certainty::SyntaxToTheEnd;
        self
    }

    /// Marks a fault that says nothing about the rest of the file.
    #[must_use]
    pub const fn keeps_the_rest(mut self) -> Self {
        self.certainty = Certainty::Sure;
        self
    }

    /// Marks a fault that a fault of syntax elsewhere would explain as well: it is then left out.
    #[must_use]
    pub const fn unless_syntax(mut self) -> Self {
        self.certainty = Certainty::Perhaps;
        self
    }

    /// In file order, then `--set` by `--set`; what has no place keeps its order.
    fn order(&self) -> (usize, usize) {
        match &self.at {
            At::Whole => (0, 0),
            At::File(span) => (1, span.start),
            At::Json(_) | At::Profile(_) => (2, 0),
            At::Set(index, span) => (3 + index, span.start),
        }
    }
}

/// Faults as they are found.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    kept: Vec<Fault>,
    dropped: usize,
}

impl Faults {
    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.kept.push(fault);
        }
    }

    /// Adds all of others.
    pub fn extend(&mut self, others: Self) {
        self.dropped += others.dropped;
        others.kept.into_iter().for_each(|fault| self.push(fault));
    }

    /// True when further faults are only counted.
    pub const fn is_full(&self) -> bool {
        self.kept.len() >= KEPT_MAX
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.kept.len() + self.dropped
    }

    /// True while looking for a suggestion is worth its time: nobody reads hundreds.
    pub const fn wants_suggestions(&self) -> bool {
        self.kept.len() < 2 * SHOWN_MAX
    }

    /// True when nothing is wrong.
    pub const fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Leaves out what these rules say.
    #[must_use]
    pub fn without(mut self, rules: &[String]) -> Self {
        self.kept.retain(|fault| !fault.further.rule.is_some_and(|rule| rules.iter().any(|other| other == rule)));
        self
    }

    /// Takes all warnings as errors.
    #[must_use]
    pub fn strictly(mut self) -> Self {
        for fault in self.kept.iter_mut().filter(|fault| fault.severity == Severity::Warning) {
            fault.severity = Severity::Error;
        }
        self
    }

    /// Leaves out what a fault of syntax explains.
    fn drop_echoes(&mut self) {
        let mut broken = BTreeSet::new();
        let mut judged_to = usize::MAX;
        for fault in &self.kept {
            if let (Certainty::Syntax | Certainty::SyntaxToTheEnd, At::File(span)) = (fault.certainty, &fault.at) {
                broken.insert(span.start);
                if fault.certainty == Certainty::SyntaxToTheEnd {
                    judged_to = judged_to.min(span.start);
                }
            }
        }
        if broken.is_empty() {
            return;
        }
        self.kept.retain(|fault| match (fault.certainty, &fault.at) {
            (Certainty::Perhaps, _) => false,
            // What the parser made of a broken value is no second mistake.
            (Certainty::Sure, At::File(span)) => {
                span.start < judged_to && broken.range(span.start..=span.end.max(span.start)).next().is_none()
            }
            _ => true,
        });
    }

    /// The faults of the scenario `name`, which holds `text` and was changed by `sets`.
    pub fn into_diagnostics(mut self, name: &str, text: &str, sets: &[String]) -> Diagnostics {
        self.drop_echoes();
        self.kept.sort_by_key(Fault::order);
        let name = if name == "-" { "stdin".to_owned() } else { shown(name) };
        let sets = sets.iter().map(|set| harmless(set)).collect();
        Diagnostics {
            name,
            text: harmless(text),
            options: [(0, "--set")].into(),
            sets,
            faults: self.kept,
            dropped: self.dropped,
        }
    }
}

/// All faults of one scenario, in file order.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    name: String,
    text: String,
    /// Which option the `sets` are values of: from which of them on, in order.
    options: Box<[(usize, &'static str)]>,
    sets: Vec<String>,
    faults: Vec<Fault>,
    /// Errors beyond these.
    dropped: usize,
}

impl Diagnostics {
    /// How many of them are about overrides (`--set`), not about the file.
    pub fn of_sets(&self) -> usize {
        self.faults.iter().filter(|fault| matches!(fault.at, At::Set(..))).count()
    }

    /// How many faults there are: at least one.
    pub const fn count(&self) -> usize {
        self.faults.len() + self.dropped
    }

    /// How many of them are so bad.
    pub fn count_of(&self, severity: Severity) -> usize {
        let dropped = if severity == Severity::Error { self.dropped } else { 0 };
        dropped + self.faults.iter().filter(|fault| fault.severity == severity).count()
    }

    /// The same, found in values of another option than `--set`.
    #[must_use]
    pub fn of_option(mut self, option: &'static str) -> Self {
        self.options = [(0, option)].into();
        self
    }

    /// The same, where the overrides from number `first` on were made of values of another option, such as `--vary`.
    #[must_use]
    pub fn varied_by(mut self, first: usize, option: &'static str) -> Self {
        self.options = [(0, "--set"), (first, option)].into();
        self
    }

    /// The option that override number `index` is of, the place of the first of that option, and how many those are.
    fn option_of(&self, index: usize) -> (&'static str, usize, usize) {
        let at = self.options.iter().rposition(|(first, _)| *first <= index).unwrap_or(0);
        let end = self.options.get(at + 1).map_or(self.sets.len(), |(next, _)| *next);
        let (first, option) = self.options[at];
        (option, first, end - first)
    }

    /// The same with faults of overrides at another place, where `place` knows one: of which override, and where in it.
    pub(super) fn moved(mut self, place: impl Fn(usize, &Range<usize>) -> Option<At>) -> Self {
        for fault in &mut self.faults {
            let second = fault.further.second.as_mut().map(|(at, _)| at);
            for at in [Some(&mut fault.at), second].into_iter().flatten() {
                if let At::Set(index, span) = &*at
                    && let Some(there) = place(*index, span)
                {
                    *at = there;
                }
            }
        }
        self.faults.sort_by_key(Fault::order);
        self
    }

    /// The rules that say something, each as often as it does.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.faults.iter().filter_map(|fault| fault.further.rule)
    }

    /// What is wrong, one message per fault (the first 100).
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().take(SHOWN_MAX).map(|fault| fault.message.as_str())
    }

    /// Each fault that is kept, for scripts.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        self.faults.iter().map(|fault| {
            let (place, at) = match (self.document(&fault.at), &fault.at) {
                (Some((text, name, span)), _) => (name, Some(excerpt::position(text, span.start))),
                (None, At::Json(path)) => (format!("{}: {path}", self.name), None),
                (None, At::Profile(name)) => (format!("profile {name}"), None),
                (None, _) => (self.name.clone(), None),
            };
            let severity = fault.severity.name();
            let (rule, message, label) = (fault.further.rule, fault.message.as_str(), fault.label.as_str());
            let (asides, help) = (&fault.further.asides[..], fault.help.as_deref());
            Told { severity, rule, message, label, place, at, asides, help }
        })
    }

    /// The text that a place lies in, and the name under which it is shown.
    fn document(&self, at: &At) -> Option<(&str, String, Range<usize>)> {
        match at {
            At::File(span) => Some((&self.text, self.name.clone(), span.clone())),
            At::Set(index, span) => {
                let text: &str = self.sets.get(*index)?;
                let (option, first, count) = self.option_of(*index);
                let nth = if count == 1 { option.to_owned() } else { format!("{option} (no. {})", index - first + 1) };
                Some((text, nth, span.clone()))
            }
            _ => None,
        }
    }

    fn render(&self, fault: &Fault) -> String {
        // As `warning[odd-range]: `, which is the longest there is without its rule.
        let room = WIDTH - "warning[]: ".len() - fault.further.rule.map_or(0, str::len);
        let title = fault.severity.level().primary_title(wrapped(&fault.message, room).join("\n"));
        let mut group = Group::with_title(match fault.further.rule {
            Some(rule) => title.id(rule),
            None => title,
        });
        let mut first = None;
        if let Some((text, path, span)) = self.document(&fault.at) {
            first = Some(Excerpt::new(text, path, &span, AnnotationKind::Primary, &fault.label));
        } else {
            let place = match &fault.at {
                At::Json(path) if !path.is_empty() => format!("{}: {path}", self.name),
                At::Profile(name) => format!("profile {name}"),
                _ => self.name.clone(),
            };
            group = group.element(Origin::path(place));
            if !fault.label.is_empty() {
                let note = wrapped(&fault.label, WIDTH - "  = note: ".len()).join("\n");
                group = group.element(Level::NOTE.message(note));
            }
        }
        let second = fault.further.second.as_ref().and_then(|(at, label)| {
            let (text, path, span) = self.document(at)?;
            Some(Excerpt::new(text, path, &span, AnnotationKind::Context, label))
        });
        match (first, second) {
            (Some(first), Some(second)) if first.fits_with(&second) => {
                group = second.add_note(first.add_note(group.element(first.with(&second))));
            }
            (first, second) => {
                for excerpt in first.into_iter().chain(second) {
                    group = excerpt.add_to(group);
                }
            }
        }
        for (name, text) in &fault.further.asides {
            // Beside line numbers of four digits, too.
            let room = WIDTH - "     = : ".len() - name.len();
            group = group.element(Level::NOTE.with_name(*name).message(wrapped(text, room).join("\n")));
        }
        let help = fault.help.as_ref().map(|help| wrapped(help, WIDTH - "help: ".len()).join("\n"));
        let help = help.map(|help| Group::with_title(Level::HELP.secondary_title(help)));
        let report: Vec<Group<'_>> = std::iter::once(group).chain(help).collect();
        let screen = Renderer::plain().term_width(WIDTH).render(&report);
        screen.lines().map(shown).collect::<Vec<_>>().join("\n")
    }
}

/// All faults, an empty line between them, and how many there are.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().take(SHOWN_MAX).enumerate() {
            let apart = if index == 0 { "" } else { "\n\n" };
            write!(f, "{apart}{}", self.render(fault))?;
        }
        let (severity, word, so) = match (self.count_of(Severity::Error), self.count_of(Severity::Warning)) {
            (0, 0) => return Ok(()),
            (0, _) => (Severity::Warning, "warning", ""),
            _ => (Severity::Error, "error", "; nothing was run"),
        };
        if self.count() > SHOWN_MAX {
            write!(f, "\n\n{word}: and {} more", thousands((self.count() - SHOWN_MAX) as u64))?;
        }
        let has = |name: &str, count: usize| {
            // Beyond this, faults were no longer looked for one by one.
            let at_least = if count >= KEPT_MAX { "at least " } else { "" };
            (count > 0).then(|| format!("{name} has {at_least}{}", plural(count as u64, word)))
        };
        let so_bad = self.faults.iter().filter(|fault| fault.severity == severity);
        let mut of_options: BTreeMap<&str, usize> = BTreeMap::new();
        for fault in so_bad {
            if let At::Set(index, _) = fault.at {
                *of_options.entry(self.option_of(index).0).or_default() += 1;
            }
        }
        let of_file = self.count_of(severity) - of_options.values().sum::<usize>();
        let of_file = has(&self.name, of_file).into_iter();
        let all: Vec<String> =
            of_file.chain(of_options.into_iter().filter_map(|(name, count)| has(name, count))).collect();
        write!(f, "\n\n{}", fitted(&format!("{word}: {}{so}", all.join(", "))))
    }
}

impl std::error::Error for Diagnostics {}

/// A text without what would upset a terminal, byte for byte as long, so that every place in it stays where it is.
fn harmless(text: &str) -> String {
    text.replace(|letter: char| letter.is_ascii_control() && !matches!(letter, '\t' | '\n' | '\r'), "?")
}

/// A value as messages quote it: on one line, and not longer than a line.
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    // escape_debug also escapes quotes of both kinds; a single one needs none here.
    format!("\"{}\"", shown.replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, fault: Fault) -> String {
        let mut faults = Faults::default();
        faults.push(fault);
        faults.into_diagnostics("x.toml", text, &["a.b=1".to_owned()]).to_string()
    }

    #[test]
    fn every_place_can_be_shown() {
        let tabs = "\ta = \"\u{e4}\"\r\n".repeat(3);
        for start in 0..=tabs.len() + 2 {
            for end in start..=tabs.len() + 2 {
                assert!(render(&tabs, Fault::new(At::File(start..end), "m").label("l")).contains("x.toml:"));
            }
        }
        assert!(render("", Fault::new(At::File(0..0), "m")).contains("x.toml:1:1"));
        assert!(render("", Fault::new(At::Set(0, 2..3), "m")).contains("--set:1:3"));
    }

    #[test]
    fn a_long_line_is_cut_to_the_screen_around_the_caret() {
        let line = format!("a = \"{}wrong{}\"\n", "x".repeat(300), "y".repeat(300));
        for (span, label) in [
            (305..310, "l"),
            (305..310, "a label that has no room beside a caret, as it is far too long for that"),
            (0..1, ""),
            (600..610, "l"),
            (4..612, "l"),
        ] {
            let shown = render(
                &format!("schema = 1\n{line}"),
                Fault::new(At::File(span.start + 11..span.end + 11), "m").label(label),
            );
            assert!(shown.lines().all(|line| line.len() <= WIDTH), "{shown}");
            assert!(shown.contains("...") && shown.contains(&format!("x.toml:2:{}", span.start + 1)), "{shown}");
            assert!(span.start != 305 || shown.contains("wrong"), "{shown}");
        }
    }

    #[test]
    fn what_would_upset_a_terminal_is_not_shown_as_it_is() {
        let mut faults = Faults::default();
        faults.push(Fault::new(At::File(1..2), "m\u{1b}"));
        let text = "a\u{1b}[31m\u{9b}\u{e4}\tb\r\n";
        let shown = faults.into_diagnostics("x\n\u{1b}.toml", text, &[]).to_string();
        assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n'), "{shown:?}");
        assert!(shown.contains("--> x\\n\\x1b.toml:1:2") && shown.contains("| a?[31m\\x9b\u{e4}    b"), "{shown}");
    }

    #[test]
    fn overrides_and_the_file_are_counted_apart() {
        let mut faults = Faults::default();
        for at in [At::File(0..1), At::Set(0, 0..1), At::Set(0, 1..2)] {
            faults.push(Fault::new(at, "m"));
        }
        let found = faults.into_diagnostics("-", "a", &["b=1".to_owned()]);
        assert!(found.to_string().ends_with("error: stdin has 1 error, --set has 2 errors; nothing was run"));
    }

    #[test]
    fn a_huge_line_is_named_but_not_shown() {
        let text = format!("a = 1\nb = \"{}\"\n", "x".repeat(10_000_000));
        let shown = render(&text, Fault::new(At::File(5_000_000..5_000_004), "m").label("l"));
        assert!(shown.len() < 200, "{}", shown.len());
        assert!(shown.contains("x.toml:2:4999995"), "{shown}");
    }

    #[test]
    fn only_a_hundred_are_shown() {
        let mut faults = Faults::default();
        for at in 0..150 {
            faults.push(Fault::new(At::File(at..at), "m"));
        }
        let shown = faults.into_diagnostics("x.toml", &"a\n".repeat(200), &[]).to_string();
        assert!(shown.ends_with("error: and 50 more\n\nerror: x.toml has 150 errors; nothing was run"), "{shown}");
    }
}
