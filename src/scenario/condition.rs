//! `CLAIM and (CLAIM or CLAIM)`: claims put together, each about a scope; what `[[assert]]` and `--fail-if` take.
//!
//! `and` binds tighter than `or`; parentheses do what they always do. A claim may begin with its scope:
//! `client:checkout refused_ratio < 1%`.

use super::claim::{Claim, ClaimFault, shown_in, trimmed};
use super::diagnostics::{Diagnostics, quoted};
use super::quantity::Misfit;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What is to be true of the figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// One claim.
    One(Statement),
    /// All of these, two at least.
    All(Vec<Self>),
    /// One of these, two at least.
    Any(Vec<Self>),
}

/// A claim and whom it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The scope that was written before it.
    pub scope: Option<Arc<str>>,
    /// Where that stands in the text.
    pub(super) scope_at: Range<usize>,
    /// What is claimed.
    pub claim: Claim,
}

/// Parentheses in parentheses: no more than anybody writes.
const DEPTH_MAX: usize = 16;

/// A word between claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    And,
    Or,
    Open,
    Close,
}

/// The words between claims, and others that mean the same elsewhere.
const WORDS: [(&str, Word); 10] = [
    ("(", Word::Open),
    (")", Word::Close),
    ("and", Word::And),
    ("or", Word::Or),
    ("AND", Word::And),
    ("OR", Word::Or),
    ("&&", Word::And),
    ("||", Word::Or),
    ("&", Word::And),
    ("|", Word::Or),
];

impl Word {
    const fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Open => "(",
            Self::Close => ")",
        }
    }
}

/// As it was written, with single spaces and no parentheses that change nothing.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::One(statement) => return write!(f, "{statement}"),
            Self::All(parts) => (parts, " and "),
            Self::Any(parts) => (parts, " or "),
        };
        for (index, part) in parts.iter().enumerate() {
            f.write_str(if index > 0 { word } else { "" })?;
            match part {
                Self::Any(_) => write!(f, "({part})")?,
                _ => write!(f, "{part}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scope) = &self.scope {
            write!(f, "{scope} ")?;
        }
        write!(f, "{}", self.claim)
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// Each word that is wrong, with its place.
    pub fn read(text: &str) -> Result<Self, Vec<ClaimFault>> {
        let mut parser = Parser { text, at: 0, faults: Vec::new() };
        let found = parser.any(0);
        let rest = parser.rest();
        if parser.faults.is_empty() && !text[rest.clone()].is_empty() {
            let (at, misfit) = match parser.word() {
                Some((at, Word::Close)) => (at, Misfit::new("no parenthesis is open here", "closes nothing")),
                _ => (rest, Misfit::new("two claims need a word between them", "write and, or or, before this")),
            };
            parser.faults.push((at, misfit));
        }
        match found {
            Some(found) if parser.faults.is_empty() => Ok(found),
            _ => Err(parser.faults),
        }
    }

    /// Reads the condition of an option of the command line, which messages call `option`.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, ready to be shown.
    pub fn of_option(option: &str, text: &str) -> Result<Self, Diagnostics> {
        Self::read(text).map_err(|faults| shown_in(option, text, faults))
    }

    /// Every claim, from left to right.
    pub fn statements(&self) -> Vec<&Statement> {
        match self {
            Self::One(statement) => vec![statement],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::statements).collect(),
        }
    }

    /// Is it true, when `of` says of each claim whether it is, or `None` where that is open? By Kleene's logic: what is
    /// open matters only where the rest does not decide.
    pub fn truth(&self, of: &mut dyn FnMut(&Statement) -> Option<bool>) -> Option<bool> {
        let (parts, decides) = match self {
            Self::One(statement) => return of(statement),
            Self::All(parts) => (parts, false),
            Self::Any(parts) => (parts, true),
        };
        // Every claim is asked: whoever judges wants to tell of all of them.
        let truths: Vec<Option<bool>> = parts.iter().map(|part| part.truth(of)).collect();
        if truths.contains(&Some(decides)) {
            Some(decides)
        } else if truths.contains(&None) {
            None
        } else {
            Some(!decides)
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    faults: Vec<ClaimFault>,
}

impl Parser<'_> {
    /// One of several, by `or`.
    fn any(&mut self, depth: usize) -> Option<Condition> {
        let parts = self.joined(Word::Or, |parser| parser.all(depth))?;
        Some(one_or(parts, Condition::Any))
    }

    /// All of several, by `and`.
    fn all(&mut self, depth: usize) -> Option<Condition> {
        let parts = self.joined(Word::And, |parser| parser.one(depth))?;
        Some(one_or(parts, Condition::All))
    }

    fn joined(&mut self, by: Word, part: impl Fn(&mut Self) -> Option<Condition>) -> Option<Vec<Condition>> {
        let mut parts = vec![part(self)];
        while let Some((at, word)) = self.word().filter(|(_, word)| *word == by) {
            if &self.text[at.clone()] != word.name() {
                let message = format!("{} is no word of a condition", quoted(&self.text[at.clone()]));
                self.faults.push((at.clone(), Misfit::new(message, format!("write {}", word.name()))));
            }
            self.at = at.end;
            parts.push(part(self));
        }
        parts.into_iter().collect()
    }

    /// A claim, or a condition in parentheses.
    fn one(&mut self, depth: usize) -> Option<Condition> {
        let Some((open, Word::Open)) = self.word() else { return self.statement().map(Condition::One) };
        self.at = open.end;
        if depth == DEPTH_MAX {
            let message = format!("parentheses in more than {DEPTH_MAX} parentheses");
            self.faults.push((open, Misfit::new(message, "one too many")));
            self.at = self.text.len();
            return None;
        }
        let inner = self.any(depth + 1);
        match self.word() {
            Some((close, Word::Close)) => self.at = close.end,
            _ if self.faults.is_empty() => {
                self.faults.push((open, Misfit::new("a parenthesis is left open", "never closed")));
            }
            _ => {}
        }
        inner
    }

    /// A claim, up to the next word.
    fn statement(&mut self) -> Option<Statement> {
        let from = self.at;
        let mut to = from;
        while to < self.text.len() && self.word_at(to).is_none() {
            to += self.text[to..].chars().next().map_or(1, char::len_utf8);
        }
        self.at = to;
        let all = trimmed(self.text, from..to);
        let written = &self.text[all.clone()];
        let first = written.split_whitespace().next().unwrap_or("");
        let is_scope = first.contains(':') || first == "all";
        let scope_at = if is_scope { all.start..all.start + first.len() } else { all.start..all.start };
        let claim_at = trimmed(self.text, scope_at.end..all.end);
        let scope = is_scope.then(|| first.into());
        match Claim::read(&self.text[claim_at.clone()]) {
            Ok(claim) => Some(Statement { scope, scope_at, claim }),
            Err(faults) => {
                let shift = |range: Range<usize>| range.start + claim_at.start..range.end + claim_at.start;
                self.faults.extend(faults.into_iter().map(|(range, misfit)| (shift(range), misfit)));
                None
            }
        }
    }

    /// What is left, without the white space around it.
    fn rest(&self) -> Range<usize> {
        trimmed(self.text, self.at..self.text.len())
    }

    /// The word that comes next, if one does.
    fn word(&self) -> Option<(Range<usize>, Word)> {
        let at = self.rest().start;
        self.word_at(at).map(|(word, len)| (at..at + len, word))
    }

    /// The word that stands just there, and its length.
    fn word_at(&self, at: usize) -> Option<(Word, usize)> {
        let ends = |c: char| c.is_whitespace() || c == '(' || c == ')';
        let starts = self.text[..at].chars().next_back().is_none_or(ends);
        let rest = &self.text[at..];
        let stands = |(text, word): &&(&str, Word)| {
            let is_bracket = matches!(word, Word::Open | Word::Close);
            rest.strip_prefix(text).is_some_and(|after| is_bracket || (starts && after.chars().next().is_none_or(ends)))
        };
        WORDS.iter().find(stands).map(|(text, word)| (*word, text.len()))
    }
}

/// Alone as it is, several as `many` says.
fn one_or(mut parts: Vec<Condition>, many: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 { parts.swap_remove(0) } else { many(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Condition {
        Condition::read(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
    }

    #[test]
    fn and_binds_tighter_and_parentheses_bind_tightest() {
        for (text, shown) in [
            ("refused_ratio<1%", "refused_ratio < 1%"),
            (
                "refused_total < 1 or probes_mean < 2 and probes_max < 3",
                "refused_total < 1 or probes_mean < 2 and probes_max < 3",
            ),
            (
                "(refused_total<1 or probes_mean<2)and(probes_max<3)",
                "(refused_total < 1 or probes_mean < 2) and probes_max < 3",
            ),
            (
                "refused_ratio < 1 % and client:x first_refusal_s == never",
                "refused_ratio < 1 % and client:x first_refusal_s == never",
            ),
            ("((all refused_total < 1))", "all refused_total < 1"),
        ] {
            assert_eq!(read(text).to_string(), shown);
            assert_eq!(read(shown).to_string(), shown, "what is shown can be read");
        }
        let Condition::Any(parts) = read("refused_total < 1 or probes_mean < 2 and probes_max < 3") else { panic!() };
        assert!(matches!(&parts[..], [Condition::One(_), Condition::All(inner)] if inner.len() == 2));
        let scoped = read("client:x refused_total < 1");
        assert_eq!(
            (scoped.statements()[0].scope.as_deref(), &scoped.statements()[0].scope_at),
            (Some("client:x"), &(0..8))
        );
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        for (text, at, message) in [
            ("refused_ratio < 1 && probes_mean < 2", 18..20, "\"&&\" is no word of a condition"),
            ("refused_ratio < 1 AND probes_mean < 2", 18..21, "\"AND\" is no word of a condition"),
            ("refused_ratio < 1 and", 21..21, "a claim needs a comparison and a number"),
            ("or refused_ratio < 1", 0..0, "a claim needs a comparison and a number"),
            ("refused_ratio < 1 and refused < 2", 22..29, "no metric is called \"refused\""),
            ("(refused_ratio < 1", 0..1, "a parenthesis is left open"),
            ("refused_ratio < 1)", 17..18, "no parenthesis is open here"),
            ("(refused_ratio < 1) probes_mean < 2", 20..35, "two claims need a word between them"),
            ("client:x", 8..8, "a claim needs a comparison and a number"),
            ("()", 1..1, "a claim needs a comparison and a number"),
        ] {
            let found = Condition::read(text).unwrap_err();
            assert_eq!((found.len(), &found[0].0), (1, &at), "{text}: {found:?}");
            assert!(found[0].1.message.starts_with(message), "{text}: {found:?}");
        }
        let both = Condition::read("x < 1 or y < 2").unwrap_err();
        assert_eq!(both.len(), 2, "both are told");
        let deep = "(".repeat(100_000);
        assert_eq!(Condition::read(&deep).unwrap_err().len(), 1);
    }

    #[test]
    fn what_is_open_matters_only_where_the_rest_does_not_decide() {
        const ALL: [Option<bool>; 3] = [Some(true), Some(false), None];
        let told = |text: &str, first: Option<bool>, second: Option<bool>| {
            read(text)
                .truth(&mut |statement| if statement.claim.metric.name == "refused_total" { first } else { second })
        };
        let (both, either) = ("refused_total < 1 and probes_mean < 2", "refused_total < 1 or probes_mean < 2");
        for first in ALL {
            for second in ALL {
                // Kleene: false < open < true; `and` is the least, `or` the most.
                let rank = |truth: Option<bool>| truth.map_or(1, |truth| if truth { 2 } else { 0 });
                assert_eq!(rank(told(both, first, second)), rank(first).min(rank(second)));
                assert_eq!(rank(told(either, first, second)), rank(first).max(rank(second)));
            }
        }
    }
}
